"""HTTP of indicators: the list of definitions, their versions, targets by year, new ones."""

from __future__ import annotations

from decimal import Decimal

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version
from trainmgr.quality import catalogue, defining, labels, library, seeing
from trainmgr.quality.defining import Version
from trainmgr.quality.forms import IndicatorForm, TargetForm, indicator_values
from trainmgr.quality.frame import asked_year, bp, edited_college, page_of
from trainmgr.quality.measures.base import MEASURES
from trainmgr.quality.rules import Group, Period

P = Permission


def _college_to_read():
    """Return the reader's college; who is of none is led back to the figures."""
    own = sorted(seeing.colleges_of(current_user))
    return own[0] if own else abort(redirect(url_for(".show_dashboard")))


@bp.get("/indicators")
@requires(P.QUALITY_VIEW)
def list_indicators():
    """List a college's indicators with definition, source, unit, target and who sees them."""
    college_id, year = _college_to_read(), asked_year()
    found = catalogue.catalogue(college_id, Period.of_year(year).last, everything=True)
    aims = catalogue.targets(college_id, [year])
    return page_of(
        "indicators",
        year=year,
        college_id=college_id,
        groups=[(group, [one for one in found.values() if one.group is group]) for group in Group],
        target_of=lambda one: catalogue.target_of(one, year, aims),
        units={code: one.unit for code, one in MEASURES.items()},
        may_edit=college_id in current_user.organizations_where(P.QUALITY_EDIT),
    )


def _definition_or_404(college_id, code):
    return defining.shown(college_id, code, today()) or abort(404)


def _edit_page(college_id, definition, form, target_form, status=200, broken=None):
    return page_of(
        "indicator",
        status,
        college_id=college_id,
        definition=definition,
        unit=MEASURES[definition.measure].unit,
        form=form,
        target_form=target_form,
        versions=catalogue.history(college_id, definition.code),
        aims=catalogue.target_history(college_id, definition.code),
        broken=broken,
    )


def _target_form(definition, **options):
    form = TargetForm(**options)
    form.for_unit(MEASURES[definition.measure].unit)
    return form


def _form_of(college_id, definition):
    form = IndicatorForm(formdata=None, **indicator_values(definition, today()))
    form.offer(None)
    form.version.data = str(defining.latest_id(college_id, definition.code))
    return form


@bp.get("/indicators/<code>")
@requires(P.QUALITY_EDIT)
def edit_indicator(code):
    """Show an indicator's definition to change it, its versions, its targets."""
    college_id = edited_college()
    definition = _definition_or_404(college_id, code)
    form = _form_of(college_id, definition)
    return _edit_page(
        college_id, definition, form, _target_form(definition, formdata=None, target_year=today().year)
    )


@bp.post("/indicators/<code>")
@requires(P.QUALITY_EDIT)
def define_indicator(code):
    """Write the next version of an indicator."""
    college_id = edited_college()
    definition, form = _definition_or_404(college_id, code), IndicatorForm()
    form.offer(None)
    target_form = _target_form(definition, formdata=None, target_year=today().year)
    if not form.validate():
        return _edit_page(college_id, definition, form, target_form, 422)
    version = Version(form.typed(definition), form.valid_from.data, form.reason.data, typed_version())
    try:
        defining.define(college_id, version, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _edit_page(college_id, definition, form, target_form, broken.status, broken)
    flash(_("Saved as a new version; figures follow it from the next computation."), "success")
    return redirect(url_for(".edit_indicator", code=code, college=college_id))


@bp.post("/indicators/<code>/target")
@requires(P.QUALITY_EDIT)
def set_target(code):
    """Set or take back a year's target."""
    college_id = edited_college()
    definition = _definition_or_404(college_id, code)
    form = _target_form(definition)
    if not form.validate():
        return _edit_page(college_id, definition, _form_of(college_id, definition), form, 422)
    defining.aim(college_id, definition, form.target_year.data, form.typed(), reason=form.target_reason.data,
                 by=current_user, now=utcnow())  # fmt: skip
    flash(_("The target of %(year)s is set.", year=form.target_year.data), "success")
    return redirect(url_for(".edit_indicator", code=code, college=college_id, _anchor="targets-h"))


# --- a new one ---------------------------------------------------------------------------------------------


def _new_form(**options):
    form = IndicatorForm(**options)
    known = library.load_library()
    form.offer(
        [
            (code, _("like “%(name)s”", name=labels.name_of(known[code])) if code in known else code)
            for code in sorted(MEASURES, key=lambda code: known[code].position if code in known else 9999)
        ]
    )
    return form


def _new_page(college_id, form, status=200, broken=None):
    return page_of("new_indicator", status, college_id=college_id, form=form, broken=broken)


@bp.get("/indicators/new")
@requires(P.QUALITY_EDIT)
def new_indicator():
    """Show the form for an indicator of the college's own."""
    college_id = edited_college()
    form = _new_form(
        formdata=None,
        active=True,
        weight=Decimal(1),
        decimals=0,
        position=500,
        valid_from=today().replace(month=1, day=1),
    )
    return _new_page(college_id, form)


@bp.post("/indicators")
@requires(P.QUALITY_EDIT)
def create_indicator():
    """Define an indicator of the college's own over a known computation."""
    college_id, form = edited_college(), _new_form()
    if not form.validate():
        return _new_page(college_id, form, 422)
    code = defining.next_code(college_id)
    blank = defining.blank(code, form.measure.data)
    version = Version(form.typed(blank), form.valid_from.data, form.reason.data)
    defining.define(college_id, version, by=current_user, now=utcnow())
    flash(_("The indicator is defined; its figures come with the next computation."), "success")
    return redirect(url_for(".edit_indicator", code=code, college=college_id))

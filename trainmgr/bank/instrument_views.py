"""HTTP of instruments: the list, one with its versions, a drawn paper, comparison, copy."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from wtforms.fields.choices import SelectChoice

from trainmgr.bank import actions, instruments, papers, queries
from trainmgr.bank.comparing import compare
from trainmgr.bank.drawing import item_order, option_order
from trainmgr.bank.instrument_forms import InstrumentForm, NextForm
from trainmgr.bank.pages import INSTRUMENT, bp, load, load_to_edit, render
from trainmgr.bank.rules import InstrumentState
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.numbers import typed_version, whole
from trainmgr.kernel.paging import Listing


@bp.get("/bank/instruments")
@requires(Permission.BANK_VIEW)
def list_instruments():
    """Show the instruments of the reader's colleges."""
    return render("instruments", page=instruments.list_instruments(current_user, Listing.from_request()))


# --- opening, naming, copying ---------------------------------------------------------------------


def _form(**given):
    form = InstrumentForm(**given)
    form.college_id.choices = [
        SelectChoice(str(one.id), one.name) for one in queries.colleges_of(current_user)
    ]
    return form if form.college_id.choices else abort(403)


def _name_is_taken(form, college_id, but=None):
    taken = instruments.name_is_taken(college_id, form.name.data, but=but)
    if taken:
        form.name.errors = [_("Another instrument of the college has this name.")]
    return taken


@bp.get("/bank/instruments/new")
@requires(Permission.BANK_EDIT)
def new_instrument():
    """Show the form that opens an instrument."""
    return render("instrument_form", form=_form())


@bp.post("/bank/instruments")
@requires(Permission.BANK_EDIT)
def create_instrument():
    """Open an instrument with its first draft."""
    form = _form()
    if not form.validate() or _name_is_taken(form, form.college_id.data):
        return render("instrument_form", 422, form=form)
    instrument = actions.open_instrument(
        form.college_id.data, form.name.data, form.purpose.data or "", by=current_user, now=utcnow()
    )
    flash(_("“%(name)s” is open. Now say what its paper asks.", name=instrument.name), "success")
    return redirect(url_for(".edit_blueprint", instrument_id=instrument.id))


def _naming_form(instrument, **given):
    form = InstrumentForm(**given)
    form.college_id.choices = [SelectChoice(str(instrument.college_id), instrument.college.name)]
    form.college_id.data = instrument.college_id
    return form


@bp.get(f"{INSTRUMENT}/edit")
@requires(Permission.BANK_EDIT)
def edit_instrument(instrument_id):
    """Show the form of an instrument's name and purpose."""
    instrument = load_to_edit(instrument_id)
    form = _naming_form(instrument, name=instrument.name, purpose=instrument.purpose)
    return render("instrument_form", form=form, instrument=instrument, form_version=instrument.version)


@bp.post(f"{INSTRUMENT}/edit")
@requires(Permission.BANK_EDIT)
def rename_instrument(instrument_id):
    """Take an instrument's name and purpose."""
    instrument = load_to_edit(instrument_id)
    form, context = _naming_form(instrument), {"instrument": instrument, "form_version": typed_version()}
    if not form.validate() or _name_is_taken(form, instrument.college_id, instrument.id):
        return render("instrument_form", 422, form=form, **context)
    try:
        actions.rename_instrument(
            instrument, form.name.data, form.purpose.data or "", version=typed_version(),
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except Conflict as refusal:
        context["form_version"] = instrument.version
        return render("instrument_form", 409, form=form, refusal=refusal, **context)
    flash(_("Saved."), "success")
    return redirect(url_for(".show_instrument", instrument_id=instrument_id))


@bp.get(f"{INSTRUMENT}/versions/<int:number>/copy")
@requires(Permission.BANK_EDIT)
def new_copy(instrument_id, number):
    """Ask for the name of the copy of a version."""
    instrument = load_to_edit(instrument_id)
    version = instruments.version_of(instrument, number)
    name = _("%(name)s (copy)", name=instrument.name)[:80]
    form = _naming_form(instrument, name=name, purpose=instrument.purpose)
    return render("instrument_form", form=form, source=version, instrument=instrument)


@bp.post(f"{INSTRUMENT}/versions/<int:number>/copy")
@requires(Permission.BANK_EDIT)
def copy_instrument(instrument_id, number):
    """Open an instrument of its own as a copy of a version."""
    instrument = load_to_edit(instrument_id)
    version = instruments.version_of(instrument, number)
    form = _naming_form(instrument)
    if not form.validate() or _name_is_taken(form, instrument.college_id):
        return render("instrument_form", 422, form=form, source=version, instrument=instrument)
    copy = actions.copy_instrument(
        version, form.name.data, form.purpose.data or "", college_id=instrument.college_id,
        by=current_user, now=utcnow(),
    )  # fmt: skip
    flash(_("“%(name)s” is open as a copy.", name=copy.name), "success")
    return redirect(url_for(".show_instrument", instrument_id=copy.id))


# --- one version ----------------------------------------------------------------------------------


@bp.get(INSTRUMENT)
@requires(Permission.BANK_VIEW)
def show_instrument(instrument_id):
    """Show the newest version of an instrument."""
    return _version_page(load(instrument_id), None)


@bp.get(f"{INSTRUMENT}/versions/<int:number>")
@requires(Permission.BANK_VIEW)
def show_version(instrument_id, number):
    """Show one version: its blueprint, what the bank is short of, how it is taken and read."""
    return _version_page(load(instrument_id), number)


def _version_page(instrument, number):
    version = instruments.version_of(instrument, number)
    named = queries.competencies_named({row.competency_id for row in version.rows})
    lines = sorted(named.values(), key=lambda line: (line.code, line.id))
    may_edit = queries.may_edit(instrument.college_id, current_user)
    return render(
        "instrument",
        instrument=instrument,
        version=version,
        plan=instruments.blueprint_of(version, instrument.college_id, lines),
        may_change=may_edit and version.state is InstrumentState.DRAFT,
        may_edit=may_edit,
        has_draft=instruments.draft_of(instrument) is not None,
    )


# --- papers and versions --------------------------------------------------------------------------


@bp.get(f"{INSTRUMENT}/versions/<int:number>/paper")
@requires(Permission.BANK_VIEW)
def preview_paper(instrument_id, number):
    """Show a paper as it would be drawn, in the order of one imagined person; another seed shows another."""
    instrument = load(instrument_id)
    version = instruments.version_of(instrument, number)
    seed = whole(request.args.get("seed")) or 1
    try:
        drawn = papers.preview_paper(version, instrument.college_id, seed)
    except RuleBroken as refusal:
        return render("paper", 409, instrument=instrument, version=version, refusal=refusal, seed=seed)
    order = item_order(
        [one.item_id for one in drawn], seed=seed, person_id=seed, shuffle=version.shuffle_items
    )
    return render(
        "paper", instrument=instrument, version=version, seed=seed, order=order,
        items=instruments.items_by_id(order), points={one.item_id: one.points for one in drawn},
        option_order=lambda item: option_order(
            len(item.content["options"]), seed=seed, person_id=seed, item_id=item.id,
            shuffle=version.shuffle_options,
        ),
    )  # fmt: skip


@bp.get(f"{INSTRUMENT}/next")
@requires(Permission.BANK_EDIT)
def new_version(instrument_id):
    """Ask why a next version is opened."""
    return render("next_version", instrument=load_to_edit(instrument_id), form=NextForm())


@bp.post(f"{INSTRUMENT}/next")
@requires(Permission.BANK_EDIT)
def open_next_version(instrument_id):
    """Open the next version as a copy of the newest."""
    instrument, form = load_to_edit(instrument_id), NextForm()
    if not form.validate():
        return render("next_version", 422, instrument=instrument, form=form)
    draft = actions.open_next_version(instrument, reason=form.reason.data, by=current_user, now=utcnow())
    flash(_("Version %(number)s is open as a draft.", number=draft.number), "success")
    return redirect(url_for(".show_instrument", instrument_id=instrument_id))


@bp.get(f"{INSTRUMENT}/compare")
@requires(Permission.BANK_VIEW)
def compare_versions(instrument_id):
    """Show what differs between two versions; without a choice, the two newest."""
    instrument = load(instrument_id)
    found = instrument.versions
    right = _chosen(found, "right") or found[0]
    left = _chosen(found, "left") or next((one for one in found if one.number < right.number), right)
    named = queries.competencies_named({row.competency_id for one in (left, right) for row in one.rows})
    comparison = compare(left, right)
    return render(
        "compare", instrument=instrument, left=left, right=right, comparison=comparison, named=named
    )


def _chosen(found, name):
    return next((one for one in found if str(one.number) == request.args.get(name)), None)

"""HTTP of alliances with their units, and of practice bases."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from trainmgr.identity import alliances
from trainmgr.identity.models import OrganizationKind
from trainmgr.identity.organization_views import bp
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.inputs import WholeField, tidy
from trainmgr.kernel.paging import Listing

ONE = "/organizations/<int:organization_id>"
LONGEST = 100_000  # characters of a pasted list


class BaseForm(FlaskForm):
    """Where a practice base lies, whose it is, how many it takes."""

    where = RadioField(
        _l("Where it lies"),
        choices=[SelectChoice("on", _l("on campus")), SelectChoice("off", _l("outside the campus"))],
        validators=[InputRequired(_l("Choose one."))],
    )
    host = SelectField(_l("Run by"), coerce=int, validate_choice=False, default=0)
    capacity = WholeField(
        _l("Work places"),
        validators=[Optional(), NumberRange(1, 100_000, _l("A whole number from 1 to 100,000."))],
    )
    address = StringField(_l("Postal address"), filters=[tidy], validators=[Optional(), Length(max=120)])

    def offer(self, hosts):
        """Offer who may run it."""
        self.host.choices = [SelectChoice(0, _("none")), *(SelectChoice(one.id, one.name) for one in hosts)]

    def validate_host(self, field):
        """One that was offered, or none."""
        if field.data not in {choice.value for choice in field.choices or ()}:
            raise ValidationError(_("Choose an organisation of the list."))

    def facts(self):
        """Return what was typed."""
        return alliances.BaseFacts(
            self.where.data == "on", self.host.data or None, self.capacity.data, self.address.data or ""
        )


@bp.get(f"{ONE}/units")
@requires(Permission.PEOPLE_VIEW)
def list_units(organization_id):
    """Show the units of an alliance or industry college."""
    return _units_page(alliances.with_units_or_404(organization_id, current_user))


def _units_page(organization, status=200, broken=None, typed=""):
    page = render_template(
        "people/units.html",
        organization=organization,
        page=alliances.list_units(organization, Listing.from_request()),
        keeps=alliances.keeps(organization, current_user),
        broken=broken,
        typed=typed,
    )
    return page, status


@bp.post(f"{ONE}/units")
@requires(Permission.ORGANISATION_REGISTER)
def add_units(organization_id):
    """Enter units, one a line."""
    organization = alliances.kept_or_404(organization_id, current_user, *alliances.WITH_UNITS)
    text = request.form.get("units", "")[:LONGEST]
    try:
        new = alliances.add_units(
            organization, alliances.read_lines(text), since=today(), by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _units_page(organization, broken.status, broken, text)
    flash(ngettext("%(num)s unit is entered.", "%(num)s units are entered.", new), "success")
    return redirect(url_for(".list_units", organization_id=organization.id))


@bp.post(f"{ONE}/units/<int:unit_id>/end")
@requires(Permission.ORGANISATION_REGISTER)
def end_unit(organization_id, unit_id):
    """Note that a unit has left."""
    organization = alliances.kept_or_404(organization_id, current_user, *alliances.WITH_UNITS)
    unit = alliances.unit_or_404(organization, unit_id)
    alliances.end_unit(organization, unit, on=today(), by=current_user, now=utcnow())
    flash(_("%(name)s is no unit any more.", name=unit.name), "success")
    return redirect(url_for(".list_units", organization_id=organization.id))


@bp.get(f"{ONE}/base")
@requires(Permission.ORGANISATION_REGISTER)
def edit_base(organization_id):
    """Show the form of a practice base."""
    organization = alliances.kept_or_404(organization_id, current_user, OrganizationKind.BASE)
    base = alliances.base_of(organization)
    known = {}
    # Not the object itself: of that the form would take `host`, which is an organisation and no number.
    if base is not None:
        where, host = "on" if base.on_campus else "off", base.host_id or 0
        known = {"where": where, "host": host, "capacity": base.capacity, "address": base.address}
    return _base_page(organization, BaseForm(formdata=None, data=known))


def _base_page(organization, form, status=200):
    form.offer(alliances.possible_hosts(current_user))
    return render_template("people/base_form.html", organization=organization, form=form), status


@bp.post(f"{ONE}/base")
@requires(Permission.ORGANISATION_REGISTER)
def save_base(organization_id):
    """Save what is known of a practice base."""
    organization = alliances.kept_or_404(organization_id, current_user, OrganizationKind.BASE)
    form = BaseForm()
    form.offer(alliances.possible_hosts(current_user))
    if not form.validate():
        return _base_page(organization, form, 422)
    alliances.describe_base(organization, form.facts(), by=current_user, now=utcnow())
    flash(_("%(name)s is changed.", name=organization.name), "success")
    return redirect(url_for(".show_organization", organization_id=organization.id))

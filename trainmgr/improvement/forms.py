"""Forms of improvement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import current_app, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from trainmgr.curriculum.rules import Plan
from trainmgr.identity.models import User
from trainmgr.kernel.inputs import WholeField, tidy
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.shell import local_address
from trainmgr.kernel.uploads import ACCEPT

MOST_HOURS = 999


def _id(value: Any) -> int | None:
    return whole(str(value)) if value is not None else None


def _reason(label: Any, told: Any) -> StringField:
    return StringField(label, filters=[tidy], validators=[DataRequired(told), Length(max=300)])


def _stripped(text: str | None) -> str | None:
    return text.strip() if text else text


class _Charging:
    """The person and the day of a charge."""

    doer: SelectField

    def offer(self, people: Sequence[User]) -> None:
        """Offer those who may be charged with an item."""
        self.people = {user.id: user for user in people}
        choices = [SelectChoice("", _("Choose a person"))]
        self.doer.choices = choices + [SelectChoice(user.id, user.name) for user in people]

    def validate_doer(self, field: SelectField) -> None:
        """One of those who may be charged."""
        if field.data not in self.people:
            raise ValidationError(_("Choose who answers for it."))


class ItemForm(_Charging, FlaskForm):
    """A finding taken up, or one written by hand."""

    source = HiddenField()
    key = HiddenField()
    title = StringField(
        _l("What is to get better"), filters=[tidy],
        validators=[DataRequired(_l("Say what is to get better.")), Length(max=200)],
    )  # fmt: skip
    text = TextAreaField(
        _l("What the records show"), filters=[_stripped], validators=[Optional(), Length(max=1000)]
    )
    standard = StringField(
        _l("Standard that it is held to"), filters=[tidy],
        validators=[DataRequired(_l("Name the standard: how will one know that it is better?")), Length(max=300)],
    )  # fmt: skip
    competency = SelectField(_l("Competency that it is about"), validate_choice=False, choices=[])
    doer = SelectField(_l("Who answers for it"), coerce=_id, validate_choice=False, choices=[])
    due_on = DateField(
        _l("To be done by"), validators=[InputRequired(_l("Choose the day by which it is done."))]
    )

    def offer_competencies(self, names: Sequence[str]) -> None:
        """Offer the programme's competencies, so that the figures can be compared later on."""
        self.competency.choices = [SelectChoice("", _("none")), *(SelectChoice(name, name) for name in names)]

    def validate_competency(self, field: SelectField) -> None:
        """One of the programme's."""
        if field.data and field.data not in {choice.value for choice in field.choices or ()}:
            raise ValidationError(_("Choose one of the competencies."))


class AsideForm(FlaskForm):
    """Why a finding is set aside."""

    source = HiddenField()
    key = HiddenField()
    reason = _reason(_l("Why it is set aside"), _l("Say why it is set aside."))


class PlanForm(FlaskForm):
    """What is to be done."""

    version = HiddenField()
    measures = TextAreaField(
        _l("What is to be done"), filters=[_stripped],
        validators=[DataRequired(_l("Write down what is to be done.")), Length(max=1000)],
    )  # fmt: skip


class ReportForm(FlaskForm):
    """The evidence."""

    version = HiddenField()
    note = TextAreaField(
        _l("What was done, and what it shows"), filters=[_stripped],
        validators=[DataRequired(_l("Write down what was done and what it shows.")), Length(max=1000)],
    )  # fmt: skip
    file = FileField(_l("File that shows it"), render_kw={"accept": ACCEPT}, validators=[Optional()])
    link = StringField(
        _l("Or the address of a record kept here"),
        filters=[_stripped],
        validators=[Optional(), Length(max=300)],
    )

    def validate_link(self, field: StringField) -> None:
        """The address of one of our own pages, kept without our name."""
        if not field.data:
            return
        path = local_address(field.data)
        if path is None or not is_record(path):
            raise ValidationError(_("Copy the address of a page of trainmgr from the browser."))
        field.data = path

    def validate_note(self, field: TextAreaField) -> None:
        """Words alone show nothing."""
        if not self.file.data and not (self.link.data or "").strip():
            raise ValidationError(_("Add a file, or the address of a record kept here, that shows it."))


def is_record(path: str) -> bool:
    """Tell whether a path is that of a page with a record: it names one, and answers to reading."""
    adapter = current_app.url_map.bind(request.host)
    try:
        _endpoint, values = adapter.match(path.partition("?")[0], method="GET")
    except (RequestRedirect, HTTPException):
        return False
    return any(name.endswith("_id") for name in values)


class CheckForm(FlaskForm):
    """What the check found."""

    version = HiddenField()
    found = RadioField(
        _l("What the check found"), validators=[InputRequired(_l("Choose one."))],
        choices=[SelectChoice("settled", _l("Done: the standard is met")),
                 SelectChoice("back", _l("Not done yet"))],
    )  # fmt: skip
    note = TextAreaField(_l("Words on it"), filters=[_stripped], validators=[Length(max=300)])
    change = TextAreaField(
        _l("Change for the next edition of the plan"), filters=[_stripped],
        validators=[Optional(), Length(max=500)],
    )  # fmt: skip

    def validate_note(self, field: TextAreaField) -> None:
        """What is not done yet needs words."""
        if self.found.data == "back" and not (field.data or "").strip():
            raise ValidationError(_("Say what is missing."))


class HandOverForm(_Charging, FlaskForm):
    """Somebody else, or another day."""

    version = HiddenField()
    doer = SelectField(_l("Who answers for it"), coerce=_id, validate_choice=False, choices=[])
    due_on = DateField(
        _l("To be done by"), validators=[InputRequired(_l("Choose the day by which it is done."))]
    )
    reason = _reason(_l("Reason"), _l("Say why it changes."))


class ReopenForm(FlaskForm):
    """The next round."""

    version = HiddenField()
    due_on = DateField(
        _l("To be done by"), validators=[InputRequired(_l("Choose the day by which it is done."))]
    )
    reason = _reason(_l("Why it is opened again"), _l("Say why it is opened again."))


class TakeForm(FlaskForm):
    """The module that takes a change in."""

    version = HiddenField()
    module = SelectField(_l("Module"), coerce=_id, validate_choice=False, choices=[])
    hours = WholeField(
        _l("More class hours for the competency there"),
        validators=[Optional(), NumberRange(0, MOST_HOURS, _l("Hours are 0 or more."))],
    )
    note = StringField(_l("What changes in the module"), filters=[tidy], validators=[Length(max=300)])

    def offer(self, plan: Plan) -> None:
        """Offer the modules of the draft in their order."""
        modules = [module for stage in plan.stages for module in plan.modules_of(stage.number)]
        self.modules = {module.id for module in modules}
        self.module.choices = [SelectChoice("", _("Choose a module"))] + [
            SelectChoice(module.id, f"{module.stage_number} · {module.name}") for module in modules
        ]

    def validate_module(self, field: SelectField) -> None:
        """A module of the draft."""
        if field.data not in self.modules:
            raise ValidationError(_("Choose a module."))

    def validate_note(self, field: StringField) -> None:
        """Hours or words: something changes."""
        if not self.hours.data and not field.data:
            raise ValidationError(_("Give hours, or say what changes in the module."))


class DeclineForm(FlaskForm):
    """Why a change is not made."""

    version = HiddenField()
    reason = _reason(_l("Why it is declined"), _l("Say why it is declined."))

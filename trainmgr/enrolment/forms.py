"""Shape and coercion of what is typed about trainees and classes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import HiddenInput

from trainmgr.enrolment.roster import RosterFilter
from trainmgr.enrolment.rules import entry_level
from trainmgr.kernel.clock import today
from trainmgr.kernel.days import DayField
from trainmgr.kernel.inputs import FigureField


def stripped(text: str | None) -> str:
    """Return what was typed without blanks around it; nothing typed is an empty text."""
    return (text or "").strip()


def roster_filter() -> RosterFilter:
    """Read from the address what the roster is narrowed to."""
    given = request.values
    return RosterFilter(
        cohort=given.get("class", "")[:10],
        field=given.get("field", "")[:60],
        state=given.get("state", "")[:20],
        lacking=given.get("lacking") == "1",
    )


def chosen_ids(most: int = 500) -> list[int]:
    """Read which rows were ticked; nonsense is left out."""
    texts = request.form.getlist("id")[:most]
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 12]


class UploadForm(FlaskForm):
    """A roster file."""

    file = FileField(_l("Roster file"), validators=[FileRequired(_l("Choose the file to import."))])
    college = SelectField(_l("For which college"), validators=[DataRequired()])


class LeaveForm(FlaskForm):
    """When and why trainees left."""

    day = DateField(_l("Left on"), validators=[InputRequired(_l("Choose the day."))])
    reason = StringField(
        _l("Reason"),
        filters=[stripped],
        validators=[DataRequired(_l("Say why; it stays in the record.")), Length(max=200)],
    )

    def validate_day(self, field: DateField) -> None:
        """A day to come is refused."""
        if field.data and field.data > today():
            raise ValidationError(_("This day is still to come."))
        if field.data and field.data < date(2000, 1, 1):
            raise ValidationError(_("This day is too long ago."))


class ReasonForm(FlaskForm):
    """Why something is done that the audit trail keeps."""

    reason = StringField(
        _l("Reason"),
        filters=[stripped],
        validators=[DataRequired(_l("Say why; it stays in the record.")), Length(max=200)],
    )


class StandingForm(FlaskForm):
    """A change of standing: from which day, why, and what the kind needs besides."""

    day = DayField(_l("From the day"), validators=[InputRequired(_l("Choose the day."))])
    expected_on = DayField(_l("Expected back on"), validators=[Optional()])
    enterprise = SelectField(_l("New enterprise"), validators=[Optional()], validate_choice=False)
    to_program = SelectField(_l("Other programme"), validators=[Optional()], validate_choice=False)
    hours = FigureField(_l("Hours recognised"), decimals=2, validators=[Optional(), NumberRange(0, 10_000)])
    reason = StringField(
        _l("Reason"),
        filters=[stripped],
        validators=[DataRequired(_l("Say why; it stays in the record.")), Length(max=200)],
    )

    def validate_expected_on(self, field: DateField) -> None:
        """Nobody comes back before going."""
        if field.data and self.day.data and field.data <= self.day.data:
            raise ValidationError(_("This day must be after the first one."))

    @staticmethod
    def key(field: SelectField) -> int | None:
        """Return the id that was chosen, or None."""
        return int(field.data) if field.data and str(field.data).isdigit() and len(field.data) < 10 else None


class NumbersForm(FlaskForm):
    """A trainee's two numbers, with the version that was read."""

    student_number = StringField(_l("Student number"), filters=[stripped], validators=[Length(max=40)])
    employee_number = StringField(_l("Employee number"), filters=[stripped], validators=[Length(max=40)])
    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


def read_levels(
    competencies: Sequence[Any],
) -> tuple[dict[int, Decimal | None], list[tuple[str, str]], dict[int, str]]:
    """Read the entry levels that were typed: the levels, the faults as (field id, text), and what was typed."""
    levels: dict[int, Decimal | None] = {}
    faults: list[tuple[str, str]] = []
    typed: dict[int, str] = {}
    for line in competencies:
        name = f"level-{line.competency_id}"
        if name not in request.form:
            continue
        text = typed[line.competency_id] = request.form[name].strip()[:10]
        level = entry_level(text) if text else None
        if text and level is None:
            faults.append((name, _("%(name)s: an entry level is a number from 1 to 5", name=line.name)))
        levels[line.competency_id] = level
    return levels, faults, typed

"""Shape and coercion of what is typed about sessions, closed days and rooms."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from trainmgr.kernel.days import DayField
from trainmgr.kernel.inputs import WholeField, tidy
from trainmgr.timetable.rules import MOST_WEEKS, UNITS


def options(rows: list[tuple[object, str]]) -> list[SelectChoice]:
    """Return choices for a select."""
    return [SelectChoice(value, text) for value, text in rows]


def _number(text: Any) -> int:
    return int(text) if text not in (None, "") else 0


class PlaceForm(FlaskForm):
    """When and where a session is, and who teaches; 0 stands for "as the plan has it"."""

    day = DayField(_l("Day"), validators=[DataRequired()])
    first_unit = WholeField(_l("First unit"), validators=[InputRequired(), NumberRange(1, UNITS)])
    units = WholeField(_l("Number of units"), default=2, validators=[InputRequired(), NumberRange(1, UNITS)])
    teacher = SelectField(_l("Teacher"), coerce=_number, default=0)
    room = SelectField(_l("Room"), coerce=_number, default=0)
    host = SelectField(_l("At whose place"), coerce=_number, default=0)
    weekends = BooleanField(_l("Also on weekends"))


class SessionForm(PlaceForm):
    """A new session of a module for a class, perhaps weekly."""

    cohort = SelectField(_l("Class"), coerce=_number, validators=[DataRequired()])
    module = SelectField(_l("Module"), coerce=_number, validators=[DataRequired()])
    weeks = WholeField(
        _l("Weekly, so many times"), default=1, validators=[InputRequired(), NumberRange(1, MOST_WEEKS)]
    )


class MoveForm(PlaceForm):
    """Another place for a session, with the reason."""

    reason = StringField(_l("Reason"), filters=[tidy], validators=[DataRequired(), Length(max=200)])
    version = HiddenField()


class CancelForm(FlaskForm):
    """Why a session is called off."""

    reason = StringField(_l("Reason"), filters=[tidy], validators=[DataRequired(), Length(max=200)])
    version = HiddenField()


class ClosedForm(FlaskForm):
    """Days on which an organisation is closed, and why."""

    house = SelectField(_l("Who is closed"), coerce=_number, validators=[DataRequired()])
    starts_on = DayField(_l("First day"), validators=[DataRequired()])
    ends_on = DayField(_l("Last day"), validators=[DataRequired()])
    reason = StringField(_l("Reason"), filters=[tidy], validators=[DataRequired(), Length(max=120)])

    def validate_ends_on(self, field: DayField) -> None:
        """The last day is not before the first."""
        if field.data and self.starts_on.data and field.data < self.starts_on.data:
            raise ValidationError(_l("The last day lies before the first."))


class RoomForm(FlaskForm):
    """A room or place of an organisation."""

    house = SelectField(_l("Whose room"), coerce=_number, validators=[DataRequired()])
    name = StringField(_l("Name of the room"), filters=[tidy], validators=[DataRequired(), Length(max=60)])
    capacity = WholeField(_l("Seats or work places"), validators=[Optional(), NumberRange(1, 100_000)])
    note = StringField(_l("Remark"), filters=[tidy], validators=[Optional(), Length(max=120)])
    base_id = SelectField(_l("In the practice base"), coerce=_number, validators=[Optional()], default=0)
    retired = BooleanField(_l("Takes no new sessions"))
    version = HiddenField()

    def values(self) -> dict[str, Any]:
        """Return the room as the action takes it."""
        return {"name": self.name.data, "capacity": self.capacity.data, "note": self.note.data or "",
                "base_id": self.base_id.data or None, "retired": self.retired.data}  # fmt: skip

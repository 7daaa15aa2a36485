"""Shape and coercion of what is typed about mentors."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from trainmgr.mentoring.models import Mentor

PROFILE = ("fields", "capacity", "level", "site", "qualification", "qualified_until")


class ProfileForm(FlaskForm):
    """What a mentor can guide, how many, and with which qualification."""

    fields = StringField(_l("Fields"), validators=[Optional(), Length(max=200)])
    capacity = IntegerField(
        _l("Most trainees at once"), default=5, validators=[InputRequired(), NumberRange(0, 500)]
    )
    level = StringField(_l("Grade"), validators=[Optional(), Length(max=40)])
    site = StringField(_l("Site"), validators=[Optional(), Length(max=80)])
    qualification = StringField(_l("Qualification"), validators=[Optional(), Length(max=120)])
    qualified_until = DateField(_l("Qualification valid until"), validators=[Optional()])
    version = HiddenField()

    def values(self) -> dict[str, object]:
        """Return the profile as the action takes it."""
        return {key: self[key].data if self[key].data is not None else "" for key in PROFILE[:-1]} | {
            "capacity": self.capacity.data,
            "qualified_until": self.qualified_until.data,
        }

    def differences(self, stored: Mentor) -> list[tuple[str, object]]:
        """Return what is stored where something else is typed: the field's name and the stored value."""
        typed = self.values()
        return [
            (self[key].label.text, getattr(stored, key))
            for key in PROFILE
            if getattr(stored, key) != typed[key]
        ]


class NamingForm(ProfileForm):
    """Who is named as a mentor: person and organisation in one value "user:organisation"."""

    person = SelectField(_l("Person"), validators=[DataRequired()], choices=[])


class HandoverForm(FlaskForm):
    """Who goes to whom, from when on and why."""

    trainees = SelectMultipleField(
        _l("Trainees"), coerce=int, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(),
        validators=[DataRequired()],
    )  # fmt: skip
    successor = SelectField(_l("To"), coerce=int, validators=[DataRequired()])
    day = DateField(_l("From"), validators=[DataRequired()])
    reason = StringField(_l("Reason"), validators=[DataRequired(), Length(max=200)])


class LeavingForm(FlaskForm):
    """Since when a mentor is gone, and why."""

    day = DateField(_l("From"), validators=[DataRequired()])
    reason = StringField(_l("Reason"), validators=[DataRequired(), Length(max=200)])


class PairForm(FlaskForm):
    """Another mentor for one trainee of a proposal."""

    mentor = SelectField(_l("Mentor"), coerce=int, validators=[DataRequired()])


def options(rows: list[tuple[object, str]]) -> list[SelectChoice]:
    """Return choices for a select."""
    return [SelectChoice(value, text) for value, text in rows]

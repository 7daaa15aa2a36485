"""Shape and coercion of what is typed about mentors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from trainmgr.kernel.days import DayField
from trainmgr.kernel.i18n import say
from trainmgr.mentoring import labels
from trainmgr.mentoring.choosing import Proposing
from trainmgr.mentoring.models import Mentor
from trainmgr.mentoring.rules import WEIGHTS
from trainmgr.mentoring.terms_queries import parted

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
    qualified_until = DayField(_l("Qualification valid until"), validators=[Optional()])
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
    day = DayField(_l("From"), validators=[DataRequired()])
    reason = StringField(_l("Reason"), validators=[DataRequired(), Length(max=200)])


class LeavingForm(FlaskForm):
    """Since when a mentor is gone, and why."""

    day = DayField(_l("From"), validators=[DataRequired()])
    reason = StringField(_l("Reason"), validators=[DataRequired(), Length(max=200)])


class PairForm(FlaskForm):
    """Another mentor for one trainee of a proposal."""

    mentor = IntegerField(_l("Mentor"), validators=[DataRequired()])


class TermsForm(FlaskForm):
    """What a programme holds to when it assigns mentors."""

    typical_enterprise = IntegerField(
        _l("Trainees that an enterprise mentor usually has"),
        validators=[InputRequired(), NumberRange(1, 500)],
    )
    typical_college = IntegerField(
        _l("Trainees that a school teacher usually has"), validators=[InputRequired(), NumberRange(1, 500)]
    )
    most_km = IntegerField(_l("Farthest site"), validators=[Optional(), NumberRange(1, 5000)])
    most_leave = IntegerField(_l("Longest leave"), validators=[InputRequired(), NumberRange(0, 366)])
    field = IntegerField(_l("Weight of the field"), validators=[InputRequired(), NumberRange(0, 100)])
    continuity = IntegerField(_l("Weight of continuity"), validators=[InputRequired(), NumberRange(0, 100)])
    distance = IntegerField(_l("Weight of distance"), validators=[InputRequired(), NumberRange(0, 100)])
    experience = IntegerField(_l("Weight of experience"), validators=[InputRequired(), NumberRange(0, 100)])
    time = IntegerField(_l("Weight of working time"), validators=[Optional(), NumberRange(0, 100)])
    version = HiddenField()

    @property
    def weights(self) -> dict[str, int]:
        """The weights as they were typed."""
        return {name: self[name].data or 0 for name in WEIGHTS}

    def validate_experience(self, _field: IntegerField) -> None:
        """The weights are shares of one whole."""
        total = sum(self.weights.values())
        if total != 100:
            raise ValidationError(_("The weights add up to %(total)s; they must add up to 100.", total=total))


def one_site(_form: FlaskForm, field: StringField) -> None:
    """Refuse several sites where one is meant."""
    if len(parted(field.data or "")) > 1:
        raise ValidationError(_("One site only, without a comma."))


class SiteForm(FlaskForm):
    """Where the trainees of a class in an enterprise work; empty takes the site off. `groups` are those classes."""

    groups: Sequence[Any] = ()
    group = SelectField(_l("Trainees"), validators=[DataRequired()], choices=[])
    site = StringField(_l("Site"), validators=[Optional(), Length(max=80), one_site])


class DistanceForm(FlaskForm):
    """How far two sites are apart."""

    one = StringField(_l("From site"), validators=[DataRequired(), Length(max=80), one_site])
    other = StringField(_l("To site"), validators=[DataRequired(), Length(max=80), one_site])
    km = IntegerField(_l("Kilometres"), validators=[InputRequired(), NumberRange(0, 5000)])

    def validate_other(self, field: StringField) -> None:
        """A site is no distance from itself."""
        if (field.data or "").strip() == (self.one.data or "").strip():
            raise ValidationError(_("Name two different sites."))


class LeaveForm(FlaskForm):
    """From when to when a mentor is away."""

    starts_on = DayField(_l("First day"), validators=[DataRequired()])
    ends_on = DayField(_l("Last day"), validators=[DataRequired()])
    leave_reason = StringField(_l("Reason"), validators=[Optional(), Length(max=120)])

    def validate_ends_on(self, field: DayField) -> None:
        """A leave ends on or after the day on which it begins."""
        if self.starts_on.data and field.data and field.data < self.starts_on.data:
            raise ValidationError(_("The last day lies before the first."))


class RoundForm(FlaskForm):
    """What is published of a round of two-way choice."""

    proposing = RadioField(
        _l("Who proposes"),
        choices=[],
        default=Proposing.TRAINEES.value,
        validators=[DataRequired()],
    )
    most_wishes = IntegerField(
        _l("Mentors that a trainee may name"), default=5, validators=[InputRequired(), NumberRange(1, 20)]
    )
    opens_on = DayField(_l("Begins on"), validators=[DataRequired()])
    trainees_until = DayField(_l("Trainees choose until"), validators=[DataRequired()])
    mentors_until = DayField(_l("Mentors answer until"), validators=[DataRequired()])

    def __init__(self, **values: Any) -> None:
        """Name the sides in the reader's language."""
        super().__init__(**values)
        self.proposing.choices = options([(each.value, say(labels.PROPOSING[each])) for each in Proposing])

    def validate_trainees_until(self, field: DayField) -> None:
        """Trainees have at least one day."""
        if self.opens_on.data and field.data and field.data < self.opens_on.data:
            raise ValidationError(_("The last day lies before the first."))

    def validate_mentors_until(self, field: DayField) -> None:
        """Mentors answer when the trainees' days are over."""
        if self.trainees_until.data and field.data and field.data <= self.trainees_until.data:
            raise ValidationError(_("The mentors' last day lies after the trainees' last day."))


class DaysForm(FlaskForm):
    """Other days for a round, and why."""

    opens_on = DayField(_l("Begins on"), validators=[DataRequired()])
    trainees_until = DayField(_l("Trainees choose until"), validators=[DataRequired()])
    mentors_until = DayField(_l("Mentors answer until"), validators=[DataRequired()])
    reason = StringField(_l("Reason"), validators=[DataRequired(), Length(max=200)])


def options(rows: list[tuple[object, str]]) -> list[SelectChoice]:
    """Return choices for a select."""
    return [SelectChoice(value, text) for value, text in rows]

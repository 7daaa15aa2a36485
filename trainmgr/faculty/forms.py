"""What is typed about the faculty: shape and coercion."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from trainmgr.faculty import labels
from trainmgr.faculty.actions import QualificationFacts
from trainmgr.faculty.ledger import Limits
from trainmgr.faculty.models import Profile
from trainmgr.faculty.practising import Stay
from trainmgr.faculty.rules import GRADES, Dimension, DualLevel, Grade, Needs, parts_of, units_of
from trainmgr.kernel import days
from trainmgr.kernel.inputs import WholeField, tidy
from trainmgr.kernel.uploads import ACCEPT

EARLIEST, LATEST = date(1950, 1, 1), days.LATEST


def _text(label: Any, most: int, message: Any = None) -> StringField:
    must = DataRequired(message) if message else Optional()
    return StringField(label, filters=[tidy], validators=[must, Length(max=most)])


def _day(label: Any, message: Any = None) -> DateField:
    must = InputRequired(message) if message else Optional()
    return DateField(label, validators=[must, days.between(EARLIEST, LATEST)])


def _whole(label: Any, least: int, most: int, *, optional: bool = True) -> WholeField:
    must = Optional() if optional else InputRequired(_l("Enter a number."))
    limits = NumberRange(
        least, most, _l("A whole number from %(least)s to %(most)s.", least=least, most=most)
    )
    return WholeField(label, validators=[must, limits])


def _ticks(label: Any, **options: Any) -> SelectMultipleField:
    return SelectMultipleField(
        label, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(), validators=[Optional()],
        choices=[], **options,
    )  # fmt: skip


def _file(label: Any) -> FileField:
    return FileField(label, render_kw={"accept": ACCEPT}, validators=[Optional()])


def _levels() -> list[SelectChoice]:
    return [
        SelectChoice("", _("none")),
        *(SelectChoice(key.value, label) for key, label in labels.DUAL.items()),
    ]


class OwnFactsForm(FlaskForm):
    """What a person may say of himself."""

    post = _text(_l("Post"), 80)
    title = _text(_l("Professional title"), 60)
    education = _text(_l("Highest education"), 60)
    fields = _text(_l("Fields"), 200)
    enterprise_years = _whole(_l("Years of work at enterprises"), 0, 60)
    sites = _text(_l("Sites"), 200)
    working_time = _ticks(_l("Working time"))

    def __init__(self, **values: Any) -> None:
        """Name the parts of the week in the reader's language."""
        super().__init__(**values)
        self.working_time.choices = [SelectChoice(value, text) for value, text in labels.day_parts()]

    def values(self) -> dict[str, Any]:
        """Return the facts as the action takes them."""
        names = ("post", "title", "education", "fields", "sites")
        return {name: self[name].data or "" for name in names} | {
            "enterprise_years": self.enterprise_years.data,
            "working_time": units_of(self.working_time.data or ()),
        }


class ProfileForm(OwnFactsForm):
    """What staff say of a person besides: when service began, level with certificate, capacity, the expert pool."""

    since = _day(_l("Teacher or master since"))
    dual_level = SelectField(_l("Dual-qualification level"), validate_choice=False)
    dual_number = _text(_l("Number of its certificate"), 60)
    dual_on = _day(_l("Recognised on"))
    capacity = _whole(_l("Most trainees at once"), 0, 500)
    is_expert = BooleanField(_l("Stands in the expert pool"))

    def __init__(self, **values: Any) -> None:
        """Name the levels in the reader's language."""
        super().__init__(**values)
        self.dual_level.choices = _levels()

    def validate_dual_level(self, field: SelectField) -> None:
        """One of the levels, or none."""
        if field.data and field.data not in set(DualLevel):
            raise ValidationError(_("Choose a level of the list."))

    def validate_dual_on(self, field: DateField) -> None:
        """The day goes with a level."""
        if field.data and not self.dual_level.data:
            raise ValidationError(_("Choose the level that was recognised then."))

    def values(self) -> dict[str, Any]:
        """Return the facts as the action takes them."""
        level = self.dual_level.data
        return super().values() | {
            "since": self.since.data,
            "dual_level": DualLevel(level) if level else None,
            "dual_number": self.dual_number.data or "",
            "dual_on": self.dual_on.data,
            "capacity": self.capacity.data,
            "is_expert": bool(self.is_expert.data),
        }


def shown(profile: Profile) -> dict[str, Any]:
    """Return what the forms show of a profile."""
    names = (
        "post",
        "title",
        "education",
        "fields",
        "enterprise_years",
        "sites",
        "since",
        "dual_number",
        "dual_on",
    )
    return {name: getattr(profile, name) for name in (*names, "capacity", "is_expert")} | {
        "working_time": parts_of(profile.working_time),
        "dual_level": profile.dual_level.value if profile.dual_level else "",
    }


class QualificationForm(FlaskForm):
    """A qualification with its evidence."""

    name = _text(_l("Qualification"), 120, _l("Name the qualification."))
    level = _text(_l("Level"), 40)
    issuer = _text(_l("Issued by"), 120)
    number = _text(_l("Number"), 60)
    valid_from = _day(_l("Valid from"))
    valid_until = _day(_l("Valid until"))
    needed = BooleanField(_l("Needed for guiding trainees"))
    file = _file(_l("Evidence"))

    def validate_valid_until(self, field: DateField) -> None:
        """It does not end before it begins."""
        if field.data and self.valid_from.data and field.data < self.valid_from.data:
            raise ValidationError(_("The last day comes before the first day."))

    def facts(self) -> QualificationFacts:
        """Return what was typed."""
        return QualificationFacts(
            self.name.data or "",
            self.level.data or "",
            self.issuer.data or "",
            self.number.data or "",
            self.valid_from.data,
            self.valid_until.data,
            bool(self.needed.data),
        )


class ReasonForm(FlaskForm):
    """Why something is taken back."""

    reason = _text(_l("Reason"), 200, _l("Say why."))


class RatingForm(FlaskForm):
    """The three dimensions, 1 to 5, with what shows it."""

    rated_on = _day(_l("Rated on"), _l("Choose the day."))
    teaching = RadioField(_l("Conducting teaching"), validate_choice=False)
    technology = RadioField(_l("Applying technology"), validate_choice=False)
    service = RadioField(_l("Serving society"), validate_choice=False)
    evidence = _text(_l("What shows it"), 500, _l("Name what the rating rests on."))

    def validate(self, extra_validators: Any = None) -> bool:
        """Each dimension takes a value of the scale."""
        fine = super().validate(extra_validators)
        for dimension in Dimension:
            field = self[dimension.value]
            if field.data not in set("12345"):
                field.errors = [_("Choose a value from 1 to 5.")]
                fine = False
        return bool(fine)

    def ratings(self) -> dict[Dimension, int]:
        """Return the values that were chosen."""
        return {dimension: int(self[dimension.value].data) for dimension in Dimension}


class GradeForm(FlaskForm):
    """Another grade, from when and why."""

    grade = SelectField(_l("Teacher grade"), validate_choice=False)
    holds_from = _day(_l("Holds from"), _l("Choose the day."))
    reason = _text(_l("Reason"), 200, _l("Say why."))

    def __init__(self, **values: Any) -> None:
        """Name the grades in the reader's language."""
        super().__init__(**values)
        self.grade.choices = [SelectChoice(key.value, label) for key, label in labels.GRADES.items()]

    def validate_grade(self, field: SelectField) -> None:
        """One of the four."""
        if field.data not in set(Grade):
            raise ValidationError(_("Choose a grade of the list."))


class StayForm(FlaskForm):
    """A stay at an enterprise."""

    enterprise = _text(_l("Enterprise"), 120, _l("Name the enterprise."))
    post = _text(_l("Post"), 80, _l("Name the post."))
    starts_on = _day(_l("First day"), _l("Choose the first day."))
    ends_on = _day(_l("Last day"), _l("Choose the last day."))
    weekdays = _ticks(_l("Only on these weekdays"))
    proof = _text(_l("Proof"), 200)
    file = _file(_l("Proof as a file"))

    def __init__(self, **values: Any) -> None:
        """Name the weekdays in the reader's language."""
        super().__init__(**values)
        self.weekdays.choices = [
            SelectChoice(str(place), name) for place, name in enumerate(labels.WEEKDAYS, start=1)
        ]

    def validate_ends_on(self, field: DateField) -> None:
        """The last day does not come before the first; a stay of more than three years was mistyped."""
        if not (field.data and self.starts_on.data):
            return
        if field.data < self.starts_on.data:
            raise ValidationError(_("The last day comes before the first day."))
        if (field.data - self.starts_on.data).days > 1096:
            raise ValidationError(_("One stay lasts at most three years."))

    def stay(self) -> Stay:
        """Return what was typed."""
        assert self.starts_on.data
        assert self.ends_on.data
        return Stay(
            self.enterprise.data or "",
            self.post.data or "",
            self.starts_on.data,
            self.ends_on.data,
            frozenset(int(day) for day in self.weekdays.data or () if day in set("1234567")),
            self.proof.data or "",
        )


class LimitsForm(FlaskForm):
    """The figures of the two practice rules, from a day on."""

    valid_from = _day(_l("Holds from"), _l("Choose the day from which it holds."))
    days_a_year = _whole(_l("Days in each calendar year"), 0, 366, optional=False)
    days_in_window = _whole(_l("Days within the years"), 0, 3660, optional=False)
    window_years = _whole(_l("Years that are looked at"), 1, 10, optional=False)
    reason = _text(_l("Reason"), 200, _l("Say why it changes."))

    def limits(self) -> Limits:
        """Return what was typed."""
        return Limits(self.days_a_year.data or 0, self.days_in_window.data or 0, self.window_years.data or 1)


class NeedsForm(FlaskForm):
    """What a grade asks for, from a day on."""

    grade = SelectField(_l("Teacher grade"), validate_choice=False)
    valid_from = _day(_l("Holds from"), _l("Choose the day from which it holds."))
    years = _whole(_l("Years of work"), 0, 60, optional=False)
    practice_days = _whole(_l("Days of practice at enterprises"), 0, 3660, optional=False)
    rating = _whole(_l("Lowest of the three dimensions"), 0, 5, optional=False)
    courses = _whole(_l("Courses led"), 0, 100, optional=False)
    qualifications = _whole(_l("Valid qualifications"), 0, 50, optional=False)
    tutored = _whole(_l("Trainees guided"), 0, 5000, optional=False)
    dual = SelectField(_l("Dual-qualification level"), validate_choice=False)
    reason = _text(_l("Reason"), 200, _l("Say why it changes."))

    def __init__(self, **values: Any) -> None:
        """Name grades and levels in the reader's language."""
        super().__init__(**values)
        self.grade.choices = [SelectChoice(key.value, labels.GRADES[key]) for key in GRADES[1:]]
        self.dual.choices = _levels()

    def validate_grade(self, field: SelectField) -> None:
        """One of the three that ask for something."""
        if field.data not in set(GRADES[1:]):
            raise ValidationError(_("Choose a grade of the list."))

    def validate_dual(self, field: SelectField) -> None:
        """One of the levels, or none."""
        if field.data and field.data not in set(DualLevel):
            raise ValidationError(_("Choose a level of the list."))

    def needs(self) -> Needs:
        """Return what was typed."""
        counted = {
            name: self[name].data or 0
            for name in ("years", "practice_days", "rating", "courses", "qualifications", "tutored")
        }
        return Needs(**counted, dual=DualLevel(self.dual.data) if self.dual.data else None)

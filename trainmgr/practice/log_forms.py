"""Shape and coercion of weekly logs, cases, comments, spot checks and of how a programme keeps logs."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from trainmgr.kernel.days import DayField
from trainmgr.kernel.i18n import say
from trainmgr.kernel.numbers import whole
from trainmgr.materials.rules import CasePart
from trainmgr.pathways.schema import LogFrequency
from trainmgr.practice.forms import LogForm, minutes_or_none, stripped
from trainmgr.practice.honesty import SpotResult
from trainmgr.practice.labels import FREQUENCIES, SPOT_RESULTS
from trainmgr.practice.periods import WEEK, Covered, Terms, cover_week, fault_of_terms
from trainmgr.practice.rules import HoursFault, minutes_of

PART_LENGTH = 2000


def _day(label: Any) -> StringField:
    return StringField(label, filters=[stripped], validators=[Optional()])


class WeekForm(LogForm):
    """A week's practice: the hours of each day that had some."""

    KIND = "week"

    hours = None
    day = DayField(_l("Which week"), validators=[InputRequired(_l("Choose the week."))])
    hours_1 = _day(_l("Mon"))
    hours_2 = _day(_l("Tue"))
    hours_3 = _day(_l("Wed"))
    hours_4 = _day(_l("Thu"))
    hours_5 = _day(_l("Fri"))
    hours_6 = _day(_l("Sat"))
    hours_7 = _day(_l("Sun"))

    @property
    def days(self) -> list[Any]:
        """The fields of the seven days, Monday first."""
        return [self[f"hours_{number}"] for number in range(1, WEEK + 1)]

    def covered(self, today: date) -> Covered:
        """Return the days of the week with work, from the first to the last."""
        return cover_week(self.day.data or today, [minutes_or_none(each.data) for each in self.days])

    def field_of(self, name: str, day: date | None = None) -> Any:
        """Return the field of the day that is at fault."""
        if day is not None and name in ("day", "hours"):
            return self.days[day.weekday()]
        return super().field_of(name, day)

    def validate(self, extra_validators: Any = None) -> bool:
        """At least one day has hours, each of them in quarters, at most 24; 0 is as good as nothing."""
        fine = bool(super().validate(extra_validators))
        for each in self.days:
            if not (each.data or "").strip("0.,，。"):
                continue
            try:
                minutes_of(each.data)
            except HoursFault as fault:
                each.errors, fine = [*each.errors, say(str(fault))], False
        if not any(each.errors or minutes_or_none(each.data) for each in self.days):
            self.days[0].errors, fine = [_("Type the hours of the days on which you worked.")], False
        return fine


def _part(label: Any, reason: Any) -> TextAreaField:
    return TextAreaField(
        label, filters=[stripped], validators=[DataRequired(reason), Length(max=PART_LENGTH)]
    )


class CaseForm(LogForm):
    """A case of one's own work in five parts (Z3); it counts no hours."""

    KIND = "case"

    hours = None
    learned = None
    task = StringField(
        _l("Title of the case"),
        filters=[stripped],
        validators=[DataRequired(_l("Give the case a title.")), Length(max=120)],
    )
    facts = _part(_l("Case facts"), _l("Say what happened, where and with what."))
    analysis = _part(_l("Problem analysis"), _l("Say why it happened."))
    plan = _part(_l("Execution plan"), _l("Say what was done, step by step."))
    effect = _part(_l("Effect evaluation"), _l("Say what came of it, with figures if you have them."))
    lessons = _part(_l("Lessons"), _l("Say what others can learn from it."))

    def covered(self, today: date) -> Covered:
        """Return the day of the case; its hours are in the log of the week."""
        return Covered(self.day.data or today, (0,))

    def parts(self) -> dict[str, str]:
        """Return the five parts by name."""
        return {part.value: (self[part.value].data or "")[:PART_LENGTH] for part in CasePart}


FORMS: dict[str, type[LogForm]] = {form.KIND: form for form in (LogForm, WeekForm, CaseForm)}


class CommentForm(FlaskForm):
    """One line of the talk under a log."""

    text = TextAreaField(
        _l("Your comment"),
        filters=[stripped],
        validators=[DataRequired(_l("Write something first.")), Length(max=500)],
    )


class NoteForm(FlaskForm):
    """Why a hint is put aside."""

    note = StringField(
        _l("What you found"),
        filters=[stripped],
        validators=[DataRequired(_l("Say in a few words what you found.")), Length(max=200)],
    )


class SpotForm(FlaskForm):
    """What a talk or a look gave."""

    result = RadioField(
        _l("What you found"),
        choices=[SelectChoice(result.value, label) for result, label in SPOT_RESULTS.items()],
        validators=[InputRequired(_l("Choose one."))],
    )
    remark = StringField(_l("Remark"), filters=[stripped], validators=[Optional(), Length(max=200)])

    @property
    def found(self) -> SpotResult:
        """What was chosen."""
        return SpotResult(self.result.data)


class OpeningForm(FlaskForm):
    """Past days that are opened again."""

    starts_on = DayField(_l("First day"), validators=[InputRequired(_l("Choose the day."))])
    ends_on = DayField(_l("Last day"), validators=[InputRequired(_l("Choose the day."))])
    until = DayField(_l("Open until"), validators=[InputRequired(_l("Choose the day."))])
    reason = StringField(
        _l("Reason"), filters=[stripped], validators=[DataRequired(_l("Give the reason.")), Length(max=200)]
    )


class TermsForm(FlaskForm):
    """How a programme keeps logs."""

    version = HiddenField()
    frequency = RadioField(
        _l("How often"),
        choices=[SelectChoice(often.value, label) for often, label in FREQUENCIES.items()],
        validators=[InputRequired(_l("Choose one."))],
    )
    back_days = StringField(_l("Days to hand in"), filters=[stripped])
    day_limit = StringField(_l("Hours of a usual day"), filters=[stripped])
    spot_percent = StringField(_l("Share of spot checks"), filters=[stripped])

    def terms(self) -> Terms | None:
        """Return what was typed, or None with the reasons at the fields."""
        back, percent = whole(self.back_days.data), whole(self.spot_percent.data)
        limit = minutes_or_none(self.day_limit.data)
        fault = fault_of_terms(-1 if back is None else back, limit, -1 if percent is None else percent)
        if fault is not None:
            name, reason = fault
            self[name].errors = [*self[name].errors, say(reason)]
            return None
        return Terms(
            LogFrequency(self.frequency.data), back or 0, limit, percent or 0, whole(self.version.data) or 0
        )


class LibraryForm(FlaskForm):
    """Where a trainee's case goes in the library."""

    owner = SelectField(_l("Owner"), coerce=int, choices=[])
    occupation = StringField(_l("Occupation"), filters=[stripped], validators=[Optional(), Length(max=80)])

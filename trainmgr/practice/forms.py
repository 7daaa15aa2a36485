"""Shape and coercion of what is typed in logs, decisions and judgements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage
from wtforms import (
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from trainmgr.curriculum.labels import named
from trainmgr.curriculum.lineages import same_module
from trainmgr.curriculum.models import Module, PlanStage
from trainmgr.kernel.days import EARLIEST, LATEST, DayField
from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.i18n import say
from trainmgr.kernel.numbers import whole
from trainmgr.materials.rules import CasePart
from trainmgr.needs.models import Competency
from trainmgr.practice.drafts import KEY_LENGTH, Content
from trainmgr.practice.models import LogCase, PracticeLog
from trainmgr.practice.periods import Covered
from trainmgr.practice.rules import MOST_COMPETENCIES, MOST_PHOTOS, HoursFault, minutes_of

LEARNED_LENGTH = 500
MOST_SIGNS = 100_000


def stripped(text: str | None) -> str:
    """Take the blanks around what was typed away."""
    return (text or "").strip()


def _whole_or_none(text: Any) -> int | None:
    return text if isinstance(text, int) else whole(text)


def chosen_ids(values: Sequence[str], most: int = 500) -> list[int]:
    """Read which rows were ticked; nonsense is left out."""
    return sorted({number for text in values[:most] if (number := whole(text)) is not None})


class LogForm(FlaskForm):
    """One day's practice.

    The two counts are what a small script saw of how the text came in; without it they are empty.
    """

    KIND = "day"

    client_key = HiddenField()
    typed_signs = HiddenField()
    pasted_signs = HiddenField()
    day = DayField(_l("Date"), validators=[InputRequired(_l("Choose the day."))])
    hours = StringField(_l("Hours"), filters=[stripped], validators=[DataRequired(_l("Type the hours."))])
    stage = SelectField(_l("Stage"), coerce=_whole_or_none, validate_choice=False, choices=[])
    module = SelectField(
        _l("Module"), coerce=_whole_or_none, validators=[Optional()], validate_choice=False, choices=[]
    )
    task = StringField(
        _l("What you worked on"),
        filters=[stripped],
        validators=[DataRequired(_l("Say in a few words what you worked on.")), Length(max=200)],
    )
    competencies = SelectMultipleField(
        _l("Practised"), coerce=_whole_or_none, validate_choice=False, choices=[],
        widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(),
    )  # fmt: skip
    learned = TextAreaField(
        _l("What you learned"),
        filters=[stripped],
        validators=[
            DataRequired(_l("Write a few sentences; your mentor reads them.")),
            Length(max=LEARNED_LENGTH),
        ],
    )

    def offer(
        self, stages: Sequence[PlanStage], modules: Sequence[Module], competencies: Sequence[Competency]
    ) -> None:
        """Offer the plan's stages and modules and the programme's competencies."""
        self.stage.choices = [SelectChoice(s.number, f"{s.number} · {named(s)}") for s in stages]
        self.module.choices = [
            SelectChoice("", _("None of these")), *(SelectChoice(m.id, named(m)) for m in modules)
        ]  # fmt: skip
        self.competencies.choices = [SelectChoice(c.id, named(c)) for c in competencies]
        self.gone: Module | None = None
        if self.module.data and self.module.data not in {module.id for module in modules}:
            # It was chosen under another edition of the plan than the one in force on the log's day.
            chosen, same = same_module(self.module.data, modules)
            self.module.data = same.id if same is not None else None
            self.gone = chosen if same is None else None

    def validate_module(self, field: SelectField) -> None:
        """The module is one of the plan that was in force on the log's day."""
        if self.gone is not None:
            text = _("The plan of that day has no module “%(name)s”. Choose another one, or none.",
                     name=named(self.gone))  # fmt: skip
            raise ValidationError(text)

    def validate_hours(self, field: StringField) -> None:
        """Hours go in quarters, above 0, at most 24."""
        try:
            minutes_of(field.data)
        except HoursFault as fault:
            raise ValidationError(say(str(fault))) from None

    def validate_stage(self, field: SelectField) -> None:
        """The stage is one of the plan's."""
        if field.choices and field.data not in _values(field):
            raise ValidationError(_("Choose a stage."))

    def validate_competencies(self, field: SelectMultipleField) -> None:
        """One to three of the programme's competencies."""
        offered = _values(field)
        chosen = [value for value in field.data or () if value in offered]
        if offered and not chosen:
            raise ValidationError(_("Choose what you practised."))
        if len(chosen) > MOST_COMPETENCIES:
            raise ValidationError(
                _("Choose at most %(count)s, those that mattered most.", count=MOST_COMPETENCIES)
            )

    def covered(self, today: date) -> Covered:
        """Return the day with its hours as far as they can be read."""
        return Covered(self.day.data or today, (minutes_or_none(self.hours.data),))

    def parts(self) -> dict[str, str] | None:
        """Return the parts of a case by name; a log of practice has none."""
        return None

    def field_of(self, name: str, day: date | None = None) -> Any:
        """Return the field at which a fault is told; that of a day where hours are typed by day."""
        known = name if name in self else "day"
        return self[known]

    def content(self, today: date) -> Content:
        """Return what was typed as far as it can be read; the rest stays in the form."""
        offered = _values(self.competencies)
        learned = self.learned.data if "learned" in self else ""
        return Content(
            covered=self.covered(today),
            stage_number=self.stage.data if self.stage.data in _values(self.stage) else 0,
            module_id=self.module.data if self.module.data in _values(self.module) else None,
            task=(self.task.data or "")[:200],
            learned=(learned or "")[:LEARNED_LENGTH],
            competency_ids=tuple(value for value in self.competencies.data or () if value in offered),
            parts=self.parts(),
            typed_signs=_count(self.typed_signs.data),
            pasted_signs=_count(self.pasted_signs.data),
        )

    @property
    def key(self) -> str:
        """The key that makes this form's log one log, however often it is sent."""
        return str(self.client_key.data or "")[:KEY_LENGTH]


def minutes_or_none(text: Any) -> int:
    """Return the minutes of typed hours, 0 where they cannot be read."""
    try:
        return minutes_of(text or "")
    except HoursFault:
        return 0


def _count(text: Any) -> int | None:
    number = whole(text)
    return min(number, MOST_SIGNS) if number is not None and number >= 0 else None


def typed_day(text: str | None, otherwise: date) -> date:
    """Return the day that was typed, or another where none can be read."""
    try:
        day = date.fromisoformat((text or "").strip())
    except ValueError:
        return otherwise
    return day if EARLIEST <= day <= LATEST else otherwise


def _values(field: Any) -> set[Any]:
    return {choice.value for choice in field.choices or () if choice.value not in ("", None)}


def values_of(log: PracticeLog) -> dict[str, Any]:
    """Return what the form of a stored log shows."""
    case = log.case or LogCase()
    minutes = {
        f"hours_{day.weekday() + 1}": f"{ledger_hours(amount):g}" for day, amount in log.covered.worked()
    }
    parts = {part.value: getattr(case, part.value) or "" for part in CasePart}
    return (
        minutes
        | parts
        | {
            "day": log.day,
            "typed_signs": "" if log.typed_signs is None else str(log.typed_signs),
            "pasted_signs": "" if log.pasted_signs is None else str(log.pasted_signs),
            "hours": f"{ledger_hours(log.minutes):g}" if log.minutes else "",
            "stage": log.stage_number,
            "module": log.module_id,
            "task": log.task,
            "learned": log.learned,
            "competencies": [one.competency_id for one in log.competencies],
        }
    )


def stored_of(log: PracticeLog) -> dict[str, Any]:
    """Return what a stored log says, for a phone that shows it beside what was typed on it."""
    days = {day.isoformat(): ledger_hours(minutes) for day, minutes in log.covered.worked()}
    parts = {} if log.case is None else {part.value: getattr(log.case, part.value) for part in CasePart}
    return parts | {
        "id": log.id, "kind": log.kind.value, "day": log.day.isoformat(),
        "until": log.until.isoformat() if log.until else None, "days": days, "hours": ledger_hours(log.minutes),
        "task": log.task, "learned": log.learned, "state": log.state.value, "photos": len(log.photos),
    }  # fmt: skip


def uploads() -> list[FileStorage]:
    """Return the photos that were sent; an empty choice is none."""
    return [one for one in request.files.getlist("photos")[: MOST_PHOTOS * 2] if one.filename]


class ReturnForm(FlaskForm):
    """Why a log goes back."""

    comment = TextAreaField(
        _l("What is missing"),
        filters=[stripped],
        validators=[
            DataRequired(_l("Say what is missing; the trainee writes the log again by it.")),
            Length(max=300),
        ],
    )

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
    DateField,
    HiddenField,
    RadioField,
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
from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.i18n import say
from trainmgr.kernel.numbers import whole
from trainmgr.needs.models import Competency
from trainmgr.practice.drafts import KEY_LENGTH, Content
from trainmgr.practice.labels import OUTCOMES
from trainmgr.practice.models import PracticeLog
from trainmgr.practice.rules import MOST_COMPETENCIES, MOST_PHOTOS, GateOutcome, HoursFault, minutes_of

LEARNED_LENGTH = 500


def stripped(text: str | None) -> str:
    """Take the blanks around what was typed away."""
    return (text or "").strip()


def _whole_or_none(text: Any) -> int | None:
    return text if isinstance(text, int) else whole(text)


def chosen_ids(values: Sequence[str], most: int = 500) -> list[int]:
    """Read which rows were ticked; nonsense is left out."""
    return sorted({number for text in values[:most] if (number := whole(text)) is not None})


class LogForm(FlaskForm):
    """One day's practice."""

    client_key = HiddenField()
    day = DateField(_l("Date"), validators=[InputRequired(_l("Choose the day."))])
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

    def content(self, today: date) -> Content:
        """Return what was typed as far as it can be read; the rest stays in the form."""
        try:
            minutes = minutes_of(self.hours.data or "")
        except HoursFault:
            minutes = 0
        offered = _values(self.competencies)
        return Content(
            day=self.day.data or today,
            minutes=minutes,
            stage_number=self.stage.data if self.stage.data in _values(self.stage) else 0,
            module_id=self.module.data if self.module.data in _values(self.module) else None,
            task=(self.task.data or "")[:200],
            learned=(self.learned.data or "")[:LEARNED_LENGTH],
            competency_ids=tuple(value for value in self.competencies.data or () if value in offered),
        )

    @property
    def key(self) -> str:
        """The key that makes this form's log one log, however often it is sent."""
        return str(self.client_key.data or "")[:KEY_LENGTH]


def typed_day(text: str | None, otherwise: date) -> date:
    """Return the day that was typed, or another where none can be read."""
    try:
        return date.fromisoformat((text or "").strip())
    except ValueError:
        return otherwise


def _values(field: Any) -> set[Any]:
    return {choice.value for choice in field.choices or () if choice.value not in ("", None)}


def values_of(log: PracticeLog) -> dict[str, Any]:
    """Return what the form of a stored log shows."""
    return {
        "day": log.day,
        "hours": f"{ledger_hours(log.minutes):g}" if log.minutes else "",
        "stage": log.stage_number,
        "module": log.module_id,
        "task": log.task,
        "learned": log.learned,
        "competencies": [one.competency_id for one in log.competencies],
    }


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


class GateForm(FlaskForm):
    """A judgement at a gate; a remedial loop needs its task and the day by which it is done."""

    attempt = HiddenField()
    outcome = RadioField(
        _l("Judgement"),
        choices=[SelectChoice(outcome.value, label) for outcome, label in OUTCOMES.items()],
        validators=[InputRequired(_l("Choose one."))],
    )
    task = StringField(_l("Remedial task"), filters=[stripped], validators=[Optional(), Length(max=200)])
    due_on = DateField(_l("To be done by"), validators=[Optional()])
    comment = TextAreaField(_l("Remark"), filters=[stripped], validators=[Optional(), Length(max=300)])

    def validate(self, extra_validators: Any = None) -> bool:
        """A loop without a task or a day helps nobody."""
        fine = bool(super().validate(extra_validators))
        if self.outcome.data != GateOutcome.REMEDIAL.value:
            return fine
        if not self.task.data:
            self.task.errors = [*self.task.errors, _("Say what is to be done.")]
        if not self.due_on.data and not self.due_on.errors:
            self.due_on.errors = [*self.due_on.errors, _("Choose the day by which it is done.")]
        return fine and not self.task.errors and not self.due_on.errors

"""Shape and coercion of what is typed at stage gates: judgements, conditions, remedial tasks and their reports."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms import (
    FieldList,
    Form,
    FormField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from trainmgr.bank.models import Instrument
from trainmgr.curriculum.labels import named
from trainmgr.curriculum.models import Module
from trainmgr.kernel.days import DayField
from trainmgr.kernel.i18n import say
from trainmgr.kernel.inputs import FigureField, WholeField, tidy
from trainmgr.kernel.numbers import whole
from trainmgr.materials.models import Material
from trainmgr.practice.gate_labels import CONDITIONS
from trainmgr.practice.gating import ConditionKind, Finding, limit_fault
from trainmgr.practice.labels import OUTCOMES
from trainmgr.practice.remedial import Report, TaskPlan
from trainmgr.practice.rules import GateOutcome

ROWS = 4  # tasks that the form has room for
MOST_MINUTES = 6000


def _id(text: Any) -> int | None:
    return text if isinstance(text, int) else whole(text)


class TaskForm(Form):
    """One task of a remedial plan; a row without words is no task."""

    what = StringField(_l("Remedial task"), filters=[tidy], validators=[Optional(), Length(max=200)])
    due_on = DayField(_l("To be done by"), validators=[Optional()])
    partner = StringField(_l("With whom"), filters=[tidy], validators=[Optional(), Length(max=80)])
    minutes = WholeField(
        _l("Minutes"),
        validators=[Optional(), NumberRange(1, MOST_MINUTES, _l("A number from 1 to 6,000."))],
    )
    condition = SelectField(_l("Makes up for"), validators=[Optional()], validate_choice=False, choices=[])
    module = SelectField(_l("Module"), coerce=_id, validators=[Optional()], validate_choice=False, choices=[])
    material = SelectField(
        _l("Teaching resource"), coerce=_id, validators=[Optional()], validate_choice=False, choices=[]
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """A task without a day helps nobody; nor does a day without a task."""
        fine = bool(super().validate(extra_validators))
        if self.what.data and not self.due_on.data and not self.due_on.errors:
            self.due_on.errors = [*self.due_on.errors, _("Choose the day by which it is done.")]
        if not self.what.data and (self.due_on.data or self.partner.data or self.minutes.data):
            self.what.errors = [*self.what.errors, _("Say what is to be done.")]
        return fine and not self.due_on.errors and not self.what.errors

    @property
    def is_used(self) -> bool:
        """Whether anything was typed in the row."""
        return bool(self.what.data or self.due_on.data or self.errors)

    def plan(self) -> TaskPlan:
        """Return the task that was typed."""
        assert self.due_on.data
        kinds = set(ConditionKind)
        return TaskPlan(
            what=self.what.data or "",
            due_on=self.due_on.data,
            partner=self.partner.data or "",
            condition=ConditionKind(self.condition.data) if self.condition.data in kinds else None,
            module_id=_offered(self.module),
            material_id=_offered(self.material),
            minutes=self.minutes.data,
        )


def _offered(field: SelectField) -> int | None:
    known = {choice.value for choice in field.choices or ()}
    return field.data if field.data in known and field.data else None


class GateForm(FlaskForm):
    """A judgement at a gate; a remedial loop needs its tasks, a pass against the conditions a reason."""

    attempt = HiddenField()
    outcome = RadioField(
        _l("Judgement"),
        choices=[SelectChoice(outcome.value, label) for outcome, label in OUTCOMES.items()],
        validators=[InputRequired(_l("Choose one."))],
    )
    waiver = TextAreaField(
        _l("Reason for letting pass all the same"), filters=[tidy], validators=[Optional(), Length(max=300)]
    )
    tasks = FieldList(FormField(TaskForm), min_entries=ROWS, max_entries=ROWS)
    comment = TextAreaField(_l("Remark"), filters=[tidy], validators=[Optional(), Length(max=300)])

    def offer(
        self, modules: Sequence[Module], materials: Sequence[Material], found: Sequence[Finding]
    ) -> None:
        """Offer the plan's modules, the programme's resources, and the conditions that are not met, one a row."""
        nothing = SelectChoice("", _("None of these"))
        for place, row in enumerate(self.tasks):
            row.form.condition.choices = [
                nothing,
                *(SelectChoice(kind.value, CONDITIONS[kind]) for kind in ConditionKind),
            ]
            row.form.module.choices = [nothing, *(SelectChoice(one.id, named(one)) for one in modules)]
            row.form.material.choices = [nothing, *(SelectChoice(one.id, one.title) for one in materials)]
            if not self.is_submitted() and place < len(found):
                row.form.condition.data = found[place].kind.value

    def validate(self, extra_validators: Any = None) -> bool:
        """A loop without a task helps nobody."""
        fine = bool(super().validate(extra_validators))
        if self.outcome.data != GateOutcome.REMEDIAL.value:
            return fine
        first = self.tasks[0].form
        if not any(row.form.what.data for row in self.tasks) and not first.what.errors:
            first.what.errors = [*first.what.errors, _("Say what is to be done.")]
            return False
        return fine

    def plan(self) -> list[TaskPlan]:
        """Return the tasks that were typed."""
        return [row.form.plan() for row in self.tasks if row.form.what.data]


class ConditionForm(FlaskForm):
    """A condition of a gate from a day on; without a limit it is dropped."""

    limit = FigureField(_l("At least"), decimals=2, validators=[Optional()])
    instrument = SelectField(
        _l("Test"), coerce=_id, validators=[Optional()], validate_choice=False, choices=[]
    )
    valid_from = DayField(
        _l("Holds from"), validators=[InputRequired(_l("Choose the day from which it holds."))]
    )
    reason = StringField(
        _l("Reason"), filters=[tidy], validators=[DataRequired(_l("Say why it changes.")), Length(max=200)]
    )

    def __init__(self, kind: ConditionKind, **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind

    def offer(self, instruments: Sequence[Instrument]) -> None:
        """Offer the tests that the programme's people sit."""
        self.instrument.choices = [
            SelectChoice("", _("whichever was taken last")),
            *(SelectChoice(one.id, one.name) for one in instruments),
        ]

    def validate(self, extra_validators: Any = None) -> bool:
        """The limit lies in its range."""
        fine = bool(super().validate(extra_validators))
        fault = limit_fault(self.kind, self.limit.data) if isinstance(self.limit.data, Decimal) else None
        if fault:
            self.limit.errors = [*self.limit.errors, say(fault)]
        return fine and not fault

    @property
    def instrument_id(self) -> int | None:
        """The test that was chosen, or None for any."""
        return _offered(self.instrument)


class ReportForm(FlaskForm):
    """What a trainee hands in for a remedial task."""

    version = HiddenField()
    text = TextAreaField(_l("What you did"), validators=[Optional(), Length(max=2000)])
    file = FileField(_l("File or photo as evidence"), validators=[Optional()])

    def report(self) -> Report:
        """Return what is handed in."""
        upload = self.file.data
        has_file = isinstance(upload, FileStorage) and upload.filename
        return Report((self.text.data or "").strip(), upload if has_file else None)


class CheckForm(FlaskForm):
    """What the mentor finds of a report."""

    version = HiddenField()
    found = RadioField(
        _l("Your check"),
        choices=[SelectChoice("yes", _l("Accept it")), SelectChoice("no", _l("Give it back"))],
        validators=[InputRequired(_l("Choose one."))],
    )
    comment = TextAreaField(_l("Remark"), filters=[tidy], validators=[Optional(), Length(max=300)])

    def validate(self, extra_validators: Any = None) -> bool:
        """Whoever gives a task back says what is missing."""
        fine = bool(super().validate(extra_validators))
        if self.found.data == "no" and not self.comment.data:
            self.comment.errors = [*self.comment.errors, _("Say what is missing.")]
        return fine and not self.comment.errors

"""Shape and coercion of what is typed in guidance: namings, choices, plans, tutoring, points, awards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from trainmgr.curriculum.labels import named
from trainmgr.enrolment.models import Cohort
from trainmgr.guidance import labels
from trainmgr.guidance.counselling import Choices
from trainmgr.guidance.cycle import MOST_GOALS, Reached
from trainmgr.guidance.merits import Award, Reason
from trainmgr.guidance.models import GuidanceSetting, PointRule
from trainmgr.guidance.planning import Goal, Task
from trainmgr.guidance.risk import RiskCode, RiskRule
from trainmgr.guidance.rules import MOST_POINTS, Aspect, AwardKind, Ranking
from trainmgr.identity.models import User
from trainmgr.kernel.inputs import FigureField, WholeField, tidy
from trainmgr.kernel.numbers import whole
from trainmgr.needs.models import Competency
from trainmgr.programs.rules import Side

TASK_ROWS = 6
GOAL_ROWS = 3
MOST_CENTS = 100_000_000


def _id(text: Any) -> int | None:
    return text if isinstance(text, int) else whole(text)


def _reason(label: Any, message: Any) -> StringField:
    return StringField(label, filters=[tidy], validators=[DataRequired(message), Length(max=200)])


def _offered(field: SelectField) -> Any:
    return field.data if field.data in {choice.value for choice in field.choices or ()} else None


class NameForm(FlaskForm):
    """A counsellor for a class."""

    person = SelectField(_l("Counsellor"), validate_choice=False, choices=[])
    cohort = SelectField(_l("Class"), coerce=_id, validate_choice=False, choices=[])
    reason = StringField(_l("Reason"), filters=[tidy], validators=[Optional(), Length(max=200)])

    def offer(self, people: Mapping[Side, Sequence[User]], classes: Sequence[Cohort]) -> None:
        """Offer the counsellors of both sides, and the classes."""
        self.people = {
            f"{side.value}-{user.id}": (side, user) for side, users in people.items() for user in users
        }
        self.person.choices = [
            SelectChoice(key, f"{labels.SIDES[side]} · {user.name}")
            for key, (side, user) in self.people.items()
        ]
        self.cohort.choices = [SelectChoice(one.id, one.name) for one in classes]

    def validate_person(self, field: SelectField) -> None:
        """One of those who can be named."""
        if field.data not in self.people:
            raise ValidationError(_("Choose a counsellor."))

    def validate_cohort(self, field: SelectField) -> None:
        """One of the programme's classes."""
        if field.choices and _offered(field) is None:
            raise ValidationError(_("Choose a class."))


class EndForm(FlaskForm):
    """Why something ends."""

    reason = _reason(_l("Reason"), _l("Say why it ends."))


class ChoicesForm(FlaskForm):
    """A programme's own choices."""

    version = HiddenField()
    most_guided = WholeField(
        _l("Trainees of one counsellor at most"),
        validators=[
            InputRequired(_l("Type a number.")),
            NumberRange(1, 10_000, _l("A number from 1 to 10,000.")),
        ],
    )
    ranking = RadioField(
        _l("What trainees see of points"),
        choices=[SelectChoice(one.value, label) for one, label in labels.RANKINGS.items()],
        validators=[InputRequired(_l("Choose one."))],
    )
    weekly_for_one = WholeField(
        _l("Points of one giver for one trainee in a week"),
        validators=[
            InputRequired(_l("Type a number.")),
            NumberRange(1, 1_000, _l("A number from 1 to 1,000.")),
        ],
    )
    weekly_for_all = WholeField(
        _l("Points of one giver in a week"),
        validators=[
            InputRequired(_l("Type a number.")),
            NumberRange(1, 100_000, _l("A number from 1 to 100,000.")),
        ],
    )

    def choices(self) -> Choices:
        """Return what was chosen."""
        return Choices(
            self.most_guided.data or 1, Ranking(self.ranking.data), self.weekly_for_one.data or 1,
            self.weekly_for_all.data or 1,
        )  # fmt: skip


def choices_values(setting: GuidanceSetting) -> dict[str, Any]:
    """Return what the form of the choices shows."""
    return {
        "version": str(setting.version),
        "most_guided": setting.most_guided,
        "ranking": setting.ranking.value,
        "weekly_for_one": setting.weekly_for_one,
        "weekly_for_all": setting.weekly_for_all,
    }


# --- the individual plan -------------------------------------------------------------------------------------


class GoalRow(Form):
    """One goal; a row without words is none."""

    text = StringField(_l("Goal"), filters=[tidy], validators=[Optional(), Length(max=200)])
    competency = SelectField(
        _l("Works on"), coerce=_id, validators=[Optional()], validate_choice=False, choices=[]
    )
    seen_by = StringField(
        _l("How one sees it is reached"), filters=[tidy], validators=[Optional(), Length(max=200)]
    )


class TaskRow(Form):
    """One task with its day; a row without words is none."""

    what = StringField(_l("Task"), filters=[tidy], validators=[Optional(), Length(max=200)])
    due_on = DateField(_l("To be done by"), validators=[Optional()])

    def validate(self, extra_validators: Any = None) -> bool:
        """A task has a day, and a day a task."""
        fine = bool(super().validate(extra_validators))
        if self.what.data and not self.due_on.data and not self.due_on.errors:
            self.due_on.errors = [*self.due_on.errors, _("Choose the day by which it is done.")]
        if self.due_on.data and not self.what.data:
            self.what.errors = [*self.what.errors, _("Say what is to be done.")]
        return fine and not self.due_on.errors and not self.what.errors


class WordsForm(FlaskForm):
    """A step that is handed in with words: facts, carrying out, evaluation."""

    version = HiddenField()
    words = TextAreaField(_l("In words"), validators=[Optional(), Length(max=2000)])


class PlanForm(FlaskForm):
    """Goals and tasks of a plan."""

    version = HiddenField()
    goals = FieldList(FormField(GoalRow), min_entries=GOAL_ROWS, max_entries=MOST_GOALS)
    tasks = FieldList(FormField(TaskRow), min_entries=TASK_ROWS, max_entries=TASK_ROWS)
    words = TextAreaField(_l("Remark"), validators=[Optional(), Length(max=500)])

    def offer(self, competencies: Sequence[Competency]) -> None:
        """Offer the programme's competencies, the most pressing first."""
        for row in self.goals:
            row.form.competency.choices = [
                SelectChoice("", _("None of these")), *(SelectChoice(one.id, named(one)) for one in competencies)
            ]  # fmt: skip

    def typed_goals(self) -> list[Goal]:
        """Return the goals that were typed."""
        return [
            Goal(row.form.text.data, row.form.seen_by.data or "", _offered(row.form.competency) or None)
            for row in self.goals
            if row.form.text.data
        ]

    def typed_tasks(self) -> list[Task]:
        """Return the tasks that were typed."""
        return [Task(row.form.what.data, row.form.due_on.data) for row in self.tasks if row.form.what.data]


class CheckRow(Form):
    """How far one goal was reached."""

    goal = HiddenField()
    reached = RadioField(
        _l("Reached"), validators=[InputRequired(_l("Choose one."))],
        choices=[SelectChoice(one.value, label) for one, label in labels.REACHED.items()],
    )  # fmt: skip
    evidence = StringField(_l("What shows it"), filters=[tidy], validators=[Optional(), Length(max=300)])


class ChecksForm(FlaskForm):
    """The check of every goal."""

    version = HiddenField()
    checks = FieldList(FormField(CheckRow), max_entries=MOST_GOALS)
    words = TextAreaField(_l("Remark"), validators=[Optional(), Length(max=500)])

    def found(self) -> dict[int, tuple[Reached, str]]:
        """Return what was found, by goal."""
        return {
            number: (Reached(row.form.reached.data), row.form.evidence.data or "")
            for row in self.checks
            if (number := whole(row.form.goal.data)) is not None
        }


class NoteForm(FlaskForm):
    """A word on a task that is done."""

    note = StringField(_l("A word on it"), filters=[tidy], validators=[Optional(), Length(max=300)])


class ReviseForm(FlaskForm):
    """Why the goals are written anew."""

    version = HiddenField()
    reason = _reason(_l("Why the goals are written anew"), _l("Say why the goals are written anew."))


# --- tutoring ------------------------------------------------------------------------------------------------------


class TutorForm(FlaskForm):
    """A tutoring task in answer to signs."""

    what = StringField(
        _l("What is done together"), filters=[tidy],
        validators=[DataRequired(_l("Say what is to be done.")), Length(max=200)],
    )  # fmt: skip
    tutor = SelectField(_l("Who does it"), coerce=_id, validate_choice=False, choices=[])
    due_on = DateField(
        _l("To be done by"), validators=[InputRequired(_l("Choose the day by which it is done."))]
    )

    def offer(self, people: Sequence[User]) -> None:
        """Offer those who guide the trainee."""
        self.people = {user.id: user for user in people}
        self.tutor.choices = [SelectChoice(user.id, user.name) for user in people]

    def validate_tutor(self, field: SelectField) -> None:
        """One of those who guide the trainee."""
        if field.data not in self.people:
            raise ValidationError(_("Choose who does it."))


class DismissForm(FlaskForm):
    """Why a sign needs no help."""

    reason = _reason(_l("Why no help is needed"), _l("Say why no help is needed."))


class ResultForm(FlaskForm):
    """What came of a tutoring task."""

    version = HiddenField()
    end = RadioField(
        _l("How it ended"), validators=[InputRequired(_l("Choose one."))],
        choices=[SelectChoice("done", _l("Done")), SelectChoice("off", _l("Called off"))],
    )  # fmt: skip
    result = TextAreaField(
        _l("What came of it"),
        filters=[tidy],
        validators=[DataRequired(_l("Write down what came of it.")), Length(max=500)],
    )


class RuleForm(FlaskForm):
    """A rule's limit."""

    limit = FigureField(_l("Limit"), decimals=2, validators=[InputRequired(_l("Type a number."))])
    enabled = BooleanField(_l("The rule is used"))
    reason = _reason(_l("Reason"), _l("Say why it changes."))

    def rule(self, code: RiskCode) -> RiskRule:
        """Return the rule that was typed."""
        return RiskRule(code, self.limit.data or Decimal(0), bool(self.enabled.data))


# --- points and awards -----------------------------------------------------------------------------------------------


def _sides(allowed: Sequence[Side]) -> list[SelectChoice]:
    return [SelectChoice(side.value, labels.SIDES[side]) for side in allowed]


class PointRuleForm(FlaskForm):
    """A reason for points."""

    side = SelectField(_l("Side"), validate_choice=False, choices=[])
    aspect = SelectField(
        _l("About"), choices=[SelectChoice(one.value, label) for one, label in labels.ASPECTS.items()]
    )
    name = StringField(
        _l("Reason"), filters=[tidy], validators=[DataRequired(_l("Name the reason.")), Length(max=80)]
    )
    points = WholeField(
        _l("Points"),
        validators=[InputRequired(_l("Type a number.")),
                    NumberRange(-MOST_POINTS, MOST_POINTS, _l("From 1 to 20 points, up or down."))],
    )  # fmt: skip

    def offer(self, sides: Sequence[Side]) -> None:
        """Offer the sides for which the reader acts."""
        self.side.choices = _sides(sides)

    def validate_side(self, field: SelectField) -> None:
        """A side for which the reader acts."""
        if _offered(field) is None:
            raise ValidationError(_("Choose a side."))

    def validate_points(self, field: WholeField) -> None:
        """Nothing is no reason."""
        if field.data == 0:
            raise ValidationError(_("From 1 to 20 points, up or down."))

    def reason(self) -> Reason:
        """Return what was typed."""
        return Reason(
            Side(self.side.data), Aspect(self.aspect.data), self.name.data or "", self.points.data or 0
        )


class GiveForm(FlaskForm):
    """Points for a trainee."""

    rule = SelectField(_l("For what"), coerce=_id, validate_choice=False, choices=[])
    note = StringField(_l("Remark"), filters=[tidy], validators=[Optional(), Length(max=200)])

    def offer(self, rules: Sequence[PointRule]) -> None:
        """Offer the reasons of the sides for which the reader gives."""
        self.rules = {one.id: one for one in rules}
        self.rule.choices = [
            SelectChoice(one.id, f"{one.side_label} · {one.name} {one.points:+d}") for one in rules
        ]

    def validate_rule(self, field: SelectField) -> None:
        """One of the offered reasons."""
        if field.data not in self.rules:
            raise ValidationError(_("Choose a reason."))


class AwardForm(FlaskForm):
    """An award."""

    side = SelectField(_l("Side"), validate_choice=False, choices=[])
    kind = SelectField(
        _l("Kind"), choices=[SelectChoice(one.value, label) for one, label in labels.AWARDS.items()]
    )
    name = StringField(
        _l("Award"), filters=[tidy], validators=[DataRequired(_l("Name the award.")), Length(max=80)]
    )
    basis = _reason(_l("What it rests on"), _l("Say what the award rests on."))
    amount = FigureField(_l("Amount (yuan)"), decimals=2, validators=[Optional()])
    awarded_on = DateField(_l("Date"), validators=[InputRequired(_l("Choose the day."))])

    def offer(self, sides: Sequence[Side]) -> None:
        """Offer the sides for which the reader acts."""
        self.side.choices = _sides(sides)

    def validate_side(self, field: SelectField) -> None:
        """A side for which the reader acts."""
        if _offered(field) is None:
            raise ValidationError(_("Choose a side."))

    def validate_amount(self, field: FigureField) -> None:
        """Money is more than nothing."""
        if field.data is not None and not 0 < field.data * 100 <= MOST_CENTS:
            raise ValidationError(_("More than 0, or leave it empty."))

    def award(self) -> Award:
        """Return what was typed."""
        amount = self.amount.data
        return Award(
            Side(self.side.data), AwardKind(self.kind.data), self.name.data or "", self.basis.data or "",
            self.awarded_on.data, int(amount * 100) if amount is not None else None,
        )  # fmt: skip

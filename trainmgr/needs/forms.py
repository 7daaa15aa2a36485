"""What is typed into a needs analysis: shape and coercion."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    ValidationError,
)

from trainmgr.kernel.inputs import LARGEST, FigureField, WholeField, tidy
from trainmgr.needs import labels
from trainmgr.needs.actions import CompetencyFacts
from trainmgr.needs.indicators import IndicatorFacts
from trainmgr.needs.rules import MOST, Direction
from trainmgr.standards.rules import Dimension

MOST_HOURS = 10_000


def _level(label: Any) -> FigureField:
    return FigureField(
        label,
        decimals=2,
        validators=[
            InputRequired(_l("Write a number from 1 to 5.")),
            NumberRange(1, 5, _l("Levels and importance run from 1 to 5.")),
        ],
    )


def _name(label: Any, message: Any) -> StringField:
    return StringField(label, filters=[tidy], validators=[DataRequired(message), Length(max=80)])


class NamedForm(FlaskForm):
    """A form for a thing whose name is its own within the programme; `taken` are the names of the others."""

    def __init__(self, *args: Any, taken: frozenset[str] = frozenset(), **options: Any) -> None:
        super().__init__(*args, **options)
        self.taken = taken

    def validate_name(self, field: Any) -> None:
        """Two things of one name could not be told apart in a spreadsheet."""
        if field.data in self.taken:
            raise ValidationError(
                _("There is one of this name already. Choose another name, or change that one.")
            )


class CompetencyForm(NamedForm):
    """One competency of the job standard."""

    name = _name(_l("Competency"), _l("Name the competency."))
    name_en = StringField(_l("English name"), filters=[tidy], validators=[Optional(), Length(max=120)])
    dimension = SelectField(
        _l("Ability dimension"),
        choices=[SelectChoice(dimension.value, label) for dimension, label in labels.DIMENSIONS.items()],
    )
    importance = _level(_l("Importance for the post"))
    required_level = _level(_l("Required level"))
    current_level = _level(_l("Current level"))
    required_hours = WholeField(
        _l("Hours in the plan"),
        validators=[Optional(), NumberRange(0, MOST_HOURS, _l("From 0 to 10,000 hours."))],
    )

    def facts(self, kept: Any = None) -> CompetencyFacts:
        """Return what was typed; `kept` is the rated competency whose importance and level are not typed."""
        return CompetencyFacts(
            name=self.name.data or "",
            name_en=self.name_en.data or "",
            dimension=Dimension(self.dimension.data),
            importance=_typed(self, "importance", kept),
            required_level=_typed(self, "required_level", kept),
            current_level=_typed(self, "current_level", kept),
            required_hours=self.required_hours.data or 0,
        )


def _typed(form: FlaskForm, name: str, kept: Any) -> Decimal:
    value: Decimal = form[name].data if name in form else getattr(kept, name)
    return value


def _figure(label: Any, *validators: Any) -> FigureField:
    within = NumberRange(-LARGEST, LARGEST, _l("The number is too large. Use a larger unit."))
    return FigureField(label, decimals=4, validators=[*validators, within])


class IndicatorForm(NamedForm):
    """One figure that the enterprise is measured by."""

    name = _name(_l("Indicator"), _l("Name the indicator."))
    unit = StringField(_l("Unit"), filters=[tidy], validators=[Optional(), Length(max=20)])
    direction = RadioField(
        _l("Direction"),
        choices=[SelectChoice(direction.value, label) for direction, label in labels.DIRECTIONS.items()],
    )
    weight = SelectField(
        _l("Weight"), coerce=int, choices=[SelectChoice(number, str(number)) for number in range(1, 6)]
    )
    expected = _figure(_l("Expected"), InputRequired(_l("Write the figure that is expected.")))
    current = _figure(_l("Current"), InputRequired(_l("Write the figure that is reached today.")))
    benchmark = _figure(_l("Industry benchmark"), Optional())
    benchmark_source = StringField(
        _l("Source of the benchmark"), filters=[tidy], validators=[Optional(), Length(max=120)]
    )
    benchmark_year = WholeField(
        _l("Year of the benchmark"),
        validators=[Optional(), NumberRange(1990, 2100, _l("A year such as 2025."))],
    )
    competencies = SelectMultipleField(
        _l("Depends on these competencies"), coerce=int, validators=[Optional()]
    )

    def facts(self) -> IndicatorFacts:
        """Return what was typed."""
        return IndicatorFacts(
            name=self.name.data or "",
            unit=self.unit.data or "",
            direction=Direction(self.direction.data),
            weight=self.weight.data,
            expected=self.expected.data or Decimal(0),
            current=self.current.data or Decimal(0),
            benchmark=self.benchmark.data,
            benchmark_source=self.benchmark_source.data or "",
            benchmark_year=self.benchmark_year.data,
            competency_ids=frozenset(self.competencies.data or ()),
        )


class SettingsForm(FlaskForm):
    """The post, how the two sides are weighed, how many become priorities."""

    post = _name(_l("Post"), _l("Name the post that people are trained for."))
    trainee_weight = WholeField(
        _l("Weight of the trainee side"),
        validators=[
            InputRequired(_l("Write a number from 0 to 100.")),
            NumberRange(0, 100, _l("From 0 to 100.")),
        ],
    )
    reason = StringField(_l("Why other weights"), filters=[tidy], validators=[Optional(), Length(max=300)])
    priority_count = WholeField(
        _l("Number of priorities"),
        validators=[
            InputRequired(_l("Write a whole number such as 40.")),
            NumberRange(1, MOST, _l("From 1 to 50.")),
        ],
    )


class SheetForm(FlaskForm):
    """A filled-in template."""

    file = FileField(
        _l("Filled-in table"), validators=[FileRequired(_l("Choose the filled-in template first."))]
    )


class WithdrawalForm(FlaskForm):
    """Why a signature is withdrawn."""

    reason = TextAreaField(
        _l("Reason"),
        filters=[tidy],
        validators=[DataRequired(_l("Say in a few words what has to change.")), Length(max=300)],
    )

"""What is typed about instruments: their name, how they are taken, and the matrix of their blueprint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from trainmgr.bank import labels
from trainmgr.bank.actions import Settings
from trainmgr.bank.drawing import Cell, Place
from trainmgr.bank.queries import CompetencyLine
from trainmgr.bank.rules import MOST_IN_A_CELL, MOST_MINUTES, Difficulty, FormPolicy, rise
from trainmgr.kernel.inputs import WholeField, tidy
from trainmgr.kernel.sheets import normalise

LEVELS = ("level_2", "level_3", "level_4", "level_5")


class InstrumentForm(FlaskForm):
    """An instrument's name and what it is for."""

    college_id = SelectField(_l("College"), coerce=int)
    name = StringField(
        _l("Name"), filters=[tidy], validators=[DataRequired(_l("Give it a name.")), Length(max=80)]
    )
    purpose = TextAreaField(_l("What it is for"), filters=[tidy], validators=[Optional(), Length(max=300)])


def _percent(label: Any) -> WholeField:
    return WholeField(
        label,
        validators=[
            InputRequired(_l("Write a whole number from 1 to 100.")),
            NumberRange(1, 100, _l("Write a whole number from 1 to 100.")),
        ],
    )


class SettingsForm(FlaskForm):
    """How a version is taken and read."""

    minutes = WholeField(
        _l("Minutes allowed"),
        validators=[
            InputRequired(_l("Say how many minutes it may take.")),
            NumberRange(1, MOST_MINUTES, _l("From 1 to 600 minutes.")),
        ],
    )
    pass_percent = _percent(_l("Passed from (per cent of the points)"))
    shuffle_items = BooleanField(_l("Each person gets the items in an order of their own"))
    shuffle_options = BooleanField(_l("Each person gets the options in an order of their own"))
    form_policy = RadioField(
        _l("At the end the test asks"),
        choices=[SelectChoice(key.value, label) for key, label in labels.POLICIES.items()],
    )
    level_2, level_3 = _percent(_l("Level 2 from")), _percent(_l("Level 3 from"))
    level_4, level_5 = _percent(_l("Level 4 from")), _percent(_l("Level 5 from"))

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the fields, and that the levels rise."""
        fine = bool(super().validate(extra_validators))
        if fine and not rise([self[name].data for name in LEVELS]):
            self.level_2.errors = [_("The levels must rise: each begins above the one before.")]
            return False
        return fine

    def settings(self) -> Settings:
        """Return what was typed, once it is valid."""
        names = ("minutes", "pass_percent", "shuffle_items", "shuffle_options", *LEVELS)
        values = {name: self[name].data for name in names}
        return Settings(form_policy=FormPolicy(self.form_policy.data), **values)


class NextForm(FlaskForm):
    """Why a next version is opened."""

    reason = TextAreaField(
        _l("Reason"), filters=[tidy], validators=[DataRequired(_l("Say why.")), Length(max=300)]
    )


@dataclass
class Matrix:
    """What was typed into a blueprint: counts by cell and points by difficulty, as text, and what is wrong with it."""

    counts: dict[Place, str] = field(default_factory=dict)
    points: dict[Difficulty, str] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)

    @classmethod
    def showing(cls, cells: Mapping[Place, Cell]) -> Matrix:
        """Return a matrix as a blueprint stands."""
        shown = cls({place: str(cell.count) for place, cell in cells.items()})
        for difficulty, usual in zip(Difficulty, ("1", "2", "3"), strict=True):
            given = next((cell.points for place, cell in cells.items() if place[1] is difficulty), None)
            shown.points[difficulty] = usual if given is None else format(given.normalize(), "f")
        return shown

    @classmethod
    def read(
        cls, typed: Mapping[str, str], shown: Sequence[CompetencyLine], standing: Mapping[Place, Cell]
    ) -> Matrix:
        """Read the cells that were shown; those of competencies that were not keep their counts."""
        matrix = cls(points={one: typed.get(f"points-{one}", "") for one in Difficulty})
        points = {one: matrix._points(one) for one in Difficulty}
        ids = {line.id for line in shown}
        kept = [cell for place, cell in standing.items() if place[0] not in ids]
        matrix.cells = [
            Cell(cell.competency_id, cell.difficulty, cell.count, points[cell.difficulty]) for cell in kept
        ]
        for line in shown:
            for difficulty in Difficulty:
                count = matrix._count(typed, line.id, difficulty)
                if count:
                    matrix.cells.append(Cell(line.id, difficulty, count, points[difficulty]))
        return matrix

    def _points(self, difficulty: Difficulty) -> Decimal:
        try:
            value = Decimal(normalise(self.points[difficulty]))
        except InvalidOperation:
            value = Decimal(0)
        if not value.is_finite() or not Decimal("0.5") <= value <= 100 or value != round(value, 2):
            self.faults[f"points-{difficulty}"] = _("Points run from 0.5 to 100.")
            return Decimal(1)
        return value

    def _count(self, typed: Mapping[str, str], competency_id: int, difficulty: Difficulty) -> int:
        name = f"count-{competency_id}-{difficulty}"
        text = self.counts[competency_id, difficulty] = typed.get(name, "")
        digits = normalise(text)
        if not digits:
            return 0
        if not (digits.isascii() and digits.isdigit() and len(digits) < 4 and int(digits) <= MOST_IN_A_CELL):
            self.faults[name] = _("A whole number from 0 to %(most)s.", most=MOST_IN_A_CELL)
            return 0
        return int(digits)

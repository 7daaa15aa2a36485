"""What is typed into a plan: shape and coercion."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    IntegerField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, NumberRange, Optional, Regexp, StopValidation

from trainmgr.curriculum import labels
from trainmgr.curriculum.aligning import AlignmentVerdict, a_year_later
from trainmgr.curriculum.alignments import Finding
from trainmgr.curriculum.editing import ModuleFacts, StageFacts
from trainmgr.curriculum.models import Layer, PracticeLevel, Venue
from trainmgr.curriculum.rules import StageLine
from trainmgr.curriculum.ruling import Ruling
from trainmgr.kernel.days import DayField
from trainmgr.kernel.i18n import say
from trainmgr.kernel.inputs import FigureField
from trainmgr.pathways.rules import label

MOST_HOURS = 5_000
MOST_WEEKS = 520


def tidy(text: str | None) -> str | None:
    """Take control characters and doubled blanks out of what was typed."""
    if text is None:
        return None
    plain = "".join(" " if unicodedata.category(sign) in ("Cc", "Cs") else sign for sign in text)
    return " ".join(plain.split())


class HoursField(IntegerField):
    """A whole number of hours or weeks; nothing typed is 0, full-width digits are understood."""

    process_errors: Any

    def __init__(self, label: Any, most: int = MOST_HOURS, **options: Any) -> None:
        fault = _l("A whole number from 0 to %(most)s.", most=most)
        super().__init__(label, validators=[NumberRange(0, most, fault)], **options)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number, or say what one looks like."""
        typed = unicodedata.normalize("NFKC", str(valuelist[0])).strip().replace(",", "") if valuelist else ""
        if typed and not (typed.isdigit() and len(typed) < 8):
            self.data = None
            raise ValueError(_l("“%(typed)s” is not a whole number of 0 or more.", typed=typed[:20]))
        self.data = int(typed or 0)

    def pre_validate(self, form: Any) -> None:
        """Ask no further where nothing could be read."""
        if self.process_errors:
            raise StopValidation


def _choices(kind: type[Any]) -> list[SelectChoice]:
    return [SelectChoice(member.value, say(label(member))) for member in kind]


def _name(text: Any, most: int = 80) -> StringField:
    return StringField(
        text, filters=[tidy], validators=[DataRequired(_l("Give it a name.")), Length(max=most)]
    )


def _may(text: Any, most: int) -> StringField:
    return StringField(text, filters=[tidy], validators=[Optional(), Length(max=most)])


class ModuleForm(FlaskForm):
    """A module of the plan."""

    name = _name(_l("Module name"))
    name_en = _may(_l("English name"), 120)
    stage_number = SelectField(_l("Stage"), coerce=int)
    theory_hours = HoursField(_l("Theory hours"), default=0)
    practice_hours = HoursField(_l("Practice hours"), default=0)
    layer = SelectField(_l("Layer"), coerce=Layer)
    practice_level = SelectField(_l("Practice level"), coerce=PracticeLevel)
    venue = SelectField(_l("Place"), coerce=Venue)
    taught_by_enterprise = BooleanField(_l("Taught by the enterprise"))
    jointly_developed = BooleanField(_l("Developed jointly by college and enterprise"))

    def offer_choices(self, stages: Sequence[StageLine]) -> ModuleForm:
        """Fill the drop-downs in the reader's language."""
        self.stage_number.choices = [
            SelectChoice(stage.number, f"{stage.number} {labels.named(stage)}") for stage in stages
        ]
        for field, kind in ((self.layer, Layer), (self.practice_level, PracticeLevel), (self.venue, Venue)):
            field.choices = _choices(kind)
        return self

    @property
    def facts(self) -> ModuleFacts:
        """What was typed (validate first)."""
        return ModuleFacts(
            name=self.name.data or "",
            name_en=self.name_en.data or "",
            stage_number=self.stage_number.data,
            theory_hours=self.theory_hours.data or 0,
            practice_hours=self.practice_hours.data or 0,
            layer=self.layer.data,
            practice_level=self.practice_level.data,
            venue=self.venue.data,
            taught_by_enterprise=self.taught_by_enterprise.data,
            jointly_developed=self.jointly_developed.data,
        )


class StageForm(FlaskForm):
    """A stage of the plan."""

    name = _name(_l("Stage name"))
    name_en = _may(_l("English name"), 120)
    venue = SelectField(_l("Place"), coerce=Venue)
    weeks = HoursField(_l("Weeks"), most=MOST_WEEKS, default=0)
    hours = HoursField(_l("Hours"), default=0)
    starts_on = DayField(_l("First day"), validators=[Optional()])
    ends_on = DayField(_l("Last day"), validators=[Optional()])
    gate = _may(_l("Stage gate"), 200)
    gate_en = _may(_l("Stage gate in English"), 200)

    def offer_choices(self) -> StageForm:
        """Fill the drop-down in the reader's language."""
        self.venue.choices = _choices(Venue)
        return self

    @property
    def facts(self) -> StageFacts:
        """What was typed (validate first)."""
        return StageFacts(
            name=self.name.data or "",
            name_en=self.name_en.data or "",
            venue=self.venue.data,
            weeks=self.weeks.data or 0,
            hours=self.hours.data or 0,
            gate=self.gate.data or "",
            gate_en=self.gate_en.data or "",
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
        )


class CellForm(FlaskForm):
    """One cell of the coverage matrix."""

    hours = HoursField(_l("Hours"), default=0)


class CardForm(FlaskForm):
    """A new module on the board: its name and hours."""

    name = _name(_l("Module name"))
    theory_hours = HoursField(_l("Theory hours"), default=0)
    practice_hours = HoursField(_l("Practice hours"), default=0)


class HoursForm(FlaskForm):
    """The hours of a module on the board."""

    theory_hours = HoursField(_l("Theory hours"), default=0)
    practice_hours = HoursField(_l("Practice hours"), default=0)


class RuleForm(FlaskForm):
    """What a programme decides about a rule of its plan."""

    off = BooleanField(_l("Do not hold the plan against this rule"))
    low = FigureField(_l("Limit"), decimals=2, validators=[Optional()])
    high = FigureField(_l("Upper limit"), decimals=2, validators=[Optional()])
    reason = TextAreaField(
        _l("Why this programme differs"),
        filters=[lambda text: text.strip() if text else text],
        validators=[DataRequired(_l("Say why this programme differs from its pathway.")), Length(max=500)],
    )

    @property
    def ruling(self) -> Ruling:
        """What was typed (validate first)."""
        low, high = self.low.data, self.high.data
        return Ruling(
            self.reason.data or "",
            off=self.off.data,
            low=None if low is None else float(low),
            high=None if high is None else float(high),
        )


class AmendmentForm(FlaskForm):
    """Why the plan is to change, and from which day on."""

    reason = TextAreaField(
        _l("Why a new edition?"),
        filters=[lambda text: text.strip() if text else text],
        validators=[DataRequired(_l("Say why the plan is to change.")), Length(max=500)],
    )
    effective_on = DayField(_l("Holds from"), validators=[Optional()])


class AlignmentForm(FlaskForm):
    """A check of whether a module keeps in step in one way."""

    verdict = SelectField(_l("What was found"), coerce=AlignmentVerdict)
    evidence = TextAreaField(
        _l("Evidence"),
        filters=[lambda text: text.strip() if text else text],
        validators=[DataRequired(_l("Say what the finding rests on.")), Length(max=2000)],
    )
    link = StringField(
        _l("Link"),
        filters=[tidy],
        validators=[
            Optional(),
            Length(max=500),
            Regexp(r"https?://\S+$", 0, _l("A link begins with https://.")),
        ],
    )
    checked_on = DayField(_l("Checked on"), validators=[DataRequired(_l("Say when it was checked."))])
    valid_until = DayField(_l("Holds until"), validators=[Optional()])

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.verdict.choices = [
            SelectChoice(verdict.value, str(labels.VERDICTS[verdict])) for verdict in AlignmentVerdict
        ]

    def begin(self, today: date) -> AlignmentForm:
        """Propose today, and a year."""
        self.checked_on.data, self.valid_until.data = today, a_year_later(today)
        return self

    def validate_on(self, today: date) -> bool:
        """Validate what was typed on a day; without an end a check holds for a year."""
        if not self.validate():
            return False
        if self.checked_on.data > today:
            self.checked_on.errors = [_l("A check cannot lie in the future.")]
        self.valid_until.data = self.valid_until.data or a_year_later(self.checked_on.data)
        if self.valid_until.data <= self.checked_on.data:
            self.valid_until.errors = [_l("A check holds for at least a day.")]
        return not self.errors

    @property
    def finding(self) -> Finding:
        """What was typed (validate first)."""
        return Finding(
            self.verdict.data, self.evidence.data or "", self.checked_on.data, self.valid_until.data,
            self.link.data or "",
        )  # fmt: skip

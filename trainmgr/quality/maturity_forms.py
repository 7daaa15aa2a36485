"""Forms of index systems and of evaluations by outside assessors."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    DateField,
    FieldList,
    Form,
    FormField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
    widgets,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from trainmgr.identity.models import Organization, User
from trainmgr.kernel.inputs import FigureField, WholeField, tidy
from trainmgr.kernel.numbers import whole
from trainmgr.programs.models import Program
from trainmgr.quality import maturity_labels as labels
from trainmgr.quality.maturity_models import MaturityIndex, MaturityTree
from trainmgr.quality.maturity_rules import FindingKind, IndexKind, MaturityDimension
from trainmgr.quality.trees import IndexFacts

LEVELS = 5
LIMITS = 4


def _id(value: Any) -> int | None:
    return whole(str(value)) if value is not None else None


class TreeForm(FlaskForm):
    """A new index system's name, and what it is copied from."""

    name = StringField(
        _l("Name"), filters=[tidy], validators=[DataRequired(_l("Name the index system.")), Length(max=80)]
    )
    copy_of = SelectField(_l("Drawn up from"), coerce=_id, validate_choice=False, choices=[])

    def offer(self, trees: Sequence[MaturityTree]) -> None:
        """Offer the college's systems beside the program's."""
        self.trees = {tree.id: tree for tree in trees}
        self.copy_of.choices = [
            SelectChoice("", _("the one that comes with the program")),
            *(SelectChoice(tree.id, tree.label) for tree in trees),
        ]


class WordsRow(Form):
    """The words of one level."""

    zh = StringField(
        _l("Words (Chinese)"), filters=[tidy],
        validators=[DataRequired(_l("Write the level's words.")), Length(max=120)],
    )  # fmt: skip
    en = StringField(_l("Words (English)"), filters=[tidy], validators=[Optional(), Length(max=160)])


class IndexForm(FlaskForm):
    """An index: what it looks at, its weight, the words of its levels; the limits of a quantitative one."""

    dimension = SelectField(
        _l("Index dimension"),
        choices=[SelectChoice(one.value, text) for one, text in labels.DIMENSIONS.items()],
    )
    kind = SelectField(
        _l("Kind of index"), choices=[SelectChoice(one.value, text) for one, text in labels.KINDS.items()]
    )
    name = StringField(
        _l("Name (Chinese)"), filters=[tidy], validators=[DataRequired(_l("Name the index.")), Length(max=80)]
    )
    name_en = StringField(_l("Name (English)"), filters=[tidy], validators=[Optional(), Length(max=120)])
    meaning = StringField(
        _l("What it looks at (Chinese)"), filters=[tidy],
        validators=[DataRequired(_l("Say what it looks at.")), Length(max=300)],
    )  # fmt: skip
    meaning_en = StringField(
        _l("What it looks at (English)"), filters=[tidy], validators=[Optional(), Length(max=300)]
    )
    weight = FigureField(
        _l("Weight (%)"), decimals=2,
        validators=[InputRequired(_l("Type a number.")), NumberRange(Decimal("0.01"), 100, _l("From 0 to 100."))],
    )  # fmt: skip
    indicator = SelectField(_l("Indicator that it follows from"), validate_choice=False, choices=[])
    limits = FieldList(
        FigureField(_l("From this value on, the next level"), decimals=4, validators=[Optional()]),
        min_entries=LIMITS,
        max_entries=LIMITS,
    )
    words = FieldList(FormField(WordsRow), min_entries=LEVELS, max_entries=LEVELS)

    def offer(self, indicators: Sequence[tuple[str, str]]) -> None:
        """Offer the college's indicators."""
        self.indicators = dict(indicators)
        self.indicator.choices = [
            SelectChoice("", _("none: scored by the assessor")),
            *(SelectChoice(code, name) for code, name in indicators),
        ]

    def validate_indicator(self, field: SelectField) -> None:
        """A quantitative index names one of those offered."""
        if self.kind.data == IndexKind.QUANTITATIVE.value and field.data not in self.indicators:
            raise ValidationError(_("Choose the indicator that it follows from."))

    def facts(self) -> IndexFacts:
        """Return what was typed."""
        return IndexFacts(
            MaturityDimension(self.dimension.data), IndexKind(self.kind.data), self.name.data or "",
            self.name_en.data or "", self.meaning.data or "", self.meaning_en.data or "",
            float(self.weight.data or 0), self.indicator.data or "",
            tuple(float(entry.data) for entry in self.limits if entry.data is not None),
            tuple((row.form.zh.data or "", row.form.en.data or "") for row in self.words),
        )  # fmt: skip


def index_values(index: MaturityIndex) -> dict[str, Any]:
    """Return what the form of a known index begins with."""
    return {
        "dimension": index.dimension.value,
        "kind": index.kind.value,
        "name": index.name,
        "name_en": index.name_en,
        "meaning": index.meaning,
        "meaning_en": index.meaning_en,
        "weight": Decimal(str(index.weight)),
        "indicator": index.indicator,
        "limits": [Decimal(str(limit)) for limit in index.limits],
        "words": [{"zh": zh, "en": en} for zh, en in index.words],
    }


class AskForm(FlaskForm):
    """What is asked of which assessor."""

    title = StringField(
        _l("Title of the evaluation"),
        filters=[tidy],
        validators=[DataRequired(_l("Give it a title.")), Length(max=80)],
    )
    target_year = WholeField(
        _l("Year of the figures"),
        validators=[InputRequired(_l("Write a year such as 2026.")),
                    NumberRange(2000, 2100, _l("Write a year such as 2026."))],
    )  # fmt: skip
    tree = SelectField(_l("Index system"), coerce=_id, validate_choice=False, choices=[])
    assessor = SelectField(_l("Outside assessor"), coerce=_id, validate_choice=False, choices=[])
    programs = SelectMultipleField(
        _l("Programmes to look at"), coerce=_id, validate_choice=False, choices=[],
        widget=widgets.ListWidget(prefix_label=False), option_widget=widgets.CheckboxInput(),
    )  # fmt: skip
    opens_on = DateField(_l("First day"), validators=[InputRequired(_l("Choose the day."))])
    closes_on = DateField(_l("Last day"), validators=[InputRequired(_l("Choose the day."))])

    def offer(
        self,
        trees: Sequence[MaturityTree],
        people: Sequence[tuple[User, Organization]],
        programs: Sequence[Program],
    ) -> None:
        """Offer released index systems, assessors with their houses, the college's programmes."""
        self.trees = {tree.id: tree for tree in trees}
        self.people = {user.id: (user, house) for user, house in people}
        self.known = {program.id for program in programs}
        self.tree.choices = [SelectChoice(tree.id, tree.label) for tree in trees]
        self.assessor.choices = [
            SelectChoice(user.id, f"{user.name} · {house.short}") for user, house in people
        ]
        self.programs.choices = [SelectChoice(program.id, program.label) for program in programs]

    def validate_tree(self, field: SelectField) -> None:
        """One of the released ones."""
        if field.data not in self.trees:
            raise ValidationError(_("Choose an index system that is released."))

    def validate_assessor(self, field: SelectField) -> None:
        """One of those offered."""
        if field.data not in self.people:
            raise ValidationError(_("Choose an outside assessor."))

    def validate_programs(self, field: SelectMultipleField) -> None:
        """At least one, and only the college's."""
        if not field.data or not set(field.data) <= self.known:
            raise ValidationError(_("Choose at least one programme."))

    def validate_closes_on(self, field: DateField) -> None:
        """Not before the first day."""
        if field.data and self.opens_on.data and field.data < self.opens_on.data:
            raise ValidationError(_("The last day lies before the first."))


class ScoreForm(FlaskForm):
    """The level of an index and what it rests on."""

    level = RadioField(_l("Level (1–5)"), coerce=_id, validate_choice=False, choices=[])
    note = TextAreaField(
        _l("Basis of the level"), filters=[tidy],
        validators=[DataRequired(_l("Say what the level rests on.")), Length(max=500)],
    )  # fmt: skip
    file = FileField(_l("Evidence as a file"), validators=[Optional()])

    def for_index(self, index: MaturityIndex) -> None:
        """Remember the index that is scored."""
        self.index = index

    def validate_level(self, field: RadioField) -> None:
        """One of the five, where the assessor decides."""
        if not self.index.is_quantitative and field.data not in range(1, LEVELS + 1):
            raise ValidationError(_("Choose a level."))


class FindingForm(FlaskForm):
    """A strength or a weakness."""

    kind = SelectField(
        _l("Strength or weakness"), choices=[SelectChoice(one.value, text) for one, text in labels.FINDINGS.items()],
        default=FindingKind.WEAKNESS.value,
    )  # fmt: skip
    index = SelectField(_l("About the index"), coerce=_id, validate_choice=False, choices=[])
    program = SelectField(_l("About the programme"), coerce=_id, validate_choice=False, choices=[])
    text = TextAreaField(
        _l("Finding in words"), filters=[tidy],
        validators=[DataRequired(_l("Write down what was found.")), Length(max=500)],
    )  # fmt: skip
    advice = TextAreaField(_l("Advice"), filters=[tidy], validators=[Optional(), Length(max=500)])

    def offer(self, indices: Sequence[MaturityIndex], programs: Sequence[Program]) -> None:
        """Offer the evaluation's indices and programmes."""
        self.known = {one.id for one in indices}, {one.id for one in programs}
        self.index.choices = [
            SelectChoice("", _("no single one")), *(SelectChoice(one.id, one.label) for one in indices)
        ]  # fmt: skip
        self.program.choices = [
            SelectChoice("", _("all of them")), *(SelectChoice(one.id, one.label) for one in programs)
        ]  # fmt: skip

    @property
    def place(self) -> tuple[int | None, int | None]:
        """The index and the programme that were chosen, as far as they belong to the evaluation."""
        indices, programs = self.known
        return (
            self.index.data if self.index.data in indices else None,
            self.program.data if self.program.data in programs else None,
        )


class SubmitForm(FlaskForm):
    """The assessor's word on the whole."""

    summary = TextAreaField(
        _l("Overall judgement"), filters=[tidy],
        validators=[DataRequired(_l("Sum the evaluation up.")), Length(max=2000)],
    )  # fmt: skip


class WithdrawForm(FlaskForm):
    """Why an evaluation is called off."""

    reason = StringField(
        _l("Reason"), filters=[tidy],
        validators=[DataRequired(_l("Say why it is called off.")), Length(max=200)],
    )  # fmt: skip

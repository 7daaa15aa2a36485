"""What is typed about items: shape and coercion; which fields count follows from the kind."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from trainmgr.bank import content as contents
from trainmgr.bank import labels
from trainmgr.bank.authoring import ItemFacts
from trainmgr.bank.content import ContentRefused, Credit
from trainmgr.bank.models import Item
from trainmgr.bank.queries import CompetencyLine
from trainmgr.bank.rules import Difficulty, ItemKind, ItemState
from trainmgr.kernel.i18n import say
from trainmgr.kernel.inputs import FigureField, tidy
from trainmgr.programs.labels import in_language

FULL_MARKS = Decimal(100)
USUAL_POINTS = {ItemKind.SHORT_ANSWER: Decimal(5), ItemKind.CHECKLIST: Decimal(10)}


def paragraphs(text: str | None) -> str:
    """Take stray signs out of what was typed; its lines stay."""
    lines = (text or "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(tidy(line) or "" for line in lines).strip()


def competency_choices(lines: Sequence[CompetencyLine]) -> list[SelectChoice]:
    """Return competencies to choose from, grouped by their post."""
    return [
        SelectChoice(str(line.id), in_language(line.name, line.name_en), optgroup=f"{line.post} {line.code}")
        for line in lines
    ]


def standard_choices(lines: Sequence[CompetencyLine]) -> list[tuple[int, str]]:
    """Return the standards that competencies belong to, in their order."""
    return [(key, next(group).post) for key, group in groupby(lines, key=lambda line: line.standard_id)]


def _option(place: int) -> StringField:
    label = _l("Option %(letter)s", letter=contents.LETTERS[place])
    return StringField(label, filters=[tidy], validators=[Optional(), Length(max=contents.LONGEST_OPTION)])


class ItemForm(FlaskForm):
    """An item of any kind."""

    competency_id = SelectField(
        _l("Competency"), coerce=int, invalid_choice_message=_l("Choose the competency that it asks for.")
    )
    difficulty = RadioField(
        _l("Difficulty"),
        choices=[SelectChoice(key.value, label) for key, label in labels.DIFFICULTIES.items()],
        default=Difficulty.MEDIUM.value,
        invalid_choice_message=_l("Say how hard it is."),
    )
    points = FigureField(
        _l("Usual points"),
        decimals=2,
        validators=[
            InputRequired(_l("Give the points.")),
            NumberRange(Decimal("0.5"), FULL_MARKS, _l("Points run from 0.5 to 100.")),
        ],
    )
    stem = TextAreaField(
        _l("Question or task"),
        filters=[paragraphs],
        validators=[DataRequired(_l("Write the question or task.")), Length(max=contents.LONGEST_STEM)],
    )
    picture = FileField(_l("Picture"), validators=[Optional()])
    remove_picture = BooleanField(_l("Without the picture"))
    option_0, option_1, option_2, option_3 = _option(0), _option(1), _option(2), _option(3)
    option_4, option_5, option_6, option_7 = _option(4), _option(5), _option(6), _option(7)
    right = SelectMultipleField(
        _l("Right options"),
        coerce=int,
        choices=[SelectChoice(str(place), letter) for place, letter in enumerate(contents.LETTERS)],
    )
    credit = SelectField(
        _l("Points when not all is right"),
        choices=[SelectChoice(key.value, label) for key, label in labels.CREDITS.items()],
        default=Credit.PARTIAL.value,
    )
    truth = RadioField(
        _l("The statement is"),
        choices=[SelectChoice("true", _l("true")), SelectChoice("false", _l("false"))],
        validate_choice=False,
    )
    value = FigureField(_l("Right value"), decimals=6, validators=[Optional()])
    tolerance = FigureField(_l("Tolerance"), decimals=6, validators=[Optional()])
    relative = SelectField(
        _l("Tolerance in"),
        choices=[SelectChoice("", _l("the unit")), SelectChoice("percent", _l("per cent of the value"))],
        default="",
    )
    unit = StringField(_l("Unit"), filters=[tidy], validators=[Optional(), Length(max=20)])
    model = TextAreaField(
        _l("Model answer"), filters=[paragraphs], validators=[Optional(), Length(max=contents.LONGEST_MODEL)]
    )
    steps = TextAreaField(_l("Steps"), filters=[paragraphs], validators=[Optional(), Length(max=8000)])
    explanation = TextAreaField(
        _l("Explanation"), filters=[paragraphs], validators=[Optional(), Length(max=2000)]
    )

    def __init__(
        self, *args: Any, kind: ItemKind, competencies: Sequence[CompetencyLine], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.kind = kind
        self.content: dict[str, Any] = {}
        self.competency_id.choices = competency_choices(competencies)

    @classmethod
    def showing(cls, item: Item, *, competencies: Sequence[CompetencyLine]) -> ItemForm:
        """Return the form filled in with an item."""
        return cls(
            formdata=None,
            kind=item.kind,
            competencies=competencies,
            competency_id=item.competency_id,
            difficulty=item.difficulty.value,
            points=item.points,
            stem=item.stem,
            explanation=item.explanation,
            **_typed(item.kind, item.content),
        )

    @property
    def options(self) -> list[Any]:
        """The fields of the options in their order."""
        return [self[f"option_{place}"] for place in range(contents.MOST_OPTIONS)]

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the fields, then what the kind needs; every fault stands at its field."""
        fine = bool(super().validate(extra_validators))
        try:
            self.content = self._content()
        except ContentRefused as refused:
            for name, msgid, params in refused.faults:
                field = self["option_0" if name == "options" else name]
                field.errors = [*field.errors, say(msgid, params)]
            return False
        return fine

    def _content(self) -> dict[str, Any]:
        if self.kind.has_options:
            texts = [field.data or "" for field in self.options]
            return contents.choice_content(
                self.kind, texts, self.right.data or [], Credit(self.credit.data or Credit.EXACT)
            )
        return OTHER_KINDS[self.kind](self)

    def facts(self) -> ItemFacts:
        """Return what was typed, once it is valid."""
        return ItemFacts(
            self.competency_id.data,
            self.kind,
            Difficulty(self.difficulty.data),
            self.points.data or Decimal(0),
            self.stem.data,
            self.content,
            self.explanation.data or "",
        )


def _truth(form: ItemForm) -> dict[str, Any]:
    if form.truth.data not in ("true", "false"):
        raise ContentRefused([("truth", _("Say whether the statement is true or false."), {})])
    return {"right": form.truth.data == "true"}


def _number(form: ItemForm) -> dict[str, Any]:
    if form.value.data is None:
        raise ContentRefused([] if form.value.errors else [("value", _("Give the right value."), {})])
    return contents.number_content(
        form.value.data,
        form.tolerance.data or Decimal(0),
        relative=form.relative.data == "percent",
        unit=form.unit.data or "",
    )


def _model(form: ItemForm) -> dict[str, Any]:
    if not form.model.data:
        raise ContentRefused([("model", _("Write the model answer; whoever marks compares with it."), {})])
    return {"model": form.model.data}


def _steps(form: ItemForm) -> dict[str, Any]:
    return contents.checklist_content((form.steps.data or "").split("\n"))


OTHER_KINDS = {
    ItemKind.TRUE_FALSE: _truth,
    ItemKind.NUMBER: _number,
    ItemKind.SHORT_ANSWER: _model,
    ItemKind.CHECKLIST: _steps,
}


def _typed(kind: ItemKind, content: dict[str, Any]) -> dict[str, Any]:
    """Return a document as the fields of the form show it."""
    if kind.has_options:
        texts = {f"option_{place}": text for place, text in enumerate(content["options"])}
        return texts | {"right": content["right"], "credit": content.get("credit", Credit.EXACT.value)}
    if kind is ItemKind.TRUE_FALSE:
        return {"truth": "true" if content["right"] else "false"}
    if kind is ItemKind.NUMBER:
        return {
            "value": Decimal(content["value"]),
            "tolerance": Decimal(content["tolerance"]),
            "relative": "percent" if content["relative"] else "",
            "unit": content["unit"],
        }
    if kind is ItemKind.SHORT_ANSWER:
        return {"model": content["model"]}
    return {"steps": "\n".join(contents.step_lines(content))}


class ImportForm(FlaskForm):
    """A filled-in sheet of items."""

    college_id = SelectField(_l("College"), coerce=int)
    file = FileField(_l("Excel or CSV file"), validators=[FileRequired(_l("Choose a file."))])
    state = RadioField(
        _l("They come in as"),
        choices=[
            SelectChoice(ItemState.DRAFT.value, _l("drafts that somebody looks through first")),
            SelectChoice(ItemState.IN_USE.value, _l("items in use")),
        ],
        default=ItemState.DRAFT.value,
    )

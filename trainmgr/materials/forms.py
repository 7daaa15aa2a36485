"""Shape and coercion of what is typed about teaching resources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from trainmgr.kernel.numbers import whole
from trainmgr.kernel.uploads import ACCEPT
from trainmgr.materials import labels
from trainmgr.materials.actions import Content, Facts
from trainmgr.materials.rules import (
    LEAST_DAYS,
    MOST_COLUMNS,
    MOST_DAYS,
    MOST_LINES,
    MOST_TEXT,
    CasePart,
    MaterialKind,
    UpdateKind,
    lines_of,
)


def stripped(text: str | None) -> str:
    """Take the blanks around what was typed away."""
    return (text or "").strip()


def own_id(value: Any) -> int | None:
    """Read the id of one of the organisations offered; nonsense is None."""
    return whole(None if value is None else str(value))


def chosen_ids(name: str = "id", most: int = 500) -> list[int]:
    """Read which rows were ticked, in the form or the address; nonsense is left out."""
    return sorted(
        {number for text in request.values.getlist(name)[:most] if (number := whole(text)) is not None}
    )


def _line(label: Any, most: int, **more: Any) -> StringField:
    return StringField(label, filters=[stripped], validators=[Optional(), Length(max=most)], **more)


class FactsForm(FlaskForm):
    """The particulars of a resource."""

    version = HiddenField()
    owner = SelectField(_l("Belongs to"), coerce=own_id, validate_choice=False, choices=[])
    title = StringField(
        _l("Title of the resource"),
        filters=[stripped],
        validators=[DataRequired(_l("Give it a title.")), Length(max=120)],
    )
    kind = SelectField(
        _l("Kind of resource"),
        choices=[
            SelectChoice(kind.value, label)
            for kind, label in labels.KINDS.items()
            if kind is not MaterialKind.CASE_WRITE_UP
        ],
    )
    occupation = _line(_l("Occupation"), 80)
    collection = _line(_l("Collection"), 80)
    language = SelectField(
        _l("Language"), choices=[SelectChoice(code, label) for code, label in labels.LANGUAGES.items()]
    )
    update_kind = RadioField(
        _l("Renewed"),
        choices=[SelectChoice(kind.value, label) for kind, label in labels.UPDATES.items()],
        validators=[InputRequired(_l("Choose one."))],
    )
    source = _line(_l("Source that is tracked"), 200)

    def offer(self, homes: Sequence[tuple[int, str]]) -> None:
        """Offer the organisations that the person keeps resources for."""
        self.owner.choices = [SelectChoice(key, name) for key, name in homes]
        if self.owner.data is None and homes:
            self.owner.data = homes[0][0]

    def validate_owner(self, field: SelectField) -> None:
        """A resource is kept for an organisation of one's own."""
        if field.choices and field.data not in {choice.value for choice in field.choices}:
            raise ValidationError(_("Choose one of your organisations."))

    def facts(self, kind: MaterialKind | None = None) -> Facts:
        """Return what was typed."""
        return Facts(
            title=self.title.data,
            kind=kind or MaterialKind(self.kind.data),
            update_kind=UpdateKind(self.update_kind.data),
            occupation=self.occupation.data or "",
            collection=self.collection.data or "",
            language=self.language.data,
            source=self.source.data or "",
        )


class VersionForm(FlaskForm):
    """One version of a resource: a file or a link, and what is new in it."""

    file = FileField(_l("File"), render_kw={"accept": ACCEPT}, validators=[Optional()])
    link = StringField(_l("Or a link"), filters=[stripped], validators=[Optional(), Length(max=500)])
    share = IntegerField(
        _l("Share renewed"),
        validators=[
            InputRequired(_l("Say how much of it is new, in percent.")),
            NumberRange(0, 100, _l("A share lies between 0 and 100 percent.")),
        ],
    )
    changes = TextAreaField(
        _l("What changed"),
        filters=[stripped],
        validators=[DataRequired(_l("Say in a sentence what changed.")), Length(max=500)],
    )

    def validate_link(self, field: StringField) -> None:
        """A link leads to a page of the web."""
        parts = urlsplit(field.data or "")
        if field.data and (parts.scheme not in ("http", "https") or not parts.netloc or " " in field.data):
            raise ValidationError(_("A link begins with https:// or http://."))

    def validate(self, extra_validators: Any = None) -> bool:
        """A version is a file or a link, not both and not neither."""
        fine = bool(super().validate(extra_validators))
        has_file = bool(self.file.data and self.file.data.filename)
        if has_file and self.link.data:
            self.link.errors = [*self.link.errors, _("Give a file or a link, not both.")]
        elif not has_file and not self.link.data and not self.link.errors:
            self.file.errors = [*self.file.errors, _("Choose a file, or give a link below.")]
        return fine and not self.link.errors and not self.file.errors

    def content(self) -> Content:
        """Return what was given."""
        has_file = bool(self.file.data and self.file.data.filename)
        return Content(upload=self.file.data if has_file else None, link=self.link.data or "")


class NewForm(FactsForm, VersionForm):
    """A resource with its first version."""

    share = None
    changes = TextAreaField(_l("Remark"), filters=[stripped], validators=[Optional(), Length(max=500)])


class OccasionForm(FlaskForm):
    """What asks for a new version."""

    text = StringField(
        _l("What happened outside"),
        filters=[stripped],
        validators=[DataRequired(_l("Say what asks for a new version.")), Length(max=200)],
    )
    on = DateField(_l("On"), validators=[InputRequired(_l("Choose the day."))])


def rule_form(kinds: Sequence[UpdateKind]) -> type[FlaskForm]:
    """Return the form of an organisation's rules."""

    class RuleForm(FlaskForm):
        """Days until the next version by kind of update, and the share of a collection a year."""

        share = IntegerField(
            _l("Share of a collection to be renewed in twelve months"),
            validators=[InputRequired(_l("Type a whole number.")), NumberRange(0, 100)],
        )

    for kind in kinds:
        field = IntegerField(
            labels.UPDATES[kind],
            validators=[InputRequired(_l("Type a whole number.")), NumberRange(LEAST_DAYS, MOST_DAYS)],
        )
        setattr(RuleForm, kind.value, field)
    return RuleForm


def _part(part: CasePart) -> TextAreaField:
    return TextAreaField(
        labels.PARTS[part], filters=[stripped], validators=[Optional(), Length(max=MOST_TEXT)]
    )


class CaseForm(FlaskForm):
    """The five parts of a case; each may be empty until it is published."""

    version = HiddenField()
    facts = _part(CasePart.FACTS)
    analysis = _part(CasePart.ANALYSIS)
    plan = _part(CasePart.PLAN)
    effect = _part(CasePart.EFFECT)
    lessons = _part(CasePart.LESSONS)
    share = IntegerField(_l("Share renewed"), validators=[Optional(), NumberRange(0, 100)])
    changes = StringField(_l("What changed"), filters=[stripped], validators=[Optional(), Length(max=500)])

    def parts(self) -> dict[str, str]:
        """Return the five parts as typed."""
        return {part.value: self[part.value].data or "" for part in CasePart}


class NewCaseForm(FlaskForm):
    """A case that is about to be written."""

    owner = FactsForm.owner
    title = FactsForm.title
    occupation = _line(_l("Occupation"), 80)
    collection = _line(_l("Collection"), 80)
    offer = FactsForm.offer
    validate_owner = FactsForm.validate_owner


def _lines(label: Any, needed: Any = None) -> TextAreaField:
    first = DataRequired(needed) if needed else Optional()
    return TextAreaField(label, filters=[stripped], validators=[first, Length(max=2000)])


class SheetForm(FlaskForm):
    """A task sheet; lists are typed a line each."""

    version = HiddenField()
    title = StringField(
        _l("Task"), filters=[stripped], validators=[DataRequired(_l("Name the task.")), Length(max=120)]
    )
    aim = TextAreaField(
        _l("Aim"), filters=[stripped], validators=[DataRequired(_l("Say what it is for.")), Length(max=500)]
    )
    steps = _lines(_l("Steps"), _l("Write at least one step."))
    tools = _lines(_l("Tools and material"))
    safety = _lines(_l("Safety"), _l("Write at least one line on safety."))
    standard = _lines(_l("Quality standard"))
    records = _lines(_l("To be recorded"))

    def lists(self) -> dict[str, list[str]]:
        """Return the lists as typed."""
        return {name: lines_of(self[name].data) for name in SHEET_LISTS}

    def validate(self, extra_validators: Any = None) -> bool:
        """A sheet stays a sheet: at most twenty lines of a kind, each of a length that can be printed."""
        fine = bool(super().validate(extra_validators))
        for name in SHEET_LISTS:
            lines = lines_of(self[name].data)
            if len(lines) > MOST_LINES:
                self[name].errors = [*self[name].errors, _("At most %(most)s lines.", most=MOST_LINES)]
                fine = False
            elif any(len(line) > 200 for line in lines):
                self[name].errors = [*self[name].errors, _("A line has at most 200 characters.")]
                fine = False
        if len(lines_of(self.records.data)) > MOST_COLUMNS:
            text = _("At most %(most)s columns fit on the sheet.", most=MOST_COLUMNS)
            self.records.errors = [*self.records.errors, text]
            fine = False
        return fine


SHEET_LISTS = ("steps", "tools", "safety", "standard", "records")


class PackForm(FlaskForm):
    """A pack's name and what it is for."""

    version = HiddenField()
    owner = FactsForm.owner
    name = StringField(
        _l("Name of the pack"),
        filters=[stripped],
        validators=[DataRequired(_l("Give it a name.")), Length(max=120)],
    )
    occupation = StringField(
        _l("Occupation"),
        filters=[stripped],
        validators=[DataRequired(_l("Name the occupation.")), Length(max=80)],
    )
    purpose = StringField(_l("What it is for"), filters=[stripped], validators=[Optional(), Length(max=300)])
    offer = FactsForm.offer
    validate_owner = FactsForm.validate_owner


class NoteForm(FlaskForm):
    """What an expert says to those who use a pack."""

    expert = StringField(
        _l("Expert"), filters=[stripped], validators=[DataRequired(_l("Name the expert.")), Length(max=80)]
    )
    post = StringField(_l("Employer and post"), filters=[stripped], validators=[Optional(), Length(max=120)])
    text = TextAreaField(
        _l("Note"), filters=[stripped], validators=[DataRequired(_l("Write the note.")), Length(max=2000)]
    )

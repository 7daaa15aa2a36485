"""Shape and coercion of what is typed about contests, entries, scores, awards."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
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

from trainmgr.contests import labels
from trainmgr.contests.awarding import AwardFacts
from trainmgr.contests.models import Contest
from trainmgr.contests.rules import ContestKind, Grade, Level, PrizeKind
from trainmgr.contests.running import ContestFields, CriterionFields, PrizeFields
from trainmgr.kernel.inputs import FigureField, WholeField, tidy
from trainmgr.kernel.numbers import whole
from trainmgr.programs.amounts import parse_yuan, say_hundredths

CRITERIA = 8
PRIZES = 6


def _id(text: Any) -> int | None:
    return text if isinstance(text, int) else whole(text)


def _choices(words: Mapping[Any, Any]) -> list[SelectChoice]:
    return [SelectChoice(key.value, label) for key, label in words.items()]


def split_numbers(text: str) -> list[str]:
    """Return the student or employee numbers that were typed, each once, in their order."""
    return list(dict.fromkeys(re.findall(r"[^\s,;，；、]+", unicodedata.normalize("NFKC", text))))


def read_yuan(field: StringField) -> int | None:
    """Return cents, or None where nothing was typed; raises ValidationError for nonsense."""
    if not field.data:
        return None
    try:
        cents = parse_yuan(field.data)
    except ValueError as error:
        raise ValidationError(_("Write an amount in yuan such as 2,000 or 2000.50.")) from error
    if cents == 0:
        raise ValidationError(_("Write an amount above 0, or nothing."))
    return cents


class CriterionRow(Form):
    """A line of the scoring sheet; left empty it is none."""

    name = StringField(_l("Criterion"), filters=[tidy], validators=[Optional(), Length(max=80)])
    most = FigureField(
        _l("Most points"),
        decimals=1,
        validators=[Optional(), NumberRange(Decimal("0.1"), 1000, _l("From 0.1 to 1,000."))],
    )
    weight = FigureField(
        _l("Weight"),
        decimals=1,
        validators=[Optional(), NumberRange(Decimal("0.1"), 100, _l("From 0.1 to 100."))],
    )


class PrizeRow(Form):
    """What some places win; without places it is none."""

    kind = SelectField(_l("Kind of prize"), choices=_choices(labels.PRIZES))
    grade = SelectField(_l("Grade"), choices=_choices(labels.GRADES))
    name = StringField(_l("Name of the prize"), filters=[tidy], validators=[Optional(), Length(max=80)])
    first = WholeField(
        _l("From place"), validators=[Optional(), NumberRange(1, 9999, _l("A place from 1 to 9,999."))]
    )
    last = WholeField(
        _l("To place"), validators=[Optional(), NumberRange(1, 9999, _l("A place from 1 to 9,999."))]
    )
    amount = StringField(_l("Amount in yuan"), filters=[tidy], validators=[Optional(), Length(max=20)])

    def validate_last(self, field: WholeField) -> None:
        """Not before the first place."""
        if self.first.data and field.data and field.data < self.first.data:
            raise ValidationError(_("The last place comes after the first."))

    def validate_amount(self, field: StringField) -> None:
        """An amount, where one is typed."""
        read_yuan(field)


class ContestForm(FlaskForm):
    """A contest with its scoring sheet and prizes."""

    version = HiddenField()
    name = StringField(
        _l("Name"), filters=[tidy], validators=[DataRequired(_l("Name the contest.")), Length(max=120)]
    )
    name_en = StringField(_l("Name in English"), filters=[tidy], validators=[Optional(), Length(max=160)])
    kind = SelectField(_l("Kind of contest"), choices=_choices(labels.KINDS))
    level = SelectField(_l("Level"), choices=_choices(labels.LEVELS))
    form_of = RadioField(
        _l("Who competes"),
        choices=[SelectChoice("one", _l("Individuals")), SelectChoice("team", _l("Teams"))],
        validators=[InputRequired(_l("Choose one."))],
    )
    program = SelectField(_l("Open for"), coerce=_id, validate_choice=False, choices=[])
    enterprise = SelectField(_l("Held with the enterprise"), coerce=_id, validate_choice=False, choices=[])
    held_on = DateField(_l("Day of the contest"), validators=[DataRequired(_l("Choose a day."))])
    entries_until = DateField(_l("Entries until"), validators=[Optional()])
    place = StringField(_l("Place"), filters=[tidy], validators=[Optional(), Length(max=120)])
    drop_extremes = BooleanField(_l("Leave out each entry's highest and lowest total (from three judges on)"))
    criteria = FieldList(
        FormField(CriterionRow), _l("Scoring sheet"), min_entries=CRITERIA, max_entries=CRITERIA
    )
    prizes = FieldList(FormField(PrizeRow), min_entries=PRIZES, max_entries=PRIZES)

    def offer(self, programs: Iterable[Any], enterprises: Iterable[Any]) -> None:
        """Offer the college's programmes and their enterprises."""
        self.program.choices = [
            SelectChoice("", _("All trainees of the college")),
            *(SelectChoice(one.id, labels.in_language(one.name, one.name_en)) for one in programs),
        ]
        self.enterprise.choices = [
            SelectChoice("", _("None of these")),
            *(SelectChoice(one.id, one.name) for one in enterprises),
        ]

    def _offered(self, field: SelectField) -> None:
        if field.data is not None and field.data not in {choice.value for choice in field.choices or ()}:
            raise ValidationError(_("Choose one that is offered."))

    def validate_program(self, field: SelectField) -> None:
        """One of the college's programmes, or none."""
        self._offered(field)

    def validate_enterprise(self, field: SelectField) -> None:
        """One of the enterprises, or none."""
        self._offered(field)

    def validate_entries_until(self, field: DateField) -> None:
        """Not after the contest."""
        if field.data and self.held_on.data and field.data > self.held_on.data:
            raise ValidationError(_("Entries end before the contest."))

    def validate_criteria(self, field: FieldList) -> None:
        """Each line whole, at least one."""
        rows = [row.form for row in field]
        for row in rows:
            if bool(row.name.data) != (row.most.data is not None):
                raise ValidationError(_("Give each criterion a name and its most points."))
        if not any(row.name.data for row in rows):
            raise ValidationError(_("Name at least one criterion."))

    def fields(self, college_id: int) -> ContestFields:
        """Return what was typed."""
        return ContestFields(
            college_id=college_id,
            program_id=self.program.data,
            enterprise_id=self.enterprise.data,
            kind=ContestKind(self.kind.data),
            level=Level(self.level.data),
            is_team=self.form_of.data == "team",
            name=self.name.data or "",
            name_en=self.name_en.data or "",
            place=self.place.data or "",
            held_on=self.held_on.data,
            entries_until=self.entries_until.data,
            drop_extremes=bool(self.drop_extremes.data),
            criteria=[
                CriterionFields(row.form.name.data, row.form.most.data, row.form.weight.data or Decimal(1))
                for row in self.criteria
                if row.form.name.data
            ],
            prizes=[
                PrizeFields(
                    PrizeKind(row.form.kind.data),
                    Grade(row.form.grade.data),
                    row.form.name.data or "",
                    row.form.first.data,
                    row.form.last.data or row.form.first.data,
                    read_yuan(row.form.amount),
                )
                for row in self.prizes
                if row.form.first.data
            ],
        )


def filled(contest: Contest) -> dict[str, Any]:
    """Return what the form of a contest begins with."""
    return {
        "version": str(contest.version),
        "name": contest.name,
        "name_en": contest.name_en,
        "kind": contest.kind.value,
        "level": contest.level.value,
        "form_of": "team" if contest.is_team else "one",
        "program": contest.program_id,
        "enterprise": contest.enterprise_id,
        "held_on": contest.held_on,
        "entries_until": contest.entries_until,
        "place": contest.place,
        "drop_extremes": contest.drop_extremes,
        "criteria": [{"name": one.name, "most": one.most, "weight": one.weight} for one in contest.criteria],
        "prizes": [
            {
                "kind": one.kind.value,
                "grade": one.grade.value,
                "name": one.name,
                "first": one.first_place,
                "last": one.last_place,
                "amount": say_hundredths(one.amount_cents, grouped=False),
            }
            for one in contest.prizes
        ],
    }


class EntryForm(FlaskForm):
    """Who takes part: the numbers of trainees, for a team with its name."""

    name = StringField(_l("Name of the team"), filters=[tidy], validators=[Optional(), Length(max=80)])
    people = TextAreaField(_l("Student or employee numbers"), validators=[Optional(), Length(max=20000)])


class JudgeForm(FlaskForm):
    """Who judges."""

    person = StringField(
        _l("Name or sign-in name"),
        filters=[tidy],
        validators=[DataRequired(_l("Type a name.")), Length(max=80)],
    )


class ReasonForm(FlaskForm):
    """Why something is undone."""

    reason = StringField(
        _l("Reason"), filters=[tidy], validators=[DataRequired(_l("Say why.")), Length(max=200)]
    )


class ScoreForm(FlaskForm):
    """What stands beside the points."""

    comment = StringField(_l("Comment"), filters=[tidy], validators=[Optional(), Length(max=200)])
    reason = StringField(
        _l("Reason of the correction"), filters=[tidy], validators=[Optional(), Length(max=200)]
    )


def read_points(
    form: Mapping[str, Any], contest: Contest
) -> tuple[dict[int, Decimal], dict[int, str], dict[int, Any]]:
    """Return the points by criterion, what was typed, and what is wrong with it."""
    points: dict[int, Decimal] = {}
    typed: dict[int, str] = {}
    wrong: dict[int, Any] = {}
    for criterion in contest.criteria:
        text = str(form.get(f"points-{criterion.id}", "")).strip()[:20]
        typed[criterion.id] = text
        try:
            value = Decimal(unicodedata.normalize("NFKC", text))
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or not 0 <= value <= criterion.most or value != round(value, 1):
            wrong[criterion.id] = _(
                "Points from 0 to %(most)s, one decimal at most.",
                most=format(criterion.most.normalize(), "f"),
            )
        else:
            points[criterion.id] = value
    return points, typed, wrong


class AwardForm(FlaskForm):
    """An award that was won elsewhere."""

    contest_name = StringField(
        _l("Contest"), filters=[tidy], validators=[DataRequired(_l("Name the contest.")), Length(max=120)]
    )
    level = SelectField(_l("Level"), choices=_choices(labels.LEVELS))
    grade = SelectField(_l("Grade"), choices=_choices(labels.GRADES))
    kind = SelectField(_l("Kind of prize"), choices=_choices(labels.PRIZES))
    name = StringField(_l("Name of the prize"), filters=[tidy], validators=[Optional(), Length(max=80)])
    people = TextAreaField(
        _l("Student or employee numbers of the holders"),
        validators=[DataRequired(_l("Say who holds the award.")), Length(max=2000)],
    )
    issuer = StringField(_l("Issued by"), filters=[tidy], validators=[Optional(), Length(max=120)])
    number = StringField(_l("Number of the paper"), filters=[tidy], validators=[Optional(), Length(max=60)])
    awarded_on = DateField(_l("Day of the award"), validators=[DataRequired(_l("Choose a day."))])
    amount = StringField(_l("Amount in yuan"), filters=[tidy], validators=[Optional(), Length(max=20)])
    proof = FileField(_l("Scan or photo"))

    def validate_amount(self, field: StringField) -> None:
        """An amount, where one is typed."""
        read_yuan(field)

    def validate_proof(self, field: FileField) -> None:
        """The paper is there."""
        if not field.data or not field.data.filename:
            raise ValidationError(_("Add the paper of the award: PDF or picture."))

    def facts(self) -> AwardFacts:
        """Return what was typed."""
        return AwardFacts(
            self.contest_name.data or "",
            PrizeKind(self.kind.data),
            Level(self.level.data),
            Grade(self.grade.data),
            self.name.data or "",
            self.issuer.data or "",
            self.number.data or "",
            self.awarded_on.data,
            read_yuan(self.amount),
        )


class ShortlistForm(FlaskForm):
    """Why somebody is wanted."""

    note = StringField(_l("Remark"), filters=[tidy], validators=[Optional(), Length(max=200)])

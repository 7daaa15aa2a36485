"""What is typed about a programme: shape and coercion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, NumberRange, Optional, ValidationError

from trainmgr.identity.models import Organization
from trainmgr.kernel.days import DayField
from trainmgr.kernel.inputs import WholeField
from trainmgr.kernel.numbers import whole
from trainmgr.programs import labels
from trainmgr.programs.amounts import parse_percent, parse_yuan, say_hundredths
from trainmgr.programs.duties import Share
from trainmgr.programs.models import Program, RevenueShare
from trainmgr.programs.rules import ProgramKind
from trainmgr.programs.setup import Facts

REVENUE_LINES = 8


def stripped(text: str | None) -> str | None:
    """Take the blanks around what was typed away, and join the lines of a single line."""
    return " ".join(text.replace("\0", "").split()) if text else text


def trimmed(text: str | None) -> str | None:
    """Take the blanks around a longer text away."""
    return text.replace("\0", "").strip() if text else text


def _number(text: str) -> int | None:
    return int(text) if text else None


class FactsForm(FlaskForm):
    """The plain facts of a programme."""

    name = StringField(
        _l("Programme name"),
        filters=[stripped],
        validators=[DataRequired(_l("Name the programme.")), Length(max=120)],
    )
    name_en = StringField(_l("English name"), filters=[stripped], validators=[Optional(), Length(max=160)])
    code = StringField(
        _l("Programme number"),
        filters=[stripped],
        validators=[DataRequired(_l("Give the programme a number.")), Length(max=40)],
    )
    kind = SelectField(_l("Kind"))
    department = SelectField(_l("Responsible department"), coerce=_number, validators=[Optional()])
    starts_on = DayField(_l("Begins on"), validators=[Optional()])
    ends_on = DayField(_l("Ends on"), validators=[Optional()])
    planned_size = WholeField(
        _l("Planned size"),
        validators=[
            Optional(),
            NumberRange(min=1, max=100_000, message=_l("Between 1 and 100,000 people.")),
        ],
    )
    budget = StringField(_l("Budget"), filters=[stripped], validators=[Optional(), Length(max=40)])
    seen = HiddenField()

    def set_choices(self, departments: Iterable[Organization], kinds: Iterable[str] = ()) -> None:
        """Offer the kinds, the pathway's own first, and the departments of the college."""
        first = [ProgramKind(kind) for kind in kinds]
        ordered = first + [kind for kind in ProgramKind if kind not in first]
        self.kind.choices = [SelectChoice(kind.value, str(labels.KINDS[kind])) for kind in ordered]
        named = [SelectChoice(str(department.id), department.name) for department in departments]
        self.department.choices = [SelectChoice("", _("not named yet")), *named]

    def validate_ends_on(self, field: Any) -> None:
        """A programme does not end before it begins."""
        if self.starts_on.data and field.data and field.data < self.starts_on.data:
            raise ValidationError(_("The end lies before the beginning."))

    def validate_budget(self, field: Any) -> None:
        """A budget is an amount in yuan, to the cent."""
        try:
            parse_yuan(field.data)
        except ValueError as error:
            raise ValidationError(_("Write an amount in yuan, such as 864000 or 864,000.50.")) from error

    def facts(self) -> Facts:
        """Return what was typed."""
        return Facts(
            name=self.name.data or "",
            name_en=self.name_en.data or "",
            code=self.code.data or "",
            kind=ProgramKind(self.kind.data),
            department_id=self.department.data,
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            planned_size=self.planned_size.data,
            budget_cents=parse_yuan(self.budget.data) if self.budget.data else None,
        )

    @staticmethod
    def typed(program: Program) -> dict[str, Any]:
        """Return a programme's facts as they stand in the fields."""
        return {
            "name": program.name,
            "name_en": program.name_en,
            "code": program.code,
            "kind": program.kind.value,
            "department": program.department_id,
            "starts_on": program.starts_on,
            "ends_on": program.ends_on,
            "planned_size": program.planned_size,
            "budget": say_hundredths(program.budget_cents),
        }


class NewProgramForm(FactsForm):
    """A programme to be made from a pathway."""

    pathway = HiddenField()
    college = SelectField(_l("Lead college"), coerce=_number)

    def set_colleges(self, colleges: Iterable[Organization]) -> None:
        """Offer the colleges for which the staff member makes programmes."""
        self.college.choices = [SelectChoice(str(college.id), college.name) for college in colleges]


class NextEditionForm(FlaskForm):
    """What differs between a programme and its next edition."""

    name = StringField(
        _l("Programme name"),
        filters=[stripped],
        validators=[DataRequired(_l("Name the programme.")), Length(max=120)],
    )
    name_en = StringField(_l("English name"), filters=[stripped], validators=[Optional(), Length(max=160)])
    code = StringField(
        _l("Programme number"),
        filters=[stripped],
        validators=[DataRequired(_l("Give the programme a number.")), Length(max=40)],
    )
    starts_on = DayField(_l("Begins on"), validators=[Optional()])
    ends_on = DayField(_l("Ends on"), validators=[Optional()])
    planned_size = WholeField(
        _l("Planned size"),
        validators=[
            Optional(),
            NumberRange(min=1, max=100_000, message=_l("Between 1 and 100,000 people.")),
        ],
    )

    validate_ends_on = FactsForm.validate_ends_on


class ReasonForm(FlaskForm):
    """Why something is done."""

    reason = TextAreaField(
        _l("Reason"),
        filters=[trimmed],
        validators=[DataRequired(_l("Say why; it stays in the trail.")), Length(max=500)],
    )


class DutyForm(FlaskForm):
    """A duty, of which party, held by whom."""

    organization = SelectField(_l("Party"), coerce=_number)
    text = StringField(
        _l("Duty"),
        filters=[stripped],
        validators=[DataRequired(_l("Say what the duty is.")), Length(max=200)],
    )
    person = StringField(_l("Held by"), filters=[stripped], validators=[Optional(), Length(max=80)])
    seen = HiddenField()

    def set_parties(self, program: Program) -> None:
        """Offer the parties of the programme."""
        self.organization.choices = [
            SelectChoice(str(party.organization_id), party.organization.name) for party in program.parties
        ]


class ContactForm(FlaskForm):
    """Who answers for a party."""

    contact = StringField(_l("Contact"), filters=[stripped], validators=[Optional(), Length(max=80)])


class RevenueLine:
    """One line of the split as it was typed, with what is wrong with it."""

    def __init__(self, label: str = "", organization: str = "", percent: str = "") -> None:
        self.label, self.organization, self.percent = label.strip(), organization.strip(), percent.strip()
        self.errors: dict[str, str] = {}

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed into it."""
        return not (self.label or self.percent)

    def read(self, known: set[int]) -> Share | None:
        """Return the share, or note what is wrong."""
        number = whole(self.organization)
        if not 0 < len(self.label) <= 80:
            self.errors["label"] = _("Name who gets this share, in at most 80 characters.")
        try:
            points = parse_percent(self.percent)
        except ValueError:
            self.errors["percent"] = _("Write a percentage such as 55 or 12.5.")
            return None
        if not 0 < points <= 10_000:
            self.errors["percent"] = _("Every share is above 0%, at most 100%.")
        return None if self.errors else Share(self.label, number if number in known else None, points)


class RevenueForm:
    """The whole split: as many lines as there are shares, and room for more."""

    def __init__(self, lines: list[RevenueLine], seen: str) -> None:
        self.lines, self.seen = lines, seen
        self.fault = ""

    @classmethod
    def of(cls, program: Program, shares: Iterable[RevenueShare], seen: str) -> RevenueForm:
        """Show the stored split, or the parties where there is none yet."""
        lines = [
            RevenueLine(share.label, str(share.organization_id or ""), say_hundredths(share.basis_points))
            for share in shares
        ]
        if not lines:
            lines = [
                RevenueLine(party.organization.short, str(party.organization_id))
                for party in program.parties
                if party.role.side
            ]
        return cls(lines + [RevenueLine() for _more in range(max(2, REVENUE_LINES // 2 - len(lines)))], seen)

    @classmethod
    def typed(cls, form: Any) -> RevenueForm:
        """Read what was typed."""
        columns = (
            form.getlist("label")[:50],
            form.getlist("organization")[:50],
            form.getlist("percent")[:50],
        )
        lines = [RevenueLine(*cells) for cells in zip(*columns, strict=False)]
        return cls(lines or [RevenueLine()], form.get("seen", ""))

    def with_more(self) -> RevenueForm:
        """Add room for two more lines."""
        self.lines += [RevenueLine(), RevenueLine()]
        return self

    @property
    def total(self) -> int:
        """What the lines that can be read add up to, in hundredths of a percent."""
        total = 0
        for line in self.lines:
            try:
                total += parse_percent(line.percent)
            except ValueError:
                continue
        return total

    def read(self, program: Program) -> list[Share] | None:
        """Return the shares, or None with what is wrong at the lines and in `fault`."""
        known = {party.organization_id for party in program.parties}
        lines = [line for line in self.lines if not line.is_blank]
        shares = [line.read(known) for line in lines]
        labels_typed = [line.label for line in lines]
        for line in lines:
            if labels_typed.count(line.label) > 1:
                line.errors.setdefault("label", _("This name stands twice."))
        whole = [share for share in shares if share]
        if any(line.errors for line in lines):
            return None
        if not whole:
            self.fault = _("The revenue split is not set yet")
        elif self.total != 10_000:
            self.fault = self.arithmetic()
        return None if self.fault else whole

    def arithmetic(self) -> str:
        """Return the sum in words: what it is, and what is lacking or too much."""
        typed = " + ".join(line.percent.rstrip("%％ ") for line in self.lines if line.percent)
        total, rest = say_hundredths(self.total), say_hundredths(abs(10_000 - self.total))
        if self.total == 10_000:
            return _("%(sum)s = 100%%, exactly", sum=typed)
        if self.total < 10_000:
            return _(
                "%(sum)s = %(total)s%%, %(rest)s%% are lacking", sum=typed or "0", total=total, rest=rest
            )
        return _("%(sum)s = %(total)s%%, %(rest)s%% too much", sum=typed, total=total, rest=rest)

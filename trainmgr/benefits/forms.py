"""Shape and coercion of what is typed about yields, income and claims."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from decimal import Decimal
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
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from trainmgr.benefits import labels
from trainmgr.benefits.claims import Terms
from trainmgr.benefits.incomes import Receipt
from trainmgr.benefits.models import JointYield
from trainmgr.benefits.rules import ClaimKind, IncomeKind, Share, YieldKind, shares_fault
from trainmgr.benefits.yields import Facts, share_sentence
from trainmgr.kernel.hours import ledger_minutes
from trainmgr.kernel.inputs import FigureField, tidy

SHARE_ROWS = 6
MOST_YUAN = 1_000_000_000


def _text(label: Any, most: int, message: Any) -> StringField:
    return StringField(label, filters=[tidy], validators=[DataRequired(message), Length(max=most)])


def _kinds(names: Mapping[Any, Any]) -> list[SelectChoice]:
    return [SelectChoice(kind.value, label) for kind, label in names.items()]


def _kind(label: Any, names: Mapping[Any, Any]) -> SelectField:
    return SelectField(label, choices=_kinds(names), validators=[InputRequired(_l("Choose one."))])


def _day(label: Any) -> DateField:
    return DateField(label, validators=[InputRequired(_l("Type a day such as 2026-06-30."))])


def _yuan(label: Any, most: int = MOST_YUAN, optional: bool = False) -> FigureField:
    first = Optional() if optional else InputRequired(_l("Type an amount in yuan."))
    limits = NumberRange(Decimal("0.01"), most, _l("An amount above 0 that can be."))
    return FigureField(label, decimals=2, validators=[first, limits])


def _cents(field: FigureField) -> int:
    return int((field.data or Decimal(0)) * 100)


class Owner(enum.StrEnum):
    """Who owns a share."""

    ORGANIZATION = "organization"
    PERSON = "person"


class ShareForm(Form):
    """An owner's share."""

    owner = StringField(_l("Owner"), filters=[tidy], validators=[Optional(), Length(max=120)])
    kind = SelectField(
        _l("Is"),
        choices=[
            SelectChoice(Owner.ORGANIZATION.value, _l("an organisation")),
            SelectChoice(Owner.PERSON.value, _l("a person")),
        ],
        default=Owner.ORGANIZATION.value,
        validate_choice=False,  # rows that stay empty have none; anything else is an organisation
    )
    percent = FigureField(
        _l("Share in per cent"),
        decimals=2,
        validators=[Optional(), NumberRange(0, 100, _l("From 0 to 100."))],
    )


class YieldForm(FlaskForm):
    """A research or product outcome."""

    version = HiddenField()
    kind = _kind(_l("Kind"), labels.YIELDS)
    title = _text(_l("Title of the outcome"), 160, _l("Type the title."))
    number = StringField(
        _l("Number (patent, registration, journal)"),
        filters=[tidy],
        validators=[Optional(), Length(max=80)],
    )
    achieved_on = _day(_l("Day it was there"))
    shares = FieldList(FormField(ShareForm), _l("Owners and shares"), min_entries=SHARE_ROWS, max_entries=12)
    ownership = TextAreaField(
        _l("Who may do what with it"),
        validators=[DataRequired(_l("Say who holds the rights.")), Length(max=500)],
    )
    benefit = TextAreaField(
        _l("Who gets what it earns"),
        validators=[DataRequired(_l("Say how what it earns is divided.")), Length(max=500)],
    )
    proof = FileField(_l("Proof"), validators=[Optional()])

    def validate_shares(self, field: FieldList) -> None:
        """They add up to 100%."""
        shares = self.typed_shares()
        fault = shares_fault(shares)
        if fault is not None:
            raise ValidationError(share_sentence(fault, shares))

    def typed_shares(self) -> list[Share]:
        """Return the shares of the rows that name an owner, or a share."""
        found = []
        for row in self.shares:
            owner, percent = row.form.owner.data, row.form.percent.data
            if owner or percent:
                points = int((percent or Decimal(0)) * 100)
                found.append(Share(owner or _("nobody"), row.form.kind.data == Owner.PERSON, points))
        return found

    def facts(self) -> Facts:
        """Return what was typed."""
        return Facts(
            YieldKind(self.kind.data), self.title.data, self.number.data or "", self.achieved_on.data,
            self.ownership.data.strip(), self.benefit.data.strip(), tuple(self.typed_shares()),
        )  # fmt: skip


def values_of(row: JointYield) -> dict[str, Any]:
    """Return what the form of an outcome shows."""
    shares = [
        {
            "owner": one.owner,
            "kind": (Owner.PERSON if one.is_person else Owner.ORGANIZATION).value,
            "percent": Decimal(one.basis_points) / 100,
        }
        for one in row.shares
    ]
    shares += [{"owner": "", "kind": Owner.ORGANIZATION.value, "percent": None}] * max(
        1, SHARE_ROWS - len(shares)
    )
    return {
        "version": str(row.version), "kind": row.kind.value, "title": row.title, "number": row.number,
        "achieved_on": row.achieved_on, "ownership": row.ownership, "benefit": row.benefit,
        "shares": shares[:12],
    }  # fmt: skip


class IncomeForm(FlaskForm):
    """An income."""

    received_on = _day(_l("Day of receipt"))
    kind = _kind(_l("Kind"), labels.INCOMES)
    source = _text(_l("From whom"), 120, _l("Say from whom it came."))
    amount = _yuan(_l("Amount in yuan"))
    note = StringField(_l("Note"), filters=[tidy], validators=[Optional(), Length(max=200)])

    def receipt(self) -> Receipt:
        """Return what was typed."""
        return Receipt(
            self.received_on.data, IncomeKind(self.kind.data), self.source.data, _cents(self.amount),
            self.note.data or "",
        )  # fmt: skip


class ReasonForm(FlaskForm):
    """Why something is done."""

    reason = _text(_l("Reason"), 200, _l("Say why."))


class ClaimForm(FlaskForm):
    """The rule of a claim."""

    kind = _kind(_l("Kind of subsidy"), labels.CLAIMS)
    office = _text(_l("Handed in to"), 120, _l("Say to whom it is handed in."))
    basis = _text(_l("By which document"), 200, _l("Name the document that grants the subsidy."))
    amount = _yuan(_l("Yuan a head"), 100_000)
    least_hours = FigureField(
        _l("Hours at least"),
        decimals=2,
        validators=[Optional(), NumberRange(0, 10_000, _l("From 0 to 10,000."))],
    )
    needs_certificate = BooleanField(
        _l("Only who holds a certificate (of completion, or a verified one of others)")
    )

    def terms(self) -> Terms:
        """Return what was typed."""
        return Terms(
            ClaimKind(self.kind.data), self.office.data, self.basis.data, _cents(self.amount),
            ledger_minutes(self.least_hours.data or Decimal(0)), bool(self.needs_certificate.data),
        )  # fmt: skip


class SettleForm(FlaskForm):
    """What the office did with a claim."""

    note = StringField(
        _l("Document number, or reason"), filters=[tidy], validators=[Optional(), Length(max=200)]
    )
    paid = _yuan(_l("Paid, in yuan"), optional=True)

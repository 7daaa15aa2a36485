"""Writes of income: enter with its split, cancel by a counter-entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.benefits import queries
from trainmgr.benefits.models import Income, IncomePart
from trainmgr.benefits.rules import MOST_CENTS, IncomeKind, split
from trainmgr.benefits.yields import require_running
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.programs.models import Program

ENTERED = audit.sentence("income.enter", _l("%(who)s entered an income of %(yuan)s yuan from %(what)s"))
CANCELLED = audit.sentence(
    "income.cancel", _l("%(who)s cancelled the income of %(yuan)s yuan from %(what)s: %(reason)s")
)


@dataclass(frozen=True)
class Receipt:
    """What is typed about an income; cents."""

    received_on: date
    kind: IncomeKind
    source: str
    amount_cents: int
    note: str = ""


def enter(program: Program, given: Receipt, *, by: User, now: datetime) -> Income:
    """Enter an income and split it by the shares as they stand; the parts add up to it to the cent."""
    require_running(program)
    require(given.received_on <= local_day(now), _("Income is entered when it is there, not before."))
    require(0 < given.amount_cents <= MOST_CENTS, _("An amount above 0, at most a thousand million yuan."))
    row = Income(
        program_id=program.id, received_on=given.received_on, kind=given.kind, source=given.source,
        amount_cents=given.amount_cents, note=given.note, by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    portions = queries.portions_of(program)
    cents = split(given.amount_cents, [portion.basis_points for portion in portions])
    row.parts = [
        IncomePart(
            position=place, label=one.label, organization_id=one.organization_id,
            basis_points=one.basis_points, cents=part,
        )
        for place, (one, part) in enumerate(zip(portions, cents, strict=True), start=1)
    ]  # fmt: skip
    db.session.add(row)
    _tell(ENTERED, row, by, now)
    return row


def cancel(program: Program, row: Income, *, reason: str, by: User, now: datetime) -> Income:
    """Cancel an income by a counter-entry with the same parts below zero; told twice it is refused."""
    require(row.cancels_id is None, _("A counter-entry is not cancelled."))
    require(reason.strip(), _("Say why the income is cancelled."))
    db.session.execute(sa.select(Income.id).where(Income.id == row.id).with_for_update())
    if queries.is_cancelled(row):
        raise Conflict(_("This income was cancelled already."))
    counter = Income(
        program_id=program.id, received_on=row.received_on, kind=row.kind, source=row.source,
        amount_cents=-row.amount_cents, note=reason.strip(), cancels_id=row.id, by_id=by.id,
        by_name=by.name, at=now,
    )  # fmt: skip
    counter.parts = [
        IncomePart(
            position=one.position, label=one.label, organization_id=one.organization_id,
            basis_points=one.basis_points, cents=-one.cents,
        )
        for one in row.parts
    ]  # fmt: skip
    db.session.add(counter)
    _tell(CANCELLED, counter, by, now, reason=reason.strip())
    return counter


def _tell(action: str, row: Income, by: User, now: datetime, reason: str = "") -> None:
    yuan = f"{abs(row.amount_cents) / 100:,.2f}"
    audit.record(
        action, row, by=by, now=now, program_id=row.program_id, name=row.source, yuan=yuan, reason=reason
    )

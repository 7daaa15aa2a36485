"""Reads of yields, income and claims; every row starts from programmes and people whom the viewer may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import selectinload

from trainmgr.benefits.models import (
    ClaimPerson,
    Income,
    IncomePart,
    JointYield,
    SubsidyClaim,
)
from trainmgr.benefits.rules import ClaimKind, ClaimState, IncomeKind, YieldKind, YieldState
from trainmgr.identity.models import Organization
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program, RevenueShare

SUBJECT = "joint_yield"


# --- research and products -----------------------------------------------------------------------


def list_yields(program: Program, listing: Listing, chosen: Mapping[str, str]) -> Page[JointYield]:
    """Return a page of a programme's research and product outcomes; replaced ones are left out."""
    later = sa.orm.aliased(JointYield)
    statement = (
        sa.select(JointYield)
        .where(
            JointYield.program_id == program.id,
            ~sa.exists().where(later.replaces_id == JointYield.id, later.state == YieldState.SIGNED),
        )
        .options(selectinload(JointYield.shares))
    )
    if listing.q:
        statement = statement.where(
            sa.or_(contains(JointYield.title, listing.q), contains(JointYield.number, listing.q))
        )
    if chosen.get("kind") in {kind.value for kind in YieldKind}:
        statement = statement.where(JointYield.kind == YieldKind(chosen["kind"]))
    orders = {
        "title": (JointYield.title, JointYield.id),
        "day": (JointYield.achieved_on, JointYield.id),
    }
    return paginate(statement, listing, orders=orders, default="day", filters=chosen)


def yield_or_404(program: Program, yield_id: int) -> JointYield:
    """Return a research or product outcome of a programme with its shares, or answer 404."""
    found: JointYield | None = db.session.scalars(
        sa.select(JointYield)
        .where(JointYield.id == yield_id, JointYield.program_id == program.id)
        .options(selectinload(JointYield.shares))
    ).one_or_none()
    return found if found is not None else abort(404)


def replacement_of(row: JointYield) -> JointYield | None:
    """Return what replaces an outcome, if anything."""
    return db.session.scalars(sa.select(JointYield).where(JointYield.replaces_id == row.id)).one_or_none()


def proof_of(row: JointYield) -> StoredFile | None:
    """Return the proof of an outcome, if one was handed in."""
    return db.session.get(StoredFile, row.file_id) if row.file_id else None


def export_yields(program: Program) -> Iterable[JointYield]:
    """Return all outcomes of a programme by day, with their shares."""
    return db.session.scalars(
        sa.select(JointYield)
        .where(JointYield.program_id == program.id)
        .options(selectinload(JointYield.shares))
        .order_by(JointYield.achieved_on, JointYield.id)
        .execution_options(yield_per=500)
    )


# --- income --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Portion:
    """Whose share of the income how large is."""

    label: str
    organization_id: int | None
    basis_points: int


def portions_of(program: Program) -> list[Portion]:
    """Return how a programme's income is split today; the lead college has it all where nothing else is agreed."""
    rows = db.session.execute(
        sa.select(RevenueShare.label, RevenueShare.organization_id, RevenueShare.basis_points)
        .where(RevenueShare.program_id == program.id)
        .order_by(RevenueShare.basis_points.desc(), RevenueShare.id)
    ).all()
    if rows:
        return [Portion(*row) for row in rows]
    name = db.session.scalars(
        sa.select(Organization.name).where(Organization.id == program.lead_college_id)
    ).one()
    return [Portion(name, program.lead_college_id, 10_000)]


def list_incomes(program: Program, listing: Listing) -> Page[Any]:
    """Return a page of a programme's income with its split, the latest first: (income, was cancelled)."""
    counter = sa.orm.aliased(Income)
    cancelled = sa.exists().where(counter.cancels_id == Income.id)
    statement = (
        sa.select(Income, cancelled)
        .where(Income.program_id == program.id)
        .options(selectinload(Income.parts))
    )
    if listing.q:
        statement = statement.where(contains(Income.source, listing.q))
    orders = {
        "day": (Income.received_on, Income.id),
        "source": (Income.source, Income.id),
        "amount": (Income.amount_cents, Income.id),
    }
    if not listing.sort:
        listing = Listing(listing.number, listing.q, "day", "desc")
    return paginate(statement, listing, orders=orders, default="day", scalars=False)


def is_cancelled(row: Income) -> bool:
    """Tell whether an income was cancelled."""
    return bool(db.session.scalar(sa.select(sa.exists().where(Income.cancels_id == row.id))))


def income_or_404(program: Program, income_id: int) -> Income:
    """Return an income of a programme with its split, or answer 404."""
    found: Income | None = db.session.scalars(
        sa.select(Income)
        .where(Income.id == income_id, Income.program_id == program.id)
        .options(selectinload(Income.parts))
    ).one_or_none()
    return found if found is not None else abort(404)


def totals_of(program: Program) -> list[tuple[str, int]]:
    """Return how much of all income came to whom, the largest part first."""
    total = sa.func.sum(IncomePart.cents)
    rows = db.session.execute(
        sa.select(IncomePart.label, total)
        .join(Income, Income.id == IncomePart.income_id)
        .where(Income.program_id == program.id)
        .group_by(IncomePart.label)
        .order_by(total.desc(), IncomePart.label)
    )
    return [(row[0], int(row[1])) for row in rows]


def export_incomes(program: Program) -> Iterable[Any]:
    """Return a programme's income, one row a part, by day."""
    return db.session.execute(
        sa.select(
            Income.received_on, Income.kind, Income.source, Income.amount_cents, IncomePart.label,
            IncomePart.basis_points, IncomePart.cents, Income.note, Income.by_name,
        )
        .join(IncomePart, IncomePart.income_id == Income.id)
        .where(Income.program_id == program.id)
        .order_by(Income.received_on, Income.id, IncomePart.position)
        .execution_options(yield_per=1_000)
    )  # fmt: skip


# --- for quality and reporting -------------------------------------------------------------------


def income_by_year(programs: sa.Select[int], first: date, last: date) -> dict[IncomeKind, int]:
    """Return the income of programmes in a period by kind, in cents; counter-entries are taken off.

    `programs` is a select of programme ids (those that the asker may count).
    """
    rows = db.session.execute(
        sa.select(Income.kind, sa.func.sum(Income.amount_cents))
        .where(Income.program_id.in_(programs), Income.received_on.between(first, last))
        .group_by(Income.kind)
    )
    return {row[0]: int(row[1]) for row in rows}


@dataclass(frozen=True)
class ClaimFigures:
    """Claims of a kind that were handed in in a period: how many, people and cents claimed, people and cents paid."""

    claims: int
    people: int
    cents: int
    paid_people: int
    paid_cents: int


def claims_by_year(programs: sa.Select[int], first: date, last: date) -> dict[ClaimKind, ClaimFigures]:
    """Return the claims of programmes handed in in a period, by kind; returned ones do not count."""
    paid = SubsidyClaim.state == ClaimState.PAID
    rows = db.session.execute(
        sa.select(
            SubsidyClaim.kind,
            sa.func.count(),
            sa.func.sum(SubsidyClaim.people),
            sa.func.sum(SubsidyClaim.total_cents),
            sa.func.coalesce(sa.func.sum(sa.case((paid, SubsidyClaim.people))), 0),
            sa.func.coalesce(sa.func.sum(sa.case((paid, SubsidyClaim.paid_cents))), 0),
        )
        .where(
            SubsidyClaim.program_id.in_(programs),
            SubsidyClaim.state.not_in((ClaimState.DRAFT, ClaimState.RETURNED)),
            SubsidyClaim.submitted_on.between(first, last),
        )
        .group_by(SubsidyClaim.kind)
    )
    return {row[0]: ClaimFigures(*(int(value) for value in row[1:])) for row in rows}


def subsidised_people(programs: sa.Select[int], first: date, last: date) -> int:
    """Return how many different people claims of a period are for; returned ones do not count."""
    found = (
        sa.select(sa.func.count(sa.distinct(ClaimPerson.user_id)))
        .join(SubsidyClaim, SubsidyClaim.id == ClaimPerson.claim_id)
        .where(
            SubsidyClaim.program_id.in_(programs),
            SubsidyClaim.state.not_in((ClaimState.DRAFT, ClaimState.RETURNED)),
            SubsidyClaim.submitted_on.between(first, last),
        )
    )
    return db.session.scalar(found) or 0


def yields_by_kind(programs: sa.Select[int], first: date, last: date) -> dict[Any, int]:
    """Return how many signed research and product outcomes programmes had in a period, by kind."""
    later = sa.orm.aliased(JointYield)
    rows = db.session.execute(
        sa.select(JointYield.kind, sa.func.count())
        .where(
            JointYield.program_id.in_(programs),
            JointYield.state == YieldState.SIGNED,
            JointYield.achieved_on.between(first, last),
            ~sa.exists().where(later.replaces_id == JointYield.id, later.state == YieldState.SIGNED),
        )
        .group_by(JointYield.kind)
    )
    return {row[0]: row[1] for row in rows}

"""Reads of the ledger of awards and of shortlists, and what quality and reports may count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from trainmgr.contests.award_models import AwardHolder, ContestAward, Shortlisted
from trainmgr.contests.models import Contest, ContestEntry, ContestMember
from trainmgr.contests.queries import COLLEGE, ENTERPRISE
from trainmgr.contests.rules import ContestState, Level
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.rules import AWAY
from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate

STANDS = ContestAward.withdrawn_at.is_(None)


# --- for other features -----------------------------------------------------------------------------------


def awards_by_level_and_year(
    college_id: int,
    first: date,
    last: date,
    *,
    program_id: int | None = None,
    enterprise_id: int | None = None,
) -> dict[tuple[int, Level], tuple[int, int]]:
    """Return by year and level how many awards a college's trainees won in a period, and how many people hold them.

    A team's award counts once, its holders each; what was withdrawn does not count (one statement). With an enterprise
    only awards of its trainees count.
    """
    statement = (
        sa.select(
            ContestAward.year,
            ContestAward.level,
            sa.func.count(sa.distinct(ContestAward.id)),
            sa.func.count(sa.distinct(AwardHolder.enrolment_id)),
        )
        .outerjoin(AwardHolder, AwardHolder.award_id == ContestAward.id)
        .where(
            ContestAward.college_id == college_id,
            STANDS,
            ContestAward.year.between(first.year, last.year),
            ContestAward.awarded_on.between(first, last),
        )
        .group_by(ContestAward.year, ContestAward.level)
    )
    if program_id is not None:
        statement = statement.where(ContestAward.program_id == program_id)
    if enterprise_id is not None:
        statement = statement.join(Enrolment, Enrolment.id == AwardHolder.enrolment_id).where(
            Enrolment.enterprise_id == enterprise_id
        )
    return {
        (year, level): (awards, people) for year, level, awards, people in db.session.execute(statement).all()
    }


def awards_held(enrolment_ids: Sequence[int]) -> list[tuple[int, ContestAward]]:
    """Return the awards that stand with who holds them, by day (one statement): for a person's file."""
    rows = db.session.execute(
        sa.select(AwardHolder.enrolment_id, ContestAward)
        .join(ContestAward, ContestAward.id == AwardHolder.award_id)
        .where(AwardHolder.enrolment_id.in_(enrolment_ids), STANDS)
        .order_by(ContestAward.awarded_on, ContestAward.id)
    )
    return [(enrolment_id, award) for enrolment_id, award in rows]


# --- the ledger ---------------------------------------------------------------------------------------------


def visible_to(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on ContestAward: a college's people see its own, enterprises their trainees'."""
    mine = sa.select(AwardHolder.award_id).join(Enrolment, Enrolment.id == AwardHolder.enrolment_id)
    seen = [ContestAward.id.in_(mine.where(Enrolment.user_id == viewer.id))]
    if colleges := viewer.organizations_as(*COLLEGE):
        seen.append(ContestAward.college_id.in_(colleges))
    if enterprises := viewer.organizations_as(*ENTERPRISE):
        seen.append(ContestAward.id.in_(mine.where(Enrolment.enterprise_id.in_(enterprises))))
        seen.append(ContestAward.giver_id.in_(enterprises))
    return sa.or_(*seen)


@dataclass(frozen=True)
class AwardFilters:
    """What a reader narrows the ledger down to."""

    year: int | None = None
    level: str = ""
    q: str = ""

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return the conditions on ContestAward."""
        found: list[sa.ColumnElement[bool]] = []
        if self.year:
            found.append(ContestAward.year == self.year)
        if self.level in set(Level):
            found.append(ContestAward.level == Level(self.level))
        if self.q:
            found.append(
                sa.or_(
                    contains(ContestAward.contest_name, self.q), contains(ContestAward.holders_text, self.q)
                )
            )
        return found


def list_awards(viewer: User, listing: Listing, filters: AwardFilters) -> Page[Any]:
    """Return a page of the ledger, the latest first (two statements)."""
    statement = (
        sa.select(ContestAward)
        .where(visible_to(viewer), *filters.conditions())
        .options(joinedload(ContestAward.giver))
    )
    orders: dict[str, list[Any]] = {
        "latest": [sa.desc(ContestAward.awarded_on), sa.desc(ContestAward.id)],
        "day": [ContestAward.awarded_on, ContestAward.id],
        "contest": [ContestAward.contest_name, ContestAward.id],
        "level": [ContestAward.level, ContestAward.id],
    }
    return paginate(statement, listing, orders=orders, default="latest")


def counts(viewer: User, filters: AwardFilters) -> list[tuple[int, dict[Level, int]]]:
    """Return by year, the latest first, how many awards of each level the viewer sees (one statement)."""
    rows = db.session.execute(
        sa.select(ContestAward.year, ContestAward.level, sa.func.count())
        .where(visible_to(viewer), STANDS, *filters.conditions())
        .group_by(ContestAward.year, ContestAward.level)
    )
    found: dict[int, dict[Level, int]] = {}
    for year, level, count in rows:
        found.setdefault(year, {})[level] = count
    return sorted(found.items(), reverse=True)[:10]


def export_awards(viewer: User, filters: AwardFilters) -> Iterator[ContestAward]:
    """Yield the whole ledger in sight, read a thousand rows at a time."""
    yield from db.session.scalars(
        sa.select(ContestAward)
        .where(visible_to(viewer), *filters.conditions())
        .options(joinedload(ContestAward.giver))
        .order_by(ContestAward.awarded_on.desc(), ContestAward.id.desc())
        .execution_options(yield_per=1000)
    )


def award_or_404(award_id: int, viewer: User) -> ContestAward:
    """Return an award in sight, or answer 404."""
    return db.session.scalars(
        sa.select(ContestAward)
        .where(ContestAward.id == award_id, visible_to(viewer))
        .options(
            joinedload(ContestAward.giver), joinedload(ContestAward.proof), joinedload(ContestAward.contest)
        )
    ).one_or_none() or abort(404)


def find_holders(college_ids: Sequence[int], numbers: Sequence[str]) -> dict[str, list[Enrolment]]:
    """Return the trainees of colleges by the student or employee numbers typed, those who have left too."""
    rows = db.session.scalars(
        sa.select(Enrolment).where(
            Enrolment.college_id.in_(college_ids),
            sa.or_(Enrolment.student_number.in_(numbers), Enrolment.employee_number.in_(numbers)),
        )
    )
    found: dict[str, list[Enrolment]] = {}
    for enrolment in rows:
        for number in {enrolment.student_number, enrolment.employee_number} & set(numbers):
            found.setdefault(number, []).append(enrolment)
    return found


# --- the shortlist --------------------------------------------------------------------------------------------


def houses(viewer: User) -> frozenset[int]:
    """Return the enterprises whose shortlist the viewer keeps."""
    return viewer.organizations_where(Permission.CONTEST_SHORTLIST) & viewer.organizations_as(
        Role.ENTERPRISE_COORDINATOR
    )


def list_shortlisted(viewer: User, listing: Listing) -> Page[Any]:
    """Return a page of the viewer's enterprise's shortlist, the newest first (two statements)."""
    statement = (
        sa.select(Shortlisted)
        .join(Enrolment, Enrolment.id == Shortlisted.enrolment_id)
        .where(Shortlisted.enterprise_id.in_(houses(viewer)), Shortlisted.removed_at.is_(None))
        .options(joinedload(Shortlisted.enrolment), joinedload(Shortlisted.contest))
    )
    if listing.q:
        statement = statement.where(contains(Enrolment.name, listing.q))
    orders: dict[str, list[Any]] = {
        "latest": [sa.desc(Shortlisted.at), sa.desc(Shortlisted.id)],
        "name": [Enrolment.name, Shortlisted.id],
    }
    return paginate(statement, listing, orders=orders, default="latest")


def proposed(viewer: User, limit: int = 20) -> Sequence[Any]:
    """Return those of the enterprise's trainees who came first to third in a published contest and are not listed."""
    mine = houses(viewer)
    listed = sa.exists().where(
        Shortlisted.enrolment_id == Enrolment.id,
        Shortlisted.enterprise_id == Enrolment.enterprise_id,
        Shortlisted.removed_at.is_(None),
    )
    return db.session.execute(
        sa.select(Enrolment, Contest, ContestEntry.placed, ContestEntry.score)
        .join(ContestMember, ContestMember.enrolment_id == Enrolment.id)
        .join(ContestEntry, ContestEntry.id == ContestMember.entry_id)
        .join(Contest, Contest.id == ContestEntry.contest_id)
        .where(
            Enrolment.enterprise_id.in_(mine),
            Enrolment.state.not_in(AWAY),
            ContestMember.is_active,
            Contest.state == ContestState.PUBLISHED,
            ContestEntry.placed <= 3,
            ~listed,
        )
        .order_by(Contest.held_on.desc(), ContestEntry.placed, Enrolment.id)
        .limit(limit)
    ).all()


def own_trainee_or_404(enrolment_id: int, viewer: User) -> Enrolment:
    """Return a trainee of the viewer's enterprise, or answer 404."""
    return db.session.scalars(
        sa.select(Enrolment).where(Enrolment.id == enrolment_id, Enrolment.enterprise_id.in_(houses(viewer)))
    ).one_or_none() or abort(404)


def shortlisted_or_404(row_id: int, viewer: User) -> Shortlisted:
    """Return a line of the viewer's enterprise's shortlist, or answer 404."""
    return db.session.scalars(
        sa.select(Shortlisted)
        .where(Shortlisted.id == row_id, Shortlisted.enterprise_id.in_(houses(viewer)))
        .options(joinedload(Shortlisted.enrolment))
    ).one_or_none() or abort(404)

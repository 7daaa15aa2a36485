"""Reads of placements; every one starts from the trainees whom the viewer may see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, contains_eager, joinedload, with_expression

from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import PAGE_SIZE, Listing, Page, contains, paginate
from trainmgr.mentoring.models import Assignment, Mentor
from trainmgr.placements.conditions import COUNTED, IS_OPEN, all_days, not_kept
from trainmgr.placements.models import (
    Placement,
    PlacementChange,
    PlacementPost,
    PlacementSignature,
    PlacementState,
    RuleCode,
    Signatory,
)
from trainmgr.placements.rules import Rule
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side

PRESENT = Enrolment.state.in_((EnrolmentState.TRAINING, EnrolmentState.REMEDIAL))
MOST_AT_ONCE = 5_000
UNSIGNED = Placement.signed < len(Signatory)


@dataclass(frozen=True)
class Chosen:
    """What the list is narrowed to."""

    cohort: int | None = None
    host: int | None = None
    state: str = ""
    unsigned: bool = False
    rule: str = ""


@dataclass(frozen=True)
class Totals:
    """How many placements there are in each state, and how many open ones lack a signature."""

    total: int = 0
    planned: int = 0
    running: int = 0
    ended: int = 0
    called_off: int = 0
    unsigned: int = 0


def _joined(*columns: Any) -> sa.Select[Any]:
    return (
        sa.select(*columns)
        .select_from(Placement)
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .join(PlacementPost, PlacementPost.id == Placement.post_id)
    )


def _with_everything() -> sa.Select[Any]:
    return (
        _joined(Placement)
        .join(Organization, Organization.id == PlacementPost.organization_id)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .options(
            contains_eager(Placement.enrolment).contains_eager(Enrolment.cohort),
            contains_eager(Placement.post).contains_eager(PlacementPost.organization),
        )
    )


def _narrowed(q: str, chosen: Chosen, versions: Sequence[Rule]) -> Iterator[sa.ColumnElement[bool]]:
    if q:
        yield sa.or_(
            contains(Enrolment.name, q), contains(PlacementPost.name, q), contains(Placement.site, q)
        )
    if chosen.cohort is not None:
        yield Enrolment.cohort_id == chosen.cohort
    if chosen.host is not None:
        yield PlacementPost.organization_id == chosen.host
    if chosen.state in set(PlacementState):
        yield Placement.state == PlacementState(chosen.state)
    if chosen.unsigned:
        yield sa.and_(UNSIGNED, IS_OPEN)
    if chosen.rule in set(COUNTED):
        yield sa.and_(not_kept(RuleCode(chosen.rule), versions), IS_OPEN)


ORDERS: dict[str, list[Any]] = {
    "name": [Enrolment.name, Placement.id],
    "class": [Cohort.name, Enrolment.name, Placement.id],
    "post": [PlacementPost.name, Enrolment.name, Placement.id],
    "starts": [Placement.starts_on, Placement.id],
    "ends": [Placement.ends_on, Placement.id],
    "signed": [Placement.signed, Placement.id],
}


def list_placements(
    program: Program,
    viewer: User,
    listing: Listing,
    chosen: Chosen,
    versions: Sequence[Rule],
    *,
    total: int | None = None,
    counted: int | None = None,
    only_open: bool = False,
) -> Page[Placement]:
    """Return a page of placements with trainee, class, post and enterprise.

    `total` saves the counting of all, `counted` that of those which are chosen (both without a search).
    `only_open` is the panel's: it brings all days of the trainee with each.
    """
    conditions = [
        Placement.program_id == program.id,
        visible_in(program, viewer),
        *_narrowed(listing.q, chosen, versions),
    ]
    if only_open:
        conditions.append(IS_OPEN)
    if chosen != Chosen() and not listing.q and counted is not None:
        total = counted
    elif listing.q or chosen != Chosen():
        total = db.session.scalar(_joined(sa.func.count()).where(*conditions)) or 0
    statement = _with_everything().where(*conditions)
    if only_open:
        statement = statement.options(with_expression(Placement.all_days, all_days()))
    page: Page[Placement] = paginate(statement, listing, orders=ORDERS, default="name", total=total)
    return page


def totals_of(program: Program, viewer: User) -> Totals:
    """Count the placements that the viewer may see: one statement."""

    def those(condition: sa.ColumnElement[bool]) -> Any:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    row = db.session.execute(
        sa.select(
            sa.func.count(),
            *(those(Placement.state == state) for state in PlacementState),
            those(sa.and_(UNSIGNED, IS_OPEN)),
        )
        .select_from(Placement)
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .where(Placement.program_id == program.id, visible_in(program, viewer))
    ).one()
    return Totals(*row)


def placement_or_404(program: Program, placement_id: int, viewer: User) -> Placement:
    """Return a placement with all that stands around it and is signed and lifted, or answer 404: one statement."""
    found: Placement | None = (
        db.session.scalars(
            _with_everything()
            .where(
                Placement.id == placement_id, Placement.program_id == program.id, visible_in(program, viewer)
            )
            .options(
                contains_eager(Placement.enrolment).joinedload(Enrolment.enterprise_mentor),
                joinedload(Placement.signatures),
                joinedload(Placement.overrides),
                with_expression(Placement.all_days, all_days()),
            )
        )
        .unique()
        .one_or_none()
    )
    return found if found is not None else abort(404)


def chosen_placements(program: Program, viewer: User, ids: Sequence[int]) -> list[Placement]:
    """Return the placements with these ids that the viewer may see, by name."""
    return list(
        db.session.scalars(
            _with_everything()
            .where(Placement.program_id == program.id, Placement.id.in_(ids), visible_in(program, viewer))
            .order_by(Enrolment.name, Placement.id)
        )
    )


def history_of(placement: Placement) -> list[PlacementChange]:
    """Return everything that happened to a placement, the newest first."""
    return list(
        db.session.scalars(
            sa.select(PlacementChange)
            .where(PlacementChange.placement_id == placement.id)
            .options(joinedload(PlacementChange.post).joinedload(PlacementPost.organization))
            .order_by(PlacementChange.id.desc())
        )
    )


@dataclass(frozen=True)
class MentorTerm:
    """A mentor of the enterprise's side during a placement."""

    name: str
    starts_on: date
    ends_on: date | None
    reason: str


def mentors_during(placement: Placement) -> list[MentorTerm]:
    """Return the enterprise mentors whom the trainee had during a placement, from mentoring's own history."""
    rows = db.session.execute(
        sa.select(Mentor.name, Assignment.starts_on, Assignment.ends_on, Assignment.reason)
        .join(Mentor, Mentor.id == Assignment.mentor_id)
        .where(
            Assignment.enrolment_id == placement.enrolment_id,
            Assignment.side == Side.ENTERPRISE,
            Assignment.starts_on <= placement.ends_on,
            sa.or_(Assignment.ends_on.is_(None), Assignment.ends_on >= placement.starts_on),
        )
        .order_by(Assignment.starts_on)
    )
    return [MentorTerm(*row) for row in rows]


def my_placements(viewer: User) -> list[Placement]:
    """Return a trainee's own placements in all programmes, the newest first."""
    return list(
        db.session.scalars(
            _with_everything()
            .options(contains_eager(Placement.enrolment).joinedload(Enrolment.program))
            .where(Enrolment.user_id == viewer.id)
            .order_by(Placement.starts_on.desc(), Placement.id.desc())
            .limit(50)
        )
    )


# --- who may sign -----------------------------------------------------------------------------------


def signatories_of(placement: Placement, viewer: User) -> list[Signatory]:
    """Return for whom the viewer may sign a placement (with trainee and post)."""
    found = []
    if placement.enrolment.college_id in viewer.organizations_as(Role.STAFF):
        found.append(Signatory.SCHOOL)
    if placement.post.organization_id in viewer.organizations_as(Role.ENTERPRISE_COORDINATOR):
        found.append(Signatory.ENTERPRISE)
    if placement.enrolment.user_id == viewer.id:
        found.append(Signatory.TRAINEE)
    return found


def by_signatory(placements: Sequence[Placement], viewer: User) -> dict[Signatory, list[Placement]]:
    """Return placements by the one of the three for whom the viewer may sign them."""
    found: dict[Signatory, list[Placement]] = {}
    for placement in placements:
        for signatory in signatories_of(placement, viewer):
            found.setdefault(signatory, []).append(placement)
    return found


def list_to_sign(program: Program, viewer: User, listing: Listing) -> Page[Placement]:
    """Return a page of the open placements that wait for the viewer's signature."""
    signed = aliased(PlacementSignature)

    def waits(signatory: Signatory) -> sa.ColumnElement[bool]:
        return ~sa.exists().where(
            signed.placement_id == Placement.id,
            signed.number == Placement.number,
            signed.signatory == signatory,
        )

    mine = [
        sa.and_(Enrolment.college_id.in_(viewer.organizations_as(Role.STAFF)), waits(Signatory.SCHOOL)),
        sa.and_(
            PlacementPost.organization_id.in_(viewer.organizations_as(Role.ENTERPRISE_COORDINATOR)),
            waits(Signatory.ENTERPRISE),
        ),
        sa.and_(Enrolment.user_id == viewer.id, waits(Signatory.TRAINEE)),
    ]
    conditions = [
        Placement.program_id == program.id, visible_in(program, viewer), IS_OPEN, UNSIGNED, sa.or_(*mine)
    ]  # fmt: skip
    if listing.q:
        conditions += _narrowed(listing.q, Chosen(), ())
    total = db.session.scalar(_joined(sa.func.count()).where(*conditions)) or 0
    page: Page[Placement] = paginate(
        _with_everything().where(*conditions), listing, orders=ORDERS, default="name", total=total
    )
    return page


# --- who has none yet -------------------------------------------------------------------------------


def list_unplaced(
    program: Program, viewer: User, listing: Listing, cohort: int | None, *, whole: bool = False
) -> Page[Enrolment]:
    """Return a page of the present trainees without an open placement (`whole`: all of them on one page)."""
    placed = sa.exists().where(Placement.enrolment_id == Enrolment.id, IS_OPEN)
    statement = (
        sa.select(Enrolment)
        .where(visible_in(program, viewer), PRESENT, ~placed)
        .options(joinedload(Enrolment.cohort), joinedload(Enrolment.enterprise))
    )
    if listing.q:
        statement = statement.where(contains(Enrolment.name, listing.q))
    if cohort is not None:
        statement = statement.where(Enrolment.cohort_id == cohort)
    orders: dict[str, list[Any]] = {"name": [Enrolment.name, Enrolment.id]}
    size = MOST_AT_ONCE if whole else PAGE_SIZE
    page: Page[Enrolment] = paginate(statement, listing, orders=orders, default="name", size=size)
    return page


def trainees(program: Program, viewer: User, ids: Sequence[int]) -> list[Enrolment]:
    """Return the present trainees with these ids whom the viewer may see, by name."""
    return list(
        db.session.scalars(
            sa.select(Enrolment)
            .where(visible_in(program, viewer), PRESENT, Enrolment.id.in_(ids))
            .options(joinedload(Enrolment.cohort), joinedload(Enrolment.enterprise))
            .order_by(Enrolment.name, Enrolment.id)
        )
    )

"""Reads of improvement; every one starts from the programmes that the viewer may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, contains_eager, joinedload

from trainmgr.identity.models import Membership, Organization, User
from trainmgr.improvement.models import ImprovementDeed, ImprovementItem, ImprovementProposal
from trainmgr.improvement.rules import Phase, ProposalState
from trainmgr.kernel.access import GRANTS, Permission, Role
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program, ProgramPerson
from trainmgr.programs.queries import visible_to

MOST_DOERS = 300
MOST_CHOICES = 200
DOERS = tuple(role for role in Role if Permission.IMPROVEMENT_DO in GRANTS[role])


@dataclass(frozen=True)
class Chosen:
    """What a reader asked a list for; nothing chosen is all."""

    phase: Phase | None = None
    late: bool = False
    mine: bool = False
    college_id: int | None = None
    department_id: int | None = None
    program_id: int | None = None


def _conditions(viewer: User, chosen: Chosen, q: str, today: date) -> list[Any]:
    wanted: list[Any] = [visible_to(viewer)]
    if chosen.program_id is not None:
        wanted.append(ImprovementItem.program_id == chosen.program_id)
    if chosen.college_id is not None:
        wanted.append(Program.lead_college_id == chosen.college_id)
    if chosen.department_id is not None:
        wanted.append(Program.department_id == chosen.department_id)
    if chosen.phase is not None:
        wanted.append(ImprovementItem.phase == chosen.phase)
    if chosen.late:
        wanted += [ImprovementItem.phase != Phase.CLOSED, ImprovementItem.due_on < today]
    if chosen.mine:
        wanted.append(ImprovementItem.doer_id == viewer.id)
    if q:
        wanted.append(sa.or_(contains(ImprovementItem.title, q), contains(ImprovementItem.doer_name, q)))
    return wanted


def _order() -> sa.ColumnElement[int]:
    return sa.case((ImprovementItem.phase == Phase.CLOSED, 1), else_=0)


def list_items(viewer: User, listing: Listing, chosen: Chosen, today: date) -> Page[Any]:
    """Return a page of items, each with its programme; what is not settled comes first, by its day: two statements."""
    statement = (
        sa.select(ImprovementItem)
        .join(ImprovementItem.program)
        .where(*_conditions(viewer, chosen, listing.q, today))
        .options(contains_eager(ImprovementItem.program).load_only(Program.name, Program.name_en))
    )
    orders: dict[str, Sequence[Any]] = {
        "due": [_order(), ImprovementItem.due_on, ImprovementItem.id],
        "title": [ImprovementItem.title, ImprovementItem.id],
        "doer": [ImprovementItem.doer_name, ImprovementItem.id],
        "program": [Program.name, ImprovementItem.due_on, ImprovementItem.id],
    }
    return paginate(statement, listing, orders=orders, default="due")


def export_rows(viewer: User, chosen: Chosen, q: str, today: date) -> Iterable[Any]:
    """Return all items of a list with programme, college and department, read a thousand rows at a time."""
    college, department = aliased(Organization), aliased(Organization)
    return db.session.execute(
        sa.select(ImprovementItem, Program.name, college.name, department.name)
        .join(Program, Program.id == ImprovementItem.program_id)
        .join(college, college.id == Program.lead_college_id)
        .outerjoin(department, department.id == Program.department_id)
        .where(*_conditions(viewer, chosen, q, today))
        .order_by(_order(), ImprovementItem.due_on, ImprovementItem.id)
        .execution_options(yield_per=1_000)
    )


@dataclass(frozen=True)
class Counts:
    """How many items stand in each phase, and how many are late."""

    by_phase: dict[Phase, int]
    late: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_phase.values())


def count(viewer: User, chosen: Chosen, today: date) -> Counts:
    """Count the items of a programme, a department, a college or of all by phase: one statement."""
    place = Chosen(
        college_id=chosen.college_id, department_id=chosen.department_id, program_id=chosen.program_id
    )
    rows = db.session.execute(
        sa.select(
            ImprovementItem.phase,
            sa.func.count(),
            sa.func.count(sa.case((ImprovementItem.due_on < today, 1))),
        )
        .join(ImprovementItem.program)
        .where(*_conditions(viewer, place, "", today))
        .group_by(ImprovementItem.phase)
    ).all()
    late = sum(row[2] for row in rows if row[0] is not Phase.CLOSED)
    return Counts({row[0]: row[1] for row in rows}, late)


def places(viewer: User) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Return the colleges and departments whose programmes the viewer may see: one statement."""
    college, department = aliased(Organization), aliased(Organization)
    rows = db.session.execute(
        sa.select(college.id, college.name, department.id, department.name)
        .select_from(Program)
        .join(college, college.id == Program.lead_college_id)
        .outerjoin(department, department.id == Program.department_id)
        .where(visible_to(viewer))
        .distinct()
        .order_by(college.name, department.name)
        .limit(MOST_CHOICES)
    ).all()
    colleges = {row[0]: row[1] for row in rows}
    departments = {row[2]: row[3] for row in rows if row[2]}
    return list(colleges.items()), list(departments.items())


def item_or_404(program: Program, item_id: int) -> ImprovementItem:
    """Return an item of a programme that the viewer may see, or answer 404."""
    item: ImprovementItem | None = db.session.scalars(
        sa.select(ImprovementItem).where(
            ImprovementItem.id == item_id, ImprovementItem.program_id == program.id
        )
    ).one_or_none()
    return item if item is not None else abort(404)


def deeds_of(item: ImprovementItem) -> Sequence[Any]:
    """Return the item's history with the files handed in, the newest deed first."""
    return db.session.execute(
        sa.select(ImprovementDeed, StoredFile.name)
        .outerjoin(StoredFile, StoredFile.id == ImprovementDeed.file_id)
        .where(ImprovementDeed.item_id == item.id)
        .order_by(ImprovementDeed.id.desc())
        .limit(200)
    ).all()


def file_or_404(item: ImprovementItem, deed_id: int) -> StoredFile:
    """Return the file that was handed in by a deed of an item, or answer 404."""
    found: StoredFile | None = db.session.scalars(
        sa.select(StoredFile)
        .join(ImprovementDeed, ImprovementDeed.file_id == StoredFile.id)
        .where(ImprovementDeed.id == deed_id, ImprovementDeed.item_id == item.id)
    ).one_or_none()
    return found if found is not None else abort(404)


def doers_of(program: Program) -> Sequence[User]:
    """Return who may be charged with an item: people of the programme and the lead college's staff, by name."""
    related = sa.select(ProgramPerson.user_id).where(
        ProgramPerson.program_id == program.id, ProgramPerson.until.is_(None), ProgramPerson.role.in_(DOERS)
    )
    department = (
        sa.and_(Membership.role == Role.DEPARTMENT_STAFF, Membership.department_id == program.department_id)
        if program.department_id
        else sa.false()
    )
    staff = sa.select(Membership.user_id).where(
        Membership.organization_id == program.lead_college_id,
        Membership.ended_on.is_(None),
        sa.or_(Membership.role == Role.STAFF, department),
    )
    return db.session.scalars(
        sa.select(User)
        .where(User.active, sa.or_(User.id.in_(related), User.id.in_(staff)))
        .order_by(User.name, User.id)
        .limit(MOST_DOERS)
    ).all()


def list_measured(program: Program, listing: Listing) -> Page[Any]:
    """Return a page of the programme's items that have a figure: two statements."""
    statement = sa.select(ImprovementItem).where(
        ImprovementItem.program_id == program.id, ImprovementItem.measure_ref != ""
    )
    orders: dict[str, Sequence[Any]] = {"title": [ImprovementItem.title, ImprovementItem.id]}
    return paginate(statement, listing, orders=orders, default="title")


# --- proposed changes ----------------------------------------------------------------------------------------


def list_proposals(program: Program, listing: Listing, state: ProposalState | None) -> Page[Any]:
    """Return a page of the changes proposed to a programme's plan, those that wait first: two statements."""
    waits = sa.case((ImprovementProposal.state == ProposalState.OPEN, 0), else_=1)
    statement = (
        sa.select(ImprovementProposal)
        .where(ImprovementProposal.program_id == program.id)
        .options(joinedload(ImprovementProposal.item).joinedload(ImprovementItem.program))
    )
    if state is not None:
        statement = statement.where(ImprovementProposal.state == state)
    orders: dict[str, Sequence[Any]] = {"state": [waits, ImprovementProposal.id]}
    return paginate(statement, listing, orders=orders, default="state")


def proposals_of(item: ImprovementItem, viewer: User) -> Sequence[Any]:
    """Return where an item's change was proposed, as far as the viewer may see those programmes."""
    return db.session.execute(
        sa.select(ImprovementProposal, Program)
        .join(Program, Program.id == ImprovementProposal.program_id)
        .where(ImprovementProposal.item_id == item.id, visible_to(viewer))
        .order_by(ImprovementProposal.id)
    ).all()


def proposal_or_404(program: Program, proposal_id: int) -> ImprovementProposal:
    """Return a change proposed to a programme's plan, with its item, or answer 404."""
    found: ImprovementProposal | None = db.session.scalars(
        sa.select(ImprovementProposal)
        .where(ImprovementProposal.id == proposal_id, ImprovementProposal.program_id == program.id)
        .options(joinedload(ImprovementProposal.item).joinedload(ImprovementItem.program))
    ).one_or_none()
    return found if found is not None else abort(404)

"""What waits to be marked after a test, as a line in the inboxes of those who mark; gone when nothing waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trainmgr.bank.models import Item
from trainmgr.bank.rules import ItemKind
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.programs import dues
from trainmgr.programs.models import Due, Program, ProgramParty, ProgramPerson
from trainmgr.programs.rules import PartyRole, Step
from trainmgr.testing.models import Answer, Attempt, Participant, Sitting

MARK = dues.code(
    "mark-test",
    dues.DueCode(
        Step.NEEDS,
        N_n("Mark one answer: %(test)s", "Mark %(amount)s answers: %(test)s"),
        N_("To the marking"),
        "testing.list_marking",
        N_("short answers and practical work that wait for a person"),
        subject_arg="sitting_id",
    ),
)


@dataclass(frozen=True)
class Heap:
    """So many answers that wait: written or practical, of a college's people, with who guides them if anybody does."""

    kind: ItemKind
    college_id: int | None
    teacher_id: int | None
    mentor_id: int | None
    is_enrolled: bool
    count: int

    def waits_for_teacher(self, user_id: int, college_id: int) -> bool:
        """Tell whether a teacher of the programme may mark or judge it (as testing.queries says)."""
        if self.kind is ItemKind.CHECKLIST and self.is_enrolled:
            return self.teacher_id == user_id
        return self.college_id == college_id

    def waits_for_mentor(self, user_id: int) -> bool:
        """Tell whether it is practical work of somebody whom a mentor guides."""
        return self.kind is ItemKind.CHECKLIST and self.mentor_id == user_id


def put(program_id: int, sitting: Sitting, *, now: datetime) -> int:
    """Bring the inboxes up to date with what waits in a closed sitting; returns how many answers wait.

    The lead college and its department have all of it before them, a partner college's staff what belongs to it, each
    teacher of the programme what he or she may mark, a mentor the practical work of those whom he or she guides. Only
    what has changed is written.
    """
    heaps = _heaps(sitting)
    wanted = {line.owner: line for line in _lines(program_id, sitting, heaps) if line.amount}
    known = _known(program_id, sitting)
    if {owner: line.amount for owner, line in wanted.items()} != known:
        dues.put_many(
            MARK,
            list(wanted.values()),
            program_id=program_id,
            visible_from=local_day(now),
            replace=True,
            subject_ids=[sitting.id],
        )
    return sum(heap.count for heap in heaps)


def _heaps(sitting: Sitting) -> list[Heap]:
    rows = db.session.execute(
        sa.select(
            Item.kind,
            Participant.college_id,
            Enrolment.school_teacher_id,
            Enrolment.enterprise_mentor_id,
            Participant.enrolment_id.is_not(None),
            sa.func.count(),
        )
        .select_from(Attempt)
        .join(Answer, Answer.attempt_id == Attempt.id)
        .join(Item, Item.id == Answer.item_id)
        .join(Participant, Participant.id == Attempt.participant_id)
        .outerjoin(Enrolment, Enrolment.id == Participant.enrolment_id)
        .where(Attempt.sitting_id == sitting.id, Attempt.waiting > 0, Attempt.counts, Answer.points.is_(None))
        .group_by(
            Item.kind,
            Participant.college_id,
            Enrolment.school_teacher_id,
            Enrolment.enterprise_mentor_id,
            Participant.enrolment_id.is_not(None),
        )
    )
    return [Heap(*row) for row in rows]


def _lines(program_id: int, sitting: Sitting, heaps: Sequence[Heap]) -> Iterator[dues.Line]:
    if not heaps:
        return
    common: dict[str, Any] = {"subject_id": sitting.id, "params": {"test": sitting.name}}
    whole = sum(heap.count for heap in heaps)
    if department := db.session.scalar(sa.select(Program.department_id).where(Program.id == program_id)):
        yield dues.Line(organization_id=department, role=Role.DEPARTMENT_STAFF, amount=whole, **common)
    colleges = db.session.execute(
        sa.select(ProgramParty.organization_id, ProgramParty.role).where(
            ProgramParty.program_id == program_id,
            ProgramParty.role.in_((PartyRole.LEAD_COLLEGE, PartyRole.PARTNER_COLLEGE)),
        )
    )
    for college_id, role in colleges:
        own = sum(heap.count for heap in heaps if heap.college_id == college_id)
        amount = whole if role is PartyRole.LEAD_COLLEGE else own
        yield dues.Line(organization_id=college_id, role=Role.STAFF, amount=amount, **common)
    for user_id, amount in _by_person(program_id, heaps).items():
        yield dues.Line(user_id=user_id, amount=amount, **common)


def _by_person(program_id: int, heaps: Sequence[Heap]) -> dict[int, int]:
    """Return how much waits for each teacher and mentor of a programme."""
    people = db.session.execute(
        sa.select(ProgramPerson.user_id, ProgramPerson.organization_id, ProgramPerson.role).where(
            ProgramPerson.program_id == program_id,
            ProgramPerson.role.in_((Role.SCHOOL_TEACHER, Role.ENTERPRISE_MENTOR)),
        )
    )
    found: dict[int, int] = {}
    for user_id, home, role in people:
        is_teacher = role is Role.SCHOOL_TEACHER
        found[user_id] = found.get(user_id, 0) + sum(
            heap.count
            for heap in heaps
            if (heap.waits_for_teacher(user_id, home) if is_teacher else heap.waits_for_mentor(user_id))
        )
    return found


def _known(program_id: int, sitting: Sitting) -> dict[str, int]:
    rows = db.session.execute(
        sa.select(Due.user_id, Due.organization_id, Due.role, Due.amount).where(
            Due.program_id == program_id, Due.code == MARK, Due.subject_id == sitting.id
        )
    )
    return {dues.Line(row.user_id, row.organization_id, row.role).owner: row.amount for row in rows}

"""Who of a batch of rows is already known: people, their numbers at the college, their enrolments in a programme."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from trainmgr.enrolment.models import Cohort, Enrolment, EntryLevel
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.identity.models import Membership, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.crypto import blind_index
from trainmgr.kernel.db import db
from trainmgr.kernel.sheets.columns import heading_key
from trainmgr.programs.models import Program, ProgramPerson


@dataclass(frozen=True)
class NewTrainee:
    """One person to be enrolled. ID number and phone are checked and normalised (kernel.crypto) before they come here.

    `cohort` is the name of a class, made when it is not there. `levels` are entry levels by competency id.
    """

    name: str
    id_number: str = ""
    phone: str = ""
    student_number: str = ""
    employee_number: str = ""
    cohort: str = ""
    enterprise_id: int | None = None
    field: str = ""
    level: str = ""
    post: str = ""
    levels: Mapping[int, Decimal] = dataclasses.field(default_factory=dict)


@dataclass
class Known:
    """An enrolment of the programme as it stands, or one about to be written (id 0)."""

    id: int
    college_id: int
    state: EnrolmentState
    values: dict[str, Any]
    levels: dict[int, Decimal] = dataclasses.field(default_factory=dict)


@dataclass
class Person:
    """Somebody with an account, or about to get one (id 0)."""

    id: int
    name: str
    id_digest: str = ""
    id_masked: str = ""
    id_tail: str = ""
    phone_digest: str = ""
    number: str = ""
    membership_id: int | None = None
    membership_ended: bool = False
    related: bool = False
    enrolment: Known | None = None


ENROLMENT_VALUES = (
    "student_number",
    "employee_number",
    "cohort_id",
    "enterprise_id",
    "field",
    "level",
    "post",
)


class Register:
    """What the database knows of the people in a batch, read in a handful of selects whatever the batch's size."""

    def __init__(self, program: Program, college_id: int, rows: Sequence[NewTrainee]) -> None:
        self.program, self.college_id = program, college_id
        self.digests = [blind_index(row.id_number) if row.id_number else "" for row in rows]
        self.phone_digests = [blind_index(row.phone) if row.phone else "" for row in rows]
        self.cohorts = self._cohorts()
        self.by_student_number: dict[str, int] = {}
        self.by_employee_number: dict[tuple[int | None, str], int] = {}
        self._numbers_in_program(rows)
        self.people = self._people(self._ids(rows))
        self.by_digest = {person.id_digest: person for person in self.people.values() if person.id_digest}
        self.by_number = {person.number: person for person in self.people.values() if person.number}
        for number, user_id in self.by_student_number.items():
            self.by_number.setdefault(number, self.people[user_id])
        self.by_phone = self._phones()
        self._enrolments(any(row.levels for row in rows))

    def _cohorts(self) -> dict[str, tuple[int, str]]:
        found = db.session.execute(
            sa.select(Cohort.id, Cohort.name).where(Cohort.program_id == self.program.id)
        )
        return {heading_key(name): (cohort_id, name) for cohort_id, name in found}

    def _numbers_in_program(self, rows: Sequence[NewTrainee]) -> None:
        """Note who holds which student and employee number in this programme."""
        students = _wanted(row.student_number for row in rows)
        employees = _wanted(row.employee_number for row in rows)
        if not students and not employees:
            return
        columns = (
            Enrolment.user_id, Enrolment.college_id, Enrolment.student_number,
            Enrolment.enterprise_id, Enrolment.employee_number,
        )  # fmt: skip
        held = sa.select(*columns).where(
            Enrolment.program_id == self.program.id,
            sa.or_(Enrolment.student_number.in_(students), Enrolment.employee_number.in_(employees)),
        )
        for user_id, college_id, student_number, enterprise_id, employee_number in db.session.execute(held):
            if student_number and college_id == self.college_id:
                self.by_student_number[student_number] = user_id
            if employee_number:
                self.by_employee_number[enterprise_id, employee_number] = user_id

    def _ids(self, rows: Sequence[NewTrainee]) -> set[int]:
        ids = set(self.by_student_number.values()) | set(self.by_employee_number.values())
        if digests := _wanted(self.digests):
            ids |= set(db.session.scalars(sa.select(User.id).where(User.id_number_digest.in_(digests))))
        if numbers := _wanted(row.student_number for row in rows):
            ids |= set(
                db.session.scalars(
                    sa.select(Membership.user_id).where(
                        Membership.organization_id == self.college_id,
                        Membership.role == Role.TRAINEE,
                        Membership.number.in_(numbers),
                    )
                )
            )
        return ids

    def _people(self, ids: set[int]) -> dict[int, Person]:
        if not ids:
            return {}
        member = sa.and_(
            Membership.user_id == User.id,
            Membership.organization_id == self.college_id,
            Membership.role == Role.TRAINEE,
        )
        related = sa.and_(
            ProgramPerson.user_id == User.id,
            ProgramPerson.program_id == self.program.id,
            ProgramPerson.role == Role.TRAINEE,
        )
        found = db.session.execute(
            sa.select(
                User.id, User.name, User.id_number_digest, User.id_number_masked, User.id_number_tail,
                User.phone_digest, Membership.id, Membership.number, Membership.ended_on, ProgramPerson.id,
            )
            .outerjoin(Membership, member)
            .outerjoin(ProgramPerson, related)
            .where(User.id.in_(ids))
        )  # fmt: skip
        return {
            row[0]: Person(
                id=row[0], name=row[1], id_digest=row[2] or "", id_masked=row[3], id_tail=row[4],
                phone_digest=row[5] or "", membership_id=row[6], number=row[7] or "",
                membership_ended=row[8] is not None, related=row[9] is not None,
            )
            for row in found
        }  # fmt: skip

    def _phones(self) -> dict[str, int]:
        digests = _wanted(self.phone_digests)
        if not digests:
            return {}
        found = db.session.execute(
            sa.select(User.phone_digest, User.id).where(User.phone_digest.in_(digests))
        )
        return {digest: user_id for digest, user_id in found if digest}

    def _enrolments(self, with_levels: bool) -> None:
        if not self.people:
            return
        columns = [getattr(Enrolment, name) for name in ENROLMENT_VALUES]
        found = db.session.execute(
            sa.select(Enrolment.user_id, Enrolment.id, Enrolment.college_id, Enrolment.state, *columns).where(
                Enrolment.program_id == self.program.id, Enrolment.user_id.in_(list(self.people))
            )
        )
        known: dict[int, Known] = {}
        for user_id, enrolment_id, college_id, state, *values in found:
            known[enrolment_id] = Known(
                enrolment_id, college_id, state, dict(zip(ENROLMENT_VALUES, values, strict=True))
            )
            self.people[user_id].enrolment = known[enrolment_id]
        if with_levels and known:
            levels = sa.select(EntryLevel.enrolment_id, EntryLevel.competency_id, EntryLevel.level)
            for enrolment_id, competency_id, level in db.session.execute(
                levels.where(EntryLevel.enrolment_id.in_(list(known)))
            ):
                known[enrolment_id].levels[competency_id] = level


def _wanted(texts: Iterable[str]) -> list[str]:
    return sorted({text for text in texts if text})

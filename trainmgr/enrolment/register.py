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
from trainmgr.kernel.db import among, db
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
    gender: str = ""
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
    """What the database knows of the people in a batch, read in at most three selects whatever the batch's size."""

    def __init__(
        self,
        program: Program,
        college_id: int,
        rows: Sequence[NewTrainee],
        cohorts: Iterable[tuple[int, str]] | None = None,
    ) -> None:
        self.program, self.college_id = program, college_id
        self.digests = [blind_index(row.id_number) if row.id_number else "" for row in rows]
        self.phone_digests = [blind_index(row.phone) if row.phone else "" for row in rows]
        named = self._cohorts() if cohorts is None else cohorts
        self.cohorts = {heading_key(name): (cohort_id, name) for cohort_id, name in named}
        self.people = self._people(self._meant(rows))
        people = self.people.values()
        self.by_digest = {person.id_digest: person for person in people if person.id_digest}
        self.by_phone = {person.phone_digest: person.id for person in people if person.phone_digest}
        self.by_number = {person.number: person for person in people if person.number}
        self.by_student_number: dict[str, int] = {}
        self.by_employee_number: dict[tuple[int | None, str], int] = {}
        self._note_numbers()
        if any(row.levels for row in rows):
            self._read_levels()

    def _cohorts(self) -> list[tuple[int, str]]:
        found = db.session.execute(
            sa.select(Cohort.id, Cohort.name).where(Cohort.program_id == self.program.id)
        )
        return [(cohort_id, name) for cohort_id, name in found]

    def _meant(self, rows: Sequence[NewTrainee]) -> list[sa.Select[Any]]:
        """Return selects of the people who have any of the numbers of the rows, each by an index of its own."""
        here = Enrolment.program_id == self.program.id
        found: list[sa.Select[Any]] = []
        if digests := _wanted(self.digests):
            found.append(sa.select(User.id).where(among(User.id_number_digest, digests)))
        if phones := _wanted(self.phone_digests):
            found.append(sa.select(User.id).where(among(User.phone_digest, phones)))
        if numbers := _wanted(row.student_number for row in rows):
            found.append(
                sa.select(Membership.user_id).where(
                    Membership.organization_id == self.college_id,
                    Membership.role == Role.TRAINEE,
                    among(Membership.number, numbers),
                )
            )
            mine = Enrolment.college_id == self.college_id
            found.append(
                sa.select(Enrolment.user_id).where(here, mine, among(Enrolment.student_number, numbers))
            )
        if employees := _wanted(row.employee_number for row in rows):
            numbered = sa.and_(Enrolment.employee_number != "", among(Enrolment.employee_number, employees))
            found.append(sa.select(Enrolment.user_id).where(here, numbered))
        return found

    def _people(self, meant: Sequence[sa.Select[Any]]) -> dict[int, Person]:
        """Return those people, with what they are at the college and in the programme."""
        if not meant:
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
        enrolled = sa.and_(Enrolment.user_id == User.id, Enrolment.program_id == self.program.id)
        found = db.session.execute(
            sa.select(
                User.id, User.name, User.id_number_digest, User.id_number_masked, User.id_number_tail,
                User.phone_digest, Membership.id, Membership.number, Membership.ended_on, ProgramPerson.id,
                Enrolment.id, Enrolment.college_id, Enrolment.state,
                *(getattr(Enrolment, name) for name in ENROLMENT_VALUES),
            )
            .outerjoin(Membership, member)
            .outerjoin(ProgramPerson, related)
            .outerjoin(Enrolment, enrolled)
            .where(User.id.in_(sa.union(*meant)))
        )  # fmt: skip
        return {row[0]: _person(row) for row in found}

    def _note_numbers(self) -> None:
        """Note who holds which student and employee number in this programme."""
        for person in self.people.values():
            if person.enrolment is None:
                continue
            values = person.enrolment.values
            if values["student_number"] and person.enrolment.college_id == self.college_id:
                self.by_student_number[values["student_number"]] = person.id
                self.by_number.setdefault(values["student_number"], person)
            if values["employee_number"]:
                self.by_employee_number[values["enterprise_id"], values["employee_number"]] = person.id

    def _read_levels(self) -> None:
        enrolled = (person.enrolment for person in self.people.values() if person.enrolment is not None)
        known = {enrolment.id: enrolment for enrolment in enrolled}
        if not known:
            return
        levels = sa.select(EntryLevel.enrolment_id, EntryLevel.competency_id, EntryLevel.level)
        for enrolment_id, competency_id, level in db.session.execute(
            levels.where(among(EntryLevel.enrolment_id, sorted(known)))
        ):
            known[enrolment_id].levels[competency_id] = level


def _person(row: Sequence[Any]) -> Person:
    values = dict(zip(ENROLMENT_VALUES, row[13:], strict=True))
    return Person(
        id=row[0], name=row[1], id_digest=row[2] or "", id_masked=row[3], id_tail=row[4],
        phone_digest=row[5] or "", membership_id=row[6], number=row[7] or "",
        membership_ended=row[8] is not None, related=row[9] is not None,
        enrolment=None if row[10] is None else Known(row[10], row[11], row[12], values),
    )  # fmt: skip


def _wanted(texts: Iterable[str]) -> list[str]:
    return sorted({text for text in texts if text})

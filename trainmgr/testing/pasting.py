"""Whom a pasted list means: numbers and user names of trainees of a programme's parties."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.identity.models import Membership, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program
from trainmgr.programs.rules import PartyRole

CHUNK = 500
LONGEST_LINE = 60
IN_TRAINING = (EnrolmentState.TRAINING, EnrolmentState.REMEDIAL)


@dataclass(frozen=True)
class Person:
    """Somebody whom a line may mean: a trainee of a party of the programme."""

    user_id: int
    name: str
    number: str
    organization_id: int


def lines_of(text: str) -> dict[str, str]:
    """Return the lines of a list by what they are looked up as; the same twice is one line."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        plain = "".join(sign for sign in line if unicodedata.category(sign) != "Cc").strip()
        key = "".join(unicodedata.normalize("NFKC", plain).split())
        if key:
            found.setdefault(key[:LONGEST_LINE], plain)
    return found


def people_behind(program: Program, keys: Sequence[str]) -> Mapping[str, Sequence[Person]]:
    """Return the trainees of the programme's parties by number or user name: three statements for 500 lines."""
    parties = [party.organization_id for party in program.parties if party.role is not PartyRole.OUTSIDE]
    base = (
        sa.select(User.id, User.name, User.username, Membership.number, Membership.organization_id)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.role == Role.TRAINEE,
            Membership.organization_id.in_(parties),
            Membership.ended_on.is_(None),
            User.active,
        )
    )
    found: dict[str, list[Person]] = {}
    for some in in_chunks(keys):
        rows = list(db.session.execute(base.where(Membership.number.in_(some))))
        rows += db.session.execute(base.where(User.username.in_(some)))
        for user_id, name, username, number, organization_id in rows:
            person = Person(user_id, name, number, organization_id)
            for key in {number, username} & set(some):
                found.setdefault(key, []).append(person)
        for key, person in _enrolled(program, some):
            found.setdefault(key, []).append(person)
    return found


def _enrolled(program: Program, keys: Sequence[str]) -> Iterator[tuple[str, Person]]:
    """Yield the programme's own trainees by their student or employee number."""
    rows = db.session.execute(
        sa.select(
            Enrolment.user_id, Enrolment.name, Enrolment.student_number, Enrolment.employee_number,
            Enrolment.college_id,
        ).where(
            Enrolment.program_id == program.id,
            Enrolment.state.in_(IN_TRAINING),
            sa.or_(Enrolment.student_number.in_(keys), Enrolment.employee_number.in_(keys)),
        )
    )  # fmt: skip
    for user_id, name, student, employee, college_id in rows:
        for key in {student, employee} & set(keys):
            yield key, Person(user_id, name, student or employee, college_id)


def in_chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Yield a long list in pieces that one statement can take."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]

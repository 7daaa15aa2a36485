"""Writing a batch of enrolments that was decided: table by table, a statement for many rows."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from trainmgr.enrolment.models import Enrolment, EntryLevel
from trainmgr.enrolment.register import Known, NewTrainee, Person
from trainmgr.enrolment.roster_models import RosterEntry
from trainmgr.enrolment.rules import EnrolmentState, gender_in
from trainmgr.identity import first_passwords
from trainmgr.identity.models import Membership, User
from trainmgr.kernel import crypto
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import among, db
from trainmgr.programs.models import Program, ProgramPerson


@dataclass
class Plan:
    """What a batch comes to: people and enrolments to make, blanks to fill, entry levels to add."""

    new_people: list[tuple[Person, NewTrainee]] = field(default_factory=list)
    fill_people: list[tuple[Person, dict[str, Any]]] = field(default_factory=list)
    new_enrolments: list[Person] = field(default_factory=list)
    fill_enrolments: list[tuple[Known, dict[str, Any]]] = field(default_factory=list)
    new_levels: list[tuple[Known, dict[int, Any]]] = field(default_factory=list)


def write_plan(plan: Plan, program: Program, college_id: int, *, now: datetime, today: date) -> None:
    """Write a plan; people and enrolments that were new have their ids afterwards."""
    _insert_people(plan.new_people, college_id, now)
    _update_people(plan.fill_people, college_id, now)
    _insert_enrolments(plan.new_enrolments, program, college_id, today)
    _update_enrolments(plan.fill_enrolments)
    _insert_levels(plan.new_levels)


def insert_rows(model: Any, rows: list[dict[str, Any]]) -> list[int]:
    """Insert rows and return their ids in the order of the rows.

    The ids are reserved first, so that the rows go in as one plain list; asking each insert for its id takes twice
    as long.
    """
    ids = _reserved_ids(model.__table__, len(rows))
    _insert(model, [{"id": key, **row} for key, row in zip(ids, rows, strict=True)])
    return ids


def _reserved_ids(table: Any, count: int) -> list[int]:
    """Return ids that nobody else gets: from the sequence, or (SQLite, where one writes at a time) the next ones."""
    if db.engine.dialect.name == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(table.name, "id")
        numbers = sa.select(sa.func.nextval(sequence)).select_from(sa.func.generate_series(1, count))
        return list(db.session.scalars(numbers))
    highest = db.session.scalar(sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0))) or 0
    return list(range(highest + 1, highest + 1 + count))


def _insert(model: Any, rows: list[dict[str, Any]]) -> None:
    db.session.execute(sa.insert(model.__table__), rows)


def id_values(number: str, digest: str) -> dict[str, Any]:
    """Return the columns of an account that hold an ID number (none when there is no number)."""
    return {
        "id_number_encrypted": crypto.encrypt(number) if number else None,
        "id_number_digest": digest or None,
        "id_number_masked": crypto.mask_id_number(number) if number else "",
        "id_number_tail": number[-4:],
    }


def phone_values(number: str, digest: str) -> dict[str, Any]:
    """Return the columns of an account that hold a phone number (none when there is no number)."""
    return {
        "phone_encrypted": crypto.encrypt(number) if number else None,
        "phone_digest": digest or None,
        "phone_masked": crypto.mask_phone(number) if number else "",
    }


def _insert_people(people: Sequence[tuple[Person, NewTrainee]], college_id: int, now: datetime) -> None:
    if not people:
        return
    names = _user_names([person for person, _row in people], college_id)
    accounts = [
        {
            "username": username,
            "name": person.name,
            "password_hash": first_passwords.new_mark(),
            "must_change_password": True,
            "active": True,
            "gender": row.gender or gender_in(row.id_number),
            "created_at": now,
        }
        | id_values(row.id_number, person.id_digest)
        | phone_values(row.phone, person.phone_digest)
        for (person, row), username in zip(people, names, strict=True)
    ]
    for (person, _row), user_id in zip(people, insert_rows(User, accounts), strict=True):
        person.id = user_id
    _insert_memberships([person for person, _row in people], college_id, now)


def note_entries(job_id: int, entries: Sequence[dict[str, Any]]) -> None:
    """Note what the rows of an import made, so that it can be taken back."""
    if entries:
        _insert(RosterEntry, [{"job_id": job_id, **entry} for entry in entries])


def _user_names(people: Sequence[Person], college_id: int) -> Iterator[str]:
    """Yield a free user name for each: the college and the student number, else something random."""
    wished = []
    for person in people:
        plain = re.sub(r"[^a-z0-9._-]", "", person.number.lower())[:40]
        wished.append(f"t{college_id}-{plain}" if plain else "")
    asked = [name for name in wished if name]
    taken = set(db.session.scalars(sa.select(User.username).where(among(User.username, asked))))
    for wish in wished:
        name = wish if wish and wish not in taken else f"t{college_id}-x{secrets.token_hex(5)}"
        taken.add(name)
        yield name


def _insert_memberships(people: Sequence[Person], college_id: int, now: datetime) -> None:
    if not people:
        return
    rows = [
        {
            "user_id": person.id,
            "organization_id": college_id,
            "role": Role.TRAINEE,
            "number": person.number,
            "created_at": now,
        }
        for person in people
    ]
    _insert(Membership, rows)


def _update_people(people: Sequence[tuple[Person, dict[str, Any]]], college_id: int, now: datetime) -> None:
    accounts: Any = User.__table__
    members: Any = Membership.__table__
    newcomers: dict[int, Person] = {}
    for person, values in people:
        if values:
            change = sa.update(accounts).where(accounts.c.id == person.id)
            db.session.execute(change.values(**values, version=accounts.c.version + 1))
        if person.membership_id is None:
            newcomers[person.id] = person
        else:
            change = sa.update(members).where(members.c.id == person.membership_id)
            db.session.execute(change.values(number=person.number, ended_on=None))
    _insert_memberships(list(newcomers.values()), college_id, now)


def _insert_enrolments(people: Sequence[Person], program: Program, college_id: int, today: date) -> None:
    if not people:
        return
    rows = []
    for person in people:
        assert person.enrolment is not None
        rows.append(
            {
                "program_id": program.id,
                "user_id": person.id,
                "college_id": college_id,
                "name": person.name,
                "id_number_masked": person.id_masked,
                "id_number_tail": person.id_tail,
                "state": EnrolmentState.TRAINING,
                "enrolled_on": today,
                "planned_minutes": program.planned_minutes or 0,
            }
            | person.enrolment.values
        )
    for person, enrolment_id in zip(people, insert_rows(Enrolment, rows), strict=True):
        assert person.enrolment is not None
        person.enrolment.id = enrolment_id
    _relate([person for person in people if not person.related], program.id, college_id, today)


def _relate(people: Sequence[Person], program_id: int, college_id: int, today: date) -> None:
    if not people:
        return
    rows = [
        {
            "program_id": program_id,
            "user_id": person.id,
            "organization_id": college_id,
            "role": Role.TRAINEE,
            "since": today,
        }
        for person in people
    ]
    _insert(ProgramPerson, rows)


def _update_enrolments(fills: Sequence[tuple[Known, dict[str, Any]]]) -> None:
    table: Any = Enrolment.__table__
    for enrolment, values in fills:
        change = sa.update(table).where(table.c.id == enrolment.id)
        db.session.execute(change.values(**values, version=table.c.version + 1))


def _insert_levels(levels: Sequence[tuple[Known, dict[int, Any]]]) -> None:
    rows = [
        {"enrolment_id": enrolment.id, "competency_id": competency_id, "level": level}
        for enrolment, added in levels
        for competency_id, level in added.items()
    ]
    if rows:
        _insert(EntryLevel, rows)

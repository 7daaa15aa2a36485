"""What the law gives a person: a copy, and an erasure.

Both read the register; nothing about a table is written here.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import Membership, User
from trainmgr.kernel import crypto, files
from trainmgr.kernel.audit import AuditEvent, record, sentence
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import StoredFile
from trainmgr.operation.models import AuditSeal
from trainmgr.operation.register import (
    emptied,
    is_unique,
    keys_to_people,
    register,
    rows_about,
    table,
)
from trainmgr.operation.rows import plain
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State

EXPORTED = sentence("privacy.exported", _l("%(who)s wrote a copy of all data about %(what)s"))
ERASED = sentence("privacy.erased", _l("%(who)s erased the data of %(what)s"))
OVER = (State.CLOSED, State.CANCELLED)


# --- a copy -------------------------------------------------------------------------------------


def export(person: User, out: IO[bytes], *, now: datetime) -> dict[str, int]:
    """Write everything about a person into a zip: data.json and the files; returns the rows per table."""
    technical = set(register().classes["technical"].columns)
    data: dict[str, list[dict[str, Any]]] = {}
    for name in register().about:
        of = table(name)
        rows = db.session.execute(sa.select(of).where(rows_about(name, person.id))).mappings()
        columns = [column for column in of.columns if f"{name}.{column.name}" not in technical]
        if found := [{column.name: _open(column, row[column]) for column in columns} for row in rows]:
            data[name] = found
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        content = {
            "person": person.id,
            "at": now.isoformat(),
            "what_for": {one.name: _told(one) for one in register().classes.values()},
            "data": data,
            "deeds": [_deed(event) for event in _deeds(person.id)],
        }
        archive.writestr("data.json", json.dumps(content, ensure_ascii=False, indent=1))
        for stored in _files(data, person.id):
            _add(archive, stored)
    record(EXPORTED, person, by=None, now=now, name=person.name)
    return {name: len(rows) for name, rows in data.items()}


def _open(column: sa.Column[Any], value: Any) -> Any:
    if value and f"{column.table.name}.{column.name}" in register().sealed:
        return crypto.decrypt(value)
    if isinstance(value, (dict, list)):
        return value
    written = plain(getattr(value, "value", value))
    return written[1] if isinstance(written, list) else written


def _told(one: Any) -> dict[str, Any]:
    facts = {"purpose": one.purpose, "visible": one.visible, "retention": one.retention}
    return facts | {"columns": list(one.columns)}


def _deeds(person_id: int) -> Iterator[AuditEvent]:
    yield from db.session.scalars(
        sa.select(AuditEvent).where(AuditEvent.actor_id == person_id).order_by(AuditEvent.id)
    )


def _deed(event: AuditEvent) -> dict[str, Any]:
    return {
        "at": event.at.isoformat(),
        "action": event.action,
        "subject": event.subject_kind,
        "reason": event.reason,
    }


def _files(data: dict[str, list[dict[str, Any]]], person_id: int) -> list[StoredFile]:
    """Return the files that rows about the person speak of, and those that it brought itself."""
    numbers = {
        row[column.name]
        for name, rows in data.items()
        for column in table(name).columns
        if any(key.column.table.name == "stored_file" for key in column.foreign_keys)
        for row in rows
    } - {None}
    owned = sa.or_(StoredFile.id.in_(numbers), StoredFile.owner_id == person_id)
    return list(db.session.scalars(sa.select(StoredFile).where(owned).order_by(StoredFile.id)))


def _add(archive: zipfile.ZipFile, stored: StoredFile) -> None:
    try:
        with files.open_file(stored) as content:
            data = content.read()
    except FileNotFoundError:
        return
    if data.startswith(crypto.MARK):
        with suppress(crypto.DataKeyMissing):  # then it only looks like one of ours
            data = crypto.decrypt_bytes(data)
    archive.writestr(f"files/{stored.id}-{stored.name}", data)


# --- an erasure ---------------------------------------------------------------------------------


@dataclass
class Erasure:
    """What an erasure did: rows per class that were changed, and what stays with the reason."""

    changed: dict[str, int] = field(default_factory=dict)
    kept: dict[str, tuple[int, str]] = field(default_factory=dict)
    deleted: int = 0
    files: int = 0
    events: int = 0  # of the trail, from which the name went


def running_of(person: User) -> list[str]:
    """Return the codes of the programmes that still go on with this person in them."""
    trained = sa.select(Enrolment.program_id).where(
        Enrolment.user_id == person.id, Enrolment.left_on.is_(None)
    )
    posts = table("program_person")
    working = sa.select(posts.c.program_id).where(posts.c.user_id == person.id, posts.c.until.is_(None))
    statement = sa.select(Program.code).where(
        Program.state.not_in(OVER), sa.or_(Program.id.in_(trained), Program.id.in_(working))
    )
    return sorted(db.session.scalars(statement))


def erase(person: User, *, now: datetime, although_running: bool = False) -> Erasure:
    """Erase what may go and put a pseudonym where something has to stay; raises RuleBroken in a running programme."""
    if not although_running and (codes := running_of(person)):
        raise RuleBroken(
            f"{person.username} takes part in programmes that go on: {', '.join(codes)}. Let it leave them first."
        )
    done, name, pseudonym = Erasure(), person.name, f"#{person.id}"
    event = record(ERASED, person, by=None, now=now, name=pseudonym)
    db.session.flush()
    done.events = _redact(person, name, pseudonym, event)
    lost = _files_to_go(person.id)
    for gone in register().delete:
        done.deleted += changed(sa.delete(table(gone)).where(rows_about(gone, person.id)))
    for one in register().classes.values():
        if one.name == "actor":
            done.changed[one.name] = _rename(one.columns, person.id, name, pseudonym)
        elif one.on_erasure == "keep":
            if count := sum(_count(of, person.id) for of in _tables(one)):
                done.kept[one.name] = (count, one.because)
        else:
            done.changed[one.name] = sum(_clear(one, of, person.id, pseudonym) for of in _tables(one))
    done.files = _let_go(lost)
    _close(person, now)
    return done


def _tables(one: Any) -> list[str]:
    """Return the tables of a class whose rows are about people and do not go entirely."""
    gone = set(register().delete)
    return sorted({column.split(".")[0] for column in one.columns} & register().about.keys() - gone)


def _count(of: str, person_id: int) -> int:
    statement = sa.select(sa.func.count()).select_from(table(of)).where(rows_about(of, person_id))
    return db.session.scalar(statement) or 0


def changed(statement: Any) -> int:
    """Run a statement; returns how many rows it changed."""
    return int(getattr(db.session.execute(statement), "rowcount", 0))


def _clear(one: Any, of: str, person_id: int, pseudonym: str) -> int:
    values = {}
    for name in one.of(of):
        column = table(of).c[name]
        if name == "name" and one.on_erasure == "pseudonym":
            values[name] = pseudonym
        elif is_unique(column) and not column.nullable:
            if one.on_erasure == "pseudonym":
                values[name] = f"erased-{person_id}"
        elif column.nullable or isinstance(column.type, (sa.String, sa.JSON)):
            values[name] = emptied(column)
    if not values:
        return 0
    return changed(sa.update(table(of)).where(rows_about(of, person_id)).values(values))


def _rename(columns: tuple[str, ...], person_id: int, name: str, pseudonym: str) -> int:
    """Put the pseudonym where the person's name stands as the doer's, in rows that point to its account."""
    done = 0
    for column in columns:
        of = table(column.split(".")[0])
        keys = keys_to_people(of)
        if keys:
            mine = sa.or_(*(key == person_id for key in keys)), of.c[column.split(".")[1]] == name
            done += changed(sa.update(of).where(*mine).values({column.split(".")[1]: pseudonym}))
    return done


def _files_to_go(person_id: int) -> list[int]:
    found: list[int] = []
    for place in register().files:
        of, column = place.split(".")
        numbers = sa.select(table(of).c[column]).where(rows_about(of, person_id))
        found += [number for number in db.session.scalars(numbers) if number is not None]
        if of not in register().delete:
            db.session.execute(sa.update(table(of)).where(rows_about(of, person_id)).values({column: None}))
    return found


def _let_go(numbers: list[int]) -> int:
    for number in numbers:
        if stored := db.session.get(StoredFile, number):
            files.remove(stored)
    return len(numbers)


def _close(person: User, now: datetime) -> None:
    db.session.refresh(person)
    person.active, person.password_hash = False, ""
    day = local_day(now)
    ended = sa.update(Membership).where(Membership.user_id == person.id, Membership.ended_on.is_(None))
    db.session.execute(ended.values(ended_on=day))


# --- the trail of an erased person --------------------------------------------------------------


def _redact(person: User, name: str, pseudonym: str, erasure: AuditEvent) -> int:
    """Take the name out of the trail: out of the person's own deeds, and out of what was done with it."""
    texts = (AuditEvent.subject_name, AuditEvent.reason, sa.cast(AuditEvent.details, sa.Text))
    escaped = json.dumps(name).strip('"')  # JSON may have Chinese as escapes
    told = [text.contains(word, autoescape=True) for text in texts for word in {name, escaped}]
    statement = sa.select(AuditEvent).where(
        AuditEvent.id != erasure.id, sa.or_(AuditEvent.actor_id == person.id, *told)
    )
    programs = set(db.session.scalars(sa.select(Enrolment.program_id).where(Enrolment.user_id == person.id)))
    numbers = []
    for event in db.session.scalars(statement):
        if event.actor_id == person.id or event.program_id in programs or _is_about(event, person.id):
            _take_name_out(event, person.id, name, pseudonym)
            numbers.append(event.id)
    db.session.flush()
    for start in range(0, len(numbers), 500):
        seals = sa.update(AuditSeal).where(AuditSeal.event_id.in_(numbers[start : start + 500]))
        db.session.execute(seals.values(salt="", redacted_by=erasure.id))
    return len(numbers)


def _is_about(event: AuditEvent, person_id: int) -> bool:
    if event.subject_kind not in register().about or event.subject_id is None:
        return False
    of = table(event.subject_kind)
    found = sa.exists().where(of.c.id == event.subject_id, rows_about(event.subject_kind, person_id))
    return bool(db.session.scalar(sa.select(found)))


def _take_name_out(event: AuditEvent, person_id: int, name: str, pseudonym: str) -> None:
    if event.actor_id == person_id:
        event.actor_name = pseudonym
    event.subject_name = event.subject_name.replace(name, pseudonym)
    event.reason = event.reason.replace(name, pseudonym)
    event.details = _without(event.details, name, pseudonym)


def _without(value: Any, name: str, pseudonym: str) -> Any:
    if isinstance(value, str):
        return value.replace(name, pseudonym)
    if isinstance(value, list):
        return [_without(item, name, pseudonym) for item in value]
    if isinstance(value, dict):
        return {key: _without(item, name, pseudonym) for key, item in value.items()}
    return value

"""What is due from whom: one row a thing, kept by the actions that change its cause.

A feature registers the words and the page of each code once (`code("logs-to-sign", …)`) and then calls
`put(...)` when something becomes due or its amount changes, and `drop(...)` when it is done.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import Due
from trainmgr.programs.rules import Step


@dataclass(frozen=True)
class DueCode:
    """How a kind of due thing is told and where it is done.

    `title` and `hint` are msgids with %(amount)s and the keys of the due's params; `verb` labels the button;
    `endpoint` takes program_id and, when `subject_arg` is set, the due's subject_id under that name.
    """

    step: Step
    title: str
    verb: str
    endpoint: str
    hint: str = ""
    subject_arg: str = ""


CODES: dict[str, DueCode] = {}


def code(name: str, due_code: DueCode) -> str:
    """Register a kind of due thing; returns its name."""
    CODES[name] = due_code
    return name


def key_of(program_id: int, name: str, owner: str, subject_id: int) -> str:
    """Return the key under which a due is unique."""
    return f"{program_id}:{name}:{owner}:{subject_id}"


def put(
    name: str,
    *,
    program_id: int,
    visible_from: date,
    user_id: int | None = None,
    organization_id: int | None = None,
    role: Role | None = None,
    subject_id: int = 0,
    amount: int = 1,
    due_on: date | None = None,
    **params: Any,
) -> None:
    """Make something due (or bring its amount and date up to date); an amount of 0 drops it."""
    if name not in CODES:
        raise LookupError(f"due code {name!r} is not registered")
    owner = f"u{user_id}" if user_id else f"o{organization_id}.{role}"
    key = key_of(program_id, name, owner, subject_id)
    due = db.session.scalar(sa.select(Due).where(Due.key == key))
    if amount <= 0:
        if due:
            db.session.delete(due)
        return
    if due is None:
        due = Due(key=key, program_id=program_id, code=name, user_id=user_id, subject_id=subject_id)
        due.organization_id, due.role = organization_id, role
        db.session.add(due)
    due.amount, due.due_on, due.visible_from, due.params = amount, due_on, visible_from, params


def drop(
    name: str, *, program_id: int, subject_ids: Iterable[int] | None = None, user_ids: Iterable[int] | None = None
) -> None:
    """Take something off every inbox it stands in, or only off some people's or some subjects'."""
    statement = sa.delete(Due).where(Due.program_id == program_id, Due.code == name)
    if subject_ids is not None:
        statement = statement.where(Due.subject_id.in_(list(subject_ids)))
    if user_ids is not None:
        statement = statement.where(Due.user_id.in_(list(user_ids)))
    db.session.flush()
    db.session.execute(statement)

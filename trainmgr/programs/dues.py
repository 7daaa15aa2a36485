"""What is due from whom: one row a thing, kept by the actions that change its cause.

A feature registers the words and the page of each code once (`code("logs-to-sign", …)`) and then calls
`put(...)` (`put_many(...)` for a whole class) when something becomes due or its amount changes, and
`drop(...)` when it is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import Due
from trainmgr.programs.rules import Step


@dataclass(frozen=True)
class DueCode:
    """How a kind of due thing is told and where it is done.

    `title` and `hint` are msgids with %(amount)s and the keys of the due's params; `verb` labels the button;
    `endpoint` takes program_id and, when `subject_arg` is set, the due's subject_id under that name.
    What `outlives` its programme stays due when it is closed.
    """

    step: Step
    title: str
    verb: str
    endpoint: str
    hint: str = ""
    subject_arg: str = ""
    outlives: bool = False


CODES: dict[str, DueCode] = {}


def code(name: str, due_code: DueCode) -> str:
    """Register a kind of due thing; returns its name."""
    CODES[name] = due_code
    return name


def key_of(program_id: int, name: str, owner: str, subject_id: int) -> str:
    """Return the key under which a due is unique."""
    return f"{program_id}:{name}:{owner}:{subject_id}"


@dataclass(frozen=True)
class Line:
    """What is due from one person, or from whoever holds a role in an organisation; an amount of 0 drops it."""

    user_id: int | None = None
    organization_id: int | None = None
    role: Role | None = None
    subject_id: int = 0
    amount: int = 1
    due_on: date | None = None
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """The owner as it stands in the key."""
        return f"u{self.user_id}" if self.user_id else f"o{self.organization_id}.{self.role}"


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
    line = Line(user_id, organization_id, role, subject_id, amount, due_on, params)
    put_many(name, [line], program_id=program_id, visible_from=visible_from)


def put_many(
    name: str,
    lines: Iterable[Line],
    *,
    program_id: int,
    visible_from: date,
    replace: bool = False,
    subject_ids: Iterable[int] | None = None,
) -> None:
    """Make something due from many people at once, in as many statements for 1,800 as for one.

    With `replace` the lines are all there are: whoever is not named has it no longer (`subject_ids` limits
    that to some subjects). Lines that stay keep the note that their owner was reminded.
    """
    if name not in CODES:
        raise LookupError(f"due code {name!r} is not registered")
    db.session.flush()
    wanted, dropped = {}, []
    for line in lines:
        key = key_of(program_id, name, line.owner, line.subject_id)
        if line.amount > 0:
            wanted[key] = _row(key, name, line, program_id, visible_from)
        else:
            dropped.append(key)
    if replace:
        dropped += _keys_besides(wanted, name, program_id, subject_ids)
    for chunk in _chunks(dropped):
        db.session.execute(
            sa.delete(Due).where(Due.key.in_(chunk)), execution_options={"synchronize_session": False}
        )
    for rows in _chunks(list(wanted.values())):
        _upsert(rows)


def _row(key: str, name: str, line: Line, program_id: int, visible_from: date) -> dict[str, Any]:
    if (line.user_id is None) == (line.organization_id is None or line.role is None):
        raise ValueError("a due belongs to a person, or to a role in an organisation")
    return {
        "key": key,
        "program_id": program_id,
        "code": name,
        "user_id": line.user_id,
        "organization_id": line.organization_id,
        "role": line.role,
        "subject_id": line.subject_id,
        "amount": line.amount,
        "params": line.params,
        "visible_from": visible_from,
        "due_on": line.due_on,
        "paused": False,
    }


def _keys_besides(
    wanted: Mapping[str, Any], name: str, program_id: int, subject_ids: Iterable[int] | None
) -> list[str]:
    statement = sa.select(Due.key).where(Due.program_id == program_id, Due.code == name)
    if subject_ids is not None:
        statement = statement.where(Due.subject_id.in_(list(subject_ids)))
    return [key for key in db.session.scalars(statement) if key not in wanted]


def _chunks(items: Sequence[Any], size: int = 500) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _upsert(rows: Sequence[dict[str, Any]]) -> None:
    insert: Any = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    statement = insert(Due.__table__)
    changed = {
        column: statement.excluded[column] for column in ("amount", "due_on", "visible_from", "params")
    }
    # Rows beside the statement, not in it: written anew for every number of rows, it would cost more than they do.
    db.session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=changed), list(rows))
    for due in [thing for thing in db.session.identity_map.values() if isinstance(thing, Due)]:
        db.session.expire(due)


def drop(
    name: str,
    *,
    program_id: int,
    subject_ids: Iterable[int] | None = None,
    user_ids: Iterable[int] | None = None,
) -> None:
    """Take something off every inbox it stands in, or only off some people's or some subjects'."""
    statement = sa.delete(Due).where(Due.program_id == program_id, Due.code == name)
    if subject_ids is not None:
        statement = statement.where(Due.subject_id.in_(list(subject_ids)))
    if user_ids is not None:
        statement = statement.where(Due.user_id.in_(list(user_ids)))
    db.session.flush()
    db.session.execute(statement)


def move(name: str, *, program_id: int, subject_id: int, visible_from: date, due_on: date | None) -> None:
    """Ask on other days for something that is due from whomever: one statement."""
    db.session.flush()
    mine = (Due.program_id == program_id, Due.code == name, Due.subject_id == subject_id)
    db.session.execute(
        sa.update(Due).where(*mine).values(visible_from=visible_from, due_on=due_on),
        execution_options={"synchronize_session": False},
    )


def drop_all(program_id: int, *, closed: bool = False) -> None:
    """Take everything of a programme off every inbox: it is over. Of a closed one, what outlives it stays."""
    staying = [name for name, known in CODES.items() if known.outlives] if closed else []
    db.session.flush()
    db.session.execute(sa.delete(Due).where(Due.program_id == program_id, Due.code.not_in(staying)))


def pause_all(program_id: int, paused: bool = True) -> None:
    """Hide everything of a suspended programme from the inboxes, or show it again."""
    db.session.flush()
    db.session.execute(sa.update(Due).where(Due.program_id == program_id).values(paused=paused))


def owned_by(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Due that leaves what is due from a person, by name or by role."""
    mine = [Due.user_id == viewer.id]
    for post in viewer.posts:
        mine.append(sa.and_(Due.organization_id == post.organization_id, Due.role == post.role))
        if post.department_id:
            mine.append(sa.and_(Due.organization_id == post.department_id, Due.role == post.role))
    return sa.or_(*mine)


def is_showing(today: date) -> sa.ColumnElement[bool]:
    """Return the condition on Due that leaves what stands in an inbox on a day."""
    return sa.and_(Due.visible_from <= today, Due.paused.is_(False))

"""The rows of signs: which stand in the way of a new one, written and brought up to date some trainees at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from trainmgr.guidance.models import RiskSign, SignState, TutoringState, TutoringTask
from trainmgr.guidance.risk import RiskCode, Sign
from trainmgr.kernel.db import db

CHUNK = 500

Key = tuple[int, RiskCode]  # a trainee's enrolment and what was looked at
Known = Mapping[Key, tuple[int, SignState, Mapping[str, Any]]]


def known_signs(program_id: int, today: date) -> Known:
    """Return the signs that stand in the way of a new one: open, being helped, or quiet after a dismissal."""
    helped = sa.exists().where(TutoringTask.id == RiskSign.task_id, TutoringTask.state == TutoringState.OPEN)
    rows = db.session.execute(
        sa.select(RiskSign.enrolment_id, RiskSign.code, RiskSign.id, RiskSign.state, RiskSign.params).where(
            RiskSign.program_id == program_id,
            sa.or_(
                RiskSign.state == SignState.OPEN,
                sa.and_(RiskSign.state == SignState.ACCEPTED, helped),
                sa.and_(RiskSign.state == SignState.DISMISSED, RiskSign.quiet_until >= today),
            ),
        )
    )
    found: dict[Key, tuple[int, SignState, Mapping[str, Any]]] = {}
    for row in rows:
        key = (row.enrolment_id, row.code)
        if key not in found or row.state is SignState.OPEN:
            found[key] = (row.id, row.state, row.params)
    return found


def insert_signs(program_id: int, new: Mapping[Key, Sign], today: date) -> None:
    """Write new signs; where another look wrote the same one meanwhile, that one stays."""
    rows = [
        {"program_id": program_id, "enrolment_id": key[0], "code": key[1], "params": dict(sign.params),
         "state": SignState.OPEN, "found_on": today, "seen_on": today, "reason": "", "by_name": ""}
        for key, sign in new.items()
    ]  # fmt: skip
    kind: Any = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    statement = kind(RiskSign.__table__).on_conflict_do_nothing()
    for start in range(0, len(rows), CHUNK):
        db.session.execute(statement, rows[start : start + CHUNK])


def refresh_signs(known: Known, found: Mapping[Key, Sign], people: Collection[int], today: date) -> int:
    """Give these trainees' open signs their new figures and end those that no rule says; returns how many ended.

    A sign that somebody accepted or dismissed since it was read is left alone.
    """
    open_ = {key: row for key, row in known.items() if row[1] is SignState.OPEN and key[0] in people}
    changed = [
        {"key": row[0], "figures": dict(found[key].params)}
        for key, row in open_.items()
        if key in found and row[2] != found[key].params
    ]
    gone = [row[0] for key, row in open_.items() if key not in found]
    table: Any = RiskSign.__table__
    still_open = table.c.state == SignState.OPEN
    renew = (
        sa.update(table)
        .where(table.c.id == sa.bindparam("key"), still_open)
        .values(params=sa.bindparam("figures", type_=table.c.params.type), seen_on=today)
    )
    for start in range(0, len(changed), CHUNK):
        db.session.execute(renew, changed[start : start + CHUNK])
    for start in range(0, len(gone), CHUNK):
        db.session.execute(
            sa.update(table)
            .where(table.c.id.in_(gone[start : start + CHUNK]), still_open)
            .values(state=SignState.GONE, seen_on=today)
        )
    for row in [thing for thing in db.session.identity_map.values() if isinstance(thing, RiskSign)]:
        db.session.expire(row)
    return len(gone)

"""Writing what was noted: the note itself, what counts now, the tally; as many statements for 200 as for one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from trainmgr.attendance.models import OF_A_DAY, AttendanceMark, AttendanceStanding, AttendanceTally
from trainmgr.attendance.queries import chunks
from trainmgr.attendance.rules import Mark, Source
from trainmgr.kernel.audit import Actor
from trainmgr.kernel.db import db
from trainmgr.timetable.models import TeachingSession


@dataclass(frozen=True)
class Occasion:
    """Where somebody was or was not: in a session, or on a day of work without one."""

    day: date
    session_id: int | None = None

    @classmethod
    def of(cls, session: TeachingSession) -> Occasion:
        """Return the occasion of a session."""
        return cls(session.day, session.id)


def note(
    occasion: Occasion,
    marks: Mapping[int, Mark],
    source: Source,
    *,
    by: Actor | None,
    now: datetime,
    notes: Mapping[int, str] | None = None,
) -> None:
    """Note marks by enrolment; what stood there before stays in the history and counts no longer."""
    if not marks:
        return
    _write_standings(occasion, marks, source, now)
    _write_marks(occasion, marks, source, by, now, notes or {})
    renew_tallies(marks)


def note_arrival(
    session: TeachingSession, enrolment_id: int, mark: Mark, *, by: Actor, now: datetime
) -> bool:
    """Note once that a trainee came; returns False when something stands there already, which then stays."""
    occasion = Occasion.of(session)
    statement = _insert(AttendanceStanding).values(_standing(occasion, enrolment_id, mark, Source.CODE, now))
    once = statement.on_conflict_do_nothing(index_elements=["session_id", "enrolment_id"])
    if db.session.execute(once.returning(AttendanceStanding.id)).first() is None:
        return False
    _write_marks(occasion, {enrolment_id: mark}, Source.CODE, by, now, {})
    renew_tallies([enrolment_id])
    return True


def note_rest(
    occasion: Occasion, marks: Mapping[int, Mark], source: Source, *, by: Actor | None, now: datetime
) -> dict[int, Mark]:
    """Note those of whom nothing stands yet and return what was noted; who comes in at this very moment stays in."""
    if not marks:
        return {}
    rows = [_standing(occasion, key, mark, source, now) for key, mark in sorted(marks.items())]
    once = _insert(AttendanceStanding).on_conflict_do_nothing(index_elements=["session_id", "enrolment_id"])
    taken = db.session.scalars(once.returning(AttendanceStanding.enrolment_id), rows).all()
    noted = {key: marks[key] for key in taken}
    if noted:
        _write_marks(occasion, noted, source, by, now, {})
        renew_tallies(noted)
    return noted


def _insert(table: Any) -> Any:
    kind: Any = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    return kind(table.__table__)


def _standing(
    occasion: Occasion, enrolment_id: int, mark: Mark, source: Source, now: datetime
) -> dict[str, Any]:
    return {
        "enrolment_id": enrolment_id,
        "session_id": occasion.session_id,
        "day": occasion.day,
        "mark": mark,
        "source": source,
        "at": now,
    }


def _write_standings(occasion: Occasion, marks: Mapping[int, Mark], source: Source, now: datetime) -> None:
    statement = _insert(AttendanceStanding)
    changed = {name: statement.excluded[name] for name in ("mark", "source", "at")}
    if occasion.session_id is None:
        once = statement.on_conflict_do_update(
            index_elements=["enrolment_id", "day"], index_where=OF_A_DAY, set_=changed
        )
    else:
        once = statement.on_conflict_do_update(index_elements=["session_id", "enrolment_id"], set_=changed)
    rows = [_standing(occasion, key, mark, source, now) for key, mark in sorted(marks.items())]
    db.session.execute(once, rows)
    for known in [one for one in db.session.identity_map.values() if isinstance(one, AttendanceStanding)]:
        db.session.expire(known)


def _write_marks(
    occasion: Occasion,
    marks: Mapping[int, Mark],
    source: Source,
    by: Actor | None,
    now: datetime,
    notes: Mapping[int, str],
) -> None:
    writer = {"by_id": by.id if by else None, "by_name": by.name if by else ""}
    rows = [
        _standing(occasion, key, mark, source, now) | writer | {"note": notes.get(key, "")[:120]}
        for key, mark in sorted(marks.items())
    ]
    db.session.execute(sa.insert(AttendanceMark), rows)


def renew_tallies(enrolment_ids: Collection[int]) -> None:
    """Count anew what stands of some trainees.

    Their tallies are locked first, so that two who note the same trainee at once count one after the other.
    """
    for ids in chunks(enrolment_ids):
        empty = [{"enrolment_id": key, "present": 0, "late": 0, "excused": 0, "absent": 0} for key in ids]
        db.session.execute(_insert(AttendanceTally).on_conflict_do_nothing(), empty)
        tally = AttendanceTally
        db.session.execute(
            sa.select(tally.enrolment_id)
            .where(tally.enrolment_id.in_(ids))
            .order_by(tally.enrolment_id)
            .with_for_update()
        ).all()
        _write_counts(ids)


def _write_counts(ids: Sequence[int]) -> None:
    counts = {key: dict.fromkeys(Mark, 0) for key in ids}
    rows = db.session.execute(
        sa.select(AttendanceStanding.enrolment_id, AttendanceStanding.mark, sa.func.count())
        .where(AttendanceStanding.enrolment_id.in_(ids))
        .group_by(AttendanceStanding.enrolment_id, AttendanceStanding.mark)
    )
    for enrolment_id, mark, number in rows:
        counts[enrolment_id][mark] = number
    changes = [
        {"enrolment_id": key} | {mark.value: number for mark, number in by_mark.items()}
        for key, by_mark in counts.items()
    ]
    db.session.execute(sa.update(AttendanceTally), changes)

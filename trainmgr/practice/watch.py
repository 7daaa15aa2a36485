"""Signs worth a question, looked for when a log is handed in and kept beside it; what they mean, people decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import aliased

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.hours import ledger_minutes
from trainmgr.practice import honesty
from trainmgr.practice.honesty import Hint, HintKind, Known
from trainmgr.practice.log_models import LogBand, LogHint, SpotCheck
from trainmgr.practice.models import LogCase, LogPhoto, PracticeLog
from trainmgr.practice.periods import Terms, by_day, covered
from trainmgr.practice.rules import COUNTED
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side
from trainmgr.timetable.holidays import country_day
from trainmgr.timetable.models import ClosedPeriod, SessionState, TeachingSession
from trainmgr.timetable.rules import DayKind

PUT_ASIDE = audit.sentence("practice.hint", _l("%(who)s put a hint in a log of %(what)s aside: %(reason)s"))
A_BAND = (
    6  # logs looked at for each value, the latest first: a whole class that writes the same costs no more
)


def text_of(log: Any, case: LogCase | None = None) -> str:
    """Return everything that a trainee wrote in a log, as texts are compared."""
    parts = [log.task, log.learned]
    if case is not None:
        parts += [case.facts, case.analysis, case.plan, case.effect, case.lessons]
    return "\n".join(parts)


def look(
    program: Program,
    enrolment: Enrolment,
    log: PracticeLog,
    others: Sequence[Any],
    terms: Terms,
    *,
    now: datetime,
) -> list[Hint]:
    """Keep the signs in a log that is handed in just now; `others` are the trainee's logs of the same days.

    At most six selects and two inserts, whatever the number of logs in the programme.
    """
    text = text_of(log, log.case)
    hints = [
        *_similar(program, enrolment, log, text),
        *_photos(log),
        *honesty.pasted(log.pasted_signs, log.typed_signs),
        *_hours(program, enrolment, log, others, terms),
    ]
    rows = [
        {"log_id": log.id, "kind": hint.kind, "other_id": hint.other_id, "params": dict(hint.params), "at": now,
         "dismissed_by": "", "note": ""}
        for hint in hints
    ]  # fmt: skip
    if rows:
        db.session.execute(sa.insert(LogHint), rows)
    return hints


# --- texts and photos ------------------------------------------------------------------------------


def _similar(program: Program, enrolment: Enrolment, log: PracticeLog, text: str) -> list[Hint]:
    values = sorted(set(honesty.bands(honesty.shingles(text))))
    if not values:
        return []
    found = honesty.similar(text, enrolment.id, _known(program.id, log, values))
    db.session.execute(
        sa.insert(LogBand), [{"program_id": program.id, "value": value, "log_id": log.id} for value in values]
    )
    return found


def _known(program_id: int, log: PracticeLog, values: Sequence[int]) -> list[Known]:
    """The logs that share a value with a text and count: two statements."""
    pieces = []
    for value in values:
        latest = (
            sa.select(LogBand.log_id)
            .where(LogBand.program_id == program_id, LogBand.value == value, LogBand.log_id != log.id)
            .order_by(LogBand.log_id.desc())
            .limit(A_BAND)
            .subquery()
        )
        pieces.append(sa.select(latest.c.log_id))
    ids = sorted(set(db.session.scalars(sa.union_all(*pieces))))
    if not ids:
        return []
    rows = db.session.execute(
        sa.select(PracticeLog.id, PracticeLog.enrolment_id, PracticeLog.task, PracticeLog.learned, LogCase)
        .outerjoin(LogCase, LogCase.log_id == PracticeLog.id)
        .where(PracticeLog.id.in_(ids), PracticeLog.state.in_(COUNTED))
    )
    return [Known(row[0], row[1], text_of(row, row[4])) for row in rows]


def _photos(log: PracticeLog) -> list[Hint]:
    """The same picture, after it was made small, in another log that counts: one statement."""
    if not log.photos:
        return []
    mine, theirs, photo = aliased(StoredFile), aliased(StoredFile), aliased(LogPhoto)
    row = db.session.execute(
        sa.select(PracticeLog.id, LogPhoto.position)
        .select_from(LogPhoto)
        .join(mine, mine.id == LogPhoto.file_id)
        .join(theirs, sa.and_(theirs.sha256 == mine.sha256, theirs.program_id == log.program_id))
        .join(photo, photo.file_id == theirs.id)
        .join(PracticeLog, PracticeLog.id == photo.log_id)
        .where(
            LogPhoto.log_id == log.id,
            PracticeLog.id != log.id,
            PracticeLog.state.in_(COUNTED),
        )
        .order_by(PracticeLog.id.desc())
        .limit(1)
    ).first()
    return [Hint(HintKind.SAME_PHOTO, {"number": row[1]}, row[0])] if row else []


# --- hours -----------------------------------------------------------------------------------------


def _hours(
    program: Program, enrolment: Enrolment, log: PracticeLog, others: Sequence[Any], terms: Terms
) -> list[Hint]:
    worked = dict(log.covered.worked())
    if not worked:
        return []
    elsewhere = by_day(
        covered(one.day, one.minutes, one.day_minutes) for one in others if one.side is not log.side
    )
    same = by_day(covered(one.day, one.minutes, one.day_minutes) for one in others if one.side is log.side)
    return honesty.hours_hints(
        {day: minutes + same.get(day, 0) for day, minutes in worked.items()},
        elsewhere={day: minutes for day, minutes in elsewhere.items() if day in worked},
        limit=terms.day_limit,
        closed=_closed(enrolment, log, list(worked)),
        lessons=_lessons(enrolment, list(worked)) if log.side is Side.COLLEGE else None,
    )


def _closed(enrolment: Enrolment, log: PracticeLog, days: Sequence[date]) -> set[date]:
    """The days on which the place is closed, and the country's holidays: one statement."""
    place = enrolment.college_id if log.side is Side.COLLEGE else enrolment.enterprise_id
    rows = db.session.execute(
        sa.select(ClosedPeriod.starts_on, ClosedPeriod.ends_on)
        .where(
            ClosedPeriod.organization_id == place,
            ClosedPeriod.starts_on <= max(days),
            ClosedPeriod.ends_on >= min(days),
        )
        .limit(50)
    ).all()
    shut = {day for day in days for first, last in rows if first <= day <= last}
    return shut | {day for day in days if country_day(day).kind is DayKind.HOLIDAY}


def _lessons(enrolment: Enrolment, days: Sequence[date]) -> dict[date, int]:
    """The minutes that a class is timetabled for on the days that have sessions: one statement."""
    if enrolment.cohort_id is None:
        return {}
    rows = db.session.execute(
        sa.select(TeachingSession.day, sa.func.sum(TeachingSession.units))
        .where(
            TeachingSession.cohort_id == enrolment.cohort_id,
            TeachingSession.day.in_(days),
            TeachingSession.state == SessionState.PLANNED,
        )
        .group_by(TeachingSession.day)
    )
    return {day: ledger_minutes(units) for day, units in rows}


# --- reading ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """A hint as a reader sees it: with the other log where he or she may see that too."""

    hint: LogHint
    other: PracticeLog | None
    name: str

    @property
    def day(self) -> date | None:
        """The day it speaks of."""
        text = self.hint.params.get("day")
        return date.fromisoformat(text) if text else None


def beside(log: PracticeLog, program: Program, viewer: User) -> tuple[list[Shown], SpotCheck | None]:
    """Return the hints in a log, those still open first, and the spot check it was drawn for: one statement.

    Another log is named only where the viewer may see it too.
    """
    other, owner = aliased(PracticeLog), aliased(Enrolment)
    seen = sa.select(Enrolment.id).where(visible_in(program, viewer))
    rows: Any = db.session.execute(
        sa.select(LogHint, other, owner.name, SpotCheck)
        .select_from(PracticeLog)
        .outerjoin(LogHint, LogHint.log_id == PracticeLog.id)
        .outerjoin(SpotCheck, SpotCheck.log_id == PracticeLog.id)
        .outerjoin(other, sa.and_(other.id == LogHint.other_id, other.enrolment_id.in_(seen)))
        .outerjoin(owner, owner.id == other.enrolment_id)
        .where(PracticeLog.id == log.id)
        .order_by(LogHint.dismissed_at.is_not(None), LogHint.id)
    ).all()
    return [Shown(row[0], row[1], row[2] or "") for row in rows if row[0] is not None], rows[0][3]


def open_hints(log_ids: Sequence[int]) -> dict[int, int]:
    """Return how many hints of some logs nobody put aside: one statement."""
    rows = db.session.execute(
        sa.select(LogHint.log_id, sa.func.count())
        .where(LogHint.log_id.in_(log_ids), LogHint.dismissed_at.is_(None))
        .group_by(LogHint.log_id)
    )
    return {row[0]: row[1] for row in rows}


def find_hint(log: PracticeLog, hint_id: int) -> LogHint | None:
    """Return one hint of a log."""
    row = db.session.get(LogHint, hint_id)
    return row if row is not None and row.log_id == log.id else None


def put_aside(log: PracticeLog, hint: LogHint, note: str, *, by: User, now: datetime) -> None:
    """Note that somebody looked at a hint and what he or she found; the first note stands."""
    if hint.dismissed_at is not None:
        return
    hint.dismissed_at, hint.dismissed_by_id, hint.dismissed_by, hint.note = now, by.id, by.name, note
    audit.record(
        PUT_ASIDE, hint, by=by, now=now, program_id=log.program_id, name=log.enrolment.name, reason=note
    )

"""Writes of marks: points for short answers, steps that a judge saw done. A mark never changes; the newest counts.

A first mark may come as long as the programme is under way; a correction needs a reason, and ends with the needs
analysis that took the levels of the sitting. Nothing is written unless all that was sent can be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.bank import marking
from trainmgr.bank.models import PaperItem
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.i18n import moment, number
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work, is_open
from trainmgr.programs.thread import refresh
from trainmgr.testing import markbook, marking_dues, queries, settling
from trainmgr.testing.frame import step_of
from trainmgr.testing.models import Attempt, Mark, Participant, Sitting
from trainmgr.testing.rules import AttemptEnd

MARKED = audit.sentence("testing.mark", _l("%(who)s marked %(count)s answers of the test “%(what)s”"))
CORRECTED = audit.sentence(
    "testing.correct-mark",
    _l("%(who)s corrected a mark of the test “%(what)s” from %(old)s to %(new)s points: %(reason)s"),
)
JUDGED = audit.sentence(
    "testing.judge", _l("%(who)s judged the practical work of %(what)s: %(points)s points")
)


@dataclass(frozen=True)
class Given:
    """What a marker gives one answer; `seen` is the number of the mark that stood there when the page was read."""

    attempt_id: int
    points: Decimal
    seen: int
    remark: str = ""
    reason: str = ""
    done: Sequence[int] | None = None


class MarksRefused(Conflict):
    """Nothing was written; `faults` says why, by attempt and field ("points" or "reason")."""

    def __init__(self, faults: Mapping[int, tuple[str, str]]) -> None:
        self.faults = dict(faults)
        super().__init__(_("Nothing of this is saved yet. What you typed stands below."))


@dataclass
class _Desk:
    """Where marks are being written: the sitting's item, who marks, when, and the key of the page that sent them."""

    program: Program
    sitting: Sitting
    line: PaperItem
    key: str
    by: User
    now: datetime
    known: Mapping[int, Sequence[Mark]] = field(default_factory=dict)

    def key_of(self, attempt_id: int) -> str | None:
        return f"{self.key[:32]}:{attempt_id}:{self.line.item_id}" if self.key else None


def record_marks(
    program: Program,
    sitting: Sitting,
    line: PaperItem,
    given: Sequence[Given],
    *,
    key: str,
    by: User,
    now: datetime,
) -> int:
    """Give points for short answers; returns how many marks that wrote (none for what was there already).

    Raises MarksRefused when somebody else has marked one of them meanwhile, or a correction has no reason.
    """
    _require_under_way(program, sitting)
    desk = _Desk(program, sitting, line, key, by, now)
    ids = sorted({one.attempt_id for one in given})
    _require_not_oneself(ids, by)
    mine = sa.and_(Attempt.sitting_id == sitting.id, Attempt.counts, queries.marked_by(program, by))
    if len(_lock(ids, mine)) < len(ids):
        raise RuleBroken(_("One of these answers is not yours to mark. Load the page again."))
    written = _write(desk, given)
    if written:
        audit.record(
            MARKED, sitting, by=by, now=now, program_id=program.id, name=sitting.name, count=len(written)
        )
        _follow_up(desk, written)
    return len(written)


def judge(
    program: Program,
    sitting: Sitting,
    line: PaperItem,
    participant: Participant,
    done: Iterable[int],
    *,
    seen: int,
    remark: str,
    reason: str,
    key: str,
    by: User,
    now: datetime,
) -> Mark | None:
    """Note the steps of a practical task that a judge saw done; None when the same was there already."""
    _require_under_way(program, sitting)
    require(participant.user_id != by.id, _("Nobody judges their own work."))
    steps = sorted(place for place in set(done) if 0 <= place < len(line.item.content["steps"]))
    attempt_id = open_attempt(participant)
    require(
        attempt_id is not None,
        _(
            "%(name)s has not begun the test yet. The checklist can be sent as soon as it is begun.",
            name=participant.name,
        ),
    )
    assert attempt_id is not None
    desk = _Desk(program, sitting, line, key, by, now)
    ended = _lock([attempt_id])[attempt_id]
    points = marking.mark_checklist(line.item.content, steps, line.points)
    written = _write(desk, [Given(attempt_id, points, seen, remark, reason, steps)])
    if not written:
        return None
    audit.record(
        JUDGED,
        sitting,
        by=by,
        now=now,
        program_id=program.id,
        name=participant.name,
        points=number(float(points)),
    )
    _follow_up(desk, [attempt_id] if ended else [])
    return written[attempt_id]


def open_attempt(participant: Participant) -> int | None:
    """Return the attempt that a judge looks at: the latest one that is not called off, under way or ended."""
    return db.session.scalar(
        sa.select(Attempt.id)
        .where(Attempt.participant_id == participant.id, Attempt.end.is_distinct_from(AttemptEnd.CALLED_OFF))
        .order_by(Attempt.number.desc())
        .limit(1)
    )


# --- shared ---------------------------------------------------------------------------------------------


def _require_under_way(program: Program, sitting: Sitting) -> None:
    require_open(program, Work.SETUP)
    require(sitting.cancelled_at is None, _("This test was called off. Nothing in it is marked any more."))


def _require_not_oneself(attempt_ids: Sequence[int], by: User) -> None:
    own = sa.select(Attempt.id).join(Participant, Participant.id == Attempt.participant_id)
    found = db.session.scalar(own.where(Attempt.id.in_(attempt_ids), Participant.user_id == by.id).limit(1))
    require(found is None, _("Nobody marks their own answers."))


def _lock(ids: Sequence[int], *condition: sa.ColumnElement[bool]) -> dict[int, bool]:
    """Let nobody else mark or end these attempts before this transaction ends; returns which of them have ended."""
    rows = db.session.execute(
        sa.select(Attempt.id, Attempt.ended_at)
        .join(Participant, Participant.id == Attempt.participant_id)
        .where(Attempt.id.in_(ids), *condition)
        .order_by(Attempt.id)
        .with_for_update(of=Attempt)
    )
    return {attempt_id: ended_at is not None for attempt_id, ended_at in rows}


def _write(desk: _Desk, given: Sequence[Given]) -> dict[int, Mark]:
    """Write the marks that are new, by attempt; raises MarksRefused and writes nothing when one cannot be."""
    ids = [one.attempt_id for one in given]
    known = {key[0]: marks for key, marks in markbook.marks_of(ids, [desk.line.item_id]).items()}
    faults, new = dict[int, tuple[str, str]](), list[Given]()
    for one in given:
        marks = known.get(one.attempt_id, [])
        if _is_there(one, marks, desk):
            continue
        if fault := _fault(one, marks, desk):
            faults[one.attempt_id] = fault
        else:
            new.append(one)
    if faults:
        raise MarksRefused(faults)
    written = {one.attempt_id: _mark(one, known.get(one.attempt_id, []), desk) for one in new}
    db.session.add_all(written.values())
    db.session.flush()
    return written


def _is_there(one: Given, marks: Sequence[Mark], desk: _Desk) -> bool:
    """Tell whether what was sent stands there already: sent twice, not changed, or given alike by somebody else."""
    if any(mark.client_key == desk.key_of(one.attempt_id) and _is_same(one, mark) for mark in marks):
        return True
    if not marks:
        return False
    says_nothing = one.seen != marks[0].number and not one.remark
    return _is_same(one, marks[0], remark=not says_nothing)


def _is_same(one: Given, mark: Mark, *, remark: bool = True) -> bool:
    done = one.done is None or list(one.done) == list(mark.done or [])
    return mark.points == one.points and done and (mark.remark == one.remark or not remark)


def _fault(one: Given, marks: Sequence[Mark], desk: _Desk) -> tuple[str, str] | None:
    """Return the field and the sentence that refuse a mark."""
    if not marks:
        return None
    last = marks[0]
    if one.seen != last.number:
        return "points", _(
            "%(who)s gave %(points)s points meanwhile (%(moment)s). Leave it at that, or say why to change it.",
            who=last.marker.name,
            points=number(float(last.points)),
            moment=moment(last.marked_at, desk.now),
        )
    if desk.sitting.taken_at is not None and not is_open(Work.NEEDS, desk.program.state):
        return "points", _(
            "The levels of this test are in the signed needs analysis; its marks stay as they are."
        )
    return (
        None if one.reason else ("reason", _("Say why the mark is changed; the first one is kept beside it."))
    )


def _mark(one: Given, marks: Sequence[Mark], desk: _Desk) -> Mark:
    if marks:
        audit.record(
            CORRECTED, desk.sitting, by=desk.by, now=desk.now, program_id=desk.program.id, name=desk.sitting.name,
            reason=one.reason, old=number(float(marks[0].points)), new=number(float(one.points)),
            item=desk.line.item_id, attempt=one.attempt_id,
        )  # fmt: skip
    return Mark(
        attempt_id=one.attempt_id,
        item_id=desk.line.item_id,
        number=marks[0].number + 1 if marks else 1,
        points=one.points,
        done=list(one.done) if one.done is not None else None,
        remark=one.remark,
        marker_id=desk.by.id,
        marked_at=desk.now,
        client_key=desk.key_of(one.attempt_id),
    )


def _follow_up(desk: _Desk, ended: Iterable[int]) -> None:
    """Turn the marks of ended attempts into points and levels, and tell those who wait for them."""
    ids = sorted(ended)
    if not ids:
        return
    settling.settle(desk.sitting, ids)
    values: dict[str, Any] = {"analysed_at": None}
    db.session.execute(
        sa.update(Sitting)
        .where(Sitting.id == desk.sitting.id, Sitting.analysed_at.is_not(None))
        .values(values)
        .execution_options(synchronize_session=False)
    )
    if desk.sitting.closed_at is not None:
        marking_dues.put(desk.program.id, desk.sitting, now=desk.now)
        refresh(desk.program.id, step_of(desk.sitting), now=desk.now)

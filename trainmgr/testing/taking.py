"""Taking a test: begun, answered bit by bit, handed in. The server's clock alone says until when.

Each answer carries a sequence: the milliseconds of the attempt (by the server's clock) at which it was given. Of two
pages that are open at once the newer answer stands, in whatever order they arrive; sending one twice changes nothing.
What arrives after the end is kept beside (`late`) and never counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.bank import actions, papers
from trainmgr.bank.rules import InstrumentState, ItemKind
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import moment
from trainmgr.programs.actions import require_open
from trainmgr.testing import closing, seats
from trainmgr.testing.answering import NotAnAnswer, is_answered, read_value
from trainmgr.testing.models import Answer, Attempt, Participant, Sitting
from trainmgr.testing.rules import AttemptEnd, SittingState, deadline, is_in_time, may_begin
from trainmgr.testing.seats import Seat
from trainmgr.testing.settling import insert_into
from trainmgr.testing.sheets import Sheet, sheet_of

HANDED_IN = audit.sentence("testing.hand-in", _l("%(who)s handed in the test “%(what)s”"))


class Over(RuleBroken):
    """The attempt has ended (409); the message says when and what counts."""


# --- beginning --------------------------------------------------------------------------------------


def begin(participant: Participant, *, by: User, now: datetime) -> Attempt:
    """Begin an attempt, or return the one under way; from the first one on the instrument is frozen."""
    sitting = _present(
        participant.sitting
    )  # before the person: whoever grants an attempt locks in this order
    db.session.execute(
        sa.select(Participant)
        .where(Participant.id == participant.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    newest = seats.newest_attempt(participant)
    if newest is not None and newest.ended_at is None:
        if is_in_time(newest.deadline_at, now):
            return newest
        closing.end_attempts(sitting, [newest.id], now=now)
    _require_beginnable(participant, sitting, now)
    version = sitting.instrument_version
    if version.state is not InstrumentState.FROZEN:
        papers.draw_form(version, sitting.form, now=now)
        actions.freeze(version, now=now)
    attempt = Attempt(
        sitting_id=sitting.id,
        participant_id=participant.id,
        number=newest.number + 1 if newest is not None else 1,
        started_at=now,
        deadline_at=deadline(now, version.minutes, participant.extra_minutes, sitting.closes_at),
    )
    db.session.add(attempt)
    db.session.flush()
    return attempt


def _present(sitting: Sitting) -> Sitting:
    """Return the sitting as it is now; nobody calls it off or moves its end before this transaction ends."""
    db.session.execute(
        sa.select(Sitting)
        .where(Sitting.id == sitting.id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    return sitting


def _require_beginnable(participant: Participant, sitting: Sitting, now: datetime) -> None:
    if why := why_not(participant, sitting, seats.count_taken(participant), now):
        raise RuleBroken(why)
    require_open(sitting.program, sitting.purpose.work)
    state = db.session.scalar(sa.select(Enrolment.state).where(Enrolment.id == participant.enrolment_id))
    if state is EnrolmentState.SUSPENDED:
        raise RuleBroken(_("Your training is suspended. The test waits until you are back."))
    if state is EnrolmentState.WITHDRAWN:
        raise RuleBroken(_("You have left this training; its tests are no longer yours to take."))


def why_not(participant: Participant, sitting: Sitting, taken: int, now: datetime) -> Any:
    """Return the sentence why somebody may not begin now, or nothing."""
    state = sitting.state_at(now)
    if state is SittingState.CANCELLED:
        return _("This test was called off.")
    if state is SittingState.PLANNED:
        return _("This test opens %(moment)s.", moment=moment(sitting.opens_at, now))
    if state is SittingState.CLOSED:
        return _("This test closed %(moment)s.", moment=moment(sitting.closes_at, now))
    if not may_begin(taken, participant.attempts):
        return _("You have taken this test. Another attempt is granted by your college.")
    return ""


def deadline_of(participant: Participant, now: datetime) -> datetime:
    """Return when an attempt would end that began now."""
    sitting = participant.sitting
    begun = max(now, sitting.opens_at)
    return deadline(begun, sitting.instrument_version.minutes, participant.extra_minutes, sitting.closes_at)


def clock_of(moment: datetime) -> str:
    """Return the time of day of a moment to the second, as the clock on the wall shows it."""
    return moment.astimezone(ZoneInfo(current_app.config["TIMEZONE"])).strftime("%H:%M:%S")


# --- answering --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sent:
    """An answer as a page sends it: to which item, what, and at which millisecond of the attempt it was given."""

    item_id: int
    value: Any
    sequence: int


@dataclass
class Saved:
    """What became of the answers that a page sent: nothing refused is the rule."""

    seat: Seat
    refused: list[int] = field(default_factory=list)
    late: int = 0


def save_answers(seat: Seat, sent: Sequence[Sent], *, now: datetime) -> Saved:
    """Keep answers of an attempt; after its end they are kept beside and do not count (see `why_over`)."""
    saved, sheet, latest = Saved(seat), sheet_of(seat.order), seat.elapsed(now)
    good: dict[int, dict[str, Any]] = {}
    for one in sent:
        item = sheet.by_id.get(one.item_id)
        try:
            if item is None:
                raise NotAnAnswer("no item of this paper")
            value = read_value(item.kind, one.value, len(item.options))
        except NotAnAnswer:
            saved.refused.append(one.item_id)
            continue
        # No page gives an answer later than now; so none can shut out the ones that follow.
        sequence = max(1, min(one.sequence, latest))
        if one.item_id not in good or good[one.item_id]["sequence"] <= sequence:
            good[one.item_id] = {"item_id": one.item_id, "value": value, "sequence": sequence}
    if seat.is_open(now):
        _write(seat, good.values(), now)
    else:
        saved.late = _keep_late(seat, good.values(), now)
        if seat.ended_at is None:
            closing.end_attempts(db.session.get_one(Sitting, seat.sitting_id), [seat.attempt_id], now=now)
    return saved


def _write(seat: Seat, answers: Iterable[Mapping[str, Any]], now: datetime) -> None:
    rows = [{**one, "attempt_id": seat.attempt_id, "answered_at": now} for one in answers]
    if rows:
        # Rows beside the statement: written anew for every number of rows, it would cost more than they do.
        db.session.connection().execute(_newer_wins(db.engine.dialect.name), rows)


@cache
def _newer_wins(_dialect: str) -> Any:
    """Return the insert that leaves a newer answer alone; made once for each kind of database."""
    table: Any = Answer.__table__
    insert = insert_into(table)
    changed = {name: insert.excluded[name] for name in ("value", "sequence", "answered_at")}
    newer = insert.excluded.sequence > table.c.sequence
    return insert.on_conflict_do_update(index_elements=["attempt_id", "item_id"], set_=changed, where=newer)


def _keep_late(seat: Seat, answers: Iterable[Mapping[str, Any]], now: datetime) -> int:
    """Keep beside the answers that count what came after the end; what says the same is not late. Returns how many."""
    rows = list(answers)
    if not rows:
        return 0
    counted = {item: value for item, (value, _seq, _at) in seats.answers_of(seat.attempt_id).items()}
    late = [
        {
            "attempt_id": seat.attempt_id,
            "item_id": one["item_id"],
            "late": one["value"],
            "late_at": now,
            "sequence": 0,
        }
        for one in rows
        if one["value"] != counted.get(one["item_id"])
    ]
    if late:
        insert = insert_into(Answer.__table__)
        changed = {name: insert.excluded[name] for name in ("late", "late_at")}
        db.session.connection().execute(
            insert.on_conflict_do_update(index_elements=["attempt_id", "item_id"], set_=changed), late
        )
    return len(late)


def why_over(seat: Seat, now: datetime) -> str:
    """Return the sentence that says when an attempt ended and what counts, or nothing while it is under way."""
    if seat.is_open(now):
        return ""
    if seat.end is AttemptEnd.CALLED_OFF:
        return _("This test was called off %(moment)s.", moment=moment(seat.ended_at, now))
    if seat.end is AttemptEnd.HANDED_IN:
        return _(
            "You handed in %(moment)s. What was answered by then counts.", moment=moment(seat.ended_at, now)
        )
    return _(
        "Time was over %(moment)s. What was saved by then counts; what came later is kept and does not count.",
        moment=moment(seat.deadline_at, now),
    )


# --- handing in -------------------------------------------------------------------------------------


def hand_in(participant: Participant, seat: Seat, *, by: User, now: datetime) -> bool:
    """Hand an attempt in; returns whether it was this time (the second time, or after its end, nothing happens)."""
    sitting = participant.sitting
    if seat.ended_at is not None:
        return False
    if not is_in_time(seat.deadline_at, now):
        closing.end_attempts(sitting, [seat.attempt_id], now=now)
        return False
    closing.end_attempts(sitting, [seat.attempt_id], end=AttemptEnd.HANDED_IN, now=now)
    audit.record(
        HANDED_IN, "test_attempt", by=by, now=now, program_id=sitting.program_id, name=sitting.name,
        attempt=seat.attempt_id,
    )  # fmt: skip
    return True


def unanswered(sheet: Sheet, answers: Mapping[int, tuple[Any, int, Any]]) -> set[int]:
    """Return the items of a paper that have no answer yet, those left out that a judge answers."""
    return {
        item.id
        for item in sheet.items
        if item.kind is not ItemKind.CHECKLIST and not is_answered(answers.get(item.id, (None,))[0])
    }

"""Writes of sittings: planned, changed while nobody has begun, called off, their end moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import contains_eager

from trainmgr.bank import papers
from trainmgr.bank.models import Instrument, InstrumentVersion
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import is_open
from trainmgr.programs.thread import refresh
from trainmgr.testing import closing, owing
from trainmgr.testing.frame import step_of
from trainmgr.testing.models import Attempt, Participant, Sitting
from trainmgr.testing.rules import AttemptEnd, Purpose, SittingState, deadline

PLANNED = audit.sentence("testing.plan", _l("%(who)s planned the test “%(what)s”"))
CHANGED = audit.sentence("testing.change", _l("%(who)s changed the test “%(what)s”"))
CANCELLED = audit.sentence("testing.cancel", _l("%(who)s called the test “%(what)s” off: %(reason)s"))
MOVED = audit.sentence(
    "testing.move-end", _l("%(who)s moved the end of the test “%(what)s” to %(end)s: %(reason)s")
)


@dataclass(frozen=True)
class SittingFields:
    """What a person says about a sitting."""

    version_id: int
    purpose: Purpose
    name: str
    opens_at: datetime
    closes_at: datetime


def plan_sitting(
    program: Program, version: InstrumentVersion, fields: SittingFields, *, by: Actor, now: datetime
) -> Sitting:
    """Plan a sitting and draw its paper; raises bank.papers.Unfilled when the bank cannot fill it."""
    _require_sound(program, fields, now)
    papers.draw_form(version, fields.purpose.form, now=now, by=by)
    sitting = Sitting(program_id=program.id, created_by_id=by.id, created_at=now)
    _fill(sitting, fields)
    db.session.add(sitting)
    db.session.flush()
    audit.record(PLANNED, sitting, by=by, now=now, program_id=program.id, name=sitting.name)
    refresh(program.id, step_of(sitting), now=now)
    return sitting


def change_sitting(
    program: Program,
    sitting: Sitting,
    version: InstrumentVersion,
    fields: SittingFields,
    *,
    read: int,
    by: Actor,
    now: datetime,
) -> Sitting:
    """Change a sitting that nobody has begun; `read` is its version when the form was shown."""
    lock(sitting)
    _require_read(sitting, read)
    require(sitting.cancelled_at is None, _("This test was called off."))
    require(
        not has_begun(sitting),
        _("Somebody has begun this test. Now only its end can move; for the rest plan another one."),
    )
    before = step_of(sitting)
    _require_sound(program, fields, now, besides=sitting)
    papers.draw_form(version, fields.purpose.form, now=now, by=by)
    _fill(sitting, fields)
    sitting.closed_at = None
    db.session.flush()
    audit.record(CHANGED, sitting, by=by, now=now, program_id=program.id, name=sitting.name)
    owing.put_all(sitting, now=now)
    refresh(program.id, *{before, step_of(sitting)}, now=now)
    return sitting


def move_end(
    program: Program,
    sitting: Sitting,
    closes_at: datetime,
    *,
    reason: str,
    read: int,
    by: Actor,
    now: datetime,
) -> Sitting:
    """Let a sitting end later or earlier than planned (now at the earliest); who is at it gets the new deadline.

    One that has closed opens again when its end moves into the future: those who have not taken it may still.
    """
    lock(sitting)
    _require_read(sitting, read)
    require_open(program, sitting.purpose.work)
    state = sitting.state_at(now)
    require(state is not SittingState.CANCELLED, _("This test was called off."))
    require(
        sitting.taken_at is None, _("The levels of this test are in the needs analysis. Plan another one.")
    )
    require(closes_at > sitting.opens_at, _("The test must close after it opens."))
    if closes_at < now:
        raise RuleBroken(
            _("An end in the past would take away what was answered since. Close it now instead.")
        )
    require(
        state is not SittingState.CLOSED or closes_at > now,
        _("This test has closed. Its end can only move on."),
    )
    sitting.closes_at, sitting.closed_at = closes_at, None
    db.session.flush()
    move_deadlines(sitting, db.session.get_one(InstrumentVersion, sitting.version_id))
    audit.record(
        MOVED, sitting, by=by, now=now, program_id=program.id, name=sitting.name, reason=reason,
        end=owing.plain_time(closes_at),
    )  # fmt: skip
    owing.put_all(sitting, now=now)
    refresh(program.id, step_of(sitting), now=now)
    closing.close(sitting.id, now=now)
    return sitting


def cancel_sitting(program: Program, sitting: Sitting, *, reason: str, by: Actor, now: datetime) -> None:
    """Call a sitting off: attempts under way end and count for nothing; those that ended stay as they are."""
    lock(sitting)
    require(sitting.cancelled_at is None, _("This test was called off already."))
    require(sitting.taken_at is None, _("The levels of this test are in the needs analysis; it stays."))
    require(sitting.closed_at is None, _("This test has closed. What was answered stays."))
    sitting.cancelled_at = now
    db.session.flush()
    running = running_in(sitting)
    db.session.execute(
        sa.update(Attempt)
        .where(Attempt.id.in_(running))
        .values(ended_at=now, end=AttemptEnd.CALLED_OFF)
        .execution_options(synchronize_session=False)
    )
    owing.drop_all(sitting)
    audit.record(CANCELLED, sitting, by=by, now=now, program_id=program.id, name=sitting.name, reason=reason)
    refresh(program.id, step_of(sitting), now=now)


# --- shared -----------------------------------------------------------------------------------------


def lock(sitting: Sitting) -> None:
    """Let nobody else change this sitting, nor begin it, before this transaction ends."""
    db.session.flush()
    db.session.execute(sa.select(Sitting.id).where(Sitting.id == sitting.id).with_for_update())
    db.session.refresh(sitting, ["version", "opens_at", "closes_at", "closed_at", "cancelled_at", "taken_at"])


def _require_read(sitting: Sitting, read: int) -> None:
    if sitting.version != read:
        raise Conflict(_("Somebody has changed this test meanwhile. Look at it, then save again."))


def _require_sound(
    program: Program, fields: SittingFields, now: datetime, besides: Sitting | None = None
) -> None:
    require_open(program, fields.purpose.work)
    require(fields.closes_at > fields.opens_at, _("The test must close after it opens."))
    require(fields.closes_at > now, _("The test must close in the future."))
    taken = sa.select(Sitting.id).where(Sitting.program_id == program.id, Sitting.name == fields.name)
    if besides is not None:
        taken = taken.where(Sitting.id != besides.id)
    with db.session.no_autoflush:
        require(db.session.scalar(taken) is None, _("Another test of this programme has this name."))


def _fill(sitting: Sitting, fields: SittingFields) -> None:
    sitting.version_id, sitting.purpose, sitting.form = fields.version_id, fields.purpose, fields.purpose.form
    sitting.name, sitting.opens_at, sitting.closes_at = fields.name, fields.opens_at, fields.closes_at


def has_begun(sitting: Sitting) -> bool:
    """Tell whether anybody has begun a sitting."""
    return (
        db.session.scalar(sa.select(Attempt.id).where(Attempt.sitting_id == sitting.id).limit(1)) is not None
    )


def running_in(sitting: Sitting) -> Sequence[int]:
    """Return the attempts of a sitting that are under way, locked in the order of their ids."""
    return db.session.scalars(
        sa.select(Attempt.id)
        .where(Attempt.sitting_id == sitting.id, Attempt.ended_at.is_(None))
        .order_by(Attempt.id)
        .with_for_update()
    ).all()


def move_deadlines(sitting: Sitting, version: InstrumentVersion, participant_id: int | None = None) -> None:
    """Give the attempts under way (or one person's) the deadline that follows from the present facts."""
    chosen = (
        sa.select(Attempt.id, Attempt.started_at, Participant.extra_minutes)
        .join(Participant, Participant.id == Attempt.participant_id)
        .where(Attempt.sitting_id == sitting.id, Attempt.ended_at.is_(None))
        .order_by(Attempt.id)
        .with_for_update(of=Attempt)
    )
    if participant_id is not None:
        chosen = chosen.where(Participant.id == participant_id)
    rows = [
        {"id": key, "deadline_at": deadline(started, version.minutes, extra, sitting.closes_at)}
        for key, started, extra in db.session.execute(chosen)
    ]
    if rows:
        db.session.execute(sa.update(Attempt), rows)


def purposes_of(program: Program) -> list[Purpose]:
    """Return what tests of a programme may be for in its present state."""
    return [purpose for purpose in Purpose if is_open(purpose.work, program.state)]


def versions_of(program: Program) -> Sequence[InstrumentVersion]:
    """Return the versions that a sitting can be planned with: those of the lead college that ask something.

    The newest of each instrument, and whatever the programme has used before, so that the same comes again at the end.
    """
    newest = (
        sa.select(sa.func.max(InstrumentVersion.number))
        .where(InstrumentVersion.instrument_id == Instrument.id)
        .correlate(Instrument)
        .scalar_subquery()
    )
    used = sa.select(Sitting.version_id).where(Sitting.program_id == program.id)
    return db.session.scalars(
        sa.select(InstrumentVersion)
        .join(InstrumentVersion.instrument)
        .where(
            Instrument.college_id == program.lead_college_id,
            InstrumentVersion.count > 0,
            sa.or_(InstrumentVersion.number == newest, InstrumentVersion.id.in_(used)),
        )
        .options(contains_eager(InstrumentVersion.instrument))
        .order_by(Instrument.name, InstrumentVersion.number.desc())
        .limit(500)
    ).all()

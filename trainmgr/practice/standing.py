"""What practice does when trainees pause or come back: nothing is due meanwhile; a remedial loop goes on afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from trainmgr.enrolment.hooks import Change, Foretold, after_resuming, after_suspending, foretells
from trainmgr.enrolment.standing_rules import StandingKind
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.practice import station
from trainmgr.practice.models import GateDecision, GateOutcome, LogState, PracticeLog

LEAVING = (StandingKind.WITHDRAW, StandingKind.PROGRAM)


@after_suspending
def forget_the_suspended(change: Change) -> None:
    """No log, remedial task or gate is due from somebody whose training is suspended."""
    station.forget_leavers(change)


@after_resuming
def go_on(change: Change) -> None:
    """Whoever went in a remedial loop comes back into it; what was due is due again."""
    station.take_back(change)


@foretells
def logs_concerned(program_id: int, enrolment_ids: Sequence[int], kind: StandingKind) -> Iterator[Foretold]:
    """Tell how many logs wait for a signature, and whether a remedial loop is open."""
    waiting = sa.select(sa.func.count()).where(
        PracticeLog.enrolment_id.in_(enrolment_ids), PracticeLog.state == LogState.SUBMITTED
    )
    running = sa.select(sa.func.count()).where(
        GateDecision.enrolment_id.in_(enrolment_ids),
        GateDecision.is_latest,
        GateDecision.outcome == GateOutcome.REMEDIAL,
    )
    counts = sa.select(waiting.scalar_subquery(), running.scalar_subquery())
    logs, loops = db.session.execute(counts).one()
    if kind is StandingKind.SUSPEND:
        yield Foretold(N_("Logs handed in that can still be signed: %(count)s."), logs)
        yield Foretold(N_("Remedial loops that rest and go on afterwards: %(count)s."), loops)
    elif kind is StandingKind.RESUME:
        yield Foretold(N_("Remedial loops that go on: %(count)s."), loops)
    elif kind in LEAVING:
        yield Foretold(N_("Logs handed in that are not signed any more: %(count)s."), logs)

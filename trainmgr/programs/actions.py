"""What moves a programme along its life: forward, suspended, resumed, cancelled; and reminding people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs import dues, hooks, labels
from trainmgr.programs.models import Due, Program, ProgramStep
from trainmgr.programs.rules import ORDER, Missing, State, Step, Work, blocking, is_open, next_state, opens_in
from trainmgr.programs.thread import missing_of, refresh

ADVANCED = {
    State.ANALYSING: _l("%(who)s started the needs analysis: %(reason)s"),
    State.DESIGNING: _l("%(who)s started the design of the plan: %(reason)s"),
    State.RECRUITING: _l("%(who)s started recruiting: %(reason)s"),
    State.RUNNING: _l("%(who)s started the training: %(reason)s"),
    State.EVALUATING: _l("%(who)s started the evaluation: %(reason)s"),
    State.CLOSED: _l("%(who)s closed the programme: %(reason)s"),
}
for _state, _message in ADVANCED.items():
    audit.sentence(f"programs.advance.{_state}", _message)
SUSPENDED = audit.sentence("programs.suspend", _l("%(who)s suspended the programme: %(reason)s"))
RESUMED = audit.sentence("programs.resume", _l("%(who)s resumed the programme: %(reason)s"))
CANCELLED = audit.sentence("programs.cancel", _l("%(who)s cancelled the programme: %(reason)s"))
REMINDED = audit.sentence("programs.remind", _l("%(who)s reminded %(count)s people: %(thing)s"))

OFF_THE_ROAD = (State.CLOSED, State.SUSPENDED, State.CANCELLED)


class StepRefused(RuleBroken):
    """A programme cannot go forward yet; `missing` is what stands in the way."""

    def __init__(self, message: object, missing: Sequence[tuple[Step, Missing]]) -> None:
        super().__init__(message)
        self.missing = missing


def require_open(program: Program, work: Work) -> None:
    """Refuse a kind of work in a state in which it is not open (see the table in rules), with the reason."""
    if is_open(work, program.state):
        return
    match program.state:
        case State.CLOSED:
            raise RuleBroken(_("The programme is closed. Nothing in it is changed any more."))
        case State.CANCELLED:
            raise RuleBroken(_("The programme was cancelled. Nothing in it is changed any more."))
        case State.SUSPENDED:
            raise RuleBroken(_("The programme is suspended. Resume it first, then go on."))
    opening = opens_in(work)
    if ORDER.index(program.state) < ORDER.index(opening):
        raise RuleBroken(
            _(
                "This opens when the programme reaches “%(opening)s”. It is at “%(state)s” now.",
                opening=labels.STATES[opening],
                state=program.state_label,
            )
        )
    raise RuleBroken(
        _("This can no longer be changed: the programme is at “%(state)s”.", state=program.state_label)
    )


def advance(program: Program, *, to: State, reason: str, by: User, now: datetime) -> None:
    """Move a programme one state forward, after assessing every step anew; the same move twice is done once.

    Refused with the list of what is missing.
    """
    _lock(program)
    if program.state is to:
        return
    require(
        next_state(program.state) is to,
        _("The programme is at “%(state)s” now. Load the page again.", state=program.state_label),
    )
    refresh(program.id, now=now)
    if missing := missing_before(program, to):
        raise StepRefused(_("Something is still missing; the programme stays where it is."), missing)
    hooks.ask_guards(program, to, now)
    before, program.state = program.state, to
    if to is State.CLOSED:
        program.closed_at = now
    _settle(program, before, f"programs.advance.{to}", reason=reason, by=by, now=now)


def missing_before(program: Program, to: State) -> list[tuple[Step, Missing]]:
    """Return what stands, by the stored assessments, between a programme and a state."""
    rows = db.session.scalars(sa.select(ProgramStep).where(ProgramStep.program_id == program.id)).all()
    found = missing_of(sorted(rows, key=lambda row: row.step))
    open_ones = {id(item) for item in blocking([item for _step, item in found], to)}
    return [(step, item) for step, item in found if id(item) in open_ones]


def suspend(program: Program, *, reason: str, by: User, now: datetime) -> None:
    """Put a programme on hold: nothing in it can be changed, its dues leave the inboxes until it is resumed."""
    _lock(program)
    require(program.state not in OFF_THE_ROAD, _("Only a programme under way can be suspended."))
    before = program.state_before = program.state
    program.state = State.SUSPENDED
    dues.pause_all(program.id)
    _settle(program, before, SUSPENDED, reason=reason, by=by, now=now)


def resume(program: Program, *, reason: str, by: User, now: datetime) -> None:
    """Take a suspended programme up again where it stood."""
    _lock(program)
    require(program.state is State.SUSPENDED, _("The programme is not suspended."))
    program.state, program.state_before = program.state_before or State.DRAFT, None
    dues.pause_all(program.id, paused=False)
    _settle(program, State.SUSPENDED, RESUMED, reason=reason, by=by, now=now)


def cancel(program: Program, *, reason: str, by: User, now: datetime) -> None:
    """End a programme for good without a result; its records stay."""
    _lock(program)
    require(
        program.state not in (State.CLOSED, State.CANCELLED),
        _("A programme that has ended cannot be cancelled."),
    )
    before = program.state
    program.state_before, program.state = program.state_before or before, State.CANCELLED
    _settle(program, before, CANCELLED, reason=reason, by=by, now=now)


def _lock(program: Program) -> None:
    db.session.refresh(program, ["state", "state_before", "version"], with_for_update={"key_share": True})


def _settle(program: Program, before: State, action: str, *, reason: str, by: User, now: datetime) -> None:
    audit.record(
        action,
        program,
        by=by,
        now=now,
        program_id=program.id,
        name=program.name,
        reason=reason,
        from_state=before.value,
        to_state=program.state.value,
    )
    db.session.flush()
    hooks.tell_move(hooks.Move(program, before, by, now))
    refresh(program.id, now=now)
    if program.state in (State.CLOSED, State.CANCELLED):
        dues.drop_all(program.id, closed=program.state is State.CLOSED)


def remind(program: Program, code: str, *, by: User, now: datetime) -> int:
    """Remind everybody from whom a thing is due, each at most once a day; returns how many were reminded."""
    require(program.state not in OFF_THE_ROAD, _("Nobody is reminded of a programme that is not under way."))
    require(code in dues.CODES, _("There is nothing to remind of."))
    today = local_day(now)
    rows = db.session.execute(
        sa.select(Due.id, Due.reminded_at, Due.amount)
        .where(Due.program_id == program.id, Due.code == code, dues.is_showing(today))
        .with_for_update()
    ).all()
    require(rows, _("Nobody has this to do any more."))
    fresh = [row.id for row in rows if row.reminded_at is None or local_day(row.reminded_at) < today]
    require(fresh, _("Everybody was reminded today already. Tomorrow they can be reminded again."))
    db.session.execute(
        sa.update(Due).where(Due.id.in_(fresh)).values(reminded_at=now, reminded_by=by.name),
        execution_options={"synchronize_session": False},
    )
    audit.record(
        REMINDED,
        program,
        by=by,
        now=now,
        program_id=program.id,
        name=program.name,
        count=len(fresh),
        thing={"msgid": dues.CODES[code].title, "amount": sum(row.amount for row in rows)},
    )
    return len(fresh)

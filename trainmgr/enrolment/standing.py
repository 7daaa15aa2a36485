"""Changes of standing carried out: suspension, return, withdrawal, readmission, transfer; now, or on a day to come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from trainmgr.enrolment import hooks
from trainmgr.enrolment.hooks import Change
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.places import STEPS, free_places, lock_places
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.enrolment.standing_models import StandingChange
from trainmgr.enrolment.standing_rules import StandingKind, StandingState, after, day_fault
from trainmgr.enrolment.transferring import enrol_elsewhere
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import say
from trainmgr.kernel.jobs import each_minute
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Due, Program, ProgramParty, ProgramPerson
from trainmgr.programs.rules import PartyRole, State, Work
from trainmgr.programs.thread import refresh

SENTENCES = {
    StandingKind.SUSPEND: audit.sentence(
        "enrolment.suspend", _l("%(who)s suspended the training of %(what)s from %(day)s: %(reason)s")
    ),
    StandingKind.RESUME: audit.sentence(
        "enrolment.resume", _l("%(who)s took %(what)s back from suspension on %(day)s: %(reason)s")
    ),
    StandingKind.WITHDRAW: audit.sentence(
        "enrolment.leave", _l("%(who)s recorded that %(what)s left: %(reason)s")
    ),
    StandingKind.READMIT: audit.sentence("enrolment.return", _l("%(who)s brought %(what)s back: %(reason)s")),
    StandingKind.ENTERPRISE: audit.sentence(
        "enrolment.enterprise",
        _l("%(who)s transferred %(what)s to another enterprise on %(day)s: %(reason)s"),
    ),
    StandingKind.PROGRAM: audit.sentence(
        "enrolment.program", _l("%(who)s transferred %(what)s to another programme on %(day)s: %(reason)s")
    ),
}
PLANNED = audit.sentence(
    "enrolment.standing.plan", _l("%(who)s planned a change of standing of %(what)s for %(day)s: %(reason)s")
)
CALLED_OFF = audit.sentence(
    "enrolment.standing.call_off",
    _l("The change of standing of %(what)s planned for %(day)s was called off: %(reason)s"),
)
LEAVES = (StandingKind.WITHDRAW, StandingKind.PROGRAM)


@dataclass(frozen=True)
class Wanted:
    """What is to happen, from which day and why; the rest as far as the kind needs it."""

    kind: StandingKind
    day: date
    reason: str
    expected_on: date | None = None
    enterprise_id: int | None = None
    to_program_id: int | None = None
    recognised_minutes: int = 0


@dataclass(frozen=True)
class Outcome:
    """How many changes took effect, how many wait for their day, how many came in from the waiting list."""

    done: int = 0
    planned: int = 0
    admitted: int = 0


def change(
    program: Program, enrolments: Sequence[Enrolment], wanted: Wanted, *, by: User, now: datetime
) -> Outcome:
    """Change trainees' standing: at once, or on the day when it lies ahead. Whom it cannot happen to is left out."""
    _require_present(program)
    lock_places(program.id)
    concerned = [one for one in enrolments if after(one.state, wanted.kind)]
    require(concerned, _("In this state this cannot happen. Load the page again."))
    today = local_day(now)
    _require_days(concerned, wanted.day, today)
    _require_target(program, concerned, wanted)
    rows = [_row(program, one, wanted, by, now) for one in concerned]
    db.session.add_all(rows)
    if wanted.day > today:
        return _plan(program, concerned, rows, by, now)
    return _carry_out(program, concerned, rows, wanted, by, now)


def withdraw(
    program: Program, enrolments: Sequence[Enrolment], *, day: date, reason: str, by: User, now: datetime
) -> tuple[int, int]:
    """Record that trainees left on a day; returns how many did, and how many came in from the waiting list."""
    outcome = change(program, enrolments, Wanted(StandingKind.WITHDRAW, day, reason), by=by, now=now)
    return outcome.done, outcome.admitted


def _require_present(program: Program) -> None:
    """People come and go while the programme recruits, runs or is being evaluated."""
    if program.state is not State.EVALUATING:
        require_open(program, Work.ENROLMENT)


def _require_days(enrolments: Sequence[Enrolment], day: date, today: date) -> None:
    ids = [one.id for one in enrolments]
    changes = sa.select(
        StandingChange.enrolment_id, StandingChange.state, sa.func.max(StandingChange.day)
    ).where(StandingChange.enrolment_id.in_(ids), StandingChange.state != StandingState.CALLED_OFF)
    known = {
        (row[0], row[1]): row[2]
        for row in db.session.execute(changes.group_by(StandingChange.enrolment_id, StandingChange.state))
    }
    for one in enrolments:
        require(
            (one.id, StandingState.PLANNED) not in known,
            _("A change of %(name)s is planned already. Call it off first.", name=one.name),
        )
        first = max(one.enrolled_on, known.get((one.id, StandingState.DONE), one.enrolled_on))
        if fault := day_fault(day, today, first=first):
            raise RuleBroken(_("%(name)s: %(message)s", name=one.name, message=say(fault)))


def _require_target(program: Program, enrolments: Sequence[Enrolment], wanted: Wanted) -> None:
    if wanted.kind is StandingKind.ENTERPRISE:
        party = sa.select(ProgramParty.id).where(
            ProgramParty.program_id == program.id,
            ProgramParty.role == PartyRole.ENTERPRISE,
            ProgramParty.organization_id == wanted.enterprise_id,
        )
        require(db.session.scalar(party) is not None, _("Choose an enterprise of this programme."))
        require(
            all(one.enterprise_id != wanted.enterprise_id for one in enrolments),
            _("The trainee is at this enterprise already."),
        )
    if wanted.kind is StandingKind.PROGRAM:
        require(
            wanted.to_program_id not in (None, program.id) and len(enrolments) == 1,
            _("Choose another programme."),
        )


def _row(program: Program, enrolment: Enrolment, wanted: Wanted, by: User, now: datetime) -> StandingChange:
    return StandingChange(
        program_id=program.id,
        enrolment_id=enrolment.id,
        kind=wanted.kind,
        state=StandingState.PLANNED,
        day=wanted.day,
        expected_on=wanted.expected_on,
        reason=wanted.reason[:200],
        enterprise_id=wanted.enterprise_id,
        to_program_id=wanted.to_program_id,
        recognised_minutes=wanted.recognised_minutes,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )


def _plan(
    program: Program, enrolments: Sequence[Enrolment], rows: Sequence[StandingChange], by: User, now: datetime
) -> Outcome:
    db.session.flush()
    for one, row in zip(enrolments, rows, strict=True):
        audit.record(
            PLANNED, one, by=by, now=now, program_id=program.id, name=one.name, reason=row.reason,
            day={"day": row.day.isoformat()},
        )  # fmt: skip
    return Outcome(planned=len(rows))


# --- carrying out --------------------------------------------------------------------------------------


def _carry_out(
    program: Program,
    enrolments: Sequence[Enrolment],
    rows: Sequence[StandingChange],
    wanted: Wanted,
    by: User,
    now: datetime,
) -> Outcome:
    ids = [one.id for one in enrolments]
    told = hooks.foretell(program.id, ids, wanted.kind)
    effects = {"lines": [{"msgid": one.msgid, "count": one.count} for one in told]} if len(ids) == 1 else {}
    if wanted.kind is StandingKind.READMIT and free_places(program) == 0:
        raise RuleBroken(_("All %(places)s places of the programme are taken.", places=program.planned_size))
    for one, row in zip(enrolments, rows, strict=True):
        row.before, row.effects = one.state, effects
        _set_state(one, row)
        if row.kind is StandingKind.PROGRAM:
            enrol_elsewhere(one, row, by=by, now=now)
        row.after, row.state, row.settled_at = one.state, StandingState.DONE, now
        audit.record(
            SENTENCES[wanted.kind], one, by=by, now=now, program_id=program.id, name=one.name, reason=row.reason,
            day={"day": row.day.isoformat()},
        )  # fmt: skip
    db.session.flush()
    admitted = _follow(program, enrolments, rows, Change(program.id, ids, wanted.day, wanted.reason, by, now))
    refresh(program.id, *STEPS, now=now)
    return Outcome(done=len(ids), admitted=admitted)


def _set_state(enrolment: Enrolment, row: StandingChange) -> None:
    state = after(enrolment.state, row.kind)
    assert state is not None
    enrolment.state = state
    if state is EnrolmentState.WITHDRAWN:
        enrolment.left_on, enrolment.left_reason = row.day, row.reason
    if row.kind is StandingKind.READMIT:
        enrolment.left_on, enrolment.left_reason = None, ""
    if row.kind is StandingKind.ENTERPRISE:
        # The number was the former enterprise's.
        enrolment.enterprise_id, enrolment.employee_number = row.enterprise_id, ""


def _follow(
    program: Program, enrolments: Sequence[Enrolment], rows: Sequence[StandingChange], told: Change
) -> int:
    """Let everybody else follow; returns how many came in from the waiting list."""
    kind, people = rows[0].kind, [one.user_id for one in enrolments]
    if kind in LEAVES:
        _relate_until(program.id, people, told.day)
        _drop_dues(program.id, people)
        hooks.tell_left(told)
        return hooks.fill_places(program, now=told.now, today=local_day(told.now))
    if kind is StandingKind.SUSPEND:
        _drop_dues(program.id, people)
        hooks.tell_suspended(told)
    elif kind is StandingKind.RESUME:
        hooks.tell_resumed(told)
    elif kind is StandingKind.READMIT:
        _relate_until(program.id, people, None)
        hooks.tell_returned(told)
    else:
        hooks.tell_transferred(told)
    return 0


def _relate_until(program_id: int, user_ids: Sequence[int], day: date | None) -> None:
    db.session.execute(
        sa.update(ProgramPerson)
        .where(
            ProgramPerson.program_id == program_id,
            ProgramPerson.role == Role.TRAINEE,
            ProgramPerson.user_id.in_(user_ids),
        )
        .values(until=day)
    )


def _drop_dues(program_id: int, user_ids: Sequence[int]) -> None:
    """Nothing is due any more from a person who is away; what still stands is put again on return."""
    db.session.execute(sa.delete(Due).where(Due.program_id == program_id, Due.user_id.in_(user_ids)))


# --- on the day ------------------------------------------------------------------------------------------


def call_off(program: Program, row: StandingChange, reason: str, *, by: User | None, now: datetime) -> None:
    """Call a planned change off; the record stays with the reason."""
    require(row.state is StandingState.PLANNED, _("This change has taken effect; it cannot be called off."))
    row.state, row.settled_at, row.remark = StandingState.CALLED_OFF, now, reason[:200]
    audit.record(
        CALLED_OFF, row.enrolment, by=by, now=now, program_id=program.id, name=row.enrolment.name, reason=reason,
        day={"day": row.day.isoformat()},
    )  # fmt: skip


@each_minute
def apply_planned(now: datetime) -> Iterator[None]:
    """Let the changes take effect whose day has come, one by one; what cannot any more is called off and says why."""
    due = sa.select(StandingChange.id).where(
        StandingChange.state == StandingState.PLANNED, StandingChange.day <= local_day(now)
    )
    for change_id in db.session.scalars(due.order_by(StandingChange.day, StandingChange.id)).all():
        row = db.session.scalars(
            sa.select(StandingChange)
            .where(StandingChange.id == change_id)
            .options(
                joinedload(StandingChange.enrolment),
                joinedload(StandingChange.program),
                joinedload(StandingChange.by),
            )
        ).one()
        _settle(row, now)
        yield


def _settle(row: StandingChange, now: datetime) -> None:
    program, enrolment, by = row.program, row.enrolment, row.by
    assert by is not None
    wanted = Wanted(row.kind, row.day, row.reason, row.expected_on, row.enterprise_id, row.to_program_id)
    try:
        with db.session.begin_nested():
            _require_present(program)
            lock_places(program.id)
            require(
                after(enrolment.state, row.kind), _("In this state this cannot happen. Load the page again.")
            )
            _require_target(program, [enrolment], wanted)
            _carry_out(program, [enrolment], [row], wanted, by, now)
    except RuleBroken as broken:
        call_off(program, row, str(broken), by=None, now=now)


def effects_in_words(row: StandingChange) -> list[tuple[Any, int]]:
    """Return what a change brought about, as (text, count)."""
    return [
        (say(line["msgid"], {"count": line["count"]}), line["count"]) for line in row.effects.get("lines", ())
    ]

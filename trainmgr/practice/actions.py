"""What is done with logs: handing them in, signing them one by one or many at once, sending them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import contains_eager

from trainmgr.curriculum.models import PlanStage
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.standing_queries import pauses_of
from trainmgr.enrolment.standing_rules import is_paused
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.hours import DAY, ledger_hours, left_of_a_day
from trainmgr.kernel.i18n import hours, say, short_day
from trainmgr.practice import asking, owed, watch
from trainmgr.practice.models import LogDecision, LogDecisionKind, LogKind, LogState, PracticeLog
from trainmgr.practice.periods import (
    WEEK,
    Terms,
    covered,
    doubled_days,
    late_days,
    open_until,
    overfull_days,
    period_of,
)
from trainmgr.practice.rules import COUNTED, Span, day_fault, next_stage
from trainmgr.practice.station import stage_lines
from trainmgr.practice.terms import opened_days, terms_of
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, Step, Work
from trainmgr.programs.thread import refresh

SIGNED = audit.sentence("practice.sign", _l("%(who)s signed a log of %(what)s: %(hours)s hours on %(day)s"))
SIGNED_MANY = audit.sentence("practice.sign_many", _l("%(who)s signed %(count)s logs: %(hours)s hours"))
RETURNED = audit.sentence("practice.return", _l("%(who)s sent a log of %(what)s back: %(reason)s"))
STARTED = audit.sentence("practice.stage", _l("%(who)s started stage %(stage)s"))


class LogRefused(RuleBroken):
    """A log cannot be handed in as it is; `field` is what must be changed, of `day` where a log has several."""

    status = 422

    def __init__(self, field: str, message: object, day: date | None = None) -> None:
        super().__init__(message)
        self.field, self.day = field, day


class LogDoubled(LogRefused):
    """Another log tells of the same day already; `other_id` is that log."""

    status = 409

    def __init__(self, message: object, day: date, other_id: int) -> None:
        super().__init__("day", message, day)
        self.other_id = other_id


def span_of(program: Program, enrolment: Enrolment) -> Span:
    """Return the days that a trainee's logs may be of."""
    return Span(enrolment.enrolled_on, program.starts_on, program.ends_on, enrolment.left_on)


# --- handing in ------------------------------------------------------------------------------------


def hand_in(
    program: Program,
    enrolment: Enrolment,
    log: PracticeLog,
    *,
    stages: Sequence[PlanStage],
    by: User,
    now: datetime,
) -> bool:
    """Hand a draft in for a signature; from here on it never changes. False when it was handed in already.

    The trainee's row is locked (see drafts.keep), so that the hours of a day are added up one log after another.
    """
    require_open(program, Work.PRACTICE)
    if log.state is not LogState.DRAFT:
        return False
    require(enrolment.state is not EnrolmentState.WITHDRAWN, _("You have left this programme."))
    terms = terms_of(program)
    others = _others(enrolment, log)
    _check(program, enrolment, log, stages, others, terms, now)
    log.signer_id = (
        enrolment.school_teacher_id if log.side is Side.COLLEGE else enrolment.enterprise_mentor_id
    )
    log.state, log.submitted_at = LogState.SUBMITTED, now
    if log.replaces_id:
        db.session.get_one(PracticeLog, log.replaces_id).state = LogState.REPLACED
    db.session.flush()
    if log.minutes:
        _add_minutes({enrolment.id: log.minutes}, submitted=1)
    watch.look(program, enrolment, log, others, terms, now=now)
    asking.renew(program, now, [enrolment.id], terms=terms)
    if log.replaces_id:
        owed.renew_returned(program.id, now, [enrolment.id])
    if log.signer_id:
        owed.renew_to_sign(program.id, now, [log.signer_id])
    refresh(program.id, Step.PRACTICE, now=now)
    return True


def _others(enrolment: Enrolment, log: PracticeLog) -> Sequence[Any]:
    """The trainee's other logs that count and share a day with a log: one statement."""
    span = log.covered
    return db.session.execute(
        sa.select(PracticeLog.id, PracticeLog.day, PracticeLog.minutes, PracticeLog.day_minutes, PracticeLog.side)
        .where(
            PracticeLog.enrolment_id == enrolment.id,
            PracticeLog.kind == LogKind.PRACTICE,
            PracticeLog.state.in_(COUNTED),
            PracticeLog.id != log.id,
            PracticeLog.day.between(span.first - timedelta(days=WEEK - 1), span.last),
            sa.func.coalesce(PracticeLog.until, PracticeLog.day) >= span.first,
        )
        .order_by(PracticeLog.day, PracticeLog.id)
    ).all()  # fmt: skip


def _check(
    program: Program,
    enrolment: Enrolment,
    log: PracticeLog,
    stages: Sequence[PlanStage],
    others: Sequence[Any],
    terms: Terms,
    now: datetime,
) -> None:
    span, today = span_of(program, enrolment), local_day(now)
    paused = pauses_of(enrolment.id)
    for day in [day for day, _minutes in log.covered.worked()] or [log.day]:
        fault = day_fault(day, span, today)
        if fault:
            raise LogRefused("day", say(fault), day)
        if is_paused(paused, day):
            raise LogRefused("day", _("Your training was suspended on this day."), day)
    if stages and log.stage_number not in {stage.number for stage in stages}:
        raise LogRefused("stage", _("Choose a stage."))
    if log.is_case:
        return
    if log.until and not terms.is_weekly:
        raise LogRefused(
            "day", _("This programme keeps a log of each day. Write one for each of these days.")
        )
    _check_in_time(enrolment, log, terms, today)
    _check_days(log, others, terms)


def _check_in_time(enrolment: Enrolment, log: PracticeLog, terms: Terms, today: date) -> None:
    """A log comes within the days set; later ones only where somebody opened the days again.

    Of the periods of a log that was sent back there was one in time, so that those stay open for what replaces it.
    """
    late = late_days(log.covered, terms, today)
    if late and log.replaces_id:
        before = db.session.get_one(PracticeLog, log.replaces_id).covered
        kept = {period_of(day, terms.frequency) for day in (before.first, before.last)}
        late = [day for day in late if period_of(day, terms.frequency) not in kept]
    if late:
        opened = opened_days(enrolment, today)
        late = [day for day in late if day not in opened]
    if late:
        raise LogRefused(
            "day",
            _(
                "Logs of %(day)s were taken until %(until)s. Your draft is kept: ask your mentor or the staff to "
                "open the day again, then hand it in.",
                day=short_day(late[0]),
                until=short_day(open_until(late[0], terms)),
            ),
            late[0],
        )


def _check_days(log: PracticeLog, others: Sequence[Any], terms: Terms) -> None:
    """Weekly logs share no day with another log; several logs of one day have 24 hours together."""
    spans = [covered(one.day, one.minutes, one.day_minutes) for one in others]
    doubled = doubled_days(log.covered, spans)
    if doubled and terms.is_weekly:
        day = doubled[0]
        other = next(one for one, span in zip(others, spans, strict=True) if day in dict(span.worked()))
        text = _("You have a log that tells of %(day)s already. A day stands in one log.", day=short_day(day))
        raise LogDoubled(text, day, other.id)
    for day, taken in overfull_days(log.covered, spans, DAY):
        raise LogRefused(
            "hours",
            _(
                "A day has 24 hours. Your other logs of this day take %(taken)s; %(left)s are left.",
                taken=hours(ledger_hours(taken)),
                left=hours(ledger_hours(left_of_a_day([taken]))),
            )
            if taken
            else _("A day has 24 hours."),
            day,
        )


def _add_minutes(minutes: dict[int, int], *, submitted: int = 0, verified: int = 0) -> None:
    """Add to (or take from) trainees' tallies: in SQL, so that nothing gets lost between two at once."""
    by_amount: dict[int, list[int]] = {}
    for enrolment_id, amount in sorted(minutes.items()):
        by_amount.setdefault(amount, []).append(enrolment_id)
    for amount, enrolment_ids in by_amount.items():
        db.session.execute(
            sa.update(Enrolment)
            .where(Enrolment.id.in_(enrolment_ids))
            .values(
                submitted_minutes=Enrolment.submitted_minutes + submitted * amount,
                verified_minutes=Enrolment.verified_minutes + verified * amount,
            ),
            execution_options={"synchronize_session": False},
        )
    for thing in [row for row in db.session.identity_map.values() if isinstance(row, Enrolment)]:
        db.session.expire(thing, ["submitted_minutes", "verified_minutes"])


# --- signing ---------------------------------------------------------------------------------------


@dataclass
class Signing:
    """What became of the chosen logs: those signed, and (name, day) of those that had changed meanwhile."""

    logs: int = 0
    minutes: int = 0
    people: int = 0
    left_out: list[tuple[str, Any]] = field(default_factory=list)


def _locked(ids: Sequence[int]) -> list[PracticeLog]:
    return list(
        db.session.scalars(
            sa.select(PracticeLog)
            .join(PracticeLog.enrolment)
            .where(PracticeLog.id.in_(ids))
            .options(contains_eager(PracticeLog.enrolment))
            .order_by(PracticeLog.id)
            .with_for_update(of=PracticeLog)
            .execution_options(populate_existing=True)
        )
    )


def _waits_for(log: PracticeLog, signer: User) -> bool:
    present = log.enrolment.state is not EnrolmentState.WITHDRAWN
    return log.state is LogState.SUBMITTED and log.signer_id == signer.id and present


def _decide(
    logs: Sequence[PracticeLog], kind: LogDecisionKind, *, comment: str = "", by: User, now: datetime
) -> None:
    """Write one decision for each of these locked logs and set their state: three statements for any number."""
    if not logs:
        return
    ids = [log.id for log in logs]
    state = LogState.SIGNED if kind is LogDecisionKind.SIGN else LogState.RETURNED
    db.session.execute(
        sa.update(PracticeLog)
        .where(PracticeLog.id.in_(ids))
        .values(state=state, version=PracticeLog.version + 1),
        execution_options={"synchronize_session": False},
    )
    facts = {"kind": kind, "comment": comment, "by_id": by.id, "by_name": by.name, "at": now}
    db.session.execute(sa.insert(LogDecision), [{"log_id": key} | facts for key in ids])
    minutes: dict[int, int] = {}
    for log in logs:
        minutes[log.enrolment_id] = minutes.get(log.enrolment_id, 0) + log.minutes
    if kind is LogDecisionKind.SIGN:
        _add_minutes(minutes, verified=1)
    else:
        _add_minutes(minutes, submitted=-1)
    for log in logs:
        db.session.expire(log, ["state", "version"])


def sign_log(program: Program, log: PracticeLog, *, by: User, now: datetime) -> None:
    """Verify a log with one's signature."""
    require_open(program, Work.PRACTICE)
    _require_waiting(log, by)
    name = log.enrolment.name
    facts: dict[str, Any] = {"hours": f"{ledger_hours(log.minutes):g}", "day": {"day": log.day.isoformat()}}
    _decide([log], LogDecisionKind.SIGN, by=by, now=now)
    audit.record(SIGNED, log, by=by, now=now, program_id=program.id, name=name, **facts)
    _settle(program, by, now)


def return_log(program: Program, log: PracticeLog, comment: str, *, by: User, now: datetime) -> None:
    """Send a log back with what is missing; the trainee writes it again."""
    require_open(program, Work.PRACTICE)
    _require_waiting(log, by)
    name, enrolment_id = log.enrolment.name, log.enrolment_id
    _decide([log], LogDecisionKind.RETURN, comment=comment, by=by, now=now)
    audit.record(RETURNED, log, by=by, now=now, program_id=program.id, name=name, reason=comment)
    owed.renew_returned(program.id, now, [enrolment_id])
    _settle(program, by, now)


def _require_waiting(log: PracticeLog, by: User) -> None:
    present = next(iter(_locked([log.id])), None)
    if present is None or present.state is not LogState.SUBMITTED:
        db.session.expire(log, ["decision"])  # the page tells who decided
        raise Conflict(_("This log was decided on already. Nothing was changed."))
    require(_waits_for(present, by), _("This log waits for somebody else’s signature."))


def sign_many(program: Program, ids: Sequence[int], *, by: User, now: datetime) -> Signing:
    """Verify many logs of one programme at once; those that changed meanwhile are left out and named."""
    require_open(program, Work.PRACTICE)
    chosen = [log for log in _locked(ids) if log.program_id == program.id]
    mine = [log for log in chosen if _waits_for(log, by)]
    result = Signing(
        len(mine),
        sum(log.minutes for log in mine),
        len({log.enrolment_id for log in mine}),
        [(log.enrolment.name, log.day) for log in chosen if log not in mine],
    )
    if mine:
        _decide(mine, LogDecisionKind.SIGN, by=by, now=now)
        total = f"{ledger_hours(result.minutes):g}"
        audit.record(
            SIGNED_MANY, program, by=by, now=now, program_id=program.id, count=result.logs, hours=total
        )
        _settle(program, by, now)
    return result


def _settle(program: Program, by: User, now: datetime) -> None:
    db.session.flush()
    owed.renew_to_sign(program.id, now, [by.id])
    refresh(program.id, Step.PRACTICE, now=now)


# --- stages ----------------------------------------------------------------------------------------


def start_stage(
    program: Program, number: int, *, stages: Sequence[PlanStage], by: User, now: datetime
) -> None:
    """Let the programme go on to its next stage; the same start twice is one."""
    require_open(program, Work.PRACTICE)
    db.session.refresh(program, ["current_stage", "version"], with_for_update={"key_share": True})
    if program.current_stage == number:
        return
    if next_stage(stage_lines(stages), program.current_stage) != number:
        raise Conflict(
            _("The programme is in stage %(stage)s now. Load the page again.", stage=program.current_stage)
        )
    db.session.execute(
        sa.update(Program).where(Program.id == program.id).values(current_stage=number),
        execution_options={"synchronize_session": False},
    )
    db.session.expire(program, ["current_stage"])
    audit.record(STARTED, program, by=by, now=now, program_id=program.id, name=program.name, stage=number)
    refresh(program.id, Step.PRACTICE, now=now)

"""Months of practice at once: logs as trainees write them, signed by their mentors at the end of each week, and gates."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trainmgr.curriculum.models import Module, PlanStage
from trainmgr.curriculum.queries import modules_of, stages_of
from trainmgr.demo.bulk import insert, reserve_ids
from trainmgr.demo.playing import Case
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.identity.models import User
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.mentoring.models import Assignment, Mentor
from trainmgr.practice import actions, gates, owed
from trainmgr.practice.models import (
    GateDecision,
    LogCompetency,
    LogDecision,
    LogDecisionKind,
    LogState,
    PracticeLog,
)
from trainmgr.practice.rules import COUNTED, GateOutcome, side_of
from trainmgr.programs.rules import Side, Step
from trainmgr.programs.thread import refresh

HOURS_A_DAY = 8
FRIDAY = 4


@dataclass
class Signers:
    """Who guided whom when, on each side; names by user id."""

    terms: dict[tuple[int, Side], list[tuple[date, date | None, int]]]
    names: dict[int, str]

    @classmethod
    def of(cls, program_id: int) -> Signers:
        """Read a programme's assignments."""
        rows = db.session.execute(
            sa.select(
                Assignment.enrolment_id, Assignment.side, Assignment.starts_on, Assignment.ends_on, User.id, User.name
            )
            .join(Mentor, Mentor.id == Assignment.mentor_id)
            .join(User, User.id == Mentor.user_id)
            .where(Assignment.program_id == program_id)
        )  # fmt: skip
        found = cls({}, {})
        for enrolment_id, side, starts_on, ends_on, user_id, name in rows:
            found.terms.setdefault((enrolment_id, side), []).append((starts_on, ends_on, user_id))
            found.names[user_id] = name
        return found

    def on(self, day: date, enrolment_id: int, side: Side) -> int | None:
        """Return who guides a trainee on a day."""
        for starts_on, ends_on, user_id in self.terms.get((enrolment_id, side), ()):
            if starts_on <= day and (ends_on is None or day < ends_on):
                return user_id
        return None


@dataclass
class Journal:
    """All rows of a programme's logs, gathered before they are written."""

    case: Case
    signers: Signers
    unsigned_since: Mapping[int, date]
    returned: frozenset[int] = frozenset()
    logs: list[dict[str, Any]] = field(default_factory=list)
    practised: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    signed: dict[tuple[datetime, int], list[int]] = field(default_factory=dict)

    def signing_moment(self, day: date, signer: int | None) -> datetime | None:
        """Return when the mentor signs the logs of a day's week, or None when that is still to come."""
        if signer is None or day >= self.unsigned_since.get(signer, date.max):
            return None
        friday = day + timedelta(days=(FRIDAY - day.weekday()) % 7)
        if friday >= self.case.days.today:
            return None
        return self.case.days.at(friday, 17, 10 + signer % 45)


def write_logs(
    case: Case, *, until: date, unsigned_since: Mapping[int, date] | None = None, returned: Sequence[int] = ()
) -> int:
    """Let every trainee write logs for the hours of each stage up to a day; returns how many logs.

    `unsigned_since` names mentors who have not signed since a day; `returned` trainees whose last log came back.
    """
    journal = Journal(case, Signers.of(case.program.id), unsigned_since or {}, frozenset(returned))
    modules: dict[int, list[Module]] = {}
    for module in modules_of(case.program.id):
        modules.setdefault(module.stage_number, []).append(module)
    stages = [stage for stage in stages_of(case.program.id) if not stage.remedial and stage.starts_on]
    people = case.enrolments()
    plan = [
        (enrolment, stage, day)
        for enrolment in people
        for stage in stages
        for day in _log_days(stage, min(until, enrolment.left_on or until), enrolment.id)
    ]
    known = {competency.name: competency.id for competency in case.competencies}
    keys = reserve_ids(PracticeLog, len(plan))
    last = {enrolment.id: key for key, (enrolment, _stage, _day) in zip(keys, plan, strict=True)}
    for key, (enrolment, stage, day) in zip(keys, plan, strict=True):
        _write_one(journal, key, enrolment, stage, day, modules.get(stage.number, []), known, last)
    _store(journal)
    return len(plan)


def _log_days(stage: PlanStage, until: date, salt: int) -> Iterator[date]:
    """Yield the days of a stage on which a trainee logs: as many full days as the stage has hours, spread evenly."""
    assert stage.starts_on and stage.ends_on
    workdays = [
        day
        for day in (stage.starts_on + timedelta(days=n) for n in range((stage.ends_on - stage.starts_on).days + 1))
        if day.weekday() <= FRIDAY
    ]
    count = min(len(workdays), max(1, round(stage.hours / HOURS_A_DAY)))
    shift = salt % 3
    for number in range(count):
        day = workdays[min(len(workdays) - 1, number * len(workdays) // count + shift % max(1, len(workdays) // count))]
        if day <= until:
            yield day


def _write_one(
    journal: Journal,
    key: int,
    enrolment: Enrolment,
    stage: PlanStage,
    day: date,
    modules: Sequence[Module],
    known: Mapping[str, int],
    last: Mapping[int, int],
) -> None:
    case, side = journal.case, side_of(stage.venue)
    task = case.random.choice(case.tasks[stage.number])
    signer = journal.signers.on(day, enrolment.id, side)
    moment = journal.signing_moment(day, signer)
    handed_in = case.days.at(day, 17, case.random.randrange(60))
    comes_back = enrolment.id in journal.returned and last[enrolment.id] == key
    state = LogState.RETURNED if comes_back else LogState.SIGNED if moment else LogState.SUBMITTED
    journal.logs.append(
        {
            "id": key, "program_id": case.program.id, "enrolment_id": enrolment.id, "stage_number": stage.number,
            "module_id": case.random.choice(modules).id if modules else None, "day": day,
            "minutes": case.random.choice((435, 450, 480, 480, 480, 495)), "task": task["task"],
            "learned": task["learned"], "state": state, "side": side, "signer_id": signer,
            "submitted_at": handed_in, "created_at": handed_in - timedelta(minutes=12),
        }
    )  # fmt: skip
    journal.practised += [{"log_id": key, "competency_id": known[name]} for name in task["practised"]]
    if comes_back and signer:
        comment = case.random.choice(case.texts["logs"]["returned"])
        decided = min(handed_in + timedelta(hours=20), case.days.now)
        journal.decisions.append(_decision(journal, key, signer, decided, LogDecisionKind.RETURN, comment))
    elif moment and signer:
        journal.decisions.append(_decision(journal, key, signer, moment, LogDecisionKind.SIGN))
        journal.signed.setdefault((moment, signer), []).append(journal.logs[-1]["minutes"])


def _decision(
    journal: Journal, key: int, signer: int, at: datetime, kind: LogDecisionKind, comment: str = ""
) -> dict[str, Any]:
    return {
        "log_id": key, "kind": kind, "comment": comment, "by_id": signer,
        "by_name": journal.signers.names[signer], "at": at,
    }  # fmt: skip


def _store(journal: Journal) -> None:
    insert(PracticeLog, journal.logs)
    insert(LogCompetency, journal.practised)
    insert(LogDecision, journal.decisions)
    program = journal.case.program
    events = [
        {
            "at": moment, "actor_id": signer, "actor_name": journal.signers.names[signer],
            "action": actions.SIGNED_MANY, "subject_kind": "program", "subject_id": program.id, "subject_name": "",
            "program_id": program.id, "details": {"count": len(minutes), "hours": f"{sum(minutes) / 60:g}"},
        }
        for (moment, signer), minutes in sorted(journal.signed.items())
    ]  # fmt: skip
    insert(AuditEvent, events)


# --- gates -----------------------------------------------------------------------------------------


def pass_gates(case: Case, numbers: Sequence[int], *, looping: int = 0, stuck: int = 0) -> None:
    """Let everybody pass the gates of finished stages, one stage after the other, `looping` of them on the second try.

    At the last of the gates `stuck` trainees are in their loop still, one of them with the task done.
    """
    stages = stages_of(case.program.id)
    ends = {stage.number: stage.ends_on for stage in stages}
    loops = itertools.cycle(range(1, len(numbers) + 1))
    planned = [0] * (len(numbers) + 1)
    for _ in range(looping):
        planned[next(loops)] += 1
    for place, number in enumerate(numbers, start=1):
        day = ends[number]
        assert day is not None
        _start(case, number, stages, day)
        _judge(case, number, stages, day, planned[place], stuck if number == numbers[-1] else 0)


def _start(case: Case, number: int, stages: Sequence[PlanStage], day: date) -> None:
    if case.program.current_stage < number:
        starts = next(stage.starts_on for stage in stages if stage.number == number)
        now = case.days.at(starts or day, 8)
        actions.start_stage(case.program, number, stages=stages, by=case.staff, now=now)


def start_stage(case: Case, number: int) -> None:
    """Let the programme go on to a stage on the day that the plan names."""
    stages = stages_of(case.program.id)
    _start(case, number, stages, case.days.today)


def _judge(case: Case, number: int, stages: Sequence[PlanStage], day: date, loops: int, stuck: int) -> None:
    people = [one for one in case.enrolments() if one.left_on is None or one.left_on > day]
    weakest = sorted(people, key=lambda one: case.talent[one.id] + case.random.random())
    looped, kept = weakest[:loops], weakest[loops : loops + stuck]
    send_back(case, [*looped, *kept], number, day, done=day + timedelta(days=9))
    away = {one.id for one in (*looped, *kept)}
    others = [one.id for one in people if one.id not in away]
    gates.pass_many(case.program, others, number, stages=stages, by=case.staff, now=case.days.at(day, 15))
    later = case.days.at(day + timedelta(days=11), 15)
    gates.pass_many(case.program, [one.id for one in looped], number, stages=stages, by=case.staff, now=later)
    if kept:
        again = case.days.ago(12)
        send_back(case, kept[:1], number, again, done=case.days.ago(1), attempt=2)
        send_back(case, kept[1:], number, again, attempt=2, due=case.days.today + timedelta(days=5))
    owed.renew_loops(case.program.id, later)
    refresh(case.program.id, Step.PRACTICE, now=later)


def send_back(
    case: Case,
    people: Sequence[Enrolment],
    number: int,
    day: date,
    *,
    done: date | None = None,
    attempt: int = 1,
    due: date | None = None,
) -> None:
    """Send trainees into a remedial loop as their teachers judged; `done` is when they reported the task."""
    if not people:
        return
    ids = [one.id for one in people]
    db.session.execute(
        sa.update(GateDecision)
        .where(GateDecision.enrolment_id.in_(ids), GateDecision.stage_number == number)
        .values(is_latest=False),
        execution_options={"synchronize_session": "fetch"},
    )
    judges = {one.id: case.judges.get(one.school_teacher_id or 0, case.staff) for one in people}
    now, task = case.days.at(day, 14), case.texts["gates"]["task"]
    facts = {
        "program_id": case.program.id, "stage_number": number, "attempt": attempt, "is_latest": True,
        "outcome": GateOutcome.REMEDIAL, "remedial_task": task, "remedial_due_on": due or day + timedelta(days=10),
        "remedial_done_on": done, "at": now,
    }  # fmt: skip
    insert(
        GateDecision,
        [
            facts
            | {
                "enrolment_id": one.id, "comment": case.random.choice(case.texts["gates"]["remedial"]),
                "by_id": judges[one.id].id, "by_name": judges[one.id].name,
            }
            for one in people
        ],
    )  # fmt: skip
    insert(AuditEvent, [_looped(case, one, number, judges[one.id], now, task) for one in people])
    for one in people:
        one.state = EnrolmentState.REMEDIAL
    db.session.flush()


def _looped(case: Case, one: Enrolment, number: int, judge: User, now: datetime, task: str) -> dict[str, Any]:
    return {
        "at": now, "actor_id": judge.id, "actor_name": judge.name, "action": gates.LOOPED,
        "subject_kind": "enrolment", "subject_id": one.id, "subject_name": one.name,
        "program_id": case.program.id, "reason": task, "details": {"stage": number},
    }  # fmt: skip


# --- the tallies -----------------------------------------------------------------------------------


def recount(case: Case, now: datetime) -> None:
    """Add up every trainee's hours from the logs, and bring inboxes and the thread up to date."""
    program_id = case.program.id

    def minutes(*states: LogState) -> sa.ScalarSelect[int]:
        return (
            sa.select(sa.func.coalesce(sa.func.sum(PracticeLog.minutes), 0))
            .where(PracticeLog.enrolment_id == Enrolment.id, PracticeLog.state.in_(states))
            .scalar_subquery()
        )

    db.session.execute(
        sa.update(Enrolment)
        .where(Enrolment.program_id == program_id)
        .values(submitted_minutes=minutes(*COUNTED), verified_minutes=minutes(LogState.SIGNED)),
        execution_options={"synchronize_session": False},
    )
    for thing in [row for row in db.session.identity_map.values() if isinstance(row, Enrolment)]:
        db.session.expire(thing)
    owed.renew_all(program_id, now)
    refresh(program_id, Step.PRACTICE, now=now)

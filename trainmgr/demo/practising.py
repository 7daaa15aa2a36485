"""Months of practice at once: logs as trainees write them, signed by mentors at the end of each week, and gates."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trainmgr.curriculum.models import Module, PlanStage
from trainmgr.curriculum.queries import modules_of, shelf_of, stages_of
from trainmgr.demo.bulk import insert
from trainmgr.demo.playing import Case
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.standing_queries import pauses_in
from trainmgr.enrolment.standing_rules import Pause, is_paused
from trainmgr.identity.models import User
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.hours import ledger_hours
from trainmgr.mentoring.models import Assignment, Mentor
from trainmgr.practice import actions, bulk, gates
from trainmgr.practice.bulk import BulkGate, BulkLog
from trainmgr.practice.models import GateDecision, LogState
from trainmgr.practice.rules import GateOutcome, side_of
from trainmgr.practice.terms import keep_daily, terms_of
from trainmgr.programs.rules import Side

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
    """What the logs of a programme are written from; `signed` gathers the minutes that a mentor signs in one go."""

    case: Case
    signers: Signers
    modules: Sequence[tuple[date, Mapping[int, Sequence[Module]]]]
    competencies: dict[str, int]
    unsigned_since: Mapping[int, date]
    returned: frozenset[int]
    paused: Mapping[int, Sequence[Pause]] = field(default_factory=dict)
    signed: dict[tuple[datetime, int], list[int]] = field(default_factory=dict)

    def modules_on(self, day: date) -> Mapping[int, Sequence[Module]]:
        """Return the modules of the plan in force on a day, by stage."""
        return next((known for first, known in reversed(self.modules) if first <= day), {})

    def signing_moment(self, day: date, signer: int | None) -> datetime | None:
        """Return when the mentor signs the logs of a day's week, or None when that is still to come."""
        if signer is None or day >= self.unsigned_since.get(signer, date.max):
            return None
        friday = day + timedelta(days=(FRIDAY - day.weekday()) % 7)
        if friday >= self.case.days.today:
            return None
        return self.case.days.at(friday, 17, 10 + signer % 45)

    def pages_of(self, enrolment: Enrolment, stages: Sequence[PlanStage], until: date) -> Iterator[BulkLog]:
        """Yield a trainee's logs in order; the last one of some has come back."""
        until = min(until, enrolment.left_on or until)
        away = self.paused.get(enrolment.id, ())
        days = [
            (stage, day)
            for stage in stages
            for day in _log_days(stage, until, enrolment.id)
            if not is_paused(away, day)
        ]
        for place, (stage, day) in enumerate(days, start=1):
            comes_back = enrolment.id in self.returned and place == len(days)
            yield self._page(enrolment, stage, day, comes_back)

    def _page(self, enrolment: Enrolment, stage: PlanStage, day: date, comes_back: bool) -> BulkLog:
        case, side = self.case, side_of(stage.venue)
        task = case.random.choice(case.tasks[stage.number])
        signer = self.signers.on(day, enrolment.id, side)
        handed_in = case.days.at(day, 17, case.random.randrange(60))
        moment = self.signing_moment(day, signer)
        if comes_back:
            moment = min(handed_in + timedelta(hours=20), case.days.now)
        minutes = case.random.choice((435, 450, 480, 480, 480, 495))
        decided = signer is not None and moment is not None
        if decided and not comes_back:
            self.signed.setdefault((moment, signer), []).append(minutes)  # type: ignore[arg-type]
        modules = self.modules_on(day).get(stage.number)
        return BulkLog(
            program_id=case.program.id,
            enrolment_id=enrolment.id,
            stage_number=stage.number,
            module_id=case.random.choice(modules).id if modules else None,
            day=day,
            minutes=minutes,
            task=task["task"],
            learned=task["learned"],
            competency_ids=tuple(self.competencies[name] for name in task["practised"]),
            submitted_at=handed_in,
            side=side,
            signer_id=signer,
            state=LogState.SUBMITTED if not decided else LogState.RETURNED if comes_back else LogState.SIGNED,
            decided_by=(signer, self.signers.names[signer]) if decided else None,  # type: ignore[index, arg-type]
            decided_at=moment if decided else None,
            comment=case.random.choice(case.texts["logs"]["returned"]) if comes_back else "",
        )


def write_logs(
    case: Case, *, until: date, unsigned_since: Mapping[int, date] | None = None, returned: Sequence[int] = ()
) -> int:
    """Let every trainee write logs for the hours of each stage up to a day; returns how many logs.

    `unsigned_since` names mentors who have not signed since a day; `returned` trainees whose last log came back.
    """
    if not terms_of(case.program).version:
        keep_daily(case.program)
    journal = Journal(
        case,
        Signers.of(case.program.id),
        _modules(case.program.id),
        {competency.name: competency.id for competency in case.competencies},
        unsigned_since or {},
        frozenset(returned),
        pauses_in(case.program.id),
    )
    stages = [stage for stage in stages_of(case.program.id) if not stage.remedial and stage.starts_on]
    pages = (page for one in case.enrolments() for page in journal.pages_of(one, stages, until))
    written = bulk.insert_logs(pages)
    insert(AuditEvent, [_signed(journal, *key, minutes) for key, minutes in sorted(journal.signed.items())])
    return written


def _modules(program_id: int) -> list[tuple[date, Mapping[int, Sequence[Module]]]]:
    """Return the modules by stage of every edition that held, with its first day, the earliest first."""
    found: list[tuple[date, Mapping[int, Sequence[Module]]]] = []
    for period in shelf_of(program_id).periods.values():
        first, by_stage = period.first or date.min, dict[int, list[Module]]()
        for module in modules_of(program_id, period.first or date.min):
            by_stage.setdefault(module.stage_number, []).append(module)
        found.append((first, by_stage))
    return found


def _log_days(stage: PlanStage, until: date, salt: int) -> Iterator[date]:
    """Yield the days of a stage on which a trainee logs: as many full days as the stage has hours, spread evenly."""
    assert stage.starts_on
    assert stage.ends_on
    span = (stage.starts_on + timedelta(days=n) for n in range((stage.ends_on - stage.starts_on).days + 1))
    workdays = [day for day in span if day.weekday() <= FRIDAY]
    count = min(len(workdays), max(1, round(stage.hours / HOURS_A_DAY)))
    shift = salt % 3 % max(1, len(workdays) // count)
    for number in range(count):
        day = workdays[min(len(workdays) - 1, number * len(workdays) // count + shift)]
        if day <= until:
            yield day


def _signed(journal: Journal, moment: datetime, signer: int, minutes: Sequence[int]) -> dict[str, Any]:
    program, hours = journal.case.program, f"{ledger_hours(sum(minutes)):g}"
    return {
        "at": moment, "actor_id": signer, "actor_name": journal.signers.names[signer],
        "action": actions.SIGNED_MANY, "subject_kind": "program", "subject_id": program.id, "subject_name": "",
        "program_id": program.id, "reason": "", "details": {"count": len(minutes), "hours": hours},
    }  # fmt: skip


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
    bulk.recount(case.program.id, now=later)


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
    bulk.insert_gates(
        BulkGate(
            program_id=case.program.id,
            enrolment_id=one.id,
            stage_number=number,
            outcome=GateOutcome.REMEDIAL,
            decided_by=(judges[one.id].id, judges[one.id].name),
            at=now,
            attempt=attempt,
            task=task,
            due_on=due or day + timedelta(days=10),
            done_on=done,
        )
        for one in people
    )
    insert(AuditEvent, [_looped(case, one, number, judges[one.id], now, task) for one in people])


def _looped(case: Case, one: Enrolment, number: int, judge: User, now: datetime, task: str) -> dict[str, Any]:
    return {
        "at": now, "actor_id": judge.id, "actor_name": judge.name, "action": gates.LOOPED,
        "subject_kind": "enrolment", "subject_id": one.id, "subject_name": one.name,
        "program_id": case.program.id, "reason": task, "details": {"stage": number},
    }  # fmt: skip

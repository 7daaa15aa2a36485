"""The individual plan: opening a cycle, handing in its steps, signing, noting tasks done, going back, closing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm.attributes import flag_modified

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.rules import IN_TRAINING
from trainmgr.guidance import cycle, owed
from trainmgr.guidance.cycle import Facts, PlanStep, Reached, Voice
from trainmgr.guidance.labels import STEP_MSGIDS
from trainmgr.guidance.plan_models import GoalCheck, PlanGoal, PlanRecord, PlanSignature, StudyPlan, StudyTask
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.i18n import say
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work

OPENED = audit.sentence(
    "guidance.plan.open", _l("%(who)s opened cycle %(number)s of the individual plan of %(what)s")
)
HANDED_IN = audit.sentence(
    "guidance.plan.step", _l("%(who)s handed in “%(step)s” of the individual plan of %(what)s")
)
SIGNED = audit.sentence("guidance.plan.sign", _l("%(who)s signed the individual plan of %(what)s"))
REVISED = audit.sentence(
    "guidance.plan.revise", _l("%(who)s took the individual plan of %(what)s back to its goals: %(reason)s")
)
DID = audit.sentence(
    "guidance.plan.task", _l("%(who)s noted a task of the individual plan of %(what)s as done")
)


@dataclass(frozen=True)
class Goal:
    """A goal as it is typed, with the competency that it works on."""

    text: str
    seen_by: str = ""
    competency_id: int | None = None


@dataclass(frozen=True)
class Task:
    """A task as it is typed."""

    what: str
    due_on: date


@dataclass(frozen=True)
class Sheet:
    """What is handed in with a step; each step uses what it needs."""

    words: str = ""
    facts: Sequence[Mapping[str, Any]] = ()
    goals: Sequence[Goal] = ()
    tasks: Sequence[Task] = ()
    checks: Mapping[int, tuple[Reached, str]] = field(default_factory=dict)  # by goal


@dataclass(frozen=True)
class Speaker:
    """Who acts in a plan, and as whom; `asked` are those who have to sign."""

    user: User
    voice: Voice
    asked: Sequence[Voice] = ()


def open_cycle(program: Program, enrolment: Enrolment, *, by: User, now: datetime) -> StudyPlan:
    """Open a trainee's next cycle; one runs at a time."""
    require_open(program, Work.PRACTICE)
    require(enrolment.state in IN_TRAINING, _("%(name)s is not in training now.", name=enrolment.name))
    last = db.session.scalars(
        sa.select(StudyPlan)
        .where(StudyPlan.enrolment_id == enrolment.id)
        .order_by(StudyPlan.number.desc())
        .limit(1)
    ).one_or_none()
    require(last is None or last.closed_at is not None, _("A cycle is under way; close it first."))
    plan = StudyPlan(
        program_id=program.id, enrolment_id=enrolment.id, number=(last.number if last else 0) + 1,
        step=PlanStep.COLLECT, revision=1, opened_by_id=by.id, opened_at=now,
    )  # fmt: skip
    db.session.add(plan)
    audit.record(OPENED, plan, by=by, now=now, program_id=program.id, name=enrolment.name, number=plan.number)
    owed.renew_plans(program.id, now)
    return plan


def _under_way(program: Program, plan: StudyPlan, version: int) -> None:
    require_open(program, Work.PRACTICE)
    require(
        plan.enrolment.state in IN_TRAINING, _("%(name)s is not in training now.", name=plan.enrolment.name)
    )
    if plan.version != version:
        raise Conflict(_("Somebody worked on this plan meanwhile. Look again; what you typed stands below."))


def hand_in(
    program: Program,
    plan: StudyPlan,
    step: PlanStep,
    sheet: Sheet,
    *,
    as_: Speaker,
    version: int,
    now: datetime,
) -> None:
    """Hand in the present step; it is kept as it was written, and the next step begins."""
    _under_way(program, plan, version)
    require(plan.step is step, _("This step was handed in already."))
    require(cycle.may_hand_in(step, as_.voice), _("A counsellor hands in this step."))
    fault = cycle.fault(step, facts_of(plan, sheet, as_), local_day(now))
    require(fault is None, say(fault))
    _keep(plan, sheet, by=as_.user, now=now)
    db.session.add(
        PlanRecord(
            plan_id=plan.id, step=step, revision=plan.revision, voice=as_.voice, words=sheet.words,
            facts=list(sheet.facts), by_id=as_.user.id, by_name=as_.user.name, at=now,
        )
    )  # fmt: skip
    _go_on(plan, now)
    _tell(HANDED_IN, program, plan, by=as_.user, now=now, step={"msgid": STEP_MSGIDS[step]})


def facts_of(plan: StudyPlan, sheet: Sheet, as_: Speaker) -> Facts:
    """Return what the rules need to know of a plan and of what is being handed in."""
    goals, tasks = plan.present_goals, plan.present_tasks
    fresh = plan.step is PlanStep.PLAN
    return Facts(
        goals=len(sheet.goals if fresh else goals),
        tasks=len(sheet.tasks if fresh else tasks),
        tasks_done=sum(1 for one in tasks if one.done_on is not None),
        last_due=max((one.due_on for one in tasks), default=None),
        checked=len({goal.id for goal in goals} & set(sheet.checks)),
        signed=[one.voice for one in plan.signatures if one.revision == plan.revision],
        asked=as_.asked,
        words=sheet.words,
    )


def _keep(plan: StudyPlan, sheet: Sheet, *, by: User, now: datetime) -> None:
    if plan.step is PlanStep.PLAN:
        require(
            all(one.due_on >= local_day(now) for one in sheet.tasks),
            _("A task's day is not over yet when it is set."),
        )
        common = {"plan_id": plan.id, "revision": plan.revision}
        for position, goal in enumerate(sheet.goals, start=1):
            db.session.add(
                PlanGoal(
                    position=position,
                    text=goal.text,
                    seen_by=goal.seen_by,
                    competency_id=goal.competency_id,
                    **common,
                )
            )
        for position, task in enumerate(sheet.tasks, start=1):
            db.session.add(StudyTask(position=position, what=task.what, due_on=task.due_on, **common))
    if plan.step is PlanStep.CHECK:
        for aim in plan.present_goals:
            reached, evidence = sheet.checks[aim.id]
            db.session.add(
                GoalCheck(
                    goal_id=aim.id, reached=reached, evidence=evidence, by_id=by.id, by_name=by.name, at=now
                )
            )


def _go_on(plan: StudyPlan, now: datetime) -> None:
    plan.step = cycle.following(plan.step) or PlanStep.CLOSED
    if plan.step is PlanStep.CLOSED:
        plan.closed_at = now


def digest(plan: StudyPlan) -> str:
    """Return the fingerprint of what is signed: the goals and tasks of the present revision."""
    content = {
        "plan": plan.id,
        "revision": plan.revision,
        "goals": [[one.text, one.seen_by, one.competency_id] for one in plan.present_goals],
        "tasks": [[one.what, one.due_on.isoformat()] for one in plan.present_tasks],
    }
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def sign(program: Program, plan: StudyPlan, *, as_: Speaker, version: int, now: datetime) -> None:
    """Sign the goals and tasks; the last signature that is asked for lets the work begin."""
    _under_way(program, plan, version)
    require(plan.step is PlanStep.DECIDE, _("There is nothing to sign now."))
    signed = [one.voice for one in plan.signatures if one.revision == plan.revision]
    require(as_.voice in as_.asked, _("Your signature is not asked for."))
    require(as_.voice not in signed, _("You have signed already."))
    db.session.add(
        PlanSignature(
            plan_id=plan.id, revision=plan.revision, voice=as_.voice, by_id=as_.user.id, by_name=as_.user.name,
            digest=digest(plan), at=now,
        )
    )  # fmt: skip
    if set(as_.asked) <= {*signed, as_.voice}:
        _go_on(plan, now)
    else:
        flag_modified(plan, "revision")  # counts the row's version up, so that two who sign at once are told
    _tell(SIGNED, program, plan, by=as_.user, now=now)


def note_done(
    program: Program, plan: StudyPlan, task: StudyTask, *, note: str, by: User, now: datetime
) -> None:
    """Note a task as done with a word on it; told twice it is done once."""
    require_open(program, Work.PRACTICE)
    require(
        plan.step is PlanStep.DO and task.revision == plan.revision,
        _("Tasks are noted while the plan is carried out."),
    )
    if task.done_on is not None:
        return
    task.done_on, task.done_note, task.done_by_id = local_day(now), note, by.id
    _tell(DID, program, plan, by=by, now=now)


def revise(
    program: Program, plan: StudyPlan, *, reason: str, as_: Speaker, version: int, now: datetime
) -> None:
    """Go back to the goals while deciding or carrying out: the old ones stay, new ones are written and signed."""
    _under_way(program, plan, version)
    if not cycle.may_go_back(plan.step):
        raise RuleBroken(
            _("Goals are written anew while deciding or carrying out; later the next cycle does it.")
        )
    require(reason.strip(), _("Say why the goals are written anew."))
    db.session.add(
        PlanRecord(
            plan_id=plan.id, step=plan.step, revision=plan.revision, voice=as_.voice, words=reason, facts=[],
            by_id=as_.user.id, by_name=as_.user.name, at=now,
        )
    )  # fmt: skip
    plan.step, plan.revision = PlanStep.PLAN, plan.revision + 1
    _tell(REVISED, program, plan, by=as_.user, now=now, reason=reason)


def _tell(action: str, program: Program, plan: StudyPlan, *, by: User, now: datetime, **details: Any) -> None:
    audit.record(action, plan, by=by, now=now, program_id=program.id, name=plan.enrolment.name, **details)
    db.session.flush()
    owed.renew_plans(program.id, now)

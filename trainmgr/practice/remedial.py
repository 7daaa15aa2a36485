"""Remedial plans: several tasks with their days, reported by the trainee with evidence, checked by a mentor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.files import store_document
from trainmgr.practice import owed
from trainmgr.practice.gate_models import RemedialCheck, RemedialReport, RemedialTask
from trainmgr.practice.gating import (
    MOST_TASKS,
    ConditionKind,
    after_check,
    after_report,
    is_closed,
)
from trainmgr.practice.models import GateDecision, GateOutcome
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Step, Work
from trainmgr.programs.thread import refresh

REPORTED = audit.sentence("practice.remedial.report", _l("%(who)s reported “%(task)s” of %(what)s as done"))
ACCEPTED = audit.sentence("practice.remedial.accept", _l("%(who)s accepted “%(task)s” of %(what)s"))
RETURNED = audit.sentence(
    "practice.remedial.return", _l("%(who)s gave “%(task)s” back to %(what)s: %(reason)s")
)
EVIDENCE = "remedial-evidence"


@dataclass(frozen=True)
class TaskPlan:
    """A remedial task as it is typed; minutes are those on a clock."""

    what: str
    due_on: date
    partner: str = ""
    condition: ConditionKind | None = None
    module_id: int | None = None
    material_id: int | None = None
    minutes: int | None = None


@dataclass(frozen=True)
class Report:
    """What a trainee hands in for a task."""

    text: str = ""
    upload: FileStorage | None = None


def require_plan(tasks: Sequence[TaskPlan], today: date) -> None:
    """A plan has one to eight tasks, each with a day that is not over yet."""
    require(tasks, _("A remedial loop needs at least one task."))
    require(len(tasks) <= MOST_TASKS, _("At most %(count)s tasks in one plan.", count=MOST_TASKS))
    if any(one.due_on < today for one in tasks):
        raise RuleBroken(_("The remedial task needs a day that is not over yet."))


def in_short(tasks: Sequence[TaskPlan]) -> str:
    """Return a plan in one line of at most 200 characters."""
    more = _(" (and %(count)s more)", count=len(tasks) - 1) if len(tasks) > 1 else ""
    return tasks[0].what[: 200 - len(more)] + more


def open_plan(decision: GateDecision, tasks: Sequence[TaskPlan]) -> None:
    """Write the tasks of a plan, in their order."""
    if decision.outcome is not GateOutcome.REMEDIAL:
        return
    db.session.flush()
    for position, one in enumerate(tasks, start=1):
        db.session.add(
            RemedialTask(
                program_id=decision.program_id, enrolment_id=decision.enrolment_id, decision_id=decision.id,
                position=position, **asdict(one),
            )
        )  # fmt: skip


def _under_way(program: Program, task: RemedialTask, version: int) -> None:
    require_open(program, Work.PRACTICE)
    require(task.decision.is_latest, _("This gate was judged again; the task is history."))
    if task.version != version:
        raise Conflict(_("Somebody worked on this task meanwhile. Look at it again."))


def report(
    program: Program, task: RemedialTask, given: Report, *, version: int, by: User, now: datetime
) -> RemedialReport:
    """Report a task as done, with a text or a file as evidence; it waits for the mentor's check."""
    _under_way(program, task, version)
    state = after_report(task.state)
    require(state is not None, _("This task does not wait for a report."))
    require(given.text.strip() or given.upload, _("Write what you did, or add a file that shows it."))
    assert state is not None
    file = None
    if given.upload is not None:
        file = store_document(given.upload, by=by, program_id=program.id, now=now, purpose=EVIDENCE)
    number = len(task.reports) + 1
    row = RemedialReport(
        task_id=task.id, number=number, text=given.text, file_id=file.id if file else None,
        by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(row)
    task.state = state
    audit.record(
        REPORTED, task, by=by, now=now, program_id=program.id, name=task.enrolment.name, task=task.what
    )
    _settle(program, now)
    return row


def check(
    program: Program,
    task: RemedialTask,
    *,
    accepted: bool,
    comment: str,
    version: int,
    by: User,
    now: datetime,
) -> None:
    """Accept what a trainee reported, or give the task back with a comment; the last acceptance closes the plan."""
    _under_way(program, task, version)
    state = after_check(task.state, accepted)
    require(state is not None, _("This task does not wait for a check."))
    require(by.id != task.enrolment.user_id, _("Nobody checks their own task."))
    require(accepted or comment.strip(), _("Say what is missing."))
    assert state is not None
    db.session.add(
        RemedialCheck(
            report_id=task.reports[-1].id,
            accepted=accepted,
            comment=comment,
            by_id=by.id,
            by_name=by.name,
            at=now,
        )
    )
    task.state = state
    db.session.flush()
    states = db.session.scalars(
        sa.select(RemedialTask.state).where(RemedialTask.decision_id == task.decision_id)
    ).all()
    if is_closed(states):
        task.decision.remedial_done_on = local_day(now)
    audit.record(
        ACCEPTED if accepted else RETURNED, task, by=by, now=now, program_id=program.id,
        name=task.enrolment.name, reason=comment, task=task.what,
    )  # fmt: skip
    _settle(program, now)


def _settle(program: Program, now: datetime) -> None:
    db.session.flush()
    owed.renew_loops(program.id, now)
    refresh(program.id, Step.PRACTICE, now=now)

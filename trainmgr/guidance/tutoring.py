"""What becomes of a sign: a tutoring task, or a reason why not; tasks end with a result. The rules' limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.rules import IN_TRAINING
from trainmgr.guidance import owed
from trainmgr.guidance.labels import RISK_MSGIDS
from trainmgr.guidance.models import RiskRuleRow, RiskSign, SignState, TutoringState, TutoringTask
from trainmgr.guidance.risk import QUIET, RANGES, RiskRule, limit_fault
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.i18n import say
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work

TUTORED = audit.sentence("guidance.tutor", _l("%(who)s set a tutoring task for %(what)s: %(task)s"))
DISMISSED = audit.sentence(
    "guidance.dismiss", _l("%(who)s looked at a sign of %(what)s; no help needed: %(reason)s")
)
ENDED = audit.sentence("guidance.tutored", _l("%(who)s ended a tutoring task of %(what)s"))
RULE = audit.sentence("guidance.rule", _l("%(who)s set the rule “%(rule)s” to %(limit)s: %(reason)s"))


@dataclass(frozen=True)
class Plan:
    """A tutoring task as it is typed."""

    what: str
    due_on: date
    tutor: User


def accept(
    program: Program, enrolment: Enrolment, signs: Sequence[RiskSign], plan: Plan, *, by: User, now: datetime
) -> TutoringTask:
    """Set a tutoring task for a trainee, in answer to the signs that are open (or of one's own accord without any)."""
    require_open(program, Work.PRACTICE)
    require(enrolment.state in IN_TRAINING, _("%(name)s is not in training now.", name=enrolment.name))
    require(plan.due_on >= local_day(now), _("The task needs a day that is not over yet."))
    task = TutoringTask(
        program_id=program.id, enrolment_id=enrolment.id, what=plan.what, tutor_id=plan.tutor.id,
        tutor_name=plan.tutor.name, due_on=plan.due_on, by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(task)
    db.session.flush()
    for sign in signs:
        _require_open(sign)
        sign.state, sign.task_id = SignState.ACCEPTED, task.id
        sign.by_id, sign.by_name, sign.at = by.id, by.name, now
    audit.record(TUTORED, task, by=by, now=now, program_id=program.id, name=enrolment.name, task=plan.what)
    _settle(program, now)
    return task


def _require_open(sign: RiskSign) -> None:
    if sign.state is not SignState.OPEN:
        raise Conflict(_("Somebody has looked at this meanwhile."))


def dismiss(
    program: Program, enrolment: Enrolment, sign: RiskSign, *, reason: str, by: User, now: datetime
) -> None:
    """Say that a sign needs no help, and why; it keeps quiet for thirty days."""
    require_open(program, Work.PRACTICE)
    _require_open(sign)
    require(reason.strip(), _("Say why no help is needed."))
    sign.state, sign.reason, sign.quiet_until = SignState.DISMISSED, reason, local_day(now) + QUIET
    sign.by_id, sign.by_name, sign.at = by.id, by.name, now
    audit.record(DISMISSED, sign, by=by, now=now, program_id=program.id, name=enrolment.name, reason=reason)
    _settle(program, now)


def finish(
    program: Program, task: TutoringTask, *, result: str, done: bool, version: int, by: User, now: datetime
) -> None:
    """Write down what came of a tutoring task, or why it is called off."""
    require_open(program, Work.PRACTICE)
    if task.version != version or task.state is not TutoringState.OPEN:
        raise Conflict(_("Somebody has ended this task meanwhile."))
    require(result.strip(), _("Write down what came of it."))
    task.state = TutoringState.DONE if done else TutoringState.CALLED_OFF
    task.result, task.ended_on = result, local_day(now)
    audit.record(ENDED, task, by=by, now=now, program_id=program.id, name=task.enrolment.name)
    _settle(program, now)


def set_rule(program: Program, rule: RiskRule, *, reason: str, by: User, now: datetime) -> None:
    """Let a rule hold otherwise in this programme from now on."""
    require_open(program, Work.PRACTICE)
    fault = limit_fault(rule.code, rule.limit)
    low, high = RANGES[rule.code]
    require(fault is None, say(fault, {"low": low, "high": high}))
    row = RiskRuleRow(
        program_id=program.id, code=rule.code, limit=rule.limit, enabled=rule.enabled, reason=reason,
        by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(row)
    audit.record(
        RULE, row, by=by, now=now, program_id=program.id, reason=reason, rule={"msgid": RISK_MSGIDS[rule.code]},
        limit=f"{rule.limit.normalize():f}",
    )  # fmt: skip


def _settle(program: Program, now: datetime) -> None:
    db.session.flush()
    owed.renew_tutoring(program.id, now)
    owed.renew_signs(program, now)

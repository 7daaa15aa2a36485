"""Setting what a gate asks for: from a day on, with its reason; what held before stays as it was."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.i18n import say
from trainmgr.practice.gate_labels import CONDITION_MSGIDS
from trainmgr.practice.gate_models import GateCondition
from trainmgr.practice.gating import Condition, ConditionKind, limit_fault
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work

SET = audit.sentence(
    "practice.condition.set",
    _l("%(who)s set “%(condition)s” of the gate of stage %(stage)s to %(limit)s from %(day)s: %(reason)s"),
)
DROPPED = audit.sentence(
    "practice.condition.drop",
    _l("%(who)s dropped “%(condition)s” of the gate of stage %(stage)s from %(day)s: %(reason)s"),
)
TESTED = (ConditionKind.TEST, ConditionKind.PRACTICAL)


def set_condition(
    program: Program,
    stage: int,
    condition: Condition,
    *,
    reason: str,
    by: User,
    now: datetime,
) -> GateCondition:
    """Let a gate ask for something from today or a later day on; without a limit it no longer asks for it."""
    require_open(program, Work.PRACTICE)
    today = local_day(now)
    require(
        condition.valid_from >= today, _("A condition changes from today or a later day, never backwards.")
    )
    if condition.limit is not None:
        fault = limit_fault(condition.kind, condition.limit)
        require(fault is None, say(fault))
    require(
        not _is_set(program.id, stage, condition.kind, condition.valid_from),
        _("This condition is set anew from that day already. Choose a later one."),
    )
    row = GateCondition(
        program_id=program.id,
        stage_number=stage,
        kind=condition.kind,
        limit=condition.limit,
        instrument_id=condition.instrument_id if condition.kind in TESTED else None,
        valid_from=condition.valid_from,
        reason=reason,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    db.session.add(row)
    audit.record(
        DROPPED if condition.limit is None else SET, row, by=by, now=now, program_id=program.id, reason=reason,
        stage=stage, condition={"msgid": CONDITION_MSGIDS[condition.kind]}, limit=_told(condition.limit),
        day={"day": condition.valid_from.isoformat()},
    )  # fmt: skip
    return row


def _is_set(program_id: int, stage: int, kind: ConditionKind, day: date) -> bool:
    found = sa.select(GateCondition.id).where(
        GateCondition.program_id == program_id,
        GateCondition.stage_number == stage,
        GateCondition.kind == kind,
        GateCondition.valid_from == day,
    )
    return db.session.scalar(found) is not None


def _told(limit: Decimal | None) -> str:
    return "" if limit is None else f"{limit.normalize():f}"

"""What a programme decides about the rules of its plan: on or off, other limits, minutes of a class hour; and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.curriculum.editing import FieldFault
from trainmgr.curriculum.keeping import Overtaken, settle
from trainmgr.curriculum.models import PlanRule
from trainmgr.curriculum.rulebook import UNIT_MINUTES_BOUNDS, Rulebook, read_rulebook
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.pathways.rules import METRIC_UNITS, UNIT_MINUTES_KEY, Check, MetricUnit, Op
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work

RULE_DECIDED = audit.sentence(
    "curriculum.rule.decide", _l("%(who)s set the rule “%(rule)s” of the plan otherwise, because: %(reason)s")
)
RULE_REVERTED = audit.sentence(
    "curriculum.rule.revert", _l("%(who)s let the rule “%(rule)s” of the plan follow the pathway again")
)


@dataclass(frozen=True)
class Ruling:
    """What is decided about a rule: not to hold the plan against it, or its limits; `low` alone unless it has two."""

    reason: str
    off: bool = False
    low: float | None = None
    high: float | None = None


def decide_rule(
    program: Program, key: str, ruling: Ruling, *, version: int = 0, by: User, now: datetime
) -> None:
    """Set a rule of the plan otherwise than the pathway does; `version` 0 means that nothing was decided before."""
    require_open(program, Work.CURRICULUM)
    if not ruling.reason.strip():
        raise FieldFault("reason", _("Say why this programme differs from its pathway."))
    name = _checked(read_rulebook(program.pathway_document, []), key, ruling)
    row = _row(program, key)
    present = row.version if row is not None else 0
    if present != version:
        raise Overtaken(_("This rule was changed meanwhile. It stands as shown now; save yours again."), row)
    if row is None:
        row = PlanRule(program_id=program.id, key=key)
        db.session.add(row)
    row.off, row.low, row.high = ruling.off, ruling.low, ruling.high
    row.reason, row.changed_by_id, row.changed_at = ruling.reason.strip(), by.id, now
    audit.record(
        RULE_DECIDED, row, by=by, now=now, program_id=program.id, reason=row.reason, rule=name, off=row.off,
        low=row.low, high=row.high,
    )  # fmt: skip
    settle(program, None, by=by, now=now)


def revert_rule(program: Program, key: str, *, by: User, now: datetime) -> None:
    """Let a rule follow the pathway again."""
    require_open(program, Work.CURRICULUM)
    row = _row(program, key)
    require(row is not None, _("This rule follows the pathway already."))
    name = _name(read_rulebook(program.pathway_document, []), key)
    audit.record(RULE_REVERTED, "plan_rule", by=by, now=now, program_id=program.id, rule=name)
    db.session.delete(row)
    settle(program, None, by=by, now=now)


def _row(program: Program, key: str) -> PlanRule | None:
    return db.session.scalars(
        sa.select(PlanRule).where(PlanRule.program_id == program.id, PlanRule.key == key).with_for_update()
    ).one_or_none()


def _name(rulebook: Rulebook, key: str) -> dict[str, str]:
    rule = rulebook.rule(key)
    if rule is None:
        return {"zh": "1 学时的分钟数", "en": "Minutes of a class hour"}
    return {"zh": rule.default.name.zh, "en": rule.default.name.en or rule.default.name.zh}


def _checked(rulebook: Rulebook, key: str, ruling: Ruling) -> dict[str, str]:
    """Refuse limits that the rule cannot have; returns what the rule is called."""
    rule = rulebook.rule(key)
    require(rule is not None or key == UNIT_MINUTES_KEY, _("There is no such rule."))
    if rule is None:
        _check_minutes(ruling)
    elif not ruling.off:
        _check_limits(rule.default, ruling)
    return _name(rulebook, key)


def _check_minutes(ruling: Ruling) -> None:
    low, high = UNIT_MINUTES_BOUNDS
    if ruling.low is None or not low <= ruling.low <= high or ruling.low != int(ruling.low):
        raise FieldFault("low", _("A whole number of minutes from %(low)s to %(high)s.", low=low, high=high))


def _check_limits(default: Check, ruling: Ruling) -> None:
    limits = [ruling.low, ruling.high] if default.op is Op.BETWEEN else [ruling.low]
    most = 100 if METRIC_UNITS[default.metric] is MetricUnit.PERCENT else 1_000_000
    for field, limit in zip(("low", "high"), limits, strict=False):
        if limit is None or not 0 <= limit <= most:
            raise FieldFault(field, _("A number from 0 to %(most)s.", most=most))
    if len(limits) == 2 and not (limits[0] or 0) < (limits[1] or 0):
        raise FieldFault("high", _("The upper limit is above the lower one."))

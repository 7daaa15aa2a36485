"""What conditions of gates and remedial tasks are called."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.kernel.i18n import number
from trainmgr.kernel.msgids import N_
from trainmgr.practice.gating import ConditionKind, Finding, Met, TaskState

CONDITION_MSGIDS: dict[ConditionKind, str] = {
    ConditionKind.HOURS: N_("Verified hours in the stage"),
    ConditionKind.ATTENDANCE: N_("Attendance rate"),
    ConditionKind.TEST: N_("Test mark"),
    ConditionKind.PRACTICAL: N_("Practical work judged"),
    ConditionKind.LOGS: N_("Signed share of logs"),
}
CONDITIONS: dict[ConditionKind, Any] = {kind: _l(msgid) for kind, msgid in CONDITION_MSGIDS.items()}
# What a condition's figure is taken from, where its name does not say it.
TAKEN_FROM: dict[ConditionKind, Any] = {
    ConditionKind.ATTENDANCE: _l("over the whole programme so far"),
    ConditionKind.TEST: _l("of the test that ended last"),
    ConditionKind.PRACTICAL: _l("of the test that ended last"),
    ConditionKind.LOGS: _l("of this stage"),
}

MET: dict[Met, Any] = {Met.MET: _l("met"), Met.MISSING: _l("not met"), Met.UNKNOWN: _l("no data")}
MET_TONES: dict[Met, str | None] = {Met.MET: "ok", Met.MISSING: "bad", Met.UNKNOWN: "warn"}

TASK_STATES: dict[TaskState, Any] = {
    TaskState.OPEN: _l("to be done"),
    TaskState.REPORTED: _l("reported, to be checked"),
    TaskState.ACCEPTED: _l("checked, done"),
}
TASK_TONES: dict[TaskState, str | None] = {
    TaskState.OPEN: "warn",
    TaskState.REPORTED: "info",
    TaskState.ACCEPTED: "ok",
}


def with_unit(kind: ConditionKind, value: Any) -> str:
    """Return a limit or a figure with its unit: hours, or percent."""
    text = number(float(value), None)
    return _("%(number)s hours", number=text) if kind is ConditionKind.HOURS else f"{text}%"


def lacks(one: Finding) -> str:
    """Return in words how far a condition is from being met."""
    if one.met is Met.UNKNOWN:
        return _("%(what)s: no data, at least %(limit)s is asked for",
                 what=CONDITIONS[one.kind], limit=with_unit(one.kind, one.limit))  # fmt: skip
    return _("%(what)s: %(figure)s, %(missing)s missing to %(limit)s", what=CONDITIONS[one.kind],
             figure=shown(one), missing=with_unit(one.kind, one.shown_missing),
             limit=with_unit(one.kind, one.limit))  # fmt: skip


def shown(one: Finding) -> str:
    """Return the figure with its unit, cut to two decimals so that what is not reached never looks reached."""
    return with_unit(one.kind, _short(one))


def _short(one: Finding) -> Any:
    return int(one.figure * 100) / 100 if one.figure is not None else 0

"""What the states of logs and gates are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.practice.rules import GateOutcome, LogState, Standing

LOG_STATES: dict[LogState, Any] = {
    LogState.DRAFT: _l("Draft"),
    LogState.SUBMITTED: _l("To be signed"),
    LogState.SIGNED: _l("Verified"),
    LogState.RETURNED: _l("Returned, write it again"),
    LogState.REPLACED: _l("Written again"),
}
LOG_TONES: dict[LogState, str | None] = {
    LogState.DRAFT: None,
    LogState.SUBMITTED: "warn",
    LogState.SIGNED: "ok",
    LogState.RETURNED: "bad",
    LogState.REPLACED: "frozen",
}

OUTCOMES: dict[GateOutcome, Any] = {
    GateOutcome.PASSED: _l("Passed"),
    GateOutcome.REMEDIAL: _l("Into a remedial loop"),
}

STANDINGS: dict[Standing, Any] = {
    Standing.AHEAD: _l("not begun yet"),
    Standing.BLOCKED: _l("an earlier gate is open"),
    Standing.OPEN: _l("to be judged"),
    Standing.REMEDIAL: _l("in a remedial loop"),
    Standing.READY: _l("task done, judge again"),
    Standing.PASSED: _l("passed the gate"),
}
STANDING_TONES: dict[Standing, str | None] = {
    Standing.OPEN: "info",
    Standing.REMEDIAL: "warn",
    Standing.READY: "warn",
    Standing.PASSED: "ok",
    Standing.AHEAD: None,
    Standing.BLOCKED: None,
}

"""What the states of logs and gates are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.pathways.schema import LogFrequency
from trainmgr.practice.honesty import HintKind, SpotResult
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

FREQUENCIES: dict[LogFrequency, Any] = {
    LogFrequency.WEEKLY: _l("Weekly"),
    LogFrequency.DAILY: _l("Daily"),
}

# What a mentor reads; figures stand in the params of the hint.
HINTS: dict[HintKind, Any] = {
    HintKind.SIMILAR_OWN: _l("Much like another log of the same trainee: %(share)s%% of the text"),
    HintKind.SIMILAR_OTHER: _l("Much like the log of another trainee: %(share)s%% of the text"),
    HintKind.SAME_PHOTO: _l("Photo %(number)s stands in another log too"),
    HintKind.PASTED: _l("%(share)s%% of the text was pasted, not typed"),
    HintKind.LONG_DAY: _l("%(hours)s hours on %(day)s, more than is usual"),
    HintKind.CLOSED_DAY: _l("%(hours)s hours on %(day)s, a day on which the place is closed"),
    HintKind.TWO_PLACES: _l("%(day)s has logs at school and at the enterprise, %(hours)s hours together"),
    HintKind.OVER_SESSION: _l("%(hours)s hours on %(day)s; the timetable has %(lessons)s"),
}
# What hints are told apart by, in a list.
HINT_KINDS: dict[HintKind, Any] = {
    HintKind.SIMILAR_OWN: _l("Like an own log"),
    HintKind.SIMILAR_OTHER: _l("Like another trainee’s log"),
    HintKind.SAME_PHOTO: _l("The same photo"),
    HintKind.PASTED: _l("Pasted text"),
    HintKind.LONG_DAY: _l("A long day"),
    HintKind.CLOSED_DAY: _l("A closed day"),
    HintKind.TWO_PLACES: _l("Two places on one day"),
    HintKind.OVER_SESSION: _l("More than the timetable"),
}
# What the trainee reads: the same facts, without anybody else's name, and without a word of doubt.
OWN_HINTS: dict[HintKind, Any] = HINTS | {
    HintKind.SIMILAR_OWN: _l("Your text is close to another log of yours (%(share)s%%)"),
    HintKind.SIMILAR_OTHER: _l("Your text is close to another one in the programme (%(share)s%%)"),
    HintKind.SAME_PHOTO: _l("Photo %(number)s was handed in before"),
    HintKind.PASTED: _l("%(share)s%% of the text was put in from elsewhere"),
}
SPOT_RESULTS: dict[SpotResult, Any] = {
    SpotResult.CONFIRMED: _l("As the log says"),
    SpotResult.DOUBTFUL: _l("Doubtful"),
    SpotResult.COULD_NOT: _l("Could not be checked"),
}

"""What parties, levels, windows and states of ratings are called."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.evaluation.rules import Fault, Level, Party, Phase, RatingState, WindowKind
from trainmgr.kernel.i18n import language, number, say

PARTIES: dict[Party, Any] = {
    Party.TRAINEE: _l("Trainee"),
    Party.ENTERPRISE: _l("Enterprise"),
    Party.TEACHER: _l("Teacher"),
}

# Who answers for a party, as people know them.
RATERS: dict[Party, Any] = {
    Party.TRAINEE: _l("the trainee"),
    Party.ENTERPRISE: _l("the enterprise mentor"),
    Party.TEACHER: _l("the school teacher"),
}

LEVELS: dict[Level, Any] = {
    Level.REACTION: _l("Learning experience"),
    Level.BEHAVIOUR: _l("Learning behaviour"),
    Level.LEARNING: _l("Ability gain"),
    Level.RESULTS: _l("Enterprise satisfaction"),
}

LEVEL_HINTS: dict[Level, Any] = {
    Level.REACTION: _l("how the training was met"),
    Level.BEHAVIOUR: _l("what is done day by day"),
    Level.LEARNING: _l("what the hands can do"),
    Level.RESULTS: _l("whether the enterprise would have them"),
}

KINDS: dict[WindowKind, Any] = {
    WindowKind.PROCESS: _l("Process evaluation"),
    WindowKind.TERMINAL: _l("Terminal evaluation"),
}

PHASES: dict[Phase, Any] = {Phase.PLANNED: _l("planned"), Phase.OPEN: _l("open"), Phase.CLOSED: _l("closed")}
PHASE_TONES = {Phase.PLANNED: "plain", Phase.OPEN: "info", Phase.CLOSED: "frozen"}

STATES: dict[RatingState, Any] = {
    RatingState.DRAFT: _l("draft"),
    RatingState.SUBMITTED: _l("submitted"),
    RatingState.CORRECTED: _l("replaced by a correction"),
}


def in_language(chinese: str, english: str) -> str:
    """Return a name in the reader's language; Chinese where there is no English one."""
    return english if english and language() == "en" else chinese


def list_of(parties: Any) -> str:
    """Return parties in words, one after the other."""
    return _(", ").join(str(PARTIES[party]) for party in parties)


def fault_text(fault: Fault) -> str:
    """Return what is wrong with a scheme as a sentence."""
    return say(
        fault.msgid,
        {
            "total": number(fault.total),
            "level": str(LEVELS[fault.level]) if fault.level else "",
            "party": str(PARTIES[fault.party]) if fault.party else "",
        },
    )

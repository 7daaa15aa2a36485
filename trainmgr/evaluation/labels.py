"""What parties, levels, windows and states of ratings are called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.evaluation.rules import Fault, Level, Party, Phase, WindowKind
from trainmgr.kernel.i18n import language, number, say
from trainmgr.needs.models import Dimension

PARTIES: dict[Party, Any] = {
    Party.TRAINEE: _l("Trainee"),
    Party.ENTERPRISE: _l("Enterprise"),
    Party.TEACHER: _l("Teacher"),
}

LEVELS: dict[Level, Any] = {
    Level.REACTION: _l("Learning experience"),
    Level.BEHAVIOUR: _l("Learning behaviour"),
    Level.LEARNING: _l("Ability gain"),
    Level.RESULTS: _l("Enterprise satisfaction"),
}

KINDS: dict[WindowKind, Any] = {
    WindowKind.PROCESS: _l("Process evaluation"),
    WindowKind.TERMINAL: _l("Terminal evaluation"),
}

PHASES: dict[Phase, Any] = {
    Phase.PLANNED: _l("not open yet"),
    Phase.OPEN: _l("open now"),
    Phase.CLOSED: _l("over"),
}

DIMENSIONS: dict[Dimension, Any] = {
    Dimension.PROFESSIONAL: _l("Professional ability"),
    Dimension.SOCIAL: _l("Social ability"),
    Dimension.METHOD: _l("Method ability"),
    Dimension.VALUES: _l("Values and conduct"),
}


def in_language(chinese: str, english: str) -> str:
    """Return a name in the reader's language; Chinese where there is no English one."""
    return english if english and language() == "en" else chinese


def in_a_row(words: Iterable[Any]) -> str:
    """Return words one after the other."""
    return _(", ").join(str(word) for word in words)


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

"""What parties, levels, windows and states of ratings are called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.evaluation.rules import Fault, Grade, Level, NoticeKind, Party, Phase, WindowKind
from trainmgr.kernel.i18n import language, number, say
from trainmgr.needs.models import Dimension

PARTIES: dict[Party, Any] = {
    Party.TRAINEE: _l("Trainee"),
    Party.ENTERPRISE: _l("Enterprise"),
    Party.TEACHER: _l("Teacher"),
    Party.PEER: _l("Peers"),
    Party.COUNSELLOR: _l("Counsellors"),
    Party.ASSESSOR: _l("Outside assessor"),
}

GRADES: dict[Grade, Any] = {
    Grade.BELOW: _l("below the standard"),
    Grade.MEETS: _l("meets the standard"),
    Grade.GOOD: _l("good"),
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
    WindowKind.FOLLOW_UP: _l("Follow-up evaluation"),
}

NOTICES: dict[NoticeKind, Any] = {
    NoticeKind.INVITATION: _l("Invitation"),
    NoticeKind.FIRST_REMINDER: _l("First reminder"),
    NoticeKind.SECOND_REMINDER: _l("Second reminder"),
    NoticeKind.BY_HAND: _l("Reminded by hand"),
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


# What to do about a party in which there is nobody.
NOBODY: dict[Party, Any] = {
    Party.TRAINEE: _l("There are no trainees yet. Put them on the roster."),
    Party.ENTERPRISE: _l(
        "No trainee has an enterprise mentor: nobody rates for the enterprise. Assign mentors."
    ),
    Party.TEACHER: _l("No trainee has a school teacher: nobody rates for the school. Assign teachers."),
    Party.PEER: _l(
        "No class has four people: nobody can rate as a classmate. Make larger classes, or take the party out of the"
        " scheme."
    ),
    Party.COUNSELLOR: _l(
        "No counsellor is named for anybody. Name counsellors under guidance, or take the party out of the scheme."
    ),
    Party.ASSESSOR: _l(
        "No outside assessor belongs to this programme. Add one to its people, or take the party out of the scheme."
    ),
}


def absent_in(window: Any) -> list[tuple[Party, Any]]:
    """Return the parties of a window in which there is nobody, each with what to do about it."""
    return [
        (party, NOBODY[party])
        for party in window.parties
        if 0 < window.count(party, "expected") == window.count(party, "unassigned")
    ]


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

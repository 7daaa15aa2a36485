"""What kinds, levels, states and grades of contests are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.contests.rules import ContestKind, ContestState, Grade, Level, PrizeKind
from trainmgr.kernel.i18n import language

KINDS: dict[ContestKind, Any] = {
    ContestKind.SKILL: _l("Individual skill show"),
    ContestKind.TEAMWORK: _l("Team work show"),
    ContestKind.SOLUTION: _l("Solution show"),
    ContestKind.OTHER: _l("Other contest"),
}
LEVELS: dict[Level, Any] = {
    Level.COLLEGE: _l("College level"),
    Level.CITY: _l("City level"),
    Level.PROVINCE: _l("Province level"),
    Level.NATION: _l("National level"),
    Level.INTERNATIONAL: _l("International level"),
}
STATES: dict[ContestState, Any] = {
    ContestState.DRAFT: _l("Contest in preparation"),
    ContestState.OPEN: _l("Entries open"),
    ContestState.JUDGING: _l("Being judged"),
    ContestState.PUBLISHED: _l("Ranking published"),
}
GRADES: dict[Grade, Any] = {
    Grade.GRAND: _l("Grand prize"),
    Grade.FIRST: _l("First prize"),
    Grade.SECOND: _l("Second prize"),
    Grade.THIRD: _l("Third prize"),
    Grade.MERIT: _l("Prize of merit"),
}
PRIZES: dict[PrizeKind, Any] = {
    PrizeKind.PRIZE: _l("Contest prize"),
    PrizeKind.SCHOLARSHIP: _l("Enterprise scholarship"),
}


def in_language(chinese: str, english: str) -> str:
    """Return a name in the reader's language; Chinese where there is no English one."""
    return english if english and language() == "en" else chinese

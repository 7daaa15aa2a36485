"""What kinds, states, parties and sides of a programme are called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.kernel.i18n import language
from trainmgr.programs.rules import PartyRole, ProgramKind, Side, State

KINDS: dict[ProgramKind, Any] = {
    ProgramKind.ORDER_CLASS: _l("Order class"),
    ProgramKind.MODERN_APPRENTICESHIP: _l("Modern apprenticeship"),
    ProgramKind.NEW_APPRENTICESHIP: _l("New-type enterprise apprenticeship"),
    ProgramKind.FIELD_ENGINEER: _l("Field engineer"),
    ProgramKind.EMPLOYEE_UPSKILLING: _l("Employee upskilling"),
    ProgramKind.SUBSIDISED: _l("Subsidised training"),
    ProgramKind.PUBLIC_BENEFIT: _l("Public-benefit training"),
    ProgramKind.RURAL_REVITALISATION: _l("Rural revitalisation"),
    ProgramKind.TEACHER_TRAINING: _l("Teacher training"),
    ProgramKind.COMMUNITY: _l("Community training"),
}

STATES: dict[State, Any] = {
    State.DRAFT: _l("Draft"),
    State.ANALYSING: _l("Analysing needs"),
    State.DESIGNING: _l("Designing the plan"),
    State.RECRUITING: _l("Recruiting"),
    State.RUNNING: _l("Running"),
    State.EVALUATING: _l("Evaluating"),
    State.CLOSED: _l("Closed"),
    State.SUSPENDED: _l("Suspended"),
    State.CANCELLED: _l("Cancelled"),
}

STATE_TONES: dict[State, str] = {
    State.DRAFT: "plain",
    State.CLOSED: "frozen",
    State.SUSPENDED: "warn",
    State.CANCELLED: "plain",
} | dict.fromkeys(
    (State.ANALYSING, State.DESIGNING, State.RECRUITING, State.RUNNING, State.EVALUATING), "info"
)

# What the button says that leads into a state.
FORWARD_VERBS: dict[State, Any] = {
    State.ANALYSING: _l("Start the needs analysis"),
    State.DESIGNING: _l("Start designing"),
    State.RECRUITING: _l("Start recruiting"),
    State.RUNNING: _l("Start running"),
    State.EVALUATING: _l("Start evaluating"),
    State.CLOSED: _l("Close the programme"),
}

PARTY_ROLES: dict[PartyRole, Any] = {
    PartyRole.LEAD_COLLEGE: _l("Lead college"),
    PartyRole.PARTNER_COLLEGE: _l("Partner college"),
    PartyRole.ENTERPRISE: _l("Partner enterprise"),
    PartyRole.OUTSIDE: _l("Outside assessor"),
    PartyRole.ALLIANCE: _l("Alliance of industry and education"),
    PartyRole.INDUSTRY_COLLEGE: _l("Industry college"),
    PartyRole.BASE: _l("Practice base"),
}

SIDES: dict[Side, Any] = {Side.COLLEGE: _l("College side"), Side.ENTERPRISE: _l("Enterprise side")}


def in_language(chinese: str, english: str) -> str:
    """Return a name in the reader's language; Chinese where there is no English one."""
    return english if english and language() == "en" else chinese


def parties_line(parties: Iterable[tuple[PartyRole, str]]) -> str:
    """Return parties on one line: colleges × enterprises."""
    named: dict[Side | None, list[str]] = {}
    for role, name in parties:
        named.setdefault(role.side, []).append(name)
    between = "、" if language() == "zh" else ", "
    return " × ".join(between.join(named[side]) for side in Side if named.get(side))

"""What levels, dimensions, grades, states and roles of the faculty are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.faculty.composing import Composition, Fault, FaultKind, Leading, SeatRole
from trainmgr.faculty.rules import Confirmed, DayPart, Dimension, DualLevel, EntryState, Grade, Lack, parts_of
from trainmgr.kernel.i18n import number
from trainmgr.kernel.msgids import N_

DUAL: dict[DualLevel, Any] = {
    DualLevel.JUNIOR: _l("Junior dual-qualified"),
    DualLevel.MIDDLE: _l("Intermediate dual-qualified"),
    DualLevel.SENIOR: _l("Senior dual-qualified"),
}
DIMENSIONS: dict[Dimension, Any] = {
    Dimension.TEACHING: _l("Conducting teaching"),
    Dimension.TECHNOLOGY: _l("Applying technology"),
    Dimension.SERVICE: _l("Serving society"),
}
# What each of the five values means, in words (the anchors of the scale).
ANCHORS: dict[Dimension, tuple[Any, ...]] = {
    Dimension.TEACHING: (
        _l("teaches with guidance"),
        _l("teaches single lessons alone"),
        _l("teaches a course alone"),
        _l("designs and renews a course"),
        _l("leads others' teaching"),
    ),
    Dimension.TECHNOLOGY: (
        _l("knows the equipment"),
        _l("works with guidance"),
        _l("works alone in the post"),
        _l("solves faults of the line"),
        _l("improves processes at an enterprise"),
    ),
    Dimension.SERVICE: (
        _l("none yet"),
        _l("takes part now and then"),
        _l("trains employees regularly"),
        _l("carries out projects for enterprises"),
        _l("leads projects of a region or trade"),
    ),
}
GRADE_MSGIDS: dict[Grade, str] = {
    Grade.NEW: N_("New teacher"),
    Grade.QUALIFIED: N_("Qualified teacher"),
    Grade.BACKBONE: N_("Backbone teacher"),
    Grade.MASTER: N_("Master teacher"),
}
GRADES: dict[Grade, Any] = {grade: _l(msgid) for grade, msgid in GRADE_MSGIDS.items()}
STATES: dict[EntryState, Any] = {
    EntryState.ENTERED: _l("waits for confirmation"),
    EntryState.CONFIRMED: _l("confirmed"),
    EntryState.REFUSED: _l("not confirmed"),
    EntryState.WITHDRAWN: _l("withdrawn"),
}
STATE_TONES: dict[EntryState, str] = {
    EntryState.ENTERED: "warn",
    EntryState.REFUSED: "bad",
    EntryState.WITHDRAWN: "frozen",
}
CONFIRMED: dict[Confirmed, Any] = {
    Confirmed.ENTERPRISE: _l("by the enterprise"),
    Confirmed.PAPER: _l("from its paper"),
}
PARTS: dict[DayPart, Any] = {
    DayPart.MORNING: _l("morning"),
    DayPart.AFTERNOON: _l("afternoon"),
    DayPart.EVENING: _l("evening"),
}
WEEKDAYS: tuple[Any, ...] = (
    _l("Mon"),
    _l("Tue"),
    _l("Wed"),
    _l("Thu"),
    _l("Fri"),
    _l("Sat"),
    _l("Sun"),
)
NEEDS: dict[str, Any] = {
    "years": _l("Years of work"),
    "practice_days": _l("Days of practice at enterprises"),
    "rating": _l("Lowest of the three dimensions"),
    "courses": _l("Courses led"),
    "qualifications": _l("Valid qualifications"),
    "tutored": _l("Trainees guided"),
    "dual": _l("Dual-qualification level"),
}
ROLES: dict[SeatRole, Any] = {
    SeatRole.THEORY_TEACHER: _l("Theory teacher"),
    SeatRole.RESIDENT_EXPERT: _l("Resident enterprise expert"),
    SeatRole.MASTER: _l("Master"),
    SeatRole.ENTERPRISE_MENTOR: _l("Enterprise mentor"),
    SeatRole.TEACHER: _l("Teacher"),
}
COMPOSITIONS: dict[Composition, Any] = {
    Composition.SEVEN_FIVE: _l("7+5: seven theory teachers, five resident enterprise experts"),
    Composition.ONE_ONE_N: _l("1+1+N: one master, one enterprise mentor, any number of teachers"),
}
SHORT_COMPOSITIONS: dict[Composition, str] = {
    Composition.SEVEN_FIVE: "7+5",
    Composition.ONE_ONE_N: "1+1+N",
}
LEADING: dict[Leading, Any] = {
    Leading.RIGHT: _l("led from the right side"),
    Leading.WRONG: _l("led from the other side"),
    Leading.NOBODY: _l("nobody leads it"),
}
SIDE_WORDS = {"college": _l("college side"), "enterprise": _l("enterprise side")}


def fault_text(fault: Fault) -> str:
    """Return a fault of a team as a sentence."""
    role = ROLES[fault.role]
    if fault.kind is FaultKind.TOO_FEW:
        return _(
            "%(role)s: %(have)s of %(want)s, %(missing)s missing.",
            role=role, have=fault.have, want=fault.want, missing=fault.want - fault.have,
        )  # fmt: skip
    if fault.kind is FaultKind.TOO_MANY:
        return _(
            "%(role)s: %(have)s, at most %(want)s; %(more)s too many.",
            role=role, have=fault.have, want=fault.want, more=fault.have - fault.want,
        )  # fmt: skip
    if fault.kind is FaultKind.WRONG_SIDE:
        return _(
            "%(name)s comes from the other side and fills no seat of %(role)s.", name=fault.name, role=role
        )
    if fault.kind is FaultKind.OTHER_FIELD:
        return _("%(name)s (%(role)s) states other fields than the team's.", name=fault.name, role=role)
    return _("The team's rule has no seat for %(name)s (%(role)s).", name=fault.name, role=role)


def figure(key: str, value: int) -> str:
    """Return what there is, or is asked, of a grade's requirement."""
    if key == "dual":
        return str(list(DUAL.values())[value - 1]) if value else _("none")
    if key == "rating" and not value:
        return _("not rated")
    return number(value)


def lack_text(lack: Lack) -> str:
    """Return what is missing for a grade, in words."""
    return _(
        "%(name)s: %(have)s, asked %(want)s",
        name=NEEDS[lack.key], have=figure(lack.key, lack.have), want=figure(lack.key, lack.want),
    )  # fmt: skip


def day_parts() -> list[tuple[str, str]]:
    """Return the parts of the week's days as (value, name)."""
    return [
        (f"{place}-{part}", _("%(weekday)s %(part)s", weekday=weekday, part=label))
        for place, weekday in enumerate(WEEKDAYS, start=1)
        for part, label in PARTS.items()
    ]


def weekdays_text(digits: str) -> str:
    """Return weekdays given as digits in words."""
    if set(digits) >= set("1234567"):
        return _("every day")
    return _(", ").join(str(WEEKDAYS[int(digit) - 1]) for digit in sorted(digits))


def working_text(working_time: Mapping[str, Iterable[int]]) -> str:
    """Return the working time in words: the parts of the week's days."""
    names = dict(day_parts())
    return _(", ").join(names[part] for part in parts_of(working_time))

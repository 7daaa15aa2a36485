"""Whether a teaching team is put together as its rule says, and each course led from the right side: pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

COLLEGE, ENTERPRISE = "college", "enterprise"


class SeatRole(enum.StrEnum):
    """What a member is in a team."""

    THEORY_TEACHER = "theory_teacher"
    RESIDENT_EXPERT = "resident_expert"
    MASTER = "master"
    ENTERPRISE_MENTOR = "enterprise_mentor"
    TEACHER = "teacher"


class Composition(enum.StrEnum):
    """The rules that teams begin with; their figures can be changed team by team."""

    SEVEN_FIVE = "seven_five"
    ONE_ONE_N = "one_one_n"


@dataclass(frozen=True)
class Seat:
    """How many members of a role a team has, from which side (None: either); `most` None sets no upper limit."""

    role: SeatRole
    side: str | None
    least: int
    most: int | None


# 7+5: seven college teachers teach theory, five experts resident at the college teach projects. 1+1+N: one master, one
# enterprise mentor and any number of teachers in one technical field.
COMPOSITIONS: dict[Composition, tuple[Seat, ...]] = {
    Composition.SEVEN_FIVE: (
        Seat(SeatRole.THEORY_TEACHER, COLLEGE, 7, 7),
        Seat(SeatRole.RESIDENT_EXPERT, ENTERPRISE, 5, 5),
    ),
    Composition.ONE_ONE_N: (
        Seat(SeatRole.MASTER, None, 1, 1),
        Seat(SeatRole.ENTERPRISE_MENTOR, ENTERPRISE, 1, 1),
        Seat(SeatRole.TEACHER, COLLEGE, 1, None),
    ),
}


@dataclass(frozen=True)
class Holder:
    """A member as it counts: name, role, side, own fields (empty: not stated)."""

    name: str
    role: SeatRole
    side: str
    fields: frozenset[str] = frozenset()


class FaultKind(enum.StrEnum):
    """What is wrong with a team."""

    TOO_FEW = "too_few"
    TOO_MANY = "too_many"
    WRONG_SIDE = "wrong_side"
    OTHER_FIELD = "other_field"
    NO_SEAT = "no_seat"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: the role, how many there are and should be, or who is meant."""

    kind: FaultKind
    role: SeatRole
    have: int = 0
    want: int = 0
    name: str = ""


def faults_of(seats: Sequence[Seat], holders: Sequence[Holder], field: str = "") -> list[Fault]:
    """Return what is wrong with a team: seats that are empty or too full, members of another side or field.

    Whoever comes from the wrong side fills no seat; another field is told but does not empty the seat.
    """
    found: list[Fault] = []
    for seat in seats:
        right = [one for one in holders if one.role is seat.role and seat.side in (None, one.side)]
        if len(right) < seat.least:
            found.append(Fault(FaultKind.TOO_FEW, seat.role, len(right), seat.least))
        if seat.most is not None and len(right) > seat.most:
            found.append(Fault(FaultKind.TOO_MANY, seat.role, len(right), seat.most))
    return found + list(_of_members(seats, holders, field))


def _of_members(seats: Sequence[Seat], holders: Sequence[Holder], field: str) -> Iterable[Fault]:
    sides = {seat.role: seat.side for seat in seats}
    for one in holders:
        if one.role not in sides:
            yield Fault(FaultKind.NO_SEAT, one.role, name=one.name)
        elif sides[one.role] not in (None, one.side):
            yield Fault(FaultKind.WRONG_SIDE, one.role, name=one.name)
        if field and one.fields and not any(field in known or known in field for known in one.fields):
            yield Fault(FaultKind.OTHER_FIELD, one.role, name=one.name)


# --- who leads which course -----------------------------------------------------------------------


class Leading(enum.StrEnum):
    """Whether a course is led from the side that its kind asks for."""

    RIGHT = "right"
    WRONG = "wrong"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Course:
    """A course of the plan: class hours of theory and practice, and the side that its leader belongs to (or None)."""

    name: str
    theory: int
    practice: int
    led_by: str | None
    leader: str = ""
    is_joint: bool = False

    @property
    def asks_for(self) -> str:
        """The side that should lead: the college a theory course, the enterprise a project course.

        A course of which more than half is practice is a project course.
        """
        return ENTERPRISE if self.practice > self.theory else COLLEGE

    @property
    def leading(self) -> Leading:
        """Whether it is led from that side."""
        if self.led_by is None:
            return Leading.NOBODY
        return Leading.RIGHT if self.led_by == self.asks_for else Leading.WRONG

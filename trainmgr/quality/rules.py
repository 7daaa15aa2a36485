"""What a figure is: its period and scope, how a value follows from two sums, how it stands against its target."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

LEAST = 5  # answers below which a survey's figure is not shown
NEAR = 0.05  # a missed target is near within this part of it, unless an indicator says otherwise
FIRST_YEAR, LAST_YEAR = 2000, 2100


class Unit(enum.StrEnum):
    """How a value follows: a share, a mean (sum over count), a count of records, a sum of their amounts."""

    SHARE = "share"
    MEAN = "mean"
    COUNT = "count"
    SUM = "sum"

    @property
    def is_ratio(self) -> bool:
        """Whether it has a denominator."""
        return self in (Unit.SHARE, Unit.MEAN)


class ScopeKind(enum.StrEnum):
    """What a figure is about."""

    COLLEGE = "college"
    DEPARTMENT = "department"
    PROGRAM = "program"
    ENTERPRISE = "enterprise"


class Group(enum.StrEnum):
    """Under which heading an indicator stands."""

    TRAINING = "training"
    PEOPLE = "people"
    QUALITY = "quality"
    EMPLOYMENT = "employment"
    COOPERATION = "cooperation"
    SERVICE = "service"
    FACULTY = "faculty"
    RESOURCES = "resources"


class Gold(enum.StrEnum):
    """The five golds (五金): major, course, teacher, base, teaching material."""

    MAJOR = "major"
    COURSE = "course"
    TEACHER = "teacher"
    BASE = "base"
    MATERIAL = "material"


class Table(enum.StrEnum):
    """The tables of the national annual report."""

    SCORECARD = "scorecard"
    SATISFACTION = "satisfaction"
    RESOURCES = "resources"
    SERVICE = "service"


class Better(enum.StrEnum):
    """Which direction is wanted."""

    HIGHER = "higher"
    LOWER = "lower"


class Audience(enum.StrEnum):
    """Who sees an indicator: the college, also the enterprises (of their own part), also outside assessors."""

    COLLEGE = "college"
    PARTIES = "parties"
    OUTSIDE = "outside"


class Verdict(enum.StrEnum):
    """How a figure stands against its target."""

    MET = "met"
    NEAR = "near"
    MISSED = "missed"
    OPEN = "open"
    NO_DATA = "no_data"


@dataclass(frozen=True)
class Period:
    """Days from the first to the last, both included; `year` where it is a calendar year."""

    first: date
    last: date
    year: int | None = None

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a period ends before it begins")

    @classmethod
    def of_year(cls, year: int) -> Period:
        """Return a calendar year."""
        return cls(date(year, 1, 1), date(year, 12, 31), year)

    @property
    def before(self) -> Period:
        """The same days a year earlier (29 February becomes the 28th)."""
        if self.year is not None:
            return Period.of_year(self.year - 1)
        return Period(_year_before(self.first), _year_before(self.last))


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


@dataclass(frozen=True)
class Scope:
    """What a figure is about, seen from the lead college whose definitions and targets hold."""

    college_id: int
    kind: ScopeKind
    id: int

    @classmethod
    def of_college(cls, college_id: int) -> Scope:
        """Return a whole college."""
        return cls(college_id, ScopeKind.COLLEGE, college_id)

    @classmethod
    def of_department(cls, college_id: int, department_id: int) -> Scope:
        """Return a department of a college."""
        return cls(college_id, ScopeKind.DEPARTMENT, department_id)

    @classmethod
    def of_program(cls, college_id: int, program_id: int) -> Scope:
        """Return a programme that a college leads."""
        return cls(college_id, ScopeKind.PROGRAM, program_id)

    @classmethod
    def of_enterprise(cls, college_id: int, enterprise_id: int) -> Scope:
        """Return an enterprise's part in what a college leads."""
        return cls(college_id, ScopeKind.ENTERPRISE, enterprise_id)


@dataclass(frozen=True)
class Sums:
    """What SQL added up: numerator, denominator (0 where there is none), and how many people answered."""

    numerator: float = 0.0
    denominator: float = 0.0
    people: int = 0


@dataclass(frozen=True)
class Figure:
    """An indicator's figure with what it was computed from.

    `value` and `target` are on one scale: 0 to 1 for shares. None means that there is no data, or (`is_small`) that
    too few people answered for it to be shown. `n_hidden` counts records behind it that the viewer may not open.
    """

    code: str
    numerator: float | None
    denominator: float | None
    value: float | None
    unit: Unit
    target: float | None = None
    n_hidden: int = 0
    as_of: datetime | None = None
    better: Better = Better.HIGHER
    is_small: bool = False
    near: float = NEAR

    @property
    def verdict(self) -> Verdict:
        """How it stands against its target."""
        return verdict_of(self.value, self.target, self.better, self.near)


def value_of(unit: Unit, sums: Sums) -> float | None:
    """Return the value of two sums; a denominator of zero gives None: there is no data, which is neither 0 nor 1."""
    if not unit.is_ratio:
        return sums.numerator
    return sums.numerator / sums.denominator if sums.denominator else None


def figure_of(
    code: str,
    unit: Unit,
    sums: Sums,
    *,
    is_survey: bool = False,
    target: float | None = None,
    better: Better = Better.HIGHER,
    as_of: datetime | None = None,
    near: float = NEAR,
) -> Figure:
    """Return the figure of two sums; a survey answered by too few people shows nothing, not even how they answered."""
    if is_survey and 0 < sums.people < LEAST:
        return Figure(
            code, None, None, None, unit, target, as_of=as_of, better=better, is_small=True, near=near
        )
    denominator = sums.denominator if unit.is_ratio else None
    value = value_of(unit, sums)
    return Figure(
        code, sums.numerator, denominator, value, unit, target, as_of=as_of, better=better, near=near
    )


def verdict_of(
    value: float | None, target: float | None, better: Better = Better.HIGHER, near: float = NEAR
) -> Verdict:
    """Tell whether a target is met, nearly met (within `near` of the target's size) or missed."""
    if value is None:
        return Verdict.NO_DATA
    if target is None:
        return Verdict.OPEN
    short = target - value if better is Better.HIGHER else value - target
    if short <= 1e-9:
        return Verdict.MET
    return Verdict.NEAR if short <= abs(target) * near else Verdict.MISSED


@dataclass(frozen=True)
class Definition:
    """An indicator as it holds from a day on: everything about it but how it is computed, which `measure` names."""

    code: str
    measure: str
    name: str
    name_en: str
    definition: str
    definition_en: str
    source: str
    source_en: str
    unit_name: str
    unit_name_en: str
    group: Group
    golds: tuple[Gold, ...] = ()
    tables: tuple[Table, ...] = ()
    better: Better = Better.HIGHER
    audience: Audience = Audience.COLLEGE
    weight: float = 1.0
    near: float = NEAR
    decimals: int = 0
    position: int = 0
    active: bool = True
    target: float | None = None  # what the program suggests; a year's own target comes before it
    valid_from: date | None = None
    is_built_in: bool = field(default=True, compare=False)


def in_order(definitions: Iterable[Definition]) -> list[Definition]:
    """Return indicators as they stand in lists: by heading, place, code."""
    groups = list(Group)
    return sorted(definitions, key=lambda one: (groups.index(one.group), one.position, one.code))


def change(now: Figure | None, before: Figure | None) -> float | None:
    """Return by how much a value changed from one year to the next; None where either is not known."""
    if now is None or before is None or now.value is None or before.value is None:
        return None
    return now.value - before.value

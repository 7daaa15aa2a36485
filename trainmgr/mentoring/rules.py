"""What makes a pair of trainee and mentor possible, and how well it fits: hard limits, then parts of a fit.

Pure: values in, values out. Costs are integers in thousandths so that equal inputs give equal answers.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

# What makes a pair fit, in percent of the whole; adds to 100. A programme may weigh otherwise.
WEIGHTS: dict[str, int] = {"field": 50, "continuity": 20, "distance": 10, "experience": 10, "time": 10}
# A weekday (1 Monday to 7) and a unit of the timetable.
Time = tuple[int, int]
# Each further trainee of one mentor costs this much more (thousandths), so that equal fits are spread evenly.
BALANCE_STEP = 30
# Where even loads come first, a further trainee costs more than the worst fit does.
EVEN_STEP = 1001

# A pair whose sites are named but whose distance nobody stated; and a mentor known from an earlier stage.
FAR_UNKNOWN, KNOWN_BEFORE = 0.25, 0.8


class Way(enum.StrEnum):
    """How a proposal is found; of each way one proposal may be open, so that two can be compared."""

    BEST_FIT = "best_fit"
    EVEN_LOADS = "even_loads"
    FEWEST_CHANGES = "fewest_changes"
    TWO_WAY = "two_way"


class Obstacle(enum.StrEnum):
    """The hard limit that keeps a trainee from every mentor, from the nearest to the farthest."""

    CHOICE = "choice"
    CAPACITY = "capacity"
    FIELD = "field"
    SITE = "site"
    LEAVE = "leave"
    QUALIFICATION = "qualification"
    ORGANIZATION = "organization"
    NO_MENTOR = "no_mentor"


# The last of them that would have to give for somebody to be found is the one that binds.
_NEAREST_FIRST = (
    Obstacle.FIELD,
    Obstacle.SITE,
    Obstacle.LEAVE,
    Obstacle.QUALIFICATION,
    Obstacle.ORGANIZATION,
)


@dataclass(frozen=True)
class Trainee:
    """What counts of a trainee: own organisation on this side, field, site, and the mentors at present and before.

    `known_ids` are mentors who guided this trainee, or taught the class, in an earlier stage; `times` are those in
    which the class is taught, empty where nothing is planned.
    """

    id: int
    organization_id: int | None
    field: str = ""
    present_id: int | None = None
    locked_id: int | None = None
    site: str = ""
    known_ids: frozenset[int] = frozenset()
    times: frozenset[Time] = frozenset()


@dataclass(frozen=True)
class Guide:
    """What counts of a mentor. `taken` seats are held by trainees of other programmes; `fields` empty means any.

    `times` is the working time, empty where it is not stated.
    """

    id: int
    organization_id: int
    capacity: int
    fields: frozenset[str] = frozenset()
    qualified_until: date | None = None
    taken: int = 0
    guided_before: int = 0
    sites: frozenset[str] = frozenset()
    leaves: tuple[tuple[date, date], ...] = ()
    times: frozenset[Time] = frozenset()

    @property
    def places(self) -> int:
        """Seats that this programme may fill."""
        return max(0, self.capacity - self.taken)


@dataclass(frozen=True)
class Terms:
    """What holds for all pairs of a programme: its period, weights (percent), and limits of distance and leave.

    `most_km` is the farthest that a mentor may be (None: no limit), `most_leave` the most days of leave within the
    period; `distances` holds kilometres by the names of two sites in alphabetical order.
    """

    since: date | None = None
    until: date | None = None
    weights: Mapping[str, int] = field(default_factory=lambda: WEIGHTS)
    balance_step: int = BALANCE_STEP
    most_km: int | None = None
    most_leave: int = 14
    distances: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Fit:
    """How well a pair fits, 0 to 1, and the parts of it (each 0 to 1)."""

    total: float
    parts: Mapping[str, float]


# --- the parts --------------------------------------------------------------------------------------


def related(one: str, other: str) -> bool:
    """Tell whether two names of fields are near: one contains the other, or they begin with the same two signs."""
    return bool(one and other) and (one in other or other in one or one[:2] == other[:2])


def field_fit(trainee: Trainee, guide: Guide) -> float:
    """Return how well the field fits: 1 the same, 0.5 near or not stated on either side, 0 another."""
    if not trainee.field or not guide.fields:
        return 0.5
    if trainee.field in guide.fields:
        return 1.0
    return 0.5 if any(related(trainee.field, known) for known in guide.fields) else 0.0


def between(one: str, other: str) -> tuple[str, str]:
    """Return the key under which the distance of two sites is kept."""
    return (one, other) if one <= other else (other, one)


def kilometres(trainee: Trainee, guide: Guide, terms: Terms) -> int | None:
    """Return how far a mentor's nearest site is from the trainee's, or None when that is not known."""
    if trainee.site in guide.sites:
        return 0
    if not trainee.site or not terms.distances:
        return None
    known = (terms.distances.get(between(trainee.site, site)) for site in guide.sites)
    return min((km for km in known if km is not None), default=None)


def distance_fit(trainee: Trainee, guide: Guide, terms: Terms) -> float:
    """Return how near a pair is: 1 at the same site, less with every kilometre, 0.5 where a site is not stated."""
    if not trainee.site or not guide.sites:
        return 0.5
    far = kilometres(trainee, guide, terms)
    if far is None:
        return FAR_UNKNOWN
    return round(max(0.0, 1 - far / (terms.most_km or 50)), 4) if far else 1.0


def continuity_fit(trainee: Trainee, guide: Guide) -> float:
    """Return 1 for the present mentor, 0.8 for one known from an earlier stage, 0 for a change, 0.5 with none yet."""
    if trainee.present_id == guide.id:
        return 1.0
    if guide.id in trainee.known_ids:
        return KNOWN_BEFORE
    return 0.0 if trainee.present_id or trainee.known_ids else 0.5


def time_fit(trainee: Trainee, guide: Guide) -> float:
    """Return in which share of the class's planned times a mentor is at work, 0.5 where either is not stated."""
    if not trainee.times or not guide.times:
        return 0.5
    return round(len(trainee.times & guide.times) / len(trainee.times), 4)


def leave_days(guide: Guide, terms: Terms) -> int:
    """Return on how many days of the period a mentor is on leave."""
    since, until = terms.since or date.min, terms.until or date.max
    spans = ((max(first, since), min(last, until)) for first, last in guide.leaves)
    return sum((last - first).days + 1 for first, last in spans if last >= first)


# --- the whole --------------------------------------------------------------------------------------


def _limits(trainee: Trainee, guide: Guide, terms: Terms) -> Iterator[Obstacle]:
    """Yield the hard limits that forbid a pair, the one hardest to change first."""
    if trainee.organization_id is not None and trainee.organization_id != guide.organization_id:
        yield Obstacle.ORGANIZATION
    expires, last = guide.qualified_until, terms.until or terms.since
    if expires is not None and last is not None and expires < last:
        yield Obstacle.QUALIFICATION
    if guide.leaves and leave_days(guide, terms) > terms.most_leave:
        yield Obstacle.LEAVE
    if terms.most_km is not None and (kilometres(trainee, guide, terms) or 0) > terms.most_km:
        yield Obstacle.SITE
    if field_fit(trainee, guide) == 0:
        yield Obstacle.FIELD


def limits_between(trainee: Trainee, guide: Guide, terms: Terms) -> list[Obstacle]:
    """Return every hard limit that forbids a pair, the nearest first; capacity is not a matter of one pair."""
    return list(_limits(trainee, guide, terms))[::-1]


def limit_between(trainee: Trainee, guide: Guide, terms: Terms) -> Obstacle | None:
    """Return the limit that forbids a pair (the one hardest to change), or None."""
    return next(_limits(trainee, guide, terms), None)


def nearest(met: Iterable[Obstacle | None]) -> Obstacle:
    """Return the limit that binds over many mentors: the one that is easiest to give for somebody to be found."""
    found = set(met)
    return next((limit for limit in _NEAREST_FIRST if limit in found), Obstacle.NO_MENTOR)


def fit_of(trainee: Trainee, guide: Guide, terms: Terms) -> Fit:
    """Return the fit of a pair with its parts."""
    parts = {
        "field": field_fit(trainee, guide),
        "continuity": continuity_fit(trainee, guide),
        "distance": distance_fit(trainee, guide, terms),
        "experience": min(guide.guided_before, 5) / 5,
        "time": time_fit(trainee, guide),
    }
    # A programme that weighed the parts before there was one for working time gives it none.
    return Fit(round(sum(terms.weights.get(name, 0) * part for name, part in parts.items()) / 100, 4), parts)


def cost_of(fit: Fit) -> int:
    """Return what a pair costs, in thousandths: nothing for a perfect fit."""
    return round((1 - fit.total) * 1000)


def cost_of_load(load: int, terms: Terms) -> int:
    """Return what it costs, in thousandths, that one mentor has so many trainees rather than others having them."""
    return terms.balance_step * load * (load - 1) // 2

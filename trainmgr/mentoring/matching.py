"""Who guides whom: hard limits first, then fit and balance; solved exactly as a minimum-cost flow (flow.py).

Pure: values in, values out. Costs are integers in thousandths so that equal inputs give equal answers.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from trainmgr.mentoring.flow import Flow, Group, Way, cheapest_flow

# What makes a pair fit, in percent of the whole; adds to 100.
WEIGHTS: dict[str, int] = {"field": 60, "continuity": 25, "experience": 15}
# Each further trainee of one mentor costs this much more (thousandths), so that equal fits are spread evenly.
BALANCE_STEP = 30


class Obstacle(enum.StrEnum):
    """The hard limit that keeps a trainee from every mentor, from the nearest to the farthest."""

    CAPACITY = "capacity"
    FIELD = "field"
    QUALIFICATION = "qualification"
    ORGANIZATION = "organization"
    NO_MENTOR = "no_mentor"


@dataclass(frozen=True)
class Trainee:
    """What counts of a trainee: own organisation on this side, field, and the mentor at present or locked."""

    id: int
    organization_id: int | None
    field: str = ""
    present_id: int | None = None
    locked_id: int | None = None


@dataclass(frozen=True)
class Guide:
    """What counts of a mentor. `taken` seats are held by trainees of other programmes; `fields` empty means any."""

    id: int
    organization_id: int
    capacity: int
    fields: frozenset[str] = frozenset()
    qualified_until: date | None = None
    taken: int = 0
    guided_before: int = 0

    @property
    def places(self) -> int:
        """Seats that this programme may fill."""
        return max(0, self.capacity - self.taken)


@dataclass(frozen=True)
class Fit:
    """How well a pair fits, 0 to 1, and the parts of it (each 0 to 1)."""

    total: float
    parts: Mapping[str, float]


@dataclass(frozen=True)
class Pair:
    """One line of a proposal; without a mentor, `obstacle` says which limit binds."""

    trainee_id: int
    guide_id: int | None
    fit: Fit | None = None
    locked: bool = False
    next_best_id: int | None = None
    obstacle: Obstacle | None = None


@dataclass(frozen=True)
class Proposal:
    """Pairs for all trainees, and each mentor's load under them (seats of this programme)."""

    pairs: Sequence[Pair]
    load: Mapping[int, int] = field(default_factory=dict)

    @property
    def placed(self) -> int:
        """How many trainees have a mentor."""
        return sum(pair.guide_id is not None for pair in self.pairs)


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


def limit_between(trainee: Trainee, guide: Guide, until: date | None) -> Obstacle | None:
    """Return the hard limit that forbids a pair, or None; capacity is not a matter of one pair."""
    if trainee.organization_id is not None and guide.organization_id != trainee.organization_id:
        return Obstacle.ORGANIZATION
    expires = guide.qualified_until
    if expires is not None and until is not None and expires < until:
        return Obstacle.QUALIFICATION
    return Obstacle.FIELD if field_fit(trainee, guide) == 0 else None


def fit_of(trainee: Trainee, guide: Guide) -> Fit:
    """Return the fit of a pair with its parts."""
    parts = {
        "field": field_fit(trainee, guide),
        "continuity": 1.0 if trainee.present_id == guide.id else 0.0 if trainee.present_id else 0.5,
        "experience": min(guide.guided_before, 5) / 5,
    }
    return Fit(round(sum(WEIGHTS[name] * part for name, part in parts.items()) / 100, 4), parts)


def cost_of(fit: Fit) -> int:
    """Return what a pair costs, in thousandths: nothing for a perfect fit."""
    return round((1 - fit.total) * 1000)


@dataclass(frozen=True)
class Options:
    """The mentors whom a kind of trainee may have, best fit first, or the limit that keeps them from all.

    Trainees are of one kind when organisation and field are the same, and whether they have a mentor at present:
    then only the own present mentor fits one of them otherwise than the next.
    """

    hub: int
    guides: Sequence[tuple[Fit, Guide]]
    limit: Obstacle

    def beside(self, trainee: Trainee, guide_id: int | None) -> int | None:
        """Return the mentor who fits a trainee best beside the one given."""
        first = [guide for _fit, guide in self.guides if guide.id != guide_id][:1]
        own = [g for _fit, g in self.guides if g.id == trainee.present_id != guide_id]
        best = sorted((-fit_of(trainee, guide).total, guide.id) for guide in first + own)
        return best[0][1] if best else None


def propose(trainees: Sequence[Trainee], guides: Sequence[Guide], *, until: date | None = None) -> Proposal:
    """Propose a mentor for every trainee: as many as can be placed, then the best total fit, then even loads.

    Locked pairs are kept and take their seats first. Equal input gives an equal answer.
    """
    by_id = {guide.id: guide for guide in guides}
    locked = {t.id: t.locked_id for t in trainees if t.locked_id in by_id}
    seats = {guide.id: guide.places for guide in guides}
    for taken, count in Counter(locked.values()).items():
        seats[taken] -= count
    free = [trainee for trainee in trainees if trainee.id not in locked]
    options = _options_by_kind(free, guides, until)
    chosen: dict[int, int | None] = {**locked, **_solve(free, options, seats)}
    load = Counter(guide_id for guide_id in chosen.values() if guide_id is not None)
    pairs = []
    for trainee in trainees:
        guide_id = chosen[trainee.id]
        if trainee.id in locked and guide_id is not None:
            pairs.append(Pair(trainee.id, guide_id, fit_of(trainee, by_id[guide_id]), locked=True))
        else:
            guide = None if guide_id is None else by_id[guide_id]
            pairs.append(_pair(trainee, guide, options[_kind(trainee)]))
    return Proposal(pairs, {guide.id: load.get(guide.id, 0) for guide in guides})


Kind = tuple[int | None, str, bool]
NOT_LISTED = -1


def _kind(trainee: Trainee) -> Kind:
    return trainee.organization_id, trainee.field, trainee.present_id is not None


def _options_by_kind(
    trainees: Sequence[Trainee], guides: Sequence[Guide], until: date | None
) -> dict[Kind, Options]:
    found: dict[Kind, Options] = {}
    for trainee in trainees:
        kind = _kind(trainee)
        if kind not in found:
            # As if under somebody who is not on the list: what holds for every mentor but the own present one.
            anybody = replace(trainee, present_id=NOT_LISTED if kind[2] else None)
            found[kind] = _options(len(found), anybody, guides, until)
    return found


def _options(hub: int, trainee: Trainee, guides: Sequence[Guide], until: date | None) -> Options:
    limits = {guide.id: limit_between(trainee, guide, until) for guide in guides}
    found = [(fit_of(trainee, guide), guide) for guide in guides if limits[guide.id] is None]
    return Options(
        hub,
        sorted(found, key=lambda option: (-option[0].total, option[1].id)),
        Obstacle.CAPACITY if found else _nearest(set(limits.values())),
    )


def _nearest(met: set[Obstacle | None]) -> Obstacle:
    """Return the limit that binds: the last one that would have to give for somebody to be found."""
    order = (Obstacle.FIELD, Obstacle.QUALIFICATION, Obstacle.ORGANIZATION)
    return next((limit for limit in order if limit in met), Obstacle.NO_MENTOR)


def _solve(
    trainees: Sequence[Trainee], options: Mapping[Kind, Options], seats: Mapping[int, int]
) -> dict[int, int | None]:
    """Return each trainee's mentor at the least cost in all; to stay without costs more than all else together."""
    place = {guide_id: position for position, guide_id in enumerate(seats)}
    ways = [
        Way(kind.hub, place[guide.id], cost_of(fit))
        for kind in options.values()
        for fit, guide in kind.guides
    ]
    alike: dict[tuple[Kind, int | None], list[Trainee]] = {}
    for trainee in trainees:
        alike.setdefault((_kind(trainee), trainee.present_id), []).append(trainee)
    groups = [_group(people, options[kind], place) for (kind, _own), people in alike.items()]
    nobody = (1000 + BALANCE_STEP * (max(seats.values(), default=0) + 1)) * (len(trainees) + 1)
    flow = cheapest_flow(groups, ways, list(seats.values()), step=BALANCE_STEP, nobody=nobody)
    return _told_apart(list(alike.values()), groups, ways, flow, list(seats))


def _group(people: Sequence[Trainee], kind: Options, place: Mapping[int, int]) -> Group:
    own = next((guide for _fit, guide in kind.guides if guide.id == people[0].present_id), None)
    stay = None if own is None else (place[own.id], cost_of(fit_of(people[0], own)))
    return Group(len(people), kind.hub, stay)


def _told_apart(
    alike: Sequence[Sequence[Trainee]],
    groups: Sequence[Group],
    ways: Sequence[Way],
    flow: Flow,
    guide_ids: Sequence[int],
) -> dict[int, int | None]:
    """Give each of the people their share of the flow, in the order given."""
    seated: dict[int, list[int]] = {}
    for way, taken in zip(ways, flow.taken, strict=True):
        seated.setdefault(way.hub, []).extend([guide_ids[way.guide]] * taken)
    leads = {hub: iter(found) for hub, found in seated.items()}
    chosen: dict[int, int | None] = {}
    for people, group, stays, through in zip(alike, groups, flow.stays, flow.through, strict=True):
        for number, trainee in enumerate(people):
            if number < stays:
                chosen[trainee.id] = trainee.present_id
            else:
                chosen[trainee.id] = next(leads[group.hub]) if number < stays + through else None
    return chosen


def _pair(trainee: Trainee, guide: Guide | None, kind: Options) -> Pair:
    if guide is None:
        return Pair(trainee.id, None, next_best_id=kind.beside(trainee, None), obstacle=kind.limit)
    return Pair(trainee.id, guide.id, fit_of(trainee, guide), next_best_id=kind.beside(trainee, guide.id))

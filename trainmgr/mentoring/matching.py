"""Who guides whom: hard limits first, then fit and balance; solved exactly as a minimum-cost flow (flow.py).

Pure: values in, values out. What a pair costs stands in rules.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from trainmgr.mentoring.flow import Flow, Group, Road, cheapest_flow
from trainmgr.mentoring.rules import (
    Fit,
    Guide,
    Obstacle,
    Terms,
    Time,
    Trainee,
    cost_of,
    cost_of_load,
    fit_of,
    limit_between,
    limits_between,
    nearest,
)


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


@dataclass(frozen=True)
class Options:
    """The mentors whom a kind of trainee may have, best fit first, or the limit that keeps them from all.

    Trainees are of one kind when organisation, field, site and times are the same, and whether they know a mentor
    already: then only the mentors known to one of them fit that one otherwise than the next.
    """

    hub: int
    guides: Sequence[tuple[Fit, Guide]]
    limit: Obstacle
    terms: Terms
    fits: Mapping[int, Fit]

    def fit(self, trainee: Trainee, guide: Guide) -> Fit:
        """Return how well a mentor fits a trainee of this kind."""
        found = None if guide.id in _familiar(trainee) else self.fits.get(guide.id)
        return found or fit_of(trainee, guide, self.terms)

    def own_of(self, trainee: Trainee) -> list[Guide]:
        """Return the mentors among them whom a trainee knows already."""
        familiar = _familiar(trainee)
        return [guide for _fit, guide in self.guides if guide.id in familiar] if familiar else []

    def beside(self, trainee: Trainee, guide_id: int | None) -> int | None:
        """Return the mentor who fits a trainee best beside the one given."""
        first = next((guide for _fit, guide in self.guides if guide.id != guide_id), None)
        own = [guide for guide in self.own_of(trainee) if guide.id != guide_id]
        if not own or first is None:
            return first.id if first else None
        best = sorted((-fit_of(trainee, guide, self.terms).total, guide.id) for guide in [first, *own])
        return best[0][1]


def propose(
    trainees: Sequence[Trainee],
    guides: Sequence[Guide],
    terms: Terms | None = None,
    *,
    fewest_changes: bool = False,
) -> Proposal:
    """Propose a mentor for every trainee: as many as can be placed, then the best total fit, then even loads.

    With `fewest_changes` as few as can be leave a mentor whom they have and may keep; fit and loads come after that.
    Locked pairs are kept and take their seats first. Equal input gives an equal answer.
    """
    terms = terms or Terms()
    by_id = {guide.id: guide for guide in guides}
    locked = {t.id: t.locked_id for t in trainees if t.locked_id in by_id}
    seats = {guide.id: guide.places for guide in guides}
    for taken, count in Counter(locked.values()).items():
        seats[taken] -= count
    free = [trainee for trainee in trainees if trainee.id not in locked]
    options = _options_by_kind(free, guides, terms)
    chosen: dict[int, int | None] = {**locked, **_solve(free, options, seats, terms, fewest_changes)}
    load = Counter(guide_id for guide_id in chosen.values() if guide_id is not None)
    pairs = []
    for trainee in trainees:
        guide_id = chosen[trainee.id]
        if trainee.id in locked and guide_id is not None:
            pairs.append(Pair(trainee.id, guide_id, fit_of(trainee, by_id[guide_id], terms), locked=True))
        else:
            guide = None if guide_id is None else by_id[guide_id]
            pairs.append(_pair(trainee, guide, options[_kind(trainee)]))
    return Proposal(pairs, {guide.id: load.get(guide.id, 0) for guide in guides})


def pair_up(
    trainees: Sequence[Trainee],
    guides: Sequence[Guide],
    chosen: Mapping[int, int | None],
    terms: Terms,
    *,
    without: Obstacle,
) -> Proposal:
    """Return a proposal of pairs found in another way, with their fits; `without` says why somebody has nobody."""
    by_id = {guide.id: guide for guide in guides}
    options = _options_by_kind(trainees, guides, terms)
    pairs = []
    for trainee in trainees:
        guide_id = chosen.get(trainee.id)
        kind = options[_kind(trainee)]
        pair = _pair(trainee, None if guide_id is None else by_id.get(guide_id), kind)
        pairs.append(replace(pair, obstacle=without) if pair.guide_id is None and kind.guides else pair)
    load = Counter(pair.guide_id for pair in pairs if pair.guide_id is not None)
    return Proposal(pairs, {guide.id: load.get(guide.id, 0) for guide in guides})


# --- what a change by hand costs --------------------------------------------------------------------


@dataclass(frozen=True)
class Move:
    """One mentor whom a trainee could have instead: the fit, the limits that forbid it, and its price.

    The price is by how much all pairs together become worse, in thousandths of a fit; less than nothing is better.
    """

    guide: Guide
    fit: Fit
    limits: Sequence[Obstacle]
    price: int

    @property
    def is_possible(self) -> bool:
        """Whether no hard limit forbids it."""
        return not self.limits


def moves_for(
    trainee: Trainee,
    guides: Sequence[Guide],
    load: Mapping[int, int],
    present_id: int | None,
    terms: Terms,
) -> list[Move]:
    """Return what each mentor would cost a trainee who stands under `present_id` in the proposal; the cheapest first.

    `load` counts the proposal's pairs by mentor. Everybody else stays where they are.
    """
    by_id = {guide.id: guide for guide in guides}
    given_up = 0
    if present_id in by_id and present_id is not None:
        before = load.get(present_id, 0)
        given_up = cost_of(fit_of(trainee, by_id[present_id], terms))
        given_up += cost_of_load(before, terms) - cost_of_load(before - 1, terms)
    found = []
    for guide in guides:
        taken = load.get(guide.id, 0) - (guide.id == present_id)
        fit = fit_of(trainee, guide, terms)
        limits = limits_between(trainee, guide, terms)
        if taken >= guide.places:
            limits = [Obstacle.CAPACITY, *limits]
        price = cost_of(fit) + cost_of_load(taken + 1, terms) - cost_of_load(taken, terms) - given_up
        found.append(Move(guide, fit, limits, price))
    return sorted(found, key=lambda move: (len(move.limits), move.price, move.guide.id))


# --- solving ----------------------------------------------------------------------------------------

Kind = tuple[int | None, str, str, bool, frozenset[Time]]
NOT_LISTED = -1


def _familiar(trainee: Trainee) -> frozenset[int]:
    return trainee.known_ids if trainee.present_id is None else trainee.known_ids | {trainee.present_id}


def _kind(trainee: Trainee) -> Kind:
    known = trainee.present_id is not None or bool(trainee.known_ids)
    return trainee.organization_id, trainee.field, trainee.site, known, trainee.times


def _options_by_kind(
    trainees: Sequence[Trainee], guides: Sequence[Guide], terms: Terms
) -> dict[Kind, Options]:
    found: dict[Kind, Options] = {}
    at_home: dict[int, list[Guide]] = {}
    for guide in guides:
        at_home.setdefault(guide.organization_id, []).append(guide)
    for trainee in trainees:
        kind = _kind(trainee)
        if kind not in found:
            # As if under somebody who is not on the list: what holds for every mentor but those known to one of them.
            anybody = replace(trainee, present_id=NOT_LISTED if kind[3] else None, known_ids=frozenset())
            home = trainee.organization_id
            near = guides if home is None else at_home.get(home, [])
            # Whoever works elsewhere is out for that alone; to look at each of them would take longest of all.
            elsewhere = {Obstacle.ORGANIZATION} if len(near) < len(guides) else set()
            found[kind] = _options(len(found), anybody, near, terms, elsewhere)
    return found


def _options(
    hub: int, trainee: Trainee, guides: Sequence[Guide], terms: Terms, elsewhere: set[Obstacle]
) -> Options:
    limits = {guide.id: limit_between(trainee, guide, terms) for guide in guides}
    found = [(fit_of(trainee, guide, terms), guide) for guide in guides if limits[guide.id] is None]
    found.sort(key=lambda option: (-option[0].total, option[1].id))
    return Options(
        hub,
        found,
        Obstacle.CAPACITY if found else nearest({*limits.values(), *elsewhere}),
        terms,
        {guide.id: fit for fit, guide in found},
    )


def _solve(
    trainees: Sequence[Trainee],
    options: Mapping[Kind, Options],
    seats: Mapping[int, int],
    terms: Terms,
    fewest_changes: bool,
) -> dict[int, int | None]:
    """Return each trainee's mentor at the least cost in all; to stay without costs more than all else together."""
    place = {guide_id: position for position, guide_id in enumerate(seats)}
    roads = [
        Road(kind.hub, place[guide.id], cost_of(fit))
        for kind in options.values()
        for fit, guide in kind.guides
    ]
    alike: dict[tuple[Kind, int | None, frozenset[int]], list[Trainee]] = {}
    for trainee in trainees:
        alike.setdefault((_kind(trainee), trainee.present_id, trainee.known_ids), []).append(trainee)
    groups = [_group(people, options[key[0]], place) for key, people in alike.items()]
    nobody = (1000 + terms.balance_step * (max(seats.values(), default=0) + 1)) * (len(trainees) + 1)
    flow = cheapest_flow(
        groups,
        roads,
        list(seats.values()),
        step=terms.balance_step,
        nobody=nobody,
        fewest_changes=fewest_changes,
    )
    return _told_apart(list(alike.values()), groups, roads, flow, list(seats))


def _group(people: Sequence[Trainee], kind: Options, place: Mapping[int, int]) -> Group:
    one = people[0]
    own = kind.own_of(one)
    present = next((place[guide.id] for guide in own if guide.id == one.present_id), None)
    ways = [(place[guide.id], cost_of(fit_of(one, guide, kind.terms))) for guide in own]
    return Group(len(people), kind.hub, ways, present)


def _told_apart(
    alike: Sequence[Sequence[Trainee]],
    groups: Sequence[Group],
    roads: Sequence[Road],
    flow: Flow,
    guide_ids: Sequence[int],
) -> dict[int, int | None]:
    """Give each of the people their share of the flow, in the order given."""
    seated: dict[int, list[int]] = {}
    for road, taken in zip(roads, flow.taken, strict=True):
        seated.setdefault(road.hub, []).extend([guide_ids[road.guide]] * taken)
    leads = {hub: iter(found) for hub, found in seated.items()}
    chosen: dict[int, int | None] = {}
    for people, group, own, through in zip(alike, groups, flow.own, flow.through, strict=True):
        straight = [
            guide_ids[way[0]] for way, count in zip(group.own, own, strict=True) for _ in range(count)
        ]
        for trainee, guide_id in zip(people, _places(straight, leads.get(group.hub), through), strict=False):
            chosen[trainee.id] = guide_id
        chosen.update({trainee.id: None for trainee in people if trainee.id not in chosen})
    return chosen


def _places(straight: Sequence[int], lead: Iterator[int] | None, through: int) -> Iterator[int]:
    yield from straight
    if lead is not None:
        for _ in range(through):
            yield next(lead)


def _pair(trainee: Trainee, guide: Guide | None, kind: Options) -> Pair:
    if guide is None:
        return Pair(trainee.id, None, next_best_id=kind.beside(trainee, None), obstacle=kind.limit)
    return Pair(
        trainee.id,
        guide.id,
        kind.fit(trainee, guide),
        next_best_id=kind.beside(trainee, guide.id),
    )

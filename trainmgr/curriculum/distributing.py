"""Hours distributed over priorities as a starting draft, with the arithmetic of each row. Pure.

A priority's weight is its score × its gap: how urgent it is in the ranked list, times the levels that are missing.
Hours are proportional to weight, but no priority gets less than its least hours: where weight alone would give less,
it gets the least, and the rest is shared among the others. Whole hours follow by largest remainder (Hamilton's method;
Balinski and Young, "Fair Representation", 1982); equal remainders go to the larger weight, then to the better rank. The
sum is exact, a larger weight never gets fewer hours at equal least hours, and the order of the rows does not matter. As
always with largest remainders, one more hour in all may take one from a single row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from trainmgr.curriculum.rules import ModuleLine, Plan, StageLine, Wanted, likeness, loads
from trainmgr.pathways.rules import Venue

NAME_LENGTH = 80
Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a priority brings: its weight, the least hours that it must have, its rank for equal remainders."""

    key: int
    weight: float
    least: int = 0
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """What a priority gets: `proportion` of all weights (0–1), `exact` hours before rounding, whole `hours`."""

    key: int
    proportion: float
    exact: float
    hours: int


class TooFew(ValueError):
    """The least hours add up to more than there is; `needed` is their sum."""

    def __init__(self, needed: int) -> None:
        super().__init__(needed)
        self.needed = needed


def distribute(total: int, claims: Sequence[Claim]) -> dict[int, Share]:
    """Distribute whole hours over claims; raises TooFew where the least hours do not fit.

    Without any weight the hours are shared equally.
    """
    needed = sum(claim.least for claim in claims)
    if needed > total:
        raise TooFew(needed)
    weights = {claim.key: Fraction(str(round(max(0.0, claim.weight), 6))) for claim in claims}
    if not any(weights.values()):
        weights = dict.fromkeys(weights, Fraction(1))
    exact = _exact(total, claims, weights)
    hours = {key: int(value) for key, value in exact.items()}
    left = total - sum(hours.values()) if claims else 0
    order = sorted(claims, key=lambda c: (hours[c.key] - exact[c.key], -weights[c.key], c.rank, c.key))
    for claim in order[:left]:
        hours[claim.key] += 1
    whole = sum(weights.values())
    return {key: Share(key, float(weights[key] / whole), float(exact[key]), hours[key]) for key in weights}


def _exact(total: int, claims: Sequence[Claim], weights: Mapping[int, Fraction]) -> dict[int, Fraction]:
    """Return max(least, factor × weight) with the one factor under which they add up to the total."""
    fixed: dict[int, Fraction] = {}
    free = list(claims)
    while True:
        weight = sum((weights[claim.key] for claim in free), Fraction(0))
        left = total - sum(fixed.values())
        factor = left / weight if weight else Fraction(0)
        below = [claim for claim in free if factor * weights[claim.key] < claim.least]
        if not below:
            break
        fixed |= {claim.key: Fraction(claim.least) for claim in below}
        free = [claim for claim in free if claim.key not in fixed]
    found = fixed | {claim.key: factor * weights[claim.key] for claim in free}
    rest = total - sum(found.values())
    if rest and claims:  # every weight that is left is nothing: the heaviest takes what remains
        heaviest = min(claims, key=lambda c: (-weights[c.key], c.rank, c.key))
        found[heaviest.key] += rest
    return found


# --- where the hours go ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spot:
    """Hours of a priority in a module: one of the plan, or a new one (`module` None) in a stage with room."""

    competency_id: int
    stage: StageLine
    hours: int
    module: ModuleLine | None = None
    name: str = ""

    @property
    def practice(self) -> int:
        """Practice hours of a new module: all of them at the enterprise, elsewhere half, rounded up."""
        return self.hours if self.stage.venue is Venue.ENTERPRISE else -(-self.hours // 2)


@dataclass(frozen=True)
class Placing:
    """Where the hours of a distribution go; `lacking` are those that find no place, by competency."""

    spots: Sequence[Spot]
    lacking: Mapping[int, int]

    def of(self, competency_id: int) -> list[Spot]:
        """The spots of one priority."""
        return [spot for spot in self.spots if spot.competency_id == competency_id]


def given_to(plan: Plan) -> dict[int, int]:
    """Return the hours that the plan gives to each competency now, in modules that everybody takes."""
    counted = {module.id for module in plan.counted}
    given: dict[int, int] = {}
    for (module_id, competency_id), hours in plan.cells.items():
        if module_id in counted:
            given[competency_id] = given.get(competency_id, 0) + hours
    return given


def without(plan: Plan, competency_ids: Iterable[int]) -> Plan:
    """Return the plan without the hours of some competencies in modules that everybody takes."""
    gone, counted = set(competency_ids), {module.id for module in plan.counted}
    cells = {
        cell: hours for cell, hours in plan.cells.items() if not (cell[1] in gone and cell[0] in counted)
    }
    return Plan(plan.stages, plan.modules, plan.wanted, cells)


def rooms(plan: Plan) -> dict[int, int]:
    """Return how many hours each stage has room for beside its modules; remedial stages have none."""
    return {
        stage.number: 0 if stage.remedial else max(0, stage.hours - plan.hours_of(stage.number))
        for stage in plan.stages
    }


def most(plan: Plan, priorities: Sequence[Wanted]) -> int:
    """Return the most hours that can go to the priorities: theirs, those that serve nothing, and free room."""
    counted, given = {module.id for module in plan.counted}, given_to(plan)
    free = sum(load.free for load in loads(plan) if load.module.id in counted and load.free > 0)
    return sum(given.get(wanted.id, 0) for wanted in priorities) + free + sum(rooms(plan).values())


def place(plan: Plan, hours: Mapping[int, int]) -> Placing:
    """Find a place for the hours that each competency is still to get, the most urgent first.

    Hours of modules that serve nothing come first, those of a like name before others; then new modules in the stages
    with most room. No stage gets more than its hours.
    """
    counted = {module.id for module in plan.counted}
    free = {load.module.id: load.free for load in loads(plan) if load.module.id in counted}
    room, names = rooms(plan), {module.name for module in plan.modules}
    given, spots, lacking = given_to(plan), list[Spot](), dict[int, int]()
    for wanted in sorted(plan.wanted, key=lambda each: (each.rank == 0, each.rank, each.id)):
        need = hours.get(wanted.id, 0) - given.get(wanted.id, 0)
        found = _in_modules(plan, wanted, need, free)
        need -= sum(spot.hours for spot in found)
        found += _in_new(plan, wanted, need, room, names)
        spots += found
        left = hours.get(wanted.id, 0) - given.get(wanted.id, 0) - sum(spot.hours for spot in found)
        if left > 0:
            lacking[wanted.id] = left
    return Placing(spots, lacking)


def _in_modules(plan: Plan, wanted: Wanted, need: int, free: dict[int, int]) -> list[Spot]:
    stages = {stage.number: stage for stage in plan.stages}
    able = [module for module in plan.modules if free.get(module.id, 0) > 0]
    able.sort(
        key=lambda module: (
            -likeness(wanted.name, module.name),
            -free[module.id],
            module.stage_number,
            module.id,
        )
    )
    found = []
    for module in able:
        if need <= 0:
            break
        hours = min(need, free[module.id])
        free[module.id] -= hours
        need -= hours
        found.append(Spot(wanted.id, stages[module.stage_number], hours, module))
    return found


def _in_new(plan: Plan, wanted: Wanted, need: int, room: dict[int, int], names: set[str]) -> list[Spot]:
    found = []
    for stage in sorted(plan.stages, key=lambda each: (-room[each.number], each.number)):
        if need <= 0 or room[stage.number] <= 0:
            break
        hours = min(need, room[stage.number])
        room[stage.number] -= hours
        need -= hours
        name = _name(wanted.name, stage.name, names)
        names.add(name)
        found.append(Spot(wanted.id, stage, hours, name=name))
    return found


def _name(wanted: str, stage: str, taken: set[str]) -> str:
    name, count = wanted[:NAME_LENGTH], 1
    while name in taken:
        tail = f" · {stage}"[:40] + (f" {count}" if count > 1 else "")
        name, count = wanted[: NAME_LENGTH - len(tail)] + tail, count + 1
    return name

"""A plan as values: its totals, what covers which need, and what could.

Hours are whole class hours (学时). Modules of a remedial stage are only for those who failed a gate; they are left
out of every total, and out of the coverage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from typing import Any

from trainmgr.kernel.hours import clock_minutes, ledger_minutes
from trainmgr.pathways.rules import Layer, PracticeLevel, Venue

HOURS_UNLESS_ASKED = 8  # what a priority gets when its analysis names no hours: one day of training

Cells = Mapping[tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class StageLine:
    """A stage of a plan; `hours` are what the stage has room for, its modules say how they are used."""

    number: int
    name: str
    venue: Venue
    weeks: int = 0
    hours: int = 0
    name_en: str = ""
    gate: str = ""
    gate_en: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    remedial: bool = False
    id: int = 0
    version: int = 1


@dataclass(frozen=True, slots=True)
class ModuleLine:
    """A module of a plan. `lineage` tells the same module from edition to edition.

    `lead_of_college` and `lead_of_enterprise` say for which side its lead may teach: as a teacher of a college of the
    programme, as a mentor of an enterprise of it.
    """

    id: int
    stage_number: int
    name: str
    theory_hours: int
    practice_hours: int
    layer: Layer
    practice_level: PracticeLevel
    venue: Venue
    taught_by_enterprise: bool = False
    jointly_developed: bool = False
    lead_id: int | None = None
    lead_name: str = ""
    lead_of_college: bool = False
    lead_of_enterprise: bool = False
    name_en: str = ""
    lineage: str = ""
    position: int = 0
    version: int = 1

    @property
    def hours(self) -> int:
        """All hours of the module."""
        return self.theory_hours + self.practice_hours

    @property
    def lead_qualified(self) -> bool:
        """Whether the lead may teach for the side that teaches the module."""
        return self.lead_of_enterprise if self.taught_by_enterprise else self.lead_of_college


@dataclass(frozen=True, slots=True)
class Wanted:
    """A competency that the plan is to serve, with the hours that its analysis asks for.

    `score` (0–100) is its urgency in the ranked list, `gap` the levels (0–4) that are missing.
    """

    id: int
    name: str
    rank: int = 0
    required_hours: int = 0
    is_priority: bool = False
    name_en: str = ""
    score: float = 0.0
    gap: float = 0.0


@dataclass(frozen=True)
class Plan:
    """A whole edition: stages and modules in order, what is wanted by urgency, hours by (module, competency)."""

    stages: Sequence[StageLine] = ()
    modules: Sequence[ModuleLine] = ()
    wanted: Sequence[Wanted] = ()
    cells: Cells = field(default_factory=dict)

    @property
    def counted(self) -> list[ModuleLine]:
        """The modules that every trainee takes."""
        remedial = {stage.number for stage in self.stages if stage.remedial}
        return [module for module in self.modules if module.stage_number not in remedial]

    def modules_of(self, stage_number: int) -> list[ModuleLine]:
        """The modules of one stage."""
        return [module for module in self.modules if module.stage_number == stage_number]

    def module(self, module_id: int) -> ModuleLine | None:
        """The module with this id, or None."""
        return next((module for module in self.modules if module.id == module_id), None)

    def hours_of(self, stage_number: int) -> int:
        """The hours that a stage's modules take."""
        return sum(module.hours for module in self.modules_of(stage_number))


# --- totals ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Totals:
    """What the modules of a plan add up to."""

    modules: int
    hours: int
    theory: int
    practice: int
    enterprise: int
    leads: int
    at_work: int = 0

    @property
    def minutes(self) -> int:
        """The plan in the ledger of logs: what each trainee is to practise and log."""
        return ledger_minutes(self.hours)

    def lasting(self, unit: int) -> int:
        """Return the minutes that the plan takes on a clock, at so many a class hour; an hour at work is sixty."""
        return clock_minutes(self.hours - self.at_work, self.at_work, unit)


def totals(plan: Plan) -> Totals:
    """Add up the modules that every trainee takes."""
    counted = plan.counted
    return Totals(
        modules=len(counted),
        hours=sum(module.hours for module in counted),
        theory=sum(module.theory_hours for module in counted),
        practice=sum(module.practice_hours for module in counted),
        enterprise=sum(module.hours for module in counted if module.taught_by_enterprise),
        leads=sum(module.lead_id is not None for module in counted),
        at_work=sum(module.hours for module in counted if module.venue is Venue.ENTERPRISE),
    )


# --- coverage -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a plan gives to one competency, against what it asks for."""

    wanted: Wanted
    given: int

    @property
    def short_by(self) -> int:
        """Hours that are still lacking."""
        return max(0, self.wanted.required_hours - self.given)

    @property
    def is_uncovered(self) -> bool:
        """Whether this is a priority without a single hour."""
        return self.wanted.is_priority and self.given == 0


@dataclass(frozen=True, slots=True)
class Load:
    """How many of a module's hours serve a competency."""

    module: ModuleLine
    given: int

    @property
    def free(self) -> int:
        """Hours that serve no competency yet."""
        return self.module.hours - self.given


def coverage(plan: Plan) -> list[Coverage]:
    """Return for each competency, most urgent first, what the plan gives to it."""
    counted = {module.id for module in plan.counted}
    given: dict[int, int] = {}
    for (module_id, competency_id), hours in plan.cells.items():
        if module_id in counted:
            given[competency_id] = given.get(competency_id, 0) + hours
    return [Coverage(wanted, given.get(wanted.id, 0)) for wanted in plan.wanted]


def loads(plan: Plan) -> list[Load]:
    """Return for each module how many of its hours serve a competency."""
    given: dict[int, int] = {}
    for (module_id, _competency), hours in plan.cells.items():
        given[module_id] = given.get(module_id, 0) + hours
    return [Load(module, given.get(module.id, 0)) for module in plan.modules]


def room_for(plan: Plan, module_id: int, competency_id: int) -> int:
    """Return the most hours that a cell of the matrix can take: what the module has and gives to nothing else."""
    load = next(load for load in loads(plan) if load.module.id == module_id)
    return load.free + plan.cells.get((module_id, competency_id), 0)


def with_cells(plan: Plan, changes: Cells) -> Plan:
    """Return the plan with some cells changed; 0 empties a cell."""
    cells = {key: hours for key, hours in {**plan.cells, **changes}.items() if hours}
    return replace(plan, cells=cells)


def with_module(plan: Plan, module: ModuleLine) -> Plan:
    """Return the plan with a module changed, or added when there is none with its id."""
    if plan.module(module.id) is None:
        return replace(plan, modules=[*plan.modules, module])
    return replace(plan, modules=[module if each.id == module.id else each for each in plan.modules])


# --- the proposal ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proposal:
    """Which modules could give hours to a priority that has none or too few; `lacking` finds no place."""

    wanted: Wanted
    shares: Sequence[tuple[ModuleLine, int]]
    lacking: int

    @property
    def hours(self) -> int:
        """The hours proposed in all."""
        return sum(hours for _module, hours in self.shares)


def propose(plan: Plan) -> list[Proposal]:
    """Propose hours for the priorities that lack them, from the hours of modules that serve nothing yet.

    Most urgent first; an hour is proposed once. Modules whose name has something in common with the competency come
    first, then those with the most hours to give, so that few modules change.
    """
    counted = {module.id for module in plan.counted}
    free = {load.module.id: load.free for load in loads(plan) if load.module.id in counted and load.free > 0}
    proposals = []
    for line in sorted(coverage(plan), key=lambda line: not line.is_uncovered):
        need = _need(line)
        if not line.wanted.is_priority or not need:
            continue
        shares = _shares(plan, line.wanted, need, free)
        for module, hours in shares:
            free[module.id] -= hours
        proposals.append(Proposal(line.wanted, shares, need - sum(hours for _, hours in shares)))
    return proposals


def _need(line: Coverage) -> int:
    if line.is_uncovered and not line.wanted.required_hours:
        return HOURS_UNLESS_ASKED
    return line.short_by


def _shares(plan: Plan, wanted: Wanted, need: int, free: Mapping[int, int]) -> list[tuple[ModuleLine, int]]:
    open_modules = [module for module in plan.modules if free.get(module.id, 0) > 0]
    open_modules.sort(
        key=lambda module: (-likeness(wanted.name, module.name), -free[module.id], module.position)
    )
    shares = []
    for module in open_modules:
        if need <= 0:
            break
        hours = min(need, free[module.id])
        shares.append((module, hours))
        need -= hours
    return shares


def likeness(one: str, other: str) -> int:
    """Count the pairs of neighbouring signs that two names have in common; blanks and case do not count."""
    return len(_pairs(one) & _pairs(other))


def _pairs(name: str) -> set[tuple[str, str]]:
    return set(pairwise("".join(name.lower().split())))


# --- what is signed -------------------------------------------------------------------------------


SIGNED_OF_A_MODULE = (
    "lineage", "stage_number", "name", "theory_hours", "practice_hours", "layer", "practice_level", "venue",
    "taught_by_enterprise", "jointly_developed", "lead_id",
)  # fmt: skip


def to_document(plan: Plan) -> dict[str, Any]:
    """Return the content that the two sides sign, as JSON-able values."""
    names = {wanted.id: wanted.name for wanted in plan.wanted}
    lineages = {module.id: module.lineage for module in plan.modules}
    return {
        "stages": [
            [stage.number, stage.name, stage.venue, stage.weeks, stage.hours, stage.gate, stage.remedial]
            + [day.isoformat() if day else None for day in (stage.starts_on, stage.ends_on)]
            for stage in plan.stages
        ],
        "modules": [[getattr(module, name) for name in SIGNED_OF_A_MODULE] for module in plan.modules],
        "hours": sorted([lineages[m], names.get(c, str(c)), hours] for (m, c), hours in plan.cells.items()),
    }

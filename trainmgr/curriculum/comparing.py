"""What is different between two editions of a plan; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trainmgr.curriculum.rules import ModuleLine, Plan, StageLine

STAGE_FIELDS = (
    "name", "name_en", "venue", "weeks", "hours", "gate", "gate_en", "starts_on", "ends_on", "remedial",
)  # fmt: skip
MODULE_FIELDS = (
    "name", "name_en", "stage_number", "theory_hours", "practice_hours", "layer", "practice_level", "venue",
    "taught_by_enterprise", "jointly_developed", "lead_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class ModuleChange:
    """A module that both editions have, with the fields that differ."""

    before: ModuleLine
    after: ModuleLine
    fields: Sequence[FieldChange]


@dataclass(frozen=True)
class StageChange:
    """A stage that is new, gone (one side is None), or has fields that differ."""

    number: int
    before: StageLine | None
    after: StageLine | None
    fields: Sequence[FieldChange] = ()


@dataclass(frozen=True, slots=True)
class CellChange:
    """The hours that a module of both editions gives to a competency, before and after."""

    module: ModuleLine
    competency_id: int
    before: int
    after: int


@dataclass(frozen=True)
class PlanDifference:
    """Everything that two editions do not have in common."""

    stages: Sequence[StageChange]
    added: Sequence[ModuleLine]
    removed: Sequence[ModuleLine]
    changed: Sequence[ModuleChange]
    cells: Sequence[CellChange]

    def __len__(self) -> int:
        return sum(map(len, (self.stages, self.added, self.removed, self.changed, self.cells)))


def difference(before: Plan, after: Plan) -> PlanDifference:
    """Return what was added, taken away and changed from one edition to the other.

    The matrix is compared over the modules that both have: the hours of a new one come with it.
    """
    old = {module.lineage: module for module in before.modules}
    new = {module.lineage: module for module in after.modules}
    both = [(module, new[lineage]) for lineage, module in old.items() if lineage in new]
    changed = [ModuleChange(a, b, _changes(a, b, MODULE_FIELDS)) for a, b in both]
    return PlanDifference(
        stages=_stages(before, after),
        added=[module for lineage, module in new.items() if lineage not in old],
        removed=[module for lineage, module in old.items() if lineage not in new],
        changed=[change for change in changed if change.fields],
        cells=_cells(before, after, both),
    )


def _changes(before: Any, after: Any, names: Sequence[str]) -> list[FieldChange]:
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in names)
    return [FieldChange(name, old, new) for name, old, new in pairs if old != new]


def _stages(before: Plan, after: Plan) -> list[StageChange]:
    old = {stage.number: stage for stage in before.stages}
    new = {stage.number: stage for stage in after.stages}
    found = []
    for number in sorted(old.keys() | new.keys()):
        one, other = old.get(number), new.get(number)
        fields = _changes(one, other, STAGE_FIELDS) if one and other else []
        if fields or one is None or other is None:
            found.append(StageChange(number, one, other, fields))
    return found


def _cells(before: Plan, after: Plan, both: Sequence[tuple[ModuleLine, ModuleLine]]) -> list[CellChange]:
    found = []
    for old, new in both:
        competencies = {c for m, c in before.cells if m == old.id} | {
            c for m, c in after.cells if m == new.id
        }
        for competency_id in sorted(competencies):
            was, now = (
                before.cells.get((old.id, competency_id), 0),
                after.cells.get((new.id, competency_id), 0),
            )
            if was != now:
                found.append(CellChange(new, competency_id, was, now))
    return found

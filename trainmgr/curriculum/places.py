"""Where the modules of an edition stand: stages in their order, positions with gaps between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from trainmgr.curriculum.models import Module
from trainmgr.kernel.db import db

GAP = 1024


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a stage: behind another module of it, or first."""

    stage_number: int
    after_id: int | None


def between(before: int | None, behind: int | None) -> int | None:
    """Return a position between two others, None where there is no room; None stands for the end of the list."""
    low = 0 if before is None else before
    if behind is None:
        return low + GAP
    middle = (low + behind) // 2
    return middle if low < middle < behind else None


class Places:
    """The places of an edition's modules, (id, stage, position) in their order, kept up to date while they move."""

    def __init__(self, edition_id: int, rows: Sequence[tuple[int, int, int]]) -> None:
        self.edition_id = edition_id
        self.stages: dict[int, list[list[int]]] = {}
        for module_id, stage, position in rows:
            self.stages.setdefault(stage, []).append([module_id, position])

    def stage_of(self, module_id: int) -> int | None:
        """Return the stage that a module stands in."""
        for stage, modules in self.stages.items():
            if any(module[0] == module_id for module in modules):
                return stage
        return None

    def before(self, module_id: int) -> int | None:
        """Return the module that another one follows in its stage; None for the first."""
        for modules in self.stages.values():
            ids = [module[0] for module in modules]
            if module_id in ids:
                at = ids.index(module_id)
                return ids[at - 1] if at else None
        return None

    def last_of(self, stage: int) -> int | None:
        """Return the last module of a stage."""
        modules = self.stages.get(stage)
        return modules[-1][0] if modules else None

    def beside(self, module_id: int, *, up: bool, stages: Sequence[int]) -> Place | None:
        """Return the place one up or down, in the neighbouring stage at the end of a stage; None at the very end."""
        stage = self.stage_of(module_id)
        assert stage is not None
        ids = [module[0] for module in self.stages[stage]]
        at = ids.index(module_id)
        if up and at:
            return Place(stage, ids[at - 2] if at > 1 else None)
        if not up and at + 1 < len(ids):
            return Place(stage, ids[at + 1])
        number = stages.index(stage) + (-1 if up else 1)
        if not 0 <= number < len(stages):
            return None
        return Place(stages[number], self.last_of(stages[number]) if up else None)

    def put(self, module: Module, place: Place) -> None:
        """Put a module, new or known, into a place: one row is written, and one statement makes room where none is."""
        for modules in self.stages.values():
            modules[:] = [each for each in modules if each[0] != module.id]
        modules = self.stages.setdefault(place.stage_number, [])
        at = next((n for n, each in enumerate(modules, 1) if each[0] == place.after_id), 0)
        low = modules[at - 1][1] if at else None
        position = between(low, modules[at][1] if at < len(modules) else None)
        if position is None:
            position = self._make_room(module, place.stage_number, at)
        module.stage_number, module.position = place.stage_number, position
        modules.insert(at, [module.id, position])

    def _make_room(self, module: Module, stage: int, at: int) -> int:
        modules = self.stages[stage]
        first = modules[at][1]
        # Equal positions stand in the order of ids: everything behind moves, whatever its position was.
        behind = [each[0] for each in modules[at:]]
        db.session.flush()
        db.session.execute(
            sa.update(Module)
            .where(Module.edition_id == self.edition_id, Module.id.in_(behind), Module.id != module.id)
            .values(position=Module.position + 2 * GAP)
            .execution_options(synchronize_session=False)
        )
        for each in modules[at:]:
            each[1] += 2 * GAP
        return first + GAP


def places_of(edition_id: int) -> Places:
    """Return where the modules of an edition stand."""
    rows = db.session.execute(
        sa.select(Module.id, Module.stage_number, Module.position)
        .where(Module.edition_id == edition_id)
        .order_by(Module.stage_number, Module.position, Module.id)
    )
    return Places(edition_id, [(row[0], row[1], row[2]) for row in rows])

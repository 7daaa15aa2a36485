"""What an edit changed, as values: enough to take it back and to do it again. Pure.

A module is known by its lineage, a stage by its number. Its place is kept as the module that it follows in its stage,
so that a step holds whatever positions the rows have.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any

from trainmgr.curriculum.rules import ModuleLine, Plan, StageLine

MODULE_FIELDS = (
    "name", "name_en", "theory_hours", "practice_hours", "layer", "practice_level", "venue", "taught_by_enterprise",
    "jointly_developed", "lead_id",
)  # fmt: skip
STAGE_FIELDS = ("name", "name_en", "venue", "weeks", "hours", "gate", "gate_en", "starts_on", "ends_on")
FIRST = ""
_values_of = attrgetter("stage_number", *MODULE_FIELDS)

State = Mapping[str, Any] | None
"""A module or a stage as it was, JSON-able; None while it was not there."""


@dataclass(frozen=True)
class Changes:
    """What one edit changed: (before, after) by lineage and by stage number."""

    modules: Mapping[str, tuple[State, State]]
    stages: Mapping[int, tuple[State, State]]

    def __bool__(self) -> bool:
        return bool(self.modules or self.stages)

    @property
    def reversed(self) -> Changes:
        """The same changes the other way round."""
        return Changes(
            {key: (after, before) for key, (before, after) in self.modules.items()},
            {key: (after, before) for key, (before, after) in self.stages.items()},
        )


def changes(before: Plan, after: Plan, about: str = "") -> Changes:
    """Return what is different between two states of the same edition.

    Where a change of order can be told as the move of one module or of another, it is the one that it was `about`.
    """
    old, new = _facts_by_module(before), _facts_by_module(after)
    stayed = _unmoved(before, after, about)
    changed = dict.fromkeys(
        key for key in {**old, **new} if key not in stayed or old.get(key) != new.get(key)
    )
    states_before, states_after = _states(before, changed), _states(after, changed)
    modules = {key: (states_before.get(key), states_after.get(key)) for key in changed}
    stages_before = {stage.number: _stage_state(stage) for stage in before.stages}
    stages_after = {stage.number: _stage_state(stage) for stage in after.stages}
    stages = {
        number: (stages_before.get(number), stages_after.get(number))
        for number in {**stages_before, **stages_after}
        if stages_before.get(number) != stages_after.get(number)
    }
    return Changes(modules, stages)


def holds(plan: Plan, expected: Mapping[str, State]) -> bool:
    """Tell whether modules of a plan are as expected, apart from whom they follow."""
    present = _states(plan, expected)
    return all(_facts(present.get(key)) == _facts(state) for key, state in expected.items())


def _facts(state: State) -> Mapping[str, Any] | None:
    return None if state is None else {key: value for key, value in state.items() if key != "follows"}


def _facts_by_module(plan: Plan) -> dict[str, tuple[Any, ...]]:
    """Everything that a module's state holds but whom it follows, cheap to compare."""
    cells: dict[int, dict[int, int]] = {}
    for (module_id, competency_id), hours in plan.cells.items():
        cells.setdefault(module_id, {})[competency_id] = hours
    return {module.lineage: (_values_of(module), cells.get(module.id)) for module in plan.modules}


def _states(plan: Plan, wanted: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return the states of some modules of a plan, by lineage."""
    ids = {module.id for module in plan.modules if module.lineage in wanted}
    cells: dict[int, dict[str, int]] = {}
    for (module_id, competency_id), hours in sorted(plan.cells.items()):
        if module_id in ids:
            cells.setdefault(module_id, {})[str(competency_id)] = hours
    last: dict[int, str] = {}
    states: dict[str, dict[str, Any]] = {}
    for module in plan.modules:
        if module.id in ids:
            follows = last.get(module.stage_number, FIRST)
            states[module.lineage] = _module_state(module, follows, cells.get(module.id, {}))
        last[module.stage_number] = module.lineage
    return states


def _module_state(module: ModuleLine, follows: str, cells: Mapping[str, int]) -> dict[str, Any]:
    facts = {name: getattr(module, name) for name in MODULE_FIELDS}
    return {"stage": module.stage_number, "follows": follows, "cells": dict(cells)} | facts


def _stage_state(stage: StageLine) -> dict[str, Any]:
    values = {name: getattr(stage, name) for name in STAGE_FIELDS}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _unmoved(before: Plan, after: Plan, about: str) -> set[str]:
    """The modules that need not move: in each stage the most that keep their order among themselves."""
    kept: set[str] = set()
    for stage in {module.stage_number for module in after.modules}:
        places = {module.lineage: place for place, module in enumerate(before.modules_of(stage))}
        both = [module.lineage for module in after.modules_of(stage) if module.lineage in places]
        kept.update(_in_old_order(both, places, about))
    return kept


def _in_old_order(both: Sequence[str], places: Mapping[str, int], about: str) -> list[str]:
    most = [both[index] for index in _longest_rise([places[lineage] for lineage in both])]
    others = [lineage for lineage in both if lineage != about]
    rest = [others[index] for index in _longest_rise([places[lineage] for lineage in others])]
    return rest if len(rest) == len(most) else most


def _longest_rise(values: Sequence[int]) -> list[int]:
    """Return the indexes of a longest rising subsequence (patience sorting; Schensted, 1961)."""
    tops: list[int] = []
    heads: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        pile = bisect_left(tops, value)
        before.append(heads[pile - 1] if pile else -1)
        tops[pile : pile + 1], heads[pile : pile + 1] = [value], [index]
    found, index = [], heads[-1] if heads else -1
    while index >= 0:
        found.append(index)
        index = before[index]
    return found[::-1]


def in_order(states: Mapping[str, State]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the modules that are there so that each comes after the one that it follows."""
    present = {key: state for key, state in states.items() if state is not None}
    done: set[str] = set()
    for start in present:
        chain: list[str] = []
        key = start
        while key in present and key not in done and key not in chain:
            chain.append(key)
            key = present[key]["follows"]
        for lineage in reversed(chain):
            done.add(lineage)
            yield lineage, present[lineage]


# --- JSON -----------------------------------------------------------------------------------------


def to_json(found: Changes) -> dict[str, Any]:
    """Return changes as JSON-able values."""
    return {
        "modules": {key: list(pair) for key, pair in found.modules.items()},
        "stages": {str(key): list(pair) for key, pair in found.stages.items()},
    }


def from_json(document: Mapping[str, Any]) -> Changes:
    """Return the changes that `to_json` wrote."""
    return Changes(
        {key: (pair[0], pair[1]) for key, pair in document["modules"].items()},
        {int(key): (pair[0], pair[1]) for key, pair in document["stages"].items()},
    )

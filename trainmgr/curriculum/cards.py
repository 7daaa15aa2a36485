"""The board in words: what an edit changed, where its cards stand now, what is said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from trainmgr.curriculum import steps
from trainmgr.curriculum.board import Board
from trainmgr.curriculum.editing import ModuleFacts
from trainmgr.curriculum.labels import figure, named
from trainmgr.curriculum.models import Edition, EditionStep, Layer, Module, PlanStage, PracticeLevel
from trainmgr.curriculum.rules import ModuleLine, StageLine
from trainmgr.identity.models import User
from trainmgr.kernel.i18n import moment
from trainmgr.pathways.rules import METRIC_UNITS, Metric, Venue

STEPS: Mapping[str, tuple[Any, Any]] = {
    "add": (_l("added “%(name)s”"), _l("added modules")),
    "change": (_l("changed “%(name)s”"), _l("changed modules")),
    "remove": (_l("took “%(name)s” out"), _l("took modules out")),
    "move": (_l("moved “%(name)s”"), _l("moved modules")),
    "stage": (_l("changed stage “%(name)s”"), _l("changed stages")),
    "cells": (_l("changed what “%(name)s” serves"), _l("changed cells of the matrix")),
    "lead": (_l("changed who leads “%(name)s”"), _l("changed lead teachers")),
    "distribute": (_l("distributed hours into “%(name)s”"), _l("distributed hours over priorities")),
}


def told(step: EditionStep) -> str:
    """Return a step in words: moved “Measuring”."""
    one, many = STEPS[step.kind]
    return str(one) % {"name": step.name} if step.name else str(many)


@dataclass(frozen=True)
class Edit:
    """What an edit changed on the board; `step` is None when nothing did, `back` when it was taken back."""

    board: Board
    step: EditionStep | None
    back: bool = False

    @cached_property
    def changes(self) -> steps.Changes:
        """What changed, from how it stood to how it stands."""
        if self.step is None:
            return steps.Changes({}, {})
        found = steps.from_json(self.step.changes)
        return found.reversed if self.back else found

    @cached_property
    def gone(self) -> list[str]:
        """The cards that leave their place, by lineage: taken out, or put elsewhere."""
        return [
            key for key, (before, after) in self.changes.modules.items() if before and _leaves(before, after)
        ]

    @cached_property
    def placed(self) -> list[tuple[ModuleLine, str]]:
        """The cards that come to a new place, with the card that each follows there ("" for the first)."""
        moved = {
            key: after
            for key, (before, after) in self.changes.modules.items()
            if after and (before is None or _leaves(before, after))
        }
        lines = self._lines
        return [(lines[key], state["follows"]) for key, state in steps.in_order(moved)]

    @cached_property
    def kept(self) -> list[ModuleLine]:
        """The cards that changed in their place."""
        placed = {line.lineage for line, _follows in self.placed}
        return [self._lines[key] for key in self.changes.modules if key in self._lines and key not in placed]

    @cached_property
    def stages(self) -> list[StageLine]:
        """The stages whose sums changed."""
        numbers = set(self.changes.stages)
        for pair in self.changes.modules.values():
            numbers |= {state["stage"] for state in pair if state}
        return [stage for stage in self.board.plan.stages if stage.number in numbers]

    @cached_property
    def _lines(self) -> dict[str, ModuleLine]:
        return {module.lineage: module for module in self.board.plan.modules}

    @cached_property
    def module(self) -> ModuleLine | None:
        """The one module that the edit was about, while it is there."""
        if len(self.changes.modules) != 1:
            return None
        return self._lines.get(next(iter(self.changes.modules)))

    @property
    def module_id(self) -> int | None:
        """The id of that module."""
        return self.module.id if self.module else None

    @property
    def anchor(self) -> str | None:
        """Where on the page that module stands."""
        return f"card-{self.module.lineage}" if self.module else None

    @property
    def text(self) -> str:
        """What happened, for those who hear it."""
        if self.step is None:
            return _("It stays where it is.")
        if self.back:
            return _("Taken back: %(step)s. %(sums)s", step=told(self.step), sums=_sums(self.board))
        if self.step.kind == "move" and self.module:
            return f"{_where(self.board, self.module)} {_sums(self.board)}"
        return _("Done: %(step)s. %(sums)s", step=told(self.step), sums=_sums(self.board))


def _leaves(before: Any, after: Any) -> bool:
    return after is None or (before["stage"], before["follows"]) != (after["stage"], after["follows"])


def _where(board: Board, module: ModuleLine) -> str:
    among = [each.lineage for each in board.plan.modules_of(module.stage_number)]
    stage = next(each for each in board.plan.stages if each.number == module.stage_number)
    return _(
        "“%(name)s” is now no. %(place)s of %(count)s in stage %(number)s, “%(stage)s”.",
        name=named(module), place=among.index(module.lineage) + 1, count=len(among), number=stage.number,
        stage=named(stage),
    )  # fmt: skip


def _sums(board: Board) -> str:
    passed = sum(result.passed for result in board.results)
    ratio = board.figures[Metric.PRACTICE_RATIO].value
    return ngettext(
        "%(passed)s of %(num)s check passes, practice %(ratio)s.",
        "%(passed)s of %(num)s checks pass, practice %(ratio)s.",
        len(board.results),
        passed=passed,
        ratio=figure(ratio, METRIC_UNITS[Metric.PRACTICE_RATIO]),
    )


def overtaken(other: User | None, edition: Edition, reader: Any) -> str:
    """Say who has changed the plan since the reader's board was drawn."""
    if other is None or other.id == reader.id:
        return _("You have changed the plan in another window meanwhile. The board shows everything now.")
    return _(
        "%(name)s has changed the plan meanwhile. The board shows both: %(name)s's changes and yours.",
        name=other.name,
    )


def asked(step: EditionStep) -> str:
    """Name whose edit would be taken back, and which."""
    return _(
        "The last edit is not yours: %(name)s %(step)s (%(moment)s). Take it back all the same?",
        name=step.by.name, step=told(step), moment=moment(step.at),
    )  # fmt: skip


# --- new cards and hours ----------------------------------------------------------------------------


def facts_of(form: Any, stage: PlanStage, neighbour: Module | None) -> ModuleFacts:
    """Return a new module's facts: what was typed, the place of its stage, layer and level of its neighbour."""
    return ModuleFacts(
        name=form.name.data or "",
        stage_number=stage.number,
        theory_hours=form.theory_hours.data or 0,
        practice_hours=form.practice_hours.data or 0,
        layer=neighbour.layer if neighbour else Layer.CORE,
        practice_level=neighbour.practice_level if neighbour else PracticeLevel.DIRECTION,
        venue=stage.venue,
        taught_by_enterprise=stage.venue is Venue.ENTERPRISE,
    )


def with_hours(module: ModuleLine, theory: int | None, practice: int | None) -> ModuleFacts:
    """Return a module's facts with other hours."""
    return ModuleFacts(
        name=module.name,
        name_en=module.name_en,
        stage_number=module.stage_number,
        theory_hours=theory or 0,
        practice_hours=practice or 0,
        layer=module.layer,
        practice_level=module.practice_level,
        venue=module.venue,
        taught_by_enterprise=module.taught_by_enterprise,
        jointly_developed=module.jointly_developed,
    )

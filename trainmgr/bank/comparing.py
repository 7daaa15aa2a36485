"""What differs between two versions of an instrument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from trainmgr.bank.actions import settings_of
from trainmgr.bank.drawing import Place
from trainmgr.bank.instruments import cells_of
from trainmgr.bank.models import InstrumentVersion
from trainmgr.bank.rules import Difficulty


@dataclass(frozen=True)
class Change:
    """A cell of the blueprint in both versions: items and points each; 0 items where it is not asked."""

    competency_id: int
    difficulty: Difficulty
    left: tuple[int, Decimal]
    right: tuple[int, Decimal]


@dataclass(frozen=True)
class Comparison:
    """The settings and cells that differ; settings as (name, left, right)."""

    settings: Sequence[tuple[str, Any, Any]]
    cells: Sequence[Change]


def compare(left: InstrumentVersion, right: InstrumentVersion) -> Comparison:
    """Return what differs between two versions whose blueprints are loaded."""
    before, after = asdict(settings_of(left)), asdict(settings_of(right))
    settings = [(name, before[name], after[name]) for name in before if before[name] != after[name]]
    return Comparison(settings, _cells(left, right))


def _cells(left: InstrumentVersion, right: InstrumentVersion) -> list[Change]:
    before, after = ({cell.place: cell for cell in cells_of(one)} for one in (left, right))
    nothing = (0, Decimal(0))
    places: list[Place] = sorted({*before, *after}, key=lambda place: (place[0], place[1].rank))
    changes = [
        Change(
            *place,
            (before[place].count, before[place].points) if place in before else nothing,
            (after[place].count, after[place].points) if place in after else nothing,
        )
        for place in places
    ]
    return [change for change in changes if change.left != change.right]

"""Computing a signed ranked list anew from nothing but the document that both sides signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainmgr.needs import rules
from trainmgr.needs.rules import Ability, Direction, Gauge

ROUNDING = 0.5  # points of 100: the document keeps levels and importance to two decimals, scores come from exact means


@dataclass(frozen=True)
class Reproduction:
    """What computing anew gave: the largest difference of a score (0–100), and which competencies changed places."""

    largest_difference: float
    moved: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether nothing differs but what rounding explains."""
        return self.largest_difference <= ROUNDING and not self.moved


def reproduce(document: Mapping[str, Any]) -> Reproduction:
    """Rank the document's figures by today's formula and compare with the ranks and scores that were signed.

    Two that are closer than rounding may change places with each other; that is no difference.
    """
    signed = list(document["competencies"])
    abilities = [
        Ability(
            key=number,
            position=number,
            importance=float(one["importance"]),
            required=float(one["required_level"]),
            current=float(one["current_level"]),
        )
        for number, one in enumerate(signed)
    ]
    standings = rules.ranked(
        abilities,
        _gauges(document),
        trainee_weight=document["trainee_weight"],
        priority_count=document["priority_count"],
    )
    difference = {
        standing.key: abs(standing.score - float(signed[standing.key]["score"])) for standing in standings
    }
    moved = tuple(
        signed[standing.key]["name"]
        for standing in standings
        if standing.rank != signed[standing.key]["rank"]
        and abs(standing.score - float(signed[standing.rank - 1]["score"])) > ROUNDING
    )
    return Reproduction(max(difference.values(), default=0.0), moved)


def _gauges(document: Mapping[str, Any]) -> list[Gauge]:
    keys = {one["name"]: number for number, one in enumerate(document["competencies"])}
    return [
        Gauge(
            key=number,
            weight=one["weight"],
            shortfall=rules.shortfall(
                Direction(one["direction"]),
                current=float(one["current"]),
                expected=float(one["expected"]),
                benchmark=None if one["benchmark"] is None else float(one["benchmark"]),
            ),
            competencies=frozenset(keys[name] for name in one["competencies"]),
        )
        for number, one in enumerate(document["indicators"])
    ]

"""Two classes by the same measures: scores, levels before and after, and the test that both took."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from trainmgr.evaluation.closing import Sample
from trainmgr.evaluation.labels import PARTIES
from trainmgr.evaluation.models import Window
from trainmgr.evaluation.scoring import HUNDRED
from trainmgr.insights.class_queries import Tested
from trainmgr.insights.queries import COMPOSITE, ClassFigures
from trainmgr.insights.rules import Comparison, compare


@dataclass(frozen=True)
class Row:
    """One measure of two classes; `scale` brings it to what is shown, with so many places."""

    name: str
    note: str
    found: Comparison
    scale: float
    places: int


def comparisons(window: Window, one: Any, other: Any, tests: Tested | None) -> list[Row]:
    """Return the measures that two classes have in common, the composite first."""
    return [*_scores(window, one, other), *_levels(one, other), *_tests(one, other, tests)]


def _scores(window: Window, one: ClassFigures, other: ClassFigures) -> Iterator[Row]:
    names = {COMPOSITE: _("Composite")} | {party.value: str(PARTIES[party]) for party in window.parties}
    for key, name in names.items():
        yield Row(name, _("of 100"), compare(one.scores[key], other.scores[key]), HUNDRED, 1)


def _levels(one: ClassFigures, other: ClassFigures) -> Iterator[Row]:
    note = _("level from 1 to 5")
    yield Row(_("Level before"), note, compare(one.entry, other.entry), 1, 2)
    yield Row(_("Level after"), note, compare(one.exit, other.exit), 1, 2)
    yield Row(_("Gain"), note, compare(one.levels.gains, other.levels.gains), 1, 2)


def _tests(one: ClassFigures, other: ClassFigures, tests: Tested | None) -> Iterator[Row]:
    if tests is None:
        return
    note = _("share of points in percent")
    measures: list[tuple[str, Any]] = [
        (_("Test before the training"), tests.before),
        (_("Test at the end"), tests.after),
        (_("Gain in the test"), tests.gain),
    ]
    nobody = Sample(0, 0.0, 0.0)
    for name, shares in measures:
        yield Row(name, note, compare(shares.get(one.name, nobody), shares.get(other.name, nobody)), 100, 1)

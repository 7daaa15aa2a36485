"""The stored figures as pages show them: levels, dimensions and criteria by party, agreement by pair."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trainmgr.evaluation.agreement import Agreement
from trainmgr.evaluation.anonymity import LEAST
from trainmgr.evaluation.models import Criterion, Window
from trainmgr.evaluation.queries import criteria_of
from trainmgr.evaluation.rules import Level, Party, Phase, is_survey
from trainmgr.insights.computing import ALL, read
from trainmgr.insights.models import WindowInsight
from trainmgr.needs.models import Dimension


@dataclass(frozen=True)
class Cell:
    """A party's marks on a criterion, or on several joined by their weights; `is_withheld` when too few answered."""

    people: int
    raters: int
    mean: float | None
    is_withheld: bool = False


@dataclass(frozen=True)
class Line:
    """One row of agreement: of all parties or of each pair, on one criterion or on all."""

    criterion: Criterion | None
    all: Agreement | None
    pairs: Mapping[str, Agreement | None]


class Picture:
    """What a window's ratings say, from its stored figures."""

    def __init__(self, window: Window, insight: WindowInsight, now: datetime) -> None:
        self.window, self.insight = window, insight
        # While answers still come in, a survey's mean of today less that of yesterday would be one person's.
        self.is_over = window.phase(now) is Phase.CLOSED
        self.criteria = criteria_of(window)
        self._sums: Mapping[str, Any] = insight.figures.get("criteria", {})
        self._agreement: Mapping[str, Any] = insight.figures.get("agreement", {})

    # --- marks ---

    def cell(self, criterion: Criterion, party: Party) -> Cell | None:
        """Return a party's marks on a criterion; None when it gave none."""
        return self._joined([criterion], party)

    def _joined(self, criteria: Iterable[Criterion], party: Party) -> Cell | None:
        weight = total = 0.0
        people = raters = 0
        hides = False
        for criterion in criteria:
            found = self._sums.get(str(criterion.id), {}).get(party.value)
            if not found:
                continue
            n, judges, marks, added, _squares = found
            if is_survey(criterion.level, party) and (not self.is_over or min(n, judges) < LEAST):
                hides = (
                    True  # of several criteria only those shown are joined, so that none can be worked out
                )
                continue
            people, raters = max(people, n), max(raters, judges)
            weight += criterion.weight
            total += criterion.weight * added / marks
        if not weight:
            return Cell(0, 0, None, is_withheld=True) if hides else None
        return Cell(people, raters, total / weight)

    def _table(
        self, key: Callable[[Criterion], Any], rows: Iterable[Any]
    ) -> dict[Any, dict[Party, Cell | None]]:
        groups: dict[Any, list[Criterion]] = {row: [] for row in rows}
        for criterion in self.criteria:
            groups.setdefault(key(criterion), []).append(criterion)
        return {
            row: {party: self._joined(group, party) for party in self.window.parties}
            for row, group in groups.items()
            if group
        }

    @property
    def levels(self) -> dict[Level, dict[Party, Cell | None]]:
        """Return each level by party."""
        return self._table(lambda criterion: criterion.level, Level)

    @property
    def dimensions(self) -> dict[Dimension, dict[Party, Cell | None]]:
        """Return each ability dimension by party, from the levels that judge the person (behaviour and learning)."""
        judged = [one for one in self.criteria if one.level in (Level.BEHAVIOUR, Level.LEARNING)]
        return {
            dimension: {party: self._joined(group, party) for party in self.window.parties}
            for dimension in Dimension
            if (group := [one for one in judged if one.dimension is dimension])
        }

    # --- agreement ---

    @property
    def pairs(self) -> list[str]:
        """Return the pairs of parties that rate here, as keys."""
        return list(self._agreement.get("pairs", {}))

    @property
    def whole(self) -> Line:
        """Return the agreement over all criteria."""
        pairs = {key: read(found) for key, found in self._agreement.get("pairs", {}).items()}
        return Line(None, read(self._agreement.get(ALL)), pairs)

    @property
    def lines(self) -> list[Line]:
        """Return the agreement on each criterion that more than one party judges."""
        found = []
        for criterion in self.criteria:
            kept = self._agreement.get("criteria", {}).get(str(criterion.id), {})
            if kept:
                pairs = {key: read(kept.get(key)) for key in self.pairs}
                both = next(iter(kept.values())) if len(kept) == 1 else None
                found.append(Line(criterion, read(kept.get(ALL) or both), pairs))
        return found

"""What differs between two versions of a standard, told apart by keys. Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from trainmgr.standards.framework import Competency, Framework, Task


class Difference(enum.StrEnum):
    """What became of a competency or task."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True)
class Change:
    """A competency or task in two versions; `differing` names the fields that are not the same."""

    left: Any
    right: Any
    differing: frozenset[str]

    @property
    def kind(self) -> Difference:
        """What became of it."""
        if self.left is None:
            return Difference.ADDED
        if self.right is None:
            return Difference.REMOVED
        return Difference.CHANGED if self.differing else Difference.SAME


@dataclass(frozen=True)
class Comparison:
    """Two versions side by side: everything of the right one, then what went."""

    competencies: Sequence[Change]
    tasks: Sequence[Change]

    def count(self, kind: Difference | str) -> int:
        """Return how many competencies and tasks were added, removed, changed or stayed the same."""
        return sum(change.kind == kind for change in (*self.competencies, *self.tasks))


def compare(left: Framework, right: Framework) -> Comparison:
    """Compare two versions of one standard."""
    return Comparison(
        _changes(left.competencies, right.competencies),
        _changes(left.tasks, right.tasks),
    )


def _changes(
    left: Sequence[Competency] | Sequence[Task], right: Sequence[Competency] | Sequence[Task]
) -> list[Change]:
    before: Mapping[str, Any] = {one.key: one for one in left}
    after: Mapping[str, Any] = {one.key: one for one in right}
    kept = [Change(before.get(key), one, _differing(before.get(key), one)) for key, one in after.items()]
    gone = [Change(one, None, frozenset()) for key, one in before.items() if key not in after]
    return kept + gone


def _differing(left: Any, right: Any) -> frozenset[str]:
    if left is None:
        return frozenset()
    return frozenset(
        field.name for field in fields(right) if getattr(left, field.name) != getattr(right, field.name)
    )

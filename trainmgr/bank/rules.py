"""What items and instruments go by: kinds, difficulty, states, forms, and how shares of points become levels. Pure."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

LOWEST_LEVEL, HIGHEST_LEVEL = 1, 5
MOST_ITEMS_IN_A_PAPER = 200
MOST_IN_A_CELL = 50
MOST_MINUTES = 600


class ItemKind(enum.StrEnum):
    """How an item is answered: by ticking, by a number, in words, or by doing while a judge looks on."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "true_false"
    NUMBER = "number"
    SHORT_ANSWER = "short_answer"
    CHECKLIST = "checklist"

    @property
    def has_options(self) -> bool:
        """Whether the trainee ticks options that the item names."""
        return self in (ItemKind.SINGLE, ItemKind.MULTIPLE)

    @property
    def needs_a_person(self) -> bool:
        """Whether a person marks the answer."""
        return self in (ItemKind.SHORT_ANSWER, ItemKind.CHECKLIST)


class Difficulty(enum.StrEnum):
    """How hard an item is meant to be, as its author judges it; what it turned out to be is its p (docs/decisions)."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"

    @property
    def rank(self) -> int:
        """The place in the order from easy to hard."""
        return list(Difficulty).index(self)


class ItemState(enum.StrEnum):
    """A draft is not drawn yet, one in use is, a retired one no longer."""

    DRAFT = "draft"
    IN_USE = "in_use"
    RETIRED = "retired"


class InstrumentState(enum.StrEnum):
    """A version is edited as a draft, and never changes once somebody has answered it."""

    DRAFT = "draft"
    FROZEN = "frozen"


class FormPolicy(enum.StrEnum):
    """What the second form (at the end) asks: the same items as the first (at entry), or others of the same cells."""

    SAME = "same"
    PARALLEL = "parallel"


FORMS = (1, 2)  # the form at entry, the form at the end


def level_of(share: Decimal, thresholds: Sequence[int]) -> int:
    """Return the level 1–5 of a share of points (0–1); `thresholds` are the per cent from which levels 2 to 5 begin."""
    percent = share * 100
    return LOWEST_LEVEL + sum(1 for threshold in thresholds if percent >= threshold)


def rise(thresholds: Sequence[int]) -> bool:
    """Tell whether the four thresholds rise strictly within 1 to 100."""
    return (
        len(thresholds) == HIGHEST_LEVEL - 1
        and all(1 <= each <= 100 for each in thresholds)
        and all(low < high for low, high in pairwise(thresholds))
    )

"""The cycle of an improvement item, what lets it end, and whether the next cohort did better; pure."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from scipy.special import stdtrit

from trainmgr.kernel.msgids import N_

FEWEST = 5  # people: below, a figure is neither shown nor compared
CONFIDENCE = 0.95


class Source(enum.StrEnum):
    """Where a finding comes from."""

    GAP = "gap"
    ALIGNMENT = "alignment"
    INDICATOR = "indicator"
    MATURITY = "maturity"
    HAND = "hand"


class Phase(enum.StrEnum):
    """Where an item stands in its round: being planned, carried out, checked by another person, closed.

    Closing is the cycle's last quarter (act): what was found to help goes into the next edition of the plan.
    """

    PLAN = "plan"
    DO = "do"
    CHECK = "check"
    CLOSED = "closed"


class Deed(enum.StrEnum):
    """What was done to an item; a deed never changes."""

    TAKEN_UP = "taken_up"
    PLANNED = "planned"
    REPORTED = "reported"
    SENT_BACK = "sent_back"
    CLOSED = "closed"
    REOPENED = "reopened"
    HANDED_OVER = "handed_over"


class ProposalState(enum.StrEnum):
    """A proposed change waits for the makers of the plan, was taken into a module, or declined with a reason."""

    OPEN = "open"
    TAKEN = "taken"
    DECLINED = "declined"


NEXT: Mapping[tuple[Phase, Deed], Phase] = {
    (Phase.PLAN, Deed.PLANNED): Phase.DO,
    (Phase.DO, Deed.PLANNED): Phase.DO,
    (Phase.DO, Deed.REPORTED): Phase.CHECK,
    (Phase.CHECK, Deed.SENT_BACK): Phase.DO,
    (Phase.CHECK, Deed.CLOSED): Phase.CLOSED,
    (Phase.CLOSED, Deed.REOPENED): Phase.PLAN,
    (Phase.PLAN, Deed.HANDED_OVER): Phase.PLAN,
    (Phase.DO, Deed.HANDED_OVER): Phase.DO,
}


def after(phase: Phase, deed: Deed) -> Phase | None:
    """Return the phase that a deed leads to; None where it is not to be done now."""
    return NEXT.get((phase, deed))


def is_late(phase: Phase, due_on: date, today: date) -> bool:
    """Tell whether an item that is not closed is past its day."""
    return phase is not Phase.CLOSED and due_on < today


def evidence_fault(note: str, has_file: bool, link: str) -> str | None:
    """Return the msgid of why this is no evidence: it takes words, and a file or a record; None when it is some."""
    if not note.strip():
        return N_("Write down what was done and what it shows.")
    if not has_file and not link.strip():
        return N_("Add a file, or the address of a record kept here, that shows it.")
    return None


# --- was it better -----------------------------------------------------------------------------------------


class Unit(enum.StrEnum):
    """What a figure is counted in: a level from 1 to 5, a share of people from 0 to 1, a ratio of whatever it is (as
    parts of one), a bare number, 1 for in step (else 0)."""

    LEVEL = "level"
    SHARE = "share"
    RATIO = "ratio"
    NUMBER = "number"
    STEP = "step"

    @property
    def of_people(self) -> bool:
        """Whether the figure sums up people, so that few of them are not shown."""
        return self in (Unit.LEVEL, Unit.SHARE)


@dataclass(frozen=True)
class Measure:
    """A figure of one cohort: its value, of how many people, and their standard deviation where one is known.

    A share of n people has the deviation of a proportion. `aim` is what is asked for; `upward` whether more is better.
    `method` names how it was measured: figures got in different ways are not compared.
    """

    value: float
    n: int
    unit: Unit
    sd: float | None = None
    aim: float | None = None
    upward: bool = True
    method: str = ""

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self) | {"unit": self.unit.value}

    @classmethod
    def from_document(cls, document: Mapping[str, Any] | None) -> Measure | None:
        """Read it from JSON; None from nothing."""
        return cls(**{**document, "unit": Unit(document["unit"])}) if document else None


class Verdict(enum.StrEnum):
    """What the comparison says."""

    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "unclear"
    NOT_COMPARABLE = "not_comparable"


@dataclass(frozen=True)
class Comparison:
    """The last cohort's figure beside the next one's; `change` is next minus last, with its interval where known."""

    verdict: Verdict
    last: Measure | None
    next: Measure | None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""


def compare(last: Measure | None, following: Measure | None) -> Comparison:
    """Say whether the next cohort did better, and by how much, or why that cannot be said.

    Two means are compared by Welch's interval of their difference (B. L. Welch 1947, degrees of freedom after
    F. E. Satterthwaite 1946), two shares by Newcombe's (R. G. Newcombe 1998, method 10); where the interval holds
    zero, the difference is not clear. A bare number has no interval: its sign decides.
    """
    reason = _hindrance(last, following)
    if reason or last is None or following is None:
        return Comparison(Verdict.NOT_COMPARABLE, last, following, reason=reason)
    change = following.value - last.value
    interval = _interval(last, following)
    if interval is None:
        better = change if last.upward else -change
        verdict = Verdict.BETTER if better > 0 else Verdict.WORSE if better < 0 else Verdict.UNCLEAR
        return Comparison(verdict, last, following, change)
    low, high = interval
    verdict = Verdict.UNCLEAR
    if low > 0 or high < 0:
        verdict = Verdict.BETTER if (change > 0) == last.upward else Verdict.WORSE
    return Comparison(verdict, last, following, change, low, high)


def _hindrance(last: Measure | None, following: Measure | None) -> str:
    if last is None:
        return N_("Of the last cohort there is no figure to compare with.")
    if following is None:
        return N_("Nothing is measured yet in the next edition.")
    if last.unit is not following.unit or last.method != following.method:
        return N_("The two were not measured in the same way.")
    if last.unit.of_people and min(last.n, following.n) < FEWEST:
        return N_("Fewer than five people were measured.")
    return ""


def _interval(last: Measure, following: Measure) -> tuple[float, float] | None:
    if last.unit is Unit.SHARE:
        return _newcombe(last, following)
    if last.sd is None or following.sd is None:
        return None
    return _welch(last.sd, last.n, following.sd, following.n, following.value - last.value)


def _welch(sd_a: float, n_a: int, sd_b: float, n_b: int, change: float) -> tuple[float, float]:
    part_a, part_b = sd_a**2 / n_a, sd_b**2 / n_b
    if part_a + part_b == 0:
        return change, change
    share = part_a / (part_a + part_b)
    freedom = 1 / (share**2 / (n_a - 1) + (1 - share) ** 2 / (n_b - 1))
    reach = float(stdtrit(freedom, 0.5 + CONFIDENCE / 2)) * math.sqrt(part_a + part_b)
    return change - reach, change + reach


def _newcombe(last: Measure, following: Measure) -> tuple[float, float]:
    (low_a, high_a), (low_b, high_b) = _wilson(last), _wilson(following)
    change = following.value - last.value
    below = math.hypot(following.value - low_b, high_a - last.value)
    above = math.hypot(high_b - following.value, last.value - low_a)
    return change - below, change + above


def _wilson(one: Measure) -> tuple[float, float]:
    """Wilson's interval of a proportion (E. B. Wilson 1927)."""
    z, n, p = 1.959963984540054, one.n, min(max(one.value, 0.0), 1.0)
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return middle - reach, middle + reach

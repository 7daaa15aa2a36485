"""What a stage gate asks for as data, how a trainee stands against it, and how remedial tasks go."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal

from trainmgr.kernel.msgids import N_

HUNDRED = Decimal(100)
MOST_HOURS = Decimal(2000)  # class hours of one stage
MOST_TASKS = 8
NEAR = 3  # days before a task is due on which it is called near


class ConditionKind(enum.StrEnum):
    """What a gate can ask for; each is a share in percent but the hours."""

    HOURS = "hours"
    ATTENDANCE = "attendance"
    TEST = "test"
    PRACTICAL = "practical"
    LOGS = "logs"


class Met(enum.StrEnum):
    """How a trainee stands against one condition."""

    MET = "met"
    MISSING = "missing"
    UNKNOWN = "unknown"  # nothing was recorded: neither met nor missed


@dataclass(frozen=True)
class Condition:
    """A condition as it holds from a day; without a limit it is dropped from that day."""

    kind: ConditionKind
    limit: Decimal | None
    valid_from: date
    instrument_id: int | None = None


@dataclass(frozen=True)
class Measure:
    """What was recorded: `part` of `whole`; for hours the part alone, in class hours."""

    part: Decimal
    whole: Decimal | None = None


@dataclass(frozen=True)
class Finding:
    """A condition beside what was recorded; `figure` is in class hours or percent, None where nothing is recorded."""

    kind: ConditionKind
    limit: Decimal
    figure: Decimal | None = None
    part: Decimal | None = None
    whole: Decimal | None = None

    @property
    def met(self) -> Met:
        """Met from the limit on; what is not recorded is not known."""
        if self.figure is None:
            return Met.UNKNOWN
        return Met.MET if self.figure >= self.limit else Met.MISSING

    @property
    def missing(self) -> Decimal:
        """How much more is needed, in the condition's unit; 0 when met, the whole limit when nothing is known."""
        return max(Decimal(0), self.limit - (self.figure or Decimal(0)))

    @property
    def shown_missing(self) -> Decimal:
        """The missing amount to two decimals, rounded up, so that who reaches it is through."""
        return self.missing.quantize(Decimal("0.01"), rounding=ROUND_UP)


def in_force(versions: Iterable[Condition], day: date) -> list[Condition]:
    """Return the conditions that hold on a day: of each kind the version that began last, unless it drops it."""
    latest: dict[ConditionKind, Condition] = {}
    for one in sorted(versions, key=lambda version: version.valid_from):
        if one.valid_from <= day:
            latest[one.kind] = one
    return [latest[kind] for kind in ConditionKind if kind in latest and latest[kind].limit is not None]


def finding(condition: Condition, measure: Measure | None) -> Finding:
    """Lay what was recorded beside a condition; a whole of 0 is no record, never 0 % and never 100 %."""
    assert condition.limit is not None
    if measure is None or (condition.kind is not ConditionKind.HOURS and not measure.whole):
        return Finding(condition.kind, condition.limit)
    if condition.kind is ConditionKind.HOURS:
        return Finding(condition.kind, condition.limit, measure.part, measure.part)
    assert measure.whole
    figure = HUNDRED * measure.part / measure.whole
    return Finding(condition.kind, condition.limit, figure, measure.part, measure.whole)


def findings(
    conditions: Sequence[Condition], measures: Mapping[ConditionKind, Measure | None]
) -> list[Finding]:
    """Return how somebody stands against each condition."""
    return [finding(one, measures.get(one.kind)) for one in conditions]


def lacking(found: Iterable[Finding]) -> list[Finding]:
    """Return the conditions that are not shown to be met: missed, or without a record."""
    return [one for one in found if one.met is not Met.MET]


def limit_fault(kind: ConditionKind, limit: Decimal) -> str | None:
    """Return the msgid of why a limit cannot be set, or None."""
    if limit <= 0:
        return N_("The limit is more than 0.")
    if kind is ConditionKind.HOURS:
        return N_("At most 2,000 class hours in one stage.") if limit > MOST_HOURS else None
    return N_("A share is at most 100 percent.") if limit > HUNDRED else None


# --- remedial tasks -----------------------------------------------------------------------------------


class TaskState(enum.StrEnum):
    """A remedial task is open, reported as done by the trainee, and accepted by whoever checks it."""

    OPEN = "open"
    REPORTED = "reported"
    ACCEPTED = "accepted"


def after_report(state: TaskState) -> TaskState | None:
    """Return the state after a report, or None where none can be taken."""
    return TaskState.REPORTED if state is TaskState.OPEN else None


def after_check(state: TaskState, accepted: bool) -> TaskState | None:
    """Return the state after a check: accepted, or open again; None where nothing waits for a check."""
    if state is not TaskState.REPORTED:
        return None
    return TaskState.ACCEPTED if accepted else TaskState.OPEN


def is_closed(states: Sequence[TaskState]) -> bool:
    """Tell whether a plan's tasks are all accepted, so that the gate may be judged again."""
    return bool(states) and all(state is TaskState.ACCEPTED for state in states)

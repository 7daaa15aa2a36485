"""Who may need help: plain rules over recorded figures, each with its limit and its explanation. There is no score."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from trainmgr.kernel.msgids import N_

FEWEST_NOTED = 5  # sessions noted before a rate of attendance says anything
QUIET = timedelta(days=30)  # a dismissed sign is not raised again for so long
FRESH = timedelta(days=30)  # after coming back from a suspension


class RiskCode(enum.StrEnum):
    """What is looked at."""

    ATTENDANCE = "attendance"
    SILENT = "silent"
    GATE = "gate"
    BEHIND = "behind"
    TEST = "test"
    OVERDUE = "overdue"
    RETURNED = "returned"


@dataclass(frozen=True)
class RiskRule:
    """A rule with its limit, in the unit that LIMITS names; switched off it raises nothing."""

    code: RiskCode
    limit: Decimal
    enabled: bool = True


DEFAULTS: dict[RiskCode, RiskRule] = {
    RiskCode.ATTENDANCE: RiskRule(RiskCode.ATTENDANCE, Decimal(85)),  # percent
    RiskCode.SILENT: RiskRule(RiskCode.SILENT, Decimal(14)),  # days without a log
    RiskCode.GATE: RiskRule(RiskCode.GATE, Decimal(2)),  # times sent back at the same gate
    RiskCode.BEHIND: RiskRule(RiskCode.BEHIND, Decimal(20)),  # percent of the hours that should be there
    RiskCode.TEST: RiskRule(RiskCode.TEST, Decimal(60)),  # percent
    RiskCode.OVERDUE: RiskRule(RiskCode.OVERDUE, Decimal(7)),  # days
    RiskCode.RETURNED: RiskRule(RiskCode.RETURNED, Decimal(30)),  # days since the return
}
RANGES: dict[RiskCode, tuple[int, int]] = {
    RiskCode.ATTENDANCE: (1, 100),
    RiskCode.SILENT: (1, 180),
    RiskCode.GATE: (1, 9),
    RiskCode.BEHIND: (1, 100),
    RiskCode.TEST: (1, 100),
    RiskCode.OVERDUE: (1, 90),
    RiskCode.RETURNED: (1, 180),
}

# Why somebody is on the list; the figures are filled in. The second is what the trainee reads.
REASONS: dict[RiskCode, str] = {
    RiskCode.ATTENDANCE: N_("attended %(part)s of %(whole)s, %(figure)s%%; below %(limit)s%%"),
    RiskCode.SILENT: N_("no log for %(figure)s days; the limit is %(limit)s"),
    RiskCode.GATE: N_("sent back %(figure)s times at the gate of stage %(stage)s; the limit is %(limit)s"),
    RiskCode.BEHIND: N_(
        "handed in %(part)s of %(whole)s hours planned by today, %(figure)s%% behind; the limit is %(limit)s%%"
    ),
    RiskCode.TEST: N_("last test %(part)s of %(whole)s points, %(figure)s%%; below %(limit)s%%"),
    RiskCode.OVERDUE: N_("a task is overdue by %(figure)s days; the limit is %(limit)s"),
    RiskCode.RETURNED: N_("came back %(figure)s days ago; for %(limit)s days somebody looks in"),
}
KINDLY: dict[RiskCode, str] = {
    RiskCode.ATTENDANCE: N_(
        "You were there %(part)s of %(whole)s times. If something keeps you away, tell your counsellor."
    ),
    RiskCode.SILENT: N_("Your last log is %(figure)s days old. A few lines are enough to begin again."),
    RiskCode.GATE: N_("The gate of stage %(stage)s takes another try. Somebody will practise it with you."),
    RiskCode.BEHIND: N_(
        "%(part)s of %(whole)s hours planned by today are handed in. Let us look how to catch up."
    ),
    RiskCode.TEST: N_(
        "Your last test was %(part)s of %(whole)s points. You can go through it with somebody."
    ),
    RiskCode.OVERDUE: N_("A task waits for %(figure)s days. Ask if it does not fit."),
    RiskCode.RETURNED: N_("Good that you are back. Somebody will look in with you in the first weeks."),
}


@dataclass(frozen=True)
class Record:
    """What is recorded of a trainee; None where nothing is. Hours in minutes of the ledger.

    `away` are the days of granted leave and of suspension: nothing is expected on them.
    """

    attended: int = 0
    expected: int = 0
    last_log: date | None = None
    began: date | None = None  # from which logs were expected
    failed: int = 0
    failed_stage: int = 0
    handed_in: int = 0
    planned: int = 0
    points: Decimal | None = None
    possible: Decimal | None = None
    oldest_due: date | None = None
    came_back: date | None = None
    away: Collection[date] = ()


@dataclass(frozen=True)
class Sign:
    """One reason to look at somebody, with the figures that it rests on."""

    code: RiskCode
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Span:
    """A programme's days; `share` of its hours should be there by a day."""

    starts_on: date | None
    ends_on: date | None

    def share(self, day: date, away: Collection[date] = ()) -> float:
        """Return how much of the programme's time is over on a day, 0 to 1; 0 where its days are not set.

        Days `away` that are over are not counted as time that was there to work in.
        """
        if self.starts_on is None or self.ends_on is None or self.ends_on <= self.starts_on:
            return 0.0
        begin, end = self.starts_on, min(day, self.ends_on)
        gone = (end - begin).days - sum(begin <= one < end for one in set(away))
        return min(max(gone / (self.ends_on - begin).days, 0.0), 1.0)


def rules_from(rows: Iterable[RiskRule]) -> dict[RiskCode, RiskRule]:
    """Return the rules that hold: the last of each kind, else the default."""
    return DEFAULTS | {one.code: one for one in rows}


def limit_fault(code: RiskCode, limit: Decimal) -> str | None:
    """Return the msgid of why a limit cannot be set, or None; RANGES gives the numbers."""
    low, high = RANGES[code]
    return None if low <= limit <= high else N_("The limit lies between %(low)s and %(high)s.")


def _share(part: Any, whole: Any) -> Decimal:
    return Decimal(100) * Decimal(part) / Decimal(whole)


def _tidy(value: Any) -> float | int:
    number = round(float(value), 1)
    return int(number) if number == int(number) else number


def _attendance(record: Record, limit: Decimal, span: Span, today: date) -> dict[str, Any] | None:
    if record.expected < FEWEST_NOTED:
        return None
    figure = _share(record.attended, record.expected)
    return (
        None
        if figure >= limit
        else {"figure": _tidy(figure), "part": record.attended, "whole": record.expected}
    )


def _silent(record: Record, limit: Decimal, span: Span, today: date) -> dict[str, Any] | None:
    since = record.last_log or record.began
    if since is None:
        return None
    silent = (today - since).days - sum(since < one <= today for one in set(record.away))
    return {"figure": silent} if silent >= limit else None


def _gate(record: Record, limit: Decimal, span: Span, today: date) -> dict[str, Any] | None:
    return {"figure": record.failed, "stage": record.failed_stage} if record.failed >= limit else None


def _behind(record: Record, limit: Decimal, span: Span, today: date) -> dict[str, Any] | None:
    expected = record.planned * span.share(today, record.away)
    if expected < 60:  # less than one hour says nothing
        return None
    behind = Decimal(100) * (1 - Decimal(record.handed_in) / Decimal(expected))
    if behind < limit:
        return None
    return {"figure": _tidy(behind), "part": _tidy(record.handed_in / 60), "whole": _tidy(expected / 60)}


def _test(record: Record, limit: Decimal, span: Span, today: date) -> dict[str, Any] | None:
    if record.points is None or not record.possible:
        return None
    figure = _share(record.points, record.possible)
    if figure >= limit:
        return None
    return {"figure": _tidy(figure), "part": _tidy(record.points), "whole": _tidy(record.possible)}


def _overdue(record: Record, limit: Decimal, span: Span, today: date) -> dict[str, Any] | None:
    if record.oldest_due is None or (today - record.oldest_due).days < limit:
        return None
    return {"figure": (today - record.oldest_due).days}


def _returned(record: Record, limit: Decimal, span: Span, today: date) -> dict[str, Any] | None:
    if record.came_back is None or not 0 <= (today - record.came_back).days < limit:
        return None
    return {"figure": (today - record.came_back).days}


_CHECKS = {
    RiskCode.ATTENDANCE: _attendance,
    RiskCode.SILENT: _silent,
    RiskCode.GATE: _gate,
    RiskCode.BEHIND: _behind,
    RiskCode.TEST: _test,
    RiskCode.OVERDUE: _overdue,
    RiskCode.RETURNED: _returned,
}


def look(record: Record, rules: Mapping[RiskCode, RiskRule], span: Span, today: date) -> list[Sign]:
    """Return every reason to look at a trainee, with its figures and the limit; nothing recorded raises nothing."""
    found = []
    for code, rule in rules.items():
        if not rule.enabled:
            continue
        params = _CHECKS[code](record, rule.limit, span, today)
        if params is not None:
            found.append(Sign(code, params | {"limit": _tidy(rule.limit)}))
    return found

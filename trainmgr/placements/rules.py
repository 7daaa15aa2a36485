"""What a placement may be and what the compliance panel says of it: states, signatories, rules with their figures.

The rules follow the regulation on placements of students of vocational schools, 教职成〔2021〕4号. What they ask is
said in our own words; limits, effects and article numbers are defaults that a college sets otherwise from a day on.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

REGULATION = "教职成〔2021〕4号"
DAYS_OF_A_MONTH = Decimal(365) / 12
MOST_AHEAD = 366  # days that a change may be agreed before it holds
TENTH = Decimal("0.1")


class PlacementState(enum.StrEnum):
    """Agreed for later, begun, over, or called off before it began."""

    PLANNED = "planned"
    RUNNING = "running"
    ENDED = "ended"
    CALLED_OFF = "called_off"


OPEN = frozenset({PlacementState.PLANNED, PlacementState.RUNNING})


class ChangeKind(enum.StrEnum):
    """What a record of a placement's history tells."""

    MADE = "made"
    STARTED = "started"
    CHANGED = "changed"
    ENDED = "ended"
    CALLED_OFF = "called_off"


class Signatory(enum.StrEnum):
    """The three who sign the agreement."""

    SCHOOL = "school"
    ENTERPRISE = "enterprise"
    TRAINEE = "trainee"


class RuleCode(enum.StrEnum):
    """The rules of the panel, in its order."""

    AGE = "age"
    AGREEMENT = "agreement"
    CONSENT = "consent"
    INSURANCE = "insurance"
    NIGHT = "night"
    OVERTIME = "overtime"
    REST_DAYS = "rest_days"
    PAY = "pay"
    STAFF_SHARE = "staff_share"
    POST_SHARE = "post_share"
    LENGTH = "length"


class Effect(enum.StrEnum):
    """What a rule that is not kept does: it refuses the start, or it is only told."""

    BLOCK = "block"
    WARN = "warn"


class Verdict(enum.StrEnum):
    """Kept, not kept, or not to be told because a figure is missing; only the first lets a placement start."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    UNKNOWN = "unknown"


SHARES = (RuleCode.STAFF_SHARE, RuleCode.POST_SHARE)
HOURS = (RuleCode.NIGHT, RuleCode.OVERTIME, RuleCode.REST_DAYS)


@dataclass(frozen=True)
class Rule:
    """One rule as it holds from a day on: `limit` is in the unit of its figure (None: there is nothing to set).

    `article` is its place in the regulation; `checked` tells that somebody compared the number with the text.
    """

    code: RuleCode
    limit: Decimal | None
    effect: Effect
    article: str
    checked: bool = False
    valid_from: date = date.min


# All article numbers were compared with the text of 2021 (the State Council's site, notice of 21 January 2022).
_B, _W = Effect.BLOCK, Effect.WARN
DEFAULTS: dict[RuleCode, Rule] = {
    rule.code: rule
    for rule in (
        Rule(RuleCode.AGE, Decimal(16), _B, "第十六条", checked=True),
        Rule(RuleCode.AGREEMENT, None, _B, "第十四条", checked=True),
        Rule(RuleCode.CONSENT, None, _B, "第九条", checked=True),
        Rule(RuleCode.INSURANCE, None, _B, "第三十五条", checked=True),
        Rule(RuleCode.NIGHT, None, _B, "第十七条", checked=True),
        Rule(RuleCode.OVERTIME, None, _B, "第十七条", checked=True),
        Rule(RuleCode.REST_DAYS, None, _B, "第十七条", checked=True),
        Rule(RuleCode.PAY, Decimal(80), _W, "第十八条", checked=True),
        Rule(RuleCode.STAFF_SHARE, Decimal(10), _W, "第十一条", checked=True),
        Rule(RuleCode.POST_SHARE, Decimal(20), _W, "第十一条", checked=True),
        Rule(RuleCode.LENGTH, Decimal(6), _W, "第十二条", checked=True),
    )
}
HIGHEST: dict[RuleCode, Decimal] = {
    RuleCode.AGE: Decimal(60),
    RuleCode.PAY: Decimal(200),
    RuleCode.STAFF_SHARE: Decimal(100),
    RuleCode.POST_SHARE: Decimal(100),
    RuleCode.LENGTH: Decimal(60),
}


def rule_on(day: date, code: RuleCode, versions: Iterable[Rule]) -> Rule:
    """Return the version of a rule that holds on a day; before the first one the default does."""
    own = [one for one in versions if one.code is code and one.valid_from <= day]
    return max(own, key=lambda one: one.valid_from, default=DEFAULTS[code])


def versions_of(code: RuleCode, versions: Iterable[Rule]) -> list[tuple[Rule, date | None]]:
    """Return a rule's versions in order, the default first, each with the day on which the next takes over."""
    own = sorted((one for one in versions if one.code is code), key=lambda one: one.valid_from)
    line = [DEFAULTS[code], *own]
    return [(one, later.valid_from) for one, later in pairwise(line)] + [(line[-1], None)]


# --- the figures ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Facts:
    """What the rules look at; None where it is not known. Pay in cents a month, shares in percent, age in months.

    `insured_until` is the last day that the insurance covers. `days` are all days of the trainee's placements.
    """

    starts_on: date
    ends_on: date
    age_months: int | None = None
    signatures: int = 0
    consent_on: date | None = None
    insured_until: date | None = None
    night: bool = False
    overtime: bool = False
    rest_days: bool = False
    filed: bool = False
    pay: int | None = None
    post_pay: int | None = None
    lowest_pay: int | None = None
    staff_share: Decimal | None = None
    post_share: Decimal | None = None
    days: int = 0


@dataclass(frozen=True)
class Finding:
    """What one rule says: the figure (a number, a day, or a yes or no), its verdict and the rule that was asked."""

    rule: Rule
    figure: Decimal | date | bool | None
    verdict: Verdict

    @property
    def code(self) -> RuleCode:
        """The rule's code."""
        return self.rule.code

    @property
    def blocks(self) -> bool:
        """Whether it stands in the way of a start."""
        return self.rule.effect is Effect.BLOCK and self.verdict is not Verdict.PASS


def months_between(born: date, day: date) -> int:
    """Return the whole months from a birth date to a day."""
    return (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)


def length_in_days(starts_on: date, ends_on: date) -> int:
    """Return how many days a placement lasts, first and last day included."""
    return (ends_on - starts_on).days + 1


def months_of(days: int) -> Decimal:
    """Return days in months of a twelfth of a year, to one decimal."""
    return (Decimal(days) / DAYS_OF_A_MONTH).quantize(TENTH, ROUND_HALF_UP)


def most_days(months: Decimal) -> int:
    """Return the most days that still count as so many months."""
    return int((months + Decimal("0.05")) * DAYS_OF_A_MONTH)


def share(part: int, whole: int | None) -> Decimal | None:
    """Return a share in percent to one decimal, rounded up against the part; None where the whole is not known."""
    if not whole:
        return None
    tenths = -(-part * 1000 // whole)
    return Decimal(tenths) / 10


def _age(facts: Facts, limit: Decimal) -> tuple[Decimal | None, bool]:
    months = facts.age_months
    return (None, False) if months is None else (Decimal(months // 12), months >= limit * 12)


def _pay(facts: Facts, limit: Decimal) -> tuple[Decimal | None, bool]:
    """Pay at least this share of the post's, or the lowest grade of the post: either will do."""
    if facts.pay is None or not facts.post_pay:
        return None, False
    figure = Decimal(facts.pay * 1000 // facts.post_pay) / 10
    lowest = facts.lowest_pay is not None and facts.pay >= facts.lowest_pay
    return figure, lowest or facts.pay * 100 >= limit * facts.post_pay


def _at_most(figure: Decimal | None, limit: Decimal) -> tuple[Decimal | None, bool]:
    return figure, figure is not None and figure <= limit


def judge(facts: Facts, rule: Rule) -> Finding:
    """Judge one rule for one placement."""
    limit = rule.limit or Decimal(0)
    figure: Decimal | date | bool | None
    match rule.code:
        case RuleCode.AGE:
            figure, kept = _age(facts, limit)
        case RuleCode.AGREEMENT:
            figure, kept = Decimal(facts.signatures), facts.signatures == len(Signatory)
        case RuleCode.CONSENT:
            figure = facts.consent_on or False
            kept = facts.consent_on is not None and facts.consent_on <= facts.starts_on
        case RuleCode.INSURANCE:
            figure = facts.insured_until or False
            kept = facts.insured_until is not None and facts.insured_until >= facts.ends_on
        case RuleCode.NIGHT | RuleCode.OVERTIME | RuleCode.REST_DAYS:
            figure = bool(getattr(facts, rule.code.value))
            kept = not figure or facts.filed
        case RuleCode.PAY:
            figure, kept = _pay(facts, limit)
        case RuleCode.STAFF_SHARE:
            figure, kept = _at_most(facts.staff_share, limit)
        case RuleCode.POST_SHARE:
            figure, kept = _at_most(facts.post_share, limit)
        case RuleCode.LENGTH:
            figure, kept = months_of(facts.days), facts.days <= most_days(limit)
    if figure is None:
        return Finding(rule, None, Verdict.UNKNOWN)
    return Finding(rule, figure, Verdict.PASS if kept else Verdict.FAIL)


def judge_all(facts: Facts, versions: Sequence[Rule]) -> list[Finding]:
    """Judge every rule as it holds on the placement's first day."""
    return [judge(facts, rule_on(facts.starts_on, code, versions)) for code in RuleCode]


def standing_in_the_way(findings: Iterable[Finding], overridden: Iterable[RuleCode]) -> list[Finding]:
    """Return the findings that refuse a start: blocking, not kept (or not known) and not overridden."""
    lifted = frozenset(overridden)
    return [one for one in findings if one.blocks and one.code not in lifted]


# --- how many at once -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """So many trainees from one day to another, both included."""

    starts_on: date
    ends_on: date
    people: int = 1


class Crowd:
    """How many trainees there are on each day; answers the most in any period."""

    def __init__(self, spans: Iterable[Span]) -> None:
        steps: Mapping[date, int] = _steps(spans)
        self._days: list[date] = sorted(steps)
        self._people: list[int] = []
        present = 0
        for day in self._days:
            present += steps[day]
            self._people.append(present)

    @property
    def most(self) -> int:
        """The most that are ever there at once."""
        return max(self._people, default=0)

    def most_in(self, starts_on: date, ends_on: date) -> int:
        """Return the most that are there at once between two days, both included."""
        before, most = 0, 0
        for day, people in zip(self._days, self._people, strict=True):
            if day > ends_on:
                break
            if day <= starts_on:
                before = people
            else:
                most = max(most, people)
        return max(before, most)


def _steps(spans: Iterable[Span]) -> dict[date, int]:
    steps: dict[date, int] = defaultdict(int)
    for span in spans:
        steps[span.starts_on] += span.people
        steps[span.ends_on + timedelta(days=1)] -= span.people
    return steps


def overlap(a_starts: date, a_ends: date, b_starts: date, b_ends: date) -> bool:
    """Tell whether two periods share a day."""
    return a_starts <= b_ends and b_starts <= a_ends


# --- weeks ------------------------------------------------------------------------------------------


def week_of(day: date) -> tuple[date, date]:
    """Return the Monday and the Sunday around a day."""
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)

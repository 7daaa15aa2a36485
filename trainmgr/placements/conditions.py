"""The rules of the panel as conditions, for counting and narrowing tens of thousands.

Every rule is judged once, in `rules.judge`; a test holds these conditions and that function together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trainmgr.placements.models import Placement, PlacementPost, PlacementState, RuleCode
from trainmgr.placements.rules import OPEN, SHARES, Rule, most_days, versions_of

IS_OPEN = Placement.state.in_(sorted(OPEN))
COUNTED = tuple(code for code in RuleCode if code not in SHARES)


def not_kept(code: RuleCode, versions: Sequence[Rule]) -> sa.ColumnElement[bool]:
    """Return the condition on Placement (with its post) that leaves those that do not keep a rule, or not known to.

    Not for the two shares, which hang on all the others.
    """
    return sa.or_(*(_in_its_time(rule, until) for rule, until in versions_of(code, versions)))


def _in_its_time(rule: Rule, until: date | None) -> sa.ColumnElement[bool]:
    conditions = [_fails(rule.code, rule.limit or Decimal(0))]
    if rule.valid_from != date.min:
        conditions.append(Placement.starts_on >= rule.valid_from)
    if until is not None:
        conditions.append(Placement.starts_on < until)
    return sa.and_(*conditions)


def _fails(code: RuleCode, limit: Decimal) -> sa.ColumnElement[bool]:
    match code:
        case RuleCode.AGE:
            return sa.or_(Placement.age_months.is_(None), Placement.age_months < _ceiling(limit * 12))
        case RuleCode.AGREEMENT:
            return Placement.signed < 3
        case RuleCode.CONSENT:
            return sa.or_(Placement.consent_on.is_(None), Placement.consent_on > Placement.starts_on)
        case RuleCode.INSURANCE:
            return sa.or_(Placement.insured_until.is_(None), Placement.insured_until < Placement.ends_on)
        case RuleCode.NIGHT | RuleCode.OVERTIME | RuleCode.REST_DAYS:
            return sa.and_(getattr(PlacementPost, code.value), PlacementPost.filed_on.is_(None))
        case RuleCode.PAY:
            return _pays_too_little(limit)
        case RuleCode.LENGTH:
            return all_days() > most_days(limit)
    raise ValueError(f"{code} is no question of one row")


def _ceiling(value: Decimal) -> int:
    return int(-(-value // 1))


def _pays_too_little(limit: Decimal) -> sa.ColumnElement[bool]:
    # Of a product of two amounts in cents an INTEGER of PostgreSQL would overflow.
    pay = sa.cast(Placement.pay_cents, sa.BigInteger) * 10_000
    least = sa.cast(PlacementPost.pay_cents, sa.BigInteger) * int(limit * 100)
    below_lowest = sa.or_(
        PlacementPost.lowest_cents.is_(None), Placement.pay_cents < PlacementPost.lowest_cents
    )
    return sa.or_(
        Placement.pay_cents.is_(None), PlacementPost.pay_cents.is_(None), sa.and_(pay < least, below_lowest)
    )


def all_days() -> Any:
    """Return the days of all placements of a placement's trainee, those called off apart, as a scalar subquery."""
    other = aliased(Placement)
    return (
        sa.select(sa.func.sum(other.days))
        .where(other.enrolment_id == Placement.enrolment_id, other.state != PlacementState.CALLED_OFF)
        .scalar_subquery()
    )

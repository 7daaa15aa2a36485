"""Figures of follow-up, counted in SQL: a round's, a class's, a programme's, a year's. One statement each.

`counts` is what pages and other features (quality, reporting) count with: any condition on Enrolment, any grouping.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from trainmgr.employment.course import PostStep
from trainmgr.employment.models import EmployerWord, FollowUpAnswer, FollowUpRound, PostEvent
from trainmgr.employment.post_queries import stands
from trainmgr.employment.queries import GRADUATED, PRESENT
from trainmgr.employment.rules import MIDDLES, SATISFIED, SECURED, WORKING, Counts, Match
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.evaluation.anonymity import shown_groups
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program

A, R, W = FollowUpAnswer, FollowUpRound, EmployerWord


def _count(condition: Any) -> Any:
    return sa.func.count(sa.case((condition, 1)))


# Whoever is known to have been promoted by a round's last day, by the answer or by the enterprise's own steps.
_PROMOTED_THERE = sa.exists().where(
    PostEvent.enrolment_id == Enrolment.id,
    PostEvent.kind == PostStep.PROMOTED,
    PostEvent.on_day <= FollowUpRound.closes_on,
    stands(),
)
_WORKS = A.destination.in_(WORKING)
_PROMOTED = sa.and_(_WORKS, sa.or_(A.promoted.is_(True), _PROMOTED_THERE))
_PROMOTED_KNOWN = sa.and_(_WORKS, sa.or_(A.promoted.is_not(None), _PROMOTED_THERE))
_INCOME = sa.func.coalesce(
    A.income_cents, sa.case(*((A.income_band == band, middle) for band, middle in MIDDLES.items()))
)
_PARTS: dict[str, Any] = {
    "graduates": sa.func.count(Enrolment.id),
    "answered": sa.func.count(A.id),
    "secured": _count(A.destination.in_(SECURED)),
    "working": _count(_WORKS),
    "match_yes": _count(A.match == Match.YES),
    "match_partly": _count(A.match == Match.PARTLY),
    "match_no": _count(A.match == Match.NO),
    "income_n": sa.func.count(_INCOME),
    "income_exact": sa.func.count(A.income_cents),
    "income_sum": sa.func.coalesce(sa.func.sum(_INCOME), 0),
    "retained": _count(A.is_retained.is_(True)),
    "retained_known": sa.func.count(A.is_retained),
    "promoted": _count(_PROMOTED),
    "promoted_known": _count(_PROMOTED_KNOWN),
    "certified": _count(A.certified.is_(True)),
    "certified_known": sa.func.count(A.certified),
    "confirmed": _count(W.confirmed.is_(True)),
    "words": sa.func.count(W.id),
    "satisfied": _count(W.satisfaction >= SATISFIED),
    "satisfaction_n": sa.func.count(W.satisfaction),
}


def asked_of() -> sa.Select[Any]:
    """Return a select of everybody asked in any round, joined with the present answer and the employer's word.

    A row for each graduate and round; Enrolment, FollowUpRound, FollowUpAnswer and EmployerWord may be named.
    """
    return (
        sa.select(Enrolment.id)
        .select_from(Enrolment)
        .join(R, R.program_id == Enrolment.program_id)
        .join(Program, Program.id == Enrolment.program_id)
        .outerjoin(A, sa.and_(A.round_id == R.id, A.enrolment_id == Enrolment.id, PRESENT))
        .outerjoin(W, sa.and_(W.round_id == R.id, W.enrolment_id == Enrolment.id, W.is_present.is_(True)))
        .where(GRADUATED)
    )


def counts(condition: Any, *group: Any) -> dict[Any, Counts]:
    """Count graduates under a condition (on Program, Enrolment, FollowUpRound) by one or more columns.

    Keys are the column's values (a tuple of them for several), None for no grouping. One statement.
    """
    rows = db.session.execute(
        asked_of()
        .with_only_columns(*group, *(part.label(name) for name, part in _PARTS.items()))
        .where(condition)
        .group_by(*group)
    )
    found = {}
    for row in rows:
        keys, values = row[: len(group)], row[len(group) :]
        key = keys[0] if len(keys) == 1 else (tuple(keys) or None)
        found[key] = Counts(**{name: int(value) for name, value in zip(_PARTS, values, strict=True)})
    return found


# What a figure's people are, for whoever wants to see them: conditions on `asked_of()`.
MEASURES: Mapping[str, tuple[Any, Any]] = {
    "response": (A.id.is_not(None), sa.true()),
    "destination": (A.destination.in_(SECURED), sa.true()),
    "match": (A.match.in_([Match.YES, Match.PARTLY]), A.match.is_not(None)),
    "retention": (A.is_retained.is_(True), A.is_retained.is_not(None)),
    "promotion": (_PROMOTED, _PROMOTED_KNOWN),
    "certificates": (A.certified.is_(True), A.certified.is_not(None)),
    "satisfaction": (W.satisfaction >= SATISFIED, W.satisfaction.is_not(None)),
}


def people(measure: str, condition: Any, *, numerator: bool = True) -> sa.Select[Any]:
    """Return a select of the enrolment ids behind a figure's numerator, or behind its denominator."""
    above, below = MEASURES[measure]
    return asked_of().where(condition, sa.and_(below, above) if numerator else below)


# --- of one programme --------------------------------------------------------------------------------------


def by_round(program: Program, viewer: User) -> dict[int, Counts]:
    """Count each round of a programme over the graduates whom the viewer may see."""
    return counts(visible_in(program, viewer), R.id)


def by_class(program: Program, asked: FollowUpRound, viewer: User) -> dict[int | None, Counts]:
    """Count the classes of a round over the graduates whom the viewer may see."""
    return counts(sa.and_(visible_in(program, viewer), R.id == asked.id), Enrolment.cohort_id)


def income_shown(groups: Mapping[Any, Counts]) -> frozenset[Any]:
    """Return the groups whose mean income may stand beside the whole, so that no small group's follows from it."""
    published = shown_groups({key: group.income_n for key, group in groups.items()})
    return frozenset(key for key in groups if published.shows(key))


# --- of years, for quality and reporting ----------------------------------------------------------------------


def by_year(condition: Any, months: Sequence[int] | None = None) -> dict[tuple[int, int], Counts]:
    """Count rounds under a condition on Program by (year of graduation, months after); some months or all."""
    wanted = condition if months is None else sa.and_(condition, R.months.in_(months))
    return counts(wanted, R.year, R.months)

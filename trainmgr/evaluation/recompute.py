"""Results written from ratings: one trainee's when a rating is submitted, a whole window's for demo, bench and imports.

    recompute(window, now=now)                      # everybody, in batches
    recompute(window, [enrolment.id], now=now)      # one trainee

The window comes with its scheme and criteria (queries.with_criteria). A batch takes ten statements however many
trainees it holds, one more where a party of several rates, and those of whoever follows results (see
evaluation.decided).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from statistics import fmean
from typing import Any

import sqlalchemy as sa

from trainmgr.enrolment.models import EntryLevel
from trainmgr.evaluation.decided import decided_marks, judge, tell_followers
from trainmgr.evaluation.models import Attainment, Rating, RatingScore, Result, Window, WindowRater
from trainmgr.evaluation.rules import MANY, THREE, Party, Phase, RatingState
from trainmgr.evaluation.scoring import Evaluation, Given, Marks, Plan, Score, party_score, peers_count
from trainmgr.kernel.db import db

BATCH = 500


def recompute(window: Window, enrolment_ids: Iterable[int] | None = None, *, now: datetime) -> int:
    """Write the results and attainments of a window's trainees anew; returns how many have a result."""
    db.session.flush()
    plan, count = window.plan, 0
    batches = _all_rated(window) if enrolment_ids is None else _chunks(sorted(set(enrolment_ids)))
    for batch in batches:
        count += _recompute_batch(window, plan, batch, now)
        tell_followers(window, batch, now)
    return count


def _all_rated(window: Window) -> Iterator[Sequence[int]]:
    """Yield the trainees of a window that have a rating, a batch at a time."""
    last = 0
    while True:
        batch = db.session.scalars(
            sa.select(Rating.enrolment_id)
            .where(Rating.window_id == window.id, Rating.enrolment_id > last)
            .group_by(Rating.enrolment_id)
            .order_by(Rating.enrolment_id)
            .limit(BATCH)
        ).all()
        if not batch:
            return
        yield batch
        last = batch[-1]


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def _recompute_batch(window: Window, plan: Plan, batch: Sequence[int], now: datetime) -> int:
    entries, ratings, marks = _entry_levels(plan, batch), _ratings(window, batch), _marks(window, batch)
    decided, raters = decided_marks(window.id, batch), _raters(window, plan, batch)
    is_over = window.phase(now) is Phase.CLOSED
    results, attained, scored = [], [], []
    for enrolment_id, group in groupby(ratings, key=attrgetter("enrolment_id")):
        rated = list(group)
        given, expected = _given(rated, marks, raters.get(enrolment_id, {}), is_over=is_over)
        found = judge(plan, given, decided.get(enrolment_id), expected)
        results.append(_result(window, enrolment_id, found, entries.get(enrolment_id, {}), now))
        attained += [
            {
                "window_id": window.id,
                "enrolment_id": enrolment_id,
                "competency_id": competency_id,
                "level": level,
            }
            for competency_id, level in found.attainments.items()
        ]
        for rating in rated:
            score = _own_score(plan, found, rating, marks)
            if rating.score != score.value or rating.coverage != score.coverage:
                scored.append({"rating_id": rating.id, "value": score.value, "seen": score.coverage})
    _store(window, batch, results, attained, scored)
    return len(results)


def _given(
    rated: Sequence[Any], marks: Mapping[int, Marks], raters: Mapping[Party, int], *, is_over: bool
) -> tuple[dict[Party, Given], dict[Party, int]]:
    """Return what each party gave, and how many raters there should be of those that have several.

    Peers are left out as long as they do not count.
    """
    given: dict[Party, Given] = {r.party: marks.get(r.id, {}) for r in rated if r.party in THREE}
    several: dict[Party, list[Marks]] = {}
    for rating in rated:
        if rating.party not in THREE:
            several.setdefault(rating.party, []).append(marks.get(rating.id, {}))
    expected = {party: max(raters.get(party, 0), len(each)) for party, each in several.items()}
    if not peers_count(len(several.get(Party.PEER, ())), expected.get(Party.PEER, 0), is_over=is_over):
        several.pop(Party.PEER, None)
    return given | several, expected


def _own_score(plan: Plan, found: Evaluation, rating: Any, marks: Mapping[int, Marks]) -> Score:
    """Return the score of one rating; of a party of several it is a part of the party's."""
    if rating.party in THREE:
        return found.scores[rating.party]
    return party_score(marks.get(rating.id, {}), plan.points[rating.party])


def _raters(window: Window, plan: Plan, batch: Sequence[int]) -> dict[int, dict[Party, int]]:
    """Return how many people are to rate each trainee, for parties of several."""
    if not any(party in MANY for party in plan.party_points):
        return {}
    found: dict[int, dict[Party, int]] = {}
    for enrolment_id, party, count in db.session.execute(
        sa.select(WindowRater.enrolment_id, WindowRater.party, sa.func.count())
        .where(WindowRater.window_id == window.id, WindowRater.enrolment_id.in_(batch))
        .group_by(WindowRater.enrolment_id, WindowRater.party)
    ):
        found.setdefault(enrolment_id, {})[party] = count
    return found


def _standing(window: Window, batch: Sequence[int]) -> sa.ColumnElement[bool]:
    return sa.and_(
        Rating.window_id == window.id,
        Rating.state == RatingState.SUBMITTED,
        Rating.enrolment_id.in_(batch),
    )


def _ratings(window: Window, batch: Sequence[int]) -> Sequence[Any]:
    return db.session.execute(
        sa.select(Rating.enrolment_id, Rating.party, Rating.id, Rating.score, Rating.coverage)
        .where(_standing(window, batch))
        .order_by(Rating.enrolment_id, Rating.id)
    ).all()


def _marks(window: Window, batch: Sequence[int]) -> dict[int, dict[int, int | None]]:
    """Return the marks of each rating; read as bare rows, since there are a dozen for each rating."""
    scores: Any = RatingScore.__table__
    rows = db.session.connection().execute(
        sa.select(scores.c.rating_id, scores.c.criterion_id, scores.c.score)
        .join(Rating.__table__, Rating.id == scores.c.rating_id)
        .where(_standing(window, batch))
    )
    marks: dict[int, dict[int, int | None]] = {}
    for rating_id, criterion_id, score in rows.all():
        marks.setdefault(rating_id, {})[criterion_id] = score
    return marks


def _entry_levels(plan: Plan, batch: Sequence[int]) -> dict[int, dict[int, float]]:
    found: dict[int, dict[int, float]] = {}
    if not plan.by_competency:
        return found
    for enrolment_id, competency_id, level in db.session.execute(
        sa.select(EntryLevel.enrolment_id, EntryLevel.competency_id, EntryLevel.level).where(
            EntryLevel.enrolment_id.in_(batch), EntryLevel.competency_id.in_(plan.by_competency)
        )
    ):
        found.setdefault(enrolment_id, {})[competency_id] = float(level)
    return found


def _result(
    window: Window, enrolment_id: int, found: Evaluation, entry: dict[int, float], now: datetime
) -> dict[str, Any]:
    scores = {party: found.scores[party].value for party in found.scores}
    both = sorted(entry.keys() & found.attainments.keys())
    exits = [found.attainments[c] for c in both] or list(found.attainments.values())
    apart = found.divergence
    return {
        "program_id": window.program_id,
        "window_id": window.id,
        "enrolment_id": enrolment_id,
        **{f"{party.value}_score": scores.get(party) for party in Party},
        "composite": found.composite.value,
        "low": found.composite.low,
        "high": found.composite.high,
        "is_provisional": found.composite.is_provisional,
        "divergence": None if apart is None else float(apart),
        "is_divergent": apart is not None and apart >= window.scheme.divergence,
        "entry_level": fmean(entry[c] for c in both) if both else None,
        "exit_level": fmean(exits) if exits else None,
        "computed_at": now,
    }


def _store(
    window: Window,
    batch: Sequence[int],
    results: list[dict[str, Any]],
    attained: list[dict[str, Any]],
    scored: list[dict[str, Any]],
) -> None:
    known: dict[int, int] = dict(
        db.session.execute(
            sa.select(Result.enrolment_id, Result.id).where(
                Result.window_id == window.id, Result.enrolment_id.in_(batch)
            )
        ).all()
    )
    old = [row | {"id": known[row["enrolment_id"]]} for row in results if row["enrolment_id"] in known]
    new = [row for row in results if row["enrolment_id"] not in known]
    gone = known.keys() - {row["enrolment_id"] for row in results}
    unsynchronised = {"synchronize_session": False}
    if old:
        db.session.execute(sa.update(Result), old)
    if new:
        db.session.execute(sa.insert(Result), new)
    if gone:
        db.session.execute(
            sa.delete(Result).where(Result.window_id == window.id, Result.enrolment_id.in_(gone)),
            execution_options=unsynchronised,
        )
    db.session.execute(
        sa.delete(Attainment).where(Attainment.window_id == window.id, Attainment.enrolment_id.in_(batch)),
        execution_options=unsynchronised,
    )
    if attained:
        db.session.execute(sa.insert(Attainment), attained)
    if scored:
        table: Any = Rating.__table__
        db.session.execute(
            sa.update(table)
            .where(table.c.id == sa.bindparam("rating_id"))
            .values(score=sa.bindparam("value"), coverage=sa.bindparam("seen")),
            scored,
        )

"""Taking in what respondents say of the competencies: their means become importance and current level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor
from trainmgr.kernel.db import db
from trainmgr.needs import queries
from trainmgr.needs.keeping import assign, opened, settle
from trainmgr.needs.models import Competency, CompetencyRating, NeedsAnalysis
from trainmgr.programs.models import Program

RATED = audit.sentence("needs.rate", _l("%(who)s took in %(count)s ratings of the competencies"))
RATINGS_DISCARDED = audit.sentence(
    "needs.discard-ratings", _l("%(who)s discarded all ratings of the competencies")
)


@dataclass(frozen=True)
class RatingFacts:
    """One respondent's rating of one competency."""

    competency_id: int
    respondent: str
    importance: Decimal
    attainment: Decimal


def rate(program: Program, ratings: Sequence[RatingFacts], *, by: Actor, now: datetime) -> int:
    """Take in respondents' ratings, a later one of the same person replacing the earlier; returns how many were new."""
    analysis = opened(program)
    written = sum(write_ratings(program, ratings))
    if written:
        audit.record(
            RATED, analysis, by=by, now=now, program_id=program.id, name=analysis.post, count=written
        )
    settle_ratings(program, analysis, now=now)
    return written


def write_ratings(program: Program, ratings: Sequence[RatingFacts]) -> tuple[int, int]:
    """Write ratings; returns how many were new and how many changed. The caller settles the analysis."""
    wanted = {(rating.competency_id, rating.respondent): rating for rating in ratings}
    present: dict[tuple[int, str], CompetencyRating] = {}
    people = sorted({rating.respondent for rating in ratings})
    for start in range(0, len(people), 200):
        rows = db.session.scalars(
            sa.select(CompetencyRating)
            .join(Competency, Competency.id == CompetencyRating.competency_id)
            .where(
                Competency.program_id == program.id,
                CompetencyRating.respondent.in_(people[start : start + 200]),
            )
        )
        present |= {(row.competency_id, row.respondent): row for row in rows}
    new, changed = [], 0
    for key, rating in wanted.items():
        known = present.get(key)
        if known is None:
            new.append(asdict(rating))
        else:
            changed += assign(known, {"importance": rating.importance, "attainment": rating.attainment})
    if new:
        db.session.execute(sa.insert(CompetencyRating), new)
    db.session.flush()
    return len(new), changed


def settle_ratings(program: Program, analysis: NeedsAnalysis, *, now: datetime) -> None:
    """Count the respondents and rank anew."""
    analysis.respondents = queries.respondents_of(program.id)
    settle(program, analysis, now=now)


def discard_ratings(program: Program, *, by: Actor, now: datetime) -> None:
    """Remove all ratings; importance and current level keep the last means and can be typed again."""
    analysis = opened(program)
    own = sa.select(Competency.id).where(Competency.program_id == program.id)
    db.session.execute(
        sa.delete(CompetencyRating).where(CompetencyRating.competency_id.in_(own)),
        execution_options={"synchronize_session": "fetch"},
    )
    audit.record(RATINGS_DISCARDED, analysis, by=by, now=now, program_id=program.id, name=analysis.post)
    settle_ratings(program, analysis, now=now)

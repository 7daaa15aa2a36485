"""Every submitted mark of a window, by trainee, party and rater: for agreement, leniency, moderation and the like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from trainmgr.evaluation.models import Rating, RatingScore, Window
from trainmgr.evaluation.rules import Party, RatingState
from trainmgr.kernel.db import db


@dataclass(frozen=True)
class RaterMarks:
    """What one person gave one trainee for a party: a mark from 1 to 5 or None ("no chance to see") by criterion."""

    rater_id: int
    rating_id: int
    marks: dict[int, int | None] = field(default_factory=dict)


def window_marks(
    window: Window, enrolment_ids: Iterable[int] | None = None
) -> Mapping[int, Mapping[Party, list[RaterMarks]]]:
    """Return the submitted marks of a window by trainee and party, in the order of their ratings (two statements).

    `enrolment_ids` limits them to some trainees; whoever reads names begins with whom the viewer may see.
    """
    standing = [Rating.window_id == window.id, Rating.state == RatingState.SUBMITTED]
    if enrolment_ids is not None:
        standing.append(Rating.enrolment_id.in_(list(enrolment_ids)))
    heads = db.session.execute(
        sa.select(Rating.id, Rating.enrolment_id, Rating.party, Rating.rater_id)
        .where(*standing)
        .order_by(Rating.enrolment_id, Rating.id)
    )
    by_rating: dict[int, RaterMarks] = {}
    found: dict[int, dict[Party, list[RaterMarks]]] = {}
    for rating_id, enrolment_id, party, rater_id in heads:
        given = by_rating[rating_id] = RaterMarks(rater_id, rating_id)
        found.setdefault(enrolment_id, {}).setdefault(party, []).append(given)
    rows = db.session.execute(
        sa.select(RatingScore.rating_id, RatingScore.criterion_id, RatingScore.score)
        .join(Rating, Rating.id == RatingScore.rating_id)
        .where(*standing)
    )
    for rating_id, criterion_id, score in rows:
        by_rating[rating_id].marks[criterion_id] = score
    return found

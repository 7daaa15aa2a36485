"""Which marks of a class are answers to a survey that would tell of fewer than five people."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.evaluation.anonymity import shown_groups
from trainmgr.evaluation.models import Rating, RatingScore, Window
from trainmgr.evaluation.queries import criteria_of, is_in_training
from trainmgr.evaluation.results import Spread
from trainmgr.evaluation.rules import Party, Phase, RatingState, is_survey
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program

Question = tuple[int, Party]


def withheld(
    program: Program, window: Window, viewer: User, cohort_id: int | None, *, now: datetime
) -> set[Question]:
    """Return the survey questions (criterion, party) whose figures are not shown for a class (one statement).

    While answers still come in all of them: today's mean less yesterday's is one person's. Afterwards those that fewer
    than five answered, and those that would give another class's away, since each class has its page.
    """
    asked = {(c.id, party) for c in criteria_of(window) for party in c.parties if is_survey(c.level, party)}
    if not asked or window.phase(now) is not Phase.CLOSED:
        return asked
    answered: dict[Question, dict[Hashable, int]] = {question: {} for question in asked}
    for criterion_id, party, cohort, people in _answered(program, window, viewer):
        if (criterion_id, party) in asked:
            answered[criterion_id, party][cohort] = people
    mine = cohort_id or 0
    return {question for question, people in answered.items() if not shown_groups(people).shows(mine)}


def _answered(program: Program, window: Window, viewer: User) -> Any:
    """Return how many people of each class answered each question; of peers those who rated, not whom they rated."""
    # PostgreSQL groups by the very same expression only: no parameter in it.
    cohort = sa.func.coalesce(Enrolment.cohort_id, sa.literal_column("0"))
    return db.session.execute(
        sa.select(RatingScore.criterion_id, Rating.party, cohort, sa.func.count(sa.distinct(Rating.rater_id)))
        .join(Rating, Rating.id == RatingScore.rating_id)
        .join(Enrolment, Enrolment.id == Rating.enrolment_id)
        .where(
            Rating.window_id == window.id,
            Rating.state == RatingState.SUBMITTED,
            Rating.party.in_([Party.TRAINEE, Party.PEER]),
            RatingScore.score.is_not(None),
            visible_in(program, viewer),
            is_in_training(),
        )
        .group_by(RatingScore.criterion_id, Rating.party, cohort)
    )


def without(
    spread: Mapping[int, Mapping[Party, Spread]], hidden: set[Question]
) -> dict[int, dict[Party, Spread]]:
    """Return a class's criterion_spread without what is withheld."""
    return {
        criterion: {party: cell for party, cell in told.items() if (criterion, party) not in hidden}
        for criterion, told in spread.items()
    }

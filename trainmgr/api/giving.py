"""Ratings from the rater's side as resources: what is asked, whom one rates, what one has given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from marshmallow import fields, validate

from trainmgr.api.fields import Base, Id, choice, described, names_of
from trainmgr.api.judging import MarkSchema
from trainmgr.api.reading import Asked, Resource, by_choice, by_id
from trainmgr.api.rules import Area
from trainmgr.evaluation import queries as evaluation
from trainmgr.evaluation import ratings
from trainmgr.evaluation.models import Rating, RatingScore, Window
from trainmgr.evaluation.rules import Level, Party, RatingState
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_

P = Permission
MOST_RATED = 500


class OwnRatingSchema(Base):
    """A rating that one gave oneself, drafts too."""

    id = Id()
    window_id = Id()
    enrolment_id = Id()
    party = choice(Party)
    state = choice(RatingState)
    comment = fields.String()
    created_at = fields.DateTime()
    submitted_at = fields.DateTime(allow_none=True)
    corrects_id = Id(allow_none=True)
    correction_reason = fields.String()
    marks = fields.List(fields.Nested(MarkSchema))
    version = fields.Integer()


def _own(asked: Asked) -> sa.Select[Any]:
    columns = [getattr(Rating, name) for name in names_of(OwnRatingSchema) if name != "marks"]
    return sa.select(*columns).where(Rating.program_id == asked.place.id, Rating.rater_id == asked.viewer.id)


def _with_marks(asked: Asked, rows: Sequence[Any]) -> list[dict[str, Any]]:
    given: dict[int, dict[str, Any]] = {row.id: dict(row._mapping) | {"marks": []} for row in rows}
    scores = db.session.execute(
        sa.select(RatingScore.rating_id, RatingScore.criterion_id, RatingScore.score)
        .where(RatingScore.rating_id.in_(given))
        .order_by(RatingScore.criterion_id)
    )
    for rating_id, criterion_id, score in scores:
        given[rating_id]["marks"].append({"criterion_id": criterion_id, "score": score})
    return list(given.values())


class RatingQuestionSchema(Base):
    """A criterion that a party judges in a window."""

    criterion_id = Id()
    level = choice(Level)
    name = fields.String()
    name_en = fields.String()
    hint = fields.String()
    hint_en = fields.String()


def _window(asked: Asked) -> tuple[Window, Party]:
    return evaluation.window_or_404(asked.place.id, asked.args["window_id"]), Party(asked.args["party"])


def _questions(asked: Asked) -> list[dict[str, Any]]:
    """Return what a party is asked, for those who rate for it in the window."""
    window, party = _window(asked)
    if not evaluation.next_to_rate(window, party, asked.viewer, 1):
        return []
    told = ("level", "name", "name_en", "hint", "hint_en")
    return [
        {"criterion_id": one.id} | {name: getattr(one, name) for name in told}
        for one in ratings.questions_for(window, party)
    ]


class ToRateSchema(Base):
    """Somebody whom one rates in a window, and how far one is."""

    enrolment_id = Id()
    name = fields.String()
    student_number = fields.String()
    state = choice(RatingState, "None yet: null.", allow_none=True)


def _to_rate(asked: Asked) -> list[dict[str, Any]]:
    window, party = _window(asked)
    rows = evaluation.next_to_rate(window, party, asked.viewer, MOST_RATED)
    return [
        {"enrolment_id": row.id, "name": row.name, "student_number": row.student_number, "state": row.state}
        for row in rows
    ]


_PARTIES = [party.value for party in Party]
_NEEDED: dict[str, fields.Field[Any]] = {
    "window_id": Id(required=True, metadata=described("In which window.")),
    "party": fields.String(
        required=True, validate=validate.OneOf(_PARTIES, error=", ".join(_PARTIES)),
        metadata=described("For whom one speaks."),
    ),
}  # fmt: skip
RESOURCES = (
    Resource(
        "own-ratings", "own_rating", Area.RATINGS, P.RATE, OwnRatingSchema, N_("Ratings that one gave oneself"),
        [Rating.id], _own, _with_marks,
        filters=by_id("window_id", Rating.window_id, "Only of this window.")
        | by_id("enrolment_id", Rating.enrolment_id, "Only of this trainee.")
        | by_choice("state", Rating.state, RatingState, "The rating's state."),
        has_version=True,
    ),
    Resource(
        "rating-questions", "rating_question", Area.RATINGS, P.RATE, RatingQuestionSchema,
        N_("What one is asked in a window"), whole=_questions, needed=_NEEDED, has_one=False,
    ),
    Resource(
        "to-rate", "to_rate", Area.RATINGS, P.RATE, ToRateSchema, N_("Whom one rates in a window"), whole=_to_rate,
        needed=_NEEDED, has_one=False,
    ),
)  # fmt: skip

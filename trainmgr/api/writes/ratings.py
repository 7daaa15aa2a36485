"""Ratings of the token's own person: kept as a draft, handed in, corrected; never on anybody else's behalf."""

from __future__ import annotations

from collections.abc import Sequence

from flask import abort
from flask_babel import gettext as _
from marshmallow import fields, validate

from trainmgr.api.deeds import Deed, Done, Write, fault, faults
from trainmgr.api.fields import Base, Line, Ref, Text, Whole, choice, described
from trainmgr.api.rules import Area
from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation import queries, ratings
from trainmgr.evaluation.models import Criterion, Window
from trainmgr.evaluation.ratings import Answers
from trainmgr.evaluation.rules import Party, RatingState
from trainmgr.kernel.access import Permission
from trainmgr.kernel.audit import require
from trainmgr.kernel.msgids import N_

P = Permission
MOST_MARKS = 500
LONGEST_COMMENT = 200  # as in the form


class GivenMarkSchema(Base):
    """A mark on one criterion: 1 to 5, or null for “no chance to see”."""

    criterion_id = Ref(required=True)
    score = Whole(1, 5, required=True, allow_none=True)


class CorrectedRatingSchema(Base):
    """Marks in place of those that one handed in, and why."""

    marks = fields.List(
        fields.Nested(GivenMarkSchema), required=True, validate=validate.Length(max=MOST_MARKS)
    )
    comment = Text(LONGEST_COMMENT)
    reason = Line(200, least=1, required=True)


class GivenRatingSchema(Base):
    """What one thinks of one trainee in a window, speaking for a party that one is."""

    window_id = Ref(required=True)
    enrolment_id = Ref(required=True)
    party = choice(Party, required=True)
    marks = fields.List(
        fields.Nested(GivenMarkSchema), required=True, validate=validate.Length(max=MOST_MARKS),
        metadata=described("Of the criteria that /rating-questions lists."),
    )  # fmt: skip
    comment = Text(LONGEST_COMMENT)


def _load(deed: Deed) -> tuple[Window, Enrolment, Party]:
    """Return window, trainee and party: 404 for what I do not see, 403 where I do not speak for the party."""
    party = Party(deed.data["party"])
    window = queries.find_window(deed.data["window_id"])
    program = queries.program_of(window, deed.by)
    if program.id != deed.ids["program_id"]:
        abort(404)
    enrolment = queries.ratee_or_404(program, window, deed.data["enrolment_id"], party, deed.by)
    if not queries.rates(window, enrolment.id, party, deed.by.id):
        abort(403)
    if not ratings.questions_for(window, party):
        abort(404)
    return window, enrolment, party


def _answers(deed: Deed, questions: Sequence[Criterion]) -> Answers:
    asked = {one.id for one in questions}
    wrong = {
        f"marks.{place}.criterion_id": [_("This party is not asked that.")]
        for place, one in enumerate(deed.data["marks"])
        if one["criterion_id"] not in asked
    }
    if wrong:
        raise faults(wrong)
    marks = {one["criterion_id"]: one["score"] for one in deed.data["marks"]}
    if len(marks) < len(deed.data["marks"]):
        raise fault("marks", _("A criterion stands here twice."))
    return Answers(marks, deed.data.get("comment", ""))


def _require_all(answers: Answers, questions: Sequence[Criterion]) -> None:
    if answers.unanswered(questions):
        raise fault("marks", _("Some questions have no answer yet."))


def save_draft(deed: Deed) -> Done:
    """Keep what one thinks so far; it counts nowhere."""
    window, enrolment, party = _load(deed)
    answers = _answers(deed, ratings.questions_for(window, party))
    return Done(ratings.save_draft(window, enrolment, party, answers, by=deed.by, now=deed.now).id)


def submit(deed: Deed) -> Done:
    """Hand a rating in: from now on it counts and never changes."""
    window, enrolment, party = _load(deed)
    questions = ratings.questions_for(window, party)
    answers = _answers(deed, questions)
    program = queries.program_of(window, deed.by)
    given = queries.party_ratings(window, enrolment, party, deed.by)
    require(all(one.state is not RatingState.SUBMITTED for one in given), _("This rating is in already."))
    ratings.require_phase(window, deed.now)
    _require_all(answers, questions)
    rating = ratings.submit(program, window, enrolment, party, answers, by=deed.by, now=deed.now)
    return Done(rating.id, made=True)


def correct(deed: Deed) -> Done:
    """Hand a correction in; the first rating is kept beside it."""
    rating = queries.rating_or_404(deed.row_id, deed.by)
    if rating.program_id != deed.ids["program_id"]:
        abort(404)
    program = queries.program_of(rating.window, deed.by)
    questions = ratings.questions_for(rating.window, rating.party)
    answers = _answers(deed, questions)
    _require_all(answers, questions)
    correction = ratings.correct(
        program, rating.window, rating, answers, reason=deed.data["reason"], by=deed.by, now=deed.now
    )
    return Done(correction.id, made=True)


_PLACE = "/programs/<int:program_id>/own-ratings"
WRITES = {
    "save_rating_draft": Write(
        "POST", f"{_PLACE}/draft", Area.RATINGS, P.RATE, GivenRatingSchema, "own-ratings",
        N_("Keep a rating of one's own as a draft"), save_draft,
    ),
    "submit_rating": Write(
        "POST", _PLACE, Area.RATINGS, P.RATE, GivenRatingSchema, "own-ratings",
        N_("Hand a rating of one's own in"), submit, made=True,
    ),
    "correct_rating": Write(
        "POST", f"{_PLACE}/<int:row_id>/correct", Area.RATINGS, P.RATE, CorrectedRatingSchema, "own-ratings",
        N_("Correct a rating of one's own"), correct, made=True,
    ),
}  # fmt: skip

"""Writes of ratings: drafts, submissions that never change, and corrections beside them.

A rating is corrected by its own author, while the window is open, with a reason; the corrected one is kept. After the
window has closed staff may open it again (with a reason, in the audit trail), which lets authors correct too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation import queries, schemes, windows
from trainmgr.evaluation.models import Criterion, Rating, RatingScore, Window
from trainmgr.evaluation.recompute import recompute
from trainmgr.evaluation.rules import THREE, Party, Phase, RatingState
from trainmgr.evaluation.scoring import HIGHEST, LOWEST, party_score
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import moment
from trainmgr.programs import dues
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Step, Work
from trainmgr.programs.thread import refresh

SUBMITTED = audit.sentence("rating.submit", _l("%(who)s rated %(what)s"))
CORRECTED = audit.sentence("rating.correct", _l("%(who)s corrected the rating of %(what)s: %(reason)s"))


@dataclass(frozen=True)
class Answers:
    """What was entered in a rating form: a mark or None ("no chance to see") for each criterion answered."""

    marks: Mapping[int, int | None] = field(default_factory=dict)
    comment: str = ""

    def unanswered(self, questions: Sequence[Criterion]) -> list[Criterion]:
        """Return the criteria that have no answer yet."""
        return [criterion for criterion in questions if criterion.id not in self.marks]


def questions_for(window: Window, party: Party) -> list[Criterion]:
    """Return the criteria that a party rates in a window, by level and in order (with the criteria loaded)."""
    points = window.plan.points[party]
    return [criterion for criterion in queries.criteria_of(window) if criterion.id in points]


def answers_of(rating: Rating | None) -> Answers:
    """Return what a rating holds (its scores must be loaded)."""
    if rating is None:
        return Answers()
    return Answers({score.criterion_id: score.score for score in rating.scores}, rating.comment)


def require_phase(window: Window, now: datetime) -> None:
    """Refuse what is only possible while a window is open, with the sentence that says since or until when."""
    phase = window.phase(now)
    if phase is Phase.PLANNED:
        raise RuleBroken(_("This window opens on %(moment)s.", moment=moment(window.opens_at, now)))
    if phase is Phase.CLOSED:
        raise RuleBroken(
            _(
                "This window closed on %(moment)s. Your entries are kept as a draft; staff can open it again.",
                moment=moment(window.closes_at, now),
            )
        )


def require_rater(window: Window, enrolment: Enrolment, party: Party, by: User) -> None:
    """Refuse a rating by somebody who does not rate this trainee for this party now."""
    require(
        queries.rates(window, enrolment.id, party, by.id),
        _("%(trainee)s is not among those whom you rate in this window.", trainee=enrolment.name),
    )


def require_on_scale(answers: Answers) -> None:
    """Refuse marks that are not on the scale from 1 to 5."""
    beyond = [mark for mark in answers.marks.values() if mark is not None and not LOWEST <= mark <= HIGHEST]
    if beyond:
        raise RuleBroken(_("%(mark)s is not on the scale; marks go from 1 to 5.", mark=beyond[0]))


def save_draft(
    window: Window, enrolment: Enrolment, party: Party, answers: Answers, *, by: User, now: datetime
) -> Rating:
    """Keep what was entered so far; it belongs to its author and counts nowhere."""
    require(window.phase(now) is not Phase.PLANNED, _("This window is not open yet."))
    require(_find_submitted(window, enrolment, party, by) is None, _("This rating is in already."))
    rating = _find_draft(window, enrolment, party, by)
    if rating is None:
        rating = new_rating(window, enrolment.id, party, by, now)
    rating.comment = answers.comment
    _put_scores(rating, answers)
    db.session.flush()
    return rating


def submit(
    program: Program,
    window: Window,
    enrolment: Enrolment,
    party: Party,
    answers: Answers,
    *,
    by: User,
    now: datetime,
) -> Rating:
    """Submit a rating: from now on it counts and never changes. Submitting it twice does it once."""
    windows.require_at_work(program, Work.EVALUATION, window.kind)
    window = queries.lock_window(window)
    known = _find_submitted(window, enrolment, party, by)
    if known is not None and known.rater_id == by.id:
        return known
    if known is not None:
        raise RuleBroken(
            _(
                "%(who)s has rated %(trainee)s already, on %(moment)s.",
                who=known.rater.name,
                trainee=enrolment.name,
                moment=moment(known.submitted_at, now),
            )
        )
    require_phase(window, now)
    require_rater(window, enrolment, party, by)
    require_on_scale(answers)
    questions = questions_for(window, party)
    require(not answers.unanswered(questions), _("Some questions have no answer yet."))
    rating = _find_draft(window, enrolment, party, by) or new_rating(window, enrolment.id, party, by, now)
    _finish(window, rating, answers, now)
    audit.record(
        SUBMITTED, rating, by=by, now=now, program_id=program.id, name=enrolment.name, party=party.value
    )
    _count(program, window, rating, by, now)
    return rating


def correct(
    program: Program,
    window: Window,
    rating: Rating,
    answers: Answers,
    *,
    reason: str,
    by: User,
    now: datetime,
    in_moderation: bool = False,
) -> Rating:
    """Hand in another rating in place of one's own; the first is kept and no longer counts.

    Where the parties talk over how far they are apart, that is possible after the window has closed too.
    """
    windows.require_at_work(program, Work.EVALUATION, window.kind)
    window = queries.lock_window(window)
    rating = db.session.scalars(
        sa.select(Rating)
        .where(Rating.id == rating.id)
        .options(joinedload(Rating.enrolment))
        .execution_options(populate_existing=True)
    ).one()
    require(rating.rater_id == by.id, _("Only its author corrects a rating."))
    successor = db.session.scalar(sa.select(Rating).where(Rating.corrects_id == rating.id))
    if successor is not None:
        return successor
    require(rating.state is RatingState.SUBMITTED, _("Only a rating that was submitted can be corrected."))
    if not in_moderation:
        require_phase(window, now)
    require(reason, _("Say why the rating is corrected."))
    require_on_scale(answers)
    require(
        not answers.unanswered(questions_for(window, rating.party)), _("Some questions have no answer yet.")
    )
    rating.state = RatingState.CORRECTED
    db.session.flush()
    correction = new_rating(window, rating.enrolment_id, rating.party, by, now)
    correction.corrects_id, correction.correction_reason = rating.id, reason
    _finish(window, correction, answers, now)
    audit.record(
        CORRECTED,
        correction,
        by=by,
        now=now,
        program_id=program.id,
        name=rating.enrolment.name,
        reason=reason,
        party=rating.party.value,
    )
    _count(program, window, correction, by, now)
    return correction


def _find_submitted(window: Window, enrolment: Enrolment, party: Party, by: User) -> Rating | None:
    """Return the rating that is in: whoever's it is, but of a party of several one's own."""
    mine = [] if party in THREE else [Rating.rater_id == by.id]
    return db.session.scalars(
        sa.select(Rating)
        .where(
            Rating.window_id == window.id,
            Rating.enrolment_id == enrolment.id,
            Rating.party == party,
            Rating.state == RatingState.SUBMITTED,
            *mine,
        )
        .options(joinedload(Rating.rater))
    ).one_or_none()


def _find_draft(window: Window, enrolment: Enrolment, party: Party, by: User) -> Rating | None:
    return db.session.scalars(
        sa.select(Rating)
        .where(
            Rating.window_id == window.id,
            Rating.enrolment_id == enrolment.id,
            Rating.party == party,
            Rating.rater_id == by.id,
            Rating.state == RatingState.DRAFT,
        )
        .options(selectinload(Rating.scores))
    ).one_or_none()


def new_rating(window: Window, enrolment_id: int, party: Party, by: User, now: datetime) -> Rating:
    """Begin a draft of a rating."""
    rating = Rating(
        program_id=window.program_id,
        window_id=window.id,
        enrolment_id=enrolment_id,
        party=party,
        rater_id=by.id,
        created_at=now,
        scores=[],
    )
    db.session.add(rating)
    return rating


def _put_scores(rating: Rating, answers: Answers) -> None:
    known = {score.criterion_id: score for score in rating.scores}
    for criterion_id, mark in answers.marks.items():
        if criterion_id in known:
            known[criterion_id].score = mark
        else:
            rating.scores.append(RatingScore(criterion_id=criterion_id, score=mark))
    rating.scores = [score for score in rating.scores if score.criterion_id in answers.marks]


def _finish(window: Window, rating: Rating, answers: Answers, now: datetime) -> None:
    questions = {criterion.id for criterion in questions_for(window, rating.party)}
    kept = Answers({c: mark for c, mark in answers.marks.items() if c in questions}, answers.comment)
    _put_scores(rating, kept)
    score = party_score(kept.marks, window.plan.points[rating.party])
    rating.comment, rating.score, rating.coverage = kept.comment, score.value, score.coverage
    rating.state, rating.submitted_at = RatingState.SUBMITTED, now
    db.session.flush()


def _count(program: Program, window: Window, rating: Rating, by: User, now: datetime) -> None:
    """Bring result, tally, the author's inbox and the thread up to date with a rating that just came in."""
    schemes.freeze_if_open(window.scheme, now=now)
    recompute(window, [rating.enrolment_id], now=now)
    windows.count_up(window)
    left = queries.count_owed(window, rating.party, by.id)
    dues.put_many(
        windows.DUE_CODES[rating.party],
        [windows.line(window, by.id, left)],
        program_id=program.id,
        visible_from=local_day(window.opens_at),
    )
    refresh(program.id, Step.EVALUATION, now=now)

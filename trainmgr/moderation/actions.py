"""Writes of moderation: raters keep or revise, moderators decide, trainees appeal and are answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation import ratings
from trainmgr.evaluation.models import Result, Window
from trainmgr.evaluation.queries import lock_window
from trainmgr.evaluation.ratings import Answers
from trainmgr.evaluation.recompute import recompute
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.i18n import moment
from trainmgr.moderation import owed, queries
from trainmgr.moderation.models import (
    Appeal,
    Moderation,
    ModerationDecision,
    ModerationSide,
)
from trainmgr.moderation.rules import (
    AppealState,
    DecisionKind,
    Ending,
    ModerationState,
    SideAnswer,
    Verdict,
    after_answers,
    apart,
    differs,
    in_time,
)
from trainmgr.programs import dues, hooks
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State, Step, Work
from trainmgr.programs.thread import refresh

KEPT = audit.sentence("moderation.keep", _l("%(who)s kept the rating of %(what)s: %(reason)s"))
REVISED = audit.sentence("moderation.revise", _l("%(who)s revised the rating of %(what)s: %(reason)s"))
DECIDED = audit.sentence(
    "moderation.decide", _l("%(who)s decided which marks count for %(what)s: %(reason)s")
)
APPEALED = audit.sentence("appeal.make", _l("%(who)s appealed against a result"))
ANSWERED = audit.sentence("appeal.answer", _l("%(who)s answered the appeal of %(what)s: %(state)s"))
SET = audit.sentence(
    "moderation.set-days",
    _l("%(who)s set %(talk)s days for moderation and %(appeal)s days for appeals in “%(what)s”"),
)


def set_days(program: Program, *, talk: int, appeal: int, version: int, by: User, now: datetime) -> None:
    """Set how long raters may talk and trainees may appeal; what is under way keeps its day."""
    setting = queries.setting_of(program.id)
    if setting.version != version:
        raise Conflict(_("Somebody else changed this meanwhile. Look at it, then save again."))
    if version == 0:
        setting.version = 1
        db.session.add(setting)
    setting.talk_days, setting.appeal_days = talk, appeal
    audit.record(
        SET, program, by=by, now=now, program_id=program.id, name=program.name, talk=talk, appeal=appeal
    )


# --- the raters -----------------------------------------------------------------------------------------


def _locked(moderation: Moderation) -> tuple[Window, Moderation]:
    """Let one person at a time act on a moderation, in the order in which ratings lock: the window first."""
    window = lock_window(moderation.window)
    fresh = db.session.scalars(
        queries.with_everything(sa.select(Moderation))
        .where(Moderation.id == moderation.id)
        .with_for_update(of=Moderation)
        .execution_options(populate_existing=True)
    ).one()
    return window, fresh


def side_of(moderation: Moderation, user: User) -> ModerationSide | None:
    """Return the side for which a person may speak, a waiting one first."""
    mine = [side for side in moderation.sides if side.rater_id == user.id]
    return min(mine, key=lambda side: side.answer is not SideAnswer.WAITING, default=None)


def _turn_of(program: Program, moderation: Moderation, by: User, now: datetime) -> ModerationSide:
    require_open(program, Work.EVALUATION)
    side = side_of(moderation, by)
    require(moderation.state is not ModerationState.CLOSED, _("This moderation has ended already."))
    require(side is not None, _("Only those who are apart answer here."))
    assert side is not None  # said above
    require(side.answer is SideAnswer.WAITING, _("You have answered already."))
    require(
        moderation.state is ModerationState.TALK and now < moderation.answer_until,
        _(
            "The time to answer ended on %(moment)s; a moderator decides.",
            moment=moment(moderation.answer_until, now),
        ),
    )
    return side


def keep(program: Program, moderation: Moderation, *, reason: str, by: User, now: datetime) -> Moderation:
    """Let one's rating stand although another party sees it otherwise, and say why."""
    _window, moderation = _locked(moderation)
    side = _turn_of(program, moderation, by, now)
    require(reason, _("Say why you keep it."))
    side.answer, side.reason, side.answered_at = SideAnswer.KEPT, reason, now
    moderation.state = after_answers([one.answer for one in moderation.sides])
    audit.record(
        KEPT, moderation, by=by, now=now, program_id=program.id, name=moderation.enrolment.name, reason=reason
    )
    owed.renew(program.id, now)
    return moderation


def revise(
    program: Program,
    moderation: Moderation,
    marks: Mapping[int, int],
    *,
    reason: str,
    by: User,
    now: datetime,
) -> Moderation:
    """Hand in another rating beside one's own, with other marks where the parties are apart."""
    window, moderation = _locked(moderation)
    side = _turn_of(program, moderation, by, now)
    require(reason, _("Say why you revise it."))
    given = queries.ratings_of(window.id, [moderation.enrolment_id]).get(moderation.enrolment_id, {})
    rating = given[side.party]
    own = {score.criterion_id: score.score for score in rating.scores}
    asked = apart(queries.marks_in(given), window.scheme.divergence)
    changed = {c: mark for c, mark in marks.items() if c in asked and own.get(c) not in (None, mark)}
    require(changed, _("No mark was changed. Keep the rating, or change a mark."))
    side.answer, side.reason, side.answered_at = SideAnswer.REVISED, reason, now
    side.revised_id = rating.id  # until the new one has an id
    answers = Answers(own | changed, rating.comment)
    revised = ratings.correct(
        program, window, rating, answers, reason=reason, by=by, now=now, in_moderation=True
    )
    side.revised_id = revised.id
    audit.record(
        REVISED,
        moderation,
        by=by,
        now=now,
        program_id=program.id,
        name=moderation.enrolment.name,
        reason=reason,
    )
    if moderation.state is not ModerationState.CLOSED:
        moderation.state = after_answers([one.answer for one in moderation.sides])
    owed.renew(program.id, now)
    return moderation


# --- the moderator ------------------------------------------------------------------------------------------


def decide(
    program: Program, moderation: Moderation, verdict: Verdict, *, reason: str, by: User, now: datetime
) -> ModerationDecision:
    """Decide which marks count; the ratings stay as they are, the result shows the decision."""
    require_open(program, Work.EVALUATION)
    window, moderation = _locked(moderation)
    require(moderation.state is not ModerationState.CLOSED, _("This moderation has ended already."))
    require(side_of(moderation, by) is None, _("Who is a side of it does not decide it."))
    require(reason, _("Say why you decide so."))
    given = queries.ratings_of(window.id, [moderation.enrolment_id]).get(moderation.enrolment_id, {})
    marks = queries.marks_in(given)
    decided = verdict.decided(marks, apart(marks, window.scheme.divergence))
    require(decided or verdict.kind is DecisionKind.KEEP, _("Say which marks count."))
    moderation.state, moderation.ending, moderation.closed_at = ModerationState.CLOSED, Ending.DECIDED, now
    decision = _record(window, moderation.enrolment_id, verdict, decided, reason, by, now)
    decision.moderation_id = moderation.id
    _apply(program, window, decision, now)
    audit.record(
        DECIDED,
        decision,
        by=by,
        now=now,
        program_id=program.id,
        name=moderation.enrolment.name,
        reason=reason,
    )
    owed.renew(program.id, now)
    return decision


def _record(
    window: Window,
    enrolment_id: int,
    verdict: Verdict,
    decided: Mapping[int, int],
    reason: str,
    by: User,
    now: datetime,
) -> ModerationDecision:
    decision = ModerationDecision(
        program_id=window.program_id,
        window_id=window.id,
        enrolment_id=enrolment_id,
        kind=verdict.kind,
        party=verdict.party if verdict.kind is DecisionKind.TAKE else None,
        marks={str(criterion): mark for criterion, mark in decided.items()},
        reason=reason,
        by_id=by.id,
        by_name=by.name,
        at=now,
        before=_composite(window, enrolment_id),
    )
    db.session.add(decision)
    return decision


def _apply(program: Program, window: Window, decision: ModerationDecision, now: datetime) -> None:
    """Bring the result up to date with a decision, and everything that hangs on it."""
    db.session.flush()
    recompute(window, [decision.enrolment_id], now=now)
    decision.after = _composite(window, decision.enrolment_id)
    refresh(program.id, Step.EVALUATION, now=now)


def _composite(window: Window, enrolment_id: int) -> float | None:
    return db.session.scalar(
        sa.select(Result.composite).where(Result.window_id == window.id, Result.enrolment_id == enrolment_id)
    )


# --- appeals --------------------------------------------------------------------------------------------------


def require_appealable(window: Window, told: queries.Told, now: datetime) -> None:
    """Refuse an appeal that is too early, too late or the second one."""
    require(told.appeal is None, _("You have appealed against this result already."))
    require(
        now >= window.closes_at,
        _("You may appeal when the window has closed, on %(moment)s.", moment=moment(window.closes_at, now)),
    )
    require(
        in_time(window.closes_at, told.appeal_until, now),
        _("The time to appeal ended on %(moment)s.", moment=moment(told.appeal_until, now)),
    )


@hooks.before_entering(State.CLOSED)
def keep_the_days_of_appeal(program: Program, now: datetime) -> None:
    """A programme is not closed over the heads of those who may still appeal."""
    until = queries.appeals_until(program.id)
    if until is not None and now < until:
        raise RuleBroken(
            _(
                "Trainees may appeal until %(moment)s. Close the programme after that, or set fewer days for appeals.",
                moment=moment(until, now),
            )
        )


def make_appeal(
    program: Program, window: Window, enrolment: Enrolment, *, grounds: str, by: User, now: datetime
) -> Appeal:
    """Object to one's own result of a window that has closed, once and in time."""
    require_open(program, Work.EVALUATION)
    window = lock_window(window)
    require(enrolment.user_id == by.id, _("Only the trainee appeals against a result."))
    require_appealable(window, queries.told_of(window, enrolment), now)
    require(_composite(window, enrolment.id) is not None, _("There is no result to appeal against."))
    require(grounds, _("Say what is wrong with the result."))
    appeal = Appeal(
        program_id=program.id,
        window_id=window.id,
        enrolment_id=enrolment.id,
        grounds=grounds,
        made_at=now,
    )
    db.session.add(appeal)
    audit.record(APPEALED, appeal, by=by, now=now, program_id=program.id, name=window.name)
    owed.renew(program.id, now)
    refresh(program.id, Step.RESULT, now=now)
    return appeal


def answer_appeal(
    program: Program,
    appeal: Appeal,
    marks: Mapping[int, int],
    *,
    uphold: bool,
    answer: str,
    by: User,
    now: datetime,
) -> Appeal:
    """Uphold an appeal by setting the marks that count, or reject it; the reason goes to the trainee."""
    require_open(program, Work.EVALUATION)
    window = lock_window(appeal.window)
    db.session.refresh(appeal, attribute_names=["state"], with_for_update=True)
    require(appeal.state is AppealState.OPEN, _("This appeal has been answered already."))
    require(answer, _("Give the reason; the trainee reads it."))
    if uphold:
        _uphold(program, window, appeal, marks, answer, by, now)
    appeal.state = AppealState.UPHELD if uphold else AppealState.REJECTED
    appeal.answer, appeal.answered_by_id, appeal.answered_by, appeal.answered_at = answer, by.id, by.name, now
    audit.record(
        ANSWERED,
        appeal,
        by=by,
        now=now,
        program_id=program.id,
        name=appeal.enrolment.name,
        reason=answer,
        state=appeal.state.value,
    )
    if appeal.enrolment.user_id is not None:
        owed.tell_answer(window, appeal.enrolment.user_id, now)
    owed.renew(program.id, now)
    refresh(program.id, Step.RESULT, now=now)
    return appeal


def note_read(program: Program, window: Window, *, by: User) -> None:
    """Take the answer to one's own appeal off one's inbox: it was read."""
    dues.drop(owed.READ, program_id=program.id, subject_ids=[window.id], user_ids=[by.id])


def _uphold(
    program: Program,
    window: Window,
    appeal: Appeal,
    marks: Mapping[int, int],
    answer: str,
    by: User,
    now: datetime,
) -> None:
    given = queries.ratings_of(window.id, [appeal.enrolment_id]).get(appeal.enrolment_id, {})
    standing = queries.decided_of(window.id, [appeal.enrolment_id]).get(appeal.enrolment_id, {})
    new = {criterion: mark for criterion, mark in marks.items() if standing.get(criterion) != mark}
    require(
        new and (standing or differs(queries.marks_in(given), new)),
        _("An appeal is upheld by at least one mark that changes."),
    )
    verdict = Verdict(DecisionKind.SET, marks=new)
    decision = _record(window, appeal.enrolment_id, verdict, new, answer, by, now)
    decision.appeal_id = appeal.id
    _apply(program, window, decision, now)

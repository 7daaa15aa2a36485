"""Reads of moderations, decisions and appeals; rows about trainees start from who the viewer may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.evaluation.decided import decides, tells
from trainmgr.evaluation.models import Rating, Result, Scheme, Window
from trainmgr.evaluation.queries import is_in_training, terminal_window
from trainmgr.evaluation.rules import Party, RatingState, is_survey
from trainmgr.evaluation.scoring import Marks
from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.moderation import owed
from trainmgr.moderation.models import (
    Appeal,
    Moderation,
    ModerationDecision,
    ModerationSetting,
    ModerationSide,
)
from trainmgr.moderation.rules import APPEAL_DAYS, SPEAKING, TALK_DAYS, AppealState, ModerationState
from trainmgr.programs.models import Due, Program
from trainmgr.programs.queries import may

Given = dict[Party, Rating]


# --- what counts ------------------------------------------------------------------------------------


@decides
def decided_of(window_id: int, enrolment_ids: Sequence[int]) -> dict[int, dict[int, int]]:
    """Return the marks that moderators decided for some trainees in a window; of several the newest (one statement)."""
    found: dict[int, dict[int, int]] = {}
    for enrolment_id, marks in db.session.execute(
        sa.select(ModerationDecision.enrolment_id, ModerationDecision.marks)
        .where(ModerationDecision.window_id == window_id, ModerationDecision.enrolment_id.in_(enrolment_ids))
        .order_by(ModerationDecision.id)
    ):
        found.setdefault(enrolment_id, {}).update({int(c): int(mark) for c, mark in marks.items()})
    return found


def setting_of(program_id: int) -> ModerationSetting:
    """Return a programme's days, or the usual ones (not saved)."""
    return db.session.get(ModerationSetting, program_id) or ModerationSetting(
        program_id=program_id,
        talk_days=TALK_DAYS,
        appeal_days=APPEAL_DAYS,
        version=0,
    )


def ratings_of(window_id: int, enrolment_ids: Sequence[int]) -> dict[int, Given]:
    """Return the submitted ratings of those parties that can be asked, with scores and rater (two statements)."""
    found: dict[int, Given] = {}
    for rating in db.session.scalars(
        sa.select(Rating)
        .where(
            Rating.window_id == window_id,
            Rating.enrolment_id.in_(enrolment_ids),
            Rating.state == RatingState.SUBMITTED,
            Rating.party.in_(SPEAKING),
        )
        .options(joinedload(Rating.rater), selectinload(Rating.scores))
        .execution_options(populate_existing=True)
    ):
        found.setdefault(rating.enrolment_id, {})[rating.party] = rating
    return found


def marks_in(given: Given) -> dict[Party, Marks]:
    """Return what each party gave, in their fixed order."""
    return {p: {s.criterion_id: s.score for s in given[p].scores} for p in SPEAKING if p in given}


def private_to(enrolment: Enrolment, window: Window, viewer: User) -> frozenset[int]:
    """Return the criteria on which the trainee's marks are answers about the training: nobody else reads them."""
    if enrolment.user_id == viewer.id:
        return frozenset()
    return frozenset(one.id for one in window.scheme.criteria if is_survey(one.level, Party.TRAINEE))


# --- moderations --------------------------------------------------------------------------------------


def runs(program: Program, viewer: User) -> bool:
    """Tell whether the viewer sees the moderations of everybody in sight, not only those they are a side of."""
    return may(program, viewer, Permission.RESULT_VIEW_ALL) and may(
        program, viewer, Permission.MODERATION_VIEW
    )


def in_sight(program: Program, viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Moderation and its Enrolment that leaves what the viewer may see."""
    mine = sa.exists().where(
        ModerationSide.moderation_id == Moderation.id, ModerationSide.rater_id == viewer.id
    )
    return sa.and_(
        Moderation.program_id == program.id,
        visible_in(program, viewer),
        sa.true() if runs(program, viewer) else mine,
    )


def list_moderations(
    program: Program, viewer: User, listing: Listing, state: ModerationState | None
) -> Page[Any]:
    """Return a page of moderations, those under way first."""
    statement = (
        sa.select(Moderation)
        .join(Enrolment, Enrolment.id == Moderation.enrolment_id)
        .where(in_sight(program, viewer))
        .options(
            joinedload(Moderation.enrolment), joinedload(Moderation.window), selectinload(Moderation.sides)
        )
    )
    if state is not None:
        statement = statement.where(Moderation.state == state)
    if listing.q:
        statement = statement.where(contains(Enrolment.name, listing.q))
    open_first = sa.case((Moderation.state == ModerationState.CLOSED, 1), else_=0)
    orders: dict[str, list[Any]] = {
        "state": [open_first, Moderation.answer_until, Moderation.id],
        "name": [Enrolment.name, Moderation.id],
        "gap": [Moderation.gap, Moderation.id],
        "until": [Moderation.answer_until, Moderation.id],
    }
    return paginate(statement, listing, orders=orders, default="state")


def with_everything(statement: sa.Select[Any]) -> sa.Select[Any]:
    """Load moderations with their sides, trainee and window with criteria (two statements besides)."""
    return statement.options(
        joinedload(Moderation.enrolment),
        selectinload(Moderation.sides),
        joinedload(Moderation.window).joinedload(Window.scheme).selectinload(Scheme.criteria),
    )


def moderation_or_404(program: Program, moderation_id: int, viewer: User) -> Moderation:
    """Return a moderation in sight with its sides, trainee and window with criteria, or answer 404."""
    return db.session.scalars(
        with_everything(sa.select(Moderation))
        .join(Enrolment, Enrolment.id == Moderation.enrolment_id)
        .where(Moderation.id == moderation_id, in_sight(program, viewer))
    ).one_or_none() or abort(404)


def decision_in(moderation: Moderation) -> ModerationDecision | None:
    """Return what was decided in a moderation, if anything."""
    return db.session.scalars(
        sa.select(ModerationDecision).where(ModerationDecision.moderation_id == moderation.id)
    ).one_or_none()


# --- appeals --------------------------------------------------------------------------------------------


def list_appeals(program: Program, viewer: User, listing: Listing, state: AppealState | None) -> Page[Any]:
    """Return a page of appeals, those to be answered first."""
    statement = (
        sa.select(Appeal)
        .join(Enrolment, Enrolment.id == Appeal.enrolment_id)
        .where(Appeal.program_id == program.id, visible_in(program, viewer))
        .options(joinedload(Appeal.enrolment), joinedload(Appeal.window))
    )
    if state is not None:
        statement = statement.where(Appeal.state == state)
    if listing.q:
        statement = statement.where(contains(Enrolment.name, listing.q))
    open_first = sa.case((Appeal.state == AppealState.OPEN, 0), else_=1)
    orders: dict[str, list[Any]] = {
        "state": [open_first, Appeal.made_at, Appeal.id],
        "name": [Enrolment.name, Appeal.id],
        "made": [Appeal.made_at, Appeal.id],
    }
    return paginate(statement, listing, orders=orders, default="state")


def appeals_until(program_id: int) -> datetime | None:
    """Return until when somebody may still appeal against the result of the training; None where nobody has one.

    Who has appealed already, or has no account to do it with, does not count.
    """
    final = terminal_window(program_id)
    if final is None:
        return None
    may_appeal = (
        sa.select(Result.id)
        .join(Enrolment, Enrolment.id == Result.enrolment_id)
        .outerjoin(Appeal, sa.and_(Appeal.window_id == final.id, Appeal.enrolment_id == Enrolment.id))
        .where(
            Result.window_id == final.id,
            Result.composite.is_not(None),
            is_in_training(),
            Enrolment.user_id.is_not(None),
            Appeal.id.is_(None),
        )
    )
    if not db.session.scalar(sa.select(may_appeal.exists())):
        return None
    return final.closes_at + timedelta(days=setting_of(program_id).appeal_days)


def appeal_of(appeal_id: int) -> Appeal:
    """Return an appeal with its trainee and the window's criteria, for those who do not look on anybody's behalf."""
    return db.session.scalars(
        sa.select(Appeal)
        .where(Appeal.id == appeal_id)
        .options(
            joinedload(Appeal.enrolment),
            joinedload(Appeal.window).joinedload(Window.scheme).selectinload(Scheme.criteria),
        )
    ).one()


def appeal_or_404(program: Program, appeal_id: int, viewer: User) -> Appeal:
    """Return an appeal of a trainee in sight with the window and its criteria, or answer 404."""
    return db.session.scalars(
        sa.select(Appeal)
        .join(Enrolment, Enrolment.id == Appeal.enrolment_id)
        .where(Appeal.id == appeal_id, Appeal.program_id == program.id, visible_in(program, viewer))
        .options(
            joinedload(Appeal.enrolment),
            joinedload(Appeal.window).joinedload(Window.scheme).selectinload(Scheme.criteria),
        )
    ).one_or_none() or abort(404)


def own_enrolment(program: Program, viewer: User) -> Enrolment | None:
    """Return the viewer's own enrolment in a programme, if any."""
    found: Enrolment | None = db.session.scalars(
        sa.select(Enrolment).where(Enrolment.program_id == program.id, Enrolment.user_id == viewer.id)
    ).one_or_none()
    return found


def is_unread(window: Window, viewer: User) -> bool:
    """Tell whether the answer to the viewer's appeal still stands in the inbox (one statement)."""
    mine = (Due.code == owed.READ, Due.subject_id == window.id, Due.user_id == viewer.id)
    return bool(db.session.scalar(sa.select(sa.exists().where(Due.program_id == window.program_id, *mine))))


# --- what a result's page tells -------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What happened to a result beside the ratings: the last moderation, decisions in their order, the appeal."""

    window_id: int
    moderation: Moderation | None
    everywhere: Sequence[ModerationDecision]  # in this window and the programme's others
    appeal: Appeal | None
    appeal_until: datetime

    @property
    def decisions(self) -> Sequence[ModerationDecision]:
        """What was decided about this window's result."""
        return [one for one in self.everywhere if one.window_id == self.window_id]

    def decided(self, window_id: int) -> Mapping[int, int]:
        """Return the marks that count by decision in a window."""
        about = (one for one in self.everywhere if one.window_id == window_id)
        return {criterion: mark for one in about for criterion, mark in one.decided.items()}


@tells
def told_of(window: Window, enrolment: Enrolment) -> Told:
    """Return what happened to a trainee's result in a window (one statement)."""
    last = (
        sa.select(sa.func.max(Moderation.id))
        .where(Moderation.window_id == window.id, Moderation.enrolment_id == enrolment.id)
        .scalar_subquery()
    )

    def here(kind: Any) -> sa.ColumnElement[bool]:
        return sa.and_(kind.window_id == window.id, kind.enrolment_id == enrolment.id)

    rows = db.session.execute(
        sa.select(ModerationSetting.appeal_days, Moderation, ModerationDecision, Appeal)
        .select_from(Program)
        .outerjoin(ModerationSetting, ModerationSetting.program_id == Program.id)
        .outerjoin(Moderation, Moderation.id == last)
        .outerjoin(Appeal, here(Appeal))
        .outerjoin(ModerationDecision, ModerationDecision.enrolment_id == enrolment.id)
        .where(Program.id == window.program_id)
        .order_by(ModerationDecision.id)
    ).all()
    days, moderation, _, appeal = rows[0]
    found: list[ModerationDecision | None] = [row[2] for row in rows]
    decisions = [one for one in found if one is not None]
    until = window.closes_at + timedelta(days=days or APPEAL_DAYS)
    return Told(window.id, moderation, decisions, appeal, until)

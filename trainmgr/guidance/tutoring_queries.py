"""Reads of signs and tutoring tasks; every row starts from the trainees whom the viewer guides or oversees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, contains_eager

from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.rules import IN_TRAINING
from trainmgr.guidance.models import (
    GuidanceSetting,
    RiskRuleRow,
    RiskSign,
    SignState,
    TutoringState,
    TutoringTask,
)
from trainmgr.guidance.queries import guided_in
from trainmgr.guidance.risk import KINDLY, REASONS, RiskCode
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.i18n import say
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program


def told(sign: RiskSign, *, kindly: bool = False) -> str:
    """Return why somebody is on the list, with the figures; or as the trainee reads it."""
    return say((KINDLY if kindly else REASONS)[sign.code], sign.params)


@dataclass(frozen=True)
class Figures:
    """How many of those in training have an open sign, by what was looked at."""

    people: int
    at_risk: int
    listed: int  # how many of those at risk the list is narrowed to
    looked_on: date | None
    by_code: dict[RiskCode, int]


def narrowed_to(q: str, code: RiskCode | None, cohort: int | None) -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment for whom the list shows: an open sign (of a kind), a class, a name."""
    sign = aliased(RiskSign)
    has = sa.exists().where(sign.enrolment_id == Enrolment.id, sign.state == SignState.OPEN)
    conditions: list[Any] = [has if code is None else has.where(sign.code == code)]
    if cohort is not None:
        conditions.append(Enrolment.cohort_id == cohort)
    if q:
        conditions.append(contains(Enrolment.name, q))
    return sa.and_(*conditions)


def figures_of(program: Program, viewer: User, narrowed: sa.ColumnElement[bool]) -> Figures:
    """Count signs among the trainees in the viewer's care, and say when it was looked last: one statement."""
    open_ = sa.and_(RiskSign.enrolment_id == Enrolment.id, RiskSign.state == SignState.OPEN)
    codes = list(RiskCode)
    looked = sa.select(GuidanceSetting.looked_on).where(GuidanceSetting.program_id == program.id)
    people, at_risk, listed, looked_on, *numbers = db.session.execute(
        sa.select(
            sa.func.count(Enrolment.id.distinct()),
            sa.func.count(RiskSign.enrolment_id.distinct()),
            sa.func.count(sa.case((narrowed, Enrolment.id)).distinct()),
            looked.scalar_subquery(),
            *(sa.func.count(sa.case((RiskSign.code == code, RiskSign.id))) for code in codes),
        )
        .select_from(Enrolment)
        .outerjoin(RiskSign, open_)
        .where(guided_in(program, viewer), Enrolment.state.in_(IN_TRAINING))
    ).one()
    by_code = {code: count for code, count in zip(codes, numbers, strict=True) if count}
    return Figures(people, at_risk, listed, looked_on, by_code)


def list_at_risk(
    program: Program, viewer: User, listing: Listing, narrowed: sa.ColumnElement[bool], listed: int
) -> Page[Any]:
    """Return a page of trainees with open signs, those with most first, each with the signs: two statements.

    `narrowed` and `listed` are whom the list shows and how many they are.
    """
    count = (
        sa.select(sa.func.count())
        .where(RiskSign.enrolment_id == Enrolment.id, RiskSign.state == SignState.OPEN)
        .correlate(Enrolment)
        .scalar_subquery()
    )
    statement = (
        sa.select(Enrolment)
        .outerjoin(Enrolment.cohort)
        .where(guided_in(program, viewer), Enrolment.state.in_(IN_TRAINING), narrowed)
        .options(contains_eager(Enrolment.cohort))
    )
    orders: dict[str, list[Any]] = {
        "signs": [-count, Enrolment.name, Enrolment.id],
        "name": [Enrolment.name, Enrolment.id],
        "class": [Cohort.name, Enrolment.name, Enrolment.id],
    }
    page = paginate(statement, listing, orders=orders, default="signs", total=listed)
    signs = _signs([one.id for one in page.items])
    rows = [(one, signs.get(one.id, [])) for one in page.items]
    return Page(rows, page.number, page.size, page.total, page.q, page.sort, page.direction)


def _signs(enrolment_ids: Sequence[int]) -> dict[int, list[RiskSign]]:
    found: dict[int, list[RiskSign]] = {}
    for sign in db.session.scalars(
        sa.select(RiskSign)
        .where(RiskSign.enrolment_id.in_(enrolment_ids), RiskSign.state == SignState.OPEN)
        .order_by(RiskSign.id)
    ):
        found.setdefault(sign.enrolment_id, []).append(sign)
    return found


def signs_of(enrolment: Enrolment) -> list[RiskSign]:
    """Return a trainee's open signs, and what was decided on earlier ones: the newest twenty."""
    waits = sa.case((RiskSign.state == SignState.OPEN, 0), else_=1)
    return list(
        db.session.scalars(
            sa.select(RiskSign)
            .where(RiskSign.enrolment_id == enrolment.id, RiskSign.state != SignState.GONE)
            .order_by(waits, RiskSign.id.desc())
            .limit(20)
        )
    )


def sign_or_404(program: Program, sign_id: int, viewer: User) -> RiskSign:
    """Return a sign of a trainee whom the viewer guides, or answer 404."""
    sign: RiskSign | None = db.session.scalars(
        sa.select(RiskSign)
        .join(RiskSign.enrolment)
        .where(RiskSign.id == sign_id, guided_in(program, viewer))
        .options(contains_eager(RiskSign.enrolment))
    ).one_or_none()
    return sign if sign is not None else abort(404)


def tasks_of(enrolment: Enrolment) -> list[TutoringTask]:
    """Return a trainee's tutoring tasks, open ones first."""
    over = sa.case((TutoringTask.state == TutoringState.OPEN, 0), else_=1)
    return list(
        db.session.scalars(
            sa.select(TutoringTask)
            .where(TutoringTask.enrolment_id == enrolment.id)
            .order_by(over, TutoringTask.due_on, TutoringTask.id)
        )
    )


def task_or_404(program: Program, task_id: int, viewer: User) -> TutoringTask:
    """Return a tutoring task of a trainee whom the viewer guides, or answer 404."""
    task: TutoringTask | None = db.session.scalars(
        sa.select(TutoringTask)
        .join(TutoringTask.enrolment)
        .where(TutoringTask.id == task_id, guided_in(program, viewer))
        .options(contains_eager(TutoringTask.enrolment))
    ).one_or_none()
    return task if task is not None else abort(404)


def list_tasks(
    program: Program, viewer: User, listing: Listing, state: TutoringState | None, *, mine: bool
) -> Page[Any]:
    """Return a page of tutoring tasks, open ones first: two statements."""
    conditions: list[Any] = [guided_in(program, viewer)]
    if state is not None:
        conditions.append(TutoringTask.state == state)
    if mine:
        conditions.append(TutoringTask.tutor_id == viewer.id)
    if listing.q:
        conditions.append(sa.or_(contains(Enrolment.name, listing.q), contains(TutoringTask.what, listing.q)))
    over = sa.case((TutoringTask.state == TutoringState.OPEN, 0), else_=1)
    statement = (
        sa.select(TutoringTask)
        .join(TutoringTask.enrolment)
        .where(*conditions)
        .options(contains_eager(TutoringTask.enrolment))
    )
    orders: dict[str, list[Any]] = {
        "state": [over, TutoringTask.due_on, TutoringTask.id],
        "name": [Enrolment.name, TutoringTask.id],
        "due": [TutoringTask.due_on, TutoringTask.id],
    }
    return paginate(statement, listing, orders=orders, default="state")


def rule_history(program_id: int) -> dict[RiskCode, list[RiskRuleRow]]:
    """Return every version of the programme's rules, the newest first."""
    found: dict[RiskCode, list[RiskRuleRow]] = {}
    for row in db.session.scalars(
        sa.select(RiskRuleRow).where(RiskRuleRow.program_id == program_id).order_by(RiskRuleRow.id.desc())
    ):
        found.setdefault(row.code, []).append(row)
    return found

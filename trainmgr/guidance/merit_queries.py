"""Reads of points and awards; every row starts from the trainees whom the viewer guides or oversees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Response, abort
from flask_babel import gettext as _
from sqlalchemy.orm import aliased, contains_eager, joinedload

from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.guidance.models import (
    AwardWithdrawal,
    GuidanceAward,
    GuidanceSetting,
    PointConsent,
    PointEntry,
    PointRule,
)
from trainmgr.guidance.plan_models import StudyPlan
from trainmgr.guidance.queries import PRESENT, guided_in, usual_setting
from trainmgr.guidance.rules import TOP, Balance
from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.i18n import day
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.kernel.sheets.columns import Column
from trainmgr.kernel.sheets.writer import send_rows
from trainmgr.programs.models import Program
from trainmgr.programs.queries import sides_of
from trainmgr.programs.rules import Side

LATEST = 20


def rules_of(program_id: int, *, retired: bool = False) -> list[PointRule]:
    """Return a programme's reasons for points by side; retired ones on request."""
    statement = sa.select(PointRule).where(PointRule.program_id == program_id)
    if not retired:
        statement = statement.where(PointRule.retired_on.is_(None))
    over = sa.case((PointRule.retired_on.is_(None), 0), else_=1)
    return list(db.session.scalars(statement.order_by(over, PointRule.side, PointRule.name, PointRule.id)))


def rule_or_404(program: Program, rule_id: int) -> PointRule:
    """Return a reason of a programme, or answer 404."""
    rule: PointRule | None = db.session.scalars(
        sa.select(PointRule).where(PointRule.id == rule_id, PointRule.program_id == program.id)
    ).one_or_none()
    return rule if rule is not None else abort(404)


def sides_for(program: Program, viewer: User) -> list[Side]:
    """Return the sides for which somebody gives points and awards."""
    allowed = sides_of(program, viewer, Permission.GUIDANCE_GIVE)
    return [side for side in Side if side in allowed]


@dataclass(frozen=True)
class Line:
    """An entry of points; `undone` says that it was cancelled."""

    entry: PointEntry
    undone: bool


def entries_of(enrolment: Enrolment) -> list[Line]:
    """Return a trainee's last entries, the newest first: one statement."""
    other = aliased(PointEntry)
    undone = sa.exists().where(other.cancels_id == PointEntry.id)
    rows = db.session.execute(
        sa.select(PointEntry, undone)
        .where(PointEntry.enrolment_id == enrolment.id)
        .options(joinedload(PointEntry.rule))
        .order_by(PointEntry.id.desc())
        .limit(LATEST)
    )
    return [Line(row[0], bool(row[1])) for row in rows]


def entry_or_404(program: Program, entry_id: int, viewer: User) -> PointEntry:
    """Return an entry of a trainee whom the viewer guides, or answer 404."""
    entry: PointEntry | None = db.session.scalars(
        sa.select(PointEntry)
        .join(PointEntry.enrolment)
        .where(PointEntry.id == entry_id, guided_in(program, viewer))
        .options(contains_eager(PointEntry.enrolment), joinedload(PointEntry.rule))
    ).one_or_none()
    return entry if entry is not None else abort(404)


def _sum(side: Side) -> Any:
    return sa.func.coalesce(sa.func.sum(sa.case((PointEntry.side == side, PointEntry.points), else_=0)), 0)


def _balance(enrolment_id: int) -> sa.Subquery:
    """A trainee's points of both sides, always one row."""
    sides = (_sum(Side.COLLEGE).label("college"), _sum(Side.ENTERPRISE).label("enterprise"))
    return sa.select(*sides).where(PointEntry.enrolment_id == enrolment_id).subquery()


def balance_and_plan(enrolment_id: int) -> tuple[Balance, StudyPlan | None]:
    """Return a trainee's points of both sides and the cycle that is under way: one statement."""
    points = _balance(enrolment_id)
    running = sa.and_(StudyPlan.enrolment_id == enrolment_id, StudyPlan.closed_at.is_(None))
    college, enterprise, plan = db.session.execute(
        sa.select(points.c.college, points.c.enterprise, StudyPlan)
        .select_from(points)
        .outerjoin(StudyPlan, running)
    ).one()
    return Balance(int(college), int(enterprise)), plan


@dataclass(frozen=True)
class Earned:
    """A trainee's points, the programme's choices, and whether the trainee agreed to stand in the ranking by name."""

    balance: Balance
    setting: GuidanceSetting
    consented: bool


def earned_by(enrolment: Enrolment) -> Earned:
    """Return a trainee's points with what decides how they are shown: one statement."""
    points = _balance(enrolment.id)
    college, enterprise, setting, consent = db.session.execute(
        sa.select(points.c.college, points.c.enterprise, GuidanceSetting, PointConsent.enrolment_id)
        .select_from(points)
        .outerjoin(GuidanceSetting, GuidanceSetting.program_id == enrolment.program_id)
        .outerjoin(PointConsent, PointConsent.enrolment_id == enrolment.id)
    ).one()
    setting = setting or usual_setting(enrolment.program_id)
    return Earned(Balance(int(college), int(enterprise)), setting, consent is not None)


def awards_of(enrolment: Enrolment) -> list[GuidanceAward]:
    """Return a trainee's awards, withdrawn ones too, the newest first."""
    return list(
        db.session.scalars(
            sa.select(GuidanceAward)
            .where(GuidanceAward.enrolment_id == enrolment.id)
            .options(joinedload(GuidanceAward.withdrawal))
            .order_by(GuidanceAward.awarded_on.desc(), GuidanceAward.id.desc())
        )
    )


def award_or_404(program: Program, award_id: int, viewer: User) -> GuidanceAward:
    """Return an award of a trainee whom the viewer guides, or answer 404."""
    award: GuidanceAward | None = db.session.scalars(
        sa.select(GuidanceAward)
        .join(GuidanceAward.enrolment)
        .where(GuidanceAward.id == award_id, guided_in(program, viewer))
        .options(contains_eager(GuidanceAward.enrolment), joinedload(GuidanceAward.withdrawal))
    ).one_or_none()
    return award if award is not None else abort(404)


@dataclass(frozen=True)
class Standing:
    """A trainee's points of both sides and awards."""

    enrolment: Enrolment
    college: int
    enterprise: int
    awards: int

    @property
    def balance(self) -> Balance:
        """The points of both levels."""
        return Balance(self.college, self.enterprise)


def _awards_count() -> Any:
    gone = sa.exists().where(AwardWithdrawal.award_id == GuidanceAward.id)
    count = sa.select(sa.func.count()).where(GuidanceAward.enrolment_id == Enrolment.id, sa.not_(gone))
    return count.correlate(Enrolment).scalar_subquery()


def _standings(program: Program, viewer: User) -> tuple[sa.Select[Any], Any, Any, Any]:
    sums = (
        sa.select(
            PointEntry.enrolment_id,
            _sum(Side.COLLEGE).label("college"),
            _sum(Side.ENTERPRISE).label("enterprise"),
        )
        .where(PointEntry.program_id == program.id)
        .group_by(PointEntry.enrolment_id)
        .subquery()
    )
    college, enterprise = (sa.func.coalesce(one, 0) for one in (sums.c.college, sums.c.enterprise))
    awards = _awards_count()
    statement = (
        sa.select(Enrolment, college, enterprise, awards)
        .outerjoin(Enrolment.cohort)
        .outerjoin(sums, sums.c.enrolment_id == Enrolment.id)
        .where(guided_in(program, viewer), PRESENT)
        .options(contains_eager(Enrolment.cohort))
    )
    return statement, college, enterprise, awards


def list_standings(program: Program, viewer: User, listing: Listing, cohort: int | None) -> Page[Any]:
    """Return a page of points and awards of the trainees in the viewer's care: two statements."""
    statement, college, enterprise, awards = _standings(program, viewer)
    total = sa.select(sa.func.count()).select_from(Enrolment).where(guided_in(program, viewer), PRESENT)
    if listing.q:
        statement = statement.where(contains(Enrolment.name, listing.q))
        total = total.where(contains(Enrolment.name, listing.q))
    if cohort is not None:
        statement = statement.where(Enrolment.cohort_id == cohort)
        total = total.where(Enrolment.cohort_id == cohort)
    orders: dict[str, list[Any]] = {
        "name": [Enrolment.name, Enrolment.id],
        "class": [Cohort.name, Enrolment.name, Enrolment.id],
        "college": [college, Enrolment.id],
        "enterprise": [enterprise, Enrolment.id],
        "total": [college + enterprise, Enrolment.id],
        "awards": [awards, Enrolment.id],
    }
    page = paginate(
        statement, listing, orders=orders, default="name", total=db.session.scalar(total) or 0, scalars=False
    )
    rows = [Standing(row[0], int(row[1]), int(row[2]), row[3]) for row in page.items]
    return Page(rows, page.number, page.size, page.total, page.q, page.sort, page.direction)


def top_of(program: Program, enrolment: Enrolment) -> Sequence[Any]:
    """Return the first ten of a trainee's class among those who agreed, as (name, points): one statement."""
    total = sa.func.coalesce(sa.func.sum(PointEntry.points), 0)
    same = (
        Enrolment.cohort_id == enrolment.cohort_id if enrolment.cohort_id else Enrolment.cohort_id.is_(None)
    )
    return db.session.execute(
        sa.select(Enrolment.name, total)
        .join(PointConsent, PointConsent.enrolment_id == Enrolment.id)
        .outerjoin(PointEntry, PointEntry.enrolment_id == Enrolment.id)
        .where(Enrolment.program_id == program.id, same, PRESENT)
        .group_by(Enrolment.id, Enrolment.name)
        .order_by(total.desc(), Enrolment.id)
        .limit(TOP)
    ).all()


COLUMNS = (
    Column("name", N_("Trainee"), width=14),
    Column("number", N_("Student no."), width=16),
    Column("class", N_("Class"), width=16),
    Column("day", N_("Date"), width=12),
    Column("side", N_("Side"), width=10),
    Column("aspect", N_("About"), width=16),
    Column("reason", N_("Reason"), width=30),
    Column("points", N_("Points"), width=8),
    Column("by", N_("Given by"), width=14),
    Column("note", N_("Remark"), width=30),
)


def _rows(program: Program, viewer: User) -> Iterator[list[Any]]:
    rows = db.session.scalars(
        sa.select(PointEntry)
        .join(PointEntry.enrolment)
        .outerjoin(Enrolment.cohort)
        .where(PointEntry.program_id == program.id, guided_in(program, viewer))
        .options(
            contains_eager(PointEntry.enrolment).contains_eager(Enrolment.cohort), joinedload(PointEntry.rule)
        )
        .order_by(PointEntry.day, PointEntry.id)
        .execution_options(yield_per=1000)
    )
    for one in rows:
        who = one.enrolment
        yield [
            who.name,
            who.student_number,
            who.cohort.name if who.cohort else "",
            day(one.day),
            str(one.rule.side_label),
            str(one.rule.aspect_label),
            one.rule.name,
            one.points,
            one.by_name,
            one.note,
        ]


def send_points(program: Program, viewer: User) -> Response:
    """Hand out every entry of points, counter-entries too, as a workbook."""
    title = _("Points earned")
    return send_rows(COLUMNS, _rows(program, viewer), f"{program.label} {title}.xlsx", title=title)

"""Reads of one enterprise over all programmes that it takes part in, as far as the viewer sees its trainees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import load_only

from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation.models import Criterion, Rating, RatingScore, Result, Scheme, Window
from trainmgr.evaluation.queries import is_in_training
from trainmgr.evaluation.rules import Level, Party, RatingState, WindowKind
from trainmgr.evaluation.scoring import NOISE
from trainmgr.identity.models import Organization, OrganizationKind, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.outcomes.models import GapClosure
from trainmgr.programs.models import Program
from trainmgr.programs.queries import enterprises_of

PAGE = 20


def _seen(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Program and Enrolment that `visible_in` sets in one programme, over all of them."""
    colleges = viewer.organizations_as(Role.ADMINISTRATOR, Role.STAFF)
    return sa.or_(
        Program.lead_college_id.in_(colleges),
        Enrolment.college_id.in_(colleges),
        Program.department_id.in_(viewer.departments_as(Role.DEPARTMENT_STAFF)),
        Enrolment.enterprise_id.in_(viewer.organizations_as(Role.ENTERPRISE_COORDINATOR)),
    )


def enterprise_or_404(organization_id: int) -> Organization:
    """Return an enterprise, or answer 404 (look next at whether the viewer sees any of its trainees)."""
    found: Organization | None = db.session.scalars(
        sa.select(Organization).where(
            Organization.id == organization_id, Organization.kind == OrganizationKind.ENTERPRISE
        )
    ).one_or_none()
    return found or abort(404)


def enterprises_shown(program: Program, viewer: User) -> list[Organization]:
    """Return the enterprises of a programme whose page the viewer may open: a coordinator's own, a college's all."""
    all_of = [party.organization for party in enterprises_of(program)]
    if viewer.organizations_as(Role.ADMINISTRATOR, Role.STAFF, Role.DEPARTMENT_STAFF):
        return all_of
    own = viewer.organizations_as(Role.ENTERPRISE_COORDINATOR)
    return [one for one in all_of if one.id in own]


@dataclass(frozen=True)
class Course:
    """One programme with the enterprise's trainees: results of its terminal window on the scale 1–5."""

    program: Program
    people: int
    rated: int
    passed: int
    mean: float | None
    by_party: Mapping[Party, float | None]


_PARTIES = {
    Party.TRAINEE: Result.trainee_score,
    Party.ENTERPRISE: Result.enterprise_score,
    Party.TEACHER: Result.teacher_score,
}


def _figures() -> list[Any]:
    return [
        sa.func.count(Enrolment.id),
        sa.func.count(Result.composite),
        sa.func.count(sa.case((Result.composite >= Scheme.pass_mark - NOISE, 1))),
        sa.func.avg(Result.composite),
        *(sa.func.avg(column) for column in _PARTIES.values()),
    ]


def _from(organization_id: int, viewer: User, *columns: Any) -> sa.Select[*tuple[Any, ...]]:
    """Select over the enterprise's trainees with the result of their programme's last terminal window."""
    latest = sa.func.row_number().over(
        partition_by=Window.program_id, order_by=[Window.closes_at.desc(), Window.id.desc()]
    )
    windows = sa.select(Window.program_id, Window.id.label("window_id"), latest.label("place"))
    last = windows.where(Window.kind == WindowKind.TERMINAL).subquery()
    return (
        sa.select(*columns)
        .select_from(Enrolment)
        .join(Program, Program.id == Enrolment.program_id)
        .outerjoin(last, sa.and_(last.c.program_id == Program.id, last.c.place == 1))
        .outerjoin(Window, Window.id == last.c.window_id)
        .outerjoin(Scheme, Scheme.id == Window.scheme_id)
        .outerjoin(Result, sa.and_(Result.window_id == Window.id, Result.enrolment_id == Enrolment.id))
        .where(Enrolment.enterprise_id == organization_id, is_in_training(), _seen(viewer))
    )


def list_courses(organization_id: int, viewer: User, listing: Listing) -> Page[Course]:
    """Return a page of the programmes with the enterprise's trainees, the latest first (two statements)."""
    figures = [figure.label(f"figure_{place}") for place, figure in enumerate(_figures())]
    inside = _from(organization_id, viewer, Program.id.label("program_id"), *figures).group_by(Program.id)
    sums = inside.subquery()
    statement: Any = (
        sa.select(Program, *(column for column in sums.c if column.name != "program_id"))
        .join(sums, sums.c.program_id == Program.id)
        .options(load_only(Program.name, Program.name_en, Program.state, Program.starts_on, Program.ends_on))
    )
    if listing.q:
        statement = statement.where(contains(Program.name, listing.q))
    orders: dict[str, Sequence[Any]] = {
        "latest": [Program.starts_on.desc(), Program.id.desc()],
        "name": [Program.name, Program.id],
        "mean": [sums.c.figure_3, Program.id],
        "people": [sums.c.figure_0, Program.id],
    }
    page = paginate(statement, listing, orders=orders, default="latest", scalars=False, size=PAGE)
    rows = [_course(row) for row in page.items]
    return Page(rows, page.number, page.size, page.total, page.q, page.sort, page.direction)


def _course(row: Any) -> Course:
    return Course(row[0], row[1], row[2], row[3], row[4], dict(zip(_PARTIES, row[5:8], strict=True)))


@dataclass(frozen=True)
class Whole:
    """The enterprise over all programmes."""

    programs: int
    people: int
    rated: int
    passed: int
    mean: float | None


def whole_of(organization_id: int, viewer: User) -> Whole:
    """Return the enterprise's figures over all programmes that the viewer sees (one statement)."""
    statement = _from(organization_id, viewer, sa.func.count(sa.distinct(Program.id)), *_figures()[:4])
    return Whole(*db.session.execute(statement).one())


@dataclass(frozen=True)
class Satisfaction:
    """What the enterprise's mentors gave on the level of enterprise satisfaction: marks, mean, how many raters."""

    marks: int
    mean: float
    raters: int


def satisfaction_of(
    organization_id: int, viewer: User, program_ids: Sequence[int]
) -> dict[int, Satisfaction]:
    """Return the enterprise's satisfaction by programme (one statement)."""
    rows = db.session.execute(
        sa.select(
            Rating.program_id,
            sa.func.count(),
            sa.func.avg(sa.cast(RatingScore.score, sa.Float)),
            sa.func.count(sa.distinct(Rating.rater_id)),
        )
        .select_from(Rating)
        .join(Window, Window.id == Rating.window_id)
        .join(RatingScore, RatingScore.rating_id == Rating.id)
        .join(Criterion, Criterion.id == RatingScore.criterion_id)
        .join(Enrolment, Enrolment.id == Rating.enrolment_id)
        .join(Program, Program.id == Rating.program_id)
        .where(
            Rating.program_id.in_(program_ids),
            Rating.party == Party.ENTERPRISE,
            Rating.state == RatingState.SUBMITTED,
            Window.kind == WindowKind.TERMINAL,
            Criterion.level == Level.RESULTS,
            RatingScore.score.is_not(None),
            Enrolment.enterprise_id == organization_id,
            is_in_training(),
            _seen(viewer),
        )
        .group_by(Rating.program_id)
    ).all()
    return {row[0]: Satisfaction(row[1], row[2], row[3]) for row in rows}


def closed_gaps(program_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return of programmes how many priorities' gaps are closed, of how many measured (one statement)."""
    rows = db.session.execute(
        sa.select(
            GapClosure.program_id,
            sa.func.count(sa.case((GapClosure.is_closed, 1))),
            sa.func.count(GapClosure.id),
        )
        .where(GapClosure.program_id.in_(program_ids), GapClosure.cohort_id.is_(None))
        .group_by(GapClosure.program_id)
    ).all()
    return {row[0]: (row[1], row[2]) for row in rows}

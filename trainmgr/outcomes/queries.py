"""Reads of outcomes: the pass list, classes side by side, what the training closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.rules import AWAY
from trainmgr.evaluation.models import Result, Scheme, Window
from trainmgr.evaluation.rules import WindowKind
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing, Page, like, paginate
from trainmgr.needs.models import Competency
from trainmgr.outcomes.models import GapClosure, PassDecision
from trainmgr.outcomes.rules import PassKind
from trainmgr.programs.models import Program

MOST_CLASSES = 200
COUNTED = Enrolment.state.not_in(AWAY)


def final_window(program_id: int) -> tuple[Window, float] | None:
    """Return the window whose results are those of the training, with its scheme's pass mark."""
    row = db.session.execute(
        sa.select(Window, Scheme.pass_mark)
        .join(Scheme, Scheme.id == Window.scheme_id)
        .where(Window.program_id == program_id, Window.kind == WindowKind.TERMINAL)
        .order_by(Window.closes_at.desc(), Window.id.desc())
        .limit(1)
    ).first()
    return (row[0], row[1]) if row else None


def _rows(program: Program, window: Window | None, viewer: User) -> sa.Select[*tuple[Any, ...]]:
    window_id = window.id if window else 0
    return (
        sa.select(Enrolment, Cohort.name, Result, PassDecision)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .outerjoin(Result, sa.and_(Result.enrolment_id == Enrolment.id, Result.window_id == window_id))
        .outerjoin(
            PassDecision,
            sa.and_(PassDecision.enrolment_id == Enrolment.id, PassDecision.is_present.is_(True)),
        )
        .where(visible_in(program, viewer), COUNTED)
    )


DECISIONS = {
    "passed": PassDecision.kind == PassKind.PASSED,
    "failed": PassDecision.kind == PassKind.FAILED,
    "open": PassDecision.id.is_(None),
}


def list_results(
    program: Program,
    window: Window | None,
    viewer: User,
    listing: Listing,
    chosen: Mapping[str, str],
    total: int | None = None,
) -> Page[Any]:
    """Return a page of the pass list: (trainee, class, result, decision); `total` is everybody, where it is known."""
    statement = _rows(program, window, viewer)
    if listing.q:
        pattern = like(listing.q)
        statement = statement.where(
            sa.or_(
                Enrolment.name.ilike(pattern, escape="\\"),
                Enrolment.student_number.ilike(pattern, escape="\\"),
            )
        )
    cohort_id = whole(chosen.get("class"))
    if cohort_id is not None:
        statement = statement.where(Enrolment.cohort_id == cohort_id)
    if chosen.get("decision") in DECISIONS:
        statement = statement.where(DECISIONS[chosen["decision"]])
    orders: dict[str, Sequence[Any]] = {
        "name": [Enrolment.name, Enrolment.id],
        "class": [Cohort.name, Enrolment.name, Enrolment.id],
        "composite": [Result.composite, Enrolment.name, Enrolment.id],
        "gain": [Result.exit_level - Result.entry_level, Enrolment.name, Enrolment.id],
    }
    if listing.q or any(chosen.values()):
        total = None
    return paginate(
        statement, listing, orders=orders, default="name", scalars=False, filters=chosen, total=total
    )


def export_rows(program: Program, window: Window | None, viewer: User) -> Iterable[Any]:
    """Return the whole visible pass list by class and name, read a thousand rows at a time."""
    return db.session.execute(
        _rows(program, window, viewer)
        .outerjoin(Scheme, Scheme.id == (window.scheme_id if window else 0))
        .with_only_columns(
            Enrolment.name,
            Cohort.name.label("cohort"),
            Enrolment.student_number,
            Enrolment.employee_number,
            Result.trainee_score,
            Result.enterprise_score,
            Result.teacher_score,
            Result.composite,
            Result.low,
            Result.high,
            Result.is_provisional,
            Result.entry_level,
            Result.exit_level,
            PassDecision.kind,
            PassDecision.reason,
            Scheme.pass_mark,
            Scheme.good_mark,
        )
        .order_by(Cohort.name, Enrolment.name, Enrolment.id)
        .execution_options(yield_per=1_000)
    )


def compare_classes(program: Program, window: Window | None, viewer: User) -> Sequence[Any]:
    """Return a row a class, of the visible trainees: name, people, results, mean, mean of squares, provisional,
    passed, decided, and the mean level before and after of those who have both."""
    both = sa.and_(Result.entry_level.is_not(None), Result.exit_level.is_not(None))
    passed = sa.case((PassDecision.kind == PassKind.PASSED, 1))
    return db.session.execute(
        _rows(program, window, viewer)
        .with_only_columns(
            Cohort.id,
            Cohort.name,
            sa.func.count(Enrolment.id).label("people"),
            sa.func.count(Result.composite).label("rated"),
            sa.func.avg(Result.composite).label("mean"),
            sa.func.avg(Result.composite * Result.composite).label("square"),
            sa.func.count(sa.case((Result.is_provisional.is_(True), 1))).label("provisional"),
            sa.func.count(passed).label("passed"),
            sa.func.count(PassDecision.id).label("decided"),
            sa.func.avg(sa.case((both, Result.entry_level))).label("before"),
            sa.func.avg(sa.case((both, Result.exit_level))).label("after"),
            sa.func.count(sa.case((both, 1))).label("measured"),
        )
        .group_by(Cohort.id, Cohort.name)
        .order_by(Cohort.name)
        .limit(MOST_CLASSES)
    ).all()


def closures_of(program: Program, cohort_id: int | None = None) -> Sequence[GapClosure]:
    """Return what the training closed, priorities in their order; of the whole programme, or of one class."""
    return db.session.scalars(
        sa.select(GapClosure)
        .join(Competency, Competency.id == GapClosure.competency_id)
        .where(GapClosure.program_id == program.id, GapClosure.cohort_id == cohort_id)
        .options(joinedload(GapClosure.competency))
        .order_by(Competency.rank, Competency.id)
    ).all()


def chosen_rows(
    program: Program, window: Window | None, viewer: User, enrolment_ids: Sequence[int]
) -> Sequence[Any]:
    """Return the visible pass-list rows of some trainees."""
    return db.session.execute(
        _rows(program, window, viewer)
        .where(Enrolment.id.in_(enrolment_ids))
        .order_by(Enrolment.name, Enrolment.id)
    ).all()


def undecided(program: Program, window: Window | None, viewer: User) -> Sequence[Any]:
    """Return the visible rows without a decision."""
    return db.session.execute(
        _rows(program, window, viewer).where(PassDecision.id.is_(None)).order_by(Enrolment.id)
    ).all()


def histories(enrolment_id: int) -> Sequence[PassDecision]:
    """Return all decisions on a trainee, the latest first."""
    return db.session.scalars(
        sa.select(PassDecision)
        .where(PassDecision.enrolment_id == enrolment_id)
        .order_by(PassDecision.number.desc())
    ).all()

"""Reads of schemes, windows and ratings; rows about trainees start from who the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, defer, joinedload, selectinload

from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.queries import visible_in
from trainmgr.evaluation.models import Criterion, Rating, Scheme, Window
from trainmgr.evaluation.rules import Level, Party, Phase, RatingState, WindowKind
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import PAGE_SIZE, Listing, Page, like, paginate
from trainmgr.needs.models import Competency
from trainmgr.programs.models import Program
from trainmgr.programs.queries import select_visible

RATER_COLUMNS: dict[Party, Any] = {
    Party.TRAINEE: Enrolment.user_id,
    Party.ENTERPRISE: Enrolment.enterprise_mentor_id,
    Party.TEACHER: Enrolment.school_teacher_id,
}


def find_scheme(program_id: int, number: int | None = None) -> Scheme | None:
    """Return a programme's scheme with its criteria: the version named, else the newest."""
    statement = (
        sa.select(Scheme).where(Scheme.program_id == program_id).options(selectinload(Scheme.criteria))
    )
    if number is not None:
        statement = statement.where(Scheme.number == number)
    return db.session.scalars(statement.order_by(Scheme.number.desc()).limit(1)).one_or_none()


def scheme_or_404(program_id: int, number: int | None = None) -> Scheme:
    """Return a programme's scheme with its criteria, or answer 404."""
    return find_scheme(program_id, number) or abort(404)


def with_criteria(statement: sa.Select[Any]) -> sa.Select[Any]:
    """Load windows with their scheme and its criteria (one statement besides)."""
    return statement.options(joinedload(Window.scheme).selectinload(Scheme.criteria))


def windows_of(program_id: int, *, with_scheme: bool = False) -> list[Window]:
    """Return a programme's windows in the order in which they open (with the scheme's marks, not its criteria)."""
    statement = sa.select(Window).where(Window.program_id == program_id)
    if with_scheme:
        statement = statement.options(joinedload(Window.scheme))
    return list(db.session.scalars(statement.order_by(Window.opens_at, Window.id)))


def window_or_404(program_id: int, window_id: int) -> Window:
    """Return a window of a programme with its scheme and criteria, or answer 404."""
    statement = sa.select(Window).where(Window.program_id == program_id, Window.id == window_id)
    return db.session.scalars(with_criteria(statement)).one_or_none() or abort(404)


def lock_window(window: Window) -> Window:
    """Let one submission at a time count in a window, and see what the last one wrote."""
    return db.session.scalars(
        with_criteria(sa.select(Window))
        .where(Window.id == window.id)
        .with_for_update(of=Window)
        .execution_options(populate_existing=True)
    ).one()


def pick_window(windows: Sequence[Window], wanted: int | None, now: datetime) -> Window | None:
    """Return the window named, else the last that has opened, else the first."""
    if wanted is not None:
        return next((window for window in windows if window.id == wanted), None) or abort(404)
    opened = [window for window in windows if window.phase(now) is not Phase.PLANNED]
    return opened[-1] if opened else windows[0] if windows else None


def terminal_window(program_id: int) -> Window | None:
    """Return the last terminal window of a programme: its results are those of the training."""
    return db.session.scalars(
        sa.select(Window)
        .where(Window.program_id == program_id, Window.kind == WindowKind.TERMINAL)
        .order_by(Window.closes_at.desc(), Window.id.desc())
        .limit(1)
    ).one_or_none()


# --- ratings ----------------------------------------------------------------------------------------


def is_rated(window_id: Any, party: Party) -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment that a party's rating in a window is in."""
    standing = aliased(Rating)  # the statement around it may ask about ratings too
    return sa.exists().where(
        standing.window_id == window_id,
        standing.enrolment_id == Enrolment.id,
        standing.party == party,
        standing.state == RatingState.SUBMITTED,
    )


def is_in_training() -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment that leaves whom the parties are to rate."""
    return Enrolment.state != EnrolmentState.WITHDRAWN


def rater_of(enrolment: Enrolment, party: Party) -> int | None:
    """Return who rates a trainee for a party at present."""
    return {
        Party.TRAINEE: enrolment.user_id,
        Party.ENTERPRISE: enrolment.enterprise_mentor_id,
        Party.TEACHER: enrolment.school_teacher_id,
    }[party]


def trainee_or_404(program: Program, enrolment_id: int, viewer: User) -> Enrolment:
    """Return a trainee whom the viewer may see, with class and mentors, or answer 404."""
    return db.session.scalars(
        sa.select(Enrolment)
        .where(Enrolment.id == enrolment_id, visible_in(program, viewer))
        .options(
            joinedload(Enrolment.cohort),
            joinedload(Enrolment.school_teacher),
            joinedload(Enrolment.enterprise_mentor),
        )
    ).one_or_none() or abort(404)


def find_window(window_id: int) -> Window:
    """Return a window by its id alone, with scheme and criteria, or answer 404 (look at its programme next)."""
    return db.session.scalars(
        with_criteria(sa.select(Window)).where(Window.id == window_id)
    ).one_or_none() or abort(404)


def program_of(window: Window, viewer: User) -> Program:
    """Return a window's programme without its parties and steps, or answer 404 when the viewer may not see it."""
    statement = select_visible(viewer).where(Program.id == window.program_id)
    return db.session.scalars(statement).one_or_none() or abort(404)


def _rated_rows(window: Window, party: Party, rater: User) -> sa.Select[Any]:
    """Select whom a person rates in a window, and whom he or she rated and has handed over since, with the rating."""
    standing = sa.and_(
        Rating.window_id == window.id,
        Rating.enrolment_id == Enrolment.id,
        Rating.party == party,
        sa.or_(
            Rating.state == RatingState.SUBMITTED,
            sa.and_(
                Rating.state == RatingState.DRAFT, Rating.rater_id == rater.id, ~is_rated(window.id, party)
            ),
        ),
    )
    statement: Any = (
        sa.select(
            Enrolment.id,
            Enrolment.name,
            Enrolment.student_number,
            Rating.id.label("rating_id"),
            Rating.state,
            Rating.submitted_at,
            Rating.rater_id,
        )
        .outerjoin(Rating, standing)
        .where(
            Enrolment.program_id == window.program_id,
            sa.or_(
                sa.and_(RATER_COLUMNS[party] == rater.id, is_in_training()),
                sa.and_(Rating.rater_id == rater.id, Rating.state == RatingState.SUBMITTED),
            ),
        )
    )
    return statement


_OPEN_FIRST = [sa.case((Rating.state == RatingState.SUBMITTED, 1), else_=0), Enrolment.name, Enrolment.id]


def list_mine(window: Window, party: Party, rater: User, listing: Listing) -> Page[Any]:
    """Return a page of whom a person rates for a party in a window: what is still open first."""
    statement = _rated_rows(window, party, rater)
    if listing.q:
        wanted = like(listing.q)
        statement = statement.where(
            sa.or_(
                Enrolment.name.ilike(wanted, escape="\\"), Enrolment.student_number.ilike(wanted, escape="\\")
            )
        )
    orders: dict[str, list[Any]] = {"open": _OPEN_FIRST, "name": [Enrolment.name, Enrolment.id]}
    return paginate(statement, listing, orders=orders, default="open", scalars=False)


def next_to_rate(window: Window, party: Party, rater: User, limit: int = 12) -> list[Any]:
    """Return the first of whom a person rates for a party in a window, what is still open first."""
    statement = _rated_rows(window, party, rater).order_by(*_OPEN_FIRST).limit(limit)
    return list(db.session.execute(statement).all())


def count_owed(window: Window, party: Party, user_id: int) -> int:
    """Return how many ratings a person still owes for a party in a window."""
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(Enrolment)
            .where(
                Enrolment.program_id == window.program_id,
                RATER_COLUMNS[party] == user_id,
                is_in_training(),
                ~is_rated(window.id, party),
            )
        )
        or 0
    )


def list_outstanding(
    program: Program, window: Window, party: Party, viewer: User, listing: Listing
) -> Page[Any]:
    """Return a page of the trainees whom a party has not rated yet, with who is to rate them."""
    rater = aliased(User)
    statement: Any = (
        sa.select(Enrolment.id, Enrolment.name, Enrolment.student_number, rater.name.label("rater"))
        .outerjoin(rater, rater.id == RATER_COLUMNS[party])
        .where(visible_in(program, viewer), is_in_training(), ~is_rated(window.id, party))
    )
    if listing.q:
        wanted = like(listing.q)
        statement = statement.where(
            sa.or_(Enrolment.name.ilike(wanted, escape="\\"), rater.name.ilike(wanted, escape="\\"))
        )
    orders = {"name": [Enrolment.name, Enrolment.id], "rater": [rater.name, Enrolment.name, Enrolment.id]}
    return paginate(statement, listing, orders=orders, default="rater", scalars=False)


def rater_progress(
    program: Program, window: Window, party: Party, viewer: User, listing: Listing
) -> Page[Any]:
    """Return a page of the people who rate for a party, each with how many trainees and how many of them are in."""
    rated = sa.case((is_rated(window.id, party), 1), else_=0)
    expected, submitted = sa.func.count(Enrolment.id), sa.func.sum(rated)
    statement: Any = (
        sa.select(User.id, User.name, expected.label("expected"), submitted.label("submitted"))
        .join(Enrolment, RATER_COLUMNS[party] == User.id)
        .where(visible_in(program, viewer), is_in_training())
        .group_by(User.id, User.name)
    )
    if listing.q:
        statement = statement.where(User.name.ilike(like(listing.q), escape="\\"))
    orders: dict[str, list[Any]] = {
        "name": [User.name, User.id],
        "open": [submitted - expected, User.name, User.id],
    }
    return paginate(statement, listing, orders=orders, default="open", scalars=False)


@dataclass(frozen=True)
class MyWindow:
    """A window in which somebody rates for a party: how many trainees, and how many of them are in."""

    window: Window
    program: Program
    party: Party
    expected: int
    submitted: int


# In which role somebody rates for a party.
ROLES = {
    Party.TRAINEE: Role.TRAINEE,
    Party.ENTERPRISE: Role.ENTERPRISE_MENTOR,
    Party.TEACHER: Role.SCHOOL_TEACHER,
}


def my_windows(viewer: User, now: datetime) -> list[MyWindow]:
    """Return the windows in which a person rates, open ones first (one statement for each role that rates)."""
    found: list[MyWindow] = []
    for party in Party:
        if ROLES[party] not in viewer.roles:
            continue
        rated = sa.case((is_rated(Window.id, party), 1), else_=0)
        rows = db.session.execute(
            sa.select(Window, Program, sa.func.count(Enrolment.id), sa.func.sum(rated))
            .join(Program, Program.id == Window.program_id)
            .join(Enrolment, Enrolment.program_id == Window.program_id)
            .where(RATER_COLUMNS[party] == viewer.id, is_in_training(), Window.opens_at <= now)
            .group_by(Window.id, Program.id)
            .options(defer(Program.pathway_document))
            .order_by(Window.closes_at.desc(), Window.id)
            .limit(PAGE_SIZE)
        ).all()
        found += [
            MyWindow(window, program, party, expected, submitted)
            for window, program, expected, submitted in rows
            if party.value in window.tally
        ]
    return sorted(
        found, key=lambda mine: (mine.window.phase(now) is not Phase.OPEN, -mine.window.closes_at.timestamp())
    )


def pick_mine(mine: Sequence[MyWindow], window_id: int | None, party: Party | None) -> MyWindow | None:
    """Return the window named (and party, where somebody rates for two), else the first that is not all in."""
    if window_id is not None:
        named = [m for m in mine if m.window.id == window_id and party in (None, m.party)]
        return named[0] if named else abort(404)
    return next((m for m in mine if m.submitted < m.expected), mine[0] if mine else None)


def rating_or_404(rating_id: int, viewer: User) -> Rating:
    """Return a rating that the viewer wrote, with its scores, trainee and window, or answer 404."""
    return db.session.scalars(
        sa.select(Rating)
        .where(Rating.id == rating_id, Rating.rater_id == viewer.id, Rating.state != RatingState.DRAFT)
        .options(
            joinedload(Rating.rater),
            joinedload(Rating.enrolment),
            selectinload(Rating.scores),
            joinedload(Rating.window).joinedload(Window.scheme).selectinload(Scheme.criteria),
        )
    ).one_or_none() or abort(404)


def party_ratings(window: Window, enrolment: Enrolment, party: Party) -> list[Rating]:
    """Return a party's ratings of a trainee in a window, drafts too, with scores and author (one statement)."""
    return list(
        db.session.scalars(
            sa.select(Rating)
            .where(Rating.window_id == window.id, Rating.enrolment_id == enrolment.id, Rating.party == party)
            .options(joinedload(Rating.rater), joinedload(Rating.scores))
            .order_by(Rating.id)
        ).unique()
    )


def competencies_of(program_id: int) -> list[Competency]:
    """Return a programme's competencies, priorities first."""
    return list(
        db.session.scalars(
            sa.select(Competency)
            .where(Competency.program_id == program_id)
            .order_by(sa.case((Competency.is_priority, 0), else_=1), Competency.rank, Competency.id)
        )
    )


def criteria_of(window: Window) -> list[Criterion]:
    """Return what a window asks, by level and in order (with the criteria loaded)."""
    asked, levels = {item.id for item in window.plan.items}, list(Level)
    criteria = [criterion for criterion in window.scheme.criteria if criterion.id in asked]
    return sorted(criteria, key=lambda criterion: (levels.index(criterion.level), criterion.position))

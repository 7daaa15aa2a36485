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
from trainmgr.evaluation.models import Rating, Scheme, Window
from trainmgr.evaluation.rules import Party, Phase, RatingState, WindowKind
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, like, paginate
from trainmgr.programs.models import Program

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


def windows_of(program_id: int, *, criteria: bool = False) -> list[Window]:
    """Return a programme's windows in the order in which they open."""
    statement = sa.select(Window).where(Window.program_id == program_id)
    if criteria:
        statement = with_criteria(statement)
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
    return sa.exists().where(
        Rating.window_id == window_id,
        Rating.enrolment_id == Enrolment.id,
        Rating.party == party,
        Rating.state == RatingState.SUBMITTED,
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


def find_trainee(program: Program, enrolment_id: int, viewer: User) -> Enrolment | None:
    """Return a trainee whom the viewer may see, with class and mentors."""
    return db.session.scalars(
        sa.select(Enrolment)
        .where(Enrolment.id == enrolment_id, visible_in(program, viewer))
        .options(
            joinedload(Enrolment.cohort),
            joinedload(Enrolment.school_teacher),
            joinedload(Enrolment.enterprise_mentor),
        )
    ).one_or_none()


def trainee_or_404(program: Program, enrolment_id: int, viewer: User) -> Enrolment:
    """Return a trainee whom the viewer may see, or answer 404."""
    return find_trainee(program, enrolment_id, viewer) or abort(404)


@dataclass(frozen=True)
class Owed:
    """One trainee whom somebody is to rate in a window, and how far that is."""

    enrolment_id: int
    name: str
    party: Party
    state: RatingState | None
    submitted_at: datetime | None
    rating_id: int | None


def owed_by(window: Window, party: Party, rater: User, *, limit: int = 200) -> list[Owed]:
    """Return whom a person rates for a party in a window: not begun and drafts first, then what is in, by name."""
    rating = sa.and_(
        Rating.window_id == window.id,
        Rating.enrolment_id == Enrolment.id,
        Rating.party == party,
        sa.or_(
            Rating.state == RatingState.SUBMITTED,
            sa.and_(Rating.state == RatingState.DRAFT, Rating.rater_id == rater.id),
        ),
    )
    done = sa.case((Rating.state == RatingState.SUBMITTED, 1), else_=0)
    rows = db.session.execute(
        sa.select(Enrolment.id, Enrolment.name, Rating.state, Rating.submitted_at, Rating.id)
        .outerjoin(Rating, rating)
        .where(Enrolment.program_id == window.program_id, RATER_COLUMNS[party] == rater.id, is_in_training())
        .order_by(done, Enrolment.name, Enrolment.id, Rating.state.desc())
        .limit(limit)
    ).all()
    found: dict[int, Owed] = {}
    for enrolment_id, name, state, submitted_at, rating_id in rows:
        known = found.get(enrolment_id)
        if known is None or state is RatingState.SUBMITTED:
            found[enrolment_id] = Owed(enrolment_id, name, party, state, submitted_at, rating_id)
    return sorted(found.values(), key=lambda owed: owed.state is RatingState.SUBMITTED)


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


def find_ratings(window: Window, enrolment: Enrolment, *, scores: bool = True) -> list[Rating]:
    """Return the ratings of a trainee in a window, drafts too, with who wrote them."""
    statement = (
        sa.select(Rating)
        .where(Rating.window_id == window.id, Rating.enrolment_id == enrolment.id)
        .options(joinedload(Rating.rater))
        .order_by(Rating.id)
    )
    if scores:
        statement = statement.options(selectinload(Rating.scores))
    return list(db.session.scalars(statement))


@dataclass(frozen=True)
class MyWindow:
    """A window in which somebody rates for a party: how many trainees, and how many of them are in."""

    window: Window
    program: Program
    party: Party
    expected: int
    submitted: int


def my_windows(viewer: User, now: datetime) -> list[MyWindow]:
    """Return the windows in which a person rates, open ones first (one statement a party)."""
    found: list[MyWindow] = []
    for party in Party:
        rated = sa.case((is_rated(Window.id, party), 1), else_=0)
        rows = db.session.execute(
            sa.select(Window, Program, sa.func.count(Enrolment.id), sa.func.sum(rated))
            .join(Program, Program.id == Window.program_id)
            .join(Enrolment, Enrolment.program_id == Window.program_id)
            .where(RATER_COLUMNS[party] == viewer.id, is_in_training(), Window.opens_at <= now)
            .group_by(Window.id, Program.id)
            .options(defer(Program.pathway_document))
            .order_by(Window.closes_at.desc(), Window.id)
            .limit(40)
        ).all()
        found += [
            MyWindow(window, program, party, expected, submitted)
            for window, program, expected, submitted in rows
        ]
    found = [mine for mine in found if mine.party.value in mine.window.tally]
    return sorted(
        found, key=lambda mine: (mine.window.phase(now) is not Phase.OPEN, -mine.window.closes_at.timestamp())
    )

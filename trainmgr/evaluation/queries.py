"""Reads of schemes, windows and ratings; rows about trainees start from who the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, defer, joinedload, selectinload

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.rules import AWAY
from trainmgr.evaluation.models import Criterion, Rating, Scheme, Window, WindowRater
from trainmgr.evaluation.rules import Level, Party, Phase, RatingState, WindowKind
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import PAGE_SIZE, Listing, Page, like, paginate
from trainmgr.needs.models import Competency
from trainmgr.programs.models import Program
from trainmgr.programs.queries import select_visible

# Of the three, one person rates a trainee; who does for the other parties stands in window_rater.
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


_standing = aliased(Rating)  # the statement around it may ask about ratings too; made once, an alias is dear


def is_rated(window_id: Any, party: Party) -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment that a party's rating in a window is in.

    Of a party of several: that of the rater in the statement around it (see with_raters).
    """
    found = sa.exists().where(
        _standing.window_id == window_id,
        _standing.enrolment_id == Enrolment.id,
        _standing.party == party,
        _standing.state == RatingState.SUBMITTED,
    )
    return found if party in RATER_COLUMNS else found.where(_standing.rater_id == WindowRater.user_id)


def rater_column(party: Party) -> Any:
    """Return the column that says who rates for a party, in a statement on Enrolment that went through with_raters."""
    return RATER_COLUMNS.get(party, WindowRater.user_id)


def with_raters(statement: Any, window_id: Any, party: Party, *, outer: bool = False) -> Any:
    """Bring who rates for a party into a statement on Enrolment: of a party of several a row for each of them."""
    if party in RATER_COLUMNS:
        return statement
    mine = sa.and_(
        WindowRater.window_id == window_id,
        WindowRater.party == party,
        WindowRater.enrolment_id == Enrolment.id,
    )
    return statement.join(WindowRater, mine, isouter=outer)


def is_assigned(window_id: Any, party: Party, user_id: int) -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment that leaves whom a person rates for a party."""
    if party in RATER_COLUMNS:
        return sa.and_(RATER_COLUMNS[party] == user_id, is_in_training())
    own = aliased(WindowRater)
    return sa.and_(
        is_in_training(),
        sa.exists().where(
            own.window_id == window_id,
            own.party == party,
            own.enrolment_id == Enrolment.id,
            own.user_id == user_id,
        ),
    )


def rates(window: Window, enrolment_id: int, party: Party, user_id: int) -> bool:
    """Tell whether a person rates a trainee for a party in a window (one statement)."""
    mine = sa.exists().where(Enrolment.id == enrolment_id, is_assigned(window.id, party, user_id))
    return bool(db.session.scalar(sa.select(mine)))


def is_in_training() -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment that leaves whom the parties are to rate."""
    return Enrolment.state.not_in(AWAY)


def rater_of(enrolment: Enrolment, party: Party) -> int | None:
    """Return who rates a trainee at present, for one of the three parties that one person rates for; else None."""
    column = RATER_COLUMNS.get(party)
    return None if column is None else getattr(enrolment, column.key)


def ratee_or_404(
    program: Program, window: Window, enrolment_id: int, party: Party, viewer: User
) -> Enrolment:
    """Return a trainee whom the viewer may see or rates in this window, or answer 404."""
    seen = visible_in(program, viewer)
    if party not in RATER_COLUMNS:
        inside = Enrolment.program_id == program.id
        seen = sa.or_(seen, sa.and_(inside, is_assigned(window.id, party, viewer.id)))
    return db.session.scalars(
        sa.select(Enrolment).where(Enrolment.id == enrolment_id, seen)
    ).one_or_none() or abort(404)


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


def _my_standing(window: Window, party: Party, rater: User) -> sa.ColumnElement[bool]:
    """Return which rating of a trainee a person sees as the one that is in, or as the own draft."""
    of_party = (Rating.window_id == window.id, Rating.enrolment_id == Enrolment.id, Rating.party == party)
    draft = sa.and_(Rating.state == RatingState.DRAFT, Rating.rater_id == rater.id)
    if party not in RATER_COLUMNS:
        submitted = sa.and_(Rating.state == RatingState.SUBMITTED, Rating.rater_id == rater.id)
        return sa.and_(*of_party, sa.or_(submitted, draft))
    unrated = sa.and_(draft, ~is_rated(window.id, party))
    return sa.and_(*of_party, sa.or_(Rating.state == RatingState.SUBMITTED, unrated))


def _rated_rows(window: Window, party: Party, rater: User) -> sa.Select[Any]:
    """Select whom a person rates in a window, and whom he or she rated and has handed over since, with the rating."""
    standing = _my_standing(window, party, rater)
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
                is_assigned(window.id, party, rater.id),
                sa.and_(Rating.rater_id == rater.id, Rating.state == RatingState.SUBMITTED),
            ),
        )
    )
    return statement


_OPEN_FIRST = [sa.case((Rating.state == RatingState.SUBMITTED, 1), else_=0), Enrolment.name, Enrolment.id]


def list_mine(
    window: Window, party: Party, rater: User, listing: Listing, *, cohort_id: int | None = None
) -> Page[Any]:
    """Return a page of whom a person rates for a party in a window (or in one class): what is still open first."""
    statement = _rated_rows(window, party, rater)
    if cohort_id is not None:
        statement = statement.where(Enrolment.cohort_id == cohort_id)
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


def owing(window: Window, party: Party) -> Sequence[Any]:
    """Return who still owes ratings for a party in a window, and how many (one statement)."""
    rater = rater_column(party)
    owed = with_raters(sa.select(rater, sa.func.count()).select_from(Enrolment), window.id, party)
    return db.session.execute(
        owed.where(
            Enrolment.program_id == window.program_id,
            is_in_training(),
            rater.is_not(None),
            ~is_rated(window.id, party),
        ).group_by(rater)
    ).all()


def count_owed(window: Window, party: Party, user_id: int) -> int:
    """Return how many ratings a person still owes for a party in a window."""
    owed = with_raters(sa.select(sa.func.count()).select_from(Enrolment), window.id, party).where(
        Enrolment.program_id == window.program_id,
        rater_column(party) == user_id,
        is_in_training(),
        ~is_rated(window.id, party),
    )
    return db.session.scalar(owed) or 0


def owed_for_several(window: Window, viewer: User) -> set[int]:
    """Return whom a person still owes a rating for a party of several (one statement, or none)."""
    asked = [p for p in parties_of(viewer) if p in window.parties and p not in RATER_COLUMNS]
    if not asked:
        return set()
    given = sa.exists().where(
        Rating.window_id == window.id,
        Rating.enrolment_id == WindowRater.enrolment_id,
        Rating.party == WindowRater.party,
        Rating.rater_id == WindowRater.user_id,
        Rating.state == RatingState.SUBMITTED,
    )
    return set(
        db.session.scalars(
            sa.select(WindowRater.enrolment_id).where(
                WindowRater.window_id == window.id, WindowRater.user_id == viewer.id, ~given
            )
        )
    )


def still_judges(window: Window, viewer: User, now: datetime) -> bool:
    """Tell whether somebody from outside is still to judge here, and is therefore not shown what others gave."""
    if Party.ASSESSOR not in window.parties or Role.OUTSIDE_ASSESSOR not in viewer.roles:
        return False
    return window.phase(now) is Phase.OPEN and count_owed(window, Party.ASSESSOR, viewer.id) > 0


def list_outstanding(
    program: Program, window: Window, party: Party, viewer: User, listing: Listing
) -> Page[Any]:
    """Return a page of the trainees whom a party has not rated yet, with who is to rate them."""
    rater = aliased(User)
    statement: Any = with_raters(
        sa.select(
            Enrolment.id, Enrolment.name, Enrolment.student_number, rater.name.label("rater")
        ).select_from(Enrolment),
        window.id,
        party,
        outer=True,
    )
    statement = statement.outerjoin(rater, rater.id == rater_column(party)).where(
        visible_in(program, viewer), is_in_training(), ~is_rated(window.id, party)
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
    counted = sa.select(User.id, User.name, expected.label("expected"), submitted.label("submitted"))
    statement: Any = (
        with_raters(counted.select_from(Enrolment), window.id, party)
        .join(User, User.id == rater_column(party))
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


# In which roles somebody rates for a party.
ROLES: dict[Party, frozenset[Role]] = {
    Party.TRAINEE: frozenset({Role.TRAINEE}),
    Party.ENTERPRISE: frozenset({Role.ENTERPRISE_MENTOR}),
    Party.TEACHER: frozenset({Role.SCHOOL_TEACHER}),
    Party.PEER: frozenset({Role.TRAINEE}),
    Party.COUNSELLOR: frozenset({Role.COLLEGE_COUNSELLOR, Role.ENTERPRISE_COUNSELLOR}),
    Party.ASSESSOR: frozenset({Role.OUTSIDE_ASSESSOR}),
}


def parties_of(viewer: User) -> list[Party]:
    """Return the parties that a person may rate for by the roles that he or she has."""
    return [party for party in Party if ROLES[party] & viewer.roles]


def my_windows(viewer: User, now: datetime) -> list[MyWindow]:
    """Return the windows in which a person rates, open ones first (one statement for each role that rates)."""
    found: list[MyWindow] = []
    for party in parties_of(viewer):
        rated = sa.case((is_rated(Window.id, party), 1), else_=0)
        counted = (
            sa.select(Window, Program, sa.func.count(Enrolment.id), sa.func.sum(rated))
            .join(Program, Program.id == Window.program_id)
            .join(Enrolment, Enrolment.program_id == Window.program_id)
        )
        rows = db.session.execute(
            with_raters(counted, Window.id, party)
            .where(rater_column(party) == viewer.id, is_in_training(), Window.opens_at <= now)
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


def party_ratings(window: Window, enrolment: Enrolment, party: Party, rater: User) -> list[Rating]:
    """Return a party's ratings of a trainee in a window, drafts too, with scores and author (one statement).

    Of a party of several only the rater's own.
    """
    mine = [] if party in RATER_COLUMNS else [Rating.rater_id == rater.id]
    return list(
        db.session.scalars(
            sa.select(Rating)
            .where(
                Rating.window_id == window.id,
                Rating.enrolment_id == enrolment.id,
                Rating.party == party,
                *mine,
            )
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

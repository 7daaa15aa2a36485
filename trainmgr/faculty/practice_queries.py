"""Reads of the practice ledger: limits, entries, and where everybody stands, added up in the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import contains_eager

from trainmgr.faculty import queries
from trainmgr.faculty.ledger import (
    Limits,
    Run,
    Standing,
    days_between,
    standing,
    window_start,
    years_before,
)
from trainmgr.faculty.models import PracticeEntry, PracticeLimit, PracticeRun, Profile
from trainmgr.faculty.rules import EntryState
from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.rules import Side

DEFAULT = Limits()


def limits_of(college_id: int, on: date) -> Limits:
    """Return the limits that hold in a college on a day."""
    row = db.session.scalar(
        sa.select(PracticeLimit)
        .where(PracticeLimit.college_id == college_id, PracticeLimit.valid_from <= on)
        .order_by(PracticeLimit.valid_from.desc())
        .limit(1)
    )
    return _limits_in(row)


def _limits_in(row: PracticeLimit | None) -> Limits:
    return DEFAULT if row is None else Limits(row.days_a_year, row.days_in_window, row.window_years)


def versions_of(college_id: int) -> Sequence[PracticeLimit]:
    """Return a college's own limits, the newest first."""
    return db.session.scalars(
        sa.select(PracticeLimit)
        .where(PracticeLimit.college_id == college_id)
        .order_by(PracticeLimit.valid_from.desc())
        .limit(50)
    ).all()


def entries_of(profile: Profile) -> Sequence[PracticeEntry]:
    """Return a profile's entries, the newest first."""
    return db.session.scalars(
        sa.select(PracticeEntry)
        .where(PracticeEntry.profile_id == profile.id)
        .order_by(PracticeEntry.starts_on.desc(), PracticeEntry.id.desc())
        .limit(200)
    ).all()


def entry_or_404(entry_id: int, viewer: User) -> PracticeEntry:
    """Return an entry of a profile that the viewer sees, or at an enterprise that the viewer keeps; else 404."""
    kept = PracticeEntry.organization_id.in_(viewer.organizations_where(Permission.FACULTY_EDIT))
    found: PracticeEntry | None = db.session.scalar(
        sa.select(PracticeEntry)
        .join(Profile, Profile.id == PracticeEntry.profile_id)
        .where(PracticeEntry.id == entry_id, sa.or_(queries.visible_to(viewer), kept))
        .options(contains_eager(PracticeEntry.profile).joinedload(Profile.user))
    )
    return found if found is not None else abort(404)


def list_to_confirm(viewer: User, listing: Listing) -> Page[PracticeEntry]:
    """Return a page of entries that wait for the viewer's word: at the own enterprise, or from paper at the college."""
    kept = viewer.organizations_where(Permission.FACULTY_EDIT)
    statement = (
        sa.select(PracticeEntry)
        .join(Profile, Profile.id == PracticeEntry.profile_id)
        .join(User, User.id == Profile.user_id)
        .where(
            PracticeEntry.state == EntryState.ENTERED,
            Profile.user_id != viewer.id,
            sa.or_(PracticeEntry.organization_id.in_(kept), Profile.organization_id.in_(kept)),
        )
        .options(
            contains_eager(PracticeEntry.profile).contains_eager(Profile.user),
            contains_eager(PracticeEntry.profile).joinedload(Profile.organization),
        )
    )
    if listing.q:
        statement = statement.where(
            sa.or_(contains(User.name, listing.q), contains(PracticeEntry.enterprise, listing.q))
        )
    orders: dict[str, Sequence[Any]] = {
        "starts": (PracticeEntry.starts_on, PracticeEntry.id),
        "name": (User.name, PracticeEntry.id),
        "enterprise": (PracticeEntry.enterprise, PracticeEntry.id),
    }
    page: Page[PracticeEntry] = paginate(statement, listing, orders=orders, default="starts")
    return page


def days_in(first: date, last: date) -> sa.ScalarSelect[int]:
    """Return the confirmed days of a profile from one day to another (runs never overlap)."""
    return (
        sa.select(sa.func.coalesce(sa.func.sum(_overlap(first, last)), 0))
        .where(
            PracticeRun.profile_id == Profile.id,
            PracticeRun.last_day >= first.toordinal(),
            PracticeRun.first_day <= last.toordinal(),
        )
        .correlate(Profile)
        .scalar_subquery()
    )


@dataclass(frozen=True)
class Row:
    """A line of the ledger: the profile, and where the person stands."""

    profile: Profile
    standing: Standing


STANDINGS = ("missing", "year", "late", "window", "fulfilled")


def _lines(college_id: int, limits: Limits, on: date, *, whole: bool) -> tuple[sa.Select[Any], Any, Any]:
    """Return the select of a college's teachers with their two sums, and the sums' columns.

    With `whole` all are added up in one go (to filter, sort, count); without it only those of the page that is read.
    """
    statement = (
        sa.select(Profile)
        .join(User, User.id == Profile.user_id)
        .where(Profile.organization_id == college_id, Profile.side == Side.COLLEGE)
        .options(contains_eager(Profile.user))
    )
    new_year, start = date(on.year, 1, 1), window_start(on, limits.window_years)
    if whole:
        sums = (
            sa.select(
                PracticeRun.profile_id,
                sa.func.sum(_overlap(new_year, on)).label("in_year"),
                sa.func.sum(_overlap(start, on)).label("in_window"),
            )
            .where(PracticeRun.last_day >= start.toordinal())
            .group_by(PracticeRun.profile_id)
            .subquery()
        )
        statement = statement.outerjoin(sums, sums.c.profile_id == Profile.id)
        year, window = sa.func.coalesce(sums.c.in_year, 0), sa.func.coalesce(sums.c.in_window, 0)
    else:
        year, window = sa.func.coalesce(days_in(new_year, on), 0), sa.func.coalesce(days_in(start, on), 0)
    return statement.add_columns(year, window), year, window


def _overlap(first: date, last: date) -> Any:
    """The days of a run from one day to another, 0 when it lies outside."""
    low, high = first.toordinal(), last.toordinal()
    begin = sa.case((PracticeRun.first_day < low, low), else_=PracticeRun.first_day)
    end = sa.case((PracticeRun.last_day > high, high), else_=PracticeRun.last_day)
    return sa.case((end >= begin, end - begin + 1), else_=0)


def _standing_is(
    wanted: str, in_year: Any, in_window: Any, limits: Limits, on: date
) -> sa.ColumnElement[bool]:
    """Return the condition for one of STANDINGS; the same arithmetic as ledger.standing, on sums."""
    asked = sa.or_(Profile.since.is_(None), Profile.since <= date(on.year, 1, 1))
    year = sa.and_(asked, in_year < limits.days_a_year)
    window = in_window < limits.days_in_window
    due = sa.or_(Profile.since.is_(None), Profile.since <= years_before(on, limits.window_years))
    return {
        "missing": sa.or_(year, window),
        "year": year,
        "late": sa.and_(window, due),
        "window": sa.and_(window, ~due),
        "fulfilled": ~sa.or_(year, window),
    }[wanted]


def list_ledger(college_id: int, listing: Listing, wanted: str, on: date, limits: Limits) -> Page[Row]:
    """Return a page of a college's teachers with where they stand: three statements, whatever their number."""
    whole = wanted in STANDINGS or listing.sort in ("year", "window")
    statement, in_year, in_window = _lines(college_id, limits, on, whole=whole)
    if wanted in STANDINGS:
        statement = statement.where(_standing_is(wanted, in_year, in_window, limits, on))
    if listing.q:
        statement = statement.where(contains(User.name, listing.q))
    orders: dict[str, Sequence[Any]] = {
        "name": (User.name, Profile.id),
        "year": (in_year, User.name, Profile.id),
        "window": (in_window, User.name, Profile.id),
    }
    page = paginate(statement, listing, orders=orders, default="name", scalars=False)
    runs = runs_for([row[0].id for row in page.items])
    items = [Row(row[0], standing(runs.get(row[0].id, []), limits, on, row[0].since)) for row in page.items]
    return Page(items, page.number, page.size, page.total, page.q, page.sort, page.direction, page.filters)


def runs_for(profile_ids: Sequence[int]) -> dict[int, list[Run]]:
    """Return the confirmed days of some profiles, in order."""
    found: dict[int, list[Run]] = {}
    for key, first, last in db.session.execute(
        sa.select(PracticeRun.profile_id, PracticeRun.first_day, PracticeRun.last_day)
        .where(PracticeRun.profile_id.in_(profile_ids))
        .order_by(PracticeRun.profile_id, PracticeRun.first_day)
    ):
        found.setdefault(key, []).append((first, last))
    return found


def runs_and_limits(profile: Profile, on: date) -> tuple[list[Run], Limits]:
    """Return the confirmed days of one profile, in order, and the limits of its college on a day: one statement."""
    newest = (
        sa.select(PracticeLimit.id)
        .where(PracticeLimit.college_id == profile.organization_id, PracticeLimit.valid_from <= on)
        .order_by(PracticeLimit.valid_from.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = db.session.execute(
        sa.select(PracticeRun.first_day, PracticeRun.last_day, PracticeLimit)
        .select_from(Profile)
        .outerjoin(PracticeRun, PracticeRun.profile_id == Profile.id)
        .outerjoin(PracticeLimit, PracticeLimit.id == newest)
        .where(Profile.id == profile.id)
        .order_by(PracticeRun.first_day)
    ).all()
    return [(first, last) for first, last, _limit in rows if first], _limits_in(rows[0][2])


def counts_of(college_id: int, on: date, limits: Limits) -> Mapping[str, int]:
    """Return how many of a college's teachers there are and how many stand where: one statement."""
    statement, in_year, in_window = _lines(college_id, limits, on, whole=True)
    tallies = [
        sa.func.coalesce(
            sa.func.sum(sa.case((_standing_is(one, in_year, in_window, limits, on), 1), else_=0)), 0
        )
        for one in STANDINGS
    ]
    row = db.session.execute(statement.with_only_columns(sa.func.count(), *tallies)).one()
    return dict(zip(("all", *STANDINGS), row, strict=True))


def export_rows(college_id: int, wanted: str, on: date, limits: Limits) -> Iterator[list[Any]]:
    """Yield the ledger's lines for a workbook, with the sums alone; a thousand are read at a time."""
    statement, in_year, in_window = _lines(college_id, limits, on, whole=True)
    if wanted in STANDINGS:
        statement = statement.where(_standing_is(wanted, in_year, in_window, limits, on))
    rows = db.session.execute(statement.order_by(User.name, Profile.id).execution_options(yield_per=1000))
    for profile, year, window in rows:
        where = _of_sums(year, window, limits, on, profile.since)
        yield [
            profile.user.name, profile.title, profile.since, year, where.year_missing, window,
            where.window_missing, where.window_by,
        ]  # fmt: skip


def _of_sums(year: int, window: int, limits: Limits, on: date, since: date | None) -> Standing:
    """Return the standing from the two sums alone (without how long it holds)."""
    start = window_start(on, limits.window_years).toordinal()
    today, new_year = on.toordinal(), date(on.year, 1, 1).toordinal()
    runs: list[Run] = []
    if window > year:
        runs.append((start, start + window - year - 1))
    if year:
        runs.append((max(new_year, today - year + 1), today))
    return standing(runs, limits, on, since)


def history_of(runs: Sequence[Run], limits: Limits, on: date) -> list[tuple[int, int]]:
    """Return the days of each calendar year of the window, the newest first."""
    return [
        (year, days_between(runs, date(year, 1, 1), min(on, date(year, 12, 31))))
        for year in range(on.year, on.year - limits.window_years, -1)
    ]

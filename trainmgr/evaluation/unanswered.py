"""Who has not answered in a window, how much they owe, and what they were sent when; and the same as a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Response, current_app
from flask_babel import gettext as _

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.evaluation.models import Window, WindowNotice
from trainmgr.evaluation.queries import is_in_training, is_rated, rater_column, with_raters
from trainmgr.evaluation.rules import NoticeKind, Party
from trainmgr.identity.models import User
from trainmgr.kernel import sheets
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.paging import Listing, Page, like, paginate
from trainmgr.programs.models import Program

COLUMNS = [
    sheets.Column("name", N_("Name")),
    sheets.Column("owed", N_("Ratings owed")),
    sheets.Column("invitation", N_("Invitation")),
    sheets.Column("first_reminder", N_("First reminder")),
    sheets.Column("second_reminder", N_("Second reminder")),
    sheets.Column("by_hand", N_("Reminded by hand")),
]


def list_unanswered(program: Program, window: Window, viewer: User, listing: Listing) -> Page[Any]:
    """Return a page of the people who still owe ratings of trainees whom the viewer sees (one statement)."""
    statement, orders = _select(program, window, viewer)
    if listing.q:
        statement = statement.where(User.name.ilike(like(listing.q), escape="\\"))
    return paginate(statement, listing, orders=orders, default="owed", scalars=False, dear=True)


def rows_of(program: Program, window: Window, viewer: User) -> Iterable[Any]:
    """Yield everybody who still owes ratings, for a workbook (one statement, a piece at a time)."""
    statement, orders = _select(program, window, viewer)
    return db.session.execute(statement.order_by(*orders["owed"]), execution_options={"yield_per": 500})


def _select(program: Program, window: Window, viewer: User) -> tuple[Any, dict[str, list[Any]]]:
    owing = _owing(program, window, viewer).subquery()
    told = _told(window).subquery()
    statement = (
        sa.select(
            User.id,
            User.name,
            owing.c.owed,
            *(owing.c[party.value] for party in window.parties),
            *(told.c[kind.value] for kind in NoticeKind),
        )
        .join(owing, owing.c.user_id == User.id)
        .outerjoin(told, told.c.user_id == User.id)
    )
    orders = {
        "owed": [-owing.c.owed, User.name, User.id],  # whoever owes most comes first
        "name": [User.name, User.id],
        "invitation": [told.c[NoticeKind.INVITATION.value], User.id],
    }
    return statement, orders


def _owing(program: Program, window: Window, viewer: User) -> Any:
    """Select who owes how many ratings, over all parties and for each."""
    parts = []
    for party in window.parties:
        rater = rater_column(party)
        counted = sa.select(
            rater.label("user_id"), sa.literal(party.value).label("party"), sa.func.count().label("owed")
        ).select_from(Enrolment)
        parts.append(
            with_raters(counted, window.id, party)
            .where(
                visible_in(program, viewer),
                is_in_training(),
                rater.is_not(None),
                ~is_rated(window.id, party),
            )
            .group_by(rater)
        )
    each = sa.union_all(*parts).subquery()

    def total(counted: Any, name: str) -> Any:
        # PostgreSQL adds whole numbers up to a decimal; a workbook would take it for text.
        return sa.cast(sa.func.sum(counted), sa.Integer).label(name)

    return sa.select(
        each.c.user_id,
        total(each.c.owed, "owed"),
        *(
            total(sa.case((each.c.party == party.value, each.c.owed), else_=0), party.value)
            for party in window.parties
        ),
    ).group_by(each.c.user_id)


def _told(window: Window) -> Any:
    """Select when each person was last sent each kind of notice about a window."""
    return (
        sa.select(
            WindowNotice.user_id,
            *(
                sa.func.max(sa.case((WindowNotice.kind == kind, WindowNotice.at))).label(kind.value)
                for kind in NoticeKind
            ),
        )
        .where(WindowNotice.window_id == window.id)
        .group_by(WindowNotice.user_id)
    )


def owed_by_party(row: Any, window: Window) -> list[tuple[Party, int]]:
    """Return for which parties somebody owes how many ratings."""
    return [(party, owed) for party in window.parties if (owed := getattr(row, party.value))]


def send(rows: Iterable[Any], name: str) -> Response:
    """Answer with the list as a workbook."""
    return sheets.send_rows(COLUMNS, _lines(rows), name, title=_("Who has not answered"))


def _lines(rows: Iterable[Any]) -> Iterator[list[Any]]:
    for row in rows:
        told = (getattr(row, kind.value) for kind in NoticeKind)
        yield [row.name, row.owed, *("" if at is None else _stamp(at) for at in told)]


def _stamp(at: datetime) -> str:
    """Write a moment in full, as a workbook that is read another day needs it."""
    return at.astimezone(ZoneInfo(current_app.config["TIMEZONE"])).strftime("%Y-%m-%d %H:%M")

"""Reads of raters: who judged how many trainees how highly, on what, as far as the viewer may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.evaluation.closing import Sample
from trainmgr.evaluation.leniency import Leniency
from trainmgr.evaluation.leniency import Why as NoCorrection
from trainmgr.evaluation.models import Rating, RatingScore, Window
from trainmgr.evaluation.queries import is_in_training
from trainmgr.evaluation.rules import Party, RatingState
from trainmgr.identity.models import User
from trainmgr.insights.computing import JUDGES
from trainmgr.insights.models import WindowInsight
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program


def _judged(window: Window) -> list[sa.ColumnElement[bool]]:
    return [
        Rating.window_id == window.id,
        Rating.state == RatingState.SUBMITTED,
        Rating.party.in_([Party(party) for party in JUDGES]),
        Rating.score.is_not(None),
        is_in_training(),
    ]


def _raters(program: Program, window: Window, viewer: User) -> Any:
    """Return a subquery of the raters of visible trainees: id, name, party, n, mean, the mean of all of the party."""
    total, n = sa.func.sum(Rating.score), sa.func.count(Rating.id)
    of_all = (
        sa.func.sum(total).over(partition_by=Rating.party),
        sa.func.sum(n).over(partition_by=Rating.party),
    )
    return (
        sa.select(
            User.id,
            User.name,
            Rating.party,
            n.label("n"),
            (total / n).label("mean"),
            (of_all[0] / of_all[1]).label("of_party"),
        )
        .select_from(Rating)
        .join(Enrolment, Enrolment.id == Rating.enrolment_id)
        .join(User, User.id == Rating.rater_id)
        .where(visible_in(program, viewer), *_judged(window))
        .group_by(User.id, User.name, Rating.party)
        .subquery()
    )


def list_raters(
    program: Program, window: Window, viewer: User, listing: Listing, party: Party | None = None
) -> Page[Any]:
    """Return a page of raters of visible trainees: id, name, party, n, mean, of_party (two statements)."""
    found = _raters(program, window, viewer).c
    statement: Any = sa.select(*found)
    if party is not None:
        statement = statement.where(found.party == party)
    if listing.q:
        statement = statement.where(contains(found.name, listing.q))
    last = [found.name, found.id, found.party]
    orders: dict[str, Sequence[Any]] = {
        "party": [found.party, *last],
        "name": last,
        "n": [found.n, *last],
        "mean": [found.mean, *last],
        "raw": [found.mean - found.of_party, *last],
    }
    filters = {"party": party.value if party else ""}
    return paginate(statement, listing, orders=orders, default="party", scalars=False, filters=filters)


def all_raters(program: Program, window: Window, viewer: User) -> Iterable[Any]:
    """Return all raters of visible trainees by party and name."""
    found = _raters(program, window, viewer).c
    return db.session.execute(sa.select(*found).order_by(found.party, found.name, found.id))


# --- what was worked out of it ------------------------------------------------------------------------------


def leniencies_of(insight: WindowInsight | None) -> dict[tuple[str, int], Leniency]:
    """Return each rater's leniency as it was kept, by (party, person)."""
    if insight is None:
        return {}
    return {(row["party"], row["rater"]): _leniency(row) for row in insight.figures.get("leniency", [])}


def _leniency(row: Mapping[str, Any]) -> Leniency:
    facts = {key: value for key, value in row.items() if key not in ("party", "rater")}
    return Leniency(**(facts | {"why": NoCorrection(row["why"]) if row["why"] else None}))


def find_whole(window: Window) -> WindowInsight | None:
    """Return the stored figures over all trainees of a window."""
    return db.session.scalars(
        sa.select(WindowInsight).where(
            WindowInsight.window_id == window.id, WindowInsight.organization_id.is_(None)
        )
    ).one_or_none()


# --- one rater -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Beside:
    """One rater's figure beside that of the party's other raters."""

    own: Sample
    others: Sample


def scores_of(
    program: Program, window: Window, rater_id: int, viewer: User
) -> list[tuple[Party, Beside, str]]:
    """Return for each party that a person rated for: own scores, the others', the name (one statement).

    Somebody's own figures take in whom the viewer may see; one's own ratings are always one's own.
    """
    mine = Rating.rater_id == rater_id
    figures = [
        figure
        for condition in (mine, sa.not_(mine))
        for figure in (
            sa.func.count(sa.case((condition, 1))),
            sa.func.sum(sa.case((condition, Rating.score), else_=0.0)),
            sa.func.sum(sa.case((condition, Rating.score * Rating.score), else_=0.0)),
        )
    ]
    name = sa.select(User.name).where(User.id == rater_id).scalar_subquery()
    rows = db.session.execute(
        sa.select(Rating.party, name, *figures)
        .join(Enrolment, Enrolment.id == Rating.enrolment_id)
        .where(*_judged(window), *_whose(program, rater_id, viewer))
        .group_by(Rating.party)
        .order_by(Rating.party)
    ).all()
    return [(row[0], Beside(Sample(*row[2:5]), Sample(*row[5:8])), row[1]) for row in rows if row[2]]


def marks_of(
    program: Program, window: Window, rater_id: int, party: Party, viewer: User
) -> dict[int, Beside]:
    """Return a rater's marks by criterion beside the others' of the party (one statement)."""
    mine, mark = Rating.rater_id == rater_id, RatingScore.score
    figures = [
        figure
        for condition in (mine, sa.not_(mine))
        for figure in (
            sa.func.count(sa.case((condition, 1))),
            sa.func.sum(sa.case((condition, mark), else_=0)),
            sa.func.sum(sa.case((condition, mark * mark), else_=0)),
        )
    ]
    rows = db.session.execute(
        sa.select(RatingScore.criterion_id, *figures)
        .join(Rating, Rating.id == RatingScore.rating_id)
        .join(Enrolment, Enrolment.id == Rating.enrolment_id)
        .where(
            *_judged(window),
            *_whose(program, rater_id, viewer),
            Rating.party == party,
            mark.is_not(None),
        )
        .group_by(RatingScore.criterion_id)
    ).all()
    return {row[0]: Beside(Sample(*row[1:4]), Sample(*row[4:7])) for row in rows if row[1]}


def _whose(program: Program, rater_id: int, viewer: User) -> list[sa.ColumnElement[bool]]:
    return [] if rater_id == viewer.id else [visible_in(program, viewer)]

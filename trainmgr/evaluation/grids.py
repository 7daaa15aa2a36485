"""Rating a whole class in one grid: drafts kept row by row, every complete row handed in at once.

A row is one trainee. Statements are as many for a hundred rows as for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.evaluation import owing, queries, ratings, schemes, windows
from trainmgr.evaluation.due_codes import DUE_CODES
from trainmgr.evaluation.models import Criterion, Rating, RatingScore, Window
from trainmgr.evaluation.ratings import Answers, questions_for
from trainmgr.evaluation.recompute import recompute
from trainmgr.evaluation.rules import THREE, Party, RatingState
from trainmgr.evaluation.scoring import party_score
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.programs import dues
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Step, Work
from trainmgr.programs.thread import refresh

MOST = 200  # rows in one sending
Marks = Mapping[int, int | None]


@dataclass(frozen=True)
class Row:
    """What was entered for one trainee: the marks on the scale, and what was typed that is none."""

    marks: Marks
    wrong: Mapping[int, str] = field(default_factory=dict)

    @property
    def is_begun(self) -> bool:
        """Whether anything was entered."""
        return bool(self.marks or self.wrong)

    def missing(self, questions: Sequence[Criterion]) -> list[Criterion]:
        """Return the criteria that have no mark on the scale yet."""
        return [criterion for criterion in questions if criterion.id not in self.marks]


@dataclass(frozen=True)
class Outcome:
    """What became of a grid: how many rows are in, and the rows that were begun and are not complete."""

    submitted: int
    incomplete: Sequence[int]


def cohorts_of(window: Window, party: Party, rater: User) -> list[Cohort]:
    """Return the classes of those whom a person rates in a window (one statement)."""
    mine = sa.select(Enrolment.cohort_id).where(
        Enrolment.program_id == window.program_id, queries.is_assigned(window.id, party, rater.id)
    )
    return list(db.session.scalars(sa.select(Cohort).where(Cohort.id.in_(mine)).order_by(Cohort.name)))


def marks_of(rating_ids: Iterable[int | None]) -> dict[int, dict[int, int | None]]:
    """Return the marks of some ratings (one statement)."""
    found: dict[int, dict[int, int | None]] = {}
    for row in db.session.execute(
        sa.select(RatingScore.rating_id, RatingScore.criterion_id, RatingScore.score).where(
            RatingScore.rating_id.in_([each for each in rating_ids if each is not None])
        )
    ):
        found.setdefault(row.rating_id, {})[row.criterion_id] = row.score
    return found


def keep(window: Window, party: Party, rows: Mapping[int, Row], *, by: User, now: datetime) -> dict[int, int]:
    """Keep what was entered as drafts; rows that are in already or are not one's own are left alone.

    Returns the drafts' ids by trainee. A row that was emptied keeps an empty draft.
    """
    require_rows(rows)
    open_ones = _open_rows(window, party, list(rows), by)
    drafts = _drafts(window, party, list(open_ones), by)
    new = [
        enrolment_id for enrolment_id in open_ones if rows[enrolment_id].marks and enrolment_id not in drafts
    ]
    if new:
        common = {"program_id": window.program_id, "window_id": window.id, "party": party}
        own = {"rater_id": by.id, "created_at": now, "state": RatingState.DRAFT}
        db.session.execute(sa.insert(Rating), [{**common, **own, "enrolment_id": each} for each in new])
        drafts = _drafts(window, party, list(open_ones), by)
    ids = {rating_id: enrolment_id for enrolment_id, rating_id in drafts.items()}
    db.session.execute(
        sa.delete(RatingScore).where(RatingScore.rating_id.in_(list(ids))),
        execution_options={"synchronize_session": False},
    )
    scores = [
        {"rating_id": rating_id, "criterion_id": criterion_id, "score": mark}
        for rating_id, enrolment_id in ids.items()
        for criterion_id, mark in rows[enrolment_id].marks.items()
    ]
    if scores:
        db.session.execute(sa.insert(RatingScore), scores)
    return drafts


def require_rows(rows: Mapping[int, Row]) -> None:
    """Refuse more rows at once than a page of the grid has."""
    require(len(rows) <= MOST, _("At most %(most)s rows are taken at once.", most=MOST))


def _open_rows(window: Window, party: Party, enrolment_ids: Sequence[int], by: User) -> dict[int, str]:
    """Return those of some trainees whom a person rates and has not rated yet, by id with their names."""
    standing = sa.exists().where(
        Rating.window_id == window.id,
        Rating.enrolment_id == Enrolment.id,
        Rating.party == party,
        Rating.state == RatingState.SUBMITTED,
        *([] if party in THREE else [Rating.rater_id == by.id]),
    )
    found = db.session.execute(
        sa.select(Enrolment.id, Enrolment.name).where(
            Enrolment.id.in_(enrolment_ids),
            Enrolment.program_id == window.program_id,
            queries.is_assigned(window.id, party, by.id),
            ~standing,
        )
    )
    return {row.id: row.name for row in found}


def _drafts(window: Window, party: Party, enrolment_ids: Sequence[int], by: User) -> dict[int, int]:
    found = db.session.execute(
        sa.select(Rating.enrolment_id, Rating.id).where(
            Rating.window_id == window.id,
            Rating.enrolment_id.in_(enrolment_ids),
            Rating.party == party,
            Rating.rater_id == by.id,
            Rating.state == RatingState.DRAFT,
        )
    )
    return {row.enrolment_id: row.id for row in found}


def submit(
    program: Program, window: Window, party: Party, rows: Mapping[int, Row], *, by: User, now: datetime
) -> Outcome:
    """Hand in every complete row; what is begun and not complete stays a draft and is named.

    Done twice it is done once.
    """
    windows.require_at_work(program, Work.EVALUATION, window.kind)
    window = queries.lock_window(window)
    ratings.require_phase(window, now)
    for row in rows.values():
        ratings.require_on_scale(Answers(row.marks))
    questions = questions_for(window, party)
    drafts = keep(window, party, rows, by=by, now=now)
    begun = [i for i in rows if rows[i].is_begun]
    full = [i for i in begun if i in drafts and not rows[i].missing(questions)]
    if full:
        _hand_in(window, party, {i: drafts[i] for i in full}, rows, now)
        _record(program, party, {i: drafts[i] for i in full}, by, now)
        _count(program, window, party, full, by, now)
    wrong = [i for i in begun if rows[i].missing(questions) and (i in drafts or rows[i].wrong)]
    return Outcome(len(full), wrong)


def _hand_in(
    window: Window, party: Party, full: Mapping[int, int], rows: Mapping[int, Row], now: datetime
) -> None:
    points, values = window.plan.points[party], []
    for enrolment_id, rating_id in full.items():
        score = party_score(rows[enrolment_id].marks, points)
        values.append({"rating": rating_id, "value": score.value, "seen": score.coverage})
    table: Any = Rating.__table__
    db.session.execute(
        sa.update(table)
        .where(table.c.id == sa.bindparam("rating"))
        .values(
            state=RatingState.SUBMITTED,
            submitted_at=now,
            score=sa.bindparam("value"),
            coverage=sa.bindparam("seen"),
        ),
        values,
    )


def _record(program: Program, party: Party, full: Mapping[int, int], by: User, now: datetime) -> None:
    """Write each rating into the trail, as `ratings.submit` does one by one."""
    names: dict[int, str] = dict(
        db.session.execute(sa.select(Enrolment.id, Enrolment.name).where(Enrolment.id.in_(list(full)))).all()
    )
    common = {
        "at": now,
        "actor_id": by.id,
        "actor_name": by.name,
        "action": ratings.SUBMITTED,
        "subject_kind": Rating.__tablename__,
        "program_id": program.id,
        "reason": "",
        "details": {"party": party.value, **audit.by_way_of(by)},
    }
    db.session.execute(
        sa.insert(audit.AuditEvent),
        [{**common, "subject_id": key, "subject_name": names[each][:200]} for each, key in full.items()],
    )


def _count(
    program: Program, window: Window, party: Party, full: Sequence[int], by: User, now: datetime
) -> None:
    """Bring results, tally, the author's inbox and the thread up to date once for all rows."""
    schemes.freeze_if_open(window.scheme, now=now)
    recompute(window, full, now=now)
    owing.count_up(window)
    left = queries.count_owed(window, party, by.id)
    dues.put_many(
        DUE_CODES[party],
        [owing.line(window, by.id, left)],
        program_id=program.id,
        visible_from=local_day(window.opens_at),
    )
    refresh(program.id, Step.EVALUATION, now=now)

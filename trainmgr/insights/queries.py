"""Reads of what ratings say together; rows about trainees start from who the viewer may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any

import sqlalchemy as sa

from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.evaluation import queries as evaluation
from trainmgr.evaluation.closing import Paired, Sample
from trainmgr.evaluation.models import Result, Window
from trainmgr.evaluation.results import SCORES
from trainmgr.evaluation.scoring import NOISE, normalised_gain
from trainmgr.identity.models import User
from trainmgr.insights.models import WindowInsight
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program

MOST_CLASSES = 200
COMPOSITE = "composite"
NOBODY = Paired(0, 0.0, 0.0, 0.0, 0.0, 0.0)


def windows_of(program_id: int) -> list[Window]:
    """Return a programme's windows in the order in which they open, with scheme and criteria (two statements)."""
    statement = evaluation.with_criteria(sa.select(Window).where(Window.program_id == program_id))
    return list(db.session.scalars(statement.order_by(Window.opens_at, Window.id)))


# --- figures worked out beside requests ---------------------------------------------------------------


def find_insight(program: Program, window: Window, viewer: User) -> WindowInsight | None:
    """Return the stored figures about the trainees whom the viewer sees, if any (one statement)."""
    unseen = sa.exists().where(Enrolment.program_id == program.id, sa.not_(visible_in(program, viewer)))
    own = viewer.organizations_as(Role.ENTERPRISE_COORDINATOR, Role.STAFF, Role.ADMINISTRATOR)
    rows = db.session.execute(
        sa.select(WindowInsight, unseen.label("unseen")).where(
            WindowInsight.window_id == window.id,
            sa.or_(WindowInsight.organization_id.is_(None), WindowInsight.organization_id.in_(own)),
        )
    ).all()
    wanted = None if not rows or not rows[0].unseen else own
    for row, _unseen in rows:
        if (wanted is None) == (row.organization_id is None):
            found: WindowInsight = row
            return found
    return None


# --- results by class -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClassFigures:
    """How a class stands in a window: its people, and each party's scores and the composite on the scale 1–5.

    `passed` and `good` reached the scheme's marks; `levels` are means over competencies before and after, of those who
    have both.
    """

    id: int | None
    name: str
    people: int
    scores: Mapping[str, Sample] = field(default_factory=dict)
    provisional: int = 0
    passed: int = 0
    good: int = 0
    levels: Paired = NOBODY

    @property
    def rated(self) -> int:
        """How many have a composite."""
        return self.scores[COMPOSITE].n if self.scores else 0

    @property
    def entry(self) -> Sample:
        """The levels before of those who have one before and after."""
        return Sample(self.levels.n, self.levels.before, self.levels.before_squares)

    @property
    def exit(self) -> Sample:
        """The levels after of the same people."""
        return Sample(self.levels.n, self.levels.after, self.levels.after_squares)

    @property
    def normalised_gain(self) -> float | None:
        """The share of the possible gain that was made, of the means (Hake 1998)."""
        return normalised_gain(self.entry.mean, self.exit.mean)


def by_class(program: Program, window: Window, viewer: User) -> list[ClassFigures]:
    """Return each class as far as the viewer sees its trainees (one statement)."""
    columns: dict[str, Any] = {party.value: SCORES[party] for party in window.parties}
    columns[COMPOSITE] = Result.composite
    figures = [
        figure
        for column in columns.values()
        for figure in (sa.func.count(column), sa.func.sum(column), sa.func.sum(column * column))
    ]
    marks = (window.scheme.pass_mark, window.scheme.good_mark)
    told = (Result.is_provisional.is_(True), *(Result.composite >= mark - NOISE for mark in marks))
    rows = db.session.execute(
        sa.select(
            Cohort.id,
            Cohort.name,
            sa.func.count(Enrolment.id),
            *(sa.func.count(sa.case((one, 1))) for one in told),
            *_paired_sums(),
            *figures,
        )
        .select_from(Enrolment)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .outerjoin(Result, sa.and_(Result.window_id == window.id, Result.enrolment_id == Enrolment.id))
        .where(visible_in(program, viewer), evaluation.is_in_training())
        .group_by(Cohort.id, Cohort.name)
        .order_by(Cohort.name)
        .limit(MOST_CLASSES)
    ).all()
    return [_class(columns, row) for row in rows]


def _class(columns: Mapping[str, Any], row: Sequence[Any]) -> ClassFigures:
    scores = {
        name: Sample(n, float(total or 0), float(squares or 0))
        for name, (n, total, squares) in zip(columns, _threes(row[12:]), strict=True)
    }
    levels = Paired(row[6], *(float(value or 0) for value in row[7:12]))
    return ClassFigures(row[0], row[1] or "", row[2], scores, row[3], row[4], row[5], levels)


def _paired_sums() -> list[Any]:
    entry, after = Result.entry_level, Result.exit_level
    both = sa.and_(entry.is_not(None), after.is_not(None))
    sums = (entry, after, entry * entry, after * after, entry * after)
    return [
        sa.func.count(sa.case((both, 1))),
        *(sa.func.sum(sa.case((both, each), else_=0.0)) for each in sums),
    ]


def _threes(figures: Sequence[Any]) -> Sequence[Sequence[Any]]:
    return [figures[at : at + 3] for at in range(0, len(figures), 3)]


def together(classes: Sequence[ClassFigures]) -> ClassFigures:
    """Return all classes as one."""
    if not classes:
        return ClassFigures(None, "", 0)
    scores = {
        name: Sample(
            sum(one.scores[name].n for one in classes),
            sum(one.scores[name].total for one in classes),
            sum(one.scores[name].squares for one in classes),
        )
        for name in classes[0].scores
    }
    people, provisional, passed, good = (
        sum(getattr(one, name) for one in classes) for name in ("people", "provisional", "passed", "good")
    )
    levels = Paired(*map(sum, zip(*(astuple(one.levels) for one in classes), strict=True)))
    return ClassFigures(None, "", people, scores, provisional, passed, good, levels)

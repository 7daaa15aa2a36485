"""Reads of classes: surveys by class, who rated them, what two classes reached in the same test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.evaluation.anonymity import Published, shown_groups
from trainmgr.evaluation.closing import Sample
from trainmgr.evaluation.models import Criterion, Rating, RatingScore, Window
from trainmgr.evaluation.queries import criteria_of, is_in_training
from trainmgr.evaluation.rules import Party, RatingState, is_survey
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program
from trainmgr.testing import gains
from trainmgr.testing.reports import Chosen


@dataclass(frozen=True)
class Survey:
    """What the trainees of each class say on one question, with what of it may be shown."""

    criterion: Criterion
    answers: Mapping[int, Sample]
    shown: Published

    def mean(self, cohort_id: int | None) -> float | None:
        """Return a class's mean where it may be shown."""
        found = self.answers.get(cohort_id or 0)
        return found.mean if found and self.shown.shows(cohort_id or 0) else None

    def is_withheld(self, cohort_id: int | None) -> bool:
        """Tell whether a class answered and its mean is not shown."""
        found = self.answers.get(cohort_id or 0)
        return bool(found and found.n and not self.shown.shows(cohort_id or 0))

    def n(self, cohort_id: int | None) -> int:
        """Return how many of a class answered."""
        found = self.answers.get(cohort_id or 0)
        return found.n if found else 0

    @property
    def whole(self) -> float | None:
        """Return the mean of all, where it may be shown."""
        n = sum(one.n for one in self.answers.values())
        return sum(one.total for one in self.answers.values()) / n if n and self.shown.shows() else None


def surveys(program: Program, window: Window, viewer: User) -> list[Survey]:
    """Return what trainees say of the training by class, each question protected by itself (one statement)."""
    asked = [one for one in criteria_of(window) if one.by_trainee and is_survey(one.level, Party.TRAINEE)]
    mark: Any = RatingScore.score
    # PostgreSQL groups by the very same expression only: no parameter in it.
    cohort = sa.func.coalesce(Enrolment.cohort_id, sa.literal_column("0"))
    rows = db.session.execute(
        sa.select(
            RatingScore.criterion_id,
            cohort,
            sa.func.count(mark),
            sa.func.sum(mark),
            sa.func.sum(mark * mark),
        )
        .join(Rating, Rating.id == RatingScore.rating_id)
        .join(Enrolment, Enrolment.id == Rating.enrolment_id)
        .where(
            Rating.window_id == window.id,
            Rating.party == Party.TRAINEE,
            Rating.state == RatingState.SUBMITTED,
            RatingScore.criterion_id.in_([one.id for one in asked]),
            mark.is_not(None),
            visible_in(program, viewer),
            is_in_training(),
        )
        .group_by(RatingScore.criterion_id, cohort)
    ).all()
    found: dict[int, dict[int, Sample]] = {}
    for criterion_id, cohort_id, n, total, squares in rows:
        found.setdefault(criterion_id, {})[cohort_id] = Sample(n, float(total), float(squares))
    return [
        Survey(one, answers, shown_groups({cohort: sample.n for cohort, sample in answers.items()}))
        for one in asked
        if (answers := found.get(one.id))
    ]


# --- two classes ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Overlap:
    """Who rated two classes for a party: how many people in all, and how many of them both classes."""

    party: Party
    raters: int
    both: int


def overlap(window: Window, cohort_ids: Sequence[int]) -> list[Overlap]:
    """Return of each party but the trainees how many people rated two classes, and both (one statement)."""
    rows = db.session.execute(
        sa.select(Rating.party, Rating.rater_id, sa.func.count(sa.distinct(Enrolment.cohort_id)))
        .join(Enrolment, Enrolment.id == Rating.enrolment_id)
        .where(
            Rating.window_id == window.id,
            Rating.state == RatingState.SUBMITTED,
            Rating.party.not_in([Party.TRAINEE, Party.PEER]),
            Enrolment.cohort_id.in_(cohort_ids),
        )
        .group_by(Rating.party, Rating.rater_id)
    ).all()
    found: dict[Party, list[int]] = {}
    for party, _rater, classes in rows:
        found.setdefault(party, []).append(classes)
    return [Overlap(party, len(each), sum(n > 1 for n in each)) for party, each in sorted(found.items())]


@dataclass(frozen=True)
class Tested:
    """What classes reached in the same version of an instrument: shares of points before and at the end, by class."""

    name: str
    number: int
    before: Mapping[str, Sample]
    after: Mapping[str, Sample]
    gain: Mapping[str, Sample]


def tested(program: Program, viewer: User, names: Sequence[str]) -> Tested | None:
    """Return two classes' shares in the instrument that was taken twice, if one was (one statement, or two)."""
    series = next((one for one in gains.series_of(program.id) if one.is_complete), None)
    if series is None:
        return None
    pairs: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for row in gains.export_people(program, series.version_id, viewer, Chosen()):
        if row.cohort_name in pairs:
            pairs[row.cohort_name].append((float(row.before), float(row.after)))
    return Tested(
        series.name,
        series.number,
        {name: Sample.of(before for before, _ in each) for name, each in pairs.items()},
        {name: Sample.of(after for _, after in each) for name, each in pairs.items()},
        {name: Sample.of(after - before for before, after in each) for name, each in pairs.items()},
    )


def class_names(program_id: int) -> list[tuple[int, str]]:
    """Return the classes of a programme by name."""
    rows = db.session.execute(
        sa.select(Cohort.id, Cohort.name).where(Cohort.program_id == program_id).order_by(Cohort.name)
    )
    return [(row[0], row[1]) for row in rows]

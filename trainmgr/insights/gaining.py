"""What was gained in each competency, and how many reached what the post requires, before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trainmgr.enrolment.models import Enrolment, EntryLevel
from trainmgr.enrolment.queries import visible_in
from trainmgr.evaluation.closing import Closure, Paired, Sample
from trainmgr.evaluation.models import Attainment, Window
from trainmgr.evaluation.queries import is_in_training
from trainmgr.evaluation.scoring import NOISE, normalised_gain
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.i18n import language
from trainmgr.needs.models import Competency
from trainmgr.programs.models import Program


@dataclass(frozen=True)
class CompetencyGains:
    """One competency: everybody's level after, and of those measured before too, both; who reached the required one."""

    name: str
    name_en: str
    required: float
    is_priority: bool
    people: int
    reached: int
    reached_before: int
    reached_after: int
    levels: Paired

    @property
    def label(self) -> str:
        """Its name in the reader's language."""
        return self.name if language() == "zh" or not self.name_en else self.name_en

    @property
    def before(self) -> float | None:
        """The mean level before."""
        return self.levels.before / self.levels.n if self.levels.n else None

    @property
    def after(self) -> float | None:
        """The mean level after, of the same people."""
        return self.levels.after / self.levels.n if self.levels.n else None

    @property
    def gains(self) -> Sample:
        """The people's gains."""
        return self.levels.gains

    @property
    def closure(self) -> Closure:
        """What was closed of the gap."""
        return self.levels.closure(self.required)

    @property
    def normalised_gain(self) -> float | None:
        """The share of the possible gain that was made."""
        return normalised_gain(self.before, self.after)


def by_competency(program: Program, window: Window, viewer: User) -> list[CompetencyGains]:
    """Return each competency that the window measured, priorities first (one statement)."""
    entry, after = sa.cast(EntryLevel.level, sa.Float), Attainment.level
    both = EntryLevel.level.is_not(None)
    required = sa.cast(Competency.required_level, sa.Float) - NOISE

    def times(*conditions: Any) -> Any:
        return sa.func.count(sa.case((sa.and_(*conditions), 1)))

    def total(value: Any) -> Any:
        return sa.func.sum(sa.case((both, value), else_=0.0))

    rows = db.session.execute(
        sa.select(
            Competency.name, Competency.name_en, Competency.required_level, Competency.is_priority,
            sa.func.count(), times(after >= required), times(both, entry >= required), times(both, after >= required),
            times(both), *(total(value) for value in (entry, after, entry * entry, after * after, entry * after)),
        )
        .select_from(Attainment)
        .join(Competency, Competency.id == Attainment.competency_id)
        .join(Enrolment, Enrolment.id == Attainment.enrolment_id)
        .outerjoin(
            EntryLevel,
            sa.and_(EntryLevel.enrolment_id == Enrolment.id, EntryLevel.competency_id == Competency.id),
        )
        .where(Attainment.window_id == window.id, visible_in(program, viewer), is_in_training())
        .group_by(Competency.id)
        .order_by(sa.case((Competency.is_priority, 0), else_=1), Competency.rank, Competency.id)
    ).all()  # fmt: skip
    return [_gains(row) for row in rows]


def _gains(row: Any) -> CompetencyGains:
    facts: list[Any] = [*row[:2], float(row[2]), *row[3:8], Paired(row[8], *map(float, row[9:14]))]
    return CompetencyGains(*facts)

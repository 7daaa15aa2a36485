"""What a trainee does well and what comes next, read from the marks: the words of the scale, modules, remedial tasks.

What others gave counts; where nobody else judged a criterion, the trainee's own mark does. What trainees say of the
training itself is no strength or weakness of theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from statistics import fmean
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trainmgr.curriculum.models import Module, ModuleCompetency
from trainmgr.curriculum.queries import edition_in_force
from trainmgr.enrolment.models import Enrolment, EntryLevel
from trainmgr.evaluation.models import Attainment, Criterion, Scheme, Window
from trainmgr.evaluation.results import CompetencyGain
from trainmgr.evaluation.rules import Party, is_survey
from trainmgr.kernel.db import db
from trainmgr.needs.models import Competency
from trainmgr.practice.gate_models import RemedialTask, TaskState

MOST = 3


@dataclass(frozen=True)
class Spot:
    """A criterion with the mean of its marks, 1 to 5, and the modules that treat what it stands for."""

    criterion: Criterion
    mean: float
    modules: Sequence[Any] = ()

    @property
    def word(self) -> str:
        """The words of the scale that are nearest to the mean."""
        return self.criterion.word(min(max(int(self.mean + 0.5), 1), 5))


@dataclass
class Path:
    """What is known of a trainee's way: each competency before and now, the modules that treat it, open tasks."""

    gains: list[CompetencyGain] = field(default_factory=list)
    modules: dict[int, list[Any]] = field(default_factory=dict)
    tasks: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Outlook:
    """What is strong, and what comes next."""

    strengths: Sequence[Spot] = ()
    steps: Sequence[Spot] = ()


def means(marks: Mapping[Party, Mapping[int, float | None]]) -> dict[int, float]:
    """Return the mean mark of each criterion over those who judged the trainee from outside, else the own one."""
    own = {c: mark for c, mark in marks.get(Party.TRAINEE, {}).items() if mark is not None}
    others: dict[int, list[float]] = {}
    for party, given in marks.items():
        if party is not Party.TRAINEE:
            for criterion, mark in given.items():
                if mark is not None:
                    others.setdefault(criterion, []).append(mark)
    return own | {criterion: fmean(given) for criterion, given in others.items()}


def spots(
    criteria: Iterable[Criterion], marks: Mapping[Party, Mapping[int, float | None]], scheme: Scheme
) -> tuple[list[Spot], list[Spot]]:
    """Return the highest criteria from the good mark on, and the lowest below it, at most three each."""
    others, known = means({p: m for p, m in marks.items() if p is not Party.TRAINEE}), means(marks)
    told = [one for one in criteria if one.id in others or not is_survey(one.level, Party.TRAINEE)]
    judged = [Spot(one, known[one.id]) for one in told if one.id in known]
    ranked = sorted(judged, key=lambda spot: (-spot.mean, spot.criterion.position))
    strong = [spot for spot in ranked if spot.mean >= scheme.good_mark]
    weak = [spot for spot in reversed(ranked) if spot.mean < scheme.good_mark]
    return strong[:MOST], weak[:MOST]


def outlook(
    criteria: Iterable[Criterion],
    marks: Mapping[Party, Mapping[int, float | None]],
    scheme: Scheme,
    path: Path,
) -> Outlook:
    """Return a trainee's strengths and next steps with the modules that treat them."""
    strong, weak = spots(criteria, marks, scheme)
    return Outlook(
        strong,
        [
            Spot(spot.criterion, spot.mean, path.modules.get(spot.criterion.competency_id or 0, [])[:MOST])
            for spot in weak
        ],
    )


def path_of(enrolment: Enrolment, window: Window) -> Path:
    """Return a trainee's competencies, priorities first, with what treats them, and the open remedial tasks.

    One statement; a trainee has a handful of each, so that their product is small.
    """
    path, seen, tasks = Path(), set(), {}
    for competency, entry, level, module, hours, task in db.session.execute(
        _statement(), {"enrolment": enrolment.id, "program": enrolment.program_id, "window": window.id}
    ):
        if task is not None:
            tasks[task.id] = task
        if competency is None:
            continue
        if competency.id not in seen:
            seen.add(competency.id)
            path.gains.append(CompetencyGain(competency, None if entry is None else float(entry), level))
        treated = path.modules.setdefault(competency.id, [])
        if module is not None and (module, hours) not in treated:
            treated.append((module, hours))
    path.tasks = sorted(tasks.values(), key=lambda one: (one.due_on, one.id))
    return path


@cache
def _statement() -> sa.Select[*tuple[Any, ...]]:
    """Return the select of an `enrolment`'s way in a `window` of its `program`."""
    enrolment: Any = sa.bindparam("enrolment")
    window: Any = sa.bindparam("window")
    program: Any = sa.bindparam("program")
    reached, planned = aliased(Attainment), aliased(Module)
    judged = Competency.id.in_(
        sa.select(reached.competency_id).where(reached.enrolment_id == enrolment, reached.window_id == window)
    )
    here = sa.and_(
        ModuleCompetency.competency_id == Competency.id,
        ModuleCompetency.module_id.in_(
            sa.select(planned.id).where(planned.edition_id == edition_in_force(program))
        ),
    )
    return (
        sa.select(
            Competency, EntryLevel.level, Attainment.level, Module, ModuleCompetency.hours, RemedialTask
        )
        .select_from(Enrolment)
        .outerjoin(
            Competency,
            sa.and_(Competency.program_id == Enrolment.program_id, sa.or_(Competency.is_priority, judged)),
        )
        .outerjoin(
            EntryLevel,
            sa.and_(EntryLevel.competency_id == Competency.id, EntryLevel.enrolment_id == Enrolment.id),
        )
        .outerjoin(
            Attainment,
            sa.and_(
                Attainment.competency_id == Competency.id,
                Attainment.enrolment_id == Enrolment.id,
                Attainment.window_id == window,
            ),
        )
        .outerjoin(ModuleCompetency, here)
        .outerjoin(Module, Module.id == ModuleCompetency.module_id)
        .outerjoin(
            RemedialTask,
            sa.and_(RemedialTask.enrolment_id == Enrolment.id, RemedialTask.state == TaskState.OPEN),
        )
        .where(Enrolment.id == enrolment)
        .order_by(
            sa.case((Competency.is_priority, 0), else_=1),
            Competency.rank,
            Competency.id,
            ModuleCompetency.hours.desc(),
            Module.id,
        )
    )

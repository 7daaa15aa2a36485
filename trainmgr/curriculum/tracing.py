"""The thread from an hour of the plan back to the gap that asked for it, and on to what proves that it was closed.

What proves it is kept by features that stand below the plan; each registers what it knows:

    @proves
    def practised(asked): ...

What takes one row of figures says how to read it; all those rows are read in one statement:

    @proves_by(goals_select)
    def aimed_at(asked, row): ...
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased

from trainmgr.curriculum.frozen import FROZEN
from trainmgr.curriculum.models import Edition, Module, ModuleCompetency
from trainmgr.curriculum.queries import edition_in_force
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.needs.models import Competency, Indicator, IndicatorLink
from trainmgr.programs.models import Program
from trainmgr.standards.models import (
    JobStandard,
    ProgramStandard,
    StandardCompetency,
    StandardTask,
    StandardVersion,
    TaskCompetency,
    TaskSource,
)
from trainmgr.standards.queries import visible_to

MOST_TASKS = 200


# --- what proves it -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """What is traced: a competency of a programme, in one module (by its lineage) or in all; by whom."""

    program: Program
    competency: Competency
    lineage: str | None
    viewer: User


@dataclass(frozen=True)
class Exhibit:
    """One record that proves something, with its address."""

    text: str
    hint: str = ""
    url: str = ""


@dataclass(frozen=True)
class Proof:
    """What one feature knows: a heading, a sentence, levels before and after where it measures, a few records."""

    title: str
    text: str
    is_there: bool = True
    url: str = ""
    before: float | None = None
    after: float | None = None
    exhibits: Sequence[Exhibit] = ()


Prover = Callable[[Asked], Proof | None]
Figures = Callable[[Asked], sa.Select[*tuple[Any, ...]] | None]
Teller = Callable[[Asked, Sequence[Any] | None], Proof | None]
_provers: list[Prover | tuple[Figures, Teller]] = []


def proves(prover: Prover) -> Prover:
    """Register what a feature can show for a competency; None where the viewer may not see it."""
    _provers.append(prover)
    return prover


def proves_by(figures: Figures) -> Callable[[Teller], Teller]:
    """Register what a feature shows from one row of figures.

    The statement gives at most one row, whose first column is never NULL; no statement: the viewer may not see it.
    The teller is handed the row, or None where there is none.
    """

    def register(teller: Teller) -> Teller:
        _provers.append((figures, teller))
        return teller

    return register


def proofs_of(asked: Asked) -> list[Proof]:
    """Return what every feature shows, in the order of the thread; all rows of figures take one statement."""
    selects = [prover[0](asked) if isinstance(prover, tuple) else None for prover in _provers]
    rows = iter(_side_by_side([select for select in selects if select is not None]))
    found: list[Proof | None] = []
    for prover, select in zip(_provers, selects, strict=True):
        if not isinstance(prover, tuple):
            found.append(prover(asked))
        elif select is not None:
            found.append(prover[1](asked, next(rows)))
    return [proof for proof in found if proof is not None]


def _side_by_side(selects: Sequence[sa.Select[*tuple[Any, ...]]]) -> list[Sequence[Any] | None]:
    """Return the one row of each statement, or None where it has none."""
    if not selects:
        return []
    parts = [select.subquery(f"figures_{place}") for place, select in enumerate(selects)]
    together: sa.FromClause = sa.select(sa.literal(1).label("one")).subquery()
    for part in parts:
        together = together.outerjoin(part, sa.true())
    row = tuple(db.session.execute(sa.select(*parts).select_from(together)).one())
    found: list[Sequence[Any] | None] = []
    for part in parts:
        own, row = row[: len(part.c)], row[len(part.c) :]
        found.append(None if own[0] is None else own)
    return found


# --- where it comes from --------------------------------------------------------------------------


@dataclass
class Origin:
    """The version of a job standard that a competency comes from, with its typical tasks and what experts told."""

    standard_id: int
    number: int
    post: str
    post_en: str
    is_visible: bool
    tasks: dict[int, tuple[StandardTask, list[StandardTask]]] = field(default_factory=dict)


def origin_of(program: Program, competency: Competency, viewer: User) -> Origin | None:
    """Return where a competency comes from in the job standard that the programme draws on: one statement."""
    told = aliased(StandardTask)
    rows = db.session.execute(
        sa.select(JobStandard, StandardVersion.number, visible_to(viewer), StandardTask, told)
        .select_from(StandardCompetency)
        .join(JobStandard, JobStandard.id == StandardCompetency.standard_id)
        .join(
            ProgramStandard,
            sa.and_(ProgramStandard.standard_id == JobStandard.id, ProgramStandard.program_id == program.id),
        )
        .join(StandardVersion, StandardVersion.id == ProgramStandard.version_id)
        .outerjoin(
            TaskCompetency,
            sa.and_(
                TaskCompetency.competency_id == StandardCompetency.id,
                TaskCompetency.version_id == StandardVersion.id,
            ),
        )
        .outerjoin(StandardTask, StandardTask.id == TaskCompetency.task_id)
        .outerjoin(TaskSource, TaskSource.task_id == StandardTask.id)
        .outerjoin(told, told.id == TaskSource.source_id)
        .where(StandardCompetency.id == competency.standard_competency_id)
        .order_by(StandardTask.position, StandardTask.id, told.position, told.id)
        .limit(MOST_TASKS)
    ).all()
    if not rows:
        return None
    standard, number, is_visible = rows[0][:3]
    origin = Origin(standard.id, number, standard.post, standard.post_en, bool(is_visible))
    pairs: list[tuple[StandardTask | None, StandardTask | None]] = [(row[3], row[4]) for row in rows]
    for task, source in pairs:
        if task is not None:
            sources = origin.tasks.setdefault(task.id, (task, []))[1]
            sources += [source] if source is not None else []
    return origin


def indicators_of(competency_id: int) -> Sequence[Indicator]:
    """Return the enterprise's figures that depend on a competency."""
    return db.session.scalars(
        sa.select(Indicator)
        .join(IndicatorLink, IndicatorLink.indicator_id == Indicator.id)
        .where(IndicatorLink.competency_id == competency_id)
        .order_by(Indicator.weight.desc(), Indicator.id)
    ).all()


# --- the thread -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hours:
    """What one module gives to one competency."""

    module: Module
    competency: Competency
    hours: int


@dataclass(frozen=True)
class Thread:
    """A competency in an edition: the modules that serve it, what else the module asked for serves, all to choose."""

    edition: Edition | None
    competency: Competency | None
    module: Module | None
    served_by: Sequence[Hours]
    also_served: Sequence[Hours]
    competencies: Sequence[Competency]


def _read(
    program_id: int, number: int | None, on: date | None, drafts: bool
) -> tuple[Edition | None, list[Competency], list[Hours]]:
    """Return the edition, the competencies (most pressing first) and the cells in its order: one statement.

    Without a number it is the edition in force (on a day, or now), or the newest; one that may not be seen is none.
    """
    asked = (
        Edition.id == edition_in_force(program_id, on)
        if number is None
        else sa.and_(Edition.program_id == program_id, Edition.number == number)
    )
    of_edition = sa.and_(asked, sa.or_(sa.literal(drafts), Edition.state.in_(FROZEN)))
    cell = (
        sa.select(ModuleCompetency.competency_id, ModuleCompetency.module_id, ModuleCompetency.hours)
        .join(Module, Module.id == ModuleCompetency.module_id)
        .join(Edition, Edition.id == Module.edition_id)
        .where(of_edition)
        .subquery()
    )
    unranked = sa.case((Competency.rank == 0, 1), else_=0)
    rows = db.session.execute(
        sa.select(Edition, Competency, Module, cell.c.hours)
        .select_from(Competency)
        .outerjoin(Edition, of_edition)
        .outerjoin(cell, cell.c.competency_id == Competency.id)
        .outerjoin(Module, Module.id == cell.c.module_id)
        .where(Competency.program_id == program_id)
        .order_by(
            unranked,
            Competency.rank,
            Competency.position,
            Competency.id,
            Module.stage_number,
            Module.position,
        )
    ).all()
    cells = [Hours(row[2], row[1], row[3]) for row in rows if row[2] is not None]
    return rows[0][0] if rows else None, list(dict.fromkeys(row[1] for row in rows)), cells


def thread_or_404(
    program: Program,
    number: int | None = None,
    module_id: int | None = None,
    competency_id: int | None = None,
    *,
    on: date | None = None,
    drafts: bool,
) -> Thread:
    """Return what is asked for: of a module the competency with most hours, of nothing the most pressing one."""
    edition, known, cells = _read(program.id, number, on, drafts)
    of_module = [cell for cell in cells if cell.module.id == module_id]
    module = of_module[0].module if of_module else _idle_module_or_404(edition, module_id)
    chosen: Competency | None
    if competency_id is not None:
        chosen = next((each for each in known if each.id == competency_id), None) or abort(404)
    elif module is not None:
        chosen = max(of_module, key=lambda cell: cell.hours).competency if of_module else None
    else:
        chosen = known[0] if known else None
    served_by = [cell for cell in cells if cell.competency is chosen]
    others = [cell for cell in of_module if cell.competency is not chosen]
    return Thread(edition, chosen, module, served_by, others, known)


def _idle_module_or_404(edition: Edition | None, module_id: int | None) -> Module | None:
    """Return a module that serves nothing; None when none is asked for."""
    if module_id is None:
        return None
    module = db.session.get(Module, module_id)
    return module if module and edition and module.edition_id == edition.id else abort(404)

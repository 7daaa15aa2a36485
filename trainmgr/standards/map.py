"""The competency map of a version: post → typical tasks → competencies → modules of a programme's plan.

Modules belong to the plan, which stands below standards. Whoever owns them registers where they come from:

    @contributes_modules
    def modules_of(program_id, competency_ids): ...
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import sqlalchemy as sa

from trainmgr.identity.models import User
from trainmgr.kernel.charts.canvas import wrapped
from trainmgr.kernel.db import db
from trainmgr.programs.labels import in_language
from trainmgr.programs.models import Program
from trainmgr.programs.queries import visible_to
from trainmgr.standards.content import Content
from trainmgr.standards.drawing import Drawing, Thing, draw
from trainmgr.standards.models import (
    JobStandard,
    ProgramStandard,
    StandardTask,
    StandardVersion,
    VersionCompetency,
)
from trainmgr.standards.rules import TaskKind

MOST_PROGRAMS = 50


@dataclass(frozen=True)
class MapModule:
    """A module as the map shows it; `hours` by the lasting identities of the competencies that it serves."""

    id: int
    name: str
    name_en: str = ""
    hours: dict[int, int] = field(default_factory=dict)


Contributor = Callable[[int, Collection[int]], Sequence[MapModule]]
_contributors: list[Contributor] = []


def contributes_modules(source: Contributor) -> Contributor:
    """Register where the modules of a programme come from, by its id and the competencies' lasting identities."""
    _contributors.append(source)
    return source


def modules_of(program: Program, competency_ids: Collection[int]) -> list[MapModule]:
    """Return the modules of a programme's plan that serve some of these competencies."""
    return [module for source in _contributors for module in source(program.id, competency_ids)]


def programs_using(version: StandardVersion, viewer: User) -> Sequence[Program]:
    """Return the programmes that draw on a version, as far as the viewer may see them, the newest first."""
    return db.session.scalars(
        sa.select(Program)
        .join(ProgramStandard, ProgramStandard.program_id == Program.id)
        .where(ProgramStandard.version_id == version.id, visible_to(viewer))
        .order_by(Program.created_at.desc(), Program.id.desc())
        .limit(MOST_PROGRAMS)
    ).all()


@dataclass(frozen=True)
class MapRow:
    """One line of the map's table; what is not linked on is None."""

    task: StandardTask | None
    competency: VersionCompetency | None
    modules: Sequence[MapModule]


@dataclass
class CompetencyMap:
    """A version with the modules of one programme."""

    standard: JobStandard
    content: Content
    modules: Sequence[MapModule] = ()

    @cached_property
    def serving(self) -> dict[int, list[MapModule]]:
        """The modules that serve a competency, by its lasting identity."""
        found: dict[int, list[MapModule]] = {}
        for module in self.modules:
            for competency_id in module.hours:
                found.setdefault(competency_id, []).append(module)
        return found

    @property
    def rows(self) -> Iterator[MapRow]:
        """The map as a table: each typical task with its competencies, then those that no task takes."""
        content = self.content
        for task in content.of_kind(TaskKind.TYPICAL):
            taken = content.competencies_of.get(task.id, ())
            for one in taken:
                yield MapRow(task, content.competency_by_id[one], self.serving.get(one, ()))
            if not taken:
                yield MapRow(task, None, ())
        for competency in content.competencies:
            if competency.competency_id not in content.tasks_of:
                yield MapRow(None, competency, self.serving.get(competency.competency_id, ()))

    def drawing(self) -> Drawing:
        """Return the map as it is drawn."""
        content = self.content
        typical = content.of_kind(TaskKind.TYPICAL)
        columns = [
            [Thing("post", in_language(self.standard.post, self.standard.post_en))],
            [Thing(f"t{one.id}", in_language(one.name, one.name_en)) for one in typical],
            [
                Thing(f"c{one.competency_id}", in_language(one.name, one.name_en), _levels(one))
                for one in content.competencies
            ],
            [
                Thing(f"m{one.id}", in_language(one.name, one.name_en), str(sum(one.hours.values())))
                for one in self.modules
            ],
        ]
        return draw(columns if self.modules else columns[:3], self._links(), wrapped)

    def _links(self) -> Iterator[tuple[str, str]]:
        for task in self.content.of_kind(TaskKind.TYPICAL):
            yield "post", f"t{task.id}"
            for one in self.content.competencies_of.get(task.id, ()):
                yield f"t{task.id}", f"c{one}"
        for module in self.modules:
            for one in module.hours:
                yield f"c{one}", f"m{module.id}"


def _levels(one: VersionCompetency) -> str:
    return f"{one.importance.normalize():f} · {one.required_level.normalize():f}"

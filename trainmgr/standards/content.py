"""What a version holds, read whole in four statements, and as the plain values of `framework`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trainmgr.kernel.db import db
from trainmgr.standards.framework import Certificate, Competency, Framework, Task, Unit
from trainmgr.standards.models import (
    CertificateMapping,
    CertificateStandard,
    CertificateUnit,
    JobStandard,
    StandardTask,
    StandardVersion,
    TaskCompetency,
    TaskSource,
    VersionCompetency,
)
from trainmgr.standards.rules import HIGHEST_LEVEL, TaskKind

Links = dict[int, list[int]]


@dataclass
class Content:
    """The rows of a version. `sources` and `competencies_of` lead from a task's id, `units_of` from a competency's."""

    competencies: Sequence[VersionCompetency]
    tasks: Sequence[StandardTask]
    sources: Links = field(default_factory=dict)
    competencies_of: Links = field(default_factory=dict)
    units_of: Links = field(default_factory=dict)
    units: Sequence[CertificateUnit] = ()

    @cached_property
    def task_by_id(self) -> dict[int, StandardTask]:
        """The tasks by their ids."""
        return {task.id: task for task in self.tasks}

    @cached_property
    def competency_by_id(self) -> dict[int, VersionCompetency]:
        """The competencies' words by the id of their lasting identity."""
        return {competency.competency_id: competency for competency in self.competencies}

    @cached_property
    def outcomes(self) -> Links:
        """Which tasks come from a task."""
        return _turned(self.sources)

    @cached_property
    def tasks_of(self) -> Links:
        """Which typical tasks take a competency, by the id of its lasting identity."""
        return _turned(self.competencies_of)

    def of_kind(self, kind: TaskKind) -> list[StandardTask]:
        """Return the tasks of one kind in their order."""
        return [task for task in self.tasks if task.kind is kind]


def _turned(links: Links) -> Links:
    turned: Links = defaultdict(list)
    for start, ends in links.items():
        for end in ends:
            turned[end].append(start)
    return dict(turned)


def content_of(version: StandardVersion) -> Content:
    """Read a version whole."""
    content = Content(
        db.session.scalars(
            sa.select(VersionCompetency)
            .where(VersionCompetency.version_id == version.id)
            .options(joinedload(VersionCompetency.competency))
            .order_by(VersionCompetency.position, VersionCompetency.id)
        ).all(),
        tasks_of_version(version.id),
    )
    _read_links(version.id, content)
    if content.units_of:
        content.units = _units({unit for units in content.units_of.values() for unit in units})
    return content


def tasks_of_version(version_id: int) -> Sequence[StandardTask]:
    """Return the tasks of a version in the order of the chain."""
    kinds = sa.case({kind.value: at for at, kind in enumerate(TaskKind)}, value=StandardTask.kind)
    return db.session.scalars(
        sa.select(StandardTask)
        .where(StandardTask.version_id == version_id)
        .order_by(kinds, StandardTask.position, StandardTask.id)
    ).all()


def _read_links(version_id: int, content: Content) -> None:
    wanted = [
        ("sources", TaskSource.task_id, TaskSource.source_id, TaskSource.version_id),
        ("competencies_of", TaskCompetency.task_id, TaskCompetency.competency_id, TaskCompetency.version_id),
        (
            "units_of", CertificateMapping.competency_id, CertificateMapping.unit_id,
            CertificateMapping.version_id,
        ),
    ]  # fmt: skip
    rows = db.session.execute(
        sa.union_all(
            *(
                sa.select(sa.literal(name).label("name"), start.label("start"), end.label("end"))
                .where(of == version_id)
                for name, start, end, of in wanted
            )
        ).order_by("name", "start", "end")
    )  # fmt: skip
    for name, start, end in rows:
        getattr(content, name).setdefault(start, []).append(end)


def _units(ids: set[int]) -> Sequence[CertificateUnit]:
    return db.session.scalars(
        sa.select(CertificateUnit)
        .join(CertificateUnit.certificate)
        .where(CertificateUnit.id.in_(ids))
        .options(joinedload(CertificateUnit.certificate))
        .order_by(CertificateStandard.name, CertificateStandard.id, CertificateUnit.position)
    ).all()


def framework_of(standard: JobStandard, content: Content) -> Framework:
    """Return a version as plain values; the same content gives the same values whatever its ids are."""
    task_keys = {task.id: task.key for task in content.tasks}
    keys = {one.competency_id: one.competency.key for one in content.competencies}
    unit_keys = {unit.id: unit.key for unit in content.units}
    return Framework(
        key=standard.key,
        code=standard.code,
        post=standard.post,
        post_en=standard.post_en,
        occupation=standard.occupation,
        competencies=tuple(
            _competency(one, keys, unit_keys, content.units_of.get(one.competency_id, []))
            for one in content.competencies
        ),
        tasks=tuple(
            Task(
                task.key,
                task.kind,
                task.name,
                task.name_en,
                task.description,
                tuple(sorted(task_keys[source] for source in content.sources.get(task.id, ()))),
                tuple(sorted(keys[one] for one in content.competencies_of.get(task.id, ()))),
            )
            for task in content.tasks
        ),
        certificates=_certificates(content.units),
    )


def _competency(
    one: VersionCompetency, keys: dict[int, str], unit_keys: dict[int, str], units: list[int]
) -> Competency:
    return Competency(
        keys[one.competency_id],
        one.name,
        one.importance,
        one.required_level,
        one.name_en,
        one.dimension,
        tuple([*one.levels, *[""] * HIGHEST_LEVEL][:HIGHEST_LEVEL]),
        tuple(sorted(unit_keys[unit] for unit in units)),
    )


def _certificates(units: Sequence[CertificateUnit]) -> tuple[Certificate, ...]:
    """Only the units that a competency covers belong to the content."""
    grouped: dict[int, list[CertificateUnit]] = {}
    for unit in units:
        grouped.setdefault(unit.certificate_id, []).append(unit)
    return tuple(
        Certificate(
            own[0].certificate.key,
            own[0].certificate.name,
            own[0].certificate.issuer,
            own[0].certificate.name_en,
            own[0].certificate.level,
            own[0].certificate.is_one_plus_x,
            tuple(Unit(unit.key, unit.code, unit.name) for unit in own),
        )
        for own in grouped.values()
    )

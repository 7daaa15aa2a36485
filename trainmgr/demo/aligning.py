"""The five alignments (case W6) of the modules of a case, each worked out from what the case has on record.

Goals from the competencies that a module serves, content from the technical standard attached to it, scene from where
it is taught, assessment from the certificate that its competencies lead to, textbook from how its resources are kept.
What nothing on record speaks for is left unchecked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from trainmgr.curriculum.aligning import Alignment, AlignmentVerdict, a_year_later
from trainmgr.curriculum.alignments import Finding, record_check
from trainmgr.curriculum.models import Module, ModuleCompetency
from trainmgr.curriculum.queries import modules_of
from trainmgr.demo.cast import Cast, read
from trainmgr.demo.days import Days
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.materials.models import Material, MaterialUse
from trainmgr.materials.rules import UpdateKind
from trainmgr.needs.models import Competency
from trainmgr.pathways.rules import Venue
from trainmgr.programs.models import Program
from trainmgr.standards.models import (
    CertificateMapping,
    CertificateStandard,
    CertificateUnit,
    ProgramStandard,
)
from trainmgr.timetable.models import Room, TeachingSession

CHECKED_AGO = 40  # days since most of it was looked at
HALF_A_YEAR = timedelta(days=182)
SLUGS = ("five-dimension", "eight-stage")


@dataclass(frozen=True)
class Record:
    """What a case has on record of its modules, by lineage (of certificates: by competency)."""

    served: Mapping[int, Sequence[tuple[Competency, int]]]
    resources: Mapping[str, Sequence[Material]]
    rooms: Mapping[str, Sequence[str]]
    certificates: Mapping[int, str]

    @classmethod
    def of(cls, program: Program) -> Record:
        """Read a programme's records: four statements."""
        return cls(_served(program), _resources(program), _rooms(program), _certificates(program))


def _grouped(rows: Any) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for key, *rest in rows:
        found.setdefault(key, []).append(rest[0] if len(rest) == 1 else tuple(rest))
    return found


def _served(program: Program) -> dict[int, list[Any]]:
    return _grouped(
        db.session.execute(
            sa.select(ModuleCompetency.module_id, Competency, ModuleCompetency.hours)
            .join(Competency, Competency.id == ModuleCompetency.competency_id)
            .where(Competency.program_id == program.id)
            .order_by(ModuleCompetency.hours.desc(), Competency.id)
        )
    )


def _resources(program: Program) -> dict[str, list[Any]]:
    return _grouped(
        db.session.execute(
            sa.select(MaterialUse.lineage, Material)
            .join(Material, Material.id == MaterialUse.material_id)
            .where(MaterialUse.program_id == program.id, Material.latest_number > 0)
            .order_by(Material.id)
        )
    )


def _rooms(program: Program) -> dict[str, list[Any]]:
    return _grouped(
        db.session.execute(
            sa.select(TeachingSession.lineage, Room.name)
            .join(Room, Room.id == TeachingSession.room_id)
            .where(TeachingSession.program_id == program.id)
            .distinct()
            .order_by(Room.name)
        )
    )


def _certificates(program: Program) -> dict[int, str]:
    rows = db.session.execute(
        sa.select(CertificateMapping.competency_id, CertificateStandard.name)
        .join(CertificateUnit, CertificateUnit.id == CertificateMapping.unit_id)
        .join(CertificateStandard, CertificateStandard.id == CertificateUnit.certificate_id)
        .join(ProgramStandard, ProgramStandard.version_id == CertificateMapping.version_id)
        .where(ProgramStandard.program_id == program.id)
        .order_by(CertificateStandard.id.desc())
    )
    return {row[0]: row[1] for row in rows}


def _after(resource: Material, on: date) -> date:
    """Return the day of a look at a resource: not before the version that it tells of."""
    return max(on, resource.renewed_on + timedelta(days=1)) if resource.renewed_on else on


class Checks:
    """Looks at the modules of one programme as its people did."""

    def __init__(self, days: Days, program: Program, by: User) -> None:
        self.days, self.program, self.by = days, program, by
        self.texts = read("texts")["alignments"]
        self.record = Record.of(program)

    def make(self) -> int:
        """Record every check that the case has something to say for; returns how many."""
        count = 0
        for place, module in enumerate(modules_of(self.program.id)):
            on = self.days.ago(CHECKED_AGO + place % 7)
            for alignment, finding in self._findings(module, on):
                now = self.days.at(finding.checked_on, 14, place)
                record_check(self.program, module, alignment, finding, by=self.by, now=now)
                count += 1
        return count

    def _findings(self, module: Module, on: date) -> Iterator[tuple[Alignment, Finding]]:
        for alignment, finding in (
            (Alignment.GOALS, self._goals(module, on)),
            (Alignment.CONTENT, self._content(module, on)),
            (Alignment.SCENE, self._scene(module, on)),
            (Alignment.ASSESSMENT, self._assessment(module, on)),
            (Alignment.TEXTBOOK, self._textbook(module, on)),
        ):
            if finding is not None:
                yield alignment, finding

    def _finding(
        self, key: str, on: date, *, good: bool = True, until: date | None = None, **values: Any
    ) -> Finding:
        verdict = AlignmentVerdict.IN_STEP if good else AlignmentVerdict.OUT_OF_STEP
        return Finding(verdict, self.texts[key].format(**values), on, until or a_year_later(on))

    def _goals(self, module: Module, on: date) -> Finding | None:
        served = self.record.served.get(module.id)
        if not served:
            return None
        names = "、".join(f"{competency.name} {hours} 学时" for competency, hours in served)
        return self._finding("goals", on, names=names, count=len(served))

    def _content(self, module: Module, on: date) -> Finding | None:
        """A tracked regulation or standard: looked at twice a year."""
        tracked = [
            one
            for one in self.record.resources.get(module.lineage, ())
            if one.update_kind is UpdateKind.TRACKED
        ]
        if not tracked:
            return None
        first = tracked[0]
        on = _after(first, on)
        return self._finding(
            "content", on, until=on + HALF_A_YEAR, title=first.title, number=first.latest_number,
            source=first.source, day=first.renewed_on,
        )  # fmt: skip

    def _scene(self, module: Module, on: date) -> Finding | None:
        rooms = self.record.rooms.get(module.lineage)
        if rooms:
            return self._finding("scene_room", on, rooms="、".join(rooms))
        if module.venue is Venue.ENTERPRISE and module.taught_by_enterprise:
            return self._finding("scene_site", on)
        return None

    def _assessment(self, module: Module, on: date) -> Finding | None:
        certified = [
            (competency.name, certificate)
            for competency, _hours in self.record.served.get(module.id, ())
            if (certificate := self.record.certificates.get(competency.standard_competency_id or 0))
        ]
        if not certified:
            return None
        names = "、".join(name for name, _certificate in certified)
        return self._finding("assessment", on, names=names, certificate=certified[0][1])

    def _textbook(self, module: Module, on: date) -> Finding | None:
        """Out of step when a resource of the module should have been renewed by the day of the check."""
        resources = self.record.resources.get(module.lineage)
        if not resources:
            return None
        for one in resources:
            if one.due_on is not None and one.due_on < on:
                return self._finding("textbook_late", on, good=False, title=one.title, day=one.due_on)
        newest = max(resources, key=lambda one: one.renewed_on or date.min)
        on = _after(newest, on)
        due = [one.due_on for one in resources if one.due_on is not None and one.due_on > on]
        return self._finding(
            "textbook", on, until=min(due, default=None), title=newest.title, number=newest.latest_number,
            day=newest.renewed_on,
        )  # fmt: skip


def check(days: Days, cast: Cast) -> None:
    """Check the modules of the cases whose plan is taught; resources and timetables must stand already."""
    for slug, key in zip(SLUGS, ("tan", "li"), strict=True):
        program = db.session.scalars(sa.select(Program).where(Program.pathway_slug == slug)).one()
        Checks(days, program, cast[key]).make()

"""What a version of an instrument asks: its competencies in the programme's words, with the level that is required."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trainmgr.bank.models import BlueprintRow
from trainmgr.kernel.db import db
from trainmgr.kernel.i18n import language
from trainmgr.needs.models import Competency
from trainmgr.standards.models import (
    JobStandard,
    ProgramStandard,
    StandardCompetency,
    StandardVersion,
    VersionCompetency,
)
from trainmgr.standards.rules import VersionState

OWN_FIRST, PUBLISHED_FIRST = 2_000_000, 1_000_000


@dataclass(frozen=True)
class Line:
    """A competency that an instrument asks, as the programme words it, with the level that its post requires."""

    id: int
    name: str
    name_en: str
    post: str
    required: float | None
    is_asked: bool  # whether the programme's analysis names it

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return self.name_en if language() == "en" and self.name_en else self.name


def lines_of(program_id: int, version_id: int) -> list[Line]:
    """Return the competencies of an instrument's version, in the order of their standards: one statement.

    Words and required level are those of the programme's analysis; else those of the standard's version that the
    programme draws on, else of the published one.
    """
    asked = sa.select(BlueprintRow.competency_id).where(BlueprintRow.version_id == version_id)
    rank: Any = StandardVersion.number + sa.case(
        (ProgramStandard.version_id.is_not(None), OWN_FIRST),
        (StandardVersion.state == VersionState.PUBLISHED, PUBLISHED_FIRST),
        else_=0,
    )
    place = sa.func.row_number().over(partition_by=VersionCompetency.competency_id, order_by=rank.desc())
    words = (
        sa.select(
            VersionCompetency.competency_id, VersionCompetency.name, VersionCompetency.name_en,
            VersionCompetency.required_level, VersionCompetency.position, place.label("place"),
        )
        .join(StandardVersion, StandardVersion.id == VersionCompetency.version_id)
        .outerjoin(
            ProgramStandard,
            sa.and_(ProgramStandard.version_id == StandardVersion.id, ProgramStandard.program_id == program_id),
        )
        .where(VersionCompetency.competency_id.in_(asked))
        .subquery()
    )  # fmt: skip
    rows = db.session.execute(
        sa.select(
            StandardCompetency.id,
            sa.func.coalesce(Competency.name, words.c.name),
            sa.func.coalesce(Competency.name_en, words.c.name_en),
            JobStandard.post,
            sa.func.coalesce(Competency.required_level, words.c.required_level),
            Competency.id,
        )
        .join(JobStandard, JobStandard.id == StandardCompetency.standard_id)
        .outerjoin(words, sa.and_(words.c.competency_id == StandardCompetency.id, words.c.place == 1))
        .outerjoin(
            Competency,
            sa.and_(
                Competency.standard_competency_id == StandardCompetency.id,
                Competency.program_id == program_id,
            ),
        )
        .where(StandardCompetency.id.in_(asked))
        .order_by(JobStandard.code, JobStandard.id, words.c.position, StandardCompetency.id)
    )
    found: dict[int, Line] = {}
    for key, name, name_en, post, required, asked_as in rows:
        level: Any = required
        line = Line(
            key, name or "", name_en or "", post, None if level is None else float(level), bool(asked_as)
        )
        found.setdefault(key, line)
    return list(found.values())

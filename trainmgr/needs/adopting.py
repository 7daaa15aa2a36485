"""Taking competencies from a published job standard, and the levels that a test has measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.needs import queries
from trainmgr.needs.keeping import opened, require_room, settle
from trainmgr.needs.models import Competency
from trainmgr.needs.rules import Lane, LevelSource
from trainmgr.programs.models import Program
from trainmgr.standards.models import ProgramStandard, StandardVersion, VersionCompetency
from trainmgr.standards.rules import VersionState

HUNDREDTH = Decimal("0.01")

ADOPTED = audit.sentence(
    "needs.adopt",
    _l("%(who)s took %(count)s competencies from the job standard “%(what)s”, version %(number)s"),
)
TESTED = audit.sentence("needs.take-test", _l("%(who)s took in the levels that a test measured: %(what)s"))


def adopt(program: Program, version: StandardVersion, *, by: User, now: datetime) -> int:
    """Let the analysis draw on a published version: its competencies join the list, known ones are brought up to date.

    A new competency has no level yet; it takes ratings or a test to show a gap. Returns how many are new.
    """
    analysis = opened(program)
    require(
        version.state is VersionState.PUBLISHED,
        _("Only a published version of a job standard can be taken."),
    )
    wanted = db.session.scalars(
        sa.select(VersionCompetency)
        .where(VersionCompetency.version_id == version.id)
        .order_by(VersionCompetency.position, VersionCompetency.id)
    ).all()
    present = queries.competencies_of(program.id)
    by_identity = {one.standard_competency_id: one for one in present if one.standard_competency_id}
    by_name = {one.name: one for one in present}
    position = max((one.position for one in present), default=0)
    added = 0
    for source in wanted:
        known = by_identity.get(source.competency_id) or by_name.get(source.name)
        if known is None:
            added += 1
            db.session.add(_new(program, version, source, position + added))
        else:
            _bring_up_to_date(known, version, source)
    require_room(len(present) + added, Lane.TRAINEE)
    if not analysis.post:
        analysis.post = version.standard.post
    _note_use(program, version, by=by, now=now)
    audit.record(
        ADOPTED,
        analysis,
        by=by,
        now=now,
        program_id=program.id,
        name=version.standard.post,
        count=len(wanted),
        number=version.number,
    )
    settle(program, analysis, now=now)
    return added


def _new(program: Program, version: StandardVersion, source: VersionCompetency, position: int) -> Competency:
    return Competency(
        program_id=program.id,
        position=position,
        name=source.name,
        name_en=source.name_en,
        dimension=source.dimension,
        importance=source.importance,
        required_level=source.required_level,
        current_level=source.required_level,
        level_source=LevelSource.NONE,
        post=version.standard.post,
        standard_competency_id=source.competency_id,
    )


def _bring_up_to_date(known: Competency, version: StandardVersion, source: VersionCompetency) -> None:
    known.standard_competency_id, known.post = source.competency_id, version.standard.post
    known.required_level = source.required_level
    if not known.respondents:
        known.importance = source.importance
    if known.level_source is LevelSource.NONE:
        known.current_level = source.required_level
    known.version += 1


def _note_use(program: Program, version: StandardVersion, *, by: User, now: datetime) -> None:
    db.session.merge(
        ProgramStandard(
            program_id=program.id,
            standard_id=version.standard_id,
            version_id=version.id,
            chosen_by_id=by.id,
            chosen_at=now,
        )
    )


# --- levels from a test -------------------------------------------------------------------------


@dataclass(frozen=True)
class TestedLevel:
    """What a test says of one competency: the mean level (1–5) of so many people, how many below and above required."""

    mean: float
    people: int
    below: int
    above: int


def take_test(
    program: Program, levels: Mapping[int, TestedLevel], *, test: str, by: Actor, now: datetime
) -> int:
    """Let a test's means be the current levels, by the competencies' lasting identities; returns how many fit."""
    analysis = opened(program)
    taken = 0
    for competency in queries.competencies_of(program.id):
        level = levels.get(competency.standard_competency_id or 0)
        if level is None or not level.people:
            continue
        competency.current_level = Decimal(repr(level.mean)).quantize(HUNDREDTH)
        competency.level_source, competency.respondents = LevelSource.TESTED, level.people
        competency.below, competency.above = level.below, level.above
        competency.version += 1
        taken += 1
    audit.record(TESTED, analysis, by=by, now=now, program_id=program.id, name=test)
    analysis.respondents = max(
        [analysis.respondents, *(level.people for level in levels.values())], default=0
    )
    settle(program, analysis, now=now)
    return taken

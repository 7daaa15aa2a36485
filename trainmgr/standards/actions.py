"""Filling in a draft: the post itself, and the competencies with what they are linked to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.standards import queries
from trainmgr.standards.keeping import (
    assign,
    fresh,
    is_signed,
    opened,
    place_after,
    relocate,
    require_version,
)
from trainmgr.standards.models import (
    CertificateMapping,
    JobStandard,
    StandardCompetency,
    StandardTask,
    StandardVersion,
    TaskCompetency,
    VersionCompetency,
)
from trainmgr.standards.rules import HIGHEST_LEVEL, MOST_COMPETENCIES, Dimension, TaskKind, VersionState

CREATED = audit.sentence("standards.create", _l("%(who)s opened the job standard “%(what)s”"))
CHANGED = audit.sentence("standards.change", _l("%(who)s changed the job standard “%(what)s”"))
ADDED = audit.sentence(
    "standards.add-competency", _l("%(who)s added the competency “%(what)s” to the standard “%(standard)s”")
)
EDITED = audit.sentence(
    "standards.change-competency", _l("%(who)s changed the competency “%(what)s” of “%(standard)s”")
)
REMOVED = audit.sentence(
    "standards.remove-competency", _l("%(who)s removed the competency “%(what)s” from “%(standard)s”")
)


@dataclass(frozen=True)
class PostFacts:
    """What a standard is about, and who builds it with the college."""

    code: str
    post: str
    post_en: str = ""
    occupation: str = ""
    enterprise_id: int | None = None


@dataclass(frozen=True)
class CompetencyFacts:
    """What is typed about a competency; importance and required level run from 1 to 5, `levels` are five texts."""

    name: str
    importance: Decimal
    required_level: Decimal
    name_en: str = ""
    dimension: Dimension = Dimension.PROFESSIONAL
    levels: tuple[str, ...] = ("",) * HIGHEST_LEVEL

    def values(self) -> dict[str, Any]:
        """Return the columns that hold it."""
        return asdict(self) | {"levels": list(self.levels)}


# --- the standard -------------------------------------------------------------------------------


def create_standard(college_id: int, facts: PostFacts, *, by: User, now: datetime) -> JobStandard:
    """Open a standard with its first draft."""
    standard = JobStandard(college_id=college_id, created_by_id=by.id, created_at=now, **asdict(facts))
    standard.versions = [StandardVersion(number=1, created_by_id=by.id, created_at=now)]
    db.session.add(standard)
    audit.record(CREATED, standard, by=by, now=now, name=standard.post)
    db.session.flush()
    return standard


def change_standard(
    standard: JobStandard, facts: PostFacts, *, version: int | None = None, by: User, now: datetime
) -> None:
    """Change what a standard is about; once a version is published only the partner enterprise can change."""
    require_version(standard, version)
    draft = queries.draft_of(standard)
    require(
        draft is None or not is_signed(draft),
        _("One side has signed the draft already. Withdraw its signature before you change the post."),
    )
    values = asdict(facts)
    if any(one.state is not VersionState.DRAFT for one in standard.versions):
        values = {"enterprise_id": facts.enterprise_id}
    if assign(standard, values):
        audit.record(CHANGED, standard, by=by, now=now, name=standard.post)
    db.session.flush()


# --- competencies -------------------------------------------------------------------------------


def competencies_in(version: StandardVersion) -> list[VersionCompetency]:
    """Return the competencies of a version in their order."""
    return list(
        db.session.scalars(
            sa.select(VersionCompetency)
            .where(VersionCompetency.version_id == version.id)
            .order_by(VersionCompetency.position, VersionCompetency.id)
        )
    )


def create_competency(
    standard: JobStandard,
    facts: CompetencyFacts,
    *,
    tasks: Iterable[int] = (),
    units: Iterable[int] = (),
    by: Actor,
    now: datetime,
) -> VersionCompetency:
    """Add a competency at the end of the draft, taken by typical tasks and covering certificate units."""
    draft = opened(standard)
    added = add_competency(standard, draft, facts)
    link_competency(draft, added.competency_id, tasks=tasks, units=units)
    audit.record(ADDED, added, by=by, now=now, name=added.name, standard=standard.post)
    return added


def add_competency(
    standard: JobStandard, draft: StandardVersion, facts: CompetencyFacts, *, key: str | None = None
) -> VersionCompetency:
    """Write one more competency; its identity is new unless `key` names one of this standard's."""
    present = competencies_in(draft)
    require(
        len(present) < MOST_COMPETENCIES,
        _("A job standard holds at most %(most)s competencies.", most=MOST_COMPETENCIES),
    )
    identity = _identity(standard, key)
    added = VersionCompetency(
        version_id=draft.id, competency_id=identity.id, position=place_after(present), **facts.values()
    )
    db.session.add(added)
    db.session.flush()
    return added


def _identity(standard: JobStandard, key: str | None) -> StandardCompetency:
    known = None
    if key is not None:
        same = sa.select(StandardCompetency).where(StandardCompetency.key == key)
        known = db.session.scalar(same.where(StandardCompetency.standard_id == standard.id))
    if known is None:
        known = StandardCompetency(standard_id=standard.id, **({"key": key} if key else {}))
        db.session.add(known)
        db.session.flush()
    return known


def change_competency(
    standard: JobStandard,
    competency: VersionCompetency,
    facts: CompetencyFacts,
    *,
    tasks: Iterable[int] | None = None,
    units: Iterable[int] | None = None,
    version: int | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Change a competency of the draft and, where they are given, the tasks and units that it is linked to."""
    draft = opened(standard)
    competency = fresh(VersionCompetency, competency.id)
    require_version(competency, version)
    changed = assign(competency, facts.values())
    linked = link_competency(draft, competency.competency_id, tasks=tasks, units=units)
    if changed or linked:
        competency.version += 1
        audit.record(EDITED, competency, by=by, now=now, name=competency.name, standard=standard.post)
    db.session.flush()


def link_competency(
    draft: StandardVersion,
    competency_id: int,
    *,
    tasks: Iterable[int] | None = None,
    units: Iterable[int] | None = None,
) -> bool:
    """Say by which typical tasks a competency is taken and which units it covers; None leaves them as they are."""
    changed = False
    if tasks is not None:
        typical = sa.select(StandardTask.id).where(
            StandardTask.version_id == draft.id, StandardTask.kind == TaskKind.TYPICAL
        )
        wanted = set(db.session.scalars(typical)) & set(tasks)
        changed = relink(TaskCompetency, draft.id, "task_id", wanted, competency_id=competency_id)
    if units is not None:
        own = relink(CertificateMapping, draft.id, "unit_id", set(units), competency_id=competency_id)
        changed = changed or own
    return changed


def relink(kind: Any, version_id: int, name: str, wanted: set[int], **fixed: int) -> bool:
    """Make the links of one thing lead to exactly these; returns whether anything changed."""
    column = getattr(kind, name)
    fixed_to = [getattr(kind, key) == value for key, value in fixed.items()]
    of_thing = [kind.version_id == version_id, *fixed_to]
    present = set(db.session.scalars(sa.select(column).where(*of_thing)))
    if gone := present - wanted:
        db.session.execute(sa.delete(kind).where(*of_thing, column.in_(gone)))
    new = sorted(wanted - present)
    db.session.add_all(kind(version_id=version_id, **fixed, **{name: one}) for one in new)
    db.session.flush()
    return present != wanted


def remove_competency(
    standard: JobStandard, competency: VersionCompetency, *, by: Actor, now: datetime
) -> None:
    """Take a competency out of the draft; its identity stays, because tests and programmes may hang on it."""
    draft = opened(standard)
    competency = fresh(VersionCompetency, competency.id)
    audit.record(REMOVED, competency, by=by, now=now, name=competency.name, standard=standard.post)
    discard_competencies(draft, [competency.competency_id])


def discard_competencies(draft: StandardVersion, ids: Sequence[int]) -> None:
    """Take competencies with their links out of a draft and number the others anew."""
    for kind in (TaskCompetency, CertificateMapping, VersionCompetency):
        db.session.execute(
            sa.delete(kind).where(kind.version_id == draft.id, kind.competency_id.in_(ids)),
            execution_options={"synchronize_session": "fetch"},
        )
    for place, other in enumerate(competencies_in(draft), start=1):
        other.position = place
    db.session.flush()


def move_competency(
    standard: JobStandard, competency: VersionCompetency, *, places: int, by: Actor, now: datetime
) -> None:
    """Move a competency up (negative) or down in the draft."""
    draft = opened(standard)
    competency = fresh(VersionCompetency, competency.id)
    if relocate(competencies_in(draft), competency, places):
        audit.record(EDITED, competency, by=by, now=now, name=competency.name, standard=standard.post)
    db.session.flush()

"""Bringing a framework from elsewhere in: as a standard of its own, or into the draft of one that is there."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import selectinload

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.standards import queries
from trainmgr.standards.actions import (
    CompetencyFacts,
    PostFacts,
    add_competency,
    competencies_in,
    create_standard,
    discard_competencies,
    link_competency,
)
from trainmgr.standards.certificates import CertificateFacts, create_certificate, is_taken
from trainmgr.standards.content import tasks_of_version
from trainmgr.standards.framework import Certificate, Framework
from trainmgr.standards.keeping import opened
from trainmgr.standards.models import (
    CertificateStandard,
    CertificateUnit,
    JobStandard,
    StandardCompetency,
    StandardVersion,
)
from trainmgr.standards.tasks import TaskFacts, add_task, discard_tasks, link_task

TAKEN_IN = audit.sentence(
    "standards.take-framework",
    _l("%(who)s took a framework into “%(what)s”: %(competencies)s competencies, %(tasks)s tasks"),
)
Ids = dict[str, int]


def found_standard(
    framework: Framework, college_id: int, *, enterprise_id: int | None = None, by: User, now: datetime
) -> JobStandard:
    """Open a standard from a framework; one that the reader has already is not opened twice."""
    present = db.session.scalar(
        sa.select(JobStandard).where(JobStandard.key == framework.key, queries.visible_to(by))
    )
    require(
        present is None,
        _(
            "This framework is here already as “%(name)s”. Take it into the draft of that standard.",
            name=present.post if present else "",
        ),
    )
    code = framework.code or framework.key[:8].upper()
    require(
        not queries.code_is_taken(college_id, code),
        _("Another standard of the college has the code “%(code)s”. Change one of the two.", code=code),
    )
    facts = PostFacts(code, framework.post, framework.post_en, framework.occupation, enterprise_id)
    standard = create_standard(college_id, facts, by=by, now=now)
    if _is_free(JobStandard, framework.key):
        standard.key = framework.key
    db.session.flush()
    take_framework(standard, framework, by=by, now=now)
    return standard


def _is_free(kind: type[JobStandard | StandardCompetency | CertificateStandard], key: str) -> bool:
    return db.session.scalar(sa.select(kind.id).where(kind.key == key)) is None


def take_framework(standard: JobStandard, framework: Framework, *, by: User, now: datetime) -> None:
    """Let the draft hold exactly what a framework says; competencies are known again by their keys."""
    draft = opened(standard)
    _clear(draft)
    units = _unit_ids(standard, framework, by=by, now=now)
    competencies = {
        one.key: _add_competency(
            standard, draft, one.key,
            CompetencyFacts(one.name, one.importance, one.required, one.name_en, one.dimension, one.levels),
        )
        for one in framework.competencies
    }  # fmt: skip
    for one in framework.competencies:
        wanted = [units[key] for key in one.units]
        link_competency(draft, competencies[one.key], units=wanted)
    _add_tasks(draft, framework, competencies)
    audit.record(
        TAKEN_IN,
        draft,
        by=by,
        now=now,
        name=standard.post,
        competencies=str(len(framework.competencies)),
        tasks=str(len(framework.tasks)),
    )


def _clear(draft: StandardVersion) -> None:
    if tasks := [task.id for task in tasks_of_version(draft.id)]:
        discard_tasks(draft, tasks)
    if present := [one.competency_id for one in competencies_in(draft)]:
        discard_competencies(draft, present)


def _add_competency(standard: JobStandard, draft: StandardVersion, key: str, facts: CompetencyFacts) -> int:
    """Keep the framework's identifier unless another standard has it; then this is a copy with its own."""
    own = sa.select(StandardCompetency.standard_id).where(StandardCompetency.key == key)
    owner = db.session.scalar(own)
    kept = key if owner in (None, standard.id) else None
    return add_competency(standard, draft, facts, key=kept).competency_id


def _add_tasks(draft: StandardVersion, framework: Framework, competencies: Ids) -> None:
    ids: Ids = {}
    for task in framework.tasks:
        facts = TaskFacts(task.name, task.name_en, task.description)
        made = add_task(draft, task.kind, facts, key=task.key)
        ids[task.key] = made.id
        link_task(
            draft,
            made,
            sources=[ids[key] for key in task.sources],
            competencies=[competencies[key] for key in task.competencies],
        )


def _unit_ids(standard: JobStandard, framework: Framework, *, by: User, now: datetime) -> Ids:
    """Return the units that a framework speaks of by their keys; certificates that are not there are entered."""
    found: Ids = {}
    for certificate in framework.certificates:
        kept = _find_certificate(standard, certificate) or _enter(standard, certificate, by=by, now=now)
        by_key = {unit.key: unit.id for unit in kept.units}
        by_code = {unit.code: unit.id for unit in kept.units}
        for unit in certificate.units:
            place = by_key.get(unit.key) or by_code.get(unit.code)
            require(
                place is not None,
                _(
                    "The certificate “%(name)s” is here without the unit “%(code)s”. Complete it first.",
                    name=kept.name,
                    code=unit.code,
                ),
            )
            found[unit.key] = place or 0
    return found


def _find_certificate(standard: JobStandard, wanted: Certificate) -> CertificateStandard | None:
    same = sa.and_(
        CertificateStandard.organization_id == standard.college_id,
        CertificateStandard.name == wanted.name,
        CertificateStandard.level == wanted.level,
    )
    homes = [home for home in (standard.college_id, standard.enterprise_id) if home]
    known = sa.and_(CertificateStandard.key == wanted.key, CertificateStandard.organization_id.in_(homes))
    found: CertificateStandard | None = db.session.scalars(
        sa.select(CertificateStandard)
        .where(sa.or_(known, same))
        .options(selectinload(CertificateStandard.units))
        .order_by(sa.case((known, 0), else_=1))
    ).first()
    return found


def _enter(standard: JobStandard, wanted: Certificate, *, by: User, now: datetime) -> CertificateStandard:
    assert not is_taken(standard.college_id, wanted.name, wanted.level)
    made = create_certificate(
        standard.college_id,
        CertificateFacts(
            wanted.name,
            wanted.issuer,
            wanted.name_en,
            wanted.level,
            wanted.is_one_plus_x,
            tuple((unit.code, unit.name) for unit in wanted.units),
        ),
        by=by,
        now=now,
    )
    taken = sa.select(CertificateUnit.key).where(CertificateUnit.key.in_([unit.key for unit in wanted.units]))
    if _is_free(CertificateStandard, wanted.key) and db.session.scalar(taken) is None:
        made.key = wanted.key
        for unit, source in zip(made.units, wanted.units, strict=True):
            unit.key = source.key
    db.session.flush()
    return made

"""Reads of studies; every one starts from what the viewer's college may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from trainmgr.curriculum.models import Edition, Module, ModuleCompetency
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.needs.models import Competency
from trainmgr.programs.models import Program
from trainmgr.research.models import Evidence, Study, StudyStandard
from trainmgr.research.rules import Coverage
from trainmgr.standards.models import JobStandard, StandardVersion, VersionCompetency
from trainmgr.standards.rules import VersionState

MOST_CHOICES = 200


def visible_to(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Study that leaves those of the viewer's colleges."""
    return Study.college_id.in_(viewer.organizations_where(Permission.RESEARCH_VIEW))


def list_studies(viewer: User, listing: Listing) -> Page[Study]:
    """Return a page of studies, the newest first."""
    statement = sa.select(Study).where(visible_to(viewer)).options(joinedload(Study.college, innerjoin=True))
    if listing.q:
        statement = statement.where(
            sa.or_(contains(Study.major, listing.q), contains(Study.question, listing.q))
        )
    orders: dict[str, Sequence[Any]] = {
        "major": [Study.major, Study.id],
        "begun": [Study.created_at, Study.id],
        "decision": [Study.decision, Study.id],
    }
    return paginate(statement, listing, orders=orders, default="major")


def study_or_404(study_id: int, viewer: User) -> Study:
    """Return a study that the viewer may see, or answer 404."""
    found: Study | None = db.session.scalars(
        sa.select(Study)
        .where(Study.id == study_id, visible_to(viewer))
        .options(joinedload(Study.college), joinedload(Study.created_by), joinedload(Study.decided_by))
    ).one_or_none()
    return found if found is not None else abort(404)


def may_edit(study: Study, viewer: User) -> bool:
    """Tell whether the viewer works on the study: of its college, and not decided yet."""
    return study.decision is None and study.college_id in viewer.organizations_where(Permission.RESEARCH_EDIT)


def colleges_of(viewer: User) -> Sequence[Organization]:
    """Return the colleges for which the viewer opens studies."""
    return db.session.scalars(
        sa.select(Organization)
        .where(Organization.id.in_(viewer.organizations_where(Permission.RESEARCH_EDIT)))
        .order_by(Organization.name)
    ).all()


def evidence_of(study: Study) -> Sequence[Evidence]:
    """Return the evidence of a study in the order of its kinds, the newest year first."""
    return db.session.scalars(
        sa.select(Evidence)
        .where(Evidence.study_id == study.id)
        .order_by(Evidence.kind, Evidence.year.desc(), Evidence.id)
    ).all()


def standards_of(study: Study) -> Sequence[StandardVersion]:
    """Return the versions of job standards that a study looks at, with their standards."""
    return db.session.scalars(
        sa.select(StandardVersion)
        .join(StudyStandard, StudyStandard.version_id == StandardVersion.id)
        .where(StudyStandard.study_id == study.id)
        .options(joinedload(StandardVersion.standard))
        .order_by(StandardVersion.id)
    ).all()


def possible_standards(study: Study) -> Sequence[StandardVersion]:
    """Return the published versions of the college's job standards."""
    return db.session.scalars(
        sa.select(StandardVersion)
        .join(StandardVersion.standard)
        .where(StandardVersion.state == VersionState.PUBLISHED, JobStandard.college_id == study.college_id)
        .options(joinedload(StandardVersion.standard))
        .order_by(JobStandard.post, StandardVersion.id)
        .limit(MOST_CHOICES)
    ).all()


def possible_editions(study: Study) -> Sequence[tuple[Edition, Program]]:
    """Return the editions of plans that the college leads, the newest first."""
    rows = db.session.execute(
        sa.select(Edition, Program)
        .join(Program, Program.id == Edition.program_id)
        .where(Program.lead_college_id == study.college_id)
        .order_by(Program.id.desc(), Edition.number.desc())
        .limit(MOST_CHOICES)
    )
    return [(edition, program) for edition, program in rows]


def edition_of(study: Study) -> tuple[Edition, Program] | None:
    """Return the plan that a study looks at, with its programme."""
    if study.edition_id is None:
        return None
    row = db.session.execute(
        sa.select(Edition, Program)
        .join(Program, Program.id == Edition.program_id)
        .where(Edition.id == study.edition_id)
    ).one()
    return row[0], row[1]


def coverage_of(study: Study) -> list[Coverage]:
    """Return every competency of the study's standards with the hours that its plan gives to it: one statement."""
    hours = (
        sa.select(
            Competency.standard_competency_id.label("identity"),
            sa.func.sum(ModuleCompetency.hours).label("hours"),
        )
        .join(ModuleCompetency, ModuleCompetency.competency_id == Competency.id)
        .join(Module, Module.id == ModuleCompetency.module_id)
        .where(Module.edition_id == study.edition_id)
        .group_by(Competency.standard_competency_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(
            VersionCompetency.name,
            JobStandard.post,
            VersionCompetency.required_level,
            sa.func.coalesce(hours.c.hours, 0),
        )
        .join(StudyStandard, StudyStandard.version_id == VersionCompetency.version_id)
        .join(StandardVersion, StandardVersion.id == VersionCompetency.version_id)
        .join(JobStandard, JobStandard.id == StandardVersion.standard_id)
        .outerjoin(hours, hours.c.identity == VersionCompetency.competency_id)
        .where(StudyStandard.study_id == study.id)
        .order_by(JobStandard.post, VersionCompetency.position)
    )
    return [Coverage(name, post, float(level), int(given)) for name, post, level, given in rows]

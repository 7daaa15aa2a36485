"""Reads of job standards; every one that takes an id starts from what the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, joinedload, selectinload

from trainmgr.identity.models import Organization, OrganizationKind, User
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs import queries as programs
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import Side
from trainmgr.standards.models import (
    JobStandard,
    ProgramStandard,
    StandardSignature,
    StandardVersion,
    VersionCompetency,
)
from trainmgr.standards.rules import VersionState

COLLEGE_PEOPLE = (
    Role.ADMINISTRATOR,
    Role.STAFF,
    Role.DEPARTMENT_STAFF,
    Role.SCHOOL_TEACHER,
    Role.COLLEGE_COUNSELLOR,
)
ENTERPRISE_PEOPLE = (Role.ADMINISTRATOR, Role.ENTERPRISE_COORDINATOR, Role.ENTERPRISE_MENTOR)
MOST_CHOICES = 500


# --- who sees what ------------------------------------------------------------------------------


def built_by(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on JobStandard that leaves those that the viewer's college or enterprise builds."""
    return sa.or_(
        JobStandard.college_id.in_(viewer.organizations_as(*COLLEGE_PEOPLE)),
        JobStandard.enterprise_id.in_(viewer.organizations_as(*ENTERPRISE_PEOPLE)),
    )


def used_for(viewer: User) -> sa.Select[Any]:
    """Return a select of the versions that the viewer's programmes draw on."""
    seen = sa.select(Program.id).where(programs.visible_to(viewer))
    return sa.select(ProgramStandard.version_id).where(ProgramStandard.program_id.in_(seen))


def visible_to(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on JobStandard that leaves what the viewer may see.

    Both sides' people see a standard with its drafts, others the published versions that their programmes use.
    """
    used = sa.select(StandardVersion.standard_id).where(StandardVersion.id.in_(used_for(viewer)))
    return sa.or_(built_by(viewer), JobStandard.id.in_(used))


def within_circle_of(viewer: User, organization_id: Any) -> sa.ColumnElement[bool]:
    """Return the condition that a column names one of the viewer's houses, or the other side of what they build."""
    own = viewer.organizations_as(*COLLEGE_PEOPLE, *ENTERPRISE_PEOPLE)
    built = built_by(viewer)
    partners = sa.select(JobStandard.enterprise_id).where(built, JobStandard.enterprise_id.is_not(None))
    return sa.or_(
        organization_id.in_(own),
        organization_id.in_(sa.select(JobStandard.college_id).where(built)),
        organization_id.in_(partners),
    )


def is_builder(standard: JobStandard, viewer: User) -> bool:
    """Tell whether the viewer belongs to one of the two sides that build a standard."""
    return standard.college_id in viewer.organizations_as(*COLLEGE_PEOPLE) or (
        standard.enterprise_id in viewer.organizations_as(*ENTERPRISE_PEOPLE)
    )


def may_edit(standard: JobStandard, viewer: User) -> bool:
    """Tell whether the viewer may change the standard's draft."""
    allowed = viewer.organizations_where(Permission.STANDARD_EDIT)
    return standard.college_id in allowed or standard.enterprise_id in allowed


def sides_of(standard: JobStandard, viewer: User) -> dict[Side, int]:
    """Return the sides for which the viewer may sign, each with the organisation that is signed for."""
    allowed = viewer.organizations_where(Permission.PROGRAM_SIGN)
    homes = {Side.COLLEGE: standard.college_id, Side.ENTERPRISE: standard.enterprise_id}
    return {side: home for side, home in homes.items() if home is not None and home in allowed}


# --- the list -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A standard as the list shows it; `draft` only for those who build it."""

    standard: JobStandard
    college: str
    enterprise: str | None
    published: int | None
    draft: int | None
    competencies: int


def list_standards(viewer: User, listing: Listing, state: str = "") -> Page[Line]:
    """Return a page of the standards that the viewer may see."""
    college, enterprise = aliased(Organization), aliased(Organization)
    published, draft = aliased(StandardVersion), aliased(StandardVersion)
    own = sa.case((built_by(viewer), draft.number))
    shown = sa.func.coalesce(published.id, draft.id)
    count = sa.select(sa.func.count()).where(VersionCompetency.version_id == shown).scalar_subquery()
    statement = (
        sa.select(JobStandard, college.name, enterprise.name, published.number, own.label("draft"), count)
        .join(college, college.id == JobStandard.college_id)
        .outerjoin(enterprise, enterprise.id == JobStandard.enterprise_id)
        .outerjoin(published, _current(published, VersionState.PUBLISHED))
        .outerjoin(draft, _current(draft, VersionState.DRAFT))
        .where(visible_to(viewer))
    )
    if state == VersionState.DRAFT:
        statement = statement.where(draft.id.is_not(None), built_by(viewer))
    elif state == VersionState.PUBLISHED:
        statement = statement.where(published.id.is_not(None))
    if listing.q:
        columns = (JobStandard.post, JobStandard.post_en, JobStandard.code, JobStandard.occupation)
        statement = statement.where(sa.or_(*(contains(column, listing.q) for column in columns)))
    orders = {
        "post": (JobStandard.post, JobStandard.id),
        "code": (JobStandard.code, JobStandard.id),
        "occupation": (JobStandard.occupation, JobStandard.post, JobStandard.id),
        "enterprise": (enterprise.name, JobStandard.post, JobStandard.id),
        "newest": (JobStandard.created_at, JobStandard.id),
    }
    page = paginate(
        statement, listing, orders=orders, default="post", scalars=False,
        filters={"state": state} if state else {},
    )  # fmt: skip
    lines = [Line(*row) for row in page.items]
    return Page(lines, page.number, page.size, page.total, page.q, page.sort, page.direction, page.filters)


def _current(version: Any, state: VersionState) -> sa.ColumnElement[bool]:
    return sa.and_(version.standard_id == JobStandard.id, version.state == state)


# --- one standard -------------------------------------------------------------------------------


def standard_or_404(standard_id: int, viewer: User) -> JobStandard:
    """Return a standard with its sides and all its versions, or answer 404: two statements."""
    standard: JobStandard | None = db.session.scalar(
        sa.select(JobStandard)
        .where(JobStandard.id == standard_id, visible_to(viewer))
        .options(
            joinedload(JobStandard.college),
            joinedload(JobStandard.enterprise),
            selectinload(JobStandard.versions),
        )
    )
    return standard if standard is not None else abort(404)


def versions_for(standard: JobStandard, viewer: User) -> list[StandardVersion]:
    """Return the versions that the viewer may read, the newest first."""
    versions = list(reversed(standard.versions))
    if is_builder(standard, viewer):
        return versions
    used = set(db.session.scalars(used_for(viewer).where(ProgramStandard.standard_id == standard.id)))
    return [version for version in versions if version.id in used]


def draft_of(standard: JobStandard) -> StandardVersion | None:
    """Return the standard's draft, if there is one."""
    return next((one for one in standard.versions if one.state is VersionState.DRAFT), None)


def published_of(standard: JobStandard) -> StandardVersion | None:
    """Return the standard's published version, if there is one."""
    return next((one for one in standard.versions if one.state is VersionState.PUBLISHED), None)


def signatures_of(version: StandardVersion) -> list[StandardSignature]:
    """Return the signatures under a version with who signed for whom."""
    return list(
        db.session.scalars(
            sa.select(StandardSignature)
            .where(StandardSignature.version_id == version.id)
            .options(joinedload(StandardSignature.user), joinedload(StandardSignature.organization))
            .order_by(StandardSignature.signed_at)
        )
    )


def code_is_taken(college_id: int, code: str, *, but: int | None = None) -> bool:
    """Tell whether another standard of the college has this code."""
    taken = sa.select(JobStandard.id).where(JobStandard.college_id == college_id, JobStandard.code == code)
    return db.session.scalar(taken.where(JobStandard.id.is_distinct_from(but))) is not None


def colleges_of(viewer: User) -> Sequence[Organization]:
    """Return the colleges for which the viewer may open a standard."""
    return _organizations(
        Organization.id.in_(viewer.organizations_where(Permission.STANDARD_EDIT)),
        Organization.kind == OrganizationKind.COLLEGE,
    )


def houses_of(viewer: User) -> Sequence[Organization]:
    """Return the colleges and enterprises for which the viewer keeps experts and certificates."""
    return _organizations(Organization.id.in_(viewer.organizations_where(Permission.STANDARD_EDIT)))


def enterprises() -> Sequence[Organization]:
    """Return the enterprises that can be named as a partner."""
    return _organizations(Organization.kind == OrganizationKind.ENTERPRISE)


def _organizations(*conditions: sa.ColumnElement[bool]) -> Sequence[Organization]:
    statement = sa.select(Organization).where(*conditions).order_by(Organization.name, Organization.id)
    return db.session.scalars(statement.limit(MOST_CHOICES)).all()


# --- programmes ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """The versions that a programme draws on, and the published ones that it could draw on besides."""

    used: Sequence[StandardVersion]
    possible: Sequence[StandardVersion]


def standing_for(program: Program) -> Standing:
    """Return which versions a programme uses, and which of its parties' published ones it could use.

    Each comes with its standard. A used version stays in use when a newer one is published; the newer one is then
    among the possible ones.
    """
    used = _versions(
        StandardVersion.id.in_(
            sa.select(ProgramStandard.version_id).where(ProgramStandard.program_id == program.id)
        )
    )
    parties = sa.select(ProgramParty.organization_id).where(ProgramParty.program_id == program.id)
    possible = _versions(
        StandardVersion.state == VersionState.PUBLISHED,
        StandardVersion.id.not_in([version.id for version in used]),
        JobStandard.college_id.in_(parties),
        sa.or_(JobStandard.enterprise_id.in_(parties), JobStandard.enterprise_id.is_(None)),
    )
    return Standing(used, possible)


def _versions(*conditions: sa.ColumnElement[bool]) -> Sequence[StandardVersion]:
    statement = sa.select(StandardVersion).join(StandardVersion.standard).where(*conditions)
    statement = statement.options(joinedload(StandardVersion.standard))
    return db.session.scalars(statement.order_by(JobStandard.post, JobStandard.id).limit(MOST_CHOICES)).all()

"""The expert pool: who can be asked about a post, by field and occupation; kept by a college or an enterprise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.standards import queries
from trainmgr.standards.evidence import Expert, Interview
from trainmgr.standards.keeping import assign, require_version
from trainmgr.standards.models import JobStandard, StandardVersion

KEPT = audit.sentence("standards.keep-expert", _l("%(who)s entered the expert %(what)s in the pool"))
CHANGED = audit.sentence("standards.change-expert", _l("%(who)s changed the entry of the expert %(what)s"))


@dataclass(frozen=True)
class ExpertFacts:
    """What is typed about an expert."""

    name: str
    employer: str
    title: str = ""
    field: str = ""
    occupation: str = ""


def visible_to(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Expert that leaves the pools of both sides of what the viewer builds."""
    return queries.within_circle_of(viewer, Expert.organization_id)


def list_experts(viewer: User, listing: Listing, occupation: str = "") -> Page[Any]:
    """Return a page of experts, each with the number of interviews that they gave."""
    count = sa.select(sa.func.count()).where(Interview.expert_id == Expert.id).scalar_subquery()
    statement = sa.select(Expert, count).where(visible_to(viewer)).options(joinedload(Expert.organization))
    if occupation:
        statement = statement.where(Expert.occupation == occupation)
    if listing.q:
        columns = (Expert.name, Expert.employer, Expert.occupation, Expert.field)
        statement = statement.where(sa.or_(*(contains(column, listing.q) for column in columns)))
    orders = {
        "name": (Expert.name, Expert.id),
        "employer": (Expert.employer, Expert.name, Expert.id),
        "occupation": (Expert.occupation, Expert.name, Expert.id),
        "field": (Expert.field, Expert.name, Expert.id),
    }
    return paginate(
        statement, listing, orders=orders, default="name", scalars=False,
        filters={"occupation": occupation} if occupation else {},
    )  # fmt: skip


def occupations(viewer: User) -> Sequence[str]:
    """Return the occupations in the pools that the viewer sees."""
    statement = sa.select(Expert.occupation).where(visible_to(viewer), Expert.occupation != "").distinct()
    return db.session.scalars(statement.order_by(Expert.occupation).limit(queries.MOST_CHOICES)).all()


def expert_or_404(expert_id: int, viewer: User) -> Expert:
    """Return an expert whom the viewer may see, or answer 404."""
    statement = sa.select(Expert).where(Expert.id == expert_id, visible_to(viewer))
    found: Expert | None = db.session.scalar(statement.options(joinedload(Expert.organization)))
    return found if found is not None else abort(404)


def may_edit(expert: Expert, viewer: User) -> bool:
    """Tell whether the viewer keeps the pool that an expert stands in."""
    return expert.organization_id in viewer.organizations_where(Permission.STANDARD_EDIT)


def pool_of(standard: JobStandard) -> Sequence[Expert]:
    """Return the experts of both sides of a standard."""
    homes = [home for home in (standard.college_id, standard.enterprise_id) if home]
    statement = sa.select(Expert).where(Expert.organization_id.in_(homes))
    return db.session.scalars(statement.order_by(Expert.name, Expert.id).limit(queries.MOST_CHOICES)).all()


def interviews_of(expert: Expert, viewer: User) -> Sequence[Any]:
    """Return an expert's interviews that the viewer may read: rows of (interview, version, standard)."""
    return db.session.execute(
        sa.select(Interview, StandardVersion, JobStandard)
        .join(StandardVersion, StandardVersion.id == Interview.version_id)
        .join(JobStandard, JobStandard.id == StandardVersion.standard_id)
        .where(Interview.expert_id == expert.id, queries.built_by(viewer))
        .order_by(Interview.held_on.desc(), Interview.id.desc())
        .limit(50)
    ).all()


def is_taken(organization_id: int, name: str, employer: str, *, but: int | None = None) -> bool:
    """Tell whether the pool holds somebody of this name and employer already."""
    same = sa.select(Expert.id).where(
        Expert.organization_id == organization_id,
        Expert.name == name,
        Expert.employer == employer,
        Expert.id.is_distinct_from(but),
    )
    return db.session.scalar(same.limit(1)) is not None


def create_expert(organization_id: int, facts: ExpertFacts, *, by: User, now: datetime) -> Expert:
    """Enter an expert in a pool."""
    expert = Expert(organization_id=organization_id, created_at=now, **asdict(facts))
    db.session.add(expert)
    audit.record(KEPT, expert, by=by, now=now, name=expert.name)
    db.session.flush()
    return expert


def change_expert(
    expert: Expert, facts: ExpertFacts, *, version: int | None = None, by: User, now: datetime
) -> None:
    """Change an expert's entry."""
    require_version(expert, version)
    if assign(expert, asdict(facts)):
        audit.record(CHANGED, expert, by=by, now=now, name=expert.name)
    db.session.flush()

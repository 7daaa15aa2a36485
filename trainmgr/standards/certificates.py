"""Certificates' standards (1+X certificates, skill grades): issuer, level, units; kept by a college or enterprise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.access import Permission
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.standards import queries
from trainmgr.standards.keeping import assign, require_version
from trainmgr.standards.models import (
    CertificateMapping,
    CertificateStandard,
    CertificateUnit,
    JobStandard,
    StandardVersion,
)

KEPT = audit.sentence("standards.keep-certificate", _l("%(who)s entered the certificate standard “%(what)s”"))
CHANGED = audit.sentence(
    "standards.change-certificate", _l("%(who)s changed the certificate standard “%(what)s”")
)
MOST_UNITS = 500


@dataclass(frozen=True)
class CertificateFacts:
    """What is typed about a certificate's standard; `units` are pairs of code and name."""

    name: str
    issuer: str
    name_en: str = ""
    level: str = ""
    is_one_plus_x: bool = False
    units: tuple[tuple[str, str], ...] = ()


def visible_to(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on CertificateStandard: one's own houses', and those of standards that one may see."""
    mapped = sa.select(CertificateUnit.certificate_id).join(
        CertificateMapping, CertificateMapping.unit_id == CertificateUnit.id
    )
    return sa.or_(
        queries.within_circle_of(viewer, CertificateStandard.organization_id),
        CertificateStandard.id.in_(mapped.where(CertificateMapping.version_id.in_(queries.used_for(viewer)))),
    )


def list_certificates(viewer: User, listing: Listing) -> Page[Any]:
    """Return a page of certificates' standards, each with its number of units."""
    count = (
        sa.select(sa.func.count())
        .where(CertificateUnit.certificate_id == CertificateStandard.id)
        .scalar_subquery()
    )
    statement = sa.select(CertificateStandard, count).where(visible_to(viewer))
    if listing.q:
        columns = (CertificateStandard.name, CertificateStandard.issuer, CertificateStandard.level)
        statement = statement.where(sa.or_(*(contains(column, listing.q) for column in columns)))
    orders = {
        "name": (CertificateStandard.name, CertificateStandard.level, CertificateStandard.id),
        "issuer": (CertificateStandard.issuer, CertificateStandard.id),
    }
    return paginate(statement, listing, orders=orders, default="name", scalars=False)


def certificate_or_404(certificate_id: int, viewer: User) -> CertificateStandard:
    """Return a certificate's standard with its units, or answer 404."""
    found: CertificateStandard | None = db.session.scalar(
        sa.select(CertificateStandard)
        .where(CertificateStandard.id == certificate_id, visible_to(viewer))
        .options(selectinload(CertificateStandard.units))
    )
    return found if found is not None else abort(404)


def may_edit(certificate: CertificateStandard, viewer: User) -> bool:
    """Tell whether the viewer may change a certificate's standard (as long as it is not in use)."""
    return certificate.organization_id in viewer.organizations_where(Permission.STANDARD_EDIT)


def units_for(standard: JobStandard) -> Sequence[CertificateUnit]:
    """Return the units that competencies of a standard can be mapped to: those that its two sides keep."""
    homes = [home for home in (standard.college_id, standard.enterprise_id) if home]
    return db.session.scalars(
        sa.select(CertificateUnit)
        .join(CertificateUnit.certificate)
        .where(CertificateStandard.organization_id.in_(homes))
        .options(joinedload(CertificateUnit.certificate))
        .order_by(CertificateStandard.name, CertificateStandard.id, CertificateUnit.position)
        .limit(MOST_UNITS)
    ).all()


def uses_of(certificate: CertificateStandard, viewer: User) -> Sequence[Any]:
    """Return the standards (those that the viewer may see) whose versions map to a certificate, with how many units."""
    return db.session.execute(
        sa.select(JobStandard, StandardVersion.number, sa.func.count(sa.distinct(CertificateMapping.unit_id)))
        .join(StandardVersion, StandardVersion.standard_id == JobStandard.id)
        .join(CertificateMapping, CertificateMapping.version_id == StandardVersion.id)
        .join(CertificateUnit, CertificateUnit.id == CertificateMapping.unit_id)
        .where(CertificateUnit.certificate_id == certificate.id, queries.built_by(viewer))
        .group_by(JobStandard.id, StandardVersion.number)
        .order_by(JobStandard.post, JobStandard.id, StandardVersion.number)
        .limit(50)
    ).all()


def is_used(certificate: CertificateStandard) -> bool:
    """Tell whether a version maps to a certificate's standard; then its words are part of what was signed."""
    mapped = sa.select(CertificateMapping.unit_id).join(
        CertificateUnit, CertificateUnit.id == CertificateMapping.unit_id
    )
    return (
        db.session.scalar(mapped.where(CertificateUnit.certificate_id == certificate.id).limit(1)) is not None
    )


def is_taken(organization_id: int, name: str, level: str, *, but: int | None = None) -> bool:
    """Tell whether the organisation keeps a certificate of this name and level already."""
    same = sa.select(CertificateStandard.id).where(
        CertificateStandard.organization_id == organization_id,
        CertificateStandard.name == name,
        CertificateStandard.level == level,
        CertificateStandard.id.is_distinct_from(but),
    )
    return db.session.scalar(same.limit(1)) is not None


# --- writing ------------------------------------------------------------------------------------


def create_certificate(
    organization_id: int, facts: CertificateFacts, *, by: User, now: datetime
) -> CertificateStandard:
    """Enter a certificate's standard with its units."""
    certificate = CertificateStandard(organization_id=organization_id, created_at=now, **_columns(facts))
    certificate.units = [_unit(place, *pair) for place, pair in enumerate(facts.units, start=1)]
    db.session.add(certificate)
    audit.record(KEPT, certificate, by=by, now=now, name=certificate.name)
    db.session.flush()
    return certificate


def change_certificate(
    certificate: CertificateStandard,
    facts: CertificateFacts,
    *,
    version: int | None = None,
    by: User,
    now: datetime,
) -> None:
    """Change a certificate's standard that no version maps to yet; one in use is entered anew under a new level."""
    require(
        not is_used(certificate),
        _(
            "Job standards map to this certificate, so it stays as it is. Enter its new edition as another one."
        ),
    )
    require_version(certificate, version)
    changed = assign(certificate, _columns(facts))
    if facts.units != tuple((unit.code, unit.name) for unit in certificate.units):
        certificate.units.clear()
        db.session.flush()  # a code may come again
        certificate.units.extend(_unit(place, *pair) for place, pair in enumerate(facts.units, start=1))
        changed = True
    if changed:
        audit.record(CHANGED, certificate, by=by, now=now, name=certificate.name)
    db.session.flush()


def _columns(facts: CertificateFacts) -> dict[str, Any]:
    return {name: value for name, value in asdict(facts).items() if name != "units"}


def _unit(place: int, code: str, name: str) -> CertificateUnit:
    return CertificateUnit(position=place, code=code, name=name)

"""Reads of certificates of completion, and counts for quality; rows start from the people whom the viewer may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import contains_eager, joinedload

from trainmgr.certificates.models import Certificate, CertificateRevocation, ExternalCertificate
from trainmgr.certificates.rules import SENIOR_AND_ABOVE, ExternalState, Level
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.outcomes.models import PassDecision
from trainmgr.outcomes.queries import COUNTED
from trainmgr.outcomes.rules import PassKind
from trainmgr.programs.models import Program, ProgramPerson


def people_seen(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment joined with Program that leaves the trainees whom the viewer may see.

    The same people as `enrolment.queries.visible_in` leaves in each programme, over all programmes at once.
    """
    seen: list[sa.ColumnElement[bool]] = [Enrolment.user_id == viewer.id]
    if colleges := viewer.organizations_as(Role.ADMINISTRATOR, Role.STAFF):
        seen += [Program.lead_college_id.in_(colleges), Enrolment.college_id.in_(colleges)]
    if departments := viewer.departments_as(Role.DEPARTMENT_STAFF):
        seen.append(Program.department_id.in_(departments))
    if houses := viewer.organizations_as(Role.ENTERPRISE_COORDINATOR):
        seen.append(Enrolment.enterprise_id.in_(houses))
    if Role.SCHOOL_TEACHER in viewer.roles:
        seen.append(Enrolment.school_teacher_id == viewer.id)
    if Role.ENTERPRISE_MENTOR in viewer.roles:
        seen.append(Enrolment.enterprise_mentor_id == viewer.id)
    for role, column in (
        (Role.COLLEGE_COUNSELLOR, Enrolment.college_id),
        (Role.ENTERPRISE_COUNSELLOR, Enrolment.enterprise_id),
    ):
        if own := viewer.organizations_as(role):
            named = sa.exists().where(
                ProgramPerson.program_id == Enrolment.program_id,
                ProgramPerson.user_id == viewer.id,
                ProgramPerson.role == role,
            )
            seen.append(sa.and_(column.in_(own), named))
    return sa.or_(*seen)


# --- certificates of completion ------------------------------------------------------------------


def _certificates(viewer: User) -> sa.Select[Certificate]:
    return (
        sa.select(Certificate)
        .join(Enrolment, Enrolment.id == Certificate.enrolment_id)
        .join(Program, Program.id == Certificate.program_id)
        .where(people_seen(viewer))
    )


def certificate_or_404(certificate_id: int, viewer: User) -> Certificate:
    """Return a certificate of somebody whom the viewer may see, with programme and revocation, or answer 404."""
    certificate: Certificate | None = db.session.scalars(
        _certificates(viewer)
        .where(Certificate.id == certificate_id)
        .options(
            contains_eager(Certificate.enrolment),
            joinedload(Certificate.program, innerjoin=True).selectinload(Program.parties),
            joinedload(Certificate.revocation),
        )
    ).one_or_none()
    return certificate if certificate is not None else abort(404)


def replacement_of(certificate: Certificate) -> Certificate | None:
    """Return the certificate that stands in the place of one, if any."""
    return db.session.scalars(
        sa.select(Certificate).where(Certificate.replaces_id == certificate.id)
    ).one_or_none()


def history_of(enrolment_id: int) -> Sequence[Certificate]:
    """Return all certificates of a trainee in a programme, the latest first."""
    return db.session.scalars(
        sa.select(Certificate)
        .where(Certificate.enrolment_id == enrolment_id)
        .options(joinedload(Certificate.revocation))
        .order_by(Certificate.id.desc())
    ).all()


def own_certificates(viewer: User) -> Sequence[Certificate]:
    """Return a person's own certificates of completion, the latest first."""
    return db.session.scalars(
        sa.select(Certificate)
        .where(Certificate.user_id == viewer.id)
        .options(joinedload(Certificate.revocation))
        .order_by(Certificate.id.desc())
        .limit(100)
    ).all()


def _filtered(viewer: User, q: str, chosen: Mapping[str, str]) -> sa.Select[Any]:
    statement = _certificates(viewer)
    if q:
        statement = statement.where(sa.or_(contains(Certificate.holder_name, q), _has_serial(q)))
    if (year := whole(chosen.get("year"))) is not None:
        statement = statement.where(Certificate.year == year)
    if chosen.get("state") in ("valid", "ended"):
        statement = statement.where(Certificate.is_present.is_(chosen["state"] == "valid"))
    return statement


def _has_serial(q: str) -> sa.ColumnElement[bool]:
    before, _dash, after = q.partition("-")
    year, number = whole(before), whole(after)
    if year is not None and number is not None:
        return sa.and_(Certificate.year == year, Certificate.number == number)
    return Certificate.student_number == q


def list_certificates(viewer: User, listing: Listing, chosen: Mapping[str, str]) -> Page[Certificate]:
    """Return a page of all certificates that the viewer may see, the latest serial numbers first."""
    statement = _filtered(viewer, listing.q, chosen).options(joinedload(Certificate.revocation))
    orders = {
        "serial": (Certificate.year, Certificate.number, Certificate.id),
        "name": (Certificate.holder_name, Certificate.id),
        "program": (Certificate.program_name, Certificate.id),
        "issued": (Certificate.issued_on, Certificate.id),
    }
    if not listing.sort:
        listing = Listing(listing.number, listing.q, "serial", "desc")
    return paginate(statement, listing, orders=orders, default="serial", filters=chosen)


def years(viewer: User) -> list[int]:
    """Return the years of the certificates that the viewer may see, the latest first."""
    found = _certificates(viewer).with_only_columns(Certificate.year).distinct()
    return sorted(db.session.scalars(found), reverse=True)


def export_certificates(viewer: User, q: str, chosen: Mapping[str, str]) -> Iterable[Any]:
    """Return the listed certificates by serial number, a thousand read at a time."""
    return db.session.execute(
        _filtered(viewer, q, chosen)
        .outerjoin(CertificateRevocation, CertificateRevocation.certificate_id == Certificate.id)
        .with_only_columns(
            Certificate.year, Certificate.number, Certificate.holder_name, Certificate.student_number,
            Certificate.program_name, Certificate.enterprise_name, Certificate.field, Certificate.minutes,
            Certificate.issued_on, CertificateRevocation.kind, CertificateRevocation.at,
            CertificateRevocation.reason,
        )
        .order_by(Certificate.college_id, Certificate.year, Certificate.number)
        .execution_options(yield_per=1_000)
    )  # fmt: skip


# --- who passed -----------------------------------------------------------------------------------


def passed_in(program: Program) -> sa.Select[int]:
    """Return a select of the ids of a programme's trainees who passed."""
    return sa.select(PassDecision.enrolment_id).where(
        PassDecision.program_id == program.id, PassDecision.is_present, PassDecision.kind == PassKind.PASSED
    )


def without(program: Program) -> sa.Select[int]:
    """Return a select of the ids of who passed, is there and has no certificate that counts, in the order of issuing.

    Whoever left after passing, or is suspended, does not stand in the pass list either.
    """
    has = sa.exists().where(Certificate.enrolment_id == Enrolment.id, Certificate.is_present)
    there = (Enrolment.program_id == program.id, COUNTED)
    return (
        sa.select(Enrolment.id)
        .where(*there, Enrolment.id.in_(passed_in(program)), ~has)
        .order_by(Enrolment.id)
    )


# --- the public check ----------------------------------------------------------------------------


def find_by_code(code: str) -> Certificate | None:
    """Return the certificate of a code with its revocation, whoever asks: one statement."""
    return db.session.scalars(
        sa.select(Certificate).where(Certificate.code == code).options(joinedload(Certificate.revocation))
    ).one_or_none()


def issuer_names(college_id: int) -> tuple[str, str] | None:
    """Return the names of a college that has issued a certificate, or None for any other organisation."""
    row = db.session.execute(
        sa.select(Certificate.college_name, Certificate.college_name_en)
        .where(Certificate.college_id == college_id)
        .order_by(Certificate.id.desc())
        .limit(1)
    ).first()
    return (row[0], row[1]) if row else None


def revoked_credentials(college_id: int) -> list[str]:
    """Return the credentials of a college that no longer count."""
    return list(
        db.session.scalars(
            sa.select(Certificate.credential_id)
            .where(Certificate.college_id == college_id, Certificate.is_present.is_(False))
            .order_by(Certificate.id)
        )
    )


# --- for quality and reporting -------------------------------------------------------------------


@dataclass(frozen=True)
class Holdings:
    """Who of some people holds what. A person counts once in each figure, however many certificates there are.

    `own` hold a certificate of completion, `external` a verified one of others, `either` at least one of both,
    `senior` 高级工 or above; `graded` hold any skill grade, so that senior/graded is the share of senior workers.
    """

    own: int
    external: int
    either: int
    graded: int
    senior: int


def issued_by_year(college_id: int) -> dict[int, int]:
    """Return how many certificates of completion that count a college issued, by year."""
    rows = db.session.execute(
        sa.select(Certificate.year, sa.func.count())
        .where(Certificate.college_id == college_id, Certificate.is_present)
        .group_by(Certificate.year)
        .order_by(Certificate.year)
    )
    return {row[0]: row[1] for row in rows}


def external_by_level(people: sa.Select[int], first: date, last: date) -> dict[Level, int]:
    """Return how many verified certificates of others were issued in a period, by level.

    `people` is a select of enrolment ids (those that the asker may count).
    """
    rows = db.session.execute(
        sa.select(ExternalCertificate.level, sa.func.count())
        .where(
            ExternalCertificate.enrolment_id.in_(people),
            ExternalCertificate.state == ExternalState.VERIFIED,
            ExternalCertificate.issued_on.between(first, last),
        )
        .group_by(ExternalCertificate.level)
    )
    return {row[0]: row[1] for row in rows}


def holdings(people: sa.Select[int], day: date) -> Holdings:
    """Return who of the people behind some enrolments holds what on a day; ended certificates do not count."""
    own = sa.select(Certificate.user_id).where(
        Certificate.enrolment_id.in_(people), Certificate.is_present, Certificate.issued_on <= day
    )
    held = sa.select(ExternalCertificate.user_id).where(
        ExternalCertificate.enrolment_id.in_(people),
        ExternalCertificate.state == ExternalState.VERIFIED,
        ExternalCertificate.issued_on <= day,
        sa.or_(ExternalCertificate.expires_on.is_(None), ExternalCertificate.expires_on >= day),
    )
    graded = held.where(
        ExternalCertificate.level.not_in([one for one in Level if one.value.startswith("one_x")])
    )
    senior = held.where(ExternalCertificate.level.in_(SENIOR_AND_ABOVE))
    figures = [_distinct(one) for one in (own, held, own.union(held), graded, senior)]
    row = db.session.execute(sa.select(*figures)).one()
    return Holdings(*(int(value) for value in row))


def _distinct(people: Any) -> Any:
    inner = people.subquery()
    return sa.select(sa.func.count(sa.distinct(inner.c.user_id))).select_from(inner).scalar_subquery()

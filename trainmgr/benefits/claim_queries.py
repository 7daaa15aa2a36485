"""Reads of subsidy claims: the claims of a programme, whom they are for, who could be in one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.benefits.models import ClaimPerson, SubsidyClaim
from trainmgr.benefits.rules import Lacking, lacking
from trainmgr.certificates.models import Certificate, ExternalCertificate
from trainmgr.certificates.rules import ExternalState, serial_of
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel.db import among, db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program


def list_claims(program: Program, listing: Listing) -> Page[SubsidyClaim]:
    """Return a page of a programme's claims, the latest first."""
    statement = sa.select(SubsidyClaim).where(SubsidyClaim.program_id == program.id)
    if not listing.sort:
        listing = Listing(listing.number, listing.q, "number", "desc")
    return paginate(statement, listing, orders={"number": (SubsidyClaim.number,)}, default="number")


def claim_or_404(program: Program, claim_id: int) -> SubsidyClaim:
    """Return a claim of a programme with its steps, or answer 404."""
    found: SubsidyClaim | None = db.session.scalars(
        sa.select(SubsidyClaim)
        .where(SubsidyClaim.id == claim_id, SubsidyClaim.program_id == program.id)
        .options(selectinload(SubsidyClaim.moves))
    ).one_or_none()
    return found if found is not None else abort(404)


def follower_of(claim: SubsidyClaim) -> SubsidyClaim | None:
    """Return the claim that followed a returned one, if any."""
    return db.session.scalars(
        sa.select(SubsidyClaim).where(SubsidyClaim.replaces_id == claim.id)
    ).one_or_none()


def list_people(program: Program, claim: SubsidyClaim, viewer: User, listing: Listing) -> Page[ClaimPerson]:
    """Return a page of whom a claim is for, as far as the viewer may see them."""
    statement = (
        sa.select(ClaimPerson)
        .join(Enrolment, Enrolment.id == ClaimPerson.enrolment_id)
        .where(ClaimPerson.claim_id == claim.id, visible_in(program, viewer))
    )
    if listing.q:
        statement = statement.where(contains(ClaimPerson.name, listing.q))
    orders = {
        "name": (ClaimPerson.name, ClaimPerson.id),
        "hours": (ClaimPerson.minutes, ClaimPerson.id),
    }
    return paginate(statement, listing, orders=orders, default="name")


def people_of(program: Program, claim: SubsidyClaim, viewer: User) -> Iterable[ClaimPerson]:
    """Return all whom a claim is for by name, as far as the viewer may see them, with their enrolments."""
    return db.session.scalars(
        sa.select(ClaimPerson)
        .join(Enrolment, Enrolment.id == ClaimPerson.enrolment_id)
        .where(ClaimPerson.claim_id == claim.id, visible_in(program, viewer))
        .options(joinedload(ClaimPerson.enrolment))
        .order_by(ClaimPerson.name, ClaimPerson.id)
    )


@dataclass(frozen=True)
class Candidate:
    """A trainee beside a claim's rule: hours, certificate, and what stands in the way."""

    enrolment: Enrolment
    cohort: str
    minutes: int
    certificate: str
    lacking: list[Lacking]


def _candidates(program: Program, claim: SubsidyClaim, viewer: User) -> sa.Select[Any]:
    external = (
        sa.select(sa.func.max(ExternalCertificate.number))
        .where(
            ExternalCertificate.enrolment_id == Enrolment.id,
            ExternalCertificate.state == ExternalState.VERIFIED,
        )
        .correlate(Enrolment)
        .scalar_subquery()
    )
    claimed = sa.exists().where(
        ClaimPerson.program_id == program.id,
        ClaimPerson.user_id == Enrolment.user_id,
        ClaimPerson.kind == claim.kind,
        ClaimPerson.is_live,
    )
    return (
        sa.select(
            Enrolment,
            Cohort.name,
            (Enrolment.verified_minutes + Enrolment.recognised_minutes).label("minutes"),
            Certificate.year,
            Certificate.number,
            external.label("external"),
            claimed.label("claimed"),
        )
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .outerjoin(
            Certificate, sa.and_(Certificate.enrolment_id == Enrolment.id, Certificate.is_present.is_(True))
        )
        .where(visible_in(program, viewer))
    )


def _candidate(claim: SubsidyClaim, row: Any) -> Candidate:
    certificate = row.external or (serial_of(row.year, row.number) if row.number else "")
    missing = lacking(
        claim.rule, minutes=row.minutes, has_certificate=bool(certificate), is_claimed=row.claimed
    )
    return Candidate(row[0], row[1] or "", row.minutes, certificate, missing)


def list_candidates(program: Program, claim: SubsidyClaim, viewer: User, listing: Listing) -> Page[Any]:
    """Return a page of a programme's trainees beside a claim's rule."""
    statement = _candidates(program, claim, viewer)
    if listing.q:
        statement = statement.where(contains(Enrolment.name, listing.q))
    orders = {
        "name": (Enrolment.name, Enrolment.id),
        "hours": (sa.text("minutes"), Enrolment.id),
    }
    page = paginate(statement, listing, orders=orders, default="name", scalars=False)
    return replace(page, items=[_candidate(claim, row) for row in page.items])


def candidates(
    program: Program, claim: SubsidyClaim, viewer: User, enrolment_ids: Sequence[int] | None = None
) -> list[Candidate]:
    """Return trainees (all, or some) beside a claim's rule, by name."""
    statement = _candidates(program, claim, viewer).order_by(Enrolment.name, Enrolment.id)
    if enrolment_ids is not None:
        statement = statement.where(among(Enrolment.id, enrolment_ids))
    return [_candidate(claim, row) for row in db.session.execute(statement)]

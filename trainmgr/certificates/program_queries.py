"""Reads of a programme's certificates: who passed, who holds one, who has none yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from trainmgr.certificates.models import Certificate
from trainmgr.certificates.queries import passed_in
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.outcomes.models import PassDecision
from trainmgr.outcomes.queries import COUNTED
from trainmgr.outcomes.rules import PassKind
from trainmgr.programs.models import Program

CERTIFICATE_STATES = {
    "none": Certificate.id.is_(None),
    "valid": Certificate.is_present.is_(True),
    "ended": Certificate.is_present.is_(False),
}


def _latest() -> Any:
    newest = (
        sa.select(sa.func.max(Certificate.id))
        .where(Certificate.enrolment_id == Enrolment.id)
        .correlate(Enrolment)
        .scalar_subquery()
    )
    return Certificate.id == newest


def list_program(program: Program, viewer: User, listing: Listing, chosen: Mapping[str, str]) -> Page[Any]:
    """Return a page of who passed or holds a certificate: (trainee, class, latest certificate, has passed)."""
    has_passed = Enrolment.id.in_(passed_in(program))
    statement = (
        sa.select(Enrolment, Cohort.name, Certificate, has_passed.label("passed"))
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .outerjoin(Certificate, _latest())
        .where(visible_in(program, viewer), sa.or_(sa.and_(has_passed, COUNTED), Certificate.id.is_not(None)))
    )
    if listing.q:
        statement = statement.where(
            sa.or_(contains(Enrolment.name, listing.q), contains(Enrolment.student_number, listing.q))
        )
    if (cohort_id := whole(chosen.get("class"))) is not None:
        statement = statement.where(Enrolment.cohort_id == cohort_id)
    if chosen.get("state") in CERTIFICATE_STATES:
        statement = statement.where(CERTIFICATE_STATES[chosen["state"]])
    orders = {
        "name": (Enrolment.name, Enrolment.id),
        "class": (Cohort.name, Enrolment.name, Enrolment.id),
        "serial": (Certificate.year, Certificate.number, Enrolment.id),
    }
    return paginate(statement, listing, orders=orders, default="name", scalars=False, filters=chosen)


def figures_of(program: Program, viewer: User) -> tuple[int, int, int]:
    """Return how many of the visible trainees passed, hold a certificate, and passed without one: one statement."""
    held = sa.and_(Certificate.enrolment_id == Enrolment.id, Certificate.is_present)
    row = db.session.execute(
        sa.select(
            sa.func.count(sa.case((sa.and_(PassDecision.id.is_not(None), COUNTED), 1))),
            sa.func.count(Certificate.id),
            sa.func.count(sa.case((sa.and_(PassDecision.id.is_not(None), Certificate.id.is_(None), COUNTED), 1))),
        )
        .select_from(Enrolment)
        .outerjoin(
            PassDecision,
            sa.and_(
                PassDecision.enrolment_id == Enrolment.id, PassDecision.is_present, PassDecision.kind == PassKind.PASSED
            ),
        )
        .outerjoin(Certificate, held)
        .where(visible_in(program, viewer))
    ).one()  # fmt: skip
    return int(row[0]), int(row[1]), int(row[2])


def present_ids(program: Program, viewer: User) -> list[int]:
    """Return the ids of a programme's certificates that count, of people whom the viewer may see, by number."""
    return list(
        db.session.scalars(
            sa.select(Certificate.id)
            .join(Enrolment, Enrolment.id == Certificate.enrolment_id)
            .where(visible_in(program, viewer), Certificate.is_present)
            .order_by(Certificate.year, Certificate.number)
        )
    )

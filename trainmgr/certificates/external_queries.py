"""Reads of certificates that others issued; every row starts from the people whom the viewer may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import contains_eager, joinedload

from trainmgr.certificates.models import ExternalCertificate
from trainmgr.certificates.queries import people_seen
from trainmgr.certificates.rules import EXPIRING, ExternalState, Level
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program


def own_external(viewer: User) -> Sequence[ExternalCertificate]:
    """Return a person's own certificates of others, the latest first."""
    return db.session.scalars(
        sa.select(ExternalCertificate)
        .where(ExternalCertificate.user_id == viewer.id)
        .order_by(ExternalCertificate.issued_on.desc(), ExternalCertificate.id.desc())
        .limit(100)
    ).all()


@dataclass(frozen=True)
class ExternalFilter:
    """What narrows the list of certificates of others."""

    program_id: int | None = None
    level: str = ""
    state: str = ""
    expiring: bool = False


def _external(viewer: User) -> sa.Select[ExternalCertificate]:
    return (
        sa.select(ExternalCertificate)
        .join(Enrolment, Enrolment.id == ExternalCertificate.enrolment_id)
        .join(Program, Program.id == ExternalCertificate.program_id)
        .where(people_seen(viewer))
    )


def external_or_404(external_id: int, viewer: User) -> ExternalCertificate:
    """Return a certificate of others of somebody whom the viewer may see, or answer 404."""
    found: ExternalCertificate | None = db.session.scalars(
        _external(viewer)
        .where(ExternalCertificate.id == external_id)
        .options(
            contains_eager(ExternalCertificate.enrolment),
            joinedload(ExternalCertificate.program, innerjoin=True).selectinload(Program.parties),
        )
    ).one_or_none()
    return found if found is not None else abort(404)


def _narrowed(viewer: User, q: str, chosen: ExternalFilter, today: date) -> sa.Select[Any]:
    statement = _external(viewer)
    if q:
        statement = statement.where(
            sa.or_(
                contains(Enrolment.name, q),
                contains(ExternalCertificate.number, q),
                contains(ExternalCertificate.name, q),
            )
        )
    if chosen.program_id is not None:
        statement = statement.where(ExternalCertificate.program_id == chosen.program_id)
    if chosen.level in {level.value for level in Level}:
        statement = statement.where(ExternalCertificate.level == Level(chosen.level))
    if chosen.state in {state.value for state in ExternalState}:
        statement = statement.where(ExternalCertificate.state == ExternalState(chosen.state))
    if chosen.expiring:
        statement = statement.where(
            ExternalCertificate.state == ExternalState.VERIFIED,
            ExternalCertificate.expires_on.between(today, today + EXPIRING),
        )
    return statement


def list_external(
    viewer: User, listing: Listing, chosen: ExternalFilter, today: date, filters: Mapping[str, str]
) -> Page[ExternalCertificate]:
    """Return a page of certificates of others, the soonest to end first when only those are asked for."""
    statement = _narrowed(viewer, listing.q, chosen, today).options(
        contains_eager(ExternalCertificate.enrolment), contains_eager(ExternalCertificate.program)
    )
    orders: dict[str, Sequence[Any]] = {
        "name": (Enrolment.name, ExternalCertificate.id),
        "level": (ExternalCertificate.level, Enrolment.name, ExternalCertificate.id),
        "issued": (ExternalCertificate.issued_on, ExternalCertificate.id),
        "expires": (ExternalCertificate.expires_on, ExternalCertificate.id),
    }
    default = "expires" if chosen.expiring else "name"
    return paginate(statement, listing, orders=orders, default=default, filters=filters)


def export_external(viewer: User, q: str, chosen: ExternalFilter, today: date) -> Iterable[Any]:
    """Return the listed certificates of others by name, a thousand read at a time."""
    return db.session.execute(
        _narrowed(viewer, q, chosen, today)
        .with_only_columns(
            Enrolment.name, Enrolment.student_number, Program.name.label("program"), ExternalCertificate.level,
            ExternalCertificate.name.label("certificate"), ExternalCertificate.number,
            ExternalCertificate.issuer, ExternalCertificate.issued_on, ExternalCertificate.expires_on,
            ExternalCertificate.state, ExternalCertificate.settled_by_name,
        )
        .order_by(Enrolment.name, ExternalCertificate.id)
        .execution_options(yield_per=1_000)
    )  # fmt: skip


def find_person(program: Program, viewer: User, typed: str) -> Enrolment | None:
    """Return the one visible trainee with this student number, employee number or name; None for nobody or several."""
    typed = typed.strip()
    found = db.session.scalars(
        sa.select(Enrolment)
        .where(
            visible_in(program, viewer),
            sa.or_(
                Enrolment.student_number == typed,
                Enrolment.employee_number == typed,
                Enrolment.name == typed,
            ),
        )
        .limit(2)
    ).all()
    return found[0] if typed and len(found) == 1 else None


def some_external(ids: Sequence[int], viewer: User) -> list[ExternalCertificate]:
    """Return the certificates of others with these ids that the viewer may see."""
    return list(
        db.session.scalars(
            _external(viewer)
            .where(ExternalCertificate.id.in_(ids))
            .options(
                contains_eager(ExternalCertificate.enrolment),
                joinedload(ExternalCertificate.program, innerjoin=True).selectinload(Program.parties),
            )
            .order_by(ExternalCertificate.id)
        )
    )


def proof_of(row: ExternalCertificate) -> StoredFile | None:
    """Return the scan of a certificate of others, if one was handed in."""
    return db.session.get(StoredFile, row.file_id) if row.file_id else None


def waiting_count(viewer: User) -> int:
    """Return how many certificates of others wait to be verified, as far as the viewer may see."""
    counted = _external(viewer).where(ExternalCertificate.state == ExternalState.ENTERED)
    return db.session.scalar(counted.with_only_columns(sa.func.count(ExternalCertificate.id))) or 0

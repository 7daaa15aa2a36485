"""Writes of certificates of completion: issue, issue anew, revoke. What was issued never changes and stays."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from trainmgr.certificates.models import Certificate, CertificateRevocation, CertificateSerial
from trainmgr.certificates.queries import passed_in, without
from trainmgr.certificates.rules import RevocationKind, new_code, new_holder_part
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import among, db
from trainmgr.kernel.errors import Conflict
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State

ISSUED = audit.sentence(
    "certificate.issue", _l("%(who)s issued %(count)s certificates of completion, %(first)s to %(last)s")
)
REISSUED = audit.sentence(
    "certificate.reissue", _l("%(who)s issued the certificate of %(what)s anew as %(serial)s: %(reason)s")
)
REVOKED = audit.sentence(
    "certificate.revoke", _l("%(who)s revoked the certificate %(serial)s of %(what)s: %(reason)s")
)
OPEN_IN = frozenset({State.EVALUATING, State.CLOSED})


@dataclass(frozen=True)
class Deed:
    """Who acts, when, and under which address of the installation."""

    by: User
    now: datetime
    origin: str


def require_issuing(program: Program) -> None:
    """Refuse certificates before the evaluation, and in programmes that stand still."""
    require(
        program.state in OPEN_IN,
        _("Certificates are issued once the programme is evaluated. It is at “%(state)s” now.",
          state=program.state_label),
    )  # fmt: skip


def issue(program: Program, enrolment_ids: Sequence[int], deed: Deed) -> list[Certificate]:
    """Issue certificates to those of the trainees who passed and have none; told twice, nobody gets a second one."""
    require_issuing(program)
    serial = _lock_serial(program.lead_college_id, local_day(deed.now).year)
    people = db.session.scalars(
        sa.select(Enrolment)
        .where(Enrolment.id.in_(without(program).order_by(None)), among(Enrolment.id, enrolment_ids))
        .options(joinedload(Enrolment.enterprise))
        .order_by(Enrolment.id)
    ).all()
    made = _make(program, people, serial, deed)
    if made:
        audit.record(
            ISSUED, made[0], by=deed.by, now=deed.now, program_id=program.id,
            name=made[0].holder_name if len(made) == 1 else program.name,
            count=len(made), first=made[0].serial, last=made[-1].serial,
        )  # fmt: skip
    return made


def reissue(certificate: Certificate, *, reason: str, deed: Deed) -> Certificate:
    """Put a new certificate, of what the records say now, in the place of one; the old one is marked as replaced."""
    require_issuing(certificate.program)
    serial = _lock_serial(certificate.college_id, local_day(deed.now).year)
    _end(certificate, RevocationKind.REPLACED, reason, deed)
    person = db.session.scalars(
        sa.select(Enrolment)
        .where(Enrolment.id == certificate.enrolment_id, Enrolment.id.in_(passed_in(certificate.program)))
        .options(joinedload(Enrolment.enterprise))
    ).one_or_none()
    require(person is not None, _("Who has not passed gets no new certificate; it can be revoked."))
    (fresh,) = _make(certificate.program, [person] if person else [], serial, deed)
    fresh.replaces_id = certificate.id
    audit.record(
        REISSUED, fresh, by=deed.by, now=deed.now, program_id=certificate.program_id,
        name=fresh.holder_name, serial=fresh.serial, reason=reason,
    )  # fmt: skip
    return fresh


def revoke(certificate: Certificate, *, reason: str, deed: Deed) -> None:
    """Let a certificate count no longer, with the reason; the public check tells since when."""
    _end(certificate, RevocationKind.REVOKED, reason, deed)
    audit.record(
        REVOKED, certificate, by=deed.by, now=deed.now, program_id=certificate.program_id,
        name=certificate.holder_name, serial=certificate.serial, reason=reason,
    )  # fmt: skip


def _end(certificate: Certificate, kind: RevocationKind, reason: str, deed: Deed) -> None:
    require(reason.strip(), _("Say why the certificate no longer counts."))
    is_present = db.session.scalar(
        sa.select(Certificate.is_present).where(Certificate.id == certificate.id).with_for_update()
    )
    if not is_present:
        raise Conflict(_("This certificate no longer counts already."))
    certificate.is_present = False
    db.session.add(
        CertificateRevocation(
            certificate_id=certificate.id, kind=kind, reason=reason.strip(), by_id=deed.by.id,
            by_name=deed.by.name, at=deed.now,
        )
    )  # fmt: skip
    db.session.flush()


def _lock_serial(college_id: int, year: int) -> CertificateSerial:
    """Return the college's counter for a year; whoever issues meanwhile waits for this transaction's end."""
    db.session.execute(
        sa.select(Organization.id).where(Organization.id == college_id).with_for_update(key_share=True)
    )
    serial = db.session.get(CertificateSerial, (college_id, year), populate_existing=True)
    if serial is None:
        serial = CertificateSerial(college_id=college_id, year=year, last=0)
        db.session.add(serial)
    return serial


def _make(
    program: Program, people: Iterable[Enrolment], serial: CertificateSerial, deed: Deed
) -> list[Certificate]:
    college = db.session.get_one(Organization, program.lead_college_id)
    made = []
    for person in people:
        serial.last += 1
        house = person.enterprise
        made.append(
            Certificate(
                program_id=program.id, enrolment_id=person.id, user_id=person.user_id, college_id=college.id,
                year=serial.year, number=serial.last, code=new_code(), holder_part=new_holder_part(),
                credential_id=str(uuid.uuid4()), origin=deed.origin, holder_name=person.name,
                student_number=person.student_number, program_name=program.name,
                program_name_en=program.name_en, college_name=college.name, college_name_en=college.name_en,
                enterprise_name=house.name if house else "", enterprise_name_en=house.name_en if house else "",
                field=person.field, starts_on=program.starts_on, ends_on=program.ends_on,
                minutes=person.verified_minutes + person.recognised_minutes, is_present=True,
                issued_on=local_day(deed.now), issued_at=deed.now, by_id=deed.by.id, by_name=deed.by.name,
            )
        )  # fmt: skip
    db.session.add_all(made)
    db.session.flush()
    return made

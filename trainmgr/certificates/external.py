"""Writes of certificates that others issued: enter, verify or refuse against the proof, withdraw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.certificates import owed
from trainmgr.certificates.models import ExternalCertificate
from trainmgr.certificates.rules import ExternalState, Level, issuer_key, number_key
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.files import StoredFile
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State

ENTERED = audit.sentence(
    "certificate.external", _l("%(who)s entered the certificate %(number)s (%(level)s) of %(what)s")
)
VERIFIED = audit.sentence(
    "certificate.external.verify", _l("%(who)s verified the certificate %(number)s of %(what)s")
)
REFUSED = audit.sentence(
    "certificate.external.refuse",
    _l("%(who)s did not accept the certificate %(number)s of %(what)s: %(reason)s"),
)
WITHDRAWN = audit.sentence(
    "certificate.external.withdraw", _l("%(who)s withdrew the certificate %(number)s of %(what)s: %(reason)s")
)
LIVE = (ExternalState.ENTERED, ExternalState.VERIFIED)
SHUT = frozenset({State.DRAFT, State.ANALYSING, State.DESIGNING, State.CANCELLED})


@dataclass(frozen=True)
class Facts:
    """What a certificate of others says."""

    level: Level
    name: str
    number: str
    issuer: str
    issued_on: date
    expires_on: date | None = None


def require_recording(program: Program) -> None:
    """Refuse certificates where nobody is trained yet, or never was; after the end they still come in."""
    require(
        program.state not in SHUT,
        _("Certificates of trainees are entered once people are enrolled. The programme is at “%(state)s”.",
          state=program.state_label),
    )  # fmt: skip


def fault_of(facts: Facts, today: date) -> str | None:
    """Return the sentence why such a certificate cannot be, or None."""
    if not number_key(facts.number):
        return _("A certificate's number has letters or digits.")
    if facts.issued_on > today:
        return _("It was issued on a day that is still to come.")
    if facts.expires_on is not None and facts.expires_on < facts.issued_on:
        return _("It would end before it was issued.")
    return None


def find_same(facts: Facts) -> ExternalCertificate | None:
    """Return the certificate that counts with the same issuer and number, if any."""
    return db.session.scalars(
        sa.select(ExternalCertificate).where(
            ExternalCertificate.issuer_key == issuer_key(facts.issuer),
            ExternalCertificate.number_key == number_key(facts.number),
            ExternalCertificate.state.in_(LIVE),
        )
    ).one_or_none()


def enter(
    program: Program, enrolment: Enrolment, facts: Facts, proof: StoredFile | None, *, by: User, now: datetime
) -> ExternalCertificate:
    """Enter a trainee's certificate; an issuer's number stands once."""
    row = add(program, enrolment, facts, proof, by=by, now=now)
    owed.renew(program.id, now)
    return row


def add(
    program: Program, enrolment: Enrolment, facts: Facts, proof: StoredFile | None, *, by: User, now: datetime
) -> ExternalCertificate:
    """Enter one of many; whoever enters them brings the inboxes up to date afterwards."""
    require_recording(program)
    fault = fault_of(facts, local_day(now))
    require(fault is None, fault)
    require(find_same(facts) is None, _("This issuer's certificate with this number is entered already."))
    row = ExternalCertificate(
        program_id=program.id, enrolment_id=enrolment.id, user_id=enrolment.user_id, level=facts.level,
        name=facts.name, number=facts.number, number_key=number_key(facts.number), issuer=facts.issuer,
        issuer_key=issuer_key(facts.issuer), issued_on=facts.issued_on, expires_on=facts.expires_on,
        file_id=proof.id if proof else None, state=ExternalState.ENTERED, entered_by_id=by.id,
        entered_by_name=by.name, entered_at=now,
    )  # fmt: skip
    db.session.add(row)
    audit.record(
        ENTERED, row, by=by, now=now, program_id=program.id, name=enrolment.name, number=facts.number,
        level=str(row.level_label),
    )  # fmt: skip
    return row


def verify(row: ExternalCertificate, *, by: User, now: datetime) -> None:
    """Say that the certificate was held against its proof, or the issuer's register."""
    _verify(row, by, now)
    owed.renew(row.program_id, now)


def _verify(row: ExternalCertificate, by: User, now: datetime) -> None:
    _settle(row, (ExternalState.ENTERED,), ExternalState.VERIFIED, "", by, now)
    _tell(VERIFIED, row, by, now)


def refuse(row: ExternalCertificate, *, reason: str, by: User, now: datetime) -> None:
    """Say why the certificate is not accepted."""
    require(reason.strip(), _("Say why the certificate is not accepted."))
    _settle(row, (ExternalState.ENTERED,), ExternalState.REFUSED, reason.strip(), by, now)
    _tell(REFUSED, row, by, now)
    owed.renew(row.program_id, now)


def withdraw(row: ExternalCertificate, *, reason: str, by: User, now: datetime) -> None:
    """Take a certificate out of the count, with the reason; the corrected one is entered anew."""
    require(reason.strip(), _("Say why the certificate is withdrawn."))
    _settle(row, LIVE, ExternalState.WITHDRAWN, reason.strip(), by, now)
    _tell(WITHDRAWN, row, by, now)
    owed.renew(row.program_id, now)


def verify_many(rows: list[ExternalCertificate], *, by: User, now: datetime) -> int:
    """Verify those of the certificates that wait; returns how many."""
    waiting = [row for row in rows if row.state is ExternalState.ENTERED]
    for row in waiting:
        _verify(row, by, now)
    for program_id in sorted({row.program_id for row in waiting}):
        owed.renew(program_id, now)
    return len(waiting)


def _settle(
    row: ExternalCertificate, from_: tuple[ExternalState, ...], to: ExternalState, reason: str, by: User, now: datetime
) -> None:  # fmt: skip
    state = db.session.scalar(
        sa.select(ExternalCertificate.state).where(ExternalCertificate.id == row.id).with_for_update()
    )
    if state not in from_:
        raise Conflict(_("Somebody else has settled this certificate meanwhile."))
    row.state, row.reason, row.settled_at = to, reason, now
    row.settled_by_id, row.settled_by_name = by.id, by.name


def _tell(action: str, row: ExternalCertificate, by: User, now: datetime) -> None:
    audit.record(
        action, row, by=by, now=now, program_id=row.program_id, name=row.enrolment.name, number=row.number,
        reason=row.reason,
    )  # fmt: skip

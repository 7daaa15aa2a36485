"""Handing the record of a training to an enterprise: consent of the trainee, and a signed file of each."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.certificates.rules import new_code
from trainmgr.employment import record_content, record_file
from trainmgr.employment.models import CarriedRecord, RecordConsent
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit, signing
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.kernel.files import store_bytes
from trainmgr.programs.models import Program

CONSENTED = audit.sentence("employment.consent", _l("%(what)s lets %(firm)s have the record of the training"))
TAKEN_BACK = audit.sentence(
    "employment.consent.end", _l("%(what)s lets %(firm)s have no further record of the training")
)
HANDED = audit.sentence(
    "employment.record", _l("%(who)s made the signed record of %(what)s for %(firm)s, no. %(number)s")
)
PURPOSE = "training-record"


def set_consent(
    program: Program, enrolment: Enrolment, firm: Organization, *, given: bool, by: User, now: datetime
) -> None:
    """Note the trainee's own word on who may have the record; it holds from now on and can be taken back any time."""
    require(by.id == enrolment.user_id, _("Only the trainee decides on this."))
    known = db.session.scalars(
        sa.select(RecordConsent)
        .where(
            RecordConsent.enrolment_id == enrolment.id,
            RecordConsent.organization_id == firm.id,
            RecordConsent.is_present.is_(True),
        )
        .with_for_update()
    ).one_or_none()
    if (known.given if known else False) == given:
        return
    if known is not None:
        known.is_present = False
        db.session.flush()
    row = RecordConsent(
        program_id=program.id, enrolment_id=enrolment.id, organization_id=firm.id, given=given, at=now
    )
    db.session.add(row)
    action = CONSENTED if given else TAKEN_BACK
    audit.record(action, row, by=by, now=now, program_id=program.id, name=enrolment.name, firm=firm.name)


def hand_over(
    program: Program,
    firm: Organization,
    people: Sequence[tuple[Enrolment, RecordConsent]],
    *,
    root: str,
    by: Actor | None,
    by_id: int,
    now: datetime,
) -> list[CarriedRecord]:
    """Make the signed records of trainees (with their classes and consents) for an enterprise.

    `root` is the installation's address as the world knows it, ending in a slash.
    """
    content = record_content.gather(program, [one for one, _consent in people])
    issuer = db.session.get_one(Organization, program.lead_college_id)
    numbers = _last_numbers(firm.id, [one.id for one, _consent in people])
    made = []
    for one, consent in people:
        require(consent.given, _("%(name)s has not agreed to it.", name=one.name))
        document = record_content.document_of(
            content[one.id], code=new_code(), number=numbers.get(one.id, 0) + 1, issuer=issuer, recipient=firm,
            consent_at=consent.at, now=now,
        )  # fmt: skip
        row = _keep(program, one, consent, document, root=root, by=by, by_id=by_id, now=now)
        audit.record(
            HANDED,
            row,
            by=by,
            now=now,
            program_id=program.id,
            name=one.name,
            firm=firm.name,
            number=row.number,
        )
        made.append(row)
    return made


def _keep(
    program: Program,
    enrolment: Enrolment,
    consent: RecordConsent,
    document: dict[str, object],
    *,
    root: str,
    by: Actor | None,
    by_id: int,
    now: datetime,
) -> CarriedRecord:
    code, number = str(document["code"]), int(str(document["number"]))
    with force_locale("zh"):  # it goes to an enterprise, whoever made it
        made = record_file.make(
            document, address=f"{root}check/record?code={code}", keys=f"{root}.well-known/jwks.json"
        )
    stored = store_bytes(
        made.archive, name=f"{enrolment.name}-{number}-{code[:6]}.zip", media_type="application/zip",
        purpose=PURPOSE, by=by, program_id=program.id, now=now,
    )  # fmt: skip
    row = CarriedRecord(
        program_id=program.id,
        enrolment_id=enrolment.id,
        organization_id=consent.organization_id,
        consent_id=consent.id,
        number=number,
        code=code,
        document=made.document,
        document_sha256=hashlib.sha256(made.document.encode()).hexdigest(),
        signature=made.signature,
        pdf_sha256=hashlib.sha256(made.pdf).hexdigest(),
        file_id=stored.id,
        by_id=by_id,
        by_name=by.name if by else "",
        at=now,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _last_numbers(firm_id: int, enrolment_ids: Sequence[int]) -> dict[int, int]:
    rows = db.session.execute(
        sa.select(CarriedRecord.enrolment_id, sa.func.max(CarriedRecord.number))
        .where(CarriedRecord.organization_id == firm_id, CarriedRecord.enrolment_id.in_(enrolment_ids))
        .group_by(CarriedRecord.enrolment_id)
    )
    return {row[0]: int(row[1]) for row in rows}


def is_genuine(record: CarriedRecord) -> bool:
    """Tell whether the record that is kept is still the one that was signed."""
    try:
        signing.verify_file(record.document.encode(), record.signature)
    except signing.SignatureInvalid:
        return False
    return hashlib.sha256(record.document.encode()).hexdigest() == record.document_sha256

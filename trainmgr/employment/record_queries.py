"""Reads of consents and of records handed over; every row starts from the trainees whom the viewer may see."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from typing import IO, Any, cast

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from sqlalchemy.orm import aliased, joinedload, undefer

from trainmgr.employment.carrying import PURPOSE
from trainmgr.employment.models import CarriedRecord, RecordConsent
from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import StoredFile, is_kept, open_file
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program

THERE = Enrolment.state != EnrolmentState.WITHDRAWN
MOST_IN_ARCHIVE = 500


def own_enrolment_or_404(program: Program, viewer: User) -> Enrolment:
    """Return the viewer's own enrolment in a programme, or answer 404."""
    found: Enrolment | None = db.session.scalars(
        sa.select(Enrolment)
        .where(Enrolment.program_id == program.id, Enrolment.user_id == viewer.id, THERE)
        .options(joinedload(Enrolment.cohort), joinedload(Enrolment.enterprise))
    ).one_or_none()
    return found if found is not None else abort(404)


def own_consents(enrolment_id: int) -> dict[int, RecordConsent]:
    """Return a trainee's present words on who may have the record, by enterprise."""
    rows = db.session.scalars(
        sa.select(RecordConsent).where(
            RecordConsent.enrolment_id == enrolment_id, RecordConsent.is_present.is_(True)
        )
    )
    return {row.organization_id: row for row in rows}


def own_records(enrolment_id: int) -> Sequence[CarriedRecord]:
    """Return what was handed over of a trainee, the latest first."""
    return db.session.scalars(
        sa.select(CarriedRecord)
        .where(CarriedRecord.enrolment_id == enrolment_id)
        .options(joinedload(CarriedRecord.organization))
        .order_by(CarriedRecord.id.desc())
        .limit(20)
    ).all()


# --- the list --------------------------------------------------------------------------------------------


def list_people(
    program: Program, firm_id: int, viewer: User, listing: Listing, chosen: Mapping[str, str]
) -> Page[Any]:
    """Return a page of trainees with their consent for an enterprise and the last record for it.

    Rows: (Enrolment, class, RecordConsent or None, CarriedRecord or None).
    """
    last, newer = aliased(CarriedRecord), aliased(CarriedRecord)
    newest = sa.not_(
        sa.exists().where(
            newer.enrolment_id == last.enrolment_id,
            newer.organization_id == last.organization_id,
            newer.number > last.number,
        )
    )
    statement = (
        sa.select(Enrolment, Cohort.name, RecordConsent, last)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .outerjoin(RecordConsent, consent_for(firm_id))
        .outerjoin(last, sa.and_(last.enrolment_id == Enrolment.id, last.organization_id == firm_id, newest))
        .where(visible_in(program, viewer), THERE)
    )
    if listing.q:
        statement = statement.where(contains(Enrolment.name, listing.q))
    if (cohort_id := whole(chosen.get("class"))) is not None:
        statement = statement.where(Enrolment.cohort_id == cohort_id)
    if chosen.get("state") == "agreed":
        statement = statement.where(RecordConsent.given.is_(True))
    elif chosen.get("state") == "made":
        statement = statement.where(last.id.is_not(None))
    orders: dict[str, Sequence[Any]] = {
        "name": [Enrolment.name, Enrolment.id],
        "class": [Cohort.name, Enrolment.name, Enrolment.id],
        "made": [last.at, Enrolment.id],
    }
    return paginate(statement, listing, orders=orders, default="name", scalars=False, filters=dict(chosen))


def consent_for(firm_id: int) -> sa.ColumnElement[bool]:
    """Return the condition that joins an Enrolment with its present word on an enterprise."""
    return sa.and_(
        RecordConsent.enrolment_id == Enrolment.id,
        RecordConsent.organization_id == firm_id,
        RecordConsent.is_present.is_(True),
    )


def agreed_ids(
    program: Program, firm_id: int, viewer: User, cohort_id: int | None, ids: Sequence[int]
) -> list[int]:
    """Return the trainees who agreed, of those ticked, else of a class, else of all, as far as the viewer may see."""
    statement = (
        sa.select(Enrolment.id)
        .join(RecordConsent, consent_for(firm_id))
        .where(visible_in(program, viewer), THERE, RecordConsent.given.is_(True))
        .order_by(Enrolment.id)
    )
    if ids:
        statement = statement.where(Enrolment.id.in_(ids))
    elif cohort_id is not None:
        statement = statement.where(Enrolment.cohort_id == cohort_id)
    return list(db.session.scalars(statement))


def agreed(program_id: int, firm_id: int, ids: Sequence[int]) -> list[tuple[Enrolment, RecordConsent]]:
    """Return trainees who agree now, with their classes and consents, by id."""
    rows = db.session.execute(
        sa.select(Enrolment, RecordConsent)
        .join(RecordConsent, consent_for(firm_id))
        .where(
            Enrolment.program_id == program_id, Enrolment.id.in_(ids), RecordConsent.given.is_(True), THERE
        )
        .options(joinedload(Enrolment.cohort))
        .order_by(Enrolment.id)
    )
    return [(enrolment, consent) for enrolment, consent in rows]


# --- handing out -------------------------------------------------------------------------------------------


def _records(program: Program, viewer: User) -> Any:
    """A record goes to the enterprise it was made for and to the college's people, while the trainee agrees."""
    own = viewer.organizations_where(Permission.EMPLOYMENT_VIEW)
    colleges = sa.or_(Enrolment.college_id.in_(own), sa.literal(program.lead_college_id).in_(own))
    return (
        sa.select(CarriedRecord, RecordConsent)
        .join(CarriedRecord.enrolment)
        .outerjoin(
            RecordConsent,
            sa.and_(
                RecordConsent.enrolment_id == CarriedRecord.enrolment_id,
                RecordConsent.organization_id == CarriedRecord.organization_id,
                RecordConsent.is_present.is_(True),
            ),
        )
        .where(
            CarriedRecord.program_id == program.id,
            visible_in(program, viewer),
            sa.or_(colleges, CarriedRecord.organization_id.in_(own), Enrolment.user_id == viewer.id),
        )
        .options(joinedload(CarriedRecord.file))
    )


def record_or_404(program: Program, record_id: int, viewer: User) -> tuple[CarriedRecord, bool]:
    """Return a record with whether the trainee still agrees, or answer 404."""
    row = db.session.execute(_records(program, viewer).where(CarriedRecord.id == record_id)).one_or_none()
    return (row[0], bool(row[1] and row[1].given)) if row is not None else abort(404)


def own_record_or_404(program: Program, record_id: int, viewer: User) -> CarriedRecord:
    """Return a record of the viewer's own training, agreed to or not, or answer 404."""
    found: CarriedRecord | None = db.session.scalars(
        sa.select(CarriedRecord)
        .join(CarriedRecord.enrolment)
        .where(
            CarriedRecord.id == record_id,
            CarriedRecord.program_id == program.id,
            Enrolment.user_id == viewer.id,
        )
        .options(joinedload(CarriedRecord.file))
    ).one_or_none()
    return found if found is not None else abort(404)


def archive_of(program: Program, firm_id: int, viewer: User, cohort_id: int | None) -> IO[bytes]:
    """Put the last records of a class (or of all) into one archive, on disk; raises RuleBroken when there is none."""
    newer = aliased(CarriedRecord)
    statement = _records(program, viewer).where(
        CarriedRecord.organization_id == firm_id,
        RecordConsent.given.is_(True),
        sa.not_(
            sa.exists().where(
                newer.enrolment_id == CarriedRecord.enrolment_id,
                newer.organization_id == CarriedRecord.organization_id,
                newer.number > CarriedRecord.number,
            )
        ),
    )
    if cohort_id is not None:
        statement = statement.where(Enrolment.cohort_id == cohort_id)
    rows = db.session.execute(statement.order_by(CarriedRecord.id).limit(MOST_IN_ARCHIVE)).all()
    out, count = cast(IO[bytes], tempfile.TemporaryFile()), 0  # noqa: SIM115 - whoever hands it out closes it
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for record, _consent in rows:
            if is_kept(record.file):
                with open_file(record.file) as content:
                    archive.writestr(record.file.name, content.read())
                count += 1
    if not count:
        out.close()
        raise RuleBroken(_("There is no record to hand out here."))
    out.seek(0)
    return out


# --- the check -----------------------------------------------------------------------------------------------


def find_by_code(code: str) -> CarriedRecord | None:
    """Return the record with a code, for the check page."""
    return _found(CarriedRecord.code == code)


def find_by_hash(sha256: str) -> CarriedRecord | None:
    """Return the record one of whose files has this content: the JSON, the PDF or the archive."""
    archives = sa.select(StoredFile.id).where(StoredFile.sha256 == sha256, StoredFile.purpose == PURPOSE)
    return _found(
        sa.or_(
            CarriedRecord.document_sha256 == sha256,
            CarriedRecord.pdf_sha256 == sha256,
            CarriedRecord.file_id.in_(archives),
        )
    )


def _found(condition: sa.ColumnElement[bool]) -> CarriedRecord | None:
    found: CarriedRecord | None = db.session.scalars(
        sa.select(CarriedRecord)
        .where(condition)
        .options(
            joinedload(CarriedRecord.enrolment),
            joinedload(CarriedRecord.organization),
            joinedload(CarriedRecord.program).joinedload(Program.lead_college),
            undefer(CarriedRecord.document),
            undefer(CarriedRecord.signature),
        )
        .limit(1)
    ).one_or_none()
    return found


def has_later(record: CarriedRecord) -> bool:
    """Tell whether a later record of the same trainee was made for the same enterprise."""
    later = sa.exists().where(
        CarriedRecord.enrolment_id == record.enrolment_id,
        CarriedRecord.organization_id == record.organization_id,
        CarriedRecord.number > record.number,
    )
    return bool(db.session.scalar(sa.select(later)))


def firm_or_404(program: Program, firm_id: int | None) -> Organization:
    """Return an enterprise that is a party to the programme, or answer 404."""
    for party in program.parties:
        if party.organization_id == firm_id and party.role.value == "enterprise":
            return party.organization
    return abort(404)

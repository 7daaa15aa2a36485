"""The public door: anybody applies without an account, and looks up what became of it by a receipt code.

What is answered never hangs on whether the ID number is known. A receipt code is shown once; only its digest is kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity import first_passwords
from trainmgr.identity.models import User
from trainmgr.kernel import audit, crypto
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.recruitment import applying
from trainmgr.recruitment.door_models import RepeatedApplication
from trainmgr.recruitment.models import (
    Application,
    ApplicationState,
    PlanState,
    RecruitmentPage,
    RecruitmentPost,
)
from trainmgr.recruitment.room import find_plan

PAGE_SET = audit.sentence("recruitment.page", _l("%(who)s set the public page for applications"))
REPEATED = audit.sentence("application.repeated", _l("%(what)s applied again with other particulars"))

RECEIPT_LENGTH = 16  # of 31 letters: 79 bits


# --- the page ------------------------------------------------------------------------------------


def find_page(program_id: int) -> RecruitmentPage | None:
    """Return a programme's public page, open or not."""
    return db.session.get(RecruitmentPage, program_id)


def set_page(
    program: Program,
    page: RecruitmentPage | None,
    values: Mapping[str, Any],
    *,
    version: int,
    by: User,
    now: datetime,
) -> RecruitmentPage:
    """Open, close or change the public page; it opens only where a plan is signed."""
    if values["is_open"]:
        plan = find_plan(program.id, PlanState.SIGNED)
        require(plan is not None, _("The page opens once both sides have signed the recruitment plan."))
    if page is None:
        page = RecruitmentPage(program_id=program.id, code=secrets.token_urlsafe(9))
        db.session.add(page)
    elif page.version != version:
        raise Conflict(_("Somebody else changed the page meanwhile. What you typed is still here."))
    for name in ("is_open", "lowest_age", "highest_age", "introduction"):
        setattr(page, name, values[name])
    page.changed_by_id, page.changed_at = by.id, now
    audit.record(PAGE_SET, program, by=by, now=now, program_id=program.id, name=program.name)
    db.session.flush()
    return page


def open_page_or_404(code: str) -> RecruitmentPage:
    """Return an open page with its programme and parties by the code in its address, or answer 404: two statements."""
    page = db.session.scalars(
        sa.select(RecruitmentPage)
        .where(RecruitmentPage.code == code, RecruitmentPage.is_open)
        .options(
            joinedload(RecruitmentPage.program)
            .selectinload(Program.parties)
            .joinedload(ProgramParty.organization)
        )
    ).one_or_none()
    return page if page is not None else abort(404)


# --- applying ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Particulars:
    """What an applicant typed, checked and normalised."""

    name: str
    id_number: str
    phone: str
    post_id: int
    statement: str


def age_fault(page: RecruitmentPage, id_number: str, today: date) -> str | None:
    """Return the sentence why an age does not fit, or None."""
    age = crypto.age_on(id_number, today)
    if age is None or age < page.lowest_age:
        return _("Applicants are at least %(age)s years old.", age=page.lowest_age)
    if page.highest_age is not None and age > page.highest_age:
        return _("Applicants are at most %(age)s years old.", age=page.highest_age)
    return None


def receive(page: RecruitmentPage, typed: Particulars, *, now: datetime, today: date) -> str:
    """Take an application from the public page; returns the receipt code, which is shown once.

    Only somebody who repeats name, ID number and phone of an application is told that it is there already.
    """
    program = page.program
    post = applying.require_taking(program, typed.post_id, today)
    assert post is not None  # an open page has a signed plan
    person = _person(typed, now)
    code = new_code()
    known = applying.find_application(program.id, person.id)
    if known is not None and _is_same(known, typed):
        _require_again(known)
        _fill(known, typed, post, code, now)
    elif known is not None or _is_enrolled(program.id, person.id):
        _keep_repeated(program, person, typed, code, now)
        return code
    else:
        known = Application(program_id=program.id, user_id=person.id, college_id=program.lead_college_id)
        _fill(known, typed, post, code, now)
        db.session.add(known)
    audit.record(applying.APPLIED, known, by=person, now=now, program_id=program.id, name=typed.name)
    applying.settle_dues(program, now=now, today=today)
    return code


def _is_enrolled(program_id: int, user_id: int) -> bool:
    enrolled = sa.select(Enrolment.id).where(Enrolment.program_id == program_id, Enrolment.user_id == user_id)
    return db.session.scalar(enrolled) is not None


def _person(typed: Particulars, now: datetime) -> User:
    """Return whose ID number it is; a new account sleeps (no role, no password anybody knows) until admission."""
    digest = crypto.blind_index(typed.id_number)
    person = db.session.scalars(sa.select(User).where(User.id_number_digest == digest)).one_or_none()
    if person is not None:
        return person
    phone_digest = crypto.blind_index(typed.phone)
    holder = sa.select(User.id).where(User.phone_digest == phone_digest)
    is_free = db.session.scalar(holder) is None
    person = User(
        username=f"a-{secrets.token_hex(6)}",
        name=typed.name,
        password_hash=first_passwords.new_mark(),
        must_change_password=True,
        created_at=now,
        id_number_encrypted=crypto.encrypt(typed.id_number),
        id_number_digest=digest,
        id_number_masked=crypto.mask_id_number(typed.id_number),
        id_number_tail=typed.id_number[-4:],
        phone_encrypted=crypto.encrypt(typed.phone) if is_free else None,
        phone_digest=phone_digest if is_free else None,
        phone_masked=crypto.mask_phone(typed.phone) if is_free else "",
    )
    db.session.add(person)
    db.session.flush()
    return person


def _is_same(known: Application, typed: Particulars) -> bool:
    """Only whoever repeats all particulars is told of the application; anybody else learns nothing."""
    return known.name == typed.name and known.phone_digest == crypto.blind_index(typed.phone)


def _require_again(known: Application) -> None:
    require(
        known.state is ApplicationState.WITHDRAWN and not known.verdicts,
        _("You have applied already. Look it up with your receipt code; if it is lost, ask the college."),
    )


def _fill(
    application: Application, typed: Particulars, post: RecruitmentPost, code: str, now: datetime
) -> None:
    application.enterprise_id, application.post_id, application.field = (
        post.enterprise_id,
        post.id,
        post.major,
    )
    application.name, application.statement = typed.name, typed.statement
    application.state, application.applied_at = ApplicationState.PENDING, now
    application.phone_encrypted = crypto.encrypt(typed.phone)
    application.phone_digest = crypto.blind_index(typed.phone)
    application.phone_masked = crypto.mask_phone(typed.phone)
    application.receipt_digest = digest_of(code)


def _keep_repeated(program: Program, person: User, typed: Particulars, code: str, now: datetime) -> None:
    row = RepeatedApplication(
        program_id=program.id,
        user_id=person.id,
        name=typed.name,
        phone_encrypted=crypto.encrypt(typed.phone),
        phone_masked=crypto.mask_phone(typed.phone),
        receipt_digest=digest_of(code),
        at=now,
    )
    db.session.add(row)
    audit.record(REPEATED, row, by=None, now=now, program_id=program.id, name=typed.name)


# --- looking it up -------------------------------------------------------------------------------


def new_code() -> str:
    """Return a receipt code as it is shown: xxxx-xxxx-xxxx-xxxx."""
    letters = "".join(secrets.choice(first_passwords.LETTERS) for _place in range(RECEIPT_LENGTH))
    return "-".join(letters[at : at + 4] for at in range(0, RECEIPT_LENGTH, 4))


def digest_of(code: str) -> str:
    """Return the keyed digest under which a receipt code is kept, however it was typed."""
    plain = "".join(sign for sign in code.lower() if sign.isalnum())
    return crypto.blind_index(f"recruitment receipt:{plain}")


def find_receipt(digest: str) -> Application | RepeatedApplication | None:
    """Return what a receipt belongs to, an application with programme, post and verdicts: at most five statements."""
    application = db.session.scalars(
        sa.select(Application)
        .where(Application.receipt_digest == digest)
        .options(
            joinedload(Application.user),
            joinedload(Application.post).joinedload(RecruitmentPost.enterprise),
            joinedload(Application.program)
            .selectinload(Program.parties)
            .joinedload(ProgramParty.organization),
            selectinload(Application.verdicts),
        )
    ).one_or_none()
    if application is not None:
        return application
    return db.session.scalars(
        sa.select(RepeatedApplication).where(RepeatedApplication.receipt_digest == digest)
    ).one_or_none()

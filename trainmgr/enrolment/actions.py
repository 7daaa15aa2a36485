"""What is done with trainees: numbers, classes, entry levels, leaving and coming back, showing what is masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm.attributes import flag_modified

from trainmgr.enrolment.models import Cohort, Enrolment, EntryLevel
from trainmgr.enrolment.places import require_free
from trainmgr.enrolment.standing import withdraw as withdraw
from trainmgr.identity import first_passwords
from trainmgr.identity.models import Membership, User
from trainmgr.kernel import audit, crypto
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.planned import on_planned_minutes
from trainmgr.programs.rules import State, Step, Work
from trainmgr.programs.thread import refresh

NUMBERS = audit.sentence("enrolment.numbers", _l("%(who)s set the numbers of %(what)s"))
UNMASKED = audit.sentence("enrolment.unmask", _l("%(who)s looked at the ID number of %(what)s: %(reason)s"))
EXPORTED = audit.sentence(
    "enrolment.export", _l("%(who)s exported %(count)s people with full ID numbers: %(reason)s")
)
PASSWORDS = audit.sentence("enrolment.passwords", _l("%(who)s took the first passwords of %(count)s people"))
LEVELS = audit.sentence("enrolment.levels", _l("%(who)s set the entry levels of %(what)s"))


# --- numbers -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NewNumbers:
    """The numbers that were typed for a trainee (None leaves one alone), and the version that the typist saw."""

    enrolment: Enrolment
    student_number: str | None
    employee_number: str | None
    version: int


class NumbersRefused(RuleBroken):
    """Some of the numbers cannot be; `faults` are the enrolment's id and the reason."""

    def __init__(self, faults: list[tuple[int, str]]) -> None:
        super().__init__(" ".join(reason for _enrolment_id, reason in faults))
        self.faults = faults


def set_numbers(program: Program, rows: Sequence[NewNumbers], *, by: User, now: datetime) -> int:
    """Set trainees' numbers, all or none; returns for how many something changed.

    The student number is the college's, so it changes for the person's membership there as well.
    """
    require_open(program, Work.SETUP)
    faults: list[tuple[int, str]] = []
    changed = 0
    with db.session.begin_nested():
        for row in rows:
            try:
                changed += _set_numbers(program, row, by=by, now=now)
            except RuleBroken as broken:
                faults.append((row.enrolment.id, str(broken)))
        if faults:
            raise NumbersRefused(faults)
    if changed:
        refresh(program.id, Step.ENROLMENT, now=now)
    return changed


def _set_numbers(program: Program, row: NewNumbers, *, by: User, now: datetime) -> bool:
    enrolment = row.enrolment
    student = enrolment.student_number if row.student_number is None else row.student_number
    employee = enrolment.employee_number if row.employee_number is None else row.employee_number
    if (student, employee) == (enrolment.student_number, enrolment.employee_number):
        return False
    if enrolment.version != row.version:
        raise Conflict(
            _(
                "%(name)s was changed by somebody else meanwhile: now %(student)s, %(employee)s. "
                "What you typed is still here.",
                name=enrolment.name,
                student=enrolment.student_number or _("no student number"),
                employee=enrolment.employee_number or _("no employee number"),
            )
        )
    require_free(enrolment, student, employee)
    if student != enrolment.student_number:
        _set_member_number(enrolment, student)
    enrolment.student_number, enrolment.employee_number = student, employee
    audit.record(NUMBERS, enrolment, by=by, now=now, program_id=program.id, name=enrolment.name)
    db.session.flush()
    return True


def _set_member_number(enrolment: Enrolment, number: str) -> None:
    members = sa.select(Membership).where(
        Membership.organization_id == enrolment.college_id, Membership.role == Role.TRAINEE
    )
    if number and db.session.scalar(
        members.where(Membership.number == number, Membership.user_id != enrolment.user_id).limit(1)
    ):
        raise RuleBroken(_("The student number %(number)s belongs to somebody else.", number=number))
    member = db.session.scalar(members.where(Membership.user_id == enrolment.user_id))
    if member is not None:
        member.number = number


# --- entry levels --------------------------------------------------------------------------------


def set_entry_levels(
    program: Program,
    enrolment: Enrolment,
    levels: Mapping[int, Decimal | None],
    *,
    version: int,
    by: User,
    now: datetime,
) -> bool:
    """Set a trainee's levels before the training by competency (None: not assessed); tells whether any changed."""
    _require_entry_open(program)
    if enrolment.version != version:
        raise Conflict(
            _(
                "%(name)s was changed by somebody else meanwhile. What you typed is still here.",
                name=enrolment.name,
            )
        )
    rows = {
        row.competency_id: row
        for row in db.session.scalars(sa.select(EntryLevel).where(EntryLevel.enrolment_id == enrolment.id))
    }
    changed = False
    for competency_id, level in levels.items():
        row = rows.get(competency_id)
        if level == (row.level if row else None):
            continue
        changed = True
        if row is None:
            db.session.add(EntryLevel(enrolment_id=enrolment.id, competency_id=competency_id, level=level))
        elif level is None:
            db.session.delete(row)
        else:
            row.level = level
    if changed:
        flag_modified(enrolment, "name")  # so that the version counts this change too
        audit.record(LEVELS, enrolment, by=by, now=now, program_id=program.id, name=enrolment.name)
    return changed


def _require_entry_open(program: Program) -> None:
    """Entry levels are the ground that the gain is measured from: they stand once the evaluation has begun."""
    if program.state is State.EVALUATING:
        raise RuleBroken(_("The evaluation has begun. Entry levels are not changed any more."))
    require_open(program, Work.SETUP)


# --- what is masked ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Unmasked:
    """A person's numbers in full."""

    id_number: str
    phone: str


def unmask(program: Program, enrolment: Enrolment, *, reason: str, by: User, now: datetime) -> Unmasked:
    """Return a trainee's ID number and phone in full; who looked and why goes into the audit trail."""
    sealed = db.session.execute(
        sa.select(User.id_number_encrypted, User.phone_encrypted).where(User.id == enrolment.user_id)
    ).one()
    audit.record(
        UNMASKED, enrolment, by=by, now=now, program_id=program.id, name=enrolment.name, reason=reason
    )
    return Unmasked(*(crypto.decrypt(value) if value else "" for value in sealed))


def note_export(program: Program, *, count: int, reason: str, by: User, now: datetime) -> None:
    """Write into the audit trail that a list with full ID numbers was taken."""
    audit.record(
        EXPORTED,
        program,
        by=by,
        now=now,
        program_id=program.id,
        name=program.name,
        reason=reason,
        count=count,
    )


def hand_out_passwords(
    program: Program, people: sa.ColumnElement[bool], *, anew: bool, by: User, now: datetime
) -> list[tuple[str, str, str, str, str]]:
    """Return name, student number, class, user name and first password of new accounts, each once.

    `people` is the condition on Enrolment that the viewer may act for. With `anew` those whose list was taken before,
    but who never signed in, get new first passwords; the old ones are void from then on.
    """
    wanted = first_passwords.waiting() if anew else first_passwords.unseen()
    found = db.session.execute(
        sa.select(
            User.id, User.password_hash, User.username, Enrolment.name, Enrolment.student_number, Cohort.name
        )
        .join(Enrolment, Enrolment.user_id == User.id)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(people, wanted)
        .order_by(Enrolment.cohort_id, Enrolment.name, Enrolment.id)
        .with_for_update(of=User)
    ).all()
    rows, marks = [], []
    for user_id, mark, username, name, number, cohort in found:
        given = first_passwords.handed_out(first_passwords.new_mark() if anew else mark)
        marks.append({"b_id": user_id, "b_mark": given, "b_now": now})
        rows.append((name, number, cohort or "", username, first_passwords.password_of(user_id, given)))
    if marks:
        accounts: sa.Table = User.__table__  # type: ignore[assignment]
        db.session.execute(
            sa.update(accounts)
            .where(accounts.c.id == sa.bindparam("b_id"))
            .values(password_hash=sa.bindparam("b_mark"), first_password_at=sa.bindparam("b_now")),
            marks,
        )
        audit.record(
            PASSWORDS, program, by=by, now=now, program_id=program.id, name=program.name, count=len(rows)
        )
    return rows


# --- what others tell us -------------------------------------------------------------------------


@on_planned_minutes
def take_planned_minutes(program: Program) -> None:
    """Give every trainee the hours of the plan that was just signed, less those recognised from elsewhere."""
    db.session.flush()
    to_do = sa.literal(program.planned_minutes or 0) - Enrolment.recognised_minutes
    db.session.execute(
        sa.update(Enrolment)
        .where(Enrolment.program_id == program.id)
        .values(planned_minutes=sa.case((to_do > 0, to_do), else_=0))
    )

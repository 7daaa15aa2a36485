"""What is done with trainees: numbers, classes, entry levels, leaving and coming back, showing what is masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm.attributes import flag_modified

from trainmgr.enrolment import judging
from trainmgr.enrolment.hooks import Change, tell_left, tell_returned
from trainmgr.enrolment.models import Cohort, Enrolment, EntryLevel
from trainmgr.enrolment.places import STEPS, free_places, lock_places
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.identity import first_passwords
from trainmgr.identity.models import Membership, User
from trainmgr.kernel import audit, crypto
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Due, Program, ProgramPerson
from trainmgr.programs.planned import on_planned_minutes
from trainmgr.programs.rules import State, Step, Work
from trainmgr.programs.thread import refresh

NUMBERS = audit.sentence("enrolment.numbers", _l("%(who)s set the numbers of %(what)s"))
MOVED = audit.sentence("enrolment.class", _l("%(who)s moved %(count)s people to the class %(what)s"))
LEFT = audit.sentence("enrolment.leave", _l("%(who)s recorded that %(what)s left: %(reason)s"))
RETURNED = audit.sentence("enrolment.return", _l("%(who)s brought %(what)s back: %(reason)s"))
UNMASKED = audit.sentence("enrolment.unmask", _l("%(who)s looked at the ID number of %(what)s: %(reason)s"))
EXPORTED = audit.sentence(
    "enrolment.export", _l("%(who)s exported %(count)s people with full ID numbers: %(reason)s")
)
PASSWORDS = audit.sentence("enrolment.passwords", _l("%(who)s took the first passwords of %(count)s people"))
CLASS_MADE = audit.sentence("enrolment.class.new", _l("%(who)s made the class %(what)s"))
CLASS_RENAMED = audit.sentence(
    "enrolment.class.rename", _l("%(who)s renamed the class %(before)s to %(what)s")
)
CLASS_DROPPED = audit.sentence("enrolment.class.drop", _l("%(who)s removed the empty class %(what)s"))
LEVELS = audit.sentence("enrolment.levels", _l("%(who)s set the entry levels of %(what)s"))


def _require_present(program: Program) -> None:
    """People come and go while the programme recruits, runs or is being evaluated."""
    if program.state is not State.EVALUATING:
        require_open(program, Work.ENROLMENT)


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
    _require_free(enrolment, student, employee)
    if student != enrolment.student_number:
        _set_member_number(enrolment, student)
    enrolment.student_number, enrolment.employee_number = student, employee
    audit.record(NUMBERS, enrolment, by=by, now=now, program_id=program.id, name=enrolment.name)
    db.session.flush()
    return True


def _require_free(enrolment: Enrolment, student: str, employee: str) -> None:
    """Refuse a number that somebody else in the programme has."""
    for number, same in (
        (student, (Enrolment.student_number == student, Enrolment.college_id == enrolment.college_id)),
        (
            employee,
            (Enrolment.employee_number == employee, Enrolment.enterprise_id == enrolment.enterprise_id),
        ),
    ):
        holder = sa.select(Enrolment.name).where(
            Enrolment.program_id == enrolment.program_id, Enrolment.id != enrolment.id, *same
        )
        name = db.session.scalar(holder.limit(1)) if number else None
        if name is not None:
            raise RuleBroken(_("The number %(number)s belongs to %(name)s.", number=number, name=name))


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


# --- classes -------------------------------------------------------------------------------------


def create_class(program: Program, name: str, *, by: User, now: datetime) -> Cohort:
    """Make a class."""
    require_open(program, Work.SETUP)
    _require_new_name(program.id, name)
    cohort = Cohort(program_id=program.id, name=name)
    db.session.add(cohort)
    audit.record(CLASS_MADE, cohort, by=by, now=now, program_id=program.id, name=name)
    return cohort


def rename_class(program: Program, cohort: Cohort, name: str, *, by: User, now: datetime) -> None:
    """Give a class another name."""
    require_open(program, Work.SETUP)
    if name == cohort.name:
        return
    _require_new_name(program.id, name)
    before, cohort.name = cohort.name, name
    audit.record(CLASS_RENAMED, cohort, by=by, now=now, program_id=program.id, name=name, before=before)


def remove_class(program: Program, cohort: Cohort, *, by: User, now: datetime) -> None:
    """Remove a class that nobody is in."""
    require_open(program, Work.SETUP)
    people = db.session.scalar(
        sa.select(sa.func.count()).select_from(Enrolment).where(Enrolment.cohort_id == cohort.id)
    )
    if people:
        raise RuleBroken(
            _(
                "%(count)s people are in %(name)s. Move them to another class first.",
                count=people,
                name=cohort.name,
            )
        )
    audit.record(CLASS_DROPPED, cohort, by=by, now=now, program_id=program.id, name=cohort.name)
    db.session.delete(cohort)


def _require_new_name(program_id: int, name: str) -> None:
    same = sa.select(Cohort.id).where(Cohort.program_id == program_id, Cohort.name == name)
    if db.session.scalar(same) is not None:
        raise RuleBroken(_("There is a class %(name)s already.", name=name))


def move_to_class(
    program: Program, enrolments: Sequence[Enrolment], cohort: Cohort, *, by: User, now: datetime
) -> int:
    """Put trainees into a class; returns how many were not in it before."""
    _require_present(program)
    moved = [enrolment for enrolment in enrolments if enrolment.cohort_id != cohort.id]
    for enrolment in moved:
        enrolment.cohort_id = cohort.id
    if moved:
        audit.record(MOVED, cohort, by=by, now=now, program_id=program.id, name=cohort.name, count=len(moved))
        refresh(program.id, Step.ENROLMENT, now=now)
    return len(moved)


# --- leaving and coming back ---------------------------------------------------------------------


def withdraw(
    program: Program, enrolments: Sequence[Enrolment], *, day: date, reason: str, by: User, now: datetime
) -> tuple[int, int]:
    """Record that trainees left on a day; returns how many did, and how many came in from the waiting list."""
    _require_present(program)
    lock_places(program.id)
    leaving = [enrolment for enrolment in enrolments if enrolment.state is not EnrolmentState.WITHDRAWN]
    for enrolment in leaving:
        if day < enrolment.enrolled_on:
            raise RuleBroken(
                _(
                    "%(name)s was enrolled on %(day)s and cannot have left before.",
                    name=enrolment.name,
                    day=enrolment.enrolled_on.isoformat(),
                )
            )
        enrolment.state, enrolment.left_on, enrolment.left_reason = EnrolmentState.WITHDRAWN, day, reason
        audit.record(
            LEFT, enrolment, by=by, now=now, program_id=program.id, name=enrolment.name, reason=reason
        )
    if not leaving:
        return 0, 0
    _end_relations(program.id, [enrolment.user_id for enrolment in leaving], day)
    tell_left(Change(program.id, [enrolment.id for enrolment in leaving], day, reason, by, now))
    admitted = judging.promote(program, now=now, today=day)
    refresh(program.id, *STEPS, now=now)
    return len(leaving), admitted


def _end_relations(program_id: int, user_ids: Sequence[int], day: date) -> None:
    """A person who left has nothing more to do in the programme."""
    db.session.flush()
    db.session.execute(
        sa.update(ProgramPerson)
        .where(
            ProgramPerson.program_id == program_id,
            ProgramPerson.role == Role.TRAINEE,
            ProgramPerson.user_id.in_(user_ids),
        )
        .values(until=day)
    )
    db.session.execute(sa.delete(Due).where(Due.program_id == program_id, Due.user_id.in_(user_ids)))


def bring_back(
    program: Program, enrolment: Enrolment, *, day: date, reason: str, by: User, now: datetime
) -> None:
    """Take a trainee who left back into training; it takes a free place."""
    _require_present(program)
    if enrolment.state is not EnrolmentState.WITHDRAWN:
        raise RuleBroken(_("%(name)s has not left the programme.", name=enrolment.name))
    lock_places(program.id)
    if free_places(program) == 0:
        raise RuleBroken(_("All %(places)s places of the programme are taken.", places=program.planned_size))
    enrolment.state, enrolment.left_on, enrolment.left_reason = EnrolmentState.TRAINING, None, ""
    db.session.execute(
        sa.update(ProgramPerson)
        .where(
            ProgramPerson.program_id == program.id,
            ProgramPerson.role == Role.TRAINEE,
            ProgramPerson.user_id == enrolment.user_id,
        )
        .values(until=None)
    )
    audit.record(
        RETURNED, enrolment, by=by, now=now, program_id=program.id, name=enrolment.name, reason=reason
    )
    tell_returned(Change(program.id, [enrolment.id], day, reason, by, now))
    refresh(program.id, *STEPS, now=now)


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
        marks.append({"b_id": user_id, "b_mark": given})
        rows.append((name, number, cohort or "", username, first_passwords.password_of(user_id, given)))
    if marks:
        accounts = sa.table("user_account", sa.column("id"), sa.column("password_hash"))
        db.session.execute(
            sa.update(accounts)
            .where(accounts.c.id == sa.bindparam("b_id"))
            .values(password_hash=sa.bindparam("b_mark")),
            marks,
        )
        audit.record(
            PASSWORDS, program, by=by, now=now, program_id=program.id, name=program.name, count=len(rows)
        )
    return rows


# --- what others tell us -------------------------------------------------------------------------


@on_planned_minutes
def take_planned_minutes(program: Program) -> None:
    """Give every trainee the hours of the plan that was just signed."""
    db.session.flush()
    db.session.execute(
        sa.update(Enrolment)
        .where(Enrolment.program_id == program.id)
        .values(planned_minutes=program.planned_minutes)
    )

"""The people of a case: trainees who come and go, and the mentors who guide them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trainmgr.demo import PASSWORD
from trainmgr.demo.people import people
from trainmgr.demo.playing import Case, Unexpected
from trainmgr.enrolment import standing
from trainmgr.enrolment.bulk import bulk_enrol
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.register import NewTrainee
from trainmgr.enrolment.writer import id_values, phone_values
from trainmgr.identity.first_passwords import new_mark
from trainmgr.identity.models import Membership, User
from trainmgr.identity.passwords import hash_password
from trainmgr.kernel.access import Role
from trainmgr.kernel.crypto import blind_index
from trainmgr.kernel.db import db
from trainmgr.mentoring import actions as mentoring
from trainmgr.mentoring import deciding, proposing
from trainmgr.mentoring.models import Mentor, ProgramMentor
from trainmgr.needs.models import Competency
from trainmgr.programs.rules import Side, Step
from trainmgr.programs.thread import refresh

HUNDREDTH = Decimal("0.01")


def invent(
    case: Case,
    count: int,
    *,
    enterprise: str,
    born: tuple[date, date],
    classes: Sequence[str],
    student: str = "",
    employee: str = "",
    known: Mapping[int, str] | None = None,
    women: float = 0.25,
    seed: str = "",
) -> list[NewTrainee]:
    """Invent so many trainees; `student` and `employee` are patterns of their numbers, `known` fixed names."""
    strangers = people(f"trainees of {case.name} {seed}", born_from=born[0], born_to=born[1], women=women)
    fields, levels, standard = case.data["fields"], case.data["levels"], case.competencies
    share = -(-count // len(classes))
    return [
        NewTrainee(
            name=(known or {}).get(place, person.name),
            id_number=person.id_number,
            phone=person.phone,
            student_number=student.format(place + 1),
            employee_number=employee.format(place + 1),
            cohort=classes[place // share],
            enterprise_id=case.cast.home(enterprise).id,
            field=case.random.choice(fields),
            level=case.random.choice(levels),
            post=case.data["post"],
            levels=_entry_levels(case, standard),
        )
        for place, person in enumerate(islice(strangers, count))
    ]


def _entry_levels(case: Case, standard: Sequence[Competency]) -> dict[int, Decimal]:
    return {
        competency.id: Decimal(str(round(_near(case, float(competency.current_level)), 1))).quantize(
            HUNDREDTH
        )
        for competency in standard
    }


def _near(case: Case, mean: float) -> float:
    return min(5.0, max(1.0, case.random.gauss(mean, 0.45)))


def register(case: Case, trainees: Iterable[NewTrainee], on: date) -> None:
    """Give people an account at the college before they are enrolled: they take a test that shows the need."""
    home, now = case.program.lead_college_id, case.days.at(on, 9)
    for row in trainees:
        user = User(
            username=f"t{home}-{row.student_number.lower()}",
            name=row.name,
            password_hash=new_mark(),
            created_at=now,
            **id_values(row.id_number, blind_index(row.id_number)),
            **phone_values(row.phone, blind_index(row.phone)),
        )
        db.session.add(user)
        db.session.flush()
        db.session.add(
            Membership(
                user_id=user.id,
                organization_id=home,
                role=Role.TRAINEE,
                number=row.student_number,
                created_at=now,
            )
        )
    db.session.flush()


def enrol(case: Case, trainees: Iterable[NewTrainee], on: date, *, college: str = "") -> None:
    """Bring trainees in, as from the roster."""
    home = case.cast.home(college).id if college else case.program.lead_college_id
    result = bulk_enrol(
        case.program, trainees, college_id=home, by=case.staff, now=case.days.at(on, 9), today=on
    )
    if result.faults:
        raise Unexpected(f"{case.name}: {sorted(set(result.faults.values()))}")
    for enrolment_id in result.enrolment_ids.values():
        case.talent[enrolment_id] = case.random.gauss(0.25, 0.5)


def let_sign_in(case: Case, enrolment: Enrolment, username: str) -> None:
    """Give a trainee the demo's password under a name that one can type."""
    user = db.session.get_one(User, enrolment.user_id)
    user.username, user.password_hash, user.must_change_password = (
        username,
        hash_password(PASSWORD),
        False,
    )


def withdraw(case: Case, leaving: Sequence[Enrolment], on: date, reason: str) -> None:
    """Record that trainees left."""
    standing.withdraw(case.program, leaving, day=on, reason=reason, by=case.staff, now=case.days.at(on, 11))


def students(case: Case, count: int, *, born: tuple[date, date]) -> list[User]:
    """Make students of the college who are in no programme yet."""
    made: list[User] = []
    for person in islice(people(f"students for {case.name}", born_from=born[0], born_to=born[1]), count):
        number = f"{case.days.today.year}DQ{len(made) + 1:04}"
        user = User(
            username=f"t{case.program.lead_college_id}-{number.lower()}",
            name=person.name,
            password_hash=new_mark(),
            created_at=case.days.at(case.days.ago(80)),
            **id_values(person.id_number, blind_index(person.id_number)),
            **phone_values(person.phone, blind_index(person.phone)),
        )
        db.session.add(user)
        db.session.flush()
        db.session.add(
            Membership(
                user_id=user.id,
                organization_id=case.program.lead_college_id,
                role=Role.TRAINEE,
                number=number,
                created_at=user.created_at,
            )
        )
        made.append(user)
    db.session.flush()
    return made


def name_mentors(
    case: Case, users: Iterable[User], side: Side, on: date, *, capacity: int, **values: Any
) -> dict[int, int]:
    """Name people as mentors; returns each one's mentor id by user id."""
    found = {}
    for user in users:
        named = mentoring.name_mentor(
            case.program,
            user,
            organization_id=user.posts[0].organization_id,
            side=side,
            values={"capacity": capacity} | values,
            by=case.staff,
            now=case.days.at(on, 9),
        )
        found[user.id] = named.mentor_id
    return found


def pair(case: Case, side: Side, on: date) -> None:
    """Have pairs proposed for a side and approve them."""
    now = case.days.at(on, 10)
    proposal = proposing.compute_proposal(case.program, side, by=case.staff, now=now)
    if proposal.summary["placed"] != proposal.summary["people"]:
        raise Unexpected(f"{case.name}: {proposal.summary}")
    deciding.approve_proposal(
        case.program, proposal, version=proposal.version, by=case.staff, now=case.days.at(on, 11)
    )


def settle_mentoring(case: Case, on: date) -> None:
    """Bring the step up to date after pairs were made class by class."""
    refresh(case.program.id, Step.MENTORING, now=case.days.at(on, 12))


def retire_mentor(case: Case, user: User, side: Side, on: date, reason: str) -> None:
    """Record that a mentor has left; the trainees wait for another one."""
    named = db.session.scalars(
        sa.select(ProgramMentor)
        .join(Mentor, Mentor.id == ProgramMentor.mentor_id)
        .where(ProgramMentor.program_id == case.program.id, Mentor.user_id == user.id)
        .options(joinedload(ProgramMentor.mentor))
    ).one()
    mentoring.retire_mentor(
        case.program, named, day=on, reason=reason, by=case.coordinator, now=case.days.at(on, 8, 52)
    )

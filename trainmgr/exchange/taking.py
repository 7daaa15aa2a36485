"""What becomes of a line of OneRoster: found or new, changed, suspended, left, or wrong with the reason.

People are found by their sourcedId, then by the number that they have in the college, and only under the same name.
Everything is done by the same actions as on the pages. A file gives nobody rights over others, deletes nothing, and
opens no programme. `dry` decides the same and writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.classes.actions import change_class, create_class, move_to_class
from trainmgr.enrolment.actions import withdraw
from trainmgr.enrolment.bulk import bulk_enrol
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.register import NewTrainee
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.exchange.arriving import Line, Upload
from trainmgr.exchange.kinds import Thing
from trainmgr.exchange.leaving import own_programs
from trainmgr.exchange.models import SourcedPerson, SourcedThing
from trainmgr.exchange.rules import Outcome, join_name
from trainmgr.identity import managing
from trainmgr.identity.models import Membership, Organization, OrganizationKind, User
from trainmgr.identity.queries import manages_person
from trainmgr.identity.rules import USERNAME
from trainmgr.kernel.access import Role
from trainmgr.kernel.crypto import IdFault, check_phone
from trainmgr.kernel.db import among, db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work

# Roles that a file may give. Whoever runs a college is named by hand.
GIVEN = {"student": Role.TRAINEE, "teacher": Role.SCHOOL_TEACHER, "counselor": Role.COLLEGE_COUNSELLOR}
POWERFUL = frozenset({Role.ADMINISTRATOR, Role.STAFF, Role.DEPARTMENT_STAFF})
Result = tuple[Outcome, str]
SAME: Result = (Outcome.SAME, "")


def _is_too_long(name: str, number: str) -> bool:
    return len(name) > 80 or len(number) > 40


@dataclass
class Known:
    """Somebody with an account, as a batch found them."""

    person: User
    memberships: list[Membership]
    sourced: SourcedPerson | None = None


@dataclass
class Taker:
    """Takes lines in for a college, batch by batch; the caller commits."""

    college: Organization
    upload: Upload
    by: User
    now: datetime
    today: date
    dry: bool
    by_key: dict[str, Known] = field(default_factory=dict)
    by_number: dict[str, Known] = field(default_factory=dict)
    programs: set[int] = field(default_factory=set)

    def take(self, lines: Sequence[Line]) -> list[Result]:
        """Return what became of lines of one batch, in their order."""
        self._find_people(lines)
        results: list[Result] = []
        waiting: list[tuple[int, Program, NewTrainee]] = []
        for place, line in enumerate(lines):
            try:
                with db.session.begin_nested():
                    result, enrols = self._one(line)
            except RuleBroken as broken:
                result, enrols = (Outcome.WRONG, str(broken)), None
            results.append(result)
            if enrols is not None:
                waiting.append((place, *enrols))
        for place, reason in self._enrol(waiting):
            results[place] = (Outcome.WRONG, reason)
        return results

    def _one(self, line: Line) -> tuple[Result, tuple[Program, NewTrainee] | None]:
        if line.fault is not None:
            return (Outcome.WRONG, _(line.fault.msgid) % dict(line.fault.params)), None
        match line.file:
            case "orgs":
                return self._org(line), None
            case "roles":
                return self._role(line), None
            case "users":
                return self._user(line), None
            case "courses":
                return self._course(line), None
            case "classes":
                return self._class(line), None
            case "enrollments":
                return self._enrollment(line)
        return SAME, None

    # --- what is known -------------------------------------------------------------------------------------

    def _find_people(self, lines: Sequence[Line]) -> None:
        """Read the people of a batch: a few selects, whatever its size."""
        keys = [line.key if line.file == "users" else line.row.get("userSourcedId", "")
                for line in lines if line.file in ("users", "enrollments")]  # fmt: skip
        numbers = [
            number for line in lines if line.file == "users" and (number := line.row.get("identifier", ""))
        ]
        self.by_key, self.by_number = {}, {}
        sourced = db.session.scalars(
            sa.select(SourcedPerson).where(
                SourcedPerson.college_id == self.college.id, among(SourcedPerson.sourced_id, keys)
            )
        ).all()
        held = db.session.execute(
            sa.select(Membership.number, Membership.user_id).where(
                Membership.organization_id == self.college.id, among(Membership.number, numbers),
                Membership.role.in_(list(GIVEN.values())),
            )
        ).all()  # fmt: skip
        ids = {one.user_id for one in sourced} | {user_id for _number, user_id in held}
        known = self._people(ids)
        for one in sourced:
            known[one.user_id].sourced = one
            self.by_key[one.sourced_id] = known[one.user_id]
        self.by_number = {number: known[user_id] for number, user_id in held}

    def _people(self, ids: set[int]) -> dict[int, Known]:
        people = db.session.scalars(sa.select(User).where(among(User.id, list(ids))))
        found = {one.id: Known(one, []) for one in people}
        memberships = db.session.scalars(
            sa.select(Membership)
            .where(among(Membership.user_id, list(ids)))
            .options(joinedload(Membership.organization))
            .order_by(Membership.id)
        )
        for membership in memberships:
            found[membership.user_id].memberships.append(membership)
        return found

    def _thing(self, kind: Thing, key: str) -> int | None:
        return db.session.scalar(
            sa.select(SourcedThing.subject_id).where(
                SourcedThing.college_id == self.college.id,
                SourcedThing.kind == kind,
                SourcedThing.sourced_id == key,
            )
        )

    def _name(self, kind: Thing, key: str, subject_id: int) -> None:
        """Remember what the other system calls a record of ours; one that has a name keeps it."""
        if self.dry:
            return
        here = (SourcedThing.college_id == self.college.id, SourcedThing.kind == kind)
        if db.session.scalar(sa.select(SourcedThing.id).where(*here, SourcedThing.subject_id == subject_id)):
            raise RuleBroken(_("The other system has another sourcedId for this already."))
        db.session.add(
            SourcedThing(
                college_id=self.college.id, kind=kind, sourced_id=key, subject_id=subject_id, at=self.now
            )
        )
        db.session.flush()

    # --- organisations -------------------------------------------------------------------------------------

    def _org(self, line: Line) -> Result:
        kind, name = line.row.get("type", ""), line.row.get("name", "")[:120]
        known = self._thing(Thing.ORG, line.key)
        if kind == "school" and line.key == self.upload.school:
            if known is None:
                self._name(Thing.ORG, line.key, self.college.id)
            return SAME
        if kind != "department":
            return Outcome.LEFT, _("Only the college and its departments are taken.")
        if line.is_gone:
            return Outcome.LEFT, _("A file removes no department.")
        if known is None:
            return self._new_department(line.key, name)
        department = db.session.get_one(Organization, known)
        if department.name == name:
            return SAME
        if not self.dry:
            facts = managing.OrganizationFacts(
                name, department.name_en, department.short_name, department.code
            )
            managing.edit_organization(department, facts, by=self.by, now=self.now)
        return Outcome.CHANGED, _("The name")

    def _new_department(self, key: str, name: str) -> Result:
        found = db.session.scalar(
            sa.select(Organization).where(
                Organization.parent_id == self.college.id, Organization.kind == OrganizationKind.DEPARTMENT,
                Organization.name == name,
            )
        )  # fmt: skip
        if found is not None:
            self._name(Thing.ORG, key, found.id)
            return SAME
        if not self.dry:
            made = managing.register_organization(
                OrganizationKind.DEPARTMENT, managing.OrganizationFacts(name), parent=self.college,
                registered_by=None, by=self.by, now=self.now,
            )  # fmt: skip
            self._name(Thing.ORG, key, made.id)
        return Outcome.NEW, ""

    # --- people --------------------------------------------------------------------------------------------

    def _role(self, line: Line) -> Result:
        if line.is_gone:
            return Outcome.LEFT, _("A file ends no role; a person who is gone is suspended in users.csv.")
        if line.row.get("role") in GIVEN:
            return SAME
        return Outcome.LEFT, _("This role is given by hand, never by a file.")

    def _user(self, line: Line) -> Result:
        known = self.by_key.get(line.key)
        if known is None:
            return self._unknown(line)
        return self._known(line, known)

    def _unknown(self, line: Line) -> Result:
        """Take somebody whom the other system has not spoken of before."""
        number = line.row.get("identifier", "")
        name = join_name(line.row.get("familyName", ""), line.row.get("givenName", ""))
        known = self.by_number.get(number) if number else None
        if known is not None:
            if not line.is_gone and known.person.name != name:
                return Outcome.WRONG, _(
                    "The number %(number)s belongs to somebody of another name.", number=number
                )
            if known.sourced is not None:
                return Outcome.WRONG, _("The other system has another sourcedId for this person already.")
            self._know(line.key, known)
            return self._known(line, known)
        if line.is_gone or line.row.get("enabledUser") == "false":
            return Outcome.LEFT, _("Nobody here to suspend.")
        return self._new(line, name, number)

    def _know(self, key: str, known: Known) -> None:
        self.by_key[key] = known
        known.sourced = SourcedPerson(
            college_id=self.college.id, sourced_id=key, user_id=known.person.id, suspended=False, at=self.now
        )
        if not self.dry:
            db.session.add(known.sourced)
            db.session.flush()

    def _roles_of(self, key: str) -> list[Role]:
        return list(dict.fromkeys(GIVEN[role] for role in self.upload.roles.get(key, ()) if role in GIVEN))

    def _new(self, line: Line, name: str, number: str) -> Result:
        roles, username = self._roles_of(line.key), line.row.get("username", "").lower()
        if not roles:
            return Outcome.WRONG, _(
                "No line of roles.csv makes this person a student, teacher or counsellor here."
            )
        if not USERNAME.fullmatch(username):
            return Outcome.WRONG, _(
                "The user name has letters, digits, dots and dashes, at least three of them."
            )
        if _is_too_long(name, number):
            return Outcome.WRONG, _("The name or the number is too long.")
        if self.dry:
            taken = db.session.scalar(sa.select(User.id).where(User.username == username))
            if taken is not None:
                return Outcome.WRONG, _("Another account has this user name. Choose a different one.")
            return Outcome.NEW, ""
        person = managing.create_person(
            name=name, username=username, phone=self._phone(line), place=self._place(roles[0], number), by=self.by,
            now=self.now,
        )  # fmt: skip
        for role in roles[1:]:
            managing.add_membership(person, self._place(role, number), by=self.by, now=self.now)
        self._know(line.key, self._people({person.id})[person.id])
        return Outcome.NEW, ""

    def _place(self, role: Role, number: str) -> managing.Place:
        return managing.Place(self.college, role, number=number)

    def _phone(self, line: Line) -> str:
        """Return the phone number of a new person, where it is one."""
        for name in ("sms", "phone"):
            try:
                if line.row.get(name):
                    return check_phone(line.row[name])
            except IdFault:
                continue
        return ""

    def _known(self, line: Line, known: Known) -> Result:
        """Compare somebody who has an account with the line, and change what differs."""
        if line.is_gone or line.row.get("enabledUser") == "false":
            return self._suspend(known)
        name = join_name(line.row.get("familyName", ""), line.row.get("givenName", ""))
        if _is_too_long(name, line.row.get("identifier", "")):
            return Outcome.WRONG, _("The name or the number is too long.")
        changed = self._reopen(known)
        if changed is None:
            return Outcome.LEFT, _("The account was closed here by hand, and a file does not open it.")
        if name != known.person.name:
            self._require_ours(known)
            changed.append(_("The name"))
            if not self.dry:
                managing.edit_person(
                    known.person,
                    name=name,
                    username=known.person.username,
                    phone=None,
                    by=self.by,
                    now=self.now,
                )
        changed += self._complete(line, known)
        return (Outcome.CHANGED, _(", ").join(changed)) if changed else SAME

    def _complete(self, line: Line, known: Known) -> list[str]:
        """Give somebody the roles and the number that the file has and the college lacks."""
        number, changed = line.row.get("identifier", ""), []
        here = {one.role: one for one in known.memberships if one.organization_id == self.college.id}
        for role in self._roles_of(line.key):
            membership = here.get(role)
            if membership is None or membership.ended_on is not None:
                changed.append(str(role.label))
                if not self.dry:
                    managing.add_membership(known.person, self._place(role, number), by=self.by, now=self.now)
            elif number and membership.number and membership.number != number:
                raise RuleBroken(
                    _(
                        "The number here is %(number)s. Change it on the person's page.",
                        number=membership.number,
                    )
                )
            elif number and not membership.number:
                changed.append(_("The number"))
                if not self.dry:
                    place = managing.Place(self.college, role, number=number, title=membership.title)
                    managing.edit_membership(membership, known.person, place, by=self.by, now=self.now)
        if changed and not self.dry:
            known.memberships = self._people({known.person.id})[known.person.id].memberships
        return changed

    def _require_ours(self, known: Known) -> None:
        if not manages_person(self.by, known.memberships):
            raise RuleBroken(
                _("This account belongs to another organisation as well; only the operator changes it.")
            )

    def _suspend(self, known: Known) -> Result:
        if not known.person.active:
            return SAME
        self._require_ours(known)
        if any(one.role in POWERFUL and one.ended_on is None for one in known.memberships):
            raise RuleBroken(_("Whoever runs something here is suspended by hand, not by a file."))
        if not self.dry:
            managing.close_account(known.person, by=self.by, now=self.now)
            assert known.sourced is not None
            known.sourced.suspended = True
        return Outcome.SUSPENDED, ""

    def _reopen(self, known: Known) -> list[str] | None:
        """Open an account again that a file suspended; returns None for one that was closed by hand."""
        if known.person.active:
            return []
        if known.sourced is None or not known.sourced.suspended:
            return None
        if not self.dry:
            managing.reopen_account(known.person, by=self.by, now=self.now)
            known.sourced.suspended = False
        return [_("The account is open again")]

    # --- courses and classes -------------------------------------------------------------------------------

    def _course(self, line: Line) -> Result:
        if line.is_gone:
            return Outcome.LEFT, _("A file ends no programme.")
        if self._thing(Thing.COURSE, line.key) is not None:
            return SAME
        code, title = line.row.get("courseCode", ""), line.row.get("title", "")
        found = db.session.scalars(
            sa.select(Program.id)
            .where(own_programs(self.college.id), Program.code == code if code else Program.name == title)
            .limit(2)
        ).all()
        if len(found) != 1:
            return Outcome.WRONG, _(
                "There is not exactly one running programme %(name)s here; a file opens none.",
                name=code or title,
            )
        self._name(Thing.COURSE, line.key, found[0])
        return SAME

    def _program(self, course: str) -> Program | None:
        """Return the programme that a course means, where it is still the college's."""
        program_id = self._thing(Thing.COURSE, course)
        if program_id is None:
            return None
        return db.session.scalar(
            sa.select(Program)
            .where(Program.id == program_id, own_programs(self.college.id))
            .options(selectinload(Program.parties))
        )

    def _class(self, line: Line) -> Result:
        if line.is_gone:
            return Outcome.LEFT, _("A file closes no class.")
        program = self._program(line.row["courseSourcedId"])
        if program is None:
            if self.dry and line.row["courseSourcedId"] in self.upload.known.get("courses", ()):
                return Outcome.NEW, ""
            return Outcome.WRONG, _("The programme of its course is not known here.")
        title = line.row["title"][:60]
        cohort_id = self._thing(Thing.CLASS, line.key)
        if cohort_id is None:
            return self._new_class(line.key, program, title)
        cohort = db.session.get_one(Cohort, cohort_id)
        if cohort.name == title:
            return SAME
        if not self.dry:
            change_class(
                program, cohort, title, enterprise_id=cohort.enterprise_id, sponsor=cohort.sponsor, by=self.by,
                now=self.now,
            )  # fmt: skip
        return Outcome.CHANGED, _("The name")

    def _new_class(self, key: str, program: Program, title: str) -> Result:
        found = db.session.scalar(
            sa.select(Cohort).where(Cohort.program_id == program.id, Cohort.name == title)
        )
        if found is not None:
            self._name(Thing.CLASS, key, found.id)
            return SAME
        require_open(program, Work.SETUP)
        if not self.dry:
            made = create_class(program, title, by=self.by, now=self.now)
            db.session.flush()
            self._name(Thing.CLASS, key, made.id)
        return Outcome.NEW, ""

    # --- enrolments ----------------------------------------------------------------------------------------

    def _enrollment(self, line: Line) -> tuple[Result, tuple[Program, NewTrainee] | None]:
        if line.row.get("role") != "student" and not line.is_gone:
            return (
                Outcome.LEFT,
                _("Only students are put into classes; who teaches stands in the plan."),
            ), None
        cohort_id = self._thing(Thing.CLASS, line.row.get("classSourcedId", ""))
        cohort = db.session.get(Cohort, cohort_id) if cohort_id else None
        known = self.by_key.get(line.row.get("userSourcedId", ""))
        if cohort is None or known is None:
            return self._not_yet(line), None
        program = self._program_of(cohort)
        enrolment = db.session.scalar(
            sa.select(Enrolment).where(
                Enrolment.program_id == cohort.program_id, Enrolment.user_id == known.person.id
            )
        )
        if line.is_gone:
            return self._leave(program, enrolment), None
        if enrolment is not None:
            return self._placed(program, enrolment, cohort), None
        return self._entered(program, cohort, known)

    def _program_of(self, cohort: Cohort) -> Program:
        program = db.session.scalar(
            sa.select(Program)
            .where(Program.id == cohort.program_id, own_programs(self.college.id))
            .options(selectinload(Program.parties))
        )
        if program is None:
            raise RuleBroken(_("The programme of this class is over or not the college's."))
        return program

    def _not_yet(self, line: Line) -> Result:
        if line.is_gone:
            return Outcome.LEFT, _("Nobody here to leave.")
        foreseen = all(
            line.row.get(name, "") in self.upload.known.get(file, ())
            for name, file in (("classSourcedId", "classes"), ("userSourcedId", "users"))
            if file in self.upload.known
        )
        if self.dry and foreseen:
            return Outcome.NEW, ""
        return Outcome.WRONG, _("The class or the person of this line was not taken in.")

    def _leave(self, program: Program, enrolment: Enrolment | None) -> Result:
        if enrolment is None or enrolment.state in (EnrolmentState.WITHDRAWN, EnrolmentState.COMPLETED):
            return SAME
        if not self.dry:
            reason = _("The other system enrols this person no more (OneRoster).")
            withdraw(program, [enrolment], day=self.today, reason=reason, by=self.by, now=self.now)
        return Outcome.CHANGED, _("Leaves the programme")

    def _placed(self, program: Program, enrolment: Enrolment, cohort: Cohort) -> Result:
        if enrolment.college_id != self.college.id:
            return Outcome.WRONG, _("This person is in the programme for another college.")
        if enrolment.state is EnrolmentState.WITHDRAWN:
            return Outcome.WRONG, _("This person left the programme. Bring them back on their own page.")
        if enrolment.cohort_id == cohort.id:
            return SAME
        if enrolment.cohort_id is not None:
            return Outcome.WRONG, _(
                "This person is in another class of the programme. Move them there by hand."
            )
        if not self.dry:
            move_to_class(program, [enrolment], cohort, reason="OneRoster", by=self.by, now=self.now)
        return Outcome.CHANGED, _("The class")

    def _entered(
        self, program: Program, cohort: Cohort, known: Known
    ) -> tuple[Result, tuple[Program, NewTrainee] | None]:
        require_open(program, Work.ENROLMENT)
        number = next(
            (one.number for one in known.memberships
             if one.organization_id == self.college.id and one.role is Role.TRAINEE and one.ended_on is None), ""
        )  # fmt: skip
        if not number:
            return (Outcome.WRONG, _("A student without a number (identifier) cannot be enrolled.")), None
        if self.dry:
            return (Outcome.NEW, ""), None
        trainee = NewTrainee(name=known.person.name, student_number=number, cohort=cohort.name)
        return (Outcome.NEW, ""), (program, trainee)

    def _enrol(self, waiting: Sequence[tuple[int, Program, NewTrainee]]) -> list[tuple[int, str]]:
        """Enrol the new people of a batch, programme by programme; returns who could not be, with the reason."""
        faults: list[tuple[int, str]] = []
        for program in {one.id: one for _place, one, _trainee in waiting}.values():
            mine: list[Any] = [(place, trainee) for place, of, trainee in waiting if of.id == program.id]
            result = bulk_enrol(
                program, [trainee for _place, trainee in mine], college_id=self.college.id, by=self.by, now=self.now,
                today=self.today, assess=False,
            )  # fmt: skip
            faults += [(mine[at][0], reason) for at, reason in result.faults.items()]
            if result.written:
                self.programs.add(program.id)
        return faults

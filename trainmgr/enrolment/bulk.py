"""Enrolling many people at once: one path for the roster import, the demo cases and the bench.

A few selects and inserts a batch, whatever its size. A person who is already known is taken, not doubled: found by
the ID number, else by the student number at the college, else by the employee number in the programme. Who is
already enrolled is left as it is; only what was blank is filled in, and what differs is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.columns import Choices
from trainmgr.enrolment.hooks import Joining, tell_joined
from trainmgr.enrolment.models import Cohort
from trainmgr.enrolment.places import STEPS, free_places, lock_places
from trainmgr.enrolment.register import Known, NewTrainee, Person, Register
from trainmgr.enrolment.rules import EnrolmentState, Foreseen, places_left
from trainmgr.enrolment.writer import Plan, id_values, insert_rows, phone_values, write_plan
from trainmgr.kernel import audit, crypto
from trainmgr.kernel.sheets.columns import heading_key
from trainmgr.programs.models import Program
from trainmgr.programs.thread import refresh

ENROLLED = audit.sentence("enrolment.bulk", _l("%(who)s enrolled %(count)s people"))
CHUNK = 1_000

FILLED_IN = {
    "student_number": _l("Student number"),
    "employee_number": _l("Employee number"),
    "cohort_id": _l("Class"),
    "enterprise_id": _l("Enterprise"),
    "field": _l("Field or trade"),
    "level": _l("Present level"),
    "post": _l("Post"),
}


@dataclass
class BulkResult:
    """What became of the rows, by their position: the enrolment they have now, or why they were not taken.

    `made` tells of whoever was enrolled what else was made: an account, a membership, a place in the programme.
    """

    written: int = 0
    already: int = 0
    filled: int = 0
    accounts: int = 0
    classes: int = 0
    enrolment_ids: dict[int, int] = field(default_factory=dict)
    made: dict[int, dict[str, Any]] = field(default_factory=dict)
    class_ids: list[int] = field(default_factory=list)
    faults: dict[int, str] = field(default_factory=dict)

    def add(self, other: BulkResult, offset: int) -> None:
        """Take in what became of a later piece of the rows."""
        for name in ("written", "already", "filled", "accounts", "classes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.enrolment_ids |= {offset + place: key for place, key in other.enrolment_ids.items()}
        self.class_ids += other.class_ids
        self.made |= {offset + place: made for place, made in other.made.items()}
        self.faults |= {offset + place: reason for place, reason in other.faults.items()}


def bulk_enrol(
    program: Program,
    rows: Iterable[NewTrainee],
    *,
    college_id: int,
    by: audit.Actor | None,
    now: datetime,
    today: date,
    note: bool = True,
    assess: bool = True,
) -> BulkResult:
    """Enrol people in a programme for a college; the caller commits. Rows that cannot be taken are told why.

    `note` writes one line into the audit trail; the import writes its own. `assess` says how the thread stands
    afterwards; who comes back with more rows does that once at the end.
    """
    result = BulkResult()
    lock_places(program.id)
    source, offset = iter(rows), 0
    while chunk := list(islice(source, CHUNK)):
        result.add(_Batch(program, college_id, chunk, now=now, today=today).write(), offset)
        offset += len(chunk)
    if note and result.written:
        audit.record(ENROLLED, program, by=by, now=now, program_id=program.id, count=result.written)
    if assess and (result.written or result.filled):
        refresh(program.id, *STEPS, now=now)
    return result


def foresee(
    program: Program,
    rows: Sequence[NewTrainee],
    *,
    choices: Choices,
    college_id: int,
    now: datetime,
    today: date,
) -> list[Foreseen | str]:
    """Tell what would become of a few rows, or why each could not be taken; nothing is written."""
    return _Batch(program, college_id, rows, now=now, today=today, choices=choices).foresee()


class _Refused(Exception):
    """A row cannot be taken; the message says why."""


class _Batch:
    """A piece of the rows: decided one by one in memory, written table by table."""

    def __init__(
        self,
        program: Program,
        college_id: int,
        rows: Sequence[NewTrainee],
        *,
        now: datetime,
        today: date,
        choices: Choices | None = None,
    ) -> None:
        self.program, self.college_id, self.rows = program, college_id, rows
        self.now, self.today = now, today
        self.result = BulkResult()
        # Who only looks has read classes and places already; who writes reads them under the lock.
        self.known = Register(program, college_id, rows, choices.cohorts if choices else None)
        self.places = places_left(program.planned_size, choices.present) if choices else free_places(program)
        self.plan = Plan()
        self.placed: dict[int, Known] = {}
        self.entered: dict[int, Person] = {}

    def write(self) -> BulkResult:
        """Decide every row and write what was decided."""
        self._make_classes()
        self._decide_all()
        before = {
            place: {"account": p.id == 0, "membership": p.membership_id is None, "related": not p.related}
            for place, p in self.entered.items()
        }
        write_plan(self.plan, self.program, self.college_id, now=self.now, today=self.today)
        self.result.accounts = len(self.plan.new_people)
        self.result.enrolment_ids = {place: enrolment.id for place, enrolment in self.placed.items()}
        self.result.made = {
            place: {"enrolment_id": self.placed[place].id, **made} for place, made in before.items()
        }
        joined = [person.enrolment.id for person in self.plan.new_enrolments if person.enrolment is not None]
        tell_joined(Joining(self.program.id, joined, self.now))
        return self.result

    def foresee(self) -> list[Foreseen | str]:
        """Decide every row and write nothing."""
        self._decide_all()
        filled = {id(enrolment) for enrolment, _values in (*self.plan.fill_enrolments, *self.plan.new_levels)}
        filled |= {id(person.enrolment) for person, values in self.plan.fill_people if values}
        told: list[Foreseen | str] = []
        for place in range(len(self.rows)):
            if place in self.result.faults:
                told.append(self.result.faults[place])
            elif place in self.entered:
                told.append(Foreseen.KNOWN if self.entered[place].id else Foreseen.NEW)
            else:
                told.append(Foreseen.FILLED if id(self.placed[place]) in filled else Foreseen.ALREADY)
        return told

    # --- deciding --------------------------------------------------------------------------------

    def _decide_all(self) -> None:
        for place in range(len(self.rows)):
            try:
                self._decide(place)
            except _Refused as refused:
                self.result.faults[place] = str(refused)

    def _decide(self, place: int) -> None:
        row = self.rows[place]
        person = self._find(place)
        self._check_phone(place, person)
        if person is not None and person.enrolment is not None:
            self._compare(place, person, person.enrolment)
            return
        self._check_new(place, person)
        if person is None:
            person = self._new_person(place)
        else:
            self._fill_person(place, person)
        self._enrol(row, place, person)
        self.entered[place] = person

    def _find(self, place: int) -> Person | None:
        """Return whom a row means, or None for somebody new."""
        row, digest, known = self.rows[place], self.known.digests[place], self.known
        by_id = known.by_digest.get(digest) if digest else None
        by_number = known.by_number.get(row.student_number) if row.student_number else None
        if by_id and by_number and by_id is not by_number:
            raise _Refused(
                _("The student number %(number)s belongs to somebody else.", number=row.student_number)
            )
        if by_number and digest and by_number.id_digest not in ("", digest):
            raise _Refused(
                _(
                    "The student number %(number)s belongs to somebody with another ID number.",
                    number=row.student_number,
                )
            )
        person = by_id or by_number
        if person is None and not digest and not row.student_number:
            person = self._by_employee_number(row)
        if person is not None and person.name != row.name:
            if person is by_number:
                raise _Refused(
                    _(
                        "The student number %(number)s belongs to %(name)s.",
                        number=row.student_number,
                        name=person.name,
                    )
                )
            raise _Refused(_("This number belongs to somebody of another name."))
        if person and row.student_number and person.number not in ("", row.student_number):
            raise _Refused(
                _("This person's student number at the college is %(number)s.", number=person.number)
            )
        return person

    def _by_employee_number(self, row: NewTrainee) -> Person | None:
        holder = self.known.by_employee_number.get((row.enterprise_id, row.employee_number))
        if holder is None or not row.employee_number:
            raise _Refused(
                _("Neither an ID number nor a student number: nobody can be told by the name alone.")
            )
        return self.known.people.get(holder)

    def _check_phone(self, place: int, person: Person | None) -> None:
        digest = self.known.phone_digests[place]
        holder = self.known.by_phone.get(digest) if digest else None
        if holder is not None and (person is None or holder != person.id):
            raise _Refused(_("This phone number belongs to somebody else's account."))

    def _check_new(self, place: int, person: Person | None) -> None:
        row = self.rows[place]
        if self.places is not None and self.places <= 0:
            raise _Refused(
                _("All %(places)s places of the programme are taken.", places=self.program.planned_size)
            )
        number = row.student_number or (person.number if person else "")
        self._check_numbers(person, number, row.enterprise_id, row.employee_number)

    def _check_numbers(
        self, person: Person | None, student: str, enterprise_id: int | None, employee: str
    ) -> None:
        """Refuse numbers that somebody else in the programme has."""
        allowed = (None, person.id) if person and person.id else (None,)
        if student and self.known.by_student_number.get(student) not in allowed:
            raise _Refused(_("The student number %(number)s belongs to somebody else.", number=student))
        if employee and self.known.by_employee_number.get((enterprise_id, employee)) not in allowed:
            raise _Refused(_("The employee number %(number)s belongs to somebody else.", number=employee))

    def _compare(self, place: int, person: Person, enrolment: Known) -> None:
        """Fill what is blank in an enrolment; what differs is told and nothing of the row is taken."""
        if enrolment.state is EnrolmentState.WITHDRAWN:
            raise _Refused(_("This person left the programme. Bring them back on their own page."))
        if enrolment.college_id != self.college_id:
            raise _Refused(_("This person is in the programme for another college."))
        row = self.rows[place]
        values, differences = self._values(row), []
        fills: dict[str, Any] = {}
        for name, value in values.items():
            present = enrolment.values[name]
            if value in (None, "") or value == present:
                continue
            if present in (None, ""):
                fills[name] = value
            else:
                differences.append(str(FILLED_IN[name]))
        levels = {key: level for key, level in row.levels.items() if key not in enrolment.levels}
        if any(
            enrolment.levels[key] != level for key, level in row.levels.items() if key in enrolment.levels
        ):
            differences.append(_("Entry levels"))
        if differences:
            raise _Refused(
                _(
                    "Already in the roster with other values (%(what)s). Change them there; nothing was overwritten.",
                    what=_(", ").join(differences),
                )
            )
        enterprise_id = fills.get("enterprise_id", enrolment.values["enterprise_id"])
        self._check_numbers(
            person, fills.get("student_number", ""), enterprise_id, fills.get("employee_number", "")
        )
        self._fill_person(place, person)
        if fills:
            enrolment.values |= fills
            self._remember_numbers(person, enrolment)
            self.plan.fill_enrolments.append((enrolment, fills))
        if levels:
            enrolment.levels |= levels
            self.plan.new_levels.append((enrolment, levels))
        self.result.already += 1
        self.result.filled += bool(fills or levels)
        self.placed[place] = enrolment

    def _values(self, row: NewTrainee) -> dict[str, Any]:
        cohort = self.known.cohorts.get(heading_key(row.cohort)) if row.cohort else None
        return {
            "student_number": row.student_number,
            "employee_number": row.employee_number,
            "cohort_id": cohort[0] if cohort else None,
            "enterprise_id": row.enterprise_id,
            "field": row.field,
            "level": row.level,
            "post": row.post,
        }

    def _new_person(self, place: int) -> Person:
        row, digest = self.rows[place], self.known.digests[place]
        person = Person(
            id=0, name=row.name, id_digest=digest, number=row.student_number,
            phone_digest=self.known.phone_digests[place],
            id_masked=crypto.mask_id_number(row.id_number) if row.id_number else "", id_tail=row.id_number[-4:],
        )  # fmt: skip
        self.plan.new_people.append((person, row))
        self._remember_person(person)
        return person

    def _fill_person(self, place: int, person: Person) -> None:
        """Add the ID number, the phone and the student number that an account lacks."""
        row = self.rows[place]
        values: dict[str, Any] = {}
        if row.id_number and not person.id_digest:
            person.id_digest = self.known.digests[place]
            person.id_masked, person.id_tail = crypto.mask_id_number(row.id_number), row.id_number[-4:]
            values |= id_values(row.id_number, person.id_digest)
            if person.enrolment is not None:
                fills = {"id_number_masked": person.id_masked, "id_number_tail": person.id_tail}
                self.plan.fill_enrolments.append((person.enrolment, fills))
        if row.phone and not person.phone_digest:
            person.phone_digest = self.known.phone_digests[place]
            values |= phone_values(row.phone, person.phone_digest)
        number = row.student_number if not person.number else ""
        if number:
            person.number = number
        if values or number or person.membership_id is None or person.membership_ended:
            self.plan.fill_people.append((person, values))
        self._remember_person(person)

    def _remember_person(self, person: Person) -> None:
        known = self.known
        if person.id_digest:
            known.by_digest[person.id_digest] = person
        if person.number:
            known.by_number[person.number] = person
        if person.phone_digest:
            known.by_phone[person.phone_digest] = person.id

    def _enrol(self, row: NewTrainee, place: int, person: Person) -> None:
        values = self._values(row)
        values["student_number"] = values["student_number"] or person.number
        person.enrolment = Known(0, self.college_id, EnrolmentState.TRAINING, values, dict(row.levels))
        self._remember_numbers(person, person.enrolment)
        self.plan.new_enrolments.append(person)
        self.placed[place] = person.enrolment
        if row.levels:
            self.plan.new_levels.append((person.enrolment, dict(row.levels)))
        if self.places is not None:
            self.places -= 1
        self.result.written += 1

    def _remember_numbers(self, person: Person, enrolment: Known) -> None:
        # Somebody new has no id yet; -2 never equals anybody's, and whoever has the number has it.
        holder = person.id or -2
        if number := enrolment.values["student_number"]:
            self.known.by_student_number[number] = holder
        if number := enrolment.values["employee_number"]:
            self.known.by_employee_number[enrolment.values["enterprise_id"], number] = holder

    def _make_classes(self) -> None:
        wanted = {heading_key(row.cohort): row.cohort for row in self.rows if row.cohort}
        names = sorted(name for key, name in wanted.items() if key not in self.known.cohorts)
        if not names:
            return
        rows = [{"program_id": self.program.id, "name": name} for name in names]
        for cohort_id, name in zip(insert_rows(Cohort, rows), names, strict=True):
            self.known.cohorts[heading_key(name)] = (cohort_id, name)
            self.result.class_ids.append(cohort_id)
        self.result.classes += len(names)

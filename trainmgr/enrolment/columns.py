"""What a roster file holds: its columns, and how a row of it is understood."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from trainmgr.enrolment.register import NewTrainee
from trainmgr.enrolment.rules import entry_level, gender_in
from trainmgr.kernel import crypto
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.sheets import Column, Kind, Record
from trainmgr.kernel.sheets.columns import LANGUAGES, heading_key

LENGTHS = {
    "name": 80,
    "student_number": 40,
    "employee_number": 40,
    "cohort": 60,
    "field": 60,
    "level": 40,
    "post": 80,
}

GENDERS = {"M": N_("male"), "F": N_("female")}
# The columns that tell people apart; a sheet may be read by one of them alone.
KEYS = {"id_number": N_("ID number"), "student_number": N_("Student number")}

# Other names that people give the columns; as msgids, so that each language has its own.
OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "id_number": (N_("ID card number"), N_("Identity document number"), N_("ID card")),
    "phone": (N_("Mobile number"), N_("Telephone"), N_("Contact telephone")),
    "student_number": (N_("Student no."),),
    "employee_number": (N_("Employee no."), N_("Staff number at the enterprise")),
    "cohort": (N_("Class name"),),
    "enterprise": (N_("Enterprise name"), N_("Partner enterprise's name")),
    "field": (N_("Trade"), N_("Field of study"), N_("Occupation (trade)")),
    "level": (N_("Skill level"), N_("Present skill level")),
    "post": (N_("Post at the enterprise"), N_("Work post")),
}


@dataclass(frozen=True)
class Choices:
    """What the cells of a programme's roster may name (enterprises, classes, competencies), and how many are in it."""

    enterprises: Sequence[tuple[int, str, str]]  # id, name, short name
    cohorts: Sequence[tuple[int, str]]  # id, name
    competencies: Sequence[tuple[int, str, str]]  # id, name, English name
    present: int


def roster_columns(choices: Choices) -> list[Column]:
    """Return the columns of a programme's roster; the competencies' columns hold entry levels."""
    enterprises = {str(key): name for key, name, _short in choices.enterprises}
    cohorts = {str(key): name for key, name in choices.cohorts}
    plain = [
        _column("name", N_("Name"), required=True, example=N_("Zhang Wei")),
        _column("id_number", N_("ID number"), example="11010519491231002X", width=24),
        _column("phone", N_("Phone"), example="13800138000", width=16),
        _column("gender", N_("Gender"), kind=Kind.CHOICE, choices=dict(GENDERS)),
        _column("student_number", N_("Student number"), example="2026JN00012", width=18),
        _column("employee_number", N_("Employee number"), example="QL30412", width=16),
        _column("cohort", N_("Class"), choices=cohorts, example=N_("Class A")),
        _column("enterprise", N_("Enterprise"), choices=enterprises, width=24),
        _column("field", N_("Field or trade"), example=N_("Welder")),
        _column("level", N_("Present level"), example=N_("Level 3")),
        _column("post", N_("Post"), example=N_("Final assembly")),
    ]
    return plain + [
        Column(f"level-{key}", name, aliases=(english,) if english else (), kind=Kind.NUMBER, example="2")
        for key, name, english in choices.competencies
    ]


def _column(key: str, label: str, example: str = "", **options: Any) -> Column:
    aliases = [_in(language, other) for other in OTHER_NAMES.get(key, ()) for language in LANGUAGES]
    return Column(key, label, aliases=aliases, example=_(example) if example else "", **options)


def _in(language: str, msgid: str) -> str:
    with force_locale(language):
        return _(msgid)


@dataclass(frozen=True)
class Understood:
    """One row of a roster file: the trainee it means, or what is wrong with it."""

    number: int
    trainee: NewTrainee | None
    reason: str = ""


class Reader:
    """Understands the rows of one file in their order, and notices what stands in it twice."""

    def __init__(self, choices: Choices, today: date, key: str = "") -> None:
        self.choices, self.today, self.key = choices, today, key if key in KEYS else ""
        self.enterprises = _enterprise_names(choices.enterprises)
        self.seen: dict[tuple[str, Any], int] = {}

    def understand(self, record: Record) -> Understood:
        """Return the trainee of a row, or why the row cannot be taken (all reasons in one sentence)."""
        faults = list(record.faults)
        values = record.values
        trainee = NewTrainee(
            name=values["name"],
            id_number=self._checked(values["id_number"], "id_number", self._id_number, faults),
            phone=self._checked(values["phone"], "phone", crypto.check_phone, faults),
            gender=values["gender"],
            student_number=values["student_number"],
            employee_number=values["employee_number"],
            cohort=values["cohort"],
            enterprise_id=self._enterprise(values["enterprise"], faults),
            field=values["field"],
            level=values["level"],
            post=values["post"],
            levels=self._levels(values, record.faults, faults),
        )
        faults += _too_long(trainee)
        if trainee.gender and trainee.id_number and gender_in(trainee.id_number) != trainee.gender:
            faults.append(_("the gender does not fit the ID number"))
        if self.key and not values[self.key]:
            faults.append(_("%(label)s: is missing, and the sheet is read by it", label=_(LABELS[self.key])))
        elif not (values["id_number"] or trainee.student_number or trainee.employee_number):
            faults.append(_("an ID number, a student number or an employee number is needed"))
        if not faults:
            faults += self._doubles(record.number, trainee)
        if faults:
            return Understood(record.number, None, _("; ").join(faults))
        return Understood(record.number, trainee)

    def _id_number(self, text: str) -> str:
        return crypto.check_id_number(text, today=self.today)

    def _checked(self, text: str, key: str, check: Callable[[str], str], faults: list[str]) -> str:
        """Return a number normalised; a number that cannot be right goes to the faults."""
        if not text:
            return ""
        try:
            return check(text)
        except crypto.IdFault as fault:
            faults.append(f"{_(LABELS[key])}: {fault}")
            return ""

    def _enterprise(self, text: str, faults: list[str]) -> int | None:
        """Return the party that a cell names; the only one when the cell is blank."""
        if not text:
            return self.choices.enterprises[0][0] if len(self.choices.enterprises) == 1 else None
        found = self.enterprises.get(heading_key(text))
        if found is None:
            names = _(", ").join(name for _key, name, _short in self.choices.enterprises)
            faults.append(
                _(
                    "%(name)s is not a party to this programme; its enterprises: %(names)s",
                    name=text,
                    names=names,
                )
            )
        return found

    def _levels(
        self, values: Mapping[str, str], known: Sequence[str], faults: list[str]
    ) -> dict[int, Decimal]:
        levels: dict[int, Decimal] = {}
        for key, name, _english in self.choices.competencies:
            text = values[f"level-{key}"]
            if not text:
                continue
            level = entry_level(text)
            if level is not None:
                levels[key] = level
            elif not any(fault.startswith(f"{name}:") for fault in known):
                faults.append(_("%(name)s: an entry level is a number from 1 to 5", name=name))
        return levels

    def _doubles(self, number: int, trainee: NewTrainee) -> list[str]:
        keys = [
            ("id_number", trainee.id_number, trainee.id_number),
            ("student_number", trainee.student_number, trainee.student_number),
            ("employee_number", (trainee.enterprise_id, trainee.employee_number), trainee.employee_number),
            ("phone", trainee.phone, trainee.phone),
        ]
        faults = [
            _("%(label)s: the same stands in row %(row)s", label=_(LABELS[kind]), row=self.seen[kind, key])
            for kind, key, text in keys
            if text and (kind, key) in self.seen
        ]
        if not faults:
            self.seen.update({(kind, key): number for kind, key, text in keys if text})
        return faults


LABELS = {
    "name": N_("Name"),
    "id_number": N_("ID number"),
    "phone": N_("Phone"),
    "student_number": N_("Student number"),
    "employee_number": N_("Employee number"),
    "cohort": N_("Class"),
    "field": N_("Field or trade"),
    "level": N_("Present level"),
    "post": N_("Post"),
}


def _enterprise_names(enterprises: Sequence[tuple[int, str, str]]) -> dict[str, int]:
    names = {heading_key(name): key for key, name, _short in enterprises}
    return {heading_key(short): key for key, _name, short in enterprises if short} | names


def _too_long(trainee: NewTrainee) -> list[str]:
    return [
        _("%(label)s: at most %(most)s characters", label=_(LABELS[key]), most=most)
        for key, most in LENGTHS.items()
        if len(getattr(trainee, key)) > most
    ]

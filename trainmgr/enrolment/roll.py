"""Whom a row of a sheet names: a trainee by student number, employee number, or a name that only one has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program


@dataclass(frozen=True)
class OnRoll:
    """A trainee as rows name one."""

    id: int
    name: str
    student_number: str
    employee_number: str
    enterprise_id: int | None


class Roll:
    """The trainees that a sheet may name; `stranger` is what is said of a row that names nobody."""

    def __init__(self, trainees: Sequence[OnRoll], stranger: str) -> None:
        self.stranger = stranger
        self.by_student = {one.student_number: one for one in trainees if one.student_number}
        self.by_employee = {one.employee_number: one for one in trainees if one.employee_number}
        self.by_name: dict[str, list[OnRoll]] = {}
        for one in trainees:
            self.by_name.setdefault(one.name, []).append(one)

    def find(self, values: Mapping[str, str], faults: list[str], *, name_key: str = "name") -> OnRoll | None:
        """Return whom a row names; what is wrong with it is added to `faults`."""
        name = values[name_key]
        if number := values["student_number"]:
            found = self.by_student.get(number)
        elif number := values["employee_number"]:
            found = self.by_employee.get(number)
        else:
            same = self.by_name.get(name, [])
            if len(same) > 1:
                faults.append(_("%(count)s trainees have this name; add the student number", count=len(same)))
                return None
            found = same[0] if same else None
        if found is None and name:
            faults.append(self.stranger)
        elif found is not None and name and found.name != name:
            faults.append(_("the number belongs to %(name)s", name=found.name))
        return found


def trainees_on_roll(program: Program, viewer: User, *conditions: sa.ColumnElement[bool]) -> list[OnRoll]:
    """Return the programme's trainees whom the viewer may see, by name: one narrow select."""
    wanted = (
        Enrolment.id, Enrolment.name, Enrolment.student_number, Enrolment.employee_number, Enrolment.enterprise_id,
    )  # fmt: skip
    rows = db.session.execute(
        sa.select(*wanted)
        .where(visible_in(program, viewer), *conditions)
        .order_by(Enrolment.name, Enrolment.id)
    )
    return [OnRoll(*row) for row in rows]

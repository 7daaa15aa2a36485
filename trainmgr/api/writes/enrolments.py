"""Enrolments: somebody is enrolled as by a line of the roster, numbers are set, the standing changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from marshmallow import fields, validate

from trainmgr.api.deeds import Deed, Done, Write, fault, require_among
from trainmgr.api.fields import Base, Day, Line, ReasonSchema, Ref, Whole, choice, described
from trainmgr.api.people import NumbersSchema
from trainmgr.api.problems import Problem
from trainmgr.api.rules import Area
from trainmgr.enrolment import actions, bulk, importing, standing, standing_queries
from trainmgr.enrolment.columns import GENDERS, Choices, Reader
from trainmgr.enrolment.queries import enrolment_or_404
from trainmgr.enrolment.register import NewTrainee
from trainmgr.enrolment.standing_models import StandingChange
from trainmgr.enrolment.standing_rules import StandingKind
from trainmgr.kernel import crypto, sheets
from trainmgr.kernel.access import Permission
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.queries import enterprises_of, may, parties_on, sides_of
from trainmgr.programs.rules import Side, Work

P = Permission
MOST_MINUTES = 600_000  # 10,000 hours, as in the form


class NewEnrolmentSchema(Base):
    """Somebody to be enrolled, as in a line of the roster: known by ID number or student number, else a new account."""

    college_id = Ref(required=True, metadata=described("The college that enrols, a party of the programme."))
    name = Line(80, least=1, required=True)
    id_number = Line(30, metadata=described("Resident identity card number; kept encrypted, never shown."))
    phone = Line(30)
    gender = fields.String(validate=validate.OneOf(list(GENDERS)))
    student_number = Line(40)
    employee_number = Line(40)
    cohort = Line(60, metadata=described("Name of the class; made when there is none."))
    enterprise_id = Ref(metadata=described("An enterprise of the programme; the only one unless told."))
    field = Line(60)
    level = Line(40)
    post = Line(80)


class StandingSchema(Base):
    """What happens to a trainee's standing, from which day and why; on a day to come it is planned."""

    kind = choice(StandingKind, required=True)
    day = Day(required=True)
    reason = Line(200, least=1, required=True)
    expected_on = Day(metadata=described("When somebody suspended is expected back."))
    enterprise_id = Ref(metadata=described("Where somebody transferred to another enterprise goes."))
    to_program_id = Ref(metadata=described("Where somebody transferred to another programme goes."))
    recognised_minutes = Whole(
        0, MOST_MINUTES, metadata=described("Of the training so far, in the other programme.")
    )


def enrol(deed: Deed) -> Done:
    """Enrol somebody by the rules of the roster import; whoever is in it already is filled in where blank."""
    program = deed.program(P.ENROLMENT_EDIT)
    require_open(program, Work.ENROLMENT)
    own = deed.by.organizations_where(P.ENROLMENT_EDIT)
    require_among(
        "college_id", deed.data["college_id"],
        [party.organization_id for party in parties_on(program, Side.COLLEGE) if party.organization_id in own],
    )  # fmt: skip
    today = local_day(deed.now)
    trainee = _understood(deed, importing.choices_of(program.id))
    result = bulk.bulk_enrol(
        program, [trainee], college_id=deed.data["college_id"], by=deed.by, now=deed.now, today=today
    )
    if result.faults:
        raise Problem(409, result.faults[0])
    return Done(result.enrolment_ids[0], made=bool(result.written))


def _understood(deed: Deed, choices: Choices) -> NewTrainee:
    """Read the fields as the roster's reader does, and name the field where it is one that is wrong."""
    today = local_day(deed.now)
    names = {key: name for key, name, _short in choices.enterprises}
    enterprise_id = deed.data.get("enterprise_id")
    require_among("enterprise_id", enterprise_id, names)
    _check("id_number", deed.data, lambda text: crypto.check_id_number(text, today=today))
    _check("phone", deed.data, crypto.check_phone)
    values = dict.fromkeys(
        ("id_number", "phone", "gender", "student_number", "employee_number", "cohort"), ""
    )
    values |= dict.fromkeys(("enterprise", "field", "level", "post"), "")
    values |= {f"level-{key}": "" for key, _name, _english in choices.competencies}
    values |= {
        name: sheets.normalise(text) for name, text in deed.data.items() if isinstance(text, str) and text
    }
    if enterprise_id is not None:
        values["enterprise"] = names[enterprise_id]
    understood = Reader(choices, today).understand(sheets.Record(1, values, []))
    if understood.trainee is None:
        raise Problem(422, understood.reason)
    return understood.trainee


def _check(name: str, data: Mapping[str, Any], check: Any) -> None:
    if text := data.get(name):
        try:
            check(sheets.normalise(text))
        except crypto.IdFault as error:
            raise fault(name, error) from None


def set_numbers(deed: Deed) -> Done:
    """Set a trainee's numbers, as far as each side may; refuses unless the ETag is the present version's."""
    program, by, data = deed.program(), deed.by, deed.data
    enrolment = enrolment_or_404(program, deed.row_id, by)
    deed.require_present(enrolment.version)
    sides = sides_of(program, by, P.ENROLMENT_NUMBER)
    is_college = Side.COLLEGE in sides or may(program, by, P.ENROLMENT_EDIT)
    if ("student_number" in data and not is_college) or not (sides or is_college):
        raise Problem(403, _("The student number is the college's, the employee number either side's."))
    numbers = actions.NewNumbers(
        enrolment, data.get("student_number"), data.get("employee_number"), enrolment.version
    )
    actions.set_numbers(program, [numbers], by=by, now=deed.now)
    return Done(enrolment.id)


# --- standing ------------------------------------------------------------------------------------------------

# What each kind may be told besides day and reason, and of these what it cannot do without.
_TOLD = {
    StandingKind.SUSPEND: ("expected_on",),
    StandingKind.ENTERPRISE: ("enterprise_id",),
    StandingKind.PROGRAM: ("to_program_id", "recognised_minutes"),
}
_NEEDED = {StandingKind.ENTERPRISE: "enterprise_id", StandingKind.PROGRAM: "to_program_id"}


def change_standing(deed: Deed) -> Done:
    """Suspend, take back, withdraw, readmit or transfer a trainee: now, or planned for a day to come."""
    program = deed.program(P.CLASS_EDIT)
    enrolment = enrolment_or_404(program, deed.row_id, deed.by)
    wanted = _wanted(program, deed)
    standing.change(program, [enrolment], wanted, by=deed.by, now=deed.now)
    db.session.flush()
    latest = sa.select(sa.func.max(StandingChange.id)).where(StandingChange.enrolment_id == enrolment.id)
    return Done(db.session.scalar(latest), made=True)


def _wanted(program: Program, deed: Deed) -> standing.Wanted:
    data, kind = deed.data, StandingKind(deed.data["kind"])
    for name in ("expected_on", "enterprise_id", "to_program_id", "recognised_minutes"):
        if name in data and name not in _TOLD.get(kind, ()):
            raise fault(name, _("This does not go with the kind of change."))
    if (needed := _NEEDED.get(kind)) and needed not in data:
        raise fault(needed, _("This kind of change needs it."))
    if data.get("expected_on") and data["expected_on"] <= data["day"]:
        raise fault("expected_on", _("This day must be after the first one."))
    require_among(
        "enterprise_id", data.get("enterprise_id"), [one.organization_id for one in enterprises_of(program)]
    )
    if "to_program_id" in data:
        require_among(
            "to_program_id", data["to_program_id"],
            dict(standing_queries.programs_to_go_to(program, deed.by)),
        )  # fmt: skip
    return standing.Wanted(
        kind, data["day"], data["reason"], expected_on=data.get("expected_on"),
        enterprise_id=data.get("enterprise_id"), to_program_id=data.get("to_program_id"),
        recognised_minutes=data.get("recognised_minutes", 0),
    )  # fmt: skip


def call_off(deed: Deed) -> Done:
    """Call a planned change of standing off, with the reason."""
    program = deed.program(P.CLASS_EDIT)
    change = standing_queries.planned_change_or_404(program, deed.row_id, deed.by)
    standing.call_off(program, change, deed.data["reason"], by=deed.by, now=deed.now)
    return Done(change.id)


_PLACE = "/programs/<int:program_id>"
WRITES = {
    "create_enrolment": Write(
        "POST", f"{_PLACE}/enrolments", Area.ENROLMENTS, P.ENROLMENT_EDIT, NewEnrolmentSchema, "enrolments",
        N_("Enrol somebody"), enrol, made=True,
    ),
    "change_enrolment": Write(
        "PATCH", f"{_PLACE}/enrolments/<int:row_id>", Area.ENROLMENTS, P.ENROLMENT_NUMBER, NumbersSchema,
        "enrolments", N_("Set a trainee's numbers"), set_numbers, needs_etag=True,
    ),
    "change_standing": Write(
        "POST", f"{_PLACE}/enrolments/<int:row_id>/standing", Area.ENROLMENTS, P.CLASS_EDIT, StandingSchema,
        "standing-changes", N_("Suspend, take back, withdraw, readmit or transfer a trainee"), change_standing,
        made=True,
    ),
    "call_standing_change_off": Write(
        "POST", f"{_PLACE}/standing-changes/<int:row_id>/call-off", Area.ENROLMENTS, P.CLASS_EDIT, ReasonSchema,
        "standing-changes", N_("Call a planned change of standing off"), call_off,
    ),
}  # fmt: skip

"""What programs may write, through the actions that the pages use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate, validates_schema

from trainmgr.api.fields import LARGE, Base, Id, Line, Text, described
from trainmgr.api.problems import Problem
from trainmgr.curriculum.queries import modules_of, stages_of
from trainmgr.enrolment import actions as enrolment_actions
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import enrolment_or_404
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.practice import actions, drafts, queries
from trainmgr.practice.drafts import Content
from trainmgr.practice.models import PracticeLog
from trainmgr.practice.periods import WEEK, Covered, cover_week
from trainmgr.practice.rules import MOST_COMPETENCIES
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may, program_or_404, sides_of
from trainmgr.programs.rules import Side

QUARTER = _l("Minutes go in quarters of an hour.")
MOST_LEARNED = 500  # as in the form


def _in_quarters(minutes: int) -> None:
    if minutes % 15:
        raise ValidationError(str(QUARTER))


class LogEntrySchema(Base):
    """A log of a day or a week as a trainee hands it in: `minutes` of a day, or `day_minutes` of a week."""

    day = fields.Date(required=True, metadata=described("The day, or any day of the week."))
    minutes = fields.Integer(validate=[validate.Range(15, 1440, error=LARGE), _in_quarters])
    day_minutes = fields.List(
        fields.Integer(validate=[validate.Range(0, 1440, error=LARGE), _in_quarters]),
        validate=validate.Length(equal=WEEK, error=_l("Give the minutes of all seven days.")),
        metadata=described("Monday to Sunday."),
    )
    stage_number = fields.Integer(required=True, validate=validate.Range(0, 1000, error=LARGE))
    module_id = Id(allow_none=True)
    task = Line(200, least=1, required=True)
    learned = Text(MOST_LEARNED, required=True)
    competency_ids = fields.List(Id(), validate=validate.Length(max=MOST_COMPETENCIES))
    replaces_id = Id(
        allow_none=True, metadata=described("The returned log that this one is written in place of.")
    )

    @validates_schema
    def one_of_two(self, data: Mapping[str, Any], **_options: Any) -> None:
        """A day's minutes or a week's, and some at all."""
        if ("minutes" in data) == ("day_minutes" in data):
            raise ValidationError(_("Give minutes or day_minutes."), "minutes")
        if "day_minutes" in data and not any(data["day_minutes"]):
            raise ValidationError(_("Give the minutes of at least one day."), "day_minutes")


class ReturnSchema(Base):
    """Why a log goes back."""

    comment = Line(500, least=1, required=True)


class NothingSchema(Base):
    """No content: {}."""


# --- numbers -------------------------------------------------------------------------------------------------


def set_numbers(
    program_id: int,
    enrolment_id: int,
    data: Mapping[str, str],
    precondition: str | None,
    *,
    by: User,
    now: datetime,
) -> None:
    """Set a trainee's numbers, as far as each side may; refuses unless the ETag is the present version's."""
    program = program_or_404(program_id, by, steps=False)
    enrolment = enrolment_or_404(program, enrolment_id, by)
    _require_present(precondition, enrolment.version)
    sides = sides_of(program, by, Permission.ENROLMENT_NUMBER)
    is_college = Side.COLLEGE in sides or may(program, by, Permission.ENROLMENT_EDIT)
    if ("student_number" in data and not is_college) or not (sides or is_college):
        raise Problem(403, _("The student number is the college's, the employee number either side's."))
    numbers = enrolment_actions.NewNumbers(
        enrolment, data.get("student_number"), data.get("employee_number"), enrolment.version
    )
    enrolment_actions.set_numbers(program, [numbers], by=by, now=now)


def _require_present(precondition: str | None, version: int) -> None:
    if not precondition:
        raise Problem(428, _("Send the ETag that you read as If-Match, so that nobody's change is lost."))
    if precondition.strip() not in ("*", f'"{version}"'):
        raise Problem(
            412, _("It was changed after you read it. Read it again."), headers={"ETag": f'"{version}"'}
        )


# --- logs ----------------------------------------------------------------------------------------------------


def hand_in(program_id: int, data: Mapping[str, Any], key: str, *, by: User, now: datetime) -> PracticeLog:
    """Hand a log in for the trainee who asks; refused whole when anything in it cannot be."""
    enrolment = queries.pick_own(queries.own_enrolments(by), program_id) if program_id else None
    if enrolment is None:
        return abort(404)
    replaces = queries.own_log_or_404(data["replaces_id"], by) if data.get("replaces_id") else None
    if replaces is not None and replaces.enrolment_id != enrolment.id:
        abort(404)
    program = enrolment.program
    in_loop = enrolment.state is EnrolmentState.REMEDIAL
    stages = [one for one in stages_of(program.id, data["day"]) if in_loop or not one.remedial]
    content = _content(program, enrolment, data)
    log, _faults = drafts.keep(
        program, enrolment, content, key=key, replaces=replaces, stages=stages, by=by, now=now
    )
    try:
        actions.hand_in(program, enrolment, log, stages=stages, by=by, now=now)
    except actions.LogRefused as refusal:
        raise Problem(
            refusal.status, str(refusal), fields={_name(refusal.field, data): [str(refusal)]}
        ) from None
    return log


def _name(field: str, data: Mapping[str, Any]) -> str:
    minutes = "minutes" if "minutes" in data else "day_minutes"
    return {"stage": "stage_number", "hours": minutes}.get(field, field)


def _content(program: Program, enrolment: Enrolment, data: Mapping[str, Any]) -> Content:
    day: date = data["day"]
    module_id, chosen = data.get("module_id"), data.get("competency_ids", [])
    if module_id is not None and module_id not in {module.id for module in modules_of(program.id, day)}:
        raise Problem(
            422,
            _("Look at the fields named."),
            fields={"module_id": [_("The plan of that day has none such.")]},
        )
    known = {competency.id for competency in queries.competencies_of(program.id)}
    if not set(chosen) <= known or (known and not chosen):
        text = _("Choose one to three of the programme's competencies.")
        raise Problem(422, _("Look at the fields named."), fields={"competency_ids": [text]})
    covered = (
        cover_week(day, data["day_minutes"]) if "day_minutes" in data else Covered(day, (data["minutes"],))
    )
    return Content(
        covered, data["stage_number"], module_id, data["task"], data["learned"], tuple(dict.fromkeys(chosen))
    )


def _to_decide(program_id: int, log_id: int, by: User) -> tuple[PracticeLog, Program]:
    log, program = queries.log_or_404(log_id, by)
    if program.id != program_id:
        abort(404)
    if not may(program, by, Permission.LOG_SIGN):
        abort(403)
    return log, program


def sign(program_id: int, log_id: int, *, by: User, now: datetime) -> None:
    """Sign a log that waits for who asks."""
    log, program = _to_decide(program_id, log_id, by)
    actions.sign_log(program, log, by=by, now=now)


def send_back(program_id: int, log_id: int, comment: str, *, by: User, now: datetime) -> None:
    """Send a log back with what is missing."""
    log, program = _to_decide(program_id, log_id, by)
    actions.return_log(program, log, comment, by=by, now=now)

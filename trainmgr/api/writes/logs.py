"""Logs: handed in by the trainee who asks, signed or sent back by whom they wait for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate, validates_schema

from trainmgr.api.deeds import Deed, Done, Write
from trainmgr.api.fields import LARGE, Base, Day, Id, Line, NothingSchema, Text, described
from trainmgr.api.problems import Problem
from trainmgr.api.rules import Area
from trainmgr.curriculum.queries import modules_of, stages_of
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.kernel import audit
from trainmgr.kernel.access import Permission
from trainmgr.kernel.msgids import N_
from trainmgr.practice import actions, drafts, queries
from trainmgr.practice.drafts import Content
from trainmgr.practice.models import PracticeLog
from trainmgr.practice.periods import WEEK, Covered, cover_week
from trainmgr.practice.rules import MOST_COMPETENCIES
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may

# By hand a log's own row says who handed it in and when; here the trail says besides by which token.
HANDED_IN = audit.sentence("api.log", _l("%(who)s handed in a log of %(what)s"))
QUARTER = _l("Minutes go in quarters of an hour.")
MOST_LEARNED = 500  # as in the form


def _in_quarters(minutes: int) -> None:
    if minutes % 15:
        raise ValidationError(str(QUARTER))


class LogEntrySchema(Base):
    """A log of a day or a week as a trainee hands it in: `minutes` of a day, or `day_minutes` of a week."""

    day = Day(required=True, metadata=described("The day, or any day of the week."))
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


def hand_in(deed: Deed) -> Done:
    """Hand a log in for the trainee who asks; refused whole when anything in it cannot be."""
    by, now, data = deed.by, deed.now, deed.data
    enrolment = queries.pick_own(queries.own_enrolments(by), deed.ids["program_id"])
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
        program, enrolment, content, key=deed.key, replaces=replaces, stages=stages, by=by, now=now
    )
    try:
        actions.hand_in(program, enrolment, log, stages=stages, by=by, now=now)
    except actions.LogRefused as refusal:
        raise Problem(
            refusal.status, str(refusal), fields={_name(refusal.field, data): [str(refusal)]}
        ) from None
    audit.record(HANDED_IN, log, by=by, now=now, program_id=program.id, name=enrolment.name)
    return Done(log.id, made=True)


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


def _to_decide(deed: Deed) -> tuple[PracticeLog, Program]:
    log, program = queries.log_or_404(deed.row_id, deed.by)
    if program.id != deed.ids["program_id"]:
        abort(404)
    if not may(program, deed.by, Permission.LOG_SIGN):
        abort(403)
    return log, program


def sign(deed: Deed) -> Done:
    """Sign a log that waits for who asks."""
    log, program = _to_decide(deed)
    actions.sign_log(program, log, by=deed.by, now=deed.now)
    return Done(log.id)


def send_back(deed: Deed) -> Done:
    """Send a log back with what is missing."""
    log, program = _to_decide(deed)
    actions.return_log(program, log, deed.data["comment"], by=deed.by, now=deed.now)
    return Done(log.id)


_LOGS = "/programs/<int:program_id>/logs"
_ONE = f"{_LOGS}/<int:row_id>"
WRITES = {
    "submit_log": Write(
        "POST", _LOGS, Area.LOGS, Permission.LOG_WRITE, LogEntrySchema, "logs", N_("Hand a log of one's own in"),
        hand_in, made=True,
    ),
    "sign_log": Write(
        "POST", f"{_ONE}/sign", Area.LOGS, Permission.LOG_SIGN, NothingSchema, "logs",
        N_("Sign a log that waits for oneself"), sign,
    ),
    "return_log": Write(
        "POST", f"{_ONE}/return", Area.LOGS, Permission.LOG_SIGN, ReturnSchema, "logs",
        N_("Send a log that waits for oneself back"), send_back,
    ),
}  # fmt: skip

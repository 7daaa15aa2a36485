"""The writes: where each is, what it needs, what it takes and gives; views and document are made from this table."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import Schema

from trainmgr.api import people, writing
from trainmgr.api.rules import Area, scope
from trainmgr.kernel.access import Permission
from trainmgr.kernel.msgids import N_


@dataclass(frozen=True)
class Write:
    """One write: `gives` names the resource that its answer shows."""

    method: str
    path: str
    area: Area
    permission: Permission
    schema: type[Schema]
    gives: str
    summary: str
    needs_etag: bool = False
    made: bool = False

    @property
    def scope(self) -> str:
        """What a token needs to do it."""
        return scope(self.area, write=True)


_LOGS = "/programs/<int:program_id>/logs"
WRITES = {
    "change_enrolment": Write(
        "PATCH", "/programs/<int:program_id>/enrolments/<int:row_id>", Area.ENROLMENTS, Permission.ENROLMENT_NUMBER,
        people.NumbersSchema, "enrolments", N_("Set a trainee's numbers"), needs_etag=True,
    ),
    "submit_log": Write(
        "POST", _LOGS, Area.LOGS, Permission.LOG_WRITE, writing.LogEntrySchema, "logs",
        N_("Hand a log of one's own in"), made=True,
    ),
    "sign_log": Write(
        "POST", f"{_LOGS}/<int:row_id>/sign", Area.LOGS, Permission.LOG_SIGN, writing.NothingSchema, "logs",
        N_("Sign a log that waits for oneself"),
    ),
    "return_log": Write(
        "POST", f"{_LOGS}/<int:row_id>/return", Area.LOGS, Permission.LOG_SIGN, writing.ReturnSchema, "logs",
        N_("Send a log that waits for oneself back"),
    ),
}  # fmt: skip

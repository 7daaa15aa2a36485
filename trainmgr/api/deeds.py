"""A write as it was sent, what came of it, and how each of the writes is described."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort
from flask_babel import gettext as _
from marshmallow import Schema

from trainmgr.api.problems import Problem
from trainmgr.api.rules import Area, scope
from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may, program_or_404


@dataclass(frozen=True)
class Deed:
    """Who wants what done, when: the fields that were read, the ids of the address, the ETag, the deed's own key."""

    by: User
    now: datetime
    data: Mapping[str, Any]
    ids: Mapping[str, int]
    precondition: str | None = None
    key: str = ""

    @property
    def row_id(self) -> int:
        """The row that the address names."""
        return self.ids["row_id"]

    def program(self, permission: Permission | None = None) -> Program:
        """Return the programme of the address, or answer 404; 403 for who may not do this in it."""
        program = program_or_404(self.ids["program_id"], self.by, steps=False)
        if permission is not None and not may(program, self.by, permission):
            abort(403)
        return program

    def require_present(self, version: int | str) -> None:
        """Refuse unless the ETag that was sent is the present one's: 428 without, 412 when somebody was faster."""
        if not self.precondition:
            raise Problem(428, _("Send the ETag that you read as If-Match, so that nobody's change is lost."))
        if self.precondition.strip() not in ("*", f'"{version}"'):
            raise Problem(
                412, _("It was changed after you read it. Read it again."), headers={"ETag": f'"{version}"'}
            )


@dataclass(frozen=True)
class Done:
    """What came of a deed: the row that the answer shows (`made`: a new one), several rows, or the job that does it."""

    row_id: int | None = None
    made: bool = False
    row_ids: Sequence[int] = ()
    job_id: int | None = None


@dataclass(frozen=True)
class Write:
    """One write: `does` it, `gives` names the resource that its answer shows (`many`: a list of them).

    `made` says that it makes something; `later` that it may be done in the background.
    """

    method: str
    path: str
    area: Area
    permission: Permission
    schema: type[Schema]
    gives: str
    summary: str
    does: Callable[[Deed], Done]
    needs_etag: bool = False
    made: bool = False
    many: bool = False
    later: bool = False

    @property
    def scope(self) -> str:
        """What a token needs to do it."""
        return scope(self.area, write=True)


def fault(field: str, text: object, status: int = 422) -> Problem:
    """Return the problem of one field."""
    return faults({field: [str(text)]}, status)


def faults(texts: Mapping[str, Sequence[str]], status: int = 422) -> Problem:
    """Return the problem of several fields."""
    return Problem(status, _("Look at the fields named."), fields=texts)


def require_among(field: str, value: Any, offered: Iterable[Any]) -> None:
    """Refuse a choice that the page would not offer; nothing chosen is fine."""
    if value is not None and value not in set(offered):
        raise fault(field, _("There is no such thing to choose here."))

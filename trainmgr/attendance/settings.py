"""A programme's own limits of attendance."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.attendance.models import AttendanceSetting
from trainmgr.attendance.rules import EXCUSE_WITHIN, LATE_AFTER
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.programs.models import Program

SET = audit.sentence(
    "attendance.limits",
    _l("%(who)s set attendance: late after %(late)s minutes, absences explained within %(within)s days"),
)


def limits_with_version(program_id: int) -> tuple[int, int, int]:
    """Return minutes, days and the version to change them with; 0 while the usual ones hold."""
    row = db.session.get(AttendanceSetting, program_id)
    return (row.late_after, row.excuse_within, row.version) if row else (LATE_AFTER, EXCUSE_WITHIN, 0)


def set_limits(
    program: Program, *, late_after: int, excuse_within: int, version: int, by: User, now: datetime
) -> None:
    """Set minutes after which one is late and days in which an absence can be explained."""
    row = db.session.get(AttendanceSetting, program.id)
    if (row.version if row else 0) != version:
        raise Conflict(_("Somebody else changed this meanwhile. What you see now is how it stands."))
    if row is None:
        row = AttendanceSetting(program_id=program.id)
        db.session.add(row)
    row.late_after, row.excuse_within = late_after, excuse_within
    db.session.flush()
    audit.record(
        SET,
        "attendance_setting",
        by=by,
        now=now,
        program_id=program.id,
        late=late_after,
        within=excuse_within,
    )

"""What marks, their sources and leave are called."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from trainmgr.attendance.rules import LeaveKind, LeaveState, Mark, Source

MARKS = {
    Mark.PRESENT: _l("Present"),
    Mark.LATE: _l("Came late"),
    Mark.EXCUSED: _l("Excused"),
    Mark.ABSENT: _l("Absent"),
}
MARK_TONES = {Mark.LATE: "warn", Mark.EXCUSED: "info", Mark.ABSENT: "bad"}
MARK_ICONS = {
    Mark.PRESENT: "check-lg",
    Mark.LATE: "clock",
    Mark.EXCUSED: "envelope-open",
    Mark.ABSENT: "x-lg",
}
SOURCES = {
    Source.CODE: _l("by the code"),
    Source.HAND: _l("by hand"),
    Source.SHEET: _l("from a sheet"),
    Source.LINK: _l("by the personal link"),
    Source.LEAVE: _l("by granted leave"),
    Source.CLOSING: _l("when it was closed"),
}
LEAVE_KINDS = {
    LeaveKind.SICK: _l("Sick leave"),
    LeaveKind.PERSONAL: _l("Personal leave"),
    LeaveKind.OFFICIAL: _l("Official leave"),
}
LEAVE_STATES = {
    LeaveState.ASKED: _l("Waiting for an answer"),
    LeaveState.GRANTED: _l("Granted"),
    LeaveState.REFUSED: _l("Refused"),
    LeaveState.WITHDRAWN: _l("Taken back"),
}
LEAVE_TONES = {
    LeaveState.ASKED: "warn",
    LeaveState.GRANTED: "ok",
    LeaveState.REFUSED: "bad",
    LeaveState.WITHDRAWN: "",
}

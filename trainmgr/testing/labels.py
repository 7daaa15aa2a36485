"""What purposes, states and ends are called."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from trainmgr.testing.rules import AttemptEnd, Purpose, SittingState

PURPOSES = {
    Purpose.ENTRY: _l("Before the training"),
    Purpose.INTERIM: _l("In between"),
    Purpose.END: _l("At the end"),
}
STATES = {
    SittingState.PLANNED: _l("Planned"),
    SittingState.OPEN: _l("Open now"),
    SittingState.CLOSED: _l("Over"),
    SittingState.CANCELLED: _l("Called off"),
}
TONES = {SittingState.OPEN: "now", SittingState.CLOSED: "ok", SittingState.CANCELLED: "bad"}
ENDS = {
    AttemptEnd.HANDED_IN: _l("Handed in"),
    AttemptEnd.TIMED_OUT: _l("Ended by the clock"),
    AttemptEnd.CALLED_OFF: _l("Called off"),
}

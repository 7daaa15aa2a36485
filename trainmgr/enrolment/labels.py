"""What the states of trainees are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.enrolment.standing_rules import StandingKind, StandingState

ENROLMENT_STATES: dict[EnrolmentState, Any] = {
    EnrolmentState.TRAINING: _l("In training"),
    EnrolmentState.REMEDIAL: _l("Remedial"),
    EnrolmentState.SUSPENDED: _l("Training suspended"),
    EnrolmentState.COMPLETED: _l("Completed"),
    EnrolmentState.WITHDRAWN: _l("Has left"),
}
# Only what is not ordinary gets a pill.
ENROLMENT_TONES = {
    EnrolmentState.REMEDIAL: "warn",
    EnrolmentState.SUSPENDED: "info",
    EnrolmentState.WITHDRAWN: "frozen",
}

STANDING_KINDS: dict[StandingKind, Any] = {
    StandingKind.SUSPEND: _l("Suspension"),
    StandingKind.RESUME: _l("Return from suspension"),
    StandingKind.WITHDRAW: _l("Withdrawal"),
    StandingKind.READMIT: _l("Readmission"),
    StandingKind.ENTERPRISE: _l("Transfer to another enterprise"),
    StandingKind.PROGRAM: _l("Transfer to another programme"),
}
STANDING_STATES: dict[StandingState, Any] = {
    StandingState.PLANNED: _l("planned"),
    StandingState.DONE: _l("in effect"),
    StandingState.CALLED_OFF: _l("change called off"),
}
STANDING_TONES = {StandingState.PLANNED: "info", StandingState.CALLED_OFF: "frozen"}

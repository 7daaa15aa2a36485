"""What the states of trainees, applications and verdicts are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.rules import ApplicationState, EnrolmentState, VerdictKind

ENROLMENT_STATES: dict[EnrolmentState, Any] = {
    EnrolmentState.TRAINING: _l("In training"),
    EnrolmentState.REMEDIAL: _l("Remedial"),
    EnrolmentState.COMPLETED: _l("Completed"),
    EnrolmentState.WITHDRAWN: _l("Has left"),
}
# Only what is not ordinary gets a pill.
ENROLMENT_TONES = {EnrolmentState.REMEDIAL: "warn", EnrolmentState.WITHDRAWN: "frozen"}

APPLICATION_STATES: dict[ApplicationState, Any] = {
    ApplicationState.PENDING: _l("Being judged"),
    ApplicationState.ADMITTED: _l("Admitted"),
    ApplicationState.WAITLISTED: _l("On the waiting list"),
    ApplicationState.REJECTED: _l("Not admitted"),
    ApplicationState.WITHDRAWN: _l("Application withdrawn"),
}
APPLICATION_TONES = {
    ApplicationState.PENDING: "warn",
    ApplicationState.ADMITTED: "ok",
    ApplicationState.WAITLISTED: "info",
    ApplicationState.REJECTED: "plain",
    ApplicationState.WITHDRAWN: "frozen",
}

VERDICTS: dict[VerdictKind, Any] = {VerdictKind.ADMIT: _l("Admit"), VerdictKind.REJECT: _l("Do not admit")}

"""What the states of applications and verdicts are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.recruitment.rules import ApplicationState, InterviewOutcome, PlanState, Relation, VerdictKind

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

PLAN_STATES: dict[PlanState, Any] = {
    PlanState.DRAFT: _l("Draft"),
    PlanState.OFFERED: _l("Awaiting signatures"),
    PlanState.SIGNED: _l("In force"),
    PlanState.SUPERSEDED: _l("Superseded"),
}
PLAN_TONES = {PlanState.OFFERED: "warn", PlanState.SIGNED: "ok", PlanState.SUPERSEDED: "frozen"}

RELATIONS: dict[Relation, Any] = {
    Relation.LABOUR_CONTRACT: _l("Labour contract with the enterprise"),
    Relation.APPRENTICE_AGREEMENT: _l("Three-party apprenticeship agreement"),
    Relation.JOB_PROMISE: _l("A post promised on completion"),
}

OUTCOMES: dict[InterviewOutcome, Any] = {
    InterviewOutcome.CAME: _l("Came"),
    InterviewOutcome.NO_SHOW: _l("Did not come"),
}

INTERVIEW_STATES: dict[str, Any] = {
    "none": _l("No interview booked"),
    "booked": _l("Interview booked"),
    "came": _l("Was interviewed"),
    "no_show": _l("Did not come"),
}

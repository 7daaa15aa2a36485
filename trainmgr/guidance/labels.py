"""What steps, signs, points and awards are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.guidance.cycle import PlanStep, Reached, Voice
from trainmgr.guidance.risk import RiskCode
from trainmgr.guidance.rules import Aspect, AwardKind, Ranking
from trainmgr.guidance.states import SignState, TutoringState
from trainmgr.kernel.msgids import N_
from trainmgr.programs.rules import Side

STEP_MSGIDS: dict[PlanStep, str] = {
    PlanStep.COLLECT: N_("Collect facts"),
    PlanStep.PLAN: N_("Make the learning plan"),
    PlanStep.DECIDE: N_("Take the decision"),
    PlanStep.DO: N_("Carry out"),
    PlanStep.CHECK: N_("Check the goals"),
    PlanStep.EVALUATE: N_("Evaluate"),
    PlanStep.CLOSED: N_("Cycle closed"),
}
STEPS: dict[PlanStep, Any] = {step: _l(msgid) for step, msgid in STEP_MSGIDS.items()}

VOICES: dict[Voice, Any] = {
    Voice.TRAINEE: _l("Trainee"),
    Voice.COLLEGE: _l("College counsellor"),
    Voice.ENTERPRISE: _l("Enterprise counsellor"),
}
REACHED: dict[Reached, Any] = {
    Reached.YES: _l("reached"),
    Reached.PARTLY: _l("partly reached"),
    Reached.NO: _l("not reached"),
}
SIDES: dict[Side, Any] = {Side.COLLEGE: _l("College"), Side.ENTERPRISE: _l("Enterprise")}

RISK_MSGIDS: dict[RiskCode, str] = {
    RiskCode.ATTENDANCE: N_("Attendance below the limit"),
    RiskCode.SILENT: N_("No log for some time"),
    RiskCode.GATE: N_("Sent back at a gate repeatedly"),
    RiskCode.BEHIND: N_("Hours behind the plan"),
    RiskCode.TEST: N_("Low test mark"),
    RiskCode.OVERDUE: N_("Task overdue"),
    RiskCode.RETURNED: N_("Back after a suspension"),
}
RISKS: dict[RiskCode, Any] = {code: _l(msgid) for code, msgid in RISK_MSGIDS.items()}
UNITS: dict[RiskCode, Any] = {
    RiskCode.ATTENDANCE: "%",
    RiskCode.SILENT: _l("days"),
    RiskCode.GATE: _l("times"),
    RiskCode.BEHIND: "%",
    RiskCode.TEST: "%",
    RiskCode.OVERDUE: _l("days"),
    RiskCode.RETURNED: _l("days"),
}
SIGN_STATES: dict[SignState, Any] = {
    SignState.OPEN: _l("to be looked at"),
    SignState.ACCEPTED: _l("is being helped"),
    SignState.DISMISSED: _l("no help needed"),
    SignState.GONE: _l("no longer so"),
}
TUTORING_STATES: dict[TutoringState, Any] = {
    TutoringState.OPEN: _l("under way"),
    TutoringState.DONE: _l("done"),
    TutoringState.CALLED_OFF: _l("given up"),
}

ASPECTS: dict[Aspect, Any] = {
    Aspect.CONDUCT: _l("Conduct"),
    Aspect.VALUES: _l("Values and professional spirit"),
    Aspect.DILIGENCE: _l("Diligence"),
    Aspect.SKILL: _l("Skill"),
    Aspect.TEAMWORK: _l("Teamwork"),
    Aspect.SAFETY: _l("Safety and tidiness"),
}
RANKINGS: dict[Ranking, Any] = {
    Ranking.OWN: _l("Each trainee sees only their own points"),
    Ranking.TOP: _l("The first ten of those who agreed to be shown"),
}
AWARDS: dict[AwardKind, Any] = {
    AwardKind.SCHOLARSHIP: _l("Scholarship"),
    AwardKind.TITLE: _l("Title of honour"),
    AwardKind.PRIZE: _l("Prize"),
}

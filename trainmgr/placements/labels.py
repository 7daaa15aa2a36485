"""What states, changes, signatories and rules of placements are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.kernel.msgids import N_
from trainmgr.placements.rules import ChangeKind, Effect, PlacementState, RuleCode, Signatory, Verdict

STATES: dict[PlacementState, Any] = {
    PlacementState.PLANNED: _l("Not begun"),
    PlacementState.RUNNING: _l("In the post"),
    PlacementState.ENDED: _l("Ended"),
    PlacementState.CALLED_OFF: _l("Called off before it began"),
}
STATE_TONES: dict[PlacementState, str] = {PlacementState.PLANNED: "info", PlacementState.CALLED_OFF: "frozen"}

CHANGES: dict[ChangeKind, Any] = {
    ChangeKind.MADE: _l("Arranged"),
    ChangeKind.STARTED: _l("Began"),
    ChangeKind.CHANGED: _l("Terms changed"),
    ChangeKind.ENDED: _l("Ended"),
    ChangeKind.CALLED_OFF: _l("Called off before it began"),
}

SIGNATORY_MSGIDS: dict[Signatory, str] = {
    Signatory.SCHOOL: N_("School"),
    Signatory.ENTERPRISE: N_("Enterprise"),
    Signatory.TRAINEE: N_("Trainee"),
}
SIGNATORIES: dict[Signatory, Any] = {one: _l(msgid) for one, msgid in SIGNATORY_MSGIDS.items()}

RULE_MSGIDS: dict[RuleCode, str] = {
    RuleCode.AGE: N_("Age on the first day"),
    RuleCode.AGREEMENT: N_("Agreement signed by all three"),
    RuleCode.CONSENT: N_("Consent of trainee and guardian"),
    RuleCode.INSURANCE: N_("Insured to the last day"),
    RuleCode.NIGHT: N_("No night shift unless filed"),
    RuleCode.OVERTIME: N_("No overtime unless filed"),
    RuleCode.REST_DAYS: N_("No work on rest days unless filed"),
    RuleCode.PAY: N_("Pay against the post's pay"),
    RuleCode.STAFF_SHARE: N_("Trainees in the enterprise's staff"),
    RuleCode.POST_SHARE: N_("Trainees in the post's staff"),
    RuleCode.LENGTH: N_("Length of all placements"),
}
RULES: dict[RuleCode, Any] = {code: _l(msgid) for code, msgid in RULE_MSGIDS.items()}
SHORT_RULES: dict[RuleCode, Any] = {
    RuleCode.AGE: _l("Age"),
    RuleCode.AGREEMENT: _l("Agreement"),
    RuleCode.CONSENT: _l("Consent"),
    RuleCode.INSURANCE: _l("Insurance"),
    RuleCode.NIGHT: _l("Night shift"),
    RuleCode.OVERTIME: _l("Overtime"),
    RuleCode.REST_DAYS: _l("Rest days"),
    RuleCode.PAY: _l("Pay"),
    RuleCode.STAFF_SHARE: _l("Staff share"),
    RuleCode.POST_SHARE: _l("Post share"),
    RuleCode.LENGTH: _l("Length"),
}

EFFECTS: dict[Effect, Any] = {
    Effect.BLOCK: _l("refuses the start"),
    Effect.WARN: _l("is told only"),
}
VERDICTS: dict[Verdict, Any] = {
    Verdict.PASS: _l("kept"),
    Verdict.FAIL: _l("not kept"),
    Verdict.UNKNOWN: _l("not known"),
}

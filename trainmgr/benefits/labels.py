"""What kinds, states and reasons of yields are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.benefits.rules import ClaimKind, ClaimState, IncomeKind, Lacking, YieldKind, YieldState

YIELDS: dict[YieldKind, Any] = {
    YieldKind.PAPER: _l("Paper (published)"),
    YieldKind.PATENT: _l("Patent"),
    YieldKind.SOFTWARE: _l("Software copyright"),
    YieldKind.PRODUCT: _l("Product or equipment"),
    YieldKind.STANDARD: _l("Standard (technical)"),
    YieldKind.TEACHING_RESOURCE: _l("Teaching resource (joint)"),
}
YIELD_STATES: dict[YieldState, Any] = {
    YieldState.DRAFT: _l("to be signed"),
    YieldState.SIGNED: _l("signed by both sides"),
}
INCOMES: dict[IncomeKind, Any] = {
    IncomeKind.TRAINING_FEE: _l("Training fees"),
    IncomeKind.FUNDING: _l("Project funding"),
    IncomeKind.SERVICE: _l("Technical service"),
    IncomeKind.SUBSIDY: _l("Subsidy paid"),
    IncomeKind.DONATION: _l("Donation"),
    IncomeKind.OTHER: _l("Other income"),
}
CLAIMS: dict[ClaimKind, Any] = {
    ClaimKind.TRAINING: _l("Vocational training subsidy"),
    ClaimKind.ASSESSMENT: _l("Skill assessment subsidy"),
    ClaimKind.APPRENTICESHIP: _l("New-type apprenticeship subsidy"),
    ClaimKind.LIVING: _l("Living allowance"),
}
CLAIM_STATES: dict[ClaimState, Any] = {
    ClaimState.DRAFT: _l("being prepared"),
    ClaimState.SUBMITTED: _l("claim handed in"),
    ClaimState.APPROVED: _l("approved by the office"),
    ClaimState.PAID: _l("paid out"),
    ClaimState.RETURNED: _l("claim sent back"),
}
CLAIM_TONES: dict[ClaimState, str | None] = {
    ClaimState.DRAFT: None,
    ClaimState.SUBMITTED: "info",
    ClaimState.APPROVED: "info",
    ClaimState.PAID: "ok",
    ClaimState.RETURNED: "bad",
}
LACKING: dict[Lacking, Any] = {
    Lacking.HOURS: _l("too few hours"),
    Lacking.CERTIFICATE: _l("no certificate"),
    Lacking.CLAIMED: _l("claimed for already"),
}

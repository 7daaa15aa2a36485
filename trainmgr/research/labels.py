"""What kinds of evidence, steps and decisions are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.kernel.msgids import N_
from trainmgr.research.rules import Decision, DiagnosisStep, EvidenceKind

KINDS: dict[EvidenceKind, Any] = {
    EvidenceKind.MARKET: _l("Labour market"),
    EvidenceKind.ENTERPRISE: _l("Enterprises"),
    EvidenceKind.GRADUATE: _l("Graduates"),
    EvidenceKind.POLICY: _l("Plans and rules"),
    EvidenceKind.PEER: _l("Other colleges"),
    EvidenceKind.TECHNOLOGY: _l("Technology"),
}

DECISION_MSGIDS: dict[Decision, str] = {
    Decision.ADD: N_("Add the major"),
    Decision.UPGRADE: N_("Upgrade the major"),
    Decision.KEEP: N_("Keep the major as it is"),
    Decision.DROP: N_("Drop the major"),
}
DECISIONS: dict[Decision, Any] = {decision: _l(msgid) for decision, msgid in DECISION_MSGIDS.items()}

STEPS: dict[DiagnosisStep, Any] = {
    DiagnosisStep.EVIDENCE: _l("Information gathered"),
    DiagnosisStep.MAP: _l("Competency map of the posts"),
    DiagnosisStep.MATRIX: _l("Competency matrix of the major"),
    DiagnosisStep.RESTRUCTURE: _l("Curriculum restructured"),
}

"""What dimensions, kinds, states and levels of the maturity evaluation are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.quality.maturity_rules import EvaluationState, FindingKind, IndexKind, MaturityDimension, Stage

DIMENSIONS: dict[MaturityDimension, Any] = {
    MaturityDimension.RESULTS: _l("Results of the training"),
    MaturityDimension.INNOVATION: _l("Innovation"),
    MaturityDimension.COOPERATION: _l("Cooperation"),
}
KINDS: dict[IndexKind, Any] = {
    IndexKind.QUANTITATIVE: _l("quantitative"),
    IndexKind.QUALITATIVE: _l("qualitative"),
}
STATES: dict[EvaluationState, tuple[Any, str | None]] = {
    EvaluationState.ASKED: (_l("under assessment"), "info"),
    EvaluationState.SUBMITTED: (_l("submitted"), "frozen"),
    EvaluationState.WITHDRAWN: (_l("evaluation called off"), None),
}
STAGES: dict[Stage, Any] = {
    Stage.PLANNED: _l("not begun"),
    Stage.OPEN: _l("under assessment"),
    Stage.OVER: _l("days over, not submitted"),
}
FINDINGS: dict[FindingKind, Any] = {
    FindingKind.STRENGTH: _l("Good practice"),
    FindingKind.WEAKNESS: _l("Weakness"),
}

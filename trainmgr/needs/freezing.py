"""Signing the needs analysis: what exactly is signed, by whom, and the freeze when both sides did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.errors import Conflict
from trainmgr.needs import queries
from trainmgr.needs.keeping import locked, require_unfrozen
from trainmgr.needs.models import AnalysisState, Competency, Indicator, NeedsAnalysis
from trainmgr.needs.queries import SUBJECT
from trainmgr.programs import signing
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, State, Step, Work
from trainmgr.programs.thread import refresh

SIGNED = {
    Side.COLLEGE: audit.sentence(
        "needs.sign.college", _l("%(who)s signed the needs analysis for the college side")
    ),
    Side.ENTERPRISE: audit.sentence(
        "needs.sign.enterprise", _l("%(who)s signed the needs analysis for the enterprise side")
    ),
}
FROZEN = audit.sentence("needs.freeze", _l("Both sides have signed; the needs analysis is frozen"))
WITHDRAWN = audit.sentence(
    "needs.withdraw", _l("%(who)s withdrew the signature under the needs analysis: %(reason)s")
)


def document_of(
    analysis: NeedsAnalysis, competencies: list[Competency], indicators: list[Indicator]
) -> dict[str, Any]:
    """Return exactly what the two sides sign, as JSON values: every figure that the ranked list comes from."""
    names = {competency.id: competency.name for competency in competencies}
    return {
        "format": 1,
        "post": analysis.post,
        "trainee_weight": analysis.trainee_weight,
        "enterprise_weight": 100 - analysis.trainee_weight,
        "priority_count": analysis.priority_count,
        "respondents": analysis.respondents,
        "competencies": [_competency(competency) for competency in competencies],
        "indicators": [_indicator(indicator, names) for indicator in indicators],
    }


def _competency(competency: Competency) -> dict[str, Any]:
    return {
        "rank": competency.rank,
        "name": competency.name,
        "name_en": competency.name_en,
        "dimension": competency.dimension.value,
        "importance": f"{competency.importance:.2f}",
        "required_level": f"{competency.required_level:.2f}",
        "current_level": f"{competency.current_level:.2f}",
        "respondents": competency.respondents,
        "trainee_score": f"{competency.trainee_score:.4f}",
        "enterprise_score": f"{competency.enterprise_score:.4f}",
        "score": f"{competency.score:.4f}",
        "is_priority": competency.is_priority,
        "required_hours": competency.required_hours,
    }


def _indicator(indicator: Indicator, names: dict[int, str]) -> dict[str, Any]:
    return {
        "name": indicator.name,
        "unit": indicator.unit,
        "direction": indicator.direction.value,
        "weight": indicator.weight,
        "expected": f"{indicator.expected:.4f}",
        "current": f"{indicator.current:.4f}",
        "benchmark": None if indicator.benchmark is None else f"{indicator.benchmark:.4f}",
        "benchmark_source": indicator.benchmark_source,
        "benchmark_year": indicator.benchmark_year,
        "competencies": sorted(names[link.competency_id] for link in indicator.links),
    }


def sign(program: Program, *, side: Side, by: User, now: datetime, seen: str | None = None) -> bool:
    """Sign for one side; returns whether both have signed now, which freezes the analysis for good.

    `seen` is the digest of what the signer was shown: refused when the analysis has changed since.
    """
    require_open(program, Work.NEEDS)
    require(
        program.state is not State.DRAFT,
        _(
            "The needs analysis is signed once the programme has left the draft. Start the needs analysis first."
        ),
    )
    analysis = locked(program)
    require(
        analysis.state is AnalysisState.OPEN, _("Both sides have signed already; the analysis is frozen.")
    )
    progress = queries.progress_of(program.id)
    require(
        progress.is_complete,
        _(
            "Something is still missing: a post, a competency with a gap, an indicator, and hours for each priority."
        ),
    )
    document = document_of(analysis, queries.competencies_of(program.id), queries.indicators_of(program.id))
    if seen is not None and seen != signing.digest_of(document):
        raise Conflict(_("The analysis has changed since you opened this page. Read it again, then sign."))
    complete = signing.sign(program, SUBJECT, analysis.id, document, side=side, by=by, now=now)
    audit.record(SIGNED[side], analysis, by=by, now=now, program_id=program.id, name=analysis.post)
    if complete:
        analysis.state, analysis.frozen_at, analysis.frozen_document = AnalysisState.FROZEN, now, document
        audit.record(FROZEN, analysis, by=None, now=now, program_id=program.id, name=analysis.post)
    refresh(program.id, Step.NEEDS, now=now)
    return complete


def withdraw(program: Program, *, reason: str, by: Actor, now: datetime) -> None:
    """Take the one side's signature off, so that the analysis can be changed; once both signed it is too late."""
    require_open(program, Work.NEEDS)
    analysis = locked(program)
    require_unfrozen(analysis)
    if signing.withdraw_all(SUBJECT, analysis.id):
        audit.record(
            WITHDRAWN, analysis, by=by, now=now, program_id=program.id, name=analysis.post, reason=reason
        )
    refresh(program.id, Step.NEEDS, now=now)

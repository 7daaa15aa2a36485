"""HTTP of the trace: from any hour of the plan back to the gap, and on to the evidence."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import request
from flask_login import current_user

from trainmgr.curriculum import labels, queries, tracing
from trainmgr.curriculum.models import Module
from trainmgr.curriculum.pages import asked_edition, bp, load
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.numbers import whole
from trainmgr.needs.models import Competency
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Step


@bp.get("/programs/<int:program_id>/plan/trace")
@requires(Permission.CURRICULUM_VIEW)
def show_trace(program_id: int) -> Any:
    """Show the thread of one competency: asked for by what, served by which modules, proved by what."""
    program = load(program_id)
    module_id, competency_id = (whole(request.args.get(name)) or None for name in ("module", "competency"))
    drafts = queries.sees_drafts(program, current_user)
    trace = tracing.thread_or_404(
        program, asked_edition(), module_id, competency_id, on=_asked_day(), drafts=drafts
    )
    context: dict[str, Any] = {"trace": trace, "edition": trace.edition, "labels": labels, "on": _asked_day()}
    if trace.competency is not None:
        context |= _links(program, trace.competency, trace.module)
    return render_program_page("curriculum/trace.html", program, Step.CURRICULUM, **context)


def _asked_day() -> date | None:
    """Return the day on whose plan the address asks for, None for the plan of today."""
    try:
        return date.fromisoformat(request.args.get("on", ""))
    except ValueError:
        return None


def _links(program: Program, competency: Competency, module: Module | None) -> dict[str, Any]:
    """What asked for the competency, as far as the reader sees the needs, and what proves it."""
    sees_needs = may(program, current_user, Permission.NEEDS_VIEW)
    comes_from_standard = competency.standard_competency_id is not None
    lineage = module.lineage if module else None
    return {
        "sees_needs": sees_needs,
        "origin": tracing.origin_of(program, competency, current_user) if comes_from_standard else None,
        "indicators": tracing.indicators_of(competency.id) if sees_needs else [],
        "proofs": tracing.proofs_of(tracing.Asked(program, competency, lineage, current_user)),
    }

"""HTTP of what a programme's ratings say together: parties, levels, dimensions, agreement; its classes."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.evaluation.models import Window
from trainmgr.insights import enterprise_queries, exporting, keeping, queries
from trainmgr.insights.frame import PROGRAM, bp, page_of, program_for, windows_and_choice
from trainmgr.insights.models import WindowInsight
from trainmgr.insights.picture import Picture
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow


@bp.get(PROGRAM)
@requires(Permission.INSIGHT_VIEW)
def show_insights(program_id: int) -> Any:
    """Show how the parties judged in a window, on levels and dimensions, and how far they agree."""
    program = program_for(program_id)
    windows, window = windows_and_choice(program)
    classes = queries.by_class(program, window, current_user) if window else []
    insight = queries.find_insight(program, window, current_user) if window else None
    return page_of(
        "program",
        program,
        windows=windows,
        window=window,
        whole=queries.together(classes),
        insight=insight,
        enterprises=enterprise_queries.enterprises_shown(program, current_user),
        picture=_picture(window, insight),
    )


@bp.get(f"{PROGRAM}/export")
@requires(Permission.INSIGHT_VIEW)
def export_insights(program_id: int) -> Any:
    """Hand out each criterion's means and agreement as Excel."""
    program = program_for(program_id, steps=False)
    _windows, window = windows_and_choice(program)
    insight = queries.find_insight(program, window, current_user) if window else None
    return exporting.send_agreement(
        _picture(window, insight), _("Agreement %(program)s.xlsx", program=program.name)
    )


def _picture(window: Window | None, insight: WindowInsight | None) -> Picture | None:
    return Picture(window, insight, utcnow()) if window and insight and insight.computed_at else None


@bp.post(f"{PROGRAM}/compute")
@requires(Permission.INSIGHT_VIEW)
def compute(program_id: int) -> Any:
    """Have agreement and leniency worked out now."""
    program = program_for(program_id)
    keeping.request_computing(program, by=current_user, now=utcnow())
    flash(_("Agreement and leniency are being worked out; they are here in a moment."), "success")
    return redirect(url_for(".show_insights", program_id=program.id, window=request.form.get("window")))

"""HTTP of raters: mentors and teachers beside each other, one of them, and one's own figures."""

from __future__ import annotations

from typing import Any

from flask import abort, request
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.evaluation.queries import criteria_of
from trainmgr.evaluation.rules import Party, Phase
from trainmgr.insights import exporting, queries, rater_queries
from trainmgr.insights.computing import JUDGES
from trainmgr.insights.frame import PROGRAM, bp, page_of, program_for, windows_and_choice
from trainmgr.insights.rules import shows_others
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.paging import Listing
from trainmgr.programs.models import Program

RATERS = f"{PROGRAM}/raters"


def _party() -> Party | None:
    wanted = request.args.get("party", "")
    return Party(wanted) if wanted in JUDGES else None


@bp.get(RATERS)
@requires(Permission.INSIGHT_VIEW)
def list_raters(program_id: int) -> Any:
    """Show mentors and teachers with how highly they judged, and how mild that is where it can be told."""
    program = program_for(program_id)
    windows, window = windows_and_choice(program)
    insight = queries.find_insight(program, window, current_user) if window else None
    return page_of(
        "raters",
        program,
        windows=windows,
        window=window,
        insight=insight,
        page=rater_queries.list_raters(program, window, current_user, Listing.from_request(), _party())
        if window
        else None,
        leniencies=rater_queries.leniencies_of(insight),
        judging=[party for party in window.parties if party in JUDGES] if window else [],
    )


@bp.get(f"{RATERS}/export")
@requires(Permission.INSIGHT_VIEW)
def export_raters(program_id: int) -> Any:
    """Hand out the raters with their leniency as Excel."""
    program = program_for(program_id, steps=False)
    _windows, window = windows_and_choice(program)
    insight = queries.find_insight(program, window, current_user) if window else None
    rows = rater_queries.all_raters(program, window, current_user) if window else []
    return exporting.send_raters(
        rows, rater_queries.leniencies_of(insight), _("Raters %(program)s.xlsx", program=program.name)
    )


@bp.get(f"{RATERS}/<int:user_id>")
@requires(Permission.INSIGHT_VIEW)
def show_rater(program_id: int, user_id: int) -> Any:
    """Show one mentor's or teacher's judgements beside those of the others."""
    return _render_rater(program_for(program_id), user_id)


@bp.get(f"{PROGRAM}/mine")
@requires(Permission.RATE)
def show_own_ratings(program_id: int) -> Any:
    """Show mentors and teachers their own judgements; beside the others' once the window is over."""
    return _render_rater(program_for(program_id, None), current_user.id)


def _render_rater(program: Program, user_id: int) -> Any:
    windows, window = windows_and_choice(program)
    found = rater_queries.scores_of(program, window, user_id, current_user) if window else []
    own = user_id == current_user.id
    if not window or not found:
        return page_of("no_rater", program, window=window) if own else abort(404)
    wanted = _party()
    party, beside, name = next((one for one in found if one[0] is wanted), found[0])
    insight = rater_queries.find_whole(window) if own else queries.find_insight(program, window, current_user)
    return page_of(
        "rater",
        program,
        windows=windows,
        window=window,
        own=own,
        name=name,
        user_id=user_id,
        party=party,
        parties=[one[0] for one in found],
        beside=beside,
        marks=rater_queries.marks_of(program, window, user_id, party, current_user),
        criteria=criteria_of(window),
        leniency=rater_queries.leniencies_of(insight).get((party.value, user_id)),
        insight=insight,
        with_others=shows_others(
            is_own=own, is_over=window.phase(utcnow()) is Phase.CLOSED, others=beside.others.n
        ),
    )

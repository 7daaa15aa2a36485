"""HTTP of a programme's hints: signs in logs that may be worth a question, for who guides or runs it."""

from __future__ import annotations

from typing import Any

from flask import abort, request
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.paging import Listing
from trainmgr.practice import hint_queries
from trainmgr.practice.blueprint import bp
from trainmgr.practice.board_views import page_of
from trainmgr.practice.honesty import HintKind
from trainmgr.practice.labels import HINT_KINDS
from trainmgr.practice.presenting import tell_hint
from trainmgr.programs.queries import may, program_or_404

P = Permission


@bp.get("/programs/<int:program_id>/practice/hints")
@requires(P.GATE_DECIDE)
def list_hints(program_id: int) -> Any:
    """Show the hints in the logs of everybody whom the reader sees: those still open, or those put aside."""
    program = program_or_404(program_id, current_user)
    if not may(program, current_user, P.GATE_DECIDE):
        abort(403)
    given, aside = request.args.get("kind", ""), request.args.get("aside") == "1"
    kind = HintKind(given) if given in set(HintKind) else None
    page = hint_queries.list_hints(program, current_user, Listing.from_request(), kind, aside=aside)
    return page_of(
        "hints",
        program,
        page=page,
        kind=kind or "",
        kinds=list(HINT_KINDS.items()),
        aside=aside,
        tell=tell_hint,
    )

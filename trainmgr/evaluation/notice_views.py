"""HTTP of who has not answered in a window: listed with what they were sent, taken along, reminded by hand."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.evaluation import inviting, queries, unanswered
from trainmgr.evaluation.blueprint import bp
from trainmgr.evaluation.labels import NOTICES
from trainmgr.evaluation.rules import NoticeKind
from trainmgr.evaluation.window_views import WINDOW, program_for, words
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Step

UNANSWERED = WINDOW + "/unanswered"


@bp.get(UNANSWERED)
@requires(Permission.RESULT_VIEW_ALL)
def list_unanswered(program_id: int, window_id: int) -> Any:
    """Show who still owes ratings in a window, and what they were sent when."""
    program = program_for(program_id, Permission.RESULT_VIEW_ALL)
    window = queries.window_or_404(program.id, window_id)
    return render_program_page(
        "evaluation/unanswered.html",
        program,
        Step.EVALUATION,
        window=window,
        page=unanswered.list_unanswered(program, window, current_user, Listing.from_request()),
        owed_by_party=unanswered.owed_by_party,
        may_edit=may(program, current_user, Permission.SCHEME_EDIT),
        NOTICES=NOTICES,
        NoticeKind=NoticeKind,
        now=utcnow(),
        **words(),
    )[0]


@bp.get(UNANSWERED + "/export")
@requires(Permission.RESULT_VIEW_ALL)
def export_unanswered(program_id: int, window_id: int) -> Any:
    """Hand out everybody who still owes ratings as a workbook."""
    program = program_for(program_id, Permission.RESULT_VIEW_ALL)
    window = queries.window_or_404(program.id, window_id)
    rows = unanswered.rows_of(program, window, current_user)
    return unanswered.send(rows, _("Not answered %(window)s.xlsx", window=window.name))


@bp.post(UNANSWERED + "/remind")
@requires(Permission.SCHEME_EDIT)
def remind_raters(program_id: int, window_id: int) -> Any:
    """Remind the people who are ticked, or everybody who still owes a rating."""
    program = program_for(program_id, Permission.SCHEME_EDIT)
    window = queries.window_or_404(program.id, window_id)
    ticked = [each for text in request.form.getlist("id") if (each := whole(text)) is not None]
    count = inviting.remind(program, window, user_ids=ticked or None, by=current_user, now=utcnow())
    flash(ngettext("%(num)s person reminded.", "%(num)s people reminded.", count), "success")
    return redirect(url_for(".list_unanswered", program_id=program.id, window_id=window.id))

"""HTTP of spot checks: what was drawn for me, and what a talk or a look gave."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing
from trainmgr.practice import spots, watch
from trainmgr.practice.blueprint import bp
from trainmgr.practice.labels import SPOT_RESULTS
from trainmgr.practice.log_forms import SpotForm
from trainmgr.practice.log_models import SpotCheck
from trainmgr.programs.queries import may, program_or_404


@bp.get("/logs/spot-checks")
@requires(Permission.LOG_SIGN)
def list_spot_checks() -> Any:
    """Show the logs drawn for me: those still to confirm, or those done."""
    done = request.args.get("done") == "1"
    page = spots.list_checks(current_user, Listing.from_request(), done=done)
    return render_template(
        "practice/spot_checks.html", page=page, done=done, today=today(), results=SPOT_RESULTS
    )


@bp.get("/logs/<int:log_id>/spot-check")
@requires(Permission.LOG_SIGN)
def edit_spot_check(log_id: int) -> Any:
    """Show a drawn log with what to ask, and the form for what was found."""
    check = spots.check_or_404(log_id, current_user)
    return _page(check, SpotForm(formdata=None))


def _page(
    check: SpotCheck, form: SpotForm, status: int = 200, refusal: RuleBroken | None = None
) -> tuple[str, int]:
    hints = watch.open_hints([check.log_id])
    html = render_template(
        "practice/spot_check.html", check=check, log=check.log, form=form, refusal=refusal,
        hints=hints.get(check.log_id, 0), results=SPOT_RESULTS,
    )  # fmt: skip
    return html, status


@bp.post("/logs/<int:log_id>/spot-check")
@requires(Permission.LOG_SIGN)
def settle_spot_check(log_id: int) -> Any:
    """Note what a talk or a look gave."""
    check = spots.check_or_404(log_id, current_user)
    program = program_or_404(check.program_id, current_user, steps=False)
    if not may(program, current_user, Permission.LOG_SIGN):
        abort(403)
    form = SpotForm()
    if not form.validate():
        return _page(check, form, 422)
    try:
        spots.settle(program, check, form.found, form.remark.data or "", by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return _page(check, form, refusal.status, refusal)
    flash(_("Noted. The log stays as it is."), "success")
    return redirect(url_for(".list_spot_checks"))

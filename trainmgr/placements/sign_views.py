"""HTTP of signing many agreements for one side, and of a trainee's own placements."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.paging import Listing
from trainmgr.placements import beginning, labels, queries
from trainmgr.placements.forms import chosen_ids
from trainmgr.placements.frame import PROGRAM, bp, page_of, program_for, sees_pay

P = Permission


@bp.get("/my/placements")
@requires(P.PLACEMENT_SIGN)
def list_mine():
    """Show the reader's own placements, as a trainee reads them on the phone."""
    return render_template(
        "placements/mine.html", placements=queries.my_placements(current_user), labels=labels
    )


@bp.get(f"{PROGRAM}/to-sign")
@requires(P.PLACEMENT_SIGN)
def list_to_sign(program_id):
    """Show the agreements that wait for the reader's signature."""
    program = program_for(program_id)
    page = queries.list_to_sign(program, current_user, Listing.from_request())
    return page_of("to_sign", program, page=page, with_pay=sees_pay(program))


@bp.post(f"{PROGRAM}/to-sign")
@requires(P.PLACEMENT_SIGN)
def sign_chosen(program_id):
    """Sign the ticked agreements for the reader's side; terms that changed since the page was shown are left out."""
    program = program_for(program_id)
    placements = queries.chosen_placements(program, current_user, chosen_ids(request.form.getlist("id")))
    if not placements:
        flash(_("Tick at least one placement first."), "warning")
        return redirect(url_for(".list_to_sign", program_id=program_id))
    seen = [one for one in placements if request.form.get(f"number-{one.id}") == str(one.number)]
    signed, now = 0, utcnow()
    for signatory, own in queries.by_signatory(seen, current_user).items():
        signed += beginning.sign_many(program, own, signatory, by=current_user, now=now)
    if signed:
        flash(ngettext("%(num)s agreement signed.", "%(num)s agreements signed.", signed), "success")
    if len(seen) < len(placements):
        left = len(placements) - len(seen)
        text = ngettext(
            "%(num)s has other terms now; read it again.",
            "%(num)s have other terms now; read them again.", left,
        )  # fmt: skip
        flash(text, "warning")
    elif not signed:
        flash(_("Nothing was signed: none of these waits for you."), "warning")
    return redirect(url_for(".list_to_sign", program_id=program_id))

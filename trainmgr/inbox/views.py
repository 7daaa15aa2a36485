"""HTTP of the inbox, the search and the help; the shell around every page."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, render_template, request
from flask_login import current_user

from trainmgr.inbox import asides, guides, lines, queries, search, shell
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.audit import tell
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.paging import Listing
from trainmgr.programs import people as _people  # noqa: F401  # its staff see a programme's people
from trainmgr.recruitment import open_programs

bp = Blueprint("inbox", __name__)
search_bp = Blueprint("search", __name__)
help_bp = Blueprint("help", __name__)
blueprints = (bp, search_bp, help_bp)

bp.app_context_processor(shell.shell_context)
bp.add_app_template_filter(tell)


@bp.get("/")
@requires(Permission.ACCOUNT_USE)
def show_inbox():
    """Show what is due from the reader now, the most urgent first, and what the reader keeps an eye on."""
    day = today()
    counts = queries.count_by_urgency(current_user, day)
    shell.note_due_count(counts.total)
    may_apply = Permission.ENROLMENT_APPLY in current_user.permissions
    page = queries.list_dues(current_user, Listing.from_request(), today=day, total=counts.total)
    return render_template(
        "inbox/inbox.html",
        counts=counts,
        page=page,
        groups=lines.grouped(page.items, counts, day),
        aside=asides.aside_of(current_user, day),
        offers=open_programs.open_programs(current_user, Listing()) if may_apply else None,
        deeds=queries.latest_deeds(current_user, utcnow() - timedelta(days=7)),
    )


@search_bp.get("/search")
@requires(Permission.ACCOUNT_USE)
def show_results():
    """Show the programmes, trainees and people that fit a name or a number."""
    listing = Listing.from_request()
    if request.args.get("kind") == "trainees" and Permission.ENROLMENT_VIEW in current_user.permissions:
        page = search.page_of_trainees(current_user, listing)
        return render_template("search/trainees.html", page=page)
    results = search.search(current_user, listing.q)
    return render_template("search/results.html", q=listing.q, results=results, shown=search.SHOWN)


@help_bp.get("/help")
@requires(Permission.ACCOUNT_USE)
def show_help():
    """Tell what the nine steps are and what a person of this kind does in them."""
    guide = guides.guide_for(request.args.get("for", ""), current_user.roles)
    return render_template("help/help.html", guide=guide, guides=guides.GUIDES.values())

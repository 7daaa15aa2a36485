"""HTTP of proposals: computed, looked at, changed by hand, approved or put aside."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.jobs import JobState
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.mentoring import labels, proposing
from trainmgr.mentoring import proposal_queries as queries
from trainmgr.mentoring.forms import PairForm, options
from trainmgr.mentoring.frame import bp, page_of, side_or_404
from trainmgr.mentoring.matching import WEIGHTS, Obstacle
from trainmgr.mentoring.queries import named_mentors
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Side

P = Permission


def _require(program: Program, permission: Permission) -> None:
    if not may(program, current_user, permission):
        abort(403)


@bp.post("/programs/<int:program_id>/proposals/<side>")
@requires(P.MENTOR_ASSIGN)
def propose_pairs(program_id, side):
    """Compute pairs for the whole class; locked ones stay."""
    program = program_or_404(program_id, current_user)
    side = side_or_404(side)
    _require(program, P.MENTOR_ASSIGN)
    job = proposing.request_proposal(program, side, by=current_user, now=utcnow())
    if job is None:
        return redirect(url_for(".show_proposal", program_id=program.id, side=side))
    return redirect(url_for(".show_mentors", program_id=program.id, side=side))


@bp.get("/programs/<int:program_id>/proposals/<side>/progress")
@requires(P.MENTOR_ASSIGN)
def show_progress(program_id, side):
    """Show how far the computing of a proposal is: the box alone for the page that asks again."""
    program = program_or_404(program_id, current_user, steps=False)
    _require(program, P.MENTOR_ASSIGN)
    job = queries.find_proposing(program, side_or_404(side))
    if job is None or not request.headers.get("HX-Request"):
        return redirect(url_for(".show_mentors", program_id=program.id, side=side))
    html = render_template("mentoring/_job.html", program=program, side=side, job=job)
    if job.state is not JobState.DONE:
        return html
    return html, {"HX-Redirect": url_for(".show_proposal", program_id=program.id, side=side)}


@bp.get("/programs/<int:program_id>/proposals/<side>")
@requires(P.MENTOR_VIEW)
def show_proposal(program_id, side):
    """Show the proposed pairs, each with its reasons, and the mentors' loads."""
    program = program_or_404(program_id, current_user)
    side = side_or_404(side)
    proposal, job = queries.proposal_and_job(program, side, utcnow())
    if proposal is None:
        return redirect(url_for(".show_mentors", program_id=program.id, side=side))
    may_assign = may(program, current_user, P.MENTOR_ASSIGN)
    return page_of(
        "proposal.html",
        program,
        side=side,
        proposal=proposal,
        page=queries.list_pairs(program, proposal, current_user, Listing.from_request()),
        loads=queries.loads_of(proposal),
        job=job if may_assign else None,
        may_assign=may_assign,
        reasons=labels.reasons,
        obstacles={obstacle.value: text for obstacle, text in labels.OBSTACLES.items()},
        full=Obstacle.CAPACITY.value,
        weights=WEIGHTS,
    )


def _open_one(program: Program, side: Side) -> Any:
    """Return the proposal to decide on; whoever decides a second time hears that it is done."""
    proposal = queries.find_proposal(program, side)
    if proposal is None:
        raise Conflict(_("The proposal is approved or put aside already. Nothing was done a second time."))
    return proposal


def _pair(program_id: int, side: str, pair_id: int) -> tuple[Program, Any, Any]:
    program = program_or_404(program_id, current_user)
    _require(program, P.MENTOR_ASSIGN)
    proposal = queries.proposal_or_404(program, side_or_404(side))
    return program, proposal, queries.pair_or_404(proposal, pair_id)


@bp.post("/programs/<int:program_id>/proposals/<side>/pairs/<int:pair_id>/lock")
@requires(P.MENTOR_ASSIGN)
def lock_pair(program_id, side, pair_id):
    """Lock a pair or let it go."""
    program, proposal, pair = _pair(program_id, side, pair_id)
    proposing.set_lock(proposal, pair, request.form.get("locked") == "1")
    return redirect(
        url_for(".show_proposal", program_id=program.id, side=side, page=request.args.get("page"))
    )


def _pair_form(program: Program, proposal: Any, **values: Any) -> PairForm:
    form = PairForm(**values)
    form.mentor.choices = options(
        [(n.mentor_id, f"{n.mentor.name} · {n.mentor.fields}") for n in named_mentors(program, proposal.side)]
    )
    return form


@bp.get("/programs/<int:program_id>/proposals/<side>/pairs/<int:pair_id>")
@requires(P.MENTOR_ASSIGN)
def edit_pair(program_id, side, pair_id):
    """Show the form that gives a trainee another mentor."""
    program, proposal, pair = _pair(program_id, side, pair_id)
    form = _pair_form(program, proposal, formdata=None, mentor=pair.mentor_id or pair.next_best_id)
    return page_of("pair.html", program, side=Side(side), pair=pair, form=form)


@bp.post("/programs/<int:program_id>/proposals/<side>/pairs/<int:pair_id>")
@requires(P.MENTOR_ASSIGN)
def change_pair(program_id, side, pair_id):
    """Give a trainee another mentor by hand; the pair is locked."""
    program, proposal, pair = _pair(program_id, side, pair_id)
    form = _pair_form(program, proposal)
    if not form.validate():
        return page_of("pair.html", program, 422, side=Side(side), pair=pair, form=form)
    try:
        proposing.change_pair(program, proposal, pair, form.mentor.data, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return page_of(
            "pair.html", program, broken.status, side=Side(side), pair=pair, form=form, broken=str(broken)
        )
    flash(_("%(name)s is paired by hand and locked.", name=pair.enrolment.name), "success")
    return redirect(url_for(".show_proposal", program_id=program.id, side=side))


@bp.post("/programs/<int:program_id>/proposals/<side>/approve")
@requires(P.MENTOR_ASSIGN)
def approve_proposal(program_id, side):
    """Make the proposed pairs real from today on."""
    program = program_or_404(program_id, current_user)
    _require(program, P.MENTOR_ASSIGN)
    side = side_or_404(side)
    proposal = _open_one(program, side)
    version = whole(request.form.get("version")) or -1
    count = proposing.approve_proposal(program, proposal, version=version, by=current_user, now=utcnow())
    flash(ngettext("%(num)d pair approved.", "%(num)d pairs approved.", count), "success")
    return redirect(url_for(".show_mentors", program_id=program.id, side=side))


@bp.post("/programs/<int:program_id>/proposals/<side>/drop")
@requires(P.MENTOR_ASSIGN)
def drop_proposal(program_id, side):
    """Put the proposal aside."""
    program = program_or_404(program_id, current_user)
    _require(program, P.MENTOR_ASSIGN)
    proposing.drop_proposal(_open_one(program, side_or_404(side)), now=utcnow())
    flash(_("The proposal is put aside; nobody's mentor changed."), "success")
    return redirect(url_for(".show_mentors", program_id=program.id, side=side))

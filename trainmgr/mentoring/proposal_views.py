"""HTTP of proposals: computed in one way or another, looked at, compared, changed by hand, approved or put aside."""

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
from trainmgr.mentoring import comparing, deciding, labels, proposing
from trainmgr.mentoring import proposal_queries as queries
from trainmgr.mentoring.forms import PairForm
from trainmgr.mentoring.frame import bp, page_of, side_or_404, way_or_404
from trainmgr.mentoring.models import Proposal, ProposedPair
from trainmgr.mentoring.rules import Obstacle, Way
from trainmgr.mentoring.terms_queries import defaults, find_terms
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Side

P = Permission
# So many mentors are listed for a pair; more are found by name.
MOST_MOVES = 30


def _require(program: Program, permission: Permission) -> None:
    if not may(program, current_user, permission):
        abort(403)


@bp.post("/programs/<int:program_id>/proposals/<side>")
@requires(P.MENTOR_ASSIGN)
def propose_pairs(program_id, side):
    """Compute pairs for the whole class in one of the ways; locked ones stay."""
    program = program_or_404(program_id, current_user)
    side = side_or_404(side)
    _require(program, P.MENTOR_ASSIGN)
    way = way_or_404(request.form.get("way")) or Way.BEST_FIT
    job = proposing.request_proposal(program, side, by=current_user, now=utcnow(), way=way)
    if job is None:
        return redirect(url_for(".show_proposal", program_id=program.id, side=side, way=way))
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
    side, way = side_or_404(side), way_or_404(request.args.get("way"))
    proposals, job = queries.proposals_and_job(program, side, utcnow())
    proposal = next((one for one in proposals if way in (None, one.way)), None)
    if proposal is None:
        return redirect(url_for(".show_mentors", program_id=program.id, side=side))
    may_assign = may(program, current_user, P.MENTOR_ASSIGN)
    terms = find_terms(program) or defaults(program)
    typical = terms.typical_enterprise if side is Side.ENTERPRISE else terms.typical_college
    loads = queries.loads_of(proposal)
    return page_of(
        "proposal.html",
        program,
        side=side,
        proposal=proposal,
        proposals=proposals,
        page=queries.list_pairs(program, proposal, current_user, Listing.from_request()),
        loads=loads,
        over=[(mentor.name, pairs) for mentor, pairs, _locked in loads if pairs > typical],
        typical=typical,
        job=job if may_assign else None,
        may_assign=may_assign,
        labels=labels,
        obstacles={obstacle.value: text for obstacle, text in labels.OBSTACLES.items()},
        full=Obstacle.CAPACITY.value,
        terms=terms,
    )


@bp.get("/programs/<int:program_id>/proposals/<side>/compare")
@requires(P.MENTOR_VIEW)
def compare_proposals(program_id, side):
    """Show two open proposals of a side beside each other: what they reach, and where they differ."""
    program = program_or_404(program_id, current_user)
    side = side_or_404(side)
    proposals = queries.open_proposals(program, side)
    if len(proposals) < 2:
        return redirect(url_for(".show_mentors", program_id=program.id, side=side))
    one, other = (way_or_404(request.args.get(name)) for name in ("one", "other"))
    first = next((each for each in proposals if each.way is one), proposals[0])
    second = next((each for each in proposals if each.way is other and each is not first), None)
    second = second or next(each for each in proposals if each is not first)
    return page_of(
        "compare.html",
        program,
        side=side,
        proposals=proposals,
        first=first,
        second=second,
        page=comparing.list_differences(program, first, second, current_user, Listing.from_request()),
        labels=labels,
    )


def _open_one(program: Program, side: Side) -> Any:
    """Return the proposal to decide on; whoever decides a second time hears that it is done."""
    proposal = queries.find_proposal(program, side, way_or_404(request.form.get("way")))
    if proposal is None:
        raise Conflict(_("The proposal is approved or put aside already. Nothing was done a second time."))
    return proposal


def _pair(program_id: int, side: str, pair_id: int) -> tuple[Program, Proposal, ProposedPair]:
    program = program_or_404(program_id, current_user)
    _require(program, P.MENTOR_ASSIGN)
    return program, *queries.proposal_of_pair_or_404(program, side_or_404(side), pair_id)


@bp.post("/programs/<int:program_id>/proposals/<side>/pairs/<int:pair_id>/lock")
@requires(P.MENTOR_ASSIGN)
def lock_pair(program_id, side, pair_id):
    """Lock a pair or let it go."""
    program, proposal, pair = _pair(program_id, side, pair_id)
    deciding.set_lock(proposal, pair, request.form.get("locked") == "1")
    page = request.args.get("page")
    return redirect(url_for(".show_proposal", program_id=program.id, side=side, way=proposal.way, page=page))


def _pair_page(
    program: Program,
    proposal: Proposal,
    pair: ProposedPair,
    form: PairForm,
    status: int = 200,
    broken: str = "",
) -> Any:
    moves = deciding.moves_of(program, proposal, pair, by=current_user, now=utcnow())
    q = request.args.get("q", "").strip()[:60]
    wanted = q.casefold()
    shown = [
        (move, mentor)
        for move, mentor in moves
        if wanted in f"{mentor.name}\n{mentor.fields}".casefold() or mentor.id == form.mentor.data
    ]
    return page_of(
        "pair.html",
        program,
        status,
        side=proposal.side,
        proposal=proposal,
        pair=pair,
        form=form,
        broken=broken,
        q=q,
        moves=shown[:MOST_MOVES],
        left_out=max(0, len(shown) - MOST_MOVES),
        labels=labels,
    )


@bp.get("/programs/<int:program_id>/proposals/<side>/pairs/<int:pair_id>")
@requires(P.MENTOR_ASSIGN)
def edit_pair(program_id, side, pair_id):
    """Show the mentors whom a trainee could have instead, each with its parts and its price."""
    program, proposal, pair = _pair(program_id, side, pair_id)
    form = PairForm(formdata=None, mentor=pair.mentor_id or pair.next_best_id)
    return _pair_page(program, proposal, pair, form)


@bp.post("/programs/<int:program_id>/proposals/<side>/pairs/<int:pair_id>")
@requires(P.MENTOR_ASSIGN)
def change_pair(program_id, side, pair_id):
    """Give a trainee another mentor by hand; the pair is locked."""
    program, proposal, pair = _pair(program_id, side, pair_id)
    form = PairForm()
    if not form.validate():
        return _pair_page(program, proposal, pair, form, 422)
    try:
        move = deciding.change_pair(program, proposal, pair, form.mentor.data, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _pair_page(program, proposal, pair, form, broken.status, str(broken))
    flash(
        _(
            "%(name)s is paired by hand and locked; price %(price)s.",
            name=pair.enrolment.name,
            price=labels.price(move.price),
        ),
        "success",
    )
    return redirect(url_for(".show_proposal", program_id=program.id, side=side, way=proposal.way))


@bp.post("/programs/<int:program_id>/proposals/<side>/approve")
@requires(P.MENTOR_ASSIGN)
def approve_proposal(program_id, side):
    """Make the proposed pairs real from today on."""
    program = program_or_404(program_id, current_user)
    _require(program, P.MENTOR_ASSIGN)
    side = side_or_404(side)
    proposal = _open_one(program, side)
    version = whole(request.form.get("version")) or -1
    count = deciding.approve_proposal(program, proposal, version=version, by=current_user, now=utcnow())
    flash(ngettext("%(num)d pair approved.", "%(num)d pairs approved.", count), "success")
    return redirect(url_for(".show_mentors", program_id=program.id, side=side))


@bp.post("/programs/<int:program_id>/proposals/<side>/drop")
@requires(P.MENTOR_ASSIGN)
def drop_proposal(program_id, side):
    """Put the proposal aside."""
    program = program_or_404(program_id, current_user)
    _require(program, P.MENTOR_ASSIGN)
    deciding.drop_proposal(program, _open_one(program, side_or_404(side)), by=current_user, now=utcnow())
    flash(_("The proposal is put aside; nobody's mentor changed."), "success")
    return redirect(url_for(".show_mentors", program_id=program.id, side=side))

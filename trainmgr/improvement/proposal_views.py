"""HTTP of the changes that settled items propose to a plan: taken into a module, or declined with a reason."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.curriculum.editing import FieldFault
from trainmgr.improvement import proposing, queries
from trainmgr.improvement.forms import DeclineForm, TakeForm
from trainmgr.improvement.frame import PROGRAM, apart, bp, page_of, program_for
from trainmgr.improvement.rules import ProposalState
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import may

P = Permission


@bp.get(f"{PROGRAM}/proposals")
@requires(P.IMPROVEMENT_VIEW)
def list_proposals(program_id):
    """Show the changes that are proposed to this programme's plan, with what became of them."""
    program = program_for(program_id)
    state = request.args.get("state", "")
    chosen = ProposalState(state) if state in set(ProposalState) else None
    page = queries.list_proposals(program, Listing.from_request(), chosen)
    return page_of("proposals", program, page=page, state=state)


def _page(program, proposal, status=200, *, take=None, decline=None, broken=None):
    writes = may(program, current_user, P.CURRICULUM_EDIT) and proposal.state is ProposalState.OPEN
    edition = proposing.draft_of(program) if writes else None
    version = str(proposal.version)
    if edition is not None:
        take = take or TakeForm(formdata=None, version=version)
        take.offer(proposing.structure_of(program, edition))
    return page_of(
        "proposal",
        program,
        status,
        proposal=proposal,
        competency=proposing.competency_in(program, proposal),
        edition=edition,
        writes=writes,
        take=apart("take", take) if take is not None and edition is not None else None,
        decline=apart("decline", decline or DeclineForm(formdata=None, version=version)),
        broken=broken,
    )


@bp.get(f"{PROGRAM}/proposals/<int:proposal_id>")
@requires(P.IMPROVEMENT_VIEW)
def show_proposal(program_id, proposal_id):
    """Show a proposed change, what it comes from, and the forms to decide on it."""
    program = program_for(program_id)
    return _page(program, queries.proposal_or_404(program, proposal_id))


@bp.post(f"{PROGRAM}/proposals/<int:proposal_id>/take")
@requires(P.CURRICULUM_EDIT)
def take_proposal(program_id, proposal_id):
    """Take a change into a module of the draft."""
    program, form = program_for(program_id, P.CURRICULUM_EDIT), TakeForm()
    proposal = queries.proposal_or_404(program, proposal_id)
    form.offer(proposing.structure_of(program, proposing.draft_of(program)))
    if not form.validate():
        return _page(program, proposal, 422, take=form)
    try:
        proposing.take(program, proposal, form.module.data, hours=form.hours.data or 0, note=form.note.data or "",
                       version=whole(form.version.data) or 0, by=current_user, now=utcnow())  # fmt: skip
    except FieldFault as fault:
        form.hours.errors = [*form.hours.errors, str(fault)]
        return _page(program, proposal, 422, take=form)
    except RuleBroken as broken:
        return _page(program, proposal, broken.status, take=form, broken=broken)
    flash(_("Taken into “%(module)s”.", module=proposal.module_name), "success")
    return redirect(url_for(".list_proposals", program_id=program.id))


@bp.post(f"{PROGRAM}/proposals/<int:proposal_id>/decline")
@requires(P.CURRICULUM_EDIT)
def decline_proposal(program_id, proposal_id):
    """Decline a change with the reason."""
    program, form = program_for(program_id, P.CURRICULUM_EDIT), DeclineForm()
    proposal = queries.proposal_or_404(program, proposal_id)
    if not form.validate():
        return _page(program, proposal, 422, decline=form)
    try:
        proposing.decline(
            program, proposal, reason=form.reason.data, version=whole(form.version.data) or 0,
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _page(program, proposal, broken.status, decline=form, broken=broken)
    flash(_("Declined; the reason stays with it."), "success")
    return redirect(url_for(".list_proposals", program_id=program.id))

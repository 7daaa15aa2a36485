"""HTTP of dividing people into balanced classes: the proposal, changes by hand, carrying it out."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.classes import queries, splitting
from trainmgr.classes.balancing import gaps
from trainmgr.classes.forms import ReasonForm, SplitForm
from trainmgr.classes.frame import bp, page_of, program_for
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing


def _form(program, **values):
    form = SplitForm(**values)
    form.offer(queries.open_classes(program.id))
    return form


def _to_proposal(program_id):
    return redirect(url_for(".show_split", program_id=program_id))


@bp.get("/split")
@requires(Permission.CLASS_EDIT)
def show_split(program_id):
    """Show the proposal that waits, or ask whom to divide."""
    return _page(program_for(program_id, Permission.CLASS_EDIT))


def _page(program, status=200, broken=None, reason=None):
    proposal = splitting.open_split(program.id)
    if proposal is None:
        form = _form(program, formdata=None, count=2, source="none")
        return page_of("split_new", program, status, form=form, broken=broken)
    part = whole(request.args.get("part"))
    found = splitting.portraits_of(proposal)
    return page_of(
        "split", program, status, proposal=proposal, portraits=found, gaps=gaps(found), part=part,
        page=splitting.list_seats(proposal, Listing.from_request(), part), broken=broken,
        reason=reason or ReasonForm(formdata=None),
        genders=sorted({value for one in found for value in one.genders}),
        majors=sorted({value for one in found for value in one.majors})[:40],
    )  # fmt: skip


@bp.post("/split")
@requires(Permission.CLASS_EDIT)
def propose_split(program_id):
    """Compute a division."""
    program = program_for(program_id, Permission.CLASS_EDIT)
    form = _form(program)
    if not form.validate():
        return page_of("split_new", program, 422, form=form)
    try:
        people = splitting.people_to_split(program, current_user, form.source.data)
        splitting.propose(program, people, form.wanted_names(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return page_of("split_new", program, broken.status, form=form, broken=broken)
    return _to_proposal(program_id)


@bp.post("/split/anew")
@requires(Permission.CLASS_EDIT)
def propose_split_anew(program_id):
    """Compute another division of the same people."""
    program = program_for(program_id, Permission.CLASS_EDIT)
    proposal = splitting.open_split_or_404(program_id)
    try:
        splitting.propose_anew(proposal, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _page(program, broken.status, broken)
    return _to_proposal(program_id)


@bp.post("/split/drop")
@requires(Permission.CLASS_EDIT)
def drop_split(program_id):
    """Put the proposal aside."""
    program_for(program_id, Permission.CLASS_EDIT)
    splitting.drop(splitting.open_split_or_404(program_id), now=utcnow())
    return _to_proposal(program_id)


@bp.get("/split/seats/<int:enrolment_id>")
@requires(Permission.CLASS_EDIT)
def edit_seat(program_id, enrolment_id):
    """Show what moving somebody would make of the balance."""
    program = program_for(program_id, Permission.CLASS_EDIT)
    proposal = splitting.open_split_or_404(program_id)
    return _seat_page(program, proposal, splitting.seat_or_404(proposal, enrolment_id))


def _seat_page(program, proposal, seat, status=200, broken=None):
    moves, swaps = splitting.choices_for(proposal, seat)
    names = splitting.names_of([seat.enrolment_id, *(key for key, _value in swaps)])
    return page_of(
        "seat",
        program,
        status,
        proposal=proposal,
        seat=seat,
        moves=moves,
        swaps=swaps,
        names=names,
        broken=broken,
    )


@bp.post("/split/seats/<int:enrolment_id>")
@requires(Permission.CLASS_EDIT)
def move_seat(program_id, enrolment_id):
    """Move somebody to another class of the proposal, or let two change places."""
    program = program_for(program_id, Permission.CLASS_EDIT)
    proposal = splitting.open_split_or_404(program_id)
    seat, version = splitting.seat_or_404(proposal, enrolment_id), request.form.get("version", 0, int)
    try:
        if other := whole(request.form.get("swap")):
            splitting.swap_seats(proposal, seat, splitting.seat_or_404(proposal, other), version=version)
        else:
            splitting.move_seat(proposal, seat, request.form.get("part", -1, int), version=version)
    except (RuleBroken, Conflict) as broken:
        return _seat_page(program, proposal, seat, broken.status, broken)
    flash(_("The imbalance is %(value)s now.", value=f"{proposal.imbalance:.4f}"), "success")
    return _to_proposal(program_id)


@bp.post("/split/seats/<int:enrolment_id>/fix")
@requires(Permission.CLASS_EDIT)
def fix_seat(program_id, enrolment_id):
    """Fix somebody's class for when the division is computed anew, or let it go."""
    program_for(program_id, Permission.CLASS_EDIT)
    seat = splitting.seat_or_404(splitting.open_split_or_404(program_id), enrolment_id)
    splitting.fix_seat(seat, fixed=request.form.get("fixed") == "1")
    page = request.args.get("page")
    return redirect(url_for(".show_split", program_id=program_id, page=page, part=request.args.get("part")))


@bp.post("/split/carry")
@requires(Permission.CLASS_EDIT)
def carry_out_split(program_id):
    """Make the classes and move the people."""
    program = program_for(program_id, Permission.CLASS_EDIT)
    proposal, form = splitting.open_split_or_404(program_id), ReasonForm()
    if not form.validate():
        return _page(program, 422, reason=form)
    try:
        moved, gone = splitting.carry_out(
            program, proposal, version=request.form.get("version", 0, int), reason=form.reason.data,
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except (RuleBroken, Conflict) as broken:
        return _page(program, broken.status, broken, form)
    flash(
        ngettext("%(num)s person moved into the classes.", "%(num)s people moved into the classes.", moved),
        "success",
    )
    if gone:
        flash(
            ngettext("%(num)s person had left meanwhile.", "%(num)s people had left meanwhile.", gone), "info"
        )
    return redirect(url_for(".list_classes", program_id=program_id))

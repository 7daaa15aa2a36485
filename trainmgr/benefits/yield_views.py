"""HTTP of research and product outcomes: the list, one of them with owners and signatures, its form, signing."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.benefits import exporting, queries, yields
from trainmgr.benefits.forms import YieldForm, values_of
from trainmgr.benefits.frame import PROGRAM, bp, page_of, program_for
from trainmgr.benefits.rules import YieldState
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import StoredFile, file_response, store_document
from trainmgr.kernel.numbers import typed_version
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import sides_of, signatures_of

P = Permission
ONE = f"{PROGRAM}/<int:yield_id>"


@bp.get(PROGRAM)
@requires(P.BENEFIT_VIEW)
def list_yields(program_id):
    """Show the research and product outcomes of a programme with their owners' shares."""
    program = program_for(program_id, P.BENEFIT_VIEW)
    chosen = {"kind": request.args.get("kind", "")[:30]}
    return page_of("yields", program, page=queries.list_yields(program, Listing.from_request(), chosen))


@bp.get(f"{PROGRAM}/export.xlsx")
@requires(P.BENEFIT_VIEW)
def export_yields(program_id):
    """Hand out the outcomes with their shares as a workbook."""
    program = program_for(program_id, P.BENEFIT_VIEW, steps=False)
    return exporting.send_yields(queries.export_yields(program), program.name)


def _show(program, row, status=200, broken=None):
    signatures = signatures_of(queries.SUBJECT, row.id)
    signed = {one.side for one in signatures}
    sides = [one for one in sides_of(program, current_user, P.PROGRAM_SIGN) if one not in signed]
    return page_of(
        "yield", program, status, row=row, broken=broken, signatures=signatures,
        sides=sides if row.state is YieldState.DRAFT else [], replacement=queries.replacement_of(row),
    )  # fmt: skip


@bp.get(ONE)
@requires(P.BENEFIT_VIEW)
def show_yield(program_id, yield_id):
    """Show an outcome: owners, rights, what it earns, who signed."""
    program = program_for(program_id, P.BENEFIT_VIEW)
    return _show(program, queries.yield_or_404(program, yield_id))


@bp.get(f"{ONE}/proof")
@requires(P.BENEFIT_VIEW)
def download_proof(program_id, yield_id):
    """Download the proof of an outcome."""
    program = program_for(program_id, P.BENEFIT_VIEW, steps=False)
    stored = queries.proof_of(queries.yield_or_404(program, yield_id))
    return file_response(stored) if stored else abort(404)


def _form_page(program, form, row=None, status=200, broken=None):
    return page_of("yield_form", program, status, form=form, row=row, broken=broken)


@bp.get(f"{PROGRAM}/new")
@requires(P.BENEFIT_EDIT)
def new_yield(program_id):
    """Ask for an outcome; with `replaces`, what a signed one says is filled in."""
    program = program_for(program_id, P.BENEFIT_EDIT)
    replaces = _replaced(program)
    data = values_of(replaces) if replaces else {"achieved_on": today()}
    return _form_page(program, YieldForm(formdata=None, data=data), replaces)


def _replaced(program):
    wanted = request.args.get("replaces", "")
    known = wanted.isascii() and wanted.isdigit() and len(wanted) < 10
    return queries.yield_or_404(program, int(wanted)) if known else None


@bp.post(f"{PROGRAM}/new")
@requires(P.BENEFIT_EDIT)
def note_yield(program_id):
    """Note an outcome for both sides to sign."""
    program, form = program_for(program_id, P.BENEFIT_EDIT), YieldForm()
    replaces = _replaced(program)
    if not form.validate():
        return _form_page(program, form, replaces, 422)
    try:
        row = yields.note(
            program, form.facts(), _proof(form, program), by=current_user, now=utcnow(), replaces=replaces
        )
    except RuleBroken as broken:
        return _form_page(program, form, replaces, broken.status, broken)
    flash(_("Noted. Both sides sign it now."), "success")
    return redirect(url_for(".show_yield", program_id=program_id, yield_id=row.id))


def _proof(form, program) -> StoredFile | None:
    upload = form.proof.data
    if not upload or not upload.filename:
        return None
    return store_document(upload, by=current_user, program_id=program.id, now=utcnow(), purpose="yield")


@bp.get(f"{ONE}/edit")
@requires(P.BENEFIT_EDIT)
def edit_yield(program_id, yield_id):
    """Show the form of a draft."""
    program = program_for(program_id, P.BENEFIT_EDIT)
    row = queries.yield_or_404(program, yield_id)
    return _form_page(program, YieldForm(formdata=None, data=values_of(row)), row)


@bp.post(f"{ONE}/edit")
@requires(P.BENEFIT_EDIT)
def change_yield(program_id, yield_id):
    """Save a draft; signatures under what it said before go."""
    program, form = program_for(program_id, P.BENEFIT_EDIT), YieldForm()
    row = queries.yield_or_404(program, yield_id)
    if not form.validate():
        return _form_page(program, form, row, 422)
    try:
        proof = _proof(form, program)
        yields.change(
            program, row, form.facts(), proof, version=typed_version(), by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _form_page(program, form, row, broken.status, broken)
    flash(_("Saved. Both sides sign it now."), "success")
    return redirect(url_for(".show_yield", program_id=program_id, yield_id=row.id))


@bp.post(f"{ONE}/sign/<any(college, enterprise):side>")
@requires(P.PROGRAM_SIGN)
def sign_yield(program_id, yield_id, side):
    """Sign an outcome for one's side."""
    program = program_for(program_id, P.PROGRAM_SIGN)
    row = queries.yield_or_404(program, yield_id)
    sides = {one.value: one for one in sides_of(program, current_user, P.PROGRAM_SIGN)}
    if side not in sides:
        abort(403)
    try:
        complete = yields.sign(
            program, row, side=sides[side], version=typed_version(), by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _show(program, row, broken.status, broken)
    flash(_("Signed by both sides; it does not change any more.") if complete else _("Signed."), "success")
    return redirect(url_for(".show_yield", program_id=program_id, yield_id=row.id))

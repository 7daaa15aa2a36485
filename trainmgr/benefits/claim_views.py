"""HTTP of subsidy claims: the list, one with its roster, whom it may be for, handing in, what became of it."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.benefits import claim_queries as queries
from trainmgr.benefits import claims, exporting
from trainmgr.benefits.forms import ClaimForm, ReasonForm, SettleForm
from trainmgr.benefits.frame import PROGRAM, bp, page_of, program_for
from trainmgr.benefits.rules import ClaimState
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import may

P = Permission
CLAIMS = f"{PROGRAM}/claims"
ONE = f"{CLAIMS}/<int:claim_id>"


@bp.get(CLAIMS)
@requires(P.PROGRAM_VIEW_MONEY)
def list_claims(program_id):
    """Show a programme's subsidy claims."""
    program = program_for(program_id, P.PROGRAM_VIEW_MONEY)
    return page_of("claims", program, page=queries.list_claims(program, Listing.from_request()))


@bp.get(f"{CLAIMS}/new")
@requires(P.BENEFIT_EDIT)
def new_claim(program_id):
    """Ask for the rule of a claim."""
    return page_of("claim_form", program_for(program_id, P.BENEFIT_EDIT), form=ClaimForm(formdata=None))


@bp.post(f"{CLAIMS}/new")
@requires(P.BENEFIT_EDIT)
def open_claim(program_id):
    """Open a claim as a draft."""
    program, form = program_for(program_id, P.BENEFIT_EDIT), ClaimForm()
    if not form.validate():
        return page_of("claim_form", program, 422, form=form)
    try:
        claim = claims.open_claim(program, form.terms(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return page_of("claim_form", program, broken.status, form=form, broken=broken)
    return redirect(url_for(".list_candidates", program_id=program_id, claim_id=claim.id))


def _page(program, claim, status=200, *, settle=None, reason=None, broken=None):
    return page_of(
        "claim", program, status, claim=claim, broken=broken, settle=settle or SettleForm(formdata=None),
        reason=reason or ReasonForm(formdata=None), follower=queries.follower_of(claim),
        page=queries.list_people(program, claim, current_user, Listing.from_request()),
        unmasks=may(program, current_user, P.ENROLMENT_UNMASK),
    )  # fmt: skip


def _loaded(program_id, claim_id, permission=P.BENEFIT_EDIT, *, steps=True):
    program = program_for(program_id, permission, steps=steps)
    return program, queries.claim_or_404(program, claim_id)


def _to(claim):
    return redirect(url_for(".show_claim", program_id=claim.program_id, claim_id=claim.id))


@bp.get(ONE)
@requires(P.PROGRAM_VIEW_MONEY)
def show_claim(program_id, claim_id):
    """Show a claim: its rule, its people, its steps."""
    return _page(*_loaded(program_id, claim_id, P.PROGRAM_VIEW_MONEY))


# --- its people ----------------------------------------------------------------------------------


def _candidates_page(program, claim, status=200, broken=None):
    page = queries.list_candidates(program, claim, current_user, Listing.from_request())
    return page_of("candidates", program, status, claim=claim, page=page, broken=broken)


@bp.get(f"{ONE}/candidates")
@requires(P.BENEFIT_EDIT)
def list_candidates(program_id, claim_id):
    """Show a programme's trainees beside the claim's rule."""
    return _candidates_page(*_loaded(program_id, claim_id))


@bp.post(f"{ONE}/people")
@requires(P.BENEFIT_EDIT)
def name_people(program_id, claim_id):
    """Name the chosen trainees in the claim, or all who meet its rule."""
    program, claim = _loaded(program_id, claim_id)
    ids = None if request.form.get("all") else _ids()
    try:
        count = claims.name_people(program, claim, ids, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _candidates_page(program, claim, broken.status, broken)
    flash(ngettext("%(num)s person named.", "%(num)s people named.", count), "success")
    return _to(claim)


def _ids():
    return [number for value in request.form.getlist("id")[:500] if (number := whole(value)) is not None]


@bp.post(f"{ONE}/drop")
@requires(P.BENEFIT_EDIT)
def drop_people(program_id, claim_id):
    """Take the chosen people out of a draft."""
    program, claim = _loaded(program_id, claim_id)
    count = claims.drop_people(program, claim, _ids(), by=current_user, now=utcnow())
    flash(ngettext("%(num)s person taken out.", "%(num)s people taken out.", count), "success")
    return _to(claim)


@bp.post(f"{ONE}/roster.xlsx")
@requires(P.ENROLMENT_UNMASK)
def export_claim_roster(program_id, claim_id):
    """Hand out the claim's real-name roster with full ID numbers; who and why is noted."""
    program, claim = _loaded(program_id, claim_id, P.ENROLMENT_UNMASK)
    form = ReasonForm()
    if not form.validate():
        return _page(program, claim, 422, reason=form)
    rows = list(queries.people_of(program, claim, current_user))
    claims.note_export(
        program, claim, count=len(rows), reason=form.reason.data, by=current_user, now=utcnow()
    )
    return exporting.send_claim_roster(program, claim, rows, current_user)


# --- its way -------------------------------------------------------------------------------------


@bp.post(f"{ONE}/submit")
@requires(P.BENEFIT_EDIT)
def submit_claim(program_id, claim_id):
    """Hand a claim in; from then on it does not change."""
    program, claim = _loaded(program_id, claim_id)
    try:
        claims.submit(program, claim, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _page(program, claim, broken.status, broken=broken)
    flash(_("Handed in. It does not change any more."), "success")
    return _to(claim)


@bp.post(f"{ONE}/<any(approved, paid, returned):move>")
@requires(P.BENEFIT_EDIT)
def settle_claim(program_id, claim_id, move):
    """Note what the office did with a claim."""
    program, claim = _loaded(program_id, claim_id)
    form = SettleForm()
    if not form.validate():
        return _page(program, claim, 422, settle=form)
    paid = None if form.paid.data is None else int(form.paid.data * 100)
    try:
        claims.settle(
            program, claim, ClaimState(move), note=form.note.data or "", paid_cents=paid, by=current_user,
            now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _page(program, claim, broken.status, settle=form, broken=broken)
    flash(_("Noted."), "success")
    return _to(claim)


@bp.post(f"{ONE}/follow-up")
@requires(P.BENEFIT_EDIT)
def follow_up_claim(program_id, claim_id):
    """Open a new claim in the place of a returned one."""
    program, claim = _loaded(program_id, claim_id)
    try:
        fresh = claims.follow_up(program, claim, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _page(program, claim, broken.status, broken=broken)
    return _to(fresh)

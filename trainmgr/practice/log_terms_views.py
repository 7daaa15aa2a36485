"""HTTP of how a programme keeps logs, and of past days that are opened again for one trainee."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import enrolment_or_404
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.hours import ledger_hours
from trainmgr.practice import spots, terms
from trainmgr.practice.blueprint import bp
from trainmgr.practice.board_views import page_of
from trainmgr.practice.labels import FREQUENCIES
from trainmgr.practice.log_forms import OpeningForm, TermsForm
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may, program_or_404

P = Permission


def _program(program_id: int) -> Program:
    program = program_or_404(program_id, current_user)
    if not may(program, current_user, P.PROGRAM_EDIT):
        abort(403)
    return program


@bp.get("/programs/<int:program_id>/practice/terms")
@requires(P.PROGRAM_EDIT)
def edit_log_terms(program_id: int) -> Any:
    """Show how logs are kept in this programme."""
    return _terms_page(_program(program_id))


def _terms_page(
    program: Program, form: TermsForm | None = None, status: int = 200, refusal: RuleBroken | None = None
) -> Any:
    held = terms.terms_of(program)
    shown = form or TermsForm(
        formdata=None, version=str(held.version), frequency=held.frequency.value, back_days=str(held.back_days),
        day_limit=f"{ledger_hours(held.day_limit):g}", spot_percent=str(held.spot_percent),
    )  # fmt: skip
    if refusal is not None:
        shown.version.data = str(held.version)  # seen now, so that saving again is meant
    return page_of(
        "log_terms", program, status, form=shown, refusal=refusal, tally=spots.tally(program, current_user),
        by_pathway=FREQUENCIES[terms.by_pathway(program).frequency], decided=bool(held.version),
    )  # fmt: skip


@bp.post("/programs/<int:program_id>/practice/terms")
@requires(P.PROGRAM_EDIT)
def change_log_terms(program_id: int) -> Any:
    """Decide how logs are kept from now on."""
    program, form = _program(program_id), TermsForm()
    wanted = form.terms() if form.validate() else None
    if wanted is None:
        return _terms_page(program, form, 422)
    try:
        terms.change_terms(program, wanted, by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return _terms_page(program, form, refusal.status, refusal)
    flash(_("Saved. It holds for logs that are handed in from now on."), "success")
    return redirect(url_for(".edit_log_terms", program_id=program.id))


# --- opened days -----------------------------------------------------------------------------------


def _guided(program_id: int, enrolment_id: int) -> tuple[Program, Enrolment]:
    program = program_or_404(program_id, current_user)
    enrolment = enrolment_or_404(program, enrolment_id, current_user)
    if enrolment.user_id == current_user.id or not may(program, current_user, P.GATE_DECIDE):
        abort(403)
    return program, enrolment


@bp.get("/programs/<int:program_id>/practice/<int:enrolment_id>/open")
@requires(P.GATE_DECIDE)
def edit_openings(program_id: int, enrolment_id: int) -> Any:
    """Show which past days are open for a trainee, and the form that opens more."""
    program, enrolment = _guided(program_id, enrolment_id)
    day = today()
    start = {
        "starts_on": day - timedelta(days=14),
        "ends_on": day - timedelta(days=8),
        "until": day + timedelta(days=3),
    }
    return _openings_page(program, enrolment, OpeningForm(formdata=None, **start))


def _openings_page(
    program: Program,
    enrolment: Enrolment,
    form: OpeningForm,
    status: int = 200,
    refusal: RuleBroken | None = None,
) -> Any:
    return page_of(
        "openings", program, status, enrolment=enrolment, form=form, refusal=refusal,
        openings=terms.openings_of(enrolment, today()), terms=terms.terms_of(program),
    )  # fmt: skip


@bp.post("/programs/<int:program_id>/practice/<int:enrolment_id>/open")
@requires(P.GATE_DECIDE)
def open_days(program_id: int, enrolment_id: int) -> Any:
    """Open past days for a trainee's logs, with the reason."""
    program, enrolment = _guided(program_id, enrolment_id)
    form = OpeningForm()
    if not form.validate():
        return _openings_page(program, enrolment, form, 422)
    try:
        terms.open_days(
            program, enrolment, form.starts_on.data, form.ends_on.data, until=form.until.data,
            reason=form.reason.data, by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as refusal:
        return _openings_page(program, enrolment, form, refusal.status, refusal)
    flash(_("Open. %(name)s can hand these days in now.", name=enrolment.name), "success")
    return redirect(url_for(".show_trainee", program_id=program.id, enrolment_id=enrolment.id))

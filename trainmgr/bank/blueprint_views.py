"""HTTP of a draft's settings and of the matrix of its blueprint."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.bank import actions, instruments, queries
from trainmgr.bank.forms import standard_choices
from trainmgr.bank.instrument_forms import Matrix, SettingsForm
from trainmgr.bank.pages import INSTRUMENT, bp, load_to_edit, render
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.numbers import typed_version, whole

MOST_SHOWN = 60  # competencies in the matrix without a choice of standard


def _load_draft(instrument_id):
    instrument = load_to_edit(instrument_id)
    draft = instruments.draft_of(instrument)
    if draft is None:
        raise RuleBroken(_("This version was answered and never changes. Open the next version first."))
    return instrument, draft


@bp.get(f"{INSTRUMENT}/settings")
@requires(Permission.BANK_EDIT)
def edit_settings(instrument_id):
    """Show how the draft is taken and read."""
    instrument, draft = _load_draft(instrument_id)
    form = SettingsForm(formdata=None, obj=draft)
    return render("settings", form=form, instrument=instrument, version=draft, form_version=draft.version)


@bp.post(f"{INSTRUMENT}/settings")
@requires(Permission.BANK_EDIT)
def change_settings(instrument_id):
    """Take how the draft is taken and read."""
    instrument, draft = _load_draft(instrument_id)
    form, context = SettingsForm(), {"instrument": instrument, "version": draft}
    if not form.validate():
        return render("settings", 422, form=form, form_version=typed_version(), **context)
    try:
        actions.change_settings(
            instrument, form.settings(), version=typed_version(), by=current_user, now=utcnow()
        )
    except Conflict as refusal:
        return render("settings", 409, form=form, refusal=refusal, form_version=draft.version, **context)
    flash(_("Saved."), "success")
    return redirect(url_for(".show_instrument", instrument_id=instrument_id))


# --- blueprint ------------------------------------------------------------------------------------


def _shown(instrument, draft):
    """The competencies of the matrix: those of the chosen standard, else of the blueprint's, else all of a few."""
    lines = queries.competencies_for([instrument.college_id])
    wanted = whole(request.values.get("standard"))
    used = {row.competency_id for row in draft.rows}
    standards = {line.standard_id for line in lines if line.id in used}
    if wanted:
        return lines, [line for line in lines if line.standard_id == wanted]
    if standards:
        return lines, [line for line in lines if line.standard_id in standards]
    return lines, lines if len(lines) <= MOST_SHOWN else []


def _blueprint_page(instrument, draft, matrix=None, status=200, **context):
    lines, shown = _shown(instrument, draft)
    plan = instruments.blueprint_of(draft, instrument.college_id, shown)
    return render(
        "blueprint",
        status,
        instrument=instrument,
        version=draft,
        plan=plan,
        matrix=matrix or Matrix.showing(plan.cells),
        standards=standard_choices(lines),
        standard=whole(request.values.get("standard")),
        **{"form_version": draft.version} | context,
    )


@bp.get(f"{INSTRUMENT}/blueprint")
@requires(Permission.BANK_EDIT)
def edit_blueprint(instrument_id):
    """Show the matrix of the draft's blueprint to fill in."""
    return _blueprint_page(*_load_draft(instrument_id))


@bp.post(f"{INSTRUMENT}/blueprint")
@requires(Permission.BANK_EDIT)
def set_blueprint(instrument_id):
    """Take the matrix of the draft's blueprint."""
    instrument, draft = _load_draft(instrument_id)
    _lines, shown = _shown(instrument, draft)
    standing = {cell.place: cell for cell in instruments.cells_of(draft)}
    matrix = Matrix.read(request.form, shown, standing)
    if matrix.faults:
        return _blueprint_page(instrument, draft, matrix, 422, form_version=typed_version())
    try:
        actions.set_blueprint(
            instrument, matrix.cells, version=typed_version(), by=current_user, now=utcnow()
        )
    except RuleBroken as refusal:
        return _blueprint_page(instrument, draft, matrix, 409, refusal=refusal)
    flash(_("Saved."), "success")
    return redirect(url_for(".show_instrument", instrument_id=instrument_id))

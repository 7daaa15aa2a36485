"""HTTP of amendments: opening the next edition with its reason and day, and changing both while it is a draft."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.curriculum import actions
from trainmgr.curriculum.amending import DayRefused
from trainmgr.curriculum.forms import AmendmentForm
from trainmgr.curriculum.models import Edition
from trainmgr.curriculum.pages import board_or_404, bp, edition_or_404, load, render_board
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import day
from trainmgr.kernel.numbers import typed_version
from trainmgr.programs.models import Program

EDIT = Permission.CURRICULUM_EDIT


def _page(
    template: str, program: Program, form: AmendmentForm, number: int | None = None, **more: Any
) -> Any:
    return render_board(template, program, board_or_404(program, number), form=form, **more)


def _refused(
    template: str, program: Program, form: AmendmentForm, broken: RuleBroken, number: int | None = None
) -> Any:
    """Show the form again with what was typed: a refused day at its field, anything else above the form."""
    if isinstance(broken, DayRefused):
        form.effective_on.errors = [*form.effective_on.errors, str(broken)]
        return _page(template, program, form, number, status=broken.status)
    return _page(template, program, form, number, status=broken.status, refusal=str(broken))


@bp.get("/programs/<int:program_id>/plan/next")
@requires(EDIT)
def new_edition(program_id: int) -> Any:
    """Ask why the signed plan is to change, and from which day on."""
    return _page("new_edition", load(program_id, EDIT), AmendmentForm(formdata=None))


@bp.post("/programs/<int:program_id>/plan/next")
@requires(EDIT)
def open_edition(program_id: int) -> Any:
    """Open the next edition as a copy of the signed one."""
    program, form = load(program_id, EDIT), AmendmentForm()
    if not form.validate():
        return _page("new_edition", program, form, status=422)
    try:
        edition = actions.open_edition(
            program, form.reason.data, effective_on=form.effective_on.data, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _refused("new_edition", program, form, broken)
    flash(_opened(edition), "success")
    return redirect(url_for(".show_plan", program_id=program.id))


def _opened(edition: Edition) -> str:
    if edition.effective_on is None:
        return _(
            "Edition %(number)s is open. The signed one stays in force until both have signed.",
            number=edition.number,
        )
    return _(
        "Edition %(number)s is open. Once both have signed, it holds from %(day)s; until then the signed one does.",
        number=edition.number,
        day=day(edition.effective_on),
    )


@bp.get("/programs/<int:program_id>/plan/<int:number>/amendment")
@requires(EDIT)
def edit_amendment(program_id: int, number: int) -> Any:
    """Show the reason of an amendment and the day from which it is to hold."""
    program = load(program_id, EDIT)
    edition = _amendment_or_404(program, number)
    form = AmendmentForm(formdata=None, reason=edition.reason, effective_on=edition.effective_on)
    return _page("amendment", program, form, number)


@bp.post("/programs/<int:program_id>/plan/<int:number>/amendment")
@requires(EDIT)
def revise_amendment(program_id: int, number: int) -> Any:
    """Change the reason of an amendment that is still a draft, and its day."""
    program, form = load(program_id, EDIT), AmendmentForm()
    edition = _amendment_or_404(program, number)
    if not form.validate():
        return _page("amendment", program, form, number, status=422)
    try:
        actions.revise(
            program, edition, form.reason.data, form.effective_on.data, version=typed_version(),
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _refused("amendment", program, form, broken, number)
    flash(_("Reason and day of edition %(number)s are saved.", number=number), "success")
    return redirect(url_for(".show_plan", program_id=program.id, edition=number))


def _amendment_or_404(program: Program, number: int) -> Edition:
    edition = edition_or_404(program, number)
    return edition if edition.based_on_id is not None else abort(404)

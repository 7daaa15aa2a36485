"""HTTP of the five alignments: how every module stands, and the checks of one module in one way."""

from __future__ import annotations

import enum
from typing import Any, TypeVar

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.curriculum import aligning, alignments, labels, queries
from trainmgr.curriculum.aligning import Alignment, Standing
from trainmgr.curriculum.board import Board, read_structure
from trainmgr.curriculum.forms import AlignmentForm
from trainmgr.curriculum.frozen import FROZEN
from trainmgr.curriculum.models import Edition, Module
from trainmgr.curriculum.pages import asked_edition, bp, load, may_write, render_board
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import local_day, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.rules import Step

E = TypeVar("E", bound=enum.StrEnum)


def _asked(kind: type[E], name: str) -> E | None:
    text = request.args.get(name, "")
    return kind(text) if text in list(kind) else None


@bp.get("/programs/<int:program_id>/plan/alignments")
@requires(Permission.CURRICULUM_VIEW)
def list_alignments(program_id: int) -> Any:
    """Show every module in all five ways, what is out of step or not checked first."""
    program = load(program_id)
    board = _structure_or_404(program)
    rows = alignments.all_rows(program.id, board.plan.modules, local_day(utcnow()))
    standing, alignment = _asked(Standing, "standing"), _asked(Alignment, "alignment")
    page = alignments.page_of(rows, Listing.from_request().number, standing, alignment)
    chosen = {"standing": standing or "", "alignment": alignment or ""}
    return render_board(
        "alignments", program, board, page=page, tally=aligning.tally(rows), chosen=chosen, standings=Standing
    )


def _structure_or_404(program: Program) -> Board:
    """The modules of the edition asked for, else of the newest that the reader may see: two statements."""
    shelf, drafts, number = (
        queries.shelf_of(program.id),
        queries.sees_drafts(program, current_user),
        asked_edition(),
    )
    edition = shelf.numbered(number) if number else shelf.newest if drafts else shelf.signed
    if number and (edition is None or not (drafts or edition.state in FROZEN)):
        abort(404)
    return read_structure(program, edition) if edition else Board(program, shelf)


@bp.get("/programs/<int:program_id>/plan/modules/<int:module_id>/alignments/<alignment>")
@requires(Permission.CURRICULUM_VIEW)
def show_alignment(program_id: int, module_id: int, alignment: str) -> Any:
    """Show the checks of a module in one way; whoever edits the plan can record a new one."""
    program = load(program_id)
    return _show(program, module_id, alignment, AlignmentForm(formdata=None).begin(local_day(utcnow())))


@bp.post("/programs/<int:program_id>/plan/modules/<int:module_id>/alignments/<alignment>")
@requires(Permission.CURRICULUM_EDIT)
def record_alignment(program_id: int, module_id: int, alignment: str) -> Any:
    """Take a new check."""
    program, form = load(program_id, Permission.CURRICULUM_EDIT), AlignmentForm()
    module, _edition = _module_or_404(program, module_id)
    if not form.validate_on(local_day(utcnow())):
        return _show(program, module_id, alignment, form, 422)
    try:
        way = _way_or_404(alignment)
        alignments.record_check(program, module, way, form.finding, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _show(program, module_id, alignment, form, broken.status, str(broken))
    flash(_("The check is recorded."), "success")
    return redirect(url_for(".list_alignments", program_id=program.id))


def _way_or_404(text: str) -> Alignment:
    return Alignment(text) if text in list(Alignment) else abort(404)


def _module_or_404(program: Program, module_id: int) -> tuple[Module, Edition]:
    module, edition = queries.module_or_404(program, module_id)
    if edition.state not in FROZEN and not queries.sees_drafts(program, current_user):
        abort(404)
    return module, edition


def _show(
    program: Program, module_id: int, text: str, form: Any, status: int = 200, refusal: str | None = None
) -> Any:
    way, (module, edition) = _way_or_404(text), _module_or_404(program, module_id)
    history = alignments.history_of(program.id, module.lineage, way)
    return render_program_page(
        "curriculum/alignment.html", program, Step.CURRICULUM, status=status, refusal=refusal, form=form, way=way,
        module=module, edition=edition, history=history, labels=labels, writes=may_write(program),
        standing=aligning.standing(history[0] if history else None, local_day(utcnow())),
    )  # fmt: skip

"""HTTP of marking short answers: what waits in a sitting, a page of answers to one question, the points given."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

import secrets

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.bank import labels as bank_labels
from trainmgr.bank.rules import ItemKind
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import photo_response
from trainmgr.kernel.paging import Listing, Page
from trainmgr.programs.queries import may, program_or_404
from trainmgr.testing import markbook, marks, queries
from trainmgr.testing.frame import bp, page_of
from trainmgr.testing.mark_forms import MarkForm
from trainmgr.testing.markbook import Show
from trainmgr.testing.typed_points import buttons

MARKING = "/programs/<int:program_id>/tests/<int:sitting_id>/marking"
ONE = f"{MARKING}/<int:item_id>"


def load_to_mark(program_id, sitting_id):
    """Return a programme and one of its sittings for whoever marks in it; 403 for anybody else."""
    program = program_or_404(program_id, current_user)
    if not may(program, current_user, Permission.TEST_MARK):
        abort(403)
    return program, queries.sitting_or_404(program, sitting_id)


def _load(program_id, sitting_id, item_id):
    program, sitting = load_to_mark(program_id, sitting_id)
    return program, sitting, markbook.line_or_404(sitting, item_id, ItemKind.SHORT_ANSWER)


@bp.get(MARKING)
@requires(Permission.TEST_MARK)
def list_marking(program_id, sitting_id):
    """Show the questions of a sitting that a person marks, and how many answers wait."""
    program, sitting = load_to_mark(program_id, sitting_id)
    tallies = markbook.tallies(program, sitting, markbook.lines_for_people(sitting), current_user)
    return page_of(
        "marking",
        program,
        sitting=sitting,
        now=utcnow(),
        written=[one for one in tallies if one.line.item.kind is ItemKind.SHORT_ANSWER],
        practical=[one for one in tallies if one.line.item.kind is ItemKind.CHECKLIST],
    )


@bp.get(ONE)
@requires(Permission.TEST_MARK)
def show_answers(program_id, sitting_id, item_id):
    """Show a page of the answers to one question, without names, the model answer beside."""
    program, sitting, line = _load(program_id, sitting_id, item_id)
    show = _shown()
    page = markbook.list_scripts(
        program, sitting, line, show, Listing.from_request(), viewer=current_user, seed=_seed(sitting)
    )
    form = MarkForm.showing(page.items, secrets.token_hex(8))
    return _render(program, sitting, line, show, page, form)


@bp.post(ONE)
@requires(Permission.TEST_MARK)
def save_marks(program_id, sitting_id, item_id):
    """Write the points of a page of answers: all of them, or none and what is wrong at its field."""
    program, sitting, line = _load(program_id, sitting_id, item_id)
    form = MarkForm.sent(request.form)
    if not form.validate(line.points):
        return _again(program, sitting, line, form, 422)
    try:
        count = marks.record_marks(
            program, sitting, line, form.given, key=form.key, by=current_user, now=utcnow()
        )
    except RuleBroken as refusal:
        return _again(program, sitting, line, form, 409, refusal)
    flash(_told(count), "success")
    tallies = markbook.tallies(program, sitting, [line], current_user)
    if _shown() is Show.WAITING and not tallies[0].waiting:
        return redirect(url_for(".list_marking", program_id=program.id, sitting_id=sitting.id))
    show = None if _shown() is Show.WAITING else _shown().value
    return redirect(
        url_for(".show_answers", program_id=program.id, sitting_id=sitting.id, item_id=item_id, show=show)
    )


@bp.get(f"{ONE}/picture")
@requires(Permission.TEST_MARK)
def show_question_picture(program_id, sitting_id, item_id):
    """Show the picture of a question to whoever marks its answers."""
    _program, _sitting, line = _load(program_id, sitting_id, item_id)
    return photo_response(line.item.picture) if line.item.picture is not None else abort(404)


def _told(count):
    if not count:
        return _("Nothing was new: these marks stand already.")
    return ngettext("%(num)s mark saved.", "%(num)s marks saved.", count)


def _shown():
    text = request.args.get("show", "")
    return Show(text) if text in set(Show) else Show.WAITING


def _seed(sitting):
    return sitting.instrument_version.seed


def _again(program, sitting, line, form, status, refusal=None):
    """Show what was sent once more, with the marks as they stand now."""
    scripts = markbook.scripts_of(
        program, sitting, line, list(form.rows), viewer=current_user, seed=_seed(sitting)
    )
    if isinstance(refusal, marks.MarksRefused):
        form.refuse(refusal.faults, scripts)
    page = Page(scripts, 1, markbook.PAGE, len(scripts))
    return _render(program, sitting, line, _shown(), page, form, status, refusal)


def _render(program, sitting, line, show, page, form, status=200, refusal=None):
    return page_of(
        "mark_item",
        program,
        status,
        sitting=sitting,
        line=line,
        item=line.item,
        tally=markbook.tallies(program, sitting, [line], current_user)[0],
        show=show,
        page=page,
        form=form,
        buttons=buttons(line.points),
        refusal=refusal,
        is_again=status != 200,
        bank_labels=bank_labels,
        now=utcnow(),
    )

"""HTTP of programmes: the list, a programme's home, its trail, its life."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.audit import tell
from trainmgr.kernel.clock import local_day, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import say
from trainmgr.kernel.paging import Listing
from trainmgr.pathways.rules import from_document
from trainmgr.programs import actions, dues, duties, home, labels, listing, station, views_making, views_setup  # noqa: F401  they register themselves
from trainmgr.programs.blueprint import bp, program_for, reader
from trainmgr.programs.forms import ReasonForm
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import ProgramKind, State, next_state

blueprints = (bp,)


def _choice(kind, value):
    return kind(value) if value in set(kind) else None


# --- lists --------------------------------------------------------------------------------------


@bp.get("/programs")
@requires(Permission.PROGRAM_VIEW)
def list_programs():
    """Show the programmes that the reader may see, a page at a time."""
    state, kind = _choice(State, request.args.get("state")), _choice(ProgramKind, request.args.get("kind"))
    page = listing.page_of_programs(reader(), Listing.from_request(), state=state, kind=kind)
    return render_template(
        "programs/list.html",
        page=page,
        state=state,
        kind=kind,
        states=[(state.value, label) for state, label in labels.STATES.items()],
        kinds=[(kind.value, label) for kind, label in labels.KINDS.items()],
        is_filtered=bool(page.q or state or kind),
    )


@bp.get("/programs/choices")
@requires(Permission.PROGRAM_VIEW)
def list_choices():
    """Show the programmes that the switcher in the top bar offers."""
    return render_template("programs/_choices.html", programs=listing.choices(reader()))


# --- one programme ------------------------------------------------------------------------------


@bp.get("/programs/<int:program_id>")
@requires(Permission.PROGRAM_VIEW)
def show_program(program_id):
    """Show where a programme stands, what is missing and who does it."""
    return _home(program_or_404(program_id, reader()))


def _home(program: Program, status: int = 200, fault: str = ""):
    viewer, today = reader(), local_day(utcnow())
    runs = may(program, viewer, Permission.PROGRAM_VIEW_MONEY)
    lacks, later = home.lacks_of(program, home.due_groups(program, viewer, today), today) if runs else ([], 0)
    pathway = from_document(program.pathway_document)
    return render_program_page(
        "programs/home.html",
        program,
        None,
        status=status,
        fault=fault,
        runs=runs,
        may_advance=may(program, viewer, Permission.PROGRAM_ADVANCE),
        may_remind=may(program, viewer, Permission.PROGRAM_EDIT),
        lacks=lacks,
        later=later,
        blocking=sum(lack.blocks for lack in lacks),
        late=max((lack.days_late for lack in lacks), default=0),
        target=next_state(program.state),
        verbs=labels.FORWARD_VERBS,
        own=[] if runs else _own_dues(program, today),
        figures=[figure for step in program.steps for figure in step.figures] if runs else [],
        assessed_at=max((step.assessed_at for step in program.steps), default=None),
        pathway=pathway,
        legs=home.legs_of(pathway, program.current_stage, over=program.state is State.CLOSED),
        events=[(event, tell(event)) for event in home.latest(program, viewer)]
        if home.sees_trail(program, viewer)
        else None,
        duties=listing.duties_of(program),
        shares=duties.shares_of(program) if runs else [],
        today=today,
    )


def _own_dues(program: Program, today):
    rows = []
    for due in listing.own_dues(program, reader(), today):
        code = dues.CODES.get(due.code)
        if code is None:
            continue
        args: dict[str, Any] = {"program_id": program.id}
        if code.subject_arg:
            args[code.subject_arg] = due.subject_id
        values = due.params | {"amount": due.amount}
        rows.append((due, say(code.title, values), say(code.verb), url_for(code.endpoint, **args)))
    return rows


@bp.get("/programs/<int:program_id>/trail")
@requires(Permission.PROGRAM_VIEW)
def show_trail(program_id):
    """Show everything that was done in a programme: who, when, what, why."""
    program = program_or_404(program_id, reader())
    if not home.sees_trail(program, reader()):
        abort(403)
    page = home.page_of_trail(program, reader(), Listing.from_request())
    rows = [(event, tell(event)) for event in page.items]
    return render_program_page("programs/trail.html", program, None, page=page, rows=rows)


@bp.post("/programs/<int:program_id>/remind")
@requires(Permission.PROGRAM_EDIT)
def remind(program_id):
    """Remind everybody from whom a thing is due."""
    program = program_for(program_id, Permission.PROGRAM_EDIT)
    try:
        count = actions.remind(program, request.form.get("code", ""), by=reader(), now=utcnow())
    except RuleBroken as refusal:
        return _home(program, 409, str(refusal))
    flash(
        ngettext(
            "One person was reminded; it stands in the inbox with your name.",
            "%(num)s people were reminded; it stands in their inboxes with your name.",
            count,
        ),
        "success",
    )
    return redirect(url_for(".show_program", program_id=program.id, _anchor="missing"))


# --- its life -----------------------------------------------------------------------------------


@bp.get("/programs/<int:program_id>/forward")
@requires(Permission.PROGRAM_ADVANCE)
def show_forward(program_id):
    """Ask whether a programme goes one state forward, or list what is missing for it."""
    program = program_for(program_id, Permission.PROGRAM_ADVANCE)
    target = next_state(program.state)
    if target is None:
        return redirect(url_for(".show_program", program_id=program.id))
    form, missing = ReasonForm(formdata=None), actions.missing_before(program, target)
    if not missing:
        form.reason.data = _("Everything that “%(state)s” takes is there.", state=labels.STATES[target])
    return _forward_page(program, form, target, missing)


@bp.post("/programs/<int:program_id>/forward")
@requires(Permission.PROGRAM_ADVANCE)
def go_forward(program_id):
    """Let a programme go one state forward."""
    program, form = program_for(program_id, Permission.PROGRAM_ADVANCE), ReasonForm()
    target = _choice(State, request.form.get("to")) or next_state(program.state)
    if target not in labels.FORWARD_VERBS:
        return redirect(url_for(".show_program", program_id=program.id))
    if not form.validate():
        return _forward_page(program, form, target, actions.missing_before(program, target), 422)
    try:
        actions.advance(program, to=target, reason=form.reason.data, by=reader(), now=utcnow())
    except actions.StepRefused as refusal:
        return _forward_page(program, form, target, refusal.missing, 409, str(refusal))
    except RuleBroken as refusal:
        return _forward_page(program, form, target, [], 409, str(refusal))
    flash(_("The programme is now at “%(state)s”.", state=program.state_label), "success")
    return redirect(url_for(".show_program", program_id=program.id))


def _forward_page(
    program: Program, form, target: State, missing: Sequence[Any], status: int = 200, fault: str = ""
):
    today = local_day(utcnow())
    return render_program_page(
        "programs/forward.html",
        program,
        None,
        status=status,
        form=form,
        fault=fault,
        target=target,
        verb=labels.FORWARD_VERBS[target],
        state_label=labels.STATES[target],
        lacks=[home.lack_of(step, item, today) for step, item in missing],
    )


MOVES = {"suspend": actions.suspend, "resume": actions.resume, "cancel": actions.cancel}


@bp.get("/programs/<int:program_id>/<any(suspend, resume, cancel):move>")
@requires(Permission.PROGRAM_ADVANCE)
def show_move(program_id, move):
    """Ask for the reason of suspending, resuming or cancelling a programme."""
    program = program_for(program_id, Permission.PROGRAM_ADVANCE)
    return _move_page(program, ReasonForm(formdata=None), move)


@bp.post("/programs/<int:program_id>/<any(suspend, resume, cancel):move>")
@requires(Permission.PROGRAM_ADVANCE)
def make_move(program_id, move):
    """Suspend, resume or cancel a programme."""
    program, form = program_for(program_id, Permission.PROGRAM_ADVANCE), ReasonForm()
    if not form.validate():
        return _move_page(program, form, move, 422)
    try:
        MOVES[move](program, reason=form.reason.data, by=reader(), now=utcnow())
    except RuleBroken as refusal:
        return _move_page(program, form, move, 409, str(refusal))
    flash(_("The programme is now at “%(state)s”.", state=program.state_label), "success")
    return redirect(url_for(".show_program", program_id=program.id))


def _move_page(program: Program, form, move: str, status: int = 200, fault: str = ""):
    return render_program_page(
        "programs/move.html",
        program,
        None,
        status=status,
        form=form,
        fault=fault,
        move=move,
        due_count=listing.count_dues(program),
    )

"""HTTP of the evaluation's page and its windows: what is open, who has answered, planning, opening, settling."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.enrolment.queries import cohorts
from trainmgr.evaluation import inviting, queries, results, windows
from trainmgr.evaluation.blueprint import PARTY, bp
from trainmgr.evaluation.forms import ReasonForm
from trainmgr.evaluation.labels import KINDS, LEVELS, PARTIES, PHASES, absent_in
from trainmgr.evaluation.models import Window
from trainmgr.evaluation.results import EDGES, Filters
from trainmgr.evaluation.rules import THREE, Party, Phase, WindowKind
from trainmgr.evaluation.scheme_forms import WindowForm
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.pathways.rules import from_document
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import State, Step, Work, is_open

PREFIX = "/programs/<int:program_id>/evaluation"
WINDOW = PREFIX + "/windows/<int:window_id>"
OUTSTANDING = WINDOW + f"/outstanding/<{PARTY}:party>"


@bp.get(PREFIX)
@requires(Permission.EVALUATION_VIEW)
def show_evaluation(program_id: int) -> Any:
    """Show the windows with who has answered, and below the chosen one's results as far as one may see them."""
    return _render_evaluation(program_or_404(program_id, current_user))


def _render_evaluation(
    program: Program, *, wanted: int | None = None, form: Any = None, status: int = 200
) -> Any:
    now, listing = utcnow(), Listing.from_request()
    planned = queries.windows_of(program.id, with_scheme=True)
    window = queries.pick_window(planned, wanted or request.args.get("window", type=whole), now)
    sees_all = may(program, current_user, Permission.RESULT_VIEW_ALL) and not (
        window and queries.still_judges(window, current_user, now)
    )
    filters = Filters(request.args.get("class", type=whole), request.args.get("show", "") if sees_all else "")
    summary = results.summarise(program, window, current_user, listing, filters) if window else None
    page = (
        results.list_results(
            program, window, current_user, listing, filters, total=summary.chosen, sees_all=sees_all
        )
        if window and summary
        else None
    )
    return render_program_page(
        "evaluation/evaluation.html",
        program,
        Step.EVALUATION,
        status=status,
        windows=planned,
        window=window,
        summary=summary,
        page=page,
        filters=filters,
        classes=cohorts(program.id) if window else [],
        sees_all=sees_all,
        parties=_parties(planned),
        nobody=absent_in(window) if window else [],
        sees_raters=may(program, current_user, Permission.RESULT_VIEW_ALL),
        may_edit=may_shape(program),
        may_edit_window=window is not None and may_shape_window(program, window.kind),
        may_follow_up=may_shape_window(program, WindowKind.FOLLOW_UP),
        may_open_now=window is not None
        and (is_open(Work.EVALUATION, program.state) or window.kind is WindowKind.FOLLOW_UP),
        now=now,
        edges=EDGES,
        shows=results.discretion(window, current_user, sees_all, now) if window else None,
        class_options=lambda found: [(one.id, one.name) for one in found],
        form=form or ReasonForm(formdata=None),
        **words(),
    )


def may_shape(program: Program) -> bool:
    """Tell whether the reader may shape the evaluation of this programme in its present state."""
    return is_open(Work.SCHEME, program.state) and may(program, current_user, Permission.SCHEME_EDIT)


def may_shape_window(program: Program, kind: WindowKind) -> bool:
    """Tell whether the reader may shape a window of a kind: follow-ups also once the programme is closed."""
    if kind is WindowKind.FOLLOW_UP and program.state is State.CLOSED:
        return may(program, current_user, Permission.SCHEME_EDIT)
    return may_shape(program)


def _parties(planned: list[Window]) -> list[Party]:
    """Return the three, and whoever else rates in one of some windows."""
    return [p for p in Party if p in THREE or any(p in window.parties for window in planned)]


def words() -> dict[str, Any]:
    """Return what parties, levels and phases are called, for the templates."""
    return {
        "PARTIES": PARTIES,
        "LEVELS": LEVELS,
        "PHASES": PHASES,
        "KINDS": KINDS,
        "Party": Party,
        "THREE": THREE,
        "Phase": Phase,
    }


def program_for(program_id: int, permission: Permission) -> Program:
    """Return a programme that the reader sees, or answer 404; 403 without the permission in this very programme."""
    program = program_or_404(program_id, current_user)
    if not may(program, current_user, permission):
        abort(403)
    return program


def _window_for(program_id: int, window_id: int) -> tuple[Program, Window]:
    program = program_for(program_id, Permission.SCHEME_EDIT)
    return program, queries.window_or_404(program.id, window_id)


def _back(program_id: int, window: Window | None = None) -> Any:
    return redirect(url_for(".show_evaluation", program_id=program_id, window=window.id if window else None))


@bp.post(PREFIX + "/windows/plan")
@requires(Permission.SCHEME_EDIT)
def plan_windows(program_id: int) -> Any:
    """Plan the windows that the pathway names."""
    program = program_for(program_id, Permission.SCHEME_EDIT)
    made = windows.plan_windows(program, queries.scheme_or_404(program.id), by=current_user, now=utcnow())
    flash(ngettext("%(num)s window planned.", "%(num)s windows planned.", len(made)), "success")
    return _back(program.id)


@bp.get(PREFIX + "/windows/new")
@requires(Permission.SCHEME_EDIT)
def new_window(program_id: int) -> Any:
    """Show the form of a window planned by hand, filled with clear defaults."""
    program = program_for(program_id, Permission.SCHEME_EDIT)
    draft = windows.blank_window(program, now=utcnow())
    return _render_window(program, None, WindowForm.of(draft, _pathway(program)))


@bp.post(PREFIX + "/windows/new")
@requires(Permission.SCHEME_EDIT)
def add_window(program_id: int) -> Any:
    """Plan a window by hand."""
    program, form = program_for(program_id, Permission.SCHEME_EDIT), WindowForm()
    form.offer(_pathway(program))
    if not form.validate():
        return _render_window(program, None, form, status=422)
    try:
        scheme = queries.scheme_or_404(program.id)
        window = windows.add_window(program, scheme, form.fields, by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return _render_window(program, None, form, refusal=refusal, status=409)
    flash(_("Planned: %(name)s.", name=window.label), "success")
    return _back(program.id, window)


@bp.get(WINDOW + "/edit")
@requires(Permission.SCHEME_EDIT)
def edit_window(program_id: int, window_id: int) -> Any:
    """Show the form of a window."""
    program, window = _window_for(program_id, window_id)
    return _render_window(program, window, WindowForm.of(window, _pathway(program)))


@bp.post(WINDOW + "/edit")
@requires(Permission.SCHEME_EDIT)
def change_window(program_id: int, window_id: int) -> Any:
    """Change a window; one that has opened keeps what it asks and may only be prolonged, shortened or opened again."""
    (program, window), form, now = _window_for(program_id, window_id), WindowForm(), utcnow()
    form.offer(_pathway(program))
    form.freeze(window, window.phase(now))
    if not form.validate():
        return _render_window(program, window, form, status=422)
    try:
        windows.edit_window(
            program,
            window,
            form.fields,
            version=whole(form.version.data) or 0,
            reason=form.reason.data,
            by=current_user,
            now=now,
        )
    except RuleBroken as refusal:
        return _render_window(program, window, form, refusal=refusal, status=409)
    flash(_("Saved: %(name)s.", name=window.label), "success")
    return _back(program.id, window)


def _pathway(program: Program) -> Any:
    return from_document(program.pathway_document)


def _render_window(
    program: Program,
    window: Window | None,
    form: WindowForm,
    *,
    refusal: RuleBroken | None = None,
    status: int = 200,
) -> Any:
    return render_program_page(
        "evaluation/window.html",
        program,
        Step.EVALUATION,
        status=status,
        window=window,
        phase=window.phase(utcnow()) if window else Phase.PLANNED,
        form=form,
        refusal=refusal,
        **words(),
    )


@bp.post(WINDOW + "/open")
@requires(Permission.SCHEME_EDIT)
def open_window(program_id: int, window_id: int) -> Any:
    """Open a planned window now."""
    program, window = _window_for(program_id, window_id)
    windows.open_window(program, window, by=current_user, now=utcnow())
    flash(_("Opened: %(name)s. Everybody who rates has it in the inbox.", name=window.label), "success")
    return _back(program.id, window)


@bp.post(WINDOW + "/close")
@requires(Permission.SCHEME_EDIT)
def close_window(program_id: int, window_id: int) -> Any:
    """Close an open window now."""
    program, window = _window_for(program_id, window_id)
    windows.close_window(program, window, by=current_user, now=utcnow())
    flash(_("Closed: %(name)s.", name=window.label), "success")
    return _back(program.id, window)


@bp.post(WINDOW + "/remove")
@requires(Permission.SCHEME_EDIT)
def remove_window(program_id: int, window_id: int) -> Any:
    """Remove a window that has not opened."""
    program, window = _window_for(program_id, window_id)
    windows.remove_window(program, window, by=current_user, now=utcnow())
    flash(_("Removed: %(name)s.", name=window.label), "success")
    return _back(program.id)


@bp.post(WINDOW + "/settle")
@requires(Permission.SCHEME_EDIT)
def settle_window(program_id: int, window_id: int) -> Any:
    """Take the provisional results of a closed window as they are, with a reason."""
    (program, window), form = _window_for(program_id, window_id), ReasonForm()
    if not form.validate():
        return _render_evaluation(program, wanted=window.id, form=form, status=422)
    windows.settle_window(program, window, reason=form.reason.data, by=current_user, now=utcnow())
    flash(_("The results of %(name)s are taken as they are.", name=window.label), "success")
    return _back(program.id, window)


@bp.get(OUTSTANDING)
@requires(Permission.RESULT_VIEW_ALL)
def list_outstanding(program_id: int, window_id: int, party: str) -> Any:
    """Show whose rating by a party is still missing, or how far each of its raters is."""
    program = program_for(program_id, Permission.RESULT_VIEW_ALL)
    window, who = queries.window_or_404(program.id, window_id), Party(party)
    by_rater = request.args.get("by") == "rater" and who is not Party.TRAINEE
    listing = Listing.from_request()
    read = queries.rater_progress if by_rater else queries.list_outstanding
    return render_program_page(
        "evaluation/outstanding.html",
        program,
        Step.EVALUATION,
        window=window,
        party=who,
        by_rater=by_rater,
        page=read(program, window, who, current_user, listing),
        may_edit=may(program, current_user, Permission.SCHEME_EDIT),
        now=utcnow(),
        **words(),
    )[0]


@bp.post(OUTSTANDING + "/remind")
@requires(Permission.SCHEME_EDIT)
def remind_party(program_id: int, window_id: int, party: str) -> Any:
    """Remind everybody of a party who still owes a rating."""
    program, window = _window_for(program_id, window_id)
    count = inviting.remind(program, window, parties=[Party(party)], by=current_user, now=utcnow())
    flash(ngettext("%(num)s person reminded.", "%(num)s people reminded.", count), "success")
    return redirect(url_for(".list_outstanding", program_id=program.id, window_id=window.id, party=party))

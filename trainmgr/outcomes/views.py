"""HTTP of outcomes: the pass list, classes side by side, what the training closed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.evaluation.scoring import hundred
from trainmgr.kernel.access import Permission, can, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.outcomes import actions, exporting, keeping, proving, queries, station  # noqa: F401
from trainmgr.outcomes.forms import DecisionForm
from trainmgr.outcomes.labels import KINDS
from trainmgr.outcomes.rules import PassKind, proposal
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import State, Step
from trainmgr.testing import gains, report_labels

bp = Blueprint("outcomes", __name__)
blueprints = (bp,)


@dataclass(frozen=True)
class ClassRow:
    """One class in the comparison; marks out of 100."""

    name: str
    people: int
    rated: int
    mean: float | None
    spread: float | None
    provisional: int
    passed: int
    decided: int
    before: float | None
    after: float | None
    measured: int


def _class_row(row: Any) -> ClassRow:
    mean, square = (None if value is None else float(value) for value in (row.mean, row.square))
    spread = None
    if mean is not None and square is not None and row.rated > 1:
        spread = hundred(math.sqrt(max(0.0, square - mean * mean) * row.rated / (row.rated - 1)))
    before, after = (None if value is None else float(value) for value in (row.before, row.after))
    return ClassRow(row.name or "", row.people, row.rated, hundred(mean), spread, row.provisional,
                    row.passed, row.decided, before, after, row.measured)  # fmt: skip


def _page(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    return render_program_page(
        f"outcomes/{template}",
        program,
        Step.RESULT,
        status=status,
        hundred=hundred,
        kinds=KINDS,
        standing=actions.standing_of,
        proposal=proposal,
        **context,
    )


def _chosen() -> dict[str, str]:
    return {key: request.args.get(key, "")[:20] for key in ("class", "decision")}


@bp.get("/programs/<int:program_id>/result")
@requires(Permission.RESULT_VIEW)
def show_result(program_id):
    """Show who passed, the classes side by side, and what the training closed."""
    program = program_or_404(program_id, current_user)
    final = queries.final_window(program.id)
    window, pass_mark = final or (None, 0.0)
    complete = can(Permission.RESULT_VIEW_ALL)
    classes = queries.compare_classes(program, window, current_user) if complete else []
    people = sum(row.people for row in classes) if complete and len(classes) < queries.MOST_CLASSES else None
    return _page(
        "result.html",
        program,
        window=window,
        pass_mark=pass_mark,
        page=queries.list_results(program, window, current_user, Listing.from_request(), _chosen(), people),
        classes=[_class_row(row) for row in classes],
        cohorts=[(row.id, row.name) for row in classes if row.id],
        closures=queries.closures_of(program) if complete else [],
        closing=gains.closing_of(program, current_user) if complete and can(Permission.TEST_VIEW) else None,
        tests=report_labels,
        complete=complete,
        may_decide=program.state is State.EVALUATING and may(program, current_user, Permission.RESULT_DECIDE),
    )


@bp.get("/programs/<int:program_id>/result/export")
@requires(Permission.RESULT_VIEW_ALL)
def export_result(program_id):
    """Hand out the pass list as Excel, as far as its rows are visible."""
    program = program_or_404(program_id, current_user, steps=False)
    final = queries.final_window(program.id)
    rows = queries.export_rows(program, final[0] if final else None, current_user)
    return exporting.send_results(rows, _("Result %(program)s.xlsx", program=program.name))


def _deciding(program_id: int) -> Program:
    program = program_or_404(program_id, current_user)
    return program if may(program, current_user, Permission.RESULT_DECIDE) else abort(403)


def _ids() -> list[int]:
    found = (whole(value) for value in request.values.getlist("id")[:500])
    return [number for number in found if number is not None]


def _confirmation(program: Program, form: DecisionForm, status: int = 200, **context: Any) -> tuple[str, int]:
    final = queries.final_window(program.id)
    rows = queries.chosen_rows(program, final[0] if final else None, current_user, _ids())
    return _page("decide.html", program, status, form=form, rows=rows, **context)


@bp.get("/programs/<int:program_id>/result/decide")
@requires(Permission.RESULT_DECIDE)
def confirm_decision(program_id):
    """Show who is about to be decided on, and ask for the decision and the reason."""
    program = _deciding(program_id)
    return _confirmation(
        program, DecisionForm(formdata=None, kind=request.args.get("kind", PassKind.PASSED.value))
    )


@bp.post("/programs/<int:program_id>/result/decide")
@requires(Permission.RESULT_DECIDE)
def decide(program_id):
    """Decide on the chosen trainees."""
    program = _deciding(program_id)
    form = DecisionForm()
    if not form.validate():
        return _confirmation(program, form, 422)
    try:
        count = actions.decide(
            program,
            _ids(),
            PassKind(form.kind.data),
            reason=(form.reason.data or "").strip(),
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return _confirmation(program, form, broken.status, broken=str(broken))
    flash(ngettext("Decided on %(num)d trainee.", "Decided on %(num)d trainees.", count), "success")
    return redirect(url_for(".show_result", program_id=program.id))


@bp.post("/programs/<int:program_id>/result/accept")
@requires(Permission.RESULT_DECIDE)
def accept_proposals(program_id):
    """Let everybody pass whose result cannot fall below the pass mark any more."""
    program = _deciding(program_id)
    count = actions.accept_proposals(program, by=current_user, now=utcnow())
    flash(ngettext("%(num)d trainee passed.", "%(num)d trainees passed.", count), "success")
    return redirect(url_for(".show_result", program_id=program.id))


@bp.post("/programs/<int:program_id>/pathway/keep")
@requires(Permission.PATHWAY_EDIT)
def keep_as_pathway(program_id):
    """Keep the programme as a pathway of the organisation, with the stages as they were signed."""
    program = program_or_404(program_id, current_user)
    homes = sorted(current_user.organizations_where(Permission.PATHWAY_EDIT))
    home = program.lead_college_id if program.lead_college_id in homes else homes[0]
    row = keeping.keep_as_pathway(program, organization_id=home, by=current_user, now=utcnow())
    flash(_("“%(name)s” is kept as a pathway of your own.", name=row.name), "success")
    return redirect(url_for("pathways.show_pathway", ref=f"own-{row.id}"))

"""HTTP of results: one trainee beside all parties, one class, and one's own."""

from __future__ import annotations

from typing import Any

from flask import abort, render_template, request
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation import queries, results, scoring
from trainmgr.evaluation.blueprint import bp
from trainmgr.evaluation.results import EDGES, WindowResult
from trainmgr.evaluation.rules import Level, Party, Phase
from trainmgr.evaluation.window_views import PREFIX, WINDOW, program_for, words
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.numbers import whole
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import program_or_404
from trainmgr.programs.rules import Step


@bp.get(PREFIX + "/results/<int:enrolment_id>")
@requires(Permission.RESULT_VIEW)
def show_trainee_result(program_id: int, enrolment_id: int) -> Any:
    """Show one trainee's result: each party beside the others and the composite, gain over the entry level."""
    program = program_or_404(program_id, current_user)
    enrolment = queries.trainee_or_404(program, enrolment_id, current_user)
    return _render_result(program, enrolment)


@bp.get("/my-result")
@requires(Permission.RESULT_VIEW)
def show_my_result() -> Any:
    """Show the result of the training that I am in, or was in last."""
    mine = results.my_enrolments(current_user)
    wanted = request.args.get("program", type=whole)
    chosen = [one for one in mine if wanted in (None, one[1].id)]
    if not chosen:
        return abort(404) if mine else render_template("evaluation/no_result.html")
    program = program_or_404(chosen[0][1].id, current_user)
    return _render_result(program, chosen[0][0], mine=mine)


def _render_result(program: Program, enrolment: Enrolment, *, mine: Any = ()) -> Any:
    now = utcnow()
    found = results.windows_with_result(program, enrolment, current_user, now)
    opened = [one for one in found if one.phase is not Phase.PLANNED]
    wanted = request.args.get("window", type=whole)
    chosen = next((one for one in opened if one.window.id == wanted), None) if wanted else None
    if wanted and chosen is None:
        abort(404)
    chosen = chosen or next((one for one in reversed(opened) if one.ratings), opened[-1] if opened else None)
    return render_program_page(
        "evaluation/result.html",
        program,
        Step.EVALUATION,
        enrolment=enrolment,
        found=opened,
        one=chosen,
        table=_table(chosen) if chosen else None,
        gains=results.gains(enrolment, chosen.window) if chosen and chosen.sees_all else [],
        notes=_notes(chosen) if chosen else {},
        bars=_bars(chosen) if chosen else {},
        overall=_overall(found),
        mine=mine,
        now=now,
        Level=Level,
        normalised_gain=scoring.normalised_gain,
        hundred=scoring.hundred,
        **words(),
    )


def _table(one: WindowResult) -> dict[str, Any]:
    """Return what the page shows of one window's marks: levels by party, criteria, and where parties are apart."""
    plan, marks = one.window.plan, one.marks
    threshold = one.window.scheme.divergence
    criteria = queries.criteria_of(one.window)
    by_id = {criterion.id: criterion for criterion in criteria}
    apart = [each for each in scoring.divergences(marks) if each.gap >= threshold]
    shared = [criterion for criterion in criteria if len(criterion.parties) > 1]
    return {
        "levels": scoring.level_scores(plan, marks),
        "composites": scoring.level_composites(plan, marks),
        "weights": {level.level: level for level in plan.levels},
        "criteria": criteria,
        "apart": [(by_id[each.criterion_id], each.gap) for each in apart],
        "axes": shared[:12],
        "series": {
            party: [marks.get(party, {}).get(criterion.id) for criterion in shared[:12]]
            for party in one.window.parties
        },
    }


def _bars(one: WindowResult) -> dict[str, float | None]:
    """Return the parties' scores and the composite, out of 100."""
    if one.result is None:
        return {}
    scores = {party: getattr(one.result, f"{party.value}_score") for party in one.window.parties}
    all_four = {party.value: scoring.hundred(score) for party, score in scores.items()}
    all_four["all"] = scoring.hundred(one.result.composite)
    return {party: None if score is None else round(score, 1) for party, score in all_four.items()}


def _notes(one: WindowResult) -> dict[Party, Any]:
    """Say in the legend which party is still awaited."""
    return {party: _("awaited") for party in one.missing}


def _overall(found: list[WindowResult]) -> scoring.Composite | None:
    """Return the score of the whole training so far, where several windows weigh and none is hidden from the reader."""
    weighed = [one for one in found if one.window.weight > 0]
    if (
        len(weighed) < 2
        or not all(one.sees_all for one in weighed)
        or not any(one.ratings for one in weighed)
    ):
        return None
    tables = [(one.window.weight, scoring.level_scores(one.window.plan, one.marks)) for one in weighed]
    return scoring.overall(weighed[-1].window.scheme.level_weights, tables)


@bp.get(WINDOW + "/classes/<int:cohort_id>")
@requires(Permission.RESULT_VIEW_ALL)
def show_class_result(program_id: int, window_id: int, cohort_id: int) -> Any:
    """Show how a class stands in a window beside the others, and what each party gave on each criterion."""
    program = program_for(program_id, Permission.RESULT_VIEW_ALL)
    window = queries.window_or_404(program.id, window_id)
    classes = results.by_class(program, window, current_user)
    chosen = next((one for one in classes if (one[0] or 0) == cohort_id), None) or abort(404)
    return render_program_page(
        "evaluation/class_result.html",
        program,
        Step.EVALUATION,
        window=window,
        classes=classes,
        cohort_id=cohort_id,
        name=chosen[1],
        summary=chosen[2],
        criteria=queries.criteria_of(window),
        spread=results.criterion_spread(program, window, current_user, cohort_id or None),
        edges=EDGES,
        hundred=scoring.hundred,
        **words(),
    )

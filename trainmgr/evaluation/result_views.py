"""HTTP of results: one trainee beside all parties, one class, and one's own."""

from __future__ import annotations

from typing import Any

from flask import abort, render_template, request
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation import class_surveys, next_steps, queries, results, scoring
from trainmgr.evaluation.blueprint import bp
from trainmgr.evaluation.decided import counting, told_of
from trainmgr.evaluation.labels import DIMENSIONS, GRADES
from trainmgr.evaluation.results import EDGES, WindowResult
from trainmgr.evaluation.rules import Level, Party, Phase, WindowKind, is_survey
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
    chosen = chosen or _first_to_show(opened)
    told = told_of(chosen.window, enrolment) if chosen else None
    private = _private_levels(enrolment)
    path = next_steps.path_of(enrolment, chosen.window) if chosen and chosen.sees_all else next_steps.Path()
    return render_program_page(
        "evaluation/result.html",
        program,
        Step.EVALUATION,
        enrolment=enrolment,
        found=opened,
        one=chosen,
        table=_table(chosen, told, private) if chosen else None,
        private=private,
        told=told,
        outlook=_outlook(chosen, told, path),
        tasks=path.tasks,
        gains=path.gains,
        notes=_notes(chosen) if chosen else {},
        bars=_bars(chosen) if chosen else {},
        overall=_overall(found, told),
        later=_later(opened),
        DIMENSIONS=DIMENSIONS,
        GRADES=GRADES,
        mine=mine,
        now=now,
        Level=Level,
        normalised_gain=scoring.normalised_gain,
        least_coverage=scoring.LEAST_COVERAGE,
        hundred=scoring.hundred,
        **words(),
    )


def _private_levels(enrolment: Enrolment) -> list[Level]:
    """Return the levels on which a trainee's marks are answers about the training: others do not read them."""
    is_own = enrolment.user_id == current_user.id
    return [] if is_own else [level for level in Level if is_survey(level, Party.TRAINEE)]


def _first_to_show(opened: list[WindowResult]) -> WindowResult | None:
    """Return the last window that somebody has rated in: of the training, before what was asked months later."""
    training = [one for one in opened if one.window.kind is not WindowKind.FOLLOW_UP] or opened
    return next((one for one in reversed(training) if one.ratings), training[-1] if training else None)


def _counted(one: WindowResult, told: Any) -> Any:
    """Return a window's marks as they count: those that a moderator decided in place of the given ones."""
    return counting(one.marks, told.decided(one.window.id)) if told else one.marks


def _weighed(one: WindowResult, told: Any) -> Any:
    """Return the same as scoring takes it: of a party of several the marks of each rater."""
    return counting(one.given, told.decided(one.window.id)) if told else one.given


def _outlook(one: WindowResult | None, told: Any, path: next_steps.Path) -> next_steps.Outlook | None:
    """Return strengths and next steps once the scores show."""
    if one is None or not one.sees_all or not one.marks:
        return None
    criteria, marks = queries.criteria_of(one.window), _counted(one, told)
    return next_steps.outlook(criteria, marks, one.window.scheme, path)


def _table(one: WindowResult, told: Any, private: list[Level]) -> dict[str, Any]:
    """Return what the page shows of one window's marks: levels by party, criteria, and where parties are apart."""
    plan, marks = one.window.plan, one.marks
    threshold = one.window.scheme.divergence
    criteria = queries.criteria_of(one.window)
    by_id = {criterion.id: criterion for criterion in criteria}
    apart = [each for each in scoring.divergences(marks) if each.gap >= threshold]
    shared = [criterion for criterion in criteria if len(criterion.parties) > 1]
    return {
        "levels": scoring.level_scores(plan, one.given, one.expected),
        "composites": scoring.level_composites(plan, _weighed(one, told), one.expected),
        "dimensions": one.dimensions,
        "dimension_composites": scoring.dimension_composites(plan, _weighed(one, told), one.expected),
        "weights": {level.level: level for level in plan.levels},
        "criteria": criteria,
        "by_id": by_id,
        "apart": [(by_id[each.criterion_id], each.gap) for each in apart],
        "axes": shared[:12],
        "series": {
            party: [
                None
                if party is Party.TRAINEE and criterion.level in private
                else marks.get(party, {}).get(criterion.id)
                for criterion in shared[:12]
            ]
            for party in one.window.parties
        },
    }


def _later(opened: list[WindowResult]) -> list[tuple[Any, Any]]:
    """Return each follow-up that the reader sees with the composite of each level that it asks."""
    return [
        (one.window, scoring.level_composites(one.window.plan, one.given, one.expected))
        for one in opened
        if one.window.kind is WindowKind.FOLLOW_UP and one.sees_all and one.given
    ]


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


def _overall(found: list[WindowResult], told: Any) -> scoring.Composite | None:
    """Return the score of the whole training so far, where several windows weigh and none is hidden from the reader."""
    weighed = [one for one in found if one.window.weight > 0]
    if (
        len(weighed) < 2
        or not all(one.sees_all for one in weighed)
        or not any(one.ratings for one in weighed)
    ):
        return None
    tables = [
        (one.window.weight, scoring.level_scores(one.window.plan, _weighed(one, told), one.expected))
        for one in weighed
    ]
    return scoring.overall(weighed[-1].window.scheme.level_weights, tables)


@bp.get(WINDOW + "/classes/<int:cohort_id>")
@requires(Permission.RESULT_VIEW_ALL)
def show_class_result(program_id: int, window_id: int, cohort_id: int) -> Any:
    """Show how a class stands in a window beside the others, and what each party gave on each criterion."""
    program = program_for(program_id, Permission.RESULT_VIEW_ALL)
    window = queries.window_or_404(program.id, window_id)
    classes = results.by_class(program, window, current_user)
    chosen = next((one for one in classes if (one[0] or 0) == cohort_id), None) or abort(404)
    found = results.criterion_spread(program, window, current_user, cohort_id or None)
    hidden = class_surveys.withheld(program, window, current_user, cohort_id or None, now=utcnow())
    spread = class_surveys.without(found, hidden)
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
        spread=spread,
        hidden=hidden,
        **_dimensions(window, results.by_dimension(window.plan, spread)),
        edges=EDGES,
        hundred=scoring.hundred,
        **words(),
    )


def _dimensions(window: Any, told: Any) -> dict[str, Any]:
    """Return a class's ability dimensions as the table and the radar take them."""
    parties = [party for party in window.parties if any(party in each for each in told.values())]
    return {
        "dimensions": told,
        "dimension_axes": [str(DIMENSIONS[dimension]) for dimension in told],
        "dimension_series": {
            p.value: [each[p].mean if p in each else None for each in told.values()] for p in parties
        },
        "DIMENSIONS": DIMENSIONS,
    }

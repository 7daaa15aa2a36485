"""HTTP of stage gates: everybody before a gate, many passed at once, one judged, a remedial task reported as done."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.curriculum.models import Module, PlanStage
from trainmgr.curriculum.queries import stages_and_modules, stages_of
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import chosen, cohorts
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.practice import board, gate_labels, gate_queries, gates, measures, queries, remedial_queries
from trainmgr.practice.blueprint import bp
from trainmgr.practice.board_views import page_of
from trainmgr.practice.forms import chosen_ids
from trainmgr.practice.gate_forms import GateForm
from trainmgr.practice.gate_models import RemedialTask
from trainmgr.practice.gating import Finding, lacking
from trainmgr.practice.labels import STANDING_TONES, STANDINGS
from trainmgr.practice.models import GateDecision, GateOutcome
from trainmgr.practice.rules import JUDGEABLE, gates_in, standing_at
from trainmgr.practice.station import stage_lines
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Work, is_open

P = Permission
Past = tuple[list[GateDecision], dict[int, list[RemedialTask]]]
GATE = "/programs/<int:program_id>/gates/<int:stage_number>"
ONE = "/programs/<int:program_id>/practice/<int:enrolment_id>/gates/<int:stage_number>"


def _load(program_id: int, stage_number: int) -> tuple[Program, list[PlanStage], PlanStage]:
    program = program_or_404(program_id, current_user)
    stages = stages_of(program.id)
    return program, stages, _stage_in(stages, stage_number)


def _load_with_modules(
    program_id: int, stage_number: int
) -> tuple[Program, list[PlanStage], list[Module], PlanStage]:
    program = program_or_404(program_id, current_user)
    stages, modules = stages_and_modules(program.id)
    return program, stages, modules, _stage_in(stages, stage_number)


def _stage_in(stages: list[PlanStage], stage_number: int) -> PlanStage:
    stage = next(
        (one for one in stages if one.number == stage_number and one.gate and not one.remedial), None
    )
    return stage or abort(404)


def _require_judge(program: Program) -> None:
    if not may(program, current_user, P.GATE_DECIDE):
        abort(403)


# --- everybody before a gate -------------------------------------------------------------------------


@bp.get(GATE)
@requires(P.PRACTICE_VIEW)
def show_gate(program_id: int, stage_number: int) -> Any:
    """Show how everybody stands before a gate, those to be judged first."""
    program = program_or_404(program_id, current_user)
    stages, asked = gate_queries.stages_and_conditions(program.id, stage_number, today())
    stage, cohort = _stage_in(stages, stage_number), whole(request.args.get("class"))
    figures = measures.Figures(program.id, stage_number, asked)
    page = board.list_gate(
        program, current_user, figures, gates_in(stage_lines(stages)), Listing.from_request(), cohort
    )
    return page_of(
        "gate",
        program,
        stage=stage,
        page=page,
        conditions=figures.conditions,
        labels=gate_labels,
        classes=[(one.id, one.name) for one in cohorts(program.id)],
        cohort=cohort or "",
        standings=STANDINGS,
        tones=STANDING_TONES,
        may_judge=may(program, current_user, P.GATE_DECIDE) and is_open(Work.PRACTICE, program.state),
        today=today(),
    )


@bp.get(GATE + "/confirm")
@requires(P.GATE_DECIDE)
def confirm_passing(program_id: int, stage_number: int) -> Any:
    """Name the ticked trainees before they pass the gate."""
    program, _stages, stage = _load(program_id, stage_number)
    _require_judge(program)
    people = chosen(program, current_user, chosen_ids(request.args.getlist("id")))
    if not people:
        flash(_("Tick at least one person first."), "warning")
        return redirect(url_for(".show_gate", program_id=program.id, stage_number=stage_number))
    return page_of("confirm_passing", program, stage=stage, people=people)


@bp.post(GATE)
@requires(P.GATE_DECIDE)
def pass_gate(program_id: int, stage_number: int) -> Any:
    """Let the ticked trainees pass the gate; whoever cannot be judged now is left out and named."""
    program, stages, _stage = _load(program_id, stage_number)
    _require_judge(program)
    result = gates.pass_many(
        program,
        chosen_ids(request.form.getlist("id")),
        stage_number,
        stages=stages,
        by=current_user,
        now=utcnow(),
    )
    if result.passed:
        text = ngettext(
            "%(num)s trainee passed the gate.", "%(num)s trainees passed the gate.", result.passed
        )
        flash(text, "success")
    elif not result.left_out and not result.lacking:
        flash(_("Tick at least one person first."), "warning")
    if result.left_out:
        shown = _("; ").join(result.left_out[:10]) + (" …" if len(result.left_out) > 10 else "")
        flash(_("Left out, because they cannot be judged here now: %(names)s", names=shown), "warning")
    if result.lacking:
        shown = _("; ").join(result.lacking[:10]) + (" …" if len(result.lacking) > 10 else "")
        flash(_("Left out, because a condition is not met: %(names)s", names=shown), "warning")
    return redirect(url_for(".show_gate", program_id=program.id, stage_number=stage_number))


# --- one trainee at a gate ---------------------------------------------------------------------------


def _one_page(
    program: Program,
    enrolment: Any,
    stages: list[PlanStage],
    modules: list[Module],
    stage: PlanStage,
    form: GateForm,
    found: list[Finding],
    status: int = 200,
    refusal: RuleBroken | None = None,
    past: Past | None = None,
) -> tuple[str, int]:
    decisions, tasks = past or remedial_queries.gates_and_tasks(enrolment)
    form.offer(modules, remedial_queries.offered_materials(program.id), lacking(found))
    known = gates.judgements(decisions)
    standing = standing_at(stage.number, gates_in(stage_lines(stages)), program.current_stage, known)
    return page_of(
        "judge",
        program,
        status,
        enrolment=enrolment,
        stage=stage,
        form=form,
        findings=found,
        labels=gate_labels,
        tasks=tasks,
        refusal=refusal,
        standing=standing,
        standings=STANDINGS,
        tones=STANDING_TONES,
        history=[one for one in decisions if one.stage_number == stage.number],
        may_judge=standing in JUDGEABLE and is_open(Work.PRACTICE, program.state),
        today=today(),
    )


def _to_judge(program: Program, enrolment_id: int, number: int) -> tuple[Enrolment, list[Finding]]:
    """The trainee, whom the reader may judge, and how they stand against the conditions of the gate."""
    enrolment, asked = gate_queries.trainee_and_conditions(
        program, enrolment_id, number, current_user, today()
    )
    _require_judge(program)
    return enrolment, measures.findings_of(program.id, number, asked, [enrolment.id])[enrolment.id]


@bp.get(ONE)
@requires(P.GATE_DECIDE)
def edit_judgement(program_id: int, enrolment_id: int, stage_number: int) -> Any:
    """Show what there is to judge a trainee by at a gate, and the form."""
    program, stages, modules, stage = _load_with_modules(program_id, stage_number)
    enrolment, found = _to_judge(program, enrolment_id, stage_number)
    past = remedial_queries.gates_and_tasks(enrolment)
    known = gates.judgements(past[0]).get(stage_number)
    form = GateForm(formdata=None, attempt=str(known.attempt + 1 if known else 1))
    return _one_page(program, enrolment, stages, modules, stage, form, found, past=past)


@bp.post(ONE)
@requires(P.GATE_DECIDE)
def judge(program_id: int, enrolment_id: int, stage_number: int) -> Any:
    """Judge a trainee at a gate: passed, or into a remedial loop."""
    program, stages, modules, stage = _load_with_modules(program_id, stage_number)
    enrolment, found = _to_judge(program, enrolment_id, stage_number)
    form = GateForm()
    form.offer(modules, remedial_queries.offered_materials(program.id), lacking(found))
    if not form.validate():
        return _one_page(program, enrolment, stages, modules, stage, form, found, 422)
    outcome = GateOutcome(form.outcome.data)
    tasks = form.plan() if outcome is GateOutcome.REMEDIAL else []
    verdict = gates.Verdict(outcome, form.comment.data or "", tasks, form.waiver.data or "")
    try:
        gates.decide(
            program, enrolment, stage_number, verdict, attempt=whole(form.attempt.data) or 0, stages=stages,
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as refusal:
        known = gates.judgements(queries.gates_of(enrolment)).get(stage_number)
        form.attempt.data = str(known.attempt + 1 if known else 1)
        return _one_page(program, enrolment, stages, modules, stage, form, found, refusal.status, refusal)
    if outcome is GateOutcome.PASSED:
        flash(
            _("%(name)s has passed the gate of stage %(stage)s.", name=enrolment.name, stage=stage_number),
            "success",
        )
    else:
        flash(
            _("%(name)s has a remedial plan now; its tasks stand in the inbox.", name=enrolment.name),
            "success",
        )
    return redirect(url_for(".show_gate", program_id=program.id, stage_number=stage_number))

"""HTTP of stage gates: everybody before a gate, many passed at once, one judged, a remedial task reported as done."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.curriculum.models import PlanStage
from trainmgr.curriculum.queries import stages_of
from trainmgr.enrolment.queries import chosen, cohorts, enrolment_or_404
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.practice import board, gates, queries
from trainmgr.practice.blueprint import bp
from trainmgr.practice.board_views import page_of
from trainmgr.practice.forms import GateForm, chosen_ids
from trainmgr.practice.labels import STANDING_TONES, STANDINGS
from trainmgr.practice.models import GateOutcome
from trainmgr.practice.rules import JUDGEABLE, gates_in, standing_at
from trainmgr.practice.station import stage_lines
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Work, is_open

P = Permission
GATE = "/programs/<int:program_id>/gates/<int:stage_number>"
ONE = "/programs/<int:program_id>/practice/<int:enrolment_id>/gates/<int:stage_number>"


def _load(program_id: int, stage_number: int) -> tuple[Program, list[PlanStage], PlanStage]:
    program = program_or_404(program_id, current_user)
    stages = stages_of(program.id)
    stage = next(
        (one for one in stages if one.number == stage_number and one.gate and not one.remedial), None
    )
    return program, stages, stage or abort(404)


def _require_judge(program: Program) -> None:
    if not may(program, current_user, P.GATE_DECIDE):
        abort(403)


# --- everybody before a gate -------------------------------------------------------------------------


@bp.get(GATE)
@requires(P.PRACTICE_VIEW)
def show_gate(program_id: int, stage_number: int) -> Any:
    """Show how everybody stands before a gate, those to be judged first."""
    program, stages, stage = _load(program_id, stage_number)
    cohort = whole(request.args.get("class"))
    page = board.list_gate(
        program, current_user, stage_number, gates_in(stage_lines(stages)), Listing.from_request(), cohort
    )
    return page_of(
        "gate",
        program,
        stage=stage,
        page=page,
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
    elif not result.left_out:
        flash(_("Tick at least one person first."), "warning")
    if result.left_out:
        shown = _("; ").join(result.left_out[:10]) + (" …" if len(result.left_out) > 10 else "")
        flash(_("Left out, because they cannot be judged here now: %(names)s", names=shown), "warning")
    return redirect(url_for(".show_gate", program_id=program.id, stage_number=stage_number))


# --- one trainee at a gate ---------------------------------------------------------------------------


def _one_page(
    program: Program,
    enrolment: Any,
    stages: list[PlanStage],
    stage: PlanStage,
    form: GateForm,
    status: int = 200,
    refusal: RuleBroken | None = None,
) -> tuple[str, int]:
    decisions = queries.gates_of(enrolment)
    known = gates.judgements(decisions)
    standing = standing_at(stage.number, gates_in(stage_lines(stages)), program.current_stage, known)
    return page_of(
        "judge",
        program,
        status,
        enrolment=enrolment,
        stage=stage,
        form=form,
        refusal=refusal,
        standing=standing,
        standings=STANDINGS,
        tones=STANDING_TONES,
        history=[one for one in decisions if one.stage_number == stage.number],
        may_judge=standing in JUDGEABLE and is_open(Work.PRACTICE, program.state),
        today=today(),
    )


@bp.get(ONE)
@requires(P.GATE_DECIDE)
def edit_judgement(program_id: int, enrolment_id: int, stage_number: int) -> Any:
    """Show what there is to judge a trainee by at a gate, and the form."""
    program, stages, stage = _load(program_id, stage_number)
    enrolment = enrolment_or_404(program, enrolment_id, current_user)
    _require_judge(program)
    known = gates.judgements(queries.gates_of(enrolment)).get(stage_number)
    form = GateForm(formdata=None, attempt=str(known.attempt + 1 if known else 1))
    return _one_page(program, enrolment, stages, stage, form)


@bp.post(ONE)
@requires(P.GATE_DECIDE)
def judge(program_id: int, enrolment_id: int, stage_number: int) -> Any:
    """Judge a trainee at a gate: passed, or into a remedial loop."""
    program, stages, stage = _load(program_id, stage_number)
    enrolment = enrolment_or_404(program, enrolment_id, current_user)
    _require_judge(program)
    form = GateForm()
    if not form.validate():
        return _one_page(program, enrolment, stages, stage, form, 422)
    verdict = gates.Verdict(
        GateOutcome(form.outcome.data), form.comment.data or "", form.task.data or "", form.due_on.data
    )
    try:
        gates.decide(
            program, enrolment, stage_number, verdict, attempt=whole(form.attempt.data) or 0, stages=stages,
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as refusal:
        known = gates.judgements(queries.gates_of(enrolment)).get(stage_number)
        form.attempt.data = str(known.attempt + 1 if known else 1)
        return _one_page(program, enrolment, stages, stage, form, refusal.status, refusal)
    if verdict.outcome is GateOutcome.PASSED:
        flash(
            _("%(name)s has passed the gate of stage %(stage)s.", name=enrolment.name, stage=stage_number),
            "success",
        )
    else:
        flash(_("%(name)s has a remedial task now; it stands in the inbox.", name=enrolment.name), "success")
    return redirect(url_for(".show_gate", program_id=program.id, stage_number=stage_number))


@bp.post(ONE + "/done")
@requires(P.PRACTICE_VIEW)
def report_remedial_done(program_id: int, enrolment_id: int, stage_number: int) -> Any:
    """Report a remedial task as done: the trainee, or whoever may judge."""
    program, _stages, _stage = _load(program_id, stage_number)
    enrolment = enrolment_or_404(program, enrolment_id, current_user)
    if enrolment.user_id != current_user.id:
        _require_judge(program)
    gates.report_done(program, enrolment, stage_number, by=current_user, now=utcnow())
    flash(_("Reported as done. The gate of stage %(stage)s is judged again.", stage=stage_number), "success")
    return redirect(url_for(".show_trainee", program_id=program.id, enrolment_id=enrolment.id))

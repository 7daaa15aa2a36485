"""HTTP of "until everyone passes" and of what each gate asks for."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.curriculum.queries import stages_of
from trainmgr.enrolment.queries import cohorts
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.practice import board, conditions, everyone, gate_labels, measures
from trainmgr.practice.blueprint import bp
from trainmgr.practice.board_views import page_of
from trainmgr.practice.gate_forms import ConditionForm
from trainmgr.practice.gating import Condition, ConditionKind, in_force
from trainmgr.practice.labels import STANDING_TONES, STANDINGS
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Work, is_open

P = Permission
EVERYONE = "/programs/<int:program_id>/everyone"
CONDITIONS = "/programs/<int:program_id>/conditions"
ONE = f"{CONDITIONS}/<int:stage_number>/<kind>"


def _figures(program, number, stages, asked=None):
    before = max(
        (one.number for one in stages if one.gate and not one.remedial and one.number < number), default=None
    )
    asked = measures.conditions_of(program.id, number, today()) if asked is None else asked
    return measures.Figures(program.id, number, asked, before)


def _gate(program, stages):
    """The stage that the address names, else the present one, else the first that has a gate."""
    gated = [one for one in stages if one.gate and not one.remedial]
    wanted = whole(request.args.get("stage")) or program.current_stage
    return next((one for one in gated if one.number == wanted), gated[0] if gated else None)


@bp.get(EVERYONE)
@requires(P.PRACTICE_VIEW)
def show_everyone(program_id):
    """Show of each stage how many passed, and what is still missing for whom."""
    program = program_or_404(program_id, current_user)
    lines = board.stage_summary(program, current_user, 0, with_conditions=True)
    stage = _gate(program, [line.stage for line in lines])
    if stage is None:
        return page_of("everyone", program, stage=None)
    stages = [line.stage for line in lines]
    versions = next(line.versions for line in lines if line.stage is stage)
    asked = in_force([one.value for one in versions], today())
    figures, cohort = _figures(program, stage.number, stages, asked), whole(request.args.get("class"))
    summary = everyone.summarise(program, current_user, figures)
    what = request.args.get("lacks", "")
    what = what if what in everyone.things(figures) else ""
    return page_of(
        "everyone",
        program,
        stage=stage,
        summary=summary,
        what=what,
        cohort=cohort or "",
        lines=lines,
        page=everyone.list_open(
            program, current_user, figures, Listing.from_request(), what, cohort, summary
        ),
        classes=[(one.id, one.name) for one in cohorts(program.id)],
        standings=STANDINGS,
        tones=STANDING_TONES,
        labels=gate_labels,
        may_judge=may(program, current_user, P.GATE_DECIDE) and is_open(Work.PRACTICE, program.state),
        may_set=may(program, current_user, P.PROGRAM_EDIT),
    )


@bp.get(f"{EVERYONE}.xlsx")
@requires(P.PRACTICE_VIEW)
def export_everyone(program_id):
    """Hand out everybody who has not passed a stage's gate, with what is missing, as a workbook."""
    program = program_or_404(program_id, current_user, steps=False)
    stages = stages_of(program.id)
    stage = _gate(program, stages) or abort(404)
    figures, what = _figures(program, stage.number, stages), request.args.get("lacks", "")
    what = what if what in everyone.things(figures) else ""
    return everyone.send_open(program, current_user, figures, what, whole(request.args.get("class")))


# --- what the gates ask for ------------------------------------------------------------------------------


@bp.get(CONDITIONS)
@requires(P.PRACTICE_VIEW)
def list_conditions(program_id):
    """Show what each stage's gate asks for today, with every version."""
    program = program_or_404(program_id, current_user)
    versions = measures.versions_of(program.id)
    gated = [one for one in stages_of(program.id) if one.gate and not one.remedial]
    lines = []
    for stage in gated:
        own = [one for one in versions if one.stage_number == stage.number]
        holding = {one.kind: one for one in in_force([version.value for version in own], today())}
        lines.append(
            (stage, holding, {kind: [one for one in own if one.kind is kind] for kind in ConditionKind})
        )
    names = {one.id: one.name for one in measures.instruments_of(program.id)}
    return page_of(
        "conditions",
        program,
        lines=lines,
        labels=gate_labels,
        kinds=list(ConditionKind),
        names=names,
        today=today(),
        may_set=may(program, current_user, P.PROGRAM_EDIT) and is_open(Work.PRACTICE, program.state),
    )


def _loaded(program_id, stage_number, kind):
    program = program_or_404(program_id, current_user)
    if not may(program, current_user, P.PROGRAM_EDIT):
        abort(403)
    stage = next((one for one in stages_of(program.id) if one.number == stage_number and one.gate), None)
    if stage is None or kind not in set(ConditionKind):
        abort(404)
    return program, stage, ConditionKind(kind)


def _condition_page(program, stage, kind, form, status=200, broken=None):
    return page_of(
        "condition",
        program,
        status,
        stage=stage,
        kind=kind,
        form=form,
        labels=gate_labels,
        broken=broken,
        has_test=kind in conditions.TESTED,
        today=today(),
    )


@bp.get(ONE)
@requires(P.PROGRAM_EDIT)
def edit_condition(program_id, stage_number, kind):
    """Show the form of a condition, as it holds today."""
    program, stage, kind = _loaded(program_id, stage_number, kind)
    holding = {one.kind: one for one in measures.conditions_of(program.id, stage_number, today())}.get(kind)
    form = ConditionForm(
        kind,
        formdata=None,
        valid_from=today(),
        limit=holding.limit if holding else None,
        instrument=holding.instrument_id if holding else None,
    )
    form.offer(measures.instruments_of(program.id))
    return _condition_page(program, stage, kind, form)


@bp.post(ONE)
@requires(P.PROGRAM_EDIT)
def set_condition(program_id, stage_number, kind):
    """Let the gate of a stage ask for something from a day on, or no longer."""
    program, stage, kind = _loaded(program_id, stage_number, kind)
    form = ConditionForm(kind)
    form.offer(measures.instruments_of(program.id))
    if not form.validate():
        return _condition_page(program, stage, kind, form, 422)
    condition = Condition(kind, form.limit.data, form.valid_from.data, form.instrument_id)
    try:
        conditions.set_condition(
            program, stage.number, condition, reason=form.reason.data, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _condition_page(program, stage, kind, form, broken.status, broken)
    flash(_("The condition is set; judgements before stay as they were."), "success")
    return redirect(url_for(".list_conditions", program_id=program.id))

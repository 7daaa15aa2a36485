"""HTTP of evaluations by outside assessors: asking, scoring with evidence, findings, submitting, the result."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import file_response, store_document
from trainmgr.kernel.paging import Listing
from trainmgr.quality import assessing, maturity, maturity_labels
from trainmgr.quality.assessing import Asking, Judgement
from trainmgr.quality.frame import asked_year, bp, edited_college, page_of
from trainmgr.quality.maturity_forms import AskForm, FindingForm, ScoreForm, SubmitForm, WithdrawForm
from trainmgr.quality.maturity_rules import FindingKind, MaturityDimension, Stage, by_dimension, total

P = Permission
EVALUATION = "/maturity/<int:evaluation_id>"


def _page(template, status=200, **context):
    return page_of(template, status, words=maturity_labels, **context)


@bp.get("/maturity")
@requires(P.QUALITY_VIEW)
def list_evaluations():
    """List the evaluations of the reader's college, or those asked of the reader."""
    page = maturity.list_evaluations(current_user, Listing.from_request())
    return _page("evaluations", page=page, today=today())


# --- asking ------------------------------------------------------------------------------------------------


def _ask_form(college_id, **options):
    form = AskForm(**options)
    form.offer(maturity.released_trees(college_id), maturity.assessors(), maturity.led_programs(college_id))
    return form


def _ask_page(college_id, form, status=200, broken=None):
    return _page("ask", status, college_id=college_id, form=form, broken=broken)


@bp.get("/maturity/new")
@requires(P.QUALITY_EDIT)
def new_evaluation():
    """Show the form that asks an outside assessor."""
    college_id = edited_college()
    return _ask_page(college_id, _ask_form(college_id, formdata=None, target_year=asked_year()))


@bp.post("/maturity")
@requires(P.QUALITY_EDIT)
def ask_for_evaluation():
    """Ask an outside assessor for an evaluation of some programmes within some days."""
    college_id = edited_college()
    form = _ask_form(college_id)
    if not form.validate():
        return _ask_page(college_id, form, 422)
    assessor, house = form.people[form.assessor.data]
    asking = Asking(
        form.title.data, form.target_year.data, form.trees[form.tree.data], assessor, house.id, form.opens_on.data,
        form.closes_on.data, form.programs.data,
    )  # fmt: skip
    evaluation = assessing.ask(college_id, asking, by=current_user, now=utcnow())
    flash(
        _("%(name)s is asked; the programmes are open to read on the days named.", name=assessor.name),
        "success",
    )
    return redirect(url_for(".show_evaluation", evaluation_id=evaluation.id))


# --- one evaluation ------------------------------------------------------------------------------------------


def _may_score(evaluation):
    is_open = evaluation.stage(today()) is Stage.OPEN and evaluation.state.value == "asked"
    return is_open and evaluation.assessor_id == current_user.id


def _evaluation_page(evaluation, status=200, **forms):
    scores, programs = maturity.scores_of(evaluation), maturity.programs_of(evaluation)
    scored = maturity.scored(evaluation, scores)
    finding_form = forms.get("finding_form") or FindingForm(formdata=None)
    finding_form.offer(evaluation.tree.indices, programs)
    return _page(
        "evaluation",
        status,
        evaluation=evaluation,
        scores=scores,
        programs=programs,
        whole=total(scored),
        by_dimension=by_dimension(scored),
        dimensions=list(MaturityDimension),
        missing=maturity.missing(evaluation, scores),
        findings=maturity.findings_of(evaluation),
        may_score=_may_score(evaluation),
        may_edit=evaluation.college_id in current_user.organizations_where(P.QUALITY_EDIT),
        stage=evaluation.stage(today()),
        finding_form=finding_form,
        submit_form=forms.get("submit_form") or SubmitForm(formdata=None),
        withdraw_form=forms.get("withdraw_form") or WithdrawForm(formdata=None),
        broken=forms.get("broken"),
    )


@bp.get(EVALUATION)
@requires(P.QUALITY_VIEW)
def show_evaluation(evaluation_id):
    """Show an evaluation: its indices with levels and evidence, the radar, what was found."""
    return _evaluation_page(maturity.evaluation_or_404(evaluation_id, current_user))


def _to_score(evaluation_id):
    evaluation = maturity.evaluation_or_404(evaluation_id, current_user)
    if evaluation.assessor_id != current_user.id:
        abort(403)
    return evaluation


def _score_page(evaluation, index, form, status=200, broken=None):
    return _page("score", status, evaluation=evaluation, index=index, form=form, broken=broken,
                 score=maturity.scores_of(evaluation).get(index.id))  # fmt: skip


@bp.get(f"{EVALUATION}/indices/<int:index_id>")
@requires(P.MATURITY_ASSESS)
def edit_score(evaluation_id, index_id):
    """Show one index with the words of its levels to score it."""
    evaluation = _to_score(evaluation_id)
    index = maturity.index_or_404(evaluation.tree, index_id)
    row = maturity.scores_of(evaluation).get(index.id)
    form = ScoreForm(formdata=None, level=row.level if row else None, note=row.note if row else "")
    return _score_page(evaluation, index, form)


@bp.post(f"{EVALUATION}/indices/<int:index_id>")
@requires(P.MATURITY_ASSESS)
def save_score(evaluation_id, index_id):
    """Score an index with what it rests on."""
    evaluation, form = _to_score(evaluation_id), ScoreForm()
    index = maturity.index_or_404(evaluation.tree, index_id)
    form.for_index(index)
    if not form.validate():
        return _score_page(evaluation, index, form, 422)
    try:
        upload = request.files.get("file")
        stored = _store(upload) if upload and upload.filename else None
        assessing.score(evaluation, index, Judgement(form.level.data, form.note.data, stored), by=current_user,
                        today=today(), now=utcnow())  # fmt: skip
    except RuleBroken as broken:
        return _score_page(evaluation, index, form, broken.status, broken)
    flash(_("Scored: %(name)s.", name=index.label), "success")
    return redirect(url_for(".show_evaluation", evaluation_id=evaluation.id, _anchor="indices-h"))


def _store(upload):
    return store_document(upload, by=current_user, program_id=None, now=utcnow(), purpose="maturity")


@bp.get(f"{EVALUATION}/indices/<int:index_id>/evidence")
@requires(P.QUALITY_VIEW)
def download_evidence(evaluation_id, index_id):
    """Hand out the file that a score rests on."""
    evaluation = maturity.evaluation_or_404(evaluation_id, current_user)
    row = maturity.scores_of(evaluation).get(index_id)
    if row is None or row.file is None:
        abort(404)
    return file_response(row.file)


@bp.post(f"{EVALUATION}/findings")
@requires(P.MATURITY_ASSESS)
def add_finding(evaluation_id):
    """Note a strength or a weakness."""
    evaluation, form = _to_score(evaluation_id), FindingForm()
    form.offer(evaluation.tree.indices, maturity.programs_of(evaluation))
    if not form.validate():
        return _evaluation_page(evaluation, 422, finding_form=form)
    finding = assessing.finding_of(FindingKind(form.kind.data), form.text.data, form.advice.data or "")
    finding.index_id, finding.program_id = form.place
    assessing.note_finding(evaluation, finding, by=current_user, today=today(), now=utcnow())
    flash(_("The finding is noted."), "success")
    return redirect(url_for(".show_evaluation", evaluation_id=evaluation.id, _anchor="findings-h"))


@bp.post(f"{EVALUATION}/findings/<int:finding_id>/remove")
@requires(P.MATURITY_ASSESS)
def remove_finding(evaluation_id, finding_id):
    """Take a finding back before the evaluation is submitted."""
    evaluation = _to_score(evaluation_id)
    finding = next((one for one in maturity.findings_of(evaluation) if one.id == finding_id), None)
    if finding is None:
        abort(404)
    assessing.remove_finding(evaluation, finding, by=current_user, today=today())
    flash(_("The finding is taken back."), "success")
    return redirect(url_for(".show_evaluation", evaluation_id=evaluation.id, _anchor="findings-h"))


@bp.post(f"{EVALUATION}/submit")
@requires(P.MATURITY_ASSESS)
def submit_evaluation(evaluation_id):
    """Submit an evaluation once and for all."""
    evaluation, form = _to_score(evaluation_id), SubmitForm()
    if not form.validate():
        return _evaluation_page(evaluation, 422, submit_form=form)
    try:
        assessing.submit(evaluation, form.summary.data, by=current_user, today=today(), now=utcnow())
    except RuleBroken as broken:
        return _evaluation_page(evaluation, broken.status, submit_form=form, broken=broken)
    flash(_("Submitted. The evaluation does not change any more."), "success")
    return redirect(url_for(".show_evaluation", evaluation_id=evaluation.id))


@bp.post(f"{EVALUATION}/withdraw")
@requires(P.QUALITY_EDIT)
def withdraw_evaluation(evaluation_id):
    """Call an evaluation off."""
    evaluation, form = maturity.evaluation_or_404(evaluation_id, current_user), WithdrawForm()
    if evaluation.college_id not in current_user.organizations_where(P.QUALITY_EDIT):
        abort(403)
    if not form.validate():
        return _evaluation_page(evaluation, 422, withdraw_form=form)
    assessing.withdraw(evaluation, reason=form.reason.data, by=current_user, today=today(), now=utcnow())
    flash(_("The evaluation is called off."), "success")
    return redirect(url_for(".show_evaluation", evaluation_id=evaluation.id))

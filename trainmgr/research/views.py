"""HTTP of research: studies of a major, their evidence, the four-step diagnosis, the decision."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from wtforms import SelectChoice

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version
from trainmgr.kernel.paging import Listing
from trainmgr.research import actions, labels, printing, queries
from trainmgr.research.forms import NONE, DecisionForm, EvidenceForm, ScopeForm, StudyForm
from trainmgr.research.presenting import StudyView

bp = Blueprint("research", __name__, url_prefix="/studies")
blueprints = (bp,)

STUDY = "/<int:study_id>"


def _study_page(study, *, status=200, **context):
    context = {"evidence_form": None, "refusal": None} | context
    view = StudyView(study, queries.may_edit(study, current_user))
    context["evidence_form"] = context["evidence_form"] or EvidenceForm(formdata=None)
    return render_template("research/show.html", view=view, study=study, labels=labels, **context), status


def _load_to_edit(study_id):
    study = queries.study_or_404(study_id, current_user)
    if study.college_id not in current_user.organizations_where(Permission.RESEARCH_EDIT):
        abort(403)
    return study


def _back(study, anchor):
    return redirect(url_for(".show_study", study_id=study.id, _anchor=anchor))


@bp.get("/")
@requires(Permission.RESEARCH_VIEW)
def list_studies():
    """List the studies of the reader's colleges."""
    page = queries.list_studies(current_user, Listing.from_request())
    return render_template("research/list.html", page=page, labels=labels)


def _study_form():
    form = StudyForm()
    form.college_id.choices = [
        SelectChoice(str(one.id), one.name) for one in queries.colleges_of(current_user)
    ]
    return form


@bp.get("/new")
@requires(Permission.RESEARCH_EDIT)
def new_study():
    """Show the form for a new study."""
    return render_template("research/new.html", form=_study_form())


@bp.post("/new")
@requires(Permission.RESEARCH_EDIT)
def create_study():
    """Open a study of a major."""
    form = _study_form()
    if not form.validate():
        return render_template("research/new.html", form=form), 422
    study = actions.open_study(
        form.college_id.data, form.major.data, form.question.data, by=current_user, now=utcnow()
    )
    flash(_("The study is open. Add the evidence first."), "success")
    return _back(study, "evidence-h")


@bp.get(STUDY)
@requires(Permission.RESEARCH_VIEW)
def show_study(study_id):
    """Show a study: its four steps, evidence, coverage, decision."""
    return _study_page(queries.study_or_404(study_id, current_user))


@bp.get(f"{STUDY}/study.docx")
@requires(Permission.RESEARCH_VIEW)
def export_study(study_id):
    """Hand a study out as a Word document."""
    study = queries.study_or_404(study_id, current_user)
    return printing.send_study(StudyView(study, False))


@bp.post(f"{STUDY}/evidence")
@requires(Permission.RESEARCH_EDIT)
def add_evidence(study_id):
    """Take one finding in."""
    study, form = _load_to_edit(study_id), EvidenceForm()
    if not form.validate():
        return _study_page(study, status=422, evidence_form=form)
    try:
        actions.add_evidence(study, form.facts(), by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return _study_page(study, status=409, evidence_form=form, refusal=refusal)
    flash(_("The finding is added."), "success")
    return _back(study, "evidence-h")


@bp.post(f"{STUDY}/evidence/<int:evidence_id>/remove")
@requires(Permission.RESEARCH_EDIT)
def remove_evidence(study_id, evidence_id):
    """Take a finding out."""
    study = _load_to_edit(study_id)
    actions.remove_evidence(study, evidence_id, by=current_user, now=utcnow())
    flash(_("The finding is taken out; it stays in the trail."), "success")
    return _back(study, "evidence-h")


def _scope_form(study):
    chosen = [version.id for version in queries.standards_of(study)]
    form = ScopeForm(data={"versions": chosen, "edition_id": study.edition_id or NONE})
    form.versions.choices = [
        SelectChoice(str(one.id), f"{one.standard.post} · {one.number}")
        for one in queries.possible_standards(study)
    ]
    form.edition_id.choices = [SelectChoice(str(NONE), _("none yet"))] + [
        SelectChoice(
            str(edition.id),
            _("%(program)s, edition %(number)s", program=program.label, number=edition.number),
        )
        for edition, program in queries.possible_editions(study)
    ]
    return form


@bp.get(f"{STUDY}/scope")
@requires(Permission.RESEARCH_EDIT)
def edit_scope(study_id):
    """Ask which job standards and which plan the study looks at."""
    study = _load_to_edit(study_id)
    return render_template(
        "research/scope.html", study=study, form=_scope_form(study), version=study.version, refusal=None
    )


@bp.post(f"{STUDY}/scope")
@requires(Permission.RESEARCH_EDIT)
def update_scope(study_id):
    """Note which job standards and which plan the study looks at."""
    study = _load_to_edit(study_id)
    form, version = _scope_form(study), typed_version()
    context = {"study": study, "form": form, "version": version}
    if not form.validate():
        return render_template("research/scope.html", refusal=None, **context), 422
    try:
        actions.look_at(
            study,
            form.versions.data or [],
            form.edition_id.data or None,
            version=version,
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as refusal:
        return render_template("research/scope.html", refusal=refusal, **context), 409
    flash(_("Saved what the study looks at."), "success")
    return _back(study, "matrix-h")


@bp.get(f"{STUDY}/decision")
@requires(Permission.RESEARCH_EDIT)
def confirm_decision(study_id):
    """Ask what is decided, and why."""
    study = _load_to_edit(study_id)
    return render_template("research/decide.html", study=study, form=DecisionForm(), refusal=None)


@bp.post(f"{STUDY}/decision")
@requires(Permission.RESEARCH_EDIT)
def decide(study_id):
    """Take the decision on the major; afterwards the study does not change any more."""
    study, form = _load_to_edit(study_id), DecisionForm()
    if not form.validate():
        return render_template("research/decide.html", study=study, form=form, refusal=None), 422
    try:
        actions.decide(study, form.chosen, form.reason.data, by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return render_template("research/decide.html", study=study, form=form, refusal=refusal), 409
    flash(_("Decided. The study is kept as it is."), "success")
    return _back(study, "decision-h")

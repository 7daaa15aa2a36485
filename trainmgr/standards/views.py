"""HTTP of job standards: the list, one version, its life from draft to outdated. Its parts are beside this file."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.numbers import typed_version
from trainmgr.kernel.paging import Listing
from trainmgr.programs.labels import SIDES
from trainmgr.standards import (  # noqa: F401  they add their routes
    actions,
    competency_views,
    delphi_views,
    expert_views,
    frozen,
    interview_views,
    labels,
    map_views,
    queries,
    sheet_views,
    task_views,
    versions,
)
from trainmgr.standards.comparing import compare
from trainmgr.standards.content import content_of, framework_of
from trainmgr.standards.forms import PostForm, ReasonForm
from trainmgr.standards.pages import DRAFT, STANDARD, VERSION, bp, load, load_draft, render
from trainmgr.standards.presenting import View
from trainmgr.standards.rules import VersionState

blueprints = (bp,)


@bp.get("/standards/")
@requires(Permission.STANDARD_VIEW)
def list_standards():
    """Show the job standards that the reader may see."""
    state = request.args.get("state", "")
    state = state if state in (VersionState.DRAFT, VersionState.PUBLISHED) else ""
    page = queries.list_standards(current_user, Listing.from_request(), state)
    return render_template(
        "standards/list.html",
        page=page,
        state=state,
        states=labels.STATES,
        may_begin=bool(queries.colleges_of(current_user)),
    )


@bp.get("/standards/new")
@requires(Permission.STANDARD_EDIT)
def new_standard():
    """Show the form that opens a standard."""
    return _post_page(_post_form())


@bp.post("/standards/")
@requires(Permission.STANDARD_EDIT)
def create_standard():
    """Open a standard with its first draft."""
    form = _post_form()
    if not form.validate() or _code_is_taken(form):
        return _post_page(form, 422)
    standard = actions.create_standard(form.college_id.data, form.facts(), by=current_user, now=utcnow())
    flash(_("“%(name)s” is open. Enter its tasks and competencies.", name=standard.post), "success")
    return redirect(url_for(".show_standard", standard_id=standard.id))


def _post_form(standard=None):
    colleges = queries.colleges_of(current_user) if standard is None else [standard.college]
    options = {"colleges": colleges, "enterprises": queries.enterprises()}
    if standard is None or request.method == "POST":
        return PostForm(**options)
    return PostForm.showing(standard, **options)


def _post_page(form, status=200, **context):
    return render_template("standards/post.html", form=form, **context), status


def _code_is_taken(form, but=None):
    taken = queries.code_is_taken(form.college_id.data, form.code.data, but=but)
    if taken:
        form.code.errors = [_("Another standard of the college has this code.")]
    return taken


@bp.get(f"{STANDARD}/edit")
@requires(Permission.STANDARD_EDIT)
def edit_standard(standard_id):
    """Show the form of what the standard is about."""
    view = _load_to_edit(standard_id)
    return _post_page(_post_form(view.standard), view=view, version=view.standard.version)


@bp.post(f"{STANDARD}/edit")
@requires(Permission.STANDARD_EDIT)
def update_standard(standard_id):
    """Take what the standard is about."""
    view, version = _load_to_edit(standard_id), typed_version()
    form = _post_form(view.standard)
    if not form.validate() or _code_is_taken(form, view.standard.id):
        return _post_page(form, 422, view=view, version=version)
    try:
        actions.change_standard(view.standard, form.facts(), version=version, by=current_user, now=utcnow())
    except RuleBroken as refusal:
        version = view.standard.version
        return _post_page(form, 409, view=view, version=version, refusal=refusal)
    flash(_("Saved."), "success")
    return redirect(url_for(".show_standard", standard_id=view.standard.id))


def _load_to_edit(standard_id):
    view = load(standard_id)
    return view if view.may_edit else abort(403)


# --- a version ----------------------------------------------------------------------------------


@bp.get(STANDARD)
@requires(Permission.STANDARD_VIEW)
def show_standard(standard_id):
    """Show the newest version of a standard that the reader may see."""
    return _version_page(load(standard_id))


@bp.get(VERSION)
@requires(Permission.STANDARD_VIEW)
def show_version(standard_id, number):
    """Show one version: its competencies, who signed it, what it lacks."""
    return _version_page(load(standard_id, number))


def _version_page(view):
    return render("show", view, versions=queries.versions_for(view.standard, current_user))


@bp.get(f"{STANDARD}/compare")
@requires(Permission.STANDARD_VIEW)
def compare_versions(standard_id):
    """Show what differs between two versions; without a choice, the two newest."""
    view = load(standard_id)
    found = queries.versions_for(view.standard, current_user)
    right = _chosen(found, "right") or found[0]
    left = _chosen(found, "left") or next((one for one in found if one.number < right.number), right)
    frameworks = [framework_of(view.standard, content_of(one)) for one in (left, right)]
    return render("compare", view, versions=found, left=left, right=right, comparison=compare(*frameworks))


def _chosen(found, name):
    return next((one for one in found if str(one.number) == request.args.get(name)), None)


# --- drafts -------------------------------------------------------------------------------------


@bp.get(f"{STANDARD}/next")
@requires(Permission.STANDARD_EDIT)
def new_draft(standard_id):
    """Ask why a next version is opened."""
    return render("new_draft", _load_to_edit(standard_id), form=ReasonForm())


@bp.post(f"{STANDARD}/next")
@requires(Permission.STANDARD_EDIT)
def open_draft(standard_id):
    """Open the next version as a copy of the published one."""
    view, form = _load_to_edit(standard_id), ReasonForm()
    if not form.validate():
        return render("new_draft", view, status=422, form=form)
    draft = versions.open_draft(view.standard, reason=form.reason.data, by=current_user, now=utcnow())
    flash(_("Version %(number)s is open as a draft.", number=draft.number), "success")
    return redirect(url_for(".show_standard", standard_id=standard_id))


@bp.get(f"{DRAFT}/discard")
@requires(Permission.STANDARD_EDIT)
def confirm_discard(standard_id):
    """Say what discarding the draft means."""
    return render("confirm_discard", load_draft(standard_id))


@bp.post(f"{DRAFT}/discard")
@requires(Permission.STANDARD_EDIT)
def discard_draft(standard_id):
    """Remove the draft with everything that was noted for it."""
    view = load_draft(standard_id)
    versions.discard_draft(view.standard, by=current_user, now=utcnow())
    flash(_("The draft is discarded. The published version stands."), "success")
    return redirect(url_for(".show_standard", standard_id=standard_id))


# --- signing ------------------------------------------------------------------------------------


def _load_to_sign(standard_id):
    view = load(standard_id)
    if not queries.sides_of(view.standard, current_user):
        abort(403)
    draft = queries.draft_of(view.standard)
    return View(view.standard, draft, current_user) if draft else abort(404)


@bp.get(f"{DRAFT}/sign")
@requires(Permission.PROGRAM_SIGN)
def confirm_signature(standard_id):
    """Show exactly what is about to be signed."""
    return render("confirm_signature", _load_to_sign(standard_id))


@bp.post(f"{DRAFT}/sign")
@requires(Permission.PROGRAM_SIGN)
def sign_standard(standard_id):
    """Sign the draft for one side; the second signature publishes it."""
    view = _load_to_sign(standard_id)
    mine = queries.sides_of(view.standard, current_user)
    side = next((one for one in mine if one.value == request.form.get("side")), None)
    if side is None:
        abort(403)
    try:
        complete = versions.sign(
            view.standard, side=side, by=current_user, now=utcnow(), seen=request.form.get("digest", "")
        )
    except RuleBroken as refusal:
        fresh = _load_to_sign(standard_id) if isinstance(refusal, Conflict) else view
        return render("confirm_signature", fresh, status=409, refusal=refusal)
    if complete:
        flash(
            _("Signed by both sides. Version %(number)s is published.", number=view.version.number), "success"
        )
    else:
        flash(_("Signed for the %(side)s. Now the other side signs.", side=SIDES[side]), "success")
    return redirect(url_for(".show_standard", standard_id=standard_id))


@bp.get(f"{DRAFT}/withdraw")
@requires(Permission.STANDARD_EDIT)
def confirm_withdrawal(standard_id):
    """Say what becomes of a signature when the draft is changed after it."""
    return render("confirm_withdrawal", load_draft(standard_id), form=ReasonForm())


@bp.post(f"{DRAFT}/withdraw")
@requires(Permission.STANDARD_EDIT)
def withdraw_signature(standard_id):
    """Take the one signature off and open the draft for changes."""
    view, form = load_draft(standard_id), ReasonForm()
    if not form.validate():
        return render("confirm_withdrawal", view, status=422, form=form)
    versions.withdraw(view.standard, reason=form.reason.data, by=current_user, now=utcnow())
    flash(_("The signature is withdrawn. Change what you need; then both sides sign anew."), "info")
    return redirect(url_for(".show_standard", standard_id=standard_id))

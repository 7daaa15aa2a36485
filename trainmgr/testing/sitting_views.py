"""HTTP of sittings: a programme's tests, planning one, changing it, moving its end, calling it off."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import program_or_404
from trainmgr.testing import queries, sitting_queries, sittings
from trainmgr.testing.frame import bp, page_of
from trainmgr.testing.sitting_forms import EndForm, ReasonForm, SittingForm, from_local, to_local

TESTS = "/programs/<int:program_id>/tests"
SITTING = f"{TESTS}/<int:sitting_id>"


def load_to_run(program_id, sitting_id=None):
    """Return a programme, with one of its sittings, for whoever runs its tests; 403 for anybody else."""
    program = program_or_404(program_id, current_user)
    if not sitting_queries.may_run(program, current_user):
        abort(403)
    return program if sitting_id is None else (program, queries.sitting_or_404(program, sitting_id))


def to_sitting(sitting):
    """Lead back to a sitting's page."""
    return redirect(url_for(".show_sitting", program_id=sitting.program_id, sitting_id=sitting.id))


@bp.get(TESTS)
@requires(Permission.TEST_VIEW)
def list_sittings(program_id):
    """Show the tests of a programme with how far each is."""
    program = program_or_404(program_id, current_user)
    page = sitting_queries.list_sittings(program, Listing.from_request())
    return page_of(
        "sittings",
        program,
        page=page,
        figures=sitting_queries.figures_of(program, page.items, current_user),
        may_run=sitting_queries.may_run(program, current_user),
        now=utcnow(),
    )


@bp.get(SITTING)
@requires(Permission.TEST_VIEW)
def show_sitting(program_id, sitting_id):
    """Show one test: what it asks, when it is open, how far it is."""
    program = program_or_404(program_id, current_user)
    sitting = queries.sitting_or_404(program, sitting_id)
    figures = sitting_queries.figures_of(program, [sitting], current_user)[sitting.id]
    return page_of(
        "sitting",
        program,
        sitting=sitting,
        figures=figures,
        state=sitting.state_at(utcnow()),
        may_run=sitting_queries.may_run(program, current_user),
        now=utcnow(),
    )


# --- planning and changing --------------------------------------------------------------------------


def _form(program, sitting=None):
    form = SittingForm.of(sitting) if sitting else SittingForm()
    versions = {one.id: one for one in sittings.versions_of(program)}
    form.offer(list(versions.values()))
    return form, versions


def _form_page(program, form, status=200, **context):
    return page_of("sitting_form", program, status, form=form, **context)


@bp.get(f"{TESTS}/new")
@requires(Permission.TEST_RUN)
def new_sitting(program_id):
    """Show the form that plans a test."""
    program = load_to_run(program_id)
    form, _versions = _form(program)
    form.purpose.data = next((one.value for one in sittings.purposes_of(program)), None)
    return _form_page(program, form)


@bp.post(TESTS)
@requires(Permission.TEST_RUN)
def plan_sitting(program_id):
    """Plan a test; its paper is drawn, or the cells that the bank cannot fill are named."""
    program = load_to_run(program_id)
    form, versions = _form(program)
    if not form.validate():
        return _form_page(program, form, 422)
    try:
        sitting = sittings.plan_sitting(
            program, versions[form.version_id.data], form.fields, by=current_user, now=utcnow()
        )
    except RuleBroken as refusal:
        return _form_page(program, form, 409, refusal=refusal)
    flash(_("“%(name)s” is planned. Now say who takes part.", name=sitting.name), "success")
    return redirect(url_for(".new_people", program_id=program.id, sitting_id=sitting.id))


@bp.get(f"{SITTING}/edit")
@requires(Permission.TEST_RUN)
def edit_sitting(program_id, sitting_id):
    """Show the form of a test that nobody has begun."""
    program, sitting = load_to_run(program_id, sitting_id)
    form, _versions = _form(program, sitting)
    return _form_page(program, form, sitting=sitting, form_version=sitting.version)


@bp.post(f"{SITTING}/edit")
@requires(Permission.TEST_RUN)
def change_sitting(program_id, sitting_id):
    """Change a test that nobody has begun."""
    program, sitting = load_to_run(program_id, sitting_id)
    form, versions = _form(program)
    context = {"sitting": sitting, "form_version": typed_version()}
    if not form.validate():
        return _form_page(program, form, 422, **context)
    try:
        sittings.change_sitting(
            program, sitting, versions[form.version_id.data], form.fields, read=typed_version(),
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as refusal:
        context["form_version"] = sitting.version
        return _form_page(program, form, 409, refusal=refusal, **context)
    flash(_("Saved."), "success")
    return to_sitting(sitting)


# --- its end ----------------------------------------------------------------------------------------


def _end_page(program, sitting, form, status=200, **context):
    return page_of(
        "sitting_end", program, status, sitting=sitting, form=form,
        **{"form_version": sitting.version, "state": sitting.state_at(utcnow())} | context,
    )  # fmt: skip


@bp.get(f"{SITTING}/end")
@requires(Permission.TEST_RUN)
def edit_end(program_id, sitting_id):
    """Ask when a test ends instead, and why."""
    program, sitting = load_to_run(program_id, sitting_id)
    return _end_page(program, sitting, EndForm(data={"closes_at": to_local(sitting.closes_at)}))


@bp.post(f"{SITTING}/end")
@requires(Permission.TEST_RUN)
def move_end(program_id, sitting_id):
    """Let a test end later or earlier; who is at it sees the new deadline with the next save."""
    program, sitting = load_to_run(program_id, sitting_id)
    form, now = EndForm(), utcnow()
    closing_now = request.form.get("then") == "now"
    if closing_now:
        form.let_close_now()
    if not form.validate():
        return _end_page(program, sitting, form, 422, form_version=typed_version())
    try:
        sittings.move_end(
            program, sitting, now if closing_now else from_local(form.closes_at.data),
            reason=form.reason.data, read=typed_version(), by=current_user, now=now,
        )  # fmt: skip
    except RuleBroken as refusal:
        return _end_page(program, sitting, form, 409, refusal=refusal)
    flash(_("The end has moved."), "success")
    return to_sitting(sitting)


@bp.get(f"{SITTING}/cancel")
@requires(Permission.TEST_RUN)
def confirm_cancel(program_id, sitting_id):
    """Ask why a test is called off, and say what that does."""
    program, sitting = load_to_run(program_id, sitting_id)
    return _cancel_page(program, sitting, ReasonForm(formdata=None))


def _cancel_page(program, sitting, form, status=200, **context):
    figures = sitting_queries.figures_of(program, [sitting], current_user)[sitting.id]
    return page_of("sitting_cancel", program, status, sitting=sitting, form=form, figures=figures, **context)


@bp.post(f"{SITTING}/cancel")
@requires(Permission.TEST_RUN)
def cancel_sitting(program_id, sitting_id):
    """Call a test off."""
    program, sitting = load_to_run(program_id, sitting_id)
    form = ReasonForm()
    if not form.validate():
        return _cancel_page(program, sitting, form, 422)
    try:
        sittings.cancel_sitting(program, sitting, reason=form.reason.data, by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return _cancel_page(program, sitting, form, 409, refusal=refusal)
    flash(_("“%(name)s” is called off.", name=sitting.name), "success")
    return to_sitting(sitting)

"""HTTP of needs: the analysis, its weights and hours, signing. Entries and spreadsheets are beside this file."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version
from trainmgr.kernel.sheets import send_workbook
from trainmgr.needs import (  # noqa: F401  (they add their routes)
    actions,
    business,
    entry_views,
    freezing,
    import_views,
    lane_views,
    queries,
    rules,
    station,
    weights,
)
from trainmgr.needs.export import ranked_list
from trainmgr.needs.forms import MOST_HOURS, SettingsForm, WithdrawalForm
from trainmgr.needs.keeping import Overtaken
from trainmgr.needs.pages import bp, load, may_edit, render, view_of
from trainmgr.needs.rules import Lane
from trainmgr.pathways.rules import from_document
from trainmgr.programs import labels
from trainmgr.programs.queries import may, sides_of
from trainmgr.programs.rules import Side, State, Work, is_open
from trainmgr.programs.signing import digest_of

assert station  # registers the step and its dues
blueprints = (bp,)


@bp.get("/programs/<int:program_id>/needs")
@requires(Permission.NEEDS_VIEW)
def show_needs(program_id):
    """Show what people and business lack, ranked, and who signed it."""
    program = load(program_id)
    view = view_of(program)
    return render(
        "show_needs",
        program,
        view=view,
        lanes=may_edit(program, view.analysis),
        sides=_sides_to_sign(program, view),
        may_remind=bool(view.signatures)
        and not view.is_frozen
        and may(program, current_user, Permission.PROGRAM_EDIT),
        may_continue=view.is_frozen
        and program.state is not State.CANCELLED
        and may(program, current_user, Permission.PROGRAM_EDIT),
        few=rules.FEW_RESPONDENTS,
        answers=_answers_weights(program, view),
    )


def _answers_weights(program, view):
    """Whether the reader's side is asked to agree to other weights."""
    if view.proposal is None or view.is_frozen:
        return False
    return bool(sides_of(program, current_user, Permission.PROGRAM_SIGN) - {view.proposal.side})


@bp.get("/programs/<int:program_id>/needs/ranked-list.xlsx")
@requires(Permission.NEEDS_VIEW)
def export_needs(program_id):
    """Hand out the ranked list as a spreadsheet."""
    program = load(program_id)
    return send_workbook(
        ranked_list(view_of(program)), _("%(name)s ranked needs", name=program.label) + ".xlsx"
    )


@bp.get("/programs/<int:program_id>/needs/edit")
@requires(Permission.NEEDS_EDIT)
def edit_needs(program_id):
    """Show everything that can be filled in."""
    program = load(program_id, *Lane)
    view = view_of(program)
    return render(
        "edit_needs",
        program,
        view=view,
        lanes=may_edit(program, view.analysis),
        needs=business.needs_of(program.id),
        most=rules.MOST,
    )


# --- post and weights ---------------------------------------------------------------------------


@bp.get("/programs/<int:program_id>/needs/settings")
@requires(Permission.NEEDS_EDIT)
def edit_settings(program_id):
    """Show the form for post, weights and number of priorities."""
    program = load(program_id, Lane.TRAINEE)
    analysis = queries.analysis_of(program.id)
    shown = {"trainee_weight": 60, "priority_count": 7} if analysis is None else {}
    return render(
        "settings", program, form=SettingsForm(obj=analysis, data=shown), version=_version(analysis)
    )


@bp.post("/programs/<int:program_id>/needs/settings")
@requires(Permission.NEEDS_EDIT)
def update_settings(program_id):
    """Take post, weights and number of priorities; the list is ranked anew."""
    program = load(program_id, Lane.TRAINEE)
    form, version = SettingsForm(), typed_version()
    if not form.validate():
        return render("settings", program, status=422, form=form, version=version)
    try:
        actions.update_settings(
            program,
            post=form.post.data,
            trainee_weight=form.trainee_weight.data or 0,
            priority_count=form.priority_count.data or 1,
            reason=form.reason.data or "",
            version=version,
            by=current_user,
            now=utcnow(),
        )
    except Overtaken as overtaken:
        theirs = overtaken.theirs
        return render(
            "settings",
            program,
            status=409,
            form=form,
            version=theirs.version,
            refusal=overtaken,
            theirs=theirs,
        )
    except RuleBroken as refusal:
        return render("settings", program, status=409, form=form, version=version, refusal=refusal)
    if weights.find_open(program.id):
        flash(
            _("Saved. The other weights hold once the enterprise agrees; it finds them on this page."),
            "success",
        )
    else:
        flash(_("Saved. The list is ranked anew."), "success")
    return redirect(url_for(".edit_needs", program_id=program.id))


def _version(analysis):
    return analysis.version if analysis else 0


# --- hours --------------------------------------------------------------------------------------


@bp.get("/programs/<int:program_id>/needs/hours")
@requires(Permission.NEEDS_EDIT)
def edit_hours(program_id):
    """Show the hours of each priority; with a total in the address, what its shares by score would be."""
    program = load(program_id, Lane.TRAINEE)
    priorities = queries.priorities_of(program.id)
    typed = {c.id: str(c.required_hours or "") for c in priorities}
    total, faults = request.args.get("total", "").strip(), {}
    if total:
        try:
            proposal = rules.propose_hours({c.id: c.score for c in priorities}, _hours(total))
            typed = {key: str(value) for key, value in proposal.items()}
        except ValueError:
            faults["total"] = _(
                "Write a whole number of hours, at least one for each of the %(count)s priorities.",
                count=len(priorities),
            )
    return _hours_page(program, priorities, typed, faults, status=422 if faults else 200, total=total)


@bp.post("/programs/<int:program_id>/needs/hours")
@requires(Permission.NEEDS_EDIT)
def update_hours(program_id):
    """Take the hours of the priorities."""
    program = load(program_id, Lane.TRAINEE)
    priorities = queries.priorities_of(program.id)
    typed = {c.id: request.form.get(f"hours-{c.id}", str(c.required_hours)).strip() for c in priorities}
    hours, seen, faults = {}, {}, {}
    for key, text in typed.items():
        try:
            hours[key] = _hours(text or "0")
            seen[key] = _hours(request.form.get(f"was-{key}") or text or "0")
        except ValueError:
            faults[f"hours-{key}"] = _("Write a whole number from 0 to 10,000.")
    if faults:
        return _hours_page(program, priorities, typed, faults, status=422)
    try:
        actions.set_hours(program, hours, seen=seen, by=current_user, now=utcnow())
    except Overtaken as overtaken:
        return _hours_page(program, priorities, typed, status=409, refusal=overtaken, theirs=overtaken.theirs)
    except RuleBroken as refusal:
        return _hours_page(program, priorities, typed, status=409, refusal=refusal)
    flash(_("Hours saved."), "success")
    return redirect(url_for(".show_needs", program_id=program.id))


def _hours(text):
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
    if not 0 <= value <= MOST_HOURS:
        raise ValueError(text)
    return value


def _hours_page(program, priorities, typed, faults=None, *, status=200, total="", refusal=None, theirs=None):
    return render(
        "hours",
        program,
        status=status,
        priorities=priorities,
        typed=typed,
        faults=faults or {},
        total=total or round(from_document(program.pathway_document).hours),
        proposed=bool(total and not faults),
        refusal=refusal,
        theirs=theirs or {},
    )


# --- signing ------------------------------------------------------------------------------------


def _sides_to_sign(program, view):
    """The sides for which the reader may sign now."""
    if view.is_frozen or view.lacks or program.state is State.DRAFT or not is_open(Work.NEEDS, program.state):
        return []
    mine = sides_of(program, current_user, Permission.PROGRAM_SIGN)
    return [side for side in Side if side in mine and side not in view.signed_sides]


@bp.get("/programs/<int:program_id>/needs/sign")
@requires(Permission.PROGRAM_SIGN)
def confirm_signature(program_id):
    """Show exactly what is about to be signed."""
    program = load(program_id)
    if not sides_of(program, current_user, Permission.PROGRAM_SIGN):
        abort(403)
    return _signature_page(program)


@bp.post("/programs/<int:program_id>/needs/sign")
@requires(Permission.PROGRAM_SIGN)
def sign_needs(program_id):
    """Sign for one side; the second signature freezes the analysis."""
    program = load(program_id)
    mine = sides_of(program, current_user, Permission.PROGRAM_SIGN)
    side = next((side for side in mine if side.value == request.form.get("side")), None)
    if side is None:
        abort(403)
    try:
        complete = freezing.sign(
            program, side=side, by=current_user, now=utcnow(), seen=request.form.get("digest", "")
        )
    except RuleBroken as refusal:
        return _signature_page(program, refusal)
    if complete:
        flash(_("Signed by both sides. The needs analysis is frozen; the plan starts from it."), "success")
    else:
        flash(
            _("Signed for the %(side)s. The other side has been asked to sign.", side=labels.SIDES[side]),
            "success",
        )
    return redirect(url_for(".show_needs", program_id=program.id))


def _signature_page(program, refusal=None):
    view = view_of(program)
    document = (
        freezing.document_of(view.analysis, view.competencies, view.indicators) if view.analysis else {}
    )
    return render(
        "confirm_signature",
        program,
        status=409 if refusal else 200,
        view=view,
        sides=_sides_to_sign(program, view),
        digest=digest_of(document),
        few=rules.FEW_RESPONDENTS,
        refusal=refusal,
        is_draft=program.state is State.DRAFT,
    )


@bp.get("/programs/<int:program_id>/needs/withdraw")
@requires(Permission.NEEDS_EDIT)
def confirm_withdrawal(program_id):
    """Say what becomes of a signature when the analysis is changed after it."""
    program = load(program_id, *Lane)
    return render("confirm_withdrawal", program, view=view_of(program), form=WithdrawalForm())


@bp.post("/programs/<int:program_id>/needs/withdraw")
@requires(Permission.NEEDS_EDIT)
def withdraw_signature(program_id):
    """Take the one signature off and open the analysis for changes."""
    program = load(program_id, *Lane)
    form = WithdrawalForm()
    if not form.validate():
        return render("confirm_withdrawal", program, status=422, view=view_of(program), form=form)
    freezing.withdraw(program, reason=form.reason.data, by=current_user, now=utcnow())
    flash(_("The signature is withdrawn. Change what you need; then both sides sign anew."), "info")
    return redirect(url_for(".edit_needs", program_id=program.id))

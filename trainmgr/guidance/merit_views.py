"""HTTP of points and awards: the list of both sides, one trainee's entries, reasons, giving, cancelling, Excel."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.enrolment.queries import cohorts
from trainmgr.guidance import merit_queries, merits, queries
from trainmgr.guidance.forms import AwardForm, EndForm, GiveForm, PointRuleForm
from trainmgr.guidance.frame import PROGRAM, TRAINEE, bp, page_of, program_for
from trainmgr.guidance.rules import Ranking
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Work, is_open

P = Permission
POINTS = f"{PROGRAM}/points"


@bp.get(POINTS)
@requires(P.GUIDANCE_GIVE)
def list_points(program_id):
    """Show points of both sides and awards of the trainees in the reader's care."""
    program, cohort = program_for(program_id, P.GUIDANCE_GIVE), whole(request.args.get("class"))
    return page_of(
        "points",
        program,
        page=merit_queries.list_standings(program, current_user, Listing.from_request(), cohort),
        cohort=cohort or "",
        classes=[(one.id, one.name) for one in cohorts(program.id)],
        runs=may(program, current_user, P.GUIDANCE_RUN),
    )


@bp.get(f"{POINTS}.xlsx")
@requires(P.GUIDANCE_GIVE)
def export_points(program_id):
    """Hand out every entry as a workbook."""
    return merit_queries.send_points(program_for(program_id, P.GUIDANCE_GIVE, steps=False), current_user)


# --- reasons -----------------------------------------------------------------------------------------------------


def _reasons_page(program, form=None, status=200, broken=None):
    sides = merit_queries.sides_for(program, current_user)
    if form is None:
        form = PointRuleForm(formdata=None)
        form.offer(sides)
    return page_of(
        "reasons",
        program,
        status,
        rules=merit_queries.rules_of(program.id, retired=True),
        form=form,
        broken=broken,
        sides=sides,
        runs=_sets_reasons(program),
    )


def _sets_reasons(program):
    """Staff set the college's reasons, coordinators the enterprise's."""
    return may(program, current_user, P.GUIDANCE_RUN) or may(program, current_user, P.FACULTY_EDIT)


@bp.get(f"{POINTS}/reasons")
@requires(P.GUIDANCE_GIVE)
def list_reasons(program_id):
    """Show for what each side gives points."""
    return _reasons_page(program_for(program_id, P.GUIDANCE_GIVE))


@bp.post(f"{POINTS}/reasons")
@requires(P.GUIDANCE_GIVE)
def add_reason(program_id):
    """Set a reason for points of one's own side."""
    program, form = program_for(program_id, P.GUIDANCE_GIVE), PointRuleForm()
    if not _sets_reasons(program):
        abort(403)
    form.offer(merit_queries.sides_for(program, current_user))
    if not form.validate():
        return _reasons_page(program, form, 422)
    try:
        merits.add_rule(program, form.reason(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _reasons_page(program, form, broken.status, broken)
    flash(_("The reason is set."), "success")
    return redirect(url_for(".list_reasons", program_id=program.id))


@bp.post(f"{POINTS}/reasons/<int:rule_id>/retire")
@requires(P.GUIDANCE_GIVE)
def retire_reason(program_id, rule_id):
    """Give no more points for a reason of one's own side."""
    program = program_for(program_id, P.GUIDANCE_GIVE)
    rule = merit_queries.rule_or_404(program, rule_id)
    if not _sets_reasons(program) or rule.side not in merit_queries.sides_for(program, current_user):
        abort(403)
    merits.retire_rule(program, rule, by=current_user, now=utcnow())
    flash(_("Retired; what was given stays."), "success")
    return redirect(url_for(".list_reasons", program_id=program.id))


# --- one trainee ---------------------------------------------------------------------------------------------------


def _give_form(program):
    sides = merit_queries.sides_for(program, current_user)
    form = GiveForm()
    form.offer([one for one in merit_queries.rules_of(program.id) if one.side in sides])
    return form


def _award_form(program):
    form = AwardForm(awarded_on=today())
    form.offer(merit_queries.sides_for(program, current_user))
    return form


def _page(program, enrolment, status=200, *, give=None, award=None, broken=None):
    is_own = enrolment.user_id == current_user.id
    gives = (
        may(program, current_user, P.GUIDANCE_GIVE) and is_open(Work.PRACTICE, program.state) and not is_own
    )
    earned = merit_queries.earned_by(enrolment)
    shows_top = is_own and earned.setting.ranking is Ranking.TOP
    return page_of(
        "merits",
        program,
        status,
        enrolment=enrolment,
        is_own=is_own,
        gives=gives,
        broken=broken,
        end=EndForm(formdata=None),
        balance=earned.balance,
        lines=merit_queries.entries_of(enrolment),
        awards=merit_queries.awards_of(enrolment),
        give=give or (_give_form(program) if gives else None),
        award=award or (_award_form(program) if gives else None),
        shows_top=shows_top,
        top=merit_queries.top_of(program, enrolment) if shows_top else [],
        consented=shows_top and earned.consented,
    )


def _loaded(program_id, enrolment_id, permission=None):
    program = program_for(program_id, permission)
    return program, queries.trainee_or_404(program, enrolment_id, current_user)


def _back(program, enrolment_id):
    return redirect(url_for(".show_merits", program_id=program.id, enrolment_id=enrolment_id))


@bp.get(f"{TRAINEE}/points")
@requires(P.GUIDANCE_VIEW)
def show_merits(program_id, enrolment_id):
    """Show a trainee's points of both sides with their reasons, and the awards."""
    return _page(*_loaded(program_id, enrolment_id))


@bp.post(f"{TRAINEE}/points")
@requires(P.GUIDANCE_GIVE)
def give_points(program_id, enrolment_id):
    """Give a trainee the points of a reason of one's own side."""
    program, enrolment = _loaded(program_id, enrolment_id, P.GUIDANCE_GIVE)
    form = _give_form(program)
    if not form.validate():
        return _page(program, enrolment, 422, give=form)
    rule = form.rules[form.rule.data]
    try:
        merits.give(
            program,
            enrolment,
            rule,
            note=form.note.data or "",
            setting=queries.setting_of(program.id),
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return _page(program, enrolment, broken.status, give=form, broken=broken)
    flash(
        _(
            "%(name)s: %(points)s points for “%(rule)s”.",
            name=enrolment.name,
            points=f"{rule.points:+d}",
            rule=rule.name,
        ),
        "success",
    )
    return _back(program, enrolment.id)


@bp.post(f"{POINTS}/<int:entry_id>/cancel")
@requires(P.GUIDANCE_GIVE)
def cancel_points(program_id, entry_id):
    """Cancel an entry by a counter-entry: the giver, or whoever runs the programme."""
    program, form = program_for(program_id, P.GUIDANCE_GIVE), EndForm()
    entry = merit_queries.entry_or_404(program, entry_id, current_user)
    if entry.by_id != current_user.id and not may(program, current_user, P.GUIDANCE_RUN):
        abort(403)
    merits.cancel(program, entry, reason=form.reason.data or "", by=current_user, now=utcnow())
    flash(_("Cancelled by a counter-entry."), "success")
    return _back(program, entry.enrolment_id)


@bp.post(f"{TRAINEE}/consent")
@requires(P.GUIDANCE_OWN)
def set_consent(program_id, enrolment_id):
    """Agree to stand in the ranking by name, or take it back: the trainee alone."""
    program, enrolment = _loaded(program_id, enrolment_id)
    if enrolment.user_id != current_user.id:
        abort(403)
    merits.consent(enrolment, shown=request.form.get("shown") == "1", now=utcnow())
    return _back(program, enrolment.id)


@bp.post(f"{TRAINEE}/awards")
@requires(P.GUIDANCE_GIVE)
def give_award(program_id, enrolment_id):
    """Note an award that one's own side gave a trainee."""
    program, enrolment = _loaded(program_id, enrolment_id, P.GUIDANCE_GIVE)
    form = _award_form(program)
    if not form.validate():
        return _page(program, enrolment, 422, award=form)
    try:
        merits.award(program, enrolment, form.award(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _page(program, enrolment, broken.status, award=form, broken=broken)
    flash(_("The award is noted."), "success")
    return _back(program, enrolment.id)


@bp.post(f"{PROGRAM}/awards/<int:award_id>/withdraw")
@requires(P.GUIDANCE_GIVE)
def withdraw_award(program_id, award_id):
    """Withdraw an award of one's own side, with the reason."""
    program, form = program_for(program_id, P.GUIDANCE_GIVE), EndForm()
    award = merit_queries.award_or_404(program, award_id, current_user)
    if award.side not in merit_queries.sides_for(program, current_user):
        abort(403)
    merits.withdraw(program, award, reason=form.reason.data or "", by=current_user, now=utcnow())
    flash(_("Withdrawn, with its reason."), "success")
    return _back(program, award.enrolment_id)

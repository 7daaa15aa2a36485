"""HTTP of counsellors: who counsels whom, naming for classes and trainees, ending, the programme's choices."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.enrolment.queries import cohort_or_404, cohorts
from trainmgr.guidance import counselling, queries, rules
from trainmgr.guidance.forms import ChoicesForm, EndForm, NameForm, choices_values
from trainmgr.guidance.frame import PROGRAM, TRAINEE, bp, page_of, program_for
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Side

P = Permission
COUNSELLORS = f"{PROGRAM}/counsellors"


@bp.get(COUNSELLORS)
@requires(P.GUIDANCE_GIVE)
def list_counsellors(program_id):
    """Show who counsels which class and trainee on each side, with load and history."""
    program = program_for(program_id, P.GUIDANCE_GIVE)
    loads, setting = queries.loads(program.id), queries.setting_of(program.id)
    totals: dict[int, int] = {}
    for (user_id, _side), load in loads.items():
        totals[user_id] = totals.get(user_id, 0) + load
    return page_of(
        "counsellors",
        program,
        page=queries.history_of(program, current_user, Listing.from_request()),
        loads=totals,
        setting=setting,
        over=rules.over_load(totals, setting.most_guided),
        missing=queries.without_counsellor(program.id),
        sides=list(Side),
        runs=may(program, current_user, P.GUIDANCE_RUN),
        end=EndForm(formdata=None),
    )


def _form(program, enrolment=None):
    form = NameForm()
    form.offer(queries.candidates(program, today()), [] if enrolment else cohorts(program.id))
    return form


def _naming_page(program, form, status=200, *, enrolment=None, broken=None):
    return page_of("name_counsellor", program, status, form=form, enrolment=enrolment, broken=broken)


def _name(program, form, whom, enrolment=None):
    side, user = form.people[form.person.data]
    try:
        counselling.name(
            program, user, side, whom, reason=form.reason.data or "", by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _naming_page(program, form, broken.status, enrolment=enrolment, broken=broken)
    flash(_("%(name)s counsels %(whom)s from today.", name=user.name, whom=whom.name), "success")
    return redirect(url_for(".list_counsellors", program_id=program.id))


@bp.get(f"{COUNSELLORS}/new")
@requires(P.GUIDANCE_RUN)
def new_counsellor(program_id):
    """Show the form that names a counsellor for a class."""
    program = program_for(program_id, P.GUIDANCE_RUN)
    return _naming_page(program, _form(program))


@bp.post(COUNSELLORS)
@requires(P.GUIDANCE_RUN)
def name_counsellor(program_id):
    """Name a counsellor for a class from today."""
    program = program_for(program_id, P.GUIDANCE_RUN)
    form = _form(program)
    if not form.validate():
        return _naming_page(program, form, 422)
    if form.cohort.data is None:
        abort(404)
    return _name(program, form, cohort_or_404(program.id, form.cohort.data))


@bp.get(f"{TRAINEE}/counsellor")
@requires(P.GUIDANCE_RUN)
def new_own_counsellor(program_id, enrolment_id):
    """Show the form that names a counsellor for one trainee."""
    program = program_for(program_id, P.GUIDANCE_RUN)
    enrolment = queries.trainee_or_404(program, enrolment_id, current_user)
    return _naming_page(program, _form(program, enrolment), enrolment=enrolment)


@bp.post(f"{TRAINEE}/counsellor")
@requires(P.GUIDANCE_RUN)
def name_own_counsellor(program_id, enrolment_id):
    """Name a counsellor for one trainee from today, before the one of the class."""
    program = program_for(program_id, P.GUIDANCE_RUN)
    enrolment = queries.trainee_or_404(program, enrolment_id, current_user)
    form = _form(program, enrolment)
    if not form.validate():
        return _naming_page(program, form, 422, enrolment=enrolment)
    return _name(program, form, enrolment, enrolment)


@bp.post(f"{COUNSELLORS}/<int:counsel_id>/end")
@requires(P.GUIDANCE_RUN)
def end_counsel(program_id, counsel_id):
    """End a naming today."""
    program, form = program_for(program_id, P.GUIDANCE_RUN), EndForm()
    row = queries.counsel_or_404(program, counsel_id)
    if form.validate():
        counselling.end(program, row, reason=form.reason.data, by=current_user, now=utcnow())
        flash(_("Ended from today."), "success")
    else:
        flash(_("Say why it ends."), "warning")
    return redirect(url_for(".list_counsellors", program_id=program.id))


@bp.get(f"{PROGRAM}/choices")
@requires(P.GUIDANCE_RUN)
def edit_choices(program_id):
    """Show the programme's own choices: load, what is seen of points, weekly limits."""
    program = program_for(program_id, P.GUIDANCE_RUN)
    form = ChoicesForm(formdata=None, **choices_values(queries.setting_of(program.id)))
    return page_of("choices", program, form=form)


@bp.post(f"{PROGRAM}/choices")
@requires(P.GUIDANCE_RUN)
def save_choices(program_id):
    """Set the programme's own choices."""
    program, form = program_for(program_id, P.GUIDANCE_RUN), ChoicesForm()
    if not form.validate():
        return page_of("choices", program, 422, form=form)
    version = whole(request.form.get("version")) or 0
    counselling.choose(program, form.choices(), version=version, by=current_user, now=utcnow())
    flash(_("The choices are saved."), "success")
    return redirect(url_for(".list_counsellors", program_id=program.id))

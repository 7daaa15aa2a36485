"""HTTP of profiles: the list, one person's page, what people and staff enter there."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.faculty import actions, grading, practice_queries, practising, queries
from trainmgr.faculty.forms import (
    GradeForm,
    OwnFactsForm,
    ProfileForm,
    QualificationForm,
    RatingForm,
    ReasonForm,
    StayForm,
    shown,
)
from trainmgr.faculty.frame import asked_home, bp, page_of
from trainmgr.faculty.ledger import can_still_be_met, standing
from trainmgr.faculty.rules import Dimension, Grade
from trainmgr.identity.queries import person_or_404
from trainmgr.kernel.access import Permission, can, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import file_response
from trainmgr.kernel.numbers import typed_version, whole
from trainmgr.kernel.paging import Listing
from trainmgr.programs.rules import Side

VIEW, EDIT, OWN = Permission.FACULTY_VIEW, Permission.FACULTY_EDIT, Permission.FACULTY_OWN
ONE = "/faculty/<int:profile_id>"


def asked_filters():
    """Return what the list is narrowed to."""
    given = request.args
    return queries.Chosen(
        organization=whole(given.get("organization")),
        grade=given.get("grade", ""),
        dual=given.get("dual", ""),
        expert=given.get("expert") == "1",
        ending=given.get("ending") == "1",
    )


# --- the list -------------------------------------------------------------------------------------


@bp.get("/faculty/")
@requires(VIEW)
def list_faculty():
    """Show the teachers and masters of the reader's organisations, with their grade and what the next asks for."""
    chosen = asked_filters()
    page = queries.list_profiles(current_user, Listing.from_request(), chosen, today())
    return page_of(
        "list", page=page, chosen=chosen, growth=grading.growth_of(page.items, today()),
        homes=[(one.id, one.short) for one in queries.seen_homes(current_user)],
    )  # fmt: skip


@bp.get("/faculty/new")
@requires(EDIT)
def new_profile():
    """Show who of an organisation has no profile yet."""
    home, homes = asked_home(to_edit=True)
    page = queries.without_profile(home.id, Listing.from_request())
    return page_of("new", page=page, home=home, homes=homes)


@bp.post("/faculty/new")
@requires(EDIT)
def create_profile():
    """Begin somebody's profile."""
    home, _homes = asked_home(to_edit=True)
    person = queries.member_or_404(whole(request.form.get("person")) or 0, home.id)
    profile = actions.create_profile(person, home, by=current_user, now=utcnow())
    flash(_("The profile is begun. Fill in what is known."), "success")
    return redirect(url_for(".edit_profile", profile_id=profile.id))


# --- one's own ------------------------------------------------------------------------------------


@bp.get("/faculty/mine")
@requires(OWN)
def show_mine():
    """Lead to one's own profile; who has none is offered to begin it."""
    own = queries.own_profiles(current_user)
    if len(own) == 1 and not queries.homes_without_own(current_user):
        return redirect(url_for(".show_profile", profile_id=own[0].id))
    return page_of("mine", profiles=own, homes=queries.homes_without_own(current_user))


@bp.post("/faculty/mine")
@requires(OWN)
def begin_own_profile():
    """Begin one's own profile in an organisation in which one works."""
    wanted = whole(request.form.get("organization"))
    home = next((one for one in queries.homes_without_own(current_user) if one.id == wanted), None) or abort(
        404
    )
    profile = actions.create_profile(current_user._get_current_object(), home, by=current_user, now=utcnow())
    return redirect(url_for(".edit_profile", profile_id=profile.id))


@bp.get("/faculty/of/<int:user_id>")
@requires(OWN)
def find_profile(user_id):
    """Lead from a person to the faculty profile; staff are led to beginning it."""
    profile = queries.visible_profile_of(user_id, current_user)
    if profile is not None:
        return redirect(url_for(".show_profile", profile_id=profile.id))
    person = person_or_404(user_id, current_user)
    return redirect(url_for(".new_profile", q=person.name)) if can(EDIT) else abort(404)


# --- one person -----------------------------------------------------------------------------------


@bp.get(ONE)
@requires(OWN)
def show_profile(profile_id):
    """Show a person's profile: facts, qualifications, ratings, practice, grade."""
    return _profile_page(queries.profile_or_404(profile_id, current_user))


def _profile_page(profile, status=200, **forms):
    on = today()
    runs, limits = practice_queries.runs_and_limits(profile, on)
    where = standing(runs, limits, on, profile.since)
    ratings = queries.ratings_of(profile)
    return page_of(
        "show", status, profile=profile, is_staff=_keeps(profile), is_own=profile.user_id == current_user.id,
        qualifications=queries.qualifications_of(profile), ratings=ratings, today=on,
        newest=[getattr(ratings[0], one.value) for one in Dimension] if ratings else None,
        dimensions=list(Dimension),
        growth=grading.growth_of([profile], on, {profile.organization_id: limits})[profile.id],
        steps=grading.steps_of(profile), is_teacher=profile.side is Side.COLLEGE, limits=limits, where=where,
        can_be_met=can_still_be_met(where, on), years=practice_queries.history_of(runs, limits, on),
        entries=practice_queries.entries_of(profile), **forms,
    )  # fmt: skip


def _keeps(profile):
    return queries.may_edit(profile, current_user) and profile.user_id != current_user.id


def _form_of(profile, **values):
    kind = ProfileForm if queries.may_edit(profile, current_user) else OwnFactsForm
    return kind(**values)


@bp.get(f"{ONE}/edit")
@requires(OWN)
def edit_profile(profile_id):
    """Show the form of a profile: all of it for staff, the own facts for the person."""
    profile = queries.profile_or_404(profile_id, current_user)
    return _edit_page(profile, _form_of(profile, formdata=None, data=shown(profile)), profile.version)


def _edit_page(profile, form, version, status=200, broken=None):
    if not (queries.may_edit(profile, current_user) or profile.user_id == current_user.id):
        abort(403)
    return page_of("edit", status, profile=profile, form=form, version=version, broken=broken)


@bp.post(f"{ONE}/edit")
@requires(OWN)
def save_profile(profile_id):
    """Save a profile."""
    profile, seen = queries.profile_or_404(profile_id, current_user), typed_version()
    form = _form_of(profile)
    if not form.validate():
        return _edit_page(profile, form, seen, 422)
    try:
        actions.change_profile(profile, form.values(), version=seen, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _edit_page(profile, form, profile.version, broken.status, broken)
    flash(_("The profile is saved."), "success")
    return redirect(url_for(".show_profile", profile_id=profile.id))


# --- qualifications -------------------------------------------------------------------------------


@bp.get(f"{ONE}/qualifications/new")
@requires(OWN)
def new_qualification(profile_id):
    """Show the form of a qualification."""
    profile = _enterable(profile_id)
    return page_of("qualification", profile=profile, form=QualificationForm(formdata=None))


def _enterable(profile_id):
    """Return a profile in which the reader may enter something: as staff, or the own one."""
    profile = queries.profile_or_404(profile_id, current_user)
    allowed = queries.may_edit(profile, current_user) or profile.user_id == current_user.id
    return profile if allowed else abort(403)


@bp.post(f"{ONE}/qualifications/new")
@requires(OWN)
def add_qualification(profile_id):
    """Enter a qualification with its evidence."""
    profile, form = _enterable(profile_id), QualificationForm()
    if not form.validate():
        return page_of("qualification", 422, profile=profile, form=form)
    try:
        actions.add_qualification(
            profile, form.facts(), form.file.data or None, by=current_user, now=utcnow()
        )
    except RuleBroken as refusal:
        form.file.errors = [str(refusal)]
        return page_of("qualification", 422, profile=profile, form=form)
    flash(_("The qualification is entered."), "success")
    return redirect(url_for(".show_profile", profile_id=profile.id))


@bp.get("/faculty/qualifications/<int:qualification_id>/evidence")
@requires(OWN)
def download_evidence(qualification_id):
    """Hand out the evidence of a qualification."""
    held = queries.qualification_or_404(qualification_id, current_user)
    return file_response(queries.evidence_of(held.file_id))


@bp.post("/faculty/qualifications/<int:qualification_id>/check")
@requires(EDIT)
def check_qualification(qualification_id):
    """Note that the evidence was seen."""
    held = _kept_qualification(qualification_id)
    actions.check_qualification(held, by=current_user, now=utcnow())
    flash(_("It is checked and counts now."), "success")
    return redirect(url_for(".show_profile", profile_id=held.profile_id))


@bp.post("/faculty/qualifications/<int:qualification_id>/withdraw")
@requires(EDIT)
def withdraw_qualification(qualification_id):
    """Take a wrong qualification out."""
    held, form = _kept_qualification(qualification_id), ReasonForm()
    if not form.validate():
        profile = queries.profile_or_404(held.profile_id, current_user)
        return _profile_page(profile, 422, reason_form=form)
    actions.withdraw_qualification(held, reason=form.reason.data or "", by=current_user, now=utcnow())
    flash(_("It is withdrawn and counts no longer."), "success")
    return redirect(url_for(".show_profile", profile_id=held.profile_id))


def _kept_qualification(qualification_id):
    held = queries.qualification_or_404(qualification_id, current_user)
    return held if queries.may_edit(held.profile, current_user) else abort(403)


# --- ratings and grade ----------------------------------------------------------------------------


@bp.get(f"{ONE}/ratings/new")
@requires(EDIT)
def new_rating(profile_id):
    """Show the form of a rating in the three dimensions."""
    profile = queries.editable_or_refused(profile_id, current_user)
    return _rating_page(profile, RatingForm(formdata=None, rated_on=today()))


def _rating_page(profile, form, status=200, broken=None):
    return page_of("rate", status, profile=profile, form=form, dimensions=list(Dimension), broken=broken)


@bp.post(f"{ONE}/ratings/new")
@requires(EDIT)
def rate(profile_id):
    """Rate a person in the three dimensions."""
    profile, form = queries.editable_or_refused(profile_id, current_user), RatingForm()
    if not form.validate():
        return _rating_page(profile, form, 422)
    try:
        actions.rate(
            profile, form.ratings(), evidence=form.evidence.data or "", rated_on=form.rated_on.data,
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _rating_page(profile, form, broken.status, broken)
    flash(_("The rating is entered."), "success")
    return redirect(url_for(".show_profile", profile_id=profile.id))


@bp.get(f"{ONE}/grade")
@requires(EDIT)
def new_grade(profile_id):
    """Show what the next grade asks for, and the form of the step to it."""
    profile = queries.editable_or_refused(profile_id, current_user)
    growth = grading.growth_of([profile], today())[profile.id]
    form = GradeForm(formdata=None, grade=(growth.next or profile.grade).value, holds_from=today())
    return page_of("grade", profile=profile, growth=growth, form=form, version=profile.version)


@bp.post(f"{ONE}/grade")
@requires(EDIT)
def decide_grade(profile_id):
    """Give a person a grade."""
    profile, form = queries.editable_or_refused(profile_id, current_user), GradeForm()
    growth = grading.growth_of([profile], today())[profile.id]
    context = {"profile": profile, "growth": growth, "form": form, "version": typed_version()}
    if not form.validate():
        return page_of("grade", 422, **context)
    try:
        grading.decide_grade(
            profile, Grade(form.grade.data), holds_from=form.holds_from.data, reason=form.reason.data or "",
            version=typed_version(), by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return page_of("grade", broken.status, broken=broken, **context)
    flash(_("The grade is given."), "success")
    return redirect(url_for(".show_profile", profile_id=profile.id))


# --- practice of one person -----------------------------------------------------------------------


@bp.get(f"{ONE}/practice/new")
@requires(OWN)
def new_stay(profile_id):
    """Show the form of a stay at an enterprise."""
    return page_of("stay", profile=_enterable(profile_id), form=StayForm(formdata=None))


@bp.post(f"{ONE}/practice/new")
@requires(OWN)
def enter_stay(profile_id):
    """Enter a stay at an enterprise in the ledger."""
    profile, form = _enterable(profile_id), StayForm()
    if not form.validate():
        return page_of("stay", 422, profile=profile, form=form)
    try:
        practising.enter(profile, form.stay(), form.file.data or None, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return page_of("stay", broken.status, profile=profile, form=form, broken=broken)
    flash(_("The stay is entered. It counts as soon as it is confirmed."), "success")
    return redirect(url_for(".show_profile", profile_id=profile.id))

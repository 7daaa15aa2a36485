"""HTTP of the practice ledger: where all stand, what waits for confirmation, the rules' figures, grades' needs."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.faculty import grading, practice_queries, practising, queries
from trainmgr.faculty.forms import LimitsForm, NeedsForm, ReasonForm
from trainmgr.faculty.frame import asked_home, bp, page_of
from trainmgr.faculty.practice_queries import STANDINGS
from trainmgr.faculty.rules import GRADES, Grade
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import file_response
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.numbers import typed_version
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.sheets import Column, Kind, send_rows

VIEW, EDIT, OWN = Permission.FACULTY_VIEW, Permission.FACULTY_EDIT, Permission.FACULTY_OWN
ENTRY = "/faculty/practice/<int:entry_id>"
COLUMNS = (
    Column("name", N_("Name"), width=12),
    Column("title", N_("Professional title"), width=14),
    Column("since", N_("Teacher or master since"), kind=Kind.DATE, width=14),
    Column("year", N_("Days this year"), kind=Kind.NUMBER, width=12),
    Column("year_missing", N_("Days missing this year"), kind=Kind.NUMBER, width=14),
    Column("window", N_("Days within the years"), kind=Kind.NUMBER, width=14),
    Column("window_missing", N_("Days missing within the years"), kind=Kind.NUMBER, width=16),
    Column("window_by", N_("Missing until"), kind=Kind.DATE, width=14),
)


def _asked():
    wanted = request.args.get("standing", "")
    return wanted if wanted in STANDINGS else ""


@bp.get("/faculty/practice")
@requires(VIEW)
def list_ledger():
    """Show where a college's teachers stand under both practice rules."""
    home, homes = asked_home()
    limits, wanted = practice_queries.limits_of(home.id, today()), _asked()
    return page_of(
        "ledger", home=home, homes=homes, limits=limits, wanted=wanted, today=today(),
        page=practice_queries.list_ledger(home.id, Listing.from_request(), wanted, today(), limits),
        counts=practice_queries.counts_of(home.id, today(), limits),
    )  # fmt: skip


@bp.get("/faculty/practice.xlsx")
@requires(VIEW)
def export_ledger():
    """Hand out the ledger's lines as a workbook."""
    home, _homes = asked_home()
    limits = practice_queries.limits_of(home.id, today())
    rows = practice_queries.export_rows(home.id, _asked(), today(), limits)
    return send_rows(COLUMNS, rows, _("Practice ledger.xlsx"), title=_("Practice ledger"))


# --- confirming -----------------------------------------------------------------------------------


@bp.get("/faculty/practice/waiting")
@requires(EDIT)
def list_to_confirm():
    """Show the stays that wait for the reader's word."""
    return _waiting_page()


def _waiting_page(status=200, broken=None, form=None, entry=None):
    page = practice_queries.list_to_confirm(current_user, Listing.from_request())
    how = {one.id: practising.may_confirm(one, current_user) for one in page.items}
    return page_of("waiting", status, page=page, how=how, broken=broken, form=form, wrong=entry)


@bp.get(f"{ENTRY}/proof")
@requires(OWN)
def download_proof(entry_id):
    """Hand out the proof of a stay."""
    return file_response(queries.evidence_of(practice_queries.entry_or_404(entry_id, current_user).file_id))


@bp.post(f"{ENTRY}/confirm")
@requires(EDIT)
def confirm_stay(entry_id):
    """Confirm a stay: for the enterprise, or from its paper."""
    return _decide(entry_id, confirmed=True)


@bp.post(f"{ENTRY}/refuse")
@requires(EDIT)
def refuse_stay(entry_id):
    """Say that a stay is not confirmed, and why."""
    return _decide(entry_id, confirmed=False)


def _decide(entry_id, *, confirmed):
    entry = practice_queries.entry_or_404(entry_id, current_user)
    if practising.may_confirm(entry, current_user) is None:
        abort(403)
    try:
        practising.decide(
            entry, confirmed=confirmed, reason=request.form.get("reason", "").strip()[:200],
            version=typed_version(), by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _waiting_page(broken.status, broken)
    flash(_("Confirmed: the days count.") if confirmed else _("It is noted with your reason."), "success")
    return redirect(url_for(".list_to_confirm"))


@bp.post(f"{ENTRY}/withdraw")
@requires(OWN)
def withdraw_stay(entry_id):
    """Take a wrong entry out of the ledger."""
    entry, form = practice_queries.entry_or_404(entry_id, current_user), ReasonForm()
    profile = queries.profile_or_404(entry.profile_id, current_user)
    if not (queries.may_edit(profile, current_user) or profile.user_id == current_user.id):
        abort(403)
    reason = form.reason.data or ""
    if not form.validate():
        flash(_("Say why it is withdrawn."), "error")
    else:
        practising.withdraw(entry, reason=reason, version=typed_version(), by=current_user, now=utcnow())
        flash(_("The stay is withdrawn."), "success")
    return redirect(url_for(".show_profile", profile_id=profile.id))


# --- the rules' figures ---------------------------------------------------------------------------


@bp.get("/faculty/rules")
@requires(VIEW)
def show_rules():
    """Show the figures of the practice rules and what each grade asks for, with their versions."""
    home, homes = asked_home()
    return _rules_page(home, homes)


def _rules_page(home, homes, status=200, limits_form=None, needs_form=None, broken=None):
    limits, needs = practice_queries.limits_of(home.id, today()), grading.needs_of([home.id], today())
    if limits_form is None:
        limits_form = LimitsForm(formdata=None, prefix="limits-", data=vars(limits) | {"valid_from": today()})
    if needs_form is None:
        needs_form = NeedsForm(formdata=None, prefix="needs-", valid_from=today())
    return page_of(
        "rules", status, home=home, homes=homes, limits=limits, versions=practice_queries.versions_of(home.id),
        needs=[(grade, needs[home.id, grade]) for grade in GRADES[1:]],
        need_versions=grading.need_versions(home.id), limits_form=limits_form, needs_form=needs_form,
        broken=broken, may_edit=home.id in current_user.organizations_where(EDIT),
    )  # fmt: skip


@bp.post("/faculty/rules/practice")
@requires(EDIT)
def set_limits():
    """Let other figures of the practice rules hold from a day on."""
    home, homes = asked_home(to_edit=True)
    form = LimitsForm(prefix="limits-")
    if not form.validate():
        return _rules_page(home, homes, 422, limits_form=form)
    try:
        practising.set_limits(
            home, form.limits(), valid_from=form.valid_from.data, reason=form.reason.data or "",
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _rules_page(home, homes, broken.status, limits_form=form, broken=broken)
    flash(_("The figures hold from that day."), "success")
    return redirect(url_for(".show_rules", organization=home.id))


@bp.post("/faculty/rules/grades")
@requires(EDIT)
def set_needs():
    """Let a grade ask for something else from a day on."""
    home, homes = asked_home(to_edit=True)
    form = NeedsForm(prefix="needs-")
    if not form.validate():
        return _rules_page(home, homes, 422, needs_form=form)
    try:
        grading.set_needs(
            home, Grade(form.grade.data), form.needs(), valid_from=form.valid_from.data,
            reason=form.reason.data or "", by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _rules_page(home, homes, broken.status, needs_form=form, broken=broken)
    flash(_("The grade asks for this from that day."), "success")
    return redirect(url_for(".show_rules", organization=home.id))

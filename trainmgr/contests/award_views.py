"""HTTP of the ledger of awards and of the enterprise's shortlist."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.contests import award_queries, awarding, exporting
from trainmgr.contests.forms import AwardForm, ReasonForm, ShortlistForm, split_numbers
from trainmgr.contests.frame import bp, page_of
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import file_response, store_document
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing

P = Permission
AWARD = "/awards/<int:award_id>"


def _asked():
    return {key: request.args.get(key, "")[:30] for key in ("year", "level")}


def _filters():
    asked = _asked()
    return award_queries.AwardFilters(whole(asked["year"]), asked["level"], Listing.from_request().q)


@bp.get("/awards")
@requires(P.CONTEST_VIEW)
def list_awards():
    """Show the ledger of awards by level and year, and every award in sight."""
    return page_of(
        "awards",
        page=award_queries.list_awards(current_user, Listing.from_request(), _filters()),
        counts=award_queries.counts(current_user, _filters()),
        asked=_asked(),
        years=[(year, year) for year in range(today().year, today().year - 6, -1)],
    )


@bp.get("/awards.xlsx")
@requires(P.CONTEST_VIEW)
def export_awards():
    """Hand out the ledger in sight as a workbook."""
    return exporting.send_awards(award_queries.export_awards(current_user, _filters()))


@bp.get("/awards/new")
@requires(P.CONTEST_RUN)
def new_award():
    """Ask for an award that was won elsewhere."""
    return page_of("new_award", form=AwardForm(formdata=None), broken=None)


def _holders(form, colleges):
    """Return who was named by number, or None with the fault at the field."""
    numbers = split_numbers(form.people.data or "")[:100]
    found = award_queries.find_holders(colleges, numbers)
    unknown = [number for number in numbers if len(found.get(number, ())) != 1]
    if unknown:
        form.people.errors = [
            _("No trainee, or more than one, has: %(numbers)s", numbers=_(", ").join(unknown[:10]))
        ]
        return None
    return list({found[number][0].id: found[number][0] for number in numbers}.values())


@bp.post("/awards/new")
@requires(P.CONTEST_RUN)
def enter_award():
    """Enter an award that was won elsewhere, with its paper."""
    form, colleges = AwardForm(), sorted(current_user.organizations_where(P.CONTEST_RUN))
    holders = _holders(form, colleges) if form.validate() else None
    if holders is None:
        return page_of("new_award", 422, form=form, broken=None)
    now = utcnow()
    try:
        proof = store_document(form.proof.data, by=current_user, program_id=None, now=now, purpose="award")
        awarding.enter_award(colleges[0], holders, form.facts(), proof, by=current_user, now=now)
    except RuleBroken as broken:
        return page_of("new_award", broken.status, form=form, broken=broken)
    flash(_("The award stands in the ledger."), "success")
    return redirect(url_for(".list_awards"))


def _page(award, status=200, form=None, broken=None):
    runs = award.college_id in current_user.organizations_where(P.CONTEST_RUN)
    form = form or ReasonForm(formdata=None)
    return page_of("award", status, award=award, form=form, runs=runs, broken=broken)


@bp.get(AWARD)
@requires(P.CONTEST_VIEW)
def show_award(award_id):
    """Show an award with its holders and paper."""
    return _page(award_queries.award_or_404(award_id, current_user))


@bp.get(f"{AWARD}/proof")
@requires(P.CONTEST_VIEW)
def download_award_proof(award_id):
    """Download the paper of an award."""
    award = award_queries.award_or_404(award_id, current_user)
    return file_response(award.proof) if award.proof else abort(404)


@bp.post(f"{AWARD}/withdraw")
@requires(P.CONTEST_RUN)
def withdraw_award(award_id):
    """Take an award out of the count, with the reason."""
    award, form = award_queries.award_or_404(award_id, current_user), ReasonForm()
    if award.college_id not in current_user.organizations_where(P.CONTEST_RUN):
        abort(403)
    if not form.validate():
        return _page(award, 422, form)
    try:
        awarding.withdraw_award(award, reason=form.reason.data, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _page(award, broken.status, form, broken)
    flash(_("The award does not count any more."), "success")
    return redirect(url_for(".show_award", award_id=award.id))


# --- the shortlist ------------------------------------------------------------------------------------------


def _shortlist(status=200, form=None, removal=None):
    return page_of(
        "shortlist",
        status,
        page=award_queries.list_shortlisted(current_user, Listing.from_request()),
        proposed=award_queries.proposed(current_user),
        form=form or ShortlistForm(formdata=None),
        removal=removal or ReasonForm(formdata=None),
    )


@bp.get("/shortlist")
@requires(P.CONTEST_SHORTLIST)
def list_shortlist():
    """Show whom one's enterprise wants to win as employees, and whom contests propose."""
    return _shortlist()


@bp.post("/shortlist/<int:enrolment_id>/add")
@requires(P.CONTEST_SHORTLIST)
def shortlist_trainee(enrolment_id):
    """Put one of the enterprise's trainees on its list."""
    enrolment, form = award_queries.own_trainee_or_404(enrolment_id, current_user), ShortlistForm()
    if not form.validate():
        return _shortlist(422, form)
    proposed = award_queries.proposed(current_user, 200)
    contest_id = next((row[1].id for row in proposed if row[0].id == enrolment.id), None)
    awarding.shortlist(
        enrolment.enterprise_id or 0,
        enrolment,
        contest_id=contest_id,
        note=form.note.data or "",
        by=current_user,
        now=utcnow(),
    )
    flash(_("%(name)s is on your enterprise's list.", name=enrolment.name), "success")
    return redirect(url_for(".list_shortlist"))


@bp.post("/shortlist/lines/<int:line_id>/remove")
@requires(P.CONTEST_SHORTLIST)
def remove_from_shortlist(line_id):
    """Take a trainee off the list, with the reason."""
    row, form = award_queries.shortlisted_or_404(line_id, current_user), ReasonForm()
    if not form.validate():
        return _shortlist(422, removal=form)
    awarding.remove(row, reason=form.reason.data, by=current_user, now=utcnow())
    flash(_("%(name)s is off your enterprise's list.", name=row.enrolment.name), "success")
    return redirect(url_for(".list_shortlist"))

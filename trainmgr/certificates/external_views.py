"""HTTP of certificates that others issued: the list, what ends soon, entering, verifying, refusing, withdrawing."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.certificates import exporting, external, external_queries, labels
from trainmgr.certificates.forms import ExternalForm, ReasonForm
from trainmgr.certificates.frame import EXTERNAL, PROGRAM, bp, page_of, program_for, program_page
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import file_response, store_document
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import may

P = Permission
ROW = f"{EXTERNAL}/<int:external_id>"


def _filters():
    return {key: request.args.get(key, "")[:30] for key in ("program", "level", "state", "expiring")}


def _filter():
    asked = _filters()
    return external_queries.ExternalFilter(
        whole(asked["program"]), asked["level"], asked["state"], asked["expiring"] == "1"
    )


@bp.get(EXTERNAL)
@requires(P.CERTIFICATE_VIEW)
def list_external():
    """Show the certificates of others of people whom the reader may see."""
    return _list_page()


def _list_page(status=200, broken=None):
    page = external_queries.list_external(
        current_user, Listing.from_request(), _filter(), today(), _filters()
    )
    return page_of(
        "external", status, page=page, today=today(), broken=broken,
        level_options=[(level.value, label) for level, label in labels.LEVELS.items()],
        state_options=[(state.value, label) for state, label in labels.STATES.items()],
    )  # fmt: skip


@bp.get(f"{PROGRAM}/external/waiting")
@requires(P.CERTIFICATE_RECORD)
def show_waiting(program_id):
    """Lead to a programme's certificates of others that wait to be verified."""
    program = program_for(program_id, P.CERTIFICATE_RECORD)
    return redirect(url_for(".list_external", program=program.id, state="entered"))


@bp.get(f"{EXTERNAL}/export.xlsx")
@requires(P.CERTIFICATE_VIEW)
def export_external():
    """Hand out the listed certificates of others as a workbook."""
    q = Listing.from_request().q
    return exporting.send_external(external_queries.export_external(current_user, q, _filter(), today()))


@bp.post(f"{EXTERNAL}/verify")
@requires(P.CERTIFICATE_RECORD)
def verify_chosen():
    """Verify the chosen certificates that wait."""
    ids = [number for value in request.form.getlist("id")[:200] if (number := whole(value)) is not None]
    rows = [one for one in external_queries.some_external(ids, current_user) if _may_settle(one)]
    if not rows:
        return _list_page(422, RuleBroken(_("Choose certificates first.")))
    count = external.verify_many(rows, by=current_user, now=utcnow())
    flash(ngettext("%(num)s certificate verified.", "%(num)s certificates verified.", count), "success")
    return redirect(url_for(".list_external"))


def _may_settle(row):
    return may(row.program, current_user, P.CERTIFICATE_RECORD)


# --- entering ------------------------------------------------------------------------------------


@bp.get(f"{PROGRAM}/external/new")
@requires(P.CERTIFICATE_RECORD)
def new_external(program_id):
    """Ask for what a certificate of somebody else says."""
    program = program_for(program_id, P.CERTIFICATE_RECORD)
    return program_page("new_external", program, form=ExternalForm(formdata=None))


@bp.post(f"{PROGRAM}/external/new")
@requires(P.CERTIFICATE_RECORD)
def enter_external(program_id):
    """Enter a trainee's certificate."""
    program, form = program_for(program_id, P.CERTIFICATE_RECORD), ExternalForm()
    if not form.validate():
        return program_page("new_external", program, 422, form=form)
    person = external_queries.find_person(program, current_user, form.person.data)
    if person is None:
        form.person.errors = [
            _("Nobody here, or more than one, has this name or number. Type the student number.")
        ]
        return program_page("new_external", program, 422, form=form)
    try:
        row = external.enter(
            program, person, form.facts(), _proof(form, program), by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return program_page("new_external", program, broken.status, form=form, broken=broken)
    flash(
        _(
            "Entered: %(number)s of %(name)s. It counts once it is verified.",
            number=row.number,
            name=person.name,
        ),
        "success",
    )
    return redirect(url_for(".show_external", external_id=row.id))


def _proof(form, program):
    upload = form.proof.data
    if not upload or not upload.filename:
        return None
    return store_document(upload, by=current_user, program_id=program.id, now=utcnow(), purpose="certificate")


# --- one of them ---------------------------------------------------------------------------------


def _page(row, status=200, form=None, broken=None):
    return page_of(
        "show_external", status, row=row, form=form or ReasonForm(formdata=None), broken=broken,
        may_settle=_may_settle(row), today=today(),
    )  # fmt: skip


@bp.get(ROW)
@requires(P.CERTIFICATE_VIEW)
def show_external(external_id):
    """Show a certificate of others, its proof and who verified it."""
    return _page(external_queries.external_or_404(external_id, current_user))


@bp.get(f"{ROW}/proof")
@requires(P.CERTIFICATE_VIEW)
def download_proof(external_id):
    """Download the scan of a certificate."""
    stored = external_queries.proof_of(external_queries.external_or_404(external_id, current_user))
    return file_response(stored) if stored else abort(404)


@bp.post(f"{ROW}/verify")
@requires(P.CERTIFICATE_RECORD)
def verify_external(external_id):
    """Say that a certificate was held against its proof or the issuer's register."""
    row = external_queries.external_or_404(external_id, current_user)
    if not _may_settle(row):
        abort(403)
    external.verify(row, by=current_user, now=utcnow())
    flash(_("Verified: %(number)s.", number=row.number), "success")
    return redirect(url_for(".show_external", external_id=row.id))


@bp.post(f"{ROW}/<any(refuse, withdraw):move>")
@requires(P.CERTIFICATE_RECORD)
def end_external(external_id, move):
    """Refuse a certificate that waits, or withdraw one, with the reason."""
    row, form = external_queries.external_or_404(external_id, current_user), ReasonForm()
    if not _may_settle(row):
        abort(403)
    if not form.validate():
        return _page(row, 422, form)
    try:
        work = external.refuse if move == "refuse" else external.withdraw
        work(row, reason=form.reason.data, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _page(row, broken.status, form, broken)
    flash(_("Noted, with the reason."), "success")
    return redirect(url_for(".show_external", external_id=row.id))

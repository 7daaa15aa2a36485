"""HTTP of certificates of completion: all that the reader may see, one's own, one of them, PDF, badge, revocation."""

from __future__ import annotations

from flask import Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.certificates import badges, exporting, external_queries, issuing, paper, queries
from trainmgr.certificates.forms import ReasonForm
from trainmgr.certificates.frame import ONE, bp, deed, page_of
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.sheets import send_workbook
from trainmgr.programs.queries import may

P = Permission


def _chosen():
    return {key: request.args.get(key, "")[:10] for key in ("year", "state")}


@bp.get("/certified")
@requires(P.CERTIFICATE_VIEW)
def list_certificates():
    """Show all certificates of completion of people whom the reader may see."""
    chosen, listing = _chosen(), Listing.from_request()
    return page_of(
        "list",
        page=queries.list_certificates(current_user, listing, chosen),
        years=[(year, year) for year in queries.years(current_user)],
    )


@bp.get("/certified/export.xlsx")
@requires(P.CERTIFICATE_VIEW)
def export_certificates():
    """Hand out the listed certificates as a workbook."""
    return exporting.send_issued(
        queries.export_certificates(current_user, Listing.from_request().q, _chosen())
    )


@bp.get("/certified/mine")
@requires(P.CERTIFICATE_VIEW)
def list_my_certificates():
    """Show a person's own certificates, those of others too."""
    return page_of(
        "mine",
        own=queries.own_certificates(current_user),
        external=external_queries.own_external(current_user),
        today=today(),
    )


# --- one of them ---------------------------------------------------------------------------------


def _page(certificate, status=200, form=None, broken=None):
    may_issue = may(certificate.program, current_user, P.CERTIFICATE_ISSUE)
    return page_of(
        "show", status, certificate=certificate, form=form or ReasonForm(formdata=None), broken=broken,
        may_issue=may_issue, replacement=queries.replacement_of(certificate),
        history=queries.history_of(certificate.enrolment_id),
    )  # fmt: skip


@bp.get(ONE)
@requires(P.CERTIFICATE_VIEW)
def show_certificate(certificate_id):
    """Show what a certificate says, its codes, and what became of it."""
    return _page(queries.certificate_or_404(certificate_id, current_user))


@bp.get(f"{ONE}/certificate.pdf")
@requires(P.CERTIFICATE_VIEW)
def download_certificate(certificate_id):
    """Download a certificate as a PDF; one that no longer counts is not handed out."""
    one = queries.certificate_or_404(certificate_id, current_user)
    if not one.is_present:
        abort(404)
    return send_workbook(
        paper.paper_of(one), f"{one.serial} {one.holder_name}.pdf", media_type="application/pdf"
    )


@bp.get(f"{ONE}/badge.jwt")
@requires(P.CERTIFICATE_VIEW)
def download_badge(certificate_id):
    """Download a certificate as a signed Open Badges 3.0 credential."""
    one = queries.certificate_or_404(certificate_id, current_user)
    if not one.is_present:
        abort(404)
    answer: Response = send_workbook(
        badges.badge_of(one).encode(), f"{one.serial}.jwt", media_type="text/plain"
    )
    return answer


def _act(certificate_id, work):
    one, form = queries.certificate_or_404(certificate_id, current_user), ReasonForm()
    if not may(one.program, current_user, P.CERTIFICATE_ISSUE):
        abort(403)
    if not form.validate():
        return _page(one, 422, form)
    try:
        shown = work(one, form.reason.data)
    except RuleBroken as broken:
        return _page(one, broken.status, form, broken)
    return redirect(url_for(".show_certificate", certificate_id=shown.id))


@bp.post(f"{ONE}/reissue")
@requires(P.CERTIFICATE_ISSUE)
def reissue_certificate(certificate_id):
    """Put a new certificate in the place of one, with the reason."""

    def work(one, reason):
        fresh = issuing.reissue(one, reason=reason, deed=deed())
        flash(_("Issued anew as %(serial)s.", serial=fresh.serial), "success")
        return fresh

    return _act(certificate_id, work)


@bp.post(f"{ONE}/revoke")
@requires(P.CERTIFICATE_ISSUE)
def revoke_certificate(certificate_id):
    """Let a certificate count no longer, with the reason."""

    def work(one, reason):
        issuing.revoke(one, reason=reason, deed=deed())
        flash(_("Certificate %(serial)s is revoked.", serial=one.serial), "success")
        return one

    return _act(certificate_id, work)

"""HTTP of the public check: anybody with a code sees whether a certificate counts; what badges point at."""

from __future__ import annotations

from flask import abort, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from trainmgr.certificates import badges, queries
from trainmgr.certificates.forms import CodeForm
from trainmgr.certificates.frame import bp
from trainmgr.certificates.rules import masked_name, parts_of, plain_code
from trainmgr.kernel.access import public
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import keep_writes
from trainmgr.kernel.i18n import moment
from trainmgr.kernel.signing import public_root
from trainmgr.recruitment import knocking

KNOCK = "check"


def _page(status=200, **context):
    answer = make_response(render_template("certificates/check.html", **context), status)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _found(typed):
    """Return the certificate of a code with its holder's name as this code shows it; (None, "") when none has it."""
    code, holder_part = parts_of(typed)
    one = queries.find_by_code(code)
    if one is None or holder_part not in ("", one.holder_part):
        return None, ""
    return one, one.holder_name if holder_part else masked_name(one.holder_name)


@bp.get("/check")
@public
def show_check_form():
    """Ask for the code on a certificate."""
    return _page(form=CodeForm(formdata=None), asked=False)


@bp.post("/check")
@public
def check_code():
    """Lead to what a code shows; codes that no certificate has are counted."""
    form, now = CodeForm(), utcnow()
    until = knocking.waits_until(KNOCK, request.remote_addr, now=now)
    if until is not None:
        broken = _("Too much came from your network just now. Try again at %(time)s.", time=moment(until))
        return _page(429, form=form, asked=False, broken=broken)
    if not form.validate():
        return _page(422, form=form, asked=False)
    if _found(form.code.data)[0] is None:
        knocking.note(KNOCK, request.remote_addr, now=now)
        keep_writes()
        return _page(404, form=form, asked=True, certificate=None)
    return redirect(url_for(".show_check", code=plain_code(form.code.data)))


@bp.get("/check/<string(maxlength=40):code>")
@public
def show_check(code):
    """Show whether the certificate of a code counts; the page is the same for a code that none has, and says so."""
    certificate, holder = _found(code)
    form = CodeForm(formdata=None)
    return _page(200 if certificate else 404, form=form, asked=True, certificate=certificate, holder=holder)


# --- what badges point at ------------------------------------------------------------------------


def _document(document):
    answer = jsonify(document)
    answer.headers["Cache-Control"] = "public, max-age=300"
    answer.headers["Access-Control-Allow-Origin"] = "*"  # verifiers run in browsers too
    return answer


@bp.get("/badges/issuers/<int:college_id>")
@public
def show_badge_issuer(college_id):
    """Show a college's profile to who checks its badges."""
    names = queries.issuer_names(college_id)
    return _document(badges.profile(public_root(), college_id, *names)) if names else abort(404)


@bp.get("/badges/revoked/<int:college_id>")
@public
def list_revoked_badges(college_id):
    """Show which of a college's badges no longer count."""
    if queries.issuer_names(college_id) is None:
        abort(404)
    found = queries.revoked_credentials(college_id)
    return _document(badges.revocation_list(public_root(), college_id, found))

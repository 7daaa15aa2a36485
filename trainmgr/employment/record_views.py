"""HTTP of records handed over: the trainee's consent, making them, handing them out, and the public check."""

from __future__ import annotations

import hashlib

from flask import flash, make_response, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.certificates.rules import masked_name, plain_code
from trainmgr.employment import carry_job, carrying, queries, record_queries
from trainmgr.employment.forms import CheckForm
from trainmgr.employment.frame import PROGRAM, bp, page_of, program_for, program_to_run, runs
from trainmgr.enrolment.queries import cohorts
from trainmgr.kernel import files
from trainmgr.kernel.access import Permission, public, requires
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import keep_writes
from trainmgr.kernel.i18n import moment
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.signing import public_root
from trainmgr.recruitment import knocking

P = Permission
RECORDS = f"{PROGRAM}/records"
KNOCK = "check"  # the same limit as for certificates
PIECE, MOST_BYTES = 64 * 1024, 20 * 1024 * 1024


@bp.post(f"{PROGRAM}/consent")
@requires(P.EMPLOYMENT_OWN)
def set_consent(program_id):
    """Take the trainee's word on who may have the record of the training."""
    program = program_for(program_id)
    enrolment = record_queries.own_enrolment_or_404(program, current_user)
    firm = record_queries.firm_or_404(program, whole(request.form.get("firm")))
    given = request.form.get("given") == "1"
    carrying.set_consent(program, enrolment, firm, given=given, by=current_user, now=utcnow())
    if given:
        flash(
            _(
                "%(firm)s may have the record of your training. You can take this back any time.",
                firm=firm.name,
            ),
            "success",
        )
    else:
        flash(_("No further record goes to %(firm)s.", firm=firm.name), "success")
    return redirect(url_for(".show_own", program_id=program.id))


# --- making and handing out ----------------------------------------------------------------------------


def _firm(program):
    """Return the enterprise that the page is about: the one asked for, the reader's own, else the first."""
    firms = queries.employers_for(program)
    own = current_user.organizations_where(P.EMPLOYMENT_VIEW)
    if not runs(program) and (mine := [one for one in firms if one.id in own]):
        firms = mine
    wanted = whole(request.values.get("firm"))
    return firms, next((one for one in firms if one.id == wanted), firms[0] if firms else None)


@bp.get(RECORDS)
@requires(P.EMPLOYMENT_VIEW)
def list_records(program_id):
    """Show who agreed, and the records made for an enterprise."""
    program = program_for(program_id, P.EMPLOYMENT_VIEW)
    firms, firm = _firm(program)
    chosen = {key: request.args.get(key, "")[:20] for key in ("class", "state")}
    page = None
    if firm is not None:
        page = record_queries.list_people(program, firm.id, current_user, Listing.from_request(), chosen)
    return page_of(
        "records", program, firms=firms, firm=firm, page=page, chosen=chosen, runs=runs(program),
        classes=cohorts(program.id), job=carry_job.find_job(program, current_user),
    )  # fmt: skip


@bp.post(RECORDS)
@requires(P.EMPLOYMENT_EDIT)
def make_records(program_id):
    """Make the signed records of the ticked trainees, else of a class, else of all who agreed."""
    program = program_to_run(program_id)
    firm = record_queries.firm_or_404(program, whole(request.form.get("firm")))
    ticked = [number for text in request.form.getlist("id")[:200] if (number := whole(text))]
    cohort_id = whole(request.form.get("class"))
    ids = record_queries.agreed_ids(program, firm.id, current_user, cohort_id, ticked)
    carry_job.request_records(program, firm, ids, root=public_root(), by=current_user, now=utcnow())
    return redirect(url_for(".list_records", program_id=program.id, firm=firm.id))


@bp.get(f"{RECORDS}/job")
@requires(P.EMPLOYMENT_EDIT)
def show_record_job(program_id):
    """Tell how far the making of records is."""
    program = program_for(program_id, P.EMPLOYMENT_EDIT, steps=False)
    if not request.headers.get("HX-Request"):
        return redirect(url_for(".list_records", program_id=program.id))
    job = carry_job.find_job(program, current_user)
    return render_template("employment/_job.html", program=program, job=job) if job else ""


@bp.get(f"{RECORDS}/<int:record_id>.zip")
@requires(P.EMPLOYMENT_VIEW)
def download_record(program_id, record_id):
    """Hand out one record, while its trainee agrees."""
    return _hand_out(program_for(program_id, P.EMPLOYMENT_VIEW, steps=False), record_id)


@bp.get(f"{PROGRAM}/mine/<int:record_id>.zip")
@requires(P.EMPLOYMENT_OWN)
def download_own_record(program_id, record_id):
    """Hand a trainee the own record as it went to the enterprise."""
    program = program_for(program_id, steps=False)
    return files.file_response(record_queries.own_record_or_404(program, record_id, current_user).file)


def _hand_out(program, record_id):
    record, agreed = record_queries.record_or_404(program, record_id, current_user)
    require(agreed, _("The trainee has taken the consent back: this record is not handed out any more."))
    return files.file_response(record.file)


@bp.get(f"{RECORDS}.zip")
@requires(P.EMPLOYMENT_VIEW)
def download_records(program_id):
    """Hand out the last records of a class in one archive."""
    program = program_for(program_id, P.EMPLOYMENT_VIEW, steps=False)
    _firms, firm = _firm(program)
    firm = record_queries.firm_or_404(program, firm.id if firm else None)
    content = record_queries.archive_of(program, firm.id, current_user, whole(request.args.get("class")))
    name = f"{program.label} {firm.short}.zip"
    return send_file(content, mimetype="application/zip", as_attachment=True, download_name=name)


# --- the public check ----------------------------------------------------------------------------------


def _check_page(status=200, **context):
    found = context.get("found")
    page = render_template(
        "employment/check.html", form=context.pop("form", None) or CheckForm(formdata=None),
        genuine=bool(found and carrying.is_genuine(found)), later=bool(found and record_queries.has_later(found)),
        name=masked_name(found.enrolment.name) if found else "", **context,
    )  # fmt: skip
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@bp.get("/check/record")
@public
def show_record_check():
    """Say whether a training record is genuine, by its code; without one, ask for a file, its hash or its code."""
    code = plain_code(request.args.get("code", "")[:40])
    if not code:
        return _check_page(asked=False)
    found = record_queries.find_by_code(code)
    return _check_page(200 if found else 404, asked=True, found=found, by_code=True)


@bp.post("/check/record")
@public
def check_record():
    """Look up a file by its content, or a typed hash or code; what fits nothing is counted."""
    form, now = CheckForm(), utcnow()
    until = knocking.waits_until(KNOCK, request.remote_addr, now=now)
    if until is not None:
        broken = _("Too much came from your network just now. Try again at %(time)s.", time=moment(until))
        return _check_page(429, form=form, asked=False, broken=broken)
    if not form.validate():
        return _check_page(422, form=form, asked=False)
    found, by_code = _look_up(form)
    if found is None:
        knocking.note(KNOCK, request.remote_addr, now=now)
        keep_writes()
    return _check_page(200 if found else 404, form=form, asked=True, found=found, by_code=by_code)


def _look_up(form):
    if form.file.data:
        digest = _hash_of(form.file.data.stream)
        return (record_queries.find_by_hash(digest) if digest else None), False
    if form.digest:
        return record_queries.find_by_hash(form.digest), False
    return record_queries.find_by_code(plain_code(form.text.data)), True


def _hash_of(stream):
    """Return the SHA-256 of what was uploaded, "" when it is longer than any record."""
    digest, size = hashlib.sha256(), 0
    while piece := stream.read(PIECE):
        size += len(piece)
        if size > MOST_BYTES:
            return ""
        digest.update(piece)
    return digest.hexdigest()

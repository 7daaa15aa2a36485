"""HTTP of writing: every write has an Idempotency-Key, a JSON body and an answer that is kept with it."""

from __future__ import annotations

from functools import wraps

from flask import g, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from werkzeug.exceptions import BadRequest

from trainmgr.api import idempotency, reading, writing
from trainmgr.api.catalogue import RESOURCES
from trainmgr.api.frame import JSON, answer, bp, etag_of, opened_by
from trainmgr.api.operations import WRITES
from trainmgr.api.problems import Problem, of_fields
from trainmgr.kernel.clock import utcnow


def _body(schema):
    """Return what was sent, each field checked; anything that the schema does not name is refused."""
    if request.mimetype != JSON:
        raise Problem(415, _("Send the body as application/json."))
    try:
        sent = request.get_json()
    except BadRequest:
        raise Problem(400, _("The body is no JSON.")) from None
    try:
        return schema().load(sent)
    except ValidationError as error:
        raise of_fields(error) from None


def _once(schema):
    def wrap(view):
        @wraps(view)
        def do_once(**names):
            key = idempotency.checked(request.headers.get("Idempotency-Key"))
            digest = idempotency.digest_of(
                request.method, request.path, request.get_data(), request.headers.get("If-Match", "")
            )
            now = utcnow()
            kept = idempotency.replayed(g.api_token_id, key, digest, now)
            if kept is not None:
                return kept
            response = view(data=_body(schema), now=now, **names)
            idempotency.keep(g.api_token_id, key, digest, response, now)
            return response

        return do_once

    return wrap


def _writes(name):
    """Register a write under the address, permission, scope and schema that the table of operations has for it."""
    one = WRITES[name]

    def register(view):
        marked = opened_by(one.permission, one.scope)(_once(one.schema)(view))
        bp.add_url_rule(one.path, name, marked, methods=[one.method])
        return marked

    return register


def _shown(name, program_id, row_id, status=200, **headers):
    """Return how a thing stands after the write, as reading it would."""
    resource = RESOURCES[name]
    asked = reading.asked_of(resource, program_id, current_user, {}, utcnow())
    row = reading.one_or_404(resource, asked, row_id)
    return answer(row, status, {"ETag": etag_of(row)} | headers)


@_writes("change_enrolment")
def change_enrolment(program_id, row_id, data, now):
    """Set a trainee's numbers."""
    writing.set_numbers(program_id, row_id, data, request.headers.get("If-Match"), by=current_user, now=now)
    return _shown("enrolments", program_id, row_id)


@_writes("submit_log")
def submit_log(program_id, data, now):
    """Hand a log in."""
    key = idempotency.digest_of("", request.headers["Idempotency-Key"], b"", str(g.api_token_id))
    log = writing.hand_in(program_id, data, key, by=current_user, now=now)
    where = url_for("api.show_log", program_id=program_id, row_id=log.id)
    return _shown("logs", program_id, log.id, 201, Location=where)


@_writes("sign_log")
def sign_log(program_id, row_id, data, now):
    """Sign a log."""
    writing.sign(program_id, row_id, by=current_user, now=now)
    return _shown("logs", program_id, row_id)


@_writes("return_log")
def return_log(program_id, row_id, data, now):
    """Send a log back."""
    writing.send_back(program_id, row_id, data["comment"], by=current_user, now=now)
    return _shown("logs", program_id, row_id)

"""HTTP of writing: every write has an Idempotency-Key, a JSON body and an answer that is kept with it."""

from __future__ import annotations

import json

from flask import g, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from werkzeug.exceptions import BadRequest

from trainmgr.api import idempotency, reading
from trainmgr.api.catalogue import RESOURCES
from trainmgr.api.deeds import Deed
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
        json.dumps(sent, ensure_ascii=False).encode()  # half a letter (a lone surrogate) is no text
    except (BadRequest, UnicodeEncodeError):
        raise Problem(400, _("The body is no JSON.")) from None
    try:
        return schema().load(sent)
    except ValidationError as error:
        raise of_fields(error) from None


def _view_of(one):
    """Return the view of a write: once for each key, its answer kept with it."""

    def write(**ids):
        key = idempotency.checked(request.headers.get("Idempotency-Key"))
        precondition = request.headers.get("If-Match")
        digest = idempotency.digest_of(request.method, request.path, request.get_data(), precondition or "")
        now = utcnow()
        kept = idempotency.replayed(g.api_token_id, key, digest, now)
        if kept is not None:
            return kept
        own = idempotency.digest_of("", key, b"", str(g.api_token_id))
        deed = Deed(current_user, now, _body(one.schema), ids, precondition, own)
        response = _answer_of(one, ids.get("program_id"), one.does(deed))
        idempotency.keep(g.api_token_id, key, digest, response, now)
        return response

    return write


def _answer_of(one, program_id, done):
    """Return how things stand after the write, as reading them would."""
    if done.job_id is not None:
        return answer({"job_id": done.job_id}, 202)
    resource = RESOURCES[one.gives]
    asked = reading.asked_of(
        resource, program_id if resource.in_program else None, current_user, {}, utcnow()
    )
    if one.many:
        return answer({"data": reading.some(resource, asked, done.row_ids), "next": None})
    row = reading.one_or_404(resource, asked, done.row_id)
    headers = {"ETag": etag_of(row)} if resource.has_version else {}
    if done.made:
        place = {"program_id": program_id} if resource.in_program else {}
        headers["Location"] = url_for(f"api.show_{resource.one}", row_id=done.row_id, **place)
    return answer(row, 201 if done.made else 200, headers)


for _name, _one in WRITES.items():
    bp.add_url_rule(
        _one.path, _name, opened_by(_one.permission, _one.scope)(_view_of(_one)), methods=[_one.method]
    )

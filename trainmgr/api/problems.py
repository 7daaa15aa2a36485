"""What goes wrong, as a program hears it: application/problem+json (RFC 9457) in the language it asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, g, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from trainmgr.kernel import errors
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n.texts import translated
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.numbers import whole

PROBLEM = "application/problem+json"
BEGINNING = "/api/v1/"
TITLES = {
    400: _l("The request cannot be read"),
    401: _l("A valid token is needed"),
    403: _l("This token may not do that"),
    404: _l("There is no such thing here"),
    405: _l("This address does not take that method"),
    406: _l("The answer is JSON only"),
    409: _l("A rule forbids it now"),
    412: _l("It was changed meanwhile"),
    413: _l("The request is too large"),
    415: _l("The body must be JSON"),
    422: _l("Some fields are not as they should be"),
    428: _l("A header is missing"),
    429: _l("Too many requests"),
    500: _l("Something went wrong on our side"),
}
# What marshmallow says by itself; its other messages are set where the fields are.
OF_FIELDS = (
    N_("Missing data for required field."),
    N_("Field may not be null."),
    N_("Unknown field."),
    N_("Not a valid integer."),
    N_("Not a valid number."),
    N_("Not a valid string."),
    N_("Not a valid boolean."),
    N_("Not a valid date."),
    N_("Not a valid list."),
    N_("Invalid input type."),
)


class Problem(RuleBroken):
    """A request is refused with this status, sentence and, where fields are at fault, what is wrong with each."""

    def __init__(
        self,
        status: int,
        detail: object,
        *,
        fields: Mapping[str, Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.fields, self.headers = fields or {}, headers or {}


def of_fields(error: ValidationError) -> Problem:
    """Return the problem of what a schema refused."""
    fields = {name: [translated(str(text)) for text in texts] for name, texts in _flat(error.messages)}
    return Problem(422, _("Look at the fields named."), fields=fields)


def _flat(messages: Any, beginning: str = "") -> list[tuple[str, list[Any]]]:
    if isinstance(messages, Mapping):
        found: list[tuple[str, list[Any]]] = []
        for name, inner in messages.items():
            plain = "" if name == "_schema" else str(name)
            found += _flat(inner, f"{beginning}.{plain}".strip("."))
        return found
    return [(beginning, list(messages))]


def answer(
    status: int,
    detail: object = "",
    fields: Mapping[str, Sequence[str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem as it goes out."""
    told: dict[str, Any] = {
        "type": "about:blank",
        "title": str(TITLES.get(status) or TITLES[400 if status < 500 else 500]),
        "status": status,
    }
    if detail:
        told["detail"] = str(detail)
    if fields:
        told["errors"] = [{"field": name, "messages": list(texts)} for name, texts in fields.items()]
    body = json.dumps(told, ensure_ascii=False)
    return Response(body, status, dict(headers or {}), content_type=PROBLEM)


def _names_no_row(path: str) -> bool:
    """Tell whether an address has an id in it that no row can have."""
    return any(part.isdigit() and whole(part) is None for part in path.split("/"))


def _voice(status: int, message: str | None, error: Exception | None) -> Response:
    g.heeds_headers = True
    if isinstance(error, Problem):
        return answer(status, message, error.fields, error.headers)
    headers = {}
    if status == 405 and _names_no_row(request.path):
        return answer(404)  # the router looks at methods before it reads ids
    if isinstance(error, HTTPException) and status == 405:
        headers = {name: value for name, value in error.get_headers() if name == "Allow"}
    return answer(status, message or "", headers=headers)


errors.speaks_otherwise(BEGINNING, _voice)

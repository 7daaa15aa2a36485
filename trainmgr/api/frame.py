"""What the views of the API have in common: the blueprint, JSON answers, marks with a scope."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from trainmgr.api import door
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.headers import csrf

JSON = "application/json"
bp = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(bp)  # no cookie signs anybody in here, so there is nothing to forge
assert door  # it is the blueprint's own door

View = Callable[..., Any]


def opened_by(permission: Permission, scope: str) -> Callable[[View], View]:
    """Mark a view with the permission that its person and the scope that its token needs."""

    def mark(view: View) -> View:
        view.scope = scope  # type: ignore[attr-defined]
        return requires(permission)(view)

    return mark


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return content as JSON."""
    body = json.dumps(content, ensure_ascii=False, default=_plain, separators=(",", ":"))
    return Response(body, status, dict(headers or {}), content_type=JSON)


def etag_of(row: Mapping[str, Any]) -> str:
    """Return the ETag of something with a version."""
    return f'"{row["version"]}"'

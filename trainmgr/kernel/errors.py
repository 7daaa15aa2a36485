"""What can go wrong, as the user hears it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from trainmgr.kernel.db import db, reading
from trainmgr.kernel.shell import render_standalone

log = logging.getLogger(__name__)
MOST_TAKEN_IN = 512 * 1024**2
RETRY_AFTER = "5"  # seconds: a database is started again about as fast


class RuleBroken(Exception):
    """A rule forbids what was asked (409); the message is a sentence for a person."""

    status = 409

    def __init__(self, message: object) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


class UploadRefused(RuleBroken):
    """A file cannot be taken (422); the message says why and what to do."""

    status = 422


class Conflict(RuleBroken):
    """Somebody else changed the same thing meanwhile (409)."""


# How addresses with a certain beginning are answered when something goes wrong, instead of by a page.
Voice = Callable[[int, "str | None", "Exception | None"], Any]
_voices: dict[str, Voice] = {}


def speaks_otherwise(beginning: str, voice: Voice) -> None:
    """Answer errors at addresses with this beginning by `voice(status, message, error)`."""
    _voices[beginning] = voice


def _page(status: int, message: str | None = None, error: Exception | None = None) -> Any:
    db.session.rollback()
    for beginning, voice in _voices.items():
        if request.path.startswith(beginning):
            return voice(status, message, error)
    known = {400, 403, 404, 409, 413, 422, 429, 500}
    if status >= 500:
        return _alone(status)
    template = f"errors/{status if status in known else 400}.html"
    try:
        with reading():  # nothing is written any more: the page waits for nobody who writes
            return render_template(template, message=message, status=status), status
    except (DBAPIError, NoneFree) as away:
        if not will_pass(away):
            raise
        return _alone(503)


def _alone(status: int) -> Any:
    """Return a page without the frame, which asks the database who is reading."""
    page = render_standalone("errors/503.html" if status == 503 else "errors/500.html")
    return page, status, {"Retry-After": RETRY_AFTER} if status == 503 else {}


def _on_broken_rule(error: RuleBroken) -> Any:
    return _page(error.status, str(error.message), error)


def _on_http(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    if error.code == 413:
        _take_in_the_rest()
    return _page(error.code, None, error)


def _take_in_the_rest() -> None:
    """Read what is still being sent, and drop it: cut off, a browser shows a broken connection and not our answer."""
    stream, left = request.environ["wsgi.input"], min(request.content_length or 0, MOST_TAKEN_IN)
    while left > 0 and (block := stream.read(min(left, 1 << 16))):
        left -= len(block)


def _on_conflict(error: Exception) -> Any:
    log.info("conflict at %s: %s", request.endpoint, type(error).__name__)
    return _page(
        409,
        _("Someone else changed this at the same moment. Load the page again and repeat your change."),
        error,
    )


def _on_csrf(error: CSRFError) -> Any:
    return _page(400, _("This page has expired. Go back, load it again and send it once more."))


def _on_fault(error: Exception) -> Any:
    if will_pass(error):
        log.warning("database away at %s: %s", request.endpoint, type(error).__name__)
        return _page(503, None, error)
    log.error("fault at %s", request.endpoint, exc_info=error)
    return _page(500)


def will_pass(error: Exception) -> bool:
    """Tell whether the database was away or busy, so that the same request may do in a moment.

    No connection was free for as long as we wait. PostgreSQL: the connection was lost (class 08, or no state at all),
    it is short of something (53), or it is being stopped or started (57). SQLite: somebody else had it for longer than
    we wait.
    """
    if isinstance(error, NoneFree) or getattr(error, "connection_invalidated", False):
        return True
    if not isinstance(error, OperationalError):
        return False
    if db.engine.dialect.name == "postgresql":
        state = getattr(error.orig, "sqlstate", None)
        return state is None or state[:2] in ("08", "53", "57")
    return getattr(error.orig, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def init_app(app: Flask) -> None:
    """Answer every error with a page in the reader's language."""
    app.register_error_handler(RuleBroken, _on_broken_rule)
    app.register_error_handler(CSRFError, _on_csrf)
    app.register_error_handler(HTTPException, _on_http)
    app.register_error_handler(IntegrityError, _on_conflict)
    app.register_error_handler(StaleDataError, _on_conflict)
    app.register_error_handler(DBAPIError, _on_fault)
    app.register_error_handler(Exception, _on_fault)

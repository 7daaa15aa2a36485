"""What can go wrong, as the user hears it."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from trainmgr.kernel.db import db
from trainmgr.kernel.shell import render_standalone

log = logging.getLogger(__name__)
MOST_TAKEN_IN = 512 * 1024**2


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


def _page(status: int, message: str | None = None) -> tuple[str, int]:
    db.session.rollback()
    known = {400, 403, 404, 409, 413, 422, 429, 500}
    if status >= 500:
        # The frame asks the database who is reading; this page must stand without it.
        return render_standalone("errors/500.html"), status
    template = f"errors/{status if status in known else 400}.html"
    return render_template(template, message=message, status=status), status


def _on_broken_rule(error: RuleBroken) -> tuple[str, int]:
    return _page(error.status, str(error.message))


def _on_http(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    if error.code == 413:
        _take_in_the_rest()
    return _page(error.code)


def _take_in_the_rest() -> None:
    """Read what is still being sent, and drop it: cut off, a browser shows a broken connection and not our answer."""
    stream, left = request.environ["wsgi.input"], min(request.content_length or 0, MOST_TAKEN_IN)
    while left > 0 and (block := stream.read(min(left, 1 << 16))):
        left -= len(block)


def _on_conflict(error: Exception) -> tuple[str, int]:
    log.info("conflict at %s: %s", request.endpoint, type(error).__name__)
    return _page(
        409, _("Someone else changed this at the same moment. Load the page again and repeat your change.")
    )


def _on_csrf(error: CSRFError) -> tuple[str, int]:
    return _page(400, _("This page has expired. Go back, load it again and send it once more."))


def _on_fault(error: Exception) -> tuple[str, int]:
    log.error("fault at %s", request.endpoint, exc_info=error)
    return _page(500)


def init_app(app: Flask) -> None:
    """Answer every error with a page in the reader's language."""
    app.register_error_handler(RuleBroken, _on_broken_rule)
    app.register_error_handler(CSRFError, _on_csrf)
    app.register_error_handler(HTTPException, _on_http)
    app.register_error_handler(IntegrityError, _on_conflict)
    app.register_error_handler(StaleDataError, _on_conflict)
    app.register_error_handler(OperationalError, _on_fault)
    app.register_error_handler(Exception, _on_fault)

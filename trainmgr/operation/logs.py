"""Logs without personal data, as text or as JSON: one line per request, each with the request's id.

What an exception says is left out (a database repeats the values it refuses), its kind and its place are kept. Of a
request the endpoint is told, never its path, query or body: a path may hold the token of a personal link.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import traceback
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from flask import Flask, Response, g, has_request_context, request
from flask.signals import request_finished, request_started

HEADER = "X-Request-ID"
GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
REQUESTS = logging.getLogger("trainmgr.requests")
QUIET = {"health.show_health", "operation.show_readiness", "operation.show_metrics", "static"}
FORMATS = ("text", "json")


class Formatter(logging.Formatter):
    """Writes a record down, as text or as JSON."""

    def __init__(self, as_json: bool) -> None:
        super().__init__()
        self.as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Return one line of JSON, or a line of text with the places of an exception behind it."""
        facts: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context() and (number := g.get("request_id")):
            facts["request_id"] = number
        facts |= getattr(record, "facts", {})
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            facts["error"], facts["places"] = kinds_of(error), places_of(error)
        return json.dumps(facts, ensure_ascii=False) if self.as_json else as_text(facts)


def as_text(facts: dict[str, Any]) -> str:
    """Return a record as a line of text."""
    line = " ".join(str(facts.pop(name)) for name in ("at", "level", "logger", "message"))
    places = facts.pop("places", [])
    more = " ".join(f"{name}={value}" for name, value in facts.items())
    return "\n    ".join([f"{line} {more}".rstrip(), *places])


def kinds_of(error: BaseException) -> str:
    """Return the kinds of an exception and of those it came from, without what they say."""
    kinds: list[str] = []
    here: BaseException | None = error
    while here is not None and len(kinds) < 5:
        kinds.append(f"{type(here).__module__}.{type(here).__qualname__}")
        here = here.__cause__ or here.__context__
    return " from ".join(kinds)


def places_of(error: BaseException) -> list[str]:
    """Return where an exception went through, the deepest last."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def begin(sender: Flask, **_: Any) -> None:
    """Give the request its id: the proxy's, if it sends one, else an own."""
    given = request.headers.get(HEADER, "")
    g.request_id = given if GIVEN.fullmatch(given) else secrets.token_hex(16)
    g.request_begun = perf_counter()


def end(sender: Flask, response: Response, **_: Any) -> None:
    """Send the id back, and leave a line."""
    response.headers[HEADER] = g.get("request_id", "")
    if request.endpoint in QUIET:
        return
    facts = {
        "method": request.method,
        "endpoint": request.endpoint or "-",
        "status": response.status_code,
        "ms": round((perf_counter() - g.get("request_begun", perf_counter())) * 1000, 1),
    }
    REQUESTS.info("request", extra={"facts": facts})


def install(kind: str) -> None:
    """Let everything that is logged in this process be written down this way."""
    if kind not in FORMATS:
        raise ValueError(f"TRAINMGR_LOG_FORMAT is {kind!r}; it is one of {', '.join(FORMATS)}")
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler())
    for handler in root.handlers:
        handler.setFormatter(Formatter(kind == "json"))
    if kind == "json":
        root.setLevel(min(root.level or logging.INFO, logging.INFO))
        REQUESTS.setLevel(logging.INFO)


def init_app(app: Flask) -> None:
    """Give every request its id; outside of tests, write logs as configured."""
    request_started.connect(begin, app)
    request_finished.connect(end, app)
    if not app.testing and not app.debug:
        install(str(app.config.get("LOG_FORMAT") or "text"))

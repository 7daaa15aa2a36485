"""A key of its own for each write that schemathesis sends: it makes short ones up, and sends the same again.

A key that was used for another request is refused with 422, which would say nothing of the fields. Keys that are to be
refused (none, too long, no plain text) stay as they are.
"""

from __future__ import annotations

import uuid
from typing import Any

import schemathesis

NAME = "Idempotency-Key"


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Give a fitting key another one in its place."""
    key = (case.headers or {}).get(NAME)
    if isinstance(key, str) and 0 < len(key) <= 80 and key.isascii() and key.isprintable():
        case.headers[NAME] = str(uuid.uuid4())

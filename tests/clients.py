"""A test client whose requests are as alone as a browser's, and which looks at every page it is shown."""

from __future__ import annotations

import contextvars
from typing import Any

from flask import has_app_context
from flask.testing import FlaskClient, FlaskCliRunner

from tests.pages import faults
from trainmgr.kernel.db import db


def hand_over() -> None:
    """Commit what the test has arranged, so that others see it and none waits for its lock."""
    if has_app_context():
        db.session.commit()


class Client(FlaskClient):
    """Sends each request in a context of its own.

    Flask would otherwise reuse the test's application context, and with it the user that Flask-Login keeps on `g`
    and the test's own database session. After a request the test's objects show what is in the database.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        hand_over()
        response = contextvars.Context().run(super().open, *args, **kwargs)
        if response.mimetype == "text/html" and not 300 <= response.status_code < 400:
            found = faults(response.get_data(as_text=True))
            assert not found, f"{response.request.path} ({response.status_code}) is a faulty page: {found}"
        return response


class CliRunner(FlaskCliRunner):
    """Runs a command as a process of its own would: it sees what was committed, and commits for itself."""

    def invoke(self, *args: Any, **kwargs: Any) -> Any:
        hand_over()
        return contextvars.Context().run(super().invoke, *args, **kwargs)

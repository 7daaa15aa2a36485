"""A test client whose requests are as alone as a browser's, and which looks at every page it is shown."""

from __future__ import annotations

import contextvars
from typing import Any

from flask import has_app_context
from flask.cli import FlaskGroup
from flask.testing import FlaskClient, FlaskCliRunner

from tests.pages import faults
from trainmgr.kernel.db import db


def hand_over() -> None:
    """Commit what the test has arranged, also where none of it has reached the database yet."""
    if has_app_context():
        db.session.commit()


class QuickClient(FlaskClient):
    """Sends each request in a context of its own.

    Flask would otherwise reuse the test's application context, and with it the user that Flask-Login keeps on `g`
    and the test's own database session.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        hand_over()
        return contextvars.Context().run(super().open, *args, **kwargs)


class Client(QuickClient):
    """Looks besides at every page that it is shown."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        response = super().open(*args, **kwargs)
        if response.mimetype == "text/html" and not 300 <= response.status_code < 400:
            found = faults(response.get_data(as_text=True))
            assert not found, f"{response.request.path} ({response.status_code}) is a faulty page: {found}"
        return response


class CliRunner(FlaskCliRunner):
    """Runs a command as a process of its own would, with the commands that extensions bring."""

    def invoke(self, cli: Any = None, args: Any = None, **kwargs: Any) -> Any:
        hand_over()
        cli = cli or FlaskGroup(create_app=lambda: self.app)
        return contextvars.Context().run(super().invoke, cli, args, **kwargs)

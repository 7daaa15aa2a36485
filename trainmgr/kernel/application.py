"""The application object: a Flask in which a write request is one transaction, and its set-up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, Response

from trainmgr.kernel import access, config, crypto, db, errors, files, headers, health, i18n, jobs, shell


class App(Flask):
    """A Flask application in which a write request is one transaction."""

    def dispatch_request(self) -> Response:
        """Answer the request, then commit or roll back before the answer leaves."""
        return db.finish_request(self.make_response(super().dispatch_request()))


def configure(app: Flask, root: Path, overrides: Mapping[str, Any] | None) -> None:
    """Settle the configuration."""
    config.apply(app, root, overrides)


def init_app(app: Flask) -> None:
    """Set up everything that features use."""
    db.init_app(app)
    errors.init_app(app)
    shell.init_app(app)
    i18n.init_app(app)
    access.init_app(app)
    headers.init_app(app)
    crypto.init_app(app)
    files.init_app(app)
    jobs.init_app(app)
    app.register_blueprint(health.bp)

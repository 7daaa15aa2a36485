"""The application object: a Flask in which a write request is one transaction, and its set-up."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from flask import Flask, Request, Response
from sqlalchemy.exc import DBAPIError
from werkzeug.datastructures import MultiDict
from werkzeug.utils import cached_property

from trainmgr.kernel import (
    access,
    by_link,
    config,
    crypto,
    db,
    errors,
    files,
    headers,
    health,
    i18n,
    jobs,
    shared,
    shell,
    signing,
)
from trainmgr.kernel.i18n.texts import texts_of_forms
from trainmgr.kernel.numbers import RowConverter


class PlainRequest(Request):
    """A request whose text holds no NUL: nobody types one, and PostgreSQL takes none."""

    def _load_form_data(self) -> None:
        if "form" not in self.__dict__:
            super()._load_form_data()
            self.__dict__["form"] = _without_nul(self.__dict__["form"])
            for upload in chain.from_iterable(self.__dict__["files"].listvalues()):
                upload.filename = (upload.filename or "").replace("\0", "")

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """The query, without NUL."""
        return _without_nul(super().args)

    @cached_property
    def wtforms_translations(self) -> Any:
        """The texts of WTForms in the reader's language; Flask-WTF looks for them here."""
        return texts_of_forms(i18n.language())


def _without_nul(values: MultiDict[str, str]) -> MultiDict[str, str]:
    pairs = list(values.items(multi=True))
    if not any("\0" in key or "\0" in value for key, value in pairs):
        return values
    return type(values)([(key.replace("\0", ""), value.replace("\0", "")) for key, value in pairs])


class App(Flask):
    """A Flask application in which a write request is one transaction."""

    request_class = PlainRequest

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.url_map.converters["int"] = RowConverter

    def dispatch_request(self) -> Response:
        """Answer the request, then commit or roll back before the answer leaves."""
        return db.finish_request(self.make_response(super().dispatch_request()))

    def do_teardown_appcontext(self, *args: Any) -> None:
        """Let go of what the request used; a database that went away after the answer spoils no answer."""
        try:
            super().do_teardown_appcontext(*args)
        except DBAPIError as error:
            if not errors.will_pass(error):
                raise
            db.db.session.registry.clear()


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
    by_link.init_app()
    headers.init_app(app)
    crypto.init_app(app)
    files.init_app(app)
    jobs.init_app(app)
    shared.init_app(app)
    signing.init_app(app)
    app.before_request(db.choose_reader)  # after the guard: who asks is read from the database itself
    app.register_blueprint(health.bp)

"""The application object: a Flask in which a write request is one transaction, and its set-up."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from flask import Flask, Request, Response
from sqlalchemy.exc import DBAPIError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.routing import UnicodeConverter, ValidationError
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
from trainmgr.kernel.inputs import legible
from trainmgr.kernel.numbers import RowConverter


class PlainRequest(Request):
    """A request whose text holds nothing that a database or a document refuses (see `inputs.legible`)."""

    def _load_form_data(self) -> None:
        if "form" not in self.__dict__:
            super()._load_form_data()
            self.__dict__["form"] = _legible(self.__dict__["form"])
            for upload in chain.from_iterable(self.__dict__["files"].listvalues()):
                upload.filename = (upload.filename or "").replace("\0", "")

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """The query, legible."""
        return _legible(super().args)

    def get_json(self, *args: Any, **options: Any) -> Any:
        """Return the body's JSON; one that is nested without end is none."""
        try:
            return super().get_json(*args, **options)
        except RecursionError:
            if options.get("silent"):
                return None
            raise BadRequest from None

    @cached_property
    def wtforms_translations(self) -> Any:
        """The texts of WTForms in the reader's language; Flask-WTF looks for them here."""
        return texts_of_forms(i18n.language())


def _legible(values: MultiDict[str, str]) -> MultiDict[str, str]:
    pairs = list(values.items(multi=True))
    clean = [(legible(key), legible(value)) for key, value in pairs]
    return values if clean == pairs else type(values)(clean)


class TextConverter(UnicodeConverter):
    """A text in an address: with a NUL in it, which PostgreSQL does not even look for, it is one that is not there."""

    def to_python(self, value: str) -> str:
        """Return the text."""
        if "\0" in value:
            raise ValidationError
        return value


class App(Flask):
    """A Flask application in which a write request is one transaction."""

    request_class = PlainRequest

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.url_map.converters |= {"int": RowConverter, "default": TextConverter, "string": TextConverter}

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

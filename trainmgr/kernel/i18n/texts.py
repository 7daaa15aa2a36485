"""Texts looked up quickly: a page says some hundred, in templates and in Python, and each is found by one look."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any, NamedTuple

from babel import Locale
from babel.support import NullTranslations, Translations
from flask import Flask, g
from flask_babel import Babel, Domain, get_domain, get_locale, gettext
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape
from wtforms.i18n import messages_path

_SPECIAL = re.compile(r"(?<!%)(?:%%)*%(?![%(])|%\(\w+\)(?!s)")  # any other conversion than %(name)s and %%
MOST_KEPT = 20_000  # of a language; templates may translate what they are given, and that has no end


def locale_of_page() -> Locale | None:
    """Return the reader's locale as flask-babel keeps it for the request; None where it has still to be found out."""
    try:
        kept = g._get_current_object().get("_flask_babel")
    except RuntimeError:  # outside of any request or command
        return None
    return getattr(kept, "babel_locale", None)


_loaded: dict[str, NullTranslations] = {}  # by language; every application reads the same files


class QuickDomain(Domain):
    """The catalogues by language; the original writes the locale out at each look."""

    def get_translations(self) -> Any:
        """Return the reader's catalogue."""
        locale = locale_of_page()
        if locale is None:
            return super().get_translations()
        known = _loaded.get(locale.language)
        if known is None:
            known = _loaded[locale.language] = super().get_translations()
        return known


def translated(msgid: str) -> str:
    """Return a text without values in the reader's language: `gettext`, without looking for the domain each time."""
    locale = locale_of_page()
    catalogue = _loaded.get(locale.language) if locale else None
    return str(catalogue.ugettext(msgid) if catalogue else gettext(msgid))


def translated_count(one: str, many: str, num: int) -> str:
    """Return a text about so many in the reader's language, without values: `ngettext`, before it fills them in."""
    locale = locale_of_page()
    catalogue = _loaded.get(locale.language) if locale else None
    return str((catalogue or get_domain().get_translations()).ungettext(one, many, num))


class QuickBabel(Babel):
    """Babel with such a domain."""

    @cached_property
    def domain_instance(self) -> QuickDomain:
        """The domain that `gettext` asks."""
        return QuickDomain()


class Pattern(NamedTuple):
    """A text whose values are still to come; an ordinary one has them as texts: “%(name)s”, never “%(share).1f”."""

    text: Markup
    is_ordinary: bool

    def filled(self, values: Mapping[str, Any]) -> Markup:
        """Return the text with its values, escaped where they are not safe."""
        if not self.is_ordinary:
            return self.text % values
        return _ours(str.__mod__(self.text, {key: escape(value) for key, value in values.items()}))


class Texts:
    """The texts of one language as templates write them: marked as safe, and formatted where they hold no values."""

    def __init__(self, catalogue: Any) -> None:
        self.catalogue = catalogue
        self.ready: dict[str, Markup] = {}
        self.patterns: dict[str, Pattern] = {}

    def text(self, msgid: str) -> Markup:
        """Return a text without values."""
        found = self.ready.get(msgid)
        if found is None:
            found = self.pattern(msgid).filled({})
            _keep(self.ready, msgid, found)
        return found

    def pattern(self, msgid: str) -> Pattern:
        """Return a text that has its values still to come."""
        found = self.patterns.get(msgid)
        if found is None:
            text = self.catalogue.ugettext(msgid)
            found = Pattern(_ours(text), not _SPECIAL.search(text))
            _keep(self.patterns, msgid, found)
        return found


def _ours(text: str) -> Markup:
    return Markup(text)  # noqa: S704  a text of the program or its catalogue, as Jinja's own extension takes it


def _keep(known: dict[str, Any], msgid: str, text: Any) -> None:
    if type(msgid) is str and len(known) < MOST_KEPT:
        known[msgid] = text


def _in_templates(domain: QuickDomain) -> tuple[Any, Any]:
    """Return `gettext` and `ngettext` as Jinja's new style has them: always formatted, values escaped."""
    languages: dict[str, Texts] = {}

    def texts_of_page() -> Texts:
        locale = locale_of_page() or get_locale()
        if locale is None:
            return Texts(domain.get_translations())
        known = languages.get(locale.language)
        if known is None:
            known = languages[locale.language] = Texts(domain.get_translations())
        return known

    @pass_eval_context
    def say(context: EvalContext, msgid: str, /, **values: Any) -> str:
        if not context.autoescape:
            return str(domain.gettext(msgid)) % values
        texts = texts_of_page()
        return texts.pattern(msgid).filled(values) if values else texts.text(msgid)

    @pass_eval_context
    def count(context: EvalContext, one: str, many: str, num: int, /, **values: Any) -> str:
        text = domain.get_translations().ungettext(one, many, num)
        values.setdefault("num", num)
        return (_ours(text) if context.autoescape else text) % values

    return say, count


@cache
def texts_of_forms(language: str) -> NullTranslations:
    """Return what WTForms itself says in a language; Flask-WTF would read the file anew at each request."""
    return Translations.load(messages_path(), [language], domain="wtforms")


def init_app(app: Flask, babel: QuickBabel) -> None:
    """Let templates look texts up like this."""
    _loaded.clear()  # the files may have been written anew
    in_templates, counted = _in_templates(babel.domain_instance)
    app.jinja_env.newstyle_gettext = True  # type: ignore[attr-defined]
    app.jinja_env.globals.update(_=in_templates, gettext=in_templates, ngettext=counted)

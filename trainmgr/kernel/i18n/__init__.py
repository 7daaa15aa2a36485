"""Languages: which one a reader gets, how dates and numbers are written, and the Chinese catalogue.

`python -m trainmgr.kernel.i18n compile` merges the features' catalogues, `check` finds what lacks Chinese.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, has_request_context, request, session
from flask_babel import get_locale, gettext
from flask_login import current_user
from markupsafe import Markup, escape
from sqlalchemy.exc import SQLAlchemyError

from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.i18n import catalogue, texts
from trainmgr.kernel.i18n.texts import QuickBabel, locale_of_page, translated, translated_count
from trainmgr.kernel.msgids import ONE_OF

LANGUAGES = ("zh", "en")
COOKIE = "language"
NOTHING = "–"
_WEEKDAYS_ZH = "一二三四五六日"
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


# --- which language -----------------------------------------------------------------------------


def choose_language() -> str:
    """Return the reader's language: their own setting, what this browser chose, what it accepts, else Chinese."""
    if not has_request_context():
        return LANGUAGES[0]
    if g.get("heeds_headers"):  # a program asks: it says in each request how it wants to be answered
        tags = (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality)
        return next((tag for tag in tags if tag in LANGUAGES), LANGUAGES[0])
    for wanted in (_own_language(), session.get("language"), request.cookies.get(COOKIE)):
        if wanted in LANGUAGES:
            return str(wanted)
    return request.accept_languages.best_match(LANGUAGES, default=LANGUAGES[0]) or LANGUAGES[0]


def _own_language() -> str | None:
    try:
        return getattr(current_user, "language", None)
    except SQLAlchemyError:  # an error page must find its language while the database is away
        return None


def language() -> str:
    """Return "zh" or "en", as this page is written."""
    locale = locale_of_page() or get_locale()
    return locale.language if locale else LANGUAGES[0]


def html_lang() -> str:
    """Return the value of `lang` on the page."""
    return "en" if language() == "en" else "zh-CN"


# --- stored messages ----------------------------------------------------------------------------


def say(msgid: str | None, params: Mapping[str, Any] | None = None) -> str:
    """Return a stored msgid in the reader's language, with its values; no msgid gives no text.

    A value {"zh": …, "en": …} is said in the reader's language, {"day": "2026-11-30"} as a date,
    {"at": "2026-11-30T09:05+08:00"} as a date with its time, {"msgid": …} (with values of its own) as that message.
    """
    if not msgid:
        return ""
    one = ONE_OF.get(msgid)
    text = translated_count(one, msgid, _amount(params or {})) if one else translated(msgid)
    if not params or "%(" not in text:
        return text
    return text % {key: said(value) for key, value in params.items()}


def _amount(params: Mapping[str, Any]) -> int:
    amount = params.get("amount", params.get("count"))
    return amount if isinstance(amount, int) else 0  # how many is not known: the words for many


def said(value: Any) -> Any:
    """Return a stored value as the reader reads it (see `say`); anything but a mapping stays as it is."""
    if not isinstance(value, Mapping):
        return value
    if "msgid" in value:
        return say(value["msgid"], {key: inner for key, inner in value.items() if key != "msgid"})
    if "day" in value:
        return day(date.fromisoformat(value["day"]))
    if "at" in value:
        at = _local(datetime.fromisoformat(value["at"]))
        return f"{day(at)} {at:%H:%M}"
    return value.get(language()) or value.get("zh", "")


# --- dates and numbers --------------------------------------------------------------------------


def _zone() -> ZoneInfo:
    return ZoneInfo(current_app.config["TIMEZONE"])


def _local(value: date | datetime) -> date | datetime:
    return value.astimezone(_zone()) if isinstance(value, datetime) and value.tzinfo else value


def day(value: date | datetime | None) -> str:
    """Write a date in full: 2026-11-30, or 30 Nov 2026."""
    if value is None:
        return NOTHING
    value = _local(value)
    if language() == "en":
        return f"{value.day} {_MONTHS_EN[value.month - 1]} {value.year}"
    return f"{value.year:04}-{value.month:02}-{value.day:02}"


def short_day(value: date | datetime | None) -> str:
    """Write a date near today: 11-30 周一, or Mon 30 Nov."""
    if value is None:
        return NOTHING
    value = _local(value)
    if language() == "en":
        return f"{_WEEKDAYS_EN[value.weekday()]} {value.day} {_MONTHS_EN[value.month - 1]}"
    return f"{value.month:02}-{value.day:02} 周{_WEEKDAYS_ZH[value.weekday()]}"


def moment(value: datetime | None, now: datetime | None = None) -> str:
    """Write a moment as people say it: today 08:52, yesterday 17:40, 11-18 10:05, 2025-06-12."""
    if value is None:
        return NOTHING
    local, present = value.astimezone(_zone()), (now or utcnow()).astimezone(_zone())
    clock = f"{local.hour:02}:{local.minute:02}"
    if local.date() == present.date():
        return str(gettext("today %(clock)s", clock=clock))
    if local.date() == present.date() - timedelta(days=1):
        return str(gettext("yesterday %(clock)s", clock=clock))
    if local.year != present.year:
        return day(local)
    if language() == "en":
        return f"{local.day} {_MONTHS_EN[local.month - 1]} {clock}"
    return f"{local.month:02}-{local.day:02} {clock}"


def number(value: float | None, places: int | None = None) -> str:
    """Write a number with thousands parted: 50,786; with `places` always that many decimals, else as few as needed."""
    if value is None:
        return NOTHING
    if places is not None:
        return f"{value:z,.{places}f}".replace("-", "−")  # z: what rounds to zero has no sign
    text = f"{value:z,.2f}".rstrip("0").rstrip(".")
    return text.replace("-", "−")


def hours(value: float | None) -> str:
    """Write hours without a unit, at most one decimal: 8, 7.5, 26,686."""
    return NOTHING if value is None else number(round(value, 1))


def percent(part: float | None, whole: float | None, places: int = 1) -> str:
    """Write a share: 83.6%; a share of nothing is a dash, never 0%."""
    if part is None or not whole:
        return NOTHING
    return f"{part / whole * 100:.{places}f}%".replace("-", "−")


def masked(value: str | None) -> str:
    """Hide the middle of a number: 500109********2318, 138****5678."""
    if not value:
        return NOTHING
    head, tail = (6, 4) if len(value) >= 15 else (3, 4) if len(value) >= 9 else (1, 1)
    if len(value) <= head + tail:
        return "*" * len(value)
    return value[:head] + "*" * (len(value) - head - tail) + value[-tail:]


def time_tag(value: datetime | None, now: datetime | None = None) -> Markup:
    """Return a <time> element with the moment as people say it."""
    if value is None:
        return escape(NOTHING)
    stamp = value.astimezone(_zone()).isoformat(timespec="minutes")
    return Markup('<time datetime="{}">{}</time>').format(stamp, escape(moment(value, now)))


FILTERS = {
    "day": day,
    "short_day": short_day,
    "moment": moment,
    "time_tag": time_tag,
    "number": number,
    "hours": hours,
    "ledger_hours": ledger_hours,
    "percent": percent,
    "masked": masked,
    "say": say,
}


def init_app(app: Flask) -> None:
    """Give the application its languages and write the catalogue anew when a feature's part is newer."""
    app.config.setdefault("TIMEZONE", "Asia/Shanghai")
    catalogue.compile_if_stale()
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    babel = QuickBabel(
        app,
        default_locale=LANGUAGES[0],
        default_timezone=app.config["TIMEZONE"],
        default_translation_directories=str(catalogue.TRANSLATIONS),
        locale_selector=choose_language,
    )
    texts.init_app(app, babel)
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals.update(
        get_locale=get_locale, language=language, html_lang=html_lang, percent=percent, utcnow=utcnow
    )

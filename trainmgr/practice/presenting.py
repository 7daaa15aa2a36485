"""How stored logs and the hints in them are put before a reader."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext as _

from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.i18n import hours, short_day
from trainmgr.practice.labels import HINTS, OWN_HINTS
from trainmgr.practice.models import LogPhoto, PracticeLog
from trainmgr.practice.watch import Shown


def kept_photos(log: PracticeLog | None) -> list[dict[str, Any]]:
    """Return the photos of a log as the page's pieces take them."""
    photos: list[LogPhoto] = log.photos if log else []
    return [
        {
            "id": photo.position,
            "url": url_for(
                "practice.show_log_photo", log_id=photo.log_id, position=photo.position, size="small"
            ),
            "alt": _("Photo %(number)s", number=photo.position),
        }
        for photo in photos
    ]


def _said(words: Any, shown: Shown) -> str:
    params = dict(shown.hint.params)
    if shown.day is not None:
        params["day"] = short_day(shown.day)
    for name, key in (("hours", "minutes"), ("lessons", "lessons")):
        if key in params:
            params[name] = hours(ledger_hours(params[key]))
    return str(words[shown.hint.kind]) % params


def tell_hint(shown: Shown) -> str:
    """Return a hint in the words of whoever guides the trainee."""
    return _said(HINTS, shown)


def tell_own_hint(shown: Shown) -> str:
    """Return a hint as the trainee reads it: the same facts, without a word of doubt."""
    return _said(OWN_HINTS, shown)

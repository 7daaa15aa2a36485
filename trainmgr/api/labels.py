"""Words for scopes, events and deliveries."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.api.rules import Area, DeliveryState, Event

AREAS = {
    Area.PROGRAMS: _l("programmes"),
    Area.NEEDS: _l("needs"),
    Area.CURRICULUM: _l("training plans"),
    Area.PEOPLE: _l("people and accounts"),
    Area.ENROLMENTS: _l("trainees of programmes"),
    Area.ASSIGNMENTS: _l("who guides whom"),
    Area.LOGS: _l("practice logs"),
    Area.ATTENDANCE: _l("attendance marks"),
    Area.RATINGS: _l("windows and ratings"),
    Area.RESULTS: _l("results of windows"),
    Area.CERTIFICATES: _l("certificates of completion and of others"),
    Area.INDICATORS: _l("quality indicators"),
}
EVENTS = {
    Event.ENROLMENT_ADMITTED: _l("somebody becomes a trainee"),
    Event.LOG_SIGNED: _l("a log is signed"),
    Event.RATING_SUBMITTED: _l("a rating is submitted"),
    Event.CERTIFICATE_ISSUED: _l("a certificate is issued"),
}
STATES = {
    DeliveryState.WAITING: _l("on its way"),
    DeliveryState.SENDING: _l("is being delivered"),
    DeliveryState.SENT: _l("delivered"),
    DeliveryState.FAILED: _l("given up on"),
    DeliveryState.DROPPED: _l("not needed any more"),
}
TONES = {
    DeliveryState.WAITING: "info",
    DeliveryState.SENDING: "info",
    DeliveryState.SENT: "ok",
    DeliveryState.FAILED: "bad",
    DeliveryState.DROPPED: "frozen",
}


def scope_label(name: str) -> str:
    """Return a scope in words: "read practice logs"."""
    area, _colon, deed = name.partition(":")
    told = AREAS[Area(area)]
    return _("write %(area)s", area=told) if deed == "write" else _("read %(area)s", area=told)


def scopes_line(names: Any) -> str:
    """Return scopes on one line."""
    return _(", ").join(scope_label(name) for name in names)


def state_options() -> list[tuple[str, Any]]:
    """Return the states of deliveries to choose from."""
    return [(one.value, label) for one, label in STATES.items()]

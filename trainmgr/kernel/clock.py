"""The one place that reads the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from flask import current_app


def utcnow() -> datetime:
    """Return the present moment, aware, in UTC; `CLOCK` in the configuration replaces it in tests."""
    override = current_app.config.get("CLOCK") if current_app else None
    return override() if override else datetime.now(UTC)


def local_day(moment: datetime) -> date:
    """Return the calendar day that people at the installation see at a moment."""
    return moment.astimezone(ZoneInfo(current_app.config["TIMEZONE"])).date()


def today() -> date:
    """Return today's date where the installation stands."""
    return local_day(utcnow())

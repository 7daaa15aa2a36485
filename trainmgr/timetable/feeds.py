"""A person's calendar to subscribe to: its private address, made and reset by the person, and its text (RFC 5545)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from icalendar import Calendar, Event
from sqlalchemy.orm import joinedload

from trainmgr.identity.models import Membership, User
from trainmgr.kernel import audit
from trainmgr.kernel.db import db
from trainmgr.timetable import own_entries
from trainmgr.timetable.calendar_models import CalendarFeed
from trainmgr.timetable.entries import Entry, entries_of

MADE = audit.sentence("calendar.make", _l("%(who)s made a private calendar address"))
RESET = audit.sentence(
    "calendar.reset", _l("%(who)s reset the private calendar address; the old one is void")
)
REVOKED = audit.sentence("calendar.revoke", _l("%(who)s took the private calendar address back"))
BACK, AHEAD = timedelta(days=60), timedelta(days=400)
LONGEST_TOKEN = 100

assert own_entries  # it registers what it contributes


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def find_feed(person: User) -> CalendarFeed | None:
    """Return somebody's feed, None when there is none."""
    return db.session.get(CalendarFeed, person.id)


def make_feed(person: User, *, now: datetime) -> str:
    """Make a new private address and return its secret part, this once; an older address is void from now on."""
    token, feed = secrets.token_urlsafe(32), find_feed(person)
    action = RESET if feed else MADE
    if feed is None:
        feed = CalendarFeed(user_id=person.id)
        db.session.add(feed)
    feed.token_digest, feed.made_at = _digest(token), now
    db.session.flush()
    audit.record(action, "calendar_feed", by=person, now=now, name=person.name)
    return token


def revoke_feed(person: User, *, now: datetime) -> None:
    """Take the private address back: whoever has it gets nothing any more."""
    feed = find_feed(person)
    if feed is not None:
        db.session.delete(feed)
        audit.record(REVOKED, "calendar_feed", by=person, now=now, name=person.name)


def person_behind(token: str) -> User | None:
    """Return whose calendar an address is; None for a wrong one and for a closed account."""
    if len(token) > LONGEST_TOKEN:
        return None
    person: User | None = db.session.scalars(
        sa.select(User)
        .join(CalendarFeed, CalendarFeed.user_id == User.id)
        .where(CalendarFeed.token_digest == _digest(token), User.active)
        .options(joinedload(User.memberships).joinedload(Membership.organization))
    ).unique().one_or_none()  # fmt: skip
    return person


def text_of(person: User, today: date) -> bytes:
    """Return somebody's calendar as text, from two months back to a year ahead, in the person's language."""
    with force_locale(person.language or "zh"):
        entries = entries_of(person, today - BACK, today + AHEAD)
        return written(entries, _("My training"))


def written(entries: list[Entry], name: str) -> bytes:
    """Write entries as an iCalendar: the same entries are the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", "-//trainmgr//calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", current_app.config["TIMEZONE"])
    calendar.add("refresh-interval;value=duration", "PT1H")
    for entry in entries:
        calendar.add_component(_event(entry, ZoneInfo(current_app.config["TIMEZONE"])))
    calendar.add_missing_timezones()
    return calendar.to_ical()


def _event(entry: Entry, zone: ZoneInfo) -> Event:
    event = Event()
    event.add("uid", f"{entry.uid}@trainmgr")
    event.add("dtstamp", entry.stamp.astimezone(UTC))
    event.add("sequence", entry.sequence)
    event.add("summary", entry.title)
    if isinstance(entry.starts, datetime) and isinstance(entry.ends, datetime):
        event.add("dtstart", entry.starts.astimezone(zone))
        event.add("dtend", entry.ends.astimezone(zone))
    else:
        event.add("dtstart", entry.starts)
        event.add("dtend", entry.ends + timedelta(days=1))  # the day after the last: RFC 5545, 3.6.1
        event.add("transp", "TRANSPARENT")
    if entry.place:
        event.add("location", entry.place)
    if entry.text:
        event.add("description", entry.text)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    return event

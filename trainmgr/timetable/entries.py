"""What stands in somebody's calendar, gathered from the features: each contributes what belongs to that person."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from trainmgr.identity.models import User


@dataclass(frozen=True)
class Entry:
    """One thing in a calendar: moments (aware) for something at a time, days (both counted) for whole days.

    `uid` stays the same as long as it is the same thing; `sequence` grows with each change; `stamp` is when it was
    entered or last changed. It holds nothing about other people.
    """

    uid: str
    starts: date | datetime
    ends: date | datetime
    title: str
    stamp: datetime
    place: str = ""
    text: str = ""
    cancelled: bool = False
    sequence: int = 0


Provider = Callable[[User, date, date], Iterable[Entry]]

_providers: list[Provider] = []


def contributes(provider: Provider) -> Provider:
    """Register a function that returns a person's entries between two days, in a fixed number of statements."""
    _providers.append(provider)
    return provider


def entries_of(person: User, first: date, last: date) -> list[Entry]:
    """Return everything in a person's calendar between two days, in order."""
    found = [entry for provider in _providers for entry in provider(person, first, last)]
    return sorted(found, key=lambda entry: (_day(entry.starts), entry.uid))


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment

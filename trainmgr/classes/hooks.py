"""What other features do when classes are merged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from trainmgr.identity.models import User


@dataclass(frozen=True)
class Merging:
    """A class whose people go into another one from a day on."""

    program_id: int
    from_id: int
    into_id: int
    day: date
    reason: str
    by: User
    now: datetime


# Says before a merger what becomes of something, as (msgid, count); and does it afterwards.
Foreteller = Callable[[int, int, date], tuple[str, int]]
Listener = Callable[[Merging], None]

_foretellers: list[Foreteller] = []
_listeners: list[Listener] = []


def foretells_merging(foreteller: Foreteller) -> Foreteller:
    """Register a function of (class, class it goes into, day) that says what a merger means in its feature."""
    _foretellers.append(foreteller)
    return foreteller


def after_merging(listener: Listener) -> Listener:
    """Register a function that is called in the same transaction after a class was merged into another."""
    _listeners.append(listener)
    return listener


def foretell_merging(from_id: int, into_id: int, day: date) -> list[tuple[str, int]]:
    """Return what a merger will mean elsewhere; what counts nothing is left out."""
    told = [teller(from_id, into_id, day) for teller in _foretellers]
    return [one for one in told if one[1]]


def tell_merged(merging: Merging) -> None:
    """Tell everyone who listens."""
    for listener in _listeners:
        listener(merging)

"""What other features do when sessions are put in, moved or called off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from trainmgr.identity.models import User
from trainmgr.timetable.models import TeachingSession

Listener = Callable[[Sequence[TeachingSession], User, datetime], None]

_listeners: list[Listener] = []


def after_change(listener: Listener) -> Listener:
    """Register a function that is called in the same transaction after sessions of one programme have changed."""
    _listeners.append(listener)
    return listener


def tell_changed(sessions: Sequence[TeachingSession], *, by: User, now: datetime) -> None:
    """Tell everyone who listens."""
    for listener in _listeners:
        listener(sessions, by, now)

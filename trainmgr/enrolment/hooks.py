"""What other features do when trainees join a programme, leave it or come back to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from trainmgr.identity.models import User


@dataclass(frozen=True)
class Change:
    """Trainees of one programme who left it, or came back, on a day."""

    program_id: int
    enrolment_ids: Sequence[int]
    day: date
    reason: str
    by: User
    now: datetime


@dataclass(frozen=True)
class Joining:
    """People who became trainees of a programme just now, from the roster or by an application."""

    program_id: int
    enrolment_ids: Sequence[int]
    now: datetime


Listener = Callable[[Change], None]
JoinListener = Callable[[Joining], None]

_joining: list[JoinListener] = []
_leaving: list[Listener] = []
_return: list[Listener] = []


def after_joining(listener: JoinListener) -> JoinListener:
    """Register a function that is called in the same transaction after people joined, up to 500 at once."""
    _joining.append(listener)
    return listener


def after_leaving(listener: Listener) -> Listener:
    """Register a function that is called in the same transaction after trainees left."""
    _leaving.append(listener)
    return listener


def after_return(listener: Listener) -> Listener:
    """Register a function that is called in the same transaction after trainees came back."""
    _return.append(listener)
    return listener


def tell_joined(joining: Joining) -> None:
    """Tell everyone who listens that people joined."""
    if joining.enrolment_ids:
        for listener in _joining:
            listener(joining)


def tell_left(change: Change) -> None:
    """Tell everyone who listens that trainees left."""
    for listener in _leaving:
        listener(change)


def tell_returned(change: Change) -> None:
    """Tell everyone who listens that trainees came back."""
    for listener in _return:
        listener(change)

"""What other features do when trainees come under another mentor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from trainmgr.identity.models import User
from trainmgr.programs.rules import Side


@dataclass(frozen=True)
class Handover:
    """Trainees of one programme under a new mentor on one side: `successors` maps enrolment to the mentor's user id.

    None says that the trainee has no mentor on that side any more.
    """

    program_id: int
    side: Side
    successors: Mapping[int, int | None]
    day: date
    by: User
    now: datetime


Listener = Callable[[Handover], None]

_listeners: list[Listener] = []


def after_handover(listener: Listener) -> Listener:
    """Register a function that is called in the same transaction after trainees came under another mentor."""
    _listeners.append(listener)
    return listener


def tell_handover(handover: Handover) -> None:
    """Tell everyone who listens, when anything changed."""
    if handover.successors:
        for listener in _listeners:
            listener(handover)

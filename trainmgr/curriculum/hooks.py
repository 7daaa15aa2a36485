"""Features further down that keep references into the plan are told when an amendment is agreed.

@on_amended
def follow(program, edition, first_day): ...
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from trainmgr.curriculum.models import Edition
from trainmgr.programs.models import Program

Listener = Callable[[Program, Edition, date], None]

_listeners: list[Listener] = []


def on_amended(listener: Listener) -> Listener:
    """Register a function that is called with a programme, the edition just agreed and its first day."""
    _listeners.append(listener)
    return listener


def tell_amended(program: Program, edition: Edition, first_day: date) -> None:
    """Tell everyone who listens."""
    for listener in _listeners:
        listener(program, edition, first_day)

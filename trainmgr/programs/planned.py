"""The hours that a programme's signed plan gives each trainee; features that keep a copy are told when they change."""

from __future__ import annotations

from collections.abc import Callable

from trainmgr.programs.models import Program

Listener = Callable[[Program], None]

_listeners: list[Listener] = []


def on_planned_minutes(listener: Listener) -> Listener:
    """Register a function that is called with the programme after its planned minutes changed."""
    _listeners.append(listener)
    return listener


def set_planned_minutes(program: Program, minutes: int) -> None:
    """Note the minutes of training that the edition just signed plans for each trainee."""
    if program.planned_minutes == minutes:
        return
    program.planned_minutes = minutes
    for listener in _listeners:
        listener(program)

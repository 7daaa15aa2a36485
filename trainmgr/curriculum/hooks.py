"""Features further down that keep references into the plan are told when an amendment is agreed.

@on_amended
def follow(program, edition, first_day): ...

What they propose to the plan is shown beside it:

@proposes(lambda program_id: …exists…)
def waiting_changes(program) -> Sequence[Proposed]: ...
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

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


@dataclass(frozen=True)
class Proposed:
    """A change that something further down proposes to the plan; `why` names what it comes from."""

    change: str
    why: str
    address: str


Proposer = Callable[[Program], Sequence[Proposed]]

Waiting = Callable[[int], sa.ColumnElement[bool]]

_proposers: list[tuple[Waiting, Proposer]] = []


def proposes(waiting: Waiting) -> Callable[[Proposer], Proposer]:
    """Register a function that returns the changes that wait for a decision, in one statement.

    `waiting` gives the condition that there are any; it is asked together with the plan's editions.
    """

    def register(proposer: Proposer) -> Proposer:
        _proposers.append((waiting, proposer))
        return proposer

    return register


def something_waits(program_id: int) -> sa.ColumnElement[bool]:
    """Return the condition that a change is proposed to a programme's plan."""
    return sa.or_(sa.false(), *(waiting(program_id) for waiting, _proposer in _proposers))


def proposed_to(program: Program) -> list[Proposed]:
    """Return all changes that are proposed to a programme's plan."""
    return [one for _waiting, proposer in _proposers for one in proposer(program)]

"""What other features say and do when a programme enters a state, or when its next edition is started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from trainmgr.identity.models import User
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State


@dataclass(frozen=True)
class Move:
    """A programme that went from one state to another (also: suspended, resumed, cancelled, closed)."""

    program: Program
    before: State
    by: User
    now: datetime


@dataclass(frozen=True)
class NextEdition:
    """A programme that was just made from the one before it."""

    previous: Program
    program: Program
    by: User
    now: datetime


Guard = Callable[[Program, datetime], None]
OnMove = Callable[[Move], None]
OnEdition = Callable[[NextEdition], None]

_before_move: list[tuple[State, Guard]] = []
_after_move: list[tuple[State, OnMove]] = []
_after_edition: list[OnEdition] = []


def before_entering(state: State) -> Callable[[Guard], Guard]:
    """Register a function that may refuse, by RuleBroken, that a programme goes forward to a state."""

    def register(guard: Guard) -> Guard:
        _before_move.append((state, guard))
        return guard

    return register


def after_entering(state: State) -> Callable[[OnMove], OnMove]:
    """Register a function that is called, in the same transaction, after a programme entered a state."""

    def register(listener: OnMove) -> OnMove:
        _after_move.append((state, listener))
        return listener

    return register


def after_next_edition(listener: OnEdition) -> OnEdition:
    """Register a function that copies a feature's structure into a programme's next edition."""
    _after_edition.append(listener)
    return listener


def ask_guards(program: Program, to: State, now: datetime) -> None:
    """Let those who registered for a state refuse it."""
    for state, guard in _before_move:
        if state is to:
            guard(program, now)


def tell_move(move: Move) -> None:
    """Call what was registered for the state that the programme is in now."""
    for state, listener in _after_move:
        if state is move.program.state:
            listener(move)


def tell_next_edition(edition: NextEdition) -> None:
    """Call what was registered for next editions."""
    for listener in _after_edition:
        listener(edition)

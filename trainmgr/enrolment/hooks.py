"""What other features do when trainees join a programme, leave it, pause, come back, or change class or enterprise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from trainmgr.enrolment.standing_rules import StandingKind
from trainmgr.identity.models import User
from trainmgr.programs.models import Program


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


@dataclass(frozen=True)
class Moving:
    """Trainees who came into another class on a day: (enrolment, class before, class now), None for no class."""

    program_id: int
    moves: Sequence[tuple[int, int | None, int | None]]
    day: date
    reason: str
    by: User | None
    now: datetime


@dataclass(frozen=True)
class Foretold:
    """One thing that a change of standing will bring about, or brought about: a msgid with %(count)s, and the count."""

    msgid: str
    count: int


Listener = Callable[[Change], None]
MoveListener = Callable[[Moving], None]
# Asked with the programme, the enrolments and the kind of change, before anything happens.
Foreteller = Callable[[int, Sequence[int], "StandingKind"], Iterable[Foretold]]
JoinListener = Callable[[Joining], None]
Filler = Callable[[Program, datetime, date], int]

_joining: list[JoinListener] = []
_leaving: list[Listener] = []
_return: list[Listener] = []
_fillers: list[Filler] = []
_suspending: list[Listener] = []
_resuming: list[Listener] = []
_transfer: list[Listener] = []
_moving: list[MoveListener] = []
_foretellers: list[Foreteller] = []


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


def fills_places(filler: Filler) -> Filler:
    """Register a function that gives free places to those who wait for them; it returns how many came in."""
    _fillers.append(filler)
    return filler


def fill_places(program: Program, *, now: datetime, today: date) -> int:
    """Give places that became free to those who wait for them; returns how many came in."""
    return sum(filler(program, now, today) for filler in _fillers)


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


def after_suspending(listener: Listener) -> Listener:
    """Register a function that is called in the same transaction after trainees' training was suspended."""
    _suspending.append(listener)
    return listener


def after_resuming(listener: Listener) -> Listener:
    """Register a function that is called in the same transaction after suspended trainees took up training again."""
    _resuming.append(listener)
    return listener


def after_transfer(listener: Listener) -> Listener:
    """Register a function that is called in the same transaction after trainees came to another enterprise."""
    _transfer.append(listener)
    return listener


def after_moving(listener: MoveListener) -> MoveListener:
    """Register a function that is called in the same transaction after trainees came into another class."""
    _moving.append(listener)
    return listener


def foretells(foreteller: Foreteller) -> Foreteller:
    """Register a function that tells what a change of standing will bring about in its feature."""
    _foretellers.append(foreteller)
    return foreteller


def tell_suspended(change: Change) -> None:
    """Tell everyone who listens that trainees' training was suspended."""
    for listener in _suspending:
        listener(change)


def tell_resumed(change: Change) -> None:
    """Tell everyone who listens that suspended trainees are back."""
    for listener in _resuming:
        listener(change)


def tell_transferred(change: Change) -> None:
    """Tell everyone who listens that trainees came to another enterprise."""
    for listener in _transfer:
        listener(change)


def tell_moved(moving: Moving) -> None:
    """Tell everyone who listens that trainees came into another class."""
    if moving.moves:
        for listener in _moving:
            listener(moving)


def foretell(program_id: int, enrolment_ids: Sequence[int], kind: StandingKind) -> list[Foretold]:
    """Return what a change of standing will bring about, feature by feature; what counts nothing is left out."""
    return [one for teller in _foretellers for one in teller(program_id, enrolment_ids, kind) if one.count]

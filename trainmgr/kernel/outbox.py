"""What waits in a table to be sent out of the house, by the worker's clock.

A row is claimed (committed), sent while nothing is locked, and noted (committed). Of several workers one gets it; a
worker that dies in between leaves it claimed, and after a while it is ready again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trainmgr.kernel.db import db

SECONDS = 20.0  # of each minute that one outbox may take: the worker has other work too


def in_turn(model: Any, place: Any, ready: sa.ColumnElement[bool], most: int) -> list[tuple[int, Any]]:
    """Return what is ready as (id, place): the oldest of each place first, at most so many of each.

    A long backlog of one place stands in nobody's way.
    """
    order = (model.not_before, model.id)
    turn = sa.func.row_number().over(partition_by=place, order_by=order)
    due = sa.select(model.id, place.label("place"), turn.label("turn")).where(ready).subquery()
    rows = db.session.execute(
        sa.select(due.c.id, due.c.place).where(due.c.turn <= most).order_by(due.c.turn, due.c.id)
    )
    return [(row[0], row[1]) for row in rows]


def claim(model: Any, key: int, ready: sa.ColumnElement[bool], sending: Any, now: datetime) -> bool:
    """Take a row for this worker; False when another one has it."""
    taken = db.session.execute(
        sa.update(model)
        .where(model.id == key, ready)
        .values(state=sending, attempts=model.attempts + 1, claimed_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def send_each(
    due: Iterable[tuple[int, Hashable]],
    *,
    claim: Callable[[int], bool],
    prepare: Callable[[int], Any],
    deliver: Callable[[Any], Any],
    note: Callable[[int, Any], None],
    is_down: Callable[[Any], bool],
) -> Iterator[None]:
    """Send one after the other; a place that is down is left until the next minute. Committed at each yield.

    What is prepared as None is not sent; what `deliver` returns is why it was not taken, or None.
    """
    until, down = time.monotonic() + SECONDS, set[Hashable]()
    for key, place in due:
        if time.monotonic() > until:
            return
        if place in down or not claim(key):
            continue
        parcel = prepare(key)
        yield  # committed before anybody outside hears of it, and nothing is locked while they answer
        if parcel is None:
            continue
        refusal = deliver(parcel)
        note(key, refusal)
        if refusal is not None and is_down(refusal):
            down.add(place)
        yield

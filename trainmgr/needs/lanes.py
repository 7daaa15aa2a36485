"""The two lanes of six steps: what each step has made is written when records change, and read in one select.

The feature that owns a step's product registers a function that looks for it:

    @produces(LaneStep.INSTRUMENT)
    def find_instrument(program: Program) -> Product: ...

Whoever changes such a record ends with `programs.thread.refresh(program_id, Step.NEEDS, now=now)`; the needs step
brings the lanes up to date with it. A step is done when its product is there, not when somebody ticks it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trainmgr.kernel.db import db
from trainmgr.needs.models import LaneProduct
from trainmgr.needs.rules import LaneStep
from trainmgr.programs.models import Program


@dataclass(frozen=True)
class Product:
    """What a step has made so far: `made` is a msgid with `params`, `endpoint` and `args` lead to it."""

    done: bool = False
    made: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    endpoint: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)


Producer = Callable[[Program], Product]

_producers: dict[LaneStep, Producer] = {}


def produces(step: LaneStep) -> Callable[[Producer], Producer]:
    """Register the function that finds what a step of a programme's lanes has made."""

    def register(producer: Producer) -> Producer:
        _producers[step] = producer
        return producer

    return register


def products_of(program_id: int) -> dict[LaneStep, LaneProduct]:
    """Return how the steps of a programme's lanes stand; what was never looked at is left out."""
    rows = db.session.scalars(sa.select(LaneProduct).where(LaneProduct.program_id == program_id))
    return {row.step: row for row in rows}


def update(program: Program, *, now: datetime) -> None:
    """Look for the products of all twelve steps and keep what was found."""
    known = products_of(program.id)
    for step in LaneStep:
        producer = _producers.get(step)
        product = producer(program) if producer else Product()
        row = known.get(step)
        if row is None:
            row = LaneProduct(program_id=program.id, step=step)
            db.session.add(row)
        row.made, row.params = product.made, dict(product.params)
        row.endpoint, row.args = product.endpoint, dict(product.args)
        if product.done != bool(row.done):
            row.done_at = now if product.done else None
        row.done = product.done
    db.session.flush()

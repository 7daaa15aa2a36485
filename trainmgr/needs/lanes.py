"""The two lanes of six steps: what each step has made is written when records change, and read in one select.

A feature that owns products registers one function that looks for them:

    @produces
    def find_instruments(program: Program) -> Mapping[LaneStep, Product]: ...

Whoever changes such a record ends with `programs.thread.refresh(program_id, Step.NEEDS, now=now)`; the needs step
brings the lanes up to date with it. A step is done when its product is there, not when somebody ticks it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.needs.models import LaneProduct
from trainmgr.needs.rules import LaneStep
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side

OWNERS_SET = audit.sentence("needs.set-owners", _l("%(who)s said who answers for “%(what)s”"))


@dataclass(frozen=True)
class Product:
    """What a step has made so far: `made` is a msgid with `params`, `endpoint`, `args` and `anchor` lead to it."""

    done: bool = False
    made: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    endpoint: str = "needs.show_needs"
    args: Mapping[str, Any] = field(default_factory=dict)
    anchor: str = ""

    def within(self, program_id: int) -> Product:
        """Return the product with the programme in its address."""
        return replace(self, args={"program_id": program_id, **self.args})


NOTHING = Product(endpoint="")  # a step that no feature speaks of leads nowhere

Producer = Callable[[Program], Mapping[LaneStep, Product]]

_producers: list[Producer] = []


def produces(producer: Producer) -> Producer:
    """Register a function that finds what some steps of a programme's lanes have made.

    Where two speak of one step, what is done counts, then the one that was registered later.
    """
    _producers.append(producer)
    return producer


def products_of(program_id: int) -> dict[LaneStep, LaneProduct]:
    """Return how the steps of a programme's lanes stand, with their owners; what was never looked at is left out."""
    rows = db.session.scalars(
        sa.select(LaneProduct)
        .where(LaneProduct.program_id == program_id)
        .options(joinedload(LaneProduct.college_owner), joinedload(LaneProduct.enterprise_owner))
    )
    return {row.step: row for row in rows}


def look(program: Program) -> dict[LaneStep, Product]:
    """Ask every feature what the steps of a programme's lanes have made."""
    found: dict[LaneStep, Product] = {}
    for producer in _producers:
        for step, product in producer(program).items():
            if product.done or not (step in found and found[step].done):
                found[step] = product
    return found


def products_or_look(program: Program) -> dict[LaneStep, LaneProduct]:
    """Return how the steps stand; where nothing was kept yet (before the lanes were), what they have made by now."""
    if kept := products_of(program.id):
        return kept
    found = look(program)
    return {step: _told(LaneProduct(step=step, version=0), found.get(step, NOTHING)) for step in LaneStep}


def update(program: Program, *, now: datetime) -> None:
    """Look for the products of all twelve steps and keep what was found."""
    known, found = products_of(program.id), look(program)
    for step in LaneStep:
        product = found.get(step, NOTHING)
        row = known.get(step) or _new(program.id, step)
        if product.done != bool(row.done):
            row.done_at = now if product.done else None
        _told(row, product)
    db.session.flush()


def _told(row: LaneProduct, product: Product) -> LaneProduct:
    """Let a row say what a step has made."""
    row.done, row.made, row.params = product.done, product.made, dict(product.params)
    row.endpoint = product.endpoint
    row.args = dict(product.args) | ({"_anchor": product.anchor} if product.anchor else {})
    return row


def _new(program_id: int, step: LaneStep) -> LaneProduct:
    row = LaneProduct(program_id=program_id, step=step)
    db.session.add(row)
    return row


def set_owners(
    program: Program,
    step: LaneStep,
    owners: Mapping[Side, User | None],
    due_on: date | None,
    *,
    version: int,
    name: str,
    by: Actor,
    now: datetime,
) -> None:
    """Say who answers for a step on which side (sides left out stay as they are), and until when."""
    row = db.session.get(LaneProduct, (program.id, step), with_for_update=True, populate_existing=True)
    if row is None:
        row = _new(program.id, step)
    elif row.version != version:
        raise Conflict(_("Somebody has changed who answers for this step meanwhile. Look again, then save."))
    if Side.COLLEGE in owners:
        row.college_owner = owners[Side.COLLEGE]
    if Side.ENTERPRISE in owners:
        row.enterprise_owner = owners[Side.ENTERPRISE]
    row.due_on = due_on
    row.version = (row.version or 0) + 1
    db.session.flush()
    audit.record(OWNERS_SET, LaneProduct.__tablename__, by=by, now=now, program_id=program.id, name=name)

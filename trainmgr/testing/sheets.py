"""The paper as a person sees it, without what is right about it; frozen papers stay in this process's memory.

An autosave asks the database nothing about the items: a frozen paper never changes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from trainmgr.bank import instruments
from trainmgr.bank.drawing import item_order, option_order
from trainmgr.bank.models import InstrumentVersion, PaperItem
from trainmgr.bank.rules import ItemKind

MOST_KEPT = 64


@dataclass(frozen=True)
class Asked:
    """An item as it is asked: nothing here says what is right."""

    id: int
    kind: ItemKind
    stem: str
    points: Decimal
    options: tuple[str, ...]
    unit: str
    picture_id: int | None


@dataclass(frozen=True)
class Line:
    """An asked item at its place in one person's order, with the order of its options."""

    number: int
    item: Asked
    order: tuple[int, ...]


@dataclass(frozen=True)
class Sheet:
    """A form's paper in the order of the blueprint."""

    items: tuple[Asked, ...]

    @cached_property
    def by_id(self) -> Mapping[int, Asked]:
        """The items by their ids."""
        return {item.id: item for item in self.items}

    @property
    def points(self) -> Decimal:
        """How many points can be reached."""
        return sum((item.points for item in self.items), Decimal(0))

    @property
    def to_answer(self) -> int:
        """How many items the person answers; what a judge looks on at is not among them."""
        return sum(1 for item in self.items if item.kind is not ItemKind.CHECKLIST)

    def in_order_of(self, person_id: int, order: Ordering) -> Sequence[Line]:
        """Return the items in one person's own order, the same whenever it is asked."""
        ids = item_order(
            [item.id for item in self.items],
            seed=order.seed,
            person_id=person_id,
            shuffle=order.shuffle_items,
        )
        return [
            Line(
                number,
                self.by_id[key],
                tuple(
                    option_order(
                        len(self.by_id[key].options), seed=order.seed, person_id=person_id, item_id=key,
                        shuffle=order.shuffle_options,
                    )
                ),
            )
            for number, key in enumerate(ids, start=1)
        ]  # fmt: skip


@dataclass(frozen=True)
class Ordering:
    """Which paper it is and how its items are put in order: what a version says of it."""

    version_id: int
    form: int
    seed: int
    frozen_at: datetime | None
    shuffle_items: bool = True
    shuffle_options: bool = True

    @classmethod
    def of(cls, version: InstrumentVersion, form: int) -> Ordering:
        """Return it for a form of a version."""
        return cls(
            version.id, form, version.seed, version.frozen_at, version.shuffle_items, version.shuffle_options
        )


_kept: OrderedDict[tuple[Any, ...], Sheet] = OrderedDict()
_lock = threading.Lock()


def sheet_of(order: Ordering) -> Sheet:
    """Return a form's paper: from memory when it is frozen and was asked for before, else one statement."""
    key = (order.version_id, order.form, order.seed, order.frozen_at)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    sheet = Sheet(tuple(_asked(line) for line in instruments.paper_of(order.version_id, order.form)))
    if order.frozen_at is not None and sheet.items:
        with _lock:
            _kept[key] = sheet
            while len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)
    return sheet


def _asked(line: PaperItem) -> Asked:
    item = line.item
    return Asked(
        id=item.id,
        kind=item.kind,
        stem=item.stem,
        points=line.points,
        options=tuple(item.content["options"]) if item.kind.has_options else (),
        unit=str(item.content.get("unit", "")) if item.kind is ItemKind.NUMBER else "",
        picture_id=item.picture_id,
    )

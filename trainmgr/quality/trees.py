"""Writing index systems: drawn up from the program's or a former one, edited, released for good."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.quality.catalogue import catalogue
from trainmgr.quality.maturity_models import MaturityIndex, MaturityTree
from trainmgr.quality.maturity_rules import (
    IndexKind,
    MaturityDimension,
    TreeState,
    limits_fault,
    weights_missing,
)
from trainmgr.quality.words import TREE_EDITED, TREE_MADE, TREE_RELEASED

COPIED = (
    "position", "dimension", "kind", "name", "name_en", "meaning", "meaning_en", "weight", "indicator", "limits",
    "words",
)  # fmt: skip


@cache
def _built_in() -> dict[str, Any]:
    text = (resources.files("trainmgr.quality") / "maturity.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def draw_up(
    college_id: int, name: str, *, copy_of: MaturityTree | None = None, by: User, now: datetime
) -> MaturityTree:
    """Draw up an index system: a copy of a former one, else of the one that comes with the program."""
    taken = sa.exists().where(MaturityTree.college_id == college_id, MaturityTree.name == name)
    require(not db.session.scalar(sa.select(taken)), _("There is an index system of that name already."))
    document = _built_in()
    rows = [_copied(one) for one in copy_of.indices] if copy_of else _from_library(document)
    tree = MaturityTree(
        college_id=college_id, name=name, name_en=copy_of.name_en if copy_of else document["name"][1],
        indices=[MaturityIndex(**row) for row in rows], by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(tree)
    db.session.flush()
    audit.record(TREE_MADE, tree, by=by, now=now, name=name)
    return tree


def _copied(index: MaturityIndex) -> dict[str, Any]:
    return {name: getattr(index, name) for name in COPIED}


def _from_library(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "position": place,
            "dimension": MaturityDimension(entry["dimension"]),
            "kind": IndexKind(entry["kind"]),
            "name": entry["name"][0],
            "name_en": entry["name"][1],
            "meaning": entry["meaning"][0],
            "meaning_en": entry["meaning"][1],
            "weight": entry["weight"],
            "indicator": entry.get("indicator", ""),
            "limits": entry.get("limits", []),
            "words": entry["words"],
        }
        for place, entry in enumerate(document["index"], start=1)
    ]


@dataclass(frozen=True)
class IndexFacts:
    """An index as it was typed."""

    dimension: MaturityDimension
    kind: IndexKind
    name: str
    name_en: str
    meaning: str
    meaning_en: str
    weight: float
    indicator: str
    limits: tuple[float, ...]
    words: tuple[tuple[str, str], ...]

    @property
    def columns(self) -> dict[str, Any]:
        """The index's columns; what a qualitative one has no use for is left empty."""
        counted = self.kind is IndexKind.QUANTITATIVE
        return {
            "dimension": self.dimension,
            "kind": self.kind,
            "name": self.name,
            "name_en": self.name_en,
            "meaning": self.meaning,
            "meaning_en": self.meaning_en,
            "weight": self.weight,
            "indicator": self.indicator if counted else "",
            "limits": list(self.limits) if counted else [],
            "words": [list(pair) for pair in self.words],
        }


def put_index(
    tree: MaturityTree, index: MaturityIndex | None, facts: IndexFacts, *, by: User, now: datetime
) -> MaturityIndex:
    """Change an index of a draft, or add one at its end."""
    _require_draft(tree)
    if facts.kind is IndexKind.QUANTITATIVE:
        known = catalogue(tree.college_id, local_day(now), everything=True)
        require(facts.indicator in known, _("Choose the indicator that it follows from."))
        require(
            not limits_fault(facts.limits),
            _("The four limits must rise, or fall where lower is better."),
        )
    if index is None:
        index = MaturityIndex(
            tree_id=tree.id, position=max((one.position for one in tree.indices), default=0) + 1
        )
        tree.indices.append(index)
    for name, value in facts.columns.items():
        setattr(index, name, value)
    audit.record(TREE_EDITED, tree, by=by, now=now, name=tree.name)
    return index


def remove_index(tree: MaturityTree, index: MaturityIndex, *, by: User, now: datetime) -> None:
    """Take an index out of a draft."""
    _require_draft(tree)
    tree.indices.remove(index)
    audit.record(TREE_EDITED, tree, by=by, now=now, name=tree.name)


def release(tree: MaturityTree, *, by: User, now: datetime) -> None:
    """Release an index system: its weights add to 100, and it never changes again."""
    _require_draft(tree)
    lack = weights_missing(one.weight for one in tree.indices)
    require(
        lack == 0,
        _("The weights add up to %(total)s; they must add up to 100.", total=f"{100 - lack:g}"),
    )
    require(
        {one.dimension for one in tree.indices} == set(MaturityDimension),
        _("Each of results, innovation and cooperation needs an index."),
    )
    tree.state, tree.released_at = TreeState.RELEASED, now
    audit.record(TREE_RELEASED, tree, by=by, now=now, name=tree.name)


def _require_draft(tree: MaturityTree) -> None:
    require(tree.is_draft, _("A released index system does not change; draw up a next one from it."))

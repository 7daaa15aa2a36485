"""A module through its editions: what was chosen under one edition is found again in another."""

from __future__ import annotations

from collections.abc import Iterable

from trainmgr.curriculum.models import Module
from trainmgr.kernel.db import db


def same_module(module_id: int, modules: Iterable[Module]) -> tuple[Module | None, Module | None]:
    """Return the module with an id, and the one among some others that is the same in their edition."""
    known = db.session.get(Module, module_id)
    if known is None:
        return None, None
    return known, next((each for each in modules if each.lineage == known.lineage), None)

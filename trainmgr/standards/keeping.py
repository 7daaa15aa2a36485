"""What every change of a standard begins with: the lock on its draft, and the versions that were read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.standards.models import JobStandard, StandardSignature, StandardVersion
from trainmgr.standards.rules import VersionState


class Overtaken(Conflict):
    """Somebody else changed the same thing meanwhile; `theirs` is how it stands now."""

    def __init__(self, theirs: Any) -> None:
        super().__init__(
            _("This was changed meanwhile. Both versions are shown: compare, then save yours again.")
        )
        self.theirs = theirs


def locked(standard: JobStandard) -> StandardVersion:
    """Return the standard's draft, locked: changes and signatures wait for each other."""
    db.session.flush()
    draft = db.session.scalars(
        sa.select(StandardVersion)
        .where(StandardVersion.standard_id == standard.id, StandardVersion.state == VersionState.DRAFT)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    require(draft is not None, _("There is no draft. Open one from the published version first."))
    assert draft is not None
    return draft


def opened(standard: JobStandard) -> StandardVersion:
    """Return the draft locked for a change; refused while a signature stands under it."""
    draft = locked(standard)
    require(
        not is_signed(draft),
        _("One side has signed this draft. Withdraw its signature first; after the change both sign anew."),
    )
    return draft


def is_signed(version: StandardVersion) -> bool:
    """Tell whether a signature stands under a version."""
    signed = sa.select(StandardSignature.side).where(StandardSignature.version_id == version.id)
    return db.session.scalar(signed.limit(1)) is not None


def require_version(thing: Any, version: int | None) -> None:
    """Refuse a change that was typed over an older version of the same thing."""
    if version is not None and version != thing.version:
        raise Overtaken(thing)


def fresh(kind: type[Any], key: Any) -> Any:
    """Return a row as it stands under the lock; refused when it has gone."""
    found = db.session.get(kind, key, populate_existing=True)
    require(found is not None, _("Somebody has removed this meanwhile."))
    return found


def assign(thing: Any, values: Mapping[str, Any]) -> bool:
    """Write values and count the edit; returns whether any of them is new."""
    changed = {name: value for name, value in values.items() if getattr(thing, name) != value}
    for name, value in changed.items():
        setattr(thing, name, value)
    return bool(changed)


def place_after(rows: list[Any]) -> int:
    """Return the position behind the last of these rows."""
    return max((row.position for row in rows), default=0) + 1


def relocate(rows: list[Any], row: Any, places: int) -> bool:
    """Move a row up (negative) or down among its like and number them anew; returns whether it moved."""
    at = rows.index(row)
    to = min(max(at + places, 0), len(rows) - 1)
    rows.insert(to, rows.pop(at))
    for place, one in enumerate(rows, start=1):
        one.position = place
    return to != at

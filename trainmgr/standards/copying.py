"""A version's content as the beginning of the next one: words, chain, links and interviews; not the Delphi rounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from trainmgr.kernel.db import db
from trainmgr.standards.evidence import Interview, TaskRating
from trainmgr.standards.models import (
    CertificateMapping,
    StandardTask,
    StandardVersion,
    TaskCompetency,
    TaskSource,
    VersionCompetency,
)

Ids = Mapping[int, int]


def copy_content(source: StandardVersion, target: StandardVersion) -> None:
    """Copy everything that a version holds into a new draft; keys stay, so that the two can be compared."""
    _copy(VersionCompetency, source, target)
    _copy(CertificateMapping, source, target)
    tasks = _copied(StandardTask, source, target, by=("key",))
    _copy(TaskSource, source, target, task_id=tasks, source_id=tasks)
    _copy(TaskCompetency, source, target, task_id=tasks)
    interviews = _copied(Interview, source, target, by=("expert_id", "held_on"))
    _copy(TaskRating, source, target, interview_id=interviews, task_id=tasks)


def _copied(kind: Any, source: StandardVersion, target: StandardVersion, *, by: tuple[str, ...]) -> Ids:
    """Copy rows with an id of their own; returns the new id of each old one, told apart by some columns."""
    before = _ids(kind, source, by)
    _copy(kind, source, target)
    after = _ids(kind, target, by)
    return {row_id: after[key] for key, row_id in before.items()}


def _ids(kind: Any, version: StandardVersion, by: tuple[str, ...]) -> dict[tuple[Any, ...], int]:
    columns = [getattr(kind, name) for name in by]
    rows = db.session.execute(sa.select(kind.id, *columns).where(kind.version_id == version.id))
    return {tuple(row[1:]): row[0] for row in rows}


def _copy(kind: Any, source: StandardVersion, target: StandardVersion, **renamed: Ids) -> None:
    columns = [column.name for column in kind.__table__.columns if column.name != "id"]
    rows = db.session.execute(
        sa.select(*(getattr(kind, name) for name in columns))
        .where(kind.version_id == source.id)
        .order_by(*kind.__table__.primary_key)
    )
    values = [dict(zip(columns, row, strict=True)) | {"version_id": target.id} for row in rows]
    for value in values:
        for name, ids in renamed.items():
            value[name] = ids[value[name]]
    if values:
        db.session.execute(sa.insert(kind), values)

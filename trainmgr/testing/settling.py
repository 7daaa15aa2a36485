"""Settling attempts that have ended: what a machine can mark is marked, and points become levels by competency.

Settling again gives the same: after each mark of a person the attempt is settled anew. The number of statements does
not grow with the attempts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from trainmgr.bank import instruments, marking
from trainmgr.bank.models import InstrumentVersion, PaperItem
from trainmgr.kernel.db import db
from trainmgr.testing.models import Answer, Attempt, Mark, Score, Sitting
from trainmgr.testing.rules import AttemptEnd, ItemPoints, scores_of

BATCH = 200


def settle(sitting: Sitting, attempt_ids: Sequence[int]) -> None:
    """Mark ended attempts of a sitting as far as they can be, and write their points and scores."""
    version = db.session.get_one(InstrumentVersion, sitting.version_id)
    paper = instruments.paper_of(sitting.version_id, sitting.form)
    db.session.flush()
    for start in range(0, len(attempt_ids), BATCH):
        _settle(version, paper, attempt_ids[start : start + BATCH])


def _settle(version: InstrumentVersion, paper: Sequence[PaperItem], ids: Sequence[int]) -> None:
    values, marks = _answers(ids), _marks(ids)
    answers: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    sums: list[dict[str, Any]] = []
    for attempt_id in ids:
        reached = {
            line.item_id: _points(line, values.get((attempt_id, line.item_id)), marks.get((attempt_id, line.item_id)))
            for line in paper
        }  # fmt: skip
        answers += [
            {"attempt_id": attempt_id, "item_id": item, "points": points, "sequence": 0}
            for item, points in reached.items()
        ]
        items = [ItemPoints(line.item.competency_id, line.points, reached[line.item_id]) for line in paper]
        scores += [
            {
                "attempt_id": attempt_id,
                "competency_id": competency,
                "points": score.points,
                "possible": score.possible,
                "level": score.level,
            }
            for competency, score in scores_of(items, version.thresholds).items()
        ]
        sums.append(_sums(attempt_id, items))
    _write(ids, answers, scores, sums)


def _points(line: PaperItem, value: Any, mark: Decimal | None) -> Decimal | None:
    if line.item.kind.needs_a_person and mark is not None:
        return mark
    return marking.mark(line.item.kind, line.item.content, value, line.points)


def _sums(attempt_id: int, items: Sequence[ItemPoints]) -> dict[str, Any]:
    return {
        "attempt": attempt_id,
        "points": sum((item.points for item in items if item.points is not None), Decimal(0)),
        "possible": sum((item.possible for item in items), Decimal(0)),
        "waiting": sum(1 for item in items if item.points is None),
    }


def _answers(ids: Sequence[int]) -> dict[tuple[int, int], Any]:
    rows = db.session.execute(
        sa.select(Answer.attempt_id, Answer.item_id, Answer.value).where(Answer.attempt_id.in_(ids))
    )
    return {(row[0], row[1]): row[2] for row in rows}


def _marks(ids: Sequence[int]) -> dict[tuple[int, int], Decimal]:
    rows = db.session.execute(
        sa.select(Mark.attempt_id, Mark.item_id, Mark.points)
        .where(Mark.attempt_id.in_(ids))
        .order_by(Mark.number)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def _write(
    ids: Sequence[int], answers: Sequence[Mapping[str, Any]], scores: Sequence[Any], sums: Sequence[Any]
) -> None:
    connection = db.session.connection()
    if answers:
        upsert = insert_into(Answer.__table__)
        upsert = upsert.on_conflict_do_update(
            index_elements=["attempt_id", "item_id"], set_={"points": upsert.excluded.points}
        )
        connection.execute(upsert, list(answers))
    connection.execute(sa.delete(Score).where(Score.attempt_id.in_(ids)))
    if scores:
        connection.execute(sa.insert(Score), list(scores))
    table: Any = Attempt.__table__
    connection.execute(
        sa.update(table)
        .where(table.c.id == sa.bindparam("attempt"))
        .values(points=sa.bindparam("points"), possible=sa.bindparam("possible"), waiting=sa.bindparam("waiting")),
        list(sums),
    )  # fmt: skip
    for thing in list(db.session.identity_map.values()):
        if isinstance(thing, Attempt | Answer | Score):
            db.session.expire(thing)


def let_count(attempt_ids: Iterable[int]) -> None:
    """Let these attempts, which have just ended, be the ones that count for their participants."""
    ids = list(attempt_ids)
    db.session.flush()
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        owners = sa.select(Attempt.participant_id).where(Attempt.id.in_(some))
        quiet = {"synchronize_session": False}
        db.session.execute(
            sa.update(Attempt)
            .where(Attempt.participant_id.in_(owners), Attempt.counts)
            .values(counts=False)
            .execution_options(**quiet)
        )
        db.session.execute(
            sa.update(Attempt)
            .where(Attempt.id.in_(some), Attempt.end != AttemptEnd.CALLED_OFF)
            .values(counts=True)
            .execution_options(**quiet)
        )
    for thing in list(db.session.identity_map.values()):
        if isinstance(thing, Attempt):
            db.session.expire(thing)


def insert_into(table: Any) -> Any:
    """Return an insert that can say what happens when the row is there, in the database's own dialect."""
    insert: Any = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    return insert(table)

"""Reads for those who mark short answers: what waits, a page of answers without names, and the marks given so far."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from trainmgr.bank import instruments
from trainmgr.bank.drawing import ranked
from trainmgr.bank.models import PaperItem
from trainmgr.bank.rules import ItemKind
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page
from trainmgr.programs.models import Program
from trainmgr.testing import queries
from trainmgr.testing.models import Answer, Attempt, Mark, Participant, Sitting
from trainmgr.testing.typed_points import code_of

PAGE = 20


class Show(enum.StrEnum):
    """Which answers of an item a marker looks at: those that wait, or those that a person has marked."""

    WAITING = "waiting"
    MARKED = "marked"


@dataclass(frozen=True)
class Tally:
    """How the answers to one item stand: how many there are, wait for a person, and are marked by one."""

    line: PaperItem
    answers: int = 0
    waiting: int = 0
    marked: int = 0

    @property
    def blank(self) -> int:
        """How many were left blank, which needs no marker."""
        return self.answers - self.waiting - self.marked


def lines_for_people(sitting: Sitting, kind: ItemKind | None = None) -> list[PaperItem]:
    """Return the items of a sitting's paper that a person marks (of one kind), in the paper's order: one statement."""
    return [
        line
        for line in instruments.paper_of(sitting.version_id, sitting.form)
        if (line.item.kind is kind if kind else line.item.kind.needs_a_person)
    ]


def line_or_404(sitting: Sitting, item_id: int, kind: ItemKind) -> PaperItem:
    """Return an item of the paper of this kind, or answer 404."""
    found = (line for line in lines_for_people(sitting, kind) if line.item_id == item_id)
    return next(found, None) or abort(404)


def _answers(sitting: Sitting, *condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return the select (columns to be set) of the answers that count: an attempt called off or repeated does not."""
    return (
        sa.select(Answer.attempt_id)
        .join(Attempt, Attempt.id == Answer.attempt_id)
        .join(Participant, Participant.id == Attempt.participant_id)
        .where(Attempt.sitting_id == sitting.id, Attempt.counts, *condition)
    )


def _has_mark() -> sa.ColumnElement[bool]:
    return sa.exists().where(Mark.attempt_id == Answer.attempt_id, Mark.item_id == Answer.item_id)


def tallies(program: Program, sitting: Sitting, lines: Sequence[PaperItem], viewer: User) -> list[Tally]:
    """Return how each item stands for a marker; of practical work as far as he judges it: one statement."""
    by_kind = {
        kind: [line.item_id for line in lines if line.item.kind is kind]
        for kind in (ItemKind.SHORT_ANSWER, ItemKind.CHECKLIST)
    }
    mine = sa.or_(
        sa.and_(Answer.item_id.in_(by_kind[ItemKind.SHORT_ANSWER]), queries.marked_by(program, viewer)),
        sa.and_(Answer.item_id.in_(by_kind[ItemKind.CHECKLIST]), queries.judged_by(program, viewer)),
    )
    whole = sa.func.count()
    rows = db.session.execute(
        _answers(sitting, mine)
        .with_only_columns(
            Answer.item_id,
            whole,
            whole.filter(Answer.points.is_(None)),
            whole.filter(Answer.points.is_not(None), _has_mark()),
        )
        .group_by(Answer.item_id)
    )
    found = {row[0]: row[1:] for row in rows}
    return [Tally(line, *found.get(line.item_id, (0, 0, 0))) for line in lines]


# --- a page of answers ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Script:
    """One answer as a marker sees it: under a code, with the marks given so far, the newest first."""

    attempt_id: int
    code: str
    text: str
    marks: Sequence[Mark]

    @property
    def seen(self) -> int:
        """The number of the newest mark, 0 before the first."""
        return self.marks[0].number if self.marks else 0

    @property
    def points(self) -> Decimal | None:
        """The points that count now."""
        return self.marks[0].points if self.marks else None


def list_scripts(
    program: Program,
    sitting: Sitting,
    line: PaperItem,
    show: Show,
    listing: Listing,
    *,
    viewer: User,
    seed: int,
) -> Page[Script]:
    """Return a page of the answers to an item, in an order that follows neither names nor time: three statements."""
    chosen = Answer.points.is_(None) if show is Show.WAITING else _has_mark()
    ids = db.session.scalars(
        _answers(sitting, Answer.item_id == line.item_id, chosen, queries.marked_by(program, viewer))
    ).all()
    order = ranked(ids, f"mark:{seed}:{line.item_id}")
    pages = max(1, -(-len(order) // PAGE))
    number = min(listing.number, pages)
    scripts = scripts_of(
        program, sitting, line, order[(number - 1) * PAGE : number * PAGE], viewer=viewer, seed=seed
    )
    return Page(scripts, number, PAGE, len(order))


def scripts_of(
    program: Program,
    sitting: Sitting,
    line: PaperItem,
    attempt_ids: Sequence[int],
    *,
    viewer: User,
    seed: int,
) -> list[Script]:
    """Return these answers in this order, as far as the viewer may mark them: two statements."""
    rows = db.session.execute(
        _answers(
            sitting,
            Answer.item_id == line.item_id,
            Answer.attempt_id.in_(attempt_ids),
            queries.marked_by(program, viewer),
        ).with_only_columns(Answer.attempt_id, Answer.value, Participant.id)
    )
    found = {row[0]: (row[1], row[2]) for row in rows}
    marks = marks_of(found, [line.item_id])
    return [
        Script(
            attempt_id,
            code_of(seed, sitting.id, found[attempt_id][1]),
            str(found[attempt_id][0] or ""),
            marks.get((attempt_id, line.item_id), []),
        )
        for attempt_id in attempt_ids
        if attempt_id in found
    ]


def marks_of(attempt_ids: Iterable[int], item_ids: Iterable[int]) -> dict[tuple[int, int], list[Mark]]:
    """Return the marks of some attempts' answers with who gave them, the newest first."""
    found: dict[tuple[int, int], list[Mark]] = {}
    for mark in db.session.scalars(
        sa.select(Mark)
        .where(Mark.attempt_id.in_(list(attempt_ids)), Mark.item_id.in_(list(item_ids)))
        .options(joinedload(Mark.marker))
        .order_by(Mark.number.desc())
    ):
        found.setdefault((mark.attempt_id, mark.item_id), []).append(mark)
    return found

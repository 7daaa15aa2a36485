"""A ring's quiz from the item bank: chosen while writing, drawn by competency, answered and marked at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.bank.marking import mark
from trainmgr.bank.models import Item
from trainmgr.bank.rules import ItemKind, ItemState
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.lessons.actions import require_open, touch
from trainmgr.lessons.models import LessonPlan, LessonQuizItem, QuizAnswer
from trainmgr.lessons.rules import Ring
from trainmgr.programs.models import Program

MOST = 20
BY_ITSELF = [kind for kind in ItemKind if not kind.needs_a_person]


def items_of(plan_id: int) -> dict[Ring, list[Item]]:
    """Return the items that a plan's rings ask."""
    rows = db.session.execute(
        sa.select(LessonQuizItem.ring, Item)
        .join(Item, Item.id == LessonQuizItem.item_id)
        .where(LessonQuizItem.plan_id == plan_id)
        .order_by(Item.id)
    )
    found: dict[Ring, list[Item]] = {}
    for ring, item in rows:
        found.setdefault(ring, []).append(item)
    return found


def offered(program: Program, competency_id: int, limit: int = 50) -> Sequence[Item]:
    """Return the items in use of a competency that mark themselves, those asked least first."""
    return db.session.scalars(
        sa.select(Item)
        .where(
            Item.college_id == program.lead_college_id,
            Item.competency_id == competency_id,
            Item.state == ItemState.IN_USE,
            Item.kind.in_(BY_ITSELF),
        )
        .order_by(Item.times_answered, Item.id)
        .limit(limit)
    ).all()


def add_items(
    program: Program, plan: LessonPlan, ring: Ring, items: Sequence[Item], *, by: User, now: datetime
) -> int:
    """Let a ring ask items; returns how many it asks now."""
    require_open(program)
    known = {item.id for item in items_of(plan.id).get(ring, [])}
    new = [item for item in items if item.id not in known]
    if len(known) + len(new) > MOST:
        raise RuleBroken(_("A quiz in class has at most %(most)s items.", most=MOST))
    for item in new:
        db.session.add(LessonQuizItem(plan_id=plan.id, ring=ring, item_id=item.id))
    touch(program, plan, by=by, now=now)
    return len(known) + len(new)


def drop_item(
    program: Program, plan: LessonPlan, ring: Ring, item_id: int, *, by: User, now: datetime
) -> None:
    """Let a ring no longer ask an item."""
    require_open(program)
    if row := db.session.get(LessonQuizItem, (plan.id, ring, item_id)):
        db.session.delete(row)
        touch(program, plan, by=by, now=now)


def freeze(plan_id: int, now: datetime) -> dict[str, list[int]]:
    """Return the items of each ring for a finished version; from now on they never change."""
    asked = items_of(plan_id)
    for items in asked.values():
        for item in items:
            item.drawn_at = item.drawn_at or now
    return {ring.value: [item.id for item in items] for ring, items in asked.items()}


# --- answering -------------------------------------------------------------------------------------------


def asked(item_ids: Sequence[int]) -> Sequence[Item]:
    """Return the items of a finished ring."""
    return db.session.scalars(sa.select(Item).where(Item.id.in_(item_ids)).order_by(Item.id)).all()


def answers_of(enrolment_id: int, session_id: int) -> dict[int, QuizAnswer]:
    """Return what a trainee has answered for a session."""
    found = sa.select(QuizAnswer).where(
        QuizAnswer.enrolment_id == enrolment_id, QuizAnswer.session_id == session_id
    )
    return {answer.item_id: answer for answer in db.session.scalars(found)}


def read_answer(item: Item, typed: Sequence[str]) -> Any:
    """Return an answer as marking takes it; nonsense counts as no answer."""
    if item.kind.has_options:
        places = {int(text) for text in typed if text.isascii() and text.isdigit() and len(text) < 4}
        return sorted(place for place in places if place < len(item.content["options"]))
    if item.kind is ItemKind.TRUE_FALSE:
        return {"true": True, "false": False}.get(typed[0] if typed else "")
    return typed[0][:100] if typed else ""


def answer(
    enrolment_id: int,
    session_id: int,
    items: Sequence[Item],
    typed: Mapping[int, Sequence[str]],
    *,
    now: datetime,
) -> tuple[Decimal, Decimal]:
    """Mark a trainee's answers and keep them in place of earlier ones; returns the points and all there are."""
    known, got, whole = answers_of(enrolment_id, session_id), Decimal(0), Decimal(0)
    for item in items:
        said = read_answer(item, typed.get(item.id, ()))
        points = mark(item.kind, item.content, said, item.points) or Decimal(0)
        got, whole = got + points, whole + item.points
        row = known.get(item.id) or QuizAnswer(
            enrolment_id=enrolment_id, session_id=session_id, item_id=item.id
        )
        row.answer, row.points, row.at = said, points, now
        db.session.add(row)
    return got, whole

"""A test of 40 items that is open for the next quarter of an hour, with so many trainees who are signed in."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import selectinload

from tests.bench import PASSWORD
from tests.factories import World
from trainmgr.bank import actions, authoring, instruments, papers
from trainmgr.bank.authoring import ItemFacts
from trainmgr.bank.content import Credit, choice_content, number_content
from trainmgr.bank.drawing import Cell
from trainmgr.bank.models import Item, PaperItem
from trainmgr.bank.rules import Difficulty, ItemKind, ItemState
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.identity.models import Membership, SignInSession, User
from trainmgr.identity.passwords import hash_password
from trainmgr.identity.sessions import digest_of
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.rules import State
from trainmgr.standards.actions import CompetencyFacts, PostFacts, create_competency, create_standard
from trainmgr.standards.models import VersionCompetency
from trainmgr.testing.models import Participant, Sitting
from trainmgr.testing.rules import Purpose

ITEMS, COMPETENCIES = 40, 5
KINDS = (
    [ItemKind.SINGLE] * 16 + [ItemKind.MULTIPLE] * 8 + [ItemKind.TRUE_FALSE] * 6 + [ItemKind.NUMBER] * 6
    + [ItemKind.SHORT_ANSWER] * 4
)  # fmt: skip
CHUNK = 2_000


@dataclass
class Arranged:
    """What the browsers need: the sitting, its items with their kinds, each trainee's place and token."""

    sitting_id: int
    staff: str
    items: list[tuple[int, ItemKind]]
    takers: list[tuple[int, str]] = field(default_factory=list)


def arrange(app: Flask, trainees: int, *, opens_at: datetime, closes_at: datetime, minutes: int) -> Arranged:
    """Make a college of its own with a programme, an instrument and an open test; returns what browsers need."""
    world, mark = World(app), secrets.token_hex(4)
    world._college = world.organization(name=f"测试学院 {mark}")
    staff = world.user(Role.STAFF, username=f"bench-test-{mark}", password_hash=hash_password(PASSWORD))
    program = world.program(State.RUNNING, created_by=staff, code=f"TEST-{mark}")
    with app.app_context():
        version_id = _instrument(world.college.id, staff, mark, opens_at, minutes)
        items = db.session.execute(
            sa.select(PaperItem.item_id, Item.kind)
            .join(PaperItem.item)
            .where(PaperItem.version_id == version_id, PaperItem.form == 1)
            .order_by(PaperItem.position)
        ).all()
        sitting = Sitting(
            program_id=program.id, version_id=version_id, form=1, purpose=Purpose.ENTRY, name=f"测试 {mark}",
            opens_at=opens_at, closes_at=closes_at, created_by_id=staff.id, created_at=opens_at,
        )  # fmt: skip
        db.session.add(sitting)
        db.session.flush()
        made = Arranged(sitting.id, staff.username, [(key, kind) for key, kind in items])
        made.takers = _people(world, program.id, sitting.id, trainees, mark, opens_at)
        db.session.commit()
    return made


def _instrument(college_id: int, staff: User, mark: str, now: datetime, minutes: int) -> int:
    by = db.session.get_one(User, staff.id, options=[selectinload(User.memberships)])
    standard = create_standard(college_id, PostFacts(f"T-{mark}", "装调技师"), by=by, now=now)
    levels = ("看得懂", "在指导下做", "独立做", "做得好", "能教别人")
    for number in range(COMPETENCIES):
        words = CompetencyFacts(f"能力{number + 1}", Decimal(4), Decimal(3), levels=levels)
        create_competency(standard, words, by=by, now=now)
    db.session.flush()
    mine = db.session.scalars(
        sa.select(VersionCompetency.competency_id)
        .where(VersionCompetency.version_id.in_([version.id for version in standard.versions]))
        .order_by(VersionCompetency.position)
    ).all()
    for number, kind in enumerate(KINDS):
        facts = ItemFacts(
            mine[number % COMPETENCIES], kind=kind, difficulty=Difficulty.EASY, points=Decimal(2),
            stem=f"第 {number + 1} 题：在装配线上遇到这种情况，应当怎样处理才符合工艺规程？", content=_content(kind),
        )  # fmt: skip
        authoring.write_item(college_id, facts, state=ItemState.IN_USE, by=by, now=now)
    made = actions.open_instrument(
        college_id, f"测评 {mark}", "", settings=actions.Settings(minutes=minutes), by=by, now=now
    )
    db.session.flush()
    cells = [Cell(key, Difficulty.EASY, ITEMS // COMPETENCIES, Decimal(2)) for key in mine]
    loaded = instruments.instrument_or_404(made.id, by)
    draft = actions.set_blueprint(loaded, cells, version=loaded.versions[0].version, by=by, now=now)
    papers.draw_form(draft, 1, now=now, by=by)
    return draft.id


def _content(kind: ItemKind) -> dict[str, Any]:
    options = ["按对角线顺序分三次拧紧", "一次拧紧到位", "先装后检", "请示班长后再定"]
    if kind is ItemKind.SINGLE:
        return choice_content(kind, options, [0])
    if kind is ItemKind.MULTIPLE:
        return choice_content(kind, options, [0, 3], Credit.PARTIAL)
    if kind is ItemKind.TRUE_FALSE:
        return {"right": True}
    if kind is ItemKind.NUMBER:
        return number_content(Decimal("42.5"), Decimal("0.5"), relative=False, unit="N·m")
    return {"model": "先断电，再挂牌，最后上锁。"}


def _people(
    world: World, program_id: int, sitting_id: int, count: int, mark: str, now: datetime
) -> list[tuple[int, str]]:
    """Make trainees who are enrolled, signed in and take part; returns the place and the session's token of each."""
    tokens = [secrets.token_urlsafe(24) for _ in range(count)]
    names = [f"学员{number + 1:05}" for number in range(count)]
    users = _insert(
        User,
        [
            {"username": f"t-{mark}-{number}", "name": name, "must_change_password": False, "created_at": now}
            for number, name in enumerate(names)
        ],
    )
    college, enterprise = world.college.id, world.enterprise.id
    _insert(
        Membership,
        [
            {
                "user_id": key, "organization_id": college, "role": Role.TRAINEE, "number": f"{mark}{key}",
                "created_at": now,
            }
            for key in users
        ],
    )  # fmt: skip
    _insert(
        SignInSession,
        [
            {
                "token_digest": digest_of(token), "user_id": key, "created_at": now,
                "expires_at": now + timedelta(hours=12),
            }
            for key, token in zip(users, tokens, strict=True)
        ],
    )  # fmt: skip
    _insert(
        Enrolment,
        [
            {
                "program_id": program_id, "user_id": key, "college_id": college, "enterprise_id": enterprise,
                "name": name, "student_number": f"{mark}{key}", "enrolled_on": now.date(),
                "state": EnrolmentState.TRAINING,
            }
            for key, name in zip(users, names, strict=True)
        ],
    )  # fmt: skip
    places = _insert(
        Participant,
        [
            {
                "sitting_id": sitting_id, "user_id": key, "name": name, "cohort_name": f"{number // 40 + 1} 班",
                "college_id": college, "enterprise_id": enterprise,
            }
            for number, (key, name) in enumerate(zip(users, names, strict=True))
        ],
    )  # fmt: skip
    return list(zip(places, tokens, strict=True))


def _insert(model: Any, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    keys: list[int] = []
    for some in _chunks(rows):
        statement = sa.insert(model).returning(model.id, sort_by_parameter_order=True)
        keys += db.session.scalars(statement, list(some)).all()
    return keys


def _chunks(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]

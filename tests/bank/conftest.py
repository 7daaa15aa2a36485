"""What tests of the bank arrange: a college's standard of two competencies, and items on them."""

from __future__ import annotations

from contextlib import nullcontext
from decimal import Decimal
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from flask import has_app_context
from sqlalchemy.orm import selectinload

from tests.factories import NOW
from trainmgr.bank import actions, authoring, instruments
from trainmgr.bank.authoring import ItemFacts
from trainmgr.bank.content import choice_content
from trainmgr.bank.drawing import Cell
from trainmgr.bank.models import Item
from trainmgr.bank.rules import Difficulty, ItemKind, ItemState
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.standards.actions import CompetencyFacts, PostFacts, create_competency, create_standard
from trainmgr.standards.models import VersionCompetency

FIVE = ("看得懂", "在指导下做", "独立做", "做得好", "能教别人")
SINGLE = choice_content(ItemKind.SINGLE, ["预紧", "过紧", "漏装"], [0])


def actor(user):
    return db.session.get_one(User, user.id, options=[selectinload(User.memberships)], populate_existing=True)


def inside(world):
    """The test's own context where it has one open, else a new one: two sessions would wait for each other."""
    return nullcontext() if has_app_context() else world.app.app_context()


def facts(competency_id, stem="拧紧前先做什么？", difficulty=Difficulty.EASY, **more):
    values = {"kind": ItemKind.SINGLE, "points": Decimal(2), "content": SINGLE} | more
    return ItemFacts(competency_id, difficulty=difficulty, stem=stem, **values)


@pytest.fixture
def bank(world):
    """Staff of a college and its standard of two competencies (`first`, `second`)."""
    staff = world.user(Role.STAFF)
    with world.app.app_context():
        by = actor(staff)
        standard = create_standard(world.college.id, PostFacts("QL-01", "装调技师"), by=by, now=NOW)
        for name in ("扭矩工艺", "故障诊断"):
            words = CompetencyFacts(name, Decimal(4), Decimal(3), levels=FIVE)
            create_competency(standard, words, by=by, now=NOW)
        db.session.commit()
        first, second = db.session.scalars(
            sa.select(VersionCompetency.competency_id).order_by(VersionCompetency.position)
        )
        return SimpleNamespace(
            staff=staff,
            world=world,
            college=world.college.id,
            standard=standard.id,
            first=first,
            second=second,
        )


@pytest.fixture
def write(bank):
    """Write so many items in use on a competency; returns their ids."""

    def write_items(competency_id, count=1, difficulty=Difficulty.EASY, state=ItemState.IN_USE, **more):
        with inside(bank.world):
            by = actor(bank.staff)
            start = db.session.scalar(sa.select(sa.func.count()).select_from(Item))
            made = [
                authoring.write_item(
                    bank.college, facts(competency_id, f"第 {start + place} 题", difficulty, **more),
                    state=state, by=by, now=NOW,
                ).id
                for place in range(count)
            ]  # fmt: skip
            db.session.commit()
            return made

    return write_items


@pytest.fixture
def plan(bank):
    """Open an instrument with these cells; returns its id."""

    def open_it(*cells, name="入学与结业测评", **settings):
        with inside(bank.world):
            by = actor(bank.staff)
            made = actions.open_instrument(
                bank.college, name, "测提升", settings=actions.Settings(**settings), by=by, now=NOW
            )
            db.session.flush()
            wanted = [
                Cell(competency, difficulty, count, Decimal(2)) for competency, difficulty, count in cells
            ]
            loaded = instruments.instrument_or_404(made.id, by)
            actions.set_blueprint(loaded, wanted, version=loaded.versions[0].version, by=by, now=NOW)
            db.session.commit()
            return made.id

    return open_it

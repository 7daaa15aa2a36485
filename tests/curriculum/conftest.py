"""Plans that tests arrange: begun from a pathway, filled so that they can be signed, signed."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from tests.factories import NOW, World
from trainmgr.curriculum import actions, queries
from trainmgr.curriculum.models import Edition
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, State


class Plans:
    """A programme that is being designed, its people, and its plan in the state that a test asks for."""

    def __init__(self, world: World, pathway: str = "eight-stage", state: State = State.DESIGNING) -> None:
        self.world = world
        self.staff = world.user(Role.STAFF)
        self.coordinator = world.user(Role.ENTERPRISE_COORDINATOR)
        self.teacher = world.user(Role.SCHOOL_TEACHER, name="陈立")
        self.program = world.program(state, pathway=pathway)
        self.competencies = [
            world.competency(
                self.program, name=name, position=rank, rank=rank, is_priority=rank <= 2, required_hours=hours
            )
            for rank, (name, hours) in enumerate([("精密测量", 24), ("数据采集", 16), ("协作", 0)], start=1)
        ]

    def person(self, user: User) -> User:
        """Return a person as a request has them: with memberships."""
        with_posts = sa.select(User).where(User.id == user.id).options(selectinload(User.memberships))
        return db.session.scalars(with_posts).one()

    def of(self, program: Program | None = None) -> Program:
        return db.session.get(Program, (program or self.program).id)

    def edition(self, number: int = 1) -> Edition:
        found = queries.shelf_of(self.program.id).numbered(number)
        assert found is not None
        return found

    def plan(self, number: int = 1) -> Any:
        edition = self.edition(number)
        return queries.read_plans(self.program.id, [edition.id])[edition.id]

    def begin(self) -> None:
        with self.world.inside():
            actions.create_first_edition(self.of(), by=self.person(self.staff), now=NOW)
            db.session.commit()

    def fill(self, number: int = 1) -> None:
        """Give every priority its hours and every module a lead."""
        with self.world.inside():
            program, by = self.of(), self.person(self.staff)
            modules = [module.id for module in self.plan(number).modules]
            actions.name_lead(program, self.edition(number), modules, self.teacher.id, by=by, now=NOW)
            if any(line.short_by for line in self._coverage(number)):
                actions.apply_proposals(program, self.edition(number), by=by, now=NOW)
            db.session.commit()

    def _coverage(self, number: int) -> Any:
        from trainmgr.curriculum.rules import coverage

        return [line for line in coverage(self.plan(number)) if line.wanted.is_priority]

    def offer(self, number: int = 1) -> None:
        with self.world.inside():
            actions.offer(self.of(), self.edition(number), by=self.person(self.staff), now=NOW)
            db.session.commit()

    def sign(self, number: int = 1) -> None:
        with self.world.inside():
            for side, user in ((Side.COLLEGE, self.staff), (Side.ENTERPRISE, self.coordinator)):
                actions.sign(self.of(), self.edition(number), side, by=self.person(user), now=NOW)
            db.session.commit()

    def signed(self) -> Plans:
        self.begin()
        self.fill()
        self.offer()
        self.sign()
        return self


@pytest.fixture
def plans(world: World) -> Plans:
    """A programme at the eight-stage pathway that is being designed, without a plan yet."""
    return Plans(world)


@pytest.fixture
def make_plans(world: World) -> Any:
    """Make such a programme with another pathway or in another state."""
    return lambda **options: Plans(world, **options)

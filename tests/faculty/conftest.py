"""A college and an enterprise that know each other, with a teacher and a master who have profiles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY, World, keep
from trainmgr.faculty import practising
from trainmgr.faculty.models import PracticeEntry, Profile, Qualification
from trainmgr.faculty.rules import Confirmed, EntryState
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, State


@dataclass
class Scene:
    """Who and what a test of the faculty has."""

    world: World
    program: Program
    staff: User
    coordinator: User
    teacher: User
    master: User
    profile: Profile
    guest: Profile

    def make_profile(
        self, user: User | None = None, home: Organization | None = None, **values: Any
    ) -> Profile:
        """Make a profile, of a new teacher of the college unless said otherwise."""
        home = home or self.world.college
        user = user or self.world.user(Role.SCHOOL_TEACHER, home)
        values = {"side": Side.COLLEGE, "working_time": {}, "created_at": NOW} | values
        with self.world.app.app_context():
            return keep(Profile(user_id=user.id, organization_id=home.id, **values))

    def hold(self, profile: Profile, name: str = "高级技师", **values: Any) -> Qualification:
        """Give somebody a qualification that counts."""
        values = {
            "by_id": self.staff.id,
            "at": NOW,
            "checked_at": NOW,
            "checked_by_id": self.staff.id,
        } | values
        with self.world.app.app_context():
            return keep(Qualification(profile_id=profile.id, name=name, **values))

    def practise(self, profile: Profile, first: date, days: int, **values: Any) -> PracticeEntry:
        """Let somebody have been at the enterprise, confirmed unless said otherwise."""
        decided = {"state": EntryState.CONFIRMED, "confirmed": Confirmed.ENTERPRISE, "decided_at": NOW}
        values = {
            "organization_id": self.world.enterprise.id, "enterprise": self.world.enterprise.name, "post": "装调",
            "weekdays": "1234567", "days": days, "by_id": self.staff.id, "at": NOW,
        } | decided | values  # fmt: skip
        with self.world.app.app_context():
            entry = keep(
                PracticeEntry(
                    profile_id=profile.id, starts_on=first, ends_on=first + timedelta(days=days - 1), **values
                )
            )
            practising.add_up(profile.id)
            db.session.commit()
            return entry

    def of(self, model: Any, key: int) -> Any:
        """Return a row as the database holds it."""
        with self.world.app.app_context():
            row = db.session.get_one(model, key)
            db.session.expunge_all()
            return row

    def all(self, statement: sa.Select[Any]) -> list[Any]:
        """Return what a select finds."""
        with self.world.app.app_context():
            found = list(db.session.scalars(statement))
            db.session.expunge_all()
            return found


@pytest.fixture
def scene(world: World) -> Scene:
    """A running programme of a college and an enterprise, their staff, a teacher and a master with profiles."""
    world.app.config["CLOCK"] = lambda: NOW
    staff, coordinator = world.user(Role.STAFF), world.user(Role.ENTERPRISE_COORDINATOR)
    teacher, master = world.user(Role.SCHOOL_TEACHER), world.user(Role.ENTERPRISE_MENTOR)
    program = world.program(State.RUNNING, created_by=staff)
    world.relation(program, teacher, Role.SCHOOL_TEACHER)
    world.relation(program, master, Role.ENTERPRISE_MENTOR)
    made = Scene(world, program, staff, coordinator, teacher, master, None, None)  # type: ignore[arg-type]
    made.profile = made.make_profile(teacher, since=TODAY - timedelta(days=365 * 8), fields="机电,数控")
    made.guest = made.make_profile(master, world.enterprise, side=Side.ENTERPRISE, fields="数控", capacity=3)
    return made

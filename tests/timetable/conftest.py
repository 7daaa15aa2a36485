"""A class with a signed plan, a teacher, a workshop; the smallest timetable there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from tests.factories import NOW, World, keep
from trainmgr.curriculum.frozen import lifted
from trainmgr.curriculum.models import Edition, EditionState, Layer, Module, PlanStage, PracticeLevel, Venue
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.programs.rules import State
from trainmgr.timetable.models import Room

MONDAY = date(2026, 11, 23)  # an ordinary working week in the country's calendar


@dataclass
class School:
    """What a test of the timetable stands on."""

    world: World
    staff: User
    teacher: User
    program: Any
    module: Module
    cohort: Any
    room: Room

    def form(self, **changes: Any) -> dict[str, Any]:
        """Return the form of a session of two units on Monday, with changes."""
        return {
            "cohort": self.cohort.id,
            "module": self.module.id,
            "day": MONDAY.isoformat(),
            "first_unit": 1,
            "units": 2,
            "weeks": 1,
            "teacher": 0,
            "room": self.room.id,
            "host": 0,
        } | changes

    @property
    def address(self) -> str:
        return f"/programs/{self.program.id}/timetable"


def make_plan(world: World, program: Any, lead: User | None, **stage: Any) -> Module:
    """Sign a plan of one stage with one module of sixteen hours."""
    with world.app.app_context(), lifted():
        edition = keep(
            Edition(
                program_id=program.id,
                number=1,
                state=EditionState.SIGNED,
                signed_at=NOW,
                created_by_id=program.created_by_id,
                created_at=NOW,
                changed_at=NOW,
            )
        )
        stage = {"number": 1, "name": "第一阶段", "venue": Venue.SCHOOL, "hours": 16} | stage
        keep(PlanStage(edition_id=edition.id, **stage))
        return keep(
            Module(
                edition_id=edition.id,
                stage_number=1,
                position=1,
                name="零件测量",
                theory_hours=6,
                practice_hours=10,
                layer=Layer.CORE,
                practice_level=PracticeLevel.BASIC,
                venue=Venue.SCHOOL,
                lead_teacher_id=lead.id if lead else None,
            )
        )


@pytest.fixture
def school(world: World) -> School:
    """A running programme with a signed plan."""
    world.app.config["CLOCK"] = lambda: NOW
    staff, teacher = world.user(Role.STAFF), world.user(Role.SCHOOL_TEACHER, name="陈老师")
    program = world.program(State.RUNNING, created_by=staff, ends_on=MONDAY + timedelta(days=300))
    world.relation(program, teacher, Role.SCHOOL_TEACHER)
    module = make_plan(world, program, teacher)
    cohort = world.cohort(program)
    with world.app.app_context():
        room = keep(Room(organization_id=world.college.id, name="实训车间", capacity=40))
    return School(world, staff, teacher, program, module, cohort, room)

"""A class that is taught by a lesson plan of eight rings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.factories import NOW, TODAY, World, keep
from tests.timetable.conftest import make_plan
from trainmgr.kernel.access import Role
from trainmgr.lessons.rules import Ring, Segment
from trainmgr.programs.rules import State
from trainmgr.timetable.models import TeachingSession


@dataclass
class Lesson:
    """Who and what a test of lessons stands on: two sessions, three days ahead and two days ago."""

    world: World
    staff: Any
    teacher: Any
    program: Any
    module: Any
    cohort: Any
    coming: TeachingSession
    past: TeachingSession

    @property
    def address(self) -> str:
        return f"/programs/{self.program.id}/lessons"

    def form(self, version: int = 1, *, minutes: int = 15, **changes: Any) -> dict[str, Any]:
        """Return a plan of two units: six rings in class of fifteen minutes each are ninety minutes."""
        written: dict[str, Any] = {
            "title": "量具读数",
            "aims": "会读五种量具",
            "units": 2,
            "version": version,
        }
        for ring in Ring:
            in_class = ring.segment is Segment.IN_CLASS
            written |= {
                f"{ring.value}-minutes": minutes if in_class else 20,
                f"{ring.value}-content": f"内容{ring.value}",
                f"{ring.value}-method": "讲练结合",
                f"{ring.value}-material": "任务单",
                f"{ring.value}-who": "teacher",
            }
        return written | changes

    def finished(self, client: Any = None) -> int:
        """Write and finish a plan and teach the coming session and the past one by it; returns the plan's id."""
        client = client or self.world.signed_in(self.teacher)
        made = client.post(self.address, data={"module": self.module.id, "title": "量具读数", "units": 2})
        plan_id = int(made.location.split("/")[-2])
        saved = client.post(f"{self.address}/{plan_id}", data=self.form() | {"finish": "y"})
        assert saved.status_code == 302, saved.text
        client.post(f"{self.address}/{plan_id}/sessions", data={"session": [self.coming.id]})
        return plan_id


@pytest.fixture
def lesson(world: World) -> Lesson:
    """A running programme whose module is led by a teacher."""
    world.app.config["CLOCK"] = lambda: NOW
    staff, teacher = world.user(Role.STAFF), world.user(Role.SCHOOL_TEACHER, name="陈老师")
    program = world.program(State.RUNNING, created_by=staff)
    world.relation(program, teacher, Role.SCHOOL_TEACHER)
    module, cohort = make_plan(world, program, teacher), world.cohort(program)

    def session(days: int) -> TeachingSession:
        with world.app.app_context():
            return keep(
                TeachingSession(
                    program_id=program.id,
                    module_id=module.id,
                    lineage=module.lineage,
                    cohort_id=cohort.id,
                    day=TODAY + timedelta(days=days),
                    first_unit=1,
                    units=2,
                    teacher_id=teacher.id,
                    host_id=world.college.id,
                    created_by_id=staff.id,
                    created_at=NOW,
                )
            )

    return Lesson(world, staff, teacher, program, module, cohort, session(3), session(-2))


@pytest.fixture
def trainee(lesson):
    """A trainee of the lesson's class, guided by its teacher."""
    person = lesson.world.user(Role.TRAINEE, name="彭同学")
    lesson.world.enrolment(lesson.program, user=person, cohort_id=lesson.cohort.id, teacher=lesson.teacher)
    return person

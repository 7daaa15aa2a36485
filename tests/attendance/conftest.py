"""A class of three with a session today from 09:50 to 11:25, and a clock that tests set."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY, World, keep
from tests.timetable.conftest import make_plan
from trainmgr.attendance.models import AttendanceMark, AttendanceRegister, AttendanceStanding, AttendanceTally
from trainmgr.attendance.rules import Mark
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.rules import State
from trainmgr.timetable.models import TeachingSession


def at(clock: str, day: date = TODAY) -> datetime:
    """Return a moment at a time of day in Shanghai."""
    return datetime.fromisoformat(f"{day.isoformat()}T{clock}+08:00").astimezone(UTC)


@dataclass
class Scene:
    """What a test of attendance stands on."""

    world: World
    program: Any
    staff: User
    teacher: User
    mentor: User
    cohort: Any
    module: Any
    session: TeachingSession
    trainees: list[User]
    enrolments: list[Any]
    now: datetime = NOW
    clients: dict[int, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"/programs/{self.program.id}/attendance"

    @property
    def register_url(self) -> str:
        return f"{self.url}/sessions/{self.session.id}"

    def by(self, person: User) -> Any:
        """Return somebody's browser."""
        if person.id not in self.clients:
            self.clients[person.id] = self.world.signed_in(person)
        return self.clients[person.id]

    def make_session(self, day: date = TODAY, first_unit: int = 3, **values: Any) -> TeachingSession:
        values = {"teacher_id": self.teacher.id, "cohort_id": self.cohort.id} | values
        with self.world.app.app_context():
            return keep(
                TeachingSession(
                    program_id=self.program.id, module_id=self.module.id, lineage=self.module.lineage, day=day,
                    first_unit=first_unit, units=2, host_id=self.world.college.id, created_by_id=self.staff.id,
                    created_at=NOW, **values,
                )
            )  # fmt: skip

    def open(self, session: TeachingSession | None = None, clock: str = "09:50") -> AttendanceRegister:
        """Open a register by the teacher."""
        session = session or self.session
        self.now = at(clock, session.day)
        response = self.by(self.teacher).post(f"{self.url}/sessions/{session.id}/open")
        assert response.status_code == 302, response.get_data(as_text=True)
        return self.of(AttendanceRegister, session.id)

    def code(self, session: TeachingSession | None = None) -> str:
        """Read the code of this moment off the teacher's screen."""
        session = session or self.session
        page = (
            self.by(self.teacher)
            .get(f"{self.url}/sessions/{session.id}/code/now", headers={"HX-Request": "true"})
            .get_data(as_text=True)
        )
        return page.split('data-code="')[1].split('"')[0]

    def of(self, model: type[Any], key: Any) -> Any:
        with self.world.app.app_context():
            row = db.session.get(model, key)
            db.session.expunge_all()
            return row

    def standing(self, session: TeachingSession | None = None) -> dict[str, Mark]:
        """Return what counts in a session, by name."""
        session = session or self.session
        names = {one.id: one.name for one in self.enrolments}
        with self.world.app.app_context():
            rows = db.session.scalars(
                sa.select(AttendanceStanding).where(AttendanceStanding.session_id == session.id)
            )
            return {names[row.enrolment_id]: row.mark for row in rows}

    def history(self, enrolment: Any) -> list[tuple[str, str]]:
        """Return every note of a trainee in order."""
        with self.world.app.app_context():
            rows = db.session.scalars(
                sa.select(AttendanceMark)
                .where(AttendanceMark.enrolment_id == enrolment.id)
                .order_by(AttendanceMark.id)
            )
            return [(row.mark.value, row.source.value) for row in rows]

    def tally(self, enrolment: Any) -> tuple[int, int, int, int] | None:
        row = self.of(AttendanceTally, enrolment.id)
        return (row.present, row.late, row.excused, row.absent) if row else None


@pytest.fixture
def scene(world: World, app: Any) -> Scene:
    """A running programme, its teacher and mentor, three trainees in a class, a session this morning."""
    staff, teacher = world.user(Role.STAFF, name="李老师"), world.user(Role.SCHOOL_TEACHER, name="陈老师")
    mentor = world.user(Role.ENTERPRISE_MENTOR, name="周师傅")
    program = world.program(State.RUNNING, created_by=staff)
    world.relation(program, teacher, Role.SCHOOL_TEACHER)
    module = make_plan(world, program, teacher)
    cohort = world.cohort(program)
    trainees = [world.user(Role.TRAINEE, name=name) for name in ("彭浩然", "孙丽", "王小明")]
    enrolments = [
        world.enrolment(program, user=one, cohort_id=cohort.id, teacher=teacher, mentor=mentor,
                        student_number=f"2026{number:03}")
        for number, one in enumerate(trainees, start=1)
    ]  # fmt: skip
    made = Scene(
        world,
        program,
        staff,
        teacher,
        mentor,
        cohort,
        module,
        None,
        trainees,
        enrolments,  # type: ignore[arg-type]
    )
    app.config["CLOCK"] = lambda: made.now
    made.session = made.make_session()
    return made


TOMORROW = TODAY + timedelta(days=1)

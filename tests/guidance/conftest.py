"""A running programme with two classes, a trainee, both mentors, counsellors of both sides, and the staff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.factories import NOW, TODAY, World, keep
from trainmgr.guidance.models import Counsel
from trainmgr.kernel.access import Role
from trainmgr.programs.rules import Side, State


@dataclass
class Care:
    """Who is there; `trainee` is of class A, `other` of class B."""

    world: World
    program: Any
    competency: Any
    cohorts: tuple[Any, Any]
    trainee: Any
    enrolment: Any
    other: Any
    teacher: Any
    mentor: Any
    staff: Any
    college: Any  # the college's counsellor of class A
    enterprise: Any  # the enterprise's counsellor of class A

    def browser(self, person: Any) -> Any:
        """Return a browser in which somebody is signed in."""
        return self.world.signed_in(person)

    def post(self, person: Any, path: str, /, **data: Any) -> Any:
        """Send a form in somebody's name; `path` stands behind the programme's guidance."""
        return self.browser(person).post(self.at(path), data=data)

    def text(self, person: Any, path: str = "", **query: Any) -> str:
        """Return a page as somebody reads it."""
        answer = self.browser(person).get(self.at(path), query_string=query)
        assert answer.status_code == 200, answer.status_code
        return answer.get_data(as_text=True)

    def at(self, path: str) -> str:
        """Return an address of guidance."""
        return f"/programs/{self.program.id}/guidance{path}"

    def all(self, kind: Any, **filters: Any) -> list[Any]:
        """Return all rows of a kind that fit."""
        with self.world.inside() as session:
            rows = (
                session.query(kind).filter_by(**filters).order_by(*kind.__table__.primary_key.columns).all()
            )
            session.expunge_all()
            return rows

    def name(self, user: Any, side: Side, cohort: Any = None, enrolment: Any = None) -> None:
        """Name a counsellor straight away."""
        with self.world.app.app_context():
            keep(
                Counsel(program_id=self.program.id, side=side, user_id=user.id, since=TODAY, by_id=self.staff.id,
                        cohort_id=cohort.id if cohort else None, enrolment_id=enrolment.id if enrolment else None,
                        by_name=self.staff.name, at=NOW)
            )  # fmt: skip


@pytest.fixture
def care(world: World) -> Care:
    world.app.config["CLOCK"] = lambda: NOW
    staff = world.user(Role.STAFF)
    program = world.program(State.RUNNING, created_by=staff, current_stage=1, planned_minutes=6000)
    teacher, mentor, trainee = (
        world.user(role) for role in (Role.SCHOOL_TEACHER, Role.ENTERPRISE_MENTOR, Role.TRAINEE)
    )
    college, enterprise = world.user(Role.COLLEGE_COUNSELLOR), world.user(Role.ENTERPRISE_COUNSELLOR)
    world.relation(program, college, Role.COLLEGE_COUNSELLOR)
    world.relation(program, enterprise, Role.ENTERPRISE_COUNSELLOR)
    cohorts = (world.cohort(program, "A 班"), world.cohort(program, "B 班"))
    enrolment = world.enrolment(
        program, user=trainee, teacher=teacher, mentor=mentor, cohort_id=cohorts[0].id, planned_minutes=6000
    )
    other = world.enrolment(program, cohort_id=cohorts[1].id, planned_minutes=6000)
    made = Care(world, program, world.competency(program), cohorts, trainee, enrolment, other, teacher, mentor, staff,
                college, enterprise)  # fmt: skip
    made.name(college, Side.COLLEGE, cohorts[0])
    made.name(enterprise, Side.ENTERPRISE, cohorts[0])
    return made

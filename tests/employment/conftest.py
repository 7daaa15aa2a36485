"""A closed programme with two classes of graduates, the enterprise's people, and those who follow graduates up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.factories import NOW, TODAY, World, keep
from trainmgr.employment.models import FollowUpAnswer, FollowUpRound
from trainmgr.employment.rules import AnswerSource, Destination
from trainmgr.enrolment.models import EnrolmentState
from trainmgr.kernel.access import Role
from trainmgr.programs.rules import State


@dataclass
class Alumni:
    """Who is there; `graduate` (enrolment `one`) is of class A, `two` of class B."""

    world: World
    program: Any
    cohorts: tuple[Any, Any]
    graduate: Any
    one: Any
    two: Any
    staff: Any
    coordinator: Any
    mentor: Any
    clock: list[Any]

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.clock[0] += timedelta(**by)

    def at(self, path: str) -> str:
        """Return an address of the programme's employment."""
        return f"/programs/{self.program.id}/employment{path}"

    def post(self, person: Any, path: str, /, **data: Any) -> Any:
        """Send a form in somebody's name."""
        return self.world.signed_in(person).post(self.at(path), data=data)

    def get(self, person: Any, path: str = "", **query: Any) -> Any:
        """Ask for a page in somebody's name."""
        return self.world.signed_in(person).get(self.at(path), query_string=query)

    def text(self, person: Any, path: str = "", **query: Any) -> str:
        """Return a page as somebody reads it."""
        answer = self.get(person, path, **query)
        assert answer.status_code == 200, answer.status_code
        return answer.get_data(as_text=True)

    def all(self, kind: Any, **filters: Any) -> list[Any]:
        """Return all rows of a kind that fit."""
        with self.world.inside() as session:
            rows = session.query(kind).filter_by(**filters).order_by(kind.id).all()
            session.expunge_all()
            return rows

    def round(self, months: int = 0, **values: Any) -> FollowUpRound:
        """Make a round that is open, without its lines in the inboxes."""
        values = {
            "year": 2026,
            "opens_on": TODAY - timedelta(days=5),
            "closes_on": TODAY + timedelta(days=20),
            "opened_at": NOW,
        } | values
        with self.world.app.app_context():
            return keep(
                FollowUpRound(
                    program_id=self.program.id, months=months, by_id=self.staff.id, by_name=self.staff.name, at=NOW,
                    **values,
                )
            )  # fmt: skip

    def answer(self, asked: Any, enrolment: Any, **values: Any) -> FollowUpAnswer:
        """Make an answer straight away."""
        values = {
            "destination": Destination.EMPLOYED,
            "employer_id": self.world.enterprise.id,
            "match": "yes",
        } | values
        with self.world.app.app_context():
            return keep(
                FollowUpAnswer(
                    program_id=self.program.id, round_id=asked.id, enrolment_id=enrolment.id, by_id=self.staff.id,
                    source=AnswerSource.GRADUATE, by_name="x", at=NOW, **values,
                )
            )  # fmt: skip

    def another(self, cohort: int = 0, **values: Any) -> Any:
        """Make one more graduate."""
        return self.world.enrolment(
            self.program, cohort_id=self.cohorts[cohort].id, state=EnrolmentState.COMPLETED, **values
        )


@pytest.fixture
def alumni(world: World) -> Alumni:
    clock = [NOW]
    world.app.config["CLOCK"] = lambda: clock[0]
    staff = world.user(Role.STAFF)
    program = world.program(
        State.CLOSED,
        created_by=staff,
        starts_on=TODAY - timedelta(days=700),
        ends_on=TODAY - timedelta(days=10),
    )
    graduate, coordinator = world.user(Role.TRAINEE), world.user(Role.ENTERPRISE_COORDINATOR)
    mentor = world.user(Role.ENTERPRISE_MENTOR)
    cohorts = (world.cohort(program, "A 班"), world.cohort(program, "B 班"))
    one = world.enrolment(
        program, user=graduate, mentor=mentor, cohort_id=cohorts[0].id, state=EnrolmentState.COMPLETED
    )
    two = world.enrolment(program, cohort_id=cohorts[1].id, state=EnrolmentState.COMPLETED)
    return Alumni(world, program, cohorts, graduate, one, two, staff, coordinator, mentor, clock)


EMPLOYED = {
    "destination": "employed",
    "employer_name": "重庆某某汽车部件有限公司",
    "post": "装配工",
    "match": "yes",
    "income": "5200",
    "promoted": "no",
    "certified": "yes",
    "certificate": "装配钳工 高级工",
}


@pytest.fixture
def employed() -> dict[str, str]:
    return dict(EMPLOYED)

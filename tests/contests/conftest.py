"""A college that holds contests: staff, judges of three sides, trainees of one programme."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import NOW, TODAY, World
from trainmgr.contests.models import ContestCriterion, ContestEntry
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.access import Role
from trainmgr.programs.rules import State


class Arena:
    """Who is there, and what they do."""

    def __init__(self, world: World, trainees: int = 4) -> None:
        self.world = world
        self.staff = world.user(Role.STAFF)
        self.program = world.program(State.RUNNING, created_by=self.staff)
        self.teacher, self.mentor = world.user(Role.SCHOOL_TEACHER), world.user(Role.ENTERPRISE_MENTOR)
        self.outside = world.user(Role.OUTSIDE_ASSESSOR)
        self.coordinator = world.user(Role.ENTERPRISE_COORDINATOR)
        self.trainees = [world.user(Role.TRAINEE) for _ in range(trainees)]
        self.enrolments: list[Enrolment] = [
            world.enrolment(self.program, user=user) for user in self.trainees
        ]

    def get(self, person: Any, path: str) -> Any:
        """Open a page."""
        return self.world.signed_in(person).get(path)

    def text(self, person: Any, path: str) -> str:
        """Return a page as somebody reads it."""
        answer = self.get(person, path)
        assert answer.status_code == 200, answer.status_code
        return answer.get_data(as_text=True)

    def post(self, person: Any, path: str, /, **data: Any) -> Any:
        """Send a form."""
        return self.world.signed_in(person).post(path, data=data)

    def fields(self, **more: Any) -> dict[str, Any]:
        """Return a filled-in form of a contest: two criteria, first prize for one, second for two, a scholarship."""
        rest = {
            f"prizes-{n}-{key}": value
            for n in range(2, 6)
            for key, value in (("kind", "prize"), ("grade", "merit"))
        }
        return (
            rest
            | {
                "version": "",
                "name": "个人技能秀",
                "kind": "skill",
                "level": "college",
                "form_of": "one",
                "program": str(self.program.id),
                "enterprise": str(self.world.enterprise.id),
                "held_on": TODAY.isoformat(),
                "criteria-0-name": "装配质量",
                "criteria-0-most": "60",
                "criteria-0-weight": "2",
                "criteria-1-name": "用时",
                "criteria-1-most": "20",
                "prizes-0-first": "1",
                "prizes-0-last": "1",
                "prizes-0-kind": "scholarship",
                "prizes-0-grade": "first",
                "prizes-0-amount": "2,000",
                "prizes-1-first": "2",
                "prizes-1-last": "3",
                "prizes-1-kind": "prize",
                "prizes-1-grade": "second",
            }
            | more
        )

    def set_up(self, **more: Any) -> int:
        """Prepare a contest; returns its id."""
        answer = self.post(self.staff, "/contests/new", **self.fields(**more))
        assert answer.status_code == 302, answer.get_data(as_text=True)
        return int(answer.location.rsplit("/", 1)[1])

    def move(self, contest_id: int, target: str) -> Any:
        """Move a contest on."""
        return self.post(self.staff, f"/contests/{contest_id}/move", target=target)

    def judged(self, *judges: Any, **more: Any) -> int:
        """Return a contest that is being judged, with everybody entered."""
        contest_id = self.set_up(**more)
        for judge in judges or (self.teacher, self.mentor, self.outside):
            self.post(self.staff, f"/contests/{contest_id}/judges", person=judge.username)
        self.move(contest_id, "open")
        numbers = " ".join(one.student_number for one in self.enrolments)
        assert self.post(self.staff, f"/contests/{contest_id}/entries", people=numbers).status_code == 302
        assert self.move(contest_id, "judging").status_code == 302
        return contest_id

    def score(self, person: Any, contest_id: int, entry: Any, quality: Any, speed: Any, **more: Any) -> Any:
        """Hand in a scoring sheet."""
        ids = [one.id for one in self.all(ContestCriterion, contest_id=contest_id)]
        points = {f"points-{ids[0]}": str(quality), f"points-{ids[1]}": str(speed)}
        return self.post(person, f"/contests/{contest_id}/scores/{entry.id}", **points, **more)

    def all(self, kind: Any, **filters: Any) -> list[Any]:
        """Return all rows of a kind."""
        with self.world.inside() as session:
            rows = (
                session.query(kind).filter_by(**filters).order_by(*kind.__table__.primary_key.columns).all()
            )
            session.expunge_all()
            return rows

    def entries(self, contest_id: int) -> list[ContestEntry]:
        """Return the entries of a contest."""
        return self.all(ContestEntry, contest_id=contest_id)


@pytest.fixture
def arena(world: World) -> Arena:
    world.app.config["CLOCK"] = lambda: NOW
    return Arena(world)

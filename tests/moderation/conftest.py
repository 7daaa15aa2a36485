"""A window in which both mentors rate, and the trainee; who they are, and how marks are given."""

from __future__ import annotations

from typing import Any

import pytest

from tests.evaluation.conftest import Stage, clock, make_stage
from trainmgr.evaluation.models import Result
from trainmgr.evaluation.rules import Party
from trainmgr.kernel.access import Role
from trainmgr.moderation.models import Appeal, Moderation, ModerationDecision, ModerationSide

__all__ = ["clock"]


class Talk:
    """A programme in evaluation whose parties may be apart."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.world = stage, stage.world
        self.coordinator = self.world.user(Role.ENTERPRISE_COORDINATOR)

    def rate(self, **marks: int) -> None:
        """Hand in ratings of the first trainee: one mark for everything a party is asked."""
        for name, mark in marks.items():
            answer = self.stage.rate(Party(name), mark=mark)
            assert answer.status_code == 302, answer.status_code

    def apart(self, enterprise: int = 2, teacher: int = 5) -> Moderation:
        """Let enterprise and teacher be far apart."""
        self.rate(enterprise=enterprise, teacher=teacher)
        return self.one(Moderation)

    def all(self, kind: Any) -> list[Any]:
        """Return all rows of a kind."""
        with self.world.inside() as session:
            rows = session.query(kind).order_by(kind.id).all()
            session.expunge_all()
            return rows

    def one(self, kind: Any) -> Any:
        """Return the only row of a kind."""
        (row,) = self.all(kind)
        return row

    @property
    def result(self) -> Result:
        """The first trainee's result."""
        with self.world.inside() as session:
            row = session.query(Result).filter_by(enrolment_id=self.stage.enrolments[0].id).one()
            session.expunge(row)
            return row

    def sides(self) -> dict[Party, ModerationSide]:
        """Return the sides by party."""
        return {side.party: side for side in self.all(ModerationSide)}

    def at(self, path: str) -> str:
        """Return an address in the programme."""
        return f"/programs/{self.stage.program.id}{path}"

    def get(self, person: Any, path: str) -> Any:
        """Open a page."""
        return self.world.signed_in(person).get(self.at(path))

    def post(self, person: Any, path: str, /, **data: Any) -> Any:
        """Send a form."""
        return self.world.signed_in(person).post(self.at(path), data=data)

    def answer(self, person: Any, answer: str = "keep", **data: Any) -> Any:
        """Answer in the only moderation."""
        one = self.one(Moderation)
        return self.post(
            person, f"/moderations/{one.id}/answer", answer=answer, **{"reason": "看过成品"} | data
        )

    def decide(self, kind: str = "keep", person: Any = None, **data: Any) -> Any:
        """Decide the only moderation."""
        one, data = self.all(Moderation)[-1], {"reason": "复看记录后定"} | data
        return self.post(person or self.stage.staff, f"/moderations/{one.id}/decision", kind=kind, **data)

    def shared(self) -> list[int]:
        """Return the criteria that both mentor and teacher rate."""
        return [c for c in self.stage.questions(Party.ENTERPRISE) if c in self.stage.questions(Party.TEACHER)]


@pytest.fixture
def talk(world, clock) -> Talk:
    return Talk(make_stage(world, trainees=1))


__all__ += ["Appeal", "ModerationDecision"]

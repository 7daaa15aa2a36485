"""A programme under way with revenue shares, three trainees with different hours, staff of both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.factories import NOW, World, keep
from trainmgr.kernel.access import Role
from trainmgr.programs.models import RevenueShare
from trainmgr.programs.rules import State


@dataclass
class House:
    """Who is there; `trainees` have 100, 80 and 20 verified hours."""

    world: World
    program: Any
    staff: Any
    coordinator: Any
    trainees: list[Any]

    @property
    def path(self) -> str:
        """The address of the programme's yields."""
        return f"/programs/{self.program.id}/yields"

    def post(self, person: Any, path: str = "", /, **data: Any) -> Any:
        """Send a form in somebody's name."""
        return self.world.signed_in(person).post(f"{self.path}{path}", data=data)

    def text(self, person: Any, path: str = "") -> str:
        """Return a page as somebody reads it."""
        answer = self.world.signed_in(person).get(f"{self.path}{path}")
        assert answer.status_code == 200, answer.status_code
        return answer.get_data(as_text=True)

    def all(self, kind: Any, **filters: Any) -> list[Any]:
        """Return all rows of a kind that fit."""
        with self.world.inside() as session:
            rows = (
                session.query(kind).filter_by(**filters).order_by(*kind.__table__.primary_key.columns).all()
            )
            session.expunge_all()
            return rows


@pytest.fixture
def house(world: World) -> House:
    world.app.config["CLOCK"] = lambda: NOW
    staff, coordinator = world.user(Role.STAFF), world.user(Role.ENTERPRISE_COORDINATOR)
    program = world.program(State.RUNNING, created_by=staff)
    trainees = [world.enrolment(program, verified_minutes=hours * 60) for hours in (100, 80, 20)]
    shares = (
        ("测试学院", 5_000, world.college),
        ("测试企业", 3_333, world.enterprise),
        ("系部", 1_667, None),
    )
    with world.app.app_context():
        for label, points, home in shares:
            keep(
                RevenueShare(program_id=program.id, label=label, basis_points=points,
                             organization_id=home.id if home else None)
            )  # fmt: skip
    return House(world, program, staff, coordinator, trainees)

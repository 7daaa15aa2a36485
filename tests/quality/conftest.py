"""A college with a department, a programme that runs, trainees in a named class and out of it, an enterprise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.factories import NOW, TODAY, World, keep
from trainmgr.kernel.access import Role
from trainmgr.outcomes.models import PassDecision
from trainmgr.outcomes.rules import PassKind
from trainmgr.programs.rules import State
from trainmgr.quality import computing, measuring
from trainmgr.quality.rules import Period, Scope

YEAR = TODAY.year
PERIOD = Period.of_year(YEAR)


@dataclass
class House:
    """Who is there; `named` are of the enterprise's class, `plain` is of another enterprise and of no class."""

    world: World
    staff: Any
    department: Any
    program: Any
    cohort: Any
    named: list[Any]
    plain: Any
    other_enterprise: Any

    @property
    def college(self) -> Scope:
        """The whole college."""
        return Scope.of_college(self.world.college.id)

    def figure(self, code: str, scope: Scope | None = None) -> Any:
        """Return one figure, live."""
        with self.world.app.app_context():
            return measuring.measure([code], scope or self.college, PERIOD).get(code)

    def compute(self, year: int = YEAR) -> None:
        """Have the figures of a year computed."""
        with self.world.inside() as session:
            for _done in computing.compute_year(self.world.college.id, year, now=NOW):
                pass
            session.commit()

    def pass_on(self, enrolment: Any, kind: PassKind = PassKind.PASSED, at: Any = NOW) -> None:
        """Decide on a trainee."""
        with self.world.app.app_context():
            keep(
                PassDecision(
                    program_id=enrolment.program_id, enrolment_id=enrolment.id, kind=kind,
                    by_id=self.staff.id, by_name=self.staff.name, at=at,
                )
            )  # fmt: skip

    def text(self, person: Any, path: str, status: int = 200) -> str:
        """Return a page as somebody reads it."""
        answer = self.world.signed_in(person).get(path)
        assert answer.status_code == status, answer.status_code
        return answer.get_data(as_text=True)

    def post(self, person: Any, path: str, /, **data: Any) -> Any:
        """Send a form in somebody's name."""
        return self.world.signed_in(person).post(path, data=data)

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
    staff, department = world.user(Role.STAFF), world.department()
    program = world.program(
        State.RUNNING, created_by=staff, department_id=department.id, planned_minutes=6000
    )
    with world.app.app_context():
        from trainmgr.enrolment.models import Cohort

        cohort = keep(Cohort(program_id=program.id, name="欣旺达班", enterprise_id=world.enterprise.id))
    named = [world.enrolment(program, cohort_id=cohort.id, field="机电一体化") for _number in range(3)]
    from trainmgr.identity.models import OrganizationKind

    other = world.organization(OrganizationKind.ENTERPRISE, name="另一企业")
    plain = world.enrolment(program, enterprise=other, field="数控技术")
    return House(world, staff, department, program, cohort, named, plain, other)

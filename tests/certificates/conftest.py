"""A programme at its end: two trainees who passed, one who did not, one who is not decided on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.factories import NOW, World, keep
from trainmgr.certificates import issuing
from trainmgr.certificates.issuing import Deed
from trainmgr.certificates.models import Certificate
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.outcomes.models import PassDecision
from trainmgr.outcomes.rules import PassKind
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State

ORIGIN = "http://localhost/"


@dataclass
class Ending:
    """Who is there; `passed` are two, the first one is `trainee`."""

    world: World
    program: Any
    staff: Any
    trainee: Any
    passed: list[Any]
    failed: Any

    @property
    def path(self) -> str:
        """The address of the programme's certificates."""
        return f"/programs/{self.program.id}/certificates"

    def browser(self, person: Any) -> Any:
        """Return a browser in which somebody is signed in."""
        return self.world.signed_in(person)

    def all(self, kind: Any, **filters: Any) -> list[Any]:
        """Return all rows of a kind that fit."""
        with self.world.inside() as session:
            rows = (
                session.query(kind).filter_by(**filters).order_by(*kind.__table__.primary_key.columns).all()
            )
            session.expunge_all()
            return rows

    def decide(self, enrolment: Any, kind: PassKind = PassKind.PASSED) -> None:
        """Let a trainee pass, or not."""
        with self.world.app.app_context():
            db.session.query(PassDecision).filter_by(enrolment_id=enrolment.id).update({"is_present": False})
            number = db.session.query(PassDecision).filter_by(enrolment_id=enrolment.id).count() + 1
            keep(
                PassDecision(program_id=self.program.id, enrolment_id=enrolment.id, number=number, kind=kind,
                             by_id=self.staff.id, by_name=self.staff.name, at=NOW)
            )  # fmt: skip

    def issue(self, *enrolments: Any) -> list[Certificate]:
        """Issue straight away, by the action."""
        with self.world.app.test_request_context():
            program = db.session.get_one(Program, self.program.id)
            deed = Deed(db.session.get_one(User, self.staff.id), NOW, ORIGIN)
            ids = [one.id for one in enrolments or self.passed]
            issuing.issue(program, ids, deed)
            db.session.commit()
        return self.all(Certificate)


@pytest.fixture
def ending(world: World) -> Ending:
    world.app.config["CLOCK"] = lambda: NOW
    staff = world.user(Role.STAFF)
    program = world.program(
        State.EVALUATING,
        created_by=staff,
        name="数控装调工现场工程师",
        name_en="Field engineers",
        current_stage=1,
    )
    trainee = world.user(Role.TRAINEE, name="周建国")
    passed = [
        world.enrolment(program, user=trainee, verified_minutes=6000),
        world.enrolment(program, user=world.user(Role.TRAINEE, name="欧阳小满")),
    ]
    failed, _open = world.enrolment(program), world.enrolment(program)
    made = Ending(world, program, staff, trainee, passed, failed)
    for one in passed:
        made.decide(one)
    made.decide(failed, PassKind.FAILED)
    return made


__all__ = ["Ending", "Enrolment", "ending"]

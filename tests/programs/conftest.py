from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.factories import World
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.programs import hooks, thread
from trainmgr.programs.models import Duty, Program, RevenueShare
from trainmgr.programs.rules import Step


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """These tests are about programmes themselves: later steps assess nothing, nobody listens."""
    own = {step: assess for step, assess in thread._assessors.items() if step in (Step.PATHWAY, Step.PROGRAM)}
    monkeypatch.setattr(thread, "_assessors", own)
    monkeypatch.setattr(hooks, "_after_move", [])
    monkeypatch.setattr(hooks, "_after_edition", [])


@pytest.fixture
def staff(world: World):
    return world.user(Role.STAFF)


@pytest.fixture
def office(world: World, staff):
    """A browser in which the college's staff are signed in."""
    return world.signed_in(staff)


@pytest.fixture
def stored(world: World):
    """Read one value from the database: `stored(Program.state, program)`."""

    def read(column, program):
        with world.app.app_context():
            return db.session.scalar(sa.select(column).where(Program.id == program.id))

    return read


@pytest.fixture
def actions_of(world: World):
    """The actions in the trail of a programme, oldest first."""

    def read(program):
        with world.app.app_context():
            return list(
                db.session.scalars(
                    sa.select(AuditEvent.action)
                    .where(AuditEvent.program_id == program.id)
                    .order_by(AuditEvent.id)
                )
            )

    return read


@pytest.fixture
def complete(world: World):
    """Make a draft in which nothing of the set-up is missing."""

    def make(**values):
        department = world.department()
        program = world.program(department_id=department.id, **values)
        with world.app.app_context():
            for organization in (world.college, world.enterprise):
                db.session.add(Duty(program_id=program.id, organization_id=organization.id, text="带教"))
            db.session.add(RevenueShare(program_id=program.id, label="学院", basis_points=10_000))
            db.session.commit()
        return program

    return make


@pytest.fixture
def strangers(world: World):
    """Browsers of people with the same roles in other organisations."""
    return {
        Role.STAFF: world.signed_in(world.user(Role.STAFF, world.organization())),
        Role.ENTERPRISE_COORDINATOR: world.signed_in(
            world.user(Role.ENTERPRISE_COORDINATOR, world.organization(OrganizationKind.ENTERPRISE))
        ),
    }

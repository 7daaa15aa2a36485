"""What tests of needs arrange: a programme under analysis, its people, an analysis that is ready to be signed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from sqlalchemy.orm import selectinload

from tests.factories import NOW
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.needs import actions, indicators
from trainmgr.needs.actions import CompetencyFacts
from trainmgr.needs.indicators import IndicatorFacts
from trainmgr.needs.models import Direction
from trainmgr.needs.queries import analysis_of, competencies_of, indicators_of
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State

LATER = NOW + timedelta(hours=1)


def facts(name="故障诊断", importance="4.5", required="4", current="2", **more):
    return CompetencyFacts(name, Decimal(importance), Decimal(required), Decimal(current), **more)


def actor(user):
    return db.session.get_one(User, user.id, options=[selectinload(User.memberships)], populate_existing=True)


def fresh(program):
    return db.session.get_one(Program, program.id)


@pytest.fixture
def people(world):
    """Staff of the college, coordinator of the enterprise, and the programme that they share."""
    staff, coordinator = world.user(Role.STAFF), world.user(Role.ENTERPRISE_COORDINATOR)
    return SimpleNamespace(staff=staff, coordinator=coordinator, program=world.program(State.ANALYSING))


def fill(program, staff, hours=40):
    """Enter two competencies, one indicator, a post and hours: all that both sides sign."""
    program, by = fresh(program), actor(staff)
    wanted = [facts("故障诊断", "4.5", "4", "2", name_en="Diagnosis"), facts("读图", "4", "4", "3.5")]
    first, second = actions.create_competencies(program, wanted, by=by, now=NOW)
    indicators.create_indicator(
        program,
        IndicatorFacts(
            "停机时间",
            expected=Decimal(30),
            current=Decimal(46),
            direction=Direction.LOWER,
            unit="分钟",
            benchmark=Decimal(25),
            competency_ids=frozenset({first.id}),
        ),
        by=by,
        now=NOW,
    )
    actions.update_settings(program, post="装调工", trainee_weight=60, priority_count=7, by=by, now=NOW)
    if hours:
        actions.set_hours(program, {first.id: hours, second.id: hours}, by=by, now=NOW)


@pytest.fixture
def ready(people, world):
    """An analysis that only lacks the signatures."""
    with world.app.app_context():
        fill(people.program, people.staff)
        db.session.commit()
    return people


class Shown:
    """Reads the analysis as it stands, in a session of its own."""

    def __init__(self, app, program):
        self.app, self.program = app, program

    @property
    def competencies(self):
        return self._all(competencies_of)

    @property
    def indicators(self):
        return self._all(indicators_of)

    def _all(self, read):
        with self.app.app_context():
            found = read(self.program.id)
            db.session.expunge_all()
            return found

    @property
    def analysis(self):
        with self.app.app_context():
            found = analysis_of(self.program.id)
            db.session.expunge_all()
            return found

    def named(self, name):
        return next(c for c in [*self.competencies, *self.indicators] if c.name == name)


@pytest.fixture
def shown(world, people):
    return Shown(world.app, people.program)

"""An installation on several hosts, and a running programme with trainees who are signed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import World, keep
from tests.hosts.hosts import Installation
from tests.hosts.load import WRITERS, Load
from trainmgr.curriculum.frozen import lifted
from trainmgr.curriculum.models import Edition, EditionState, PlanStage, Venue
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.pathways.schema import LogFrequency
from trainmgr.practice.log_models import PracticeTerms
from trainmgr.programs.rules import State


@pytest.fixture
def installation(tmp_path):
    running = Installation(tmp_path)
    with running.app.app_context():
        db.create_all()
    yield running
    running.app.extensions["jobs"].huey.storage.close()
    with running.app.app_context():
        db.engine.dispose()
    running.end()


@pytest.fixture
def load(installation):
    """A running programme with trainees who are signed in."""
    world, now = World(installation.app), datetime.now(UTC)
    with installation.app.app_context():
        today = local_day(now)
    staff, mentor = world.user(Role.STAFF), world.user(Role.ENTERPRISE_MENTOR)
    program = world.program(
        State.RUNNING, created_by=staff, current_stage=1, planned_minutes=6000,
        starts_on=today - timedelta(days=60), ends_on=today + timedelta(days=100),
    )  # fmt: skip
    competency = world.competency(program)
    with installation.app.app_context(), lifted():
        edition = keep(
            Edition(program_id=program.id, number=1, state=EditionState.SIGNED, signed_at=now, created_by_id=staff.id,
                    created_at=now, changed_at=now)
        )  # fmt: skip
        keep(
            PlanStage(
                edition_id=edition.id, number=1, name="跟岗", venue=Venue.ENTERPRISE, hours=400, weeks=20
            )
        )
        keep(PracticeTerms(program_id=program.id, frequency=LogFrequency.DAILY, back_days=30))
    cookies = []
    for _ in range(WRITERS):
        trainee = world.user(Role.TRAINEE)
        world.enrolment(
            program, user=trainee, mentor=mentor, planned_minutes=6000, enrolled_on=today - timedelta(days=50)
        )
        browser = world.signed_in(trainee)
        (cookie,) = browser._cookies.values()
        cookies.append(f"{cookie.key}={cookie.value}")
    return Load(installation, program.id, competency.id, today, cookies=cookies, staff_id=staff.id)

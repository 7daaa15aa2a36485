"""What tests of standards arrange: the two sides, and a draft that only lacks the signatures."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from tests.factories import NOW
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.rules import Side
from trainmgr.standards import actions, queries, tasks, versions
from trainmgr.standards.actions import CompetencyFacts, PostFacts
from trainmgr.standards.models import JobStandard, VersionCompetency
from trainmgr.standards.rules import TaskKind
from trainmgr.standards.tasks import TaskFacts

LATER = NOW + timedelta(hours=1)
WORDS = ("看得懂", "在指导下做", "独立做", "做得好", "能教别人")


def facts(name="故障诊断", importance="4.5", required="4", **more):
    return CompetencyFacts(name, Decimal(importance), Decimal(required), **({"levels": WORDS} | more))


def actor(user):
    return db.session.get_one(User, user.id, options=[selectinload(User.memberships)], populate_existing=True)


def fresh(standard_id, viewer):
    """Read a standard again as somebody who sees it."""
    db.session.expire_all()
    return queries.standard_or_404(standard_id, actor(viewer))


def sign_both(standard, people):
    for side, user in ((Side.COLLEGE, people.staff), (Side.ENTERPRISE, people.coordinator)):
        versions.sign(standard, side=side, by=actor(user), now=LATER)


def fill(standard, by):
    """Give a draft the chain of one task and two competencies that it takes."""
    made, source = [], []
    for kind in TaskKind:
        task = tasks.create_task(
            standard, kind, TaskFacts(f"排除故障（{kind.value}）"), sources=source, by=by, now=NOW
        )
        source = [task.id]
        made.append(task)
    for values in (facts(name_en="Diagnosis"), facts("读图", "4", "3.5")):
        actions.create_competency(standard, values, tasks=[made[1].id], by=by, now=NOW)
    return made


@pytest.fixture
def people(world):
    """Staff of the college, coordinator of the enterprise, and their standard with an empty draft."""
    staff, coordinator = world.user(Role.STAFF), world.user(Role.ENTERPRISE_COORDINATOR)
    with world.app.app_context():
        wanted = PostFacts("QL-01", "装调技师", "Assembly technician", "汽车装调工", world.enterprise.id)
        standard = actions.create_standard(world.college.id, wanted, by=actor(staff), now=NOW)
        db.session.commit()
        return SimpleNamespace(staff=staff, coordinator=coordinator, id=standard.id, world=world)


@pytest.fixture
def ready(people):
    """A standard whose draft only lacks the signatures."""
    with people.world.app.app_context():
        fill(fresh(people.id, people.staff), actor(people.staff))
        db.session.commit()
    return people


@pytest.fixture
def published(ready):
    """A standard whose first version both sides have signed."""
    with ready.world.app.app_context():
        sign_both(fresh(ready.id, ready.staff), ready)
        db.session.commit()
    return ready


@pytest.fixture
def names_in(app):
    """Read the names of the competencies in one version of a standard."""

    def read(standard_id, number=1):
        with app.app_context():
            standard = db.session.get_one(
                JobStandard, standard_id, options=[selectinload(JobStandard.versions)]
            )
            version = next(one for one in standard.versions if one.number == number)
            statement = sa.select(VersionCompetency.name).where(VersionCompetency.version_id == version.id)
            return list(db.session.scalars(statement.order_by(VersionCompetency.position)))

    return read

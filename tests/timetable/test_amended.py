"""A timetable under a plan that is amended: each day goes by the edition in force on it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, keep
from tests.timetable.conftest import MONDAY
from trainmgr.curriculum.frozen import lifted
from trainmgr.curriculum.hooks import tell_amended
from trainmgr.curriculum.models import Edition, EditionState, Layer, Module, PlanStage, PracticeLevel, Venue
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program
from trainmgr.timetable.models import TeachingSession

CHANGE = MONDAY + timedelta(weeks=2)


def amend(school, *, keeps=True):
    """Agree on a second edition from the third Monday on; returns its module of the same lineage."""
    with school.world.app.app_context(), lifted():
        edition = keep(
            Edition(
                program_id=school.program.id,
                number=2,
                state=EditionState.AGREED,
                based_on_id=1,
                reason="新线体",
                signed_at=NOW,
                in_force_from=CHANGE,
                created_by_id=school.staff.id,
                created_at=NOW,
                changed_at=NOW,
            )
        )
        keep(PlanStage(edition_id=edition.id, number=1, name="第一阶段", venue=Venue.SCHOOL, hours=16))
        module = keep(
            Module(
                edition_id=edition.id,
                stage_number=1,
                position=1,
                name="零件测量与检具" if keeps else "别的课",
                theory_hours=6,
                practice_hours=10,
                layer=Layer.CORE,
                practice_level=PracticeLevel.BASIC,
                venue=Venue.SCHOOL,
                lead_teacher_id=school.teacher.id,
                **({"lineage": school.module.lineage} if keeps else {}),
            )
        )
        tell_amended(db.session.get(Program, school.program.id), edition, CHANGE)
        db.session.commit()
        return module


def sessions(school):
    with school.world.app.app_context():
        statement = sa.select(TeachingSession.day, TeachingSession.module_id).order_by(TeachingSession.day)
        return [tuple(row) for row in db.session.execute(statement)]


def weeks(*modules):
    return [(MONDAY + timedelta(weeks=number), module.id) for number, module in enumerate(modules)]


def test_sessions_that_stand_there_follow_an_amendment_from_its_day_on(school):
    client = school.world.signed_in(school.staff)
    client.post(school.address, data=school.form(weeks=4))
    new, old = amend(school), school.module

    assert sessions(school) == weeks(old, old, new, new)


def test_sessions_put_in_afterwards_are_of_the_edition_in_force_on_their_day(school):
    new, old = amend(school), school.module
    client = school.world.signed_in(school.staff)

    assert client.post(school.address, data=school.form(weeks=4)).status_code == 302

    assert sessions(school) == weeks(old, old, new, new)


@pytest.mark.parametrize("day", [MONDAY, CHANGE])
def test_the_form_offers_the_modules_of_the_day_asked_for(school, day):
    amend(school)
    page = school.world.signed_in(school.staff).get(f"{school.address}/new?day={day}").text
    assert ("零件测量与检具" in page) is (day == CHANGE)


def test_a_session_that_is_moved_over_the_change_becomes_one_of_the_other_edition(school):
    new = amend(school)
    client = school.world.signed_in(school.staff)
    client.post(school.address, data=school.form())
    data = school.form(day=CHANGE.isoformat(), reason="换线", version=1)
    client.post(f"{school.address}/1", data=data)

    assert sessions(school) == [(CHANGE, new.id)]


def test_a_module_that_the_plan_of_that_day_has_not_is_refused_by_name(school):
    amend(school, keeps=False)
    client = school.world.signed_in(school.staff)

    refused = client.post(school.address, data=school.form(day=CHANGE.isoformat()))
    assert refused.status_code == 422
    assert "没有模块“零件测量”" in refused.text

    repeated = client.post(school.address, data=school.form(weeks=3))
    assert repeated.status_code == 200
    assert "第 2 版" in repeated.text
    assert len(sessions(school)) == 2


def test_sessions_left_without_their_module_are_counted_and_listed(school):
    client = school.world.signed_in(school.staff)
    client.post(school.address, data=school.form(weeks=4))
    assert "模块已不在方案里" not in client.get(f"{school.address}/hours").text
    amend(school, keeps=False)

    assert "有 2 次课的模块已不在方案里" in client.get(f"{school.address}/hours").text
    page = client.get(f"{school.address}/strays").text
    assert page.count("零件测量") == 2

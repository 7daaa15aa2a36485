"""What the faculty's profiles say counts when mentors are found: qualification, sites, fields, working time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY, keep
from tests.mentoring.test_views import name, row, rows
from tests.mentoring.test_ways import taught
from trainmgr.faculty.models import Profile, Qualification
from trainmgr.faculty.queries import facts_for_many
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.mentoring.models import Mentor, ProposedPair
from trainmgr.mentoring.supply import mentors_for
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, State

PATH = "/programs/{}/proposals/enterprise"


@pytest.fixture
def program(world, app):
    app.config["CLOCK"] = lambda: NOW
    return world.program(State.RECRUITING)


@pytest.fixture
def staff(world, program):
    return world.signed_in(world.user(Role.STAFF))


def profile_of(world, named, held=(), **values):
    """Give a mentor a profile with qualifications, each (name, last day or None)."""
    mentor = row(world, sa.select(Mentor).where(Mentor.id == named.mentor_id))
    with world.app.app_context():
        profile = keep(
            Profile(
                user_id=mentor.user_id,
                organization_id=mentor.organization_id,
                side=mentor.side,
                created_at=NOW,
                **values,
            )
        )
        for what, until in held:
            keep(
                Qualification(
                    profile_id=profile.id, name=what, valid_until=until, needed=True, checked_at=NOW, at=NOW,
                )
            )  # fmt: skip
    return mentor


def placed(world, staff, program):
    staff.post(PATH.format(program.id))
    return rows(world, sa.select(ProposedPair.mentor_id, ProposedPair.obstacle))


def test_a_needed_qualification_that_ends_before_the_training_keeps_a_mentor_from_pairs(
    world, staff, program
):
    world.enrolment(program)
    profile_of(world, name(world, staff, program), held=[("特种作业证", TODAY + timedelta(days=30))])

    assert placed(world, staff, program) == [(None, "qualification")]


def test_a_renewal_counts_in_place_of_what_ends(world, staff, program):
    world.enrolment(program)
    held = [("特种作业证", TODAY + timedelta(days=30)), ("特种作业证", program.ends_on), ("高级技师", None)]
    mentor = profile_of(world, name(world, staff, program), held=held)

    assert placed(world, staff, program) == [(mentor.id, "")]


def test_who_is_at_work_when_the_class_is_comes_first(world, staff, program):
    cohort = world.cohort(program)
    world.enrolment(program, cohort_id=cohort.id)
    nights, days = name(world, staff, program), name(world, staff, program)
    tomorrow = TODAY + timedelta(days=1)
    teacher = world.user(Role.SCHOOL_TEACHER)
    taught(world, program, cohort, teacher.id, day=tomorrow)
    session = {str(tomorrow.isoweekday()): list(range(1, 9))}
    profile_of(world, nights, working_time={str(tomorrow.isoweekday()): [12]})
    profile_of(world, days, working_time=session)

    assert placed(world, staff, program) == [(days.mentor_id, "")]
    assert row(world, sa.select(ProposedPair)).parts["time"] == 1


def test_what_the_matching_takes_is_what_the_profile_says(world, staff, program):
    """One statement for all says the same as the faculty's own reading of each."""
    cases = [
        ([], None),
        ([("一", date(2027, 1, 1)), ("二", None)], date(2027, 1, 1)),
        ([("一", date(2027, 1, 1)), ("一", date(2028, 1, 1)), ("二", date(2027, 6, 1))], date(2027, 6, 1)),
        ([("一", None)], None),
    ]
    named = []
    for held, _until in cases:
        one = name(world, staff, program, site="一厂")
        named.append(
            profile_of(world, one, held=held, sites="二厂，三厂", fields="检测", working_time={"1": [1, 2]})
        )
    with world.app.app_context():
        live = db.session.get_one(Program, program.id)
        guides = {guide.id: guide for _mentor, guide, _load in mentors_for(live, Side.ENTERPRISE, TODAY)}
        facts = facts_for_many(sa.select(Mentor.user_id))
    for mentor, (_held, until) in zip(named, cases, strict=True):
        guide, said = guides[mentor.id], facts[mentor.user_id, mentor.organization_id]
        assert guide.qualified_until == said.qualified_until == until
        assert guide.times == said.times == {(1, 1), (1, 2)}
        assert guide.sites == said.sites | {"一厂"}
        assert guide.fields == said.fields

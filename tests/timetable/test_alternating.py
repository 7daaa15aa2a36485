"""The alternating calendar: blocks, remarks, the drawing's scale; a class's own days; both sides see the same."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import keep
from tests.timetable.conftest import MONDAY
from trainmgr.curriculum.frozen import lifted
from trainmgr.curriculum.models import PlanStage, Venue
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.timetable.alternating import (
    Flaw,
    Origin,
    Scale,
    StageDays,
    blocks_of,
    remarks_on,
    scale_of,
)
from trainmgr.timetable.blocks import holidays_between
from trainmgr.timetable.calendar_models import BellTimes, ClassBlock
from trainmgr.timetable.rules import STARTS, Slot, bell, faulty_bells, on_the_clock

FIRST = date(2026, 3, 2)


def stage(number, weeks=4, venue=Venue.SCHOOL, starts_on=None, ends_on=None):
    return StageDays(number, f"第{number}阶段", "", venue, weeks, "", "", starts_on, ends_on)


def test_blocks_follow_one_another_by_the_plans_weeks():
    blocks = blocks_of([stage(1, 4), stage(2, 13, Venue.ENTERPRISE), stage(3, 0), stage(4, 2)], {}, FIRST)

    assert [(one.stage.number, one.starts_on, one.ends_on) for one in blocks] == [
        (1, FIRST, date(2026, 3, 29)),
        (2, date(2026, 3, 30), date(2026, 6, 28)),
        (4, date(2026, 6, 29), date(2026, 7, 12)),
    ]
    assert [one.months for one in blocks] == [1.0, 3.0, 0.5]
    assert {one.origin for one in blocks} == {Origin.RECKONED}


def test_the_plans_days_come_before_the_classs_own_and_those_before_the_weeks():
    planned = stage(1, starts_on=date(2026, 4, 1), ends_on=date(2026, 4, 30))
    own = {1: (date(2026, 1, 1), date(2026, 1, 2)), 2: (date(2026, 5, 6), date(2026, 5, 20))}

    blocks = blocks_of([planned, stage(2), stage(3, 1)], own, FIRST)

    assert [one.origin for one in blocks] == [Origin.PLAN, Origin.CLASS, Origin.RECKONED]
    assert blocks[0].ends_on == date(2026, 4, 30)
    assert blocks[2].starts_on == date(2026, 5, 21)


def test_what_does_not_fit_is_told():
    own = {
        1: (FIRST, FIRST + timedelta(days=20)),
        2: (FIRST + timedelta(days=20), FIRST + timedelta(days=30)),
        3: (FIRST + timedelta(days=60), FIRST + timedelta(days=70)),
        4: (FIRST - timedelta(days=9), FIRST - timedelta(days=5)),
    }

    found = remarks_on(
        blocks_of([stage(n) for n in (1, 2, 3, 4)], own, FIRST), FIRST, FIRST + timedelta(days=65)
    )

    assert [(one.flaw, one.block.stage.number, one.days) for one in found] == [
        (Flaw.TWO_PLACES, 2, 0),
        (Flaw.OUTSIDE, 3, 0),
        (Flaw.GAP, 3, 29),
        (Flaw.OUTSIDE, 4, 0),
        (Flaw.ORDER, 4, 0),
    ]


@given(st.lists(st.integers(0, 30), max_size=12))
def test_blocks_that_are_reckoned_leave_no_gap_and_never_overlap(weeks):
    blocks = blocks_of([stage(n, w) for n, w in enumerate(weeks, start=1)], {}, FIRST)

    assert remarks_on(blocks, FIRST, None) == []
    assert sum(one.days for one in blocks) == 7 * sum(weeks)


@given(st.integers(0, 900), st.integers(0, 900), st.integers(1, 900))
def test_what_is_drawn_stays_within_the_picture(start, length, whole):
    scale = Scale(FIRST, FIRST + timedelta(days=whole), 900, 80)
    first = FIRST + timedelta(days=min(start, whole))

    begin, width = scale.span(first, first + timedelta(days=length))

    assert 80 <= begin <= 980
    assert width >= 1.5
    assert begin + width <= 982
    assert all(80 <= x <= 980 for _day, x in scale.months())


def test_a_scale_needs_some_day():
    assert scale_of([], None, None, width=900, left=80) is None
    assert scale_of([], FIRST, None, width=900, left=80) is None


def test_units_have_times_on_the_clock():
    begins, ends = on_the_clock(Slot(FIRST, 3, 2), STARTS, 45)

    assert (begins.isoformat(), ends.isoformat()) == ("2026-03-02T09:50:00", "2026-03-02T11:25:00")
    assert faulty_bells(STARTS) == []
    assert faulty_bells(["08:00", "07:50", "25:00", "9：5", "x", *STARTS[5:]]) == [2, 3, 5]
    assert bell("8:5").isoformat() == "08:05:00"


def test_the_countrys_holidays_are_stretches():
    found = holidays_between(date(2026, 9, 25), date(2026, 10, 10))

    assert ("国庆节", date(2026, 10, 1), date(2026, 10, 7)) in [
        (h.name, h.starts_on, h.ends_on) for h in found
    ]


# --- the page ---------------------------------------------------------------------------------------


@pytest.fixture
def plan(school):
    """Two more stages of the signed plan: one at the enterprise without days, one with days."""
    with school.world.app.app_context(), lifted():
        edition = db.session.scalar(sa.select(PlanStage.edition_id))
        keep(
            PlanStage(edition_id=edition, number=2, name="企业轮岗", venue=Venue.ENTERPRISE, weeks=6),
            PlanStage(edition_id=edition, number=3, name="毕业设计", venue=Venue.SCHOOL, weeks=4,
                      starts_on=MONDAY + timedelta(days=100), ends_on=MONDAY + timedelta(days=127)),
        )  # fmt: skip
    return school


def _url(school):
    return f"/programs/{school.program.id}/alternation"


def _days(first, last, number=2, version=0):
    return {f"first-{number}": first, f"last-{number}": last, f"version-{number}": version}


def test_a_class_sets_its_own_days_and_both_sides_see_them(plan, signed_in):
    staff = signed_in(plan.staff)
    coordinator = plan.world.user(Role.ENTERPRISE_COORDINATOR)
    plan.world.enrolment(plan.program, cohort_id=plan.cohort.id)

    response = staff.post(_url(plan), data={"cohort": plan.cohort.id} | _days("2026-11-23", "2026-12-20"))

    assert response.status_code == 302
    for person in (staff, signed_in(coordinator)):
        page = person.get(_url(plan)).get_data(as_text=True)
        assert "企业轮岗" in page
        assert "2026-12-20" in page
    again = staff.post(_url(plan), data={"cohort": plan.cohort.id} | _days("2026-11-23", "2026-12-21"))
    assert again.status_code == 409  # the page was the one from before
    gone = staff.post(_url(plan), data={"cohort": plan.cohort.id} | _days("", "", version=1))
    assert gone.status_code == 302
    with plan.world.app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(ClassBlock)) == 0


@pytest.mark.once
@pytest.mark.parametrize(
    ("data", "status"),
    [
        (_days("2026-12-20", "2026-11-23"), 422),
        (_days("2026-12-20", ""), 422),
        (_days("nonsense", "2026-11-23"), 422),
        (_days("2026-12-20", "9999-12-31"), 422),
        (_days("0001-01-01", "2026-12-20"), 422),
        (_days("2026-12-20", "2026-12-21", number=3), 409),
        (_days("2026-12-20", "2026-12-21", number=9), 409),
    ],
)
def test_days_that_make_no_sense_or_are_the_plans_are_refused(plan, signed_in, data, status):
    response = signed_in(plan.staff).post(_url(plan), data={"cohort": plan.cohort.id} | data)

    assert response.status_code == status
    assert next(iter(data.values())) in response.get_data(as_text=True) or status == 409


@pytest.mark.once
def test_teachers_read_the_calendar_and_do_not_set_it(plan, signed_in):
    teacher = signed_in(plan.teacher)

    assert teacher.get(_url(plan)).status_code == 200
    assert teacher.post(_url(plan), data={"cohort": plan.cohort.id}).status_code == 403


def test_a_sessions_place_that_is_not_the_blocks_is_told(plan, signed_in):
    staff = signed_in(plan.staff)
    staff.post(_url(plan), data={"cohort": plan.cohort.id} | _days("2026-11-23", "2026-12-20"))
    assert staff.post(plan.address, data=plan.form()).status_code == 302  # at school, on that Monday

    assert "1 次课" in staff.get(_url(plan)).get_data(as_text=True)


def test_the_page_takes_as_many_statements_for_a_long_calendar(plan, signed_in, count_statements):
    staff = signed_in(plan.staff)
    staff.get(_url(plan))
    with count_statements() as few:
        staff.get(_url(plan))
    with plan.world.app.app_context(), lifted():
        edition = db.session.scalar(sa.select(PlanStage.edition_id))
        keep(
            *(
                PlanStage(edition_id=edition, number=n, name=f"{n}", venue=Venue.SCHOOL, weeks=2)
                for n in range(4, 20)
            )
        )
    with count_statements() as many:
        staff.get(_url(plan))

    assert len(many) == len(few) <= 10


def test_a_house_sets_when_its_units_begin(school, signed_in):
    staff, url = signed_in(school.staff), f"/programs/{school.program.id}/bells/{school.world.college.id}"
    starts = {f"unit-{number}": text for number, text in enumerate(STARTS, start=1)}

    assert staff.get(url).status_code == 200
    assert staff.post(url, data=starts | {"unit-1": "08:10", "version": 0}).status_code == 302
    wrong = staff.post(url, data=starts | {"unit-2": "08:00", "version": 1})
    assert wrong.status_code == 422
    assert staff.post(url, data=starts | {"version": 0}).status_code == 409
    assert staff.get(f"/programs/{school.program.id}/bells/{school.world.enterprise.id}").status_code == 404
    with school.world.app.app_context():
        assert db.session.get(BellTimes, school.world.college.id).starts[0] == "08:10"

"""Person-days: a trainee and a day count once, from registers and signed logs."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import selectinload

from tests.factories import NOW, TODAY, keep
from trainmgr.attendance.models import AttendanceStanding, Mark, Source
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.practice.models import LogKind, LogState
from trainmgr.practice.volume import person_days
from trainmgr.programs.models import Program

SIGNED = LogState.SIGNED


def day(number):
    return TODAY - timedelta(days=number)


def attend(place, number, mark, enrolment=None):
    with place.world.app.app_context():
        keep(
            AttendanceStanding(
                enrolment_id=(enrolment or place.enrolment).id, day=day(number), mark=mark, source=Source.HAND, at=NOW
            )
        )  # fmt: skip


def of(session, person):
    return session.get(User, person.id, options=[selectinload(User.memberships)])


def counted(place, viewer=None):
    with place.world.inside() as session:
        found = person_days(session.get(Program, place.program.id), of(session, viewer or place.staff))
    return found.days, found.people


def test_nothing_recorded_is_no_person_day(place):
    assert counted(place) == (0, 0)
    with place.world.inside() as session:
        found = person_days(session.get(Program, place.program.id), of(session, place.staff))
    assert found.each is None


def test_presence_counts_also_when_late_but_not_leave_or_absence(place):
    for number, mark in enumerate(Mark):
        attend(place, number, mark)

    assert counted(place) == (2, 1)


def test_only_signed_logs_with_minutes_count_and_the_same_day_never_twice(place):
    attend(place, 0, Mark.PRESENT)
    place.log(state=SIGNED, day=day(0))
    place.log(state=SIGNED, day=day(1))
    place.log(state=SIGNED, day=day(1), minutes=60)
    place.log(state=SIGNED, day=day(2), minutes=0, kind=LogKind.CASE)
    for number, state in enumerate((LogState.SUBMITTED, LogState.RETURNED, LogState.REPLACED), start=3):
        place.log(state=state, day=day(number))

    assert counted(place) == (2, 1)


def test_a_weeks_log_counts_its_days_with_minutes_across_a_change_of_month(place):
    first = TODAY.replace(day=1) - timedelta(days=3)
    place.log(
        state=SIGNED, day=first, until=first + timedelta(days=6), minutes=1440,
        day_minutes=[480, 0, 0, 480, 0, 0, 480],
    )  # fmt: skip
    place.log(state=SIGNED, day=first + timedelta(days=3))

    assert counted(place) == (3, 1)


def test_everybody_counts_those_whom_the_viewer_sees_and_no_other_programme(place):
    other = place.people(1)[0]
    attend(place, 0, Mark.PRESENT)
    attend(place, 0, Mark.PRESENT, other)
    attend(place, 1, Mark.LATE, other)
    elsewhere = place.world.enrolment(place.world.program())
    attend(place, 0, Mark.PRESENT, elsewhere)

    assert counted(place) == (3, 2)
    assert counted(place, place.trainee) == (1, 1)


def test_the_figure_stands_beside_the_hours_and_on_a_page_of_its_own(place, count_statements):
    attend(place, 0, Mark.PRESENT)
    staff = place.browser(place.staff)
    address = f"/programs/{place.program.id}/person-days"

    assert f'hx-get="{address}"' in staff.get(f"/programs/{place.program.id}/practice").get_data(as_text=True)
    assert f'hx-get="{address}"' in staff.get(f"/programs/{place.program.id}/result").get_data(as_text=True)
    with count_statements() as statements:
        alone = staff.get(address, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "<b>1</b>" in alone
    assert f'href="{address}"' in alone
    assert "<html" not in alone
    assert len(statements) <= 5
    whole = staff.get(address).get_data(as_text=True)
    assert "1 人，人均 1.0 天" in whole or "1 人，人均 1 天" in whole
    assert "考勤为出勤或迟到" in whole
    assert place.browser(place.world.user(Role.TRAINEE)).get(address).status_code == 404

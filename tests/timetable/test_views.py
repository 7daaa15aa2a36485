from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from tests.factories import NOW, keep
from tests.timetable.conftest import MONDAY
from trainmgr.enrolment.models import Cohort
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.timetable.models import OccupiedUnit, Room, TeachingSession


def fill(school, count, *, cohorts=1, per_day=6):
    """Write many sessions past the forms: one unit each, `per_day` a day for each of the classes."""
    teachers = [keep_teacher(school, number) for number in range(cohorts)]
    with school.world.app.app_context():
        classes = [school.cohort]
        for number in range(cohorts - 1):
            classes.append(keep(Cohort(program_id=school.program.id, name=f"{number:03} 班")))
        rows = []
        for number in range(count):
            place, rest = number % len(classes), number // len(classes)
            rows.append(
                {
                    "program_id": school.program.id,
                    "module_id": school.module.id,
                    "lineage": school.module.lineage,
                    "cohort_id": classes[place].id,
                    "day": MONDAY + timedelta(days=rest // per_day),
                    "first_unit": rest % per_day + 1,
                    "units": 1,
                    "teacher_id": teachers[place],
                    "host_id": school.world.college.id,
                    "state": "planned",
                    "cancelled_reason": "",
                    "created_by_id": school.staff.id,
                    "created_at": NOW,
                    "version": 1,
                }
            )
        db.session.execute(sa.insert(TeachingSession), rows)
        db.session.execute(
            sa.insert(OccupiedUnit).from_select(
                ["session_id", "unit", "day", "cohort_id", "teacher_id"],
                sa.select(
                    TeachingSession.id,
                    TeachingSession.first_unit,
                    TeachingSession.day,
                    TeachingSession.cohort_id,
                    TeachingSession.teacher_id,
                ),
            )
        )
        db.session.commit()


def keep_teacher(school, number):
    return school.teacher.id if number == 0 else school.world.user(Role.SCHOOL_TEACHER).id


def pages(school):
    base = f"/programs/{school.program.id}"
    return [
        f"{base}/timetable?week={MONDAY}",
        f"{base}/timetable/hours",
        f"{base}/timetable/strays",
        f"{base}/calendar?month={MONDAY}",
        f"{base}/rooms",
        f"{base}/rooms/{school.room.id}?week={MONDAY}",
        f"/my-timetable?week={MONDAY}",
    ]


def test_pages_run_few_statements_whatever_is_timetabled(school, count_statements):
    client = school.world.signed_in(school.staff)

    def counts():
        found = []
        for address in pages(school):
            with count_statements() as statements:
                assert client.get(address).status_code == 200, address
            found.append(len(statements))
        return found

    before = counts()
    fill(school, 600, cohorts=3)
    assert counts() == before
    assert max(before) <= 10, before


def test_fifty_thousand_sessions_hold(school, count_statements):
    from time import process_time

    fill(school, 50_000, cohorts=20, per_day=12)
    client = school.world.signed_in(school.staff)
    for address in pages(school):
        begun = process_time()
        assert client.get(address).status_code == 200
        assert process_time() - begun < 2, address
    form = school.form(day=(MONDAY + timedelta(days=210)).isoformat(), teacher=school.teacher.id)
    assert client.post(school.address, data=form).status_code == 302


def test_hours_planned_and_timetabled_are_set_against_each_other(school):
    client = school.world.signed_in(school.staff)
    client.post(school.address, data=school.form(weeks=3))
    page = client.get(f"/programs/{school.program.id}/timetable/hours").text
    assert "现行方案 16 学时，已排 6 学时" in page
    assert '<td class="num">10</td>' in page


def test_a_cancelled_session_does_not_count(school):
    client = school.world.signed_in(school.staff)
    client.post(school.address, data=school.form())
    with school.world.app.app_context():
        session = db.session.scalars(sa.select(TeachingSession)).one()
        number, version = session.id, session.version
    client.post(f"{school.address}/{number}/cancel", data={"reason": "停电", "version": version})
    assert "已排 0 学时" in client.get(f"/programs/{school.program.id}/timetable/hours").text


def test_a_trainee_sees_the_own_class_and_no_other(school):
    trainee = school.world.user(Role.TRAINEE)
    school.world.enrolment(school.program, user=trainee, cohort_id=school.cohort.id)
    other = school.world.cohort(school.program, "B 班")
    staff = school.world.signed_in(school.staff)
    staff.post(school.address, data=school.form())
    staff.post(school.address, data=school.form(cohort=other.id, first_unit=5))
    with school.world.app.app_context():
        theirs = db.session.scalar(sa.select(TeachingSession.id).where(TeachingSession.cohort_id == other.id))

    client = school.world.signed_in(trainee)
    assert "零件测量" in client.get(f"{school.address}?week={MONDAY}").text
    assert client.get(f"{school.address}?cohort={other.id}").status_code == 404
    assert client.get(f"{school.address}/{theirs}").status_code == 404
    mine = client.get(f"/my-timetable?week={MONDAY}").text
    assert "零件测量" in mine
    assert "B 班" not in mine


def test_a_teacher_finds_the_own_week_and_may_not_change_it(school):
    school.world.signed_in(school.staff).post(school.address, data=school.form())
    client = school.world.signed_in(school.teacher)
    assert "A 班" in client.get(f"/my-timetable?week={MONDAY}").text
    assert client.post(school.address, data=school.form(first_unit=5)).status_code == 403


def test_each_side_closes_its_own_days_and_nobody_elses(school):
    coordinator = school.world.user(Role.ENTERPRISE_COORDINATOR)
    client = school.world.signed_in(coordinator)
    address = f"/programs/{school.program.id}/calendar"
    data = {"starts_on": MONDAY.isoformat(), "ends_on": MONDAY.isoformat(), "reason": "产线检修"}
    assert client.post(address, data=data | {"house": school.world.college.id}).status_code == 422
    assert client.post(address, data=data | {"house": school.world.enterprise.id}).status_code == 302
    assert "产线检修" in client.get(f"{address}?month={MONDAY}").text
    assert (
        client.post(
            address, data=data | {"ends_on": "2026-11-01", "house": school.world.enterprise.id}
        ).status_code
        == 422
    )


def test_closing_days_names_the_sessions_that_have_to_move(school):
    client = school.world.signed_in(school.staff)
    client.post(school.address, data=school.form())
    data = {"starts_on": MONDAY.isoformat(), "ends_on": MONDAY.isoformat(), "reason": "运动会",
            "house": school.world.college.id}  # fmt: skip
    page = client.post(f"/programs/{school.program.id}/calendar", data=data, follow_redirects=True).text
    assert "已有 1 次课" in page


def test_a_room_is_changed_by_its_own_house_and_has_one_name(school):
    staff, coordinator = (
        school.world.signed_in(school.staff),
        school.world.signed_in(school.world.user(Role.ENTERPRISE_COORDINATOR)),
    )
    base = f"/programs/{school.program.id}/rooms"
    data = {"house": school.world.college.id, "name": "实训车间", "capacity": "30"}
    assert staff.post(base, data=data).status_code == 409
    assert staff.post(base, data=data | {"name": "报告厅"}).status_code == 302
    assert coordinator.get(f"{base}/{school.room.id}/edit").status_code == 403
    changed = data | {"name": "实训车间一", "version": school.room.version}
    assert staff.post(f"{base}/{school.room.id}", data=changed).status_code == 302
    assert staff.post(f"{base}/{school.room.id}", data=changed).status_code == 409


def test_a_room_shows_other_programmes_only_as_busy(school):
    world = school.world
    partner = world.organization(OrganizationKind.COLLEGE, name="合作学院")
    shared = world.program(
        school.program.state, partner=world.college, college=partner, name="看不见的项目",
        enterprise=world.organization(OrganizationKind.ENTERPRISE, name="别家企业"),
    )  # fmt: skip
    with world.app.app_context():
        cohort = keep(Cohort(program_id=shared.id, name="秘密班"))
        keep(
            TeachingSession(
                program_id=shared.id, module_id=school.module.id, lineage="x", cohort_id=cohort.id, day=MONDAY,
                first_unit=1, units=2, teacher_id=school.teacher.id, room_id=school.room.id,
                host_id=world.college.id, created_by_id=school.staff.id, created_at=NOW,
            )
        )  # fmt: skip
    counsellor = world.user(Role.COLLEGE_COUNSELLOR)
    world.relation(school.program, counsellor, Role.COLLEGE_COUNSELLOR)
    page = (
        world.signed_in(counsellor)
        .get(f"/programs/{school.program.id}/rooms/{school.room.id}?week={MONDAY}")
        .text
    )
    assert "已占用" in page
    assert "秘密班" not in page
    assert "看不见的项目" not in page


def test_a_missing_year_is_said_on_the_page(school):
    page = school.world.signed_in(school.staff).get(f"{school.address}?week=2098-03-03").text
    assert "2098 年的放假安排还不在日历里" in page
    assert (
        "放假安排还不在日历里"
        not in school.world.signed_in(school.staff).get(f"{school.address}?week={MONDAY}").text
    )


def test_rooms_out_of_use_are_not_offered(school):
    with school.world.app.app_context():
        keep(Room(organization_id=school.world.college.id, name="旧车间", retired=True))
    page = school.world.signed_in(school.staff).get(f"{school.address}/new").text
    assert "实训车间" in page
    assert "旧车间" not in page


def test_a_room_stays_in_a_base_that_the_programme_does_not_name(school):
    base = school.world.organization(OrganizationKind.BASE, name="区域实训基地")
    with school.world.inside() as session:
        session.get(Room, school.room.id).base_id = base.id
        session.commit()
    staff = school.world.signed_in(school.staff)
    address = f"/programs/{school.program.id}/rooms/{school.room.id}"
    assert "区域实训基地" in staff.get(f"{address}/edit").text
    data = {"house": school.world.college.id, "name": "实训车间二", "base_id": base.id, "version": 2}

    assert staff.post(address, data=data).status_code == 302

    with school.world.inside() as session:
        assert session.get(Room, school.room.id).base_id == base.id

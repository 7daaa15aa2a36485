from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, keep
from tests.timetable.conftest import MONDAY, make_plan
from trainmgr.identity.models import Membership, OrganizationKind, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.programs.rules import State
from trainmgr.timetable.models import ClosedPeriod, OccupiedUnit, Room, SessionState, TeachingSession


def all_sessions(school):
    with school.world.app.app_context():
        found = db.session.scalars(sa.select(TeachingSession).order_by(TeachingSession.day)).all()
        db.session.expunge_all()
        return found


def occupied(school):
    with school.world.app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(OccupiedUnit))


def put(school, **changes):
    return school.world.signed_in(school.staff).post(school.address, data=school.form(**changes))


def test_a_session_takes_its_units_and_the_lead_teaches(school):
    response = put(school)

    assert response.status_code == 302
    (session,) = all_sessions(school)
    assert (session.teacher_id, session.host_id) == (school.teacher.id, school.world.college.id)
    assert occupied(school) == 2


def test_the_same_class_twice_at_once_is_refused_with_what_it_has(school):
    put(school)
    response = put(school, first_unit=2)

    assert response.status_code == 409
    assert "A 班" in response.text
    assert "零件测量" in response.text
    assert "第 1–2 节" in response.text
    assert len(all_sessions(school)) == 1


def test_what_was_typed_stays_after_a_refusal(school):
    put(school)
    assert 'value="7"' in put(school, units=7, first_unit=2).text


def test_a_teacher_of_two_classes_is_refused_the_programme_named(school):
    other = school.world.cohort(school.program, "B 班")
    put(school)
    response = put(school, cohort=other.id, room=0)

    assert response.status_code == 409
    assert "陈老师" in response.text
    assert "测试项目" in response.text


def test_a_teacher_busy_in_a_programme_out_of_sight_is_only_busy(school):
    world = school.world
    elsewhere = world.organization(name="远方学院")
    stranger = world.user(Role.STAFF, elsewhere)
    hidden = world.program(
        State.RUNNING, college=elsewhere, enterprise=world.organization(OrganizationKind.ENTERPRISE, name="远方企业"),
        created_by=stranger, name="看不见的项目",
    )  # fmt: skip
    module, cohort = make_plan(world, hidden, school.teacher), world.cohort(hidden, "秘密班")
    form = school.form(cohort=cohort.id, module=module.id, room=0)
    assert world.signed_in(stranger).post(f"/programs/{hidden.id}/timetable", data=form).status_code == 302

    response = put(school, room=0)

    assert response.status_code == 409
    assert "陈老师" in response.text
    assert "已被占用" in response.text
    assert "看不见的项目" not in response.text
    assert "秘密班" not in response.text


def test_a_room_that_is_taken_is_refused(school):
    other, teacher = school.world.cohort(school.program, "B 班"), school.world.user(Role.SCHOOL_TEACHER)
    school.world.relation(school.program, teacher, Role.SCHOOL_TEACHER)
    put(school)
    response = put(school, cohort=other.id, teacher=teacher.id)

    assert response.status_code == 409
    assert "实训车间" in response.text


def test_a_class_larger_than_the_room_is_refused(school):
    with school.world.app.app_context():
        small = keep(Room(organization_id=school.world.college.id, name="小教室", capacity=1))
    for _ in range(2):
        school.world.enrolment(school.program, cohort_id=school.cohort.id)
    response = put(school, room=small.id)

    assert response.status_code == 409
    assert "小教室" in response.text
    assert "2 人" in response.text


@pytest.mark.parametrize(
    ("day", "word"),
    [(date(2026, 10, 1), "国庆节"), (date(2026, 11, 28), "周末"), (date(2028, 1, 3), "项目期")],
)
def test_days_without_teaching_are_refused_with_their_reason(school, day, word):
    response = put(school, day=day.isoformat())
    assert response.status_code == 409
    assert word in response.text


def test_a_weekend_is_taken_when_it_is_meant(school):
    assert put(school, day="2026-11-28", weekends="y").status_code == 302


def test_a_moved_working_day_is_an_ordinary_one(school):
    assert put(school, day="2026-10-10").status_code == 302  # a Saturday worked for the National Day


def test_the_days_on_which_the_host_is_closed_are_refused(school):
    with school.world.app.app_context():
        keep(
            ClosedPeriod(
                organization_id=school.world.enterprise.id,
                starts_on=MONDAY,
                ends_on=MONDAY + timedelta(days=4),
                reason="产线检修",
                created_by_id=school.staff.id,
                created_at=NOW,
            )
        )
    response = put(school, host=school.world.enterprise.id)
    assert response.status_code == 409
    assert "产线检修" in response.text
    assert put(school).status_code == 302  # the college is open


def test_a_day_outside_the_stage_is_refused(school):
    other = school.world.program(State.RUNNING, created_by=school.staff)
    module = make_plan(
        school.world, other, school.teacher, starts_on=MONDAY, ends_on=MONDAY + timedelta(days=30)
    )
    cohort = school.world.cohort(other)
    form = school.form(module=module.id, cohort=cohort.id, day=(MONDAY - timedelta(days=3)).isoformat())
    response = school.world.signed_in(school.staff).post(f"/programs/{other.id}/timetable", data=form)
    assert response.status_code == 409
    assert "第一阶段" in response.text


def test_a_repetition_leaves_out_what_clashes_and_says_why(school):
    put(school, day=(MONDAY + timedelta(weeks=1)).isoformat())
    with school.world.app.app_context():
        keep(
            ClosedPeriod(
                organization_id=school.world.college.id,
                starts_on=MONDAY + timedelta(weeks=2),
                ends_on=MONDAY + timedelta(weeks=2, days=6),
                reason="运动会",
                created_by_id=school.staff.id,
                created_at=NOW,
            )
        )
    response = put(school, weeks=4)

    assert response.status_code == 200
    assert "运动会" in response.text
    assert "A 班" in response.text
    assert [s.day for s in all_sessions(school)] == [MONDAY + timedelta(weeks=n) for n in (0, 1, 3)]


def test_forty_weeks_are_read_at_once(school, count_statements):
    client = school.world.signed_in(school.staff)
    with count_statements() as one:
        client.post(school.address, data=school.form())
    with count_statements() as many:
        client.post(school.address, data=school.form(day=(MONDAY + timedelta(days=1)).isoformat(), weeks=40))

    def reading(statements):
        return sum(statement.startswith("SELECT") for statement in statements)

    assert reading(many) <= reading(one)


def test_nothing_is_written_when_not_one_week_can_be_taken(school):
    put(school, weeks=3)
    assert put(school, weeks=3).status_code == 409
    assert len(all_sessions(school)) == 3


def test_moving_frees_the_old_units_and_takes_the_new(school):
    put(school)
    (session,) = all_sessions(school)
    client = school.world.signed_in(school.staff)
    form = school.form(first_unit=2, reason="教师出差", version=session.version, teacher=school.teacher.id)
    response = client.post(f"{school.address}/{session.id}", data=form)

    assert response.status_code == 302  # unit 2 is its own
    (moved,) = all_sessions(school)
    assert (moved.first_unit, occupied(school)) == (2, 2)
    assert put(school, first_unit=1, units=1).status_code == 302


def test_an_old_copy_of_a_session_is_not_moved(school):
    put(school)
    (session,) = all_sessions(school)
    form = school.form(first_unit=5, reason="教师出差", version=session.version, teacher=school.teacher.id)
    client = school.world.signed_in(school.staff)
    assert client.post(f"{school.address}/{session.id}", data=form).status_code == 302
    assert client.post(f"{school.address}/{session.id}", data=form | {"first_unit": 7}).status_code == 409
    assert all_sessions(school)[0].first_unit == 5


def test_a_reason_is_asked_before_anything_moves(school):
    put(school)
    (session,) = all_sessions(school)
    form = school.form(first_unit=5, version=session.version)
    response = school.world.signed_in(school.staff).post(f"{school.address}/{session.id}", data=form)
    assert response.status_code == 422
    assert all_sessions(school)[0].first_unit == 1


def test_what_is_called_off_stays_visible_and_frees_its_place(school):
    put(school)
    (session,) = all_sessions(school)
    client = school.world.signed_in(school.staff)
    data = {"reason": "停电", "version": session.version}
    assert client.post(f"{school.address}/{session.id}/cancel", data=data).status_code == 302

    assert occupied(school) == 0
    assert "停电" in client.get(f"{school.address}?week={MONDAY}").text
    assert put(school).status_code == 302
    with school.world.app.app_context():
        told = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "session.cancel")).one()
        assert told.reason == "停电"


def test_two_who_book_at_once_do_not_both_get_the_place(school):
    """Both have found the place free before either writes; the database lets one in and the other hears why."""
    from sqlalchemy.orm import selectinload

    from trainmgr.curriculum.models import Module
    from trainmgr.enrolment.models import Cohort
    from trainmgr.kernel.errors import RuleBroken
    from trainmgr.programs.models import Program, ProgramParty
    from trainmgr.timetable import actions
    from trainmgr.timetable.checking import Wanted
    from trainmgr.timetable.rules import Slot

    both_have_looked, outcomes, app = threading.Barrier(2, timeout=120), [], school.world.app
    look = actions.situation_of
    waited = threading.local()

    def look_and_wait(*args):
        found = look(*args)
        if not getattr(waited, "done", False) and app.config["SQLALCHEMY_DATABASE_URI"].startswith(
            "postgresql"
        ):
            waited.done = True
            both_have_looked.wait()
        return found

    def book():
        with app.app_context():
            by = db.session.get_one(
                User,
                school.staff.id,
                options=[selectinload(User.memberships).joinedload(Membership.organization)],
            )
            parties = selectinload(Program.parties).joinedload(ProgramParty.organization)
            program = db.session.get_one(Program, school.program.id, options=[parties])
            wanted = Wanted(
                db.session.get_one(Module, school.module.id),
                db.session.get_one(Cohort, school.cohort.id),
                Slot(MONDAY, 1, 2),
                db.session.get_one(User, school.teacher.id),
                None,
                school.world.college.id,
            )
            try:
                actions.timetable(program, wanted, 1, by=by, now=NOW)
                db.session.commit()
                outcomes.append("taken")
            except RuleBroken as broken:
                db.session.rollback()
                outcomes.append(str(broken))

    actions.situation_of = look_and_wait
    try:
        threads = [threading.Thread(target=book) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    finally:
        actions.situation_of = look
    assert sorted(outcome == "taken" for outcome in outcomes) == [False, True], outcomes
    assert "零件测量" in next(outcome for outcome in outcomes if outcome != "taken")
    assert len(all_sessions(school)) == 1


def test_a_closed_programme_keeps_its_timetable(school):
    with school.world.app.app_context():
        from trainmgr.programs.models import Program

        db.session.execute(sa.update(Program).values(state=State.CLOSED))
        db.session.commit()
    assert put(school).status_code == 409
    assert all_sessions(school) == []


def test_the_state_of_a_session_and_its_moment_go_together(school):
    put(school)
    with school.world.app.app_context(), pytest.raises(sa.exc.IntegrityError):
        db.session.execute(sa.update(TeachingSession).values(state=SessionState.CANCELLED))


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_out_of_time_is_refused(school, day):
    client = school.world.signed_in(school.staff)
    answer = client.post(school.address, data=school.form(day=day, weeks=3, weekends="1"))
    assert answer.status_code == 422
    assert day in answer.get_data(as_text=True)
    calendar = f"/programs/{school.program.id}/calendar"
    closed = {"house": school.world.college.id, "starts_on": day, "ends_on": day, "reason": "校庆"}
    assert client.post(calendar, data=closed).status_code == 422

"""Suspension, return, withdrawal and transfer: told beforehand, in effect on their day, with what follows elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from tests.factories import NOW, TODAY
from trainmgr.enrolment import standing
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.standing import Wanted
from trainmgr.enrolment.standing_models import StandingChange, StandingState
from trainmgr.enrolment.standing_queries import was_paused
from trainmgr.enrolment.standing_rules import StandingKind
from trainmgr.evaluation.queries import is_in_training
from trainmgr.identity.models import OrganizationKind, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.errors import RuleBroken
from trainmgr.mentoring.models import Assignment, Mentor, ProgramMentor
from trainmgr.programs.models import Due, Program, ProgramParty
from trainmgr.programs.rules import PartyRole, Side, State

K = StandingKind


@pytest.fixture
def program(world):
    return world.program(State.RUNNING, planned_size=100)


@pytest.fixture
def by(world, session):
    user = world.user(Role.STAFF)
    return session.scalars(
        sa.select(User).where(User.id == user.id).options(selectinload(User.memberships))
    ).one()


@pytest.fixture
def guided(world, session, program):
    """A trainee with an enterprise mentor who has so many places."""

    def make(capacity=1):
        user = world.user(Role.ENTERPRISE_MENTOR)
        one = world.enrolment(program, mentor=user)
        mentor = Mentor(
            user_id=user.id, organization_id=world.enterprise.id, side=Side.ENTERPRISE, name=user.name,
            capacity=capacity,
        )  # fmt: skip
        session.add(mentor)
        session.flush()
        session.add(ProgramMentor(program_id=program.id, mentor_id=mentor.id, side=Side.ENTERPRISE, load=1))
        session.add(_assignment(one, mentor, user))
        session.commit()
        return session.get(Enrolment, one.id), mentor

    return make


def _assignment(one, mentor, user):
    return Assignment(
        program_id=one.program_id, enrolment_id=one.id, side=Side.ENTERPRISE, mentor_id=mentor.id,
        starts_on=TODAY - timedelta(days=50), approved_by_id=user.id, approved_at=NOW,
    )  # fmt: skip


def change(session, program, one, kind, *, by, day=TODAY, now=NOW, **values):
    row = session.get(Program, program.id)
    return standing.change(row, [one], Wanted(kind, day, "家中有事", **values), by=by, now=now)


def load_of(session, mentor):
    return session.scalars(sa.select(ProgramMentor.load).where(ProgramMentor.mentor_id == mentor.id)).one()


def test_a_suspended_trainee_is_asked_nothing_and_frees_the_mentors_place(session, program, guided, by):
    one, mentor = guided()
    session.add(
        Due(key="x", program_id=program.id, code="x", user_id=one.user_id, visible_from=TODAY, params={})
    )

    change(session, program, one, K.SUSPEND, by=by, expected_on=TODAY + timedelta(days=30))

    assert one.state is EnrolmentState.SUSPENDED
    assert load_of(session, mentor) == 0
    assert one.enterprise_mentor_id == mentor.user_id  # by name the mentor stays
    assert session.scalar(sa.select(sa.func.count()).select_from(Due).where(Due.user_id == one.user_id)) == 0
    assert session.scalar(sa.select(sa.func.count()).where(Enrolment.id == one.id, is_in_training())) == 0
    row = session.scalars(sa.select(StandingChange)).one()
    assert (row.before, row.after, row.state) == ("training", "suspended", StandingState.DONE)
    assert [line["count"] for line in row.effects["lines"]] == [1]  # the mentor


def test_on_return_the_same_mentor_takes_over_when_there_is_room(session, program, guided, by):
    one, mentor = guided()
    change(session, program, one, K.SUSPEND, by=by)
    change(session, program, one, K.RESUME, by=by, day=TODAY + timedelta(days=9), now=NOW + timedelta(days=9))

    session.expire_all()
    assert one.state is EnrolmentState.TRAINING
    assert one.enterprise_mentor_id == mentor.user_id
    assert load_of(session, mentor) == 1


def test_without_room_the_returning_trainee_waits_for_another_mentor(world, session, program, guided, by):
    one, mentor = guided()
    change(session, program, one, K.SUSPEND, by=by)
    other = world.enrolment(program)
    session.add(_assignment(other, mentor, by))
    session.flush()
    change(session, program, one, K.RESUME, by=by, day=TODAY + timedelta(days=9), now=NOW + timedelta(days=9))

    session.expire_all()
    assert one.enterprise_mentor_id is None
    assert load_of(session, mentor) == 1
    assert session.scalars(sa.select(Assignment.ends_on).where(Assignment.enrolment_id == one.id)).one()


def test_days_of_a_suspension_are_known_afterwards(world, session, program, by):
    one = session.get(Enrolment, world.enrolment(program).id)
    change(session, program, one, K.SUSPEND, by=by, day=TODAY - timedelta(days=10))
    change(session, program, one, K.RESUME, by=by, day=TODAY)

    paused = [was_paused(one.id, TODAY - timedelta(days=days)) for days in (11, 10, 1, 0)]
    assert paused == [False, True, True, False]


def test_a_change_of_a_day_to_come_waits_for_it_and_takes_effect_by_itself(world, session, program, by):
    one = session.get(Enrolment, world.enrolment(program).id)
    day = TODAY + timedelta(days=3)
    outcome = change(session, program, one, K.SUSPEND, by=by, day=day)
    assert (outcome.planned, one.state) == (1, EnrolmentState.TRAINING)
    with pytest.raises(RuleBroken):
        change(session, program, one, K.WITHDRAW, by=by)  # one is planned

    list(standing.apply_planned(NOW + timedelta(days=2)))
    assert session.get(Enrolment, one.id).state is EnrolmentState.TRAINING
    list(standing.apply_planned(NOW + timedelta(days=3)))
    list(standing.apply_planned(NOW + timedelta(days=3)))

    session.expire_all()
    assert session.get(Enrolment, one.id).state is EnrolmentState.SUSPENDED
    assert session.scalars(sa.select(StandingChange.state)).all() == [StandingState.DONE]


def test_what_cannot_happen_any_more_on_its_day_is_called_off_with_the_reason(world, session, program, by):
    one = session.get(Enrolment, world.enrolment(program).id)
    change(session, program, one, K.SUSPEND, by=by, day=TODAY + timedelta(days=3))
    one.state = EnrolmentState.COMPLETED
    session.flush()

    list(standing.apply_planned(NOW + timedelta(days=3)))

    row = session.scalars(sa.select(StandingChange)).one()
    assert row.state is StandingState.CALLED_OFF
    assert row.remark
    assert session.get(Enrolment, one.id).state is EnrolmentState.COMPLETED


def test_what_took_effect_is_never_changed(world, session, program, by):
    one = session.get(Enrolment, world.enrolment(program).id)
    change(session, program, one, K.SUSPEND, by=by)
    session.scalars(sa.select(StandingChange)).one().reason = "另一个"
    with pytest.raises(AssertionError):
        session.flush()
    session.rollback()


def test_a_change_may_not_lie_before_the_last_one(world, session, program, by):
    one = session.get(Enrolment, world.enrolment(program).id)
    change(session, program, one, K.SUSPEND, by=by, day=TODAY - timedelta(days=3))
    with pytest.raises(RuleBroken):
        change(session, program, one, K.RESUME, by=by, day=TODAY - timedelta(days=4))


def test_another_enterprise_ends_the_old_mentor_and_takes_the_old_number_away(
    world, session, program, guided, by
):
    one, mentor = guided()
    other = world.organization(OrganizationKind.ENTERPRISE)
    with pytest.raises(RuleBroken):
        change(session, program, one, K.ENTERPRISE, by=by, enterprise_id=other.id)
    session.add(ProgramParty(program_id=program.id, organization_id=other.id, role=PartyRole.ENTERPRISE))
    session.flush()

    change(session, program, one, K.ENTERPRISE, by=by, enterprise_id=other.id)

    session.expire_all()
    assert (one.enterprise_id, one.employee_number, one.enterprise_mentor_id) == (other.id, "", None)
    assert load_of(session, mentor) == 0
    assert one.state is EnrolmentState.TRAINING


def test_another_programme_enrols_anew_and_recognises_verified_hours_only(world, session, program, by):
    target = world.program(State.RUNNING, planned_minutes=6000)
    one = session.get(Enrolment, world.enrolment(program, verified_minutes=1200).id)

    change(session, program, one, K.PROGRAM, by=by, to_program_id=target.id, recognised_minutes=9000)

    new = session.scalars(sa.select(Enrolment).where(Enrolment.program_id == target.id)).one()
    row = session.scalars(sa.select(StandingChange)).one()
    assert one.state is EnrolmentState.WITHDRAWN
    assert one.verified_minutes == 1200  # the hours stay where they were done
    assert (new.state, new.user_id, new.recognised_minutes, new.planned_minutes) == (
        EnrolmentState.TRAINING, one.user_id, 1200, 4800,
    )  # fmt: skip
    assert (row.other_enrolment_id, row.recognised_minutes) == (new.id, 1200)


def test_a_full_programme_takes_nobody_over_and_nothing_happens(world, session, program, by):
    target = world.program(State.RUNNING, planned_size=1)
    world.enrolment(target)
    one = session.get(Enrolment, world.enrolment(program).id)
    session.commit()
    with pytest.raises(RuleBroken):
        change(session, program, one, K.PROGRAM, by=by, to_program_id=target.id)
    session.rollback()
    assert session.get(Enrolment, one.id).state is EnrolmentState.TRAINING


# --- the pages ------------------------------------------------------------------------------------------


def test_what_will_happen_is_told_before_and_the_history_afterwards(world, session, program, signed_in, app):
    app.config["CLOCK"] = lambda: NOW
    staff = signed_in(world.user(Role.STAFF))
    one = world.enrolment(program)
    page = f"/programs/{program.id}/trainees/{one.id}"

    assert "不再要求" in staff.get(f"{page}/standing/suspend").get_data(as_text=True)
    data = {"day": "2026-11-20", "reason": "参军"}
    assert staff.post(f"{page}/standing/suspend", data=data | {"reason": ""}).status_code == 422
    assert (
        staff.post(f"{page}/standing/suspend", data=data | {"expected_on": "2026-11-19"}).status_code == 422
    )
    assert staff.post(f"{page}/standing/resume", data=data).status_code == 409
    assert staff.get(f"{page}/standing/nonsense").status_code == 404
    assert staff.post(f"{page}/standing/suspend", data=data).status_code == 302
    assert staff.post(f"{page}/standing/resume", data=data | {"day": "2026-12-24"}).status_code == 302

    shown = staff.get(page).get_data(as_text=True)
    assert "参军" in shown
    assert "待生效" in shown
    planned = session.scalars(sa.select(StandingChange).where(StandingChange.state == "planned")).one()
    off = f"/programs/{program.id}/standing/{planned.id}/call-off"
    staff.post(off, data={"reason": ""})
    staff.post(off, data={"reason": "提前复学"})
    session.expire_all()
    assert (planned.state, planned.remark) == (StandingState.CALLED_OFF, "提前复学")


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.ENTERPRISE_COORDINATOR, 403), (Role.SCHOOL_TEACHER, 404), (Role.TRAINEE, 404)],
)
def test_only_who_runs_the_classes_changes_somebodys_standing(world, program, signed_in, role, status):
    one = world.enrolment(program)
    client = signed_in(world.user(role))
    answer = client.post(
        f"/programs/{program.id}/trainees/{one.id}/standing/withdraw",
        data={"day": "2026-11-20", "reason": "x"},
    )
    assert answer.status_code in (status, 403)


@pytest.mark.parametrize("hours", ["NaN", "sNaN", "Infinity", "1e9"])
def test_hours_that_are_no_number_are_refused(world, program, signed_in, hours):
    one, target = world.enrolment(program), world.program(State.RUNNING, name="另一个项目")
    data = {"day": "2026-11-20", "reason": "转项目", "to_program": str(target.id), "hours": hours}

    answer = signed_in(world.user(Role.STAFF)).post(
        f"/programs/{program.id}/trainees/{one.id}/standing/program", data=data
    )

    assert answer.status_code == 422


def test_a_number_that_somebody_has_in_the_other_programme_is_told_and_stops_nobody_else(
    world, session, program, by
):
    target = world.program(State.RUNNING, name="另一个项目")
    world.enrolment(target, user=world.user(Role.TRAINEE, name="王五"), employee_number="E77")
    one = session.get(Enrolment, world.enrolment(program, employee_number="E77").id)
    other = session.get(Enrolment, world.enrolment(program).id)
    session.commit()
    with pytest.raises(RuleBroken, match="王五"):
        change(session, program, one, K.PROGRAM, by=by, to_program_id=target.id)
    session.rollback()
    tomorrow = {"day": TODAY + timedelta(days=1)}
    change(session, program, one, K.PROGRAM, by=by, to_program_id=target.id, **tomorrow)
    change(session, program, other, K.SUSPEND, by=by, **tomorrow)
    session.commit()

    list(standing.apply_planned(NOW + timedelta(days=1)))

    session.expire_all()
    rows = session.scalars(sa.select(StandingChange).order_by(StandingChange.id)).all()
    assert [row.state for row in rows] == [StandingState.CALLED_OFF, StandingState.DONE]
    assert "王五" in rows[0].remark
    assert (one.state, other.state) == (EnrolmentState.TRAINING, EnrolmentState.SUSPENDED)

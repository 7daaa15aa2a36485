from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs import actions, dues, forwarding, hooks, thread
from trainmgr.programs.models import Due, Program
from trainmgr.programs.rules import State, Step, Work
from trainmgr.programs.thread import refresh


def forward(client, program, to=State.ANALYSING, reason="都齐了"):
    return client.post(f"/programs/{program.id}/forward", data={"to": to.value, "reason": reason})


def test_a_draft_that_lacks_something_stays_a_draft_and_says_what(office, world, stored):
    program = world.program()

    response = forward(office, program)

    assert response.status_code == 409
    assert "还没定责任部门" in response.text
    assert "收入分配还没定" in response.text
    assert stored(Program.state, program) is State.DRAFT


def test_a_complete_draft_goes_forward_with_its_reason_in_the_trail(office, complete, stored, actions_of):
    program = complete()

    response = forward(office, program, reason="双方谈妥")

    assert response.status_code == 302
    assert stored(Program.state, program) is State.ANALYSING
    assert actions_of(program) == ["programs.advance.analysing"]
    assert "双方谈妥" in office.get(f"/programs/{program.id}/trail").text


def test_going_forward_twice_is_one_step(office, complete, stored, actions_of):
    program = complete()

    assert [forward(office, program).status_code for _twice in range(2)] == [302, 302]

    assert stored(Program.state, program) is State.ANALYSING
    assert len(actions_of(program)) == 1


def test_no_state_is_skipped(office, complete, stored):
    program = complete()

    assert forward(office, program, to=State.RUNNING).status_code == 409

    assert stored(Program.state, program) is State.DRAFT


def test_a_step_without_a_reason_comes_back_to_the_field(office, complete, stored):
    program = complete()

    response = forward(office, program, reason="  ")

    assert response.status_code == 422
    assert 'href="#reason"' in response.text
    assert stored(Program.state, program) is State.DRAFT


def test_the_page_before_the_step_asks_for_a_reason_or_lists_what_is_missing(office, world, complete):
    assert "<textarea" in office.get(f"/programs/{complete().id}/forward").text

    lacking = world.program()
    with world.inside() as session:
        refresh(lacking.id, now=NOW)
        session.commit()
    page = office.get(f"/programs/{lacking.id}/forward").text
    assert "<textarea" not in page
    assert "起止日期" not in page
    assert "还没定责任部门" in page


@pytest.mark.parametrize("move", ["forward", "suspend", "cancel"])
def test_only_staff_of_the_lead_college_move_a_programme(world, complete, strangers, move):
    program = complete()
    address = f"/programs/{program.id}/{move}"

    assert strangers[Role.STAFF].get(address).status_code == 404
    for role in (Role.ENTERPRISE_COORDINATOR, Role.ADMINISTRATOR):
        person = world.signed_in(world.user(role))
        assert person.post(address, data={"reason": "x", "to": "analysing"}).status_code == 403


def test_a_suspended_programme_rests_and_goes_on_where_it_stood(office, world, staff, stored, actions_of):
    program = world.program(State.RUNNING)
    with world.inside() as session:
        dues.put(
            forwarding.FORWARD, program_id=program.id, visible_from=TODAY, user_id=staff.id, due_on=TODAY
        )
        session.commit()

    office.post(f"/programs/{program.id}/suspend", data={"reason": "企业停产"})

    assert stored(Program.state, program) is State.SUSPENDED
    with world.inside() as session:
        assert session.scalars(sa.select(Due.paused)).all() == [True]
        with pytest.raises(RuleBroken):
            actions.require_open(session.get_one(Program, program.id), Work.PRACTICE)
    assert forward(office, program).status_code == 409

    office.post(f"/programs/{program.id}/resume", data={"reason": "复产"})

    assert stored(Program.state, program) is State.RUNNING
    assert actions_of(program) == ["programs.suspend", "programs.resume"]


def test_a_cancelled_programme_asks_for_nothing_and_stays_cancelled(office, world, staff, stored):
    program = world.program(State.RECRUITING)
    with world.inside() as session:
        dues.put(forwarding.FORWARD, program_id=program.id, visible_from=TODAY, user_id=staff.id)
        session.commit()

    assert office.post(f"/programs/{program.id}/cancel", data={"reason": "没有报名"}).status_code == 302

    assert stored(Program.state, program) is State.CANCELLED
    with world.inside() as session:
        assert session.scalar(sa.select(sa.func.count(Due.id))) == 0
    for move in ("cancel", "resume", "suspend"):
        assert office.post(f"/programs/{program.id}/{move}", data={"reason": "再来"}).status_code == 409


def test_closing_notes_the_moment_and_empties_the_inboxes(office, world, staff, stored, monkeypatch):
    monkeypatch.setattr(thread, "_assessors", {})  # as if no step lacked anything
    program = world.program(State.EVALUATING)
    with world.inside() as session:
        dues.put(forwarding.FORWARD, program_id=program.id, visible_from=TODAY, user_id=staff.id)
        session.commit()

    assert forward(office, program, to=State.CLOSED).status_code == 302

    assert stored(Program.closed_at, program) is not None
    with world.inside() as session:
        assert session.scalar(sa.select(sa.func.count(Due.id))) == 0
    assert "下一届" in office.get(f"/programs/{program.id}").text


def test_features_hear_when_a_programme_enters_a_state(world, complete, staff):
    program, heard = complete(), []
    hooks.after_entering(State.ANALYSING)(heard.append)
    try:
        with world.inside() as session:
            actions.advance(
                session.get_one(Program, program.id), to=State.ANALYSING, reason="好", by=staff, now=NOW
            )
    finally:
        hooks._after_move.pop()
    assert [(move.before, move.by.id) for move in heard] == [(State.DRAFT, staff.id)]


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (State.CLOSED, "结项"),
        (State.CANCELLED, "取消"),
        (State.SUSPENDED, "暂停"),
        (State.DRAFT, "运行中"),
        (State.RECRUITING, "运行中"),
    ],
)
def test_work_outside_its_states_is_refused_with_the_reason(world, state, word):
    program = world.program(state)
    with world.app.test_request_context():
        with pytest.raises(RuleBroken, match=word):
            actions.require_open(db.session.get_one(Program, program.id), Work.PRACTICE)
        db.session.rollback()


def test_the_staff_find_in_their_inbox_what_the_set_up_lacks_and_when_nothing_does(world, complete):
    lacking, whole = world.program(), complete()
    with world.inside() as session:
        refresh(lacking.id, Step.PROGRAM, now=NOW)
        refresh(whole.id, Step.PROGRAM, now=NOW)
        rows = session.execute(sa.select(Due.program_id, Due.code, Due.amount, Due.role)).all()
    assert (lacking.id, forwarding.SETUP, 4, Role.STAFF) in rows
    assert [row.code for row in rows if row.program_id == whole.id] == [forwarding.FORWARD]


# --- reminding ----------------------------------------------------------------------------------


@pytest.fixture
def late(world):
    """A running programme in which two teachers owe something since yesterday."""
    program = world.program(State.RUNNING)
    with world.inside() as session:
        people = [world.user(Role.SCHOOL_TEACHER).id for _two in range(2)]
        dues.put_many(
            forwarding.SETUP,
            [dues.Line(user_id=one, amount=3, due_on=TODAY - timedelta(days=1)) for one in people],
            program_id=program.id,
            visible_from=TODAY - timedelta(days=9),
        )
        session.commit()
    return program


def remind(client, program):
    return client.post(f"/programs/{program.id}/remind", data={"code": forwarding.SETUP})


def test_everybody_is_reminded_once_a_day(office, world, staff, late, actions_of):
    assert remind(office, late).status_code == 302
    second = remind(office, late)

    assert second.status_code == 409
    assert "今天都已提醒过" in second.text
    assert actions_of(late) == ["programs.remind"]
    with world.inside() as session:
        assert session.scalars(sa.select(Due.reminded_by)).all() == [staff.name] * 2


def test_tomorrow_they_can_be_reminded_again(office, world, late):
    remind(office, late)
    with world.inside() as session:
        session.execute(sa.update(Due).values(reminded_at=NOW - timedelta(days=400)))
        session.commit()
    assert remind(office, late).status_code == 302


def test_nobody_is_reminded_of_what_nobody_owes(office, world):
    assert remind(office, world.program(State.RUNNING)).status_code == 409
    assert office.post(f"/programs/{world.program().id}/remind", data={"code": "nonsense"}).status_code == 409


def test_a_coordinator_reminds_nobody(world, late):
    assert remind(world.signed_in(world.user(Role.ENTERPRISE_COORDINATOR)), late).status_code == 403

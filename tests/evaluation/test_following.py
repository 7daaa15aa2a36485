"""Follow-ups after the end, invitations and reminders by the clock, and who has not answered."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from tests.evaluation.conftest import make_stage, text_of
from tests.factories import NOW
from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation import inviting, queries, results, windows
from trainmgr.evaluation.models import Result, Window, WindowNotice
from trainmgr.evaluation.rules import (
    FOLLOW_UP_LEVELS,
    FOLLOW_UP_PARTIES,
    NoticeKind,
    Party,
    Phase,
    WindowKind,
    months_later,
    notice_due,
    reminder_times,
)
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs.models import Due, Program
from trainmgr.programs.rules import State

T, E, K = Party.TRAINEE, Party.ENTERPRISE, Party.TEACHER
INVITATION, FIRST, SECOND, BY_HAND = NoticeKind


# --- by table ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 6, 30), 3, date(2026, 9, 30)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 15), 12, date(2027, 12, 15)),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_the_month(day, months, later):
    assert months_later(day, months) == later


def test_people_are_reminded_half_way_and_two_days_before_the_end():
    closes = NOW + timedelta(days=14)

    assert reminder_times(NOW, closes) == (NOW + timedelta(days=7), closes - timedelta(days=2))
    assert reminder_times(NOW, NOW + timedelta(days=3)) == (NOW + timedelta(days=1.5), None)


@pytest.mark.parametrize(
    ("phase", "days", "kind"),
    [
        (Phase.PLANNED, 0, None),
        (Phase.OPEN, 0, INVITATION),
        (Phase.OPEN, 7, FIRST),
        (Phase.OPEN, 12, SECOND),
        (Phase.CLOSED, 12, None),
    ],
)
def test_what_is_due_by_the_clock(phase, days, kind):
    first, second = NOW + timedelta(days=7), NOW + timedelta(days=12)

    assert notice_due(phase, NOW + timedelta(days=days), first, second) is kind


# --- invitations and reminders ----------------------------------------------------------------------


def told(stage, kind):
    rows = db.session.query(WindowNotice).filter_by(window_id=stage.window_id, kind=kind)
    return sorted((row.user_id, row.amount) for row in rows)


def test_the_clock_invites_and_reminds_whoever_owes_once_each(stage, monkeypatch):
    heard = []
    monkeypatch.setattr(inviting, "_listeners", [lambda *heard_of: heard.append(heard_of[1:3])])
    stage.rate(T, 0)
    with stage.world.inside():
        window = db.session.get_one(Window, stage.window_id)
        everybody = sorted(
            [(stage.mentor.id, 2), (stage.teacher.id, 2), *((user.id, 1) for user in stage.trainees)]
        )
        first, second = window.first_reminder_at, window.second_reminder_at
        assert told(stage, INVITATION) == everybody
        assert inviting.send_due(first - timedelta(seconds=1)) == 0
        assert inviting.send_due(first) == 1
        assert inviting.send_due(first) == 0
        assert inviting.send_due(second) == 1
        assert inviting.send_due(second) == 0
        owing = [each for each in everybody if each[0] != stage.trainees[0].id]
        assert told(stage, FIRST) == told(stage, SECOND) == owing
        assert [kind for kind, _people in heard] == [FIRST, SECOND]
        assert sorted((one.user_id, one.amount) for one in heard[0][1]) == owing


def test_a_reminder_that_was_slept_through_is_not_sent_beside_the_next(stage):
    with stage.world.inside():
        window = db.session.get_one(Window, stage.window_id)

        assert inviting.send_due(window.second_reminder_at + timedelta(hours=1)) == 1
        assert told(stage, FIRST) == []
        assert len(told(stage, SECOND)) == 4


def test_nobody_is_reminded_of_a_suspended_programme_or_a_closed_window(stage):
    with stage.world.inside():
        window = db.session.get_one(Window, stage.window_id)
        program = db.session.get_one(Program, stage.program.id)
        assert inviting.send_due(window.closes_at) == 0
        program.state = State.SUSPENDED
        db.session.flush()
        assert inviting.send_due(window.second_reminder_at) == 0


def test_whoever_comes_later_is_invited_when_they_come(stage):
    newcomer = stage.world.user("enterprise_mentor")
    with stage.world.inside():
        db.session.get_one(Enrolment, stage.enrolments[0].id).enterprise_mentor_id = newcomer.id
        db.session.flush()
        windows.follow_people(stage.program.id, NOW)

        assert (newcomer.id, 1) in told(stage, INVITATION)
        assert len(told(stage, INVITATION)) == 5


def test_a_reminder_by_hand_goes_to_nobody_twice_on_a_day(stage):
    with stage.world.inside():
        program = db.session.get_one(Program, stage.program.id)
        window = queries.window_or_404(program.id, stage.window_id)
        remind = {"by": stage.staff, "now": NOW}
        assert inviting.remind(program, window, user_ids=[stage.mentor.id], **remind) == 1
        assert inviting.remind(program, window, **remind) == 3
        with pytest.raises(RuleBroken):
            inviting.remind(program, window, **remind)
        assert inviting.remind(program, window, by=stage.staff, now=NOW + timedelta(days=1)) == 4
        due = db.session.query(Due).filter_by(user_id=stage.mentor.id, subject_id=window.id).one()
        assert due.reminded_by == stage.staff.name


def test_who_has_not_answered_is_listed_with_what_they_were_sent_and_taken_along(stage, signed_in):
    client = signed_in(stage.staff)
    url = f"/programs/{stage.program.id}/evaluation/windows/{stage.window_id}/unanswered"
    stage.rate(T, 0)

    page = text_of(client.get(url))
    assert stage.mentor.name in page
    assert f">{stage.trainees[0].name} " not in page
    assert stage.mentor.name in text_of(client.get(f"{url}?page=99")), (
        "past its end a list shows its last page"
    )
    assert stage.mentor.name not in text_of(client.get(f"{url}?q=nobody"))
    assert client.post(url + "/remind", data={"id": [stage.mentor.id]}).status_code == 302
    assert client.post(url + "/remind", data={"id": [stage.mentor.id]}).status_code == 409
    for order in ("invitation", "owed", "name"):
        assert client.get(f"{url}?sort={order}&direction=desc").status_code == 200
    workbook = CalamineWorkbook.from_filelike(BytesIO(client.get(url + "/export").data))
    rows = workbook.get_sheet_by_index(0).to_python()
    mentor = next(row for row in rows if row[0] == stage.mentor.name)
    assert mentor[1] == 2
    assert mentor[2]
    assert mentor[5]
    assert signed_in(stage.mentor).get(url).status_code == 403
    assert signed_in(stage.mentor).post(url + "/remind").status_code == 403


# --- follow-ups -------------------------------------------------------------------------------------


def later(stage, months=3, *, opens=NOW + timedelta(days=90)):
    return windows.WindowFields(
        f"结业 {months} 个月", "", WindowKind.FOLLOW_UP, (8,), FOLLOW_UP_LEVELS, 0, opens,
        opens + timedelta(days=14), months, FOLLOW_UP_PARTIES,
    )  # fmt: skip


def test_a_follow_up_opens_in_a_closed_programme_and_leaves_the_terminal_result(stage, clock, signed_in):
    for party in (T, E, K):
        stage.rate(party, 0, 3)
    with stage.world.inside():
        live = db.session.get_one(Program, stage.program.id)
        live.state = State.CLOSED
        scheme = queries.find_scheme(live.id)
        window = windows.add_window(live, scheme, later(stage), by=stage.staff, now=NOW)
        assert window.parties == (T, E)
        opens, later_id = window.opens_at, window.id
        db.session.commit()
    terminal, stage.window_id = stage.window_id, later_id
    clock(opens + timedelta(hours=1))
    with stage.world.inside():
        assert windows.turn(opens + timedelta(hours=1)) >= 1
        db.session.commit()
        assert db.session.query(Due).filter_by(user_id=stage.mentor.id, subject_id=later_id).one().amount == 2

    assert stage.rate(T, 0, 5).status_code == 302
    assert stage.rate(E, 0, 5).status_code == 302

    with stage.world.inside():
        enrolment = db.session.get_one(Enrolment, stage.enrolments[0].id)
        by_window = {r.window_id: r for r in db.session.query(Result).filter_by(enrolment_id=enrolment.id)}
        assert by_window[terminal].composite == pytest.approx(3)
        assert by_window[later_id].composite == pytest.approx(5)
        assert not by_window[later_id].is_provisional
        assert queries.terminal_window(stage.program.id).id == terminal
        assert [(w.months_after, r.composite) for w, r in results.follow_ups(enrolment)] == [(3, 5)]


def test_only_follow_ups_are_planned_and_rated_once_the_programme_is_closed(stage):
    with stage.world.inside():
        live = db.session.get_one(Program, stage.program.id)
        live.state = State.CLOSED
        scheme = queries.find_scheme(live.id)
        windows.add_window(live, scheme, later(stage), by=stage.staff, now=NOW)
        with pytest.raises(RuleBroken):
            windows.add_window(live, scheme, later(stage), by=stage.staff, now=NOW)
        windows.add_window(live, scheme, later(stage, 6), by=stage.staff, now=NOW)
        process = windows.WindowFields(
            "过程", "", WindowKind.PROCESS, (2,), FOLLOW_UP_LEVELS, 0, NOW, NOW + timedelta(days=3)
        )
        with pytest.raises(RuleBroken):
            windows.add_window(live, scheme, process, by=stage.staff, now=NOW)
        db.session.commit()
    assert stage.rate(E, 0).status_code == 409


def test_the_pathway_plans_its_follow_ups_by_the_end_of_the_programme(world, clock):
    stage = make_stage(world, opened=False)
    with world.inside():
        live = db.session.get_one(Program, stage.program.id)
        live.ends_on = NOW.date() + timedelta(days=30)
        opens, closes = windows.follow_up_times(live, 3, 21, now=NOW)

        assert opens == windows.local_midnight(months_later(live.ends_on, 3))
        assert closes - opens == timedelta(days=21)


def test_the_form_of_a_follow_up_asks_for_its_months_and_keeps_reminders_inside(stage, signed_in):
    client, url = signed_in(stage.staff), f"/programs/{stage.program.id}/evaluation/windows/new"
    form = {
        "name": "结业 3 个月", "kind": "follow_up", "levels": ["behaviour", "results"],
        "asked": ["trainee", "enterprise"], "weight": "0",
        "opens_at": "2027-02-01T08:00", "closes_at": "2027-02-15T08:00",
    }  # fmt: skip

    assert client.get(url).status_code == 200
    assert "结业后几个月开放" in text_of(client.post(url, data=form))
    assert client.post(url, data=form | {"months_after": "3", "weight": "10"}).status_code == 422
    late = {"months_after": "3", "first_reminder_at": "2027-02-20T08:00"}
    assert client.post(url, data=form | late).status_code == 422
    good = {"months_after": "3", "first_reminder_at": "2027-02-05T08:00"}
    assert client.post(url, data=form | good | {"opens_at": "0001-01-01T00:00"}).status_code == 422
    assert client.post(url, data=form | good | {"closes_at": "9999-12-31T23:59"}).status_code == 422
    assert client.post(url, data=form | good).status_code == 302
    with stage.world.inside():
        window = db.session.query(Window).filter_by(kind=WindowKind.FOLLOW_UP).one()
        assert (window.months_after, window.asked, window.second_reminder_at) == (
            3,
            ["trainee", "enterprise"],
            None,
        )
        address = f"/programs/{stage.program.id}/evaluation/windows/{window.id}/edit"
    assert client.get(address).status_code == 200

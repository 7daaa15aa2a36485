"""The outbox: planned once, sent once, waits for the end of the quiet, tried again, and never told too much."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.notices.conftest import MORNING
from trainmgr.evaluation.inviting import Invited, NoticeKind
from trainmgr.evaluation.models import Scheme, Window, WindowKind
from trainmgr.improvement.models import ImprovementItem
from trainmgr.improvement.rules import Source
from trainmgr.kernel import mail
from trainmgr.kernel.outbox import claim
from trainmgr.notices import outbox, planning
from trainmgr.notices.models import NoticeMessage, NoticeSetting
from trainmgr.notices.rules import GIVEN_UP_AFTER, MOST_TRIES, Outcome, RobotKind, Topic
from trainmgr.timetable.models import ClosedPeriod

EVENING = MORNING + timedelta(hours=13)  # ten at night in Shanghai


def states(office, **filters):
    return [one.state for one in office.messages(**filters)]


# --- the digest ------------------------------------------------------------------------------------------------


def test_a_summary_comes_once_a_day_and_tells_how_much_not_what(office, post):
    office.setting()
    office.due(-2, params={"name": "张三"})
    office.due(0)

    for minute in range(3):
        office.tick(MORNING + timedelta(minutes=minute))

    (one,) = post.mails
    text = one.get_content()
    assert one["To"] == "li@example.com"
    assert one["Subject"] == "您有 2 项待办"
    assert "逾期：1" in text
    assert "今日到期：1" in text
    assert "https://train.example.com/" in text
    assert "张三" not in text
    assert "李老师" not in text
    office.tick(MORNING + timedelta(days=1))
    assert len(post.mails) == 2


@pytest.mark.parametrize("values", [{"digest": False}, {"confirmed_at": None}])
def test_who_does_not_want_it_or_has_not_confirmed_gets_none(office, post, values):
    office.setting()
    with office.world.inside() as session:
        session.execute(sa.update(NoticeSetting).values(**values))
        session.commit()
    office.due(0)
    office.tick()
    assert post.mails == []


def test_nothing_due_is_nothing_sent(office, post):
    office.setting()
    office.tick()
    assert post.mails == []
    assert states(office) == [Outcome.DROPPED]


@pytest.mark.once
def test_it_speaks_the_language_of_the_reader(office, post):
    office.setting(language="en")
    office.due(0)
    office.tick()
    assert post.mails[0]["Subject"] == "1 thing waits for you"


@pytest.mark.once
def test_on_a_closed_day_no_summary_comes_and_none_is_caught_up(office, post):
    office.setting()
    office.due(0)
    sunday = MORNING + timedelta(days=5)
    office.tick(sunday)
    assert post.mails == []
    with office.world.inside() as session:
        day = (MORNING + timedelta(days=6)).date()
        session.add(
            ClosedPeriod(
                organization_id=office.world.college.id,
                starts_on=day,
                ends_on=day,
                reason="运动会",
                created_by_id=office.staff.id,
                created_at=MORNING,
            )
        )
        session.commit()
    office.tick(MORNING + timedelta(days=6))
    assert post.mails == []
    office.tick(MORNING + timedelta(days=7))
    assert len(post.mails) == 1


@pytest.mark.once
def test_before_eight_nothing_is_planned(office, post):
    office.setting(quiet_begins=MORNING.time().replace(hour=0), quiet_ends=MORNING.time().replace(hour=0))
    office.due(0)
    office.tick(MORNING - timedelta(hours=2))
    assert office.messages() == []


# --- sending ---------------------------------------------------------------------------------------------------


def planned(office, at=MORNING, **values):
    """Put one summary into the outbox."""
    with office.world.inside() as session:
        outbox.plan([outbox.Plan("k", Topic.DIGEST, **({"user_id": office.person.id} | values))], now=at)
        outbox.plan([outbox.Plan("k", Topic.DIGEST, **({"user_id": office.person.id} | values))], now=at)
        session.commit()


@pytest.fixture
def alone(monkeypatch):
    """Nothing is planned by the clock: the outbox holds what the test put there."""
    monkeypatch.setattr(planning, "DAILY_AT", MORNING.time().max)
    monkeypatch.setitem(
        __import__("trainmgr.kernel.jobs.queue", fromlist=["x"]).BY_THE_CLOCK,
        "trainmgr.notices.planning.plan_the_day",
        lambda now: None,
    )


def test_what_comes_in_the_quiet_waits_for_its_end(office, post, alone):
    office.setting()
    office.due(0)
    planned(office, EVENING)
    office.tick(EVENING)
    assert post.mails == []
    assert states(office) == [Outcome.WAITING]
    office.tick(EVENING + timedelta(hours=9, minutes=59))
    assert post.mails == []
    office.tick(EVENING + timedelta(hours=10))
    assert len(post.mails) == 1
    assert states(office) == [Outcome.SENT]


def test_a_busy_server_is_tried_again_later_and_in_the_end_given_up(office, post, alone, caplog):
    office.setting()
    office.due(0)
    planned(office)
    post.answers = ["451 later"] * MOST_TRIES
    at = MORNING
    office.tick(at)
    assert states(office) == [Outcome.WAITING]
    office.tick(at + timedelta(seconds=30))
    assert post.tries == 1  # not before its time
    for _try in range(MOST_TRIES):
        (one,) = office.messages()
        at = max(at, one.not_before)
        office.tick(at)
    assert post.tries == MOST_TRIES
    assert states(office) == [Outcome.FAILED]
    assert "li@example.com" not in caplog.text
    assert "李老师" not in caplog.text
    assert "451" in office.messages()[0].fault


def test_an_address_that_is_refused_is_not_tried_again(office, post, alone):
    office.setting()
    office.due(0)
    planned(office)
    post.answers = ["550 nobody here"]
    office.tick()
    office.tick(MORNING + timedelta(hours=1))
    assert post.tries == 1
    assert states(office) == [Outcome.FAILED]


def test_a_worker_that_is_killed_leaves_the_message_and_the_next_sends_it_as_the_same_mail(
    office, post, alone, monkeypatch
):
    office.setting()
    office.due(0)
    planned(office)
    send, ids = mail.send, []

    def die(*args, **values):
        send(*args, **values)
        raise SystemExit

    monkeypatch.setattr(mail, "send", die)
    with pytest.raises(SystemExit):
        office.tick()
    monkeypatch.setattr(mail, "send", send)
    assert states(office) == [Outcome.SENDING]
    office.tick(MORNING + timedelta(minutes=1))
    assert len(post.mails) == 1  # somebody may be at it
    office.tick(MORNING + GIVEN_UP_AFTER + timedelta(minutes=1))
    ids = {one["Message-ID"] for one in post.mails}
    assert (len(post.mails), len(ids)) == (2, 1)
    assert states(office) == [Outcome.SENT]
    office.tick(MORNING + timedelta(hours=1))
    assert len(post.mails) == 2


def test_of_two_workers_one_takes_a_message(office, post, alone):
    office.setting()
    office.due(0)
    planned(office)
    with office.world.inside():
        (message,) = office.messages()
        assert claim(NoticeMessage, message.id, outbox._ready(MORNING), Outcome.SENDING, MORNING)
        assert not claim(NoticeMessage, message.id, outbox._ready(MORNING), Outcome.SENDING, MORNING)


def test_without_a_mail_server_it_waits(office, alone):
    office.setting()
    office.due(0)
    planned(office)
    office.tick()
    assert states(office) == [Outcome.WAITING]


# --- invitations ---------------------------------------------------------------------------------------------


def window_of(office):
    with office.world.inside() as session:
        scheme = Scheme(program_id=office.program.id, trainee_weight=20, enterprise_weight=45, teacher_weight=35,
                        edited_at=MORNING)  # fmt: skip
        session.add(scheme)
        session.flush()
        window = Window(program_id=office.program.id, scheme_id=scheme.id, name="中期评价", kind=WindowKind.TERMINAL,
                        opens_at=MORNING, closes_at=MORNING + timedelta(days=7))  # fmt: skip
        session.add(window)
        session.commit()
        return window.id


def invite(office, window_id, kind=NoticeKind.INVITATION, amount=3):
    with office.world.inside() as session:
        window = session.get(Window, window_id)
        planning.take_outside(window, kind, [Invited(office.person.id, amount)], MORNING)
        planning.take_outside(window, kind, [Invited(office.person.id, amount)], MORNING)
        session.commit()


def test_who_is_invited_hears_it_once_by_mail_and_the_group_how_many(office, post, group, alone):
    office.setting()
    office.robot()
    window = window_of(office)
    office.due(7, code="rate-as-teacher", subject_id=window, amount=3, params={"window": "中期评价"})
    invite(office, window)
    office.tick()
    office.tick(MORNING + timedelta(minutes=1))
    (one,) = post.mails
    assert one["Subject"] == "请评价：中期评价"
    assert "有 3 份评价等您填写" in one.get_content()
    ((_path, body),) = group.told
    text = body["markdown"]["content"]
    assert "中期评价" in text
    assert "共 1 人需要评价" in text
    assert "李老师" not in text


def test_who_has_rated_meanwhile_is_not_reminded(office, post, alone):
    office.setting()
    window = window_of(office)
    invite(office, window, NoticeKind.FIRST_REMINDER)
    office.tick()
    assert post.mails == []
    assert states(office) == [Outcome.DROPPED]


# --- late improvement ------------------------------------------------------------------------------------------


def test_what_is_late_is_told_once_a_week(office, post, group):
    office.setting(digest=False)
    office.robot(topics=["late"])
    with office.world.inside() as session:
        session.add(
            ImprovementItem(
                program_id=office.program.id, source=Source.HAND, source_key="x", title="张三的间隙测量", standard="4",
                doer_id=office.person.id, doer_name="李老师", due_on=(MORNING - timedelta(days=4)).date(),
                by_id=office.staff.id, by_name="x", at=MORNING,
            )
        )  # fmt: skip
        session.commit()
    for day in range(3):
        office.tick(MORNING + timedelta(days=day))
    (one,) = post.mails
    assert one["Subject"] == "1 项诊改事项已逾期"
    assert "/improvement?late=1" in one.get_content()
    assert "张三" not in one.get_content()
    ((_path, body),) = group.told
    assert "1 项诊改事项已逾期" in body["markdown"]["content"]
    assert "张三" not in str(body)
    office.tick(MORNING + timedelta(days=7))
    assert len(post.mails) == 2


# --- robots ----------------------------------------------------------------------------------------------------


def test_a_signed_robot_is_called_at_its_address_with_its_signature(office, group, alone):
    office.robot(RobotKind.DINGTALK, "SEC123")
    office.due(0)
    planned(office, user_id=None, robot_id=office.all(type(office.robot()))[0].id)
    office.tick()
    ((path, body),) = group.told
    assert path.startswith("/cgi-bin/webhook/send?key=abc&timestamp=")
    assert "&sign=" in path
    assert body["markdown"]["title"] == "今日培养项目"
    assert group.headers["Host"].startswith("robot.example.com")
    assert states(office) == [Outcome.SENT]


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((200, {"errcode": 93000}), Outcome.FAILED),
        ((200, {"errcode": 45009}), Outcome.WAITING),
        ((302, {}), Outcome.FAILED),
        ((500, {}), Outcome.WAITING),
        ((200, b"<html>"), Outcome.FAILED),
        ((200, b" " * 70_000), Outcome.FAILED),
    ],
)
def test_what_a_robot_does_not_take_is_said_and_no_redirect_followed(
    office, group, alone, answer, state, caplog
):
    robot = office.robot()
    office.due(0)
    planned(office, user_id=None, robot_id=robot.id)
    group.answers = [answer]
    office.tick()
    assert states(office) == [state]
    assert len(group.told) == 1
    assert "key=abc" not in caplog.text + office.messages()[0].fault


def test_a_robot_that_is_off_is_not_told(office, group, alone):
    robot = office.robot(active=False)
    office.due(0)
    planned(office, user_id=None, robot_id=robot.id)
    office.tick()
    assert group.told == []
    assert states(office) == [Outcome.DROPPED]


def test_a_long_backlog_of_one_robot_stands_in_nobodys_way(office, group, alone):
    busy, other = office.robot(), office.robot()
    office.due(0)
    with office.world.inside() as session:
        late = [outbox.Plan(f"late {n}", Topic.DIGEST, robot_id=busy.id) for n in range(outbox._BATCH + 1)]
        outbox.plan([*late, outbox.Plan("behind", Topic.DIGEST, robot_id=other.id)], now=MORNING)
        session.commit()
    group.answers = [(503, {})]

    office.tick()

    sent = {one.robot_id for one in office.all(NoticeMessage) if one.state is not Outcome.WAITING}
    assert other.id in sent


def test_what_went_out_half_a_year_ago_is_forgotten(office, post, alone):
    office.setting()
    planned(office)
    office.tick()
    with office.world.inside() as session:
        planning._forget(MORNING + timedelta(days=181))
        session.flush()
        session.commit()
    assert office.all(NoticeMessage) == []

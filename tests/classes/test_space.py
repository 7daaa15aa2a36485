"""The class space: who reads it, read marks, taking back and hiding; rotation and exchange of two classes."""

from __future__ import annotations

import io
import itertools
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.classes.test_classes import at
from tests.factories import NOW, TODAY
from trainmgr.classes.models import ClassExchange, ClassPeriod, ClassTurn
from trainmgr.classes.rules import Sample, alternate, effect_size
from trainmgr.classes.space import own_classes
from trainmgr.classes.space_models import ClassAnnouncement, ClassMessage, ClassRead
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.programs.rules import State

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture
def cohort(world, program):
    return world.cohort(program, "A 班")


@pytest.fixture
def trainee(world, program, cohort, signed_in):
    """Somebody of the class, signed in."""
    user = world.user(Role.TRAINEE)
    world.enrolment(program, user=user, cohort_id=cohort.id)
    client = signed_in(user)
    client.user = user
    return client


def announce(staff, program, cohort, title="周四到车间", **values):
    return staff.post(at(program, cohort.id, "space"), data={"title": title, "text": "带安全帽"} | values)


# --- announcements ----------------------------------------------------------------------------------


def test_an_announcement_is_read_by_the_class_and_the_marks_are_counted(
    world, session, program, cohort, staff, trainee
):
    assert announce(staff, program, cohort, title="").status_code == 422
    assert announce(staff, program, cohort, pinned="y").status_code == 302
    assert "周四到车间" in trainee.get(at(program, cohort.id, "space")).get_data(as_text=True)
    assert [one.unread for one in own_classes(session.get(User, trainee.user.id))] == [1]
    assert "1 条未读" in trainee.get("/my-classes").get_data(as_text=True)
    one = session.scalars(sa.select(ClassAnnouncement)).one()

    for _twice in range(2):
        assert trainee.post(at(program, cohort.id, "space/read"), data={"id": one.id}).status_code == 302

    assert session.scalar(sa.select(sa.func.count()).select_from(ClassRead)) == 1
    assert [one.unread for one in own_classes(session.get(User, trainee.user.id))] == [0]
    assert "1/1" in staff.get(at(program, cohort.id, "space")).get_data(as_text=True)
    assert staff.get(at(program, cohort.id, "space/announcements", one.id, "readers")).status_code == 200


def test_text_is_escaped_and_a_file_comes_along(session, program, cohort, staff, trainee):
    page = at(program, cohort.id, "space")
    answer = staff.post(
        page,
        data={"title": "<script>alert(1)</script>", "text": "第一行\n<b>第二行</b>",
              "file": (io.BytesIO(b"%PDF-1.4\n%%EOF"), "安排.pdf")},
        content_type="multipart/form-data",
    )  # fmt: skip
    assert answer.status_code == 302
    wrong = staff.post(
        page,
        data={"title": "脚本", "file": (io.BytesIO(b"<script>"), "photo.png")},
        content_type="multipart/form-data",
    )
    assert wrong.status_code == 422
    shown = trainee.get(page).get_data(as_text=True)
    assert "<script>alert" not in shown
    assert "&lt;b&gt;第二行" in shown
    one = session.scalars(sa.select(ClassAnnouncement)).one()
    sent = trainee.get(at(program, cohort.id, "space/announcements", one.id, "file"))
    assert sent.data.startswith(b"%PDF")
    sent.close()


def test_what_was_taken_back_leaves_a_mark_with_the_reason(session, program, cohort, staff, trainee):
    announce(staff, program, cohort)
    one = session.scalars(sa.select(ClassAnnouncement)).one()
    back = at(program, cohort.id, "space/announcements", one.id, "withdraw")
    assert trainee.post(back, data={"reason": "x"}).status_code == 403
    assert staff.post(back, data={"reason": ""}).status_code == 422
    assert staff.post(back, data={"reason": "改到周五"}).status_code == 302
    assert staff.post(back, data={"reason": "再来"}).status_code == 409

    shown = trainee.get(at(program, cohort.id, "space")).get_data(as_text=True)
    assert "改到周五" in shown
    assert "带安全帽" not in shown


def test_only_the_classes_people_come_in(world, program, cohort, staff, signed_in):
    other = world.cohort(program, "B 班")
    outsider = world.user(Role.TRAINEE)
    world.enrolment(program, user=outsider, cohort_id=other.id)
    mentor = world.user(Role.ENTERPRISE_MENTOR)
    world.enrolment(program, mentor=mentor, cohort_id=cohort.id)
    gone = world.user(Role.TRAINEE)
    world.enrolment(program, user=gone, cohort_id=cohort.id, state="withdrawn")
    announce(staff, program, cohort)

    for path in ("space", "talk"):
        assert signed_in(outsider).get(at(program, cohort.id, path)).status_code == 404
        assert signed_in(gone).get(at(program, cohort.id, path)).status_code == 404
        assert signed_in(mentor).get(at(program, cohort.id, path)).status_code == 200
        assert signed_in(mentor).get(at(program, other.id, path)).status_code == 404
    assert announce(signed_in(mentor), program, cohort, title="师傅说").status_code == 302
    assert announce(signed_in(outsider), program, other, title="学员说").status_code == 403


# --- the discussion ---------------------------------------------------------------------------------


def test_own_text_is_taken_back_until_somebody_answers(session, program, cohort, staff, trainee):
    talk = at(program, cohort.id, "talk")
    assert trainee.post(talk, data={"title": "送料机", "text": ""}).status_code == 422
    trainee.post(talk, data={"title": "送料机", "text": "为什么卡料？"})
    first = session.scalars(sa.select(ClassMessage)).one()
    assert staff.post(f"{talk}/{first.id}/withdraw").status_code == 409  # somebody else's
    staff.post(f"{talk}/{first.id}", data={"text": "先看传感器"})

    assert trainee.post(f"{talk}/{first.id}/withdraw").status_code == 409
    session.expire_all()
    answer = session.scalars(sa.select(ClassMessage).where(ClassMessage.thread_id == first.id)).one()
    assert staff.post(f"{talk}/{answer.id}/withdraw").status_code == 302
    page = trainee.get(f"{talk}/{first.id}").get_data(as_text=True)
    assert "作者已撤回" in page
    assert "先看传感器" not in page
    assert first.answers == 1  # the mark of it stays


def test_staff_hide_with_a_reason_and_the_thread_stands_still(session, program, cohort, staff, trainee):
    talk = at(program, cohort.id, "talk")
    trainee.post(talk, data={"title": "闲聊", "text": "不该写的话"})
    one = session.scalars(sa.select(ClassMessage)).one()
    assert trainee.post(f"{talk}/{one.id}/hide", data={"reason": "x"}).status_code == 403
    assert staff.post(f"{talk}/{one.id}/hide", data={"reason": ""}).status_code == 422
    assert staff.post(f"{talk}/{one.id}/hide", data={"reason": "涉及个人隐私"}).status_code == 302

    page = trainee.get(f"{talk}/{one.id}").get_data(as_text=True)
    assert "涉及个人隐私" in page
    assert "不该写的话" not in page
    assert trainee.post(f"{talk}/{one.id}", data={"text": "再说"}).status_code == 409
    assert "不该写的话" not in trainee.get(talk, query_string={"q": "不该写"}).get_data(as_text=True)
    assert session.scalars(
        sa.select(AuditEvent.reason).where(AuditEvent.action == "classes.message.hide")
    ).one()


def test_a_closed_programmes_space_is_only_read(world, signed_in):
    program = world.program(State.CLOSED)
    cohort, user = world.cohort(program), world.user(Role.TRAINEE)
    world.enrolment(program, user=user, cohort_id=cohort.id)
    client = signed_in(user)
    assert client.get(at(program, cohort.id, "talk")).status_code == 200
    assert client.post(at(program, cohort.id, "talk"), data={"title": "a", "text": "b"}).status_code == 409


def test_a_long_discussion_takes_as_many_statements_as_a_short_one(
    session, program, cohort, staff, trainee, count_statements
):
    talk = at(program, cohort.id, "talk")
    staff.post(talk, data={"title": "一", "text": "一"})
    one = session.scalars(sa.select(ClassMessage)).one()

    def counted():
        with count_statements() as statements:
            trainee.get(f"{talk}/{one.id}")
            trainee.get(talk)
        return len(statements)

    counted()
    few = counted()
    for number in range(40):
        session.add(
            ClassMessage(program_id=program.id, cohort_id=cohort.id, thread_id=one.id, text=str(number),
                         by_id=trainee.user.id, by_name="x", at=NOW)
        )  # fmt: skip
    session.commit()
    assert counted() == few
    assert few <= 2 * 10


# --- rotation, exchange, side by side (Z2) -----------------------------------------------------------------


@pytest.mark.once
@given(st.integers(2, 6), st.integers(0, 3), st.integers(1, 12))
def test_in_a_rotation_nobody_has_two_classes_and_every_class_meets_everybody(classes, more, periods):
    cohorts, teachers = list(range(classes)), list(range(100, 100 + classes + more))
    found = alternate(cohorts, teachers, first=TODAY, weeks=2, periods=periods)

    for period in found:
        assert len({teacher for _cohort, teacher in period.turns}) == classes
    for cohort in cohorts:
        met = [dict(period.turns)[cohort] for period in found]
        assert len(set(met[: len(teachers)])) == min(periods, len(teachers))
    assert all(
        later.starts_on - earlier.ends_on == timedelta(days=1) for earlier, later in itertools.pairwise(found)
    )


@pytest.mark.once
def test_an_effect_size_needs_two_people_a_class_and_some_spread():
    assert effect_size(Sample(1, 3, 9), Sample(5, 15, 45)) is None
    assert effect_size(Sample(3, 9, 27), Sample(3, 9, 27)) is None  # everybody the same
    # 1, 2, 3 against 2, 3, 4: one standard deviation, times 1 - 3/15.
    assert effect_size(Sample(3, 6, 14), Sample(3, 9, 29)) == pytest.approx(-0.8)


def test_two_masters_alternate_and_the_plan_is_edited(world, session, program, cohort, staff):
    other = world.cohort(program, "B 班")
    masters = [world.user(Role.ENTERPRISE_MENTOR) for _ in range(2)]
    for one in masters:
        world.relation(program, one, Role.ENTERPRISE_MENTOR)
    data = {
        "class": [cohort.id, other.id], "teacher": [one.id for one in masters],
        "starts_on": "2026-12-07", "weeks": "3", "periods": "4",
    }  # fmt: skip
    page = at(program, "rotation")
    assert staff.post(page, data=data | {"teacher": [masters[0].id]}).status_code == 409
    assert staff.post(page, data=data | {"periods": "0"}).status_code == 422
    assert staff.post(page, data=data).status_code == 302
    assert staff.post(page, data=data).status_code == 302  # what has not begun is replaced

    periods = session.scalars(sa.select(ClassPeriod).order_by(ClassPeriod.starts_on)).all()
    assert len(periods) == 4
    turns = session.execute(
        sa.select(ClassTurn.teacher_id).where(ClassTurn.cohort_id == cohort.id).order_by(ClassTurn.period_id)
    )
    assert [row[0] for row in turns] == [masters[0].id, masters[1].id] * 2
    one = f"{page}/{periods[0].id}"
    twice = {f"class-{cohort.id}": masters[0].id, f"class-{other.id}": masters[0].id}
    assert staff.post(one, data=twice).status_code == 409
    swapped = {f"class-{cohort.id}": masters[1].id, f"class-{other.id}": masters[0].id}
    assert staff.post(one, data=swapped).status_code == 302
    assert staff.get(page).status_code == 200


def test_classes_exchange_and_each_takes_its_own_notes(world, session, program, cohort, staff, trainee):
    other = world.cohort(program, "B 班")
    page = at(program, "exchanges")
    data = {"first": cohort.id, "second": other.id, "day": TODAY.isoformat(), "topic": "送料故障怎么查"}
    assert staff.post(page, data=data | {"second": cohort.id}).status_code == 422
    assert staff.post(page, data=data).status_code == 302
    one = f"{page}/{session.scalars(sa.select(ClassExchange.id)).one()}"
    assert staff.post(one, data={"cohort": cohort.id, "text": "先查传感器"}).status_code == 302
    assert staff.post(one, data={"cohort": other.id, "text": "先查气压"}).status_code == 302

    shown = trainee.get(one).get_data(as_text=True)
    assert "先查传感器" in shown
    assert "先查气压" in shown
    assert trainee.post(one, data={"cohort": cohort.id, "text": "x"}).status_code == 403
    assert trainee.get(at(program, "compare")).status_code == 403
    assert staff.get(at(program, "compare")).status_code == 200


def test_a_rotation_of_a_day_out_of_time_or_of_one_teacher_twice_is_refused(world, program, cohort, staff):
    other = world.cohort(program, "B 班")
    master = world.user(Role.ENTERPRISE_MENTOR)
    world.relation(program, master, Role.ENTERPRISE_MENTOR)
    data = {
        "class": [cohort.id, other.id], "teacher": [master.id, master.id], "starts_on": "2026-12-07", "weeks": "3",
        "periods": "4",
    }  # fmt: skip
    page = at(program, "rotation")
    assert staff.post(page, data=data).status_code == 409
    assert staff.post(page, data=data | {"starts_on": "9999-12-31"}).status_code == 422


def test_an_announcement_that_cannot_be_there_is_not_there(program, cohort, trainee):
    page = at(program, cohort.id, "space", "read")
    assert trainee.post(page, data={"id": "9" * 19}).status_code == 404
    assert trainee.post(page, data={"id": "9" * 40}).status_code == 404


def test_a_closed_programmes_rotation_and_exchanges_stay_as_they_are(world, session, staff):
    program = world.program(State.CLOSED)
    classes = [world.cohort(program, name) for name in ("A 班", "B 班")]
    masters = [world.user(Role.ENTERPRISE_MENTOR) for _ in classes]
    for one in masters:
        world.relation(program, one, Role.ENTERPRISE_MENTOR)
    rotation = {"class": [one.id for one in classes], "teacher": [one.id for one in masters],
                "starts_on": "2026-12-07", "weeks": "3", "periods": "4"}  # fmt: skip
    exchange = {"first": classes[0].id, "second": classes[1].id, "day": TODAY.isoformat(), "topic": "送料"}

    assert staff.post(at(program, "rotation"), data=rotation).status_code == 409
    assert staff.post(at(program, "exchanges"), data=exchange).status_code == 409
    assert session.scalar(sa.select(sa.func.count(ClassPeriod.id))) == 0

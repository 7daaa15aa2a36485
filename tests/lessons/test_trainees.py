from __future__ import annotations

import sqlalchemy as sa

from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.lessons.models import LessonTick, LessonUse


def use_past(lesson, plan_id):
    """The past session was taught by the plan as well."""
    with lesson.world.app.app_context():
        db.session.execute(sa.insert(LessonUse), [{"session_id": lesson.past.id, "plan_id": plan_id}])
        db.session.commit()


def test_a_trainee_sees_before_in_and_after_class(lesson, trainee):
    lesson.finished()
    page = lesson.world.signed_in(trainee).get("/my-lessons").text
    for text in ("课前", "内容preparation", "课中", "内容simulation", "课后", "内容on_the_job", "陈老师"):
        assert text in page
    assert "已完成课前任务" in page  # the button


def test_a_tick_is_kept_once_and_taken_back(lesson, trainee):
    lesson.finished()
    client = lesson.world.signed_in(trainee)
    address = f"{lesson.address}/sessions/{lesson.coming.id}/tick"
    for _ in range(2):
        assert client.post(address, data={"ring": "preparation", "done": "y"}).status_code == 302
    with lesson.world.app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(LessonTick)) == 1
    assert "您已完成课前任务" in client.get("/my-lessons").text
    client.post(address, data={"ring": "preparation", "done": "n"})
    assert "您已完成课前任务" not in client.get("/my-lessons").text


def test_what_is_done_after_class_is_not_ticked_before_it(lesson, trainee):
    use_past(lesson, lesson.finished())
    client = lesson.world.signed_in(trainee)
    data = {"ring": "on_the_job", "done": "y"}
    assert client.post(f"{lesson.address}/sessions/{lesson.coming.id}/tick", data=data).status_code == 409
    assert client.post(f"{lesson.address}/sessions/{lesson.past.id}/tick", data=data).status_code == 302


def test_nobody_ticks_for_another_class(lesson):
    lesson.finished()
    outsider = lesson.world.user(Role.TRAINEE)
    other = lesson.world.cohort(lesson.program, "B 班")
    lesson.world.enrolment(lesson.program, user=outsider, cohort_id=other.id)
    client = lesson.world.signed_in(outsider)
    address = f"{lesson.address}/sessions/{lesson.coming.id}"
    assert client.post(f"{address}/tick", data={"ring": "preparation", "done": "y"}).status_code == 404
    assert client.get(address).status_code == 404
    assert "内容preparation" not in client.get("/my-lessons").text


def test_the_teacher_sees_how_many_have_and_who(lesson, trainee):
    lesson.finished()
    other = lesson.world.user(Role.TRAINEE, name="无人指导")
    lesson.world.enrolment(lesson.program, user=other, cohort_id=lesson.cohort.id)
    lesson.world.signed_in(trainee).post(
        f"{lesson.address}/sessions/{lesson.coming.id}/tick", data={"ring": "preparation", "done": "y"}
    )
    client = lesson.world.signed_in(lesson.teacher)
    assert "2 人中 1 人已完成课前任务" in client.get("/my-lessons").text
    page = client.get(f"{lesson.address}/sessions/{lesson.coming.id}").text
    assert "彭同学" in page
    assert "无人指导" not in page  # not in the teacher's care


def test_a_draft_is_no_trainees_business(lesson, trainee):
    client = lesson.world.signed_in(lesson.teacher)
    made = client.post(lesson.address, data={"module": lesson.module.id, "title": "量具读数", "units": 2})
    plan_id = int(made.location.split("/")[-2])
    client.post(f"{lesson.address}/{plan_id}", data=lesson.form())
    client.post(f"{lesson.address}/{plan_id}/sessions", data={"session": [lesson.coming.id]})
    own = lesson.world.signed_in(trainee)
    page = own.get("/my-lessons").text
    assert "教案尚未完成" in page
    assert "内容preparation" not in page
    assert own.get(f"{lesson.address}/{plan_id}").status_code == 404


def test_the_inbox_names_the_next_class_without_making_it_due(lesson, trainee):
    lesson.finished()
    page = lesson.world.signed_in(trainee).get("/").text
    assert "下一次课" in page
    assert "零件测量" in page


def test_ones_own_page_runs_few_statements(lesson, trainee, count_statements):
    lesson.finished()
    client = lesson.world.signed_in(trainee)
    with count_statements() as statements:
        assert client.get("/my-lessons").status_code == 200
    assert len(statements) <= 10

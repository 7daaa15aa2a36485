from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa

from tests.factories import NOW, keep
from trainmgr.bank.models import Item
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.lessons.models import LessonQuizItem, QuizAnswer
from trainmgr.standards.models import JobStandard, StandardCompetency


@pytest.fixture
def items(lesson):
    """Three items of a competency: a choice, a number, and one that a person has to mark."""
    with lesson.world.app.app_context():
        standard = keep(
            JobStandard(
                college_id=lesson.world.college.id,
                enterprise_id=lesson.world.enterprise.id,
                code="JC-1",
                post="检测员",
                created_by_id=lesson.staff.id,
                created_at=NOW,
            )
        )
        competency = keep(StandardCompetency(standard_id=standard.id, key="k1"))

        def item(kind, content, digest):
            return keep(
                Item(
                    college_id=lesson.world.college.id, competency_id=competency.id, kind=kind, difficulty="easy",
                    points=Decimal(2), stem=f"题目{kind}", content=content, state="in_use", digest=digest,
                    explanation="解析在此", created_at=NOW, changed_at=NOW,
                )
            )  # fmt: skip

        return [
            item("single", {"options": ["甲", "乙"], "right": [1], "credit": "exact"}, "a"),
            item("number", {"value": "12.5", "tolerance": "0.1", "relative": False, "unit": "mm"}, "b"),
            item("short_answer", {"key": "略"}, "c"),
        ]


def with_quiz(lesson, items):
    """Let the check in class ask two of a competency's items, and finish the plan again; returns the plan's id."""
    client = lesson.world.signed_in(lesson.teacher)
    plan_id = lesson.finished(client)
    data = {"competency": items[0].competency_id, "count": "5"}
    assert client.post(f"{lesson.address}/{plan_id}/quiz/check", data=data).status_code == 302
    page = client.get(f"{lesson.address}/{plan_id}/edit").text
    version = page.split('name="version" type="hidden" value="')[1].split('"')[0]
    done = client.post(f"{lesson.address}/{plan_id}", data=lesson.form(version=version) | {"finish": "y"})
    assert done.status_code == 302, done.text
    return plan_id


def test_only_items_that_mark_themselves_are_drawn_and_they_never_change_afterwards(lesson, items):
    with_quiz(lesson, items)
    with lesson.world.app.app_context():
        assert set(db.session.scalars(sa.select(LessonQuizItem.item_id))) == {items[0].id, items[1].id}
        assert all(
            db.session.scalars(sa.select(Item.drawn_at.is_not(None)).where(Item.kind != "short_answer"))
        )


def test_a_trainee_is_marked_at_once_and_the_answers_are_kept(lesson, items, trainee):
    with_quiz(lesson, items)
    client = lesson.world.signed_in(trainee)
    assert "自测 2 题" in client.get("/my-lessons").text
    address = f"{lesson.address}/sessions/{lesson.coming.id}/quiz/check"
    assert "解析在此" not in client.get(address).text

    data = {f"item-{items[0].id}": "1", f"item-{items[1].id}": "13"}
    page = client.post(address, data=data, follow_redirects=True).text
    assert "得 2 分，满分 4 分" in page
    assert "解析在此" in page
    client.post(address, data=data | {f"item-{items[1].id}": "12.5 mm"})
    with lesson.world.app.app_context():
        kept = db.session.scalars(sa.select(QuizAnswer)).all()
        assert sum(answer.points for answer in kept) == 4
        assert len(kept) == 2


def test_nonsense_is_no_answer(lesson, items, trainee):
    with_quiz(lesson, items)
    address = f"{lesson.address}/sessions/{lesson.coming.id}/quiz/check"
    page = lesson.world.signed_in(trainee).post(
        address, data={f"item-{items[0].id}": ["99", "x"], f"item-{items[1].id}": "½"}, follow_redirects=True
    )
    assert "得 0 分" in page.text


def test_nobody_answers_for_another_class_or_a_ring_without_items(lesson, items, trainee):
    with_quiz(lesson, items)
    base = f"{lesson.address}/sessions/{lesson.coming.id}/quiz"
    assert lesson.world.signed_in(trainee).get(f"{base}/opening").status_code == 404
    outsider = lesson.world.user(Role.TRAINEE)
    other = lesson.world.cohort(lesson.program, "B 班")
    lesson.world.enrolment(lesson.program, user=outsider, cohort_id=other.id)
    assert lesson.world.signed_in(outsider).get(f"{base}/check").status_code == 404

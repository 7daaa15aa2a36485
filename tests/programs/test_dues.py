from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from tests.factories import NOW, TODAY, World
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs import dues
from trainmgr.programs.models import Due
from trainmgr.programs.rules import Step

CODE = dues.code("test-thing", dues.DueCode(Step.NEEDS, "Test", "Test", "programs.show_program"))

NAMED = dues.code("test-named", dues.DueCode(Step.NEEDS, "Test “%(thing)s”", "Test", "programs.show_program"))


@pytest.fixture
def program(world: World):
    return world.program()


def put_many(program, lines, **values):
    dues.put_many(CODE, lines, program_id=program.id, visible_from=TODAY, **values)


def amounts():
    return dict(db.session.execute(sa.select(Due.user_id, Due.amount)).all())


def test_a_class_gets_and_loses_its_dues_at_once(world, program):
    first, second, third = (world.user(Role.SCHOOL_TEACHER) for _ in range(3))
    with world.inside():
        put_many(program, [dues.Line(user_id=first.id, amount=2), dues.Line(user_id=second.id)])
        put_many(program, [dues.Line(user_id=second.id, amount=5), dues.Line(user_id=third.id)], replace=True)
        assert amounts() == {second.id: 5, third.id: 1}


def test_an_amount_of_nothing_drops_the_line(world, program):
    teacher = world.user(Role.SCHOOL_TEACHER)
    with world.inside():
        dues.put(CODE, program_id=program.id, visible_from=TODAY, user_id=teacher.id, amount=3)
        dues.put(CODE, program_id=program.id, visible_from=TODAY, user_id=teacher.id, amount=0)
        assert amounts() == {}


def test_replacing_one_subject_leaves_the_others(world, program):
    teacher = world.user(Role.SCHOOL_TEACHER)
    with world.inside():
        put_many(program, [dues.Line(user_id=teacher.id, subject_id=number) for number in (1, 2)])
        put_many(program, [], replace=True, subject_ids=[1])
        assert db.session.scalars(sa.select(Due.subject_id)).all() == [2]


def test_a_reminder_outlives_a_change_of_the_amount(world, program):
    teacher = world.user(Role.SCHOOL_TEACHER)
    with world.inside() as session:
        dues.put(CODE, program_id=program.id, visible_from=TODAY, user_id=teacher.id)
        session.execute(sa.update(Due).values(reminded_at=NOW, reminded_by="李文静"))
        dues.put(CODE, program_id=program.id, visible_from=TODAY, user_id=teacher.id, amount=4, who="张")
        due = session.scalars(sa.select(Due)).one()
        assert (due.amount, due.params, due.reminded_by) == (4, {"who": "张"}, "李文静")


def test_many_lines_take_no_more_statements_than_few(world, program):
    people = [world.user(Role.SCHOOL_TEACHER).id for _ in range(40)]
    with world.inside() as session:
        session.execute(sa.select(1))
        few = count(lambda: put_many(program, [dues.Line(user_id=people[0])], replace=True))
        many = count(lambda: put_many(program, [dues.Line(user_id=one) for one in people], replace=True))
        assert many == few
        assert len(amounts()) == 40


def count(work):
    statements = []
    note = lambda *args: statements.append(args[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(statements)


def test_a_due_belongs_to_a_person_or_to_a_role(world, program):
    with world.inside(), pytest.raises(ValueError, match="belongs to"):
        put_many(program, [dues.Line(organization_id=program.lead_college_id)])


def test_a_suspended_programme_rests_in_no_inbox(world, program):
    teacher = world.user(Role.SCHOOL_TEACHER)
    with world.inside() as session:
        dues.put(CODE, program_id=program.id, visible_from=TODAY, user_id=teacher.id)
        showing = sa.select(sa.func.count()).select_from(Due).where(dues.is_showing(TODAY))
        assert session.scalar(showing) == 1
        assert (
            session.scalar(sa.select(sa.func.count()).where(dues.is_showing(TODAY - timedelta(days=1)))) == 0
        )
        dues.pause_all(program.id)
        assert session.scalar(showing) == 0
        dues.pause_all(program.id, paused=False)
        assert session.scalar(showing) == 1


def test_what_is_late_for_several_is_told_at_home_without_the_names_in_its_title(world, signed_in):
    staff, teacher = world.user(Role.STAFF), world.user(Role.SCHOOL_TEACHER)
    program = world.program(created_by=staff)
    with world.inside() as session:
        for person, thing in ((staff, "一"), (teacher, "二")):
            dues.put(
                NAMED, program_id=program.id, user_id=person.id, visible_from=TODAY - timedelta(days=9),
                due_on=TODAY - timedelta(days=3), thing=thing,
            )  # fmt: skip
        session.commit()

    page = signed_in(staff).get(f"/programs/{program.id}")

    assert page.status_code == 200
    assert "Test “…”" in page.get_data(as_text=True)

"""Every table that grows with trainees and time carries its college, whichever way its rows are written."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import CompileError, IntegrityError
from sqlalchemy.orm import aliased

from tests.factories import NOW, TODAY
from trainmgr.attendance.models import AttendanceTally
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.tenancy import COLLEGE, large_tables
from trainmgr.practice.log_models import LogComment
from trainmgr.practice.models import LogDecision, PracticeLog
from trainmgr.programs.models import Program

ROOTS = {"enrolment", "practice_log", "rating", "teaching_session", "test_sitting"}
# A few rows a trainee at most, read by the key of the row above alone; none of them grows with the days.
FEW = {
    "award_withdrawal", "certificate_revocation", "choice_answer", "choice_wish", "class_seat", "contest_award_holder",
    "contest_member", "contest_shortlist", "goal_check", "interview_booking", "interview_note", "lesson_use",
    "moderation_side", "occupied_unit", "placement_override", "placement_signature", "plan_goal", "plan_record",
    "plan_signature", "point_consent", "proposed_pair", "remedial_check", "remedial_report", "roster_entry",
    "study_task", "verdict",
}  # fmt: skip


def leading_to_trainees():
    """The tables that refer to a trainee, a log, a rating, a session or a sitting, directly or by others."""
    found = set(ROOTS)
    while True:
        more = {
            table.name
            for table in db.metadata.sorted_tables
            if {key.column.table.name for key in table.foreign_keys} & found
        }
        if more <= found:
            return found
        found |= more


def test_every_table_that_leads_to_a_trainee_carries_its_college(app):
    known = set(large_tables()) | FEW

    assert leading_to_trainees() <= known
    assert not FEW & set(large_tables())


def test_no_index_of_a_large_table_begins_with_the_programme(app):
    """What begins otherwise begins with a row of one college, a person, or what a clock looks for."""
    wrong = [
        index.name
        for name in large_tables()
        for index in db.metadata.tables[name].indexes
        if not index.unique and next(iter(index.columns)).name == "program_id"
    ]

    assert wrong == []


@pytest.fixture
def two(world):
    """Two colleges' programmes with a trainee each."""
    other = world.organization(name="旁边的学院")
    here = world.program(code="HERE")
    there = world.program(code="THERE", college=other)
    return here, there, world.enrolment(here), world.enrolment(there, college=other)


def a_log(program, enrolment, **values):
    return {
        "program_id": program.id, "enrolment_id": enrolment.id, "stage_number": 1, "day": TODAY, "minutes": 60,
        "task": "装配", "created_at": NOW,
    } | values  # fmt: skip


def test_a_row_gets_its_college_whichever_way_it_is_written(world, two):
    here, there, one, other = two
    with world.inside() as session:
        kept = PracticeLog(**a_log(here, one))
        session.add(kept)
        session.flush()
        several = sa.insert(PracticeLog).returning(PracticeLog.id, sort_by_parameter_order=True)
        ids = session.scalars(several, [a_log(here, one), a_log(there, other), a_log(here, one)]).all()
        session.execute(sa.insert(PracticeLog.__table__), [a_log(there, other, version=1)])
        session.execute(
            sa.insert(LogComment).values(log_id=ids[1], text="好", by_id=one.user_id, by_name="学员", at=NOW)
        )
        session.execute(sa.insert(AttendanceTally), [{"enrolment_id": one.id}, {"enrolment_id": other.id}])
        colleges = session.execute(sa.select(PracticeLog.id, PracticeLog.lead_college_id)).all()
        tallies = session.scalars(
            sa.select(AttendanceTally.lead_college_id).order_by(AttendanceTally.enrolment_id)
        ).all()
        comment = session.scalar(sa.select(LogComment.lead_college_id))

        assert kept.lead_college_id == here.lead_college_id
        assert [college for _id, college in sorted(colleges)] == [
            here.lead_college_id, here.lead_college_id, there.lead_college_id, here.lead_college_id,
            there.lead_college_id,
        ]  # fmt: skip
        assert tallies == [here.lead_college_id, there.lead_college_id]
        assert comment == there.lead_college_id


def test_a_deed_of_no_programme_belongs_to_no_college(world, two):
    deed = {"at": NOW, "actor_name": "", "action": "x", "subject_kind": "program"}
    with world.inside() as session:
        session.execute(sa.insert(AuditEvent), [deed, deed])
        session.execute(sa.insert(AuditEvent), [deed | {"program_id": two[1].id}])
        told = session.scalars(
            sa.select(AuditEvent.lead_college_id).where(AuditEvent.action == "x").order_by(AuditEvent.id)
        )

        assert list(told) == [None, None, two[1].lead_college_id]


def test_the_database_refuses_a_row_of_another_college(world, two):
    here, there, one, _other = two
    with world.inside() as session:
        wrong = a_log(here, one, lead_college_id=there.lead_college_id, version=1)
        with pytest.raises(IntegrityError):
            session.execute(sa.insert(PracticeLog.__table__), [wrong])


def test_a_row_below_keeps_to_the_college_of_the_row_above(world, two):
    here, there, one, _other = two
    with world.inside() as session:
        log = PracticeLog(**a_log(here, one))
        session.add(log)
        session.flush()
        decision = {"log_id": log.id, "kind": "sign", "by_id": one.user_id, "by_name": "师傅", "at": NOW}
        with pytest.raises(IntegrityError):
            session.execute(
                sa.insert(LogDecision), [decision | {"comment": "", COLLEGE: there.lead_college_id}]
            )


def test_an_insert_that_cannot_know_the_college_says_so(world, two):
    here, _there, one, _other = two
    with world.inside() as session, pytest.raises(CompileError, match="name lead_college_id"):
        session.execute(sa.insert(PracticeLog).values([a_log(here, one), a_log(here, one)]))


def test_a_programme_stays_with_its_college(world, two):
    here, there, *_trainees = two
    with world.inside() as session:
        session.get(Program, here.id).lead_college_id = there.lead_college_id
        with pytest.raises(AssertionError, match="stays with its college"):
            session.flush()


def test_whoever_compares_the_programme_compares_the_college(world, two):
    here = two[0]
    with world.inside() as session:
        unknown = str(sa.select(Enrolment.id).where(Enrolment.program_id == here.id))
        held = session.get(Program, here.id)
        known = sa.select(Enrolment.id).where(Enrolment.program_id == held.id).compile()
        other = aliased(PracticeLog)
        joined = str(sa.select(other.id).join(Program, Program.id == other.program_id))

    assert "enrolment.lead_college_id = (SELECT program.lead_college_id" in unknown
    assert known.params == {"program_id_1": here.id, "lead_college_id_1": here.lead_college_id}
    assert "program.lead_college_id = practice_log_1.lead_college_id" in joined

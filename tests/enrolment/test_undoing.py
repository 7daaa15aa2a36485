"""Taking an import back: whom it enrolled goes, who was there before stays, and work that was done prevents it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.enrolment.conftest import id_number, person, workbook
from tests.enrolment.test_import import program, staff, the_job, upload
from tests.factories import NOW, TODAY
from trainmgr.enrolment import undoing
from trainmgr.enrolment.bulk import bulk_enrol
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.register import NewTrainee
from trainmgr.enrolment.roster_models import RosterEntry
from trainmgr.identity.models import Membership, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.jobs import JobState
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.programs.models import Program, ProgramPerson, ProgramStep
from trainmgr.programs.rules import State, Step

assert program, staff


def enrol(world, session, program, row):
    owner = session.get(Program, program.id)
    bulk_enrol(owner, [row], college_id=world.college.id, by=None, now=NOW, today=TODAY)
    session.commit()


def undo(client, program, job):
    return client.post(f"/programs/{program.id}/roster/imports/{job.id}/undo")


def names(session):
    session.expire_all()
    return set(session.scalars(sa.select(Enrolment.name)))


def count(session, model, *which):
    return session.scalar(sa.select(sa.func.count()).select_from(model).where(*which))


def test_who_was_enrolled_by_the_import_goes_and_who_was_there_before_stays(world, session, program, staff):
    elsewhere = world.program(State.RECRUITING)
    there = NewTrainee(name="学员1", id_number=id_number(1), student_number="S00001")
    known = NewTrainee(name="学员2", id_number=id_number(2), student_number="S00002")
    for one, row in ((program, there), (elsewhere, known)):
        enrol(world, session, one, row)
    session.commit()
    upload(staff, program, workbook([person(1), person(2), person(3), person(4, name="")]))
    job = the_job(session)
    page = staff.get(f"/programs/{program.id}/roster/imports/{job.id}/undo").get_data(as_text=True)
    assert "2 人" in page
    assert "1 个账号" in page

    undo(staff, program, job)

    assert the_job(session).state is JobState.DONE, the_job(session).fault
    assert names(session) == {"学员1", "学员2"}
    assert count(session, User, User.name.like("学员%")) == 2
    assert count(session, Membership, Membership.role == Role.TRAINEE) == 2
    assert count(session, ProgramPerson, ProgramPerson.program_id == program.id) == 1
    assert count(session, RosterEntry) == count(session, StoredFile) == 0
    step = session.get(ProgramStep, (program.id, int(Step.ENROLMENT)))
    assert step.params["present"] == 1
    event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "roster.undo")).one()
    assert event.details == {"people": 2, "accounts": 1}


def test_the_corrected_file_can_be_imported_after_it_was_taken_back(session, program, staff):
    upload(staff, program, workbook([person(1, name="错名")]))
    undo(staff, program, the_job(session))
    assert count(session, Cohort) == 0
    closed = session.scalars(sa.select(User).where(User.username.like("gone-%"))).one()
    assert (closed.active, closed.id_number_digest, closed.phone_digest, closed.password_hash) == (
        False,
        None,
        None,
        "",
    )

    upload(staff, program, workbook([person(1)]))

    assert names(session) == {"学员1"}
    assert the_job(session).counts["written"] == 1


def test_a_class_that_others_are_in_stays(world, session, program, staff):
    upload(staff, program, workbook([person(1)]))
    first = the_job(session)
    upload(staff, program, workbook([person(2)]))

    undo(staff, program, first)

    assert names(session) == {"学员2"}
    assert session.scalars(sa.select(Cohort.name)).all() == ["A 班"]


@pytest.mark.parametrize("work", ["log", "changed", "signed in", "elsewhere"])
def test_work_on_the_records_prevents_it_and_is_named(world, session, program, staff, work):
    upload(staff, program, workbook([person(1), person(2)]))
    job, enrolment = the_job(session), session.scalars(sa.select(Enrolment).order_by(Enrolment.id)).first()
    words = do_work(world, session, work, enrolment)

    page = staff.get(f"/programs/{program.id}/roster/imports/{job.id}/undo").get_data(as_text=True)
    answer = undo(staff, program, job)

    assert words in page
    assert answer.status_code == 409
    assert words in answer.get_data(as_text=True)
    assert {"学员1", "学员2"} <= names(session)


def do_work(world, session, work, enrolment):
    """Let somebody work on a record; returns how the page names it."""
    if work == "log":
        log = PracticeLog(
            program_id=enrolment.program_id, enrolment_id=enrolment.id, stage_number=1, day=TODAY, minutes=480,
            task="点检", state=LogState.SUBMITTED, created_at=NOW, submitted_at=NOW,
        )  # fmt: skip
        session.add(log)
        session.commit()
        return "实践日志"
    if work == "changed":
        session.execute(sa.update(Enrolment).where(Enrolment.id == enrolment.id).values(version=2))
        session.commit()
        return "导入后改过的学员"
    if work == "signed in":
        world.signed_in(session.get(User, enrolment.user_id))
        return "已登录过的人"
    other = world.program(State.RECRUITING)
    enrol(world, session, other, NewTrainee(name="学员1", id_number=id_number(1)))
    return "也在其他项目的人"


def test_what_somebody_began_while_it_was_taken_back_stays(world, session, program, staff, monkeypatch):
    monkeypatch.setattr(undoing, "BATCH", 1)
    upload(staff, program, workbook([person(1), person(2), person(3)]))
    job, last = the_job(session), session.scalar(sa.select(sa.func.max(Enrolment.id)))
    whole, done = undoing._take_back, []

    def and_then_somebody_works(entries, **options):
        accounts = whole(entries, **options)
        done.append(len(entries))
        if len(done) == 1:
            sa_update = sa.update(Enrolment).where(Enrolment.id == last).values(version=2)
            undoing.db.session.execute(sa_update)
        return accounts

    monkeypatch.setattr(undoing, "_take_back", and_then_somebody_works)
    undo(staff, program, job)

    assert the_job(session).state is JobState.FAILED
    assert "导入后改过的学员" in str(the_job(session).fault)
    assert names(session) == {"学员2", "学员3"}


def test_the_page_asks_in_few_statements_whatever_refers_to_an_enrolment(
    session, program, staff, count_statements
):
    upload(staff, program, workbook([*map(person, range(1, 30))]))
    job = the_job(session)

    with count_statements() as statements:
        staff.get(f"/programs/{program.id}/roster/imports/{job.id}/undo")

    assert len(statements) <= 10

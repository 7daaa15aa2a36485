"""The real-name roster: the usual columns or the college's own, full numbers with a reason, written by a job."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from tests.enrolment.conftest import id_number
from tests.enrolment.test_import import program, staff, the_job
from tests.factories import NOW, TODAY
from trainmgr.enrolment import sending
from trainmgr.enrolment.bulk import bulk_enrol
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.real_names import Facts, LaidOut, period_of, read_layout
from trainmgr.enrolment.register import NewTrainee
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.jobs import JobState
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State

assert program, staff

USUAL = [
    "序号", "姓名", "性别", "身份证号", "文化程度", "人员类别", "培训工种", "培训等级", "培训起止时间",
    "学时", "联系电话", "社保卡（银行卡）账号", "备注",
]  # fmt: skip
FACTS = Facts(1, "李娜", "", id_number(2), "", "", "", "", "", "", "", "", 0, None, None)


@pytest.fixture
def people(world, session, program):
    """Two trainees, and one who left."""
    rows = [
        NewTrainee(name=f"学员{n}", id_number=id_number(n), phone=f"1390000000{n}", field="焊工")
        for n in (1, 2, 3)
    ]
    owner = session.get(Program, program.id)
    bulk_enrol(owner, rows, college_id=world.college.id, by=None, now=NOW, today=TODAY)
    session.execute(
        sa.update(Enrolment).where(Enrolment.name == "学员3").values(state=EnrolmentState.WITHDRAWN)
    )
    owner.planned_minutes = 80 * 45
    session.execute(sa.update(Enrolment).values(planned_minutes=80 * 60))
    session.commit()


def ask(client, program, **fields):
    return client.post(f"/programs/{program.id}/roster/real-names", data={"reason": "开班备案"} | fields)


def fetched(client, program, job):
    return client.get(f"/programs/{program.id}/roster/exports/{job.id}/file.xlsx")


def test_the_usual_columns_go_out_with_full_numbers_and_the_reason_in_the_trail(
    session, program, people, staff, read_workbook
):
    page = staff.get(f"/programs/{program.id}/roster/real-names").get_data(as_text=True)
    assert all(heading in page for heading in USUAL)

    assert ask(staff, program).status_code == 302

    job = the_job(session)
    assert (job.state, job.counts) == (JobState.DONE, {"written": 2}), job.fault
    rows = read_workbook(fetched(staff, program, job).data)
    assert rows[0] == USUAL
    days = f"{TODAY - timedelta(days=100):%Y.%m.%d}–{TODAY + timedelta(days=300):%Y.%m.%d}"
    assert rows[1:] == [
        [str(n), f"学员{n}", gender, id_number(n), "", "", "焊工", "", days, "80", f"1390000000{n}", "", ""]
        for n, gender in ((1, "男"), (2, "女"))
    ]  # fmt: skip
    event = session.scalars(sa.select(AuditEvent).where(AuditEvent.reason == "开班备案")).one()
    assert event.details["count"] == 3
    stored = session.scalars(sa.select(StoredFile)).one()
    assert id_number(1).encode() not in stored.path.read_bytes()
    assert not stored.path.read_bytes().startswith(b"PK")


def test_without_a_reason_nothing_is_written(session, program, people, staff):
    answer = ask(staff, program, reason=" ")

    assert answer.status_code == 422
    assert the_job(session) is None


def test_a_college_sets_its_own_columns_in_its_own_order(session, program, people, staff, read_workbook):
    address = f"/programs/{program.id}/roster/real-names/columns"
    assert "社保卡" in staff.get(address).get_data(as_text=True)
    typed = MultiDict(
        [("version", "0")]
        + [("order", text) for text in ("20", "10", "30", "")]
        + [("heading", text) for text in ("姓名", "单位", "班", "")]
        + [("source", text) for text in ("name", "text", "cohort", "")]
        + [("text", text) for text in ("", "测试学院", "", "")]
    )

    assert staff.post(address, data=typed).status_code == 302
    ask(staff, program)

    rows = read_workbook(fetched(staff, program, the_job(session)).data)
    assert rows == [["单位", "姓名", "班"], ["测试学院", "学员1", ""], ["测试学院", "学员2", ""]]
    late = staff.post(address, data=typed)
    assert late.status_code == 409
    assert "测试学院" in late.get_data(as_text=True)


@pytest.mark.once
def test_a_column_without_a_heading_is_told_where_something_was_meant(app):
    with app.test_request_context():
        form = MultiDict([("order", "1"), ("heading", ""), ("source", "name"), ("text", "")])
        assert read_layout(form)[1][0][0] == "heading-0"
        assert read_layout(MultiDict())[1][0][0] == "heading-0"
        odd = MultiDict([("order", "x"), ("heading", "甲"), ("source", "password_hash"), ("text", "")])
        assert read_layout(odd) == ([LaidOut("甲")], [])


@pytest.mark.parametrize(
    ("starts", "ends", "said"), [(None, None, ""), (TODAY, None, f"{TODAY:%Y.%m.%d}")], ids=["none", "one"]
)
@pytest.mark.once
def test_the_days_of_training_are_told_as_far_as_they_are_known(starts, ends, said):
    assert period_of(Facts(**(vars(FACTS) | {"starts_on": starts, "ends_on": ends}))) == said


def test_a_file_is_only_for_whom_it_was_written_and_gone_after_a_day(
    world, session, program, people, staff, signed_in
):
    ask(staff, program)
    job = the_job(session)
    colleague = signed_in(world.user(Role.STAFF))
    assert fetched(colleague, program, job).status_code == 404
    coordinator = signed_in(world.user(Role.ENTERPRISE_COORDINATOR))
    assert ask(coordinator, program).status_code == 403

    sending.put_old_away(utcnow() + timedelta(hours=23))
    assert session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == 1
    sending.put_old_away(utcnow() + timedelta(hours=25))
    session.commit()

    assert session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == 0
    assert fetched(staff, program, job).status_code == 409


def test_a_long_roster_is_written_in_the_background_as_it_is_narrowed(
    world, session, program, people, staff, monkeypatch, read_workbook
):
    monkeypatch.setattr(sending, "AT_ONCE", 1)
    monkeypatch.setattr(sending, "PIECE", 1)
    moved = staff.get(f"/programs/{program.id}/roster.xlsx?state=training")
    assert moved.location.endswith("/roster/long?state=training")
    assert "2 人" in staff.get(moved.location).get_data(as_text=True)

    staff.post(f"/programs/{program.id}/roster/long", data={"state": "training", "q": ""})
    masked = read_workbook(fetched(staff, program, the_job(session)).data)
    staff.post(f"/programs/{program.id}/roster/full", data={"state": "training", "q": "", "reason": "核对"})
    full = read_workbook(fetched(staff, program, the_job(session)).data)

    assert [row[0] for row in masked[1:]] == [row[0] for row in full[1:]] == ["学员1", "学员2"]
    assert id_number(1) not in {cell for row in masked for cell in row}
    assert full[1][3] == id_number(1)
    box = staff.get(
        f"/programs/{program.id}/roster/exports/{the_job(session).id}", headers={"HX-Request": "true"}
    )
    assert "已写入 2 人" in box.get_data(as_text=True)


def test_who_may_no_longer_export_gets_nothing_from_a_job_that_waited(
    world, session, program, people, monkeypatch
):
    from trainmgr.enrolment.roster import RosterFilter
    from trainmgr.kernel.jobs import running

    person = world.user(Role.STAFF, world.organization())
    monkeypatch.setattr(sending.actions, "note_export", lambda *args, **options: None)
    monkeypatch.setattr(sending.roster, "count_of", lambda *args, **options: 3)
    job = sending.start_export(
        session.get(Program, program.id), sending.REAL, RosterFilter(), q="", reason="", by=person, now=NOW
    )
    session.commit()
    running.execute(job.id)

    session.expire_all()
    assert the_job(session).state is JobState.FAILED
    assert session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == 0
    assert State.RECRUITING

"""An administrator searches the trail and handles jobs; a college sees its own only."""

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.jobs import Job, JobState

NOW = utcnow()


def event(**values):
    facts = {"at": NOW, "actor_name": "李老师", "action": "person.edited", "subject_kind": "user_account",
             "subject_name": "罗梓涵", "details": {}}  # fmt: skip
    return AuditEvent(**facts | values)


@pytest.fixture
def operator(world, signed_in):
    """The administrator of who runs the installation, signed in."""
    house = world.organization(OrganizationKind.OPERATOR, name="运维")
    return signed_in(world.user(Role.ADMINISTRATOR, house))


@pytest.fixture
def administrator(world, signed_in):
    """A college's administrator, signed in."""
    return signed_in(world.user(Role.ADMINISTRATOR))


def test_the_trail_is_searched_by_name_action_programme_and_day(session, operator, world):
    program = world.program()
    session.add_all(
        [
            event(subject_name="甲同学", program_id=program.id),
            event(action="program.created", actor_name="王老师", reason="年度计划"),
            event(at=NOW - timedelta(days=40), subject_name="很久以前"),
        ]
    )
    session.commit()

    def found(**query):
        page = operator.get("/operation/trail", query_string=query).text
        return [name for name in ("甲同学", "年度计划", "很久以前") if name in page.partition("<tbody>")[2]]

    assert found() == ["甲同学", "年度计划", "很久以前"]
    assert found(q="甲同") == ["甲同学"]
    assert found(q="年度") == ["年度计划"]
    assert found(action="program.cr") == ["年度计划"]
    assert found(program=program.code) == ["甲同学"]
    assert found(until=(NOW - timedelta(days=30)).date().isoformat()) == ["很久以前"]
    assert found(since=(NOW - timedelta(days=30)).date().isoformat()) == ["甲同学", "年度计划"]
    assert found(q="100%_") == []
    for day in ("0001-01-01", "9999-12-31", "2026-02-30"):  # nonsense counts as nothing
        assert len(found(since=day)) == len(found(until=day)) == 3


def test_a_college_finds_its_programmes_events_and_no_others(session, administrator, world):
    own, other = world.program(), world.program(college=world.organization(name="别的学院"))
    session.add_all([event(subject_name="本校", program_id=own.id), event(subject_name="外校", program_id=other.id),
                     event(subject_name="全系统")])  # fmt: skip
    session.commit()

    page = administrator.get("/operation/trail").text
    sheet = administrator.get("/operation/trail.xlsx?form=csv").text

    for text in (page, sheet):
        assert "本校" in text
        assert "外校" not in text
        assert "全系统" not in text


def test_what_was_found_is_taken_along_without_formulas(session, operator):
    session.add(event(reason='=HYPERLINK("http://evil")', subject_name="+1"))
    session.commit()

    csv = operator.get("/operation/trail.xlsx?form=csv").text
    book = CalamineWorkbook.from_filelike(io.BytesIO(operator.get("/operation/trail.xlsx").data))
    rows = book.get_sheet_by_index(0).to_python()

    assert ",=HYPERLINK" not in csv.replace('"', "")
    assert '=HYPERLINK("http://evil")' in rows[1]  # a text, as written
    assert len(rows) == 2


def test_a_page_of_a_long_trail_takes_as_many_statements_as_of_a_short_one(
    session, operator, count_statements
):
    operator.get("/operation/trail")
    with count_statements() as short:
        operator.get("/operation/trail")
    session.execute(sa.insert(AuditEvent), [
        {"at": NOW, "actor_name": "甲", "action": "person.edited", "subject_kind": "user_account", "details": {},
         "subject_name": "", "reason": ""}
        for _ in range(120)
    ])  # fmt: skip
    session.commit()
    with count_statements() as long:
        page = operator.get("/operation/trail?page=2").text

    assert len(long) == len(short) <= 10
    assert page.count("<tr><td") == 50


# --- jobs ---------------------------------------------------------------------------------------


def job(session, **values):
    row = Job(kind="test", title="导入名单", created_at=NOW, **values)
    session.add(row)
    session.commit()
    return row.id


def test_a_job_that_broke_off_is_run_again_and_the_trail_says_so(session, operator, monkeypatch):
    from trainmgr.kernel.jobs import queue

    sent = []
    monkeypatch.setattr(queue, "send", sent.append)
    number = job(session, state=JobState.FAILED, fault="broken", attempts=2)

    assert "重新运行" in operator.get("/operation/jobs?state=failed").text
    response = operator.post(f"/operation/jobs/{number}/again")

    session.expire_all()
    assert response.status_code == 302
    assert session.get(Job, number).state is JobState.QUEUED
    assert sent == [number]
    assert session.scalars(sa.select(AuditEvent.action)).all() == ["job.started_again"]


def test_a_waiting_job_is_stopped(session, operator):
    number = job(session, state=JobState.QUEUED)

    operator.post(f"/operation/jobs/{number}/stop")

    session.expire_all()
    assert session.get(Job, number).state is JobState.STOPPED


def test_a_job_that_is_over_is_neither_stopped_nor_run_again(session, operator):
    number = job(session, state=JobState.DONE)

    assert operator.post(f"/operation/jobs/{number}/stop").status_code == 409
    assert operator.post(f"/operation/jobs/{number}/again").status_code == 409


def test_a_college_handles_its_own_jobs_only(session, administrator, world):
    other = world.program(college=world.organization(name="别的学院"))
    theirs, ours = (
        job(session, state=JobState.FAILED, program_id=program.id) for program in (other, world.program())
    )

    page = administrator.get("/operation/jobs").text

    assert f"/operation/jobs/{ours}/again" in page
    assert f"/operation/jobs/{theirs}/again" not in page
    assert administrator.post(f"/operation/jobs/{theirs}/again").status_code == 404


def test_a_missing_worker_is_told(operator, session):
    assert "后台进程" in operator.get("/operation/jobs").text

"""OneRoster files that come in: looked at first, taken in by the actions of the pages, mended and sent again."""

from __future__ import annotations

import io
import zipfile

import pytest
import sqlalchemy as sa

from tests.exchange.conftest import (
    SCHOOL,
    a_class,
    course,
    enrollment,
    figures_in,
    make_zip,
    org,
    read_zip,
    role,
    user,
)
from tests.factories import NOW, keep
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.exchange import packages, roster_jobs
from trainmgr.exchange.models import ExchangeLine, SourcedPerson
from trainmgr.identity.models import Membership, Organization, User
from trainmgr.kernel import jobs
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.jobs import Job, JobState


def whole(**changes):
    """A small college: a department, two students and a teacher, a class, the two in it."""
    files = {
        "orgs": [org(), org("dep-1", "机电系", "department", parentSourcedId=SCHOOL)],
        "users": [user("u1", "李小燕", "S001"), user("u2", "欧阳明", "S002"), user("u3", "王芳", "T001")],
        "roles": [role("u1"), role("u2"), role("u3", "teacher")],
        "courses": [course()],
        "classes": [a_class()],
        "enrollments": [enrollment("u1"), enrollment("u2"), enrollment("u3", what="teacher")],
    }
    return make_zip(**(files | changes))


def people(world):
    with world.inside() as session:
        return session.scalar(sa.select(sa.func.count(User.id)))


def person_of(world, key):
    """Return the account of a sourcedId with its present roles in the college."""
    with world.inside() as session:
        found = session.scalars(
            sa.select(User)
            .join(SourcedPerson, SourcedPerson.user_id == User.id)
            .where(SourcedPerson.sourced_id == key)
        ).one_or_none()
        if found is None:
            return None, {}
        roles = session.execute(
            sa.select(Membership.role, Membership.number).where(
                Membership.user_id == found.id, Membership.ended_on.is_(None)
            )
        )
        known = {row[0]: row[1] for row in roles}
        session.expunge(found)
        return found, known


def the_job(world):
    with world.inside() as session:
        job = session.scalars(sa.select(Job).order_by(Job.id.desc()).limit(1)).one()
        session.expunge(job)
        return job


def test_a_look_tells_what_would_happen_and_writes_nothing(world, send_in, program):
    before = people(world)

    page = send_in(whole(), take=False)

    assert figures_in(page)["users"] == {"new": 3}
    assert figures_in(page)["enrollments"] == {"new": 2, "left": 1}
    assert figures_in(page)["orgs"] == {"new": 1, "same": 1}
    assert "李小燕" in page.text
    assert people(world) == before
    with world.inside() as session:
        assert session.query(Cohort).count() == session.query(Enrolment).count() == 0
        assert session.query(Organization).filter_by(name="机电系").count() == 0


def test_a_college_comes_in_with_departments_people_classes_and_who_is_in_them(world, send_in, program):
    page = send_in(whole())

    assert "wrong" not in {outcome for figures in figures_in(page).values() for outcome in figures}
    person, roles = person_of(world, "u2")
    assert person.name == "欧阳明"
    assert roles == {Role.TRAINEE: "S002"}
    assert person_of(world, "u3")[1] == {Role.SCHOOL_TEACHER: "T001"}
    with world.inside() as session:
        assert session.query(Organization).filter_by(name="机电系", parent_id=world.college.id).count() == 1
        rows = session.execute(
            sa.select(Enrolment.name, Enrolment.student_number, Cohort.name).join(
                Cohort, Cohort.id == Enrolment.cohort_id
            )
        )
        assert {tuple(row) for row in rows} == {("李小燕", "S001", "1 班"), ("欧阳明", "S002", "1 班")}


def test_the_same_files_twice_change_nothing(world, send_in, program):
    send_in(whole())
    before = people(world)

    page = send_in(whole())

    assert all(set(figures) <= {"same", "left"} for figures in figures_in(page).values()), figures_in(page)
    assert people(world) == before


def test_somebody_known_by_number_is_found_and_not_doubled(world, send_in, program):
    known = world.user(Role.TRAINEE, number="S001", name="李小燕")

    page = send_in(
        whole(users=[user("u1", "李小燕", "S001")], roles=[role("u1")], enrollments=[enrollment("u1")])
    )

    assert figures_in(page)["users"] == {"same": 1}
    assert person_of(world, "u1")[0].id == known.id


def test_a_number_of_somebody_of_another_name_is_wrong(world, send_in, program):
    world.user(Role.TRAINEE, number="S001", name="别人")

    page = send_in(whole(users=[user("u1", "李小燕", "S001")], roles=[role("u1")], enrollments=[]))

    assert figures_in(page)["users"] == {"wrong": 1}
    assert person_of(world, "u1")[0] is None


def test_who_is_gone_is_suspended_and_comes_back_never_deleted(world, send_in, program):
    send_in(whole())
    everybody = people(world)

    gone = send_in(whole(users=[user("u1", "李小燕", "S001", status="tobedeleted")], enrollments=[]))
    person, roles = person_of(world, "u1")
    assert figures_in(gone)["users"] == {"suspended": 1}
    assert (person.active, roles) == (False, {Role.TRAINEE: "S001"})
    assert people(world) == everybody

    back = send_in(whole(users=[user("u1", "李小燕", "S001")], enrollments=[]))
    assert figures_in(back)["users"] == {"changed": 1}
    assert person_of(world, "u1")[0].active


def test_an_account_that_was_closed_by_hand_stays_closed(world, send_in, program):
    send_in(whole())
    with world.inside() as session:
        session.query(User).filter_by(username="u.u1").update({"active": False})
        session.commit()

    page = send_in(whole(users=[user("u1", "李小燕", "S001")], enrollments=[]))

    assert figures_in(page)["users"] == {"left": 1}
    assert not person_of(world, "u1")[0].active


def test_a_file_suspends_nobody_who_runs_something_and_nobody_of_another_house(world, send_in, program):
    boss = world.user(Role.STAFF, name="张主任")
    shared = world.user(Role.SCHOOL_TEACHER, number="T9", name="周老师")
    other = world.organization(name="别的学院")
    with world.app.app_context():
        keep(
            Membership(
                user_id=boss.id,
                organization_id=world.college.id,
                role=Role.SCHOOL_TEACHER,
                number="T8",
                created_at=NOW,
            )
        )
        keep(
            Membership(user_id=shared.id, organization_id=other.id, role=Role.SCHOOL_TEACHER, created_at=NOW)
        )

    page = send_in(
        whole(
            users=[user("b", "张主任", "T8", enabledUser="false"), user("s", "周老师", "T9", enabledUser="false")],
            roles=[role("b", "teacher"), role("s", "teacher")], enrollments=[],
        )
    )  # fmt: skip

    assert figures_in(page)["users"] == {"wrong": 2}
    with world.inside() as session:
        assert session.get(User, boss.id).active
        assert session.get(User, shared.id).active


def test_a_file_gives_nobody_rights_over_others(world, send_in, program):
    page = send_in(
        whole(users=[user("u1", "李小燕", "A1")], roles=[role("u1", "siteAdministrator")], enrollments=[])
    )

    assert figures_in(page)["roles"] == {"left": 1}
    assert figures_in(page)["users"] == {"wrong": 1}
    assert person_of(world, "u1")[0] is None


def test_who_is_enrolled_no_more_leaves_the_programme(world, send_in, program):
    send_in(whole())

    page = send_in(whole(enrollments=[enrollment("u1", status="tobedeleted")]))

    assert figures_in(page)["enrollments"] == {"changed": 1}
    with world.inside() as session:
        row = session.scalars(sa.select(Enrolment).where(Enrolment.name == "李小燕")).one()
        assert row.state is EnrolmentState.WITHDRAWN


def test_wrong_lines_come_back_with_their_reasons_and_go_through_once_mended(world, send_in, admin, program):
    users = [user("u1", "李小燕", "S001"), user("u2", "欧阳明", "S002", username="?")]
    page = send_in(
        whole(users=users, roles=[role("u1"), role("u2")], enrollments=[enrollment("u1"), enrollment("u2")])
    )
    assert figures_in(page)["users"] == {"new": 1, "wrong": 1}

    data = admin.get(page.request.path + "/wrong").data
    rows, _headers = read_zip(data)
    assert [row["sourcedId"] for row in rows["users"]] == ["u2"]
    assert [row["userSourcedId"] for row in rows["enrollments"]] == ["u2"]
    assert [row["userSourcedId"] for row in rows["roles"]] == ["u2"]
    assert rows["users"][0]["metadata.trainmgr.reason"]

    mended = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(mended, "w") as new:
        for name in old.namelist():
            new.writestr(
                name, old.read(name).replace(b"?", b"u.u2", 1) if name == "users.csv" else old.read(name)
            )
    page = send_in(mended.getvalue())

    assert figures_in(page)["users"] == {"new": 1}
    assert figures_in(page)["enrollments"] == {"new": 1}
    with world.inside() as session:
        assert session.query(Enrolment).count() == 2


def test_single_files_do_as_well_as_an_archive(world, send_in, program):
    with zipfile.ZipFile(io.BytesIO(whole())) as archive:
        uploads = [(io.BytesIO(archive.read(f"{name}.csv")), f"{name}.csv") for name in ("users", "roles")]

    page = send_in(uploads)

    assert figures_in(page)["users"] == {"new": 3}


def test_a_school_that_is_not_the_college_is_refused_line_by_line(world, send_in, program):
    page = send_in(
        whole(orgs=[org(), org("s2", "另一所学校")], classes=[a_class(schoolSourcedId="s2")], enrollments=[]),
        take=False,
    )

    assert figures_in(page)["orgs"] == {"same": 1, "wrong": 1}
    assert figures_in(page)["classes"] == {"wrong": 1}


def test_a_programme_that_is_not_there_is_told_and_none_is_opened(world, send_in, program):
    page = send_in(whole(courses=[course("没有的项目")]))

    assert figures_in(page)["courses"] == {"wrong": 1}
    assert figures_in(page)["classes"] == {"wrong": 1}
    assert figures_in(page)["users"] == {"new": 3}


def test_a_formula_in_a_reason_is_plain_text(world, send_in, admin, program):
    page = send_in(whole(orgs=[org(kind="=1+1")]), take=False)

    rows, _headers = read_zip(admin.get(page.request.path + "/wrong").data)
    assert not rows["orgs"][0]["metadata.trainmgr.reason"].startswith("=")


# --- going on where it was -----------------------------------------------------------------------------------


def test_a_job_that_broke_off_goes_on_and_doubles_nothing(world, send_in, admin, program, monkeypatch):
    monkeypatch.setattr(roster_jobs, "BATCH", 2)
    users = [user(f"u{n}", f"李{n}号", f"S{n:03}") for n in range(9)]
    data = whole(
        users=users,
        roles=[role(f"u{n}") for n in range(9)],
        enrollments=[enrollment(f"u{n}") for n in range(9)],
    )
    page = send_in(data, take=False)
    real, calls = roster_jobs.Taker.take, []

    def breaks(taker, lines):
        calls.append(len(lines))
        if len(calls) == 9:
            raise RuntimeError("the worker dies")
        return real(taker, lines)

    monkeypatch.setattr(roster_jobs.Taker, "take", breaks)
    page = admin.post(page.request.path + "/take")
    assert the_job(world).state is JobState.FAILED
    done = the_job(world).done
    assert done == 16

    admin.post(f"/exchange/{world.college.id}/jobs/{the_job(world).id}/again")

    assert the_job(world).state is JobState.DONE
    assert the_job(world).counts["users.new"] == 9
    assert the_job(world).counts["enrollments.new"] == 9
    with world.inside() as session:
        assert session.query(SourcedPerson).count() == 9
        assert session.query(Enrolment).count() == 9


def test_who_lost_the_right_meanwhile_takes_nothing_in(world, admin, send_in, program):
    page = send_in(whole(), take=False)
    with world.inside() as session:
        session.query(Membership).filter_by(role=Role.ADMINISTRATOR).update({"ended_on": NOW.date()})
        session.query(Job).update({"state": JobState.QUEUED, "done": 0})
        session.commit()
        job_id = session.scalar(sa.select(Job.id))
    with world.app.app_context():
        jobs.running.execute(job_id)

    assert the_job(world).state is JobState.FAILED
    assert page.status_code == 200


def test_nothing_is_taken_in_twice_by_pressing_twice(world, admin, send_in, program):
    page = send_in(whole(), take=False)

    first, second = (admin.post(page.request.path + "/take") for _time in range(2))

    assert (first.status_code, second.status_code) == (302, 409)


def test_an_upload_without_wrong_lines_is_not_kept_and_one_put_away_leaves_nothing(
    world, admin, send_in, program
):
    send_in(whole())
    with world.inside() as session:
        assert session.query(StoredFile).count() == 0

    page = send_in(whole(users=[user("u9", "x", username="?")], roles=[], enrollments=[]))
    with world.inside() as session:
        assert session.query(StoredFile).count() == 1
    job_id = the_job(world).id
    admin.post(f"/exchange/{world.college.id}/jobs/{job_id}/away")

    with world.inside() as session:
        assert session.query(StoredFile).count() == 0
        assert session.query(ExchangeLine).filter_by(job_id=job_id).count() == 0
    assert page.status_code == 200


def test_the_trail_says_who_took_what_in(world, admin, send_in, program):
    send_in(whole())

    with world.inside() as session:
        actions = set(session.scalars(sa.select(AuditEvent.action)))
        done = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "exchange.taken")).one()
        assert done.details["new"] == 7
    assert {"exchange.upload", "exchange.take", "person.created"} <= actions


# --- what is no roster ---------------------------------------------------------------------------------------


def bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("users.csv", b"0" * 60_000_000)
    return out.getvalue()


def encrypted():
    data = bytearray(make_zip(orgs=[org()]))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(mark)
        while place >= 0:
            data[place + at] |= 1
            place = data.find(mark, place + 1)
    return bytes(data)


def one_file(name, content):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


REFUSED = {
    "nothing": b"",
    "no archive": b"PK nonsense",
    "a bomb": bomb(),
    "a password": encrypted(),
    "an older version": make_zip("1.1", orgs=[org()]),
    "no file of ours": one_file("readme.csv", "a,b"),
    "a column short": one_file("orgs.csv", "sourcedId,name\n"),
    "no UTF-8": one_file("orgs.csv", b"sourcedId,name,type\n" + "a,测试,school\n".encode("gb18030")),
    "no header": one_file("orgs.csv", ""),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_roster_is_refused_with_a_reason(world, admin, program, what):
    data = REFUSED[what]

    page = admin.post(
        f"/exchange/{world.college.id}/imports",
        data={"files": (io.BytesIO(data), "x.zip")},
        follow_redirects=True,
    )

    assert page.status_code == 422
    assert 'role="alert"' in page.text


def test_too_many_bytes_are_refused(world, admin, program, monkeypatch):
    monkeypatch.setattr(packages, "MOST_BYTES", 10)

    page = admin.post(f"/exchange/{world.college.id}/imports", data={"files": (io.BytesIO(whole()), "x.zip")})

    assert page.status_code == 422


def test_a_part_that_is_cut_off_is_a_fault_of_the_file(world, admin, program):
    data = whole()

    page = admin.post(
        f"/exchange/{world.college.id}/imports", data={"files": (io.BytesIO(data[: len(data) // 2]), "x.zip")}
    )

    assert page.status_code == 422


def test_a_field_without_an_end_is_a_fault_of_its_line(world, admin, program):
    content = 'sourcedId,name,type\na,"' + "x" * 200_000 + '",school\n'

    admin.post(
        f"/exchange/{world.college.id}/imports",
        data={"files": (io.BytesIO(one_file("orgs.csv", content)), "x.zip")},
    )

    assert the_job(world).state is JobState.FAILED
    assert "cannot be read" in the_job(world).fault


def test_what_is_longer_than_a_name_or_number_here_breaks_nothing_off(world, send_in, program):
    """A department's long name is cut, twice alike; of a person it is the line that is wrong."""
    long = "机电与智能制造工程学院" * 12  # 132 characters
    dep = org("dep-1", long, "department", parentSourcedId=SCHOOL)
    assert figures_in(send_in(whole()))["users"] == {"new": 3}

    renamed = figures_in(send_in(whole(orgs=[org(), dep])))
    again = figures_in(send_in(whole(orgs=[org(), dep])))
    users = [user("u1", "李" * 81, "S001"), user("u2", "欧阳明", "S" * 41), user("u3", "王芳", "T001")]
    wrong = figures_in(send_in(whole(users=users)))

    assert (renamed["orgs"], again["orgs"]) == ({"changed": 1, "same": 1}, {"same": 2})
    assert wrong["users"] == {"wrong": 2, "same": 1}
    assert person_of(world, "u1")[0].name == "李小燕"


def test_signs_that_no_database_takes_are_gone_from_what_is_read(world, send_in, program):
    users = [user("u1", "李小\x00燕\x01", "S001"), user("u2", "欧阳明", "S002"), user("u3", "王芳", "T001")]
    assert figures_in(send_in(whole(users=users)))["users"] == {"new": 3}
    assert person_of(world, "u1")[0].name == "李小燕"

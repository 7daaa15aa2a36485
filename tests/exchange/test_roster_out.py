"""A college's OneRoster files: the published columns, references that lead somewhere, nobody else's people."""

from __future__ import annotations

import sqlalchemy as sa

from tests.exchange.conftest import read_zip
from tests.factories import NOW, keep
from trainmgr.exchange import leaving
from trainmgr.exchange.rules import HEADERS, WORDS, line_fault
from trainmgr.identity.models import Membership, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.crypto import encrypt
from trainmgr.kernel.files import StoredFile, open_file
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.programs.rules import State


def written(world, admin):
    """Have the files written and return them."""
    assert admin.post(f"/exchange/{world.college.id}/roster").status_code == 302
    job_id = latest(world)
    return read_zip(admin.get(f"/exchange/{world.college.id}/jobs/{job_id}/file").data)


def latest(world):
    with world.inside() as session:
        job = session.scalars(sa.select(Job).order_by(Job.id.desc()).limit(1)).one()
        assert job.state is JobState.DONE, job.fault
        return job.id


def test_every_file_has_the_published_columns_and_lines_that_can_be(world, admin, program):
    cohort = world.cohort(program)
    teacher = world.user(Role.SCHOOL_TEACHER, number="T1")
    world.enrolment(program, cohort_id=cohort.id, teacher=teacher)

    rows, headers = written(world, admin)

    assert {name: headers[name] for name in rows if name != "manifest"} == {
        name: HEADERS[name] for name in HEADERS if name != "demographics"
    }
    known = {name: {row["sourcedId"] for row in lines} for name, lines in rows.items() if name != "manifest"}
    for name, lines in rows.items():
        seen = set()
        for row in lines if name != "manifest" else []:
            assert line_fault(name, row, seen, known) is None, (name, row)
            assert not any(row[key].startswith("ext:") for of, key in WORDS if of == name)
            seen.add(row["sourcedId"])
    terms = {row["sourcedId"] for row in rows["academicSessions"] if row["type"] == "term"}
    assert set(rows["classes"][0]["termSourcedIds"].split(",")) <= terms
    assert {row["role"] for row in rows["enrollments"]} == {"student", "teacher"}


def test_the_manifest_says_what_is_there(world, admin, program):
    rows, _headers = written(world, admin)
    told = {row["propertyName"]: row["value"] for row in rows["manifest"]}

    assert told["oneroster.version"] == "1.2"
    assert told["file.users"] == "bulk"
    assert told["file.results"] == "absent"
    assert all(row["status"] == row["dateLastModified"] == "" for row in rows["users"])


def test_ids_stay_the_same_and_differ_from_college_to_college(world, admin, signed_in, program):
    shared = world.user(Role.SCHOOL_TEACHER, number="T1")
    other = world.organization(name="别的学院")
    with world.app.app_context():
        keep(
            Membership(user_id=shared.id, organization_id=other.id, role=Role.SCHOOL_TEACHER, created_at=NOW)
        )
    first, _headers = written(world, admin)
    second, _headers = written(world, admin)
    admin_elsewhere = signed_in(world.user(Role.ADMINISTRATOR, other))
    admin_elsewhere.post(f"/exchange/{other.id}/roster")
    elsewhere, _headers = read_zip(
        admin_elsewhere.get(f"/exchange/{other.id}/jobs/{latest(world)}/file").data
    )

    def ids(rows):
        return {row["username"]: row["sourcedId"] for row in rows["users"]}

    assert ids(first) == ids(second)
    assert ids(first)[shared.username] != ids(elsewhere)[shared.username]


def test_nobody_of_another_college_or_of_an_enterprise_is_in_the_files(world, admin, program):
    cohort, partner = world.cohort(program), world.organization(name="合作学院")
    own = world.user(Role.TRAINEE, number="S1")
    guest = world.user(Role.TRAINEE, partner, number="S2")
    mentor = world.user(Role.ENTERPRISE_MENTOR)
    world.enrolment(program, user=own, mentor=mentor, cohort_id=cohort.id)
    world.enrolment(program, user=guest, college=partner, cohort_id=cohort.id)
    elsewhere = world.program(State.RUNNING, college=partner, name="别院项目")
    world.cohort(elsewhere, "别班")

    rows, _headers = written(world, admin)

    names = {row["username"] for row in rows["users"]}
    assert own.username in names
    assert names.isdisjoint({guest.username, mentor.username})
    assert [row["title"] for row in rows["courses"]] == [program.name]
    assert len([row for row in rows["enrollments"] if row["role"] == "student"]) == 1


def test_no_id_number_and_no_phone_leaves(world, admin, program):
    with world.app.app_context():
        sealed = {
            "id_number_encrypted": encrypt("500103199001018828"), "id_number_masked": "500103********8828",
            "phone_encrypted": encrypt("13812345678"), "phone_masked": "138****5678",
        }  # fmt: skip
    world.user(Role.TRAINEE, number="S1", **sealed)
    admin.post(f"/exchange/{world.college.id}/roster")
    data = admin.get(f"/exchange/{world.college.id}/jobs/{latest(world)}/file").data
    rows, _headers = read_zip(data)
    text = repr(rows)

    assert all(part not in text for part in ("8828", "5678"))


def test_staff_are_aides_so_that_no_receiver_makes_administrators_of_them(world, admin, program):
    staff = world.user(Role.STAFF)

    rows, _headers = written(world, admin)

    key = next(row["sourcedId"] for row in rows["users"] if row["username"] == staff.username)
    assert [row["role"] for row in rows["roles"] if row["userSourcedId"] == key] == ["aide"]


def test_a_closed_account_is_told_as_such_and_a_formula_is_none(world, admin, program):
    world.user(Role.TRAINEE, number="=1+1", active=False, name="=cmd|x")

    rows, _headers = written(world, admin)
    row = next(row for row in rows["users"] if row["identifier"].endswith("=1+1"))

    assert row["enabledUser"] == "false"
    assert row["identifier"] == "'=1+1"


def test_the_file_lies_encrypted_and_goes_when_it_is_put_away(world, admin, program):
    written(world, admin)
    job_id = latest(world)
    with world.inside() as session:
        stored = session.get(StoredFile, session.get(Job, job_id).result_file_id)
        with open_file(stored) as content:
            assert not content.read().startswith(b"PK")

    admin.post(f"/exchange/{world.college.id}/jobs/{job_id}/away")

    assert admin.get(f"/exchange/{world.college.id}/jobs/{job_id}/file").status_code == 409
    with world.inside() as session:
        assert session.query(StoredFile).count() == 0


def test_another_administrator_does_not_get_ones_file(world, admin, signed_in, program):
    written(world, admin)
    other = signed_in(world.user(Role.ADMINISTRATOR, world.college))

    assert other.get(f"/exchange/{world.college.id}/jobs/{latest(world)}/file").status_code == 404


def test_many_people_are_written_page_by_page(world, admin, program, monkeypatch):
    monkeypatch.setattr(leaving, "PAGE", 3)
    for number in range(8):
        world.user(Role.TRAINEE, number=f"S{number}")

    rows, _headers = written(world, admin)

    with world.inside() as session:
        expected = session.query(User).filter(User.memberships.any(organization_id=world.college.id)).count()
    assert len(rows["users"]) == len({row["sourcedId"] for row in rows["users"]}) == expected

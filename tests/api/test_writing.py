"""Writing over the API: once for each key, never over somebody else's change, and only what the pages allow."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta

import pytest

from tests.factories import NOW, TODAY, keep
from trainmgr.api.models import ApiAnswer
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent, tell
from trainmgr.kernel.db import db
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.programs.rules import Side, State

_keys = itertools.count(1)


@pytest.fixture
def staff(world):
    return world.user()


@pytest.fixture
def program(world, staff):
    return world.program(State.RUNNING, created_by=staff)


@pytest.fixture
def trainee(world, program):
    return world.enrolment(program, mentor=world.user(Role.ENTERPRISE_MENTOR))


def send(caller, path, content, method="POST", key=None, **headers):
    headers = {"Idempotency-Key": key or f"key-{next(_keys)}"} | headers
    return caller.open(method, path, headers, json=content)


def count(world, kind, **filters):
    with world.inside() as session:
        return session.query(kind).filter_by(**filters).count()


def number_of(world, trainee):
    with world.inside() as session:
        return session.get(Enrolment, trainee.id).student_number


# --- partial updates -----------------------------------------------------------------------------------------


def change(caller, trainee, content, etag, **options):
    path = f"/programs/{trainee.program_id}/enrolments/{trainee.id}"
    headers = {"If-Match": etag} if etag else {}
    return send(caller, path, content, "PATCH", **headers, **options)


def test_a_number_is_changed_by_the_version_that_was_read(world, calling, staff, trainee):
    caller = calling(staff)
    etag = caller.get(f"/programs/{trainee.program_id}/enrolments/{trainee.id}").headers["ETag"]

    changed = change(caller, trainee, {"student_number": "S 2026"}, etag)
    late = change(caller, trainee, {"student_number": "S9"}, etag)

    assert changed.status_code == 200, changed.json
    assert changed.json["student_number"] == "S 2026"
    assert changed.json["employee_number"] == trainee.employee_number
    assert changed.headers["ETag"] != etag
    assert late.status_code == 412
    assert late.headers["ETag"] == changed.headers["ETag"]
    assert number_of(world, trainee) == "S 2026"


@pytest.mark.parametrize(
    ("content", "etag", "status"),
    [
        ({"student_number": "S9"}, None, 428),
        ({"student_number": "S9"}, '"99"', 412),
        ({"student_number": "S9", "verified_minutes": 9}, "*", 422),
        ({"student_number": "x" * 41}, "*", 422),
        ({"student_number": 7}, "*", 422),
        ({"student_number": None}, "*", 422),
        ([], "*", 422),
        ("x", "*", 422),
    ],
)
def test_what_cannot_be_taken_changes_nothing(world, calling, staff, trainee, content, etag, status):
    answer = change(calling(staff), trainee, content, etag)

    assert answer.status_code == status, answer.json
    assert answer.mimetype == "application/problem+json"
    assert number_of(world, trainee) == trainee.student_number
    assert count(world, ApiAnswer) == 0


def test_faults_of_fields_are_named_in_the_callers_language(calling, staff, trainee):
    answer = change(calling(staff), trainee, {"nonsense": 1}, "*", **{"Accept-Language": "zh"})

    assert answer.json["errors"] == [{"field": "nonsense", "messages": ["没有此字段。"]}]
    assert answer.json["detail"] == "请查看所列字段。"


def test_the_trail_tells_that_a_program_did_it(world, calling, staff, trainee):
    change(calling(staff), trainee, {"student_number": "S9"}, "*")

    with world.inside() as session, world.app.test_request_context(headers={"Accept-Language": "en"}):
        event = session.query(AuditEvent).filter_by(action="enrolment.numbers").one()
        assert event.actor_id == staff.id
        assert event.details["by_token"] == 1
        assert tell(event).endswith("(through a program)")


def test_a_rule_of_the_pages_holds_here(world, calling, staff, trainee, program):
    other = world.enrolment(program)

    answer = change(calling(staff), trainee, {"student_number": other.student_number}, "*")

    assert answer.status_code == 409
    assert other.name in answer.json["detail"]


def test_the_enterprise_sets_its_own_number_only(world, calling, trainee):
    caller = calling(world.user(Role.ENTERPRISE_COORDINATOR))

    assert change(caller, trainee, {"student_number": "S9"}, "*").status_code == 403
    assert change(caller, trainee, {"employee_number": "E9"}, "*").status_code == 200


# --- once for each key ---------------------------------------------------------------------------------------


def test_a_write_needs_a_key_and_a_json_body(calling, staff, trainee):
    caller, path = calling(staff), f"/programs/{trainee.program_id}/enrolments/{trainee.id}"

    assert caller.open("PATCH", path, json={}).status_code == 428
    assert caller.open("PATCH", path, {"Idempotency-Key": "x" * 81}, json={}).status_code == 422
    assert caller.open("PATCH", path, {"Idempotency-Key": "x"}, data={"a": 1}).status_code == 415
    broken = caller.open("PATCH", path, {"Idempotency-Key": "x"}, data="{", content_type="application/json")
    assert broken.status_code == 400


def test_sent_again_under_its_key_a_write_is_answered_again_and_done_once(world, calling, staff, trainee):
    caller = calling(staff)
    content = {"student_number": "S9"}

    first = change(caller, trainee, content, '"1"', key="same")
    again = change(caller, trainee, content, '"1"', key="same")  # its version is an old one by now

    assert first.status_code == again.status_code == 200
    assert again.json == first.json
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert count(world, ApiAnswer) == 1


def test_a_key_is_not_used_for_another_request(world, calling, staff, trainee):
    caller = calling(staff)
    change(caller, trainee, {"student_number": "S9"}, "*", key="same")

    other = change(caller, trainee, {"student_number": "S8"}, "*", key="same")

    assert other.status_code == 422
    assert number_of(world, trainee) == "S9"
    theirs = change(calling(staff), trainee, {"student_number": "S8"}, "*", key="same")
    assert theirs.status_code == 200  # another token's keys are its own


def test_a_refused_write_may_be_sent_again_under_its_key(world, calling, staff, trainee, program):
    caller, other = calling(staff), world.enrolment(program)
    content = {"student_number": other.student_number}
    assert change(caller, trainee, content, "*", key="same").status_code == 409
    change(caller, other, {"student_number": ""}, "*")

    assert change(caller, trainee, content, "*", key="same").status_code == 200


def test_a_key_is_forgotten_after_a_week(world, calling, staff, trainee):
    caller = calling(staff)
    change(caller, trainee, {"student_number": "S9"}, "*", key="same")
    world.app.config["CLOCK"] = lambda: NOW + timedelta(days=8)

    assert change(caller, trainee, {"student_number": "S8"}, "*", key="same").status_code == 200
    assert count(world, ApiAnswer) == 1


def test_two_at_once_under_one_key_do_it_once(world, calling, staff, trainee):
    callers, answers = [calling(staff)], []
    callers.append(type(callers[0])(world.app, callers[0].token))
    barrier = threading.Barrier(2)

    def work(caller):
        barrier.wait()
        answers.append(change(caller, trainee, {"student_number": "S9"}, '"1"', key="same"))

    threads = [threading.Thread(target=work, args=[caller]) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses in ([200, 200], [200, 409]), [answer.json for answer in answers]
    assert count(world, ApiAnswer) == 1


@pytest.mark.postgres
def test_while_a_request_is_at_work_its_key_is_taken(world, calling, staff, trainee):
    import hashlib

    import sqlalchemy as sa

    from trainmgr.api.models import ApiToken

    caller = calling(staff)
    with world.inside() as session:
        token_id = session.query(ApiToken).one().id
        digest = hashlib.sha256(f"{token_id}:same".encode()).digest()[:8]
        with db.engine.connect() as elsewhere:
            elsewhere.execute(
                sa.select(sa.func.pg_advisory_xact_lock(int.from_bytes(digest, "big", signed=True)))
            )
            answer = change(caller, trainee, {"student_number": "S9"}, "*", key="same")

    assert answer.status_code == 409
    assert answer.headers["Retry-After"] == "1"


# --- logs ----------------------------------------------------------------------------------------------------

LOG = {
    "day": (TODAY - timedelta(days=1)).isoformat(),
    "minutes": 480,
    "stage_number": 1,
    "task": "装配",
    "learned": "扭矩",
}


@pytest.fixture
def writer(world, calling, trainee):
    with world.inside() as session:
        from trainmgr.identity.models import User

        person = session.get(User, trainee.user_id)
        session.expunge(person)
    return calling(person)


def test_a_trainee_hands_a_log_in_and_it_waits_for_the_mentor(world, writer, trainee):
    path = f"/programs/{trainee.program_id}/logs"

    made = send(writer, path, LOG, key="log-1")
    again = send(writer, path, LOG, key="log-1")

    assert made.status_code == 201, made.json
    assert made.json["state"] == "submitted"
    assert made.json["signer_id"] == trainee.enterprise_mentor_id
    assert made.headers["Location"].endswith(f"/logs/{made.json['id']}")
    assert again.json == made.json
    assert writer.get(made.headers["Location"].removeprefix("/api/v1")).json == made.json
    assert count(world, PracticeLog) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"minutes": 7}, "minutes"),
        ({"day": "2026-11-31"}, "day"),
        ({"task": ""}, "task"),
        ({"day_minutes": [480] * 7}, "minutes"),
        ({"state": "signed"}, "state"),
        ({"module_id": 99}, "module_id"),
        ({"competency_ids": [99]}, "competency_ids"),
        ({"day": (TODAY + timedelta(days=1)).isoformat()}, "day"),
    ],
)
def test_a_log_with_a_fault_is_refused_whole(world, writer, trainee, wrong, field):
    answer = send(writer, f"/programs/{trainee.program_id}/logs", LOG | wrong)

    assert answer.status_code in (409, 422), answer.json
    assert [one["field"] for one in answer.json["errors"]] == [field]
    assert count(world, PracticeLog) == 0  # not even a draft


def test_a_log_names_what_was_practised_of_what_is_offered(world, writer, trainee, program):
    offered = world.competency(program)
    (told,) = writer.get(f"/programs/{program.id}/log-competencies").json["data"]
    path = f"/programs/{program.id}/logs"

    answer = send(writer, path, LOG | {"competency_ids": [told["id"]]})

    assert told == {"id": offered.id, "name": offered.name, "name_en": ""}
    assert answer.json["competency_ids"] == [offered.id]
    assert send(writer, path, LOG).json["errors"][0]["field"] == "competency_ids"


def test_a_week_is_handed_in_with_the_minutes_of_its_days(writer, trainee):
    week = {key: value for key, value in LOG.items() if key != "minutes"} | {
        "day_minutes": [0, 480, 240, 0, 0, 0, 0]
    }

    answer = send(writer, f"/programs/{trainee.program_id}/logs", week)

    assert answer.status_code == 201, answer.json
    assert (answer.json["day"], answer.json["until"], answer.json["minutes"]) == (
        "2026-11-17",
        "2026-11-18",
        720,
    )


def test_nobody_hands_a_log_in_for_somebody_else(world, calling, staff, trainee, program):
    stranger = calling(world.user(Role.TRAINEE))

    assert send(calling(staff), f"/programs/{program.id}/logs", LOG).status_code == 403
    assert send(stranger, f"/programs/{program.id}/logs", LOG).status_code == 404


def log_to_sign(world, trainee):
    with world.app.app_context():
        return keep(
            PracticeLog(
                program_id=trainee.program_id, enrolment_id=trainee.id, stage_number=1, minutes=480, task="x",
                day=TODAY - timedelta(days=1), state=LogState.SUBMITTED, created_at=NOW, submitted_at=NOW,
                side=Side.ENTERPRISE, signer_id=trainee.enterprise_mentor_id,
            )
        )  # fmt: skip


@pytest.fixture
def mentor(world, calling, trainee):
    with world.inside() as session:
        from trainmgr.identity.models import User

        person = session.get(User, trainee.enterprise_mentor_id)
        session.expunge(person)
    return calling(person)


def test_the_mentor_signs_a_log_once(world, mentor, writer, trainee):
    log = log_to_sign(world, trainee)
    path = f"/programs/{trainee.program_id}/logs/{log.id}/sign"

    signed = send(mentor, path, {})

    assert signed.status_code == 200, signed.json
    assert signed.json["state"] == "signed"
    assert send(mentor, path, {}).status_code == 409  # another key: it was decided on
    assert send(writer, path, {}).status_code == 403
    with world.inside() as session:
        assert session.get(Enrolment, trainee.id).verified_minutes == 480


def test_a_log_goes_back_with_a_reason_and_is_written_again(world, mentor, writer, trainee):
    log = log_to_sign(world, trainee)
    path = f"/programs/{trainee.program_id}/logs"
    assert send(mentor, f"{path}/{log.id}/return", {"comment": ""}).status_code == 422

    back = send(mentor, f"{path}/{log.id}/return", {"comment": "哪台设备？"})
    better = send(writer, path, LOG | {"replaces_id": log.id})

    assert back.json["state"] == "returned"
    assert better.status_code == 201, better.json
    assert better.json["replaces_id"] == log.id
    assert writer.get(f"{path}/{log.id}").json["state"] == "replaced"


def test_a_log_of_another_programme_is_not_there(world, mentor, trainee, staff):
    log = log_to_sign(world, trainee)
    other = world.program(State.RUNNING, created_by=staff)

    assert send(mentor, f"/programs/{other.id}/logs/{log.id}/sign", {}).status_code == 404

"""Statements of the Experience API: built from records, sent once to a store that the test runs, voided when undone."""

from __future__ import annotations

import base64
import json
import re
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY, keep
from tests.testing.conftest import make_exam
from trainmgr.certificates.models import Certificate, CertificateRevocation
from trainmgr.certificates.rules import RevocationKind
from trainmgr.exchange import telling
from trainmgr.exchange.kinds import BACK_OFF, Source, StatementState
from trainmgr.exchange.models import LearningStatement, LearningStore
from trainmgr.kernel.access import Role
from trainmgr.kernel.crypto import encrypt
from trainmgr.kernel.jobs import Job, keep_time
from trainmgr.practice.models import GateDecision, LogDecision, PracticeLog
from trainmgr.practice.rules import GateOutcome, LogDecisionKind, LogState
from trainmgr.programs.rules import Side, State
from trainmgr.testing.models import Attempt
from trainmgr.testing.rules import AttemptEnd

ADL = "http://adlnet.gov/expapi/verbs/"


class Lrs:
    """A learning record store: keeps statements by id, refuses what the specification tells it to refuse."""

    def __init__(self) -> None:
        self.statements, self.requests, self.answers = {}, [], []
        store = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = store.take(self.path, self.headers, json.loads(body))
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_args):
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/xapi"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def take(self, path, headers, made):
        self.requests.append((path, dict(headers), made))
        if self.answers and (status := self.answers.pop(0)) != 200:
            return status, {}
        expected = "Basic " + base64.b64encode(b"key:secret").decode()
        if headers["Authorization"] != expected:
            return 401, {}
        if not (headers["X-Experience-API-Version"] or "").startswith("1.0."):
            return 400, {}
        for one in made:
            UUID(one["id"])
            known = self.statements.get(one["id"])
            if known is not None and known != one:
                return 409, {}
            if "refuse" in json.dumps(one, ensure_ascii=False):
                return 400, {}
        self.statements |= {one["id"]: one for one in made}
        return 200, [one["id"] for one in made]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def lrs(world):
    world.app.config["ALLOW_INWARD"] = "127.0.0.1"
    store = Lrs()
    yield store
    store.close()


@pytest.fixture
def program(world):
    world.app.config["CLOCK"] = lambda: NOW
    return world.program(State.RUNNING, name="数控班", name_en="CNC class")


@pytest.fixture
def trainee(world, program):
    return world.enrolment(program, mentor=world.user(Role.ENTERPRISE_MENTOR, name="刘师傅"))


@pytest.fixture
def make_store(world, lrs):
    def make(college=None, **values):
        with world.app.app_context():
            return keep(
                LearningStore(
                    college_id=(college or world.college).id, root="https://train.example.edu.cn/", at=NOW,
                    by_id=world.user().id, by_name="x", since=NOW - timedelta(days=30),
                    password_sealed=encrypt("secret"),
                    **{"name": "记录库", "url": lrs.url, "username": "key"} | values,
                )
            )  # fmt: skip

    return make


def log_of(world, trainee, state=LogState.SUBMITTED, days=1, task="x"):
    with world.app.app_context():
        log = keep(
            PracticeLog(
                program_id=trainee.program_id, enrolment_id=trainee.id, stage_number=1, minutes=480, task=task,
                day=TODAY - timedelta(days=days), state=state, created_at=NOW, submitted_at=NOW - timedelta(hours=2),
                side=Side.ENTERPRISE, signer_id=trainee.enterprise_mentor_id,
            )
        )  # fmt: skip
        if state is LogState.SIGNED:
            keep(
                LogDecision(
                    log_id=log.id, kind=LogDecisionKind.SIGN, by_id=trainee.enterprise_mentor_id, by_name="刘师傅",
                    at=NOW - timedelta(hours=1),
                )
            )  # fmt: skip
        return log


def gate_of(world, trainee, outcome):
    with world.app.app_context():
        more = {} if outcome is GateOutcome.PASSED else {"remedial_task": "再测", "remedial_due_on": TODAY}
        return keep(
            GateDecision(
                program_id=trainee.program_id, enrolment_id=trainee.id, stage_number=1, outcome=outcome,
                by_id=trainee.enterprise_mentor_id, by_name="刘师傅", at=NOW - timedelta(hours=1), **more,
            )
        )  # fmt: skip


def certificate_of(world, trainee):
    with world.app.app_context():
        return keep(
            Certificate(
                program_id=trainee.program_id, enrolment_id=trainee.id, user_id=trainee.user_id,
                college_id=trainee.college_id, year=2026, number=1, code="ABCD1234", holder_part="AB",
                credential_id="0b6c1a3e-0000-4000-8000-000000000001", origin="https://x/", holder_name=trainee.name,
                program_name="数控班", college_name="测试学院", issued_on=TODAY, issued_at=NOW - timedelta(hours=1),
                by_id=world.user().id, by_name="x",
            )
        )  # fmt: skip


def tick(world, now=NOW):
    with world.app.app_context():
        keep_time(now)


def rows_of(world):
    with world.inside() as session:
        rows = session.query(LearningStatement).order_by(LearningStatement.id).all()
        session.expunge_all()
        return rows


def by_verb(lrs):
    found = {}
    for one in lrs.statements.values():
        found.setdefault(one["verb"]["id"].removeprefix(ADL), []).append(one)
    return found


def test_logs_gates_and_certificates_become_statements_of_the_vocabulary(world, lrs, make_store, trainee):
    make_store()
    log_of(world, trainee, LogState.SIGNED)
    gate_of(world, trainee, GateOutcome.PASSED)
    certificate_of(world, trainee)

    tick(world)

    told = by_verb(lrs)
    assert {verb: len(found) for verb, found in told.items()} == {
        "experienced": 1,
        "completed": 2,
        "passed": 1,
    }
    handed_in = told["experienced"][0]
    assert handed_in["result"] == {"duration": "PT480M"}
    assert handed_in["timestamp"].endswith("Z")
    assert handed_in["object"]["id"].startswith("https://train.example.edu.cn/programs/")
    assert handed_in["context"]["contextActivities"]["parent"][0]["definition"]["name"]["zh-CN"] == "数控班"
    assert all(
        re.match(r"http://adlnet\.gov/expapi/activities/", one["object"]["definition"]["type"])
        for one in lrs.statements.values()
    )
    signed = next(one for one in told["completed"] if "instructor" in one["context"])
    assert signed["result"]["completion"] is True
    assert signed["actor"] == handed_in["actor"]
    assert signed["context"]["instructor"] != signed["actor"]


def test_a_draft_is_no_statement_and_a_failed_gate_says_so(world, lrs, make_store, trainee):
    make_store()
    log_of(world, trainee, LogState.DRAFT)
    gate_of(world, trainee, GateOutcome.REMEDIAL)

    tick(world)

    assert set(by_verb(lrs)) == {"failed"}
    assert by_verb(lrs)["failed"][0]["result"]["success"] is False


def test_a_test_is_told_with_its_score_once_it_is_marked(world, lrs, make_store):
    world.app.config["CLOCK"] = lambda: NOW
    exam = make_exam(world, state=State.RUNNING)
    person = exam.trainee()
    exam.sitting([person], enrolments={person.id: world.enrolment(exam.program, user=person)})
    attempt_id = exam.begin(at=NOW - timedelta(minutes=30))
    exam.finish(attempt_id, at=NOW - timedelta(minutes=10))
    make_store()
    with world.inside() as session:
        session.query(Attempt).update({"waiting": 1, "points": 6, "possible": 8})
        session.commit()
    tick(world)
    assert lrs.requests == []

    with world.inside() as session:
        session.query(Attempt).update({"waiting": 0})
        session.commit()
    tick(world, NOW + timedelta(minutes=6))

    told = by_verb(lrs)["completed"][0]
    assert told["result"] == {"score": {"raw": 6.0, "min": 0, "max": 8.0, "scaled": 0.75}, "completion": True}
    assert told["object"]["definition"]["type"] == "http://adlnet.gov/expapi/activities/assessment"


def test_a_test_that_was_called_off_is_not_told(world, lrs, make_store):
    exam = make_exam(world, state=State.RUNNING)
    person = exam.trainee()
    exam.sitting([person], enrolments={person.id: world.enrolment(exam.program, user=person)})
    exam.finish(
        exam.begin(at=NOW - timedelta(minutes=30)), at=NOW - timedelta(minutes=10), end=AttemptEnd.CALLED_OFF
    )
    make_store()
    with world.inside() as session:
        session.query(Attempt).update({"waiting": 0})
        session.commit()

    tick(world)

    assert lrs.requests == []


def test_people_are_told_by_an_opaque_account_unless_the_college_says_otherwise(
    world, lrs, make_store, trainee
):
    make_store()
    log_of(world, trainee, LogState.SIGNED)

    tick(world)

    text = json.dumps(list(lrs.statements.values()), ensure_ascii=False)
    actor = by_verb(lrs)["experienced"][0]["actor"]
    assert set(actor["account"]) == {"homePage", "name"}
    UUID(actor["account"]["name"])
    assert all(word not in text for word in (trainee.name, trainee.student_number, "刘师傅"))


def test_names_are_told_where_the_college_says_so(world, lrs, make_store, trainee):
    make_store(tells_names=True)
    log_of(world, trainee)

    tick(world)

    assert by_verb(lrs)["experienced"][0]["actor"]["name"] == trainee.name


def test_the_request_carries_version_and_credentials_and_goes_where_it_should(
    world, lrs, make_store, trainee
):
    make_store()
    log_of(world, trainee)

    tick(world)

    path, headers, made = lrs.requests[0]
    assert path == "/xapi/statements"
    assert headers["X-Experience-API-Version"] == "1.0.3"
    assert len(made) == 1


def test_a_record_is_sent_once_however_often_the_clock_strikes(world, lrs, make_store, trainee):
    make_store()
    log_of(world, trainee)

    for minutes in (0, 1, 6, 12):
        tick(world, NOW + timedelta(minutes=minutes))

    assert len(lrs.requests) == 1
    assert [row.state for row in rows_of(world)] == [StatementState.SENT]


def test_what_a_worker_that_died_had_sent_is_sent_again_under_the_same_id(world, lrs, make_store, trainee):
    make_store()
    log_of(world, trainee)
    tick(world)
    with world.inside() as session:
        session.query(LearningStatement).update(
            {"state": StatementState.SENDING, "claimed_at": NOW, "sent_at": None}
        )
        session.commit()

    tick(world, NOW + timedelta(minutes=11))

    assert len(lrs.requests) == 2
    assert len(lrs.statements) == 1
    assert rows_of(world)[0].state is StatementState.SENT


def test_many_go_in_batches(world, lrs, make_store, trainee, monkeypatch):
    monkeypatch.setattr(telling, "AT_ONCE", 3)
    make_store()
    for days in range(1, 8):
        log_of(world, trainee, days=days)

    tick(world)

    assert [len(made) for _path, _headers, made in lrs.requests] == [3, 3, 1]


def test_a_store_that_is_down_is_asked_again_later_and_given_up_at_last(world, lrs, make_store, trainee):
    make_store()
    log_of(world, trainee)
    lrs.answers = [503] * (len(BACK_OFF) + 1)
    moment = NOW

    tick(world, moment)
    row = rows_of(world)[0]
    assert (row.state, row.not_before, row.fault) == (
        StatementState.WAITING,
        NOW + BACK_OFF[0],
        "it answered 503",
    )
    tick(world, moment)
    assert len(lrs.requests) == 1
    for wait in BACK_OFF:
        moment += wait
        tick(world, moment)

    assert len(lrs.requests) == len(BACK_OFF) + 1
    assert rows_of(world)[0].state is StatementState.FAILED


def test_of_a_batch_that_is_refused_the_good_ones_go_through(world, lrs, make_store, program, trainee):
    make_store(tells_names=True)
    bad = world.enrolment(program, user=world.user(Role.TRAINEE, name="refuse"))
    log_of(world, trainee)
    log_of(world, bad)
    log_of(world, trainee, days=2)

    tick(world)

    assert len(lrs.statements) == 2
    assert sorted(row.state for row in rows_of(world)) == [
        StatementState.FAILED,
        StatementState.SENT,
        StatementState.SENT,
    ]


def test_a_statement_that_the_store_has_otherwise_is_no_fault(world, lrs, make_store, trainee):
    make_store()
    log_of(world, trainee)
    tick(world)
    key = next(iter(lrs.statements))
    lrs.statements[key] = lrs.statements[key] | {"timestamp": "2020-01-01T00:00:00.000Z"}
    with world.inside() as session:
        session.query(LearningStatement).update({"state": StatementState.WAITING, "sent_at": None})
        session.commit()

    tick(world, NOW + timedelta(minutes=1))

    assert rows_of(world)[0].state is StatementState.SENT
    assert len(lrs.statements) == 1


def test_a_revoked_certificate_voids_its_statement(world, lrs, make_store, trainee):
    make_store()
    certificate = certificate_of(world, trainee)
    tick(world)
    with world.app.app_context():
        keep(
            CertificateRevocation(
                certificate_id=certificate.id, kind=RevocationKind.REVOKED, reason="x", by_id=world.user().id,
                by_name="x", at=NOW + timedelta(minutes=3),
            )
        )  # fmt: skip

    tick(world, NOW + timedelta(minutes=6))

    completed, voided = by_verb(lrs)["completed"][0], by_verb(lrs)["voided"][0]
    assert voided["object"] == {"objectType": "StatementRef", "id": completed["id"]}


def test_what_was_never_told_is_not_voided(world, lrs, make_store, trainee):
    make_store()
    certificate = certificate_of(world, trainee)
    with world.app.app_context():
        keep(
            CertificateRevocation(
                certificate_id=certificate.id, kind=RevocationKind.REVOKED, reason="x", by_id=world.user().id,
                by_name="x", at=NOW,
            )
        )  # fmt: skip
    lrs.answers = [503]

    tick(world)

    assert [row.source for row in rows_of(world)] == [Source.COMPLETION]


def test_only_the_colleges_own_trainees_are_told(world, lrs, make_store, program, trainee):
    other = world.organization(name="别的学院")
    make_store(other)
    log_of(world, trainee)

    tick(world)

    assert lrs.requests == []
    assert rows_of(world) == []


def test_an_address_of_ones_own_network_is_never_asked(world, lrs, make_store, trainee):
    make_store()
    log_of(world, trainee)
    world.app.config["ALLOW_INWARD"] = ""

    tick(world)

    assert lrs.requests == []
    assert "public" in rows_of(world)[0].fault


def test_what_waits_for_a_store_that_is_off_is_dropped_and_goes_when_it_is_asked_for(
    world, lrs, make_store, trainee, signed_in
):
    store = make_store()
    log_of(world, trainee)
    lrs.answers = [503]
    tick(world)
    with world.inside() as session:
        session.query(LearningStore).update({"active": False})
        session.commit()
    tick(world, NOW + timedelta(minutes=2))
    assert rows_of(world)[0].state is StatementState.DROPPED

    with world.inside() as session:
        session.query(LearningStore).update({"active": True})
        session.commit()
    admin = signed_in(world.user(Role.ADMINISTRATOR, world.college))
    page = admin.post(f"/exchange/{world.college.id}/stores/{store.id}/statements", follow_redirects=True)
    tick(world, NOW + timedelta(minutes=3))

    assert page.status_code == 200
    assert rows_of(world)[0].state is StatementState.SENT


# --- the page and the file -----------------------------------------------------------------------------------


def test_a_store_is_set_up_its_password_sealed_and_shown_to_nobody(world, signed_in):
    world.app.config["CLOCK"] = lambda: NOW
    admin = signed_in(world.user(Role.ADMINISTRATOR, world.college))
    place = f"/exchange/{world.college.id}/stores/new"
    typed = {
        "name": "记录库", "url": "https://lrs.example.com/xapi", "username": "key", "password": "geheim", "active": "y",
        "since": "2026-01-01",
    }  # fmt: skip

    assert admin.post(place, data=typed | {"url": "http://10.0.0.1/"}).status_code == 422
    assert admin.post(place, data=typed | {"since": "0001-01-01"}).status_code == 422
    assert admin.post(place, data=typed).status_code == 302
    with world.inside() as session:
        store = session.query(LearningStore).one()
        store_id, sealed = store.id, store.password_sealed
    page = admin.get(f"/exchange/{world.college.id}/stores/{store_id}")
    changed = admin.post(
        f"/exchange/{world.college.id}/stores/{store_id}",
        data=typed | {"password": "", "name": "新名", "version": "1"},
    )

    assert "geheim" not in sealed
    assert "geheim" not in page.text
    assert changed.status_code == 302
    with world.inside() as session:
        store = session.query(LearningStore).one()
        assert (store.name, store.password_sealed) == ("新名", sealed)
    stale = admin.post(f"/exchange/{world.college.id}/stores/{store_id}", data=typed | {"version": "1"})
    assert stale.status_code == 409


def test_the_records_of_a_period_are_one_json_file(world, signed_in, trainee):
    admin = signed_in(world.user(Role.ADMINISTRATOR, world.college))
    log_of(world, trainee, LogState.SIGNED)
    certificate_of(world, trainee)
    place = f"/exchange/{world.college.id}"

    assert (
        admin.post(f"{place}/statements", data={"first": "2026-09-02", "last": "2026-09-01"}).status_code
        == 422
    )
    days = {"first": (TODAY - timedelta(days=1)).isoformat(), "last": (TODAY + timedelta(days=1)).isoformat()}
    never = {"first": "9999-12-31", "last": "9999-12-31"}
    assert admin.post(f"{place}/statements", data=never).status_code == 422
    assert admin.post(f"{place}/statements", data=days).status_code == 302
    with world.inside() as session:
        job_id = session.scalar(sa.select(sa.func.max(Job.id)))
    told = json.loads(admin.get(f"{place}/jobs/{job_id}/file").data)

    assert sorted(one["verb"]["id"].removeprefix(ADL) for one in told) == [
        "completed",
        "completed",
        "experienced",
    ]
    assert trainee.name not in json.dumps(told, ensure_ascii=False)
    assert len({one["id"] for one in told}) == 3


def test_the_file_and_the_store_name_a_record_alike(world, lrs, make_store, trainee, signed_in):
    make_store()
    log_of(world, trainee)
    tick(world)
    admin, place = signed_in(world.user(Role.ADMINISTRATOR, world.college)), f"/exchange/{world.college.id}"
    admin.post(f"{place}/statements", data={"first": TODAY.isoformat(), "last": TODAY.isoformat()})
    with world.inside() as session:
        job_id = session.scalar(sa.select(sa.func.max(Job.id)))

    told = json.loads(admin.get(f"{place}/jobs/{job_id}/file").data)

    assert [one["id"] for one in told] == list(lrs.statements)

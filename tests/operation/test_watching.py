"""Whoever watches the installation learns how it is, and nothing about people."""

import io
import json
import logging
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from trainmgr.kernel import crypto, jobs
from trainmgr.kernel.clock import utcnow
from trainmgr.operation import logs, migrating, state
from trainmgr.operation.state import Level

NOW = utcnow()
NAME, NUMBER = "罗梓涵", "500103199003078828"


@pytest.fixture
def migrated(monkeypatch):
    """A database that counts as migrated."""
    monkeypatch.setattr(migrating, "present", lambda: "0039")
    monkeypatch.setattr(migrating, "heads", lambda: {"0039"})


# --- readiness ----------------------------------------------------------------------------------


def test_a_host_is_ready_once_the_database_is_migrated_and_the_worker_has_looked(client, session, migrated):
    jobs.keep_time(utcnow())

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json == {
        "status": "ok",
        "database": "ok",
        "migrations": "ok",
        "worker": "ok",
        "files": "ok",
    }


def test_a_host_behind_a_migration_is_not_ready(client, monkeypatch, migrated):
    monkeypatch.setattr(migrating, "present", lambda: "0001")

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json["migrations"]) == (503, "behind")


def test_a_worker_that_is_away_is_told_and_takes_no_host_away(client, session, migrated):
    state.mark(state.WORKER, utcnow() - timedelta(minutes=4))
    session.commit()

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json["worker"]) == (200, "late")


def test_a_host_without_its_database_is_not_ready(client, monkeypatch):
    def away():
        raise OperationalError("SELECT 1", {}, Exception("away"))

    monkeypatch.setattr(migrating, "present", away)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json["database"]) == (503, "unreachable")


def test_a_host_that_cannot_keep_files_is_not_ready(client, app, tmp_path, migrated):
    (tmp_path / "file").write_text("in the way")
    app.config["FILES_URL"] = str(tmp_path / "file")

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json["files"]) == (503, "not writable")


# --- figures ------------------------------------------------------------------------------------


def test_requests_are_counted_by_endpoint_and_jobs_by_state(client, app):
    def told():
        text = client.get("/metrics").text
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
                for line in text.splitlines() if not line.startswith("#")}  # fmt: skip

    asked = 'trainmgr_requests_total{endpoint="health.show_health",method="GET",status="200"}'
    before = told().get(asked, 0)
    client.get("/healthz")
    after = told()

    assert after[asked] == before + 1
    assert after['trainmgr_request_seconds_count{endpoint="health.show_health",method="GET"}'] == after[asked]
    assert after['trainmgr_jobs{state="failed"}'] == 0
    assert after["trainmgr_worker_seconds"] == -1


@pytest.mark.once
@pytest.mark.parametrize(
    ("environ", "headers"),
    [
        ({"REMOTE_ADDR": "203.0.113.9"}, {}),
        ({"REMOTE_ADDR": "127.0.0.1"}, {"X-Forwarded-For": "203.0.113.9"}),
        ({"REMOTE_ADDR": ""}, {}),
    ],
)
def test_figures_are_not_there_for_anybody_else(client, environ, headers):
    assert client.get("/metrics", environ_overrides=environ, headers=headers).status_code == 404


@pytest.mark.once
def test_where_a_token_is_set_it_alone_opens_the_figures(client, app):
    app.config["METRICS_TOKEN"] = "told to Prometheus"

    right = {
        "headers": {"Authorization": "Bearer told to Prometheus"},
        "environ_overrides": {"REMOTE_ADDR": "10.0.0.9"},
    }
    assert client.get("/metrics", **right).status_code == 200
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer something else"}).status_code == 404


# --- logs ---------------------------------------------------------------------------------------


@pytest.fixture(params=["json", "text"])
def written(request):
    """Everything that is logged, as it is written down."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logs.Formatter(request.param == "json"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lambda: out.getvalue()
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.once
def test_no_log_holds_what_a_request_says_nor_what_an_error_repeats(client, app, written, monkeypatch):
    view = app.view_functions["identity.sign_in"]

    def broken():
        try:
            raise LookupError(f"Key (name)=({NAME}) exists")
        except LookupError as cause:
            raise OperationalError("INSERT INTO t VALUES (?)", {"id": NUMBER}, Exception(NAME)) from cause

    broken.access = view.access
    monkeypatch.setitem(app.view_functions, "identity.sign_in", broken)

    answer = client.post(f"/sign-in?name={NAME}&number={NUMBER}", data={"name": NAME, "password": NUMBER})

    assert answer.status_code >= 500
    lines = written()
    assert "identity.sign_in" in lines
    assert "OperationalError" in lines
    assert "LookupError" in lines
    assert NAME not in lines
    assert json.dumps(NAME).strip('"') not in lines
    assert NUMBER not in lines


@pytest.mark.once
@pytest.mark.parametrize("written", ["json"], indirect=True)
def test_each_request_leaves_a_line_with_its_id_and_the_answer_carries_it(client, written):
    answer = client.get("/sign-in", headers={"X-Request-ID": "proxy-12345678"})

    line = next(json.loads(text) for text in written().splitlines() if '"trainmgr.requests"' in text)
    assert answer.headers["X-Request-ID"] == "proxy-12345678"
    assert line["request_id"] == "proxy-12345678"
    assert (line["endpoint"], line["method"], line["status"]) == ("identity.show_sign_in", "GET", 200)
    assert line["ms"] > 0


@pytest.mark.once
@pytest.mark.parametrize("given", ["", "short", "a b c d e f g h", "x" * 65, "<script>alert(1)"])
def test_an_id_that_could_forge_a_line_is_replaced(client, given):
    number = client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]

    assert number != given
    assert logs.GIVEN.fullmatch(number)


# --- the check of everything ----------------------------------------------------------------------


def looked(name):
    return next(one for one in state.findings(utcnow()) if one.name == name)


def test_the_check_tells_a_weak_key_and_ends_with_one(cli, migrated):
    result = cli("trainmgr", "check")

    assert result.exit_code == 1
    assert "fault    secret key: weak" in result.output
    assert "warning  mail: no mail is sent" in result.output


def test_a_well_kept_installation_passes(app, cli, session, migrated):
    app.config |= {
        "SECRET_KEY": "q8Vd0mH2sX7uK4tZ1cY9nB6rE3wL5pJa-gF_iOyT",
        "SMTP_URL": "smtp://mail.example.cn:25",
        "MAIL_FROM": "train@example.cn",
        "PUBLIC_URL": "https://train.example.cn",
    }
    jobs.keep_time(utcnow())
    state.mark(state.BACKUP, utcnow())
    session.commit()

    result = cli("trainmgr", "check", "--strict")

    little = {one.name for one in state.findings(utcnow()) if one.level is not Level.OK} - {"disk"}
    assert not little, result.output
    assert result.exit_code == (looked("disk").level is not Level.OK)


def test_a_data_key_that_opens_nothing_is_told(app, session, world):
    world.user(phone_encrypted=crypto.encrypt("13800001111"))
    app.config["DATA_KEYS"] = ["another key, of more than thirty-two characters"]
    keyring = app.extensions["keyring"]
    try:
        crypto.init_app(app)
        found = looked("data key")
    finally:
        app.extensions["keyring"] = keyring

    assert found.level is Level.FAULT
    assert "data.key" in found.text


def test_a_worker_that_never_ran_and_a_migration_that_waits_are_told(session, monkeypatch, migrated):
    monkeypatch.setattr(migrating, "present", lambda: "0038")

    assert looked("worker").level is Level.FAULT
    assert looked("database").level is Level.FAULT
    assert "trainmgr migrate" in looked("database").text


def test_marks_are_one_row_each(session):
    state.mark(state.WORKER, NOW)
    session.flush()
    state.mark(state.WORKER, NOW + timedelta(minutes=1))
    session.flush()

    assert session.scalar(sa.text("SELECT count(*) FROM installation_mark")) == 1
    assert state.marked(state.WORKER) == NOW + timedelta(minutes=1)

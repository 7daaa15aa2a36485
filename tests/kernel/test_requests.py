"""What reaches the views of what a browser sent."""

from __future__ import annotations

import io
from contextlib import contextmanager

import pytest
from docx import Document
from flask import request
from sqlalchemy import event
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_no_document_can_hold_is_gone_from_pasted_text(app, method):
    """PowerPoint parts lines by a vertical tab, and Word's files hold none."""
    where = "query_string" if method == "GET" else "data"
    with app.test_request_context(
        "/", method=method, **{where: {"a": "一\x0b二\x0c三\x01\ufffe\r\n四\t五\x7f"}}
    ):
        text = (request.args if method == "GET" else request.form)["a"]
    assert text == "一 二 三\r\n四\t五\x7f"
    Document().add_paragraph(text)


@pytest.mark.parametrize("path", ["/apply/abcdefghijk%00", "/check/a%00b", "/calendar/a%00.ics"])
def test_an_address_with_a_nul_is_not_there(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("silent", [False, True])
def test_json_that_is_nested_without_end_is_none(app, silent):
    with app.test_request_context("/", method="POST", data="[" * 100_000, content_type="application/json"):
        if silent:
            assert request.get_json(silent=True) is None
        else:
            with pytest.raises(BadRequest):
                request.get_json()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_text_reaches_the_views_without_nul_and_otherwise_as_it_was_sent(app, method):
    where = "query_string" if method == "GET" else "data"
    values = {"a": ["x\0y", "二"], "b\0": [" "]}
    with app.test_request_context("/", method=method, **{where: values}):
        read = request.args if method == "GET" else request.form
        assert list(read.items(multi=True)) == [("a", "xy"), ("a", "二"), ("b", " ")]


def test_files_are_left_as_they_are(app):
    from io import BytesIO

    with app.test_request_context("/", method="POST", data={"f": (BytesIO(b"a\0b"), "n.bin"), "t": "x\0"}):
        assert request.files["f"].read() == b"a\0b"
        assert request.form["t"] == "x"


def test_the_names_of_all_files_lose_their_nul(app):
    files = [(io.BytesIO(b"1"), "a\0b.jpg"), (io.BytesIO(b"2"), "c\0.jpg")]
    with app.test_request_context("/", method="POST", data={"f": files}):
        assert [one.filename for one in request.files.getlist("f")] == ["ab.jpg", "c.jpg"]


class Sent(io.BytesIO):
    """A body that counts how much of it was read."""

    taken = 0

    def read(self, size=-1):
        block = super().read(size)
        self.taken += len(block)
        return block

    readinto = None


def test_what_is_too_large_is_read_to_its_end_so_that_the_browser_shows_why_it_was_refused(app, client):
    """A browser whose sending is cut off says only that the connection was reset."""
    app.config["MAX_CONTENT_LENGTH"] = 1000
    body = Sent(b"x" * 300_000)

    answer = client.post(
        "/sign-in", input_stream=body, content_length=300_000, content_type="multipart/form-data; boundary=x"
    )

    assert answer.status_code == 413
    assert body.taken == 300_000


# --- a database that goes away ----------------------------------------------------------------------


@pytest.fixture(params=["gone", "none free"])
def goes_away(bench, request):
    """Let the database be away, or no connection to it be free, while a block runs."""

    @contextmanager
    def away():
        def refuse(*_):
            if request.param == "none free":
                raise NoneFree("15 in use")
            raise OperationalError("SELECT 1", {}, Exception("gone"), connection_invalidated=True)

        event.listen(bench.engine, "before_cursor_execute", refuse)
        try:
            yield
        finally:
            event.remove(bench.engine, "before_cursor_execute", refuse)

    return away


def test_while_the_database_is_away_a_clear_page_says_when_to_come_back(client, world, signed_in, goes_away):
    browser = signed_in(world.user("staff"))

    with goes_away():
        page, refusal = browser.get("/programs"), browser.get("/nowhere")
        answer = browser.post("/language", data={"language": "en", "note": "已填写的内容"})

    assert (answer.status_code, page.status_code, refusal.status_code) == (503, 503, 503)
    assert page.headers["Retry-After"] == "5"
    assert "请稍候片刻" in page.get_data(as_text=True)
    assert "已填写的内容" in answer.get_data(as_text=True)
    assert browser.get("/programs").status_code == 200


def test_an_answer_that_is_ready_is_not_spoilt_by_a_database_that_goes_away_after_it(client, monkeypatch):
    def break_off(self):
        raise OperationalError("ROLLBACK", {}, Exception("gone"), connection_invalidated=True)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "close", break_off)
        answer = client.get("/healthz")

    assert answer.status_code == 200
    assert client.get("/healthz").status_code == 200


def test_a_fault_of_our_own_stays_one(client, monkeypatch):
    def break_off(self):
        raise ProgrammingError("ROLLBACK", {}, Exception("no such column"))

    monkeypatch.setattr(Session, "close", break_off)
    with pytest.raises(ProgrammingError):
        client.get("/healthz")
    monkeypatch.undo()

"""What reaches the views of what a browser sent."""

from __future__ import annotations

import io

import pytest
from flask import request


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

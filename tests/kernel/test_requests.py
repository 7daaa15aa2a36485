"""What reaches the views of what a browser sent."""

from __future__ import annotations

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

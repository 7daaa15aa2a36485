"""The demo's mentor without an account comes in as the first page of the demo says."""

from __future__ import annotations

import pytest

from trainmgr.demo import BY_LINK, LINK_TOKEN

pytestmark = [pytest.mark.once, pytest.mark.demo]


def test_the_demo_s_mentor_comes_in_by_link_and_finds_logs_to_sign(client):
    _role, path, code = BY_LINK
    assert LINK_TOKEN in client.get(path).get_data(as_text=True)

    assert client.post("/link", data={"link_token": LINK_TOKEN}).location == "/link/code"
    assert client.post("/link/code", data={"link_code": code}).location == "/"

    assert client.get("/").status_code == 200
    assert "点检" in (page := client.get("/logs/to-sign").get_data(as_text=True)) or "/logs/" in page

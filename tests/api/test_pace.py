"""How often a token may ask: counted over all processes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import NOW
from trainmgr.api import pace


def test_who_asks_too_often_is_told_when_to_go_on(world, calling):
    caller = calling(world.user(), per_minute=20)
    statuses = [caller.get("/programs").status_code for _ in range(21)]

    refused = caller.get("/programs")

    assert statuses == [200] * 20 + [429]
    assert refused.headers["Retry-After"] == "60"
    assert "20" in refused.json["detail"]
    world.app.config["CLOCK"] = lambda: NOW + timedelta(minutes=1)
    assert caller.get("/programs").status_code == 200


def test_processes_count_together(world, calling):
    caller = calling(world.user(), per_minute=30)
    taken = 0
    for _process in range(5):
        pace.forget()  # another process, which has nothing in hand yet
        taken += caller.get("/programs").status_code == 200

    assert taken == 3  # three leases of ten


def test_a_refused_write_counts_too(world, calling):
    caller = calling(world.user(), per_minute=10)
    path = "/programs/1/enrolments/1"

    statuses = {
        caller.open("PATCH", path, {"Idempotency-Key": str(n)}, json={}).status_code for n in range(10)
    }

    assert statuses == {404}
    assert caller.open("PATCH", path, {"Idempotency-Key": "x"}, json={}).status_code == 429


@pytest.mark.once
def test_a_request_asks_the_count_once_in_ten(world, calling, count_statements):
    caller = calling(world.user())
    caller.get("/programs")

    with count_statements() as statements:
        for _ in range(9):
            caller.get("/programs")

    assert not any("api_use" in one for one in statements)

"""No sequence of requests by any mix of roles reaches what must not be, or shows one college what is another's."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.factories import NOW
from tests.safety.campus import Campus
from tests.safety.lifecycle import Lifecycle

pytestmark = pytest.mark.once
LONG = os.environ.get("TRAINMGR_SAFETY_EXAMPLES")
WALK = settings(
    max_examples=int(LONG or 6),
    stateful_step_count=40,
    derandomize=not LONG,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a walk of real requests takes minutes to shrink, and tells enough as it is
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="session")
def campuses(bench: Any, database_url: str) -> list[Campus]:
    """Two colleges, made once for this worker."""
    bench.prepare("empty")
    bench.app.config["CLOCK"] = lambda: NOW
    made = [Campus(bench.app, mark, number) for number, mark in enumerate(("甲校机密", "乙校机密"))]
    bench.engine.dispose()
    bench.database.keep("campuses")
    bench.kept.add("campuses")
    return made


def test_no_sequence_of_requests_reaches_what_must_not_be(bench, campuses, monkeypatch):
    def put_back() -> None:
        bench.touched = True
        bench.prepare("campuses")
        bench.app.config["CLOCK"] = lambda: NOW

    monkeypatch.setattr(Lifecycle, "world", (bench, campuses, put_back))

    run_state_machine_as_test(Lifecycle, settings=WALK)

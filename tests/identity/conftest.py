"""A person at the door, with a password, and a clock that stands until it is set on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import NOW
from trainmgr.identity import passwords
from trainmgr.kernel.access import Role

PASSWORD = "kiln-otter-47"


class Clock:
    """A clock that stands until it is set on."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now

    def forward(self, **delta):
        self.now += timedelta(**delta)


@pytest.fixture
def clock(app):
    app.config["CLOCK"] = clock = Clock()
    return clock


@pytest.fixture(scope="session")
def hashed():
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def person(world, clock, hashed):
    return world.user(Role.STAFF, username="liwenjing", number="T0042", password_hash=hashed)

"""A running programme with its staff and people who can be split."""

from __future__ import annotations

import pytest

from tests.factories import NOW
from trainmgr.kernel.access import Role
from trainmgr.programs.rules import State


@pytest.fixture
def program(world):
    return world.program(State.RUNNING, planned_size=200)


@pytest.fixture
def staff(world, signed_in, app):
    app.config["CLOCK"] = lambda: NOW
    return signed_in(world.user(Role.STAFF))


@pytest.fixture
def people(world, program):
    """Make so many trainees, alternately of two majors and both genders."""

    def make(count, **values):
        found = []
        for serial in range(count):
            user = world.user(Role.TRAINEE, gender="fm"[serial % 2], name=f"学员{serial:03}")
            found.append(
                world.enrolment(program, user=user, field=("机电", "数控")[serial // 2 % 2], **values)
            )
        return found

    return make

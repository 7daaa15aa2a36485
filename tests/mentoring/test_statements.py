"""How many statements the pages of assigning take: as many for a class as for one trainee, and few."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.factories import NOW
from tests.mentoring.test_choice import ROUND
from tests.mentoring.test_views import name, row
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.mentoring.choice_models import ChoiceRound
from trainmgr.mentoring.models import ProposedPair
from trainmgr.programs.rules import State

MOST = 10


@pytest.fixture
def program(world, app):
    app.config["CLOCK"] = lambda: NOW
    return world.program(State.RECRUITING)


def statements(world, client, path) -> int:
    seen = []
    with world.inside():
        engine = db.engine

    def note(*args):
        seen.append(args[2])

    sa.event.listen(engine, "before_cursor_execute", note)
    assert client.get(path).status_code == 200, path
    sa.event.remove(engine, "before_cursor_execute", note)
    return sum(not statement.startswith("BEGIN") for statement in seen)


def test_the_pages_of_assigning_take_as_many_statements_for_many_as_for_few(world, program):
    staff = world.signed_in(world.user(Role.STAFF))
    chooser = world.user(Role.TRAINEE)
    world.enrolment(program, user=chooser)
    mentor = world.user(Role.ENTERPRISE_MENTOR)
    home = f"{mentor.id}:{world.enterprise.id}"
    staff.post(
        f"/programs/{program.id}/mentors/enterprise?q={mentor.name}", data={"person": home, "capacity": "5"}
    )
    staff.post(f"/programs/{program.id}/choices/enterprise", data=ROUND)
    round_id = row(world, sa.select(ChoiceRound)).id

    def compute():
        for way in ("best_fit", "even_loads"):
            staff.post(f"/programs/{program.id}/proposals/enterprise", data={"way": way})
        return row(world, sa.select(ProposedPair).order_by(ProposedPair.id.desc())).id

    def measured(pair_id):
        base = f"/programs/{program.id}"
        own, guide = world.signed_in(chooser), world.signed_in(mentor)
        return {
            "compare": statements(world, staff, f"{base}/proposals/enterprise/compare"),
            "pair": statements(world, staff, f"{base}/proposals/enterprise/pairs/{pair_id}"),
            "terms": statements(world, staff, f"{base}/mentoring/terms"),
            "choice": statements(world, staff, f"{base}/choices/enterprise"),
            "new round": statements(world, staff, f"{base}/choices/enterprise/new"),
            "leaves": statements(world, staff, f"{base}/mentors/1/leaves"),
            "wishes": statements(world, own, f"{base}/choice/{round_id}/wishes"),
            "answers": statements(world, guide, f"{base}/choice/{round_id}/answers"),
        }

    few = measured(compute())
    for _ in range(6):
        world.enrolment(program)
        name(world, staff, program)
    many = measured(compute())

    assert many == few
    assert max(few.values()) <= MOST, few

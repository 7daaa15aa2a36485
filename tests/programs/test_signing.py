from __future__ import annotations

import pytest

from tests.factories import NOW, World
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs import signing
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side

CONTENT = {"priorities": [1, 2, 3]}


def sign(program, by, side, content=CONTENT):
    return signing.sign(
        db.session.get_one(Program, program.id),
        "plan",
        7,
        content,
        side=side,
        by=with_memberships(by),
        now=NOW,
    )


def with_memberships(user):
    from sqlalchemy.orm import selectinload

    return db.session.get_one(User, user.id, options=[selectinload(User.memberships)], populate_existing=True)


@pytest.fixture
def people(world: World):
    return world.user(Role.STAFF), world.user(Role.ENTERPRISE_COORDINATOR), world.program()


def test_a_thing_is_signed_when_both_sides_have_signed_it(world, people):
    staff, coordinator, program = people
    with world.inside():
        assert sign(program, staff, Side.COLLEGE) is False
        assert sign(program, coordinator, Side.ENTERPRISE) is True


def test_the_second_signature_of_one_side_is_refused(world, people):
    staff, _, program = people
    with world.inside():
        sign(program, staff, Side.COLLEGE)
        with pytest.raises(RuleBroken):
            sign(program, staff, Side.COLLEGE)


def test_content_that_changed_since_the_other_side_signed_is_refused(world, people):
    staff, coordinator, program = people
    with world.inside():
        sign(program, staff, Side.COLLEGE)
        with pytest.raises(RuleBroken):
            sign(program, coordinator, Side.ENTERPRISE, {"priorities": [1, 3, 2]})


def test_the_order_of_keys_changes_no_content():
    assert signing.digest_of({"a": 1, "b": 2}) == signing.digest_of({"b": 2, "a": 1})


def test_nobody_signs_for_the_other_side(world, people):
    staff, coordinator, program = people
    with world.inside():
        for person, side in ((staff, Side.ENTERPRISE), (coordinator, Side.COLLEGE)):
            with pytest.raises(RuleBroken):
                sign(program, person, side)


def test_a_stranger_of_the_same_role_signs_nothing(world, people):
    program = people[2]
    stranger = world.user(Role.STAFF, world.organization())
    with world.inside(), pytest.raises(RuleBroken):
        sign(program, stranger, Side.COLLEGE)


def test_what_is_opened_again_is_signed_anew_by_both(world, people):
    staff, coordinator, program = people
    with world.inside():
        sign(program, staff, Side.COLLEGE)
        sign(program, coordinator, Side.ENTERPRISE)
        assert signing.withdraw_all("plan", 7) == 2
        assert sign(program, coordinator, Side.ENTERPRISE, {"priorities": []}) is False
        assert sign(program, staff, Side.COLLEGE, {"priorities": []}) is True

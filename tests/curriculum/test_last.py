"""After an edit the plan as it was left serves everybody in the same request: it is read before and after, no more."""

from __future__ import annotations

import pytest

from tests.factories import NOW
from trainmgr.curriculum import actions, queries
from trainmgr.curriculum.board import forget_last, last_board, read_board

PIECE = {"HX-Request": "true"}


@pytest.fixture
def staff(plans, signed_in):
    plans.begin()
    return signed_in(plans.staff)


@pytest.fixture
def reads(monkeypatch):
    """How often whole plans are read."""
    done, read = [], queries.read_plans
    monkeypatch.setattr(queries, "read_plans", lambda *args: done.append(args) or read(*args))
    return done


def second(plans):
    with plans.world.inside():
        return plans.plan().modules[1]


def test_a_move_reads_the_plan_once_before_and_once_after(plans, staff, reads):
    data = {"module": second(plans).id, "do": "up", "version": 1}
    reads.clear()

    answer = staff.post(f"/programs/{plans.program.id}/plan/1/arrange", data=data, headers=PIECE)

    assert answer.status_code == 200
    assert len(reads) == 2


def test_what_an_edit_left_is_what_a_new_reading_finds(plans):
    plans.begin()
    with plans.world.inside():
        by, edition = plans.person(plans.staff), plans.edition()
        actions.move_module(plans.of(), edition, plans.plan().modules[1].id, up=True, by=by, now=NOW)
        left, found = last_board(edition), read_board(plans.of(), 1)

        assert left is not None
        assert found is not None
        assert (left.plan, left.results, left.figures) == (found.plan, found.results, found.figures)


def test_what_an_edit_left_is_forgotten_before_the_next(plans):
    plans.begin()
    with plans.world.inside():
        by, edition = plans.person(plans.staff), plans.edition()
        first = plans.plan().modules[0]
        actions.move_module(plans.of(), edition, plans.plan().modules[1].id, up=True, by=by, now=NOW)
        forget_last()
        assert last_board(edition) is None
        actions.move_module(plans.of(), edition, first.id, up=True, by=by, now=NOW)

        left = last_board(edition)
        assert left is not None
        assert left.plan.modules[0].id == first.id


def test_each_of_several_edits_of_one_request_can_be_taken_back_by_itself(plans):
    plans.begin()
    with plans.world.inside():
        by, edition = plans.person(plans.staff), plans.edition()
        before = [module.lineage for module in plans.plan().modules]
        for module in plans.plan().modules[1:3]:
            actions.move_module(plans.of(), edition, module.id, up=True, by=by, now=NOW)
        for _ in range(2):
            actions.undo(plans.of(), edition, by=by, now=NOW)

        assert [module.lineage for module in plans.plan().modules] == before

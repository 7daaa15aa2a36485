"""A year's plan: its matrix is shown a stage at a time, and editing a cell keeps the reader there."""

from __future__ import annotations

import pytest

from trainmgr.curriculum import presenting
from trainmgr.curriculum.rules import ModuleLine, Plan, StageLine
from trainmgr.pathways.rules import Layer, PracticeLevel, Venue

PIECE = {"HX-Request": "true"}


def module(key, stage):
    return ModuleLine(key, stage, f"M{key}", 2, 2, Layer.CORE, PracticeLevel.DIRECTION, Venue.SCHOOL)


def plan_of(*counts):
    """A plan with so many modules in each stage."""
    stages = [StageLine(number, f"S{number}", Venue.SCHOOL) for number in range(1, len(counts) + 1)]
    kinds = [number for number, count in enumerate(counts, start=1) for _ in range(count)]
    return Plan(stages, [module(key, stage) for key, stage in enumerate(kinds, start=1)])


def numbers(plan, asked=None):
    return [stage.number for stage in presenting.matrix_stages(plan, asked)]


def test_a_plan_that_fits_is_shown_whole():
    plan = plan_of(20, 0, 40)

    assert numbers(plan) == numbers(plan, 3) == [1, 3]
    assert len(presenting.matrix_columns(plan, 1)) == 60


def test_a_long_plan_is_shown_a_stage_at_a_time_the_first_with_modules_unless_asked():
    plan = plan_of(0, 31, 30)

    assert numbers(plan) == [2]
    assert numbers(plan, 3) == [3]
    assert numbers(plan, 1) == numbers(plan, 99) == [2]
    assert [name for _module, name in presenting.matrix_columns(plan, 3)][:2] == ["M32", "M33"]


@pytest.fixture
def long_plan(plans, monkeypatch):
    """Any plan counts as long."""
    monkeypatch.setattr(presenting, "MOST_COLUMNS", 3)
    plans.begin()
    return plans


def address(plans, row, competency=0):
    key = plans.competencies[competency].id
    return f"/programs/{plans.program.id}/plan/modules/{row.id}/competencies/{key}"


def test_the_matrix_of_a_long_plan_leads_to_its_other_stages(long_plan, signed_in):
    staff = signed_in(long_plan.staff)
    with long_plan.world.inside():
        plan = long_plan.plan()
    first, second = plan.modules_of(1)[0], plan.modules_of(2)[0]

    page = staff.get(f"/programs/{long_plan.program.id}/plan/matrix").text
    other = staff.get(f"/programs/{long_plan.program.id}/plan/matrix?stage=2").text

    assert address(long_plan, first) in page
    assert address(long_plan, second) not in page
    assert "stage=2" in page
    assert address(long_plan, second) in other
    assert address(long_plan, first) not in other


def test_a_cell_of_a_long_plan_comes_back_within_the_row_of_its_stage(long_plan, signed_in):
    staff = signed_in(long_plan.staff)
    with long_plan.world.inside():
        plan = long_plan.plan()
    first, second = plan.modules_of(1)[0], plan.modules_of(2)[0]

    piece = staff.post(address(long_plan, second), data={"hours": "2", "was": "0"}, headers=PIECE).text
    wrong = staff.post(address(long_plan, second), data={"hours": "x", "was": "2"}, headers=PIECE).text
    whole = staff.post(address(long_plan, second, 1), data={"hours": "1", "was": "0"})

    for answer in (piece, wrong):
        assert f"cell-{first.id}-" not in answer
    assert f"cell-{second.id}-" in piece
    assert whole.headers["Location"].endswith("plan/matrix?stage=2#matrix-h")

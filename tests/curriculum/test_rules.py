"""What a plan adds up to, what covers what, what hinders signing, what is proposed, what is different."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.curriculum import checks, comparing, founding, rules
from trainmgr.curriculum.presenting import heat
from trainmgr.curriculum.rules import ModuleLine, Plan, StageLine, Wanted
from trainmgr.pathways.rules import Layer, Metric, PracticeLevel, Venue


def module(key, hours=(20, 20), stage=1, **values):
    theory, practice = hours
    levels = {
        "layer": next(iter(Layer)),
        "practice_level": next(iter(PracticeLevel)),
        "venue": Venue.SCHOOL,
        "lineage": f"l{key}",
        "position": key,
    }
    return ModuleLine(key, stage, values.pop("name", f"模块{key}"), theory, practice, **(levels | values))


STAGES = [
    StageLine(1, "在校", Venue.SCHOOL, weeks=10, hours=80),
    StageLine(2, "在企业", Venue.ENTERPRISE, weeks=6, hours=40),
    StageLine(3, "回炉", Venue.ENTERPRISE, weeks=4, hours=30, remedial=True),
]
PLAN = Plan(
    STAGES,
    [
        module(1, (30, 10), lead_id=7),
        module(2, (10, 30), jointly_developed=True),
        module(3, (10, 30), stage=2, taught_by_enterprise=True, layer=list(Layer)[1]),
        module(4, (0, 30), stage=3, taught_by_enterprise=True),
    ],
    [
        Wanted(1, "测量", 1, required_hours=30, is_priority=True),
        Wanted(2, "采集", 2, required_hours=0, is_priority=True),
        Wanted(3, "协作", 3),
    ],
    {(1, 1): 10, (3, 1): 8, (4, 2): 30},
)


def test_the_remedial_stage_counts_for_nobody_else():
    sums = rules.totals(PLAN)
    assert (sums.modules, sums.hours, sums.theory, sums.practice) == (3, 120, 50, 70)
    assert (sums.enterprise, sums.leads, sums.minutes) == (40, 1, 7200)
    # Hours of a remedial module cover nothing: the second priority has none.
    assert [line.given for line in rules.coverage(PLAN)] == [18, 0, 0]


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        (Metric.TOTAL_HOURS, 120),
        (Metric.MODULE_COUNT, 3),
        (Metric.PRACTICE_RATIO, 100 * 70 / 120),
        (Metric.ENTERPRISE_TAUGHT_RATIO, 100 * 40 / 120),
        (Metric.LEAD_RATIO, 100 / 3),
        (Metric.PRIORITY_COVERAGE, 50),
        (Metric.JOINT_MODULE_COUNT, 1),
        (Metric.LAYER_COUNT, 2),
        (Metric.PRACTICE_LEVEL_COUNT, 1),
        (Metric.ENTERPRISE_WEEKS, 6),
        (Metric.TEACHER_COUNT_COLLEGE, 4),
        (Metric.TEACHER_COUNT_ENTERPRISE, 5),
    ],
)
def test_the_figures_of_a_plan(metric, value):
    assert checks.metrics(PLAN, (4, 5))[metric] == pytest.approx(value)


def test_a_ratio_of_nothing_is_not_known():
    found = checks.metrics(Plan())
    assert not found.keys() & {Metric.PRACTICE_RATIO, Metric.LEAD_RATIO, Metric.PRIORITY_COVERAGE}
    assert found[Metric.TOTAL_HOURS] == 0


def test_a_priority_without_hours_hinders_and_one_that_is_only_short_does_not():
    assert [wanted.id for wanted in checks.hindrances(PLAN, ()).uncovered] == [2]
    covered = rules.with_cells(PLAN, {(2, 2): 1})
    assert not checks.hindrances(covered, ())


def test_a_cell_takes_no_more_than_the_module_has_left():
    assert rules.room_for(PLAN, 1, 1) == 40
    assert rules.room_for(rules.with_cells(PLAN, {(1, 3): 25}), 1, 1) == 15


def test_the_proposal_serves_the_uncovered_first_and_says_what_finds_no_place():
    proposals = rules.propose(PLAN)
    assert [proposal.wanted.id for proposal in proposals] == [2, 1]
    # No hours were asked for the second priority: a day of training is proposed.
    assert [proposal.hours for proposal in proposals] == [rules.HOURS_UNLESS_ASKED, 12]
    small = replace(PLAN, modules=[module(1, (5, 5))], cells={})
    assert [(each.hours, each.lacking) for each in rules.propose(small)] == [(10, 20), (0, 8)]


hours = st.integers(0, 60)


@st.composite
def plans(draw):
    modules = [module(n, (draw(hours), draw(st.integers(1, 60)))) for n in range(1, draw(st.integers(2, 6)))]
    wanted = [
        Wanted(n, f"能力{n}", n, draw(hours), draw(st.booleans())) for n in range(1, draw(st.integers(2, 6)))
    ]
    cells = {}
    for each in modules:
        left = each.hours
        for want in wanted:
            given_now = draw(st.integers(0, left))
            left -= given_now
            cells[each.id, want.id] = given_now
    return rules.with_cells(Plan(STAGES, modules, wanted), cells)


@given(plans())
def test_a_proposal_never_gives_away_what_is_not_there_nor_takes_anything(plan):
    cells = dict(plan.cells)
    for proposal in rules.propose(plan):
        for each, share in proposal.shares:
            assert share > 0
            cells[each.id, proposal.wanted.id] = cells.get((each.id, proposal.wanted.id), 0) + share
    after = rules.with_cells(plan, cells)
    assert all(load.free >= 0 for load in rules.loads(after))
    assert all(after.cells[key] >= value for key, value in plan.cells.items())
    # Whatever is still lacking lacks because nothing is left.
    if any(line.wanted.is_priority and line.short_by for line in rules.coverage(after)):
        assert all(load.free == 0 for load in rules.loads(after))


@given(st.integers(0, 500), st.integers(0, 12))
def test_hours_are_split_evenly_and_exactly(total, parts):
    sizes = founding.split_evenly(total, parts)
    assert sum(sizes) == (total if parts else 0)
    assert not sizes or max(sizes) - min(sizes) <= 1


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.data())
def test_shares_add_up_and_none_is_above_its_size(sizes, data):
    amount = data.draw(st.integers(0, sum(sizes)))
    shares = founding.share_out(amount, sizes)
    assert sum(shares) == amount
    assert all(0 <= share <= size for share, size in zip(shares, sizes, strict=True))


def test_two_editions_are_compared_by_what_a_module_was_copied_from():
    changed = replace(PLAN.modules[0], id=11, name="新名", practice_hours=14)
    after = Plan(
        [replace(STAGES[0], weeks=12), *STAGES[1:]],
        [changed, replace(PLAN.modules[2], id=13), module(99, lineage="new")],
        PLAN.wanted,
        {(11, 1): 14, (13, 1): 8},
    )
    found = comparing.difference(PLAN, after)
    assert [each.id for each in found.added] == [99]
    assert [each.id for each in found.removed] == [2, 4]
    assert {field.name for field in found.changed[0].fields} == {"name", "practice_hours"}
    assert [(cell.module.name, cell.before, cell.after) for cell in found.cells] == [("新名", 10, 14)]
    assert [stage.number for stage in found.stages] == [1]
    assert not comparing.difference(PLAN, PLAN)


@pytest.mark.parametrize(
    ("value", "step"), [(1, 1), (8, 1), (9, 2), (16, 2), (17, 3), (32, 3), (33, 4), (400, 4)]
)
def test_the_four_steps_of_a_cells_paint(value, step):
    assert heat(value) == step


@pytest.mark.parametrize(
    "change",
    [{"name": "x"}, {"practice_hours": 1}, {"lead_id": 9}, {"stage_number": 2}, {"jointly_developed": True}],
)
def test_whatever_changes_changes_what_is_signed(change):
    after = rules.with_module(PLAN, replace(PLAN.modules[0], **change))
    assert rules.to_document(after) != rules.to_document(PLAN)
    assert rules.to_document(rules.with_cells(PLAN, {(1, 1): 11})) != rules.to_document(PLAN)

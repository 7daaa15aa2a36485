"""Hours over priorities: the sum is exact, weight decides, least hours hold, nothing typed is overwritten unasked."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.curriculum.test_rules import PLAN, STAGES, module
from trainmgr.curriculum import distributing as d
from trainmgr.curriculum.distributing import Claim, distribute
from trainmgr.curriculum.rules import Plan, StageLine, Wanted
from trainmgr.pathways.rules import Venue


def hours(total, *claims):
    return [distribute(total, claims)[claim.key].hours for claim in claims]


@pytest.mark.parametrize(
    ("total", "claims", "expected"),
    [
        (100, [Claim(1, 3), Claim(2, 1)], [75, 25]),
        # 10 ÷ 3 each: the hour that is left goes to the better rank.
        (10, [Claim(1, 1, rank=2), Claim(2, 1, rank=1), Claim(3, 1, rank=3)], [3, 4, 3]),
        # By weight alone the third would get 5; it needs 20, the others share 80 as 3 : 1.
        (100, [Claim(1, 3), Claim(2, 1), Claim(3, 0.2, least=20)], [60, 20, 20]),
        # The second falls below its least only after the third took its own.
        (100, [Claim(1, 6), Claim(2, 3, least=25), Claim(3, 1, least=30)], [45, 25, 30]),
        (7, [Claim(1, 0), Claim(2, 0)], [4, 3]),
        (9, [Claim(1, 0, least=2), Claim(2, 5, least=1)], [2, 7]),
        (3, [Claim(1, 5, least=3)], [3]),
        (0, [Claim(1, 5)], [0]),
    ],
)
def test_hours_by_hand(total, claims, expected):
    assert hours(total, *claims) == expected


def test_least_hours_that_do_not_fit_are_refused_with_their_sum():
    with pytest.raises(d.TooFew) as refused:
        distribute(10, [Claim(1, 1, least=8), Claim(2, 1, least=5)])
    assert refused.value.needed == 13


def test_the_arithmetic_is_told_with_each_share():
    share = distribute(10, [Claim(1, 2), Claim(2, 1)])[1]
    assert (round(share.proportion, 4), round(share.exact, 4), share.hours) == (0.6667, 6.6667, 7)


unhurried = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
claims_of = st.lists(
    st.tuples(st.floats(0, 400, allow_nan=False), st.integers(0, 40)), min_size=1, max_size=12
).map(lambda rows: [Claim(key, w, least, key) for key, (w, least) in enumerate(rows, 1)])


@unhurried
@given(claims_of, st.integers(0, 500), st.randoms(use_true_random=False))
def test_what_holds_for_every_distribution(claims, more, random):
    total = sum(claim.least for claim in claims) + more
    found = distribute(total, claims)
    assert sum(share.hours for share in found.values()) == total
    assert all(found[claim.key].hours >= claim.least for claim in claims)
    assert all(abs(share.hours - share.exact) < 1 for share in found.values())
    for one in claims:
        for other in claims:
            if one.weight > other.weight + 1e-6 and one.least >= other.least:
                assert found[one.key].hours >= found[other.key].hours
    shuffled = list(claims)
    random.shuffle(shuffled)
    assert distribute(total, shuffled) == found


@unhurried
@given(claims_of, st.integers(0, 500))
def test_hours_above_the_least_are_in_proportion(claims, more):
    total = sum(claim.least for claim in claims) + more
    found = distribute(total, claims)
    free = [claim for claim in claims if found[claim.key].exact > claim.least + 1e-9 and claim.weight > 1e-5]
    if len(free) > 1 and more:
        factors = [Fraction(found[c.key].exact) / Fraction(str(round(c.weight, 6))) for c in free]
        assert max(factors) == pytest.approx(min(factors), rel=1e-6)


# --- where they go --------------------------------------------------------------------------------


def test_hours_go_into_modules_of_a_like_name_then_into_new_ones_where_a_stage_has_room():
    stages = [replace(STAGES[0], hours=100), replace(STAGES[1], hours=60), STAGES[2]]
    plan = Plan(
        stages,
        [module(1, (10, 20)), module(2, (5, 5), name="数据采集课"), module(3, (5, 5), stage=2)],
        [Wanted(1, "数据采集", 1, is_priority=True), Wanted(2, "协作", 2, is_priority=True)],
        {(1, 2): 30},
    )
    placing = d.place(plan, {1: 90, 2: 30})
    spots = [(spot.module.id if spot.module else spot.stage.number, spot.hours) for spot in placing.of(1)]
    # 10 in the module of a like name, 10 in the other free one, then 60 at school and 10 of 50 in the enterprise.
    assert spots == [(2, 10), (3, 10), (1, 60), (2, 10)]
    assert not placing.of(2)
    assert not placing.lacking
    new = [(spot.name, spot.practice) for spot in placing.of(1) if spot.module is None]
    assert new == [("数据采集", 30), ("数据采集 · 在企业", 10)]


def test_no_stage_gets_more_than_its_hours_and_what_finds_no_place_is_told():
    placing = d.place(PLAN, {1: 500, 2: 0})
    used = {}
    for spot in placing.spots:
        used[spot.stage.number] = used.get(spot.stage.number, 0) + (spot.hours if spot.module is None else 0)
    assert all(hours <= d.rooms(PLAN)[stage] for stage, hours in used.items())
    assert sum(spot.hours for spot in placing.spots) + placing.lacking[1] + 18 == 500
    assert d.rooms(PLAN)[3] == 0


@unhurried
@given(st.integers(0, 300), st.integers(0, 300))
def test_every_hour_finds_a_place_or_is_told_as_lacking(first, second):
    placing = d.place(PLAN, {1: first, 2: second})
    given_now = d.given_to(PLAN)
    for key, hours_wanted in ((1, first), (2, second)):
        found = sum(spot.hours for spot in placing.of(key))
        assert given_now.get(key, 0) + found + placing.lacking.get(key, 0) == max(
            hours_wanted, given_now.get(key, 0)
        )
    assert sum(s.hours for s in placing.spots) + sum(given_now.get(k, 0) for k in (1, 2)) <= d.most(
        PLAN, PLAN.wanted[:2]
    )


def test_what_is_distributed_anew_leaves_other_competencies_and_remedial_modules_alone():
    cleared = d.without(PLAN, [1, 2])
    assert dict(cleared.cells) == {(4, 2): 30}


def test_names_of_new_modules_are_new_and_fit():
    stages = [StageLine(n, "阶段" * 30, Venue.SCHOOL, hours=10) for n in (1, 2, 3)]
    plan = Plan(stages, [], [Wanted(1, "能" * 80, 1, is_priority=True)])
    names = [spot.name for spot in d.place(plan, {1: 30}).spots]
    assert len(set(names)) == 3
    assert all(len(name) <= 80 for name in names)

"""Drawing, marking and levels: pure, for all seeds, blueprints and answers."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainmgr.bank.content import (
    ContentRefused,
    Credit,
    checklist_content,
    choice_content,
    digest_of,
    number_content,
    step_lines,
)
from trainmgr.bank.drawing import Cell, PaperShort, draw, item_order, option_order, shortages
from trainmgr.bank.marking import is_near, mark, mark_checklist, read_number, share_of_choice
from trainmgr.bank.rules import Difficulty, FormPolicy, ItemKind, level_of, rise

TEN = Decimal(10)
unhurried = settings(deadline=None)  # many run at once on few cores
EASY, HARD = Difficulty.EASY, Difficulty.HARD


# --- drawing --------------------------------------------------------------------------------------

CELLS = st.lists(
    st.builds(Cell, st.integers(1, 5), st.sampled_from(Difficulty), st.integers(1, 6), st.just(Decimal(2))),
    min_size=1, max_size=8, unique_by=lambda cell: cell.place,
)  # fmt: skip


def pool_for(cells, extra=2):
    """Items for each cell, a few more than it asks; ids never meet."""
    return {
        cell.place: [1000 * place + one for one in range(cell.count + extra)]
        for place, cell in enumerate(cells, start=1)
    }


@unhurried
@given(CELLS, st.integers(0, 2**31), st.randoms())
def test_the_same_seed_draws_the_same_paper_in_whatever_order_the_items_come(cells, seed, chance):
    pool = pool_for(cells)
    mixed = {place: chance.sample(items, len(items)) for place, items in pool.items()}

    assert draw(cells, pool, seed=seed) == draw(cells, mixed, seed=seed)


@unhurried
@given(CELLS, st.integers(0, 2**31))
def test_a_paper_has_what_the_blueprint_asks_and_nothing_twice(cells, seed):
    pool = pool_for(cells)

    paper = draw(cells, pool, seed=seed)

    drawn = [one.item_id for one in paper]
    assert len(set(drawn)) == len(drawn) == sum(cell.count for cell in cells)
    for cell in cells:
        assert sum(item in pool[cell.place] for item in drawn) == cell.count


@unhurried
@given(CELLS, st.integers(0, 2**31))
def test_a_parallel_form_shares_no_item_with_the_first(cells, seed):
    pool = pool_for(cells, extra=6)
    first = draw(cells, pool, seed=seed)

    second = draw(cells, pool, seed=seed, avoid={one.item_id for one in first})

    assert not {one.item_id for one in first} & {one.item_id for one in second}


def test_each_item_of_a_cell_has_the_same_chance():
    cell = Cell(1, EASY, 2, Decimal(2))
    seeds = 4000

    drawn = Counter(
        one.item_id for seed in range(seeds) for one in draw([cell], {cell.place: range(8)}, seed=seed)
    )

    expected = seeds * 2 / 8
    chi_square = sum((drawn[item] - expected) ** 2 / expected for item in range(8))
    assert chi_square < 24.3  # 7 degrees of freedom, p = 0.001


def test_an_item_that_joins_the_bank_moves_at_most_one_other():
    cell = Cell(1, EASY, 5, Decimal(2))
    for seed in range(200):
        before = {one.item_id for one in draw([cell], {cell.place: range(20)}, seed=seed)}
        after = {one.item_id for one in draw([cell], {cell.place: range(21)}, seed=seed)}
        assert len(before - after) <= 1


def test_a_paper_that_cannot_be_filled_names_each_cell_and_how_many_are_missing():
    cells = [Cell(1, EASY, 3, TEN), Cell(1, HARD, 1, TEN), Cell(2, EASY, 2, TEN)]

    with pytest.raises(PaperShort) as refused:
        draw(cells, {(1, EASY): [1], (1, HARD): [2]}, seed=1)

    assert [(one.competency_id, one.difficulty, one.missing) for one in refused.value.shortages] == [
        (1, EASY, 2), (2, EASY, 2),
    ]  # fmt: skip


def test_parallel_forms_need_twice_the_items():
    cells = [Cell(1, EASY, 2, TEN)]

    assert not shortages(cells, {(1, EASY): 3}, FormPolicy.SAME)
    assert [one.missing for one in shortages(cells, {(1, EASY): 3}, FormPolicy.PARALLEL)] == [1]


@unhurried
@given(st.lists(st.integers(1, 999), unique=True), st.integers(0, 99), st.integers(1, 99))
def test_a_persons_order_is_stable_and_holds_every_item(items, seed, person):
    order = item_order(items, seed=seed, person_id=person, shuffle=True)

    assert sorted(order) == sorted(items)
    assert order == item_order(items[::-1], seed=seed, person_id=person, shuffle=True)
    assert item_order(items, seed=seed, person_id=person, shuffle=False) == items


def test_people_get_different_orders():
    items = list(range(1, 41))
    orders = {tuple(item_order(items, seed=1, person_id=person, shuffle=True)) for person in range(50)}
    options = {tuple(option_order(4, seed=1, person_id=one, item_id=7, shuffle=True)) for one in range(200)}

    assert len(orders) == 50
    assert len(options) == 24


# --- marking --------------------------------------------------------------------------------------


def test_a_single_choice_is_right_or_wrong():
    content = choice_content(ItemKind.SINGLE, ["甲", "乙", "丙"], [1])

    assert mark(ItemKind.SINGLE, content, [1], TEN) == 10
    assert mark(ItemKind.SINGLE, content, [0], TEN) == 0
    assert mark(ItemKind.SINGLE, content, [0, 1], TEN) == 0
    assert mark(ItemKind.SINGLE, content, [], TEN) == 0


@pytest.mark.parametrize(
    ("ticked", "exact", "partial"),
    [
        ({0, 1, 2}, 10, 10),
        ({0, 1}, 0, Decimal("6.67")),
        ({0}, 0, Decimal("3.33")),
        ({0, 1, 2, 3}, 0, 0),
        ({0, 3}, 0, 0),
        (set(), 0, 0),
    ],
)
def test_a_multiple_choice_by_its_rule(ticked, exact, partial):
    options = ["甲", "乙", "丙", "丁"]
    for credit, points in ((Credit.EXACT, exact), (Credit.PARTIAL, partial)):
        content = choice_content(ItemKind.MULTIPLE, options, [0, 1, 2], credit)
        assert mark(ItemKind.MULTIPLE, content, list(ticked), TEN) == points


@unhurried
@given(st.sets(st.integers(0, 7)), st.sets(st.integers(0, 7), min_size=2), st.sampled_from(Credit))
def test_a_choice_never_falls_below_nothing_nor_rises_above_all(ticked, right, credit):
    share = share_of_choice(ticked, right, credit)

    assert 0 <= share <= 1
    assert (share == 1) == (ticked == right)


@unhurried
@given(st.sets(st.integers(0, 7)), st.sets(st.integers(0, 7), min_size=2), st.integers(0, 7))
def test_a_wrong_option_more_never_pays(ticked, right, more):
    if more not in right:
        assert share_of_choice(ticked | {more}, right, Credit.PARTIAL) == 0


def test_true_and_false():
    assert mark(ItemKind.TRUE_FALSE, {"right": False}, False, TEN) == 10
    assert mark(ItemKind.TRUE_FALSE, {"right": False}, True, TEN) == 0
    assert mark(ItemKind.TRUE_FALSE, {"right": False}, None, TEN) == 0


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("42.5", "42.5"),
        ("４２．５", "42.5"),
        (" 42.5 N·m", "42.5"),
        ("42,5", "42.5"),
        ("1,250", "1250"),
        ("1，250", "1250"),
        ("1,250.5nm", "1250.5"),
        ("12,345,678", "12345678"),
        ("−3.5", "-3.5"),
        ("1.2×10^3", "1200"),
        ("1.2e3 N.m", "1200"),
        ("1 250", "1250"),
        (".5", "0.5"),
    ],
)
def test_numbers_as_people_type_them(typed, value):
    assert read_number(typed, "N·m") == Decimal(value)


@pytest.mark.parametrize(
    "typed", ["", "约 42", "42 kg", "四十二", "1,2,3", "4..2", "9" * 50, "nan", "42 43 N"]
)
def test_what_is_no_number_in_the_unit(typed):
    assert read_number(typed, "N·m") is None


def test_the_size_of_a_unit_is_told_apart():
    assert read_number("5 mPa", "MPa") is None
    assert read_number("5 mpa", "mPa") == 5
    assert read_number("5 ㎜", "mm") == 5


@pytest.mark.parametrize(
    ("typed", "points"), [("70", 10), ("69.5", 10), ("70,5", 10), ("69.49", 0), ("70.51", 0), ("seventy", 0)]
)
def test_a_number_is_right_within_its_tolerance_limits_included(typed, points):
    content = number_content(Decimal(70), Decimal("0.5"), relative=False, unit="N·m")

    assert mark(ItemKind.NUMBER, content, typed, TEN) == points


@unhurried
@given(st.decimals(-1000, 1000, places=2), st.decimals(0, 50, places=1), st.decimals(-2, 2, places=2))
def test_a_relative_tolerance_is_a_share_of_the_value(value, percent, off):
    if value == 0:
        return
    content = number_content(value, percent, relative=True, unit="")
    typed = value + abs(value) * percent / 100 * off

    assert is_near(typed, content) == (abs(off) <= 1 or percent == 0)


@unhurried
@given(st.text(max_size=60))
def test_nothing_that_is_typed_breaks_the_marking(typed):
    content = number_content(Decimal(70), Decimal("0.5"), relative=False, unit="N·m")

    assert mark(ItemKind.NUMBER, content, typed, TEN) in (0, 10)


def test_words_wait_for_a_person_unless_there_are_none():
    assert mark(ItemKind.SHORT_ANSWER, {"model": "…"}, "先查油面", TEN) is None
    assert mark(ItemKind.SHORT_ANSWER, {"model": "…"}, "  ", TEN) == 0
    assert mark(ItemKind.CHECKLIST, checklist_content(["做"]), None, TEN) is None


def test_a_checklist_counts_its_weights_and_a_missing_critical_step_ends_it():
    content = checklist_content(["！ 戴手套 | 2", "下电", "验电｜3"])

    assert [step["weight"] for step in content["steps"]] == [2, 1, 3]
    assert mark_checklist(content, [0, 2], TEN) == Decimal("8.33")
    assert mark_checklist(content, [1, 2], TEN) == 0
    assert mark(ItemKind.CHECKLIST, content, [0, 1, 2], TEN) == 10


@unhurried
@given(
    st.lists(
        st.tuples(st.text("戴手套验电ABC 1", min_size=1).filter(str.strip), st.integers(1, 20), st.booleans()),
        min_size=1, max_size=20,
    )
)  # fmt: skip
def test_steps_that_are_written_out_are_read_the_same(steps):
    content = checklist_content(
        [f"{'! ' if critical else ''}{text.strip()} | {weight}" for text, weight, critical in steps]
    )

    assert checklist_content(step_lines(content)) == content


# --- documents and levels -------------------------------------------------------------------------


def test_blank_options_are_left_out_and_the_right_ones_move_along():
    content = choice_content(ItemKind.MULTIPLE, ["甲", "", "乙", " ", "丙"], [2, 4])

    assert content["options"] == ["甲", "乙", "丙"]
    assert content["right"] == [1, 2]


@pytest.mark.parametrize(
    ("kind", "options", "right"),
    [
        (ItemKind.SINGLE, ["甲"], [0]),
        (ItemKind.SINGLE, ["甲", "甲 "], [0]),
        (ItemKind.SINGLE, ["Ａ甲", "a 甲"], [0]),
        (ItemKind.SINGLE, ["甲", "乙"], []),
        (ItemKind.SINGLE, ["甲", "乙"], [0, 1]),
        (ItemKind.MULTIPLE, ["甲", "乙", "丙"], [0]),
        (ItemKind.MULTIPLE, ["甲", "乙"], [0, 1]),
        (ItemKind.SINGLE, ["甲", "乙", ""], [2]),
        (ItemKind.SINGLE, ["甲" * 301, "乙"], [0]),
    ],
)
def test_choices_that_cannot_be_marked_are_refused(kind, options, right):
    with pytest.raises(ContentRefused):
        choice_content(kind, options, right)


def test_the_same_question_spelled_otherwise_is_the_same_item():
    content = choice_content(ItemKind.SINGLE, ["Ａ", "乙"], [0])
    other = choice_content(ItemKind.SINGLE, ["a ", "乙"], [0])

    assert digest_of(1, ItemKind.SINGLE, "机油 压力？", content) == digest_of(
        1, ItemKind.SINGLE, "机油压力?", other
    )
    assert digest_of(1, ItemKind.SINGLE, "机油压力", content) != digest_of(
        2, ItemKind.SINGLE, "机油压力", content
    )


@unhurried
@given(
    st.lists(st.integers(1, 100), min_size=4, max_size=4, unique=True).map(sorted),
    st.decimals(0, 1, places=4),
)
def test_levels_rise_with_the_share_from_1_to_5(thresholds, share):
    level = level_of(share, thresholds)

    assert rise(thresholds)
    assert 1 <= level <= 5
    assert level == 1 + sum(share * 100 >= threshold for threshold in thresholds)
    assert level_of(Decimal(1), thresholds) == 5


def test_a_level_begins_at_its_threshold():
    thresholds = [30, 50, 70, 90]

    assert [level_of(Decimal(share), thresholds) for share in ("0.29", "0.3", "0.4999", "0.5", "0.9")] == [
        1, 2, 2, 3, 5,
    ]  # fmt: skip
    assert not rise([30, 50, 50, 90])

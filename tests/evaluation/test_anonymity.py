"""What a table of a survey shows: nothing about fewer than five people, by whatever sum or difference."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainmgr.evaluation.anonymity import (
    CELLS,
    COLUMNS,
    EVERYTHING,
    LEAST,
    ROWS,
    TOTAL,
    published,
    shown_groups,
)


def people_behind(cells, found):
    """Return the figures that are shown as sets of cells: the table published, and every margin beside it."""
    rows, columns = {row for row, _ in cells}, {column for _, column in cells}
    figures = [{cell} for cell in cells if found.shows(*cell)]
    figures += [{c for c in cells if c[0] == row} for row in rows if found.shows(row)]
    figures += [{c for c in cells if c[1] == column} for column in columns if found.shows(None, column)]
    return figures + ([set(cells)] if found.shows() else [])


def what_tells_of(cells, found, group):
    """Tell whether some sum of shown figures speaks of people of the group alone."""
    order = [cell for cell in cells if cells[cell]]
    shown = np.array([[cell in figure for cell in order] for figure in people_behind(cells, found)], float)
    if not shown.size:
        return False
    outside = shown[:, [cell not in group for cell in order]]
    return np.linalg.matrix_rank(shown) > (np.linalg.matrix_rank(outside) if outside.size else 0)


def small_groups(cells):
    """Yield every set of cells that holds at least one person and fewer than five."""
    small = [cell for cell, n in cells.items() if 0 < n < LEAST]
    for size in range(1, LEAST):
        for group in combinations(small, size):
            if sum(cells[cell] for cell in group) < LEAST:
                yield set(group)


def table(counts):
    return {(r, c): n for r, row in enumerate(counts) for c, n in enumerate(row)}


tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, 6, 9, 30]), min_size=width, max_size=width),
        min_size=1,
        max_size=4,
    )
)
margins = st.sets(st.sampled_from(sorted(EVERYTHING)), min_size=1)


@settings(max_examples=300)
@given(tables, margins)
def test_no_sum_of_published_figures_speaks_of_fewer_than_five(counts, asked):
    cells = table(counts)
    found = published(cells, asked)

    for group in small_groups(cells):
        assert not what_tells_of(cells, found, group), (group, found)


@settings(max_examples=200)
@given(tables, margins, margins)
def test_two_published_tables_set_off_against_each_other_leave_nobody_or_five(counts, one, other):
    """Both tables are of one request, as the pages ask it: what one shows less what the other shows."""
    cells = table(counts)
    found = published(cells, one | other)

    for a in people_behind(cells, found):
        for b in people_behind(cells, found):
            if b < a:
                left = sum(cells[cell] for cell in a - b)
                assert left == 0 or left >= LEAST


@given(tables, margins)
def test_what_is_shown_has_five_people_or_nobody(counts, asked):
    cells = table(counts)
    for figure in people_behind(cells, published(cells, asked)):
        n = sum(cells[cell] for cell in figure)
        assert n == 0 or n >= LEAST


@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_the_cells_never_matters(counts, chance):
    cells = list(table(counts).items())
    found = published(dict(cells))
    chance.shuffle(cells)

    assert published(dict(cells)) == found


def test_a_table_without_small_groups_is_shown_whole():
    found = published(table([[5, 6], [7, 0]]))

    assert found.shows()
    assert all(found.shows(r, c) for r in (0, 1) for c in (0, 1))


def test_a_small_group_takes_the_next_smallest_with_it():
    found = shown_groups({"A": 30, "B": 3, "C": 12})

    assert [found.shows(group) for group in "ABC"] == [True, False, False]
    assert found.shows()


def test_two_small_groups_hide_behind_each_other():
    found = shown_groups({"A": 30, "B": 3, "C": 2})

    assert [found.shows(group) for group in "ABC"] == [True, False, False]


def test_without_a_total_only_the_small_group_is_withheld():
    found = shown_groups({"A": 30, "B": 3, "C": 12}, with_total=False)

    assert [found.shows(group) for group in "ABC"] == [True, False, True]
    assert not found.shows()


def test_with_one_group_beside_the_small_one_the_group_is_withheld_and_the_total_shown():
    found = shown_groups({"A": 30, "B": 3})

    assert (found.shows("A"), found.shows("B"), found.shows()) == (False, False, True)


@pytest.mark.parametrize(
    ("counts", "total"), [({}, True), ({"A": 4}, False), ({"A": 0}, True), ({"A": 5}, True)]
)
def test_a_survey_of_one_group(counts, total):
    assert shown_groups(counts).shows() is total


def test_two_margins_of_the_same_people_are_judged_together():
    """Enterprise X trains 18 of class A's 20 and nobody else: A less X would be two people."""
    cells = {("A", "X"): 18, ("A", "Y"): 2, ("B", "Y"): 20}
    apart = shown_groups({"A": 20, "B": 20}), shown_groups({"X": 18, "Y": 22})

    together = published(cells, {ROWS, COLUMNS, TOTAL})

    assert all(found.shows() for found in apart)
    assert not (together.shows("A") and together.shows(None, "X"))


def test_a_cell_that_bridges_two_blocks_is_not_left_alone():
    """Each row and column withholds at least five, and yet rows 0, 1 less columns 0, 1 would give cell (1, 2)."""
    cells = table([[3, 3, 40, 40], [3, 3, 2, 40], [40, 40, 3, 3], [40, 40, 3, 3]])

    assert not what_tells_of(cells, published(cells), {(1, 2)})


def test_a_large_table_takes_no_noticeable_time():
    import time

    cells = {(r, c): (r * 7 + c * 13) % 9 for r in range(75) for c in range(120)}
    start = time.process_time()
    found = published(cells)

    assert time.process_time() - start < 20
    assert found.shows()


@pytest.mark.parametrize(("cells", "asked"), [({(0, 0): -1}, {CELLS}), ({}, {"diagonals"})])
def test_nonsense_is_refused(cells, asked):
    with pytest.raises(ValueError, match=r"margin|zero"):
        published(cells, asked)

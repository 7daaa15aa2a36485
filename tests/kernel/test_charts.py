"""The geometry of the charts: bars start at zero, gaps stay gaps, numbers do not cover each other."""

from __future__ import annotations

import itertools
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.kernel import charts
from trainmgr.kernel.charts.canvas import text_width, wrapped
from trainmgr.kernel.charts.parties import ring_path
from trainmgr.kernel.charts.priorities import axis_span, spread

LEVELS = st.floats(1, 5).map(lambda value: round(value, 2))
PLACES = st.tuples(LEVELS, LEVELS)


# --- party bars ---------------------------------------------------------------------------------


def test_the_parties_stand_in_their_fixed_order_whatever_the_order_given():
    bars = charts.party_bars({"all": 3, "teacher": 2, "trainee": 5, "enterprise": 4})

    assert [row.party for row in bars.rows] == ["trainee", "enterprise", "teacher", "all"]


@given(LEVELS, LEVELS)
def test_bars_are_as_long_as_their_values_and_start_at_zero(one, other):
    bars = charts.party_bars({"trainee": one, "enterprise": other})
    first, second = bars.rows

    # Widths are rounded to a tenth, so each may be off by half of that.
    assert first.width * other == pytest.approx(second.width * one, abs=0.05 * (one + other) + 1e-9)


def test_a_party_that_has_not_judged_has_no_bar():
    row = charts.party_bars({"teacher": None}).rows[0]

    assert (row.value, row.width) == (None, 0)


def test_a_provisional_bar_carries_the_band_in_which_it_may_end():
    bars = charts.party_bars({"all": 4}, {"all": (3, 5)})
    row = bars.rows[0]

    assert row.provisional
    assert row.range_x < bars.left + row.width < row.range_x + row.range_width
    assert row.text_x > row.range_x + row.range_width


def test_the_requirement_stands_where_a_bar_of_that_value_ends():
    bars = charts.party_bars({"all": 4}, need=4)

    assert bars.need_x == pytest.approx(bars.left + bars.rows[0].width, abs=0.1)


# --- radar --------------------------------------------------------------------------------------


def test_a_whole_ring_is_closed_and_one_with_a_gap_is_not():
    whole = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]

    assert ring_path(whole) == "M0.0 0.0L1.0 0.0L1.0 1.0L0.0 1.0Z"
    assert ring_path([*whole[:3], None]) == "M0.0 0.0L1.0 0.0L1.0 1.0"


def test_a_run_across_the_seam_stays_one_line():
    spots = [(0.0, 0.0), None, None, (3.0, 0.0), (4.0, 0.0)]

    assert ring_path(spots) == "M3.0 0.0L4.0 0.0L0.0 0.0"


@given(st.lists(st.one_of(st.none(), LEVELS), min_size=3, max_size=9))
def test_lines_join_exactly_the_neighbours_that_were_both_judged(levels):
    axes = [str(index) for index in range(len(levels))]
    series = charts.radar(axes, {"teacher": levels}).series[0]

    neighbours = sum(
        one is not None and other is not None
        for one, other in zip(levels, [*levels[1:], levels[0]], strict=True)
    )
    assert series.path.count("L") + series.path.count("Z") == neighbours
    assert series.judged == len(series.marks) == sum(level is not None for level in levels)


def test_the_top_level_reaches_the_rim_and_zero_the_middle():
    drawn = charts.radar(["a", "b", "c"], {"trainee": [5, 0, 2.5]})
    at = [math.dist(mark, (210, 165)) for mark in drawn.series[0].marks]

    assert at == pytest.approx([118, 0, 59], abs=0.1)


@given(st.lists(st.text(alphabet="安全与质量协作沟通 ab", min_size=1, max_size=24), min_size=3, max_size=8))
def test_labels_stay_on_the_canvas(names):
    drawn = charts.radar(names, {})
    for label in drawn.labels:
        for line in label.lines:
            wide = text_width(line)
            start = {"start": label.x, "middle": label.x - wide / 2, "end": label.x - wide}[label.anchor]
            assert start >= -0.5
            assert start + wide <= drawn.width + 0.5


def test_a_radar_of_two_axes_is_refused():
    with pytest.raises(ValueError, match="three axes"):
        charts.radar(["a", "b"], {})


def test_a_series_without_a_value_for_every_axis_is_refused():
    with pytest.raises(ValueError, match="as many values"):
        charts.radar(["a", "b", "c"], {"trainee": [1, 2]})


def test_latin_labels_break_between_words_and_long_ones_say_that_they_go_on():
    assert wrapped("Working with others", 80) == ["Working with", "others"]
    assert wrapped("问题解决与现场质量改善能力", 44) == ["问题解决", "与现场…"]


# --- importance and attainment ------------------------------------------------------------------


@given(st.lists(PLACES, max_size=40))
def test_no_number_covers_another_and_all_stay_in_the_field(places):
    points = [{"number": n, "x": x, "y": y} for n, (x, y) in enumerate(places, 1)]
    drawn = charts.scatter(points)

    for one, other in itertools.combinations(drawn.dots, 2):
        assert math.hypot(one.x - other.x, one.y - other.y) >= 2 * drawn.radius
    for dot in drawn.dots:
        assert drawn.left + drawn.radius - 0.1 <= dot.x <= drawn.right - drawn.radius + 0.1
        assert drawn.top + drawn.radius - 0.1 <= dot.y <= drawn.bottom - drawn.radius + 0.1


def test_a_number_with_room_keeps_its_true_place_and_a_moved_one_knows_it():
    drawn = charts.scatter([{"number": n, "x": x, "y": 4} for n, x in ((1, 2), (2, 3), (3, 3), (4, 4))])

    assert [dot.moved for dot in drawn.dots][1:3] == [False, True]
    assert (drawn.dots[2].true_x, drawn.dots[2].true_y) == (drawn.dots[1].x, drawn.dots[1].y)


def test_the_cross_stands_at_the_means_unless_it_is_given():
    points = [{"number": 1, "x": 2, "y": 3}, {"number": 2, "x": 4, "y": 5}]

    assert charts.scatter(points).cross == (3, 4)
    assert charts.scatter(points, cross=(3.5, 4.5)).cross == (3.5, 4.5)


def test_more_important_is_higher_and_better_attained_is_further_right():
    low, high = charts.scatter([{"number": 1, "x": 2, "y": 2}, {"number": 2, "x": 4, "y": 4}]).dots

    assert low.true_x < high.true_x
    assert low.true_y > high.true_y


@given(st.lists(LEVELS, max_size=20))
def test_an_axis_holds_all_its_values_on_whole_steps(values):
    start, end = axis_span(values, 1, 5)

    assert end - start >= 1
    assert all(start <= value <= end for value in values)
    assert (start * 2) % 1 == (end * 2) % 1 == 0


def test_a_field_that_is_full_still_gets_all_its_circles():
    assert len(spread([(10.0, 10.0)] * 5, 9, (0, 0, 30, 30))) == 5


# --- small ones ---------------------------------------------------------------------------------


def test_a_gain_stands_where_the_prototype_draws_it():
    line = charts.gain(2.2, 4.1, 4.0)

    assert (line.before, line.after, line.need) == (38.4, 89.7, 87.0)


def test_an_unknown_level_is_not_drawn():
    assert charts.gain(None, 4, None).before is None


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 100))
def test_the_range_of_a_figure_holds_the_figure(a, b, c):
    low, value, high = sorted((a, b, c))
    line = charts.range_line(value, low, high)

    assert line.low - 0.1 <= line.value <= line.low + line.width + 0.2


def test_limits_that_stand_close_turn_their_names_apart():
    line = charts.range_line(70, limits=[(80, "优秀学员线"), (75, "良好学员线")])

    assert [(at, anchor) for _x, at, _name, anchor in line.limits] == [(75, "end"), (80, "start")]


@pytest.mark.parametrize(
    ("value", "total", "fill"), [(412, 840, 49.0), (0, 840, 0), (5, 0, 0), (900, 840, 100)]
)
def test_a_bar_is_a_share_of_its_total_within_its_ends(value, total, fill):
    assert charts.bar(value, total).fill == fill


def test_a_check_shows_the_figure_and_its_limit_on_one_scale():
    check = charts.check_bar(57.8, 40, top=100)

    assert (check.fill, list(check.ticks)) == (57.8, [40])


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_figure_beyond_its_limit_is_drawn_beyond_the_tick(value, low, high):
    low, high = sorted((low, high))
    check = charts.check_bar(value, low, high)

    assert 0 <= check.fill <= 100
    if value > high * 1.05 and value > 1e-3:
        assert check.fill > check.ticks[1]


def test_a_course_needs_two_values_and_a_flat_one_lies_in_the_middle():
    assert charts.spark([1]) is None
    assert charts.spark([3, 3]).path == "M4.0 12.0L84.0 12.0"


# --- groups -------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=8))
def test_columns_show_shares_of_each_group_and_stay_on_the_canvas(pairs):
    counts = [[a for a, _ in pairs], [b for _, b in pairs]]
    drawn = charts.histogram(list(range(len(pairs) + 1)), counts)

    assert list(drawn.totals) == [sum(group) for group in counts]
    for group in (0, 1):
        shares = [interval.columns[group].share for interval in drawn.bins]
        assert sum(shares) == pytest.approx(1 if drawn.totals[group] else 0)
    for interval in drawn.bins:
        for column in interval.columns:
            assert column.y >= 19.9
            assert column.y + column.height == pytest.approx(drawn.floor, abs=0.2)
            assert interval.x <= column.x
            assert column.x + column.width <= interval.x + (drawn.right - drawn.left) / len(pairs) + 0.2


@pytest.mark.parametrize("edges", [[1], [1, 1, 2], [3, 2, 1]])
def test_edges_that_do_not_rise_are_refused(edges):
    with pytest.raises(ValueError, match="edges"):
        charts.histogram(edges, [[1] * (len(edges) - 1)])


def test_seats_tell_locked_taken_free_and_over_the_limit():
    drawn = charts.seats(
        [
            {"name": "A", "taken": 3, "locked": 1, "capacity": 4},
            {"name": "B", "taken": 3, "capacity": 2},
        ]
    )

    assert [[seat.kind for seat in row.seats] for row in drawn.rows] == [
        ["lock", "taken", "taken", "free"],
        ["taken", "taken", "over"],
    ]
    assert [row.over for row in drawn.rows] == [False, True]


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 300)), min_size=1, max_size=20))
def test_a_mentor_with_many_places_becomes_a_bar_that_fits(loads):
    drawn = charts.seats([{"name": "A", "taken": taken, "capacity": capacity} for taken, capacity in loads])

    for row in drawn.rows:
        end = max([seat.x + seat.width for seat in row.seats], default=drawn.left + (row.bar or 0))
        assert end <= drawn.width - 55.9
        if row.bar is not None:
            assert (drawn.left + row.bar > row.tick) == row.over or row.bar == pytest.approx(
                row.tick - drawn.left, abs=0.2
            )


def test_amounts_are_drawn_against_the_largest():
    bars = charts.list_bars([("a", 200, ""), ("b", 50, ""), ("c", 0, "")])

    assert [bar.width for bar in bars] == [380, 95, 0]


def test_nothing_to_show_is_drawn_as_nothing():
    assert charts.list_bars([]) == []
    assert charts.scatter([]).dots == []
    assert charts.party_bars({}).rows == []


def test_no_path_holds_anything_but_numbers():
    drawn = charts.radar(["a", "b", "c", "d"], {"trainee": [1, 2.345, 3, 4]})

    for path in [*drawn.rings, *drawn.spokes, drawn.series[0].path]:
        assert re.fullmatch(r"[MLZ\d. -]+", path)

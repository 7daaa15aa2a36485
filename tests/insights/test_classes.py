"""Classes side by side: surveys that tell of nobody, comparisons that say when they say nothing, the value added."""

from __future__ import annotations

import re

import pytest

from tests.factories import NOW
from tests.insights.conftest import make_rated, varied
from trainmgr.evaluation.closing import Sample
from trainmgr.evaluation.rules import Party
from trainmgr.insights.rules import Verdict, compare
from trainmgr.kernel import sheets

T, E, K = tuple(Party)[:3]


def better(number, party, place):
    """The first class gets a mark more than the second."""
    return 3 + (number // 2 % 2 == 0) + (number + place) % 2 * (party is not T)


def test_classes_stand_side_by_side(rated):
    rated.rate(better)

    page = rated.browser().get(rated.at("/classes")).text

    assert "甲班" in page
    assert "乙班" in page
    assert "窗口结束后显示" in page  # what trainees say


def test_two_classes_are_compared_and_the_difference_is_told_in_words(rated):
    rated.rate(better)
    a, b = (one.id for one in rated.cohorts)

    page = rated.browser().get(rated.at(f"/classes/compare?a={a}&b={b}")).text

    assert "甲班更高，不只是偶然" in page
    assert "同一批人评了两个班" in page
    assert "+20.0" in page


def test_without_a_choice_the_first_two_are_compared_and_the_same_one_twice_is_not(rated):
    rated.rate(better)
    a = rated.cohorts[0].id

    for query in ("", f"?a={a}&b={a}"):
        page = rated.browser().get(rated.at("/classes/compare" + query)).text
        assert "逐项比较" in page


def test_equal_classes_say_nothing(rated):
    rated.rate(lambda number, party, place: 2 + number // 4 % 3)

    assert "差值可能只是偶然" in rated.browser().get(rated.at("/classes/compare")).text


def test_a_class_that_is_not_the_programmes_is_not_found(rated):
    foreign = rated.world.cohort(rated.world.program())

    assert rated.browser().get(rated.at(f"/classes/compare?a={foreign.id}")).status_code == 404


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ([], [3.0], Verdict.NOBODY),
        ([4.0], [3.0] * 9, Verdict.FEW),
        ([3.0, 4.0, 5.0] * 3, [3.1, 4.1, 4.9] * 3, Verdict.CHANCE),
        ([5.0, 4.8] * 4, [3.0, 3.2] * 4, Verdict.FIRST),
        ([3.0, 3.2] * 4, [5.0, 4.8] * 4, Verdict.SECOND),
        ([4.0] * 6, [4.0] * 6, Verdict.CHANCE),
    ],
)
def test_what_two_classes_say(one, other, verdict):
    assert compare(Sample.of(one), Sample.of(other)).verdict is verdict


# --- surveys ------------------------------------------------------------------------------------------------


def cells(page):
    """Return the rows of the survey's table as lists of plain texts."""
    table = page[page.index('id="survey-h"') :]
    table = table[: table.index("</table>")]
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", row, re.S)]
        for row in re.findall(r"<tr>.*?</tr>", table, re.S)[1:]
    ]


def test_a_small_class_is_withheld_and_with_it_the_one_that_would_tell_of_it(world, app):
    """Of fourteen trainees four answer in the second class: the total less the first class would be theirs."""
    app.config["CLOCK"] = lambda: NOW
    rated = make_rated(world, 14)
    second = [n for n in range(14) if n // 2 % 2]
    rated.rate(varied, (T,), who=[n for n in range(14) if n not in second[4:]])
    rated.close()

    rows = cells(rated.browser().get(rated.at("/classes")).text)

    assert rows
    assert all(row[0] != "不公布" and row[1:] == ["不公布", "不公布"] for row in rows)


def test_classes_of_five_and_more_are_shown(rated):
    rated.rate(varied)
    rated.close()

    rows = cells(rated.browser().get(rated.at("/classes")).text)

    assert rows
    assert not any("不公布" in cell for row in rows for cell in row)


# --- standard and value added -------------------------------------------------------------------------------


def test_standard_and_gain_stand_side_by_side_with_n(rated):
    rated.rate(lambda number, *_: 4 + number % 2)

    page = rated.browser().get(rated.at("/value-added")).text

    assert "100.0%" in page
    assert "n = 12" in page
    assert "优先能力1" in page


def test_without_an_entry_level_there_is_a_standard_and_no_value_added(world, app):
    app.config["CLOCK"] = lambda: NOW
    rated = make_rated(world, 3, entry=None)
    rated.rate(varied)

    page = rated.browser().get(rated.at("/value-added")).text

    assert "没有训前水平" in page
    assert "无法计算" in page


def test_a_class_of_one_has_a_gain_and_no_interval(world, app):
    app.config["CLOCK"] = lambda: NOW
    rated = make_rated(world, 1)
    rated.rate(varied)

    for tail in ("", "/classes", "/classes/compare", "/value-added", "/raters"):
        assert rated.browser().get(rated.at(tail)).status_code == 200
    assert "只有一名学员" in rated.browser().get(rated.at("/value-added")).text


def test_the_export_has_a_row_for_each_class(rated):
    rated.rate(varied)

    response = rated.browser().get(rated.at("/value-added/export"))

    assert [row[0] for row in sheets.read_sheet(response.data, filename="v.xlsx").rows] == ["乙班", "甲班"]


def test_the_number_of_statements_is_at_most_ten(rated, count_statements):
    rated.rate(varied)
    rated.close()
    client = rated.browser()
    for tail in ("/classes", "/classes/compare", "/value-added"):
        with count_statements() as statements:
            assert client.get(rated.at(tail)).status_code == 200
        assert len(statements) <= 10, (tail, statements)


def test_pages_before_any_window_say_so(world, app):
    from trainmgr.kernel.access import Role
    from trainmgr.programs.rules import State

    program = world.program(State.DRAFT)
    client = world.signed_in(world.user(Role.STAFF))

    for tail in ("", "/classes", "/classes/compare", "/value-added", "/raters", "/export", "/raters/export"):
        assert client.get(f"/programs/{program.id}/insights{tail}").status_code == 200

"""When the next version of a resource is due, and what is enough."""

from datetime import date

import pytest

from trainmgr.materials.rules import (
    CasePart,
    MaterialKind,
    Rule,
    UpdateKind,
    counted_from,
    due_on,
    is_enough,
    lines_of,
    missing_parts,
    usual_update,
    year_before,
)

MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)


@pytest.mark.parametrize("update", [UpdateKind.YEARLY, UpdateKind.QUARTERLY])
def test_a_regular_resource_counts_from_its_last_version_whatever_else_happened(update):
    assert counted_from(update, renewed_on=MARCH, checked_on=MAY, asked_on=APRIL) == MARCH


def test_an_immediate_resource_is_due_only_while_an_occasion_stands_open():
    assert counted_from(UpdateKind.IMMEDIATE, renewed_on=MARCH) is None
    assert counted_from(UpdateKind.IMMEDIATE, renewed_on=MARCH, asked_on=APRIL) == APRIL


def test_a_tracked_resource_counts_from_the_last_look_unless_something_asks():
    assert counted_from(UpdateKind.TRACKED, renewed_on=MARCH) == MARCH
    assert counted_from(UpdateKind.TRACKED, renewed_on=MARCH, checked_on=MAY) == MAY
    assert counted_from(UpdateKind.TRACKED, renewed_on=MARCH, checked_on=MAY, asked_on=APRIL) == APRIL
    assert counted_from(UpdateKind.TRACKED, renewed_on=None) is None


def test_the_last_day_in_time_is_as_many_days_later_as_the_rule_says():
    assert due_on(MARCH, Rule(31)) == APRIL
    assert due_on(None, Rule(31)) is None


def test_twelve_months_end_today():
    assert year_before(date(2026, 12, 31)) == date(2026, 1, 1)


def test_a_share_is_compared_as_it_is_shown():
    assert is_enough(14.96, 15)
    assert not is_enough(14.94, 15)


def test_kinds_have_their_usual_way_of_being_renewed():
    assert usual_update(MaterialKind.CONTEST) is UpdateKind.IMMEDIATE
    assert usual_update(MaterialKind.REGULATION) is UpdateKind.TRACKED
    assert usual_update(MaterialKind.VIDEO) is UpdateKind.YEARLY


def test_lines_are_what_is_not_blank():
    assert lines_of(" 一 \r\n\n\t二\n") == ["一", "二"]
    assert lines_of(None) == []


def test_all_five_parts_are_asked_for():
    parts = [(part, "text" if part is not CasePart.EFFECT else " \n") for part in CasePart]

    assert missing_parts(parts) == [CasePart.EFFECT]

"""The gain: the same instrument before and at the end, joined by person; what was not closed."""

from __future__ import annotations

import io

import pytest
from docx import Document

from tests.testing.conftest import RIGHT, WRONG
from tests.testing.helpers import close, mark_all
from trainmgr.testing.rules import Purpose

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def twice(exam):
    """Three took the entry test (all wrong), two of them and a newcomer the one at the end (one all right)."""
    exam.sitting(people=3)
    for place in range(3):
        exam.take(place, WRONG)
    mark_all(exam, good=False)
    close(exam)
    first, second = exam.trainees[:2]
    exam.sitting(people=[first, second, exam.trainee()], purpose=Purpose.END)
    exam.take(0, RIGHT)
    exam.take(1, WRONG)
    exam.take(2, RIGHT)
    mark_all(exam)
    close(exam)
    return exam


def gain_url(exam, tail=""):
    return f"/programs/{exam.program.id}/gain{tail}"


def test_the_gain_is_that_of_people_who_took_both(twice, signed_in):
    staff = signed_in(twice.staff)

    text = staff.get(gain_url(twice), headers=ENGLISH).get_data(as_text=True)

    assert "50%" in text  # from nothing right to half
    assert "学员T0001" in text
    assert "学员T0003" not in text
    assert "学员T0004" not in text


def test_no_gain_is_shown_before_both_tests_are_closed(exam, signed_in):
    exam.sitting(people=1)
    exam.take(0, RIGHT)
    close(exam)

    page = signed_in(exam.staff).get(gain_url(exam), headers=ENGLISH)

    assert page.status_code == 200
    assert "No gain to measure yet" in page.get_data(as_text=True)
    assert signed_in(exam.staff).get(gain_url(exam, "/word")).status_code == 404


def test_the_gain_is_handed_out_as_word_and_excel(twice, signed_in):
    staff = signed_in(twice.staff)

    word = staff.get(gain_url(twice, "/word"))
    assert "扭矩工艺" in str(
        [
            cell.text
            for table in Document(io.BytesIO(word.data)).tables
            for row in table.rows
            for cell in row.cells
        ]
    )
    assert staff.get(gain_url(twice, "/people")).status_code == 200


def test_a_gain_takes_a_fixed_number_of_statements(twice, signed_in, count_statements):
    staff = signed_in(twice.staff)
    staff.get(gain_url(twice))

    with count_statements() as statements:
        staff.get(gain_url(twice))

    assert len(statements) <= 10

"""Reports of a sitting: what is commonly weak, classes side by side, one person's strengths and gaps, one's own."""

from __future__ import annotations

import pytest

from tests.factories import NOW
from tests.testing.conftest import RIGHT, WRONG, inside
from trainmgr.kernel.db import db
from trainmgr.testing import settling
from trainmgr.testing.models import Attempt, Mark, Sitting


def close(exam):
    """Note that everybody has ended."""
    with inside(exam.world):
        db.session.get_one(Sitting, exam.sitting_id).closed_at = NOW
        db.session.commit()


def mark_all(exam, *, good=True):
    """Mark what a person has to mark, in all attempts of the present sitting."""
    with inside(exam.world):
        sitting = db.session.get_one(Sitting, exam.sitting_id)
        ids = [one.id for one in db.session.query(Attempt).filter_by(sitting_id=sitting.id)]
        for attempt_id in ids:
            for name, points in (("words", 3), ("steps", 5)):
                db.session.add(
                    Mark(attempt_id=attempt_id, item_id=exam.items[name], points=points if good else 0,
                         marker_id=exam.staff.id, marked_at=NOW)
                )  # fmt: skip
        db.session.flush()
        settling.settle(sitting, ids)
        db.session.commit()


@pytest.fixture
def taken(exam):
    """A sitting of four: two do all right, one all wrong, one does not come."""
    exam.sitting(people=4)
    exam.take(0, RIGHT)
    exam.take(1, RIGHT)
    exam.take(2, WRONG)
    return exam


def test_the_report_ranks_what_is_commonly_weak(taken, signed_in):
    staff = signed_in(taken.staff)

    page = staff.get(taken.url("/report"))

    assert page.status_code == 200
    text = page.get_data(as_text=True)
    assert "扭矩工艺" in text
    assert "1 / 3" in text


def test_a_report_takes_at_most_ten_statements(taken, signed_in, count_statements):
    staff = signed_in(taken.staff)
    staff.get(taken.url("/report"))

    with count_statements() as statements:
        staff.get(taken.url("/report"))

    assert len(statements) <= 10


def test_words(taken, signed_in):
    staff = signed_in(taken.staff)
    for tail in (
        "/report/word",
        "/report/classes",
        "/report/people",
        f"/report/{taken.participants[0]}",
        f"/report/{taken.participants[3]}",
        f"/report/{taken.participants[0]}/word",
    ):
        assert staff.get(taken.url(tail)).status_code == 200, tail

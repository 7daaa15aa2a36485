"""Sittings of a programme: planned from an instrument of the lead college, changed, moved, called off."""

from __future__ import annotations

from decimal import Decimal

from tests.testing.conftest import RIGHT
from trainmgr.testing.models import Attempt


def test_a_finished_attempt_has_points_and_waits_for_what_a_person_marks(exam, session):
    exam.sitting(people=2)

    attempt_id = exam.take(0, RIGHT)

    attempt = session.get_one(Attempt, attempt_id)
    assert (attempt.points, attempt.possible, attempt.waiting) == (Decimal(13), Decimal(21), 2)
    assert attempt.counts

"""What several tests of reports do to a sitting: close it, mark it, change and fill it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa

from tests.factories import NOW
from tests.testing.conftest import inside
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.testing import settling
from trainmgr.testing.models import Attempt, Mark, Participant, Score, Sitting
from trainmgr.testing.rules import AttemptEnd


def close(exam):
    """Note that everybody has ended."""
    with inside(exam.world):
        db.session.get_one(Sitting, exam.sitting_id).closed_at = NOW
        db.session.commit()


def mark_all(exam, *, good=True):
    """Mark what a person has to mark, in all attempts of the present sitting."""
    with inside(exam.world):
        sitting = db.session.get_one(Sitting, exam.sitting_id)
        ids = list(db.session.scalars(sa.select(Attempt.id).where(Attempt.sitting_id == sitting.id)))
        db.session.add_all(
            Mark(
                attempt_id=attempt_id, item_id=exam.items[name], points=points if good else 0,
                marker_id=exam.staff.id, marked_at=NOW,
            )
            for attempt_id in ids
            for name, points in (("words", 3), ("steps", 5))
        )  # fmt: skip
        db.session.flush()
        settling.settle(sitting, ids)
        db.session.commit()


def put_into(exam, place, **values):
    """Change what a participant of the present sitting is."""
    with inside(exam.world):
        row = db.session.get_one(Participant, exam.participants[place])
        for name, value in values.items():
            setattr(row, name, value)
        db.session.commit()


def fill(exam, people, competencies=None):
    """Add so many people with scores straight into the tables."""
    wanted = competencies or exam.competencies
    with inside(exam.world):
        first = db.session.scalar(sa.select(sa.func.max(Participant.id))) or 0
        base = db.session.scalar(sa.select(sa.func.max(Attempt.id))) or 0
        home = exam.world.college.id
        accounts = [
            {"username": f"x{place}", "name": f"人{place}", "password_hash": "", "created_at": NOW}
            for place in range(people)
        ]
        keys = list(
            db.session.scalars(
                sa.insert(User.__table__).returning(User.__table__.c.id, sort_by_parameter_order=True),
                accounts,
            )
        )
        db.session.execute(
            sa.insert(Participant.__table__),
            [
                {
                    "id": first + place + 1, "sitting_id": exam.sitting_id, "user_id": key, "name": f"人{place:04}",
                    "number": f"N{place:04}", "cohort_name": f"{place // 50:02} 班", "post": "", "college_id": home,
                    "enterprise_id": exam.world.enterprise.id, "attempts": 1, "extra_minutes": 0,
                }
                for place, key in enumerate(keys)
            ],
        )  # fmt: skip
        db.session.execute(
            sa.insert(Attempt.__table__),
            [
                {
                    "id": base + place + 1, "sitting_id": exam.sitting_id, "participant_id": first + place + 1,
                    "number": 1, "started_at": NOW, "deadline_at": NOW + timedelta(hours=1), "ended_at": NOW,
                    "end": AttemptEnd.HANDED_IN, "counts": True, "points": Decimal(10), "possible": Decimal(21),
                    "waiting": 0,
                }
                for place in range(people)
            ],
        )  # fmt: skip
        db.session.execute(
            sa.insert(Score.__table__),
            [
                {
                    "attempt_id": base + place + 1, "competency_id": key, "points": Decimal(place % 8),
                    "possible": Decimal(7), "level": min(5, 1 + place % 8),
                }
                for place in range(people)
                for key in wanted
            ],
        )  # fmt: skip
        db.session.commit()

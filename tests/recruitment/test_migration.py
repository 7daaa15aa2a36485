"""Applications of the past come into joint recruitment unchanged, and go back."""

from __future__ import annotations

import sqlalchemy as sa
from flask_migrate import downgrade, upgrade

from tests.test_migrations import NOW, ROWS_AT_0001, _fill
from tests.test_migrations import installation as installation
from trainmgr.kernel.db import db

APPLICATION = (
    (
        "application",
        {
            "id": 7,
            "program_id": 1,
            "user_id": 1,
            "college_id": 1,
            "name": "李同学",
            "field": "焊工",
            "state": "waitlisted",
            "applied_at": NOW,
        },
    ),
    (
        "verdict",
        {"id": 1, "application_id": 7, "side": "college", "verdict": "admit", "by_id": 1, "at": NOW},
    ),
)


def test_an_application_of_the_past_keeps_its_place_and_its_verdict(installation):
    kept = sa.text("SELECT id, name, field, state FROM application")
    with installation.app_context():
        upgrade(revision="0001")
        with db.engine.connect() as connection:
            _fill(
                connection,
                [row for row in ROWS_AT_0001 if row[0] in ("organization", "user_account", "program")],
            )
        upgrade(revision="0017")
        with db.engine.connect() as connection:
            _fill(connection, APPLICATION)
        upgrade(revision="0018")
        with db.engine.connect() as connection:
            new = sa.text("SELECT post_id, phone_masked, receipt_digest, confirmed_at FROM application")
            assert connection.execute(new).one() == (None, "", None, None)
            assert connection.execute(kept).one() == (7, "李同学", "焊工", "waitlisted")
        downgrade(revision="0017")
        with db.engine.connect() as connection:
            assert connection.execute(kept).one() == (7, "李同学", "焊工", "waitlisted")
            assert connection.execute(sa.text("SELECT count(*) FROM verdict")).scalar_one() == 1
        db.engine.dispose()

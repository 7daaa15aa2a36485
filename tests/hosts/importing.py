"""A roster that waits to be read by a worker."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask

from tests.bench.rostering import roster
from tests.factories import World
from trainmgr.enrolment import importing
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State


def plan_import(app: Flask, staff_id: int, rows: int, first: int = 0) -> tuple[int, int]:
    """Plan the import of a roster into a new programme that recruits; returns programme and job."""
    world = World(app)
    program = world.program(State.RECRUITING, planned_size=None)
    with app.app_context():
        owner, by = db.session.get_one(Program, program.id), db.session.get_one(User, staff_id)
        draft = importing.keep_upload(
            owner,
            roster(rows, first),
            filename="名册.xlsx",
            college_id=owner.lead_college_id,
            by=by,
            now=datetime.now(UTC),
        )
        job = importing.start_import(owner, draft, by=by, now=datetime.now(UTC))
        db.session.commit()
        return program.id, job.id

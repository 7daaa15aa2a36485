"""The annual report over a year like H7's (95 projects, 50,786 trainees), against its own SQL sent bare.

What the job does: claims itself, reads the definitions, has every indicator added up for the year and the one before,
reads lists of programmes, partners, classes and bases, writes eight chapters and the annex with tables and charts,
keeps the file, and commits its progress step by step. The bare SQL is every SELECT that this run sent, with the very
same parameters, sent once more by the driver's cursor and fetched, without SQLAlchemy and without a document.
"""

from __future__ import annotations

import os
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.bench import report
from tests.databases import PostgresDatabase, SqliteDatabase, postgres_server
from tests.factories import NOW, World
from trainmgr import create_app
from trainmgr.attendance.models import AttendanceStanding, Mark, Source
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.identity.models import Membership, Organization, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job, JobState, running
from trainmgr.outcomes.models import PassDecision
from trainmgr.outcomes.rules import PassKind
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.programs.rules import ProgramKind, Side, State
from trainmgr.reporting import annual_job

LIMIT = 3.0
TRAINEES, PROJECTS, YEAR = 50_786, 95, 2026
KINDS = tuple(ProgramKind)
PIECE = 10_000


def arrange(app: Any, trainees: int) -> int:
    """Make the college, its projects and everybody with a day of attendance, a log and a decision; returns the job."""
    world = World(app)
    staff = world.user(Role.STAFF)
    programs = [
        world.program(
            State.CLOSED if place % 3 else State.RUNNING, kind=KINDS[place % len(KINDS)], created_by=staff,
            starts_on=date(YEAR - place % 2, 3, 1), ends_on=date(YEAR, 11, 30), planned_minutes=6_000,
        ).id
        for place in range(PROJECTS)
    ]  # fmt: skip
    with app.app_context():
        by, college = db.session.get_one(User, staff.id), world.college.id
        first = (db.session.scalar(sa.select(sa.func.max(User.id))) or 0) + 1
        people = range(first, first + trainees)
        for model, rows in _rows(people, programs, college, world.enterprise.id, by):
            for start in range(0, len(rows), PIECE):
                db.session.execute(sa.insert(model), rows[start : start + PIECE])
        job = annual_job.start(db.session.get_one(Organization, college), YEAR, by=by)
        db.session.commit()
        return job.id


def _rows(
    people: range, programs: list[int], college: int, enterprise: int, by: User
) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    yield (
        User,
        [{"id": key, "username": f"t{key}", "name": f"学员{key}", "created_at": NOW} for key in people],
    )
    yield Membership, [
        {"user_id": key, "organization_id": college, "role": Role.TRAINEE, "number": f"S{key}", "created_at": NOW}
        for key in people
    ]  # fmt: skip
    yield Enrolment, [
        {"id": key, "program_id": programs[key % len(programs)], "user_id": key, "college_id": college,
         "enterprise_id": enterprise, "state": EnrolmentState.COMPLETED, "name": f"学员{key}",
         "student_number": f"S{key}", "enrolled_on": date(YEAR - key % 2, 3, 1), "planned_minutes": 6_000,
         "verified_minutes": 5_000 + key % 1_000}
        for key in people
    ]  # fmt: skip
    day = date(YEAR, 5, 4)
    yield AttendanceStanding, [
        {"enrolment_id": key, "day": day + timedelta(days=key % 90), "mark": Mark.LATE if key % 9 else Mark.PRESENT,
         "source": Source.HAND, "at": NOW}
        for key in people
    ]  # fmt: skip
    yield PracticeLog, [
        {"program_id": programs[key % len(programs)], "enrolment_id": key, "stage_number": 1, "minutes": 480,
         "day": day + timedelta(days=key % 90), "task": "装调", "state": LogState.SIGNED, "side": Side.ENTERPRISE,
         "submitted_at": NOW, "created_at": NOW}
        for key in people
    ]  # fmt: skip
    yield PassDecision, [
        {"program_id": programs[key % len(programs)], "enrolment_id": key, "by_id": by.id, "by_name": by.name,
         "at": NOW, "kind": PassKind.FAILED if key % 20 == 0 else PassKind.PASSED}
        for key in people
    ]  # fmt: skip


@contextmanager
def _listening(sent: list[tuple[str, Any]]) -> Iterator[None]:
    """Collect every SELECT with its parameters as the driver gets them."""

    def note(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            sent.append((statement, parameters))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


def measure(database: Any, trainees: int, folder: Path) -> dict[str, float]:
    """Write the report by its job, then send its statements bare."""
    app = create_app(
        {"SQLALCHEMY_DATABASE_URI": database.url, "INSTANCE_PATH": str(folder), "SECRET_KEY": "bench only"}
    )
    with app.app_context():
        db.create_all()
    key = arrange(app, trainees)
    sent: list[tuple[str, Any]] = []
    with app.app_context(), _listening(sent):
        begun, used = time.perf_counter(), _cpu()
        running.execute(key)
        whole, work = time.perf_counter() - begun, _cpu() - used
        job = db.session.get_one(Job, key, populate_existing=True)
        assert job.state is JobState.DONE, job.fault
        db.session.rollback()
    with app.app_context():
        bare, bare_cpu = (min(times) for times in zip(*(_bare(sent) for _time in range(3)), strict=True))
        db.session.remove()
        db.engine.dispose()
    return {"trainees": trainees, "statements": len(sent), "job": whole, "job_cpu": work, "bare": bare,
            "bare_cpu": bare_cpu, "ratio": whole / bare, "cpu_ratio": work / bare_cpu}  # fmt: skip


def _bare(sent: list[tuple[str, Any]]) -> tuple[float, float]:
    """Return by the clock, and of this process's CPU, how long the statements alone take."""
    connection = db.engine.raw_connection()
    try:
        cursor = connection.cursor()
        begun, used = time.perf_counter(), _cpu()
        for statement, parameters in sent:
            cursor.execute(statement, parameters)
            cursor.fetchall()
        return time.perf_counter() - begun, _cpu() - used
    finally:
        connection.close()


def _cpu() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def run(options: Namespace) -> int:
    """Measure on SQLite or on a throwaway PostgreSQL; fails above the limit."""
    with tempfile.TemporaryDirectory(prefix="annual-") as name:
        folder = Path(name)
        (folder / "instance").mkdir()
        if options.postgresql:
            with postgres_server() as server:
                database: Any = PostgresDatabase(server, "trainmgr_bench_annual")
                database.create()
                try:
                    found = measure(database, options.trainees, folder / "instance")
                finally:
                    database.remove()
        else:
            (folder / "database").mkdir()
            found = measure(SqliteDatabase(folder / "database"), options.trainees, folder / "instance")
    print(
        f"annual report over {found['trainees']:,.0f} trainees: job {found['job']:.2f} s (CPU {found['job_cpu']:.2f} "
        f"s), its {found['statements']:.0f} SELECTs bare {found['bare']:.2f} s (CPU "
        f"{found['bare_cpu']:.2f} s), ratio {found['ratio']:.2f}, of CPU {found['cpu_ratio']:.2f} (limit {LIMIT})"
    )
    if options.json:
        report.write(options.json, [found])
    return int(found["ratio"] > LIMIT)

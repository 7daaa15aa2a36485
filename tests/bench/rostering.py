"""A roster of 50,000 people read, checked and written by the job, against a bare bulk insert of the very same rows.

What the job does: opens the encrypted upload, parses the workbook in its child process, understands and checks every
cell (ID numbers by GB 11643, phones, doubles within the file), asks the database batch by batch who is known, encrypts
each ID number and phone and makes their fingerprints, makes first passwords (a mark, no argon2), writes, and commits
batch by batch with its progress. The bare insert has all that done: it is given the rows as they stand in the database
afterwards, all their columns, and inserts them table by table in pieces of 10,000 with SQLAlchemy's own executemany,
one transaction, into the same database as it was before, with the same indexes and constraints.
"""

from __future__ import annotations

import io
import os
import tempfile
import time
from argparse import Namespace
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import xlsxwriter
from sqlalchemy.orm import selectinload
from stdnum.cn import ric

from tests.bench import report
from tests.databases import PostgresDatabase, SqliteDatabase, postgres_server
from tests.factories import World
from trainmgr import create_app
from trainmgr.classes.models import ClassMove
from trainmgr.enrolment import importing, sending
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.roster import RosterFilter
from trainmgr.enrolment.roster_models import RosterEntry
from trainmgr.identity.models import Membership, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job, JobState, running
from trainmgr.programs.models import Program, ProgramPerson
from trainmgr.programs.rules import State

HEADER = ("姓名", "证件号", "手机号", "学号", "班级", "企业", "工种或专业方向", "现等级", "岗位")
TABLES: tuple[Any, ...] = (Cohort, User, Membership, Enrolment, ProgramPerson, ClassMove, RosterEntry)
LIMIT = 2.5
FIRST_BIRTH = date(1975, 1, 1)


@dataclass(frozen=True)
class Arranged:
    """A programme that recruits and the job that is to read its roster."""

    program_id: int
    job_id: int
    by_id: int


def roster(rows: int, first: int = 0) -> bytes:
    """Return a workbook of so many people, each with an ID number that checks, in classes of fifty.

    `first` is the serial of the first one: rosters that do not overlap name different people.
    """
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("名册")
        sheet.write_row(0, 0, HEADER)
        for place in range(rows):
            sheet.write_row(place + 1, 0, person(first + place))
    return out.getvalue()


def person(serial: int) -> tuple[str, ...]:
    """Return one row of the roster."""
    born = FIRST_BIRTH + timedelta(days=serial // 100)
    plain = f"500103{born:%Y%m%d}{serial % 100 + 100:03}"
    number = plain + ric.calc_check_digit(plain + "0")
    return (
        f"学员{serial}", number, f"139{serial:08}", f"S{serial:07}", f"{serial // 50 + 1} 班", "测试企业", "焊工",
        "三级", "装调",
    )  # fmt: skip


def arrange(app: Any, data: bytes) -> Arranged:
    """Make a programme without a limit of places, and plan the reading of a roster for it."""
    world = World(app)
    program = world.program(State.RECRUITING, planned_size=None)
    staff = world.user(Role.STAFF)
    with app.app_context():
        by, owner = db.session.get_one(User, staff.id), db.session.get_one(Program, program.id)
        draft = importing.keep_upload(
            owner, data, filename="名册.xlsx", college_id=owner.lead_college_id, by=by, now=utcnow()
        )
        job = importing.start_import(owner, draft, by=by, now=utcnow())
        db.session.commit()
        return Arranged(program.id, job.id, staff.id)


def the_rows(app: Any) -> list[tuple[Any, list[dict[str, Any]]]]:
    """Return everything that an import has written, all columns, table by table in the order of inserting."""
    with app.app_context():
        return [
            (model.__table__, [dict(row) for row in db.session.execute(_written(model)).mappings()])
            for model in TABLES
        ]


def _written(model: Any) -> Any:
    statement = sa.select(model.__table__)
    if model is User:
        return statement.join(Enrolment, Enrolment.user_id == User.id)
    if model is Membership:
        return statement.join(Enrolment, Enrolment.user_id == Membership.user_id)
    return statement


def bare_insert(
    app: Any, tables: list[tuple[Any, list[dict[str, Any]]]], piece: int = 10_000
) -> tuple[float, float]:
    """Insert rows that are ready, in one transaction; returns the seconds it took, by the clock and of CPU."""
    with app.app_context():
        begun, used = time.perf_counter(), _cpu()
        for table, rows in tables:
            for start in range(0, len(rows), piece):
                db.session.execute(sa.insert(table), rows[start : start + piece])
        db.session.commit()
        return time.perf_counter() - begun, _cpu() - used


def export(app: Any, arranged: Arranged) -> tuple[float, float]:
    """Write the whole roster, full ID numbers in it, by its job; returns seconds, by the clock and of CPU."""
    with app.app_context():
        program, by = (
            db.session.get_one(Program, arranged.program_id, options=[selectinload(Program.parties)]),
            db.session.get_one(User, arranged.by_id, options=[selectinload(User.memberships)]),
        )
        everybody = RosterFilter()
        job = sending.start_export(
            program, sending.FULL, everybody, q="", reason="bench", by=by, now=utcnow()
        )
        db.session.commit()
        begun, used = time.perf_counter(), _cpu()
        running.execute(job.id)
        whole, work = time.perf_counter() - begun, _cpu() - used
        db.session.expire_all()
        assert job.state is JobState.DONE, job.fault
        assert job.counts["written"] == job.total
        return whole, work


def measure(database: Any, rows: int, folder: Path) -> dict[str, float]:
    """Read a roster by its job, then insert the same rows barely into the same database as it was before."""
    app = create_app(
        {"SQLALCHEMY_DATABASE_URI": database.url, "INSTANCE_PATH": str(folder), "SECRET_KEY": "bench only"}
    )
    with app.app_context():
        db.create_all()
    data = roster(rows)
    arranged = arrange(app, data)
    _let_go(app)
    database.keep("before")
    begun, used = time.perf_counter(), _cpu()
    with app.app_context():
        running.execute(arranged.job_id)
        whole, work = time.perf_counter() - begun, _cpu() - used
        job = db.session.get_one(Job, arranged.job_id)
        assert (job.state, job.counts["written"]) == (JobState.DONE, rows), (job.state, job.counts, job.fault)
    tables = the_rows(app)
    assert len(tables[1][1]) == len(tables[3][1]) == rows
    out, out_work = export(app, arranged)
    _let_go(app)
    database.reset("before")
    bare, bare_work = bare_insert(app, tables)
    _let_go(app)
    return {
        "rows": rows, "megabytes": len(data) / 1e6, "job": whole, "bare": bare, "ratio": whole / bare,
        "job_cpu": work, "bare_cpu": bare_work, "cpu_ratio": work / bare_work,
        "export": out, "export_cpu": out_work,
    }  # fmt: skip


def _cpu() -> float:
    """Return the CPU seconds of this process and of the children that have ended (the parser of the sheet)."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _let_go(app: Any) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def run(options: Namespace) -> int:
    """Measure on SQLite or on a throwaway PostgreSQL; fails above the limit."""
    with tempfile.TemporaryDirectory(prefix="roster-") as name:
        folder = Path(name)
        (folder / "instance").mkdir()
        if options.postgresql:
            with postgres_server() as server:
                database: Any = PostgresDatabase(server, "trainmgr_bench_roster")
                database.create()
                try:
                    found = measure(database, options.rows, folder / "instance")
                finally:
                    database.remove()
        else:
            (folder / "database").mkdir()
            found = measure(SqliteDatabase(folder / "database"), options.rows, folder / "instance")
    print(
        f"{found['rows']:,.0f} rows ({found['megabytes']:.1f} MB): job {found['job']:.1f} s, "
        f"bare insert {found['bare']:.1f} s, ratio {found['ratio']:.2f} (limit {LIMIT}); CPU alone "
        f"{found['job_cpu']:.1f} s, {found['bare_cpu']:.1f} s, ratio {found['cpu_ratio']:.2f}; "
        f"export with full numbers {found['export']:.1f} s, CPU {found['export_cpu']:.1f} s"
    )
    if options.json:
        report.write(options.json, [found])
    return int(found["ratio"] > LIMIT)

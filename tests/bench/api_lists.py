"""What a list of the API costs beside a handler written by hand: 100 rows each, in the same application and run.

    python -m tests.bench api                     # SQLite; --postgresql for a throwaway server

The handler is what somebody would write for this one list: one SQL text (a second one where a row holds several of
something), rows made a dictionary, `json.dumps`. It sees no difference between people. It stands in the same
application twice: behind the door that the API has (the token is read, its pace counted, its person loaded), as any
handler of the application must, and open to everybody. Both are called through WSGI by turns, CPU of the process is
read around each call, and the medians are compared; the machine may do other work meanwhile.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.bench import report
from tests.databases import PostgresDatabase, SqliteDatabase, postgres_server
from tests.factories import NOW, World
from tests.populated import Populated, populate
from trainmgr import create_app
from trainmgr.api import door
from trainmgr.api.catalogue import RESOURCES
from trainmgr.api.frame import answer, opened_by
from trainmgr.api.models import ApiToken
from trainmgr.api.rules import SCOPES, digest_of, new_token
from trainmgr.kernel.access import Role, own_door, public
from trainmgr.kernel.db import db

ROWS, COPIES, LIMIT = 100, 150, 3.0
_PROGRAM = "WHERE program_id = :program"
_TRAINEES = "JOIN enrolment e ON e.id = t.enrolment_id WHERE e.program_id = :program"

# Each list by hand: columns are those of the answer, whole rows of the table where nothing else is said.
BY_HAND: dict[str, str] = {
    "programs": "SELECT id, code, name, name_en, kind, state, lead_college_id, department_id, starts_on, ends_on,"
    " planned_size, planned_minutes, current_stage, version FROM program ORDER BY id LIMIT 100",
    "competencies": "SELECT id, position, name, name_en, dimension, importance, required_level, current_level,"
    " required_level - current_level AS gap, score, rank, is_priority, required_hours, version"
    f" FROM competency {_PROGRAM} ORDER BY id LIMIT 100",
    "performance-gaps": "SELECT id, name, unit, direction, weight, expected, current, benchmark, benchmark_source,"
    f" benchmark_year, version FROM enterprise_indicator {_PROGRAM} ORDER BY id LIMIT 100",
    "business-needs": f"SELECT id, position, text, source, version FROM business_need {_PROGRAM} ORDER BY id LIMIT 100",
    "modules": "SELECT m.id, m.edition_id, m.stage_number, m.position, m.name, m.name_en, m.theory_hours,"
    " m.practice_hours, m.layer, m.practice_level, m.venue, m.taught_by_enterprise, m.jointly_developed,"
    " m.lead_teacher_id, m.version FROM module m"
    " JOIN edition e ON e.id = m.edition_id WHERE e.program_id = :program ORDER BY m.id LIMIT 100",
    "people": "SELECT id, username, name, phone_masked, created_at, version FROM user_account WHERE active"
    " ORDER BY id LIMIT 100",
    "enrolments": "SELECT e.id, e.user_id, e.name, e.student_number, e.employee_number, e.id_number_masked,"
    " e.college_id, e.enterprise_id, e.cohort_id, c.name AS cohort, e.state, e.field, e.level, e.post, e.enrolled_on,"
    " e.left_on, t.name AS school_teacher, g.name AS enterprise_mentor, e.planned_minutes, e.submitted_minutes,"
    " e.verified_minutes, e.version FROM enrolment e LEFT JOIN cohort c ON c.id = e.cohort_id"
    " LEFT JOIN user_account t ON t.id = e.school_teacher_id LEFT JOIN user_account g ON g.id = e.enterprise_mentor_id"
    " WHERE e.program_id = :program ORDER BY e.id LIMIT 100",
    "assignments": "SELECT t.id, t.enrolment_id, t.side, t.mentor_id, m.user_id AS mentor_user_id,"
    " m.name AS mentor_name, starts_on, ends_on, reason, approved_at FROM assignment t"
    " JOIN mentor m ON m.id = t.mentor_id WHERE t.program_id = :program ORDER BY t.id LIMIT 100",
    "logs": "SELECT id, enrolment_id, stage_number, module_id, day, until, minutes, kind, task, learned, state, side,"
    f" signer_id, submitted_at, replaces_id, version FROM practice_log {_PROGRAM} ORDER BY day, id LIMIT 100",
    "mentors": "SELECT p.id, p.mentor_id, m.user_id, m.organization_id, p.side, m.name, m.capacity, p.load AS trainees"
    " FROM program_mentor p JOIN mentor m ON m.id = p.mentor_id WHERE p.program_id = :program ORDER BY p.id LIMIT 100",
    "proposed-pairs": "SELECT p.id, proposal_id, enrolment_id, mentor_id, next_best_id, fit, locked, obstacle"
    " FROM proposed_pair p JOIN mentor_proposal m ON m.id = p.proposal_id WHERE m.program_id = :program"
    " ORDER BY p.id LIMIT 100",
    "standing-changes": "SELECT id, enrolment_id, kind, state, day, expected_on, reason, before, after, enterprise_id,"
    " to_program_id, recognised_minutes, at, settled_at, remark"
    f" FROM standing_change {_PROGRAM} ORDER BY id LIMIT 100",
    "sessions": "SELECT id, module_id, cohort_id, teacher_id, room_id, day, first_unit, units, state, version"
    f" FROM teaching_session {_PROGRAM} ORDER BY day, id LIMIT 100",
    "attendance": "SELECT t.id, t.enrolment_id, t.session_id, t.day, t.mark, t.source, t.at FROM attendance_standing t"
    f" {_TRAINEES} ORDER BY t.id LIMIT 100",
    "windows": "SELECT id, name, name_en, kind, stage_number, months_after, scheme_id, opens_at, closes_at, version"
    f" FROM evaluation_window {_PROGRAM} ORDER BY id LIMIT 100",
    "results": "SELECT e.id AS enrolment_id, r.window_id, r.is_provisional, r.composite, r.low, r.high,"
    " trainee_score, enterprise_score, teacher_score, divergence, entry_level, exit_level, computed_at FROM enrolment e"
    " LEFT JOIN result r ON r.enrolment_id = e.id AND r.window_id = :window"
    " WHERE e.program_id = :program ORDER BY e.id LIMIT 100",
    "certificates": "SELECT id, program_id, enrolment_id, college_id, year, number, credential_id, holder_name,"
    " student_number, program_name, enterprise_name, field, minutes, issued_on, is_present, replaces_id"
    " FROM certificate ORDER BY id LIMIT 100",
    "external-certificates": "SELECT id, enrolment_id, level, name, number, issuer, issued_on, expires_on, state,"
    f" reason, entered_at, settled_at FROM external_certificate {_PROGRAM} ORDER BY id LIMIT 100",
}
# Where a row holds several of something: where it is put, and how it is read for the rows at hand.
POSTS = (
    "SELECT user_id AS of_id, id, organization_id, department_id, role, number, title FROM membership"
    " WHERE ended_on IS NULL AND user_id IN :ids ORDER BY id"
)
PRACTISED = (
    "SELECT log_id AS of_id, competency_id FROM log_competency WHERE log_id IN :ids ORDER BY competency_id"
)
INSIDE: dict[str, tuple[str, str]] = {"people": ("posts", POSTS), "logs": ("competency_ids", PRACTISED)}
QUERIES = {"results": "&window_id={window}"}


@dataclass(frozen=True)
class Listed:
    """What a list costs: CPU in milliseconds of the API and of the two handlers, and the ratios."""

    name: str
    rows: int
    statements: int
    api_ms: float
    hand_ms: float
    open_ms: float
    ratio: float
    open_ratio: float


# --- written by hand -----------------------------------------------------------------------------------------


def _handler(name: str, ids: dict[str, int]) -> Callable[[], Any]:
    statement, inside = sa.text(BY_HAND[name]), INSIDE.get(name)

    def show() -> Any:
        asked = {key: value for key, value in ids.items() if f":{key}" in statement.text}
        rows = [dict(row) for row in db.session.execute(statement, asked).mappings()]
        if inside is not None:
            _put_inside(rows, *inside)
        return answer({"data": rows, "next": None})

    return show


def _put_inside(rows: list[dict[str, Any]], key: str, text: str) -> None:
    found: dict[int, list[Any]] = {row["id"]: [] for row in rows}
    statement = sa.text(text).bindparams(sa.bindparam("ids", expanding=True))
    for of_id, *values in db.session.execute(statement, {"ids": list(found)}):
        found[of_id].append(values)
    for row in rows:
        row[key] = found[row["id"]]


def _with_handlers(app: Flask, ids: dict[str, int]) -> None:
    hand = Blueprint("hand", __name__, url_prefix="/hand")
    own_door("hand", door.enter)
    for name in BY_HAND:
        one = RESOURCES[name]
        show = opened_by(one.permission, one.scope)(_handler(name, ids))
        hand.add_url_rule(f"/{name}", f"show_{name.replace('-', '_')}", show)
    free = Blueprint("free", __name__, url_prefix="/open")
    for name in BY_HAND:
        free.add_url_rule(f"/{name}", f"show_{name.replace('-', '_')}", public(_handler(name, ids)))
    app.register_blueprint(hand)
    app.register_blueprint(free)


# --- what they list ------------------------------------------------------------------------------------------


def _copies(table: str, like: int, change: Callable[[int], dict[str, Any]], count: int = COPIES) -> list[int]:
    """Put copies of a row in, each with what must be its own; returns their ids."""
    found = db.metadata.tables[table]
    row = dict(db.session.execute(sa.select(found).where(found.c.id == like)).one()._mapping)
    del row["id"]
    rows = [row | change(number) for number in range(1, count + 1)]
    db.session.execute(sa.insert(found), rows)
    return list(
        reversed(db.session.scalars(sa.select(found.c.id).order_by(found.c.id.desc()).limit(count)).all())
    )


def _first(table: str, **where: Any) -> int:
    found = db.metadata.tables[table]
    conditions = [found.c[name] == value for name, value in where.items()]
    key: int = db.session.scalars(sa.select(found.c.id).where(*conditions).order_by(found.c.id)).first()
    return key


def fill(made: Populated) -> None:
    """Give the programme of the populated world more than a hundred of everything."""
    rows = {name: row.id for name, row in made.rows.items() if hasattr(row, "id")}
    program, day = rows["program"], NOW.date()
    trainee = made.people[Role.TRAINEE].id
    people = _copies(
        "user_account", trainee,
        lambda n: {"username": f"copy{n}", "phone_digest": None, "id_number_digest": None},
    )  # fmt: skip
    post = _first("membership", user_id=trainee)
    _copies("membership", post, lambda n: {"user_id": people[n - 1], "number": f"C{n}"})
    trainees = _copies(
        "enrolment", rows["enrolment"],
        lambda n: {"user_id": people[n - 1], "student_number": f"C{n}", "employee_number": f"E{n}"},
    )  # fmt: skip
    programs = _copies("program", program, lambda n: {"code": f"C{n}"})
    _copies("program_party", rows["party"], lambda n: {
        "program_id": programs[n - 1], "organization_id": rows["college"], "role": "lead_college",
    })  # fmt: skip
    _copies("competency", rows["competency"], lambda n: {"name": f"抄写能力{n}", "position": n + 100})
    _copies("enterprise_indicator", rows["indicator"], lambda n: {"name": f"抄写指标{n}"})
    _copies("business_need", rows["business_need"], lambda n: {"position": n + 1})
    _copies("module", rows["module"], lambda n: {"name": f"抄写模块{n}", "lineage": f"{n:032}"})
    logs = _copies(
        "practice_log", rows["log"], lambda n: {"enrolment_id": trainees[n - 1], "client_key": None}
    )
    practised = db.metadata.tables["log_competency"]
    db.session.execute(
        sa.insert(practised), [{"log_id": log, "competency_id": rows["competency"]} for log in logs]
    )
    _copies("assignment", rows["assignment"], lambda n: {"enrolment_id": trainees[n - 1]})
    teachers = _copies("user_account", trainee, lambda n: {
        "username": f"mentor{n}", "phone_digest": None, "id_number_digest": None,
    })  # fmt: skip
    mentors = _copies("mentor", rows["mentor"], lambda n: {"user_id": teachers[n - 1]})
    _copies("program_mentor", rows["program_mentor"], lambda n: {"mentor_id": mentors[n - 1]})
    _copies("proposed_pair", rows["pair"], lambda n: {"enrolment_id": trainees[n - 1]})
    _copies("teaching_session", rows["teaching"], lambda n: {"day": day + timedelta(days=n)})
    _copies("attendance_standing", _first("attendance_standing"), lambda n: {
        "enrolment_id": trainees[n - 1], "session_id": None,
    })  # fmt: skip
    _copies("standing_change", rows["standing_change"], lambda n: {"enrolment_id": trainees[n - 1]})
    _copies("evaluation_window", rows["window"], lambda n: {"kind": "process", "stage_number": 100 + n})
    found = db.metadata.tables["result"]
    scores = dict.fromkeys(
        ("trainee_score", "enterprise_score", "teacher_score", "composite", "low", "high"), 4.0
    )
    db.session.execute(
        sa.insert(found),
        [
            {"program_id": program, "window_id": rows["window"], "enrolment_id": key, "computed_at": NOW}
            | scores
            for key in trainees
        ],
    )
    _copies("certificate", rows["completion"], lambda n: {
        "enrolment_id": trainees[n - 1], "number": 1000 + n, "code": f"C{n}", "credential_id": f"{n:036}",
    })  # fmt: skip
    _copies("external_certificate", rows["external_certificate"], lambda n: {
        "enrolment_id": trainees[n - 1], "number_key": f"C{n}",
    })  # fmt: skip
    db.session.commit()


# --- measuring -----------------------------------------------------------------------------------------------


class Asking:
    """Calls the application without a client in between, which would cost both sides the same and flatter the ratio."""

    def __init__(self, app: Flask, token: str) -> None:
        self.app, self.headers = app, {"Authorization": f"Bearer {token}", "Accept-Language": "zh"}
        self.statements = 0
        with app.app_context():
            sa.event.listen(db.engine, "before_cursor_execute", self._count)

    def _count(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.statements += not statement.startswith(("BEGIN", "PRAGMA", "ROLLBACK", "COMMIT"))

    def environ(self, path: str) -> dict[str, Any]:
        return EnvironBuilder(path=path, headers=self.headers).get_environ()

    def ask(self, environ: dict[str, Any]) -> tuple[float, bytes]:
        """Return milliseconds of CPU and the body of one answer."""
        sent = dict(environ)
        begin = time.process_time_ns()
        told, status, _headers = run_wsgi_app(self.app.wsgi_app, sent)
        body = b"".join(told)
        took = (time.process_time_ns() - begin) / 1e6
        if not status.startswith("200"):
            raise SystemExit(f"{environ['PATH_INFO']} answered {status}: {body[:300]!r}")
        return took, body


def measure(app: Flask, made: Populated, requests: int) -> Iterator[Listed]:
    """Measure each list beside its handlers."""
    text = new_token()
    ids = {"program": made.rows["program"].id, "window": made.rows["window"].id}
    with app.app_context():
        fill(made)
        db.session.add(
            ApiToken(user_id=made.people[Role.STAFF].id, name="bench", digest=digest_of(text), beginning=text[:8],
                     scopes=list(SCOPES), per_minute=10_000_000, created_at=NOW, expires_at=NOW + timedelta(days=30))
        )  # fmt: skip
        db.session.commit()
    asking = Asking(app, text)
    gc.collect()
    gc.freeze()
    for name in BY_HAND:
        resource = RESOURCES[name]
        path = "/api/v1" + resource.path.replace("<int:program_id>", str(ids["program"])) + f"?limit={ROWS}"
        paths = [path + QUERIES.get(name, "").format(**ids), f"/hand/{name}", f"/open/{name}"]
        yield _measured(asking, name, [asking.environ(one) for one in paths], requests)


def _measured(asking: Asking, name: str, environs: Sequence[dict[str, Any]], requests: int) -> Listed:
    counts = []
    for environ in environs:
        for _warm in range(5):
            _took, body = asking.ask(environ)
        counts.append(len(json.loads(body)["data"]))
    if set(counts) != {ROWS}:
        raise SystemExit(f"{name}: {counts} rows instead of {ROWS} each")
    before = asking.statements
    asking.ask(environs[0])
    statements = asking.statements - before
    times: list[list[float]] = [[], [], []]
    for _round in range(requests):
        for kept, environ in zip(times, environs, strict=True):
            kept.append(asking.ask(environ)[0])
    api, hand, free = (statistics.median(kept) for kept in times)
    return Listed(name, counts[0], statements, api, hand, free, api / hand, api / free)


@contextmanager
def _database(postgresql: bool, folder: Path) -> Iterator[Any]:
    if not postgresql:
        yield SqliteDatabase(folder)
        return
    with postgres_server() as server:
        found = PostgresDatabase(server, "trainmgr_bench_api")
        found.create()
        try:
            yield found
        finally:
            found.remove()


def run(options: argparse.Namespace) -> int:
    """Measure, print, and end with 1 when a list costs more than three handlers behind the same door."""
    with tempfile.TemporaryDirectory(prefix="api-lists-") as name:
        folder = Path(name)
        (folder / "database").mkdir()
        (folder / "instance").mkdir()
        with _database(options.postgresql, folder / "database") as database:
            app = create_app(
                {
                    "TESTING": True, "SECRET_KEY": "only for the bench", "SQLALCHEMY_DATABASE_URI": database.url,
                    "INSTANCE_PATH": str(folder / "instance"), "WTF_CSRF_ENABLED": False, "HUEY_IMMEDIATE": True,
                    "CLOCK": lambda: NOW,
                }
            )  # fmt: skip
            with app.app_context():
                db.create_all()
            made = populate(World(app))
            _with_handlers(app, {"program": made.rows["program"].id, "window": made.rows["window"].id})
            found = list(measure(app, made, options.requests))
            with app.app_context():
                db.session.remove()
                db.engine.dispose()
    print(f"{'list of 100':<24}{'SQL':>5}{'API ms':>9}{'hand ms':>9}{'open ms':>9}{'× hand':>9}{'× open':>9}")
    for one in found:
        mark = "!" if one.ratio > LIMIT else " "
        print(f"{one.name:<24}{one.statements:>5}{one.api_ms:>9.2f}{one.hand_ms:>9.2f}{one.open_ms:>9.2f}"
              f"{one.ratio:>8.2f}{mark}{one.open_ratio:>9.2f}")  # fmt: skip
    if options.json:
        report.write(options.json, [asdict(one) for one in found])
    return int(any(one.ratio > LIMIT for one in found))

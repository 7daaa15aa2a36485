"""What the results of a large programme cost: 1,800 trainees whom three parties judge on 24 criteria.

    python -m tests.bench judge                    # in a database of its own; a filled one will do as well

Ratings are inserted as rows, results are worked out by the program itself (timed), agreement and leniency too. Then the
pages of results are fetched, and a mentor hands ratings in one after the other: what a rating moves, it moves at once.
"""

from __future__ import annotations

import argparse
import random
import re
import secrets
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from tests.bench import PASSWORD, report
from tests.bench.running import BARE_REQUESTS, ROUNDS, Browser, Cost, Stand, cpu_seconds, serving, summed
from tests.factories import World
from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState
from trainmgr.evaluation import queries, schemes, windows
from trainmgr.evaluation.models import Rating, RatingScore, Window
from trainmgr.evaluation.recompute import recompute
from trainmgr.evaluation.rules import THREE, Level, Party, RatingState
from trainmgr.evaluation.schemes import CriterionFields
from trainmgr.identity.models import Membership, User
from trainmgr.identity.passwords import hash_password
from trainmgr.insights import keeping
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.needs.models import Dimension
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State

CRITERIA, A_CLASS, OWED = 24, 50, 40
WORDS = [
    ["未达到", "Not yet"],
    ["需帮助", "With help"],
    ["能独立", "Alone"],
    ["很熟练", "Fluently"],
    ["能教人", "Can teach"],
]
CHUNK = 5_000


@dataclass(frozen=True)
class Judged:
    """What the pages name, who opens them, and whom the mentor still has to rate."""

    program: int
    window: int
    cohort: int
    enrolment: int
    names: Mapping[str, str]
    owed: Sequence[int]


def arrange(app: Flask, trainees: int, *, now: datetime) -> Judged:
    """Make a college of its own with a programme whose window everybody but one mentor has answered."""
    world, mark = World(app), secrets.token_hex(4)
    world._college = world.organization(name=f"评价学院 {mark}")
    secret = hash_password(PASSWORD)

    def person(role: Role, place: int) -> User:
        return world.user(role, username=f"bench-{role.value}-{mark}-{place}", password_hash=secret)

    staff = person(Role.STAFF, 0)
    program = world.program(State.EVALUATING, created_by=staff, code=f"JUDGE-{mark}", planned_size=trainees)
    with app.app_context():
        window_id = _window(program.id, staff, now)
    enrolments, cohorts = [], []
    for place in range(-(-trainees // A_CLASS)):
        cohort = world.cohort(program, f"{place + 1:02} 班")
        mentor, teacher = person(Role.ENTERPRISE_MENTOR, place), person(Role.SCHOOL_TEACHER, place)
        first = world.enrolment(
            program, user=person(Role.TRAINEE, place), mentor=mentor, teacher=teacher, cohort_id=cohort.id
        )
        cohorts.append(cohort.id)
        with app.app_context():
            others = min(A_CLASS, trainees - place * A_CLASS) - 1
            enrolments += [first.id, *_class(world, program.id, cohort, mentor, teacher, others, mark, now)]
    with app.app_context():
        owed = _rate(program.id, window_id, enrolments, now)
    names = {
        role: f"bench-{value}-{mark}-0"
        for role, value in (
            ("staff", Role.STAFF), ("mentor", Role.ENTERPRISE_MENTOR), ("trainee", Role.TRAINEE),
        )
    }  # fmt: skip
    return Judged(program.id, window_id, cohorts[-1], enrolments[0], names, owed)


def _window(program_id: int, staff: User, now: datetime) -> int:
    """Make the pathway's scheme, fill it up to 24 criteria that all three rate, and open the terminal window."""
    program, by = db.session.get_one(Program, program_id), db.session.get_one(User, staff.id)
    scheme = schemes.make_scheme(program, by=by, now=now)
    for number in range(CRITERIA - len(scheme.criteria)):
        fields = CriterionFields(
            Level.LEARNING, list(Dimension)[number % 4], f"能力 {number + 1}", f"Ability {number + 1}", "", "",
            1.0, frozenset(THREE), WORDS,
        )  # fmt: skip
        schemes.add_criterion(program, scheme, fields, version=scheme.version, by=by, now=now)
    windows.plan_windows(program, scheme, by=by, now=now - timedelta(days=2))
    found = queries.terminal_window(program_id)
    assert found is not None
    window = queries.window_or_404(program_id, found.id)
    windows.open_window(program, window, by=by, now=now - timedelta(days=1))
    db.session.commit()
    return window.id


def _class(
    world: World,
    program_id: int,
    cohort: Cohort,
    mentor: User,
    teacher: User,
    count: int,
    mark: str,
    now: datetime,
) -> list[int]:
    names = [f"学员{cohort.id}-{number:02}" for number in range(count)]
    users = _insert(
        User,
        [
            {"username": f"j-{mark}-{name}", "name": name, "must_change_password": False, "created_at": now}
            for name in names
        ],
    )
    home, enterprise = world.college.id, world.enterprise.id
    _insert(
        Membership,
        [{"user_id": u, "organization_id": home, "role": Role.TRAINEE, "created_at": now} for u in users],
    )
    rows = [
        {
            "program_id": program_id, "user_id": key, "college_id": home, "enterprise_id": enterprise, "name": name,
            "student_number": f"{mark}{key}", "enrolled_on": now.date(), "state": EnrolmentState.TRAINING,
            "cohort_id": cohort.id, "school_teacher_id": teacher.id, "enterprise_mentor_id": mentor.id,
        }
        for key, name in zip(users, names, strict=True)
    ]  # fmt: skip
    found = _insert(Enrolment, rows)
    db.session.commit()
    return found


def _rate(program_id: int, window_id: int, enrolments: Sequence[int], now: datetime) -> list[int]:
    """Insert the three parties' ratings of all but the first mentor's last trainees, who are still owed."""
    window, chance = queries.window_or_404(program_id, window_id), random.Random(7)
    people = db.session.scalars(
        sa.select(Enrolment).where(Enrolment.id.in_(enrolments)).order_by(Enrolment.id)
    ).all()
    owed = [one.id for one in people[:A_CLASS]][-OWED:]
    ratings, marks = [], []
    for one in people:
        level = chance.gauss(3.8, 0.5)
        for party in THREE:
            if party is Party.ENTERPRISE and one.id in owed:
                continue
            ratings.append(
                {
                    "program_id": program_id, "window_id": window_id, "enrolment_id": one.id, "party": party,
                    "rater_id": queries.rater_of(one, party), "state": RatingState.SUBMITTED, "comment": "",
                    "submitted_at": now, "created_at": now,
                }
            )  # fmt: skip
            marks.append(
                {c: min(max(round(chance.gauss(level, 0.7)), 1), 5) for c in window.plan.points[party]}
            )
    keys = _insert(Rating, ratings)
    scores = [
        {"rating_id": key, "criterion_id": criterion, "score": mark}
        for key, given in zip(keys, marks, strict=True)
        for criterion, mark in given.items()
    ]
    table: Any = RatingScore.__table__
    for start in range(0, len(scores), CHUNK):
        db.session.connection().execute(sa.insert(table), scores[start : start + CHUNK])
    db.session.commit()
    return owed


def _insert(model: Any, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    keys: list[int] = []
    for start in range(0, len(rows), CHUNK):
        statement = sa.insert(model).returning(model.id, sort_by_parameter_order=True)
        keys += db.session.scalars(statement, list(rows[start : start + CHUNK])).all()
    return keys


def work_out(app: Flask, made: Judged, now: datetime) -> dict[str, float]:
    """Have results, agreement and leniency worked out; returns the seconds of CPU that each took."""
    with app.app_context():
        window = queries.window_or_404(made.program, made.window)
        begun = time.process_time()
        count = recompute(window, now=now)
        windows.sync(made.program, [window], now=now)
        db.session.commit()
        results = time.process_time() - begun
        keeping.begin(now, made.program)
        db.session.commit()
        begun = time.process_time()
        for insight in keeping.stale(made.program):
            keeping.compute(insight, now=now)
            db.session.commit()
        return {"people": count, "results_s": results, "insights_s": time.process_time() - begun}


class Names(Stand):
    """A stand whose people are those of the arranged programme."""

    names: Mapping[str, str]

    def cookie(self, person: str) -> str:
        """Return somebody's cookie; signs in the first time."""
        if person not in self.cookies:
            browser = Browser(self.port)
            browser.sign_in(self.names[person])
            self.cookies[person] = browser.cookie
        return self.cookies[person]


def pages(made: Judged) -> list[tuple[str, str, str]]:
    """Return the pages of results: name, who opens it, address."""
    program, window = (
        f"/programs/{made.program}",
        f"/programs/{made.program}/evaluation/windows/{made.window}",
    )
    return [
        ("results", "staff", f"{program}/evaluation"),
        ("results by composite", "staff", f"{program}/evaluation?sort=composite&direction=desc&page=20"),
        ("one trainee", "staff", f"{program}/evaluation/results/{made.enrolment}"),
        ("one's own", "trainee", "/my-result"),
        ("a class", "staff", f"{window}/classes/{made.cohort}"),
        ("who has not answered", "staff", f"{window}/unanswered"),
        ("agreement", "staff", f"{program}/insights"),
        ("raters", "staff", f"{program}/insights/raters"),
        ("classes", "staff", f"{program}/insights/classes"),
        ("two classes", "staff", f"{program}/insights/classes/compare"),
        ("value added", "staff", f"{program}/insights/value-added"),
        ("moderations", "staff", f"{program}/moderations"),
        ("pass list", "staff", f"{program}/result"),
    ]


def submit(stand: Names, made: Judged) -> Cost:
    """Let the mentor hand in what is owed, one trainee after the other; the CPU is that of handing in alone."""
    browser = Browser(stand.port, stand.cookie("mentor"))
    times, used, most, size = [], 0.0, 0, 0
    for enrolment in made.owed:
        address = f"/ratings/{made.window}/{enrolment}/enterprise"
        status, _headers, page = browser.get(address)
        if status != 200:
            raise SystemExit(f"{address} answered {status} to the mentor.")
        text = page.decode()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)
        fields = dict.fromkeys(re.findall(r'name="(c\d+)"', text), "4") | {
            "csrf_token": token[1] if token else ""
        }
        started, cpu = time.perf_counter(), cpu_seconds(stand.pid)
        status, headers, content = browser.post(address, fields)
        times.append(time.perf_counter() - started)
        used += cpu_seconds(stand.pid) - cpu
        most, size = max(most, int(headers["X-Statements"])), len(content)
        if status not in (302, 303):
            raise SystemExit(f"The rating was not taken: {status}.")
    return Cost(times, used / len(times), most, size, 1 / statistics.mean(times))


def run(options: argparse.Namespace) -> int:
    """Arrange, work out, fetch and hand in; prints what it took."""
    from flask_migrate import upgrade

    from tests.bench.app import create

    app, now = create(), datetime.now(UTC)
    with app.app_context():
        upgrade()
    made = arrange(app, options.trainees, now=now)
    told = work_out(app, made, now)
    with serving() as (port, pid):
        stand = Names(port, pid, options.requests)
        stand.names = made.names
        costs: dict[str, list[Cost]] = {}
        for _ in range(ROUNDS):
            costs.setdefault("bare", []).append(stand.measure("staff", "/bench/bare", BARE_REQUESTS))
            for name, person, address in pages(made):
                costs.setdefault(name, []).append(stand.measure(person, address, options.requests))
        costs["hand a rating in"] = [submit(stand, made)]
        left = _still_owed(app, made)
    found = summed(costs)
    print(report.table(found))
    print(
        f"{told['people']:,} results: {told['results_s']:.2f} s of CPU; agreement and leniency: "
        f"{told['insights_s']:.2f} s; ratings still owed: {left}"
    )
    if options.json:
        report.write(options.json, [asdict(each) for each in found] + [told])
    return int(left != 0)


def _still_owed(app: Flask, made: Judged) -> int:
    """Return what the window's tally still owes the enterprise: handing in has to have moved it."""
    with app.app_context():
        window = db.session.get_one(Window, made.window)
        return window.count(Party.ENTERPRISE, "expected") - window.count(Party.ENTERPRISE, "submitted")

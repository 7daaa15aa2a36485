"""Whom the mixed load lets in: a college's programme with trainees, mentors, teachers and staff, everybody signed in.

The programme runs and its window is open, so that logs and ratings are both at work. Each trainee has twenty signed
logs, the trainees' own and the teachers' ratings are in, and the mentors still owe all of theirs.
"""

from __future__ import annotations

import itertools
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask

from tests.bench import PASSWORD
from tests.bench.judging import _window
from tests.bench.logs import WORDS, _session, local_day_of
from tests.bench.sitting import _insert
from tests.bench.taking import _cookie
from tests.factories import World, keep
from trainmgr.curriculum.frozen import lifted
from trainmgr.curriculum.models import Edition, EditionState, PlanStage, Venue
from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState
from trainmgr.evaluation import queries, windows
from trainmgr.evaluation.models import Rating, RatingScore, Window
from trainmgr.evaluation.recompute import recompute
from trainmgr.evaluation.rules import Party, RatingState
from trainmgr.identity.models import Membership, User
from trainmgr.identity.passwords import hash_password
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.programs.models import Program, ProgramPerson
from trainmgr.programs.rules import Side, State

A_CLASS, A_STAFF, HISTORY = 50, 100, 20
RATED = (Party.TRAINEE, Party.TEACHER)


@dataclass
class Crowd:
    """The programme's ids, everybody's cookie, and which mentor (by place in `mentors`) owes whom a rating."""

    program: int
    competency: int
    window: int = 0
    staff_name: str = ""
    trainees: list[str] = field(default_factory=list)
    mentors: list[str] = field(default_factory=list)
    teachers: list[str] = field(default_factory=list)
    staff: list[str] = field(default_factory=list)
    owed: list[tuple[int, int]] = field(default_factory=list)

    @property
    def people(self) -> int:
        """How many people are signed in."""
        return sum(len(each) for each in (self.trainees, self.mentors, self.teachers, self.staff))


def split(people: int) -> tuple[int, int, int]:
    """Return how many of so many people are trainees, classes (a mentor and a teacher each) and staff; at least four.

    A hundredth is staff, a class has at most fifty trainees.
    """
    staff = max(1, people // A_STAFF)
    classes = max(1, -(-(people - staff) // (A_CLASS + 2)))
    return people - staff - 2 * classes, classes, staff


def arrange(app: Flask, people: int, now: datetime) -> Crowd:
    """Make the programme and its people, their history and their sessions."""
    trainees, classes, staff = split(people)
    world, mark = World(app), secrets.token_hex(4)
    world._college = world.organization(name=f"混合学院 {mark}")
    author = world.user(Role.STAFF, username=f"bench-mixed-{mark}", password_hash=hash_password(PASSWORD))
    today = local_day_of(app, now)
    program = world.program(
        State.RUNNING, created_by=author, code=f"MIXED-{mark}", current_stage=1, planned_size=trainees,
        starts_on=today - timedelta(days=200), ends_on=today + timedelta(days=100),
    )  # fmt: skip
    competency = world.competency(program)
    made = Crowd(program.id, competency.id, staff_name=author.username)
    with app.app_context(), lifted():
        edition = keep(
            Edition(program_id=program.id, number=1, state=EditionState.SIGNED, signed_at=now, created_by_id=author.id,
                    created_at=now, changed_at=now)
        )  # fmt: skip
        keep(
            PlanStage(
                edition_id=edition.id, number=1, name="跟岗", venue=Venue.ENTERPRISE, hours=400, weeks=20
            )
        )
        made.window = _window(program.id, author, now)
        group = _Group(world, program, mark, now, today)
        keys = {
            "trainees": group.people(Role.TRAINEE, trainees),
            "mentors": group.people(Role.ENTERPRISE_MENTOR, classes),
            "teachers": group.people(Role.SCHOOL_TEACHER, classes),
            "staff": [author.id, *group.people(Role.STAFF, staff - 1)],
        }
        enrolments = group.enrol(keys["trainees"], keys["mentors"], keys["teachers"])
        made.owed = _in_turns(enrolments, classes)
        db.session.commit()
        _rate(program.id, made.window, enrolments, now)
        for name, users in keys.items():
            setattr(made, name, [_cookie(app, token) for token in _session(users, now)])
        db.session.commit()
    return made


def _in_turns(enrolments: Sequence[int], classes: int) -> list[tuple[int, int]]:
    """Return (mentor's place, enrolment), one mentor after the other and then again from the first."""
    by_mentor = [
        [(place, key) for key in enrolments[place * A_CLASS : (place + 1) * A_CLASS]]
        for place in range(classes)
    ]
    return [pair for row in itertools.zip_longest(*by_mentor) for pair in row if pair is not None]


@dataclass
class _Group:
    """Puts people and what hangs on them into a programme, as rows."""

    world: World
    program: Program
    mark: str
    now: datetime
    today: Any

    def people(self, role: Role, count: int) -> list[int]:
        """Make people of one role who belong to the programme."""
        if not count:
            return []
        users = _insert(
            User,
            [{"username": f"{role.value}-{self.mark}-{number}", "name": f"某{role.value[:2]}{number + 1:05}",
              "must_change_password": False, "created_at": self.now} for number in range(count)],
        )  # fmt: skip
        home = (self.world.enterprise if role is Role.ENTERPRISE_MENTOR else self.world.college).id
        _insert(
            Membership,
            [{"user_id": key, "organization_id": home, "role": role, "number": f"{self.mark}{key}",
              "created_at": self.now} for key in users],
        )  # fmt: skip
        if role is not Role.STAFF:
            _insert(
                ProgramPerson,
                [{"program_id": self.program.id, "user_id": key, "organization_id": home, "role": role,
                  "since": self.today - timedelta(days=150)} for key in users],
            )  # fmt: skip
        return users

    def enrol(self, trainees: Sequence[int], mentors: Sequence[int], teachers: Sequence[int]) -> list[int]:
        """Enrol the trainees by classes, each with signed logs behind him or her."""
        cohorts = _insert(
            Cohort,
            [{"program_id": self.program.id, "name": f"{place + 1:02} 班"} for place in range(len(mentors))],
        )
        found = _insert(
            Enrolment,
            [{"program_id": self.program.id, "user_id": key, "college_id": self.world.college.id,
              "enterprise_id": self.world.enterprise.id, "state": EnrolmentState.TRAINING,
              "name": f"学员{place + 1:05}", "student_number": f"{self.mark}{key}",
              "enterprise_mentor_id": mentors[place // A_CLASS],
              "school_teacher_id": teachers[place // A_CLASS], "cohort_id": cohorts[place // A_CLASS],
              "enrolled_on": self.today - timedelta(days=190), "planned_minutes": 24_000,
              "verified_minutes": HISTORY * 480} for place, key in enumerate(trainees)],
        )  # fmt: skip
        chance = random.Random(11)
        _insert(
            PracticeLog,
            [{"program_id": self.program.id, "enrolment_id": key, "stage_number": 1, "minutes": 480,
              "day": self.today - timedelta(days=40 + 7 * week), "task": f"在岗任务 {week}", "state": LogState.SIGNED,
              "learned": "，".join(chance.sample(WORDS, 8)) + "。", "side": Side.ENTERPRISE,
              "signer_id": mentors[place // A_CLASS], "submitted_at": self.now, "created_at": self.now}
             for place, key in enumerate(found) for week in range(HISTORY)],
        )  # fmt: skip
        return found


def _rate(program_id: int, window_id: int, enrolments: Sequence[int], now: datetime) -> None:
    """Insert what trainees and teachers rated, and have results and tallies worked out."""
    window, chance = queries.window_or_404(program_id, window_id), random.Random(7)
    people = db.session.query(Enrolment).where(Enrolment.id.in_(enrolments)).order_by(Enrolment.id).all()
    pairs = [(one, party) for one in people for party in RATED]
    keys = _insert(
        Rating,
        [{"program_id": program_id, "window_id": window_id, "enrolment_id": one.id, "party": party,
          "rater_id": queries.rater_of(one, party), "state": RatingState.SUBMITTED, "comment": "",
          "submitted_at": now, "created_at": now} for one, party in pairs],
    )  # fmt: skip
    table: Any = RatingScore.__table__
    scores = [
        {"rating_id": key, "criterion_id": criterion, "score": chance.randint(2, 5)}
        for key, (_one, party) in zip(keys, pairs, strict=True)
        for criterion in window.plan.points[party]
    ]
    for start in range(0, len(scores), 5_000):
        db.session.connection().execute(table.insert(), scores[start : start + 5_000])
    db.session.commit()
    window = db.session.get_one(Window, window_id)
    recompute(window, now=now)
    windows.sync(program_id, [window], now=now)
    db.session.commit()

"""What these tests arrange: a programme whose terminal window is rated by three parties, in two classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from tests.factories import NOW, TODAY, World
from trainmgr.enrolment.models import Enrolment, EntryLevel
from trainmgr.evaluation import queries, schemes, windows
from trainmgr.evaluation.models import Rating, RatingScore
from trainmgr.evaluation.recompute import recompute
from trainmgr.evaluation.rules import Party, RatingState
from trainmgr.identity.models import Membership, User
from trainmgr.insights import keeping
from trainmgr.insights.models import WindowInsight
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.needs.models import AnalysisState, NeedsAnalysis
from trainmgr.programs.models import Program, ProgramPerson
from trainmgr.programs.rules import State

Marker = Callable[[int, Party, int], int | None]


@dataclass
class Rated:
    """A programme in evaluation: two mentors, one teacher for all, classes A and B, trainees by number."""

    world: World
    program: Program
    staff: User
    mentors: list[User]
    teacher: User
    cohorts: list[Any]
    enrolments: list[int]
    competencies: list[Any]
    window_id: int = 0
    scheme_id: int = 0
    users: list[int] = field(default_factory=list)

    def at(self, tail: str = "") -> str:
        """Return an address of this feature."""
        return f"/programs/{self.program.id}/insights{tail}"

    def browser(self, user: User | None = None) -> Any:
        """Return a browser of a person, of staff unless said otherwise."""
        return self.world.signed_in(user or self.staff)

    def rate(self, marker: Marker, parties: tuple[Party, ...] = tuple(Party)[:3], *, who: Any = None) -> None:
        """Hand in the ratings of some parties and trainees: `marker(number, party, place of the criterion)`."""
        with self.world.inside() as session:
            window = queries.window_or_404(self.program.id, self.window_id)
            for number in who if who is not None else range(len(self.enrolments)):
                for party in parties:
                    self._one(session, window, number, party, marker)
            session.flush()
            recompute(window, [self.enrolments[n] for n in who] if who is not None else None, now=NOW)
            session.commit()

    def _one(self, session: Any, window: Any, number: int, party: Party, marker: Marker) -> None:
        rater = {
            "trainee": self.users[number],
            "enterprise": self.mentors[number % 2].id,
            "teacher": self.teacher.id,
        }[party.value]
        rating = Rating(
            program_id=self.program.id, window_id=window.id, enrolment_id=self.enrolments[number], party=party,
            rater_id=rater, state=RatingState.SUBMITTED, coverage=1.0, created_at=NOW, submitted_at=NOW,
        )  # fmt: skip
        asked = list(window.plan.points[party])
        rating.scores = [
            RatingScore(criterion_id=criterion, score=marker(number, party, place))
            for place, criterion in enumerate(asked)
        ]
        session.add(rating)

    def work_out(self) -> None:
        """Have the figures worked out as the clock does."""
        with self.world.inside() as session:
            for _ in keeping.keep_up(NOW):
                session.commit()

    def insights(self) -> list[WindowInsight]:
        """Return what is stored."""
        with self.world.inside():
            found = db.session.query(WindowInsight).order_by(WindowInsight.id).all()
            db.session.expunge_all()
            return found

    def close(self) -> None:
        """Let the window be over."""
        with self.world.inside() as session:
            queries.window_or_404(self.program.id, self.window_id).closes_at = NOW - timedelta(hours=1)
            session.commit()


def make_rated(world: World, trainees: int = 12, *, entry: float | None = 2.0) -> Rated:
    """Arrange a programme whose terminal window is open; nobody has rated yet."""
    staff = world.user(Role.STAFF)
    program = world.program(State.EVALUATING, created_by=staff)
    mentors = [world.user(Role.ENTERPRISE_MENTOR) for _ in range(2)]
    teacher = world.user(Role.SCHOOL_TEACHER)
    for person, role in ((mentors[0], Role.ENTERPRISE_MENTOR), (mentors[1], Role.ENTERPRISE_MENTOR),
                         (teacher, Role.SCHOOL_TEACHER)):  # fmt: skip
        world.relation(program, person, role)
    cohorts = [world.cohort(program, "甲班"), world.cohort(program, "乙班")]
    competencies = [world.competency(program, is_priority=True, rank=n, name=f"优先能力{n}") for n in (1, 2)]
    rated = Rated(world, program, staff, mentors, teacher, cohorts, [], competencies)
    with world.inside() as session:
        session.query(NeedsAnalysis).filter_by(program_id=program.id).one().state = AnalysisState.FROZEN
        _enrol(session, rated, trainees, entry)
        live = session.get_one(Program, program.id)
        scheme = schemes.make_scheme(live, by=staff, now=NOW - timedelta(days=9))
        windows.plan_windows(live, scheme, by=staff, now=NOW - timedelta(days=9))
        final = queries.terminal_window(program.id)
        window = queries.window_or_404(program.id, final.id)
        windows.open_window(live, window, by=staff, now=NOW - timedelta(days=2))
        rated.window_id, rated.scheme_id = window.id, scheme.id
        session.commit()
    return rated


def _enrol(session: Any, rated: Rated, trainees: int, entry: float | None) -> None:
    world, home = rated.world, rated.program
    for number in range(trainees):
        user = User(
            username=f"t{home.id}-{number}", name=f"学员{number}", password_hash="", created_at=NOW,
            must_change_password=False,
        )  # fmt: skip
        session.add(user)
        session.flush()
        row = Enrolment(
            program_id=home.id, user_id=user.id, name=user.name, college_id=world.college.id,
            enterprise_id=world.enterprise.id, school_teacher_id=rated.teacher.id,
            enterprise_mentor_id=rated.mentors[number % 2].id, cohort_id=rated.cohorts[number // 2 % 2].id,
            student_number=f"S{home.id}-{number}", employee_number="", enrolled_on=TODAY - timedelta(days=90),
        )  # fmt: skip
        post = {"user_id": user.id, "organization_id": world.college.id, "role": Role.TRAINEE}
        session.add_all([row, Membership(created_at=NOW, **post)])
        session.add(ProgramPerson(program_id=home.id, since=TODAY, **post))
        session.flush()
        rated.enrolments.append(row.id)
        rated.users.append(user.id)
        if entry is not None:
            session.add_all(
                EntryLevel(enrolment_id=row.id, competency_id=competency.id, level=entry + number % 3 / 4)
                for competency in rated.competencies
            )


def varied(number: int, party: Party, place: int) -> int:
    """Give marks that differ by trainee and a little by party."""
    return min(5, max(1, 3 + (number % 3 - 1) + (place + number * 7 + len(party.value)) % 5 // 4))


@pytest.fixture
def rated(world, app, monkeypatch) -> Rated:
    """Twelve trainees, not rated yet."""
    app.config["CLOCK"] = lambda: NOW
    return make_rated(world)

"""What the tests of evaluation arrange: a programme with its scheme, a window that is open, and its three parties."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.factories import NOW, World
from trainmgr.enrolment.models import EntryLevel
from trainmgr.evaluation import queries, schemes, windows
from trainmgr.evaluation.rules import Party
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.needs.models import AnalysisState, NeedsAnalysis
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State


def text_of(response: Any) -> str:
    """Return a page as text."""
    text: str = response.get_data(as_text=True)
    return text


@dataclass
class Stage:
    """A programme in evaluation: staff, one mentor, one teacher, and trainees who have both."""

    world: World
    program: Program
    staff: User
    mentor: User
    teacher: User
    trainees: list[User]
    enrolments: list[Any]
    competencies: list[Any] = field(default_factory=list)
    scheme_id: int = 0
    window_id: int = 0

    def person(self, party: Party, number: int = 0) -> User:
        """Return who rates a trainee for a party."""
        return {
            Party.TRAINEE: self.trainees[number],
            Party.ENTERPRISE: self.mentor,
            Party.TEACHER: self.teacher,
        }[party]

    def questions(self, party: Party) -> list[int]:
        """Return the ids of the criteria that a party rates in the window."""
        with self.world.inside():
            window = queries.window_or_404(self.program.id, self.window_id)
            return list(window.plan.points[party])

    def form(self, party: Party, mark: Any = 4, **more: Any) -> dict[str, str]:
        """Return a filled-in form of a party."""
        return {f"c{criterion}": str(mark) for criterion in self.questions(party)} | more

    def url(self, party: Party, number: int = 0, tail: str = "") -> str:
        """Return the address of a rating form."""
        return f"/ratings/{self.window_id}/{self.enrolments[number].id}/{party.value}{tail}"

    def rate(self, party: Party, number: int = 0, mark: Any = 4, **more: Any) -> Any:
        """Hand a whole rating in, in a browser of its own."""
        client = self.world.signed_in(self.person(party, number))
        return client.post(self.url(party, number), data=self.form(party, mark, **more))


def make_stage(world: World, *, trainees: int = 2, priorities: int = 2, opened: bool = True) -> Stage:
    """Arrange a programme that is being evaluated, with its terminal window open."""
    staff = world.user(Role.STAFF)
    program = world.program(State.EVALUATING, created_by=staff)
    mentor, teacher = world.user(Role.ENTERPRISE_MENTOR), world.user(Role.SCHOOL_TEACHER)
    people = [world.user(Role.TRAINEE) for _ in range(trainees)]
    enrolments = [world.enrolment(program, user=user, teacher=teacher, mentor=mentor) for user in people]
    competencies = [
        world.competency(program, is_priority=True, rank=rank + 1, name=f"优先能力{rank + 1}")
        for rank in range(priorities)
    ]
    stage = Stage(world, program, staff, mentor, teacher, people, enrolments, competencies)
    with world.inside():
        if competencies:
            analysis = db.session.query(NeedsAnalysis).filter_by(program_id=program.id).one()
            analysis.state = AnalysisState.FROZEN
        for enrolment in enrolments:
            for competency in competencies:
                db.session.add(EntryLevel(enrolment_id=enrolment.id, competency_id=competency.id, level=2))
        live = db.session.get_one(Program, program.id)
        scheme = schemes.make_scheme(live, by=staff, now=NOW - timedelta(days=9))
        stage.scheme_id = scheme.id
        windows.plan_windows(live, scheme, by=staff, now=NOW - timedelta(days=9))
        final = queries.terminal_window(program.id)
        stage.window_id = final.id
        if opened:
            window = queries.window_or_404(program.id, final.id)
            windows.open_window(live, window, by=staff, now=NOW - timedelta(days=2))
        db.session.commit()
    return stage


@pytest.fixture
def clock(app, monkeypatch):
    """Set the time that the application reads: `clock(moment)`; it starts at the tests' own present.

    Who signs in after that is signed in at that time.
    """

    def set_to(moment: datetime) -> None:
        app.config["CLOCK"] = lambda: moment
        monkeypatch.setattr("tests.factories.NOW", moment)

    set_to(NOW)
    return set_to


@pytest.fixture
def stage(world, clock) -> Stage:
    """A programme whose terminal window is open, with two trainees."""
    return make_stage(world)

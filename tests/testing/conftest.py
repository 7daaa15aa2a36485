"""What the tests of tests arrange: a programme, an instrument with items of all six kinds, a sitting, people, attempts.

`exam.sitting(...)` plans, `exam.begin(person)` starts an attempt, `exam.answer(...)` writes answers by the items' names
(`first`, `second`, `several`, `truth`, `number`, `choice`, `words`, `steps`), `exam.finish(...)` ends and settles it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import has_app_context
from sqlalchemy.orm import selectinload

from tests.factories import NOW, World
from trainmgr.bank import actions, authoring, instruments, papers
from trainmgr.bank.authoring import ItemFacts
from trainmgr.bank.content import Credit, checklist_content, choice_content, number_content
from trainmgr.bank.drawing import Cell
from trainmgr.bank.models import InstrumentVersion
from trainmgr.bank.rules import Difficulty, ItemKind, ItemState
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State
from trainmgr.standards.actions import CompetencyFacts, PostFacts, create_competency, create_standard
from trainmgr.standards.models import VersionCompetency
from trainmgr.testing import settling
from trainmgr.testing.models import Answer, Attempt, Participant, Sitting
from trainmgr.testing.rules import AttemptEnd, Purpose, deadline

FIVE = ("看得懂", "在指导下做", "独立做", "做得好", "能教别人")
NAMES = ("扭矩工艺", "故障诊断", "装配操作")
MINUTES = 30

# name: (place of the competency, kind, difficulty, content, a right answer, a wrong one)
ITEMS: dict[str, tuple[int, ItemKind, Difficulty, dict[str, Any], Any, Any]] = {
    "first": (
        0, ItemKind.SINGLE, Difficulty.EASY,
        choice_content(ItemKind.SINGLE, ["预紧", "过紧", "漏装"], [0]), [0], [1],
    ),
    "second": (
        0, ItemKind.SINGLE, Difficulty.EASY,
        choice_content(ItemKind.SINGLE, ["按对角", "按顺序", "随意", "同时"], [0]), [0], [2],
    ),
    "several": (
        0, ItemKind.MULTIPLE, Difficulty.MEDIUM,
        choice_content(ItemKind.MULTIPLE, ["力矩", "转角", "颜色", "气味"], [0, 1], Credit.PARTIAL), [0, 1], [0, 2],
    ),
    "truth": (1, ItemKind.TRUE_FALSE, Difficulty.EASY, {"right": True}, True, False),
    "number": (
        1, ItemKind.NUMBER, Difficulty.EASY,
        number_content(Decimal("42.5"), Decimal("0.5"), relative=False, unit="N·m"), "42.5", "12",
    ),
    "choice": (
        2, ItemKind.SINGLE, Difficulty.EASY,
        choice_content(ItemKind.SINGLE, ["手套", "短裤"], [0]), [0], [1],
    ),
    "words": (2, ItemKind.SHORT_ANSWER, Difficulty.MEDIUM, {"model": "先断电，再挂牌。"}, "先断电", "不知道"),
    "steps": (
        2, ItemKind.CHECKLIST, Difficulty.HARD,
        checklist_content(["! 戴手套", "选对扭矩扳手 | 2", "复核标记"]), [0, 1, 2], [1],
    ),
}  # fmt: skip
POINTS = {Difficulty.EASY: Decimal(2), Difficulty.MEDIUM: Decimal(3), Difficulty.HARD: Decimal(5)}
BY_MACHINE = tuple(name for name, line in ITEMS.items() if not line[1].needs_a_person)
RIGHT = {name: line[4] for name, line in ITEMS.items() if line[1] is not ItemKind.CHECKLIST}
WRONG = {name: line[5] for name, line in ITEMS.items() if line[1] is not ItemKind.CHECKLIST}


def actor(user: Any) -> User:
    """Return a person as views know them: with their memberships, in the present session."""
    return db.session.get_one(User, user.id, options=[selectinload(User.memberships)], populate_existing=True)


def inside(world: World) -> Any:
    """The test's own context where it has one open, else a new one: two sessions would wait for each other."""
    return nullcontext() if has_app_context() else world.app.app_context()


@dataclass
class Exam:
    """A programme that is analysing its needs, its staff, an instrument whose paper has one item of each name."""

    world: World
    staff: User
    program: Program
    standard: int
    competencies: tuple[int, ...]  # of the standard
    needs: tuple[int, ...]  # of the programme, in the same order; required levels 3, 4, 3
    items: dict[str, int]
    instrument: int
    version: int
    trainees: list[User] = field(default_factory=list)
    sitting_id: int = 0
    participants: list[int] = field(default_factory=list)

    def trainee(self, **values: Any) -> User:
        """Make one more trainee of the college; nobody is enrolled."""
        number = f"T{len(self.trainees) + 1:04}"
        person = self.world.user(Role.TRAINEE, number=number, **{"name": f"学员{number}"} | values)
        self.trainees.append(person)
        return person

    def sitting(
        self,
        people: Sequence[User] | int = 3,
        *,
        purpose: Purpose = Purpose.ENTRY,
        name: str = "",
        opens_at: datetime = NOW - timedelta(minutes=5),
        closes_at: datetime = NOW + timedelta(hours=2),
        cohort_name: str = "A 班",
        enrolments: Mapping[int, Any] | None = None,
    ) -> int:
        """Plan a sitting with these people (or so many new ones) and remember it; returns its id.

        `enrolments` are those of people who are enrolled, by user id. The present sitting is `sitting_id`, its
        people are `participants`.
        """
        users = list(people) if not isinstance(people, int) else [self.trainee() for _ in range(people)]
        with inside(self.world):
            version = db.session.get_one(InstrumentVersion, self.version)
            papers.draw_form(version, purpose.form, now=NOW, by=actor(self.staff))
            sitting = Sitting(
                program_id=self.program.id, version_id=self.version, form=purpose.form, purpose=purpose,
                name=name or f"测试 {purpose.value}", opens_at=opens_at, closes_at=closes_at,
                created_by_id=self.staff.id, created_at=NOW,
            )  # fmt: skip
            db.session.add(sitting)
            db.session.flush()
            rows = [
                Participant(
                    sitting_id=sitting.id, user_id=user.id, name=user.name, number=f"T{place:04}",
                    cohort_name=cohort_name, post="装调技师", college_id=self.world.college.id,
                    enterprise_id=self.world.enterprise.id,
                    enrolment_id=enrolments[user.id].id if enrolments and user.id in enrolments else None,
                )
                for place, user in enumerate(users, start=1)
            ]  # fmt: skip
            db.session.add_all(rows)
            db.session.flush()
            self.sitting_id, self.participants = sitting.id, [row.id for row in rows]
            db.session.commit()
            return self.sitting_id

    def begin(self, place: int = 0, *, at: datetime = NOW, participant: int = 0) -> int:
        """Begin an attempt of a participant of the present sitting (by place, or by id); returns its id."""
        with inside(self.world):
            row = db.session.get_one(Participant, participant or self.participants[place])
            sitting = db.session.get_one(Sitting, row.sitting_id)
            version = db.session.get_one(InstrumentVersion, sitting.version_id)
            actions.freeze(version, now=at)
            taken = db.session.scalar(
                sa.select(sa.func.count()).select_from(Attempt).where(Attempt.participant_id == row.id)
            )
            attempt = Attempt(
                sitting_id=sitting.id, participant_id=row.id, number=(taken or 0) + 1, started_at=at,
                deadline_at=deadline(at, version.minutes, row.extra_minutes, sitting.closes_at),
            )  # fmt: skip
            db.session.add(attempt)
            db.session.commit()
            return attempt.id

    def answer(self, attempt_id: int, values: Mapping[str, Any], *, at: datetime = NOW) -> None:
        """Write answers by the names of the items, as an autosave would."""
        with inside(self.world):
            for name, value in values.items():
                row = db.session.get(Answer, (attempt_id, self.items[name]))
                if row is None:
                    row = Answer(attempt_id=attempt_id, item_id=self.items[name])
                    db.session.add(row)
                row.value, row.sequence, row.answered_at = value, (row.sequence or 0) + 1, at
            db.session.commit()

    def finish(
        self,
        attempt_id: int,
        *,
        at: datetime = NOW + timedelta(minutes=20),
        end: AttemptEnd = AttemptEnd.HANDED_IN,
    ) -> None:
        """End an attempt, let it count and settle it."""
        with inside(self.world):
            attempt = db.session.get_one(Attempt, attempt_id)
            attempt.ended_at, attempt.end = at, end
            sitting = db.session.get_one(Sitting, attempt.sitting_id)
            db.session.flush()
            settling.let_count([attempt_id])
            settling.settle(sitting, [attempt_id])
            db.session.commit()

    def take(self, place: int = 0, values: Mapping[str, Any] | None = None, **more: Any) -> int:
        """Begin, answer (all right unless said otherwise) and hand in; returns the attempt."""
        attempt_id = self.begin(place, **more)
        self.answer(attempt_id, RIGHT if values is None else values)
        self.finish(attempt_id)
        return attempt_id

    def url(self, tail: str = "") -> str:
        """Return the address of the present sitting."""
        return f"/programs/{self.program.id}/tests/{self.sitting_id}{tail}"

    def taking(self, place: int = 0, tail: str = "") -> str:
        """Return the address where a participant takes the test."""
        return f"/tests/{self.participants[place]}{tail}"


def make_exam(world: World, *, state: State = State.ANALYSING, **settings: Any) -> Exam:
    """Arrange a programme and an instrument; the settings are those of bank.actions.Settings."""
    staff = world.user(Role.STAFF)
    program = world.program(state, created_by=staff)
    with inside(world):
        by = actor(staff)
        standard = create_standard(world.college.id, PostFacts("QL-01", "装调技师"), by=by, now=NOW)
        for name in NAMES:
            words = CompetencyFacts(name, Decimal(4), Decimal(3), levels=FIVE)
            create_competency(standard, words, by=by, now=NOW)
        db.session.flush()
        mine = tuple(
            db.session.scalars(
                sa.select(VersionCompetency.competency_id).order_by(VersionCompetency.position)
            )
        )
        items = {
            name: authoring.write_item(
                world.college.id,
                ItemFacts(
                    mine[place], kind=kind, difficulty=difficulty, points=POINTS[difficulty],
                    stem=f"题目 {name}：怎么做？", content=content,
                ),
                state=ItemState.IN_USE, by=by, now=NOW,
            )
            for name, (place, kind, difficulty, content, _right, _wrong) in ITEMS.items()
        }  # fmt: skip
        made = actions.open_instrument(
            world.college.id, "入学与结业测评", "测提升",
            settings=actions.Settings(**{"minutes": MINUTES} | settings), by=by, now=NOW,
        )  # fmt: skip
        db.session.flush()
        places: dict[tuple[int, Difficulty], int] = {}
        for place, _kind, difficulty, *_rest in ITEMS.values():
            places[mine[place], difficulty] = places.get((mine[place], difficulty), 0) + 1
        loaded = instruments.instrument_or_404(made.id, by)
        cells = [
            Cell(competency, difficulty, count, POINTS[difficulty])
            for (competency, difficulty), count in places.items()
        ]
        draft = actions.set_blueprint(loaded, cells, version=loaded.versions[0].version, by=by, now=NOW)
        db.session.commit()
        exam = Exam(
            world=world, staff=staff, program=program, standard=standard.id, competencies=mine, needs=(),
            items={name: item.id for name, item in items.items()}, instrument=made.id, version=draft.id,
        )  # fmt: skip
        db.session.expunge_all()
    exam.needs = tuple(
        world.competency(
            program, name=name, post="装调技师", standard_competency_id=one, required_level=level
        ).id
        for name, one, level in zip(NAMES, mine, (3, 4, 3), strict=True)
    )
    return exam


@pytest.fixture
def clock(app: Any, monkeypatch: Any) -> Any:
    """Set the time that the application reads: `clock(moment)`; it starts at the tests' own present.

    Who signs in after that is signed in at that time.
    """

    def set_to(moment: datetime) -> None:
        app.config["CLOCK"] = lambda: moment
        monkeypatch.setattr("tests.factories.NOW", moment)

    set_to(NOW)
    return set_to


@pytest.fixture
def exam(world: World, clock: Any) -> Exam:
    """A programme with an instrument; no sitting is planned yet: `exam.sitting()`."""
    return make_exam(world)

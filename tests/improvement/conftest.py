"""A programme that is being evaluated: six trainees, one gap left open, one closed; staff, a second one, a teacher."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.factories import NOW, TODAY, World, keep
from trainmgr.evaluation.models import Attainment, Scheme, Window, WindowKind
from trainmgr.improvement.models import ImprovementItem
from trainmgr.kernel.access import Role
from trainmgr.outcomes.models import GapClosure
from trainmgr.programs.rules import State

LATER = (TODAY + timedelta(days=20)).isoformat()
LEVELS = (3.0, 3.2, 2.8, 3.1, 2.9, 3.0)


@dataclass
class Loop:
    """Who is there, and how forms are sent."""

    world: World
    program: Any
    gap: Any  # the competency whose gap is open
    closed: Any
    staff: Any
    second: Any  # checks what the others did
    teacher: Any

    def at(self, path: str = "", program: Any = None) -> str:
        """Return an address of a programme's improvement."""
        return f"/programs/{(program or self.program).id}/improvement{path}"

    def post(self, person: Any, path: str, /, program: Any = None, **data: Any) -> Any:
        """Send a form in somebody's name."""
        return self.world.signed_in(person).post(
            self.at(path, program), data=data, content_type="multipart/form-data"
        )

    def text(self, person: Any, path: str = "", program: Any = None, **query: Any) -> str:
        """Return a page as somebody reads it."""
        answer = self.world.signed_in(person).get(self.at(path, program), query_string=query)
        assert answer.status_code == 200, answer.status_code
        return answer.get_data(as_text=True)

    def all(self, kind: Any, **filters: Any) -> list[Any]:
        """Return all rows of a kind that fit."""
        with self.world.inside() as session:
            rows = (
                session.query(kind).filter_by(**filters).order_by(*kind.__table__.primary_key.columns).all()
            )
            session.expunge_all()
            return rows

    def item(self) -> ImprovementItem:
        """Return the only item."""
        (one,) = self.all(ImprovementItem)
        return one

    def take_up(self, doer: Any = None) -> ImprovementItem:
        """Take the open gap up."""
        answer = self.post(
            self.staff, "/new", source="gap", key=f"competency:{self.gap.id}", title="间隙测量没有补上",
            standard="期末平均达到 4 级", doer=str((doer or self.teacher).id), due_on=LATER,
        )  # fmt: skip
        assert answer.status_code == 302, answer.get_data(as_text=True)
        return self.item()

    def to_check(self) -> ImprovementItem:
        """Take the gap up, plan it, hand in the evidence."""
        item = self.take_up()
        self.post(self.teacher, f"/{item.id}/plan", version=str(item.version), measures="加练六次")
        item = self.item()
        report = {
            "version": str(item.version),
            "note": "加练记录",
            "file": (io.BytesIO(b"%PDF-1.4\n%x"), "l.pdf"),
        }
        assert self.post(self.teacher, f"/{item.id}/report", **report).status_code == 302
        return self.item()

    def settle(self, change: str = "间隙测量增加 8 学时") -> ImprovementItem:
        """Bring the gap's item to its end."""
        item = self.to_check()
        check = {"version": str(item.version), "found": "settled", "note": "看过", "change": change}
        assert self.post(self.second, f"/{item.id}/check", **check).status_code == 302
        return self.item()


def measure(world: World, program: Any, levels: dict[int, tuple[float, ...]]) -> None:
    """Let a terminal window of a programme have levels of its trainees, and the closures that follow."""
    with world.app.app_context():
        scheme = keep(
            Scheme(program_id=program.id, trainee_weight=20, enterprise_weight=45, teacher_weight=35, edited_at=NOW)
        )  # fmt: skip
        window = keep(
            Window(program_id=program.id, scheme_id=scheme.id, name="终结评价", kind=WindowKind.TERMINAL,
                   opens_at=NOW - timedelta(days=20), closes_at=NOW - timedelta(days=1))
        )  # fmt: skip
    people = [world.enrolment(program) for _level in next(iter(levels.values()))]
    with world.app.app_context():
        for competency_id, reached in levels.items():
            rows = [
                Attainment(window_id=window.id, enrolment_id=one.id, competency_id=competency_id, level=level)
                for one, level in zip(people, reached, strict=True)
            ]
            mean = sum(reached) / len(reached)
            keep(
                GapClosure(program_id=program.id, competency_id=competency_id, n=len(reached), before=2, after=mean,
                           required=4, closed=(mean - 2) / 2, computed_at=NOW),
                *rows,
            )  # fmt: skip


@pytest.fixture
def loop(world: World) -> Loop:
    world.app.config["CLOCK"] = lambda: NOW
    staff, second, teacher = world.user(), world.user(), world.user(Role.SCHOOL_TEACHER)
    program = world.program(State.EVALUATING, created_by=staff, name="电池装配 2024 级")
    world.relation(program, teacher, Role.SCHOOL_TEACHER)
    gap = world.competency(program, name="间隙测量", is_priority=True, rank=1)
    closed = world.competency(program, name="装配", is_priority=True, rank=2)
    measure(world, program, {gap.id: LEVELS, closed.id: (4.5, 4.2, 4.1, 4.4, 4.0, 4.3)})
    return Loop(world, program, gap, closed, staff, second, teacher)

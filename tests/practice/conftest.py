"""A running programme of two gated stages, a school and an enterprise one, with a trainee and both mentors."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from tests.factories import NOW, TODAY, World, keep
from trainmgr.curriculum.models import Edition, EditionState, PlanStage, Venue
from trainmgr.kernel.access import Role
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.programs.rules import Side, State
from trainmgr.programs.thread import refresh


@dataclass
class Place:
    """Who is there and what they work on."""

    world: World
    program: Any
    competency: Any
    trainee: Any
    teacher: Any
    mentor: Any
    staff: Any
    enrolment: Any
    keys: Any = field(default_factory=lambda: iter(range(10_000)))

    def typed(self, **values: Any) -> dict[str, Any]:
        """Return a whole form of today's log."""
        return {
            "client_key": f"key{next(self.keys)}",
            "program": str(self.program.id),
            "day": TODAY.isoformat(),
            "hours": "8",
            "stage": "2",
            "task": "检测盖板外观",
            "competencies": [str(self.competency.id)],
            "learned": "先看照明再动治具。",
        } | values

    def log(self, **values: Any) -> PracticeLog:
        """Make a log that waits for the enterprise mentor; the tallies are not touched."""
        facts = {
            "program_id": self.program.id, "enrolment_id": self.enrolment.id, "stage_number": 2, "day": TODAY,
            "minutes": 480, "task": "点检二号线", "state": LogState.SUBMITTED, "side": Side.ENTERPRISE,
            "signer_id": self.mentor.id, "submitted_at": NOW - timedelta(days=1), "created_at": NOW,
        }  # fmt: skip
        with self.world.app.app_context():
            return keep(PracticeLog(**(facts | values)))

    def people(self, count: int) -> list[Any]:
        """Make more trainees under the same mentors."""
        return [
            self.world.enrolment(self.program, teacher=self.teacher, mentor=self.mentor, planned_minutes=6000)
            for _ in range(count)
        ]

    def browser(self, person: Any) -> Any:
        """Return a browser in which somebody is signed in."""
        return self.world.signed_in(person)

    def get(self, kind: Any, key: Any) -> Any:
        """Return a row as it stands now."""
        with self.world.inside() as session:
            row = session.get(kind, key)
            session.expunge_all()
            return row

    def all(self, kind: Any, **filters: Any) -> list[Any]:
        """Return all rows of a kind that fit."""
        with self.world.inside() as session:
            rows = (
                session.query(kind).filter_by(**filters).order_by(*kind.__table__.primary_key.columns).all()
            )
            session.expunge_all()
            return rows

    def assess(self) -> None:
        """Assess every step of the programme anew."""
        with self.world.inside() as session:
            refresh(self.program.id, now=NOW)
            session.commit()


@pytest.fixture
def place(world: World) -> Place:
    world.app.config["CLOCK"] = lambda: NOW
    staff = world.user(Role.STAFF)
    program = world.program(State.RUNNING, created_by=staff, current_stage=2, planned_minutes=6000)
    teacher, mentor = world.user(Role.SCHOOL_TEACHER), world.user(Role.ENTERPRISE_MENTOR)
    trainee = world.user(Role.TRAINEE)
    enrolment = world.enrolment(program, user=trainee, teacher=teacher, mentor=mentor, planned_minutes=6000)
    with world.app.app_context():
        edition = keep(
            Edition(program_id=program.id, number=1, state=EditionState.DRAFT, created_by_id=staff.id,
                    created_at=NOW, changed_at=NOW)
        )  # fmt: skip
        stages = ((1, "学校训练", Venue.SCHOOL, "基础考核", False),
                  (2, "企业跟岗", Venue.ENTERPRISE, "师傅认可", False),
                  (3, "回炉再造", Venue.SCHOOL, "再考", True), (4, "毕业设计", Venue.SCHOOL, "", False))  # fmt: skip
        keep(
            *(PlanStage(edition_id=edition.id, number=number, name=name, venue=venue, hours=50, weeks=4, gate=gate,
                        remedial=remedial) for number, name, venue, gate, remedial in stages)
        )  # fmt: skip
    with world.inside() as session:
        signed = session.get(Edition, edition.id)
        signed.state, signed.signed_at = EditionState.SIGNED, NOW
        session.commit()
    return Place(world, program, world.competency(program), trainee, teacher, mentor, staff, enrolment)


@pytest.fixture
def photo() -> Any:
    """Make the bytes of a small JPEG with a camera's hidden data."""

    def make(colour: str = "teal", size: tuple[int, int] = (60, 40)) -> io.BytesIO:
        out = io.BytesIO()
        exif = Image.Exif()
        exif[0x010F] = "SECRET CAMERA"
        Image.new("RGB", size, colour).save(out, "JPEG", exif=exif)
        out.seek(0)
        return out

    return make

"""A running programme of two gated stages, a school and an enterprise one, with a trainee and both mentors.

It keeps a log a day; `weekly` lets it keep one a week.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from PIL import Image

from tests.factories import NOW, TODAY, World, keep
from trainmgr.curriculum.models import Edition, EditionState, PlanStage, Venue
from trainmgr.kernel.access import Role
from trainmgr.pathways.schema import LogFrequency
from trainmgr.practice.log_models import PracticeTerms
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

    def typed_week(self, monday: date, hours: dict[int, str], **values: Any) -> dict[str, Any]:
        """Return a whole form of a week's log; `hours` by weekday, 1 is Monday."""
        typed = self.typed(kind="week", day=monday.isoformat())
        del typed["hours"]
        return typed | {f"hours_{number}": text for number, text in hours.items()} | values

    def typed_case(self, **values: Any) -> dict[str, Any]:
        """Return a whole form of a case."""
        typed = self.typed(kind="case", task="送料器每二十分钟停机")
        del typed["hours"], typed["learned"]
        parts = {
            "facts": "二号线送料器每二十分钟停机一次，换料后恢复。", "analysis": "光电传感器表面积尘，信号衰减。",
            "plan": "停机，清洁传感器，调整安装角度，做十次换料试验。",
            "effect": "连续八小时未再停机，停机率由 5% 降到 0。",
            "lessons": "传感器清洁应写进班前点检表。",
        }  # fmt: skip
        return typed | parts | values

    def keep_terms(self, **values: Any) -> None:
        """Change how the programme keeps logs."""
        with self.world.inside() as session:
            terms = session.get(PracticeTerms, self.program.id)
            for name, value in values.items():
                setattr(terms, name, value)
            session.commit()

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
        keep(PracticeTerms(program_id=program.id, frequency=LogFrequency.DAILY))
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


@pytest.fixture
def weekly(place: Place) -> Place:
    """The same programme, which keeps a log a week."""
    place.keep_terms(frequency=LogFrequency.WEEKLY)
    return place

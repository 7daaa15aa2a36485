"""A programme with needs, plan, two trainees, logs, a placement, attendance, ratings and a decision."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from docx import Document

from tests.factories import NOW, TODAY, World, keep
from trainmgr.attendance.models import AttendanceMark, AttendanceTally, Mark, Source
from trainmgr.curriculum.models import Edition, EditionState, Layer, Module, PlanStage, PracticeLevel, Venue
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.files import store_bytes
from trainmgr.outcomes.models import GapClosure, PassDecision
from trainmgr.outcomes.rules import PassKind
from trainmgr.placements.models import Placement, PlacementPost
from trainmgr.practice.models import LogDecision, LogDecisionKind, LogPhoto, LogState, PracticeLog
from trainmgr.programs.rules import State

JPEG = b"\xff\xd8\xff\xe0" + b"photo" * 400


@dataclass
class Closing:
    """Who is there, and what was recorded of `trainee` (nothing of `other`)."""

    world: World
    program: Any
    staff: Any
    trainee: Any
    other: Any
    teacher: Any
    coordinator: Any
    competency: Any

    def at(self, path: str = "") -> str:
        """Return an address of the programme's reports."""
        return f"/programs/{self.program.id}/report{path}"

    def get(self, person: Any, path: str = "", **more: Any) -> Any:
        """Open an address as somebody."""
        return self.world.signed_in(person).get(self.at(path), **more)

    def post(self, person: Any, path: str, /, **data: Any) -> Any:
        """Send a form as somebody."""
        return self.world.signed_in(person).post(self.at(path), data=data)

    def rows(self, kind: Any) -> list[Any]:
        """Return all rows of a kind."""
        with self.world.inside() as session:
            found = session.query(kind).order_by(kind.id).all()
            session.expunge_all()
            return found


def words_of(data: bytes) -> str:
    """Return everything that a Word document says, tables included, a cell a line."""
    document = Document(io.BytesIO(data))
    lines = [paragraph.text for paragraph in document.paragraphs]
    lines += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join(lines)


@pytest.fixture
def closing(world: World) -> Closing:
    world.app.config["CLOCK"] = lambda: NOW
    staff, teacher = world.user(Role.STAFF), world.user(Role.SCHOOL_TEACHER)
    coordinator = world.user(Role.ENTERPRISE_COORDINATOR)
    program = world.program(State.EVALUATING, created_by=staff, name="装调班", budget_cents=12_000_000)
    competency = world.competency(program, name="设备点检", rank=1, is_priority=True, required_hours=24)
    cohort = world.cohort(program, "A 班")
    trainee = world.enrolment(
        program, teacher=teacher, cohort_id=cohort.id, planned_minutes=6000, verified_minutes=4800
    )
    elsewhere = world.organization(kind=world.enterprise.kind, name="另一家企业")
    other = world.enrolment(program, enterprise=elsewhere)
    made = Closing(world, program, staff, trainee, other, teacher, coordinator, competency)
    _records(made)
    return made


def _records(made: Closing) -> None:
    world, program, trainee = made.world, made.program, made.trainee
    with world.app.app_context():
        edition = keep(
            Edition(
                program_id=program.id, number=1, created_by_id=made.staff.id, created_at=NOW, changed_at=NOW
            )
        )
        edition_id = edition.id
        keep(
            PlanStage(edition_id=edition_id, number=1, name="岗位实习", venue=Venue.ENTERPRISE, weeks=8, hours=120),
            Module(edition_id=edition_id, stage_number=1, position=1, name="点检实务", theory_hours=20,
                   practice_hours=100, layer=Layer.CORE, practice_level=PracticeLevel.DIRECTION,
                   venue=Venue.ENTERPRISE, taught_by_enterprise=True),
        )  # fmt: skip
        log = keep(
            PracticeLog(program_id=program.id, enrolment_id=trainee.id, stage_number=1, day=TODAY, minutes=480,
                        task="更换轴承", learned="先断电，再挂牌。", state=LogState.SIGNED, submitted_at=NOW,
                        created_at=NOW)
        )  # fmt: skip
        photo = store_bytes(JPEG, name="p.jpg", media_type="image/jpeg", purpose="photo", by=None,
                            program_id=program.id, now=NOW)  # fmt: skip
        keep(
            LogPhoto(log_id=log.id, position=1, file_id=photo.id),
            LogDecision(log_id=log.id, kind=LogDecisionKind.SIGN, comment="做得好", by_id=made.teacher.id,
                        by_name=made.teacher.name, at=NOW),
            AttendanceMark(enrolment_id=trainee.id, day=TODAY, mark=Mark.LATE, source=Source.HAND, note="=堵车",
                           by_name="老师", at=NOW),
            AttendanceTally(enrolment_id=trainee.id, present=8, late=1, absent=1),
            PassDecision(program_id=program.id, enrolment_id=trainee.id, kind=PassKind.PASSED,
                         by_id=made.staff.id, by_name=made.staff.name, at=NOW),
            GapClosure(program_id=program.id, competency_id=made.competency.id, n=9, before=2.0, after=3.5,
                       required=4.0, closed=0.75, computed_at=NOW),
            AuditEvent(at=NOW, actor_name="教务", action="reporting.pack", subject_kind="enrolment",
                       subject_id=trainee.id, subject_name="装调班", program_id=program.id,
                       reason="测试", details={"people": 1}),
        )  # fmt: skip
        post = keep(
            PlacementPost(college_id=world.college.id, organization_id=world.enterprise.id, name="装调工")
        )
        keep(
            Placement(program_id=program.id, enrolment_id=trainee.id, post_id=post.id, starts_on=TODAY,
                      ends_on=TODAY + timedelta(days=60), days=61, holds_from=TODAY)
        )  # fmt: skip
    assert EditionState.DRAFT

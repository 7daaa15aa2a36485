"""Two colleges with the same kinds of programmes at every point of their life, whose names nobody can mistake."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask

from tests.curriculum.conftest import Plans
from tests.evaluation.conftest import make_stage
from tests.factories import NOW, TODAY, World, keep
from tests.needs.conftest import fill
from trainmgr.curriculum.frozen import lifted
from trainmgr.curriculum.models import Edition, EditionState, PlanStage, Venue
from trainmgr.identity.models import OrganizationKind, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.mentoring.models import Mentor, ProgramMentor
from trainmgr.pathways.schema import LogFrequency
from trainmgr.practice.log_models import PracticeTerms
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.programs.models import Duty, Program, RevenueShare
from trainmgr.programs.rules import Side, State
from trainmgr.recruitment.models import Application

ROLES = (
    Role.STAFF, Role.ENTERPRISE_COORDINATOR, Role.SCHOOL_TEACHER, Role.ENTERPRISE_MENTOR, Role.TRAINEE,
    Role.ADMINISTRATOR, Role.COLLEGE_COUNSELLOR,
)  # fmt: skip


class Campus(World):
    """A college with its enterprise. Every name in it, save those of the two organisations, begins with its mark."""

    def __init__(self, app: Flask, mark: str, number: int) -> None:
        super().__init__(app)
        self.mark = mark
        self._college = self.organization(name=f"学院{number}")
        self._enterprise = self.organization(OrganizationKind.ENTERPRISE, name=f"企业{number}")
        self.people: dict[Role, User] = {}
        self.people = {role: self.user(role) for role in ROLES}
        self.second = super().user(Role.TRAINEE, name=f"{mark}学员乙")
        self.programs: list[int] = []
        self._make_draft()
        self._make_design()
        self._make_recruiting()
        self._make_running()
        self._make_evaluating()

    def user(
        self, role: Any = Role.STAFF, organization: Any = None, department: Any = None, **values: Any
    ) -> User:
        """Return the campus's one person of a role; who is named is made anew."""
        if role in self.people and organization is None and not values:
            return self.people[role]
        name = values.pop("name", role.value if role else "nobody")
        return super().user(role, organization, department, name=f"{self.mark}{name}", **values)

    def program(self, state: State = State.DRAFT, **values: Any) -> Program:
        values = {"name": f"{self.mark}{state.value}", "created_by": self.people[Role.STAFF]} | values
        made = super().program(state, **values)
        self.programs.append(made.id)
        return made

    def competency(self, program: Program, **values: Any) -> Any:
        values["name"] = f"{self.mark}{values.get('name', '装调')}{len(values)}"
        return super().competency(program, **values)

    def _make_draft(self) -> None:
        """A draft that lacks nothing but, for its analysis, the signatures."""
        program = self.program(department_id=self.department().id)
        with self.app.app_context():
            for organization in (self.college, self.enterprise):
                db.session.add(
                    Duty(program_id=program.id, organization_id=organization.id, text=f"{self.mark}带教")
                )
            db.session.add(RevenueShare(program_id=program.id, label="学院", basis_points=10_000))
            fill(
                db.session.get_one(Program, program.id), db.session.get_one(User, self.people[Role.STAFF].id)
            )
            db.session.commit()

    def _make_design(self) -> None:
        """A plan that both sides are to sign."""
        plans = Plans(self)
        plans.begin()
        plans.fill()
        plans.offer()

    def _make_recruiting(self) -> None:
        """One place and two who want it; two mentors, each of whom takes one trainee."""
        program = self.program(State.RECRUITING, planned_size=3)
        for person in (self.people[Role.TRAINEE], self.second):
            self.enrolment(program, user=person)
        with self.app.app_context():
            for number in range(2):
                applicant = User(username=f"{self.mark}{number}", name=f"{self.mark}报名{number}", password_hash="",
                                 created_at=NOW, must_change_password=False)  # fmt: skip
                db.session.add(applicant)
                db.session.flush()
                db.session.add(
                    Application(
                        program_id=program.id, user_id=applicant.id, college_id=self.college.id,
                        enterprise_id=self.enterprise.id, name=applicant.name, applied_at=NOW,
                    )
                )  # fmt: skip
            for side, role in (
                (Side.COLLEGE, Role.SCHOOL_TEACHER),
                (Side.ENTERPRISE, Role.ENTERPRISE_MENTOR),
            ):
                person = self.people[role]
                home = self.college if side is Side.COLLEGE else self.enterprise
                mentor = Mentor(
                    user_id=person.id, organization_id=home.id, side=side, name=person.name, capacity=1
                )
                db.session.add(mentor)
                db.session.flush()
                db.session.add(ProgramMentor(program_id=program.id, mentor_id=mentor.id, side=side))
            db.session.commit()

    def _make_running(self) -> None:
        """Two stages, two trainees, a log that waits."""
        program = self.program(State.RUNNING, current_stage=1, planned_minutes=6000)
        competency = self.competency(program)
        teacher, mentor = self.people[Role.SCHOOL_TEACHER], self.people[Role.ENTERPRISE_MENTOR]
        enrolments = [
            self.enrolment(program, user=person, teacher=teacher, mentor=mentor, planned_minutes=6000)
            for person in (self.people[Role.TRAINEE], self.second)
        ]
        assert competency.id
        with self.app.app_context(), lifted():
            edition = keep(
                Edition(program_id=program.id, number=1, state=EditionState.DRAFT, created_at=NOW, changed_at=NOW,
                        created_by_id=self.people[Role.STAFF].id)
            )  # fmt: skip
            keep(
                *(PlanStage(edition_id=edition.id, number=number, name=f"{self.mark}阶段{number}", venue=venue,
                            hours=50, weeks=4, gate="考核")
                  for number, venue in ((1, Venue.ENTERPRISE), (2, Venue.SCHOOL)))
            )  # fmt: skip
            keep(PracticeTerms(program_id=program.id, frequency=LogFrequency.DAILY))
            signed = db.session.get_one(Edition, edition.id)
            signed.state, signed.signed_at = EditionState.SIGNED, NOW
            db.session.commit()
            for number, enrolment in enumerate(enrolments):
                keep(
                    PracticeLog(
                        program_id=program.id, enrolment_id=enrolment.id, stage_number=1, minutes=480,
                        day=TODAY - timedelta(days=3 + number), task=f"{self.mark}点检", state=LogState.SUBMITTED,
                        side=Side.ENTERPRISE, signer_id=mentor.id, submitted_at=NOW, created_at=NOW,
                    )
                )  # fmt: skip

    def _make_evaluating(self) -> None:
        """A terminal window that is open, two trainees to rate."""
        stage = make_stage(self, trainees=0)
        teacher, mentor = self.people[Role.SCHOOL_TEACHER], self.people[Role.ENTERPRISE_MENTOR]
        for person in (self.people[Role.TRAINEE], self.second):
            self.enrolment(stage.program, user=person, teacher=teacher, mentor=mentor)

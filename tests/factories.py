"""The world that tests arrange: organisations, people, programmes, trainees. Every maker commits and hands out
objects that no session holds, so that a test may keep them around client calls."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState
from trainmgr.identity.models import Membership, Organization, OrganizationKind, User
from trainmgr.identity.sessions import digest_of
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.needs.models import Competency, NeedsAnalysis
from trainmgr.pathways.library import load_library
from trainmgr.pathways.rules import to_document
from trainmgr.programs.models import Program, ProgramParty, ProgramPerson
from trainmgr.programs.rules import PartyRole, ProgramKind, State

NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
TODAY = date(2026, 11, 20)

COLLEGE_ROLES = {
    Role.ADMINISTRATOR,
    Role.STAFF,
    Role.DEPARTMENT_STAFF,
    Role.SCHOOL_TEACHER,
    Role.COLLEGE_COUNSELLOR,
    Role.TRAINEE,
}

_numbers = itertools.count(1)


def keep(*rows: Any) -> Any:
    """Commit rows and hand them out detached, the first one as the result."""
    db.session.add_all(rows)
    db.session.commit()
    for row in rows:
        db.session.refresh(row)
    db.session.expunge_all()
    return rows[0]


class World:
    """Makes what a test needs; everything not named is a sensible default of its own."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._college: Organization | None = None
        self._enterprise: Organization | None = None

    @contextmanager
    def inside(self) -> Iterator[Any]:
        """Open an application context (with db.session) that is closed before the next client call."""
        with self.app.app_context():
            yield db.session
            db.session.rollback()

    def organization(self, kind: OrganizationKind = OrganizationKind.COLLEGE, **values: Any) -> Organization:
        values = {
            "name": f"{kind.label.value if hasattr(kind.label, 'value') else kind} {next(_numbers)}"
        } | values
        with self.app.app_context():
            return keep(Organization(kind=kind, created_at=NOW, **values))

    @property
    def college(self) -> Organization:
        """The college that everything belongs to unless said otherwise."""
        self._college = self._college or self.organization(name="测试学院")
        return self._college

    @property
    def enterprise(self) -> Organization:
        """The enterprise that everything belongs to unless said otherwise."""
        self._enterprise = self._enterprise or self.organization(OrganizationKind.ENTERPRISE, name="测试企业")
        return self._enterprise

    def department(self, college: Organization | None = None) -> Organization:
        return self.organization(OrganizationKind.DEPARTMENT, parent_id=(college or self.college).id)

    def user(
        self,
        role: Role | str | None = Role.STAFF,
        organization: Organization | None = None,
        department: Organization | None = None,
        *,
        password_hash: str = "",
        number: str = "",
        **values: Any,
    ) -> User:
        """Make a person with one membership (none when role is None)."""
        serial = next(_numbers)
        role = Role(role) if role else None
        values = {"username": f"user{serial}", "name": f"人{serial}", "must_change_password": False} | values
        home = organization or (self._home_of(role) if role else None)
        with self.app.app_context():
            person = User(password_hash=password_hash, created_at=NOW, **values)
            db.session.add(person)
            db.session.flush()
            if role is not None and home is not None:
                db.session.add(
                    Membership(
                        user_id=person.id,
                        organization_id=home.id,
                        department_id=department.id if department else None,
                        role=role,
                        number=number,
                        created_at=NOW,
                    )
                )
            return keep(person)

    def _home_of(self, role: Role) -> Organization:
        if role is Role.OUTSIDE_ASSESSOR:
            return self.organization(OrganizationKind.OUTSIDE)
        return self.college if role in COLLEGE_ROLES else self.enterprise

    def program(
        self,
        state: State = State.DRAFT,
        *,
        pathway: str = "eight-stage",
        college: Organization | None = None,
        enterprise: Organization | None = None,
        partner: Organization | None = None,
        created_by: User | None = None,
        **values: Any,
    ) -> Program:
        """Make a programme with its two parties straight into a state (no gate is asked)."""
        college, enterprise = college or self.college, enterprise or self.enterprise
        author = created_by or self.user(Role.STAFF, college)
        document = load_library()[pathway]
        values = {
            "code": f"P{next(_numbers)}",
            "name": "测试项目",
            "kind": ProgramKind.MODERN_APPRENTICESHIP,
            "starts_on": TODAY - timedelta(days=100),
            "ends_on": TODAY + timedelta(days=300),
            "planned_size": 40,
        } | values
        with self.app.app_context():
            program = Program(
                state=state,
                lead_college_id=college.id,
                pathway_slug=pathway,
                pathway_version=document.version,
                pathway_document=to_document(document),
                created_by_id=author.id,
                created_at=NOW,
                **values,
            )
            db.session.add(program)
            db.session.flush()
            parties = [(college, PartyRole.LEAD_COLLEGE), (enterprise, PartyRole.ENTERPRISE)]
            if partner:
                parties.append((partner, PartyRole.PARTNER_COLLEGE))
            for organization, role in parties:
                db.session.add(
                    ProgramParty(program_id=program.id, organization_id=organization.id, role=role)
                )
            return keep(program)

    def relation(
        self, program: Program, user: User, role: Role, organization: Organization | None = None
    ) -> None:
        """Relate a person to a programme."""
        home = organization or self._home_of(role)
        with self.app.app_context():
            keep(
                ProgramPerson(
                    program_id=program.id, user_id=user.id, organization_id=home.id, role=role, since=TODAY
                )
            )

    def cohort(self, program: Program, name: str = "A 班") -> Cohort:
        with self.app.app_context():
            return keep(Cohort(program_id=program.id, name=name))

    def enrolment(
        self,
        program: Program,
        *,
        user: User | None = None,
        college: Organization | None = None,
        enterprise: Organization | None = None,
        teacher: User | None = None,
        mentor: User | None = None,
        **values: Any,
    ) -> Enrolment:
        """Make a trainee of a programme, related to it like every real one; mentors named become related too."""
        college, enterprise = college or self.college, enterprise or self.enterprise
        user = user or self.user(Role.TRAINEE, college)
        for person, role, home in (
            (user, Role.TRAINEE, college),
            (teacher, Role.SCHOOL_TEACHER, college),
            (mentor, Role.ENTERPRISE_MENTOR, enterprise),
        ):
            if person is not None and not self._is_related(program, person, role):
                self.relation(program, person, role, home)
        values = {
            "student_number": f"S{next(_numbers):06}",
            "employee_number": f"E{next(_numbers):06}",
            "enrolled_on": TODAY - timedelta(days=90),
            "state": EnrolmentState.TRAINING,
        } | values
        with self.app.app_context():
            return keep(
                Enrolment(
                    program_id=program.id,
                    user_id=user.id,
                    name=user.name,
                    college_id=college.id,
                    enterprise_id=enterprise.id,
                    school_teacher_id=teacher.id if teacher else None,
                    enterprise_mentor_id=mentor.id if mentor else None,
                    **values,
                )
            )

    def _is_related(self, program: Program, user: User, role: Role) -> bool:
        with self.app.app_context():
            return bool(
                db.session.query(ProgramPerson)
                .filter_by(program_id=program.id, user_id=user.id, role=role)
                .count()
            )

    def competency(self, program: Program, **values: Any) -> Competency:
        """Make a competency (and the programme's analysis when there is none)."""
        serial = next(_numbers)
        values = {
            "name": f"能力{serial}",
            "position": serial,
            "importance": 4,
            "required_level": 4,
            "current_level": 2,
        } | values
        with self.app.app_context():
            if not db.session.query(NeedsAnalysis).filter_by(program_id=program.id).count():
                db.session.add(NeedsAnalysis(program_id=program.id))
            return keep(Competency(program_id=program.id, **values))

    def signed_in(self, user: User) -> FlaskClient:
        """Return a browser in which the person is signed in."""
        from trainmgr.identity.models import SignInSession

        token = f"token-{next(_numbers)}"
        with self.app.app_context():
            moment = datetime.now(UTC)
            keep(
                SignInSession(
                    token_digest=digest_of(token),
                    user_id=user.id,
                    created_at=moment,
                    expires_at=max(moment, NOW) + timedelta(hours=12),
                )
            )
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = token
            session["_fresh"] = True
        return client


@pytest.fixture
def world(app: Flask) -> World:
    """The maker of everything that a test arranges."""
    return World(app)


@pytest.fixture
def signed_in(world: World) -> Any:
    """Return a browser in which somebody is signed in."""
    return world.signed_in

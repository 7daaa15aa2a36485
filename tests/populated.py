"""A world that has one of everything, so that every address can be visited: who is in it, and what stands where.

A new kind of address takes one line in ARGUMENTS (and the row that it names, made in one of the functions below).
Keys are the variable's name, or `blueprint:name` or `blueprint.endpoint:name` where a name means different rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import joinedload

from tests.factories import NOW, TODAY, World, keep
from trainmgr.bank.actions import open_instrument
from trainmgr.bank.authoring import ItemFacts, write_item
from trainmgr.bank.models import BlueprintRow, InstrumentVersion, PaperItem
from trainmgr.bank.rules import Difficulty, ItemKind, ItemState
from trainmgr.curriculum.frozen import lifted
from trainmgr.curriculum.models import (
    Alignment,
    AlignmentCheck,
    AlignmentVerdict,
    Edition,
    EditionState,
    Layer,
    Module,
    ModuleCompetency,
    PlanStage,
    PracticeLevel,
    Venue,
)
from trainmgr.enrolment.models import Application, ApplicationState
from trainmgr.evaluation import queries as evaluation
from trainmgr.evaluation import schemes, windows
from trainmgr.evaluation.models import Criterion, Rating, RatingState, Scheme, Window
from trainmgr.evaluation.models import Party as RatingParty
from trainmgr.identity.models import Membership, Organization, OrganizationKind, SignInSession, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile, path_of
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.lessons.actions import content_of
from trainmgr.lessons.models import (
    LessonPlan,
    LessonRing,
    LessonRingMaterial,
    LessonState,
    LessonUse,
    LessonVersion,
    Ring,
)
from trainmgr.materials import sheets
from trainmgr.materials.models import (
    CaseText,
    Material,
    MaterialPack,
    MaterialUse,
    MaterialVersion,
    PackItem,
    PackNote,
    TaskSheet,
)
from trainmgr.materials.rules import MaterialKind, MaterialState, UpdateKind
from trainmgr.mentoring.choice_models import ChoiceRound, ChoiceWish
from trainmgr.mentoring.choosing import Proposing
from trainmgr.mentoring.models import Assignment, Mentor, ProgramMentor, Proposal, ProposedPair
from trainmgr.mentoring.proposing import compute_proposal
from trainmgr.mentoring.terms_models import MentorLeave, SiteDistance
from trainmgr.needs.models import BusinessNeed, Indicator
from trainmgr.pathways.models import CustomPathway, PathwayOrigin
from trainmgr.placements.models import Placement, PlacementPost
from trainmgr.practice.models import LogPhoto, LogState, PracticeLog
from trainmgr.programs.models import Due, Duty, Program, ProgramParty, ProgramPerson
from trainmgr.programs.rules import Side, State
from trainmgr.research.models import Evidence, EvidenceKind, Study
from trainmgr.standards import actions as standards
from trainmgr.standards import delphi, versions
from trainmgr.standards import tasks as standard_tasks
from trainmgr.standards.actions import competencies_in
from trainmgr.standards.certificates import CertificateFacts, create_certificate
from trainmgr.standards.experts import ExpertFacts, create_expert
from trainmgr.standards.interviews import InterviewFacts, create_interview
from trainmgr.standards.models import ProgramStandard, StandardCompetency, StandardVersion
from trainmgr.standards.rules import TaskKind, TaskVoice
from trainmgr.standards.scoring import Subject
from trainmgr.testing import settling
from trainmgr.testing.models import Answer, Attempt, Participant, Sitting
from trainmgr.testing.rules import AttemptEnd, Purpose
from trainmgr.timetable.models import ClosedPeriod, Room, TeachingSession

# Strangers must never read these.
SECRET_PROGRAM = "内部项目七七四九"
SECRET_TRAINEE = "内部学员七七四九"

ARGUMENTS: dict[str, Callable[[Populated], Any]] = {
    "program_id": lambda p: p.rows["program"].id,
    "enrolment_id": lambda p: p.rows["enrolment"].id,
    "cohort_id": lambda p: p.rows["cohort"].id,
    "application_id": lambda p: p.rows["application"].id,
    "imports:job_id": lambda p: p.rows["roster_import"].id,
    "competency_id": lambda p: p.rows["competency"].id,
    "indicator_id": lambda p: p.rows["indicator"].id,
    "edition_id": lambda p: p.rows["edition"].id,
    "number": lambda p: p.rows["edition"].number,
    "stage_id": lambda p: p.rows["stage"].id,
    "stage_number": lambda p: p.rows["stage"].number,
    "module_id": lambda p: p.rows["module"].id,
    "mentor_id": lambda p: p.rows["mentor"].id,
    "assignment_id": lambda p: p.rows["assignment"].id,
    "proposal_id": lambda p: p.rows["proposal"].id,
    "pair_id": lambda p: p.rows["pair"].id,
    "round_id": lambda p: p.rows["round"].id,
    "leave_id": lambda p: p.rows["leave"].id,
    "distance_id": lambda p: p.rows["distance"].id,
    "log_id": lambda p: p.rows["log"].id,
    "scheme_id": lambda p: p.rows["scheme"].id,
    "criterion_id": lambda p: p.rows["criterion"].id,
    "window_id": lambda p: p.rows["window"].id,
    "rating_id": lambda p: p.rows["rating"].id,
    "due_id": lambda p: p.rows["due"].id,
    "program_mentor_id": lambda p: p.rows["program_mentor"].id,
    "party_id": lambda p: p.rows["party"].id,
    "person_id": lambda p: p.rows["person"].id,
    "duty_id": lambda p: p.rows["duty"].id,
    "move": lambda p: "suspend",
    "curriculum:key": lambda p: "practice_ratio-at_least",
    "curriculum:alignment": lambda p: "goals",
    "position": lambda p: 1,
    "needs:kind": lambda p: "competencies",
    "needs:step": lambda p: "gap",
    "need_id": lambda p: p.rows["business_need"].id,
    "study_id": lambda p: p.rows["study"].id,
    "evidence_id": lambda p: p.rows["evidence"].id,
    "needs:job_id": lambda p: p.rows["needs_import"].id,
    "party": lambda p: "trainee",
    "side": lambda p: "college",
    "mentoring:side": lambda p: "enterprise",
    "pathways:ref": lambda p: f"own-{p.rows['pathway'].id}",
    "session_id": lambda p: p.rows["session"].id,
    "timetable:session_id": lambda p: p.rows["teaching"].id,
    "lessons:session_id": lambda p: p.rows["teaching"].id,
    "plan_id": lambda p: p.rows["lesson"].id,
    "lessons:ring": lambda p: "check",
    "room_id": lambda p: p.rows["room"].id,
    "period_id": lambda p: p.rows["closed"].id,
    "user_id": lambda p: p.people[Role.SCHOOL_TEACHER].id,
    "membership_id": lambda p: p.rows["membership"].id,
    "organization_id": lambda p: p.rows["college"].id,
    "standard_id": lambda p: p.rows["standard"].id,
    "standards:number": lambda p: 1,
    "standards.show_interviews:number": lambda p: 2,
    "standards.show_delphi:number": lambda p: 2,
    "standards:competency_id": lambda p: p.rows["standard_competency"].id,
    "standards:task_id": lambda p: p.rows["standard_task"].id,
    "standards:kind": lambda p: "competencies",
    "standards.new_task:kind": lambda p: "representative",
    "standards.create_task:kind": lambda p: "representative",
    "standards:job_id": lambda p: p.rows["standards_import"].id,
    "item_id": lambda p: p.rows["item"].id,
    "instrument_id": lambda p: p.rows["instrument"].id,
    "bank:number": lambda p: 1,
    "bank:job_id": lambda p: p.rows["bank_import"].id,
    "sitting_id": lambda p: p.rows["sitting"].id,
    "participant_id": lambda p: p.rows["participant"].id,
    "testing:item_id": lambda p: p.rows["short_answer"].id,
    "interview_id": lambda p: p.rows["interview"].id,
    "expert_id": lambda p: p.rows["expert"].id,
    "certificate_id": lambda p: p.rows["certificate"].id,
    "round_number": lambda p: 1,
    "material_id": lambda p: p.rows["material"].id,
    "materials.show_case:material_id": lambda p: p.rows["case"].id,
    "materials.download_case:material_id": lambda p: p.rows["case"].id,
    "materials.edit_case:material_id": lambda p: p.rows["case"].id,
    "materials.save_case:material_id": lambda p: p.rows["case"].id,
    "materials.discard_case:material_id": lambda p: p.rows["case"].id,
    "materials:number": lambda p: 1,
    "use_id": lambda p: p.rows["material_use"].id,
    "sheet_id": lambda p: p.rows["task_sheet"].id,
    "pack_id": lambda p: p.rows["pack"].id,
    "note_id": lambda p: p.rows["pack_note"].id,
    "placement_id": lambda p: p.rows["placement"].id,
    "post_id": lambda p: p.rows["placement_post"].id,
    "host_id": lambda p: p.rows["enterprise"].id,
    "placements:rule": lambda p: "agreement",
}


@dataclass
class Populated:
    """Who and what is in the world. `people` belong to it, `strangers` hold the same roles elsewhere."""

    people: dict[Role, User] = field(default_factory=dict)
    strangers: dict[Role, User] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def put_files_back(self) -> None:
        """Write the contents of stored files again, which the bench clears away between tests."""
        for sha256, content in self.files.items():
            path = path_of(sha256)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def argument(self, endpoint: str, name: str) -> Any:
        """Return the value of a variable in the address of an endpoint."""
        blueprint = endpoint.partition(".")[0]
        for key in (f"{endpoint}:{name}", f"{blueprint}:{name}", name):
            if key in ARGUMENTS:
                return ARGUMENTS[key](self)
        raise LookupError(f"add {name!r} of {endpoint} to ARGUMENTS in tests/populated.py")


def populate(world: World) -> Populated:
    """Make one of everything in one programme, everybody who belongs to it, and somebody of each role elsewhere."""
    made = Populated()
    _make_people(world, made)
    _make_program(world, made)
    _make_plan(world, made)
    _make_trainee(world, made)
    _make_timetable(world, made)
    _make_lessons(world, made)
    _make_mentoring(world, made)
    _make_placements(world, made)
    _make_practice(world, made)
    _make_evaluation(world, made)
    _make_standards(world, made)
    _make_bank(world, made)
    _make_materials(world, made)
    _make_research(world, made)
    _make_testing(world, made)
    _make_rest(world, made)
    return made


@pytest.fixture(scope="session")
def made(bench: Any, database_url: str) -> Populated:
    """The world that has one of everything, built once for this worker; `put_back` brings it back."""
    bench.prepare("empty")
    bench.app.config["CLOCK"] = lambda: NOW
    found = populate(World(bench.app))
    bench.engine.dispose()
    bench.database.keep("populated")
    bench.kept.add("populated")
    return found


@pytest.fixture
def put_back(bench: Any, made: Populated) -> Callable[[], Flask]:
    """Put the world that has one of everything back to how it was made; returns the application."""

    def again() -> Flask:
        bench.prepare("populated")
        bench.app.config["CLOCK"] = lambda: NOW
        with bench.app.app_context():
            made.put_files_back()
        return bench.app

    again()
    return again


def _make_people(world: World, made: Populated) -> None:
    other_college = world.organization(name="旁边的学院")
    other_enterprise = world.organization(OrganizationKind.ENTERPRISE, name="旁边的企业")
    other_department = world.department(other_college)
    made.rows |= {"college": world.college, "enterprise": world.enterprise, "department": world.department()}
    for role in Role:
        enterprise = role.value.startswith("enterprise")
        own_department = made.rows["department"] if role is Role.DEPARTMENT_STAFF else None
        its_department = other_department if role is Role.DEPARTMENT_STAFF else None
        name = SECRET_TRAINEE if role is Role.TRAINEE else f"里面的{role.value}"
        made.people[role] = world.user(role, department=own_department, name=name, number=f"IN-{role.value}")
        if role is Role.OUTSIDE_ASSESSOR:
            made.strangers[role] = world.user(role, name=f"外面的{role.value}")
            continue
        elsewhere = other_enterprise if enterprise else other_college
        made.strangers[role] = world.user(role, elsewhere, its_department, name=f"外面的{role.value}")
    with world.app.app_context():
        roles = sa.select(Membership).where(Membership.user_id == made.people[Role.SCHOOL_TEACHER].id)
        made.rows["membership"] = keep(db.session.scalars(roles).one())


def _make_program(world: World, made: Populated) -> None:
    program = world.program(
        State.RUNNING,
        name=SECRET_PROGRAM,
        department_id=made.rows["department"].id,
        created_by=made.people[Role.STAFF],
    )
    made.rows["program"] = program
    for role in (Role.COLLEGE_COUNSELLOR, Role.ENTERPRISE_COUNSELLOR):
        world.relation(program, made.people[role], role)
    with world.inside() as session:
        assessor = made.people[Role.OUTSIDE_ASSESSOR]
        home = session.get(
            Organization, session.query(Membership).filter_by(user_id=assessor.id).one().organization_id
        )
        session.expunge_all()
    world.relation(program, assessor, Role.OUTSIDE_ASSESSOR, home)
    made.rows["competency"] = world.competency(program)
    with world.app.app_context():
        made.rows["indicator"] = keep(
            Indicator(program_id=program.id, name="一次合格率", expected=98, current=94, weight=3)
        )
        made.rows["business_need"] = keep(BusinessNeed(program_id=program.id, position=1, text="降低返修"))
        made.rows["duty"] = keep(
            Duty(program_id=program.id, organization_id=world.college.id, text="组织教学")
        )
        parties = sa.select(ProgramParty).where(ProgramParty.organization_id == world.enterprise.id)
        made.rows["party"] = keep(db.session.scalars(parties).one())
        assessors = sa.select(ProgramPerson).where(ProgramPerson.user_id == assessor.id)
        made.rows["person"] = keep(db.session.scalars(assessors).one())
        made.rows["needs_import"] = keep(
            Job(
                kind="needs-import",
                title="导入“能力.xlsx”",
                state=JobState.DONE,
                params={"kind": "competencies"},
                created_by=made.people[Role.STAFF].id,
                program_id=program.id,
                created_at=NOW,
            )
        )


def _make_plan(world: World, made: Populated) -> None:
    program = made.rows["program"]
    with world.app.app_context(), lifted():
        edition = made.rows["edition"] = keep(
            Edition(
                program_id=program.id,
                number=1,
                created_by_id=made.people[Role.STAFF].id,
                created_at=NOW,
                changed_at=NOW,
            )
        )
        made.rows["stage"] = keep(
            PlanStage(
                edition_id=edition.id,
                number=1,
                name="第一阶段",
                venue=Venue.ENTERPRISE,
                hours=80,
                weeks=4,
                gate="装调合格",
            )
        )
        module = made.rows["module"] = keep(
            Module(
                edition_id=edition.id,
                stage_number=1,
                position=1,
                name="现场改善",
                theory_hours=20,
                practice_hours=60,
                layer=Layer.CORE,
                practice_level=PracticeLevel.BASIC,
                venue=Venue.ENTERPRISE,
            )
        )
        keep(ModuleCompetency(module_id=module.id, competency_id=made.rows["competency"].id, hours=40))
        made.rows["alignment_check"] = keep(
            AlignmentCheck(
                program_id=program.id,
                lineage=module.lineage,
                alignment=Alignment.GOALS,
                verdict=AlignmentVerdict.OUT_OF_STEP,
                evidence="岗位已换新线体，目标未改",
                checked_on=TODAY - timedelta(days=20),
                valid_until=TODAY + timedelta(days=345),
                by_id=made.people[Role.STAFF].id,
                at=NOW,
            )
        )
        signed = sa.update(Edition).values(state=EditionState.SIGNED, signed_at=NOW)
        db.session.execute(signed.where(Edition.id == edition.id))
        db.session.commit()


def _make_trainee(world: World, made: Populated) -> None:
    program = made.rows["program"]
    made.rows["cohort"] = world.cohort(program)
    made.rows["enrolment"] = world.enrolment(
        program,
        user=made.people[Role.TRAINEE],
        teacher=made.people[Role.SCHOOL_TEACHER],
        mentor=made.people[Role.ENTERPRISE_MENTOR],
        cohort_id=made.rows["cohort"].id,
        planned_minutes=4800,
    )
    applicant = world.user(Role.TRAINEE)
    with world.app.app_context():
        made.rows["application"] = keep(
            Application(
                program_id=program.id,
                user_id=applicant.id,
                college_id=world.college.id,
                enterprise_id=world.enterprise.id,
                name=applicant.name,
                applied_at=NOW,
            )
        )
        keep(
            Application(
                program_id=program.id,
                user_id=made.people[Role.TRAINEE].id,
                college_id=world.college.id,
                enterprise_id=world.enterprise.id,
                name=made.people[Role.TRAINEE].name,
                state=ApplicationState.ADMITTED,
                applied_at=NOW,
            )
        )
        made.rows["roster_import"] = keep(
            Job(
                kind="roster-import",
                title="导入“名册.xlsx”",
                state=JobState.DONE,
                total=2,
                done=2,
                counts={"written": 1, "wrong": 1},
                params={"file": 0, "name": "名册.xlsx", "college": world.college.id},
                created_by=made.people[Role.STAFF].id,
                program_id=program.id,
                created_at=NOW,
            )
        )


def _make_timetable(world: World, made: Populated) -> None:
    staff, college, now = made.people[Role.STAFF], world.college, NOW
    with world.app.app_context():
        made.rows["room"] = keep(Room(organization_id=college.id, name="实训车间", capacity=40))
        made.rows["closed"] = keep(
            ClosedPeriod(
                organization_id=college.id,
                starts_on=TODAY + timedelta(days=9),
                ends_on=TODAY + timedelta(days=9),
                reason="运动会",
                created_by_id=staff.id,
                created_at=now,
            )
        )
        made.rows["teaching"] = keep(
            TeachingSession(
                program_id=made.rows["program"].id,
                module_id=made.rows["module"].id,
                lineage=made.rows["module"].lineage,
                cohort_id=made.rows["cohort"].id,
                day=TODAY + timedelta(days=3),
                first_unit=1,
                units=2,
                teacher_id=made.people[Role.SCHOOL_TEACHER].id,
                room_id=made.rows["room"].id,
                host_id=college.id,
                created_by_id=staff.id,
                created_at=now,
            )
        )


def _make_lessons(world: World, made: Populated) -> None:
    staff = made.people[Role.STAFF]
    with world.app.app_context():
        plan = made.rows["lesson"] = keep(
            LessonPlan(
                program_id=made.rows["program"].id,
                lineage=made.rows["module"].lineage,
                title="点检要领",
                units=2,
                created_by_id=staff.id,
                changed_by_id=staff.id,
                changed_at=NOW,
                state=LessonState.FINISHED,
                published=1,
            )
        )
        rings = [LessonRing(plan_id=plan.id, ring=ring, minutes=15, content="看一看") for ring in Ring]
        keep(*rings)
        live = db.session.get_one(LessonPlan, plan.id, options=[joinedload(LessonPlan.rings)])
        version = {"plan_id": plan.id, "number": 1, "content": content_of(live)}
        keep(LessonVersion(**version, finished_by_id=staff.id, finished_at=NOW))
        keep(LessonUse(session_id=made.rows["teaching"].id, plan_id=plan.id))


def _make_mentoring(world: World, made: Populated) -> None:
    program, staff = made.rows["program"], made.people[Role.STAFF]
    homes = {
        Side.COLLEGE: (world.college, made.people[Role.SCHOOL_TEACHER]),
        Side.ENTERPRISE: (world.enterprise, made.people[Role.ENTERPRISE_MENTOR]),
    }
    with world.app.app_context():
        for side, (home, person) in homes.items():
            mentor = keep(Mentor(user_id=person.id, organization_id=home.id, side=side, name=person.name))
            named = keep(ProgramMentor(program_id=program.id, mentor_id=mentor.id, side=side, load=1))
            made.rows["program_mentor"] = named
            made.rows["mentor"] = mentor
            made.rows["assignment"] = keep(
                Assignment(
                    program_id=program.id,
                    enrolment_id=made.rows["enrolment"].id,
                    side=side,
                    mentor_id=mentor.id,
                    starts_on=TODAY,
                    approved_by_id=staff.id,
                    approved_at=NOW,
                )
            )
    world.enrolment(program, user=world.user(Role.TRAINEE, name=f"{SECRET_TRAINEE}乙"))
    with world.app.app_context():
        whole = joinedload(User.memberships).joinedload(Membership.organization)
        author = db.session.get_one(User, staff.id, options=[whole])
        live = db.session.get_one(Program, program.id)
        proposal_id = compute_proposal(live, Side.ENTERPRISE, by=author, now=NOW).id
        pairs = sa.select(ProposedPair).where(ProposedPair.proposal_id == proposal_id)
        made.rows["pair"] = keep(db.session.scalars(pairs).first())
        made.rows["proposal"] = keep(db.session.get_one(Proposal, proposal_id))
    _make_choice(world, made)


def _make_choice(world: World, made: Populated) -> None:
    """A round of two-way choice in which a trainee named the mentor; a leave and a distance beside it."""
    program, staff, mentor = made.rows["program"], made.people[Role.STAFF], made.rows["mentor"]
    chooser = world.enrolment(program, user=world.user(Role.TRAINEE, name=f"{SECRET_TRAINEE}丙"))
    with world.app.app_context():
        made.rows["round"] = keep(
            ChoiceRound(
                program_id=program.id,
                side=Side.ENTERPRISE,
                number=1,
                proposing=Proposing.TRAINEES,
                opens_on=TODAY - timedelta(days=5),
                trainees_until=TODAY - timedelta(days=1),
                mentors_until=TODAY + timedelta(days=3),
                opened_by_id=staff.id,
                opened_at=NOW,
            )
        )
        keep(ChoiceWish(round_id=made.rows["round"].id, enrolment_id=chooser.id, mentor_id=mentor.id, rank=1))
        made.rows["leave"] = keep(
            MentorLeave(
                mentor_id=mentor.id,
                starts_on=TODAY + timedelta(days=20),
                ends_on=TODAY + timedelta(days=22),
                created_by_id=staff.id,
                created_at=NOW,
            )
        )
        made.rows["distance"] = keep(SiteDistance(program_id=program.id, one="一厂", other="二厂", km=12))


def _make_placements(world: World, made: Populated) -> None:
    with world.app.app_context():
        post = made.rows["placement_post"] = keep(
            PlacementPost(
                college_id=world.college.id, organization_id=world.enterprise.id, name=f"{SECRET_PROGRAM}岗"
            )
        )
        made.rows["placement"] = keep(
            Placement(
                program_id=made.rows["program"].id,
                enrolment_id=made.rows["enrolment"].id,
                post_id=post.id,
                starts_on=TODAY,
                ends_on=TODAY,
                holds_from=TODAY,
                days=1,
            )
        )


def _make_practice(world: World, made: Populated) -> None:
    with world.app.app_context():
        made.rows["log"] = keep(
            PracticeLog(
                program_id=made.rows["program"].id,
                enrolment_id=made.rows["enrolment"].id,
                stage_number=1,
                module_id=made.rows["module"].id,
                day=TODAY,
                minutes=480,
                task="点检二号线",
                state=LogState.SUBMITTED,
                signer_id=made.people[Role.ENTERPRISE_MENTOR].id,
                submitted_at=NOW,
                created_at=NOW,
            )
        )
        photo = _make_file(made, b"\xff\xd8\xff\xe0 a photo", "image/jpeg", "photo.jpg")
        keep(LogPhoto(log_id=made.rows["log"].id, position=1, file_id=photo.id))


def _make_file(made: Populated, content: bytes, media_type: str, name: str) -> StoredFile:
    sha256 = hashlib.sha256(content).hexdigest()
    made.files[sha256] = content
    return keep(
        StoredFile(
            sha256=sha256,
            media_type=media_type,
            size=len(content),
            name=name,
            purpose="populated",
            created_at=NOW,
        )
    )


def _make_evaluation(world: World, made: Populated) -> None:
    program, staff = made.rows["program"], made.people[Role.STAFF]
    with world.app.app_context():
        live = db.session.get_one(Program, program.id)
        scheme = schemes.make_scheme(live, by=staff, now=NOW - timedelta(days=9))
        windows.plan_windows(live, scheme, by=staff, now=NOW - timedelta(days=9))
        final = evaluation.terminal_window(program.id)
        final_id = final.id
        window = evaluation.window_or_404(program.id, final_id)
        windows.open_window(live, window, by=staff, now=NOW - timedelta(days=2))
        made.rows["criterion"] = keep(db.session.scalars(sa.select(Criterion).order_by(Criterion.id)).first())
        made.rows["scheme"] = keep(db.session.scalars(sa.select(Scheme)).one())
        made.rows["window"] = keep(db.session.get_one(Window, final_id))
        made.rows["rating"] = keep(
            Rating(
                program_id=program.id,
                window_id=final_id,
                enrolment_id=made.rows["enrolment"].id,
                party=RatingParty.TRAINEE,
                rater_id=made.people[Role.TRAINEE].id,
                state=RatingState.SUBMITTED,
                created_at=NOW,
                submitted_at=NOW,
            )
        )


def _make_materials(world: World, made: Populated) -> None:
    program, staff, module = made.rows["program"], made.people[Role.STAFF], made.rows["module"]
    common = {"created_by_id": staff.id, "created_at": NOW}
    with world.app.app_context():
        file = _make_file(made, b"%PDF-1.7 courseware", "application/pdf", "courseware.pdf")
        content = [
            (MaterialKind.COURSEWARE, "material", {"file_id": file.id}),
            (MaterialKind.CASE_WRITE_UP, "case", {"case": CaseText(facts="一", analysis="二")}),
        ]
        for kind, name, what in content:
            material = keep(
                Material(
                    owner_id=world.college.id,
                    kind=kind,
                    title=f"{SECRET_PROGRAM}{name}",
                    update_kind=UpdateKind.YEARLY,
                    latest_number=1,
                    renewed_on=TODAY,
                    **common,
                )
            )
            published = {"state": MaterialState.PUBLISHED, "share": 100, "published_on": TODAY}
            keep(MaterialVersion(material_id=material.id, number=1, **published, **what, **common))
            made.rows["material_use"] = keep(
                MaterialUse(program_id=program.id, lineage=module.lineage, material_id=material.id, **common)
            )
            made.rows[name] = material
        sheet = sheets.propose(module, [])
        made.rows["task_sheet"] = keep(
            TaskSheet(
                program_id=program.id,
                number=1,
                lineage=module.lineage,
                changed_by_id=staff.id,
                changed_at=NOW,
                **vars(sheet),
            )
        )
        pack = made.rows["pack"] = keep(
            MaterialPack(
                owner_id=world.college.id, name=SECRET_PROGRAM, occupation="装调工", changed_at=NOW, **common
            )
        )
        keep(PackItem(pack_id=pack.id, material_id=made.rows["material"].id, position=1))
        keep(
            LessonRingMaterial(
                plan_id=made.rows["lesson"].id, ring=Ring.CHECK, material_id=made.rows["material"].id
            )
        )
        made.rows["pack_note"] = keep(
            PackNote(pack_id=pack.id, expert="老师傅", text="先看图。", created_at=NOW)
        )


def _make_standards(world: World, made: Populated) -> None:
    """A published version that the programme uses, and the draft of the next with everything that it rests on."""
    with world.app.app_context():
        faults = _make_file(made, b"wrong rows", "text/plain", "wrong.xlsx")
        whole = joinedload(User.memberships).joinedload(Membership.organization)
        by, signer = (
            db.session.get_one(User, made.people[role].id, options=[whole])
            for role in (Role.STAFF, Role.ENTERPRISE_COORDINATOR)
        )
        facts = standards.PostFacts("GW-01", SECRET_PROGRAM, enterprise_id=world.enterprise.id)
        standard = standards.create_standard(world.college.id, facts, by=by, now=NOW)
        certificate = create_certificate(
            world.college.id, CertificateFacts("证书", "发证组织", units=(("1.1", "单元"),)), by=by, now=NOW
        )
        task = standard_tasks.create_task(
            standard, TaskKind.TYPICAL, standard_tasks.TaskFacts("点检二号线"), by=by, now=NOW
        )
        words = standards.CompetencyFacts(
            "点检", Decimal(4), Decimal(3), levels=("看", "学", "做", "精", "教")
        )
        links = {"tasks": [task.id], "units": [certificate.units[0].id]}
        standards.create_competency(standard, words, **links, by=by, now=NOW)
        for side, person in ((Side.COLLEGE, by), (Side.ENTERPRISE, signer)):
            versions.sign(standard, side=side, by=person, now=NOW)
        use = {"program_id": made.rows["program"].id, "standard_id": standard.id, "chosen_by_id": by.id}
        db.session.add(ProgramStandard(version_id=standard.versions[0].id, chosen_at=NOW, **use))
        versions.open_draft(standard, reason="新设备", by=by, now=NOW)
        rows = _make_evidence(world, standard, faults, by)
        rows |= {"standard": standard, "certificate": certificate}
        keep(*rows.values())
        made.rows |= rows


def _make_evidence(world: World, standard: Any, faults: StoredFile, by: User) -> dict[str, Any]:
    pool = [
        create_expert(world.college.id, ExpertFacts(name, "测试企业"), by=by, now=NOW)
        for name in ("甲师傅", "乙师傅", "丙师傅")
    ]
    told = standard_tasks.create_task(
        standard, TaskKind.REPRESENTATIVE, standard_tasks.TaskFacts("换刀"), by=by, now=NOW
    )
    said = InterviewFacts(pool[0].id, TODAY, voices={told.id: TaskVoice(3, 4, 5)})
    interview = create_interview(standard, said, by=by, now=NOW)
    delphi.set_panel(standard, [one.id for one in pool], by=by, now=NOW)
    limits = {"least_mean": Decimal(3), "most_variation": Decimal("0.3"), "least_full": Decimal(0)}
    opened = delphi.open_round(standard, Subject.COMPETENCIES, limits, by=by, now=NOW)
    draft = db.session.get_one(StandardVersion, opened.version_id)
    identity = db.session.get_one(StandardCompetency, competencies_in(draft)[0].competency_id)
    job = Job(
        kind="standards-import",
        title="导入“能力.xlsx”",
        state=JobState.DONE,
        params={"kind": "competencies", "standard": standard.id},
        result_file_id=faults.id,
        created_by=by.id,
        created_at=NOW,
    )
    found = {"expert": pool[0], "interview": interview, "standard_task": told}
    return found | {"standard_competency": identity, "standards_import": job}


def _make_bank(world: World, made: Populated) -> None:
    """An item with a picture, an instrument that draws it, and an import with a wrong row."""
    identity, by = made.rows["standard_competency"], made.people[Role.STAFF]
    with world.app.app_context():
        picture = _make_file(made, b"picture of an item", "image/jpeg", "item.jpg")
        facts = ItemFacts(
            identity.id,
            ItemKind.TRUE_FALSE,
            Difficulty.EASY,
            Decimal(2),
            f"{SECRET_PROGRAM}题",
            {"right": True},
        )
        made.rows["item"] = keep(
            write_item(world.college.id, facts, state=ItemState.IN_USE, picture=picture, by=by, now=NOW)
        )
        made.rows["instrument"] = keep(
            open_instrument(world.college.id, f"{SECRET_PROGRAM}测评", "", by=by, now=NOW)
        )
        version_id = db.session.scalars(sa.select(InstrumentVersion.id)).one()
        asked = {"competency_id": identity.id, "difficulty": Difficulty.EASY, "count": 1, "points": 2}
        keep(BlueprintRow(version_id=version_id, **asked))
        made.rows["bank_import"] = keep(
            Job(
                kind="bank-import",
                title="导入“题目.xlsx”",
                state=JobState.DONE,
                total=2,
                done=2,
                counts={"written": 1, "wrong": 1},
                params={"file": 0, "name": "题目.xlsx", "college": world.college.id, "state": "draft"},
                created_by=by.id,
                created_at=NOW,
            )
        )


def _make_research(world: World, made: Populated) -> None:
    by = made.people[Role.STAFF].id
    with world.app.app_context():
        study = made.rows["study"] = keep(
            Study(
                college_id=world.college.id,
                major="数控技术",
                question="是否升级",
                created_by_id=by,
                created_at=NOW,
            )
        )
        made.rows["evidence"] = keep(
            Evidence(
                study_id=study.id,
                kind=EvidenceKind.MARKET,
                finding="招聘上升",
                source="人社局",
                year=2025,
                by_id=by,
                at=NOW,
            )
        )


def _make_testing(world: World, made: Populated) -> None:
    """A test that is open, which the trainee has handed in: one question and one practical task wait for a person."""
    program, trainee, by = made.rows["program"], made.rows["enrolment"], made.people[Role.STAFF]
    with world.app.app_context():
        instrument = keep(open_instrument(world.college.id, f"{SECRET_PROGRAM}结业测评", "", by=by, now=NOW))
        version_id = db.session.scalars(
            sa.select(InstrumentVersion.id).where(InstrumentVersion.instrument_id == instrument.id)
        ).one()
        asked = [
            _asked(made, ItemKind.SHORT_ANSWER, {"model": "先断电。"}),
            _asked(made, ItemKind.CHECKLIST, {"steps": [{"text": "戴手套", "weight": 1, "critical": True}]}),
        ]
        made.rows["short_answer"] = asked[0]
        keep(
            *(
                PaperItem(version_id=version_id, form=1, item_id=item.id, position=place, points=2)
                for place, item in enumerate(asked, start=1)
            )
        )
        sitting = made.rows["sitting"] = keep(
            Sitting(
                program_id=program.id, version_id=version_id, form=1, purpose=Purpose.INTERIM,
                name=f"{SECRET_PROGRAM}测试", opens_at=NOW - timedelta(hours=1), closes_at=NOW + timedelta(hours=1),
                created_by_id=by.id, created_at=NOW,
            )
        )  # fmt: skip
        participant = made.rows["participant"] = keep(
            Participant(
                sitting_id=sitting.id, user_id=trainee.user_id, enrolment_id=trainee.id, name=SECRET_TRAINEE,
                college_id=world.college.id, enterprise_id=world.enterprise.id,
            )
        )  # fmt: skip
        attempt = keep(
            Attempt(
                sitting_id=sitting.id, participant_id=participant.id, number=1,
                started_at=NOW - timedelta(minutes=30), deadline_at=NOW, ended_at=NOW,
                end=AttemptEnd.HANDED_IN,
            )
        )  # fmt: skip
        keep(Answer(attempt_id=attempt.id, item_id=asked[0].id, value="先断电", sequence=1, answered_at=NOW))
        settling.let_count([attempt.id])
        settling.settle(db.session.get_one(Sitting, sitting.id), [attempt.id])
        db.session.commit()


def _asked(made: Populated, kind: ItemKind, content: dict[str, Any]) -> Any:
    picture = _make_file(made, b"picture of a question", "image/jpeg", "question.jpg")
    facts = ItemFacts(
        made.rows["standard_competency"].id,
        kind,
        Difficulty.HARD,
        Decimal(2),
        f"{SECRET_PROGRAM}{kind}",
        content,
    )
    by = made.people[Role.STAFF]
    return keep(
        write_item(made.rows["college"].id, facts, state=ItemState.IN_USE, picture=picture, by=by, now=NOW)
    )


def _make_rest(world: World, made: Populated) -> None:
    staff = made.people[Role.STAFF]
    with world.app.app_context():
        made.rows["session"] = keep(
            SignInSession(
                token_digest="d", user_id=staff.id, created_at=NOW, expires_at=NOW + timedelta(hours=9)
            )
        )
        made.rows["due"] = keep(
            Due(
                key="populated",
                program_id=made.rows["program"].id,
                code="populated",
                user_id=staff.id,
                visible_from=TODAY,
            )
        )
        made.rows["pathway"] = keep(
            CustomPathway(
                organization_id=world.college.id,
                slug="own",
                name="内部模式",
                origin=PathwayOrigin.COPY,
                document=made.rows["program"].pathway_document,
                created_by_id=staff.id,
                created_at=NOW,
                updated_at=NOW,
            )
        )

"""A world that has one of everything, so that every address can be visited: who is in it, and what stands where.

A new kind of address takes one line in ARGUMENTS (and the row that it names, made in one of the functions below).
Keys are the variable's name, or `blueprint:name` or `blueprint.endpoint:name` where a name means different rows.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
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
from trainmgr.api.models import ApiIntegration, ApiToken, Webhook, WebhookTopic
from trainmgr.api.rules import Event
from trainmgr.attendance.marking import Occasion, note
from trainmgr.attendance.models import AttendanceRegister, Leave, LeaveKind, Mark, Source
from trainmgr.bank.actions import open_instrument
from trainmgr.bank.authoring import ItemFacts, write_item
from trainmgr.bank.models import BlueprintRow, InstrumentVersion, PaperItem
from trainmgr.bank.rules import Difficulty, ItemKind, ItemState
from trainmgr.benefits.models import ClaimPerson, Income, JointYield, SubsidyClaim, YieldShare
from trainmgr.benefits.rules import ClaimKind, IncomeKind, YieldKind
from trainmgr.certificates.models import Certificate, ExternalCertificate
from trainmgr.certificates.rules import Level
from trainmgr.classes.models import ClassExchange, ClassPeriod, ClassSeat, ClassSplit, ClassTurn
from trainmgr.classes.space_models import ClassAnnouncement, ClassMessage
from trainmgr.contests.award_models import AwardHolder, ContestAward, Shortlisted
from trainmgr.contests.models import Contest, ContestCriterion, ContestEntry, ContestJudge, ContestMember
from trainmgr.contests.rules import ContestKind, ContestState, Grade, PrizeKind
from trainmgr.contests.rules import Level as ContestLevel
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
from trainmgr.employment.course import PostStep
from trainmgr.employment.models import (
    CarriedRecord,
    FollowUpAnswer,
    FollowUpRound,
    PostEvent,
    RecordConsent,
)
from trainmgr.employment.rules import AnswerSource, Destination, Match
from trainmgr.enrolment.importing import keep_upload
from trainmgr.enrolment.standing_models import StandingChange, StandingKind, StandingState
from trainmgr.evaluation import queries as evaluation
from trainmgr.evaluation import schemes, windows
from trainmgr.evaluation.models import Criterion, Rating, RatingState, Scheme, Window
from trainmgr.evaluation.models import Party as RatingParty
from trainmgr.exchange.models import ExchangeLine, LearningStore
from trainmgr.exchange.rules import HEADERS, Outcome
from trainmgr.faculty.actions import create_profile
from trainmgr.faculty.composing import Composition, SeatRole
from trainmgr.faculty.models import PracticeEntry, Qualification
from trainmgr.faculty.rules import EntryState
from trainmgr.faculty.teams import set_up, take_in
from trainmgr.guidance.models import Counsel, GuidanceAward, PointEntry, PointRule, RiskSign, TutoringTask
from trainmgr.guidance.plan_models import StudyPlan, StudyTask
from trainmgr.guidance.risk import RiskCode
from trainmgr.guidance.rules import Aspect, AwardKind
from trainmgr.identity.models import (
    Membership,
    Organization,
    OrganizationKind,
    OrganizationUnit,
    SignInSession,
    User,
)
from trainmgr.identity.sign_on_models import LinkRule, ProviderKind, SignInProvider
from trainmgr.improvement.models import ImprovementDeed, ImprovementItem, ImprovementProposal
from trainmgr.improvement.rules import Deed
from trainmgr.improvement.rules import Source as ImprovementSource
from trainmgr.kernel import crypto
from trainmgr.kernel.access import GRANTS, Permission, Role
from trainmgr.kernel.db import db
from trainmgr.kernel.drafts import SheetDraft
from trainmgr.kernel.files import StoredFile, path_of, store_bytes
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.kernel.sheets import XLSX
from trainmgr.kernel.word import DOCX
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
from trainmgr.links.models import MentorLink
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
from trainmgr.moderation.models import Appeal, Moderation, ModerationSide
from trainmgr.needs.models import BusinessNeed, Indicator
from trainmgr.notices.models import NoticeRobot
from trainmgr.notices.rules import RobotKind
from trainmgr.outcomes.models import PassDecision
from trainmgr.outcomes.rules import PassKind
from trainmgr.pathways.models import CustomPathway, PathwayOrigin
from trainmgr.placements.models import Placement, PlacementPost
from trainmgr.practice.gate_models import RemedialReport, RemedialTask
from trainmgr.practice.log_models import HintKind, LogComment, LogHint, SpotCheck, SpotDraw
from trainmgr.practice.models import GateDecision, GateOutcome, LogPhoto, LogState, PracticeLog
from trainmgr.programs.models import Due, Duty, Program, ProgramParty, ProgramPerson
from trainmgr.programs.rules import Side, State
from trainmgr.quality import assessing, trees
from trainmgr.quality.maturity_rules import FindingKind
from trainmgr.recruitment.interview_models import InterviewBooking, InterviewSlot
from trainmgr.recruitment.models import (
    Application,
    ApplicationState,
    PlanState,
    RecruitmentPage,
    RecruitmentPlan,
    RecruitmentPost,
    RecruitmentQuota,
)
from trainmgr.reporting.models import AnnualReport, EvidencePack, ReportTemplate
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
    "draft_id": lambda p: p.rows["roster_draft"].id,
    "placements:sheet_id": lambda p: p.rows["placements_draft"].id,
    "placements:move": lambda p: "stop",
    "placements:job_id": lambda p: p.rows["placements_import"].id,
    "exports:job_id": lambda p: p.rows["roster_export"].id,
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
    "comment_id": lambda p: p.rows["log_comment"].id,
    "hint_id": lambda p: p.rows["log_hint"].id,
    "scheme_id": lambda p: p.rows["scheme"].id,
    "evaluation.show_grid:party": lambda p: "enterprise",
    "evaluation.submit_grid:party": lambda p: "enterprise",
    "evaluation.save_grid:party": lambda p: "enterprise",
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
    "operation:job_id": lambda p: p.rows["needs_import"].id,
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
    "insights:organization_id": lambda p: p.rows["enterprise"].id,
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
    "practice:task_id": lambda p: p.rows["remedial_task"].id,
    "practice:report_id": lambda p: p.rows["remedial_report"].id,
    "practice:kind": lambda p: "hours",
    "guidance:task_id": lambda p: p.rows["tutoring_task"].id,
    "guidance.note_task:task_id": lambda p: p.rows["study_task"].id,
    "guidance:plan_id": lambda p: p.rows["study_plan"].id,
    "guidance:step": lambda p: "collect",
    "guidance:code": lambda p: "silent",
    "guidance:rule_id": lambda p: p.rows["point_rule"].id,
    "counsel_id": lambda p: p.rows["counsel"].id,
    "sign_id": lambda p: p.rows["risk_sign"].id,
    "guidance:entry_id": lambda p: p.rows["point_entry"].id,
    "guidance:award_id": lambda p: p.rows["guidance_award"].id,
    "placement_id": lambda p: p.rows["placement"].id,
    "post_id": lambda p: p.rows["placement_post"].id,
    "host_id": lambda p: p.rows["enterprise"].id,
    "recruitment:edition_number": lambda p: 1,
    "recruitment:line_id": lambda p: p.rows["recruitment_line"].id,
    "slot_id": lambda p: p.rows["interview_slot"].id,
    "booking_id": lambda p: p.rows["interview_booking"].id,
    "door:code": lambda p: p.rows["recruitment_page"].code,
    "profile_id": lambda p: p.rows["profile"].id,
    "organizations.list_units:organization_id": lambda p: p.rows["alliance"].id,
    "organizations.add_units:organization_id": lambda p: p.rows["alliance"].id,
    "organizations.end_unit:organization_id": lambda p: p.rows["alliance"].id,
    "organizations.edit_base:organization_id": lambda p: p.rows["base"].id,
    "organizations.save_base:organization_id": lambda p: p.rows["base"].id,
    "unit_id": lambda p: p.rows["unit"].id,
    "qualification_id": lambda p: p.rows["qualification"].id,
    "faculty:job_id": lambda p: p.rows["faculty_import"].id,
    "faculty:entry_id": lambda p: p.rows["practice_entry"].id,
    "faculty:team_id": lambda p: p.rows["team"].id,
    "faculty:member_id": lambda p: p.rows["team_member"].id,
    "placements:rule": lambda p: "agreement",
    "enrolment:kind": lambda p: "suspend",
    "enrolment:change_id": lambda p: p.rows["standing_change"].id,
    "announcement_id": lambda p: p.rows["announcement"].id,
    "classes:message_id": lambda p: p.rows["class_thread"].id,
    "rotation_period_id": lambda p: p.rows["class_period"].id,
    "exchange_id": lambda p: p.rows["class_exchange"].id,
    "attendance:session_id": lambda p: p.rows["held"].id,
    "attendance.show_arrival:session_id": lambda p: p.rows["held"].id,
    "attendance:leave_id": lambda p: p.rows["attendance_leave"].id,
    "attendance:job_id": lambda p: p.rows["attendance_sheet"].id,
    "employment:round_id": lambda p: p.rows["follow_up"].id,
    "employment:event_id": lambda p: p.rows["post_event"].id,
    "employment:record_id": lambda p: p.rows["carried_record"].id,
    "improvement:item_id": lambda p: p.rows["improvement_item"].id,
    "deed_id": lambda p: p.rows["improvement_deed"].id,
    "improvement:proposal_id": lambda p: p.rows["improvement_proposal"].id,
    "provider_id": lambda p: p.rows["sign_in_provider"].id,
    "notices:organization_id": lambda p: p.rows["college"].id,
    "robot_id": lambda p: p.rows["notice_robot"].id,
    "integration_id": lambda p: p.rows["integration"].id,
    "integrations:token_id": lambda p: p.rows["system_token"].id,
    "integrations.revoke_own_token:token_id": lambda p: p.rows["own_token"].id,
    "webhook_id": lambda p: p.rows["webhook"].id,
    "exchange:organization_id": lambda p: p.rows["college"].id,
    "exchange:job_id": lambda p: p.rows["exchange_look"].id,
    "exchange.download_result:job_id": lambda p: p.rows["exchange_file"].id,
    "exchange:kind": lambda p: "internship",
    "store_id": lambda p: p.rows["learning_store"].id,
    "quality:code": lambda p: "pass_rate",
    "quality:tree_id": lambda p: p.rows["maturity_tree"].id,
    "quality:index_id": lambda p: p.rows["maturity_index"].id,
    "quality.edit_score:index_id": lambda p: p.rows["maturity_scored"].id,
    "quality.save_score:index_id": lambda p: p.rows["maturity_scored"].id,
    "quality.download_evidence:index_id": lambda p: p.rows["maturity_scored"].id,
    "quality:evaluation_id": lambda p: p.rows["maturity_evaluation"].id,
    "quality:finding_id": lambda p: p.rows["maturity_finding"].id,
    "link_id": lambda p: p.rows["link"].id,
    "moderation_id": lambda p: p.rows["moderation"].id,
    "appeal_id": lambda p: p.rows["appeal"].id,
    "contest_id": lambda p: p.rows["contest"].id,
    "contests:entry_id": lambda p: p.rows["contest_entry"].id,
    "contests:judge_id": lambda p: p.rows["contest_judge"].id,
    "contests:award_id": lambda p: p.rows["contest_award"].id,
    "contests:line_id": lambda p: p.rows["shortlisted"].id,
    "token": lambda p: "a-token-that-no-link-has",
    "thumbprint": lambda p: "a" * 43,
    "certificates:certificate_id": lambda p: p.rows["completion"].id,
    "certificates:code": lambda p: p.rows["completion"].code,
    "certificates:college_id": lambda p: p.rows["college"].id,
    "certificates:job_id": lambda p: p.rows["certificates_zip"].id,
    "certificates.show_sheet_import:job_id": lambda p: p.rows["certificates_import"].id,
    "certificates.download_sheet_faults:job_id": lambda p: p.rows["certificates_import"].id,
    "certificates.handle_sheet_import:job_id": lambda p: p.rows["certificates_import"].id,
    "certificates:sheet_id": lambda p: p.rows["certificates_draft"].id,
    "certificates:move": lambda p: "stop",
    "certificates.end_external:move": lambda p: "withdraw",
    "external_id": lambda p: p.rows["external_certificate"].id,
    "yield_id": lambda p: p.rows["joint_yield"].id,
    "income_id": lambda p: p.rows["income"].id,
    "claim_id": lambda p: p.rows["subsidy_claim"].id,
    "benefits:move": lambda p: "approved",
    "reporting:pack_id": lambda p: p.rows["evidence_pack"].id,
    "reporting:job_id": lambda p: p.rows["pack_job"].id,
    "reporting.show_annual_job:job_id": lambda p: p.rows["annual_job"].id,
    "reporting.stop_annual_job:job_id": lambda p: p.rows["annual_job"].id,
    "reporting:college_id": lambda p: p.rows["college"].id,
    "reporting:report_id": lambda p: p.rows["annual_report"].id,
    "reporting:year": lambda p: 2026,
    "reporting:chapter": lambda p: "talent",
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
    _make_recruitment(world, made)
    _make_timetable(world, made)
    _make_lessons(world, made)
    _make_mentoring(world, made)
    _make_faculty(world, made)
    _make_placements(world, made)
    _make_attendance(world, made)
    _make_practice(world, made)
    _make_guidance(world, made)
    _make_improvement(world, made)
    _make_evaluation(world, made)
    _make_moderation(world, made)
    _make_contests(world, made)
    _make_standards(world, made)
    _make_bank(world, made)
    _make_materials(world, made)
    _make_research(world, made)
    _make_testing(world, made)
    _make_employment(world, made)
    _make_links(world, made)
    _make_classes(world, made)
    _make_reports(world, made)
    _make_quality(world, made)
    _make_certificates(world, made)
    _make_benefits(world, made)
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
        made.rows["roster_draft"] = keep(
            keep_upload(
                db.session.merge(program),
                "姓名,学号\n新学员,S90001\n".encode(),
                filename="名册.csv",
                college_id=world.college.id,
                by=made.people[Role.STAFF],
                now=NOW,
            )
        )
        made.rows["placements_draft"] = keep(
            SheetDraft(
                kind="placements-import",
                file_id=0,
                name="安排.xlsx",
                organization_id=world.college.id,
                program_id=program.id,
                by_id=made.people[Role.STAFF].id,
                created_at=NOW,
            )
        )
        made.rows["placements_import"] = keep(
            Job(
                kind="placements-import",
                title="导入“安排.xlsx”",
                state=JobState.DONE,
                total=2,
                done=2,
                counts={"written": 1, "wrong": 1},
                params={"file": 0, "name": "安排.xlsx", "college": world.college.id},
                created_by=made.people[Role.STAFF].id,
                program_id=program.id,
                created_at=NOW,
            )
        )
        made.rows["roster_export"] = keep(
            Job(
                kind="roster-export",
                title="名册.xlsx",
                state=JobState.DONE,
                counts={"written": 1},
                params={"what": "masked", "q": "", "chosen": {}, "name": "名册.xlsx"},
                created_by=made.people[Role.STAFF].id,
                program_id=program.id,
                created_at=NOW,
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


def _make_recruitment(world: World, made: Populated) -> None:
    """A signed plan and a draft in the programme; the open page belongs to another one, which everybody may read of."""
    staff, program = made.people[Role.STAFF], made.rows["program"]
    public = world.program(State.RECRUITING, name="对外招生的项目", created_by=staff)
    with world.app.app_context():
        for number, state, one in (
            (1, PlanState.SIGNED, public),
            (1, PlanState.SIGNED, program),
            (2, PlanState.DRAFT, program),
        ):
            plan = keep(
                RecruitmentPlan(
                    program_id=one.id,
                    number=number,
                    state=state,
                    opens_on=TODAY,
                    closes_on=TODAY + timedelta(days=9),
                    created_by_id=staff.id,
                    created_at=NOW,
                    signed_at=NOW if state is PlanState.SIGNED else None,
                )
            )
            if number == 1:
                post = keep(
                    RecruitmentPost(
                        program_id=one.id, enterprise_id=world.enterprise.id, name="装调", major="机电"
                    )
                )
            made.rows["recruitment_line"] = keep(RecruitmentQuota(plan_id=plan.id, post_id=post.id, quota=5))
        made.rows["recruitment_page"] = keep(
            RecruitmentPage(
                program_id=public.id,
                code="openpagecode",
                is_open=True,
                changed_by_id=staff.id,
                changed_at=NOW,
            )
        )
        slot = made.rows["interview_slot"] = keep(
            InterviewSlot(
                program_id=program.id,
                day=TODAY,
                starts_at=NOW - timedelta(hours=1),
                ends_at=NOW,
                place="302",
                seats=2,
                taken=1,
                created_by_id=staff.id,
                created_at=NOW,
            )
        )
        made.rows["interview_booking"] = keep(
            InterviewBooking(slot_id=slot.id, application_id=made.rows["application"].id, booked_at=NOW)
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


def _make_attendance(world: World, made: Populated) -> None:
    """A session of yesterday with its closed register, a mark, a sheet that was sent; leave that waits."""
    staff, enrolment, now = made.people[Role.STAFF], made.rows["enrolment"], NOW
    yesterday, program = TODAY - timedelta(days=1), made.rows["program"]
    with world.app.app_context():
        held = made.rows["held"] = keep(
            TeachingSession(
                program_id=program.id,
                module_id=made.rows["module"].id,
                lineage=made.rows["module"].lineage,
                cohort_id=made.rows["cohort"].id,
                day=yesterday,
                first_unit=1,
                units=2,
                teacher_id=made.people[Role.SCHOOL_TEACHER].id,
                host_id=world.college.id,
                created_by_id=staff.id,
                created_at=now,
            )
        )
        keep(
            AttendanceRegister(
                session_id=held.id,
                program_id=program.id,
                secret=crypto.encrypt("00" * 32),
                begins_at=now - timedelta(days=1),
                ends_at=now - timedelta(hours=22),
                late_after=10,
                opened_by_id=staff.id,
                opened_at=now - timedelta(days=1),
                closed_at=now - timedelta(hours=22),
            )
        )
        note(Occasion(yesterday, held.id), {enrolment.id: Mark.ABSENT}, Source.HAND, by=staff, now=now)
        wrong = _make_file(made, b"PK\x03\x04 wrong rows", XLSX, "wrong.xlsx")
        made.rows["attendance_sheet"] = keep(
            Job(
                kind="attendance-sheet",
                title="考勤.xlsx",
                state=JobState.DONE,
                counts={"written": 0, "same": 0, "wrong": 1},
                params={"session": held.id},
                result_file_id=wrong.id,
                created_by=staff.id,
                program_id=program.id,
                created_at=now,
            )
        )
        made.rows["attendance_leave"] = keep(
            Leave(
                program_id=program.id,
                enrolment_id=enrolment.id,
                kind=LeaveKind.PERSONAL,
                starts_on=TODAY + timedelta(days=1),
                ends_on=TODAY + timedelta(days=1),
                reason=crypto.encrypt("家中有事"),
                asked_by_id=made.people[Role.TRAINEE].id,
                asked_at=now,
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


def _make_faculty(world: World, made: Populated) -> None:
    """The school teacher's profile with a scan of a qualification and of a stay; a team with one member."""
    staff, teacher = made.people[Role.STAFF], made.people[Role.SCHOOL_TEACHER]
    for name, kind in (("alliance", OrganizationKind.ALLIANCE), ("base", OrganizationKind.BASE)):
        made.rows[name] = world.organization(kind, name=f"{kind} 一号", registered_by_id=world.college.id)
    with world.app.app_context():
        made.rows["unit"] = keep(
            OrganizationUnit(organization_id=made.rows["alliance"].id, name="单位一", since=TODAY)
        )
    with world.app.app_context():
        profile = create_profile(
            db.session.get_one(User, teacher.id),
            db.session.get_one(Organization, world.college.id),
            by=staff,
            now=NOW,
        )
        db.session.flush()
        scan = store_bytes(
            b"%PDF-1.4 scan", name="scan.pdf", media_type="application/pdf", purpose="faculty", by=staff,
            program_id=None, now=NOW,
        )  # fmt: skip
        held = Qualification(profile_id=profile.id, name="高级技师", file_id=scan.id, by_id=staff.id, at=NOW)
        entry = PracticeEntry(
            profile_id=profile.id, organization_id=world.enterprise.id, enterprise="测试企业", post="装调",
            starts_on=TODAY - timedelta(days=60), ends_on=TODAY - timedelta(days=31), weekdays="1234567", days=30,
            file_id=scan.id, by_id=teacher.id, at=NOW, state=EntryState.ENTERED,
        )  # fmt: skip
        team = set_up(
            db.session.get_one(Organization, world.college.id), "教研室", Composition.SEVEN_FIVE, by=staff, now=NOW,
            program=db.session.get_one(Program, made.rows["program"].id),
        )  # fmt: skip
        db.session.add_all([held, entry])
        db.session.flush()
        member = take_in(team, profile, SeatRole.THEORY_TEACHER, since=TODAY, by=staff, now=NOW)
        sheet = Job(
            kind="faculty-import",
            title="导入“师资.xlsx”",
            state=JobState.DONE,
            params={"organization": world.college.id, "file": 0, "name": "师资.xlsx", "away": True},
            created_by=staff.id,
            created_at=NOW,
        )
        db.session.add(sheet)
        db.session.commit()
        made.files[scan.sha256] = path_of(scan.sha256).read_bytes()
        for name, row in (
            ("profile", profile),
            ("qualification", held),
            ("practice_entry", entry),
            ("team", team),
            ("team_member", member),
            ("faculty_import", sheet),
        ):
            db.session.refresh(row)
            made.rows[name] = row
        db.session.expunge_all()


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
        log_id, mentor = made.rows["log"].id, made.people[Role.ENTERPRISE_MENTOR]
        keep(LogPhoto(log_id=log_id, position=1, file_id=photo.id))
        made.rows["log_comment"] = keep(
            LogComment(log_id=log_id, text="看过了", by_id=mentor.id, by_name=mentor.name, at=NOW)
        )
        made.rows["log_hint"] = keep(
            LogHint(log_id=log_id, kind=HintKind.PASTED, params={"share": 80}, at=NOW)
        )
        draw = keep(
            SpotDraw(
                program_id=made.rows["program"].id,
                week=TODAY,
                mentor_id=mentor.id,
                pool=1,
                percent=5,
                seed="s",
                at=NOW,
            )
        )
        keep(
            SpotCheck(
                log_id=log_id, draw_id=draw.id, program_id=draw.program_id, mentor_id=mentor.id, due_on=TODAY
            )
        )


def _make_improvement(world: World, made: Populated) -> None:
    """An item that was reported with a file, what it proposes to the plan, and the college's robot."""
    program_id, staff = made.rows["program"].id, made.people[Role.STAFF]
    by: dict[str, Any] = {"by_id": staff.id, "by_name": staff.name, "at": NOW}
    with world.app.app_context():
        shown = _make_file(made, b"%PDF-1.4 evidence", "application/pdf", "evidence.pdf")
        item = ImprovementItem(
            program_id=program_id, source=ImprovementSource.HAND, source_key="populated", title="间隙测量",
            standard="平均 4 级", doer_id=made.people[Role.SCHOOL_TEACHER].id, doer_name="人", due_on=TODAY, **by,
        )  # fmt: skip
        made.rows["improvement_item"] = keep(item)
        item_id = made.rows["improvement_item"].id
        deed = ImprovementDeed(
            item_id=item_id, round=1, deed=Deed.REPORTED, note="做了", file_id=shown.id, **by
        )
        made.rows["improvement_deed"] = keep(deed)
        proposal = ImprovementProposal(
            item_id=item_id, round=1, program_id=program_id, change="加 8 学时", made_at=NOW
        )
        made.rows["improvement_proposal"] = keep(proposal)
        robot = NoticeRobot(
            organization_id=world.college.id, kind=RobotKind.WECOM, name="教务群", host="qyapi.weixin.qq.com",
            url_sealed=crypto.encrypt("https://qyapi.weixin.qq.com/x"), topics=["digest"], **by,
        )  # fmt: skip
        made.rows["notice_robot"] = keep(robot)
    _make_integrations(world, made)
    _make_exchange(world, made)


def _make_integrations(world: World, made: Populated) -> None:
    account, staff = world.user(None, name="学工系统"), made.people[Role.STAFF]
    by: dict[str, Any] = {"by_id": staff.id, "by_name": staff.name, "at": NOW}
    token: dict[str, Any] = {"beginning": "tm_", "created_at": NOW, "expires_at": NOW + timedelta(days=30)}
    with world.app.app_context():
        made.rows["integration"] = system = keep(
            ApiIntegration(
                organization_id=world.college.id, user_id=account.id, role=Role.STAFF, name="学工系统", **by
            )
        )
        made.rows["system_token"] = keep(
            ApiToken(user_id=account.id, integration_id=system.id, name="夜间", digest="1", **token)
        )
        made.rows["sign_in_provider"] = keep(
            SignInProvider(
                organization_id=world.college.id, kind=ProviderKind.CAS, name="统一身份认证",
                issuer="https://cas.example.edu.cn/cas", link_rule=LinkRule.NUMBER, by_id=staff.id, at=NOW,
            )
        )  # fmt: skip
        made.rows["own_token"] = keep(ApiToken(user_id=staff.id, name="脚本", digest="2", **token))
        made.rows["webhook"] = keep(
            Webhook(
                organization_id=world.college.id, name="数据中台", url="https://hooks.example.com/in",
                secret_sealed=crypto.encrypt("x"), topics=[WebhookTopic(event=Event.LOG_SIGNED)], **by,
            )
        )  # fmt: skip


def _make_exchange(world: World, made: Populated) -> None:
    """Files that an administrator had looked at and written, and a learning record store."""
    admin, college = made.people[Role.ADMINISTRATOR], world.college
    manifest = "propertyName,value\noneroster.version,1.2\n"
    orgs = ",".join(HEADERS["orgs"]) + "\n,,,,school,,\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("manifest.csv", manifest)
        archive.writestr("orgs.csv", orgs)
    with world.app.app_context():
        sealed = _make_file(
            made, crypto.encrypt_bytes(out.getvalue()), "application/octet-stream", "roster.zip"
        )
        over: dict[str, Any] = {
            "state": JobState.DONE, "created_by": admin.id, "created_at": NOW, "finished_at": NOW,
        }  # fmt: skip
        params = {"college": college.id, "file": sealed.id, "name": "roster.zip"}
        made.rows["exchange_look"] = look = keep(
            Job(kind="roster-look", title="OneRoster", params=params, counts={"orgs.wrong": 1}, **over)
        )
        keep(ExchangeLine(job_id=look.id, file="orgs", line=2, outcome=Outcome.WRONG, reason="no sourcedId"))
        made.rows["exchange_file"] = keep(
            Job(kind="roster-out", title="OneRoster", params=params, result_file_id=sealed.id, **over)
        )
        made.rows["learning_store"] = keep(
            LearningStore(
                college_id=college.id, name="学习记录库", url="https://lrs.example.com/xapi", since=NOW, at=NOW,
                root="https://trainmgr.example.com/", password_sealed=crypto.encrypt("x"), by_id=admin.id, by_name="x",
            )
        )  # fmt: skip


def _make_guidance(world: World, made: Populated) -> None:
    program_id, enrolment_id = made.rows["program"].id, made.rows["enrolment"].id
    staff, teacher = made.people[Role.STAFF], made.people[Role.SCHOOL_TEACHER]
    here: dict[str, Any] = {"program_id": program_id, "enrolment_id": enrolment_id}
    by: dict[str, Any] = {"by_id": teacher.id, "by_name": teacher.name, "at": NOW}
    both = here | by
    with world.app.app_context():
        proof = _make_file(made, b"\xff\xd8\xff\xe0 a proof", "image/jpeg", "proof.jpg")
        # A gate of a stage that the plan does not judge any more, so that the present one is still to be judged.
        loop = GateDecision(
            stage_number=99,
            outcome=GateOutcome.REMEDIAL,
            remedial_task="再测十件",
            remedial_due_on=TODAY,
            **both,
        )
        decision = keep(loop)
        task = RemedialTask(decision_id=decision.id, position=1, what="再测十件", due_on=TODAY, **here)
        made.rows["remedial_task"] = keep(task)
        task_id = made.rows["remedial_task"].id
        report = RemedialReport(task_id=task_id, number=1, text="测了", file_id=proof.id, **by)
        made.rows["remedial_report"] = keep(report)
        for side, role in (
            (Side.COLLEGE, Role.COLLEGE_COUNSELLOR),
            (Side.ENTERPRISE, Role.ENTERPRISE_COUNSELLOR),
        ):
            named = Counsel(side=side, user_id=made.people[role].id, since=TODAY, **both)
            made.rows["counsel"] = keep(named)
        plan = StudyPlan(number=1, opened_by_id=staff.id, opened_at=NOW, **here)
        made.rows["study_plan"] = keep(plan)
        plan_id = made.rows["study_plan"].id
        made.rows["study_task"] = keep(
            StudyTask(plan_id=plan_id, revision=1, position=1, what="读图", due_on=TODAY)
        )
        tutor: dict[str, Any] = {"tutor_id": teacher.id, "tutor_name": teacher.name}
        tutoring = TutoringTask(what="一起读图", due_on=TODAY, **tutor, **both)
        made.rows["tutoring_task"] = keep(tutoring)
        sign = RiskSign(
            code=RiskCode.SILENT, params={"figure": 20, "limit": 14}, found_on=TODAY, seen_on=TODAY, **here
        )
        made.rows["risk_sign"] = keep(sign)
        reason: dict[str, Any] = {"side": Side.COLLEGE, "points": 5}
        rule = PointRule(program_id=program_id, aspect=Aspect.SAFETY, name="提案", **reason, **by)
        made.rows["point_rule"] = keep(rule)
        entry = PointEntry(rule_id=made.rows["point_rule"].id, day=TODAY, **reason, **both)
        made.rows["point_entry"] = keep(entry)
        award = GuidanceAward(
            side=Side.ENTERPRISE,
            kind=AwardKind.TITLE,
            name="产线之星",
            basis="月度",
            awarded_on=TODAY,
            **both,
        )
        made.rows["guidance_award"] = keep(award)


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
        keep(
            Rating(
                program_id=program.id,
                window_id=final_id,
                enrolment_id=made.rows["enrolment"].id,
                party=RatingParty.TEACHER,
                rater_id=made.people[Role.SCHOOL_TEACHER].id,
                state=RatingState.SUBMITTED,
                score=4.0,
                coverage=1.0,
                created_at=NOW,
                submitted_at=NOW,
            )
        )
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


def _make_moderation(world: World, made: Populated) -> None:
    here = {
        "program_id": made.rows["program"].id,
        "window_id": made.rows["window"].id,
        "enrolment_id": made.rows["enrolment"].id,
    }
    with world.app.app_context():
        later = NOW + timedelta(days=5)
        made.rows["moderation"] = keep(Moderation(gap=3, opened_at=NOW, answer_until=later, **here))
        for party, role in (
            (RatingParty.ENTERPRISE, Role.ENTERPRISE_MENTOR),
            (RatingParty.TEACHER, Role.SCHOOL_TEACHER),
        ):
            rater = {"rater_id": made.people[role].id, "rater_name": made.people[role].name}
            keep(ModerationSide(moderation_id=made.rows["moderation"].id, party=party, **rater))
        made.rows["appeal"] = keep(Appeal(grounds="补测过", made_at=NOW, **here))


def _make_contests(world: World, made: Populated) -> None:
    program, staff, enrolment = made.rows["program"], made.people[Role.STAFF], made.rows["enrolment"]
    by: dict[str, Any] = {"by_id": staff.id, "at": NOW}
    with world.app.app_context():
        paper = _make_file(made, b"%PDF-1.7 paper of an award", "application/pdf", "paper.pdf")
        contest = Contest(
            college_id=world.college.id,
            program_id=program.id,
            kind=ContestKind.SKILL,
            level=ContestLevel.COLLEGE,
            name=f"{SECRET_PROGRAM} contest",
            held_on=TODAY,
            state=ContestState.OPEN,
            created_by_id=staff.id,
            created_at=NOW,
        )
        contest_id = (made.rows.setdefault("contest", keep(contest))).id
        keep(ContestCriterion(contest_id=contest_id, position=1, name="装配", most=60, weight=1))
        entry = ContestEntry(contest_id=contest_id, number=1, name=enrolment.name, **by)
        made.rows["contest_entry"] = keep(entry)
        entry_id = made.rows["contest_entry"].id
        keep(ContestMember(contest_id=contest_id, entry_id=entry_id, enrolment_id=enrolment.id))
        for role in (role for role in Role if Permission.CONTEST_JUDGE in GRANTS[role]):
            judge = made.people[role]
            seat = ContestJudge(contest_id=contest_id, user_id=judge.id, organization_id=world.college.id)
            made.rows["contest_judge"] = keep(seat)
        award = ContestAward(
            college_id=world.college.id,
            contest_name=f"{SECRET_PROGRAM} award",
            kind=PrizeKind.PRIZE,
            level=ContestLevel.NATION,
            grade=Grade.SECOND,
            holders_text=SECRET_TRAINEE,
            awarded_on=TODAY,
            year=TODAY.year,
            proof_id=paper.id,
            by_name=staff.name,
            holders=[AwardHolder(enrolment_id=enrolment.id)],
            **by,
        )
        made.rows["contest_award"] = keep(award)
        line = Shortlisted(
            enterprise_id=world.enterprise.id, enrolment_id=enrolment.id, by_name=staff.name, **by
        )
        made.rows["shortlisted"] = keep(line)


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


def _make_employment(world: World, made: Populated) -> None:
    """The trainee has passed, told in an open round to work for the enterprise, began there, and has a record."""
    program, trainee, staff = made.rows["program"], made.rows["enrolment"], made.people[Role.STAFF]
    by: dict[str, Any] = {"by_id": staff.id, "by_name": staff.name, "at": NOW}
    inside: dict[str, Any] = {"program_id": program.id, "enrolment_id": trainee.id}
    firm: dict[str, Any] = {"organization_id": world.enterprise.id}
    with world.app.app_context():
        passed = sa.select(PassDecision.id).where(
            PassDecision.enrolment_id == trainee.id, PassDecision.is_present
        )
        if db.session.scalar(passed) is None:
            keep(PassDecision(kind=PassKind.PASSED, **inside, **by))
        days = {"opens_on": TODAY - timedelta(days=5), "closes_on": TODAY + timedelta(days=900)}
        asked = keep(FollowUpRound(program_id=program.id, year=2026, months=0, opened_at=NOW, **days, **by))
        made.rows["follow_up"] = asked
        keep(
            FollowUpAnswer(
                round_id=asked.id, source=AnswerSource.GRADUATE, destination=Destination.EMPLOYED,
                employer_id=world.enterprise.id, match=Match.YES, **inside, **by,
            )
        )  # fmt: skip
        made.rows["post_event"] = keep(
            PostEvent(kind=PostStep.TRIAL, on_day=TODAY, is_present=True, **inside, **firm, **by)
        )
        consent = keep(RecordConsent(given=True, at=NOW, **inside, **firm))
        file = _make_file(made, b"PK a record", "application/zip", "record.zip")
        made.rows["carried_record"] = keep(
            CarriedRecord(
                consent_id=consent.id, code="A2B3C4D5E6F7G8H9", document="{}", document_sha256="0" * 64, signature="..",
                pdf_sha256="1" * 64, file_id=file.id, **inside, **firm, **by,
            )
        )  # fmt: skip


def _make_links(world: World, made: Populated) -> None:
    """A link of the enterprise's mentor."""
    mentor = made.people[Role.ENTERPRISE_MENTOR]
    with world.app.app_context():
        made.rows["link"] = keep(
            MentorLink(
                program_id=made.rows["program"].id,
                user_id=mentor.id,
                organization_id=world.enterprise.id,
                side=Side.ENTERPRISE,
                token_digest=hashlib.sha256(b"a token").hexdigest(),
                issued_by_id=made.people[Role.ENTERPRISE_COORDINATOR].id,
                issued_at=NOW,
                expires_at=NOW + timedelta(days=30),
            )
        )


def _make_classes(world: World, made: Populated) -> None:
    """A proposal, a rotation, an exchange, an announcement with a file, a thread, a planned change of standing."""
    program, cohort, trainee = made.rows["program"], made.rows["cohort"], made.rows["enrolment"]
    staff, master = made.people[Role.STAFF], made.people[Role.ENTERPRISE_MENTOR]
    other, day = world.cohort(program, "B 班"), TODAY + timedelta(days=30)
    by: dict[str, Any] = {"by_id": staff.id, "by_name": staff.name}
    inside: dict[str, Any] = {"program_id": program.id, "cohort_id": cohort.id} | by | {"at": NOW}
    with world.app.app_context():
        parts = [{"name": "A", "id": None}, {"name": "B", "id": None}]
        proposal = keep(ClassSplit(program_id=program.id, parts=parts, computed_at=NOW, **by))
        keep(ClassSeat(split_id=proposal.id, enrolment_id=trainee.id, part=0))
        made.rows["class_period"] = keep(
            ClassPeriod(
                program_id=program.id, starts_on=TODAY, ends_on=day,
                turns=[ClassTurn(cohort_id=cohort.id, teacher_id=master.id)],
            )
        )  # fmt: skip
        made.rows["class_exchange"] = keep(
            ClassExchange(
                program_id=program.id,
                first_id=cohort.id,
                second_id=other.id,
                day=TODAY,
                topic="比一比",
                at=NOW,
                **by,
            )
        )
        file = _make_file(made, b"%PDF-1.4", "application/pdf", "安排.pdf")
        made.rows["announcement"] = keep(ClassAnnouncement(title=SECRET_PROGRAM, file_id=file.id, **inside))
        made.rows["class_thread"] = keep(ClassMessage(title=SECRET_PROGRAM, text="问", last_at=NOW, **inside))
        made.rows["standing_change"] = keep(
            StandingChange(
                program_id=program.id, enrolment_id=trainee.id, kind=StandingKind.SUSPEND, at=NOW,
                state=StandingState.PLANNED, day=day, reason="参军", **by,
            )
        )  # fmt: skip


def _make_reports(world: World, made: Populated) -> None:
    staff, program = made.people[Role.STAFF], made.rows["program"]
    own = {"by_id": staff.id, "by_name": staff.name, "at": NOW}
    with world.app.app_context():
        file = _make_file(made, b"a pack", "application/zip", "pack.zip")
        word = _make_file(made, b"a report", DOCX, "report.docx")
        made.rows["evidence_pack"] = keep(
            EvidencePack(
                program_id=program.id, digest="0" * 64, people=1, entries=1, size=6, reason="验收",
                file_id=file.id, **own,
            )
        )  # fmt: skip
        made.rows["annual_report"] = keep(
            AnnualReport(college_id=program.lead_college_id, year=2026, number=1, file_id=word.id, **own)
        )
        keep(ReportTemplate(college_id=program.lead_college_id, number=1, file_id=word.id, **own))
        common = {"state": JobState.DONE, "created_by": staff.id, "created_at": NOW}
        made.rows["pack_job"] = keep(
            Job(kind="evidence-pack", title="佐证材料", program_id=program.id, **common)
        )
        made.rows["annual_job"] = keep(
            Job(
                kind="annual-report", title="年报", params={"college": program.lead_college_id, "year": 2026},
                **common,
            )
        )  # fmt: skip


def _make_quality(world: World, made: Populated) -> None:
    staff, assessor, program = (
        made.people[Role.STAFF],
        made.people[Role.OUTSIDE_ASSESSOR],
        made.rows["program"],
    )
    with world.app.app_context():
        college_id = program.lead_college_id
        house = sa.select(Membership.organization_id).where(Membership.user_id == assessor.id)
        draft = trees.draw_up(college_id, "拟定中的体系", by=staff, now=NOW)
        used = trees.draw_up(college_id, "已发布的体系", by=staff, now=NOW)
        trees.release(used, by=staff, now=NOW)
        asking = assessing.Asking(
            "第三方评价", 2026, used, assessor, db.session.scalar(house), TODAY, TODAY + timedelta(days=60),
            [program.id],
        )  # fmt: skip
        evaluation = assessing.ask(college_id, asking, by=staff, now=NOW)
        finding = assessing.finding_of(FindingKind.WEAKNESS, "记录不全", "")
        finding.evaluation_id, finding.at = evaluation.id, NOW
        made.rows["maturity_tree"], made.rows["maturity_index"] = draft, draft.indices[0]
        made.rows["maturity_evaluation"], made.rows["maturity_scored"] = evaluation, used.indices[-1]
        made.rows["maturity_finding"] = finding
        keep(finding, draft, draft.indices[0], evaluation, used.indices[-1])


def _make_certificates(world: World, made: Populated) -> None:
    """The trainee's certificate, one of somebody else, an archive, and a sheet that waits and one that was read."""
    program, trainee, staff = made.rows["program"], made.rows["enrolment"], made.people[Role.STAFF]
    whose: dict[str, Any] = {
        "program_id": program.id, "enrolment_id": trainee.id, "user_id": trainee.user_id
    }  # fmt: skip
    asked: dict[str, Any] = {"created_by": staff.id, "program_id": program.id, "created_at": NOW}
    with world.app.app_context():
        made.rows["completion"] = keep(
            Certificate(
                college_id=world.college.id, year=2026, number=1, code="ABCDEFGHJKMNPQRS", holder_part="TUVWXY",
                credential_id="5d3b9a52-0f0e-4d3c-9a0a-6f0c7b1f4c51", origin="http://localhost/", holder_name="某某",
                program_name="公开名称", college_name="测试学院", issued_on=TODAY, issued_at=NOW, by_id=staff.id,
                by_name=staff.name, **whose,
            )
        )  # fmt: skip
        made.rows["external_certificate"] = keep(
            ExternalCertificate(
                level=Level.SENIOR, name="电工", number="Z1", number_key="Z1", issuer="中心", issuer_key="k",
                issued_on=TODAY, entered_by_id=staff.id, entered_by_name=staff.name, entered_at=NOW, **whose,
            )
        )  # fmt: skip
        made.rows["certificates_zip"] = keep(
            Job(
                kind="certificates-zip",
                title="证书",
                state=JobState.DONE,
                params={"name": "证书.zip"},
                **asked,
            )
        )
        read = {"file": 0, "name": "证书.xlsx", "college": world.college.id}
        made.rows["certificates_import"] = keep(
            Job(kind="certificates-import", title="证书", state=JobState.DONE, params=read, **asked)
        )
        made.rows["certificates_draft"] = keep(
            SheetDraft(
                kind="certificates-import", file_id=0, name="证书.xlsx", organization_id=world.college.id,
                program_id=program.id, by_id=staff.id, created_at=NOW,
            )
        )  # fmt: skip


def _make_benefits(world: World, made: Populated) -> None:
    """A joint outcome, an income, a claim with the trainee in it."""
    program, trainee, staff = made.rows["program"], made.rows["enrolment"], made.people[Role.STAFF]
    by: dict[str, Any] = {"program_id": program.id, "by_id": staff.id, "by_name": staff.name, "at": NOW}
    with world.app.app_context():
        owner = YieldShare(position=1, owner="测试学院", is_person=False, basis_points=10_000)
        made.rows["joint_yield"] = keep(
            JointYield(kind=YieldKind.PATENT, title=SECRET_PROGRAM, achieved_on=TODAY, ownership="双方共有",
                       benefit="平分", shares=[owner], **by)
        )  # fmt: skip
        made.rows["income"] = keep(
            Income(received_on=TODAY, kind=IncomeKind.SERVICE, source=SECRET_PROGRAM, amount_cents=100, **by)
        )
        claim = made.rows["subsidy_claim"] = keep(
            SubsidyClaim(
                number=1, kind=ClaimKind.TRAINING, office="人社局", basis="文件", amount_cents=100, **by
            )
        )
        keep(
            ClaimPerson(claim_id=claim.id, program_id=program.id, enrolment_id=trainee.id, user_id=trainee.user_id,
                        kind=ClaimKind.TRAINING, name=trainee.name, minutes=60, amount_cents=100)
        )  # fmt: skip


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

"""The pages that are measured, each as somebody who uses it, on the largest programme of the first college."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import Flask, url_for

from tests.bench import PEOPLE, large
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.evaluation.models import Window
from trainmgr.evaluation.queries import is_rated
from trainmgr.evaluation.rules import Party
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.mentoring.models import Mentor, ProgramMentor
from trainmgr.practice.models import GateDecision
from trainmgr.programs.models import Program
from trainmgr.standards.models import JobStandard

BARE = "bare"


@dataclass(frozen=True)
class Page:
    """A page: its name in the report, who opens it, its endpoint and arguments."""

    name: str
    person: str
    endpoint: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """What the addresses name."""

    program: int
    enrolment: int
    cohort: int
    window: int
    mentor: int
    stage: int
    rated: int
    owed: int
    word: str
    large: int
    standard: int


def facts() -> Facts:
    """Find the largest programme of the first college and rows of it."""
    # The size is planned and taken alike; counting 500,000 trainees for this would warm the wrong pages.
    program = db.session.scalars(
        sa.select(Program).order_by(Program.planned_size.desc(), Program.id).limit(1)
    ).one()
    own = Enrolment.program_id == program.id
    trainee, mentor = (_user(PEOPLE[person][0]) for person in ("trainee", "mentor"))
    window = db.session.scalars(sa.select(Window.id).where(Window.program_id == program.id)).one()
    mine = sa.select(Enrolment.id).where(own, Enrolment.enterprise_mentor_id == mentor.id)
    return Facts(
        program=program.id,
        enrolment=db.session.scalars(
            sa.select(Enrolment.id).where(own, Enrolment.user_id == trainee.id)
        ).one(),
        cohort=db.session.scalars(sa.select(Cohort.id).where(Cohort.program_id == program.id).limit(1)).one(),
        window=window,
        mentor=db.session.scalars(
            sa.select(ProgramMentor.id)
            .join(Mentor, Mentor.id == ProgramMentor.mentor_id)
            .where(ProgramMentor.program_id == program.id, Mentor.user_id == mentor.id)
        ).one(),
        stage=db.session.scalar(
            sa.select(sa.func.max(GateDecision.stage_number)).where(GateDecision.program_id == program.id)
        )
        or 1,
        rated=db.session.scalars(mine.where(is_rated(window, Party.ENTERPRISE)).limit(1)).one(),
        owed=db.session.scalars(mine.where(~is_rated(window, Party.ENTERPRISE)).limit(1)).one(),
        word=trainee.name[:1],
        large=large_program(),
        standard=db.session.scalars(sa.select(JobStandard.id).where(JobStandard.code == large.CODE)).one(),
    )


def large_program() -> int:
    """Return the id of the programme with the large plan."""
    return db.session.scalars(sa.select(Program.id).where(Program.name == large.NAME)).one()


def _user(username: str) -> User:
    return db.session.scalars(sa.select(User).where(User.username == username)).one()


def pages(found: Facts) -> Iterator[Page]:
    """Yield every page that is measured; the thread's nine steps first."""
    of_program = {"program_id": found.program}
    steps = (
        ("1 pathway", "programs.show_pathway"),
        ("2 set-up", "programs.show_setup"),
        ("3 needs", "needs.show_needs"),
        ("4 plan", "curriculum.show_plan"),
        ("5 roster", "enrolment.show_roster"),
        ("6 mentors", "mentoring.show_mentors"),
        ("7 practice", "practice.show_practice"),
        ("8 evaluation", "evaluation.show_evaluation"),
        ("9 result", "outcomes.show_result"),
    )
    yield Page("programme home", "staff", "programs.show_program", of_program)
    for name, endpoint in steps:
        yield Page(name, "staff", endpoint, of_program)
    yield from _deeper(found, of_program)
    yield from _lists(found)
    yield from _others(found, of_program)
    yield from _quality(found, of_program)
    yield from _large(found)


def _quality(found: Facts, of_program: Mapping[str, Any]) -> Iterator[Page]:
    """Yield the pages of figures, of the annual report and of improvement; the college's are over all its trainees."""
    one = {"kind": "program", "id": found.program}
    yield Page("9 insights", "staff", "insights.show_insights", of_program)
    yield Page("9 closing report", "staff", "reporting.show_closing", of_program)
    yield Page("9 evidence pack", "staff", "reporting.confirm_pack", of_program)
    yield Page("9 improvement", "staff", "improvement.list_program_items", of_program)
    yield Page("9 findings", "staff", "improvement.list_findings", of_program)
    yield Page("dashboard, college", "staff", "quality.show_dashboard")
    yield Page("dashboard, programme", "staff", "quality.show_dashboard", one)
    yield Page("dashboard, coordinator", "coordinator", "quality.show_dashboard")
    yield Page("five golds", "staff", "quality.show_golds")
    yield Page("wall screen", "staff", "quality.show_wall")
    yield Page("figure by programme", "staff", "quality.show_figure", {"code": "composite", "by": "program"})
    yield Page("records of a figure", "staff", "quality.list_records", {"code": "composite", **one})
    yield Page("improvement, college", "staff", "improvement.list_items")
    yield Page("annual reports", "staff", "reporting.list_reports")


def _deeper(found: Facts, of_program: Mapping[str, Any]) -> Iterator[Page]:
    trainee = {**of_program, "enrolment_id": found.enrolment}
    window = {**of_program, "window_id": found.window}
    yield Page("4 matrix", "staff", "curriculum.show_matrix", of_program)
    yield Page("5 roster, last page", "staff", "enrolment.show_roster", {**of_program, "page": 36})
    yield Page("5 roster, search", "staff", "enrolment.show_roster", {**of_program, "q": found.word})
    yield Page("5 roster, by hours", "staff", "enrolment.show_roster", {**of_program, "sort": "-verified"})
    yield Page("5 classes", "staff", "classes.list_classes", of_program)
    yield Page("5 trainee", "staff", "enrolment.show_trainee", trainee)
    yield Page(
        "6 one mentor", "staff", "mentoring.show_mentor", {**of_program, "program_mentor_id": found.mentor}
    )
    yield Page("7 trainee's logs", "staff", "practice.show_trainee", trainee)
    yield Page("7 gate", "staff", "practice.show_gate", {**of_program, "stage_number": found.stage})
    yield Page("8 scheme", "staff", "evaluation.show_scheme", of_program)
    yield Page("8 outstanding", "staff", "evaluation.list_outstanding", {**window, "party": "enterprise"})
    yield Page(
        "8 class result", "staff", "evaluation.show_class_result", {**window, "cohort_id": found.cohort}
    )
    yield Page("8 trainee's result", "staff", "evaluation.show_trainee_result", trainee)
    yield Page("trail", "staff", "programs.show_trail", of_program)


def _lists(found: Facts) -> Iterator[Page]:
    yield Page("inbox, staff", "staff", "inbox.show_inbox")
    yield Page("programmes", "staff", "programs.list_programs")
    yield Page("people", "staff", "people.list_people")
    yield Page("people, search", "staff", "people.list_people", {"q": found.word})
    yield Page("search", "staff", "search.show_results", {"q": found.word})
    yield Page("pathways", "staff", "pathways.list_pathways")


def _others(found: Facts, of_program: Mapping[str, Any]) -> Iterator[Page]:
    rating = {"window_id": found.window, "party": "enterprise"}
    yield Page("home, coordinator", "coordinator", "programs.show_program", of_program)
    yield Page("roster, coordinator", "coordinator", "enrolment.show_roster", of_program)
    yield Page("inbox, mentor", "mentor", "inbox.show_inbox")
    yield Page("my trainees", "mentor", "mentoring.list_my_trainees")
    yield Page("logs to sign", "mentor", "practice.list_logs_to_sign")
    yield Page("my ratings", "mentor", "evaluation.list_my_ratings")
    yield Page("rating form", "mentor", "evaluation.show_rating_form", {**rating, "enrolment_id": found.owed})
    yield Page("inbox, trainee", "trainee", "inbox.show_inbox")
    yield Page("my logs", "trainee", "practice.list_my_logs")
    yield Page("new log", "trainee", "practice.new_log")
    yield Page("my result", "trainee", "evaluation.show_my_result")


def _large(found: Facts) -> Iterator[Page]:
    version = {"standard_id": found.standard, "number": 1}
    yield Page("large map", "staff", "standards.show_map", version)
    yield Page("large map, SVG", "staff", "standards.download_map", version)
    yield Page("large standard", "staff", "standards.show_version", version)
    of_program = {"program_id": found.large}
    yield Page("large board", "staff", "curriculum.show_board", of_program)
    yield Page("large plan", "staff", "curriculum.show_plan", of_program)
    yield Page("large matrix", "staff", "curriculum.show_matrix", of_program)
    yield Page("large proposal", "staff", "curriculum.show_distribution", {**of_program, "number": 1})


def addresses(app: Flask) -> list[tuple[str, str, str]]:
    """Return (name, person, address) of every page that this application has."""
    with app.app_context():
        wanted = list(pages(facts()))
        db.session.rollback()
    with app.test_request_context():
        return [
            (page.name, page.person, url_for(page.endpoint, **page.arguments))
            for page in wanted
            if page.endpoint in app.view_functions
        ]


def large_plan(app: Flask) -> int:
    """Return the id of the programme whose large plan is edited."""
    with app.app_context():
        found = large_program()
        db.session.rollback()
    return found

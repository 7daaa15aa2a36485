"""The demo cases: what is loaded agrees with the records, everybody gets in, and all of it goes again."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from trainmgr.curriculum.models import Edition, EditionState
from trainmgr.demo import PASSWORD, SIGN_INS
from trainmgr.demo.loading import FEW_TECHNICIANS, TECHNICIANS
from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState
from trainmgr.evaluation.models import Rating, RatingState, Result, Window
from trainmgr.evaluation.rules import WindowKind
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.db import db
from trainmgr.mentoring.choice_models import ChoiceAnswer, ChoiceRound, ChoiceWish
from trainmgr.mentoring.models import Assignment, Mentor, ProgramMentor, Proposal, ProposalState
from trainmgr.outcomes.models import GapClosure, PassDecision, PassKind
from trainmgr.practice.models import (
    GateDecision,
    GateOutcome,
    LogDecision,
    LogDecisionKind,
    LogState,
    PracticeLog,
)
from trainmgr.programs.dues import CODES
from trainmgr.programs.models import Due, Program, ProgramStep
from trainmgr.programs.rules import Side, State, Step
from trainmgr.recruitment.models import Application, ApplicationState

THREAD = (
    "programs.show_program",
    "programs.show_pathway",
    "programs.show_setup",
    "needs.show_needs",
    "curriculum.show_plan",
    "enrolment.show_roster",
    "mentoring.show_mentors",
    "practice.show_practice",
    "evaluation.show_evaluation",
    "outcomes.show_result",
)
STATES = {
    "zhanlan": [State.CLOSED, State.CLOSED],
    "eight-stage": [State.RUNNING],
    "funa": [State.RECRUITING],
    "wujin-four-layer": [State.ANALYSING],
    "five-dimension": [State.EVALUATING],
}

pytestmark = pytest.mark.demo


def programs_of(session, slug):
    return list(
        session.scalars(sa.select(Program).where(Program.pathway_slug == slug).order_by(Program.starts_on))
    )


def count(session, model, *conditions):
    return session.scalar(sa.select(sa.func.count()).select_from(model).where(*conditions))


def present(session, program):
    return count(
        session, Enrolment, Enrolment.program_id == program.id, Enrolment.state != EnrolmentState.WITHDRAWN
    )


def sign_in(client, name):
    return client.post("/sign-in", data={"name": name, "password": PASSWORD})


# --- what there is ---------------------------------------------------------------------------------


def test_the_cases_stand_where_they_are_said_to_stand(session):
    found = {slug: [program.state for program in programs_of(session, slug)] for slug in STATES}

    assert found == STATES
    assert count(session, Program) == sum(map(len, STATES.values()))


def test_zhanlan_trained_ninety_one_in_two_intakes_of_classes_a_and_b(session):
    first, second = programs_of(session, "zhanlan")

    classes = Counter(
        tuple(row)
        for row in session.execute(
            sa.select(Enrolment.program_id, Cohort.name).join(Cohort, Cohort.id == Enrolment.cohort_id)
        )
    )
    assert (present(session, first), present(session, second)) == (56, 35)
    assert classes[first.id, "A 班"] == classes[first.id, "B 班"] == 28
    assert abs(classes[second.id, "A 班"] - classes[second.id, "B 班"]) == 1
    assert second.predecessor_id == first.id


def test_zhanlan_has_seven_college_teachers_five_experts_and_two_masters(session):
    for program in programs_of(session, "zhanlan"):
        levels = Counter(
            session.scalars(
                sa.select(Mentor.level)
                .join(ProgramMentor, ProgramMentor.mentor_id == Mentor.id)
                .where(ProgramMentor.program_id == program.id)
            )
        )
        assert levels == {"副教授": 7, "常驻技术骨干": 5, "授业师傅": 2}


def test_the_masters_of_zhanlan_change_classes_and_who_signed_what_stays_known(session):
    program = programs_of(session, "zhanlan")[0]

    terms = session.execute(
        sa.select(
            Assignment.enrolment_id, Assignment.mentor_id, Assignment.starts_on, Assignment.ends_on
        ).where(Assignment.program_id == program.id, Assignment.side == Side.ENTERPRISE)
    ).all()

    by_trainee = {}
    for enrolment_id, mentor_id, starts_on, ends_on in terms:
        by_trainee.setdefault(enrolment_id, []).append((starts_on, ends_on, mentor_id))
    assert len(by_trainee) == 56
    for first, second in map(sorted, by_trainee.values()):
        assert first[2] != second[2]
        assert first[1] == second[0]


def test_closed_cases_have_every_log_signed_every_gate_passed_and_a_pass_list(session):
    for program in programs_of(session, "zhanlan"):
        people = present(session, program)
        own = PracticeLog.program_id == program.id
        assert count(session, PracticeLog, own) == count(
            session, PracticeLog, own, PracticeLog.state == LogState.SIGNED
        )
        gates = count(
            session, GateDecision, GateDecision.program_id == program.id, GateDecision.is_latest,
            GateDecision.outcome == GateOutcome.PASSED,
        )  # fmt: skip
        assert gates == people * 6
        decided = count(
            session, PassDecision, PassDecision.program_id == program.id, PassDecision.is_present,
            PassDecision.kind == PassKind.PASSED,
        )  # fmt: skip
        assert decided == people
        assert (
            count(session, GapClosure, GapClosure.program_id == program.id, GapClosure.cohort_id.is_(None))
            == 6
        )


def test_the_running_class_has_the_open_ends_of_a_running_class(session):
    (program,) = programs_of(session, "eight-stage")
    waiting = [
        PracticeLog.program_id == program.id,
        PracticeLog.state == LogState.SUBMITTED,
    ]

    editions = list(
        session.scalars(
            sa.select(Edition.state).where(Edition.program_id == program.id).order_by(Edition.number)
        )
    )
    assert program.current_stage == 6
    assert present(session, program) == 38
    assert (
        count(
            session,
            Enrolment,
            Enrolment.program_id == program.id,
            Enrolment.state == EnrolmentState.WITHDRAWN,
        )
        == 2
    )
    assert (
        count(
            session, Enrolment, Enrolment.program_id == program.id, Enrolment.state == EnrolmentState.REMEDIAL
        )
        == 2
    )
    assert editions == [EditionState.SUPERSEDED, EditionState.SIGNED, EditionState.DRAFT]
    assert 15 <= count(session, PracticeLog, *waiting) <= 60
    assert count(session, PracticeLog, *waiting, PracticeLog.signer_id.is_(None)) + count(
        session, Enrolment, Enrolment.program_id == program.id, Enrolment.enterprise_mentor_id.is_(None),
        Enrolment.state != EnrolmentState.WITHDRAWN,
    ) >= 1  # fmt: skip


def test_the_running_class_and_its_teachers_chose_each_other_in_two_rounds(session):
    (program,) = programs_of(session, "eight-stage")

    rounds = session.scalars(
        sa.select(ChoiceRound).where(ChoiceRound.program_id == program.id).order_by(ChoiceRound.number)
    ).all()
    wishing = [
        count(session, ChoiceWish, ChoiceWish.round_id == one.id, ChoiceWish.rank == 1) for one in rounds
    ]
    answers = [count(session, ChoiceAnswer, ChoiceAnswer.round_id == one.id) for one in rounds]
    proposals = session.scalars(
        sa.select(Proposal).where(Proposal.round_id.in_([one.id for one in rounds])).order_by(Proposal.id)
    ).all()
    assert [(one.number, one.side, one.matched_at is not None) for one in rounds] == [
        (1, Side.COLLEGE, True),
        (2, Side.COLLEGE, True),
    ]
    assert wishing == [40, 1]
    assert answers[0] == count(session, ChoiceWish, ChoiceWish.round_id == rounds[0].id)
    assert [(one.summary["placed"], one.summary["people"], one.summary["blocking"]) for one in proposals] == [
        (39, 40, 0),
        (1, 1, 0),
    ]
    assert all(one.state is ProposalState.APPROVED for one in proposals)
    assert (
        count(session, Due, Due.program_id == program.id, Due.code.in_(("choose-mentors", "answer-wishes")))
        == 0
    )


def test_a_priority_of_the_draft_edition_has_no_hours(session):
    (program,) = programs_of(session, "eight-stage")

    step = session.get(ProgramStep, (program.id, int(Step.CURRICULUM)))

    assert [
        item["params"]["competency"]["zh"] for item in step.missing if "competency" in item["params"]
    ] == ["生产数据采集与分析"]


def test_the_recruiting_case_has_applications_in_every_state(session):
    (program,) = programs_of(session, "funa")

    states = Counter(
        session.scalars(sa.select(Application.state).where(Application.program_id == program.id))
    )

    assert states[ApplicationState.ADMITTED] == present(session, program) == program.planned_size
    for state in (ApplicationState.PENDING, ApplicationState.WAITLISTED, ApplicationState.REJECTED):
        assert states[state] > 0


def test_the_large_case_has_all_its_technicians_in_classes_of_fifty(session):
    (program,) = programs_of(session, "five-dimension")
    classes = session.scalars(
        sa.select(sa.func.count()).where(Enrolment.program_id == program.id).group_by(Enrolment.cohort_id)
    ).all()

    assert TECHNICIANS == 1800  # the figure of the case; the tests load fewer
    assert present(session, program) == program.planned_size == FEW_TECHNICIANS
    assert max(classes) <= 50


def test_the_large_case_is_being_evaluated_and_some_ratings_are_missing(session):
    (program,) = programs_of(session, "five-dimension")
    window = session.scalars(
        sa.select(Window).where(Window.program_id == program.id, Window.kind == WindowKind.TERMINAL)
    ).one()

    given = count(session, Rating, Rating.window_id == window.id, Rating.state == RatingState.SUBMITTED)
    expected = 3 * present(session, program)

    assert window.opens_at <= utcnow() < window.closes_at
    assert 0.8 * expected < given < expected
    assert window.outstanding == expected - given
    assert count(session, Result, Result.window_id == window.id, Result.is_provisional) > 0


# --- figures are those of the records --------------------------------------------------------------


def test_every_trainees_hours_are_the_sum_of_the_logs(session):
    def minutes(*states):
        return (
            sa.select(sa.func.coalesce(sa.func.sum(PracticeLog.minutes), 0))
            .where(PracticeLog.enrolment_id == Enrolment.id, PracticeLog.state.in_(states))
            .scalar_subquery()
        )

    wrong = count(
        session, Enrolment,
        sa.or_(
            Enrolment.submitted_minutes != minutes(LogState.SUBMITTED, LogState.SIGNED),
            Enrolment.verified_minutes != minutes(LogState.SIGNED),
        ),
    )  # fmt: skip

    assert wrong == 0
    assert count(session, PracticeLog) > 1000


def test_every_signed_log_was_signed_by_whoever_guided_the_trainee_then(session):
    signed = sa.select(PracticeLog.enrolment_id, PracticeLog.day, PracticeLog.side, LogDecision.by_id).join(
        LogDecision, sa.and_(LogDecision.log_id == PracticeLog.id, LogDecision.kind == LogDecisionKind.SIGN)
    )
    log = signed.subquery()
    guided = sa.exists(
        sa.select(Assignment.id)
        .join(Mentor, Mentor.id == Assignment.mentor_id)
        .where(
            Assignment.enrolment_id == log.c.enrolment_id,
            Assignment.side == log.c.side,
            Mentor.user_id == log.c.by_id,
            Assignment.starts_on <= log.c.day,
            sa.or_(Assignment.ends_on.is_(None), Assignment.ends_on > log.c.day),
        )
    )

    assert session.scalar(sa.select(sa.func.count()).select_from(log).where(~guided)) == 0


def test_the_steps_count_the_trainees_that_there_are(session):
    for program in session.scalars(sa.select(Program)):
        step = session.get(ProgramStep, (program.id, int(Step.ENROLMENT)))
        assert step.params["present"] == present(session, program), program.name


def test_nothing_has_happened_in_the_future(session):
    now = utcnow()

    assert count(session, AuditEvent, AuditEvent.at > now) == 0
    assert count(session, Rating, Rating.submitted_at > now) == 0
    assert count(session, PracticeLog, PracticeLog.submitted_at > now) == 0


def test_the_inboxes_hold_something_late_and_something_for_this_week(session):
    day = today()

    assert count(session, Due, Due.due_on < day) > 0
    assert count(session, Due, Due.due_on >= day, Due.due_on <= day + timedelta(days=14)) > 0
    closed = Due.program_id.in_(sa.select(Program.id).where(Program.state == State.CLOSED))
    outliving = [name for name, code in CODES.items() if code.outlives]  # graduates, certificates of others
    assert count(session, Due, closed, Due.code.not_in(outliving)) == 0


# --- who gets in -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for _role, name, _password in SIGN_INS])
def test_everybody_who_is_named_signs_in_and_finds_an_inbox(client, name):
    assert sign_in(client, name).status_code == 302
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("name", "slugs"),
    [
        ("hezhiming", ["zhanlan"]),
        ("liwenjing", ["eight-stage", "funa"]),
        ("leichengzhi", ["wujin-four-layer"]),
        ("shenjiayi", ["wujin-four-layer"]),
        ("tanxiaofeng", ["five-dimension"]),
    ],
)
def test_staff_open_every_page_of_their_programmes_thread(app, client, name, slugs):
    with app.app_context():
        ids = [program.id for slug in slugs for program in programs_of(db.session, slug)]
    with app.test_request_context():
        addresses = [app.url_for(endpoint, program_id=key) for key in ids for endpoint in THREAD]
    sign_in(client, name)

    answers = {address: client.get(address).status_code for address in addresses}

    assert set(answers.values()) == {200}, answers


def test_a_college_sees_nothing_of_another_colleges_programmes(app, client):
    with app.app_context():
        others = [program.id for program in programs_of(db.session, "zhanlan")]
    sign_in(client, "liwenjing")

    assert {client.get(f"/programs/{key}").status_code for key in others} == {404}


# --- loading and dropping --------------------------------------------------------------------------


def test_loading_into_a_database_in_use_is_refused(cli):
    refused, spared = cli("demo", "load"), cli("demo", "load", "--if-empty")

    assert refused.exit_code == 1
    assert spared.exit_code == 0
    with_rows = cli("demo", "drop")
    assert with_rows.exit_code == 0


def test_dropping_leaves_an_empty_database(cli, app):
    result = cli("demo", "drop")

    assert result.exit_code == 0, result.output
    with app.app_context():
        for table in db.metadata.sorted_tables:
            assert db.session.scalar(sa.select(sa.func.count()).select_from(table)) == 0, table.name


def test_dropping_is_refused_where_somebody_has_added_something(cli, app, session):
    session.add(Organization(kind="college", name="自己的学院", created_at=utcnow()))
    session.commit()

    refused = cli("demo", "drop")

    assert refused.exit_code == 1
    assert "自己的学院" in refused.output
    assert count(session, User) > 0


def test_dropping_with_additions_takes_them_along(cli, session):
    session.add(Organization(kind="college", name="自己的学院", created_at=utcnow()))
    session.commit()

    assert cli("demo", "drop", "--with-additions").exit_code == 0
    session.expire_all()
    assert count(session, Organization) == 0

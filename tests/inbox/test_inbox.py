"""The inbox: what is due from each role, in what order, in how many statements."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import NOW, TODAY, keep
from trainmgr.curriculum.models import Edition, EditionState, PlanStage, Venue
from trainmgr.enrolment.models import EnrolmentState
from trainmgr.inbox.lines import urgency
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import record, sentence
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.practice.models import (
    GateDecision,
    GateOutcome,
    LogDecision,
    LogDecisionKind,
    LogState,
    PracticeLog,
)
from trainmgr.programs import dues
from trainmgr.programs.models import Due, ProgramStep
from trainmgr.programs.rules import State, Step, StepState

TESTED = sentence("inbox.tested", N_("%(who)s tested %(what)s"))


@pytest.fixture(autouse=True)
def _on_that_day(app):
    app.config["CLOCK"] = lambda: NOW
    dues.code(
        "inbox-test",
        dues.DueCode(
            Step.PRACTICE,
            "Sign %(amount)s logs of %(name)s",
            "Sign now",
            "programs.show_program",
            "%(hours)s hours",
        ),
    )
    yield
    del dues.CODES["inbox-test"]


def due(app, program, days=None, **values):
    due_on = None if days is None else TODAY + timedelta(days=days)
    values = {"code": "inbox-test", "amount": 3, "params": {"name": "彭浩然", "hours": 24}} | values
    with app.app_context():
        serial = db.session.query(Due).count()
        return keep(Due(key=f"k{serial}", program_id=program.id, visible_from=TODAY, due_on=due_on, **values))


def text_of(client, path="/", language="en"):
    return client.get(path, headers={"Accept-Language": language}).get_data(as_text=True)


def test_things_stand_in_order_of_urgency_each_with_words_and_a_way(app, world):
    person = world.user(Role.ENTERPRISE_MENTOR)
    program = world.program(State.RUNNING, name="蓝思学徒班")
    for days in (None, 9, 0, -3):
        due(app, program, days, user_id=person.id)

    page = text_of(world.signed_in(person))

    places = [page.index(f'id="due-{key}"') for key in ("overdue", "today", "later", "undated")]
    assert places == sorted(places)
    assert page.count("Sign 3 logs of 彭浩然") == 4
    assert "蓝思学徒班 · 24 hours" in page
    assert "3 days late" in page
    assert page.count(f'href="/programs/{program.id}"') >= 4
    assert page.count('<b class="count">') == 2
    assert page.count("btn-primary") == 1


@pytest.mark.parametrize(
    ("days", "group"), [(-1, "overdue"), (0, "today"), (1, "later"), (400, "later"), (None, "undated")]
)
def test_a_date_has_one_group(days, group):
    assert urgency(None if days is None else TODAY + timedelta(days=days), TODAY) == group


def test_what_is_due_by_role_goes_to_everybody_who_holds_it_there_and_to_nobody_else(app, world):
    program = world.program(State.RUNNING)
    due(app, program, 0, organization_id=world.college.id, role=Role.STAFF)
    inside, outside = world.user(Role.STAFF), world.user(Role.STAFF, world.organization())
    other_role = world.user(Role.ADMINISTRATOR)

    shown = ["彭浩然" in text_of(world.signed_in(person)) for person in (inside, outside, other_role)]

    assert shown == [True, False, False]


def test_a_due_thing_whose_page_or_words_are_gone_leads_to_its_programme(app, world):
    person, program = world.user(Role.STAFF), world.program(State.RUNNING)
    due(app, program, 0, user_id=person.id, code="of a feature that was removed")
    assert "Something is to be done" in text_of(world.signed_in(person))


def test_who_reminded_is_named(app, world):
    person, program = world.user(Role.STAFF), world.program(State.RUNNING)
    due(app, program, 0, user_id=person.id, reminded_by="李文静", reminded_at=NOW)
    assert "李文静 asks for it" in text_of(world.signed_in(person))


@pytest.mark.parametrize("role", list(Role))
def test_an_empty_inbox_says_so_and_offers_a_way(world, role):
    page = text_of(world.signed_in(world.user(role)))
    assert "Nothing waits for you." in page
    assert 'class="empty"' in page


def test_a_long_inbox_comes_a_page_at_a_time(app, world):
    person, program = world.user(Role.STAFF), world.program(State.RUNNING)
    for days in range(-5, 60):
        due(app, program, days, user_id=person.id)
    client = world.signed_in(person)

    assert text_of(client).count('class="due"') == 50
    assert text_of(client, "/?page=2").count('class="due"') == 15
    assert "5 overdue" in text_of(client, "/?page=2")


# --- beside it ----------------------------------------------------------------------------------


def log(app, enrolment, signer, state=LogState.SUBMITTED, **values):
    with app.app_context():
        return keep(
            PracticeLog(
                program_id=enrolment.program_id,
                enrolment_id=enrolment.id,
                stage_number=1,
                day=TODAY,
                minutes=480,
                task="点检二号线",
                state=state,
                signer_id=signer.id if signer else None,
                submitted_at=NOW,
                created_at=NOW,
                **values,
            )
        )


def test_a_mentor_sees_the_own_trainees_with_hours_and_waiting_logs(app, world):
    mentor, other = world.user(Role.ENTERPRISE_MENTOR), world.user(Role.ENTERPRISE_MENTOR)
    program = world.program(State.RUNNING)
    hours = {"planned_minutes": 840 * 60, "submitted_minutes": 480 * 60, "verified_minutes": 412 * 60}
    mine = world.enrolment(program, mentor=mentor, user=world.user(Role.TRAINEE, name="彭浩然"), **hours)
    world.enrolment(
        program, mentor=mentor, state=EnrolmentState.WITHDRAWN, user=world.user(Role.TRAINEE, name="走了")
    )
    world.enrolment(program, mentor=other, user=world.user(Role.TRAINEE, name="别人的"))
    world.enrolment(world.program(State.CLOSED), mentor=mentor, user=world.user(Role.TRAINEE, name="从前的"))
    log(app, mine, mentor)
    log(app, mine, mentor, LogState.SIGNED)

    page = text_of(world.signed_in(mentor))

    assert "彭浩然" in page
    assert "verified 412 of 840 hours" in page
    assert "one log waits" in page
    assert not {"走了", "别人的", "从前的"} & {name for name in ("走了", "别人的", "从前的") if name in page}


def test_a_trainee_sees_hours_next_gate_and_the_log_that_came_back(app, world):
    trainee = world.user(Role.TRAINEE)
    program = world.program(State.RUNNING)
    enrolment = world.enrolment(
        program, user=trainee, planned_minutes=600, submitted_minutes=300, verified_minutes=120
    )
    _signed_plan(app, program, ["一级门", "二级门"])
    back = log(app, enrolment, trainee, LogState.RETURNED)
    with app.app_context():
        author = {"by_id": trainee.id, "by_name": "师傅", "at": NOW}
        keep(LogDecision(log_id=back.id, kind=LogDecisionKind.RETURN, comment="写上用了哪把量具", **author))
        keep(
            GateDecision(
                program_id=program.id,
                enrolment_id=enrolment.id,
                stage_number=1,
                outcome=GateOutcome.PASSED,
                **author,
            )
        )

    page = text_of(world.signed_in(trainee))

    assert "verified 2 of 10 hours" in page
    assert "3 more wait for a signature" in page
    assert "二级门" in page
    assert "一级门" not in page
    assert "写上用了哪把量具" in page


def _signed_plan(app, program, gates):
    with app.app_context():
        author = program.created_by_id
        edition = keep(
            Edition(program_id=program.id, number=1, created_by_id=author, created_at=NOW, changed_at=NOW)
        )
        for number, gate in enumerate(gates, 1):
            stage = {"venue": Venue.ENTERPRISE, "hours": 80, "gate": gate}
            keep(PlanStage(edition_id=edition.id, number=number, name=f"第{number}段", **stage))
        signed = db.update(Edition).values(state=EditionState.SIGNED, signed_at=NOW)
        db.session.execute(signed.where(Edition.id == edition.id))
        db.session.commit()


def test_a_trainee_is_offered_the_programmes_that_recruit_in_the_own_college(world):
    world.program(State.RECRUITING, name="招生中的班")
    world.program(State.DRAFT, name="还没立项")
    world.program(State.RECRUITING, name="别处的班", college=world.organization())

    page = text_of(world.signed_in(world.user(Role.TRAINEE)))

    assert "招生中的班" in page
    assert "还没立项" not in page
    assert "别处的班" not in page


def test_staff_see_which_of_their_programmes_wait_for_somebody(app, world):
    staff = world.user(Role.STAFF)
    mine = world.program(State.RUNNING, name="我们的班")
    over = world.program(State.CLOSED, name="结项的班")
    foreign = world.program(State.RUNNING, name="别处的班", college=world.organization())
    with app.app_context():
        for program in (mine, over, foreign):
            keep(
                ProgramStep(
                    program_id=program.id,
                    step=7,
                    state=StepState.ASKING,
                    note="%(n)s logs",
                    params={"n": 9},
                    assessed_at=NOW,
                )
            )

    page = text_of(world.signed_in(staff))

    assert "我们的班" in page
    assert "9 logs" in page
    assert "结项的班" not in page
    assert "别处的班" not in page


def test_recent_deeds_are_the_reader_s_own_and_of_this_week(app, world):
    staff, other = world.user(Role.STAFF, name="李文静"), world.user(Role.STAFF, name="王某")
    with app.app_context():
        for person, days, what in ((staff, 1, "昨天的事"), (staff, 9, "早先的事"), (other, 1, "别人的事")):
            record(TESTED, "thing", by=person, now=NOW - timedelta(days=days), name=what)
        db.session.commit()

    page = text_of(world.signed_in(staff))

    assert "李文静 tested 昨天的事" in page
    assert "早先的事" not in page
    assert "别人的事" not in page


@pytest.mark.parametrize("role", [Role.STAFF, Role.ENTERPRISE_MENTOR, Role.TRAINEE, Role.OUTSIDE_ASSESSOR])
def test_the_inbox_takes_ten_statements_at_most_whatever_stands_in_it(app, world, count_statements, role):
    person = world.user(role)
    client = world.signed_in(person)

    def fill(programs):
        for _ in range(programs):
            program = world.program(State.RUNNING)
            if role is Role.TRAINEE:
                world.enrolment(program, user=person)
                world.program(State.RECRUITING)
            else:
                world.enrolment(program, mentor=person if role is Role.ENTERPRISE_MENTOR else None)
            due(app, program, 0, user_id=person.id)
            with app.app_context():
                keep(ProgramStep(program_id=program.id, step=7, state=StepState.ASKING, assessed_at=NOW))

    def statements():
        with count_statements() as sent:
            assert client.get("/").status_code == 200
        return len(sent)

    fill(1)
    few = statements()
    fill(6)
    assert statements() == few <= 10

"""A trainee reads the own result, appeals in time and once, and is answered with a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import NOW
from trainmgr.evaluation.models import Rating, Window
from trainmgr.kernel.access import Role
from trainmgr.kernel.errors import RuleBroken
from trainmgr.moderation.models import Appeal, ModerationDecision
from trainmgr.moderation.rules import AppealState
from trainmgr.programs import hooks
from trainmgr.programs.models import Due, Program, ProgramStep
from trainmgr.programs.rules import State
from trainmgr.programs.thread import missing_of


@pytest.fixture
def closed(talk, clock):
    """A window in which everybody has rated, and which closed a day ago."""
    talk.rate(trainee=4, enterprise=3, teacher=4)
    with talk.world.inside() as session:
        session.get(Window, talk.stage.window_id).closes_at = NOW
        session.commit()
    clock(NOW + timedelta(days=1))
    return talk


def appeal(talk, person=None, **data):
    path = f"/windows/{talk.stage.window_id}/appeal"
    return talk.post(person or talk.stage.trainees[0], path, **{"grounds": "上机考核在 11 月补测过"} | data)


def answer(talk, verdict, person=None, **data):
    path = f"/appeals/{talk.one(Appeal).id}"
    return talk.post(person or talk.stage.staff, path, verdict=verdict, **{"answer": "补测记录属实"} | data)


def own_page(talk):
    return talk.world.signed_in(talk.stage.trainees[0]).get("/my-result").get_data(as_text=True)


def test_a_trainee_appeals_and_staff_are_asked(closed):
    assert "/appeal" in own_page(closed)

    assert appeal(closed).status_code == 302

    assert closed.one(Appeal).state is AppealState.OPEN
    with closed.world.inside() as session:
        assert session.query(Due).filter_by(code="answer-appeals", role=Role.STAFF).one().amount == 1
    assert "补测过" in own_page(closed)
    assert appeal(closed).status_code == 409


def test_a_programme_does_not_close_over_an_appeal(closed):
    def lacking():
        with closed.world.inside() as session:
            steps = session.query(ProgramStep).filter_by(program_id=closed.stage.program.id).all()
            return [
                item.params for _, item in missing_of(steps) if item.endpoint == "moderation.list_appeals"
            ]

    appeal(closed)
    assert lacking() == [{"count": 1}]
    answer(closed, "reject")
    assert lacking() == []


def closing(closed, now):
    with closed.world.inside() as session:
        hooks.ask_guards(session.get(Program, closed.stage.program.id), State.CLOSED, now)


def test_a_programme_does_not_close_before_the_days_of_appeal_are_over(closed):
    last = NOW + timedelta(days=7)
    with pytest.raises(RuleBroken, match="申诉"):
        closing(closed, last - timedelta(seconds=1))
    closing(closed, last)


def test_who_has_appealed_holds_nothing_up_but_the_answer(closed):
    appeal(closed)
    closing(closed, NOW + timedelta(days=1))  # nobody else has a result


def test_what_the_trainee_says_of_the_training_is_not_shown_to_who_answers(closed):
    appeal(closed)
    page = closed.get(closed.stage.staff, f"/appeals/{closed.one(Appeal).id}").get_data(as_text=True)

    assert "计入，不公开" in page


def test_an_upheld_appeal_sets_marks_and_the_trainee_reads_why(closed):
    appeal(closed)
    before, ratings = closed.result.composite, [(r.id, r.score) for r in closed.all(Rating)]
    criterion = closed.shared()[0]

    assert answer(closed, "uphold", **{f"mark-{criterion}": "5"}).status_code == 302

    assert closed.one(Appeal).state is AppealState.UPHELD
    assert closed.one(ModerationDecision).decided == {criterion: 5}
    assert closed.result.composite > before
    assert [(r.id, r.score) for r in closed.all(Rating)] == ratings
    assert own_page(closed).count("补测记录属实") == 2  # the answer, and the reason of the decision
    assert answer(closed, "reject").status_code == 409


def test_the_answer_stands_in_the_trainees_inbox_until_it_was_read(closed):
    trainee = closed.world.signed_in(closed.stage.trainees[0])
    page = closed.at(f"/windows/{closed.stage.window_id}/appeal")
    appeal(closed)
    assert "已答复" not in trainee.get("/").get_data(as_text=True)
    answer(closed, "reject")

    assert f'href="{page}"' in trainee.get("/").get_data(as_text=True)
    told = trainee.get(page).get_data(as_text=True)
    assert "补测记录属实" in told
    assert "上机考核在 11 月补测过" in told
    # Looking changes nothing; nor may somebody else say that it was read.
    assert (
        closed.post(closed.stage.staff, f"/windows/{closed.stage.window_id}/appeal/read").status_code == 403
    )
    assert f'href="{page}"' in trainee.get("/").get_data(as_text=True)
    assert trainee.post(f"{page}/read").status_code == 302
    assert f'href="{page}"' not in trainee.get("/").get_data(as_text=True)
    assert f"{page}/read" not in trainee.get(page).get_data(as_text=True)


@pytest.mark.once
def test_a_rejected_appeal_leaves_the_result(closed):
    appeal(closed)
    before = closed.result.composite

    answer(closed, "reject")

    assert closed.one(Appeal).state is AppealState.REJECTED
    assert closed.result.composite == before
    assert closed.all(ModerationDecision) == []


@pytest.mark.once
@pytest.mark.parametrize(
    ("verdict", "data", "status"),
    [("uphold", {}, 409), ("reject", {"answer": " "}, 422), ("perhaps", {}, 422)],
)
def test_an_answer_without_a_changed_mark_or_a_reason_is_refused(closed, verdict, data, status):
    appeal(closed)

    assert answer(closed, verdict, **data).status_code == status
    assert closed.one(Appeal).state is AppealState.OPEN


@pytest.mark.once
def test_an_appeal_too_late_too_early_or_without_grounds_is_refused(closed, clock):
    assert appeal(closed, grounds=" ").status_code == 422
    clock(NOW + timedelta(days=7))
    assert appeal(closed).status_code == 409
    late = closed.get(closed.stage.trainees[0], f"/windows/{closed.stage.window_id}/appeal")
    assert late.status_code == 200
    assert "grounds" not in late.get_data(as_text=True)
    clock(NOW - timedelta(hours=1))
    assert appeal(closed).status_code == 409
    assert closed.all(Appeal) == []


@pytest.mark.once
def test_others_neither_appeal_nor_read_it(closed):
    assert appeal(closed, closed.stage.mentor).status_code == 403
    other = closed.world.user(Role.TRAINEE)
    closed.world.relation(closed.stage.program, other, Role.TRAINEE)
    assert appeal(closed, other).status_code == 404

    appeal(closed)

    one = closed.one(Appeal)
    assert closed.get(closed.stage.mentor, f"/appeals/{one.id}").status_code == 403
    assert closed.get(closed.coordinator, "/appeals").status_code == 403
    assert closed.get(closed.stage.staff, f"/appeals/{one.id}").status_code == 200
    assert closed.stage.trainees[0].name in closed.get(closed.stage.staff, "/appeals?q=人").get_data(
        as_text=True
    )
    result = f"/evaluation/results/{closed.stage.enrolments[0].id}"
    assert "补测过" not in closed.get(closed.stage.mentor, result).get_data(as_text=True)


def test_the_own_page_tells_next_steps_in_few_statements(closed, count_statements):
    client = closed.world.signed_in(closed.stage.trainees[0])
    client.get("/my-result")

    with count_statements() as counted:
        page = client.get("/my-result").get_data(as_text=True)

    assert len(counted) <= 10, "\n".join(counted)
    assert 'id="steps-h"' in page

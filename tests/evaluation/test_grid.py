"""The grid: drafts row by row, every complete row handed in at once, and what a row says that is not complete."""

from __future__ import annotations

import pytest

from tests.evaluation.conftest import make_stage, text_of
from tests.evaluation.test_views import Statements
from trainmgr.evaluation import queries
from trainmgr.evaluation.models import Rating, RatingScore, Result, Window
from trainmgr.evaluation.rules import Party, RatingState
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.programs.models import Due

E, K = Party.ENTERPRISE, Party.TEACHER


def grid(stage, tail="", party=E):
    return f"/ratings/{stage.window_id}/grid/{party.value}{tail}"


def cells(stage, number, mark, party=E, *, leave=0):
    """Return the cells of a trainee's row, the last ones left empty."""
    questions = stage.questions(party)
    filled = questions[: len(questions) - leave]
    return {f"r{stage.enrolments[number].id}c{criterion}": str(mark) for criterion in filled}


def states(stage):
    with stage.world.inside():
        return {row.enrolment_id: row.state for row in db.session.query(Rating)}


def test_a_row_is_kept_as_a_draft_and_found_again_in_the_form_for_one(stage, signed_in):
    client = signed_in(stage.mentor)
    one, form = cells(stage, 0, 4, leave=2), stage.url(E, 0)
    client.post(form + "/draft", data={"comment": "肯学"})

    kept = client.post(grid(stage, "/draft"), data=one, headers={"HX-Request": "true"})

    assert kept.status_code == 204
    assert states(stage) == {stage.enrolments[0].id: RatingState.DRAFT}
    page = text_of(client.get(form))
    assert page.count("checked") == len(one)
    assert "肯学" in page
    assert text_of(client.get(grid(stage))).count('value="4"') == len(one)


def test_all_complete_rows_go_in_and_the_others_say_what_is_missing(world, clock, signed_in):
    stage = make_stage(world, trainees=4)
    client = signed_in(stage.mentor)
    data = cells(stage, 0, 5) | cells(stage, 1, "0") | cells(stage, 2, 3, leave=1)
    left_out = stage.questions(E)[-1]

    response = client.post(grid(stage), data=data)

    assert response.status_code == 422
    with world.inside():
        window = queries.window_or_404(stage.program.id, stage.window_id)
        last = {criterion.id: criterion.name for criterion in window.scheme.criteria}[left_out]
        by_trainee = {row.enrolment_id: row for row in db.session.query(Result)}
        assert by_trainee[stage.enrolments[0].id].enterprise_score == pytest.approx(5)
        assert by_trainee[stage.enrolments[1].id].enterprise_score is None  # no chance to see is not nought
        assert window.tally["enterprise"]["submitted"] == 2
        assert (
            db.session.query(Due).filter_by(user_id=stage.mentor.id, subject_id=window.id).one().amount == 2
        )
        assert db.session.query(AuditEvent).filter_by(action="rating.submit").count() == 2
    text = text_of(response)
    assert f"还缺：{last}" in text
    assert states(stage)[stage.enrolments[2].id] is RatingState.DRAFT
    assert client.post(grid(stage), data=cells(stage, 2, 3)).status_code == 302


def test_sent_twice_it_is_in_once_and_never_changes(stage, signed_in):
    client = signed_in(stage.mentor)
    assert client.post(grid(stage), data=cells(stage, 0, 4)).status_code == 302

    again = client.post(grid(stage), data=cells(stage, 0, 1))

    assert again.status_code == 422
    with stage.world.inside():
        assert db.session.query(Rating).one().score == pytest.approx(4)
        assert {score.score for score in db.session.query(RatingScore)} == {4}


@pytest.mark.parametrize("nonsense", ["7", "x", "3.5"])
def test_what_is_not_on_the_scale_is_named_and_not_taken(stage, signed_in, nonsense):
    first = f"r{stage.enrolments[0].id}c{stage.questions(E)[0]}"

    response = signed_in(stage.mentor).post(grid(stage), data=cells(stage, 0, 4) | {first: nonsense})

    assert response.status_code == 422
    assert f"不在量表上：{nonsense}" in text_of(response)
    assert f'name="{first}" value="{nonsense}"' in text_of(response)
    with stage.world.inside():
        assert db.session.query(Result).count() == 0


def test_the_grid_takes_only_those_whom_one_rates_and_only_while_it_is_open(stage, clock, signed_in):
    stranger = stage.world.user(Role.ENTERPRISE_MENTOR)
    data = cells(stage, 0, 4)

    assert signed_in(stranger).get(grid(stage)).status_code == 404
    assert signed_in(stranger).post(grid(stage), data=data).status_code == 404
    assert signed_in(stage.teacher).post(grid(stage), data=data).status_code == 403
    assert signed_in(stage.teacher).get(grid(stage, party=K)).status_code == 200
    with stage.world.inside():
        closes = db.session.get_one(Window, stage.window_id).closes_at
    clock(closes)
    late = signed_in(stage.mentor).post(grid(stage), data=data)
    assert late.status_code == 409
    with stage.world.inside():
        assert db.session.query(Rating).filter_by(state=RatingState.SUBMITTED).count() == 0


def test_somebody_elses_trainee_slipped_into_the_grid_is_left_alone(stage, signed_in):
    other = stage.world.user(Role.ENTERPRISE_MENTOR)
    alien = stage.world.enrolment(stage.program, user=stage.world.user(Role.TRAINEE), mentor=other)
    data = {f"r{alien.id}c{criterion}": "5" for criterion in stage.questions(E)}

    response = signed_in(stage.mentor).post(grid(stage), data=data)

    assert response.status_code == 422
    assert states(stage) == {}


@pytest.mark.once
def test_handing_in_takes_as_many_statements_for_thirty_rows_as_for_three(world, clock, signed_in):
    counts = []
    for people in (3, 30):
        stage = make_stage(world, trainees=people)
        client = signed_in(stage.mentor)
        client.get("/ratings")
        data = {}
        for number in range(people):
            data |= cells(stage, number, 4)
        with world.app.app_context():
            engine = db.engine
        with Statements(engine) as seen:
            assert client.post(grid(stage), data=data).status_code == 302
        counts.append(len(seen))

    assert counts[0] == counts[1]

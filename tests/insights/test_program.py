"""What a programme's ratings say together: worked out beside requests, stale at once, said plainly where nothing is."""

from __future__ import annotations

import pytest

from tests.factories import NOW
from tests.insights.conftest import make_rated, varied
from trainmgr.evaluation.rules import Party
from trainmgr.insights import keeping
from trainmgr.kernel import sheets
from trainmgr.kernel.access import Role
from trainmgr.kernel.jobs import queue

T, E, K = tuple(Party)[:3]


def test_before_anybody_has_rated_the_page_says_so(rated):
    page = rated.browser().get(rated.at()).text

    assert "还没有可以并列的评价" in page


def test_parties_levels_and_agreement_stand_beside_each_other(rated):
    rated.rate(varied)
    rated.work_out()

    page = rated.browser().get(rated.at()).text

    assert "学员与企业" in page
    assert "学习体验" in page
    assert page.count("<svg") > 3
    [kept] = rated.insights()
    assert kept.ratings == 36
    assert not kept.is_stale
    pair = kept.figures["agreement"]["pairs"]["enterprise+teacher"]
    assert pair["n"] == 12
    assert pair["low"] < pair["alpha"] < pair["high"]


def test_all_ratings_equal_is_undefined_and_never_one(rated):
    rated.rate(lambda *_: 4)
    rated.work_out()

    page = rated.browser().get(rated.at()).text

    assert "所有评分都相同" in page
    assert "<b>1" not in page


def test_a_party_with_nobody_in_it_is_named(rated):
    rated.rate(varied, (E, K))
    rated.work_out()

    page = rated.browser().get(rated.at()).text

    assert "还没有人评" in page
    assert "学员与企业" not in page


def test_a_rating_that_comes_in_makes_the_figures_stale_and_a_job_works_them_out(rated, monkeypatch):
    rated.rate(varied, who=range(11))
    rated.work_out()
    sent = []
    monkeypatch.setattr(queue, "send", sent.append)
    rated.rate(varied, (T, K), who=[11])

    criteria = _questions(rated, E)
    client = rated.browser(rated.mentors[1])
    response = client.post(
        f"/ratings/{rated.window_id}/{rated.enrolments[11]}/enterprise",
        data={f"c{one}": "5" for one in criteria},
    )

    assert response.status_code == 302, response.text
    assert [one.is_stale for one in rated.insights()] == [True]
    assert len(sent) == 1
    assert "此后又有新评分" in rated.browser().get(rated.at()).text
    with rated.world.app.app_context():
        queue.execute(sent[0])
    [kept] = rated.insights()
    assert (kept.is_stale, kept.ratings) == (False, 36)


def _questions(rated, party):
    from trainmgr.evaluation import queries

    with rated.world.inside():
        return list(queries.window_or_404(rated.program.id, rated.window_id).plan.points[party])


def test_asking_by_hand_works_it_out(rated):
    rated.rate(varied)
    client = rated.browser()
    assert "尚未算出" in client.get(rated.at()).text

    response = client.post(rated.at("/compute"), data={"window": rated.window_id})

    assert response.status_code == 302
    assert [one.is_stale for one in rated.insights()] == [False]


def test_the_export_holds_every_criterion_with_its_agreement(rated):
    rated.rate(varied)
    rated.work_out()

    response = rated.browser().get(rated.at("/export"))

    sheet = sheets.read_sheet(response.data, filename="a.xlsx")
    assert len(sheet.rows) > 6


def test_the_number_of_statements_is_at_most_ten(rated, count_statements):
    rated.rate(varied)
    rated.work_out()
    client = rated.browser()

    with count_statements() as statements:
        assert client.get(rated.at()).status_code == 200

    assert len(statements) <= 10, statements


@pytest.mark.parametrize("role", [Role.SCHOOL_TEACHER, Role.TRAINEE, Role.OUTSIDE_ASSESSOR])
def test_who_rates_does_not_see_the_others_side_by_side(rated, role):
    person = rated.world.user(role)
    rated.world.relation(rated.program, person, role)

    assert rated.browser(person).get(rated.at()).status_code == 403


def test_a_stranger_finds_nothing(rated):
    stranger = rated.world.user(Role.STAFF, rated.world.organization())

    for tail in ("", "/export"):
        assert rated.browser(stranger).get(rated.at(tail)).status_code == 404
    assert rated.browser(stranger).post(rated.at("/compute")).status_code == 404


def test_small_surveys_are_withheld(world, app):
    app.config["CLOCK"] = lambda: NOW
    rated = make_rated(world, 4)
    rated.rate(varied)
    rated.work_out()
    rated.close()

    page = rated.browser().get(rated.at()).text

    assert "不公布" in page


def test_a_survey_is_shown_when_the_window_is_over_so_that_two_days_tell_of_nobody(rated):
    rated.rate(varied)
    rated.work_out()

    during = rated.browser().get(rated.at()).text
    rated.close()
    after = rated.browser().get(rated.at()).text

    assert "不公布" in during
    assert "不公布" not in after


def test_two_who_ask_at_once_have_it_begun_once(rated):
    rated.rate(varied)
    with rated.world.inside() as session:
        assert keeping.begin(NOW) == 1
        assert keeping.begin(NOW) == 0
        session.commit()

    assert len(rated.insights()) == 1

"""Mentors and teachers beside each other: corrected where they overlap, the reason where not; who sees what."""

from __future__ import annotations

import pytest

from tests.insights.conftest import varied
from trainmgr.evaluation.rules import Party
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel import sheets
from trainmgr.kernel.access import Role

E, K = Party.ENTERPRISE, Party.TEACHER


def mild(number, party, place):
    """The first mentor gives a mark more than the second for like trainees."""
    return 3 + (number % 4 // 2) + (1 if party is E and number % 2 == 0 else 0)


def test_a_mild_mentor_is_told_from_one_with_strong_trainees(rated):
    rated.rate(mild)
    rated.work_out()

    page = rated.browser().get(rated.at("/raters")).text
    one = rated.browser().get(rated.at(f"/raters/{rated.mentors[0].id}")).text

    assert "+10.0" in page
    assert "偏宽" in page
    assert "偏严" in page
    assert "评得比别人宽" in one
    assert "只有这一名评价人" in page  # the teacher


def test_before_it_is_worked_out_the_plain_means_stand_there(rated):
    rated.rate(mild)

    page = rated.browser().get(rated.at("/raters")).text

    assert rated.mentors[0].name in page
    assert "+10.0" in page


@pytest.mark.parametrize(
    "query", ["?party=teacher", "?q=%E4%BA%BA", "?sort=raw&direction=desc", "?party=x&page=9"]
)
def test_the_list_takes_any_filter(rated, query):
    rated.rate(mild)

    assert rated.browser().get(rated.at("/raters" + query)).status_code == 200


def test_a_search_leaves_the_partys_mean_everybodys(rated):
    rated.rate(mild)

    page = rated.browser().get(rated.at(f"/raters?q={rated.mentors[0].name}&party=enterprise")).text

    assert "+10.0" in page
    assert rated.mentors[1].name not in page


def test_a_mentor_sees_the_own_figures_and_the_others_only_when_the_window_is_over(rated):
    rated.rate(mild)
    rated.work_out()
    browser = rated.browser(rated.mentors[0])

    during = browser.get(rated.at("/mine")).text
    rated.close()
    after = browser.get(rated.at("/mine")).text

    assert "其他人的平均" not in during
    assert "其他人的平均" in after
    assert browser.get(rated.at("/raters")).status_code == 403
    assert browser.get(rated.at(f"/raters/{rated.mentors[1].id}")).status_code == 403


def test_who_has_not_rated_is_told_so(rated):
    assert "您在这里还没有评价" in rated.browser(rated.mentors[0]).get(rated.at("/mine")).text


def test_a_coordinator_sees_only_who_rated_trainees_of_the_own_enterprise(rated):
    rated.rate(varied)
    own = rated.world.user(Role.ENTERPRISE_COORDINATOR)
    other_house = rated.world.organization(OrganizationKind.ENTERPRISE)
    foreign = rated.world.user(Role.ENTERPRISE_COORDINATOR, other_house)

    assert rated.browser(own).get(rated.at(f"/raters/{rated.mentors[0].id}")).status_code == 200
    assert rated.browser(foreign).get(rated.at(f"/raters/{rated.mentors[0].id}")).status_code == 404


def test_a_trainee_or_somebody_unknown_is_no_rater_here(rated):
    rated.rate(varied)

    assert rated.browser().get(rated.at(f"/raters/{rated.users[0]}")).status_code == 404
    assert rated.browser().get(rated.at("/raters/999999")).status_code == 404


def test_the_export_names_each_rater_with_the_reason(rated):
    rated.rate(mild)
    rated.work_out()

    response = rated.browser().get(rated.at("/raters/export"))

    rows = sheets.read_sheet(response.data, filename="r.xlsx").rows
    assert len(rows) == 3
    assert any("只有这一名评价人" in str(row[-1]) for row in rows)


def test_the_number_of_statements_is_at_most_ten(rated, count_statements):
    rated.rate(mild)
    rated.work_out()
    client = rated.browser()
    for tail in ("/raters", f"/raters/{rated.mentors[0].id}"):
        with count_statements() as statements:
            assert client.get(rated.at(tail)).status_code == 200
        assert len(statements) <= 10, statements

"""One enterprise over all its programmes: its own figures, nobody else's."""

from __future__ import annotations

import re
from datetime import timedelta

from tests.insights.conftest import make_rated, varied
from trainmgr.evaluation.models import Window
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role


def figures(page):
    return re.findall(r"<td[^>]*>([^<]*)", page)


def at(rated):
    return f"/enterprises/{rated.world.enterprise.id}/insights"


def test_all_programmes_stand_below_each_other(rated):
    rated.rate(varied)
    second = make_rated(rated.world, 3)
    rated.world.program()  # without trainees: not there

    page = rated.browser().get(at(rated)).text

    assert page.count(f"/programs/{rated.program.id}/insights") == 1
    assert page.count(f"/programs/{second.program.id}/insights") == 1
    assert "企业满意度" in page
    assert "尚无数据" in page  # nobody rated the second


def test_a_coordinator_sees_the_own_enterprise_and_no_other(rated):
    rated.rate(varied)
    other = rated.world.organization(OrganizationKind.ENTERPRISE)
    own = rated.browser(rated.world.user(Role.ENTERPRISE_COORDINATOR))
    foreign = rated.browser(rated.world.user(Role.ENTERPRISE_COORDINATOR, other))

    assert "测试项目" in own.get(at(rated)).text
    assert own.get(f"/enterprises/{other.id}/insights").status_code == 404
    assert foreign.get(at(rated)).status_code == 404
    assert "还没有学员" in foreign.get(f"/enterprises/{other.id}/insights").text


def test_another_college_finds_nothing_and_a_college_is_no_enterprise(rated):
    stranger = rated.world.user(Role.STAFF, rated.world.organization())

    assert rated.browser(stranger).get(at(rated)).status_code == 404
    assert rated.browser().get(f"/enterprises/{rated.world.college.id}/insights").status_code == 404


def test_the_number_of_statements_does_not_depend_on_the_programmes(rated, count_statements):
    rated.rate(varied)
    client = rated.browser()
    counts = []
    for _ in range(2):
        with count_statements() as statements:
            assert client.get(at(rated) + "?sort=mean&q=%E6%B5%8B").status_code == 200
        counts.append(len(statements))
        make_rated(rated.world, 1)

    assert counts[0] == counts[1] <= 10


def test_the_window_that_closes_last_counts_whenever_it_was_planned(rated):
    rated.rate(varied)
    before = rated.browser().get(at(rated)).text
    with rated.world.inside() as session:
        last = session.get(Window, rated.window_id)
        planned_later = Window(
            program_id=last.program_id, scheme_id=last.scheme_id, kind=last.kind, name="补评",
            opens_at=last.opens_at - timedelta(days=20), closes_at=last.closes_at - timedelta(days=20),
        )  # fmt: skip
        session.add(planned_later)
        session.commit()

    assert figures(rated.browser().get(at(rated)).text) == figures(before)

"""Taking a distribution of hours into a draft: shown first, whole or not at all, one step to undo; who may."""

from __future__ import annotations

import pytest

from tests.curriculum.test_board import modules_of, url, version
from trainmgr.curriculum.distributing import given_to
from trainmgr.kernel.db import db
from trainmgr.needs.models import Competency


@pytest.fixture
def staff(plans, signed_in):
    """Two priorities: score 60 × gap 2 and score 40 × gap 1, that is 3 : 1; 24 and 16 hours required."""
    plans.begin()
    with plans.world.inside():
        for competency, score, gap in zip(plans.competencies[:2], (60.0, 40.0), (2, 1), strict=True):
            row = db.session.get(Competency, competency.id)
            row.score, row.required_level, row.current_level = score, 4, 4 - gap
        db.session.commit()
    return signed_in(plans.staff)


def given(plans):
    with plans.world.inside():
        found = given_to(plans.plan())
    return [found.get(competency.id, 0) for competency in plans.competencies[:2]]


def take(client, plans, *amounts, **more):
    typed = {f"hours-{c.id}": str(n) for c, n in zip(plans.competencies, amounts, strict=False)}
    data = {"version": version(plans), "hours": str(sum(amounts))} | typed | more
    return client.post(url(plans, "/1/distribution"), data=data)


def test_the_arithmetic_stands_in_each_row_before_anything_is_taken(plans, staff, count_statements):
    with count_statements() as statements:
        page = staff.get(url(plans, "/1/distribution?hours=80"))
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert len(statements) <= 10
    # 120 : 40, so 60 and 20 of 80.
    assert "75.0%" in text
    assert 'value="60"' in text
    assert 'value="20"' in text
    assert given(plans) == [0, 0]


def test_what_is_taken_is_what_was_typed_and_one_undo_takes_it_back(plans, staff):
    before = [module.lineage for module in modules_of(plans)]
    assert take(staff, plans, 50, 30).status_code == 302
    assert given(plans) == [50, 30]
    staff.post(url(plans, "/1/undo"))
    assert given(plans) == [0, 0]
    assert [module.lineage for module in modules_of(plans)] == before


def test_where_hours_go_is_shown_without_taking_them(plans, staff):
    page = take(staff, plans, 30, 16, do="show")
    assert page.status_code == 200
    assert "精密测量" in page.get_data(as_text=True)
    assert given(plans) == [0, 0]


def test_modules_are_made_where_there_are_none(plans, staff):
    for module in modules_of(plans):
        staff.post(url(plans, "/1/arrange"), data={"module": module.id, "do": "remove"})
    assert take(staff, plans, 300, 100).status_code == 302
    made = modules_of(plans)
    assert given(plans) == [300, 100]
    assert sum(module.hours for module in made) == 400
    # The fullest room first: stage 6 at the enterprise has 320 hours, all of them practice.
    assert (made[-1].stage_number, made[-1].theory_hours, made[-1].taught_by_enterprise) == (6, 0, True)
    assert all(module.practice_hours for module in made)


def test_what_the_matrix_holds_stays_unless_all_is_distributed_anew(plans, staff):
    take(staff, plans, 40, 20)
    refused = take(staff, plans, 30, 30)
    assert refused.status_code == 422
    assert f"hours-{plans.competencies[0].id}" in refused.get_data(as_text=True)
    assert given(plans) == [40, 20]
    assert take(staff, plans, 30, 30, anew="y").status_code == 302
    assert given(plans) == [30, 30]


def test_hours_without_a_place_are_told_and_nothing_is_taken(plans, staff):
    page = take(staff, plans, 3000, 0)
    assert page.status_code == 422
    assert 'value="3000"' in page.get_data(as_text=True)
    assert given(plans) == [0, 0]


@pytest.mark.parametrize("typed", ["viel", "-3", "1e9", "9999999"])
def test_nonsense_comes_back_at_its_field(plans, staff, typed):
    page = take(staff, plans, 30, 0, **{f"hours-{plans.competencies[1].id}": typed})
    assert page.status_code == 422
    assert f'value="{typed}"' in page.get_data(as_text=True)


def test_a_total_below_what_is_required_is_told(plans, staff):
    page = staff.get(url(plans, "/1/distribution?hours=30"))
    assert page.status_code == 200
    assert "40" in page.get_data(as_text=True)
    assert take(staff, plans, 10, 10).status_code == 422


def test_an_old_proposal_is_refused(plans, staff):
    assert take(staff, plans, 30, 16, version="1000").status_code == 409
    assert given(plans) == [0, 0]


def test_only_editors_distribute(plans, signed_in):
    plans.begin()
    coordinator = signed_in(plans.coordinator)
    assert coordinator.get(url(plans, "/1/distribution")).status_code == 403
    assert take(coordinator, plans, 24, 16).status_code == 403


def test_a_programme_without_priorities_says_so(plans, signed_in):
    plans.begin()
    with plans.world.inside():
        for competency in plans.competencies:
            db.session.get(Competency, competency.id).is_priority = False
        db.session.commit()
    page = signed_in(plans.staff).get(url(plans, "/1/distribution"))
    assert page.status_code == 200
    assert "优先" in page.get_data(as_text=True)

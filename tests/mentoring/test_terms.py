"""What assigning keeps to: usual numbers whose warning names the rule, weights, leaves, sites and distances."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY, keep
from tests.mentoring.test_views import name, paired, row, rows
from trainmgr.kernel.access import Role
from trainmgr.mentoring.models import Mentor, Proposal, ProposedPair
from trainmgr.mentoring.terms_models import MentoringTerms, MentorLeave, SiteDistance, TraineeSite
from trainmgr.programs.rules import Side, State

ENGLISH = {"Accept-Language": "en"}
TERMS = {
    "typical_enterprise": "5", "typical_college": "15", "most_km": "50", "most_leave": "14", "field": "50",
    "continuity": "20", "distance": "15", "experience": "15", "version": "0",
}  # fmt: skip


@pytest.fixture
def program(world, app):
    app.config["CLOCK"] = lambda: NOW
    return world.program(State.RECRUITING)


@pytest.fixture
def staff(world, program):
    return world.signed_in(world.user(Role.STAFF))


def terms_of(program):
    return f"/programs/{program.id}/mentoring/terms"


def proposed(world, staff, program, **values):
    staff.post(f"/programs/{program.id}/proposals/enterprise", data=values)
    return rows(
        world, sa.select(ProposedPair.mentor_id, ProposedPair.obstacle).order_by(ProposedPair.enrolment_id)
    )


def test_more_trainees_than_usual_warns_and_names_the_rule(world, staff, program):
    for _ in range(6):
        world.enrolment(program)
    mentor = name(world, staff, program, capacity="9")
    paired(world, staff, program)
    full_name = row(world, sa.select(Mentor).where(Mentor.id == mentor.mentor_id)).name

    page = staff.get(f"/programs/{program.id}/mentors", headers=ENGLISH).text
    staff.post(f"/programs/{program.id}/proposals/enterprise")
    proposal = staff.get(f"/programs/{program.id}/proposals/enterprise", headers=ENGLISH).text

    for text in (page, proposal):
        assert "an enterprise mentor usually has at most 5 trainees" in text
    assert f"{full_name}: 6" in proposal


def test_the_rule_is_the_programmes_own_when_it_is_changed(world, staff, program):
    for _ in range(6):
        world.enrolment(program)
    name(world, staff, program, capacity="9")
    paired(world, staff, program)

    saved = staff.post(terms_of(program), data=TERMS | {"typical_enterprise": "6"})

    assert saved.status_code == 302
    assert "usually has at most" not in staff.get(f"/programs/{program.id}/mentors", headers=ENGLISH).text
    assert row(world, sa.select(MentoringTerms)).typical_enterprise == 6


@pytest.mark.parametrize(
    "values",
    [
        {"typical_enterprise": "0"},
        {"typical_college": "viele"},
        {"most_km": "-3"},
        {"field": "60"},
        {"most_leave": ""},
    ],
)
def test_nonsense_limits_are_refused_at_the_field_and_kept(world, staff, program, values):
    response = staff.post(terms_of(program), data=TERMS | values)

    assert response.status_code == 422
    assert row(world, sa.select(MentoringTerms)) is None
    assert all(f'value="{text}"' in response.text for text in values.values() if text)


def test_of_two_who_change_the_limits_the_second_is_told_and_may_save_once_more(world, staff, program):
    staff.post(terms_of(program), data=TERMS | {"most_leave": "10"})

    told = staff.post(terms_of(program), data=TERMS | {"most_leave": "20"})
    again = staff.post(terms_of(program), data=TERMS | {"most_leave": "20", "version": "1"})

    assert told.status_code == 409
    assert 'value="20"' in told.text
    assert 'name="version" type="hidden" value="1"' in told.text
    assert again.status_code == 302
    assert row(world, sa.select(MentoringTerms)).most_leave == 20


def test_whoever_is_away_too_long_gets_nobody_and_that_is_named(world, staff, program):
    world.enrolment(program)
    named = name(world, staff, program)
    path = f"/programs/{program.id}/mentors/{named.id}/leaves"
    last = TODAY + timedelta(days=20)

    recorded = staff.post(path, data={"starts_on": TODAY.isoformat(), "ends_on": last.isoformat()})
    away = proposed(world, staff, program)
    leave = row(world, sa.select(MentorLeave))
    staff.post(f"{path}/{leave.id}/remove")

    assert recorded.status_code == 302
    assert away == [(None, "leave")]
    assert proposed(world, staff, program) == [(named.mentor_id, "")]


@pytest.mark.parametrize(
    ("first", "last", "status"),
    [("2026-12-10", "2026-12-01", 422), ("", "2026-12-01", 422), ("2026-12-03", "2026-12-09", 409)],
)
def test_a_leave_that_cannot_be_is_refused(world, staff, program, first, last, status):
    named = name(world, staff, program)
    path = f"/programs/{program.id}/mentors/{named.id}/leaves"
    staff.post(path, data={"starts_on": "2026-12-05", "ends_on": "2026-12-20"})

    response = staff.post(path, data={"starts_on": first, "ends_on": last})

    assert response.status_code == status
    assert rows(world, sa.select(sa.func.count(MentorLeave.id))) == [(1,)]


def test_a_coordinator_records_leaves_of_the_own_mentors_only(world, staff, program):
    own, foreign = name(world, staff, program), name(world, staff, program, Side.COLLEGE)
    coordinator = world.signed_in(world.user(Role.ENTERPRISE_COORDINATOR))
    data = {"starts_on": "2026-12-05", "ends_on": "2026-12-20"}

    answers = [
        coordinator.post(f"/programs/{program.id}/mentors/{mentor.id}/leaves", data=data).status_code
        for mentor in (own, foreign)
    ]

    assert answers == [302, 403]


def site_of(staff, program, cohort, enterprise, site):
    data = {"group": f"{cohort.id}:{enterprise.id}", "site": site}
    return staff.post(f"/programs/{program.id}/mentoring/sites", data=data)


def test_a_class_gets_a_site_and_the_near_mentor(world, staff, program):
    cohort = world.cohort(program)
    for _ in range(2):
        world.enrolment(program, cohort_id=cohort.id)
    far, near = name(world, staff, program, site="二厂"), name(world, staff, program, site="一厂、总部")

    assert site_of(staff, program, cohort, world.enterprise, "一厂").status_code == 302
    assert rows(world, sa.select(TraineeSite.site)) == [("一厂",)] * 2
    assert proposed(world, staff, program) == [(near.mentor_id, "")] * 2
    assert site_of(staff, program, cohort, world.enterprise, "").status_code == 302
    assert rows(world, sa.select(TraineeSite.site)) == []
    assert far is not None


def test_a_distance_beyond_the_limit_forbids_a_pair_and_is_named(world, staff, program):
    cohort = world.cohort(program)
    world.enrolment(program, cohort_id=cohort.id)
    far = name(world, staff, program, site="二厂")
    site_of(staff, program, cohort, world.enterprise, "一厂")
    path = f"/programs/{program.id}/mentoring/distances"

    stated = staff.post(path, data={"one": "二厂", "other": "一厂", "km": "80"})
    refused = proposed(world, staff, program)
    distance = row(world, sa.select(SiteDistance))
    staff.post(f"{path}/{distance.id}/remove")

    assert stated.status_code == 302
    assert (distance.one, distance.other, distance.km) == ("一厂", "二厂", 80)
    assert refused == [(None, "site")]
    assert proposed(world, staff, program) == [(far.mentor_id, "")]


@pytest.mark.parametrize(
    "values", [{"one": ""}, {"other": "一厂"}, {"km": "weit"}, {"km": "-1"}, {"other": "二厂，三厂"}]
)
def test_a_distance_that_cannot_be_is_refused(world, staff, program, values):
    data = {"one": "一厂", "other": "二厂", "km": "3"} | values

    assert staff.post(f"/programs/{program.id}/mentoring/distances", data=data).status_code == 422
    assert row(world, sa.select(SiteDistance)) is None


def test_a_distance_of_another_programme_is_not_there(world, staff, program):
    other = world.program(State.RECRUITING)
    with world.app.app_context():
        distance = keep(SiteDistance(program_id=other.id, one="一厂", other="二厂", km=3))

    response = staff.post(f"/programs/{program.id}/mentoring/distances/{distance.id}/remove")

    assert response.status_code == 404


@pytest.mark.parametrize("role", [Role.ENTERPRISE_COORDINATOR, Role.SCHOOL_TEACHER, Role.TRAINEE])
def test_only_who_assigns_sets_limits(world, staff, program, role):
    client = world.signed_in(world.user(role))

    assert client.get(terms_of(program)).status_code in (403, 404)
    assert client.post(terms_of(program), data=TERMS).status_code in (403, 404)
    assert row(world, sa.select(MentoringTerms)) is None


def test_a_mentor_with_no_places_gets_nobody(world, staff, program):
    world.enrolment(program)
    name(world, staff, program, capacity="0")

    assert proposed(world, staff, program) == [(None, "capacity")]
    assert row(world, sa.select(Proposal)).summary["placed"] == 0

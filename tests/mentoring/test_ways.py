"""Proposals found in several ways: compared, moved by hand at a price, with the fewest changes after a mentor left."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY, keep
from tests.mentoring.test_views import name, paired, row, rows
from trainmgr.curriculum.models import Edition, Layer, Module, PracticeLevel, Venue
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.access import Role
from trainmgr.mentoring.models import Assignment, Mentor, ProgramMentor, Proposal, ProposalState, ProposedPair
from trainmgr.mentoring.rules import Way
from trainmgr.programs.rules import Side, State
from trainmgr.timetable.models import SessionState, TeachingSession

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def program(world, app):
    app.config["CLOCK"] = lambda: NOW
    return world.program(State.RECRUITING)


@pytest.fixture
def staff(world, program):
    return world.signed_in(world.user(Role.STAFF))


def path_of(program, more=""):
    return f"/programs/{program.id}/proposals/enterprise{more}"


def compute(staff, program, way):
    return staff.post(path_of(program), data={"way": way})


def pairs_of(world, way):
    return dict(
        rows(
            world,
            sa.select(ProposedPair.enrolment_id, ProposedPair.mentor_id)
            .join(Proposal, Proposal.id == ProposedPair.proposal_id)
            .where(Proposal.way == way, Proposal.state == ProposalState.OPEN),
        )
    )


def two_ways(world, staff, program):
    """Four trainees of one field; the best fit puts them under the one who knows it, even loads spread them."""
    for _ in range(4):
        world.enrolment(program, field="检测")
    known, other = name(world, staff, program, fields="检测"), name(world, staff, program, fields="检测技术")
    for way in (Way.BEST_FIT, Way.EVEN_LOADS):
        assert compute(staff, program, way).status_code == 302
    return known, other


def test_two_proposals_stand_beside_each_other(world, staff, program):
    two_ways(world, staff, program)

    page = staff.get(path_of(program, "/compare"), headers=ENGLISH)

    best, even = pairs_of(world, Way.BEST_FIT), pairs_of(world, Way.EVEN_LOADS)
    differing = sum(best[key] != even[key] for key in best)
    assert sorted(list(even.values()).count(mentor) for mentor in set(even.values())) == [2, 2]
    assert differing == 2
    assert page.status_code == 200
    assert f"{differing} trainees would have another mentor in each" in page.text
    assert "Cost in all" in page.text


def test_the_best_fit_costs_no_more_than_any_other_way(world, staff, program):
    two_ways(world, staff, program)
    compute(staff, program, Way.FEWEST_CHANGES)

    costs = {
        proposal_way: summary["cost"]
        for proposal_way, summary in rows(world, sa.select(Proposal.way, Proposal.summary))
    }

    assert costs[Way.BEST_FIT] == min(costs.values()) < costs[Way.EVEN_LOADS]


def test_there_is_nothing_to_compare_with_one_proposal(world, staff, program):
    world.enrolment(program)
    name(world, staff, program)
    compute(staff, program, Way.BEST_FIT)

    assert staff.get(path_of(program, "/compare")).status_code == 302


def test_approving_one_puts_the_others_aside(world, staff, program):
    two_ways(world, staff, program)
    even = row(world, sa.select(Proposal).where(Proposal.way == Way.EVEN_LOADS))

    approved = staff.post(path_of(program, "/approve"), data={"way": "even_loads", "version": even.version})

    assert approved.status_code == 302
    states = dict(rows(world, sa.select(Proposal.way, Proposal.state)))
    assert states == {Way.EVEN_LOADS: ProposalState.APPROVED, Way.BEST_FIT: ProposalState.DROPPED}
    assert sorted(rows(world, sa.select(ProgramMentor.load))) == [(2,), (2,)]


@pytest.mark.parametrize(("way", "status"), [("two_way", 409), ("by-chance", 404), ("", 302)])
def test_a_way_that_cannot_be_computed_is_refused(world, staff, program, way, status):
    world.enrolment(program)
    name(world, staff, program)

    assert compute(staff, program, way).status_code == status


# --- by hand ----------------------------------------------------------------------------------------


def test_each_mentor_is_shown_with_the_price_of_the_move(world, staff, program):
    known, other = two_ways(world, staff, program)
    pair = row(world, sa.select(ProposedPair).where(ProposedPair.mentor_id == known.mentor_id))
    before = rows(world, sa.select(Proposal.summary).where(Proposal.id == pair.proposal_id))[0][0]["cost"]

    page = staff.get(path_of(program, f"/pairs/{pair.id}"), headers=ENGLISH)
    moved = staff.post(
        path_of(program, f"/pairs/{pair.id}"),
        data={"mentor": other.mentor_id},
        follow_redirects=True,
        headers=ENGLISH,
    )

    after = rows(world, sa.select(Proposal.summary).where(Proposal.id == pair.proposal_id))[0][0]["cost"]
    price = f"{(after - before) / 1000:+.2f}"
    assert after > before
    assert price in page.text
    assert f"price {price}" in moved.text
    kept = row(world, sa.select(ProposedPair).where(ProposedPair.id == pair.id))
    assert (kept.mentor_id, kept.locked) == (other.mentor_id, True)


def test_a_mentor_whom_a_limit_forbids_is_shown_with_it_and_refused(world, staff, program):
    world.enrolment(program, field="检测")
    name(world, staff, program, fields="检测")
    foreign = name(world, staff, program, fields="焊接")
    compute(staff, program, Way.BEST_FIT)
    pair = row(world, sa.select(ProposedPair))

    page = staff.get(path_of(program, f"/pairs/{pair.id}"), headers=ENGLISH).text
    refused = staff.post(path_of(program, f"/pairs/{pair.id}"), data={"mentor": foreign.mentor_id})

    assert "another field" in page
    assert "disabled" in page
    assert refused.status_code == 409
    assert row(world, sa.select(ProposedPair)).mentor_id == pair.mentor_id


@pytest.mark.parametrize(("mentor", "status"), [("", 422), ("niemand", 422), ("999", 409)])
def test_a_move_to_nobody_is_refused(world, staff, program, mentor, status):
    world.enrolment(program)
    name(world, staff, program)
    compute(staff, program, Way.BEST_FIT)
    pair = row(world, sa.select(ProposedPair))

    assert staff.post(path_of(program, f"/pairs/{pair.id}"), data={"mentor": mentor}).status_code == status


def test_a_pair_of_a_decided_proposal_is_not_there(world, staff, program):
    world.enrolment(program)
    name(world, staff, program)
    paired(world, staff, program)
    pair = row(world, sa.select(ProposedPair))

    assert staff.get(path_of(program, f"/pairs/{pair.id}")).status_code == 404


# --- after a mentor left ----------------------------------------------------------------------------


def test_after_a_mentor_left_as_few_as_can_be_change_and_how_many_is_said(world, staff, program):
    for _ in range(6):
        world.enrolment(program)
    mentors = [name(world, staff, program, capacity="3") for _ in range(3)]
    paired(world, staff, program)
    leaving = mentors[0]
    stay = rows(
        world,
        sa.select(Assignment.enrolment_id, Assignment.mentor_id).where(
            Assignment.mentor_id != leaving.mentor_id
        ),
    )
    staff.post(
        f"/programs/{program.id}/mentors/{leaving.id}/leaving",
        data={"day": TODAY.isoformat(), "reason": "离职"},
    )

    page = staff.post(
        path_of(program), data={"way": "fewest_changes"}, follow_redirects=True, headers=ENGLISH
    ).text

    found = pairs_of(world, Way.FEWEST_CHANGES)
    assert all(found[enrolment_id] == mentor_id for enrolment_id, mentor_id in stay)
    assert None not in found.values()
    summary = row(world, sa.select(Proposal).where(Proposal.state == ProposalState.OPEN)).summary
    assert (summary["kept"], summary["changed"], summary["placed"]) == (4, 0, 6)
    assert "4 keep theirs" in page


def test_a_pair_that_a_leave_forbids_since_is_not_approved(world, staff, program):
    world.enrolment(program)
    named = name(world, staff, program)
    compute(staff, program, Way.BEST_FIT)
    staff.post(
        f"/programs/{program.id}/mentors/{named.id}/leaves",
        data={"starts_on": TODAY.isoformat(), "ends_on": "2027-03-01"},
    )
    proposal = row(world, sa.select(Proposal))

    refused = staff.post(path_of(program, "/approve"), data={"version": proposal.version})

    assert refused.status_code == 409
    assert "请假" in refused.text
    assert rows(world, sa.select(sa.func.count(Assignment.id))) == [(0,)]


# --- from the school stage to the workplace ---------------------------------------------------------


def taught(world, program, cohort, teacher_id, day=TODAY - timedelta(days=20), **values):
    """Let somebody teach a class at school."""
    with world.app.app_context():
        edition = keep(
            Edition(
                program_id=program.id,
                number=cohort.id,
                created_by_id=teacher_id,
                created_at=NOW,
                changed_at=NOW,
            )
        )
        module = keep(
            Module(edition_id=edition.id, stage_number=1, position=1, name="装调", theory_hours=2, practice_hours=2,
                   layer=Layer.CORE, practice_level=PracticeLevel.BASIC, venue=Venue.ENTERPRISE)
        )  # fmt: skip
        keep(
            TeachingSession(
                program_id=program.id, module_id=module.id, lineage=module.lineage, cohort_id=cohort.id, day=day,
                first_unit=1, units=2, teacher_id=teacher_id, host_id=program.lead_college_id,
                created_by_id=teacher_id, created_at=NOW, **values,
            )
        )  # fmt: skip


def test_the_master_who_taught_the_class_at_school_follows_it_to_the_workplace(world, staff, program):
    """Case Z2: the mentor is carried over from the school stage to the workplace stage."""
    classes = [world.cohort(program, title) for title in ("A 班", "B 班")]
    for cohort in classes * 2:
        world.enrolment(program, cohort_id=cohort.id)
    masters = [name(world, staff, program).mentor_id for _ in classes]
    users = dict(rows(world, sa.select(Mentor.id, Mentor.user_id)))
    expected = {cohort.id: master for cohort, master in zip(classes, reversed(masters), strict=True)}
    for cohort in classes:
        taught(world, program, cohort, users[expected[cohort.id]])

    compute(staff, program, Way.BEST_FIT)

    found = pairs_of(world, Way.BEST_FIT)
    cohorts = dict(rows(world, sa.select(Enrolment.id, Enrolment.cohort_id)))
    assert {key: expected[cohorts[key]] for key in found} == found


@pytest.mark.parametrize(
    "values",
    [
        {"day": TODAY + timedelta(days=1)},
        {"state": SessionState.CANCELLED, "cancelled_at": NOW},
    ],
)
def test_a_session_to_come_or_called_off_is_no_acquaintance(world, staff, program, values):
    cohort = world.cohort(program)
    world.enrolment(program, cohort_id=cohort.id)
    named = name(world, staff, program)
    user_id = row(world, sa.select(Mentor).where(Mentor.id == named.mentor_id)).user_id
    taught(world, program, cohort, user_id, **values)

    compute(staff, program, Way.BEST_FIT)

    assert row(world, sa.select(ProposedPair)).parts["continuity"] == 0.5


def test_who_guided_a_person_in_another_programme_goes_on(world, staff, program):
    person = world.user(Role.TRAINEE)
    before = world.program(State.CLOSED)
    earlier = world.enrolment(before, user=person)
    world.enrolment(program, user=person)
    others = [name(world, staff, program) for _ in range(3)]
    known = others[1]
    with world.app.app_context():
        keep(
            Assignment(
                program_id=before.id, enrolment_id=earlier.id, side=Side.ENTERPRISE, mentor_id=known.mentor_id,
                starts_on=TODAY, ends_on=TODAY, approved_by_id=person.id, approved_at=NOW,
            )
        )  # fmt: skip

    compute(staff, program, Way.BEST_FIT)
    page = staff.get(path_of(program), headers=ENGLISH).text

    assert list(pairs_of(world, Way.BEST_FIT).values()) == [known.mentor_id]
    assert "known from the school stage" in page


@pytest.mark.parametrize("role", [Role.ENTERPRISE_COORDINATOR, Role.SCHOOL_TEACHER, Role.TRAINEE])
def test_only_who_assigns_computes_and_moves(world, staff, program, role):
    world.enrolment(program)
    name(world, staff, program)
    compute(staff, program, Way.BEST_FIT)
    pair = row(world, sa.select(ProposedPair))
    client = world.signed_in(world.user(role))

    assert client.post(path_of(program), data={"way": "even_loads"}).status_code in (403, 404)
    assert client.post(path_of(program, f"/pairs/{pair.id}"), data={"mentor": 1}).status_code in (403, 404)


def test_strangers_do_not_see_a_comparison(world, staff, program):
    two_ways(world, staff, program)
    stranger = world.signed_in(world.user(Role.STAFF, organization=world.organization()))

    assert stranger.get(path_of(program, "/compare")).status_code == 404

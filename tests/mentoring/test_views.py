"""Mentors on the screen: naming, proposing, approving, handing over."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.mentoring.models import Assignment, Mentor, ProgramMentor, Proposal, ProposedPair
from trainmgr.mentoring.terms_queries import typical_for
from trainmgr.programs.models import Program, ProgramPerson
from trainmgr.programs.rules import Side, State

BOTH = [Side.COLLEGE, Side.ENTERPRISE]
ROLE = {Side.COLLEGE: Role.SCHOOL_TEACHER, Side.ENTERPRISE: Role.ENTERPRISE_MENTOR}


@pytest.fixture
def program(world, app):
    app.config["CLOCK"] = lambda: NOW
    return world.program(State.RECRUITING)


@pytest.fixture
def staff(world, program):
    return world.signed_in(world.user(Role.STAFF))


def name(world, client, program, side=Side.ENTERPRISE, *, status=302, **values):
    """Name a new person as a mentor through the form; returns the programme's mentor."""
    person = world.user(ROLE[side])
    home = world.college if side is Side.COLLEGE else world.enterprise
    data = {"person": f"{person.id}:{home.id}", "capacity": "5"} | values
    response = client.post(f"/programs/{program.id}/mentors/{side}?q={person.name}", data=data)
    assert response.status_code == status, response.text
    return row(world, sa.select(ProgramMentor).join(Mentor).where(Mentor.user_id == person.id))


def row(world, statement):
    with world.inside() as session:
        found = session.scalars(statement).first()
        session.expunge_all()
        return found


def rows(world, statement):
    with world.inside() as session:
        return [tuple(found) for found in session.execute(statement)]


def paired(world, client, program, side=Side.ENTERPRISE):
    client.post(f"/programs/{program.id}/proposals/{side}")
    proposal = row(world, sa.select(Proposal))
    return client.post(f"/programs/{program.id}/proposals/{side}/approve", data={"version": proposal.version})


@pytest.mark.parametrize("side", BOTH)
def test_a_whole_class_is_proposed_and_approved(world, staff, program, side):
    for _ in range(7):
        world.enrolment(program)
    for _ in range(2):
        name(world, staff, program, side)

    shown = staff.post(f"/programs/{program.id}/proposals/{side}", follow_redirects=True)
    approved = paired(world, staff, program, side)

    assert shown.status_code == 200
    assert approved.status_code == 302
    column = Enrolment.school_teacher_id if side is Side.COLLEGE else Enrolment.enterprise_mentor_id
    assert rows(world, sa.select(sa.func.count()).where(column.is_not(None))) == [(7,)]
    assert sorted(rows(world, sa.select(ProgramMentor.load))) == [(3,), (4,)]


def test_nobody_changes_before_approval(world, staff, program):
    world.enrolment(program)
    name(world, staff, program)

    staff.post(f"/programs/{program.id}/proposals/enterprise")

    assert rows(world, sa.select(Enrolment.enterprise_mentor_id)) == [(None,)]
    assert rows(world, sa.select(sa.func.count(Assignment.id))) == [(0,)]


def test_approving_twice_does_one_thing(world, staff, program):
    world.enrolment(program)
    name(world, staff, program)
    first = paired(world, staff, program)

    again = staff.post(f"/programs/{program.id}/proposals/enterprise/approve", data={"version": 1})

    assert first.status_code == 302
    assert again.status_code == 409
    assert "批准" in again.text
    assert rows(world, sa.select(sa.func.count(Assignment.id))) == [(1,)]


def test_an_approval_of_what_was_changed_meanwhile_is_refused(world, staff, program):
    world.enrolment(program)
    name(world, staff, program)
    staff.post(f"/programs/{program.id}/proposals/enterprise")
    seen = row(world, sa.select(Proposal)).version
    staff.post(f"/programs/{program.id}/proposals/enterprise")

    response = staff.post(f"/programs/{program.id}/proposals/enterprise/approve", data={"version": seen - 1})

    assert response.status_code == 409
    assert rows(world, sa.select(sa.func.count(Assignment.id))) == [(0,)]


def test_a_locked_pair_survives_computing_anew(world, staff, program):
    for _ in range(4):
        world.enrolment(program)
    mentors = [name(world, staff, program, capacity="4") for _ in range(2)]
    staff.post(f"/programs/{program.id}/proposals/enterprise")
    pair = row(world, sa.select(ProposedPair).where(ProposedPair.mentor_id == mentors[0].mentor_id))
    staff.post(
        f"/programs/{program.id}/proposals/enterprise/pairs/{pair.id}", data={"mentor": mentors[1].mentor_id}
    )

    staff.post(f"/programs/{program.id}/proposals/enterprise")

    kept = row(world, sa.select(ProposedPair).where(ProposedPair.enrolment_id == pair.enrolment_id))
    assert (kept.mentor_id, kept.locked) == (mentors[1].mentor_id, True)


def test_a_full_mentor_cannot_be_given_one_more_by_hand(world, staff, program):
    for _ in range(2):
        world.enrolment(program)
    full = name(world, staff, program, capacity="1")
    name(world, staff, program, capacity="1")
    staff.post(f"/programs/{program.id}/proposals/enterprise")
    other = row(world, sa.select(ProposedPair).where(ProposedPair.mentor_id != full.mentor_id))

    response = staff.post(
        f"/programs/{program.id}/proposals/enterprise/pairs/{other.id}", data={"mentor": full.mentor_id}
    )

    assert response.status_code == 409
    assert "满" in response.text


def test_one_place_more_places_whoever_was_left_out(world, staff, program):
    for _ in range(2):
        world.enrolment(program)
    named = name(world, staff, program, capacity="1")
    staff.post(f"/programs/{program.id}/proposals/enterprise")
    left_out = row(world, sa.select(ProposedPair).where(ProposedPair.mentor_id.is_(None)))

    staff.post(f"/programs/{program.id}/mentors/{named.id}/places")
    staff.post(f"/programs/{program.id}/proposals/enterprise")

    assert left_out.obstacle == "capacity"
    assert row(world, sa.select(ProposedPair).where(ProposedPair.mentor_id.is_(None))) is None


def test_a_handover_keeps_who_guided_before(world, staff, program):
    trainee = world.enrolment(program)
    leaving = name(world, staff, program)
    paired(world, staff, program)
    successor = name(world, staff, program)

    response = staff.post(
        f"/programs/{program.id}/mentors/{leaving.id}/handover",
        data={
            "trainees": [trainee.id],
            "successor": successor.id,
            "day": TODAY.isoformat(),
            "reason": "离职",
        },
    )

    assert response.status_code == 302, response.text
    history = rows(
        world, sa.select(Assignment.mentor_id, Assignment.ends_on, Assignment.reason).order_by(Assignment.id)
    )
    assert [entry[0] for entry in history] == [leaving.mentor_id, successor.mentor_id]
    assert history[0][1] is not None
    assert history[1][1:] == (None, "离职")
    now_with = row(world, sa.select(Enrolment)).enterprise_mentor_id
    assert now_with == row(world, sa.select(Mentor).where(Mentor.id == successor.mentor_id)).user_id


@pytest.mark.parametrize(
    "values",
    [{"reason": ""}, {"day": "gestern"}, {"successor": "999"}, {"trainees": []}, {"trainees": ["x"]}],
)
def test_a_handover_with_something_missing_is_refused_at_the_field(world, staff, program, values):
    trainee = world.enrolment(program)
    leaving = name(world, staff, program)
    paired(world, staff, program)
    successor = name(world, staff, program)
    data = {
        "trainees": [trainee.id],
        "successor": successor.id,
        "day": TODAY.isoformat(),
        "reason": "离职",
    } | values

    response = staff.post(f"/programs/{program.id}/mentors/{leaving.id}/handover", data=data)

    assert response.status_code == 422
    assert rows(world, sa.select(sa.func.count(Assignment.id))) == [(1,)]


def test_a_handover_cannot_lie_ahead(world, staff, program):
    trainee = world.enrolment(program)
    leaving = name(world, staff, program)
    paired(world, staff, program)
    successor = name(world, staff, program)

    response = staff.post(
        f"/programs/{program.id}/mentors/{leaving.id}/handover",
        data={"trainees": [trainee.id], "successor": successor.id, "day": "2030-01-01", "reason": "离职"},
    )

    assert response.status_code == 409
    assert "离职" in response.text


def test_a_mentor_who_left_leaves_the_trainees_waiting_and_the_history_known(world, staff, program):
    world.enrolment(program)
    leaving = name(world, staff, program)
    paired(world, staff, program)
    page = staff.get(f"/programs/{program.id}/mentors/{leaving.id}/leaving")

    response = staff.post(
        f"/programs/{program.id}/mentors/{leaving.id}/leaving",
        data={"day": TODAY.isoformat(), "reason": "离职"},
    )

    assert (page.status_code, response.status_code) == (200, 302)
    assert row(world, sa.select(Enrolment)).enterprise_mentor_id is None
    assert rows(world, sa.select(Assignment.mentor_id, Assignment.ends_on)) == [(leaving.mentor_id, TODAY)]
    assert row(world, sa.select(ProgramMentor)) is None
    person = row(world, sa.select(ProgramPerson).where(ProgramPerson.role == Role.ENTERPRISE_MENTOR))
    assert person.until == TODAY


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"reason": ""}, 422),
        ({"day": "gestern"}, 422),
        ({"day": "2030-01-01"}, 409),
        ({"day": "2001-01-01"}, 409),
    ],
)
def test_leaving_takes_a_reason_and_a_day_that_can_be(world, staff, program, values, status):
    world.enrolment(program)
    leaving = name(world, staff, program)
    paired(world, staff, program)

    response = staff.post(
        f"/programs/{program.id}/mentors/{leaving.id}/leaving",
        data={"day": TODAY.isoformat(), "reason": "离职"} | values,
    )

    assert response.status_code == status
    assert row(world, sa.select(Enrolment)).enterprise_mentor_id is not None


def test_a_mentor_who_guides_somebody_is_not_taken_off_the_list(world, staff, program):
    world.enrolment(program)
    named = name(world, staff, program)
    paired(world, staff, program)

    response = staff.post(f"/programs/{program.id}/mentors/{named.id}/remove")

    assert response.status_code == 409
    assert row(world, sa.select(ProgramMentor)) is not None


def test_a_profile_edited_by_two_keeps_what_the_second_typed(world, staff, program):
    named = name(world, staff, program)
    path, data = f"/programs/{program.id}/mentors/{named.id}", {"capacity": "5", "version": "1"}
    staff.post(path, data=data | {"fields": "检测"})

    response = staff.post(path, data=data | {"fields": "数控"})

    assert response.status_code == 409
    assert 'value="数控"' in response.text
    assert "<dd>检测</dd>" in response.text
    assert row(world, sa.select(Mentor)).fields == "检测"


def test_who_was_told_of_the_conflict_may_save_once_more(world, staff, program):
    named = name(world, staff, program)
    path, data = f"/programs/{program.id}/mentors/{named.id}", {"capacity": "5", "version": "1"}
    colleague = world.user(Role.STAFF, name="韦同事")
    world.signed_in(colleague).post(path, data=data | {"fields": "检测"})
    told = staff.post(path, data=data | {"fields": "数控"}).text
    version = re.search(r'name="version" type="hidden" value="(\d+)"', told).group(1)

    again = staff.post(path, data=data | {"fields": "数控", "version": version})

    assert "韦同事" in told
    assert again.status_code == 302
    assert row(world, sa.select(Mentor)).fields == "数控"


@pytest.mark.parametrize("capacity", ["", "-1", "viele", "501", "2.5"])
def test_nonsense_places_are_refused_at_the_field(world, staff, program, capacity):
    assert name(world, staff, program, status=422, capacity=capacity) is None


def test_the_same_person_is_not_named_twice(world, staff, program):
    named = name(world, staff, program)
    person = row(world, sa.select(Mentor).where(Mentor.id == named.mentor_id)).user_id

    response = staff.post(
        f"/programs/{program.id}/mentors/enterprise",
        data={"person": f"{person}:{world.enterprise.id}", "capacity": "5"},
    )

    assert response.status_code == 422


def test_a_coordinator_names_only_people_of_the_own_enterprise(world, program):
    coordinator = world.signed_in(world.user(Role.ENTERPRISE_COORDINATOR))
    teacher = world.user(Role.SCHOOL_TEACHER)

    own = name(world, coordinator, program)
    foreign = coordinator.post(
        f"/programs/{program.id}/mentors/college",
        data={"person": f"{teacher.id}:{world.college.id}", "capacity": "5"},
    )

    assert own is not None
    assert foreign.status_code == 422


def test_a_coordinator_does_not_approve(world, program):
    coordinator = world.signed_in(world.user(Role.ENTERPRISE_COORDINATOR))

    assert coordinator.post(f"/programs/{program.id}/proposals/enterprise").status_code == 403


def test_strangers_of_the_same_role_find_nothing(world, staff, program):
    named = name(world, staff, program)
    stranger = world.signed_in(world.user(Role.STAFF, world.organization()))
    outside = world.organization(OrganizationKind.ENTERPRISE)
    other = world.signed_in(world.user(Role.ENTERPRISE_COORDINATOR, outside))

    for client in (stranger, other):
        assert client.get(f"/programs/{program.id}/mentors").status_code == 404
        assert client.get(f"/programs/{program.id}/mentors/{named.id}").status_code == 404


def test_a_trainee_sees_the_own_mentors_only(world, program):
    mentor = world.user(Role.ENTERPRISE_MENTOR)
    me, other = world.enrolment(program, mentor=mentor), world.enrolment(program)
    user = row(world, sa.select(Enrolment).where(Enrolment.id == me.id))

    with world.inside() as session:
        from trainmgr.identity.models import User

        person = session.get(User, user.user_id)
        session.expunge_all()
    html = world.signed_in(person).get(f"/programs/{program.id}/mentors").text

    assert mentor.name in html
    assert other.name not in html


def test_a_mentor_sees_the_own_trainees_over_all_programmes(world, program):
    mentor = world.user(Role.ENTERPRISE_MENTOR)
    mine = [
        world.enrolment(program, mentor=mentor),
        world.enrolment(world.program(State.RUNNING), mentor=mentor),
    ]
    foreign = world.enrolment(program)

    html = world.signed_in(mentor).get("/my-trainees").text

    assert all(enrolment.name in html for enrolment in mine)
    assert foreign.name not in html


def test_an_ended_qualification_keeps_a_mentor_from_new_pairs(world, staff, program):
    world.enrolment(program)
    name(
        world, staff, program, qualification="技师", qualified_until=(TODAY + timedelta(days=10)).isoformat()
    )

    staff.post(f"/programs/{program.id}/proposals/enterprise")

    assert row(world, sa.select(ProposedPair)).obstacle == "qualification"


def test_a_proposal_without_trainees_or_mentors_is_refused_with_the_reason(world, staff, program):
    nobody = staff.post(f"/programs/{program.id}/proposals/enterprise")
    world.enrolment(program)
    without_mentor = staff.post(f"/programs/{program.id}/proposals/enterprise")

    assert (nobody.status_code, without_mentor.status_code) == (409, 409)


def test_leaving_frees_the_place(world, staff, program, app):
    from trainmgr.enrolment.hooks import Change, tell_left
    from trainmgr.identity.models import User

    trainee = world.enrolment(program)
    name(world, staff, program)
    paired(world, staff, program)

    with world.inside() as session:
        person = session.scalars(sa.select(User)).first()
        tell_left(Change(program.id, [trainee.id], TODAY, "x", person, NOW))
        session.commit()

    assert rows(world, sa.select(ProgramMentor.load)) == [(0,)]
    assert row(world, sa.select(Assignment)).ends_on == TODAY
    assert row(world, sa.select(Enrolment)).enterprise_mentor_id is None


def test_the_number_of_statements_does_not_depend_on_the_number_of_rows(world, staff, program, app):
    def statements(path) -> int:
        seen = []
        with world.inside():
            engine = db.engine
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        sa.event.listen(engine, "before_cursor_execute", listener)
        assert staff.get(path, follow_redirects=True).status_code == 200
        sa.event.remove(engine, "before_cursor_execute", listener)
        return sum(not statement.startswith("BEGIN") for statement in seen)

    world.enrolment(program)
    name(world, staff, program)
    staff.post(f"/programs/{program.id}/proposals/enterprise")
    paths = [f"/programs/{program.id}/mentors", f"/programs/{program.id}/proposals/enterprise"]
    few = [statements(path) for path in paths]
    for _ in range(12):
        world.enrolment(program)
        name(world, staff, program)
    staff.post(f"/programs/{program.id}/proposals/enterprise")

    assert [statements(path) for path in paths] == few
    assert all(count <= 10 for count in few), few


def test_naming_a_known_mentor_elsewhere_keeps_what_is_left_blank(world, staff, program):
    named = name(world, staff, program, fields="数控", level="高级", site="一号车间", capacity="9")
    mentor = row(world, sa.select(Mentor).where(Mentor.id == named.mentor_id))
    other = world.program(State.RECRUITING, name="另一个项目")
    with world.inside():
        usual = str(typical_for(db.session.get_one(Program, other.id), Side.ENTERPRISE))

    data = {"person": f"{mentor.user_id}:{world.enterprise.id}", "capacity": usual, "level": "技师"}
    assert staff.post(f"/programs/{other.id}/mentors/enterprise", data=data).status_code == 302

    mentor = row(world, sa.select(Mentor).where(Mentor.id == named.mentor_id))
    assert (mentor.fields, mentor.level, mentor.site, mentor.capacity) == ("数控", "技师", "一号车间", 9)

"""Proposals for many trainees: a job beside the request, which may be killed, asked for twice, or overtaken."""

from __future__ import annotations

from collections import Counter

import pytest
import sqlalchemy as sa

from tests.factories import NOW
from tests.mentoring.test_views import name, row, rows
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job, JobState, queue, running
from trainmgr.mentoring import proposing
from trainmgr.mentoring.models import Assignment, Mentor, Proposal, ProposalState, ProposedPair
from trainmgr.programs.rules import State

PATH = "/programs/{}/proposals/enterprise"


class Killed(BaseException):
    """What the worker's process meets on `kill -9`: nothing catches it, nothing is written any more."""


@pytest.fixture
def program(world, app, monkeypatch):
    """A programme with more trainees than a request finds mentors for, and two mentors."""
    app.config["CLOCK"] = lambda: NOW
    monkeypatch.setattr(proposing, "AT_ONCE", 3)
    program = world.program(State.RECRUITING)
    for _ in range(5):
        world.enrolment(program)
    return program


@pytest.fixture
def staff(world, program):
    client = world.signed_in(world.user(Role.STAFF))
    for _ in range(2):
        name(world, client, program)
    return client


@pytest.fixture
def waiting(monkeypatch):
    """Let jobs wait in the queue; returns the ids of those that were sent."""
    sent: list[int] = []
    monkeypatch.setattr(queue, "send", sent.append)
    return sent


def pairs(world):
    return rows(world, sa.select(ProposedPair.enrolment_id, ProposedPair.mentor_id))


def the_job(world):
    return row(world, sa.select(Job).where(Job.kind == "mentor-proposal").order_by(Job.id.desc()))


def proposed(world):
    return rows(world, sa.select(sa.func.count()).where(AuditEvent.action == "mentoring.propose"))[0][0]


def killed_at(world, monkeypatch, place, name, job_id):
    """Run a job until a function is called, and let the process die there."""

    def die(*args, **kwargs):
        raise Killed

    with monkeypatch.context() as patch, world.app.app_context():
        patch.setattr(place, name, die)
        with pytest.raises(Killed):
            running.execute(job_id)
        db.session.rollback()


def taken_up(world, job_id):
    """Let another worker find the job of the dead one."""
    world.app.config["JOBS_STALE_SECONDS"] = -1  # the clock of these tests stands still
    with world.app.app_context():
        running.execute(job_id)


def test_a_large_class_is_computed_beside_the_request(world, staff, program):
    answer = staff.post(PATH.format(program.id))

    assert answer.status_code == 302
    assert answer.location.endswith(f"/programs/{program.id}/mentors?side=enterprise")
    assert the_job(world).state is JobState.DONE
    assert the_job(world).counts == {"placed": 5}
    assert sorted(Counter(mentor for _trainee, mentor in pairs(world)).values()) == [2, 3]
    assert staff.get(PATH.format(program.id)).status_code == 200


def test_a_small_class_is_computed_at_once(world, staff, program, monkeypatch):
    monkeypatch.setattr(proposing, "AT_ONCE", 5)

    answer = staff.post(PATH.format(program.id))

    assert answer.location.endswith(PATH.format(program.id) + "?way=best_fit")
    assert the_job(world) is None
    assert len(pairs(world)) == 5


def test_the_page_shows_how_far_it_is_and_leads_to_the_proposal(world, staff, program, waiting):
    asked = staff.post(PATH.format(program.id), follow_redirects=True).text
    box = staff.get(PATH.format(program.id) + "/progress", headers={"HX-Request": "true"})
    with world.app.app_context():
        running.execute(waiting[0])
    done = staff.get(PATH.format(program.id) + "/progress", headers={"HX-Request": "true"})

    assert "hx-get" in asked
    assert "<progress" in asked
    assert f'action="{PATH.format(program.id)}"' not in asked  # it is under way: nothing to press
    assert "<progress" in box.text
    assert "HX-Redirect" not in box.headers
    assert done.headers["HX-Redirect"] == PATH.format(program.id)
    assert "<progress" not in staff.get(f"/programs/{program.id}/mentors").text


def test_asking_twice_starts_one_job(world, staff, program, waiting):
    for _ in range(2):
        assert staff.post(PATH.format(program.id)).status_code == 302

    assert len(waiting) == 1
    assert rows(world, sa.select(sa.func.count(Job.id))) == [(1,)]


@pytest.mark.parametrize(
    ("place", "name"), [(proposing, "propose"), (proposing, "summary_of"), (running, "_finish")]
)
def test_a_killed_job_is_taken_up_and_doubles_nothing(
    world, staff, program, waiting, monkeypatch, place, name
):
    """It may die before anything is written, in the middle of it, or when all is written but not yet told."""
    staff.post(PATH.format(program.id))

    killed_at(world, monkeypatch, place, name, waiting[0])
    assert the_job(world).state is JobState.RUNNING
    taken_up(world, waiting[0])

    assert (the_job(world).state, the_job(world).attempts) == (JobState.DONE, 2)
    assert len(pairs(world)) == 5
    assert rows(world, sa.select(sa.func.count(Proposal.id))) == [(1,)]
    assert proposed(world) == 1


def test_a_pair_locked_while_it_is_computed_stays(world, staff, program, waiting, monkeypatch):
    monkeypatch.setattr(proposing, "AT_ONCE", 9)
    staff.post(PATH.format(program.id))
    monkeypatch.setattr(proposing, "AT_ONCE", 3)
    pair = row(world, sa.select(ProposedPair))
    staff.post(PATH.format(program.id))
    whole, times = proposing.propose, []

    def overtaken(*args, **kwargs):
        if not times:
            staff.post(f"{PATH.format(program.id)}/pairs/{pair.id}/lock", data={"locked": "1"})
        times.append(1)
        return whole(*args, **kwargs)

    monkeypatch.setattr(proposing, "propose", overtaken)
    with world.app.app_context():
        running.execute(waiting[0])

    assert len(times) == 2
    locked = sa.select(ProposedPair.enrolment_id, ProposedPair.mentor_id).where(ProposedPair.locked)
    assert rows(world, locked) == [(pair.enrolment_id, pair.mentor_id)]


def test_a_job_that_broke_off_says_why(world, staff, program, waiting):
    staff.post(PATH.format(program.id))
    with world.inside() as session:
        session.execute(sa.delete(Mentor.__table__.metadata.tables["program_mentor"]))
        session.commit()
    with world.app.app_context():
        running.execute(waiting[0])

    page = staff.get(f"/programs/{program.id}/mentors", headers={"Accept-Language": "en"}).text

    assert the_job(world).state is JobState.FAILED
    assert "say-bad" in page


def approve(staff, world, program):
    proposal = row(world, sa.select(Proposal).where(Proposal.state == ProposalState.OPEN))
    return staff.post(PATH.format(program.id) + "/approve", data={"version": proposal.version})


def test_an_approval_for_a_mentor_who_left_the_list_is_refused(world, staff, program):
    staff.post(PATH.format(program.id))
    mentor = row(world, sa.select(Mentor).order_by(Mentor.id))
    with world.inside() as session:
        session.execute(
            sa.delete(Mentor.__table__.metadata.tables["program_mentor"]).where(
                sa.column("mentor_id") == mentor.id
            )
        )
        session.commit()

    refused = approve(staff, world, program)

    assert refused.status_code == 409
    assert mentor.name in refused.text
    assert rows(world, sa.select(sa.func.count(Assignment.id))) == [(0,)]


def test_an_approval_of_more_than_a_mentor_may_take_now_is_refused(world, staff, program):
    staff.post(PATH.format(program.id))
    mentor = row(world, sa.select(Mentor).order_by(Mentor.id))
    with world.inside() as session:
        session.get_one(Mentor, mentor.id).capacity = 1
        session.commit()

    refused = approve(staff, world, program)

    assert refused.status_code == 409
    assert mentor.name in refused.text
    assert rows(world, sa.select(sa.func.count(Assignment.id))) == [(0,)]


def test_only_who_assigns_sees_the_job(world, staff, program, waiting):
    staff.post(PATH.format(program.id))
    stranger = world.signed_in(world.user(Role.STAFF, organization=world.organization()))

    assert stranger.get(PATH.format(program.id) + "/progress").status_code == 404
    assert row(world, sa.select(User)) is not None

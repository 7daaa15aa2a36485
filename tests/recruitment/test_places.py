"""Places by quota: each post has its own, the waiting list of a post moves up by itself."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.programs.models import Due
from trainmgr.programs.rules import Side
from trainmgr.recruitment import judging
from trainmgr.recruitment.rules import VerdictKind


def test_a_full_post_waits_while_another_has_places(recruiting, states, session):
    recruiting.plan(("装调", "机器人", 1), ("检测", "质量", 1))
    ids = [recruiting.applicant(post, at)[1] for at, post in enumerate(("装调", "装调", "检测"))]

    for application_id in ids:
        recruiting.judge(application_id)

    assert list(states().values()) == ["admitted", "waitlisted", "admitted"]
    first = session.scalars(sa.select(Enrolment).order_by(Enrolment.id)).first()
    assert (first.post, first.field, first.enterprise_id) == (
        "装调",
        "机器人",
        recruiting.world.enterprise.id,
    )


def test_a_place_given_up_goes_to_the_next_of_the_same_post_at_once(recruiting, states, session, signed_in):
    recruiting.plan(("装调", "机器人", 1), ("检测", "质量", 1))
    made = [recruiting.applicant(post, at) for at, post in enumerate(("装调", "检测", "检测", "装调"))]
    for _user, application_id in made:
        recruiting.judge(application_id)
    assert list(states().values()) == ["admitted", "admitted", "waitlisted", "waitlisted"]

    client = signed_in(made[0][0])
    assert client.post(f"/programs/{recruiting.program.id}/apply/withdraw").status_code == 302

    assert list(states().values()) == ["withdrawn", "admitted", "waitlisted", "admitted"]
    told = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "application.moved_up")).all()
    assert [event.subject_id for event in told] == [made[3][1]]
    notices = session.scalars(sa.select(Due).where(Due.code == "place-to-confirm")).all()
    assert {due.user_id for due in notices} == {made[1][0].id, made[3][0].id}


def test_who_leaves_by_the_roster_frees_the_place_too(recruiting, states, session, signed_in):
    recruiting.plan(("装调", "机器人", 1))
    made = [recruiting.applicant("装调", at) for at in range(2)]
    for _user, application_id in made:
        recruiting.judge(application_id)
    taken = session.scalar(sa.select(Enrolment.id))

    signed_in(recruiting.staff).post(
        f"/programs/{recruiting.program.id}/roster/leave",
        data={"id": [str(taken)], "day": TODAY.isoformat(), "reason": "转学"},
    )

    assert list(states().values()) == ["admitted", "admitted"]


def test_a_newly_signed_edition_with_more_places_lets_the_list_move_up(recruiting, states):
    recruiting.plan(("装调", "机器人", 1))
    made = [recruiting.applicant("装调", at) for at in range(4)]
    for _user, application_id in made:
        recruiting.judge(application_id)

    recruiting.plan(("装调", "机器人", 3))

    assert list(states().values()) == ["admitted", "admitted", "admitted", "waitlisted"]


def test_moving_up_reads_as_often_for_twelve_as_for_three(recruiting, states, count_statements):
    recruiting.plan(("装调", "机器人", 1))
    for at in range(16):
        recruiting.judge(recruiting.applicant("装调", at)[1])

    counts = []
    for places in (4, 16):
        with count_statements() as statements:
            recruiting.plan(("装调", "机器人", places))
        counts.append(len([one for one in statements if one.startswith("SELECT")]))

    assert list(states().values()) == ["admitted"] * 16
    assert counts[0] == counts[1]


def test_an_edition_with_fewer_places_than_are_taken_is_not_offered(recruiting):
    from trainmgr.kernel.errors import RuleBroken

    recruiting.plan(("装调", "机器人", 2))
    for at in range(2):
        recruiting.judge(recruiting.applicant("装调", at)[1])

    with pytest.raises(RuleBroken):
        recruiting.plan(("装调", "机器人", 1))


def test_people_whom_the_roster_brought_to_a_post_take_its_places(recruiting, states, world):
    recruiting.plan(("装调", "机器人", 1))
    world.enrolment(recruiting.program, post="装调", field="机器人")
    _user, application_id = recruiting.applicant("装调")

    recruiting.judge(application_id)

    assert states() == {application_id: "waitlisted"}


def test_nobody_is_brought_back_to_a_post_that_is_full(recruiting, states, session, signed_in):
    recruiting.plan(("装调", "机器人", 1))
    made = [recruiting.applicant("装调", at) for at in range(2)]
    for _user, application_id in made:
        recruiting.judge(application_id)
    taken = session.scalar(sa.select(Enrolment.id))
    client, home = signed_in(recruiting.staff), f"/programs/{recruiting.program.id}"
    client.post(f"{home}/roster/leave", data={"id": [str(taken)], "day": TODAY.isoformat(), "reason": "转学"})

    answer = client.post(
        f"{home}/trainees/{taken}/standing/readmit", data={"day": TODAY.isoformat(), "reason": "回来了"}
    )

    assert answer.status_code == 409
    assert list(states().values()) == ["admitted", "admitted"]


def test_two_verdicts_at_once_give_the_last_place_of_a_post_away_once(recruiting, states, app, session):
    recruiting.plan(("装调", "机器人", 1))
    ids = [recruiting.applicant("装调", at)[1] for at in range(2)]
    for application_id in ids:
        recruiting.judge(application_id, Side.COLLEGE)
    session.remove()
    barrier, failed = threading.Barrier(2), []

    def decide(application_id):
        with app.app_context():
            try:
                program, _staff, coordinator = recruiting.people()
                db.session.commit()
                barrier.wait(10)
                judging.record_verdict(
                    program, application_id, Side.ENTERPRISE, VerdictKind.ADMIT, reason="",
                    by=db.session.get(User, coordinator.id), now=NOW, today=TODAY,
                )  # fmt: skip
                db.session.commit()
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=decide, args=(one,)) for one in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert failed == []
    assert sorted(states().values()) == ["admitted", "waitlisted"]


def test_many_are_judged_alike_and_settled_in_the_order_of_applying(recruiting, states, signed_in):
    recruiting.plan(("装调", "机器人", 2))
    made = [recruiting.applicant("装调", at) for at in (3, 1, 2)]
    ids = [application_id for _user, application_id in made]
    address = f"/programs/{recruiting.program.id}/applications/verdicts"
    college, enterprise = signed_in(recruiting.staff), signed_in(recruiting.coordinator)
    form = {"id": [str(one) for one in ids], "verdict": "admit", "reason": ""}

    assert college.post(address, data=form).status_code == 302
    assert enterprise.post(address, data=form).status_code == 302

    assert [states()[one] for one in ids] == ["waitlisted", "admitted", "admitted"]
    assert enterprise.post(address, data=form).status_code == 409
    assert college.post(address, data={**form, "verdict": "reject"}).status_code == 422
    assert college.post(address, data={"verdict": "admit"}).status_code == 409


def test_an_admitted_person_says_that_they_come_and_the_notice_goes(recruiting, session, signed_in):
    recruiting.plan(("装调", "机器人", 1))
    user, application_id = recruiting.applicant("装调")
    recruiting.judge(application_id)
    client, home = signed_in(user), f"/programs/{recruiting.program.id}/apply"
    assert "place-to-confirm" in set(session.scalars(sa.select(Due.code)))

    assert client.post(f"{home}/confirm").status_code == 302

    session.expire_all()
    assert "place-to-confirm" not in set(session.scalars(sa.select(Due.code)))
    assert "我来报到" not in client.get(home).get_data(as_text=True)


def test_applying_keeps_to_the_period_and_to_the_posts_of_the_plan(recruiting, world, signed_in):
    from datetime import timedelta

    from trainmgr.kernel.access import Role

    recruiting.plan(("装调", "机器人", 1), closes=TODAY - timedelta(days=1), opens=TODAY - timedelta(days=9))
    client, home = signed_in(world.user(Role.TRAINEE)), f"/programs/{recruiting.program.id}/apply"
    late = client.post(home, data={"statement": "想来", "post": str(recruiting.posts()["装调"])})
    assert late.status_code == 409
    assert (TODAY - timedelta(days=1)).strftime("%-d") in late.get_data(as_text=True)

    recruiting.plan(("装调", "机器人", 1))
    assert client.post(home, data={"statement": "想来", "post": ""}).status_code == 422
    assert client.post(home, data={"statement": "想来", "post": "99999"}).status_code == 422
    fine = client.post(home, data={"statement": "想来", "post": str(recruiting.posts()["装调"])})
    assert fine.status_code == 302


def test_once_the_training_runs_nobody_is_asked_to_confirm(recruiting, session, app):
    from trainmgr.programs.hooks import Move, tell_move
    from trainmgr.programs.rules import State

    recruiting.plan(("装调", "机器人", 1))
    recruiting.judge(recruiting.applicant("装调")[1])
    with app.app_context():
        program, staff, _coordinator = recruiting.people()
        program.state = State.RUNNING
        tell_move(Move(program, State.RECRUITING, staff, NOW))
        db.session.commit()

    assert "place-to-confirm" not in set(session.scalars(sa.select(Due.code)))


def test_who_changes_the_enterprise_frees_the_place_at_the_former(
    recruiting, states, session, world, signed_in
):
    from trainmgr.identity.models import OrganizationKind
    from trainmgr.programs.models import ProgramParty
    from trainmgr.programs.rules import PartyRole

    other = world.organization(OrganizationKind.ENTERPRISE, name="第二企业")
    session.add(
        ProgramParty(program_id=recruiting.program.id, organization_id=other.id, role=PartyRole.ENTERPRISE)
    )
    session.commit()
    recruiting.plan(("装调", "机器人", 1))
    ids = [recruiting.applicant("装调", at)[1] for at in range(2)]
    for application_id in ids:
        recruiting.judge(application_id)
    taken = session.scalar(sa.select(Enrolment.id))

    answer = signed_in(recruiting.staff).post(
        f"/programs/{recruiting.program.id}/trainees/{taken}/standing/enterprise",
        data={"day": TODAY.isoformat(), "reason": "调岗", "enterprise": str(other.id)},
    )

    assert answer.status_code == 302
    assert list(states().values()) == ["admitted", "admitted"]


def test_who_comes_in_for_somebody_that_left_days_ago_begins_today(recruiting, states, session, signed_in):
    recruiting.plan(("装调", "机器人", 1))
    made = [recruiting.applicant("装调", at) for at in range(2)]
    for _user, application_id in made:
        recruiting.judge(application_id)
    taken = session.scalars(sa.select(Enrolment)).one()
    taken.enrolled_on = TODAY - timedelta(days=30)
    session.commit()

    page = f"/programs/{recruiting.program.id}/roster/leave"
    data = {"id": [str(taken.id)], "day": (TODAY - timedelta(days=10)).isoformat(), "reason": "家里有事"}
    assert signed_in(recruiting.staff).post(page, data=data).status_code == 302

    came = session.scalars(sa.select(Enrolment).where(Enrolment.user_id == made[1][0].id)).one()
    assert came.enrolled_on == TODAY

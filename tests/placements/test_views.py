"""Placements as people use them: arranged for a class, signed by three, begun, changed, ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import TODAY
from tests.placements.conftest import ALL_THREE
from trainmgr.identity.models import User
from trainmgr.kernel import crypto
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.placements.models import (
    ChangeKind,
    Placement,
    PlacementChange,
    PlacementOverride,
    PlacementState,
    RuleCode,
    Signatory,
)
from trainmgr.programs.models import Due


def _terms(scene, **values):
    return {
        "post": scene.post.id,
        "site": "二号车间",
        "starts_on": TODAY.isoformat(),
        "ends_on": (TODAY + timedelta(days=120)).isoformat(),
        "pay": "4500",
    } | values


def _all(scene, statement):
    with scene.world.app.app_context():
        rows = list(db.session.scalars(statement))
        db.session.expunge_all()
        return rows


def test_every_page_opens_for_staff(scene):
    placement = scene.make_placement()
    staff = scene.world.signed_in(scene.staff)
    one = f"{scene.url}/{placement.id}"
    for address in (
        scene.url, f"{scene.url}/trainees", f"{scene.url}/new?id={scene.enrolment.id}", one, f"{one}/change",
        f"{one}/end", f"{scene.url}/papers?id={placement.id}", f"{scene.url}/to-sign", f"{scene.url}/posts",
        f"{scene.url}/posts/new", f"{scene.url}/posts/{scene.post.id}",
        f"{scene.url}/hosts/{scene.world.enterprise.id}", f"{scene.url}/compliance", f"{scene.url}/weekly",
        f"{scene.url}/weekly.docx", f"{scene.url}/weekly.xlsx", "/placement-rules", "/placement-rules/age",
        f"{one}/override/agreement", "/my/placements",
    ):  # fmt: skip
        assert staff.get(address).status_code == 200, address


# --- arranging --------------------------------------------------------------------------------------


def test_a_class_is_placed_at_once_and_whoever_cannot_be_is_named(scene):
    cohort = scene.world.cohort(scene.program)
    inside = [scene.make_trainee(cohort_id=cohort.id) for _ in range(3)]
    other = scene.world.organization(kind=scene.world.enterprise.kind, name="别家企业")
    stranger = scene.make_trainee(cohort_id=cohort.id, enterprise=other)
    staff = scene.world.signed_in(scene.staff)

    answer = staff.post(f"{scene.url}/new", data=_terms(scene, whole_class=cohort.id), follow_redirects=True)
    answer = staff.post(
        f"{scene.url}/new",
        data=_terms(scene, id=[one.id for one in (*inside, stranger)]),
        follow_redirects=True,
    )

    made = _all(scene, sa.select(Placement))
    assert {one.enrolment_id for one in made} == {one.id for one in inside}
    assert {one.state for one in made} == {PlacementState.PLANNED}
    assert made[0].pay_cents == 450_000
    page = answer.get_data(as_text=True)
    assert stranger.name in page
    assert "这段时间已有实习安排" in page


def test_the_age_on_the_first_day_comes_from_the_id_number_and_the_birth_date_is_not_kept(scene):
    with scene.world.app.app_context():
        user = db.session.get_one(User, scene.trainee.id)
        user.id_number_encrypted = crypto.encrypt("11010520101121002X")
        db.session.commit()
    staff = scene.world.signed_in(scene.staff)

    staff.post(f"{scene.url}/new", data=_terms(scene, id=scene.enrolment.id))

    (made,) = _all(scene, sa.select(Placement))
    assert made.age_months == 16 * 12 - 1  # sixteen tomorrow
    answer = staff.get(f"{scene.url}/{made.id}").get_data(as_text=True)
    assert "15 岁" in answer


def test_wrong_days_keep_what_was_typed(scene):
    staff = scene.world.signed_in(scene.staff)
    early = (TODAY - timedelta(days=1)).isoformat()

    answer = staff.post(
        f"{scene.url}/new", data=_terms(scene, id=scene.enrolment.id, ends_on=early, site="东门")
    )

    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "最后一天早于第一天" in page
    assert "东门" in page
    for days in ({"starts_on": "0001-01-01"}, {"ends_on": "9999-12-31"}, {"pay": "很多"}, {"post": "999999"}):
        assert (
            staff.post(f"{scene.url}/new", data=_terms(scene, id=scene.enrolment.id, **days)).status_code
            == 422
        )
    assert _all(scene, sa.select(Placement)) == []


# --- signing ----------------------------------------------------------------------------------------


def test_three_sign_each_for_their_own_and_their_inboxes_follow(scene):
    staff = scene.world.signed_in(scene.staff)
    staff.post(f"{scene.url}/new", data=_terms(scene, id=scene.enrolment.id))
    (made,) = _all(scene, sa.select(Placement))
    assert {one.code for one in _all(scene, sa.select(Due))} >= {"placement-to-sign", "placements-to-sign"}
    trainee, coordinator = scene.world.signed_in(scene.trainee), scene.world.signed_in(scene.coordinator)
    own = trainee.get("/", follow_redirects=True).get_data(as_text=True)
    assert "签署 1 份自己的实习协议" in own
    assert "数控装调：先看岗位" in own
    assert "签署 1 份实习协议" in coordinator.get("/", follow_redirects=True).get_data(as_text=True)

    answer = trainee.post(f"{scene.url}/{made.id}/sign", data={"number": 1}, follow_redirects=True)
    assert "还差 2 方" in answer.get_data(as_text=True)
    again = trainee.post(f"{scene.url}/{made.id}/sign", data={"number": 1})
    coordinator.post(f"{scene.url}/to-sign", data={"id": made.id, f"number-{made.id}": 1})
    staff.post(f"{scene.url}/to-sign", data={"id": made.id, f"number-{made.id}": 1})

    assert again.status_code == 409
    assert scene.of(Placement, made.id).signed == 3
    left = {one.code for one in _all(scene, sa.select(Due).where(Due.program_id == scene.program.id))}
    assert not left & {"placement-to-sign", "placements-to-sign"}


def test_a_programmes_home_tells_of_agreements_that_are_late(scene):
    staff = scene.world.signed_in(scene.staff)
    late = (TODAY - timedelta(days=3)).isoformat()
    staff.post(f"{scene.url}/new", data=_terms(scene, id=scene.enrolment.id, starts_on=late))

    page = staff.get(f"/programs/{scene.program.id}")

    assert page.status_code == 200
    for text in ("签署 1 份自己的实习协议", "1 份实习应已开始"):
        assert text in page.get_data(as_text=True)


def test_terms_that_changed_meanwhile_are_not_signed(scene):
    placement = scene.make_placement(number=2)
    trainee, staff = scene.world.signed_in(scene.trainee), scene.world.signed_in(scene.staff)

    answer = trainee.post(f"{scene.url}/{placement.id}/sign", data={"number": 1})
    many = staff.post(
        f"{scene.url}/to-sign",
        data={"id": placement.id, f"number-{placement.id}": 1},
        follow_redirects=True,
    )

    assert answer.status_code == 409
    assert "约定有变更" in many.get_data(as_text=True)
    assert scene.of(Placement, placement.id).signed == 0


def test_a_trainee_sees_and_signs_only_the_own_placement(scene):
    other = scene.make_trainee()
    foreign = scene.make_placement(other)
    scene.make_placement()
    trainee = scene.world.signed_in(scene.trainee)

    page = trainee.get(scene.url).get_data(as_text=True)

    assert scene.trainee.name in page
    assert other.name not in page
    assert trainee.get(f"{scene.url}/{foreign.id}").status_code == 404
    assert trainee.post(f"{scene.url}/{foreign.id}/sign", data={"number": 1}).status_code == 404
    assert trainee.post(f"{scene.url}/{foreign.id}/start").status_code == 403
    assert trainee.get(f"{scene.url}/compliance").status_code == 403


def test_a_coordinator_of_another_enterprise_sees_nothing(scene):
    placement = scene.make_placement()
    elsewhere = scene.world.organization(kind=scene.world.enterprise.kind, name="别家企业")
    stranger = scene.world.signed_in(scene.world.user(Role.ENTERPRISE_COORDINATOR, elsewhere))

    assert stranger.get(scene.url).status_code == 404
    assert stranger.post(f"{scene.url}/{placement.id}/sign", data={"number": 1}).status_code == 404


def test_the_school_teacher_sees_no_pay_but_the_rules(scene):
    teacher = scene.world.user(Role.SCHOOL_TEACHER)
    guided = scene.make_trainee(teacher=teacher)
    placement = scene.make_placement(guided)
    browser = scene.world.signed_in(teacher)

    page = browser.get(f"{scene.url}/{placement.id}").get_data(as_text=True)

    assert "4,500 元" not in page
    assert "报酬占同岗工资" in page
    assert "4,500 元" in scene.world.signed_in(scene.staff).get(f"{scene.url}/{placement.id}").get_data(
        as_text=True
    )


# --- starting ---------------------------------------------------------------------------------------


def test_a_blocking_rule_refuses_the_start_until_it_is_lifted_with_a_reason(scene):
    placement = scene.make_placement(signed=ALL_THREE, insured_until=None)
    staff, one = scene.world.signed_in(scene.staff), f"{scene.url}/{placement.id}"

    refused = staff.post(f"{one}/start")
    assert refused.status_code == 409
    assert "保险覆盖到最后一天" in refused.get_data(as_text=True)
    assert staff.post(f"{one}/override/insurance", data={"reason": ""}).status_code == 422
    assert staff.post(f"{one}/override/age", data={"reason": "没有拦着它"}).status_code == 409
    staff.post(f"{one}/override/insurance", data={"reason": "保单已投保，凭证在途"})
    staff.post(f"{one}/start")

    assert scene.of(Placement, placement.id).state is PlacementState.RUNNING
    assert scene.of(PlacementOverride, (placement.id, RuleCode.INSURANCE)).reason == "保单已投保，凭证在途"
    (event,) = _all(scene, sa.select(AuditEvent).where(AuditEvent.action == "placement.override"))
    assert (event.actor_name, event.reason) == ("李老师", "保单已投保，凭证在途")
    assert "保单已投保，凭证在途" in staff.get(one).get_data(as_text=True)


def test_only_programme_staff_lift_a_rule(scene):
    placement = scene.make_placement()
    department = scene.world.department()
    with scene.world.app.app_context():
        db.session.execute(sa.text("UPDATE program SET department_id = :d"), {"d": department.id})
        db.session.commit()
    one = f"{scene.url}/{placement.id}/override/agreement"
    for person in (
        scene.world.user(Role.DEPARTMENT_STAFF, department=department),
        scene.coordinator,
        scene.trainee,
        scene.world.user(Role.ADMINISTRATOR),
    ):
        assert scene.world.signed_in(person).post(one, data={"reason": "我想开始"}).status_code == 403


def test_many_start_at_once_and_those_that_are_held_up_are_named_with_the_rule(scene):
    ready = scene.make_placement(signed=ALL_THREE)
    late = scene.make_placement(scene.make_trainee(), signed=ALL_THREE, starts_on=TODAY + timedelta(days=1))
    unsigned = scene.make_placement(scene.make_trainee())
    staff = scene.world.signed_in(scene.staff)

    answer = staff.post(
        f"{scene.url}/start", data={"id": [ready.id, late.id, unsigned.id]}, follow_redirects=True
    )

    page = answer.get_data(as_text=True)
    assert "1 份实习已开始" in page
    assert "三方协议签齐" in page
    states = [scene.of(Placement, one.id).state.value for one in (ready, late, unsigned)]
    assert states == ["running", "planned", "planned"]


# --- changing and ending ----------------------------------------------------------------------------


def _change(scene, placement, **values):
    return (
        _terms(
            scene,
            ends_on=placement.ends_on.isoformat(),
            effective_on=TODAY.isoformat(),
            reason="产线搬迁",
            version=placement.version,
        )
        | values
    )


def test_other_terms_are_a_record_of_their_own_and_are_signed_again(scene):
    placement = scene.make_placement(signed=ALL_THREE, state=PlacementState.RUNNING, site="一号车间")
    staff, one = scene.world.signed_in(scene.staff), f"{scene.url}/{placement.id}"

    answer = staff.post(f"{one}/change", data=_change(scene, placement), follow_redirects=True)

    after = scene.of(Placement, placement.id)
    assert (after.site, after.number, after.signed) == ("二号车间", 2, 0)
    (record,) = _all(scene, sa.select(PlacementChange))
    assert (record.kind, record.effective_on, record.reason) == (ChangeKind.CHANGED, TODAY, "产线搬迁")
    assert record.before["site"] == "一号车间"
    assert "一号车间 → 二号车间" in answer.get_data(as_text=True)


def test_a_change_is_refused_by_what_stands_against_it(scene):
    placement = scene.make_placement(state=PlacementState.RUNNING)
    staff, one = scene.world.signed_in(scene.staff), f"{scene.url}/{placement.id}"
    tomorrow = (TODAY + timedelta(days=1)).isoformat()

    stale = staff.post(f"{one}/change", data=_change(scene, placement, version=99))
    moved = staff.post(
        f"{one}/change", data=_change(scene, placement, starts_on=tomorrow, effective_on=tomorrow)
    )
    outside = staff.post(
        f"{one}/change", data=_change(scene, placement, effective_on=(TODAY - timedelta(days=9)).isoformat())
    )
    nothing = staff.post(f"{one}/change", data=_change(scene, placement, reason=""))

    assert [answer.status_code for answer in (stale, moved, outside, nothing)] == [409, 409, 409, 422]
    assert "产线搬迁" in stale.get_data(as_text=True)
    assert _all(scene, sa.select(PlacementChange)) == []


def test_a_running_placement_ends_and_a_planned_one_is_called_off(scene):
    running = scene.make_placement(state=PlacementState.RUNNING, starts_on=TODAY - timedelta(days=30))
    planned = scene.make_placement(scene.make_trainee())
    staff = scene.world.signed_in(scene.staff)
    typed = {"day": TODAY.isoformat(), "reason": "转到另一企业"}

    ahead = staff.post(
        f"{scene.url}/{running.id}/end",
        data=typed | {"day": (TODAY + timedelta(days=1)).isoformat(), "version": 1},
    )
    for one in (running, planned):
        staff.post(f"{scene.url}/{one.id}/end", data=typed | {"version": one.version})

    assert ahead.status_code == 409
    ended = scene.of(Placement, running.id)
    assert (ended.state, ended.ends_on, ended.days) == (PlacementState.ENDED, TODAY, 31)
    assert scene.of(Placement, planned.id).state is PlacementState.CALLED_OFF
    again = staff.post(f"{scene.url}/{running.id}/end", data=typed | {"version": ended.version})
    assert again.status_code == 409


def test_whoever_leaves_the_programme_leaves_the_post(scene):
    running = scene.make_placement(state=PlacementState.RUNNING, starts_on=TODAY - timedelta(days=30))
    staff = scene.world.signed_in(scene.staff)

    staff.post(
        f"/programs/{scene.program.id}/roster/leave",
        data={"id": scene.enrolment.id, "day": TODAY.isoformat(), "reason": "退学"},
    )

    assert scene.of(Placement, running.id).state is PlacementState.ENDED
    (record,) = _all(scene, sa.select(PlacementChange))
    assert (record.kind, record.reason) == (ChangeKind.ENDED, "退学")


def test_consent_and_insurance_are_entered_for_many_and_empty_fields_change_nothing(scene):
    first, second = scene.make_placement(), scene.make_placement(scene.make_trainee(), policy="")
    staff = scene.world.signed_in(scene.staff)

    empty = staff.post(f"{scene.url}/papers", data={"id": [first.id]})
    staff.post(f"{scene.url}/papers", data={"id": [first.id, second.id], "policy": "PB-2"})

    assert empty.status_code == 409
    assert [scene.of(Placement, one.id).policy for one in (first, second)] == ["PB-2", "PB-2"]
    assert scene.of(Placement, first.id).consent_on == first.consent_on


def test_records_are_never_changed(scene, session):
    placement = scene.make_placement()
    record = scene.record(placement, ChangeKind.MADE, TODAY)
    stored = session.get(PlacementChange, record.id)
    stored.reason = "别的"

    with pytest.raises(AssertionError, match="never changed"):
        session.flush()
    session.rollback()


def test_the_signature_says_what_was_signed_and_when(scene):
    placement = scene.make_placement()
    scene.world.signed_in(scene.trainee).post(f"{scene.url}/{placement.id}/sign", data={"number": 1})

    with scene.world.app.app_context():
        row = db.session.execute(sa.text("SELECT signatory, by_name, digest FROM placement_signature")).one()
    assert (row[0], row[1], len(row[2])) == (Signatory.TRAINEE.value, "彭浩然", 64)

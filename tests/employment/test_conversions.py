"""From trial to employee: steps in their order, by both sides, cancelled by counter-records, counted by enterprise."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import TODAY
from trainmgr.employment import figures
from trainmgr.employment.course import PostStep, Step, course_of
from trainmgr.employment.models import FollowUpRound, PostEvent
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.programs.models import ProgramParty
from trainmgr.programs.rules import PartyRole


def note(alumni, person, kind, days, enrolment=None, **values):
    data = {
        "kind": kind,
        "on": (TODAY - timedelta(days=days)).isoformat(),
        "organization": str(alumni.world.enterprise.id),
        "post": "装配工",
        "pay": "4800",
    } | values
    return alumni.post(person, f"/{(enrolment or alumni.one).id}/steps", **data).status_code


def test_trial_leads_to_being_confirmed_and_the_last_step_shows_in_the_list(alumni):
    assert note(alumni, alumni.coordinator, "promoted", 100) == 409  # not a step that may follow
    assert note(alumni, alumni.coordinator, "trial", 100) == 302
    assert note(alumni, alumni.staff, "confirmed", 200) == 409  # before the trial
    assert note(alumni, alumni.staff, "confirmed", -1) == 409  # not yet
    assert note(alumni, alumni.staff, "confirmed", 10, level="P2") == 302

    trial, confirmed = alumni.all(PostEvent)
    assert (trial.is_present, confirmed.is_present, confirmed.pay_cents) == (False, True, 480_000)
    page = alumni.text(alumni.staff, "/conversions")
    assert "转正" in page
    assert "100.0% <small>1 / 1</small>" in page
    assert alumni.one.name in alumni.text(alumni.staff, "/conversions", step="confirmed")
    assert alumni.one.name not in alumni.text(alumni.staff, "/conversions", step="none")


def test_a_wrong_step_is_cancelled_by_a_counter_record_and_the_one_before_stands_again(alumni):
    note(alumni, alumni.coordinator, "trial", 100)
    note(alumni, alumni.coordinator, "confirmed", 10)
    trial, confirmed = alumni.all(PostEvent)

    assert alumni.post(alumni.coordinator, f"/steps/{trial.id}/cancel", reason="误记").status_code == 409
    assert alumni.post(alumni.coordinator, f"/steps/{confirmed.id}/cancel", reason="").status_code == 409
    assert alumni.post(alumni.coordinator, f"/steps/{confirmed.id}/cancel", reason="误记").status_code == 302
    assert alumni.post(alumni.coordinator, f"/steps/{confirmed.id}/cancel", reason="误记").status_code == 409

    rows = alumni.all(PostEvent)
    assert [(one.is_present, one.cancels_id) for one in rows] == [
        (True, None),
        (False, None),
        (False, confirmed.id),
    ]
    assert "误记" in alumni.text(alumni.staff, f"/{alumni.one.id}/steps")
    assert note(alumni, alumni.coordinator, "confirmed", 5) == 302


def test_an_enterprise_notes_steps_at_itself_alone_and_nobody_else_s_pay_is_shown(alumni, world):
    other = world.organization(OrganizationKind.ENTERPRISE, name="另一家企业")
    with world.app.app_context():
        from tests.factories import keep

        keep(ProgramParty(program_id=alumni.program.id, organization_id=other.id, role=PartyRole.ENTERPRISE))
    assert note(alumni, alumni.coordinator, "trial", 9, organization=str(other.id)) == 422
    assert note(alumni, alumni.mentor, "trial", 9) == 403
    assert note(alumni, alumni.staff, "trial", 9, organization=str(other.id)) == 302
    assert "4,800" in alumni.text(alumni.staff, f"/{alumni.one.id}/steps")
    assert "4,800" not in alumni.text(alumni.coordinator, f"/{alumni.one.id}/steps")
    assert note(alumni, alumni.staff, "confirmed", 1) == 409  # elsewhere without having left
    foreign = world.user(Role.ENTERPRISE_COORDINATOR, other)
    assert alumni.get(foreign, f"/{alumni.one.id}/steps").status_code == 404  # not enrolled with it


def test_a_promotion_at_the_enterprise_counts_in_the_round_although_nobody_answered_that(alumni):
    asked = alumni.round(36)
    alumni.answer(asked, alumni.one)
    for kind, days in (("trial", 400), ("confirmed", 300), ("promoted", 20)):
        assert note(alumni, alumni.staff, kind, days) == 302
    with alumni.world.inside():
        counted = figures.counts(FollowUpRound.id == asked.id)[None]
    assert (counted.promoted, counted.promoted_known, counted.promotion.value) == (1, 1, 1.0)


@pytest.mark.once
def test_how_far_one_person_went():
    steps = [
        Step(PostStep.TRIAL, TODAY - timedelta(days=1400), 1),
        Step(PostStep.CONFIRMED, TODAY - timedelta(days=1200), 1),
        Step(PostStep.PROMOTED, TODAY - timedelta(days=300), 1),
    ]
    course = course_of(steps, TODAY)
    assert (course.conversion.value, course.retention.value, course.promotion.value) == (1.0, 1.0, 1.0)
    on_trial = course_of(steps[:1], TODAY)
    assert (on_trial.conversion.value, on_trial.conversion.unknown) == (None, 1)
    assert course_of(steps[:2], TODAY).promotion.value == 0.0
    assert course_of([], TODAY).began == 0

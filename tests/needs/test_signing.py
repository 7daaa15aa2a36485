"""Signing, freezing, withdrawing; what the thread and the inboxes say meanwhile."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from tests.factories import NOW
from tests.needs.conftest import LATER, actor, facts, fill, fresh
from tests.needs.test_views import COMPETENCY
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.needs import actions, copying, freezing, indicators, ratings
from trainmgr.needs.indicators import IndicatorFacts
from trainmgr.needs.models import AnalysisState
from trainmgr.needs.queries import analysis_of, competencies_of, indicators_of, priorities_of
from trainmgr.programs.hooks import NextEdition, tell_next_edition
from trainmgr.programs.models import Due, ProgramStep
from trainmgr.programs.rules import Missing, Side, State, Step, StepState
from trainmgr.programs.signing import find_signatures
from trainmgr.programs.thread import refresh


def sign_page(browser, program):
    page = browser.get(f"/programs/{program.id}/needs/sign")
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', page.text)
    return page, found.group(1) if found else ""


def sign(browser, program, side):
    _page, digest = sign_page(browser, program)
    return browser.post(f"/programs/{program.id}/needs/sign", data={"side": side, "digest": digest})


def step_of(program):
    return db.session.get(ProgramStep, (program.id, int(Step.NEEDS)), populate_existing=True)


def missing_texts(program):
    return [Missing.from_document(item).msgid for item in step_of(program).missing]


def dues_of(program):
    rows = db.session.execute(
        sa.select(Due.code, Due.role, Due.amount)
        .where(Due.program_id == program.id, Due.code.startswith("needs-"))
        .order_by(Due.code, Due.role)
    )
    return [(code, role, amount) for code, role, amount in rows]


# --- signing on the pages -------------------------------------------------------------------------


def test_both_sides_sign_exactly_what_is_shown_and_it_is_frozen(ready, shown, signed_in):
    staff, coordinator = signed_in(ready.staff), signed_in(ready.coordinator)
    page, _digest = sign_page(staff, ready.program)
    for text in ("故障诊断", "读图", "停机时间", "装调工", "40"):
        assert text in page.text
    assert sign(staff, ready.program, "college").status_code == 302
    assert shown.analysis.state is AnalysisState.OPEN
    assert sign(coordinator, ready.program, "enterprise").status_code == 302

    frozen = shown.analysis
    assert frozen.state is AnalysisState.FROZEN
    assert frozen.frozen_at is not None
    assert [c["name"] for c in frozen.frozen_document["competencies"]] == ["故障诊断", "读图"]
    assert frozen.frozen_document["indicators"][0]["benchmark"] == "25.0000"
    page = staff.get(f"/programs/{ready.program.id}/needs")
    assert ready.coordinator.name in page.text


def test_the_way_on_from_a_frozen_analysis_is_the_next_edition(ready, world, shown, signed_in):
    staff, coordinator = signed_in(ready.staff), signed_in(ready.coordinator)
    address = f"/programs/{ready.program.id}/next"
    assert address not in staff.get(f"/programs/{ready.program.id}/needs").text
    sign(staff, ready.program, "college")
    sign(coordinator, ready.program, "enterprise")
    assert address in staff.get(f"/programs/{ready.program.id}/needs").text
    assert address not in coordinator.get(f"/programs/{ready.program.id}/needs").text

    with world.app.app_context():
        fresh(ready.program).state = State.DESIGNING
        db.session.commit()
    url = f"/programs/{ready.program.id}/needs"
    assert staff.post(f"{url}/competencies", data=COMPETENCY).status_code == 409
    assert staff.post(f"{url}/withdraw", data={"reason": "改"}).status_code == 409
    assert [c.name for c in shown.competencies] == ["故障诊断", "读图"]

    typed = {"name": "下一期", "code": "2027-99", "planned_size": "30"}
    made = staff.post(address, data=typed)
    assert made.status_code == 302
    begun = int(re.search(r"/programs/(\d+)/", made.location).group(1))
    with world.app.app_context():
        assert [c.name for c in competencies_of(begun)] == ["故障诊断", "读图"]
        assert analysis_of(begun).state is AnalysisState.OPEN
        assert not find_signatures("needs_analysis", analysis_of(begun).id)


@pytest.mark.parametrize("role", [Role.DEPARTMENT_STAFF, Role.ADMINISTRATOR])
def test_only_who_signs_for_a_side_may_sign(ready, world, signed_in, role):
    person = world.user(role)
    assert sign(signed_in(person), ready.program, "college").status_code in (403, 404)


def test_nobody_signs_for_the_other_side(ready, shown, signed_in):
    assert sign(signed_in(ready.coordinator), ready.program, "college").status_code == 403
    assert sign(signed_in(ready.staff), ready.program, "both").status_code == 403


def test_signing_twice_for_one_side_is_refused(ready, shown, signed_in):
    browser = signed_in(ready.staff)
    _page, digest = sign_page(browser, ready.program)
    sent = {"side": "college", "digest": digest}
    assert browser.post(f"/programs/{ready.program.id}/needs/sign", data=sent).status_code == 302
    assert browser.post(f"/programs/{ready.program.id}/needs/sign", data=sent).status_code == 409


def test_what_changed_since_it_was_read_is_not_signed(ready, shown, signed_in):
    staff, coordinator = signed_in(ready.staff), signed_in(ready.coordinator)
    _page, digest = sign_page(coordinator, ready.program)
    competency = shown.named("读图")
    staff.post(
        f"/programs/{ready.program.id}/needs/hours",
        data={f"hours-{competency.id}": "80", f"was-{competency.id}": "40"},
    )
    refused = coordinator.post(
        f"/programs/{ready.program.id}/needs/sign", data={"side": "enterprise", "digest": digest}
    )
    assert refused.status_code == 409


@pytest.mark.parametrize("lacking", ["post", "hours", "indicator", "competency"])
def test_an_incomplete_analysis_cannot_be_signed(people, world, lacking):
    program, by = people.program, people.staff
    with world.app.app_context():
        fill(program, by, hours=0 if lacking == "hours" else 40)
        if lacking == "post":
            analysis_of(program.id).post = ""
        if lacking == "indicator":
            for indicator in indicators_of(program.id):
                indicators.remove_indicator(fresh(program), indicator, by=actor(by), now=NOW)
        if lacking == "competency":
            for competency in competencies_of(program.id):
                same = facts(competency.name, "4", "2", "3", required_hours=40)
                actions.update_competency(fresh(program), competency, same, by=actor(by), now=NOW)
        with pytest.raises(RuleBroken):
            freezing.sign(fresh(program), side=Side.COLLEGE, by=actor(by), now=NOW)


def test_a_frozen_analysis_refuses_every_change(ready, world, shown):
    first = shown.named("故障诊断")
    indicator = shown.named("停机时间")
    with world.app.app_context():
        program, staff, coordinator = fresh(ready.program), actor(ready.staff), actor(ready.coordinator)
        freezing.sign(program, side=Side.COLLEGE, by=staff, now=NOW)
        freezing.sign(program, side=Side.ENTERPRISE, by=coordinator, now=LATER)
        same = {"by": staff, "now": LATER}
        figures = IndicatorFacts("停机时间", facts().importance, facts().importance)
        deeds = [
            lambda: actions.create_competency(program, facts("新"), **same),
            lambda: actions.update_competency(program, first, facts("新"), **same),
            lambda: actions.remove_competency(program, first, **same),
            lambda: actions.move_competency(program, first, places=1, **same),
            lambda: actions.set_hours(program, {first.id: 1}, **same),
            lambda: actions.update_settings(program, post="x", trainee_weight=1, priority_count=1, **same),
            lambda: indicators.create_indicator(program, figures, **same),
            lambda: indicators.update_indicator(program, indicator, figures, **same),
            lambda: indicators.remove_indicator(program, indicator, **same),
            lambda: ratings.rate(program, [], **same),
            lambda: ratings.discard_ratings(program, **same),
            lambda: freezing.withdraw(program, reason="x", **same),
            lambda: freezing.sign(program, side=Side.COLLEGE, **same),
        ]
        for deed in deeds:
            with pytest.raises(RuleBroken):
                deed()


def test_changing_after_one_signature_takes_withdrawing_it_first(ready, shown, world, signed_in):
    staff, coordinator = signed_in(ready.staff), signed_in(ready.coordinator)
    sign(staff, ready.program, "college")
    base = f"/programs/{ready.program.id}/needs"
    indicator = shown.named("停机时间")
    typed = {"name": "停机时间", "direction": "lower", "weight": "5", "expected": "30", "current": "46"}
    typed["version"] = str(indicator.version)
    kept = coordinator.post(f"{base}/indicators/{indicator.id}", data=typed)
    assert kept.status_code == 409
    assert 'value="46"' in kept.text
    assert coordinator.get(f"{base}/withdraw").status_code == 200
    assert coordinator.post(f"{base}/withdraw", data={"reason": " "}).status_code == 422
    assert coordinator.post(f"{base}/withdraw", data={"reason": "权重要改"}).status_code == 302
    assert coordinator.post(f"{base}/indicators/{indicator.id}", data=typed).status_code == 302
    with world.app.app_context():
        assert find_signatures("needs_analysis", shown.analysis.id) == []
        event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "needs.withdraw")).one()
        assert (event.actor_id, event.reason) == (ready.coordinator.id, "权重要改")


# --- thread and inboxes ---------------------------------------------------------------------------


def test_the_step_says_what_is_missing_until_both_have_signed(people, world):
    with world.app.app_context():
        program, staff, coordinator = fresh(people.program), actor(people.staff), actor(people.coordinator)
        refresh(program.id, Step.NEEDS, now=NOW)
        assert step_of(program).state is StepState.NOW
        assert len(missing_texts(program)) == 5
        fill(program, people.staff, hours=0)
        assert missing_texts(program)[0] == "Priorities without hours: %(count)s"
        first, second = competencies_of(program.id)
        actions.set_hours(program, {first.id: 40, second.id: 8}, by=staff, now=NOW)
        assert step_of(program).state is StepState.ASKING
        assert len(missing_texts(program)) == 2
        freezing.sign(program, side=Side.COLLEGE, by=staff, now=NOW)
        (last,) = (Missing.from_document(item) for item in step_of(program).missing)
        assert last.blocks is State.DESIGNING
        assert "测试企业" in last.who
        assert last.due_on is not None
        freezing.sign(program, side=Side.ENTERPRISE, by=coordinator, now=LATER)
        assert step_of(program).state is StepState.DONE
        assert step_of(program).missing == []
        assert step_of(program).params["priorities"] == 2


def test_the_inboxes_follow_what_is_missing(people, world):
    with world.app.app_context():
        program, staff, coordinator = fresh(people.program), actor(people.staff), actor(people.coordinator)
        refresh(program.id, Step.NEEDS, now=NOW)
        assert dues_of(program) == [
            ("needs-complete", Role.STAFF, 2),
            ("needs-indicators", Role.ENTERPRISE_COORDINATOR, 1),
        ]
        fill(program, people.staff)
        assert dues_of(program) == [
            ("needs-sign", Role.ENTERPRISE_COORDINATOR, 1),
            ("needs-sign", Role.STAFF, 1),
        ]
        freezing.sign(program, side=Side.COLLEGE, by=staff, now=NOW)
        assert dues_of(program) == [("needs-sign", Role.ENTERPRISE_COORDINATOR, 1)]
        freezing.sign(program, side=Side.ENTERPRISE, by=coordinator, now=NOW)
        assert dues_of(program) == []


def test_a_draft_asks_nobody(world):
    program = world.program(State.DRAFT)
    with world.app.app_context():
        refresh(program.id, Step.NEEDS, now=NOW)
        assert dues_of(program) == []
        assert step_of(program).state is StepState.NEXT


# --- ratings and the next edition -----------------------------------------------------------------


def rating(competency, respondent, importance, attainment):
    from decimal import Decimal

    return ratings.RatingFacts(competency.id, respondent, Decimal(importance), Decimal(attainment))


def test_means_of_respondents_become_importance_and_current_level(ready, world):
    with world.app.app_context():
        program, staff = fresh(ready.program), actor(ready.staff)
        first = competencies_of(program.id)[0]
        given = [rating(first, "R1", 5, 2), rating(first, "R2", 4, 3), rating(first, "R3", 4, 1)]
        assert ratings.rate(program, given, by=staff, now=NOW) == 3
        assert ratings.rate(program, given, by=staff, now=NOW) == 0
        assert (first.respondents, float(first.importance), float(first.current_level)) == (3, 4.33, 2)
        assert first.trainee_score == pytest.approx(
            2 * 13 / 3, abs=1e-4
        )  # from the exact mean, not from 4.33
        assert analysis_of(program.id).respondents == 3
        # Typed levels do not overrule what respondents say; the required level is still agreed by the two sides.
        actions.update_competency(program, first, facts(first.name, "1", "5", "5"), by=staff, now=NOW)
        assert (float(first.importance), float(first.required_level)) == (4.33, 5)
        ratings.discard_ratings(program, by=staff, now=NOW)
        assert (first.respondents, float(first.importance), analysis_of(program.id).respondents) == (
            0,
            4.33,
            0,
        )


def test_the_next_edition_takes_over_the_needs_but_no_signature(ready, world):
    nearly = world.program(State.DRAFT, predecessor_id=ready.program.id)
    with world.app.app_context():
        source, staff = fresh(ready.program), actor(ready.staff)
        freezing.sign(source, side=Side.COLLEGE, by=staff, now=NOW)
        target = fresh(nearly)
        tell_next_edition(NextEdition(source, target, staff, LATER))
        copied = competencies_of(target.id)
        assert [(c.name, c.score, c.required_hours) for c in copied] == [
            (c.name, c.score, c.required_hours) for c in competencies_of(source.id)
        ]
        assert len(priorities_of(target.id)) == 2
        assert find_signatures("needs_analysis", analysis_of(target.id).id) == []
        note = {"program": source.name, "required": 4, "reached": 3.4}
        copying.note_carried(target, {copied[0].id: note}, now=LATER)
        assert copied[0].carried_from == note
        assert float(copied[0].current_level) == 3.4
        with pytest.raises(RuleBroken):
            copying.copy_from(target, source, by=staff, now=LATER)


def test_what_the_edition_before_left_open_is_shown(ready, world, shown, signed_in):
    competency = shown.named("读图")
    with world.app.app_context():
        note = {"program": "第 7 届", "required": 4, "reached": 3.4}
        copying.note_carried(fresh(ready.program), {competency.id: note}, now=LATER)
        db.session.commit()
    page = signed_in(ready.coordinator).get(f"/programs/{ready.program.id}/needs")
    assert "第 7 届" in page.text
    assert "3.4" in page.text


def test_who_has_signed_can_remind_the_other_side(ready, world, signed_in):
    browser = signed_in(ready.staff)
    address = f"/programs/{ready.program.id}/needs"
    assert 'value="needs-sign"' not in browser.get(address).text
    sign(browser, ready.program, "college")
    assert 'value="needs-sign"' in browser.get(address).text
    assert 'value="needs-sign"' not in signed_in(ready.coordinator).get(address).text
    sent = browser.post(f"/programs/{ready.program.id}/remind", data={"code": "needs-sign"})
    assert sent.status_code == 302
    with world.app.app_context():
        due = db.session.scalars(sa.select(Due).where(Due.code == "needs-sign")).one()
        assert (due.role, due.reminded_by) == (Role.ENTERPRISE_COORDINATOR, ready.staff.name)

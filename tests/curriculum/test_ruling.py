"""The rules of a plan: their figures by hand, what a programme decides otherwise, who may and what follows."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from tests.curriculum.test_board import modules_of, url
from tests.curriculum.test_rules import PLAN, module
from tests.factories import NOW
from trainmgr.curriculum import checks, rules
from trainmgr.curriculum.models import PlanRule
from trainmgr.curriculum.rulebook import read_rulebook
from trainmgr.curriculum.rules import Plan
from trainmgr.curriculum.units import unit_minutes
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.pathways.rules import (
    STANDARD,
    Check,
    Metric,
    Op,
    PathwayFault,
    PracticeLevel,
    Severity,
    Text,
    Venue,
    dump,
    from_document,
    parse,
    rules_of,
    to_document,
)
from trainmgr.programs.rules import State

PRACTICE = "practice_ratio-at_least"
PUBLIC, BASIC = PracticeLevel.EXPERIENCE, PracticeLevel.BASIC


def figure(plan, metric):
    found = checks.figures(plan)[metric]
    return found.value, found.part, found.whole


def test_practice_of_professional_hours_leaves_public_experience_out():
    modules = [
        module(1, (30, 10), practice_level=PUBLIC),
        module(2, (20, 20), practice_level=BASIC),
        module(3, (40, 10), practice_level=PracticeLevel.COMPREHENSIVE, stage=2),
        module(4, (0, 30), practice_level=BASIC, stage=3),  # remedial: counts nowhere
    ]
    plan = replace(PLAN, modules=modules)
    assert figure(plan, Metric.PROFESSIONAL_PRACTICE_RATIO) == (pytest.approx(100 * 30 / 90), 30, 90)
    assert figure(replace(plan, modules=modules[:1]), Metric.PROFESSIONAL_PRACTICE_RATIO)[0] is None


def test_a_priority_is_practised_only_in_a_module_with_practice():
    modules = [module(1, (40, 0)), module(2, (10, 30)), module(4, (0, 30), stage=3)]
    for cells, value in (
        ({(1, 1): 10, (4, 2): 10}, 0.0),
        ({(1, 1): 10, (2, 1): 1}, 50.0),
        ({(2, 1): 1, (2, 2): 1, (2, 3): 1}, 100.0),
    ):
        assert figure(replace(PLAN, modules=modules, cells=cells), Metric.PRACTISED_PRIORITIES)[0] == value


def test_both_sides_teach_when_each_has_an_hour():
    assert figure(PLAN, Metric.TEACHING_SIDES)[0] == 2
    assert figure(replace(PLAN, modules=PLAN.modules[:2]), Metric.TEACHING_SIDES)[0] == 1
    # The enterprise teaches only in the remedial stage.
    assert figure(replace(PLAN, modules=[PLAN.modules[0], PLAN.modules[3]]), Metric.TEACHING_SIDES)[0] == 1


@pytest.mark.parametrize(
    ("by_enterprise", "of_college", "of_enterprise", "qualified"),
    [
        (False, True, False, True), (False, False, True, False), (True, True, False, False),
        (True, False, True, True), (True, True, True, True), (False, False, False, False),
    ],
)  # fmt: skip
def test_a_lead_is_qualified_on_the_side_that_teaches(by_enterprise, of_college, of_enterprise, qualified):
    led = module(
        1, lead_id=7, taught_by_enterprise=by_enterprise, lead_of_college=of_college,
        lead_of_enterprise=of_enterprise,
    )  # fmt: skip
    plan = replace(PLAN, modules=[led, module(2)])
    assert figure(plan, Metric.QUALIFIED_LEADS) == (100.0 * qualified, int(qualified), 1)
    assert figure(replace(plan, modules=[module(2)]), Metric.QUALIFIED_LEADS)[0] is None


def test_the_fullest_week_counts_and_remedial_stages_do_not():
    # 80 h in 10 weeks, 40 h in 6 weeks; 30 h in 4 weeks are remedial.
    assert figure(PLAN, Metric.WEEKLY_HOURS) == (8.0, 80, 10)
    assert figure(Plan(), Metric.WEEKLY_HOURS)[0] is None


def test_every_share_is_its_part_out_of_its_whole():
    for metric, found in checks.figures(PLAN, (1, 1)).items():
        if found.whole and metric is not Metric.WEEKLY_HOURS:
            assert found.value == pytest.approx(100 * found.part / found.whole), metric


def test_a_rule_that_is_off_is_not_held_against_a_plan():
    rule = Check(Metric.TOTAL_HOURS, Op.AT_LEAST, (999.0,), Severity.BLOCK, Text("总"))
    assert checks.check_plan(PLAN, [rule])[0].blocks
    assert checks.check_plan(PLAN, [replace(rule, off=True)]) == ()


# --- pathways ---------------------------------------------------------------------------------------


@pytest.fixture
def pathway(plans):
    return from_document(plans.program.pathway_document)


def test_a_pathways_own_limit_stands_instead_of_the_standard_one(pathway):
    book = {check.key: check for check in rules_of(pathway)}
    assert book[PRACTICE].limits == (40,)
    assert book["professional_practice_ratio-at_least"] in STANDARD
    assert len(book) == len(rules_of(pathway))
    assert all(check.severity is Severity.WARN for check in STANDARD)


def test_files_keep_what_is_off_and_how_long_an_hour_lasts(pathway):
    own = replace(
        pathway, unit_minutes=40, checks=(replace(pathway.checks[0], off=True), *pathway.checks[1:])
    )
    again = parse(dump(own))
    assert again == own
    assert from_document(to_document(own)) == own
    # A file that says nothing of either reads as before.
    plain = dump(pathway)
    assert "unit_minutes" not in plain
    assert "off" not in [line.split(" ")[0] for line in plain.splitlines()]
    assert parse(plain).unit_minutes == 45


def test_a_class_hour_of_ten_minutes_is_a_fault_of_the_file(pathway):
    with pytest.raises(PathwayFault):
        parse(dump(replace(pathway, unit_minutes=10)))


# --- what a programme decides -----------------------------------------------------------------------


def decide(client, plans, key=PRACTICE, **data):
    data = {"low": "40", "reason": "上级文件", "version": "0"} | data
    return client.post(url(plans, f"/rules/{key}"), data=data)


def test_every_rule_is_shown_with_its_formula_and_its_figures(plans, signed_in):
    plans.begin()
    page = signed_in(plans.staff).get(url(plans, "/rules")).get_data(as_text=True)
    assert "专业模块的实践学时 ÷ 专业模块的全部学时" in page
    assert "758 ÷ 1,312" in page
    assert page.count("/plan/rules/") >= 11


def test_a_decision_holds_at_once_is_shown_with_its_reason_and_can_be_taken_back(plans, signed_in):
    plans.begin()
    plans.fill()
    staff = signed_in(plans.staff)
    assert decide(staff, plans, low="80", reason="企业要求更多实操").status_code == 302

    page = staff.get(url(plans, "/rules")).get_data(as_text=True)
    assert "企业要求更多实操" in page
    assert "企业要求更多实操" in staff.get(url(plans)).get_data(as_text=True)
    refused = staff.post(url(plans, "/1/offer"), data={"version": str(_version(plans))})
    assert refused.status_code == 409

    staff.post(url(plans, f"/rules/{PRACTICE}/revert"))
    assert staff.post(url(plans, f"/rules/{PRACTICE}/revert")).status_code == 409
    assert staff.post(url(plans, "/1/offer"), data={"version": str(_version(plans))}).status_code == 302
    with plans.world.inside():
        trail = {event.action: event.reason for event in db.session.scalars(sa.select(AuditEvent))}
    assert trail["curriculum.rule.decide"] == "企业要求更多实操"
    assert "curriculum.rule.revert" in trail


def _version(plans):
    with plans.world.inside():
        return plans.edition().version


def test_a_rule_can_be_switched_off(plans, signed_in):
    plans.begin()
    staff = signed_in(plans.staff)
    assert decide(staff, plans, "total_hours-between", off="y", low="1280", high="1400").status_code == 302
    with plans.world.inside():
        rows = list(db.session.scalars(sa.select(PlanRule)))
        book = read_rulebook(plans.of().pathway_document, rows)
    assert book.rule("total_hours-between").check.off
    assert [rule.key for rule in book.decided] == ["total_hours-between"]


@pytest.mark.parametrize(
    ("key", "data", "field"),
    [
        (PRACTICE, {"reason": " "}, "reason"),
        (PRACTICE, {"low": "101"}, "low"),
        (PRACTICE, {"low": "viel"}, "low"),
        (PRACTICE, {"low": ""}, "low"),
        ("total_hours-between", {"low": "9", "high": "9"}, "high"),
        ("unit_minutes", {"low": "61"}, "low"),
        ("unit_minutes", {"low": "45.5"}, "low"),
    ],
)
def test_limits_that_cannot_be_come_back_at_their_field(plans, signed_in, key, data, field):
    plans.begin()
    page = decide(signed_in(plans.staff), plans, key, **data)
    assert page.status_code == 422
    assert f'href="#{field}"' in page.get_data(as_text=True)
    with plans.world.inside():
        assert db.session.scalar(sa.select(sa.func.count(PlanRule.id))) == 0


def test_of_two_who_decide_at_once_the_second_is_told(plans, signed_in):
    plans.begin()
    staff = signed_in(plans.staff)
    decide(staff, plans, low="45")
    late = decide(staff, plans, low="55", reason="另一个理由")
    assert late.status_code == 409
    assert "另一个理由" in late.get_data(as_text=True)
    assert decide(staff, plans, low="55", version="1").status_code == 302


def test_only_who_runs_the_programme_decides_and_only_while_plans_may_change(plans, make_plans, signed_in):
    plans.begin()
    teacher = plans.world.user(Role.SCHOOL_TEACHER)
    assert decide(signed_in(teacher), plans).status_code in (403, 404)
    assert decide(signed_in(plans.coordinator), plans).status_code == 403
    assert signed_in(plans.coordinator).get(url(plans, "/rules")).status_code == 200
    assert signed_in(plans.staff).get(url(plans, "/rules/no-such")).status_code == 404
    closed = make_plans(state=State.CLOSED)
    assert decide(signed_in(closed.staff), closed).status_code == 409


def test_a_class_hour_lasts_45_minutes_unless_decided_otherwise(plans, signed_in):
    plans.begin()
    with plans.world.inside():
        assert unit_minutes(plans.of()) == 45
    staff = signed_in(plans.staff)
    assert decide(staff, plans, "unit_minutes", low="40").status_code == 302
    with plans.world.inside():
        assert unit_minutes(plans.of()) == 40
        at_work = sum(each.hours for each in plans.plan().counted if each.venue is Venue.ENTERPRISE)
    assert 0 < at_work < 1312
    lasts = (1312 - at_work) * 40 / 60 + at_work  # an hour at work is a class hour, whatever a lesson lasts
    assert f"{lasts:,.1f}" in staff.get(url(plans, "/rules")).get_data(as_text=True)


def test_the_lead_of_another_house_is_not_qualified(plans, signed_in):
    plans.begin()
    plans.fill()
    with plans.world.inside():
        plan = plans.plan()
    for line in plan.modules:
        assert line.lead_of_college
        assert not line.lead_of_enterprise
        assert line.lead_qualified is not line.taught_by_enterprise
    assert rules.totals(plan).leads == len(modules_of(plans))
    assert NOW

"""The panel over many placements: the conditions that count agree with the rules that judge, in few statements."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY, keep
from tests.placements.conftest import ALL_THREE
from trainmgr.identity.models import OrganizationKind, User
from trainmgr.kernel.db import db
from trainmgr.placements import compliance, conditions
from trainmgr.placements.models import Placement, PlacementPost, PlacementRule, PlacementState
from trainmgr.placements.rules import Effect, RuleCode, Verdict
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import PartyRole, ProgramKind, State


def _rule(scene, code, limit, day, effect=Effect.BLOCK):
    with scene.world.app.app_context():
        keep(
            PlacementRule(
                college_id=scene.world.college.id,
                code=code,
                valid_from=day,
                limit=limit,
                effect=effect,
                article="第十八条",
                by_id=scene.staff.id,
                by_name="李老师",
                at=NOW,
            )
        )


def _viewer(scene):
    """The staff member with memberships, in this session."""
    return db.session.scalars(
        sa.select(User).where(User.id == scene.staff.id).options(sa.orm.joinedload(User.memberships))
    ).unique().one()  # fmt: skip


def _varied(scene):
    """Placements on both sides of every limit."""
    shifts = scene.make_post("夜班岗", night=True, overtime=True, rest_days=True, staff=3)
    filed = scene.make_post(
        "备案岗", night=True, overtime=True, rest_days=True, filed_on=TODAY, lowest_cents=300_000
    )
    bare = scene.make_post("未登记岗", staff=None, pay_cents=None)
    cases = itertools.cycle(
        [
            {},
            {"age_months": 16 * 12 - 1, "post_id": shifts.id},
            {"age_months": 16 * 12, "post_id": filed.id, "pay_cents": 300_000},
            {"age_months": None, "post_id": bare.id, "insured_until": TODAY},
            {"consent_on": None, "pay_cents": 400_000},
            {"consent_on": TODAY + timedelta(days=1), "pay_cents": 399_999},
            {"insured_until": None, "pay_cents": None},
            {"post_id": filed.id, "pay_cents": 299_999, "ends_on": TODAY + timedelta(days=400)},
            {
                "starts_on": TODAY + timedelta(days=40),
                "ends_on": TODAY + timedelta(days=200),
                "pay_cents": 420_000,
            },
            {"state": PlacementState.ENDED, "consent_on": None},
        ]
    )
    for number, case in zip(range(20), cases, strict=False):
        values = dict(case)
        signed = ALL_THREE[: number % 4]
        scene.make_placement(scene.make_trainee(), signed=signed, **values)
    twice = scene.make_trainee()
    for start in (0, 120):
        first = TODAY + timedelta(days=start)
        scene.make_placement(twice, starts_on=first, ends_on=first + timedelta(days=100))


def test_the_conditions_agree_with_the_rules(scene):
    _rule(scene, RuleCode.PAY, Decimal(85), TODAY + timedelta(days=30))
    _rule(scene, RuleCode.LENGTH, Decimal("5.5"), TODAY + timedelta(days=30))
    _varied(scene)

    with scene.world.app.app_context():
        program = db.session.get_one(Program, scene.program.id)
        panel = compliance.overseen(program, _viewer(scene))
        placements = db.session.scalars(
            sa.select(Placement)
            .where(conditions.IS_OPEN)
            .options(sa.orm.joinedload(Placement.post), sa.orm.joinedload(Placement.enrolment))
        ).all()
        findings = compliance.findings_of(placements, panel)
        counts = compliance.counts_of(program, _viewer(scene), panel)
        for code in RuleCode:
            judged = {
                key
                for key, lines in findings.items()
                if any(one.code is code and one.verdict is not Verdict.PASS for one in lines)
            }
            assert counts.not_kept[code] == len(judged), code
            if code in conditions.COUNTED:
                found = db.session.scalars(
                    sa.select(Placement.id)
                    .join(PlacementPost, PlacementPost.id == Placement.post_id)
                    .where(conditions.IS_OPEN, conditions.not_kept(code, panel.versions))
                )
                assert set(found) == judged, code
        assert counts.total == len(placements) == 20


def test_the_share_counts_all_programmes_of_the_college_at_the_same_time(scene):
    other = scene.world.program(State.RUNNING)
    small = scene.make_post("小岗", staff=10)
    scene.make_placement(post_id=small.id)
    elsewhere = scene.world.enrolment(other)
    second = scene.make_placement(elsewhere, post_id=small.id)
    with scene.world.app.app_context():
        db.session.execute(sa.update(Placement).where(Placement.id == second.id).values(program_id=other.id))
        db.session.commit()
    scene.make_placement(
        scene.make_trainee(), post_id=small.id,
        starts_on=TODAY + timedelta(days=300), ends_on=TODAY + timedelta(days=320),
    )  # fmt: skip

    with scene.world.app.app_context():
        place = compliance.panel_of(scene.world.college.id).posts[small.id]

    assert place.share_in(TODAY, TODAY + timedelta(days=150)) == Decimal(20)
    assert place.share_in(TODAY + timedelta(days=300), TODAY + timedelta(days=310)) == Decimal(10)


def test_employees_are_not_held_to_rules_for_students(scene):
    with scene.world.app.app_context():
        db.session.execute(sa.update(Program).values(kind=ProgramKind.EMPLOYEE_UPSKILLING))
        db.session.commit()
    placement = scene.make_placement(insured_until=None)
    staff = scene.world.signed_in(scene.staff)

    staff.post(f"{scene.url}/{placement.id}/start")

    assert scene.of(Placement, placement.id).state is PlacementState.RUNNING
    assert "该规定只针对学生" in staff.get(f"{scene.url}/compliance").get_data(as_text=True)


def test_a_rule_is_set_anew_from_a_day_never_backwards_and_never_twice(scene):
    staff = scene.world.signed_in(scene.staff)
    typed = {
        "valid_from": TODAY.isoformat(), "limit": "90", "effect": "block", "article": "第十八条",
        "checked": "y", "reason": "学校从严",
    }  # fmt: skip

    first = staff.post("/placement-rules/pay", data=typed)
    twice = staff.post("/placement-rules/pay", data=typed)
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    backwards = staff.post("/placement-rules/pay", data=typed | {"valid_from": yesterday})
    absurd = staff.post("/placement-rules/pay", data=typed | {"limit": "900"})
    no_figure = staff.post("/placement-rules/pay", data=typed | {"limit": ""})

    assert [one.status_code for one in (first, twice, backwards, absurd, no_figure)] == [
        302,
        409,
        409,
        409,
        409,
    ]
    page = staff.get("/placement-rules").get_data(as_text=True)
    assert "学校从严" in page
    assert "不低于 90%" in page
    placement = scene.make_placement(signed=ALL_THREE, pay_cents=440_000)
    refused = staff.post(f"{scene.url}/{placement.id}/start")
    assert refused.status_code == 409
    assert "报酬占同岗工资" in refused.get_data(as_text=True)


def test_another_colleges_rules_are_not_to_be_set(scene):
    stranger = scene.world.organization(name="旁边的学院")
    browser = scene.world.signed_in(scene.staff)

    assert browser.get(f"/placement-rules?college={stranger.id}").status_code == 404
    assert scene.world.signed_in(scene.coordinator).get("/placement-rules").status_code == 403


def test_a_coordinator_sees_only_the_own_enterprise_in_the_panel(scene):
    other = scene.world.organization(OrganizationKind.ENTERPRISE, name="别家企业")
    with scene.world.app.app_context():
        keep(ProgramParty(program_id=scene.program.id, organization_id=other.id, role=PartyRole.ENTERPRISE))
    scene.make_post("别家岗", organization_id=other.id)

    page = scene.world.signed_in(scene.coordinator).get(f"{scene.url}/compliance").get_data(as_text=True)

    assert "数控装调" in page
    assert "别家岗" not in page


@pytest.mark.parametrize(
    "page",
    ["", "/compliance", "/compliance?rule=pay", "/weekly", "/to-sign", "/trainees", "/posts", "/{id}"],
)
def test_a_page_takes_at_most_ten_statements_whatever_the_rows(scene, count_statements, page):
    page = page.format(id=scene.make_placement(signed=ALL_THREE).id)
    staff = scene.world.signed_in(scene.staff)
    staff.get(f"{scene.url}{page}")
    with count_statements() as few:
        staff.get(f"{scene.url}{page}")
    for _ in range(6):
        scene.make_placement(scene.make_trainee())
        scene.make_trainee()
    with count_statements() as many:
        answer = staff.get(f"{scene.url}{page}")

    assert answer.status_code == 200
    assert len(many) == len(few)
    assert len(many) <= 10, "\n".join(many)


def test_filters_narrow_the_list(scene):
    cohort = scene.world.cohort(scene.program)
    late = scene.make_trainee(cohort_id=cohort.id)
    scene.make_placement(signed=ALL_THREE)
    scene.make_placement(late, insured_until=None)
    staff = scene.world.signed_in(scene.staff)

    for query in (f"class={cohort.id}", "unsigned=1", "rule=insurance", f"q={late.name}"):
        page = staff.get(f"{scene.url}?{query}").get_data(as_text=True)
        assert late.name in page, query
        assert scene.trainee.name not in page, query
    assert "没有找到" not in staff.get(
        f"{scene.url}?state=planned&host={scene.world.enterprise.id}"
    ).get_data(as_text=True)
    for nonsense in ("class=²", "rule=nothing", "state=x", "host=-1"):
        assert staff.get(f"{scene.url}?{nonsense}").status_code == 200


def test_the_rules_of_a_college_are_read_once_for_their_page(scene, count_statements):
    staff = scene.world.signed_in(scene.staff)
    staff.get("/placement-rules")
    with count_statements() as statements:
        assert staff.get("/placement-rules").status_code == 200

    assert len(statements) <= 4, statements


def test_the_panel_counts_the_list_that_is_narrowed_to_a_rule(scene):
    scene.make_placement(signed=ALL_THREE)
    unsigned = scene.make_placement(scene.make_trainee(), signed=())
    page = scene.world.signed_in(scene.staff).get(f"{scene.url}/compliance?rule=agreement").text

    assert f"/placements/{unsigned.id}" in page
    assert "第 1–1 条，共 1 条" in page

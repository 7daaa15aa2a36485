"""The pages of needs: reading, filling in, conflicts, who may."""

from __future__ import annotations

import pytest

from tests.needs.conftest import fill
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.rules import State

COMPETENCY = {
    "name": "线束检查",
    "name_en": "Harness check",
    "dimension": "method",
    "importance": "4.4",
    "required_level": "4",
    "current_level": "3",
    "required_hours": "40",
}
INDICATOR = {
    "name": "一次合格率",
    "unit": "%",
    "direction": "higher",
    "weight": "4",
    "expected": "99",
    "current": "92",
    "benchmark": "",
}


def url(program, tail=""):
    return f"/programs/{program.id}/needs{tail}"


# --- reading --------------------------------------------------------------------------------------


def test_an_empty_analysis_invites_to_begin(people, signed_in):
    page = signed_in(people.staff).get(url(people.program))
    assert page.status_code == 200
    assert f'href="{url(people.program, "/edit")}"' in page.text


def test_the_page_shows_the_ranked_list_with_the_parts_of_each_score(ready, signed_in):
    page = signed_in(ready.staff).get(url(ready.program), headers={"Accept-Language": "en"})
    assert page.status_code == 200
    # Borich: (4 − 2) × 4.5 = 9 and (4 − 3.5) × 4 = 2, that is 100 and 22.2 points; 60 % of them plus 40 % business.
    for text in ("Diagnosis", "100.0", "22.2", "13.3", "停机时间 46 → 25 分钟"):
        assert text in page.text
    assert page.text.index("Diagnosis") < page.text.index("读图")


def test_the_number_of_statements_does_not_depend_on_the_number_of_rows(
    ready, world, signed_in, count_statements
):
    browser = signed_in(ready.coordinator)
    browser.get(url(ready.program))
    with count_statements() as few:
        browser.get(url(ready.program))
    for serial in range(40):
        world.competency(ready.program, name=f"更多能力{serial}", rank=serial + 3)
    with count_statements() as many:
        assert browser.get(url(ready.program)).text.count("更多能力") > 40
    assert len(many) == len(few) <= 10


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.STAFF, 200),
        (Role.ADMINISTRATOR, 200),
        (Role.ENTERPRISE_COORDINATOR, 200),
        (Role.SCHOOL_TEACHER, 404),  # of the college, but not of this programme
        (Role.TRAINEE, 403),
        (Role.ENTERPRISE_MENTOR, 403),
    ],
)
def test_who_may_read(ready, world, signed_in, role, status):
    assert signed_in(world.user(role)).get(url(ready.program)).status_code == status


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        (Role.STAFF, OrganizationKind.COLLEGE),
        (Role.ENTERPRISE_COORDINATOR, OrganizationKind.ENTERPRISE),
    ],
)
@pytest.mark.parametrize("tail", ["", "/edit", "/sign", "/settings", "/ranked-list.xlsx"])
def test_a_stranger_of_the_same_role_sees_nothing(ready, world, signed_in, role, kind, tail):
    stranger = world.user(role, world.organization(kind))
    assert signed_in(stranger).get(url(ready.program, tail)).status_code == 404


def test_a_trainee_of_the_programme_does_not_see_the_needs(ready, world, signed_in):
    trainee = world.user(Role.TRAINEE)
    world.enrolment(ready.program, user=trainee)
    assert signed_in(trainee).get(url(ready.program)).status_code == 403


def test_a_teacher_of_the_programme_reads_but_does_not_fill_in(ready, world, signed_in):
    teacher = world.user(Role.SCHOOL_TEACHER)
    world.relation(ready.program, teacher, Role.SCHOOL_TEACHER)
    browser = signed_in(teacher)
    assert browser.get(url(ready.program)).status_code == 200
    assert browser.get(url(ready.program, "/edit")).status_code == 403
    assert browser.post(url(ready.program, "/competencies"), data=COMPETENCY).status_code == 403


# --- filling in -----------------------------------------------------------------------------------


def test_a_competency_is_added_and_ranked(people, shown, signed_in):
    response = signed_in(people.staff).post(url(people.program, "/competencies"), data=COMPETENCY)
    assert response.status_code == 302
    competency = shown.named("线束检查")
    assert (competency.rank, competency.is_priority, competency.score) == (1, True, 60)
    assert competency.trainee_score == pytest.approx(4.4)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", " "),
        ("name", "长" * 81),
        ("importance", "6"),
        ("importance", "NaN"),
        ("importance", "1e999"),
        ("current_level", "three"),
        ("required_level", "3.333"),
        ("required_hours", "-1"),
        ("dimension", "nonsense"),
    ],
)
def test_a_wrong_field_keeps_what_was_typed_and_says_why_at_the_field(people, shown, signed_in, field, typed):
    page = signed_in(people.staff).post(
        url(people.program, "/competencies"), data=COMPETENCY | {field: typed}
    )
    assert page.status_code == 422
    assert f'id="{field}-error"' in page.text
    assert "线束检查" in page.text or field == "name"
    assert shown.competencies == []


def test_numbers_may_be_typed_full_width_and_with_thousands(people, shown, signed_in):
    signed_in(people.staff).post(
        url(people.program, "/competencies"), data=COMPETENCY | {"importance": "４．４"}
    )
    signed_in(people.staff).post(
        url(people.program, "/indicators"), data=INDICATOR | {"expected": "1,200", "current": "900"}
    )
    assert float(shown.named("线束检查").importance) == 4.4
    assert shown.named("一次合格率").expected == 1200


def test_sending_a_new_competency_twice_adds_one(people, shown, signed_in):
    browser = signed_in(people.staff)
    browser.post(url(people.program, "/competencies"), data=COMPETENCY)
    again = browser.post(url(people.program, "/competencies"), data=COMPETENCY)
    assert again.status_code == 422
    assert len(shown.competencies) == 1


def test_of_two_who_edit_the_same_competency_the_later_sees_both_versions(ready, shown, signed_in):
    competency = shown.named("读图")
    address = url(ready.program, f"/competencies/{competency.id}")
    mine = COMPETENCY | {"name": "读图", "version": str(competency.version)}
    assert signed_in(ready.staff).post(address, data=mine | {"required_level": "5"}).status_code == 302

    late = signed_in(ready.staff).post(address, data=mine | {"required_level": "3", "name": "读图纸"})

    assert late.status_code == 409
    assert ready.staff.name in late.text
    assert "读图纸" in late.text
    assert shown.named("读图").required_level == 5
    version = shown.named("读图").version
    assert f'name="version" value="{version}"' in late.text
    assert signed_in(ready.staff).post(address, data=mine | {"version": version}).status_code == 302


def test_new_ranks_by_others_do_not_stand_in_the_way_of_an_edit(ready, shown, signed_in):
    competency, browser = shown.named("读图"), signed_in(ready.staff)
    browser.post(url(ready.program, "/competencies"), data=COMPETENCY | {"importance": "5"})
    typed = COMPETENCY | {"name": "读图", "version": str(competency.version)}
    assert browser.post(url(ready.program, f"/competencies/{competency.id}"), data=typed).status_code == 302


def test_competencies_are_moved_and_removed(ready, shown, signed_in):
    browser, second = signed_in(ready.staff), shown.named("读图")
    browser.post(url(ready.program, "/competencies/move"), data={"move": f"{second.id}:up"})
    assert shown.named("读图").position == 1
    assert shown.named("故障诊断").position == 2
    for nonsense in ("x", "9" * 30, "9" * 5_000 + ":up"):
        moved = browser.post(url(ready.program, "/competencies/move"), data={"move": nonsense})
        assert moved.status_code == 404
    assert browser.get(url(ready.program, f"/competencies/{second.id}/remove")).status_code == 200
    assert browser.post(url(ready.program, f"/competencies/{second.id}/remove")).status_code == 302
    assert [c.name for c in shown.competencies] == ["故障诊断"]
    assert browser.post(url(ready.program, f"/competencies/{second.id}/remove")).status_code == 404


def test_a_competency_of_another_programme_is_not_there(ready, world, signed_in):
    other = world.competency(world.program(State.ANALYSING))
    assert signed_in(ready.staff).get(url(ready.program, f"/competencies/{other.id}")).status_code == 404


def test_a_competency_that_the_plan_uses_stays(ready, shown, world, signed_in):
    from tests.factories import NOW, keep
    from trainmgr.curriculum.models import Edition, Layer, Module, ModuleCompetency, PracticeLevel, Venue

    competency = shown.named("读图")
    with world.app.app_context():
        edition = Edition(
            program_id=ready.program.id,
            number=1,
            created_by_id=ready.staff.id,
            created_at=NOW,
            changed_at=NOW,
        )
        db.session.add(edition)
        db.session.flush()
        module = Module(
            edition_id=edition.id,
            stage_number=1,
            position=1,
            name="读图课",
            theory_hours=20,
            layer=Layer.CORE,
            practice_level=PracticeLevel.BASIC,
            venue=Venue.SCHOOL,
        )
        db.session.add(module)
        db.session.flush()
        keep(ModuleCompetency(module_id=module.id, competency_id=competency.id, hours=8))
    response = signed_in(ready.staff).post(url(ready.program, f"/competencies/{competency.id}/remove"))
    assert response.status_code == 409
    assert "读图" in response.text
    assert len(shown.competencies) == 2


def test_an_indicator_is_linked_and_its_links_change_its_version(ready, shown, signed_in):
    browser = signed_in(ready.coordinator)
    both = [str(c.id) for c in shown.competencies]
    added = browser.post(url(ready.program, "/indicators"), data=INDICATOR | {"competencies": both})
    assert added.status_code == 302
    indicator = shown.named("一次合格率")
    assert {link.competency_id for link in indicator.links} == {int(key) for key in both}
    address = url(ready.program, f"/indicators/{indicator.id}")
    typed = INDICATOR | {"version": str(indicator.version), "competencies": both[:1]}
    assert browser.post(address, data=typed).status_code == 302
    assert len(shown.named("一次合格率").links) == 1
    late = browser.post(address, data=typed | {"weight": "5"})
    assert late.status_code == 409
    assert shown.named("一次合格率").weight == 4


@pytest.mark.parametrize(
    ("field", "typed"),
    [("expected", ""), ("current", "much"), ("expected", "99999999999"), ("weight", "9"), ("direction", "")],
)
def test_a_wrong_indicator_is_told_at_the_field(people, shown, signed_in, field, typed):
    page = signed_in(people.coordinator).post(
        url(people.program, "/indicators"), data=INDICATOR | {field: typed}
    )
    assert page.status_code == 422
    assert f'id="{field}-error"' in page.text
    assert shown.indicators == []


def test_an_indicator_cannot_be_linked_to_another_programmes_competency(ready, world, shown, signed_in):
    other = world.competency(world.program(State.ANALYSING))
    typed = INDICATOR | {"competencies": [str(other.id)]}
    assert signed_in(ready.coordinator).post(url(ready.program, "/indicators"), data=typed).status_code == 422


def test_a_coordinator_fills_in_the_enterprise_side_only(ready, shown, signed_in):
    browser = signed_in(ready.coordinator)
    assert browser.get(url(ready.program, "/edit")).status_code == 200
    assert browser.get(url(ready.program, "/indicators/new")).status_code == 200
    for tail in ("/competencies/new", "/settings", "/hours", "/sheets/ratings", "/ratings/discard"):
        assert browser.get(url(ready.program, tail)).status_code == 403
    assert browser.post(url(ready.program, "/competencies"), data=COMPETENCY).status_code == 403
    assert len(shown.competencies) == 2


def test_settings_are_saved_once_and_checked(ready, shown, signed_in):
    browser = signed_in(ready.staff)
    typed = {
        "post": "装调工",
        "trainee_weight": "60",
        "priority_count": "1",
        "version": str(shown.analysis.version),
    }
    assert browser.post(url(ready.program, "/settings"), data=typed).status_code == 302
    assert [(c.name, c.is_priority) for c in shown.competencies] == [("故障诊断", True), ("读图", False)]
    assert browser.post(url(ready.program, "/settings"), data=typed).status_code == 409
    assert (
        browser.post(url(ready.program, "/settings"), data=typed | {"trainee_weight": "101"}).status_code
        == 422
    )


def test_settings_can_be_the_first_thing_entered(people, shown, signed_in):
    browser = signed_in(people.staff)
    assert 'name="version" value="0"' in browser.get(url(people.program, "/settings")).text
    typed = {"post": "装调工", "trainee_weight": "50", "priority_count": "3", "version": "0"}
    assert browser.post(url(people.program, "/settings"), data=typed).status_code == 302
    assert shown.analysis.post == "装调工"
    assert browser.post(url(people.program, "/settings"), data=typed | {"post": "焊工"}).status_code == 409


def test_hours_are_proposed_by_score_and_saved(ready, shown, signed_in):
    browser = signed_in(ready.staff)
    proposal = browser.get(url(ready.program, "/hours?total=200"))
    first, second = shown.competencies
    assert f'name="hours-{first.id}" value="176"' in proposal.text  # 100 : 13.33
    assert shown.named("故障诊断").required_hours == 40  # proposed, not saved
    typed = {
        f"hours-{first.id}": "176",
        f"was-{first.id}": "40",
        f"hours-{second.id}": "24",
        f"was-{second.id}": "40",
    }
    assert browser.post(url(ready.program, "/hours"), data=typed).status_code == 302
    assert [c.required_hours for c in shown.competencies] == [176, 24]
    late = browser.post(url(ready.program, "/hours"), data=typed | {f"hours-{first.id}": "90"})
    assert late.status_code == 409
    assert 'value="90"' in late.text
    assert browser.get(url(ready.program, "/hours?total=1")).status_code == 422
    assert browser.post(url(ready.program, "/hours"), data={f"hours-{first.id}": "many"}).status_code == 422


def test_nothing_is_filled_in_once_the_programme_has_gone_on(world, signed_in):
    staff, program = world.user(Role.STAFF), world.program(State.RUNNING)
    browser = signed_in(staff)
    assert browser.get(url(program, "/edit")).status_code == 200
    assert browser.post(url(program, "/competencies"), data=COMPETENCY).status_code == 409
    assert browser.post(url(program, "/indicators"), data=INDICATOR).status_code == 409


def test_a_draft_can_be_filled_in_but_not_signed(world, signed_in):
    staff, program = world.user(Role.STAFF), world.program(State.DRAFT)
    with world.app.app_context():
        fill(program, staff)
        db.session.commit()
    browser = signed_in(staff)
    assert browser.get(url(program, "/sign")).status_code == 200
    assert browser.post(url(program, "/sign"), data={"side": "college"}).status_code == 409


def test_names_with_markup_are_shown_as_text(people, signed_in):
    browser = signed_in(people.staff)
    browser.post(url(people.program, "/competencies"), data=COMPETENCY | {"name": "<b>x</b>\x00\n y"})
    page = browser.get(url(people.program))
    assert "&lt;b&gt;x&lt;/b&gt; y" in page.text
    assert "<b>x</b>" not in page.text

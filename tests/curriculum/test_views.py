"""The plan's pages: who sees and does what, what is refused and why, and at what cost."""

from __future__ import annotations

import io

import pytest
import python_calamine

from tests.factories import NOW
from trainmgr.curriculum import actions, queries
from trainmgr.curriculum.models import EditionState
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import ProgramPerson
from trainmgr.programs.rules import State


def url(plans, tail=""):
    return f"/programs/{plans.program.id}/plan{tail}"


def module_data(module, **changes):
    names = (
        "name",
        "name_en",
        "stage_number",
        "theory_hours",
        "practice_hours",
        "layer",
        "practice_level",
        "venue",
    )
    data = {name: str(getattr(module, name)) for name in names} | {"version": str(module.version)}
    return data | {name: str(value) for name, value in changes.items()}


def lines_of(plans, number=1):
    with plans.world.inside():
        return plans.plan(number).modules


def test_staff_begin_the_plan_with_one_press(plans, signed_in):
    staff = signed_in(plans.staff)
    assert staff.get(url(plans)).status_code == 200

    response = staff.post(url(plans, "/begin"), data={"source": "pathway"}, follow_redirects=True)

    page = response.get_data(as_text=True)
    assert response.status_code == 200
    assert "1,312" in page
    assert "57.8%" in page
    assert "基础项目训练" in page


def test_a_second_press_begins_nothing_twice(plans, signed_in):
    staff = signed_in(plans.staff)
    staff.post(url(plans, "/begin"))
    assert staff.post(url(plans, "/begin")).status_code == 409
    assert len(lines_of(plans)) == 22


@pytest.mark.parametrize("page", ["", "/matrix"])
def test_a_plan_takes_at_most_ten_statements_whatever_its_size(plans, signed_in, count_statements, page):
    plans.begin()
    plans.fill()
    staff = signed_in(plans.staff)
    with count_statements() as few:
        assert staff.get(url(plans, page)).status_code == 200
    for rank in range(4, 24):
        plans.world.competency(plans.program, rank=rank, position=rank)
    with plans.world.inside():
        program, modules = plans.of(), plans.plan().modules
        wanted = plans.plan().wanted
        facts = [
            actions.ModuleFacts(
                f"新模块 {n}", 1, 4, 4, modules[0].layer, modules[0].practice_level, modules[0].venue
            )
            for n in range(5)
        ]
        for fact in facts:
            new = actions.add_module(program, plans.edition(), fact, by=plans.staff, now=NOW)
            actions.set_cell(program, plans.edition(), new.id, wanted[-1].id, 2, by=plans.staff, now=NOW)
        db.session.commit()
    with count_statements() as many:
        assert staff.get(url(plans, page)).status_code == 200
    assert len(few) == len(many) <= 10, many


def test_a_signed_plan_with_a_draft_of_the_next_stays_within_ten_statements(
    plans, signed_in, count_statements
):
    plans.signed()
    with plans.world.inside():
        actions.open_edition(plans.of(), "原因", by=plans.person(plans.staff), now=NOW)
        db.session.commit()
    staff = signed_in(plans.staff)
    for address in (
        url(plans),
        url(plans, "?edition=1"),
        url(plans, "/matrix"),
        url(plans, "/compare?edition=2"),
    ):
        with count_statements() as statements:
            assert staff.get(address).status_code == 200
        assert len(statements) <= 10, statements


def test_people_of_another_house_see_nothing(plans, signed_in):
    plans.signed()
    other = plans.world.organization(OrganizationKind.COLLEGE)
    stranger = signed_in(plans.world.user(Role.STAFF, other))
    module = lines_of(plans)[0]
    for address in ("", "/matrix", "/plan.xlsx", "/next", f"/modules/{module.id}/edit", "/1/stages/1"):
        assert stranger.get(url(plans, address)).status_code == 404
    assert stranger.post(url(plans, "/1/offer")).status_code == 404
    assert stranger.post(url(plans, f"/modules/{module.id}/remove")).status_code == 404


def test_trainees_and_mentors_read_the_signed_plan_and_nothing_else(plans, signed_in):
    plans.begin()
    plans.fill()
    mentor = plans.world.user(Role.ENTERPRISE_MENTOR)
    plans.world.enrolment(plans.program, mentor=mentor)
    reader = signed_in(mentor)
    draft = reader.get(url(plans))
    assert draft.status_code == 200
    assert "识图与测量" not in draft.get_data(as_text=True)
    assert reader.get(url(plans, "?edition=1")).status_code == 404

    plans.offer()
    plans.sign()

    page = reader.get(url(plans)).get_data(as_text=True)
    assert "识图与测量" in page
    assert "/modules/" not in page
    assert reader.get(url(plans, "/matrix")).status_code == 200
    assert reader.get(url(plans, f"/modules/{lines_of(plans)[0].id}/edit")).status_code == 403


def test_a_teacher_edits_the_draft_of_a_programme_of_their_own_only(plans, signed_in):
    plans.begin()
    teacher = signed_in(plans.teacher)
    module = lines_of(plans)[0]
    address = url(plans, f"/modules/{module.id}/edit")
    assert teacher.get(address).status_code == 404
    plans.world.relation(plans.program, plans.teacher, Role.SCHOOL_TEACHER)

    response = teacher.post(address, data=module_data(module, name="工程识图"))

    assert response.status_code == 302
    assert lines_of(plans)[0].name == "工程识图"


def test_the_enterprise_signs_but_does_not_edit(plans, signed_in):
    plans.begin()
    coordinator = signed_in(plans.coordinator)
    module = lines_of(plans)[0]
    assert coordinator.get(url(plans)).status_code == 200
    assert coordinator.get(url(plans, f"/modules/{module.id}/edit")).status_code == 403
    assert coordinator.post(url(plans, "/1/offer")).status_code == 403


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"practice_hours": "八"}, "practice_hours"),
        ({"theory_hours": "0", "practice_hours": "0"}, "practice_hours"),
        ({"theory_hours": "-3"}, "theory_hours"),
        ({"stage_number": "99"}, "stage_number"),
        ({"layer": "rubbish"}, "layer"),
        ({"name": "x" * 81}, "name"),
    ],
)
def test_wrong_fields_are_told_at_the_field_and_nothing_typed_is_lost(plans, signed_in, changes, field):
    plans.begin()
    module = lines_of(plans)[0]
    data = module_data(module, gate="") | {"name_en": "Typed by me"} | changes

    response = signed_in(plans.staff).post(url(plans, f"/modules/{module.id}/edit"), data=data)

    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert f'id="{field}-error"' in page
    assert "Typed by me" in page
    assert lines_of(plans)[0] == module


def test_two_modules_of_one_name_are_told_apart_by_the_form(plans, signed_in):
    plans.begin()
    first, second = lines_of(plans)[:2]
    data = module_data(second, name=first.name)
    response = signed_in(plans.staff).post(url(plans, f"/modules/{second.id}/edit"), data=data)
    assert response.status_code == 422
    assert 'id="name-error"' in response.get_data(as_text=True)


def test_whoever_comes_second_sees_both_versions_and_may_save_again(plans, signed_in):
    plans.begin()
    module = lines_of(plans)[0]
    address = url(plans, f"/modules/{module.id}/edit")
    colleague = plans.world.user(Role.STAFF, name="郭颖")
    signed_in(colleague).post(address, data=module_data(module, name="她的名字"))

    staff = signed_in(plans.staff)
    response = staff.post(address, data=module_data(module, name="我的名字"))

    page = response.get_data(as_text=True)
    assert response.status_code == 409
    assert "郭颖" in page
    assert "她的名字" in page
    assert "我的名字" in page
    again = staff.post(address, data=module_data(lines_of(plans)[0], name="我的名字"))
    assert again.status_code == 302
    assert lines_of(plans)[0].name == "我的名字"


def test_a_stage_conflict_is_told_too(plans, signed_in):
    plans.begin()
    staff, data = (
        signed_in(plans.staff),
        {"name": "一", "venue": "school", "weeks": "16", "hours": "224", "version": "1"},
    )
    assert staff.post(url(plans, "/1/stages/1"), data=data).status_code == 302
    response = staff.post(url(plans, "/1/stages/1"), data=data | {"name": "二"})
    assert response.status_code == 409
    assert "二" in response.get_data(as_text=True)


@pytest.mark.parametrize("ends_on", ["2026-08-01", "9999-12-31"])
def test_a_stage_does_not_end_before_it_starts_nor_in_another_century(plans, signed_in, ends_on):
    plans.begin()
    data = {
        "name": "一", "venue": "school", "weeks": "16", "hours": "224", "version": "1",
        "starts_on": "2026-09-01", "ends_on": ends_on,
    }  # fmt: skip
    response = signed_in(plans.staff).post(url(plans, "/1/stages/1"), data=data)
    assert response.status_code == 422
    assert 'id="ends_on-error"' in response.get_data(as_text=True)


def test_modules_are_added_moved_and_removed(plans, signed_in):
    plans.begin()
    staff = signed_in(plans.staff)
    data = module_data(lines_of(plans)[0], name="现场改善", stage_number=4, theory_hours=8, practice_hours=32)
    assert staff.get(url(plans, "/1/modules/new?stage=4")).status_code == 200
    assert staff.post(url(plans, "/1/modules"), data=data).status_code == 302
    new = next(module for module in lines_of(plans) if module.name == "现场改善")
    assert new.stage_number == 4

    assert staff.post(url(plans, "/1/order"), data={"move": f"down:{new.id}"}).status_code == 302
    assert next(module for module in lines_of(plans) if module.id == new.id).stage_number == 5

    assert staff.get(url(plans, f"/modules/{new.id}/remove")).status_code == 200
    assert staff.post(url(plans, f"/modules/{new.id}/remove")).status_code == 302
    assert all(module.id != new.id for module in lines_of(plans))
    assert staff.post(url(plans, f"/modules/{new.id}/remove")).status_code == 404


def test_a_script_gets_the_moved_list_and_the_checks(plans, signed_in):
    plans.begin()
    module = lines_of(plans)[0]
    response = signed_in(plans.staff).post(
        url(plans, "/1/order"), data={"move": f"down:{module.id}"}, headers={"HX-Request": "true"}
    )
    piece = response.get_data(as_text=True)
    assert "<html" not in piece
    assert 'id="stages"' in piece
    assert 'id="checks"' in piece
    assert "hx-swap-oob" in piece


def test_the_checks_follow_what_is_typed_before_it_is_saved(plans, signed_in):
    plans.begin()
    module = lines_of(plans)[0]
    typed = module_data(module, theory_hours=module.theory_hours + 100) | {"module_id": str(module.id)}
    page = signed_in(plans.staff).get(url(plans, "/1/preview"), query_string=typed).get_data(as_text=True)
    assert "1,412" in page
    assert "53.7%" in page
    assert lines_of(plans)[0] == module


def test_a_cell_is_set_and_the_totals_follow_at_once(plans, signed_in):
    plans.begin()
    module, competency = lines_of(plans)[0], plans.competencies[0]
    staff = signed_in(plans.staff)
    address = url(plans, f"/modules/{module.id}/competencies/{competency.id}")
    assert 'name="was"' in staff.get(address, headers={"HX-Request": "true"}).get_data(as_text=True)

    response = staff.post(address, data={"hours": "24", "was": "0"}, headers={"HX-Request": "true"})

    piece = response.get_data(as_text=True)
    assert response.status_code == 200
    assert "24 / 24" in piece
    assert "matrix-foot" in piece
    assert 'id="mend"' in piece
    assert "1 / 2" in piece


def test_without_a_script_a_cell_is_a_page(plans, signed_in):
    plans.begin()
    module, competency = lines_of(plans)[0], plans.competencies[0]
    staff = signed_in(plans.staff)
    address = url(plans, f"/modules/{module.id}/competencies/{competency.id}")
    assert staff.get(address).status_code == 200
    assert staff.post(address, data={"hours": "8", "was": "0"}).status_code == 302
    assert "8 / 24" in staff.get(url(plans, "/matrix")).get_data(as_text=True)


@pytest.mark.parametrize(("typed", "said"), [("9999", "9999"), ("-1", "-1"), ("一", "一"), ("1.5", "1.5")])
def test_hours_that_cannot_be_are_told_in_the_cell(plans, signed_in, typed, said):
    plans.begin()
    module, competency = lines_of(plans)[0], plans.competencies[0]
    address = url(plans, f"/modules/{module.id}/competencies/{competency.id}")
    for headers in ({}, {"HX-Request": "true"}):
        response = signed_in(plans.staff).post(address, data={"hours": typed, "was": "0"}, headers=headers)
        page = response.get_data(as_text=True)
        assert response.status_code == 422
        assert "field-error" in page
        assert f'value="{said}"' in page


def test_a_cell_changed_by_somebody_else_is_not_overwritten_silently(plans, signed_in):
    plans.begin()
    module, competency = lines_of(plans)[0], plans.competencies[0]
    staff = signed_in(plans.staff)
    address = url(plans, f"/modules/{module.id}/competencies/{competency.id}")
    staff.post(address, data={"hours": "8", "was": "0"})
    response = staff.post(address, data={"hours": "4", "was": "0"})
    page = response.get_data(as_text=True)
    assert response.status_code == 409
    assert 'value="4"' in page
    assert 'name="was" value="8"' in page


def test_hours_are_distributed_as_proposed_once(plans, signed_in):
    plans.begin()
    staff = signed_in(plans.staff)
    with plans.world.inside():
        version = plans.edition().version
    data = {"version": str(version), "competency_id": str(plans.competencies[0].id)}
    assert staff.post(url(plans, "/1/proposal"), data=data).status_code == 302
    assert staff.post(url(plans, "/1/proposal"), data=data).status_code == 409
    with plans.world.inside():
        assert sum(plans.plan().cells.values()) == 24


def test_a_lead_is_found_by_name_and_leads_the_whole_stage(plans, signed_in):
    plans.begin()
    module = lines_of(plans)[0]
    staff = signed_in(plans.staff)
    page = staff.get(url(plans, f"/modules/{module.id}/lead?q=陈")).get_data(as_text=True)
    assert "陈立" in page
    assert "罗" not in staff.get(url(plans, f"/modules/{module.id}/lead?q=没有这人")).get_data(as_text=True)
    data = {"user_id": str(plans.teacher.id), "scope": "stage"}
    assert staff.post(url(plans, f"/modules/{module.id}/lead"), data=data).status_code == 302
    led = [line.lead_name for line in lines_of(plans) if line.stage_number == 1]
    assert led == ["陈立"] * 3
    with plans.world.inside():
        assert db.session.query(ProgramPerson).filter_by(user_id=plans.teacher.id).count() == 1


def test_offering_lists_what_is_missing(plans, signed_in):
    plans.begin()
    response = signed_in(plans.staff).post(url(plans, "/1/offer"))
    page = response.get_data(as_text=True)
    assert response.status_code == 409
    assert "精密测量" in page
    assert "每个模块都定了负责教师" in page


def test_both_sides_sign_on_their_own_pages(plans, signed_in):
    plans.begin()
    plans.fill()
    staff, coordinator = signed_in(plans.staff), signed_in(plans.coordinator)
    with plans.world.inside():
        version = plans.edition().version
    assert staff.post(url(plans, "/1/offer"), data={"version": str(version)}).status_code == 302
    assert coordinator.get(url(plans, "/1/sign/college")).status_code == 403
    with plans.world.inside():
        version = plans.edition().version
    for person, side in ((coordinator, "enterprise"), (staff, "college")):
        assert person.get(url(plans, f"/1/sign/{side}")).status_code == 200
        assert person.post(url(plans, f"/1/sign/{side}"), data={"version": str(version)}).status_code == 302
        assert person.post(url(plans, f"/1/sign/{side}")).status_code == 409
    with plans.world.inside():
        assert queries.signed_edition(plans.program.id).number == 1
    assert "/modules/" not in staff.get(url(plans)).get_data(as_text=True)


def test_an_offered_plan_is_taken_back_after_a_word_of_warning(plans, signed_in):
    plans.begin()
    plans.fill()
    plans.offer()
    staff = signed_in(plans.staff)
    module = lines_of(plans)[0]
    assert staff.post(url(plans, f"/modules/{module.id}/remove")).status_code == 409
    assert staff.get(url(plans, "/1/withdraw")).status_code == 200
    assert staff.post(url(plans, "/1/withdraw")).status_code == 302
    assert staff.post(url(plans, f"/modules/{module.id}/remove")).status_code == 302


def test_signed_plans_are_changed_by_the_next_edition_only(plans, signed_in):
    plans.signed()
    staff = signed_in(plans.staff)
    module = lines_of(plans)[0]
    data = module_data(module, name="改名")
    assert staff.post(url(plans, f"/modules/{module.id}/edit"), data=data).status_code == 409
    assert staff.post(url(plans, "/next"), data={"reason": " "}).status_code == 422
    assert staff.get(url(plans, "/next")).status_code == 200
    assert staff.post(url(plans, "/next"), data={"reason": "上届差距只补上 41%"}).status_code == 302
    new = lines_of(plans, 2)[0]
    assert (
        staff.post(url(plans, f"/modules/{new.id}/edit"), data=module_data(new, name="改名")).status_code
        == 302
    )
    page = staff.get(url(plans, "/compare?edition=2")).get_data(as_text=True)
    assert "改名" in page
    assert "上届差距只补上 41%" in page
    assert lines_of(plans)[0].name == module.name
    assert staff.get(url(plans, "/2/discard")).status_code == 200
    assert staff.post(url(plans, "/2/discard")).status_code == 302
    with plans.world.inside():
        assert plans.edition().state is EditionState.SIGNED


def test_nothing_changes_in_a_closed_programme(make_plans, signed_in):
    plans = make_plans(state=State.DESIGNING)
    plans.signed()
    with plans.world.inside():
        plans.of().state = State.CLOSED
        db.session.commit()
    staff = signed_in(plans.staff)
    assert staff.post(url(plans, "/next"), data={"reason": "x"}).status_code == 409
    assert url(plans, "/next") not in staff.get(url(plans)).get_data(as_text=True)


def test_the_workbook_holds_stages_modules_and_matrix(plans, signed_in):
    plans.begin()
    plans.fill()
    response = signed_in(plans.staff).get(url(plans, "/plan.xlsx"))
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(response.data))
    assert len(book.sheet_names) == 3
    modules = book.get_sheet_by_index(1).to_python()
    assert len(modules) == 1 + 22 + 1
    assert modules[-1][2:5] == [554, 758, 1312]
    matrix = book.get_sheet_by_index(2).to_python()
    assert matrix[1][1] == "精密测量"
    assert matrix[1][-2:] == [24, 24]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_stands_in_both_languages(plans, signed_in, language):
    plans.signed()
    with plans.world.inside():
        actions.open_edition(plans.of(), "原因", by=plans.person(plans.staff), now=NOW)
        db.session.commit()
    module = lines_of(plans, 2)[0]
    staff = signed_in(plans.staff)
    staff.set_cookie("language", language)
    tails = [
        "", "?edition=1", "/matrix", "/compare?edition=2", "/next", "/2/discard", "/2/modules/new?stage=2",
        f"/modules/{module.id}/edit", f"/modules/{module.id}/remove", f"/modules/{module.id}/lead", "/2/stages/1",
        f"/modules/{module.id}/competencies/{plans.competencies[0].id}",
    ]  # fmt: skip
    for tail in tails:
        assert staff.get(url(plans, tail)).status_code == 200, tail

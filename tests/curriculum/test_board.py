"""The board: cards are moved, changed, added and taken out on one screen; who may, what is refused, at what cost."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from tests.factories import NOW
from trainmgr.curriculum import actions
from trainmgr.curriculum.models import Module, ModuleCompetency
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db

PIECE = {"HX-Request": "true"}


def url(plans, tail=""):
    return f"/programs/{plans.program.id}/plan{tail}"


def modules_of(plans, stage=None):
    with plans.world.inside():
        plan = plans.plan()
        return plan.modules_of(stage) if stage else plan.modules


def version(plans):
    with plans.world.inside():
        return plans.edition().version


def arrange(client, plans, module, deed, *, piece=False, seen=None, **more):
    data = {"module": module.id, "do": deed, "version": seen or version(plans)} | more
    return client.post(url(plans, "/1/arrange"), data=data, headers=PIECE if piece else {})


@pytest.fixture
def staff(plans, signed_in):
    plans.begin()
    return signed_in(plans.staff)


def fill_up(plans, count):
    """Add so many modules, spread over the stages, each serving a competency."""
    with plans.world.inside():
        edition, first = plans.edition(), plans.plan().modules[0]
        same = {"layer": first.layer, "practice_level": first.practice_level, "venue": first.venue}
        rows = [
            Module(edition_id=edition.id, stage_number=1 + n % 8, position=100 + n, name=f"加的模块{n}",
                   theory_hours=2, practice_hours=2, **same)
            for n in range(count)
        ]  # fmt: skip
        db.session.add_all(rows)
        db.session.flush()
        db.session.add_all(
            ModuleCompetency(module_id=row.id, competency_id=plans.competencies[0].id, hours=2)
            for row in rows
        )
        db.session.commit()


# --- reading --------------------------------------------------------------------------------------


def test_the_board_shows_every_module_under_its_stage(plans, staff):
    page = staff.get(url(plans, "/board")).get_data(as_text=True)
    for module in modules_of(plans):
        assert module.name in page
    assert "57.8%" in page
    assert "758 ÷ 1,312" in page


def test_board_and_moves_take_as_many_statements_with_300_modules_as_with_22(
    plans, staff, count_statements, bench
):
    counts = []
    for more in (0, 278):
        fill_up(plans, more)
        module = modules_of(plans, 2)[-1]
        arrange(staff, plans, modules_of(plans, 3)[-1], "up")  # the inboxes follow what was added
        with count_statements() as reading:
            assert staff.get(url(plans, "/board")).status_code == 200
        seen = version(plans)
        with count_statements() as moving:
            answer = arrange(staff, plans, module, "up", piece=True, seen=seen)
        assert answer.status_code == 200
        assert len(answer.data) < 16_000
        # Where positions have no gap yet room is made: the guard of signed plans asks, one statement writes.
        room = 2 * sum("SET position=(" in text for text in moving)
        counts.append((len(reading), len(moving) - room))
    assert counts[0] == counts[1]
    assert counts[0][0] <= 10
    assert counts[0][1] <= 40
    assert len(modules_of(plans)) == 300


def test_a_move_writes_one_row_or_makes_room_with_one_statement(plans, staff, bench):
    fill_up(plans, 278)
    module = modules_of(plans, 2)[-1]
    rows = []

    def note(connection, cursor, statement, *rest):
        if statement.startswith("UPDATE module "):
            rows.append(cursor.rowcount)

    event.listen(bench.engine, "after_cursor_execute", note)
    try:
        for _time in range(3):
            arrange(staff, plans, module, "up")
    finally:
        event.remove(bench.engine, "after_cursor_execute", note)
    # At first positions have no gaps: room is made once, and only behind the place in that stage.
    assert rows[0] < 38
    assert rows[1:] == [1] * (len(rows) - 1)


def test_who_reads_only_gets_no_way_to_change(plans, signed_in):
    plans.begin()
    coordinator = signed_in(plans.coordinator)
    page = coordinator.get(url(plans, "/board"))
    assert page.status_code == 200
    assert "draggable" not in page.get_data(as_text=True)
    module = modules_of(plans)[0]
    assert arrange(coordinator, plans, module, "down").status_code == 403
    assert coordinator.post(url(plans, "/1/undo")).status_code == 403
    assert coordinator.get(url(plans, f"/modules/{module.id}/hours")).status_code == 403


def test_a_draft_is_not_shown_to_trainees_and_strangers_find_nothing(plans, signed_in):
    plans.begin()
    mentor = plans.world.user(Role.ENTERPRISE_MENTOR)
    plans.world.enrolment(plans.program, mentor=mentor)
    name = modules_of(plans)[0].name
    assert name not in signed_in(mentor).get(url(plans, "/board")).get_data(as_text=True)
    other = plans.world.organization(OrganizationKind.COLLEGE)
    stranger = signed_in(plans.world.user(Role.STAFF, other))
    assert stranger.get(url(plans, "/board")).status_code == 404
    assert stranger.post(url(plans, "/1/arrange"), data={"module": 1, "do": "up"}).status_code == 404


def test_a_signed_plan_is_read_only_on_the_board(plans, signed_in):
    plans.signed()
    staff = signed_in(plans.staff)
    assert "draggable" not in staff.get(url(plans, "/board")).get_data(as_text=True)
    refused = arrange(staff, plans, modules_of(plans)[0], "down")
    assert refused.status_code == 409


# --- moving ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deed", "more", "stage", "place"),
    [
        ("down", {}, 1, 1),
        ("next", {}, 2, -1),
        ("to", {"stage": 5}, 5, -1),
        ("place", {"stage": 3, "after": ""}, 3, 0),
        ("up", {}, 1, 0),
        ("before", {}, 1, 0),
    ],
)
def test_a_card_moves_as_the_button_says(plans, staff, deed, more, stage, place):
    module = modules_of(plans)[0]
    answer = arrange(staff, plans, module, deed, **more)
    assert answer.status_code == 302
    assert modules_of(plans, stage)[place].id == module.id
    assert staff.get(answer.location).status_code == 200


def test_a_card_is_placed_behind_another_of_its_new_stage(plans, staff):
    module, there = modules_of(plans)[0], modules_of(plans, 4)
    arrange(staff, plans, module, "place", stage=4, after=there[1].id)
    assert [each.id for each in modules_of(plans, 4)] == [
        there[0].id, there[1].id, module.id, *[each.id for each in there[2:]],
    ]  # fmt: skip


def test_what_cannot_be_moved_is_refused_with_the_reason(plans, staff):
    first, other = modules_of(plans)[0], modules_of(plans, 3)[0]
    assert staff.post(url(plans, "/1/arrange"), data={"do": "up"}).status_code == 409
    assert arrange(staff, plans, first, "to", stage=99).status_code == 409
    assert arrange(staff, plans, first, "place", stage=4, after=other.id).status_code == 409
    assert arrange(staff, plans, first, "sideways").status_code == 400
    piece = arrange(staff, plans, first, "to", piece=True, stage=99)
    assert (piece.status_code, piece.headers["HX-Retarget"]) == (422, "#board")


def test_a_card_is_taken_out_and_brought_back_with_what_it_served(plans, staff):
    plans.fill()
    with plans.world.inside():
        cells = dict(plans.plan().cells)
    module = next(m for m in modules_of(plans) if any(key[0] == m.id for key in cells))
    arrange(staff, plans, module, "remove")
    assert module.lineage not in {each.lineage for each in modules_of(plans)}

    staff.post(url(plans, "/1/undo"))

    back = next(each for each in modules_of(plans) if each.lineage == module.lineage)
    assert (back.name, back.theory_hours, back.stage_number) == (
        module.name, module.theory_hours, module.stage_number,
    )  # fmt: skip
    with plans.world.inside():
        assert sorted(plans.plan().cells.values()) == sorted(cells.values())


def test_the_answer_to_a_script_holds_what_changed_and_nothing_else(plans, staff):
    first, other = modules_of(plans)[0], modules_of(plans, 6)[0]
    text = arrange(staff, plans, first, "next", piece=True).get_data(as_text=True)
    assert first.name in text
    assert other.name not in text
    assert "lane-1-sums" in text
    assert "lane-2-sums" in text
    assert "lane-6-sums" not in text


# --- hours and new cards ----------------------------------------------------------------------------


def test_hours_are_changed_in_place_and_the_checks_follow(plans, staff):
    module = modules_of(plans)[0]
    form = staff.get(url(plans, f"/modules/{module.id}/hours"), headers=PIECE).get_data(as_text=True)
    assert f'value="{module.theory_hours}"' in form
    data = {"theory_hours": "54", "practice_hours": "121", "version": version(plans),
            "module_version": module.version}  # fmt: skip
    text = staff.post(url(plans, f"/modules/{module.id}/hours"), data=data, headers=PIECE).get_data(
        as_text=True
    )
    assert "1,412" in text
    assert modules_of(plans)[0].practice_hours == 121


def test_wrong_hours_are_told_in_the_card_and_kept(plans, staff):
    module = modules_of(plans)[0]
    data = {"theory_hours": "0", "practice_hours": "0", "version": version(plans)}
    piece = staff.post(url(plans, f"/modules/{module.id}/hours"), data=data, headers=PIECE)
    assert (piece.status_code, piece.headers["HX-Retarget"]) == (422, f"#hours-{module.lineage}")
    data["practice_hours"] = "viele"
    piece = staff.post(url(plans, f"/modules/{module.id}/hours"), data=data, headers=PIECE)
    assert 'value="viele"' in piece.get_data(as_text=True)
    assert staff.post(url(plans, f"/modules/{module.id}/hours"), data=data).status_code == 422
    assert modules_of(plans)[0].hours == module.hours


def test_hours_typed_over_somebody_elses_are_kept_and_the_other_is_named(plans, staff):
    module, colleague = modules_of(plans)[0], plans.world.user(Role.STAFF, name="周敏")
    with plans.world.inside():
        row = db.session.get(Module, module.id)
        facts = actions.ModuleFacts(row.name, 1, 1, 1, row.layer, row.practice_level, row.venue)
        actions.change_module(plans.of(), plans.edition(), row, facts, by=plans.person(colleague), now=NOW)
        db.session.commit()
    data = {"theory_hours": "7", "practice_hours": "8", "version": "1", "module_version": module.version}
    piece = staff.post(url(plans, f"/modules/{module.id}/hours"), data=data, headers=PIECE)
    text = piece.get_data(as_text=True)
    assert piece.status_code == 422
    assert "周敏" in text
    assert 'value="7"' in text
    assert modules_of(plans)[0].theory_hours == 1


def test_a_new_card_takes_its_place_from_the_stage(plans, staff):
    data = {"stage_number": "2", "name": "新岗位体验", "theory_hours": "", "practice_hours": "6"}
    assert staff.post(url(plans, "/1/cards"), data=data).status_code == 302
    new = modules_of(plans, 2)[-1]
    assert (new.name, new.practice_hours, new.taught_by_enterprise, new.venue) == (
        "新岗位体验", 6, True, "enterprise",
    )  # fmt: skip


def test_a_new_card_with_a_known_name_comes_back_with_what_was_typed(plans, staff):
    name = modules_of(plans)[0].name
    data = {"stage_number": "2", "name": name, "theory_hours": "3", "practice_hours": "6"}
    page = staff.post(url(plans, "/1/cards"), data=data)
    assert page.status_code == 422
    assert f'value="{name}"' in page.get_data(as_text=True)
    piece = staff.post(url(plans, "/1/cards"), data=data, headers=PIECE)
    assert (piece.status_code, piece.headers["HX-Retarget"]) == (422, "#lane-2-add")
    assert staff.post(url(plans, "/1/cards"), data={"stage_number": "2", "name": ""}).status_code == 422
    assert len(modules_of(plans)) == 22


# --- undo, and two at once --------------------------------------------------------------------------


def test_undo_and_redo_walk_over_the_board(plans, staff):
    module = modules_of(plans)[0]
    arrange(staff, plans, module, "to", stage=5)
    back = staff.post(url(plans, "/1/undo"), data={"version": version(plans)}, headers=PIECE)
    assert "afterbegin:#lane-1" in back.get_data(as_text=True)
    assert modules_of(plans)[0].id == module.id
    staff.post(url(plans, "/1/redo"))
    assert modules_of(plans, 5)[-1].id == module.id
    assert staff.post(url(plans, "/1/redo")).status_code == 409
    assert staff.post(url(plans, "/1/redo"), headers=PIECE).status_code == 422


def test_undoing_somebody_elses_edit_asks_first(plans, staff, signed_in):
    module = modules_of(plans)[0]
    colleague = signed_in(plans.world.user(Role.STAFF, name="周敏"))
    arrange(colleague, plans, module, "to", stage=5)

    asked = staff.post(url(plans, "/1/undo"))
    assert asked.status_code == 409
    assert "周敏" in asked.get_data(as_text=True)
    assert module.name in asked.get_data(as_text=True)
    assert modules_of(plans, 5)[-1].id == module.id
    assert staff.post(url(plans, "/1/undo"), headers=PIECE).status_code == 422

    assert staff.post(url(plans, "/1/undo"), data={"sure": "1"}).status_code == 302
    assert modules_of(plans)[0].id == module.id


def test_two_editors_at_once_are_told_and_see_both_edits(plans, staff, signed_in):
    first, second = modules_of(plans)[0], modules_of(plans)[1]
    seen = version(plans)
    colleague = signed_in(plans.world.user(Role.STAFF, name="周敏"))
    arrange(colleague, plans, first, "to", stage=5)

    answer = arrange(staff, plans, second, "next", piece=True, seen=seen)

    text = answer.get_data(as_text=True)
    assert answer.headers["HX-Retarget"] == "#board"
    assert "周敏" in text
    assert modules_of(plans, 5)[-1].id == first.id
    assert modules_of(plans, 2)[-1].id == second.id


def test_a_card_that_a_colleague_took_out_is_refused(plans, staff, signed_in):
    module = modules_of(plans)[0]
    arrange(signed_in(plans.world.user(Role.STAFF)), plans, module, "remove")
    assert arrange(staff, plans, module, "down").status_code == 409


def test_an_offered_plan_is_not_arranged(plans, staff):
    plans.fill()
    plans.offer()
    assert arrange(staff, plans, modules_of(plans)[0], "down").status_code == 409
    assert staff.post(url(plans, "/1/undo")).status_code == 409


def test_moving_between_stages_is_in_the_trail(plans, staff):
    from trainmgr.kernel.audit import AuditEvent

    arrange(staff, plans, modules_of(plans)[0], "next")
    staff.post(url(plans, "/1/undo"))
    with plans.world.inside():
        deeds = set(db.session.scalars(sa.select(AuditEvent.action)))
    assert {"curriculum.module.move", "curriculum.undo"} <= deeds

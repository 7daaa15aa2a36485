"""What people see and do with the bank in the browser."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from PIL import Image

from tests.bank.conftest import facts
from tests.factories import NOW
from trainmgr.bank import actions
from trainmgr.bank.models import BlueprintRow, Instrument, InstrumentVersion, Item
from trainmgr.bank.rules import Difficulty, ItemKind, ItemState
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db

BASE = {"difficulty": "medium", "points": "2", "stem": "发动机机油压力过低的原因？", "explanation": ""}
TYPED = {
    ItemKind.SINGLE: {"option_0": "机油泵磨损", "option_1": "水温过低", "right": "0"},
    ItemKind.MULTIPLE: {
        "option_0": "机油泵磨损", "option_1": "轴承间隙过大", "option_2": "水温过低",
        "right": ["0", "1"], "credit": "partial",
    },
    ItemKind.TRUE_FALSE: {"truth": "false"},
    ItemKind.NUMBER: {"value": "４２．５", "tolerance": "0.5", "unit": "N·m", "relative": ""},
    ItemKind.SHORT_ANSWER: {"model": "先查油面，再查压力表"},
    ItemKind.CHECKLIST: {"steps": "! 戴绝缘手套 | 2\n断开维修开关\n验电"},
}  # fmt: skip


@pytest.fixture
def staff(bank, signed_in):
    return signed_in(bank.staff)


def text(response):
    return response.get_data(as_text=True)


def newest(app):
    with app.app_context():
        return db.session.scalars(sa.select(Item).order_by(Item.id.desc()).limit(1)).one()


@pytest.mark.parametrize("kind", list(ItemKind))
def test_an_item_of_each_kind_is_written_shown_and_edited(bank, staff, app, kind):
    assert staff.get(f"/bank/items/new?kind={kind}").status_code == 200
    typed = BASE | TYPED[kind] | {"kind": kind.value, "competency_id": bank.first}

    looked = staff.post("/bank/items", data=typed | {"then": "preview"})
    answer = staff.post("/bank/items", data=typed | {"then": "use"})
    item = newest(app)
    page = text(staff.get(f"/bank/items/{item.id}"))
    again = staff.get(f"/bank/items/{item.id}/edit")
    changed = staff.post(f"/bank/items/{item.id}/edit", data=typed | {"points": "3", "version": item.version})

    assert (looked.status_code, answer.status_code, again.status_code, changed.status_code) == (
        200,
        302,
        200,
        302,
    )
    assert (item.kind, item.state, item.college_id) == (kind, ItemState.IN_USE, bank.college)
    assert BASE["stem"] in page
    assert newest(app).points == 3


@pytest.mark.parametrize(
    ("kind", "wrong", "field"),
    [
        (ItemKind.SINGLE, {"right": []}, "right"),
        (ItemKind.SINGLE, {"option_1": "机油泵 磨损"}, "option_0"),
        (ItemKind.SINGLE, {"option_1": ""}, "option_0"),
        (ItemKind.MULTIPLE, {"right": ["0"]}, "right"),
        (ItemKind.MULTIPLE, {"right": ["0", "5"]}, "right"),
        (ItemKind.TRUE_FALSE, {"truth": ""}, "truth"),
        (ItemKind.NUMBER, {"value": "四十二"}, "value"),
        (ItemKind.NUMBER, {"value": ""}, "value"),
        (ItemKind.NUMBER, {"tolerance": "-1"}, "tolerance"),
        (ItemKind.NUMBER, {"value": "0", "relative": "percent"}, "tolerance"),
        (ItemKind.SHORT_ANSWER, {"model": ""}, "model"),
        (ItemKind.CHECKLIST, {"steps": "戴手套 | 99"}, "steps"),
        (ItemKind.CHECKLIST, {"steps": ""}, "steps"),
        (ItemKind.SINGLE, {"points": "0"}, "points"),
        (ItemKind.SINGLE, {"competency_id": "999999"}, "competency_id"),
        (ItemKind.SINGLE, {"stem": ""}, "stem"),
    ],
)
def test_wrong_fields_come_back_at_their_field_with_what_was_typed(bank, staff, app, kind, wrong, field):
    typed = BASE | TYPED[kind] | {"kind": kind.value, "competency_id": bank.first} | wrong

    answer = staff.post("/bank/items", data=typed)

    assert answer.status_code == 422
    assert f'href="#{field}"' in text(answer)
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Item)) == 0


def test_a_picture_is_kept_with_the_item_and_only_the_college_sees_it(bank, staff, app, world, signed_in):
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(picture, "PNG")
    picture.seek(0)
    typed = BASE | TYPED[ItemKind.SINGLE] | {"kind": "single", "competency_id": bank.first}

    staff.post("/bank/items", data=typed | {"picture": (picture, "a.png")})
    address = f"/bank/items/{newest(app).id}/picture"
    other = signed_in(world.user(Role.STAFF, world.organization(name="别的学院")))

    with staff.get(address) as answer:
        assert answer.mimetype == "image/jpeg"
    assert other.get(address).status_code == 404


def test_a_file_that_is_no_picture_is_refused_at_its_field(bank, staff):
    typed = BASE | TYPED[ItemKind.SINGLE] | {"kind": "single", "competency_id": bank.first}

    answer = staff.post("/bank/items", data=typed | {"picture": (io.BytesIO(b"MZ not a picture"), "a.png")})

    assert answer.status_code == 422
    assert 'href="#picture"' in text(answer)


def test_the_same_item_twice_is_refused_with_its_number(bank, staff, app):
    typed = BASE | TYPED[ItemKind.SINGLE] | {"kind": "single", "competency_id": bank.first}
    staff.post("/bank/items", data=typed)

    answer = staff.post("/bank/items", data=typed | {"stem": "发动机机油压力 过低的原因?"})

    assert answer.status_code == 409
    assert str(newest(app).id) in text(answer)


def test_two_who_edit_the_same_item_are_told(bank, write, staff, app):
    (item_id,) = write(bank.first)
    typed = BASE | TYPED[ItemKind.SINGLE] | {"competency_id": bank.first}
    first = staff.post(f"/bank/items/{item_id}/edit", data=typed | {"version": "1"})

    second = staff.post(f"/bank/items/{item_id}/edit", data=typed | {"stem": "另一种问法", "version": "1"})

    assert (first.status_code, second.status_code) == (302, 409)
    assert "另一种问法" in text(second)
    assert BASE["stem"] in text(second)


def test_items_are_put_in_use_and_retired_many_at_once(bank, write, staff, app):
    ids = write(bank.first, 3, state=ItemState.DRAFT)

    staff.post("/bank/items/state", data={"id": ids, "to": "in_use"})
    page = text(staff.get("/bank/items?state=in_use"))
    staff.post("/bank/items/state?state=in_use", data={"id": ids[:2], "to": "retired"})

    assert all(f"/bank/items/{one}" in page for one in ids)
    with app.app_context():
        states = dict(db.session.execute(sa.select(Item.id, Item.state)).all())
    assert [states[one] for one in ids] == [ItemState.RETIRED, ItemState.RETIRED, ItemState.IN_USE]


def test_a_word_of_ours_in_the_address_does_not_break_the_list(bank, write, staff):
    write(bank.first)
    assert staff.get("/bank/items?endpoint=x&_external=1&values=2").status_code == 200


def test_the_list_narrows_down_and_tells_what_a_blueprint_lacks(bank, write, plan, staff):
    easy = write(bank.first, 2)
    (hard,) = write(bank.second, 1, Difficulty.HARD)
    plan((bank.first, Difficulty.EASY, 5))

    page = text(staff.get(f"/bank/items?standard={bank.standard}&difficulty=easy"))

    assert all(f'href="/bank/items/{one}"' in page for one in easy)
    assert f'href="/bank/items/{hard}"' not in page
    assert "缺 3" in page


@pytest.mark.parametrize(
    "sort", ["number", "stem", "difficulty", "changed", "answered", "p", "discrimination"]
)
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_the_list_sorts_by_every_column(bank, write, staff, sort, direction):
    write(bank.first, 2)

    assert staff.get(f"/bank/items?sort={sort}&direction={direction}").status_code == 200


def fill(app, bank, count):
    with app.app_context():
        row = facts(bank.first).columns() | {
            "college_id": bank.college, "state": ItemState.IN_USE, "created_at": NOW, "changed_at": NOW,
            "version": 1, "times_answered": 0,
        }  # fmt: skip
        rows = [row | {"stem": f"第 {place} 题", "digest": f"{place:064}"} for place in range(count)]
        db.session.execute(sa.insert(Item), rows)
        db.session.commit()


def test_the_list_with_50_000_items_runs_as_many_statements_as_with_one(
    bank, plan, staff, app, count_statements
):
    plan((bank.first, Difficulty.EASY, 5))
    address = f"/bank/items?standard={bank.standard}"
    fill(app, bank, 1)
    staff.get(address)
    with count_statements() as few:
        staff.get(address)
    with app.app_context():
        db.session.execute(sa.delete(Item))
        db.session.commit()
    fill(app, bank, 50_000)

    with count_statements() as many:
        page = text(staff.get(address))

    assert len(many) == len(few) <= 10, "\n".join(many)
    assert "50,000" in page
    assert page.count("data-pick ") == 50


def test_an_instrument_page_runs_a_fixed_number_of_statements(bank, write, plan, staff, count_statements):
    write(bank.first, 3)
    key = plan((bank.first, Difficulty.EASY, 3), (bank.second, Difficulty.HARD, 2))
    staff.get(f"/bank/instruments/{key}")

    for address in ("", "/blueprint", "/compare"):
        with count_statements() as statements:
            assert staff.get(f"/bank/instruments/{key}{address}").status_code == 200
        assert len(statements) <= 10, "\n".join(statements)


def test_an_instrument_from_nothing_to_a_drawn_paper(bank, write, staff, app):
    write(bank.first, 4)
    opened = staff.post(
        "/bank/instruments", data={"college_id": bank.college, "name": "入学测评", "purpose": "测提升"}
    )
    address = opened.location.removesuffix("/blueprint")
    version = version_of(app)
    cell = f"count-{bank.first}-easy"
    points = {"points-easy": "2", "points-medium": "3", "points-hard": "5"}

    wrong = staff.post(f"{address}/blueprint", data=points | {cell: "many", "version": version.version})
    saved = staff.post(f"{address}/blueprint", data=points | {cell: "３", "version": version.version})
    page = text(staff.get(address))
    paper = text(staff.get(f"{address}/versions/1/paper"))

    assert (wrong.status_code, saved.status_code) == (422, 302)
    assert 'value="many"' in text(wrong)
    assert "3 题，6 分，60 分钟" in page
    assert paper.count('class="question"') == 3


def version_of(app):
    with app.app_context():
        return db.session.scalars(
            sa.select(InstrumentVersion).order_by(InstrumentVersion.id.desc()).limit(1)
        ).one()


def test_a_paper_that_the_bank_cannot_fill_names_each_cell_and_how_many_are_missing(bank, write, plan, staff):
    write(bank.first, 1)
    key = plan((bank.first, Difficulty.EASY, 3), (bank.second, Difficulty.HARD, 2))

    answer = staff.get(f"/bank/instruments/{key}/versions/1/paper")

    assert answer.status_code == 409
    assert "扭矩工艺，易：还缺 2 题（有 1 题，需 3 题）" in text(answer)
    assert "故障诊断，难：还缺 2 题（有 0 题，需 2 题）" in text(answer)


def test_an_answered_version_never_changes_and_a_next_one_does(bank, write, plan, staff, app):
    write(bank.first, 2)
    key = plan((bank.first, Difficulty.EASY, 2))
    with app.app_context():
        actions.freeze(db.session.scalars(sa.select(InstrumentVersion)).one(), now=NOW)
        db.session.commit()
    address = f"/bank/instruments/{key}"
    points = {"points-easy": "2", "points-medium": "3", "points-hard": "5"}
    cell = {f"count-{bank.first}-easy": "1"}

    refused = staff.post(f"{address}/blueprint", data=points | cell | {"version": "1"})
    unreasoned = staff.post(f"{address}/next", data={"reason": ""})
    opened = staff.post(f"{address}/next", data={"reason": "题量减半"})
    changed = staff.post(f"{address}/blueprint", data=points | cell | {"version": version_of(app).version})
    compared = text(staff.get(f"{address}/compare"))

    assert [one.status_code for one in (refused, unreasoned, opened, changed)] == [409, 422, 302, 302]
    assert "扭矩工艺" in compared
    with app.app_context():
        counts = db.session.execute(
            sa.select(InstrumentVersion.number, InstrumentVersion.state, BlueprintRow.count)
            .join(BlueprintRow, BlueprintRow.version_id == InstrumentVersion.id)
            .order_by(InstrumentVersion.number)
        ).all()
    assert [tuple(row) for row in counts] == [(1, "frozen", 2), (2, "draft", 1)]


def test_settings_whose_levels_do_not_rise_are_refused(bank, plan, staff, app):
    key = plan((bank.first, Difficulty.EASY, 2))
    typed = {
        "minutes": "45", "pass_percent": "60", "shuffle_items": "y", "form_policy": "parallel",
        "level_2": "30", "level_3": "50", "level_4": "50", "level_5": "90",
    }  # fmt: skip
    version = {"version": str(version_of(app).version)}

    wrong = staff.post(f"/bank/instruments/{key}/settings", data=typed | version)
    right = staff.post(f"/bank/instruments/{key}/settings", data=typed | version | {"level_4": "70"})
    late = staff.post(f"/bank/instruments/{key}/settings", data=typed | version | {"level_4": "75"})

    assert (wrong.status_code, right.status_code, late.status_code) == (422, 302, 409)
    assert version_of(app).level_4 == 70
    assert version_of(app).shuffle_options is False


def test_an_instrument_is_renamed_and_copied(bank, plan, staff, app):
    key = plan((bank.first, Difficulty.EASY, 2))
    data = {"college_id": bank.college, "name": "结业测评", "purpose": ""}

    renamed = staff.post(f"/bank/instruments/{key}/edit", data=data | {"version": "1"})
    taken = staff.post(f"/bank/instruments/{key}/versions/1/copy", data=data)
    copied = staff.post(f"/bank/instruments/{key}/versions/1/copy", data=data | {"name": "另一份"})

    assert [one.status_code for one in (renamed, taken, copied)] == [302, 422, 302]
    with app.app_context():
        assert set(db.session.scalars(sa.select(Instrument.name))) == {"结业测评", "另一份"}
        assert db.session.scalars(sa.select(BlueprintRow.count)).all() == [2, 2]


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        (Role.SCHOOL_TEACHER, 200, 200),
        (Role.ADMINISTRATOR, 200, 403),
        (Role.COLLEGE_COUNSELLOR, 403, 403),
        (Role.ENTERPRISE_COORDINATOR, 403, 403),
        (Role.ENTERPRISE_MENTOR, 403, 403),
        (Role.TRAINEE, 403, 403),
        (Role.OUTSIDE_ASSESSOR, 403, 403),
    ],
)
def test_the_answers_are_for_those_who_teach_or_run(bank, write, world, signed_in, role, reads, writes):
    (item_id,) = write(bank.first)
    browser = signed_in(world.user(role))

    assert browser.get("/bank/items").status_code == reads
    assert browser.get(f"/bank/items/{item_id}").status_code == reads
    assert browser.get(f"/bank/items/{item_id}/edit").status_code == writes


def test_another_college_sees_nothing_of_the_bank(bank, write, plan, world, signed_in):
    (item_id,) = write(bank.first)
    key = plan((bank.first, Difficulty.EASY, 1))
    other = signed_in(world.user(Role.STAFF, world.organization(name="别的学院")))

    assert f"/bank/items/{item_id}" not in text(other.get("/bank/items"))
    for address in (f"items/{item_id}", f"items/{item_id}/edit", f"instruments/{key}"):
        assert other.get(f"/bank/{address}").status_code == 404
    moved = other.post("/bank/items/state", data={"id": item_id, "to": "retired"})
    assert moved.status_code == 409
    taken = other.post(
        "/bank/items", data=BASE | TYPED[ItemKind.SINGLE] | {"kind": "single", "competency_id": bank.first}
    )
    assert taken.status_code == 422


def test_taking_the_answers_along_is_noted(bank, write, staff, app):
    write(bank.first, 2)

    answer = staff.post("/bank/items.xlsx")

    assert answer.status_code == 200
    assert answer.data[:2] == b"PK"
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).where(AuditEvent.action == "bank.export")) == 1

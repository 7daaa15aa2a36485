"""Pathways on the screen: browse, compare, copy, edit, import, export."""

from __future__ import annotations

import re
from html import unescape
from io import BytesIO

import pytest

from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.pathways.library import library_text, load_library
from trainmgr.pathways.models import CustomPathway
from trainmgr.pathways.rules import from_document, parse


@pytest.fixture
def staff(world):
    return world.signed_in(world.user(Role.STAFF))


def own_pathway(world) -> CustomPathway:
    with world.inside() as session:
        row = session.query(CustomPathway).order_by(CustomPathway.id.desc()).first()
        session.expunge_all()
        return row


def copied(world, client, slug="eight-stage", name="我们的八阶") -> CustomPathway:
    response = client.post(f"/pathways/{slug}/copies", data={"name": name})
    assert response.status_code == 302, response.text
    return own_pathway(world)


def form_of(client, ref) -> dict[str, str]:
    """Return what the browser would send from the edit page as it stands."""
    html = client.get(f"/pathways/{ref}/edit").text
    values: dict = {}
    for tag in re.findall(r"<input[^>]*>", html):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="([^"]+)"', tag)
        if name and not (kind and kind[1] == "checkbox" and "checked" not in tag):
            values.setdefault(name[1], []).append(unescape(value[1]) if value else "")
    for name, inner in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', html, re.S):
        values[name] = [unescape(inner).strip()]
    for name, inner in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', html, re.S):
        chosen = re.search(r"<option selected[^>]*value=\"([^\"]*)\"", inner)
        values[name] = [unescape(chosen[1])] if chosen else [""]
    return values


def test_the_library_lists_its_seven_pathways(staff):
    html = staff.get("/pathways/").text

    for pathway in load_library().values():
        assert pathway.name.zh in html


@pytest.mark.parametrize("slug", sorted(load_library()))
def test_every_library_pathway_has_its_page_and_its_file(staff, slug):
    page, file = staff.get(f"/pathways/{slug}"), staff.get(f"/pathways/{slug}/file")

    assert page.status_code == 200
    assert load_library()[slug].stages[0].name.zh in page.text
    assert parse(file.get_data(as_text=True)) == load_library()[slug]


def test_two_pathways_stand_side_by_side(staff):
    html = staff.get("/pathways/compare?left=eight-stage&right=funa").text

    assert load_library()["eight-stage"].name.zh in html
    assert load_library()["funa"].stages[-1].name.zh in html


def test_an_unknown_pathway_is_not_found(staff):
    assert staff.get("/pathways/nowhere").status_code == 404
    assert staff.get("/pathways/own-999999").status_code == 404
    assert staff.get("/pathways/own-99999999999").status_code == 404  # larger than any row's
    assert staff.get("/pathways/compare?left=own-1&right=eight-stage").status_code == 404


@pytest.mark.parametrize("name", ["长" * 61, "长" * 200, "  ", "竖\x7f排", "看不见\u202e的字"])
def test_a_name_that_no_file_could_have_is_told_at_its_field(staff, world, name):
    answer = staff.post("/pathways/eight-stage/copies", data={"name": name})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    with world.inside() as session:
        assert not session.query(CustomPathway).count()
    assert staff.get("/pathways/").status_code == 200


def test_a_copy_is_edited_and_keeps_what_the_form_does_not_show(world, staff):
    row = copied(world, staff)
    values = form_of(staff, f"own-{row.id}")
    values["stages-0-hours"] = ["232"]

    response = staff.post(f"/pathways/own-{row.id}/edit", data=values)

    assert response.status_code == 302, response.text
    changed = from_document(own_pathway(world).document)
    original = load_library()["eight-stage"]
    assert changed.stages[0].hours == 232
    assert changed.stages[0].steps == original.stages[0].steps
    assert changed.evaluation == original.evaluation
    assert changed.roles == original.roles


def test_a_faulty_edit_keeps_what_was_typed_and_names_the_place(world, staff):
    row = copied(world, staff)
    values = form_of(staff, f"own-{row.id}")
    values["stages-1-hours"] = ["viele"]
    values["levels-0-weight"] = ["16"]

    response = staff.post(f"/pathways/own-{row.id}/edit", data=values)

    assert response.status_code == 422
    assert "stage[2].hours" in response.text
    assert 'value="viele"' in response.text
    assert from_document(own_pathway(world).document).stages[1].hours == 40


def test_a_removed_stage_takes_its_number_out_of_the_windows(world, staff):
    row = copied(world, staff)
    values = form_of(staff, f"own-{row.id}") | {"do": "remove:stage0"}
    shown = staff.post(f"/pathways/own-{row.id}/edit", data=values)
    assert shown.status_code == 200
    without_first = {
        name.replace(f"stages-{n}-", f"stages-{n - 1}-"): value
        for n in range(1, 8)
        for name, value in values.items()
        if name.startswith(f"stages-{n}-")
    } | {name: value for name, value in values.items() if not name.startswith("stages-") and name != "do"}

    response = staff.post(f"/pathways/own-{row.id}/edit", data=without_first)

    assert response.status_code == 302, response.text
    changed, original = from_document(own_pathway(world).document), load_library()["eight-stage"]
    assert [stage.name for stage in changed.stages] == [stage.name for stage in original.stages[1:]]
    for after, before in zip(changed.evaluation.windows, original.evaluation.windows, strict=True):
        assert after.stages == tuple(number - 1 for number in before.stages if number > 1)


def test_a_second_editor_is_told_and_loses_nothing(world, staff):
    row = copied(world, staff)
    values = form_of(staff, f"own-{row.id}")
    staff.post(f"/pathways/own-{row.id}/edit", data=values | {"name": ["先到"]})

    response = staff.post(f"/pathways/own-{row.id}/edit", data=values | {"name": ["后到"]})

    assert response.status_code == 409
    assert 'value="后到"' in response.text
    assert own_pathway(world).name == "先到"


def test_an_exported_file_comes_back_in(world, staff):
    file = (BytesIO(library_text("funa").encode()), "funa.toml")

    response = staff.post("/pathways/import", data={"file": file})

    assert response.status_code == 302
    assert from_document(own_pathway(world).document).stages == load_library()["funa"].stages


@pytest.mark.parametrize(
    ("damage", "line_says"),
    [
        (lambda text: text.replace("weeks = 16", "weeks = -1", 1), "weeks = 16"),
        (lambda text: text.replace('venue = "school"', 'venue = "moon"', 1), 'venue = "school"'),
        (lambda text: text.replace("hours = 224", "hours = ", 1), "hours = 224"),
    ],
)
def test_a_faulty_file_is_refused_with_the_line(world, staff, damage, line_says):
    text = library_text("eight-stage")
    line = next(n for n, row in enumerate(text.splitlines(), 1) if row.startswith(line_says))

    response = staff.post("/pathways/import", data={"file": (BytesIO(damage(text).encode()), "p.toml")})

    assert response.status_code == 422
    assert f"第 {line} 行" in response.text
    assert own_pathway(world) is None


@pytest.mark.parametrize("data", [b"\xff\xfe\x00\x01", b"MZ" + b"\0" * 500, b"x" * 500_000])
def test_a_file_that_is_no_text_is_refused(world, staff, data):
    response = staff.post("/pathways/import", data={"file": (BytesIO(data), "p.toml")})

    assert response.status_code == 422
    assert own_pathway(world) is None


def test_the_whole_text_can_be_edited(world, staff):
    row = copied(world, staff)
    text = staff.get(f"/pathways/own-{row.id}/file").get_data(as_text=True)

    broken = staff.post(f"/pathways/own-{row.id}/text", data={"text": text + "\n[[", "version": row.version})
    saved = staff.post(
        f"/pathways/own-{row.id}/text",
        data={"text": text.replace("企业师傅", "师傅"), "version": row.version},
    )

    assert broken.status_code == 422
    assert saved.status_code == 302
    assert any(need.title.zh == "师傅" for need in from_document(own_pathway(world).document).roles)


def test_another_colleges_pathway_is_not_there(world, staff):
    row = copied(world, staff)
    stranger = world.signed_in(world.user(Role.STAFF, world.organization()))

    assert stranger.get(f"/pathways/own-{row.id}").status_code == 404
    assert stranger.post(f"/pathways/own-{row.id}/delete").status_code == 404
    with world.inside():
        assert db.session.get(CustomPathway, row.id) is not None


def test_a_trainee_browses_but_does_not_copy(world):
    trainee = world.signed_in(world.user(Role.TRAINEE))

    assert trainee.get("/pathways/eight-stage").status_code == 200
    assert trainee.post("/pathways/eight-stage/copies", data={"name": "x"}).status_code == 403


def test_a_deleted_pathway_is_gone(world, staff):
    row = copied(world, staff)

    staff.post(f"/pathways/own-{row.id}/delete")

    assert staff.get(f"/pathways/own-{row.id}").status_code == 404


def test_the_library_tells_what_each_model_is_and_not_the_numbers_of_its_cases(staff):
    html = staff.get("/pathways/").text
    for pathway in load_library().values():
        assert pathway.summary.zh in html
    assert not re.search(r">\s*[ZWSTH]\d+( [ZWSTH]\d+)*\s*<", html)


def test_figures_of_a_pathway_carry_only_the_decimals_they_have(staff):
    html = staff.get("/pathways/eight-stage").text
    assert "本模式 1,312 ·" in html
    assert "本模式 57.8% ·" in html
    assert "：<" not in html
    assert "： " not in html

"""Every shared macro is drawn once, in both languages: sound pages that lose nothing typed and that axe accepts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import expect

from tests.browsers import PATIENCE, SCREENSHOTS, LiveServer, fits, watch
from tests.kernel.specimen import ROOT, make_app
from tests.pages import faults

ERRORS = (400, 403, 404, 409, 413, 422, 429, 500)


@pytest.fixture
def specimen() -> Flask:
    return make_app(SimpleNamespace(name="李文静", is_authenticated=True))


def text_of(app: Flask, address: str, language: str, **options: Any) -> str:
    app.config["WTF_CSRF_ENABLED"] = False
    response = app.test_client().open(address, headers={"Accept-Language": language}, **options)
    return response.get_data(as_text=True)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "address", ["/", "/?page=36&class=1", "/door", *(f"/error/{status}" for status in ERRORS)]
)
def test_every_shared_piece_makes_a_sound_page(specimen, address, language):
    page = text_of(specimen, address, language)

    assert faults(page) == []
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}"' in page


def test_no_english_sentence_of_the_shell_is_left_in_a_chinese_page(specimen):
    page = text_of(specimen, "/", "zh")

    assert "跳到正文" in page
    for english in ("Skip to content", "Back", "Switch programme", "Find<", "awaited", "(optional)"):
        assert english not in page


def test_a_form_that_comes_back_names_its_faults_and_keeps_what_was_typed(specimen):
    page = text_of(
        specimen, "/", "en", method="POST", data={"why": "kept & safe", "hours": "14", "share": "abc"}
    )

    assert faults(page) == []
    assert 'href="#hours"' in page
    assert "At most 12 hours a day." in page
    assert 'value="kept &amp; safe"' in page
    assert 'value="abc"' in page
    assert page.count('aria-invalid="true"') >= 4


def test_what_is_no_number_is_called_that_and_not_measured_as_well(specimen):
    page = text_of(specimen, "/", "en", method="POST", data={"hours": "abc"})

    assert "Not a valid decimal value." in page
    assert "At most 12 hours a day." not in page


@pytest.mark.parametrize("status", [400, 403, 409, 422, 429, 500])
def test_an_error_page_gives_back_what_was_typed_but_no_secret(specimen, status):
    data = {"task": "治具点检", "new_password": "s3cret", "csrf_token": "t0ken"}

    page = text_of(specimen, f"/error/{status}", "zh", method="POST", data=data)

    assert "治具点检" in page
    assert "s3cret" not in page
    assert "t0ken" not in page
    assert faults(page) == []


def test_an_oversized_form_still_gets_its_error_page(specimen):
    page = text_of(specimen, "/error/413", "zh", method="POST", data={"x": "长" * 50_000})

    assert "内容太大" in page


def test_a_stranger_sees_an_error_without_the_frame():
    page = text_of(make_app(), "/error/404", "zh")

    assert 'class="rail"' not in page
    assert faults(page) == []


def test_the_page_for_a_broken_server_asks_nothing_of_the_reader():
    class Away:
        @property
        def is_authenticated(self) -> bool:
            raise RuntimeError("the database is away")

    page = text_of(make_app(Away()), "/error/500", "zh")

    assert "系统出了问题" in page


def test_a_rail_entry_without_a_page_is_left_out(specimen):
    page = text_of(specimen, "/", "en")

    assert "/people.list_people" in page
    assert ">Quality<" not in page


def test_the_address_of_a_file_changes_with_its_content(specimen, tmp_path):
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "app.css").write_text("a{}")
    specimen.static_folder = str(folder)
    with specimen.test_request_context():
        asset = specimen.jinja_env.globals["asset"]
        before = asset("app.css")
        specimen.extensions["shell"]["assets"].clear()
        (folder / "app.css").write_text("b{}")

        assert asset("app.css") != before
        assert asset("missing.css") == "/static/missing.css"


# --- in a browser -------------------------------------------------------------------------------


@pytest.fixture
def specimen_url(specimen: Flask) -> Iterator[str]:
    server = LiveServer(specimen)
    yield server.url
    server.stop()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("language", "width", "scheme"),  # every two of them meet
    [("zh-CN", 1280, "light"), ("zh-CN", 390, "dark"), ("en-GB", 1280, "dark"), ("en-GB", 390, "light")],
)
def test_axe_finds_nothing_and_no_page_is_wider_than_its_window(
    browser, chinese_fonts, specimen_url, language, width, scheme
):
    if not (ROOT / "static" / "vendor" / "bootstrap.min.css").exists():
        pytest.skip("the front-end files are missing (make setup fetches them)")
    context = browser.new_context(
        locale=language, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []
    watch(page, complaints)
    for name in ("", "door", "error/409?message=x", "error/500"):
        page.goto(f"{specimen_url}/{name}")
        if name == "":
            with page.expect_navigation():  # it comes back with faults
                page.get_by_role("button", name="Send").click()
        page.screenshot(path=_picture(f"{_word(name)}-{language[:2]}-{width}-{scheme}"), full_page=True)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
        fits(page)
    assert complaints == []
    context.close()


@pytest.fixture
def desk(browser: Any, specimen_url: str) -> Iterator[Any]:
    """Open a page of the specimen: desk("/"), desk("/", scripts=False)."""
    contexts = []
    complaints: list[str] = []

    def open_page(address: str, *, scripts: bool = True) -> Any:
        context = browser.new_context(locale="en-GB", java_script_enabled=scripts, color_scheme="light")
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        watch(page, complaints)
        page.goto(specimen_url + address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.browser
def test_photos_add_up_and_can_be_taken_out_again(desk, tmp_path):
    for name in ("one.png", "two.png"):
        (tmp_path / name).write_bytes((ROOT / "static" / "icon.svg").read_bytes())
    page = desk("/")
    field = page.locator("#photos")

    field.set_input_files(tmp_path / "one.png")
    field.set_input_files(tmp_path / "two.png")
    assert field.evaluate("field => [...field.files].map((file) => file.name)") == ["one.png", "two.png"]
    expect(page.get_by_text("2 chosen")).to_be_visible()

    page.get_by_role("button", name="Remove one.png").click()
    assert field.evaluate("field => [...field.files].map((file) => file.name)") == ["two.png"]


@pytest.mark.browser
def test_a_draft_is_kept_without_files_and_a_failure_is_told(desk, specimen):
    page = desk("/")

    page.get_by_label("Learned").fill("gauge the gap")
    page.get_by_text("Draft kept").wait_for()
    assert specimen.extensions["drafts"][0]["learned"] == "gauge the gap"
    assert specimen.extensions["drafts"][0]["files"] == 0

    page.get_by_label("Learned").fill("gauge it twice")
    page.get_by_text("Not kept").wait_for()


@pytest.mark.browser
def test_ticks_are_counted_and_bring_the_bulk_bar(desk):
    page = desk("/")
    bar = page.get_by_role("group", name="With the chosen rows")

    expect(bar.get_by_text("1 chosen")).to_be_visible()
    page.get_by_label("Choose all on this page").check()
    expect(bar.get_by_text("2 chosen")).to_be_visible()
    page.get_by_label("Choose all on this page").uncheck()
    expect(bar).to_be_hidden()


@pytest.mark.browser
def test_a_button_that_the_tab_key_reaches_is_outlined_and_not_covered(desk):
    page = desk("/")
    page.set_viewport_size({"width": 390, "height": 640})
    page.emulate_media(reduced_motion="reduce")  # scrolled to at once
    reached = []
    for _step in range(80):
        page.keyboard.press("Tab")
        reached += page.evaluate(
            """async () => {
                const button = document.activeElement;
                if (!button.matches("main .btn")) return [];
                for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
                const box = button.getBoundingClientRect();
                const above = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
                const faults = getComputedStyle(button).outlineStyle === "none" ? ["no outline"] : [];
                if (!button.contains(above)) faults.push("covered");
                return [[button.textContent.trim(), faults]];
            }"""
        )

    assert len(reached) > 5
    assert [one for one in reached if one[1]] == []


@pytest.mark.browser
def test_pressing_twice_sends_once(desk, specimen):
    page = desk("/slow")

    # The second press comes while the server is still busy with the first.
    page.evaluate(
        """() => {
            const button = document.querySelector("main button[type=submit]");
            setTimeout(() => button.click(), 10);
            setTimeout(() => button.click(), 400);
        }"""
    )
    page.wait_for_url("**/door")

    assert specimen.extensions["taken"] == ["1"]


@pytest.mark.browser
def test_the_scheme_is_switched_and_remembered(desk):
    page = desk("/")

    page.get_by_role("button", name="Light, dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


@pytest.mark.browser
def test_without_scripts_nothing_dead_is_shown_and_a_chosen_word_is_painted(desk):
    page = desk("/", scripts=False)

    assert page.locator("[data-do]:visible").count() == 0
    page.locator("input[name=c2][value='2']").check()
    chosen = page.locator("input[name=c2][value='2']")
    assert chosen.evaluate("input => getComputedStyle(input).backgroundColor") == "rgb(23, 86, 143)"


def _word(name: str) -> str:
    return name.partition("?")[0].replace("/", "-") or "specimen"


def _picture(name: str) -> Path:
    folder = SCREENSHOTS / "specimen"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.png"

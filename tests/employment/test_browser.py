"""A graduate on a phone without an account: link, code, answer, consent; then the record, and its check by anybody."""

from __future__ import annotations

import io
import zipfile

import pytest
from playwright.sync_api import expect

from tests.links.test_browser import press, tidy

pytestmark = pytest.mark.browser


def desk_of(alumni, page, person, url):
    (cookie,) = alumni.world.signed_in(person)._cookies.values()
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])
    return page


def test_from_the_link_to_the_signed_record(alumni, open_page, live_server):
    asked = alumni.round()
    desk = desk_of(alumni, open_page(), alumni.staff, live_server.url)
    desk.goto(alumni.at(f"/rounds/{asked.id}"))
    tidy(desk)
    desk.goto(f"/programs/{alumni.program.id}/links/graduates")
    desk.locator(f"tr:has-text('{alumni.one.name}') [data-pick]").check()
    press(desk, "main button:has-text('给选中的人发链接')")
    code = desk.locator("[data-code]").inner_text()
    address = next(word for word in desk.locator("#words").input_value().split() if "/link/" in word)
    tidy(desk)

    phone = open_page(phone=True)
    phone.goto(address)
    press(phone, "main button[type=submit]")
    phone.fill("[name=link_code]", code)
    press(phone, "main form button[type=submit]")
    assert phone.url == live_server.url + alumni.at("/mine")
    tidy(phone)
    press(phone, "main table a.btn-primary")
    for word in ("签约就业", "基本对口"):
        phone.locator(f"label.chip:has-text('{word}')").last.click()
    phone.locator("[name=employer]").select_option(label=alumni.world.enterprise.name)
    phone.fill("[name=income]", "五千")
    press(phone, "main form.form button[type=submit]")
    tidy(phone)
    phone.fill("[name=income]", "5200")
    press(phone, "main form.form button[type=submit]")
    press(phone, "main button:has-text('同意')")
    tidy(phone)

    desk.goto(alumni.at("/records"))
    press(desk, "main button:has-text('为所有已同意的人生成档案')")
    tidy(desk)
    with desk.expect_download() as download:
        desk.locator("main td a:has-text('下载')").first.click()
    content = download.value.path().read_bytes()
    anybody = open_page()
    anybody.goto("/check/record")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        record = archive.read("record.json")
    anybody.set_input_files(
        "[name=file]", {"name": "r.json", "mimeType": "application/json", "buffer": record}
    )
    press(anybody, "main form button[type=submit]")
    expect(anybody.get_by_text("文件真实").first).to_be_visible()
    tidy(anybody)

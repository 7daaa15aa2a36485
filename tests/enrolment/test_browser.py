"""From a broken roster to a class in a real browser: columns by hand, wrong rows fetched, mended and sent again."""

from __future__ import annotations

import pytest
import xlsxwriter

from tests.browser.walking import Walker, accounts, workbook
from tests.browsers import fits
from tests.enrolment.conftest import id_number
from trainmgr.kernel.access import Role
from trainmgr.kernel.sheets import read_sheet
from trainmgr.programs.rules import State

pytestmark = pytest.mark.browser

# Headings that nobody foresaw, a title, a merged class, an ID number kept as a number, one person twice.
HEADINGS = ["花名", "证号", "编码", "分到"]


@pytest.fixture
def program(world, app):
    accounts(world, app)(Role.STAFF, world.college, "liwen", "李雯")
    return world.program(State.RECRUITING, planned_size=40)


def broken_roster(path):
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("2026 级")
        sheet.merge_range("A1:D1", "2026 级订单班学员名册")
        sheet.write_row(1, 0, HEADINGS)
        for line, serial in enumerate((1, 2, 3, 4), start=2):
            sheet.write_row(line, 0, [f"学员{serial}", id_number(serial), f"S{serial:05}"])
        sheet.merge_range("D3:D6", "湛蓝 A 班")
        sheet.write_row(6, 0, ["学员5", 500103200403110058, "S00005", "湛蓝 A 班"])
        sheet.write_row(7, 0, ["学员1", id_number(1), "S00001", "湛蓝 A 班"])
        book.add_worksheet("往年").hide()
    return path


def test_a_broken_roster_is_mended_and_becomes_a_class(program, open_page, tmp_path, screenshot):
    base = f"/programs/{program.id}"
    staff = Walker(open_page, "liwen").sign_in()
    staff.go(f"{base}/roster").press("a[href$='/roster/import']")
    staff.upload("file", broken_roster(tmp_path / "名册.xlsx")).press("form.form button.btn-primary")

    # Nothing is read before somebody says which column is which.
    staff.sees("还缺：姓名", "隐藏的工作表不读：往年", "花名")
    choices = {
        "column-0": "name",
        "column-1": "id_number",
        "column-2": "student_number",
        "column-3": "cohort",
    }
    staff.fill("#settle", **choices).press("#settle button[value=look]")
    staff.sees("前 6 行", "新学员入册", "退回", "末几位", "湛蓝 A 班")
    assert id_number(1) not in staff.text()
    screenshot(staff.page, "roster-draft-1280")
    staff.press("#settle button[value=begin]")

    staff.sees("写入 4 人", "2 行有误")
    assert staff.page.locator("table.ledger tbody tr").count() == 4
    with staff.page.expect_download() as download:
        staff.page.locator("a[href$='/wrong.xlsx']").first.click()
    download.value.save_as(tmp_path / "wrong.xlsx")
    wrong = read_sheet(tmp_path / "wrong.xlsx", filename="wrong.xlsx")
    assert [row[0] for row in wrong.rows] == ["学员5", "学员1"]
    assert "第 3 行" in wrong.rows[1][-1]

    # Mended, and sent again with the reasons still beside the rows: the columns are known by now.
    mended = [wrong.columns, ["学员5", id_number(5), *wrong.rows[0][2:]]]
    staff.go(f"{base}/roster/import").upload("file", workbook(tmp_path / "mended.xlsx", mended))
    staff.press("form.form button.btn-primary").sees("上次", "前 1 行", "新学员入册")
    staff.press("#settle button[value=begin]").sees("写入 1 人")
    staff.go(f"{base}/classes").sees("湛蓝 A 班", "5")

    # The second file is taken back: nobody has worked on it.
    staff.go(f"{base}/roster").press("a[href$='/undo']").sees("这次导入的 1 人")
    screenshot(staff.page, "roster-undo-1280")
    staff.press("main form button.btn-danger").sees("已移出 1 人")
    assert staff.page.locator("table.ledger tbody tr").count() == 4

    phone = Walker(open_page, "liwen", phone=True).sign_in()
    phone.go(f"{base}/roster/import").sees("历次导入", "已撤销")
    fits(phone.page)
    phone.upload("file", tmp_path / "名册.xlsx").press("form.form button.btn-primary").sees(
        "已在名册，无变化"
    )
    fits(phone.page)
    screenshot(phone.page, "roster-draft-390")

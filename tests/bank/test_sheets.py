"""Items from and to Excel: right rows in, wrong rows back, nothing doubled."""

from __future__ import annotations

import io
import zipfile

import pytest
import sqlalchemy as sa
import xlsxwriter
from python_calamine import CalamineWorkbook

from tests.bank.conftest import facts
from trainmgr.bank.models import Item
from trainmgr.bank.rules import Difficulty, ItemKind, ItemState
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.jobs import Job, JobState

HEAD = [
    "能力", "岗位或标准编号", "题型", "难度", "参考分值", "题干或任务", "A", "B", "C", "D",
    "正确答案", "允许误差", "单位", "参考答案或操作步骤",
]  # fmt: skip
RIGHT = [
    ["扭矩工艺", "", "单选题", "易", 2, "拧紧控制的是什么？", "预紧力", "颜色", "", "", "A", "", "", ""],
    ["扭矩工艺", "QL-01", "多选题", "中", 3, "哪些会漏检？", "漏拧", "错序", "合格", "", "A、B", "", "", ""],
    ["故障诊断", "", "判断题", "易", 1, "修复后要路试。", "", "", "", "", "√", "", "", ""],
    ["故障诊断", "", "数值题（允许误差）", "难", 5, "电压是多少？", "", "", "", "", "２．５", "2%", "V", ""],
    ["故障诊断", "", "简答题", "难", 10, "怎样排查？", "", "", "", "", "", "", "", "先问诊\n再验证"],
    ["扭矩工艺", "", "实操检核表", "难", 10, "完成拧紧。", "", "", "", "", "", "", "", "！戴手套｜2；拧紧"],
]
WRONG = [
    (["没有的能力", "", "判断题", "易", 1, "一", "", "", "", "", "对", "", "", ""], "没有能力“没有的能力”"),
    (["扭矩工艺", "", "填空题", "易", 1, "二", "", "", "", "", "对", "", "", ""], "题型"),
    (["扭矩工艺", "", "判断题", "易", 0, "三", "", "", "", "", "对", "", "", ""], "0.5 到 100"),
    (["扭矩工艺", "", "判断题", "易", 1, "四", "", "", "", "", "也许", "", "", ""], "也许"),
    (["扭矩工艺", "", "单选题", "易", 1, "五", "甲", "乙", "", "", "AB", "", "", ""], "唯一正确"),
    (["扭矩工艺", "", "单选题", "易", 1, "六", "甲", "乙", "", "", "Z", "", "", ""], "字母"),
    (["扭矩工艺", "", "数值题（允许误差）", "易", 1, "七", "", "", "", "", "四十", "", "", ""], "四十"),
    (["扭矩工艺", "", "数值题（允许误差）", "易", 1, "八", "", "", "", "", "4", "-1", "", ""], "不小于零"),
    (["扭矩工艺", "", "判断题", "易", 1, "", "", "", "", "", "对", "", "", ""], "题干"),
    (["故障诊断", "", "判断题", "中", 9, "修复后要 路试。", "", "", "", "", "对", "", "", ""], "第 4 行"),
]  # fmt: skip


@pytest.fixture
def staff(bank, signed_in):
    return signed_in(bank.staff)


def sheet(rows, head=HEAD):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False}) as book:
        page = book.add_worksheet()
        for line, row in enumerate([head, *rows]):
            page.write_row(line, 0, row)
    out.seek(0)
    return out


def read(data):
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()


def part(data, name):
    return zipfile.ZipFile(io.BytesIO(data)).read(name).decode()


def upload(staff, bank, rows, state="in_use"):
    data = {"college_id": bank.college, "state": state, "file": (sheet(rows), "题目.xlsx")}
    return staff.post("/bank/import", data=data)


def last_job(app):
    with app.app_context():
        return db.session.scalars(sa.select(Job).order_by(Job.id.desc()).limit(1)).one()


def items(app):
    with app.app_context():
        return db.session.scalars(sa.select(Item).order_by(Item.id)).all()


def test_rows_of_every_kind_come_in(bank, staff, app):
    assert upload(staff, bank, RIGHT).status_code == 302

    made = items(app)
    assert [item.kind for item in made] == list(ItemKind)
    assert {item.state for item in made} == {ItemState.IN_USE}
    assert made[1].content["right"] == [0, 1]
    assert made[2].content == {"right": True}
    assert made[3].content == {"value": "2.5", "tolerance": "2", "relative": True, "unit": "V"}
    assert made[4].content == {"model": "先问诊\n再验证"}
    assert made[5].content["steps"][0] == {"text": "戴手套", "weight": 2, "critical": True}
    assert [item.competency_id for item in made] == [bank.first, bank.first, *[bank.second] * 3, bank.first]


def test_wrong_rows_come_back_with_the_reason_and_the_right_ones_go_in(bank, staff, app):
    upload(staff, bank, [*RIGHT, *[row for row, _reason in WRONG]])
    job = last_job(app)

    answer = staff.get(f"/bank/imports/{job.id}/wrong.xlsx")

    assert (job.counts["written"], job.counts["wrong"]) == (len(RIGHT), len(WRONG))
    rows = read(answer.data)
    assert len(rows) == 1 + len(WRONG)
    for row, (typed, reason) in zip(rows[1:], WRONG, strict=True):
        assert row[0] == typed[0]
        assert reason in row[-1]


def test_the_same_file_twice_doubles_nothing_and_what_was_retired_stays_so(bank, staff, app):
    upload(staff, bank, RIGHT)
    with app.app_context():
        db.session.execute(
            sa.update(Item).where(Item.kind == ItemKind.SINGLE).values(state=ItemState.RETIRED)
        )
        db.session.commit()

    upload(staff, bank, RIGHT)

    assert last_job(app).counts["already"] == len(RIGHT)
    assert len(items(app)) == len(RIGHT)


def test_600_items_come_in_at_once_and_again_without_doubling(bank, staff, app, count_statements):
    rows = [[*RIGHT[2][:5], f"第 {place} 句是对的。", *RIGHT[2][6:]] for place in range(600)]

    with count_statements() as statements:
        upload(staff, bank, rows)
    upload(staff, bank, rows)

    assert len(items(app)) == 600
    assert last_job(app).counts == {"written": 0, "already": 600, "wrong": 0}
    assert len(statements) < 80


def test_a_formula_in_a_cell_is_text(bank, staff, app):
    row = [*RIGHT[2][:5], "=1+1 等于 2。", *RIGHT[2][6:]]
    head = [*HEAD]
    csv = "\n".join(",".join(f'"{cell}"' for cell in line) for line in (head, row)).encode("utf-8-sig")

    staff.post(
        "/bank/import",
        data={"college_id": bank.college, "state": "draft", "file": (io.BytesIO(csv), "题.csv")},
    )
    out = staff.post("/bank/items.xlsx").data

    (item,) = items(app)
    assert item.stem == "=1+1 等于 2。"
    assert read(out)[1][5] == "=1+1 等于 2。"
    assert "<f>" not in part(out, "xl/worksheets/sheet1.xml")


def test_what_goes_out_comes_in_again_as_the_same(bank, staff, app):
    upload(staff, bank, RIGHT)
    out = io.BytesIO(staff.post("/bank/items.xlsx").data)

    staff.post("/bank/import", data={"college_id": bank.college, "state": "draft", "file": (out, "题.xlsx")})

    assert last_job(app).counts == {"written": 0, "already": len(RIGHT), "wrong": 0}


def test_the_template_offers_the_competencies_and_kinds(bank, staff):
    rules = part(staff.get("/bank/template.xlsx").data, "xl/worksheets/sheet1.xml").split("<dataValidation ")

    lists = [rule for rule in rules if 'type="list"' in rule]
    assert any("扭矩工艺" in one for one in lists)
    assert any("多选题" in one for one in lists)


@pytest.mark.parametrize(
    ("name", "data"), [("题.xlsx", b""), ("题.xlsx", b"MZ"), ("题.exe", b"MZ"), ("题.xlsm", b"PK\x03\x04")]
)
def test_what_is_no_sheet_is_refused_at_the_field(bank, staff, app, name, data):
    answer = staff.post(
        "/bank/import", data={"college_id": bank.college, "state": "draft", "file": (io.BytesIO(data), name)}
    )

    assert answer.status_code == 422
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Job)) == 0


def test_the_upload_is_kept_encrypted_and_goes_with_the_last_wrong_row(bank, staff, app):
    upload(staff, bank, [WRONG[0][0]])
    job = last_job(app)
    with app.app_context():
        stored = db.session.get_one(StoredFile, job.params["file"])
        assert not stored.path.read_bytes().startswith(b"PK")

    staff.post(f"/bank/imports/{job.id}/away")

    with app.app_context():
        assert db.session.get(StoredFile, job.params["file"]) is None
    assert staff.get(f"/bank/imports/{job.id}/wrong.xlsx").status_code == 409


def test_an_import_of_another_college_is_not_there(bank, staff, app, world, signed_in):
    upload(staff, bank, RIGHT)
    other = signed_in(world.user(Role.STAFF, world.organization(name="别的学院")))

    assert other.get(f"/bank/imports/{last_job(app).id}").status_code == 404
    assert last_job(app).state is JobState.DONE


def test_an_item_written_by_hand_is_known_to_the_import(bank, write, staff, app):
    write(bank.second, 1, Difficulty.HARD, kind=ItemKind.TRUE_FALSE, content={"right": True})
    row = [*RIGHT[2][:5], "第 0 题", *RIGHT[2][6:]]

    upload(staff, bank, [row])

    assert last_job(app).counts == {"written": 0, "already": 1, "wrong": 0}
    assert facts(bank.first).digest() != items(app)[0].digest

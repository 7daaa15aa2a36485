"""Profiles by Excel: in, wrong rows back, out again in the same form."""

from io import BytesIO

import pytest
import sqlalchemy as sa

from trainmgr.faculty.importing import columns
from trainmgr.faculty.models import Profile
from trainmgr.faculty.rules import DualLevel
from trainmgr.kernel.access import Role
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.kernel.sheets import read_sheet, write_workbook

HEAD = ("工号", "姓名", "职称", "专业方向", "从教时间", "双师等级", "带教名额")


@pytest.fixture
def teachers(scene):
    return [
        scene.world.user(Role.SCHOOL_TEACHER, name=name, number=number)
        for name, number in (("甲老师", "T001"), ("乙老师", "T002"), ("丙老师", "T003"))
    ]


def csv(*rows, encoding="utf-8"):
    return "\n".join(",".join(row) for row in (HEAD, *rows)).encode(encoding)


def upload(scene, data, name="师资.csv"):
    staff = scene.world.signed_in(scene.staff)
    answer = staff.post("/faculty/import", data={"file": (BytesIO(data), name)})
    return staff, answer


def held(scene, person):
    found = scene.all(sa.select(Profile).where(Profile.user_id == person.id))
    return found[0] if found else None


def test_right_rows_go_in_and_wrong_ones_come_back_with_the_reason(scene, teachers):
    staff, _answer = upload(
        scene,
        csv(
            ("T001", "甲老师", "副教授", "机电；数控", "2015-09-01", "高级双师型", "12"),
            ("T002", "张三", "讲师", "", "", "", ""),  # another name
            ("T999", "丁老师", "", "", "", "", ""),  # nobody
            ("T003", "丙老师", "", "", "昨天", "特级", "501"),
            ("T001", "甲老师", "教授", "", "", "", ""),  # twice
        ),
    )

    (job,) = scene.all(sa.select(Job))
    assert (job.state, job.counts) == (JobState.DONE, {"written": 1, "already": 0, "wrong": 4})
    first = held(scene, teachers[0])
    assert (first.title, first.dual_level, first.capacity) == ("副教授", DualLevel.SENIOR, 12)
    assert held(scene, teachers[1]) is None
    with staff.get(f"/faculty/imports/{job.id}/wrong.xlsx") as answer:
        rows = read_sheet(answer.get_data(), filename="x.xlsx").rows
    assert [row[-1][:8] for row in rows] == [
        "工号 T002 ",
        "这里没有工号为 ",
        "从教（带徒）起始",
        "与第 2 行重复",
    ]


def test_the_same_file_twice_changes_nothing_and_empty_cells_keep_what_is_there(scene, teachers):
    full = csv(("T001", "甲老师", "副教授", "机电", "", "", "12"), encoding="gb18030")
    upload(scene, full)
    upload(scene, full)
    upload(scene, csv(("T001", "甲老师", "教授", "", "", "", "")))

    counts = [job.counts for job in scene.all(sa.select(Job).order_by(Job.id))]
    assert [(one["written"], one["already"]) for one in counts] == [(1, 0), (0, 1), (1, 0)]
    kept = held(scene, teachers[0])
    assert (kept.title, kept.fields, kept.capacity) == ("教授", "机电", 12)


def test_what_goes_out_can_come_in_again(scene, teachers):
    upload(scene, csv(("T001", "甲老师", "副教授", "机电", "2015-09-01", "中级双师型", "12")))
    staff = scene.world.signed_in(scene.staff)

    with staff.get("/faculty/profiles.xlsx?q=甲老师") as answer:
        data = answer.get_data()
    staff.post("/faculty/import", data={"file": (BytesIO(data), "导出.xlsx")})

    last = scene.all(sa.select(Job).order_by(Job.id))[-1]
    assert last.counts == {"written": 0, "already": 1, "wrong": 0}


@pytest.mark.once
def test_what_is_no_sheet_is_refused_and_a_coordinator_writes_only_into_the_own_house(scene, teachers):
    _staff, nothing = upload(scene, b"")
    _staff, script = upload(scene, b"<script>", "师资.exe")
    firm = scene.world.signed_in(scene.coordinator)
    firm.post(
        f"/faculty/import?organization={scene.world.college.id}",
        data={"file": (BytesIO(csv(("T001", "甲老师", "教授", "", "", "", ""))), "x.csv")},
    )

    assert (nothing.status_code, script.status_code) == (422, 422)
    assert held(scene, teachers[0]) is None
    (job,) = scene.all(sa.select(Job))
    assert job.counts == {"written": 0, "already": 0, "wrong": 1}


def test_the_template_names_its_required_columns(scene):
    with scene.world.app.test_request_context():
        sheet = read_sheet(write_workbook(columns(), [], title="x", notes=[]), filename="x.xlsx")

    assert sum("*" in name for name in sheet.columns) == 2


@pytest.mark.parametrize("day", ["0001-01-01", "1949-12-31", "9999-12-31"])
def test_a_day_out_of_time_is_a_wrong_row(scene, teachers, day):
    staff, _answer = upload(scene, csv(("T001", "甲老师", "副教授", "", day, "", "")))

    (job,) = scene.all(sa.select(Job))
    assert job.counts == {"written": 0, "already": 0, "wrong": 1}
    assert held(scene, teachers[0]) is None
    with staff.get(f"/faculty/imports/{job.id}/wrong.xlsx") as answer:
        assert day in str(read_sheet(answer.get_data(), filename="x.xlsx").rows[0][-1])

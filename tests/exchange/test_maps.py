"""Files whose columns a college lays out: versions, real rows, codes, encodings, masked unless one may see more."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY, keep
from trainmgr.enrolment import real_names
from trainmgr.exchange import file_rows, maps
from trainmgr.exchange.kinds import FileKind
from trainmgr.exchange.maps import MapColumn, words_of
from trainmgr.exchange.models import ColumnMap
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.crypto import encrypt
from trainmgr.kernel.db import db
from trainmgr.kernel.sheets import read_sheet
from trainmgr.placements.models import Placement, PlacementPost
from trainmgr.placements.rules import PlacementState
from trainmgr.programs.rules import State

NUMBER = "500103199001018828"
MONTH = TODAY.strftime("%Y-%m")


@pytest.fixture
def college(world):
    world.app.config["CLOCK"] = lambda: NOW
    return world.college


@pytest.fixture
def admin(world, college, signed_in):
    return signed_in(world.user(Role.ADMINISTRATOR, college))


@pytest.fixture
def staff(world, college, signed_in):
    return signed_in(world.user(Role.STAFF, college))


@pytest.fixture
def program(world, college):
    return world.program(State.RUNNING, name="数控班")


@pytest.fixture
def placed(world, program):
    """A trainee in a post this month."""
    with world.app.app_context():
        sealed = encrypt(NUMBER)
    person = world.user(
        Role.TRAINEE,
        name="李小燕",
        gender="F",
        id_number_encrypted=sealed,
        id_number_masked="500103********8828",
    )
    return place(world, program, person)


def place(world, program, person, state=PlacementState.RUNNING, first=TODAY - timedelta(days=40), **values):
    enrolment = world.enrolment(program, user=person, field="机电一体化")
    with world.app.app_context():
        post = keep(
            PlacementPost(
                college_id=world.college.id, organization_id=world.enterprise.id, name=f"操作工 {enrolment.id}",
                site="深圳",
            )
        )  # fmt: skip
        keep(
            Placement(
                program_id=program.id, enrolment_id=enrolment.id, post_id=post.id, starts_on=first,
                ends_on=first + timedelta(days=90), days=91, state=state, holds_from=first, pay_cents=350_000, signed=3,
                **values,
            )
        )  # fmt: skip
    return enrolment


def download(client, world, kind="internship", **query):
    return client.get(f"/exchange/{world.college.id}/maps/{kind}/file", query_string={"month": MONTH} | query)


def read_csv(data, encoding="utf-8-sig"):
    return list(csv.reader(io.StringIO(data.decode(encoding))))


def columns_typed(*columns, number=0, day_format="%Y-%m-%d", **more):
    names = ("heading", "source", "text", "words")
    typed = {
        "order": [str(at) for at in range(len(columns))],
        "version": str(number),
        "day_format": day_format,
    }
    for at, name in enumerate(names):
        typed[name] = [column[at] if at < len(column) else "" for column in columns]
    return typed | more


# --- the usual columns ---------------------------------------------------------------------------------------


def test_the_monthly_file_has_the_usual_columns_and_who_is_placed(world, admin, placed):
    header, row = read_csv(download(admin, world, format="csv").data)
    told = dict(zip(header, row, strict=True))

    assert header[:3] == ["序号", "月份", "学校"]
    assert told["姓名"] == "李小燕"
    assert told["性别"] == "女"
    assert told["月份"] == MONTH
    assert told["实习单位"] == "测试企业"
    assert told["实习地点"] == "深圳"
    assert told["月报酬（元）"] == "3500.0"
    assert told["三方协议"] == "是"
    assert told["备注"] == ""


def test_who_is_not_placed_in_the_month_is_not_in_its_file(world, admin, program, placed):
    place(world, program, world.user(Role.TRAINEE, name="未到岗"), PlacementState.PLANNED)
    place(world, program, world.user(Role.TRAINEE, name="取消的"), PlacementState.CALLED_OFF)
    place(
        world,
        program,
        world.user(Role.TRAINEE, name="以前的"),
        PlacementState.ENDED,
        TODAY - timedelta(days=200),
    )

    rows = read_csv(download(admin, world, format="csv").data)

    assert len(rows) == 2


def test_another_colleges_trainees_are_in_nobody_elses_file(world, admin, program, placed):
    partner = world.organization(name="合作学院")
    guest = world.user(Role.TRAINEE, partner, name="外校生")
    world.enrolment(program, user=guest, college=partner)

    rows = read_csv(download(admin, world, "real_names", program=program.id, format="csv").data)

    assert [row[1] for row in rows[1:]] == ["李小燕"]


def test_the_real_name_roster_has_the_columns_of_the_rosters_page(world, admin, program, placed):
    header, row = read_csv(download(admin, world, "real_names", program=program.id, format="csv").data)

    with world.app.test_request_context():
        assert header == [column.heading for column in real_names.usual_layout()]
    assert row[1] == "李小燕"


def test_a_programme_that_is_not_the_readers_has_no_rows(world, admin, placed):
    elsewhere = world.program(State.RUNNING, college=world.organization(name="别的学院"))

    assert len(read_csv(download(admin, world, "real_names", program=elsewhere.id, format="csv").data)) == 1


# --- numbers -------------------------------------------------------------------------------------------------


def test_an_administrator_gets_masked_numbers(world, admin, placed):
    data = download(admin, world, format="csv").data.decode()

    assert NUMBER not in data
    assert "500103********8828" in data
    assert admin.get(f"/exchange/{world.college.id}/files").status_code == 403


def test_staff_get_full_numbers_with_a_reason_and_the_trail_is_told(world, staff, placed):
    typed = {"kind": "internship", "month": MONTH, "format": "csv", "reason": "", "program": ""}
    refused = staff.post(f"/exchange/{world.college.id}/files", data=typed)
    sent = staff.post(f"/exchange/{world.college.id}/files", data=typed | {"reason": "报送教育厅"})

    assert refused.status_code == 422
    assert NUMBER in sent.data.decode("utf-8-sig")
    with world.inside() as session:
        deed = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "enrolment.export")).one()
        assert (deed.reason, deed.details["count"]) == ("报送教育厅", 1)


def test_the_full_file_as_a_workbook_is_read_once_the_trail_is_written(world, staff, program, placed):
    typed = {
        "kind": "real_names",
        "program": str(program.id),
        "format": "xlsx",
        "reason": "补贴",
        "month": "",
    }

    sent = staff.post(f"/exchange/{world.college.id}/files", data=typed)

    assert NUMBER in read_sheet(sent.data, filename="x.xlsx").rows[0]


def test_an_empty_file_with_full_numbers_is_refused(world, staff, program):
    typed = {"kind": "internship", "month": MONTH, "format": "xlsx", "reason": "x", "program": ""}

    assert staff.post(f"/exchange/{world.college.id}/files", data=typed).status_code == 409


def test_staff_of_another_college_find_nothing(world, signed_in, placed):
    stranger = signed_in(world.user(Role.STAFF, world.organization(name="别的学院")))

    assert stranger.get(f"/exchange/{world.college.id}/files").status_code == 404


# --- columns of one's own ------------------------------------------------------------------------------------


def test_a_college_lays_out_its_columns_with_texts_codes_and_days(world, admin, placed):
    place_ = f"/exchange/{world.college.id}/maps/internship"
    typed = columns_typed(
        ("姓名", "name"), ("性别代码", "gender", "", "男=1, 女=2"), ("开始", "starts_on"), ("省份", "text", "广东"),
        ("协议", "agreement", "", "是=Y；否=N"), day_format="%Y%m%d",
    )  # fmt: skip

    assert admin.post(place_, data=typed).status_code == 302
    rows = read_csv(download(admin, world, format="csv").data)

    first = (TODAY - timedelta(days=40)).strftime("%Y%m%d")
    assert rows == [["姓名", "性别代码", "开始", "省份", "协议"], ["李小燕", "2", first, "广东", "Y"]]


def test_columns_stand_in_the_order_that_was_typed(world, admin, placed):
    typed = columns_typed(("姓名", "name"), ("学校", "school"))
    typed["order"] = ["20", "10"]

    admin.post(f"/exchange/{world.college.id}/maps/internship", data=typed)

    assert read_csv(download(admin, world, format="csv").data)[0] == ["学校", "姓名"]


def test_only_looking_keeps_nothing_and_shows_real_rows(world, admin, placed):
    page = admin.post(
        f"/exchange/{world.college.id}/maps/internship", data=columns_typed(("谁", "name"), look="y"),
    )  # fmt: skip

    assert page.status_code == 200
    assert "<td>李小燕</td>" in page.text
    with world.inside() as session:
        assert session.query(ColumnMap).count() == 0


def test_each_keeping_is_a_version_and_an_older_page_is_refused(world, admin, college):
    place_ = f"/exchange/{college.id}/maps/internship"

    first = admin.post(place_, data=columns_typed(("姓名", "name")))
    stale = admin.post(place_, data=columns_typed(("学校", "school")))
    second = admin.post(place_, data=columns_typed(("学校", "school"), number=1))

    assert (first.status_code, stale.status_code, second.status_code) == (302, 409, 302)
    with world.inside() as session:
        kept = session.scalars(sa.select(ColumnMap).order_by(ColumnMap.number)).all()
        assert [one.number for one in kept] == [1, 2]
        kept[0].columns = []
        with pytest.raises(AssertionError):
            session.flush()
    assert "第 2 版" in admin.get(place_).text


@pytest.mark.parametrize(
    "columns", [[("", "name")], [], [("x", "name", "", "no code")], [("x", "name", "", "=")]], ids=str
)  # fmt: skip
def test_columns_that_cannot_be_are_told(world, admin, college, columns):
    page = admin.post(f"/exchange/{college.id}/maps/internship", data=columns_typed(*columns))

    assert page.status_code == 422


def test_a_source_that_does_not_exist_is_nothing(world, admin, placed):
    admin.post(f"/exchange/{world.college.id}/maps/internship", data=columns_typed(("x", "password_hash")))

    assert read_csv(download(admin, world, format="csv").data)[1] == [""]


def test_the_roster_and_the_exchange_have_one_set_of_columns(world, admin, staff, program, placed):
    admin.post(
        f"/exchange/{world.college.id}/maps/real_names",
        data=columns_typed(("名", "name"), ("性", "gender", "", "女=2")),
    )
    with world.app.test_request_context():
        laid_out, version = real_names.layout_of(world.college.id)
        assert [one.heading for one in laid_out] == ["名", "性"]
        person = db.session.scalars(sa.select(User).limit(1)).one()
        real_names.set_layout(
            world.college.id, [*laid_out, real_names.LaidOut("号", "student_number")], version=version, name="x",
            by=person, now=NOW + timedelta(hours=1),
        )  # fmt: skip
        db.session.commit()
        found = maps.present(world.college.id, FileKind.REAL_NAMES)

    assert [(one.heading, one.words) for one in found.columns] == [("名", ""), ("性", "女=2"), ("号", "")]


# --- how it is written ---------------------------------------------------------------------------------------


def test_the_three_ways_of_writing_say_the_same(world, admin, placed):
    utf8, old, book = (download(admin, world, format=way) for way in ("csv", "gb18030", "xlsx"))

    assert utf8.data.startswith(b"\xef\xbb\xbf")
    assert read_csv(utf8.data) == read_csv(old.data, "gb18030")
    sheet = read_sheet(book.data, filename="x.xlsx")
    assert [sheet.columns[5], sheet.rows[0][5]] == ["姓名", "李小燕"]
    assert "gb18030" in old.headers["Content-Type"]


def test_what_begins_like_a_formula_is_plain_text(world, admin, program, college):
    place(world, program, world.user(Role.TRAINEE, name="=1+1"))
    typed = columns_typed(("=head", "name"), ("文字", "text", "@x"))
    admin.post(f"/exchange/{college.id}/maps/internship", data=typed)

    rows = read_csv(download(admin, world, format="csv").data)
    sheet = read_sheet(download(admin, world, format="xlsx").data, filename="x.xlsx")

    assert rows == [["'=head", "文字"], ["'=1+1", "'@x"]]
    assert sheet.rows[0] == ["=1+1", "@x"]


def test_more_rows_than_a_page_come_in_their_order(world, admin, program, college, monkeypatch):
    monkeypatch.setattr(file_rows, "PAGE", 2)
    for number in range(5):
        place(world, program, world.user(Role.TRAINEE, name=f"学员{number}"))

    rows = read_csv(download(admin, world, format="csv").data)

    assert [row[0] for row in rows[1:]] == ["1", "2", "3", "4", "5"]
    assert len({row[5] for row in rows[1:]}) == 5


@pytest.mark.parametrize("month", ["2026-99", "99999999999-1", "0-1", "1-2-3", "0001-01", "9999-12", "九月"])
def test_nonsense_in_the_address_is_the_present_month_and_excel(world, admin, placed, month):
    answer = download(admin, world, month=month, format="exe", program="'")

    assert answer.status_code == 200
    assert answer.data.startswith(b"PK")


@pytest.mark.once
def test_codes_are_read_from_what_people_type():
    assert words_of("男=1，女=2; x=;=y; z") == {"男": "1", "女": "2", "x": ""}
    assert MapColumn("d", "day").cell({"day": date(2026, 9, 1)}, "%Y年%m月%d日") == "2026年09月01日"

"""Placements from Excel: known by number or name, posts of one's own enterprise, wrong rows back, nothing doubled."""

from __future__ import annotations

import io
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from flask_babel import gettext as _

from tests.enrolment.conftest import workbook
from tests.enrolment.test_import import fields_of
from tests.factories import TODAY
from trainmgr.enrolment.roll import OnRoll, Roll
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.intake import RowFault
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.kernel.sheets import Record, read_sheet
from trainmgr.placements.models import Placement, PlacementChange
from trainmgr.placements.sheet import Reader

HEADER = [
    "姓名",
    "学号",
    "岗位",
    "实习地点",
    "开始日期",
    "结束日",
    "月报酬",
    "知情同意",
    "保险单号",
    "保险到期日",
]
FIRST, LAST = (TODAY + timedelta(days=7)).isoformat(), (TODAY + timedelta(days=120)).isoformat()
VALUES = {
    "name": "李娜", "student_number": "S1", "employee_number": "", "post": "装调", "site": "", "starts_on": FIRST,
    "ends_on": LAST, "pay": "3200.5", "consent_on": "", "policy": "", "insured_until": "",
}  # fmt: skip
ROLL = [
    OnRoll(1, "李娜", "S1", "E1", 10), OnRoll(2, "王强", "S2", "", 20), OnRoll(3, "同名", "", "", 10),
    OnRoll(4, "同名", "", "", 10), OnRoll(5, "无企", "S5", "", None),
]  # fmt: skip
POSTS = [
    SimpleNamespace(id=7, organization_id=10, name="装调"),
    SimpleNamespace(id=8, organization_id=20, name="质检"),
]


def understood(app, **values):
    with app.test_request_context():
        return Reader(Roll(ROLL, _("nobody like this is in training in this programme")), POSTS).understand(
            Record(2, VALUES | values, [])
        )


def test_a_right_row_names_trainee_post_days_and_pay(app):
    row = understood(app, site="二号车间", consent_on=TODAY.isoformat(), policy="PB-9")

    assert (row.enrolment_id, row.reason) == (1, "")
    assert (row.terms.post_id, row.terms.site, row.terms.pay_cents) == (7, "二号车间", 320_050)
    assert row.terms.starts_on == date.fromisoformat(FIRST)
    assert (row.papers.consent_on, row.papers.policy) == (TODAY, "PB-9")


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"student_number": "S9"}, "没有这个人"),
        ({"student_number": "S2"}, "王强"),
        ({"name": "同名", "student_number": ""}, "同名"),
        ({"name": "无企", "student_number": "S5"}, "还没有所属企业"),
        ({"post": "质检"}, "质检"),
        ({"starts_on": LAST, "ends_on": FIRST}, "早于"),
        ({"ends_on": "2999-01-01"}, "2100"),
        ({"pay": "1000000.01"}, "一百万"),
        ({"pay": "-1"}, "一百万"),
    ],
)
def test_a_wrong_row_says_what_is_wrong(app, values, word):
    row = understood(app, **values)

    assert row.terms is None
    assert word in row.reason


def test_without_a_number_a_name_that_only_one_has_is_enough(app):
    assert understood(app, student_number="", employee_number="").enrolment_id == 1
    assert understood(app, student_number="", employee_number="E1").enrolment_id == 1


def rows_of(scene, *extra):
    one = [scene.enrolment.name, scene.enrolment.student_number, "数控装调", "二号车间", FIRST, LAST, "4500"]
    return [one, *extra]


def send(client, scene, rows, header=None):
    data = workbook(rows, header or HEADER)
    sent = client.post(
        f"{scene.url}/sheet",
        data={"file": (io.BytesIO(data), "安排.xlsx")},
        content_type="multipart/form-data",
    )
    assert sent.status_code == 302, sent.get_data(as_text=True)
    return sent.location, client.get(sent.location).get_data(as_text=True)


def begin(client, location, page):
    return client.post(location, data=fields_of(page) | {"do": "begin"})


def job_of(scene):
    with scene.world.app.app_context():
        job = db.session.scalars(sa.select(Job).order_by(Job.id.desc())).first()
        db.session.expunge_all()
        return job


def test_a_sheet_is_looked_at_read_and_its_wrong_rows_come_back(scene):
    staff = scene.world.signed_in(scene.staff)
    stranger = ["不在册", "X1", "数控装调", "", FIRST, LAST]
    location, page = send(staff, scene, rows_of(scene, stranger))
    assert "可以安排" in page
    assert "没有这个人" in page
    with scene.world.app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Placement)) == 0

    assert begin(staff, location, page).status_code == 302

    job = job_of(scene)
    assert job.state is JobState.DONE, job.fault
    assert (job.counts["written"], job.counts["already"], job.counts["wrong"]) == (1, 0, 1)
    with scene.world.app.app_context():
        placement = db.session.scalars(sa.select(Placement)).one()
        assert (placement.site, placement.pay_cents, placement.policy) == ("二号车间", 450_000, "")
        assert db.session.scalar(sa.select(sa.func.count()).select_from(PlacementChange)) == 1
        assert list(db.session.scalars(sa.select(RowFault.row))) == [3]
        actions = set(db.session.scalars(sa.select(AuditEvent.action)))
        assert {"placements.import", "placements.imported", "placement.make"} <= actions
    listed = staff.get(scene.url).get_data(as_text=True)
    assert "安排 1 人" in listed
    wrong = read_sheet(staff.get(f"{scene.url}/sheet/imports/{job.id}/wrong.xlsx").data, filename="w.xlsx")
    assert wrong.rows[0][0] == "不在册"


def test_the_same_sheet_twice_doubles_nothing_and_fills_in_the_papers_that_lacked(scene):
    staff = scene.world.signed_in(scene.staff)
    begin(staff, *send(staff, scene, rows_of(scene)))
    with_papers = [[*rows_of(scene)[0], TODAY.isoformat(), "PB-9", LAST]]

    begin(staff, *send(staff, scene, with_papers))
    begin(staff, *send(staff, scene, with_papers))

    assert (job_of(scene).counts["written"], job_of(scene).counts["already"]) == (0, 1)
    with scene.world.app.app_context():
        placement = db.session.scalars(sa.select(Placement)).one()
        assert (placement.consent_on, placement.policy) == (TODAY, "PB-9")


def test_two_rows_for_one_trainee_in_the_same_time_are_one_placement(scene):
    staff = scene.world.signed_in(scene.staff)
    again = [*rows_of(scene)[0]]
    again[3] = "别处"

    begin(staff, *send(staff, scene, rows_of(scene, again)))

    assert (job_of(scene).counts["written"], job_of(scene).counts["wrong"]) == (1, 1)


def test_the_template_holds_who_is_not_placed_and_the_posts_to_choose(scene):
    staff = scene.world.signed_in(scene.staff)

    template = read_sheet(staff.get(f"{scene.url}/sheet/template.xlsx").data, filename="t.xlsx")

    assert template.columns[0] == "姓名 *"
    assert scene.enrolment.name in {row[0] for row in template.rows}


def test_a_sheet_without_the_columns_it_needs_is_not_read_and_others_see_none_of_it(scene):
    staff = scene.world.signed_in(scene.staff)
    location, page = send(staff, scene, [["甲", "乙"]], ["子", "丑"])

    begin(staff, location, page)

    assert job_of(scene) is None
    assert "还缺" in page
    assert scene.world.signed_in(scene.world.user(Role.STAFF)).get(location).status_code == 404
    assert scene.world.signed_in(scene.coordinator).get(f"{scene.url}/sheet").status_code == 403
    assert staff.post(f"{scene.url}/sheet", data={}).status_code == 422

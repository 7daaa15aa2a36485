"""Certificates of others: entered once, verified by staff, withdrawn with a reason; from Excel; what ends soon."""

import io
import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY
from trainmgr.certificates import external, queries, sheet
from trainmgr.certificates.external import Facts
from trainmgr.certificates.models import ExternalCertificate
from trainmgr.certificates.rules import ExternalState, Level
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.drafts import SheetDraft
from trainmgr.kernel.jobs import Job
from trainmgr.kernel.sheets import write_workbook
from trainmgr.programs.models import Program

FORM = {
    "level": "senior",
    "name": "电工",
    "number": "ZJ 2026-0001",
    "issuer": "省职业技能鉴定中心",
    "issued_on": "2026-06-30",
}


def _enter(ending, reader=None, **changed):
    data = FORM | {"person": "周建国"} | changed
    return ending.browser(reader or ending.staff).post(f"{ending.path}/external/new", data=data)


def test_a_certificate_counts_once_it_is_verified(ending):
    proof = (io.BytesIO(b"%PDF-1.4 scan"), "电工证.pdf")
    entered = _enter(ending, proof=proof, expires_on="2031-06-29")
    staff = ending.browser(ending.staff)
    (row,) = ending.all(ExternalCertificate)

    assert entered.headers["Location"].endswith(f"/certified/external/{row.id}")
    assert row.state is ExternalState.ENTERED
    with staff.get(f"/certified/external/{row.id}/proof") as scan:
        assert scan.data == b"%PDF-1.4 scan"
    assert staff.post(f"/certified/external/{row.id}/verify").status_code == 302
    assert staff.post(f"/certified/external/{row.id}/verify").status_code == 409

    (row,) = ending.all(ExternalCertificate)
    assert (row.state, row.settled_by_name) == (ExternalState.VERIFIED, ending.staff.name)
    page = ending.browser(ending.trainee).get("/certified/mine").get_data(as_text=True)
    assert "高级工" in page
    assert "ZJ 2026-0001" in page


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"person": "没有这个人"}, 422),
        ({"level": "master"}, 422),
        ({"number": ""}, 422),
        ({"number": "——"}, 409),
        ({"issued_on": "2030-01-01"}, 409),
        ({"issued_on": "昨天"}, 422),
        ({"expires_on": "2020-01-01"}, 409),
    ],
)
def test_what_cannot_be_is_refused_and_what_was_typed_stays(ending, changed, status):
    answer = _enter(ending, **changed)

    assert answer.status_code == status
    assert "省职业技能鉴定中心" in answer.get_data(as_text=True)
    assert ending.all(ExternalCertificate) == []


def test_an_issuers_number_stands_once_until_it_is_withdrawn(ending):
    _enter(ending)
    assert _enter(ending, person="欧阳小满", number="zj20260001").status_code == 409
    (row,) = ending.all(ExternalCertificate)
    staff = ending.browser(ending.staff)

    assert staff.post(f"/certified/external/{row.id}/withdraw", data={"reason": ""}).status_code == 422
    assert staff.post(f"/certified/external/{row.id}/withdraw", data={"reason": "录错人"}).status_code == 302
    assert _enter(ending, person="欧阳小满").status_code == 302

    old, new = ending.all(ExternalCertificate)
    assert (old.state, old.reason, new.user_id) == (
        ExternalState.WITHDRAWN, "录错人", ending.passed[1].user_id
    )  # fmt: skip


def test_only_those_who_record_enter_and_verify(ending):
    _enter(ending)
    (row,) = ending.all(ExternalCertificate)
    teacher, stranger = (
        ending.world.user(Role.SCHOOL_TEACHER),
        ending.world.user(Role.STAFF, ending.world.organization()),
    )

    assert _enter(ending, teacher).status_code == 403
    assert _enter(ending, ending.trainee).status_code == 403
    assert ending.browser(stranger).get(f"/certified/external/{row.id}").status_code == 404
    assert ending.browser(stranger).post(f"/certified/external/{row.id}/verify").status_code == 404
    answer = ending.browser(stranger).post("/certified/external/verify", data={"id": row.id})
    assert answer.status_code == 422
    assert ending.all(ExternalCertificate)[0].state is ExternalState.ENTERED


def test_what_waits_stands_in_the_inbox_of_the_staff_until_it_is_verified(ending):
    staff = ending.browser(ending.staff)

    def inbox():
        found = re.search(r"有 (\d+) 份外部证书待核验", staff.get("/").get_data(as_text=True))
        return int(found[1]) if found else 0

    assert inbox() == 0
    for number in "123":
        _enter(ending, number=number)
    first, second, third = ending.all(ExternalCertificate)
    assert inbox() == 3
    there = staff.get(f"{ending.path}/external/waiting", follow_redirects=True).get_data(as_text=True)
    assert there.count("待核验</") >= 3
    staff.post(f"/certified/external/{third.id}/refuse", data={"reason": "官网查无此证"})
    staff.post(f"/certified/external/{first.id}/withdraw", data={"reason": "录错人"})
    assert inbox() == 1
    staff.post("/certified/external/verify", data={"id": [second.id]})
    assert inbox() == 0


def test_several_are_verified_at_once_and_a_wrong_one_refused(ending):
    for number in "123":
        _enter(ending, number=number)
    first, second, third = ending.all(ExternalCertificate)
    staff = ending.browser(ending.staff)

    staff.post(f"/certified/external/{third.id}/refuse", data={"reason": "官网查无此证"})
    answer = staff.post("/certified/external/verify", data={"id": [first.id, second.id, third.id]})

    assert answer.status_code == 302
    assert [row.state.value for row in ending.all(ExternalCertificate)] == ["verified", "verified", "refused"]
    page = staff.get("/certified/external?state=refused&level=senior").get_data(as_text=True)
    assert "不予认可" in page
    assert staff.get("/certified/external/export.xlsx?state=verified").data[:2] == b"PK"


def test_what_ends_within_ninety_days_is_listed(ending):
    for number, days in (("近", 30), ("远", 300), ("过", -3)):
        _enter(ending, number=f"{number}1", name=f"证{number}", expires_on=str(TODAY + timedelta(days=days)))
    staff = ending.browser(ending.staff)
    ids = [row.id for row in ending.all(ExternalCertificate)]
    staff.post("/certified/external/verify", data={"id": ids})

    page = staff.get("/certified/external?expiring=1").get_data(as_text=True)

    assert "证近" in page
    assert "剩 30 天" in page
    assert "证远" not in page
    assert "证过" not in page
    assert "已失效" in staff.get("/certified/external").get_data(as_text=True)


# --- from Excel ----------------------------------------------------------------------------------


def _workbook(*rows):
    with_days = [[*row, "2026-06-30", ""] for row in rows]
    return write_workbook(sheet.columns(), with_days, title="证书")


def test_a_sheet_is_looked_at_first_then_read_wrong_rows_come_back(ending):
    staff = ending.browser(ending.staff)
    assert staff.get(f"{ending.path}/external/sheet/template.xlsx").data[:2] == b"PK"
    assert staff.post(f"{ending.path}/external/sheet").status_code == 422
    with ending.world.app.test_request_context():
        data = _workbook(
            ["周建国", "", "", "高级工", "电工", "Z1", "鉴定中心"],
            ["欧阳小满", "", "", "1+X 中级", "智能制造", "Z2", "评价组织"],
            ["查无此人", "", "", "技师", "电工", "Z3", "鉴定中心"],
            ["周建国", "", "", "大师", "电工", "Z4", "鉴定中心"],
        )

    looked = staff.post(f"{ending.path}/external/sheet", data={"file": (io.BytesIO(data), "证书.xlsx")})
    (draft,) = ending.all(SheetDraft)
    address = f"{ending.path}/external/sheet/drafts/{draft.id}"
    assert looked.headers["Location"].endswith(address)
    page = staff.get(address).get_data(as_text=True)
    assert page.count("可以登记") == 2
    assert "本项目没有这名学员" in page
    places = {f"column-{n}": column for n, column in enumerate(one.key for one in sheet.columns())}
    assert staff.post(address, data={"do": "begin", "seen": "", "sheet": "", **places}).status_code == 302

    (job,) = ending.all(Job)
    assert (job.state, job.counts["written"], job.counts["wrong"]) == ("done", 2, 2)
    levels = [row.level for row in ending.all(ExternalCertificate)]
    assert levels == [Level.SENIOR, Level.ONE_X_INTERMEDIATE]
    assert "登记 2 张" in staff.get(f"{ending.path}/external/sheet").get_data(as_text=True)
    assert staff.get(f"{ending.path}/external/sheet/imports/{job.id}/wrong.xlsx").data[:2] == b"PK"


# --- for quality ---------------------------------------------------------------------------------


def test_holders_are_counted_once_each(ending):
    ending.issue(ending.passed[0])
    with ending.world.app.test_request_context():
        program, by = db.session.get(Program, ending.program.id), db.session.get(User, ending.staff.id)
        people = [db.session.get(Enrolment, one.id) for one in (*ending.passed, ending.failed)]
        given = [
            (people[0], Level.INTERMEDIATE, None),
            (people[0], Level.SENIOR, None),
            (people[1], Level.ONE_X_SENIOR, None),
            (people[2], Level.TECHNICIAN, TODAY - timedelta(days=1)),  # over
        ]
        for number, (person, level, until) in enumerate(given):
            facts = Facts(level, "电工", f"N{number}", "鉴定中心", date(2026, 6, 30), until)
            external.verify(external.enter(program, person, facts, None, by=by, now=NOW), by=by, now=NOW)
        external.enter(
            program, people[2], Facts(Level.SENIOR, "电工", "N9", "鉴定中心", TODAY), None, by=by, now=NOW
        )
        db.session.flush()
        everybody = sa.select(Enrolment.id).where(Enrolment.program_id == program.id)

        found = queries.holdings(everybody, TODAY)
        levels = queries.external_by_level(everybody, date(2026, 1, 1), date(2026, 12, 31))
        years = queries.issued_by_year(program.lead_college_id)

    assert found == queries.Holdings(own=1, external=2, either=2, graded=1, senior=1)
    assert levels == {
        Level.INTERMEDIATE: 1, Level.SENIOR: 1, Level.ONE_X_SENIOR: 1, Level.TECHNICIAN: 1
    }  # fmt: skip
    assert years == {2026: 1}

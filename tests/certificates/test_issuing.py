"""Certificates of completion: for who passed, numbered without gaps, once each; replaced, revoked, never changed."""

import io
import threading
import zipfile

import pypdfium2
import pytest
import zxingcpp

from tests.factories import NOW
from trainmgr.certificates import batches, issuing
from trainmgr.certificates.models import Certificate, CertificateRevocation, CertificateSerial
from trainmgr.certificates.rules import RevocationKind
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job
from trainmgr.outcomes.rules import PassKind
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State


def test_only_who_passed_gets_one_and_only_once(ending):
    staff = ending.browser(ending.staff)
    ids = [one.id for one in (*ending.passed, ending.failed)]

    assert staff.post(f"{ending.path}/issue", data={"id": ids}).status_code == 302
    assert staff.post(f"{ending.path}/issue", data={"id": ids}).status_code == 302

    made = ending.all(Certificate)
    assert [(one.holder_name, one.serial) for one in made] == [
        ("周建国", "2026-000001"),
        ("欧阳小满", "2026-000002"),
    ]
    assert made[0].code != made[1].code
    assert staff.post(f"{ending.path}/issue").status_code == 422
    assert [one.action for one in ending.all(AuditEvent)] == ["certificate.issue"]


def test_all_who_passed_get_theirs_at_once(ending):
    staff = ending.browser(ending.staff)
    page = staff.get(ending.path).get_data(as_text=True)
    assert "颁发 2 张证书" in page

    assert staff.post(f"{ending.path}/issue-all").status_code == 302

    assert len(ending.all(Certificate)) == 2
    assert ending.all(Job) == []


@pytest.mark.once
def test_many_are_issued_by_a_job_that_gives_nobody_a_second_one(ending, monkeypatch):
    third = ending.world.enrolment(ending.program)
    ending.decide(third)
    ending.issue(ending.passed[1])
    monkeypatch.setattr(batches, "AT_ONCE", 1)

    assert ending.browser(ending.staff).post(f"{ending.path}/issue-all").status_code == 302

    (job,) = ending.all(Job)
    assert (job.state, job.total, job.counts) == ("done", 3, {"issued": 2})
    numbers = sorted(one.number for one in ending.all(Certificate))
    assert numbers == [1, 2, 3]
    page = ending.browser(ending.staff).get(ending.path).get_data(as_text=True)
    assert "已颁发 2 张证书" in page


def test_who_left_after_passing_gets_none(ending):
    with ending.world.inside() as session:
        session.get(Enrolment, ending.passed[1].id).state = EnrolmentState.WITHDRAWN
        session.commit()

    assert len(ending.issue()) == 1
    assert ending.browser(ending.staff).post(f"{ending.path}/issue-all").status_code == 302
    assert [one.enrolment_id for one in ending.all(Certificate)] == [ending.passed[0].id]


def test_a_number_too_large_for_any_certificate_finds_none(ending):
    ending.issue()
    for q in ("2026-9999999999", "9999999999-1"):
        assert ending.browser(ending.staff).get("/certified", query_string={"q": q}).status_code == 200


def test_a_replaced_certificate_stays_and_says_so(ending):
    first, _second = ending.issue()
    with ending.world.app.app_context():
        db.session.get(Enrolment, ending.passed[0].id).name = "周健国"
        db.session.commit()
    staff = ending.browser(ending.staff)

    assert staff.post(f"/certified/{first.id}/reissue", data={"reason": ""}).status_code == 422
    assert staff.post(f"/certified/{first.id}/reissue", data={"reason": "姓名有误"}).status_code == 302
    assert staff.post(f"/certified/{first.id}/reissue", data={"reason": "再来"}).status_code == 409

    old, _, fresh = ending.all(Certificate)
    assert (old.holder_name, old.is_present, fresh.holder_name, fresh.serial) == (
        "周建国", False, "周健国", "2026-000003",
    )  # fmt: skip
    assert fresh.replaces_id == old.id
    (ended,) = ending.all(CertificateRevocation)
    assert (ended.kind, ended.reason) == (RevocationKind.REPLACED, "姓名有误")
    assert "2026-000003" in staff.get(f"/certified/{old.id}").get_data(as_text=True)
    assert staff.get(f"/certified/{old.id}/certificate.pdf").status_code == 404


def test_who_no_longer_passed_is_told_in_the_list_and_can_only_be_revoked(ending):
    first, _second = ending.issue()
    ending.decide(ending.passed[0], PassKind.FAILED)
    staff = ending.browser(ending.staff)

    assert "现为未结业" in staff.get(ending.path).get_data(as_text=True)
    assert staff.post(f"/certified/{first.id}/reissue", data={"reason": "x"}).status_code == 409
    assert staff.post(f"/certified/{first.id}/revoke", data={"reason": "成绩更正"}).status_code == 302

    assert [one.is_present for one in ending.all(Certificate)] == [False, True]
    assert "成绩更正" in staff.get(f"/certified/{first.id}").get_data(as_text=True)
    with ending.world.inside() as session:
        assert session.get(CertificateSerial, (ending.program.lead_college_id, 2026)).last == 2


def test_nothing_is_issued_before_the_evaluation(ending):
    with ending.world.app.app_context():
        db.session.get(Program, ending.program.id).state = State.RUNNING
        db.session.commit()

    answer = ending.browser(ending.staff).post(f"{ending.path}/issue-all")

    assert answer.status_code == 409
    assert "项目进入评价后才颁发证书" in answer.get_data(as_text=True)


def test_trainees_download_their_own_and_see_nobody_elses(ending):
    first, second = ending.issue()
    trainee = ending.browser(ending.trainee)

    page = trainee.get("/certified/mine").get_data(as_text=True)
    assert "2026-000001" in page
    assert "2026-000002" not in page
    assert trainee.get(f"/certified/{first.id}/certificate.pdf").data[:5] == b"%PDF-"
    assert trainee.get(f"/certified/{second.id}").status_code == 404
    assert trainee.get(f"/certified/{second.id}/certificate.pdf").status_code == 404
    assert trainee.post(f"/certified/{first.id}/revoke", data={"reason": "x"}).status_code == 403
    stranger = ending.world.user(Role.STAFF, ending.world.organization())
    assert ending.browser(stranger).get(f"/certified/{first.id}").status_code == 404
    assert "2026-00000" not in ending.browser(stranger).get("/certified").get_data(as_text=True)


def test_the_list_of_a_college_is_found_by_number_and_handed_out(ending):
    ending.issue()
    staff = ending.browser(ending.staff)

    page = staff.get("/certified?q=2026-2").get_data(as_text=True)
    assert "欧阳小满" in page
    assert "周建国" not in page
    assert "周建国" in staff.get("/certified?year=2026&state=valid").get_data(as_text=True)
    assert staff.get("/certified/export.xlsx").data[:2] == b"PK"


@pytest.mark.once
def test_lists_ask_as_much_for_many_as_for_few(ending, count_statements):
    ending.issue(ending.passed[0])
    staff = ending.browser(ending.staff)
    counts = []
    for enrolments in ([], ending.passed):
        if enrolments:
            ending.issue(*enrolments)
        for address in (ending.path, "/certified"):
            with count_statements() as statements:
                staff.get(address)
            counts.append(len(statements))

    assert counts[:2] == counts[2:]
    assert max(counts) <= 10


def test_numbers_have_no_gap_when_two_issue_at_once(ending):
    app = ending.world.app
    faults = []

    def issue(enrolment):
        try:
            with app.app_context():
                program = db.session.get_one(Program, ending.program.id)
                deed = issuing.Deed(db.session.get_one(User, ending.staff.id), NOW, "http://localhost/")
                issuing.issue(program, [enrolment.id], deed)
                db.session.commit()
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=issue, args=(one,)) for one in ending.passed * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not faults
    assert sorted(one.number for one in ending.all(Certificate)) == [1, 2]


# --- the paper -----------------------------------------------------------------------------------


def _read(data):
    page = pypdfium2.PdfDocument(data)[0]
    codes = zxingcpp.read_barcodes(page.render(scale=3).to_pil())
    return page.get_textpage().get_text_range().replace("\r\n", ""), [code.text for code in codes]


@pytest.mark.once
def test_the_paper_speaks_two_languages_and_its_code_leads_to_the_check(ending):
    first, _second = ending.issue()
    data = ending.browser(ending.trainee).get(f"/certified/{first.id}/certificate.pdf").data

    text, codes = _read(data)

    assert len(pypdfium2.PdfDocument(data)) == 1
    for said in (
        "结业证书",
        "Certificate of Completion",
        "周建国",
        "2026-000001",
        "准予结业",
        "Field engineers",
    ):
        assert said in text
    assert codes == [f"http://localhost/check/{first.code}{first.holder_part}"]
    assert "周建国" in ending.world.app.test_client().get(codes[0]).get_data(as_text=True)


@pytest.mark.once
def test_all_papers_come_in_one_archive(ending):
    ending.issue()
    staff = ending.browser(ending.staff)

    assert staff.post(f"{ending.path}/archive").status_code == 302
    (job,) = ending.all(Job)
    answer = staff.get(f"{ending.path}/jobs/{job.id}/certificates.zip", buffered=True)
    other = ending.browser(ending.world.user(Role.STAFF))
    assert other.get(f"{ending.path}/jobs/{job.id}/certificates.zip").status_code == 404

    with answer, zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        names = archive.namelist()
        text, codes = _read(archive.read(names[1]))
    assert names == ["2026-000001 周建国.pdf", "2026-000002 欧阳小满.pdf"]
    assert "欧阳小满" in text
    assert "准予结业" in text
    assert len(codes) == 1
    assert staff.post(f"{ending.path}/jobs/{job.id}/away").status_code == 302
    assert staff.get(f"{ending.path}/jobs/{job.id}/certificates.zip").status_code == 409

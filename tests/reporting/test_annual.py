"""A college's annual report: texts in versions, cases, figures with what they are made of, versions of the file."""

import io
import zipfile
from datetime import date

import pytest

from tests.factories import NOW, keep
from tests.reporting.conftest import words_of
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.materials.models import CaseText, Material, MaterialVersion
from trainmgr.materials.rules import MaterialKind, MaterialState, UpdateKind
from trainmgr.reporting import annual_job
from trainmgr.reporting.models import AnnualReport, ReportText

YEAR = 2026


class Yearbook:
    """A college's report of a year, as somebody works on it."""

    def __init__(self, closing):
        self.closing, self.world = closing, closing.world
        self.college_id = closing.world.college.id
        self.base = f"/colleges/{self.college_id}/reports/{YEAR}"
        self.staff = closing.world.signed_in(closing.staff)

    def text(self, chapter, text, seen=0, client=None):
        return (client or self.staff).post(f"{self.base}/texts/{chapter}", data={"text": text, "seen": seen})

    def write(self):
        return self.staff.post(f"{self.base}/write")

    def file(self, number=1):
        report = next(one for one in self.closing.rows(AnnualReport) if one.number == number)
        with self.staff.get(f"/reports/{report.id}/file.docx") as answer:
            assert answer.status_code == 200
            return answer.data

    def case(self, title="轴承异响的诊断"):
        with self.world.app.app_context():
            material = keep(
                Material(owner_id=self.college_id, kind=MaterialKind.CASE_WRITE_UP, title=title,
                         update_kind=UpdateKind.YEARLY, created_by_id=self.closing.staff.id, created_at=NOW,
                         latest_number=1)
            )  # fmt: skip
            version = keep(
                MaterialVersion(material_id=material.id, number=1, state=MaterialState.PUBLISHED, share=100,
                                created_by_id=self.closing.staff.id, created_at=NOW, published_on=date(YEAR, 3, 1))
            )  # fmt: skip
            keep(CaseText(version_id=version.id, facts="三号线停机", lessons="先听后拆"))
            return material.id


@pytest.fixture
def yearbook(closing):
    return Yearbook(closing)


def test_the_report_holds_what_was_written_the_year_s_figures_and_the_cases(yearbook):
    yearbook.text("talent", "第一段。\n第二段。")
    key = yearbook.case()
    yearbook.staff.post(f"{yearbook.base}/cases", data={f"case-{key}": "talent"})

    assert yearbook.write().status_code == 302

    words = words_of(yearbook.file())
    (job,) = yearbook.closing.rows(Job)
    assert job.state is JobState.DONE, job.fault
    for told in ("第一段。", "第二段。", "人才培养质量计分卡", "培训人次", "现代学徒制", "轴承异响的诊断", "先听后拆",
                 "测试企业", "100.00%", "1 / 1"):  # fmt: skip
        assert told in words, told


def test_what_is_missing_is_named_in_the_document_and_on_the_page(yearbook):
    yearbook.text("overview", "概况。")
    yearbook.write()

    assert words_of(yearbook.file()).count("本章文字尚未撰写") == 7
    (report,) = yearbook.closing.rows(AnnualReport)
    assert report.missing.count("本章文字尚未撰写。") == 7
    page = yearbook.staff.get(yearbook.base).get_data(as_text=True)
    assert "还有 7 章没有撰写" in page


def test_a_new_version_leaves_the_old_one_as_it_was(yearbook):
    yearbook.text("talent", "旧文字。")
    yearbook.write()
    first = yearbook.file()
    yearbook.text("talent", "新文字。", seen=1)
    yearbook.write()

    assert yearbook.file(1) == first
    assert "新文字。" in words_of(yearbook.file(2))
    assert [one.number for one in yearbook.closing.rows(AnnualReport)] == [1, 2]
    assert [event.action for event in yearbook.closing.rows(AuditEvent)[-3:]] == [
        "reporting.annual", "reporting.text", "reporting.annual",
    ]  # fmt: skip


def test_the_first_text_of_a_chapter_is_its_first_version_whatever_was_said_to_be_seen(yearbook):
    assert yearbook.text("service", "第一次写", seen=99_999_999_999).status_code == 302
    assert "第 1 版" in yearbook.staff.get(f"{yearbook.base}/texts/service").get_data(as_text=True)


def test_texts_are_kept_in_versions_and_two_writers_are_told_of_each_other(yearbook):
    other = yearbook.world.signed_in(yearbook.world.user(Role.STAFF))
    assert yearbook.text("service", "甲写的").status_code == 302

    refused = yearbook.text("service", "乙写的", seen=0, client=other)

    assert refused.status_code == 409
    assert "乙写的" in refused.get_data(as_text=True)
    assert yearbook.text("service", "乙写的", seen=1, client=other).status_code == 302
    assert [row.text for row in yearbook.closing.rows(ReportText)] == ["甲写的", "乙写的"]
    yearbook.text("service", "乙写的", seen=2)
    assert len(yearbook.closing.rows(ReportText)) == 2  # nothing changed, nothing new
    page = yearbook.staff.get(f"{yearbook.base}/texts/service?number=1").get_data(as_text=True)
    assert "甲写的" in page


@pytest.mark.once
def test_control_signs_and_long_texts_do_no_harm(yearbook):
    yearbook.text("talent", "甲\x0b乙\x00\r\n丙")
    assert yearbook.text("service", "长" * 60_001).status_code == 422
    yearbook.write()

    assert "甲 乙" in words_of(yearbook.file())  # a break that no document can hold is a blank


def test_a_run_that_is_cut_off_begins_anew_and_makes_one_version(yearbook, monkeypatch):
    real, calls = annual_job.annual_word.own_file, []

    def cut_off(*args):
        calls.append(args)
        if len(calls) == 1:
            raise RuntimeError("the machine was switched off")
        return real(*args)

    monkeypatch.setattr(annual_job.annual_word, "own_file", cut_off)
    yearbook.write()
    (job,) = yearbook.closing.rows(Job)
    assert job.state is JobState.FAILED
    from trainmgr.kernel import jobs
    from trainmgr.kernel.db import db

    with yearbook.world.app.app_context():
        jobs.restart(db.session.get(Job, job.id), now=NOW)
        db.session.commit()

    assert [one.number for one in yearbook.closing.rows(AnnualReport)] == [1]


@pytest.mark.once
def test_two_people_do_not_have_the_same_report_written_at_once(yearbook):
    with yearbook.world.app.app_context():
        keep(Job(kind="annual-report", title="x", state=JobState.RUNNING, created_at=NOW, heartbeat_at=NOW,
                 params={"college": yearbook.college_id, "year": YEAR}))  # fmt: skip

    assert yearbook.write().status_code == 409
    assert "年度质量报告" in yearbook.staff.get(yearbook.base).get_data(as_text=True)


@pytest.mark.once
def test_reports_are_for_the_college_only(yearbook):
    yearbook.write()
    (report,) = yearbook.closing.rows(AnnualReport)
    stranger = yearbook.world.signed_in(
        yearbook.world.user(Role.STAFF, yearbook.world.organization(name="别的学院"))
    )
    partner = yearbook.world.signed_in(yearbook.closing.coordinator)

    for client in (stranger, partner):
        assert client.get(yearbook.base).status_code == 404
        assert client.get(f"/reports/{report.id}/file.docx").status_code == 404
    assert stranger.post(f"{yearbook.base}/write").status_code == 404
    assert "没有您的年度报告" in partner.get("/reports").get_data(as_text=True)
    assert yearbook.staff.get(f"/colleges/{yearbook.college_id}/reports/1999").status_code == 404
    assert yearbook.staff.get(f"{yearbook.base}/texts/nonsense").status_code == 404


@pytest.mark.once
def test_pages_of_the_year_read_within_ten_statements(yearbook, count_statements):
    for path in (yearbook.base, "/reports", f"{yearbook.base}/cases", f"{yearbook.base}/texts/talent"):
        with count_statements() as counted:
            assert yearbook.staff.get(path).status_code == 200
        assert len(counted) <= 10, path


@pytest.mark.once
def test_fonts_for_chinese_are_named_and_charts_carry_their_figures(yearbook):
    yearbook.write()
    with zipfile.ZipFile(io.BytesIO(yearbook.file())) as archive:
        styles = archive.read("word/styles.xml").decode()
        assert 'w:eastAsia="SimSun"' in styles
        assert any(name.startswith("word/charts/") for name in archive.namelist())
        assert "PAGEREF" in archive.read("word/document.xml").decode()


def test_what_is_no_data_stays_a_gap_in_a_chart_and_chinese_is_said_to_be_chinese(yearbook):
    yearbook.write()

    with zipfile.ZipFile(io.BytesIO(yearbook.file())) as archive:
        charts = [archive.read(name).decode() for name in archive.namelist() if "/charts/report" in name]
        styles = archive.read("word/styles.xml").decode()

    assert charts
    assert all('<c:dispBlanksAs val="gap"/>' in chart for chart in charts)
    assert 'w:eastAsia="zh-CN"' in styles


def test_only_a_case_in_five_parts_can_be_chosen(yearbook):
    written = yearbook.case()
    with yearbook.world.app.app_context():
        bare = keep(
            Material(owner_id=yearbook.college_id, kind=MaterialKind.CASE, title="只有素材", latest_number=1,
                     update_kind=UpdateKind.YEARLY, created_by_id=yearbook.closing.staff.id, created_at=NOW)
        )  # fmt: skip
        keep(
            MaterialVersion(material_id=bare.id, number=1, state=MaterialState.PUBLISHED, share=100,
                            created_by_id=yearbook.closing.staff.id, created_at=NOW, published_on=date(YEAR, 3, 1))
        )  # fmt: skip

    page = yearbook.staff.get(f"{yearbook.base}/cases").get_data(as_text=True)

    assert f'name="case-{written}"' in page
    assert "只有素材" not in page

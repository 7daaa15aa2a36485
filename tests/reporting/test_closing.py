"""The closing report: from the need to the result, from records only."""

import pytest

from tests.reporting.conftest import words_of
from trainmgr.kernel.access import Role
from trainmgr.kernel.errors import RuleBroken
from trainmgr.reporting.closing import N_PARTS

assert RuleBroken


def test_the_report_tells_the_thread_from_the_need_to_the_result(closing):
    answer = closing.get(closing.staff, "/closing.docx")

    words = words_of(answer.data)
    assert answer.status_code == 200
    for told in ("设备点检", "岗位实习", "测试企业", "A 班", "120,000.00", "75.0%", "100.0%"):
        assert told in words
    assert "90.0%" in words  # nine of ten times there


def test_it_says_at_its_place_what_no_record_holds(closing):
    words = words_of(closing.get(closing.staff, "/closing.docx").data)

    assert "没有这方面的记录" in words
    assert "尚未结项" in words


def test_an_enterprise_reads_figures_of_its_own_trainees_only(closing):
    words = words_of(closing.get(closing.coordinator, "/closing.docx").data)

    assert "A 班" in words
    assert "未分班" not in words  # the other enterprise's trainee has no class
    assert "75.0%" not in words


def test_the_same_records_make_the_same_file(closing):
    first, second = (closing.get(closing.staff, "/closing.docx").data for _time in range(2))

    assert first == second


@pytest.mark.once
def test_the_page_names_the_sections_and_what_they_lack(closing, count_statements):
    page = closing.get(closing.staff).get_data(as_text=True)
    browser, boxes, counts = closing.world.signed_in(closing.staff), [], []
    for part in range(N_PARTS):
        with count_statements() as statements:
            answer = browser.get(closing.at(f"/sections?part={part}"), headers={"HX-Request": "true"})
        boxes.append(answer.get_data(as_text=True))
        counts.append(len(statements))

    assert "结项报告" in page
    assert "没有这方面的记录" in "".join(boxes)
    assert [f"part={part + 1}" in box for part, box in enumerate(boxes)] == [*[True] * (N_PARTS - 1), False]
    assert max(counts) <= 10, counts
    for path in ("/sections", f"/sections?part={N_PARTS}"):
        assert closing.get(closing.staff, path).status_code == 302


@pytest.mark.once
def test_the_report_is_not_for_teachers_and_hidden_from_strangers(closing):
    stranger = closing.world.user(Role.STAFF, closing.world.organization(name="别的学院"))

    assert closing.get(closing.teacher, "/closing.docx").status_code == 403
    assert closing.get(stranger, "/closing.docx").status_code == 404


def test_charts_are_word_s_own_with_a_sentence_for_who_cannot_see_them(closing):
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(closing.get(closing.staff, "/closing.docx").data)) as archive:
        names = archive.namelist()
        drawn, text = (
            archive.read("word/charts/report1.xml").decode(),
            archive.read("word/document.xml").decode(),
        )

    assert "word/embeddings/report1.xlsx" in names
    assert "externalData" in drawn
    assert "SimSun" in drawn
    assert "<c:v>3.5</c:v>" in drawn
    assert 'descr="' in text

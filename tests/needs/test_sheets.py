"""Spreadsheets of needs: templates, imports, the rows to correct, the export."""

from __future__ import annotations

import io

import pytest

from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.kernel.sheets import read_sheet
from trainmgr.needs import imports
from trainmgr.programs.rules import State

COMPETENCIES = "能力,英文名,维度,重要度,要求水平,现有水平,学时"
RATINGS = "编号,能力,重要度,达成度"
INDICATORS = "指标,单位,方向,权重,期望,现状值,标杆,标杆来源,标杆年份,关联能力"


def sheet(header, *rows):
    return "\n".join([header, *rows]).encode("utf-8-sig")


def send(browser, program, kind, data, name="表.csv"):
    return browser.post(
        f"/programs/{program.id}/needs/sheets/{kind}",
        data={"file": (io.BytesIO(data), name)},
        content_type="multipart/form-data",
    )


def counts(world):
    with world.app.app_context():
        job = db.session.query(Job).order_by(Job.id.desc()).first()
        return job.counts


def wrong_rows(browser, response):
    with browser.get(f"{response.headers['Location']}/to-correct.xlsx") as answer:
        assert answer.status_code == 200
        return read_sheet(answer.data, filename="wrong.xlsx").rows


def test_competencies_are_taken_in_and_the_same_file_twice_doubles_nothing(people, shown, world, signed_in):
    browser = signed_in(people.staff)
    data = sheet(
        COMPETENCIES,
        "故障诊断,Diagnosis,专业能力,4.5,4,2.333333,40",
        "读图,,,4,4,3.5,",
        "沟通,,社会能力,3,3,3,",
    )
    response = send(browser, people.program, "competencies", data)
    assert response.status_code == 302
    assert counts(world) == {"new": 3, "changed": 0, "same": 0, "wrong": 0}
    first = shown.named("故障诊断")
    assert (float(first.current_level), first.rank, first.required_hours) == (2.33, 1, 40)
    assert browser.get(response.headers["Location"]).status_code == 200

    send(browser, people.program, "competencies", data)
    assert counts(world) == {"new": 0, "changed": 0, "same": 3, "wrong": 0}
    assert len(shown.competencies) == 3
    assert shown.named("故障诊断").version == first.version

    send(browser, people.program, "competencies", sheet(COMPETENCIES, "读图,,,5,4,3.5,"))
    assert counts(world) == {"new": 0, "changed": 1, "same": 0, "wrong": 0}
    assert shown.named("读图").importance == 5


def test_wrong_rows_come_back_with_the_reason_and_right_ones_go_in(people, shown, world, signed_in):
    browser = signed_in(people.staff)
    data = sheet(
        COMPETENCIES,
        "故障诊断,,,4.5,4,2,",
        "读图,,,9,4,3,",
        "沟通,,胡说,3,3,3,",
        ",,,3,3,3,",
        "故障诊断,,,4,4,2,",
        "节拍,,,4,四,2,",
        "钳工,,,4,4,2,7.5",
    )
    response = send(browser, people.program, "competencies", data)
    assert counts(world) == {"new": 1, "changed": 0, "same": 0, "wrong": 6}
    rows = wrong_rows(browser, response)
    assert [row[0] for row in rows] == ["读图", "沟通", "", "故障诊断", "节拍", "钳工"]
    assert all(row[-1] for row in rows)
    assert [c.name for c in shown.competencies] == ["故障诊断"]


def test_ratings_become_means_and_few_respondents_are_marked(ready, shown, world, signed_in):
    browser = signed_in(ready.staff)
    people = range(1, 5)
    data = sheet(
        RATINGS,
        *[f"R{n},故障诊断,4.{n},2" for n in people],
        *[f"R{n},Diagnosis,3,2" for n in (7,)],
        *[f"R{n},读图,4,3" for n in people],
        "R1,没有这项,4,3",
        "R1,读图,4,3",
    )
    response = send(browser, ready.program, "ratings", data)
    assert counts(world) == {"new": 9, "changed": 0, "same": 0, "wrong": 2}
    assert len(wrong_rows(browser, response)) == 2
    diagnosis, drawing = shown.named("故障诊断"), shown.named("读图")
    assert (diagnosis.respondents, float(diagnosis.importance)) == (5, 4)
    assert (drawing.respondents, float(drawing.current_level)) == (4, 3)
    assert shown.analysis.respondents == 5
    page = browser.get(f"/programs/{ready.program.id}/needs", headers={"Accept-Language": "en"})
    assert page.text.count("only 4 rated it") == 1
    send(browser, ready.program, "ratings", data)
    assert counts(world)["same"] == 9
    # Means that come from people are not overwritten by a list of typed ones.
    send(browser, ready.program, "competencies", sheet(COMPETENCIES, "读图,,,5,4,3,"))
    assert counts(world) == {"new": 0, "changed": 0, "same": 0, "wrong": 1}


def test_more_than_a_request_takes_becomes_a_job(ready, shown, world, signed_in):
    browser = signed_in(ready.staff)
    rows = [f"R{n},{name},4,{1 + n % 3}" for n in range(1, 1201) for name in ("故障诊断", "读图")]
    response = send(browser, ready.program, "ratings", sheet(RATINGS, *rows, "R1,没有这项,4,3"))
    assert response.status_code == 302
    with world.app.app_context():
        job = db.session.query(Job).order_by(Job.id.desc()).first()
        assert (job.kind, job.state) == (imports.KIND, JobState.DONE)
        assert job.counts == {"new": 2400, "changed": 0, "same": 0, "wrong": 1}
    assert shown.analysis.respondents == 1200
    assert float(shown.named("读图").current_level) == 2
    assert len(wrong_rows(browser, response)) == 1
    assert browser.get(f"{response.headers['Location']}/box").status_code == 200


def test_indicators_are_taken_in_with_their_links(ready, shown, world, signed_in):
    browser = signed_in(ready.coordinator)
    data = sheet(
        INDICATORS,
        "一次合格率,%,越高越好,4,99,92,,,,故障诊断、读图",
        "投诉,件,less is better,,0,3,1,行业协会,2025,",
        "停机时间,分钟,lower,3,30,46,25,,,故障诊断",
        "错误,,higher,9,1,1,,,,",
        "无此能力,,higher,3,2,1,,,,没有这项",
    )
    response = send(browser, ready.program, "indicators", data)
    assert counts(world) == {"new": 2, "changed": 0, "same": 1, "wrong": 2}
    assert len(shown.named("一次合格率").links) == 2
    assert (shown.named("投诉").benchmark_year, shown.named("投诉").weight) == (2025, 3)
    assert len(wrong_rows(browser, response)) == 2
    assert send(browser, ready.program, "ratings", sheet(RATINGS, "R1,读图,4,3")).status_code == 403


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "leer.xlsx"),
        (b"PK\x03\x04broken", "kaputt.xlsx"),
        (b"<html></html>", "seite.csv"),
        (sheet("a,b", "1,2"), "fremd.csv"),
        (b"MZ\x90", "program.exe"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_at_the_field(people, shown, signed_in, data, name):
    response = send(signed_in(people.staff), people.program, "competencies", data, name)
    assert response.status_code == 422
    assert 'id="file-error"' in response.text
    assert shown.competencies == []


def test_without_a_file_the_form_says_so(people, signed_in):
    assert (
        signed_in(people.staff).post(f"/programs/{people.program.id}/needs/sheets/ratings").status_code == 422
    )
    assert signed_in(people.staff).get(f"/programs/{people.program.id}/needs/sheets/other").status_code == 404


@pytest.mark.parametrize("kind", ["competencies", "ratings", "indicators"])
def test_the_template_is_understood_when_it_comes_back(ready, world, signed_in, kind):
    browser = signed_in(ready.staff)
    template = browser.get(f"/programs/{ready.program.id}/needs/sheets/{kind}/template.xlsx")
    assert template.status_code == 200
    response = send(browser, ready.program, kind, template.data, "vorlage.xlsx")
    if kind == "ratings":  # the competencies stand there once; without a respondent each row is wrong
        assert counts(world) == {"new": 0, "changed": 0, "same": 0, "wrong": 2}
    assert response.status_code == 302


def test_no_more_than_fifty_competencies_go_in(people, shown, world, signed_in):
    rows = [f"能力{n},,,4,4,2," for n in range(53)]
    send(signed_in(people.staff), people.program, "competencies", sheet(COMPETENCIES, *rows))
    assert counts(world) == {"new": 50, "changed": 0, "same": 0, "wrong": 3}
    assert len(shown.competencies) == 50
    full = signed_in(people.staff).post(
        f"/programs/{people.program.id}/needs/competencies",
        data={
            "name": "多",
            "dimension": "method",
            "importance": "4",
            "required_level": "4",
            "current_level": "3",
        },
    )
    assert full.status_code == 409


def test_nothing_is_taken_in_after_a_signature_or_when_it_is_too_late(ready, world, signed_in):
    running = world.program(State.RUNNING)
    data = sheet(COMPETENCIES, "故障诊断,,,4.5,4,2,")
    assert send(signed_in(ready.staff), running, "competencies", data).status_code == 409


def test_the_result_of_an_import_is_for_the_programme_that_it_was_made_in(ready, world, signed_in):
    browser = signed_in(ready.staff)
    send(browser, ready.program, "competencies", sheet(COMPETENCIES, "故障诊断,,,9,4,2,"))
    other = world.program(State.ANALYSING)
    with world.app.app_context():
        job = db.session.query(Job).one()
    assert browser.get(f"/programs/{other.id}/needs/imports/{job.id}").status_code == 404
    assert browser.get(f"/programs/{other.id}/needs/imports/{job.id}/to-correct.xlsx").status_code == 404
    # The coordinator fills in the other side.
    assert (
        signed_in(ready.coordinator).get(f"/programs/{ready.program.id}/needs/imports/{job.id}").status_code
        == 403
    )
    stranger = world.user(Role.STAFF, world.organization())
    assert signed_in(stranger).get(f"/programs/{ready.program.id}/needs/imports/{job.id}").status_code == 404


def test_the_ranked_list_is_handed_out_as_a_spreadsheet(ready, signed_in):
    answer = signed_in(ready.coordinator).get(f"/programs/{ready.program.id}/needs/ranked-list.xlsx")
    table = read_sheet(answer.data, filename="liste.xlsx")
    assert [row[:2] for row in table.rows] == [["1", "故障诊断"], ["2", "读图"]]
    assert table.rows[0][9] == "9"
    assert "停机时间 46 → 25 分钟" in table.rows[0][-1]

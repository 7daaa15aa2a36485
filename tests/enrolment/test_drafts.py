"""A roster before it goes in: which column is which, its first rows as they will be read, and nothing written."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa
import xlsxwriter

from tests.enrolment.conftest import HEADER, id_number, person, workbook
from tests.enrolment.test_import import fields_of, program, send, staff, upload
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.drafts import SheetDraft, SheetMatching
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.intake import RowFault
from trainmgr.kernel.jobs import Job
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State

assert program, staff

PAGES = 10
ODD = ["花名", "证号", "编码", "分班"]  # no name that anybody foresaw


def rows_of(*serials):
    return [[f"学员{serial}", id_number(serial), f"S{serial:05}", "A 班"] for serial in serials]


def page_at(client, response):
    assert response.status_code == 302
    return client.get(response.location).get_data(as_text=True)


def count(session, model):
    session.expire_all()
    return session.scalar(sa.select(sa.func.count()).select_from(model))


def test_columns_are_matched_by_hand_and_the_choice_is_remembered_for_the_college(
    world, session, program, staff, signed_in
):
    sent = send(staff, program, workbook(rows_of(1, 2), ODD))
    page = page_at(staff, sent)
    assert "还缺：姓名" in page
    assert "学员1" in page
    assert id_number(1) not in page
    chosen = {"column-0": "name", "column-1": "id_number", "column-2": "student_number", "column-3": "cohort"}

    staff.post(sent.location, data=fields_of(page) | chosen | {"do": "begin"})

    assert count(session, Enrolment) == 2
    assert count(session, SheetDraft) == 0
    # The next file with this header needs nothing, nor do its wrong rows with their reasons beside them.
    again = page_at(staff, send(staff, program, workbook([*rows_of(3), ["无", "", "", ""]], [*ODD, "问题"])))
    assert "上次" in again
    assert "还缺" not in again
    partner = world.organization()
    beside = world.program(State.RECRUITING, partner=partner)
    stranger = signed_in(world.user(Role.STAFF, partner))
    assert "还缺：姓名" in page_at(
        stranger, send(stranger, beside, workbook(rows_of(4), ODD), college=partner)
    )


def test_the_first_rows_are_shown_as_they_will_be_read_and_nothing_is_written(session, program, staff):
    upload(staff, program, workbook([person(1), person(2, phone="")]))
    session.execute(sa.delete(RowFault))
    session.commit()
    rows = [person(1), person(2), person(3), person(4, id_number="5001032004"), *map(person, range(5, 30))]

    page = page_at(staff, send(staff, program, workbook(rows)))

    for words in (
        "已在名册，无变化",
        "已在名册，补填空项",
        "新学员入册",
        "退回",
        "18 位",
        "前 10 行",
        "29 行",
    ):
        assert words in page, words
    assert "学员10<" in page
    assert "学员11<" not in page
    assert count(session, Enrolment) == 2
    assert count(session, Job) == 1


def test_a_hidden_worksheet_is_named_and_another_one_can_be_chosen(session, program, staff):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        for name, serial in (("封面", None), ("一班", 1), ("二班", 2), ("底稿", 3)):
            page = book.add_worksheet(name)
            page.write_row(0, 0, HEADER if serial else ["2026 级"])
            if serial:
                page.write_row(1, 0, person(serial))
            if name == "底稿":
                page.hide()
    sent = send(staff, program, out.getvalue())
    page = page_at(staff, sent)
    assert "隐藏的工作表不读：底稿" in page
    assert "一班" in page

    other = staff.post(sent.location, data=fields_of(page) | {"sheet": "二班", "do": "begin"})
    assert count(session, Enrolment) == 0, "the sheet was changed: first look, then begin"
    page = page_at(staff, other)
    assert "学员2" in page
    staff.post(sent.location, data=fields_of(page) | {"do": "begin"})

    assert session.scalars(sa.select(Enrolment.name)).all() == ["学员2"]


def test_read_by_the_student_number_a_row_without_one_comes_back(session, program, staff):
    upload(staff, program, workbook([person(1), person(2, student_number="")]), key="student_number")

    assert session.scalars(sa.select(Enrolment.name)).all() == ["学员1"]
    assert "学号" in session.scalar(sa.select(RowFault.reason))


def test_the_gender_is_told_by_the_id_number_and_must_fit_it(session, program, staff):
    rows = [[*person(1), ""], [*person(2), "女"], [*person(3), "女"]]

    upload(staff, program, workbook(rows, [*HEADER, "性别"]))

    people = dict(session.execute(sa.select(User.name, User.gender).where(User.name.like("学员%"))).all())
    right = {f"学员{serial}": "MF"[int(id_number(serial)[16]) % 2 == 0] for serial in (1, 2, 3)}
    assert people == {name: right[name] for name in people}
    assert len(people) == 2
    assert "性别与证件号不符" in session.scalar(sa.select(RowFault.reason))


@pytest.mark.parametrize("name", ["名册.xlsx", "名册.csv"])
def test_a_file_that_cannot_be_read_is_told_on_its_page_and_can_be_deleted(session, program, staff, name):
    data = "姓名,学号\n".encode() if name.endswith("csv") else workbook([], HEADER)
    sent = send(staff, program, data, name)

    answer = staff.get(sent.location)

    assert answer.status_code == 422
    assert "没有" in answer.get_data(as_text=True)
    staff.post(f"{sent.location}/away")
    assert count(session, SheetDraft) == count(session, StoredFile) == 0


def test_a_draft_is_its_owners_and_goes_after_a_week(world, session, program, staff, signed_in):
    sent = send(staff, program, workbook([person(1)]))
    colleague = signed_in(world.user(Role.STAFF))
    assert colleague.get(sent.location).status_code == 404
    assert colleague.post(sent.location, data={"do": "begin", "column-0": "name"}).status_code == 404

    session.execute(sa.update(SheetDraft).values(created_at=utcnow() - timedelta(days=8)))
    session.commit()
    send(staff, program, workbook([person(2)]))

    assert count(session, SheetDraft) == count(session, StoredFile) == 1


def test_one_column_chosen_for_two_is_not_read(session, program, staff):
    sent = send(staff, program, workbook([person(1)]))

    answer = staff.post(sent.location, data={"column-0": "name", "column-1": "name", "do": "begin"})

    assert "姓名" in page_at(staff, answer)
    assert count(session, Enrolment) == count(session, SheetMatching) == 0


def test_the_page_of_a_draft_runs_ten_statements_even_for_known_people_with_levels(
    world, session, program, staff, count_statements
):
    world.competency(program, name="识图")
    header = [*HEADER, "识图"]
    upload(staff, program, workbook([[*person(serial), "2"] for serial in range(1, 6)], header))
    session.execute(sa.update(Program).where(Program.id == program.id).values(planned_size=6))
    session.commit()
    rows = [[*person(serial), "2" if serial < 5 else "3"] for serial in range(1, 9)]
    sent = send(staff, program, workbook(rows, header))

    with count_statements() as statements:
        page = staff.get(sent.location).get_data(as_text=True)

    # Four as they were, one whose level differs, one new in the last place, two without a place.
    assert page.count("已在名册，无变化") == 4
    assert page.count("新学员入册") == 1
    assert page.count("退回") == 3
    assert len(statements) <= PAGES, "\n".join(statements)


def test_a_class_whose_name_is_a_number_is_shown_by_its_name(world, program, staff):
    cohort = world.cohort(program, name="装调班")
    rows = [person(1, cohort=str(cohort.id))]

    page = page_at(staff, send(staff, program, workbook(rows)))

    table = page[page.index("<table") : page.index("</table>")]
    assert f">{cohort.id}</td>" in table
    assert "装调班" not in table

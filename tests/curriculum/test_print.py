"""The plan as a Word document: everything that both sides sign, to be printed and filed."""

from __future__ import annotations

import io

from docx import Document
from docx.enum.section import WD_ORIENT

from tests.factories import NOW
from trainmgr.curriculum import actions
from trainmgr.curriculum.queries import SUBJECT
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.signing import find_signatures


def printed(client, plans, query=""):
    response = client.get(f"/programs/{plans.program.id}/plan/plan.docx{query}")
    assert response.status_code == 200
    return Document(io.BytesIO(response.data))


def rows_of(table):
    return [[cell.text for cell in row.cells] for row in table.rows]


def words_of(document):
    cells = [cell for table in document.tables for row in rows_of(table) for cell in row]
    return [paragraph.text for paragraph in document.paragraphs] + cells


def test_a_signed_plan_is_printed_with_parties_signatures_modules_and_checks(plans, signed_in):
    plans.signed()
    document = printed(signed_in(plans.staff), plans)
    words = words_of(document)

    with plans.world.inside():
        plan = plans.plan()
        digests = {signature.digest for signature in find_signatures(SUBJECT, plans.edition().id)}
    assert len(digests) == 1
    assert words.count(digests.pop()) == 2
    for text in (*(f"{stage.number} {stage.name}" for stage in plan.stages), *(m.name for m in plan.modules)):
        assert text in words, text
    assert {plans.staff.name, plans.coordinator.name, "陈立", "57.8%"} <= set(words)


def test_the_matrix_lies_across_and_adds_up(plans, signed_in):
    plans.signed()
    document = printed(signed_in(plans.staff), plans)
    assert [each.orientation for each in document.sections] == [WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE]
    assert document.sections[1].page_width > document.sections[1].page_height

    with plans.world.inside():
        plan = plans.plan()
    matrix = [row for table in document.tables for row in rows_of(table) if "精密测量" in row[1:2]]
    printed_hours = sum(int(cell) for row in matrix for cell in row[2:-1] if cell)
    assert printed_hours == sum(h for (_m, c), h in plan.cells.items() if c == plans.competencies[0].id) == 24
    assert matrix[0][-1] == "24 / 24"


def test_the_next_edition_tells_its_reason_and_what_is_different(plans, signed_in):
    plans.signed()
    staff = signed_in(plans.staff)
    staff.post(f"/programs/{plans.program.id}/plan/next", data={"reason": "设备更新"})
    assert "与第 1 版" not in " ".join(words_of(printed(staff, plans, "?edition=1")))
    with plans.world.inside():
        module = plans.plan(2).modules[0]
        by = plans.person(plans.staff)
        actions.place_module(plans.of(), plans.edition(2), module.id, 5, None, by=by, now=NOW)
        db.session.commit()

    words = words_of(printed(staff, plans))
    assert "设备更新" in words
    assert [text for text in words if module.name in text and "1 → 5" in text]


def test_who_does_not_see_drafts_prints_none(plans, signed_in):
    plans.begin()
    trainee = plans.world.user(Role.TRAINEE)
    plans.world.enrolment(plans.program, user=trainee)
    response = signed_in(trainee).get(f"/programs/{plans.program.id}/plan/plan.docx")
    assert response.status_code == 404

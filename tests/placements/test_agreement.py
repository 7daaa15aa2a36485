"""The agreement as a document, trainees' sites for mentoring, and what should have begun, counted each day."""

from __future__ import annotations

import io
from datetime import timedelta

import sqlalchemy as sa
from docx import Document

from tests.factories import NOW, TODAY
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.mentoring.terms_models import TraineeSite
from trainmgr.placements import owed
from trainmgr.placements.models import PlacementSignature
from trainmgr.programs.models import Due


def text_of(data):
    document = Document(io.BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


def test_the_agreement_holds_the_terms_the_signatures_and_their_digest(scene):
    placement = scene.make_placement(site="二号车间")
    staff, trainee = scene.world.signed_in(scene.staff), scene.world.signed_in(scene.trainee)
    address = f"{scene.url}/{placement.id}"
    staff.post(f"{address}/sign", data={"number": "1"})
    assert f"{address}/agreement.docx" in staff.get(address).get_data(as_text=True)

    text = text_of(staff.get(f"{address}/agreement.docx").data)

    with scene.world.app.app_context():
        digest = db.session.scalars(sa.select(PlacementSignature.digest)).one()
    for words in (
        "二号车间",
        "数控装调",
        "测试学院",
        "测试企业",
        scene.enrolment.name,
        "4,500",
        digest,
        "尚未签署",
    ):
        assert words in text, words
    assert "4,500" in text_of(trainee.get(f"{address}/agreement.docx").data)
    stranger = scene.world.signed_in(scene.world.user(Role.TRAINEE))
    assert stranger.get(f"{address}/agreement.docx").status_code == 404


def test_a_signature_under_other_words_is_told_as_such(scene):
    placement = scene.make_placement(signed=tuple(owed.Signatory))
    staff = scene.world.signed_in(scene.staff)

    text = text_of(staff.get(f"{scene.url}/{placement.id}/agreement.docx").data)

    assert text.count("（内容不同）") == 3


def test_where_a_trainee_is_placed_mentoring_knows_it(scene):
    staff = scene.world.signed_in(scene.staff)
    terms = {
        "post": str(scene.post.id), "site": "三号车间", "starts_on": (TODAY + timedelta(days=5)).isoformat(),
        "ends_on": (TODAY + timedelta(days=90)).isoformat(), "pay": "4500",
    }  # fmt: skip
    answer = staff.post(f"{scene.url}/new", data=terms | {"id": str(scene.enrolment.id)})
    assert answer.status_code == 302, answer.get_data(as_text=True)[:3000]

    with scene.world.app.app_context():
        row = db.session.get(TraineeSite, scene.enrolment.id)
        assert (row.site, row.program_id) == ("三号车间", scene.program.id)


def test_what_should_have_begun_is_counted_each_day(scene):
    one, two = scene.make_trainee(), scene.make_trainee()
    for enrolment, days in ((one, 1), (two, 3)):
        scene.make_placement(enrolment, starts_on=TODAY + timedelta(days=days))
    amounts = []
    with scene.world.app.app_context():
        owed.renew(scene.program.id, NOW)
        for days in range(5):
            list(owed.look_for_starts(NOW + timedelta(days=days)))
            due = db.session.scalars(sa.select(Due).where(Due.code == owed.START)).one()
            amounts.append((due.visible_from <= TODAY + timedelta(days=days), due.amount))
        db.session.rollback()

    assert amounts == [(False, 1), (True, 1), (True, 1), (True, 2), (True, 2)]

"""The weekly change report: what began, changed and ended between Monday and Sunday, as page, Word and Excel."""

from __future__ import annotations

import io
from datetime import timedelta

from docx import Document

from tests.factories import TODAY
from trainmgr.kernel.sheets import read_sheet
from trainmgr.placements.models import ChangeKind, PlacementChange

MONDAY = TODAY - timedelta(days=TODAY.weekday())


def _rows(data):
    return list(read_sheet(data, filename="week.xlsx").rows)


def _week(scene):
    """One of each in this week, one the week before."""
    placement = scene.make_placement()
    scene.record(placement, ChangeKind.MADE, MONDAY)
    scene.record(placement, ChangeKind.STARTED, MONDAY)
    before = {
        "post": "旧岗位",
        "site": "",
        "starts_on": placement.starts_on.isoformat(),
        "pay_cents": 100_000,
    }
    scene.record(placement, ChangeKind.CHANGED, MONDAY + timedelta(days=6), reason="产线搬迁", before=before)
    scene.record(placement, ChangeKind.ENDED, MONDAY - timedelta(days=1), reason="上周的事")
    return placement


def test_the_page_holds_the_week_and_nothing_else(scene):
    _week(scene)
    staff = scene.world.signed_in(scene.staff)

    page = staff.get(f"{scene.url}/weekly").get_data(as_text=True)
    earlier = staff.get(f"{scene.url}/weekly?day={(MONDAY - timedelta(days=3)).isoformat()}").get_data(
        as_text=True
    )

    assert "产线搬迁" in page
    assert "旧岗位 → 数控装调" in page
    assert "上周的事" not in page
    assert "上周的事" in earlier
    assert "产线搬迁" not in earlier
    for nonsense in ("day=²", "day=0001-01-01", "day=9999-12-31"):
        assert staff.get(f"{scene.url}/weekly?{nonsense}").status_code == 200


def test_excel_and_word_say_the_same(scene):
    _week(scene)
    staff = scene.world.signed_in(scene.staff)

    rows = _rows(staff.get(f"{scene.url}/weekly.xlsx").data)
    document = Document(io.BytesIO(staff.get(f"{scene.url}/weekly.docx").data))

    assert len(rows) == 2
    assert rows[1][2] == "彭浩然"
    assert "旧岗位 → 数控装调" in rows[1][9]
    assert "1,000 元" in rows[1][9]
    (table,) = document.tables
    assert len(table.rows) == 3
    assert "产线搬迁" in table.rows[2].cells[4].text


def test_a_quiet_week_says_so(scene):
    staff = scene.world.signed_in(scene.staff)

    document = Document(io.BytesIO(staff.get(f"{scene.url}/weekly.docx").data))

    assert document.tables == []
    assert "本周没有变动" in "".join(one.text for one in document.paragraphs)


def test_a_coordinator_reads_the_own_trainees_only_and_a_trainee_none(scene):
    other = scene.world.organization(kind=scene.world.enterprise.kind, name="别家企业")
    foreign = scene.make_placement(scene.make_trainee(enterprise=other))
    scene.record(foreign, ChangeKind.STARTED, TODAY)
    _week(scene)
    coordinator = scene.world.signed_in(scene.coordinator)

    rows = _rows(coordinator.get(f"{scene.url}/weekly.xlsx").data)

    assert {row[2] for row in rows} == {"彭浩然"}
    assert scene.world.signed_in(scene.trainee).get(f"{scene.url}/weekly").status_code == 403


def test_the_step_tells_the_week_in_numbers_and_what_should_have_begun(scene, count_statements):
    _week(scene)
    scene.make_placement(scene.make_trainee(), starts_on=TODAY - timedelta(days=1))
    scene.make_placement(scene.make_trainee(), starts_on=TODAY + timedelta(days=1))
    staff = scene.world.signed_in(scene.staff)
    address = f"{scene.url}/weekly/numbers"

    assert f'hx-get="{address}"' in staff.get(f"/programs/{scene.program.id}/practice").get_data(as_text=True)
    with count_statements() as statements:
        line = staff.get(address, headers={"HX-Request": "true"}).get_data(as_text=True)

    assert "已开始 1 · 约定变更 1 · 已结束 0" in " ".join(line.split())
    assert "应开始未开始：2" in line  # the week's own begins today
    assert f'href="{scene.url}/weekly"' in line
    assert len(statements) <= 5
    assert staff.get(address).location == f"{scene.url}/weekly"
    trainee = scene.world.signed_in(scene.trainee)
    assert trainee.get(address).status_code == 403
    assert address not in trainee.get(f"/programs/{scene.program.id}/practice").get_data(as_text=True)


def test_what_had_not_begun_is_called_off_on_the_day_of_the_leaving(scene):
    planned = scene.make_placement(starts_on=TODAY + timedelta(days=40))
    data = {"id": [str(scene.enrolment.id)], "day": TODAY.isoformat(), "reason": "转学"}
    staff = scene.world.signed_in(scene.staff)

    assert staff.post(f"/programs/{scene.program.id}/roster/leave", data=data).status_code == 302

    with scene.world.inside() as session:
        (change,) = session.query(PlacementChange).filter_by(placement_id=planned.id).all()
        assert (change.kind, change.effective_on) == (ChangeKind.CALLED_OFF, TODAY)

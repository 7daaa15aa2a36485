"""An item's way: found, taken up, planned, shown, checked by another person; and what is refused on it."""

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY
from tests.improvement.conftest import LATER
from trainmgr.improvement.models import (
    ImprovementAside,
    ImprovementDeed,
    ImprovementItem,
    ImprovementProposal,
)
from trainmgr.improvement.rules import Deed, Phase, Source
from trainmgr.kernel.access import Role
from trainmgr.programs.models import Due, Program
from trainmgr.programs.rules import State


def test_an_open_gap_is_proposed_and_taken_up_once(loop):
    page = loop.text(loop.staff, "/findings")
    assert "间隙测量" in page
    assert "装配：" not in page  # its gap is closed
    new = loop.text(loop.staff, "/new", source="gap", key=f"competency:{loop.gap.id}")
    assert "3.00" in new  # what was reached

    item = loop.take_up()

    assert (item.source, item.phase, item.round, item.measure_ref) == (Source.GAP, Phase.PLAN, 1, "间隙测量")
    assert item.last_measure.n == 6
    assert item.last_measure.value == pytest.approx(3.0)
    (due,) = loop.all(Due, code="improvement-do")
    assert (due.user_id, due.subject_id, due.due_on.isoformat()) == (loop.teacher.id, item.id, LATER)
    assert f"competency%3A{loop.gap.id}" not in loop.text(loop.staff, "/findings")
    again = loop.post(
        loop.staff, "/new", source="gap", key=f"competency:{loop.gap.id}", title="又来", standard="4",
        doer=str(loop.teacher.id), due_on=LATER,
    )  # fmt: skip
    assert again.status_code == 409
    assert "又来" in again.get_data(as_text=True)
    assert len(loop.all(ImprovementItem)) == 1


def test_a_finding_set_aside_needs_a_reason_and_can_be_taken_up_after_all(loop):
    chosen = {"source": "gap", "key": f"competency:{loop.gap.id}"}
    assert loop.post(loop.staff, "/findings/aside", **chosen, reason=" ").status_code == 422
    assert loop.post(loop.staff, "/findings/aside", **chosen, reason="下一届换设备").status_code == 302
    assert loop.post(loop.second, "/findings/aside", **chosen, reason="再来").status_code == 409
    page = loop.text(loop.staff, "/findings")
    assert "下一届换设备" in page
    assert len(loop.all(ImprovementAside)) == 1
    loop.take_up()
    assert "下一届换设备" not in loop.text(loop.staff, "/findings")


def test_a_wrong_form_keeps_what_was_typed(loop):
    answer = loop.post(
        loop.staff, "/new", source="", key="", title="实训台不够", standard="", doer=str(10**6), due_on=LATER
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "实训台不够" in page
    assert loop.all(ImprovementItem) == []
    past = {"title": "台", "standard": "够", "doer": str(loop.teacher.id), "competency": ""}
    late = loop.post(loop.staff, "/new", **past, due_on=(TODAY - timedelta(days=1)).isoformat())
    assert late.status_code == 409


def test_it_is_not_closed_without_evidence(loop):
    item = loop.take_up()
    assert loop.post(loop.staff, f"/{item.id}/plan", version="1", measures="代写").status_code == 409
    loop.post(loop.teacher, f"/{item.id}/plan", version=str(item.version), measures="加练六次")
    item = loop.item()
    assert item.phase is Phase.DO
    check = {"version": str(item.version), "found": "settled"}
    assert loop.post(loop.second, f"/{item.id}/check", **check).status_code == 409  # nothing was handed in
    words = {"version": str(item.version), "note": "练过了"}
    bare = loop.post(loop.teacher, f"/{item.id}/report", **words)
    assert bare.status_code == 422
    assert "练过了" in bare.get_data(as_text=True)
    for link in (
        "https://example.com/x",
        "/static/app.css",
        "/nowhere/7",
        "javascript:alert(1)",
        "/improvement",
    ):
        assert loop.post(loop.teacher, f"/{item.id}/report", **words, link=link).status_code == 422
    wrong = {**words, "file": (io.BytesIO(b"MZ"), "x.exe")}
    assert loop.post(loop.teacher, f"/{item.id}/report", **wrong).status_code == 422
    assert loop.item().phase is Phase.DO
    link = f"http://localhost/programs/{loop.program.id}/result"
    assert loop.post(loop.teacher, f"/{item.id}/report", **words, link=link).status_code == 302
    item = loop.item()
    assert (item.phase, item.evidence_link) == (Phase.CHECK, f"/programs/{loop.program.id}/result")


@pytest.mark.parametrize(
    "change",
    [
        {"phase": "closed"},
        {"phase": "check"},
        {"phase": "closed", "evidence_note": "有", "checker_id": None},
        {"phase": "closed", "evidence_note": "有", "evidence_link": "/x", "checker_id": "doer"},
    ],
)
def test_the_database_closes_nothing_without_evidence_and_another_person(loop, change):
    item = loop.take_up()
    values = {key: item.doer_id if value == "doer" else value for key, value in change.items()}
    with loop.world.inside() as session, pytest.raises(sa.exc.IntegrityError):
        session.execute(
            sa.update(ImprovementItem.__table__)
            .where(ImprovementItem.__table__.c.id == item.id)
            .values(plan="有", **values)
        )


def test_another_person_checks_and_what_is_missing_is_said(loop):
    item = loop.to_check()
    assert loop.all(Due, code="improvement-do") == []
    (due,) = loop.all(Due, code="improvement-check")
    assert (due.organization_id, due.role) == (loop.world.college.id, Role.STAFF)
    back = {"version": str(item.version), "found": "back"}
    assert loop.post(loop.second, f"/{item.id}/check", **back, note="").status_code == 422
    assert loop.post(loop.second, f"/{item.id}/check", **back, note="缺照片").status_code == 302
    item = loop.item()
    assert item.phase is Phase.DO
    assert "缺照片" in loop.text(loop.teacher, f"/{item.id}")
    report = {"version": str(item.version), "note": "补照片", "file": (io.BytesIO(b"%PDF-1.4\n%y"), "p.pdf")}
    loop.post(loop.teacher, f"/{item.id}/report", **report)
    deed = loop.all(ImprovementDeed, deed=Deed.REPORTED)[-1]
    got = loop.world.signed_in(loop.second).get(loop.at(f"/{item.id}/evidence/{deed.id}"))
    assert got.data == b"%PDF-1.4\n%y"
    got.close()


def test_who_carried_it_out_does_not_check_it(loop):
    item = loop.take_up(doer=loop.staff)
    loop.post(loop.staff, f"/{item.id}/plan", version=str(item.version), measures="自己做")
    report = {
        "version": str(loop.item().version),
        "note": "做了",
        "link": f"/programs/{loop.program.id}/result",
    }
    loop.post(loop.staff, f"/{item.id}/report", **report)
    item = loop.item()
    check = {"version": str(item.version), "found": "settled"}
    assert loop.post(loop.staff, f"/{item.id}/check", **check).status_code == 409
    assert loop.post(loop.teacher, f"/{item.id}/check", **check).status_code == 403
    assert loop.post(loop.second, f"/{item.id}/check", **check).status_code == 302
    assert loop.post(loop.second, f"/{item.id}/check", **check).status_code == 409  # somebody was quicker
    assert loop.all(Due, code="improvement-check") == []


def test_a_closed_item_opens_again_as_its_next_round(loop):
    item = loop.settle()
    again = {"version": str(item.version), "reason": "又回落了", "due_on": LATER}
    assert loop.post(loop.staff, f"/{item.id}/reopen", **again).status_code == 302
    item = loop.item()
    assert (item.round, item.phase, item.evidence_note, item.checker_id) == (2, Phase.PLAN, "", None)
    first = [one for one in loop.all(ImprovementDeed) if one.round == 1 and one.deed is Deed.REPORTED]
    assert first[0].note == "加练记录"  # the round before keeps its evidence
    assert [one.user_id for one in loop.all(Due, code="improvement-do")] == [loop.teacher.id]


def test_a_deed_never_changes(loop):
    item = loop.take_up()
    with loop.world.inside() as session:
        session.query(ImprovementDeed).filter_by(item_id=item.id).one().note = "别的"
        with pytest.raises(Exception, match="办理记录不能修改"):
            session.flush()


def test_it_can_be_handed_over_with_a_reason(loop):
    item = loop.take_up()
    over = {"version": str(item.version), "doer": str(loop.second.id), "due_on": LATER}
    assert loop.post(loop.staff, f"/{item.id}/hand-over", **over, reason="").status_code == 422
    assert loop.post(loop.staff, f"/{item.id}/hand-over", **over, reason="换人带班").status_code == 302
    assert [one.user_id for one in loop.all(Due, code="improvement-do")] == [loop.second.id]


def test_it_goes_on_after_the_programme_is_closed_and_stays_in_the_inbox(loop):
    item = loop.take_up()
    with loop.world.inside() as session:
        from trainmgr.programs import dues

        dues.drop_all(loop.program.id, closed=True)
        session.get(Program, loop.program.id).state = State.CLOSED
        session.commit()
    assert len(loop.all(Due, code="improvement-do")) == 1
    assert loop.post(loop.teacher, f"/{item.id}/plan", version="1", measures="继续").status_code == 302


@pytest.mark.once
def test_lists_narrow_and_are_handed_out(loop):
    item = loop.take_up()
    assert item.title in loop.text(loop.teacher)
    with loop.world.inside() as session:
        session.get(ImprovementItem, item.id).due_on = TODAY - timedelta(days=3)
        session.commit()
    reader = loop.world.signed_in(loop.staff)
    for query, shown in (
        ({"late": "1"}, True),
        ({"phase": "closed"}, False),
        ({"mine": "1"}, False),
        ({"college": str(loop.world.college.id)}, True),
        ({"college": "999999"}, False),
        ({"department": "999999"}, False),
        ({"q": "间隙"}, True),
        ({"q": "没有的"}, False),
    ):
        page = reader.get("/improvement", query_string=query).get_data(as_text=True)
        assert (f"/improvement/{item.id}" in page) is shown, query
    book = reader.get("/improvement/items.xlsx?late=1")
    assert book.status_code == 200
    assert book.data[:2] == b"PK"
    stranger = loop.world.user(Role.STAFF, loop.world.organization(name="别的学院"))
    assert item.title not in loop.world.signed_in(stranger).get("/improvement").get_data(as_text=True)
    assert loop.world.signed_in(stranger).get(loop.at(f"/{item.id}")).status_code == 404


@pytest.mark.once
def test_pages_take_few_statements_whatever_stands_on_them(loop, count_statements):
    item = loop.settle()
    reader = loop.world.signed_in(loop.staff)
    reader.get("/")
    for path in ("", "/findings", "/effects", "/proposals", f"/{item.id}", "/new"):
        with count_statements() as statements:
            assert reader.get(loop.at(path)).status_code == 200
        assert len(statements) <= 10, (path, len(statements), statements)
    with count_statements() as statements:
        reader.get("/improvement")
    assert len(statements) <= 10


def test_an_item_by_hand_may_name_a_competency(loop):
    answer = loop.post(
        loop.staff, "/new", source="", key="", title="装配节拍慢", text="企业反映", standard="平均 4.5 级",
        competency="装配", doer=str(loop.teacher.id), due_on=LATER,
    )  # fmt: skip
    assert answer.status_code == 302
    item = loop.item()
    assert (item.source, item.finding, item.measure_ref) == (Source.HAND, "企业反映", "装配")
    assert "4.25" in loop.text(loop.staff, "/effects")
    assert loop.all(ImprovementProposal) == []
    assert NOW

"""Task sheets: proposed from a module, changed as leaves, printed with a code that leads to the log."""

from urllib.parse import parse_qs, urlsplit

import pypdfium2
import pytest
import sqlalchemy as sa
import zxingcpp

from tests.factories import NOW
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel import pdf
from trainmgr.kernel.access import Role
from trainmgr.kernel.errors import RuleBroken
from trainmgr.materials.models import TaskSheet
from trainmgr.practice.models import LogState, PracticeLog

FORM = {
    "title": "主轴径向跳动检测与调整",
    "aim": "会测量并调整主轴的径向跳动。",
    "steps": "读装配图\n清洗主轴\n" + "测量并记录数据，" * 20 + "完毕",
    "tools": "千分表",
    "safety": "停机上锁",
    "standard": "径向跳动 ≤ 0.01 mm",
    "records": "日期\n测量值",
}


@pytest.fixture
def sheet(signed_in, staff, plan, session):
    """A task sheet of the plan's first module."""
    program, modules = plan
    signed_in(staff).post(f"/programs/{program.id}/task-sheets", data=FORM | {"module": modules[0].lineage})
    return session.scalars(sa.select(TaskSheet)).one()


@pytest.fixture
def trainee(world, plan):
    person = world.user(Role.TRAINEE)
    world.enrolment(plan[0], user=person)
    return person


class Printed:
    """A PDF as somebody sees it: the text of each page, and the codes on it."""

    def __init__(self, data):
        document = pypdfium2.PdfDocument(data)
        try:
            self.texts = [page.get_textpage().get_text_range() for page in document]
            self.codes = [
                [code.text for code in zxingcpp.read_barcodes(page.render(scale=2).to_pil())]
                for page in document
            ]
        finally:
            document.close()


def printed(client, program, **query):
    response = client.get(f"/programs/{program.id}/task-sheets.pdf", query_string=query)
    assert response.status_code == 200
    return Printed(response.get_data())


def test_a_sheet_is_proposed_from_the_module_and_what_it_serves(signed_in, staff, plan):
    program, modules = plan

    page = signed_in(staff).get(f"/programs/{program.id}/task-sheets/new?module={modules[0].lineage}")

    text = page.get_data(as_text=True)
    assert 'value="主轴装调实训"' in text
    assert "训练能力：主轴装调" in text
    assert "主轴装调：达到 4 级（共 5 级）" in text
    assert "资讯：" in text


def test_a_printed_sheet_has_every_part_in_chinese_and_a_code_that_leads_to_its_log(
    signed_in, staff, plan, sheet
):
    found = printed(signed_in(staff), plan[0], id=sheet.id)

    text = "".join(found.texts).replace("\r\n", "")
    for words in (
        "任务单 1",
        "主轴径向跳动检测与调整",
        "会测量并调整",
        "读装配图",
        "千分表",
        "停机上锁",
        "≤ 0.01 mm",
        "完毕",
    ):
        assert words in text
    for heading in ("目标", "步骤", "工具与材料", "安全", "质量标准", "记录", "学员", "第 1 版"):
        assert heading in text
    assert found.codes == [[f"http://localhost/task-sheets/{sheet.id}/log"]]


def test_the_code_opens_the_log_form_filled_in_after_signing_in(
    signed_in, plan, sheet, trainee, app, staff, session
):
    program, modules = plan
    code = urlsplit(printed(signed_in(staff), program, id=sheet.id).codes[0][0])

    stranger = app.test_client().get(code.path)
    assert stranger.status_code == 302
    assert parse_qs(urlsplit(stranger.location).query)["next"] == [code.path]
    client = signed_in(trainee)
    page = client.get(code.path, follow_redirects=True).get_data(as_text=True)

    assert 'value="主轴径向跳动检测与调整"' in page
    assert f'<option selected value="{modules[0].id}">' in page
    assert '<option selected value="1">' in page


def test_a_draft_of_another_task_is_kept_and_a_new_form_begun(signed_in, plan, sheet, trainee, session):
    enrolment = session.scalars(sa.select(Enrolment).where(Enrolment.user_id == trainee.id)).one()
    draft = PracticeLog(
        program_id=plan[0].id, enrolment_id=enrolment.id, stage_number=1, day=NOW.date(), minutes=60,
        task="别的任务", state=LogState.DRAFT, created_at=NOW, client_key=f"{enrolment.id}:abc",
    )  # fmt: skip
    session.add(draft)
    session.commit()
    client = signed_in(trainee)

    page = client.get(f"/task-sheets/{sheet.id}/log", follow_redirects=True).get_data(as_text=True)

    assert 'value="主轴径向跳动检测与调整"' in page
    assert 'value="abc"' not in page
    assert 'value="别的任务"' in client.get("/logs/new").get_data(as_text=True)


def test_nonsense_in_the_address_of_a_log_fills_nothing_in(signed_in, plan, trainee):
    page = signed_in(trainee).get("/logs/new?module=99999&stage=77&task=" + "长" * 500).get_data(as_text=True)

    assert f'value="{"长" * 200}"' in page
    assert 'selected value="99999"' not in page


def test_a_mentor_who_scans_a_leaf_comes_to_the_sheet_itself(signed_in, plan, sheet, world):
    mentor = world.user(Role.ENTERPRISE_MENTOR)
    world.relation(plan[0], mentor, Role.ENTERPRISE_MENTOR)

    response = signed_in(mentor).get(f"/task-sheets/{sheet.id}/log")

    assert response.location.endswith(f"/programs/{plan[0].id}/task-sheets/{sheet.id}")


def test_somebody_of_another_programme_finds_nothing_behind_the_code(signed_in, sheet, world):
    other = world.program()
    person = world.user(Role.TRAINEE)
    world.enrolment(other, user=person)

    assert signed_in(person).get(f"/task-sheets/{sheet.id}/log").status_code == 404


def test_copies_are_leaves_of_their_own_up_to_a_limit(signed_in, staff, plan, sheet):
    client = signed_in(staff)

    assert len(printed(client, plan[0], id=sheet.id, copies=3).texts) == 3
    too_many = client.get(f"/programs/{plan[0].id}/task-sheets.pdf?id={sheet.id}&copies=61")
    none = client.get(f"/programs/{plan[0].id}/task-sheets.pdf")
    assert (too_many.status_code, none.status_code) == (409, 409)
    assert "最多 60 份活页" in too_many.get_data(as_text=True)


def test_a_file_for_a_class_stays_small_because_fonts_are_subset(signed_in, staff, plan, sheet):
    response = signed_in(staff).get(f"/programs/{plan[0].id}/task-sheets.pdf?id={sheet.id}&copies=40")

    assert len(response.get_data()) < 400_000


def test_a_change_is_a_new_edition_and_two_changes_at_once_are_told(signed_in, staff, plan, sheet, session):
    url = f"/programs/{plan[0].id}/task-sheets/{sheet.id}/edit"
    client = signed_in(staff)

    first = client.post(url, data=FORM | {"aim": "新目标", "version": "1"})
    second = client.post(url, data=FORM | {"aim": "另一目标", "version": "1"})

    assert (first.status_code, second.status_code) == (302, 409)
    assert "另一目标" in second.get_data(as_text=True)
    session.expire_all()
    assert (session.get(TaskSheet, sheet.id).aim, session.get(TaskSheet, sheet.id).version) == ("新目标", 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"safety": ""},
        {"steps": "\n".join("x" * 21)},
        {"tools": "长" * 201},
        {"records": "\n".join("abcdefg")},
    ],
)
def test_what_would_not_fit_on_a_leaf_is_refused_at_its_field(signed_in, staff, plan, sheet, wrong):
    url = f"/programs/{plan[0].id}/task-sheets/{sheet.id}/edit"

    assert signed_in(staff).post(url, data=FORM | wrong | {"version": "1"}).status_code == 422


def test_without_a_font_the_page_says_which_package_to_install(
    signed_in, staff, plan, sheet, monkeypatch, app
):
    monkeypatch.setattr(pdf, "FETCHED", "nowhere.otf")
    monkeypatch.setattr(pdf, "SYSTEM_FONTS", ())
    client = signed_in(staff)

    assert "fonts-noto-cjk" in client.get(f"/programs/{plan[0].id}/task-sheets").get_data(as_text=True)
    refused = client.get(f"/programs/{plan[0].id}/task-sheets.pdf?id={sheet.id}")
    assert refused.status_code == 409
    with app.test_request_context(), pytest.raises(RuleBroken):
        pdf.Paper("x")

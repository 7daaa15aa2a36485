"""From the opening of a window to a change of the next edition, in a real browser: the windows open by the clock, three
parties rate on phones and in the class's grid, those who are apart talk, the trainee reads why, the certificate is
checked by its QR without signing in, and a gap that stayed open becomes a change of the next plan.
"""

from __future__ import annotations

import io
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlsplit

import pypdfium2
import pytest
import sqlalchemy as sa
import zxingcpp
from playwright.sync_api import expect
from sqlalchemy.orm import selectinload

from tests.browsers import fits
from tests.evaluation.conftest import clock, make_stage
from trainmgr.curriculum.actions import create_first_edition
from trainmgr.evaluation import windows
from trainmgr.evaluation.models import Window
from trainmgr.evaluation.rules import Party
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.programs.creating import start_next_edition
from trainmgr.programs.queries import program_or_404
from trainmgr.programs.rules import State

__all__ = ["clock"]
CLASS = 6  # a gap over fewer than five is nobody's to tell
pytestmark = [pytest.mark.browser, pytest.mark.once]


@pytest.fixture
def people(world, clock, app, open_page, live_server):
    """A programme whose terminal window is planned, and a window or phone of everybody, opened when it is needed."""
    stage = make_stage(world, trainees=CLASS, opened=False)

    def opened(person, *, phone=False):
        page = open_page(phone=phone)
        (cookie,) = world.signed_in(person)._cookies.values()
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        return page

    def at(moment):
        """Let the clock stand there, and let it do what is due by then."""
        clock(moment)
        with app.app_context():
            windows.turn(moment)
            db.session.commit()

    with world.inside() as session:
        window = session.get_one(Window, stage.window_id)
        times = (window.opens_at, window.closes_at)
    return SimpleNamespace(stage=stage, opened=opened, at=at, opens=times[0], closes=times[1])


def press(page, selector):
    """Press a button and wait for the page that answers."""
    with page.expect_navigation():
        page.locator(selector).locator("visible=true").first.click()


def rate(page, address, mark):
    """Give the same mark everywhere and hand the rating in."""
    page.goto(address)
    fits(page)
    for question in page.locator("form[data-rating] fieldset.criterion").all():
        chosen = question.locator(f"input[type=radio][value='{mark}']")
        chosen.focus()
        chosen.press("Space")
    press(page, "form[data-rating] .savebar button.btn-primary")


def test_what_three_parties_judge_is_explained_certified_and_changes_the_next_plan(people, world, open_page):
    stage = people.stage
    base = f"/programs/{stage.program.id}"

    mentor = windows_open_by_the_clock(people)
    three_parties_rate(people, mentor)
    the_divergence_is_moderated(people, mentor)
    people.at(people.closes + timedelta(hours=1))
    the_result_is_explained(people)
    the_certificate_is_checked_without_signing_in(people, open_page, base)
    the_gap_changes_the_next_edition(people, world, base)


def windows_open_by_the_clock(people):
    """Before its day nobody is asked; on its day the mentor finds the rating in the inbox."""
    people.at(people.opens - timedelta(hours=1))
    early = people.opened(people.stage.mentor, phone=True)
    early.goto("/")
    expect(early.locator("main")).not_to_contain_text(f"评价 {CLASS} 名学员")
    people.at(people.opens + timedelta(hours=1))
    mentor = people.opened(people.stage.mentor, phone=True)
    mentor.goto("/")
    expect(mentor.locator("main")).to_contain_text(f"评价 {CLASS} 名学员")
    return mentor


def three_parties_rate(people, mentor):
    """Trainees and the mentor rate on phones, the teacher the whole class in its grid by keyboard."""
    stage = people.stage
    rate(people.opened(stage.trainees[0], phone=True), stage.url(Party.TRAINEE), 4)
    rate(mentor, stage.url(Party.ENTERPRISE), 2)
    for number in range(1, CLASS):
        for party in (Party.TRAINEE, Party.ENTERPRISE):
            assert stage.rate(party, number, mark=3).status_code == 302
    teacher = people.opened(stage.teacher)
    teacher.goto(f"/ratings/{stage.window_id}/grid/teacher")
    teacher.locator("[data-cell]").first.focus()
    questions = len(stage.questions(Party.TEACHER))
    for row in teacher.locator("table.rating-grid tbody tr").all():
        mark = "5" if stage.trainees[0].name in row.inner_text() else "3"
        for _question in range(questions):  # a digit moves on by itself, over the end of the row too
            teacher.keyboard.press(mark)
    press(teacher, ".savebar button.btn-primary")
    expect(teacher.locator("table.rating-grid")).to_contain_text("已交")


def the_divergence_is_moderated(people, mentor):
    """The mentor sees both ratings, and revises with a reason."""
    stage = people.stage
    mentor.goto(f"/programs/{stage.program.id}/moderations")
    press(mentor, "main table tbody a")
    fits(mentor)
    mentor.check("[name=answer][value=revise]", force=True)
    for choice in mentor.locator("main form select").all():
        choice.select_option("3")
    mentor.fill("[name=reason]", "看过成品，第一次打低了")
    press(mentor, "main form .actions button[type=submit]")
    expect(mentor.locator("main")).to_contain_text("看过成品")


def the_result_is_explained(people):
    """The trainee reads what happened, on a phone."""
    trainee = people.opened(people.stage.trainees[0], phone=True)
    trainee.goto("/my-result")
    fits(trainee)
    expect(trainee.locator("main")).to_contain_text("看过成品")
    expect(trainee.locator("main")).to_contain_text("强项")


def the_certificate_is_checked_without_signing_in(people, open_page, base):
    """Staff let all pass and issue; whoever scans the paper's code reads that it is valid."""
    staff = people.opened(people.stage.staff)
    staff.goto(f"{base}/result")
    press(staff, "form[action$='result/accept'] button")
    staff.goto(f"{base}/certificates")
    press(staff, "form[action$='certificates/issue-all'] button")
    staff.goto(f"{base}/certificates")
    press(staff, "main table tbody th a")
    paper = staff.context.request.get(f"{urlsplit(staff.url).path}/certificate.pdf").body()
    image = pypdfium2.PdfDocument(io.BytesIO(paper))[0].render(scale=3).to_pil()
    (code,) = zxingcpp.read_barcodes(image)
    stranger = open_page(phone=True)
    stranger.goto(urlsplit(code.text).path)
    fits(stranger)
    expect(stranger.locator("main")).to_contain_text("有效")


def the_gap_changes_the_next_edition(people, world, base):
    """A gap that stayed open is taken up, shown to be settled, and its change goes into a module of the next plan."""
    stage = people.stage
    staff, teacher = people.opened(stage.staff), people.opened(stage.teacher)
    staff.goto(f"{base}/improvement/findings")
    press(staff, "main table tbody a.btn-quiet")
    staff.fill("[name=standard]", "下一届平均达到 4 级")
    staff.select_option("[name=doer]", str(stage.teacher.id))
    staff.fill("[name=due_on]", (people.closes + timedelta(days=20)).date().isoformat())
    press(staff, ".savebar button.btn-primary")
    item = urlsplit(staff.url).path

    teacher.goto(item)
    teacher.fill("[name=measures]", "加练六次")
    press(teacher, "form[action$='/plan'] button")
    teacher.fill("[name=note]", "加练记录")
    teacher.set_input_files(
        "[name=file]", {"name": "记录.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%x"}
    )
    press(teacher, "form[action$='/report'] button")

    checker = people.opened(stage.staff)
    checker.goto(item)
    checker.check("[name=found][value=settled]", force=True)
    checker.fill("[name=change]", "这项能力增加 8 学时")
    press(checker, "form[action$='/check'] button")

    after = people.closes + timedelta(days=2)
    with world.app.test_request_context(), world.inside() as session:
        maker = session.scalars(
            sa.select(User).where(User.id == stage.staff.id).options(selectinload(User.memberships))
        ).one()
        following = start_next_edition(
            program_or_404(stage.program.id, maker), code="N-2", name="下一届", name_en="",
            starts_on=None, ends_on=None, planned_size=None, by=maker, now=after,
        )  # fmt: skip
        following.state = State.DESIGNING
        session.flush()
        create_first_edition(following, by=maker, now=after)
        session.commit()
        next_base = f"/programs/{following.id}"
    checker.goto(f"{next_base}/plan")
    expect(checker.locator("main")).to_contain_text("这项能力增加 8 学时")
    checker.goto(f"{next_base}/improvement/proposals")
    press(checker, "main table tbody a")
    checker.select_option("[name=module]", index=1)
    checker.fill("[name=hours]", "8")
    press(checker, "form[action$='/take'] button")
    checker.goto(f"{next_base}/improvement/proposals")
    expect(checker.locator("main")).to_contain_text("已纳入方案")

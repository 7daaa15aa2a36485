"""From the proposal to two classes, an announcement read on a phone, a suspension and the return, in a real browser."""

from __future__ import annotations

import pytest

from tests.browser.walking import Walker, accounts
from tests.browsers import fits
from trainmgr.kernel.access import Role
from trainmgr.programs.rules import State

pytestmark = pytest.mark.browser


@pytest.fixture
def people(world, app):
    """A running programme of twelve without classes; its staff and one trainee can sign in."""
    person = accounts(world, app)
    person(Role.STAFF, world.college, "liwen", "李雯")
    program = world.program(State.RUNNING)
    found = []
    for serial in range(12):
        if serial == 0:
            user = person(Role.TRAINEE, world.college, "peng", "彭浩然")
        else:
            user = world.user(Role.TRAINEE, gender="fm"[serial % 2], name=f"学员{serial:02}")
        found.append(world.enrolment(program, user=user, field=("机电", "数控")[serial % 2]))
    return program, found


def test_from_a_balanced_split_to_an_announcement_a_pause_and_the_return(people, open_page, screenshot):
    program, found = people
    base = f"/programs/{program.id}"
    staff = Walker(open_page, "liwen").sign_in()

    # Look at the balance before anything is done, then carry it out.
    staff.go(f"{base}/classes").press("a[href$='/classes/split']")
    staff.fill(source="none", count="2", names="A 班,B 班").press("main form.form button.btn-primary")
    staff.sees("分班方案", "不均衡度", "随机分班的平均", "A 班", "B 班")
    screenshot(staff.page, "split-1280")
    staff.send("/split/carry", reason="按入学水平均衡分班").sees("A 班", "B 班")
    cells = staff.page.locator("table.ledger tbody td.num").all_inner_texts()
    assert [cell.split()[0] for cell in cells] == ["6", "6"]

    # Tell the trainee's class something; the trainee reads it on a phone.
    staff.go(f"{base}/trainees/{found[0].id}")
    name = "A 班" if "A 班" in staff.text() else "B 班"
    staff.go(f"{base}/classes").press(f"th a:text-is('{name}')")
    form = "form[enctype='multipart/form-data']"
    staff.fill(form, title="周四到车间", text="带安全帽").press(f"{form} button[type=submit]")
    phone = Walker(open_page, "peng", phone=True).sign_in()
    phone.go("/my-classes").sees(name, "1 条未读")
    phone.press(f"main a:has-text('{name}')").sees("周四到车间", "带安全帽", "未读")
    fits(phone.page)
    screenshot(phone.page, "class-space-390")
    phone.press("article.post form button").sees("周四到车间")
    assert "未读" not in phone.text()
    staff.page.reload()
    staff.sees("已阅 1/6")

    # Suspended, with what will happen told first; then back.
    staff.go(f"{base}/trainees/{found[0].id}").press("a[href$='/standing/suspend']")
    staff.sees("将会怎样", "不再要求")
    staff.fill(reason="住院休养").press("main form.form button[type=submit]").sees("休学（中断）", "住院休养")
    staff.press("a[href$='/standing/resume']")
    staff.fill(reason="康复").press("main form.form button[type=submit]").sees("复学（恢复）", "在训")

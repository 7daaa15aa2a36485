"""What every other test relies on: nothing of one test is left for the next, and a faulty page is noticed."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask_login import current_user

from tests import browsers
from tests.factories import NOW
from tests.pages import faults
from tools import frontend
from trainmgr.identity.models import Organization, OrganizationKind

PAGE = '<!doctype html><html lang="zh-CN"><head><title>t</title></head><body><h1>t</h1>{}</body></html>'


def add_organization(session):
    organization = Organization(kind=OrganizationKind.COLLEGE, name="测试学院", created_at=NOW)
    session.add(organization)
    session.commit()
    return organization


@pytest.mark.parametrize("run", ["first", "second"])
def test_a_test_finds_nothing_of_another(run, app, session):
    instance = Path(app.config["INSTANCE_PATH"])
    assert session.scalar(sa.select(sa.func.count()).select_from(Organization)) == 0
    assert app.config["WTF_CSRF_ENABLED"] is False
    assert not (instance / "left").exists()

    assert add_organization(session).id == 1
    app.config["WTF_CSRF_ENABLED"] = True
    (instance / "left").mkdir()
    (instance / "left" / "over").write_text("x")


def test_what_a_test_arranges_is_seen_by_others_and_theirs_by_it(world, session):
    mine = add_organization(session)
    session.add(Organization(kind=OrganizationKind.COLLEGE, name="未提交", created_at=NOW))
    session.flush()

    theirs = world.college  # would wait for the lock of the open transaction
    with world.inside() as another:
        another.get(Organization, mine.id).name = "改名学院"
        another.commit()

    assert mine.name == "改名学院"
    assert theirs.id != mine.id
    assert session.scalar(sa.select(sa.func.count()).select_from(Organization)) == 3


def test_a_request_shares_neither_user_nor_session_with_the_test(app, session, client):
    seen = {}

    def look(error):
        seen["user"] = current_user.is_authenticated
        seen["session"] = session()

    # Not by the decorator: the application may have answered another test already, and refuses it then.
    listeners = app.teardown_request_funcs.setdefault(None, [])
    listeners.append(look)
    own = session()
    client.get("/healthz")
    listeners.remove(look)

    assert seen["user"] is False
    assert seen["session"] is not own


def test_a_command_runs_as_by_a_person(cli):
    result = cli("routes")

    assert result.exit_code == 0
    assert "/healthz" in result.output


def test_a_sound_page_passes():
    body = '<p id="a">一<br>二</p><label for="b">l</label><input id="b"><svg><title>x</title><path d="M0"/></svg>'

    assert faults(PAGE.format(body)) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<p id="a"></p><p id="a"></p>', "id 'a' stands 2 times"),
        ("<div><p></div>", "<p> is not closed before </div>"),
        ("</p>", "</p> closes nothing"),
        ("<div/>", "<div/> closes nothing in HTML"),
        ('<label for="a">l</label>', "label for names #a, which is not there"),
        ('<p style="color:red"></p>', "<p> has inline style or script"),
        ('<a href="/" onclick="x()">l</a>', "<a> has inline style or script"),
        ('<p class="a" class="b"></p>', "<p> has an attribute twice"),
        ("<h1>zwei</h1>", "2 main headings"),
    ],
)
def test_a_faulty_page_is_noticed(body, fault):
    found = faults(PAGE.format(body))

    assert len(found) >= 1
    assert any(entry.startswith(fault) for entry in found)


def test_a_page_needs_title_and_language():
    page = PAGE.format("").replace(' lang="zh-CN"', "").replace("<title>t</title>", "")

    assert faults(page) == ["no title", "no language"]


@pytest.mark.browser
def test_the_browser_gets_this_tests_database_and_every_front_end_file(page, session):
    add_organization(session)

    answer = page.goto("/healthz")

    assert answer.ok
    for names in frontend.FILES.values():
        for name in names.values():
            assert page.request.get(f"/static/vendor/{name}").ok, name


@pytest.mark.browser
def test_a_script_that_breaks_is_noticed(browser, live_server):
    problems = []
    page = browser.new_page()
    browsers.watch(page, problems)

    page.goto(f"{live_server.url}/healthz")
    with page.expect_event("pageerror"):
        page.evaluate("() => { setTimeout(() => { throw new Error('broken') }, 0) }")
    page.close()

    assert [problem for problem in problems if "broken" in problem]

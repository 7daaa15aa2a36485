"""Word of changes to one's sign-in: at once, in the night too, to the person only, without saying what was typed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.notices.conftest import MORNING
from trainmgr.identity import actions, managing
from trainmgr.identity.models import User
from trainmgr.kernel.audit import record
from trainmgr.notices.rules import Outcome, Topic
from trainmgr.notices.wording import DEEDS

NIGHT = MORNING + timedelta(hours=16)  # one in the morning in Shanghai


def change(office, at=NIGHT):
    with office.world.inside() as session:
        person = session.get(User, office.person.id)
        actions.change_password(person, "kiln-otter-47", now=at)
        session.commit()


def test_a_changed_password_is_told_at_once_even_at_night_and_to_who_wants_no_other_mail(office, post):
    office.setting(digest=False, reminders=False)

    change(office)
    office.tick(NIGHT + timedelta(minutes=1))

    (one,) = post.mails
    text = one.get_content()
    assert one["To"] == "li@example.com"
    assert one["Subject"] == "您的登录方式有变动"
    assert "您的密码已修改" in text
    assert "https://train.example.com/account" in text
    assert "kiln-otter-47" not in text


def test_a_reset_by_an_administrator_is_told_to_the_person_not_to_the_administrator(office, post):
    office.setting()
    office.setting(office.staff)
    with office.world.inside() as session:
        person, staff = session.get(User, office.person.id), session.get(User, office.staff.id)
        managing.reset_password(person, by=staff, now=NIGHT)
        session.commit()

    (message,) = office.messages(topic=Topic.ACCOUNT)

    assert message.user_id == office.person.id


def test_without_a_confirmed_address_nothing_is_planned(office, post):
    change(office)
    assert office.messages(topic=Topic.ACCOUNT) == []


def test_what_was_not_committed_is_not_told(office, post):
    office.setting()
    with office.world.inside() as session:
        actions.change_password(session.get(User, office.person.id), "kiln-otter-47", now=NIGHT)
        session.rollback()
    assert office.messages(topic=Topic.ACCOUNT) == []


@pytest.mark.parametrize("deed", sorted(DEEDS))
def test_each_kind_of_change_has_its_words(office, post, deed):
    office.setting(language="en")
    with office.world.inside() as session:
        person = session.get(User, office.person.id)
        record(deed, person, by=person, now=NIGHT, name=person.name)
        session.commit()

    office.tick(NIGHT + timedelta(minutes=1))

    assert [one.state for one in office.messages(topic=Topic.ACCOUNT)] == [Outcome.SENT]
    assert str(DEEDS[deed]) in " ".join(post.mails[0].get_content().split())


def test_the_account_page_shows_what_was_changed_and_by_whom(office):
    change(office)
    page = office.world.signed_in(office.person).get("/account").get_data(as_text=True)
    assert "登录方式的变动" in page
    assert "李老师设置了新密码" in page or "李老师" in page.split("登录方式的变动")[1]

"""The link by mail, taken by a small SMTP server of this test's own."""

from __future__ import annotations

import email
import email.policy
import re
import socket
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job
from trainmgr.links.models import MentorLink
from trainmgr.links.rules import MailState


class Post:
    """Takes mail and keeps it; answers the recipient as it is told, once each."""

    def __init__(self, answers: tuple[str, ...] = ()) -> None:
        self.answers = list(answers)
        self.mails: list[email.message.EmailMessage] = []
        self.tries = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _address = self.socket.accept()
            except OSError:
                return
            with line, line.makefile("rwb") as talk:
                self._talk(talk)

    def _talk(self, talk) -> None:
        def say(words: str) -> None:
            talk.write(words.encode() + b"\r\n")
            talk.flush()

        say("220 here")
        while received := talk.readline():
            word = received.strip().upper()
            if word.startswith(b"EHLO"):
                say("250 here")
            elif word.startswith(b"RCPT"):
                self.tries += 1
                say(self.answers.pop(0) if self.answers else "250 fine")
            elif word == b"DATA":
                say("354 go on")
                lines = []
                while (one := talk.readline()) != b".\r\n":
                    lines.append(one)
                self.mails.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
                say("250 taken")
            elif word == b"QUIT":
                say("221 bye")
                return
            else:
                say("250 fine")


@pytest.fixture
def post(doorway) -> Iterator[Post]:
    server = Post()
    doorway.world.app.config.update(
        SMTP_URL=f"smtp://127.0.0.1:{server.port}", MAIL_FROM="trainmgr@example.com", MAIL_PAUSES=(0, 0)
    )
    yield server
    server.socket.close()


def sealed(doorway) -> list[str | None]:
    with doorway.world.inside() as session:
        return list(session.scalars(sa.select(MentorLink.mail_sealed)))


def test_a_link_goes_by_mail_and_opens_while_its_code_does_not_travel_with_it(doorway, post):
    token, code, _link = doorway.give(mail="zhou@example.com")

    (mail,) = post.mails
    text = mail.get_content()
    assert mail["To"] == "zhou@example.com"
    assert re.search(r"/link/([\w-]+)", text)[1] == token
    assert code not in text
    link = doorway.link()
    assert (link.mail_state, link.mail_to) == (MailState.SENT, "z***@example.com")
    assert sealed(doorway) == [None]
    doorway.come_in(token, code)


def test_a_link_names_the_installation_as_the_world_knows_it(doorway, post):
    """Whoever gives it may have come by an address that is known on the campus alone."""
    doorway.world.app.config["PUBLIC_URL"] = "https://train.example.edu.cn"
    token, _code, _link = doorway.give(mail="zhou@example.com")
    assert f"https://train.example.edu.cn/link/{token}" in post.mails[0].get_content()


def test_a_server_that_is_busy_is_tried_again(doorway, post):
    post.answers = ["451 later", "451 later"]

    doorway.give(mail="zhou@example.com")

    assert (post.tries, len(post.mails)) == (3, 1)
    assert doorway.link().mail_state is MailState.SENT


@pytest.mark.parametrize(("answers", "tries"), [(["550 nobody here"], 1), (["451 later"] * 3, 3)])
def test_mail_that_is_not_taken_is_said_and_what_was_sealed_is_dropped(doorway, post, answers, tries, caplog):
    post.answers = answers

    token, code, link_id = doorway.give(mail="zhou@example.com")

    assert post.tries == tries
    assert doorway.link().mail_state is MailState.FAILED
    assert sealed(doorway) == [None]
    page = doorway.giver().get(f"/programs/{doorway.program.id}/links/{link_id}").get_data(as_text=True)
    assert "没有送达 z***@example.com" in page
    assert "zhou@example.com" not in caplog.text
    assert token not in caplog.text
    doorway.come_in(token, code)  # by another way it opens all the same


def test_an_address_that_no_mail_can_have_is_said_like_one_that_the_server_refuses(doorway, post):
    token, code, link_id = doorway.give(mail="zhou..jianguo@example.com")

    assert post.tries == 0
    assert doorway.link().mail_state is MailState.FAILED
    assert sealed(doorway) == [None]
    page = doorway.giver().get(f"/programs/{doorway.program.id}/links/{link_id}").get_data(as_text=True)
    assert "没有送达 z***@example.com" in page
    doorway.come_in(token, code)


def test_neither_address_nor_link_lies_open_while_the_mail_waits(doorway, post, monkeypatch):
    monkeypatch.setattr("trainmgr.kernel.jobs.queue.send", lambda job_id: None)

    token, _code, _link = doorway.give(mail="zhou@example.com")

    with doorway.world.inside() as session:
        job = session.scalars(sa.select(Job).where(Job.kind == "link-mail")).one()
        lying = [str(job.params), job.title]
    lying += [value or "" for value in sealed(doorway)]
    assert lying[-1]
    assert not any(token in text or "zhou@example.com" in text for text in lying)
    assert post.mails == []


def test_a_link_that_is_revoked_before_its_mail_went_is_not_sent(doorway, post, monkeypatch):
    from trainmgr.kernel.jobs import running

    monkeypatch.setattr("trainmgr.kernel.jobs.queue.send", lambda job_id: None)
    _token, _code, link_id = doorway.give(mail="zhou@example.com")
    doorway.giver().post(f"/programs/{doorway.program.id}/links/{link_id}/revoke")

    with doorway.world.app.app_context():
        running.execute(db.session.scalars(sa.select(Job.id).where(Job.kind == "link-mail")).one())

    assert post.mails == []


def test_without_a_server_the_page_says_so_and_asks_for_no_address(doorway):
    page = doorway.giver().get(f"/programs/{doorway.program.id}/links/new").get_data(as_text=True)

    assert 'name="mail"' not in page
    assert "没有配置邮件发送" in page
    token, code, _link = doorway.give(mail="zhou@example.com")  # typed all the same: nothing is planned
    assert doorway.link().mail_state is MailState.NONE
    doorway.come_in(token, code)

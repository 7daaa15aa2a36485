"""Webhooks: told of deeds from the outbox, signed, tried again, never into our own network."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY, keep
from trainmgr.api import sending
from trainmgr.api.models import Webhook, WebhookDelivery, WebhookTopic
from trainmgr.api.rules import MOST_TRIES, DeliveryState, Event, next_try, signature
from trainmgr.api.webhooks import publish
from trainmgr.enrolment.hooks import Joining, tell_joined
from trainmgr.kernel import dialing, outward
from trainmgr.kernel.access import Role
from trainmgr.kernel.crypto import encrypt
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import keep_time
from trainmgr.practice import actions
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.programs.queries import program_or_404
from trainmgr.programs.rules import Side, State


@pytest.fixture
def program(world):
    world.app.config["CLOCK"] = lambda: NOW
    return world.program(State.RUNNING)


@pytest.fixture
def trainee(world, program):
    return world.enrolment(program, mentor=world.user(Role.ENTERPRISE_MENTOR))


@pytest.fixture
def make_webhook(world):
    def make(organization=None, events=tuple(Event), **values):
        staff = world.user()
        with world.app.app_context():
            return keep(
                Webhook(
                    organization_id=(organization or world.college).id, name="数据中台", by_id=staff.id, by_name="x",
                    at=NOW,
                    secret_sealed=encrypt("geheim"), topics=[WebhookTopic(event=one) for one in events],
                    **{"url": "https://hooks.example.com/in?x=1"} | values,
                )
            )  # fmt: skip

    return make


@pytest.fixture
def world_outside(monkeypatch):
    """What was sent, and the statuses that are answered; the name leads to a public address."""
    sent, answers = [], []

    def request(url, body, headers):
        sent.append((url, body, headers))
        found = answers.pop(0) if answers else 200
        if isinstance(found, Exception):
            raise found
        return found, b""

    monkeypatch.setattr(dialing, "post", request)
    return sent, answers


def deliveries(world):
    with world.inside() as session:
        rows = session.query(WebhookDelivery).order_by(WebhookDelivery.id).all()
        session.expunge_all()
        return rows


def tick(world, now=NOW):
    with world.app.app_context():
        keep_time(now)


def log_of(world, trainee, days=1):
    with world.app.app_context():
        return keep(
            PracticeLog(
                program_id=trainee.program_id, enrolment_id=trainee.id, stage_number=1, minutes=480, task="x",
                day=TODAY - timedelta(days=days), state=LogState.SUBMITTED, created_at=NOW, submitted_at=NOW,
                side=Side.ENTERPRISE, signer_id=trainee.enterprise_mentor_id,
            )
        )  # fmt: skip


def sign(world, trainee, logs, *, fail=False):
    """Sign logs as the mentor, one by its page or many at once."""
    with world.app.test_request_context():
        from trainmgr.api.door import _person

        mentor = _person(trainee.enterprise_mentor_id)
        program = program_or_404(trainee.program_id, mentor, steps=False)
        if len(logs) == 1:
            log = db.session.get(PracticeLog, logs[0].id)
            db.session.refresh(log, ["enrolment"])
            actions.sign_log(program, log, by=mentor, now=NOW)
        else:
            actions.sign_many(program, [log.id for log in logs], by=mentor, now=NOW)
        db.session.rollback() if fail else db.session.commit()


# --- the outbox ----------------------------------------------------------------------------------------------


def test_a_signed_log_is_put_into_the_outbox_in_the_transaction_of_the_signature(
    world, trainee, make_webhook
):
    webhook, log = make_webhook(), log_of(world, trainee)
    sign(world, trainee, [log], fail=True)
    assert deliveries(world) == []

    sign(world, trainee, [log])

    (one,) = deliveries(world)
    assert (one.webhook_id, one.event, one.subject_id) == (webhook.id, Event.LOG_SIGNED, log.id)
    assert (one.program_id, one.enrolment_id) == (trainee.program_id, trainee.id)


def test_many_logs_signed_at_once_are_an_event_each(world, trainee, make_webhook):
    make_webhook()
    logs = [log_of(world, trainee, days) for days in (1, 2, 3)]

    sign(world, trainee, logs)

    assert {one.subject_id for one in deliveries(world)} == {log.id for log in logs}


def test_who_joins_is_told_of(world, program, make_webhook):
    make_webhook(events=[Event.ENROLMENT_ADMITTED])
    people = [world.enrolment(program) for _ in range(2)]
    with world.app.app_context():
        tell_joined(Joining(program.id, [one.id for one in people], NOW))
        db.session.commit()

    assert {one.subject_id for one in deliveries(world)} == {one.id for one in people}


def test_a_webhook_hears_what_it_asked_for_of_trainees_whom_its_organisation_sees(
    world, program, trainee, make_webhook
):
    elsewhere = world.organization(name="别的企业", kind=world.enterprise.kind)
    heard = make_webhook(world.enterprise, [Event.LOG_SIGNED])
    make_webhook(elsewhere, [Event.LOG_SIGNED])
    make_webhook(world.enterprise, [Event.CERTIFICATE_ISSUED])
    make_webhook(world.enterprise, [Event.LOG_SIGNED], active=False)

    sign(world, trainee, [log_of(world, trainee)])

    assert [one.webhook_id for one in deliveries(world)] == [heard.id]


# --- sending -------------------------------------------------------------------------------------------------


def put(world, trainee, event=Event.LOG_SIGNED):
    with world.app.app_context():
        one = sa.select(sa.literal(7).label("subject"), sa.literal(trainee.id).label("enrolment"))
        publish(event, one, NOW)
        db.session.commit()


def test_a_delivery_is_signed_with_its_moment_and_holds_ids_only(world, trainee, make_webhook, world_outside):
    sent, _answers = world_outside
    webhook = make_webhook()
    put(world, trainee)

    tick(world)
    tick(world, NOW + timedelta(minutes=1))

    ((url, body, headers),) = sent
    assert url == webhook.url
    told = json.loads(body)
    assert told == {
        "id": 1, "event": "log.signed", "at": NOW.isoformat(), "program_id": trainee.program_id,
        "enrolment_id": trainee.id, "log_id": 7,
    }  # fmt: skip
    moment, mark = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", headers["Trainmgr-Signature"]).groups()
    assert int(moment) == int(NOW.timestamp())
    assert mark == hmac.new(b"geheim", f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    assert deliveries(world)[0].state is DeliveryState.SENT


def test_what_is_not_taken_goes_again_with_longer_pauses_and_is_given_up_at_last(
    world, trainee, make_webhook, world_outside
):
    sent, answers = world_outside
    make_webhook()
    put(world, trainee)
    now, pauses = NOW, []
    for _try in range(MOST_TRIES):
        answers.append(503)
        tick(world, now)
        (one,) = deliveries(world)
        pauses.append((one.not_before - now) / timedelta(minutes=1))
        tick(world, now + timedelta(seconds=30))  # too early
        now = one.not_before

    assert pauses[:-1] == [1, 5, 30, 120, 360, 1440]
    assert len(sent) == MOST_TRIES
    assert (one.state, one.fault) == (DeliveryState.FAILED, "it answered 503")


@pytest.mark.once
def test_the_pauses_end():
    assert next_try(MOST_TRIES, NOW) is None
    assert next_try(1, NOW) == NOW + timedelta(minutes=1)
    assert signature("a", b"x", 1) != signature("b", b"x", 1) != signature("b", b"x", 2)


def test_a_receiver_that_is_down_holds_nobody_else_up(world, trainee, make_webhook, world_outside):
    sent, answers = world_outside
    down, other = make_webhook(url="https://down.example.com/"), make_webhook()
    put(world, trainee)
    put(world, trainee)
    answers.append(dialing.NotTaken("it was not reached (TimeoutError)", final=False))

    tick(world)

    assert [url for url, _body, _headers in sent] == [down.url, other.url, other.url]
    states = [one.state for one in deliveries(world) if one.webhook_id == down.id]
    assert states == [DeliveryState.WAITING] * 2


def test_a_long_backlog_of_one_receiver_stands_in_nobodys_way(
    world, trainee, make_webhook, world_outside, monkeypatch
):
    sent, answers = world_outside
    monkeypatch.setattr(sending, "_EACH", 2)
    down = make_webhook(url="https://down.example.com/")
    for _ in range(4):
        put(world, trainee)
    other = make_webhook()
    put(world, trainee)
    answers.append(500)

    tick(world)

    assert [url for url, _body, _headers in sent] == [down.url, other.url]


def test_a_delivery_whose_worker_died_goes_again_after_ten_minutes(
    world, trainee, make_webhook, world_outside
):
    sent, _answers = world_outside
    make_webhook()
    put(world, trainee)
    with world.inside() as session:
        session.execute(sa.update(WebhookDelivery).values(state=DeliveryState.SENDING, claimed_at=NOW))
        session.commit()

    tick(world, NOW + timedelta(minutes=9))
    assert sent == []
    tick(world, NOW + timedelta(minutes=11))
    assert len(sent) == 1


def test_what_waits_for_a_webhook_that_was_switched_off_is_dropped(
    world, trainee, make_webhook, world_outside
):
    sent, _answers = world_outside
    webhook = make_webhook()
    put(world, trainee)
    with world.inside() as session:
        session.get(Webhook, webhook.id).active = False
        session.commit()

    tick(world)

    assert sent == []
    assert deliveries(world)[0].state is DeliveryState.DROPPED


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["8.8.8.8", "10.0.0.7"], ["169.254.169.254"], ["::1"], ["::ffff:192.168.1.1"], []],
)
def test_a_name_that_leads_into_our_own_network_is_never_called(
    world, trainee, make_webhook, monkeypatch, addresses
):
    called = []
    monkeypatch.setattr(outward, "addresses_of", lambda host, port: addresses)
    monkeypatch.setattr("urllib3.util.connection.create_connection", lambda *args, **_: called.append(args))
    make_webhook()
    put(world, trainee)

    tick(world)

    assert called == []
    assert deliveries(world)[0].fault == "the name leads into a network that is not public"


def test_the_connection_goes_to_the_address_that_was_checked_and_no_redirect_is_followed(
    world, trainee, make_webhook, monkeypatch
):
    """The name is looked up once: what it means a moment later (DNS rebinding) is not asked."""
    asked, called = [], []

    def look_up(host, port):
        asked.append(host)
        return ["93.184.216.34"] if len(asked) == 1 else ["127.0.0.1"]

    def connect(address, *_, **__):
        called.append(address)
        raise TimeoutError

    monkeypatch.setattr(outward, "addresses_of", look_up)
    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    make_webhook()
    put(world, trainee)

    tick(world)

    assert asked == ["hooks.example.com"]
    assert called == [("93.184.216.34", 443)]
    assert dialing.refusal_of(302).final


# --- pages ---------------------------------------------------------------------------------------------------

FORM = {
    "name": "数据中台",
    "url": "https://hooks.example.com/in",
    "events": ["log.signed"],
    "active": "y",
    "version": "1",
}


@pytest.fixture
def browser(world):
    return world.signed_in(world.user(Role.ADMINISTRATOR))


def test_a_webhook_is_set_up_with_a_secret_that_is_shown_once(world, browser):
    place = f"/integrations/{world.college.id}/webhooks"
    made = browser.post(f"{place}/new", data=FORM)
    secret = re.search(r'id="once" value="([^"]+)"', made.get_data(as_text=True))[1]

    with world.inside() as session:
        webhook = session.query(Webhook).one()
        key = webhook.id
        assert secret not in webhook.secret_sealed
    assert secret not in browser.get(f"{place}/{key}").get_data(as_text=True)
    again = browser.post(f"{place}/{key}/secret").get_data(as_text=True)
    assert re.search(r'id="once" value="([^"]+)"', again)[1] != secret


@pytest.mark.once
@pytest.mark.parametrize(
    "url",
    ["http://hooks.example.com/", "https://", "https://a:b@hooks.example.com/", "https://hooks.example.com:8443/",
     "ftp://hooks.example.com/", "https://[::1", "https://hooks.example.com/#x", "https://钩子.example.com/"],
)  # fmt: skip
def test_an_address_that_may_never_be_called_is_refused_at_once(world, browser, url):
    answer = browser.post(f"/integrations/{world.college.id}/webhooks/new", data=FORM | {"url": url})

    assert answer.status_code == 422


def test_a_change_of_an_old_version_is_refused(world, browser, make_webhook):
    webhook = make_webhook()
    place = f"/integrations/{world.college.id}/webhooks/{webhook.id}"

    assert browser.post(place, data=FORM | {"version": "9"}).status_code == 409
    assert browser.post(place, data=FORM).status_code == 302
    with world.inside() as session:
        assert [topic.event for topic in session.query(WebhookTopic)] == [Event.LOG_SIGNED]


def test_what_was_sent_is_sent_again_from_its_page(world, browser, trainee, make_webhook, world_outside):
    sent, _answers = world_outside
    webhook, other = make_webhook(), make_webhook(url="https://other.example.com/")
    put(world, trainee)
    tick(world)
    place = f"/integrations/{world.college.id}/webhooks/{webhook.id}/deliveries"
    mine, theirs = (one.id for one in deliveries(world))

    browser.post(place, data={"id": [mine, theirs, "²"]})
    tick(world, NOW + timedelta(minutes=1))

    assert [json.loads(body)["id"] for _url, body, _headers in sent].count(mine) == 2
    assert [url for url, _body, _headers in sent].count(other.url) == 1
    assert "已送达" in browser.get(place).get_data(as_text=True)

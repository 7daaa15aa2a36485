"""Limits and counts that all hosts share: in Redis where there is one, and as well as can be where it is away."""

import subprocess
import sys
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import NOW, keep
from tests.redises import REDIS_HINT, RedisServer, redis_is_possible
from trainmgr.api import pace as api_pace
from trainmgr.api.models import ApiToken
from trainmgr.identity.models import SignInAttempt
from trainmgr.kernel import pace, shared
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.pace import Pace
from trainmgr.kernel.shared import Away, Shared, kept
from trainmgr.operation import state
from trainmgr.operation.state import Level
from trainmgr.recruitment import knocking

pytestmark = pytest.mark.skipif(not redis_is_possible(), reason=REDIS_HINT)
ADDRESS = "203.0.113.7"


@pytest.fixture(scope="module")
def server():
    running = RedisServer()
    yield running
    running.end()


@pytest.fixture
def redis(server):
    """The server's content, empty at first."""
    from redis import Redis

    with Redis.from_url(server.url) as client:
        client.flushall()
        yield client


@pytest.fixture
def own_server():
    """A server that this test may end."""
    running = RedisServer()
    yield running
    running.end()


@pytest.fixture
def joined(app, monkeypatch):
    """Join the application to a Redis, as another host would be that is started now: `joined(server)`."""
    made = []

    def join(server):
        app.config["REDIS_URL"] = server.url
        monkeypatch.setitem(app.extensions, "shared", Shared(app))
        monkeypatch.setitem(app.extensions, "shelf", shared.Shelf())
        api_pace.forget()
        made.append(app.extensions["shared"])
        return made[-1]

    app.config["CLOCK"] = lambda: NOW
    yield join
    for one in made:
        one._client.close()
    api_pace.forget()


@pytest.fixture
def person(world):
    return world.user(Role.STAFF, username="liwenjing")


def wrong_sign_in(client):
    data = {"name": "liwenjing", "password": "guess-guess-1"}
    return client.post("/sign-in", data=data, environ_overrides={"REMOTE_ADDR": ADDRESS}).status_code


def rows():
    return db.session.scalar(sa.select(sa.func.count(SignInAttempt.id)))


# --- with Redis -----------------------------------------------------------------------------------


def test_failed_sign_ins_count_on_every_host_and_leave_no_rows(
    client, session, person, server, redis, joined
):
    joined(server)
    first = [wrong_sign_in(client) for _ in range(3)]
    joined(server)
    second = [wrong_sign_in(client) for _ in range(3)]

    assert (first, second) == ([422, 422, 422], [422, 422, 429])
    assert rows() == 0


def test_the_right_password_clears_the_account_but_not_the_address(app, session, server, redis, joined):
    from trainmgr.identity.signing_in import FAILURES

    joined(server)
    FAILURES.note(NOW, account_key="a", address_key="here")

    FAILURES.forget("account_key", ["a"])

    since = NOW - timedelta(hours=1)
    assert FAILURES.counted("account_key", ["a"], since=since) == []
    assert FAILURES.counted("address_key", ["here"], since=since) == [(1, NOW)]


@pytest.mark.parametrize("in_redis", [True, False], ids=["Redis", "the table"])
def test_both_places_count_alike(app, session, server, redis, joined, in_redis):
    if in_redis:
        joined(server)
    tally = knocking.KNOCKS["check"]
    for minutes in (20, 10, 0):
        tally.note(NOW - timedelta(minutes=minutes), address_key="a")
    tally.note(NOW, address_key="b")
    knocking.KNOCKS["apply"].note(NOW, address_key="a")

    def counted(*keys, minutes):
        return sorted(tally.counted("address_key", keys, since=NOW - timedelta(minutes=minutes)))

    assert counted("a", minutes=30) == [(3, NOW)]
    assert counted("a", minutes=20) == [(2, NOW)]  # what is exactly so old no longer counts
    assert counted("a", "b", "c", "", minutes=15) == [(1, NOW), (2, NOW)]
    assert counted(minutes=15) == []


def test_of_many_who_ask_at_once_as_many_are_taken_as_the_limit_says(app, server, redis, joined):
    joined(server)
    limit, taken = Pace(30, timedelta(hours=1), "test"), []

    def ask():
        with app.app_context():
            taken.extend(limit.takes("a", NOW) for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (taken.count(True), taken.count(False)) == (30, 50)


def test_a_pace_begins_anew_with_its_next_window(app, server, redis, joined):
    joined(server)
    limit = Pace(1, timedelta(minutes=1), "test")
    with app.app_context():
        assert [limit.takes("a", NOW), limit.takes("a", NOW), limit.takes("b", NOW)] == [True, False, True]
        assert limit.takes("a", NOW + timedelta(minutes=1))


def test_a_token_asks_as_often_as_it_may_over_all_hosts_together(app, session, server, redis, joined):
    taken = []
    for _host in range(3):
        joined(server)
        taken += [api_pace.takes(7, 25, NOW) for _ in range(10)]

    assert taken == [True] * 25 + [False] * 5
    assert api_pace.takes(7, 25, NOW + timedelta(minutes=1))


def test_nothing_readable_lies_in_redis_and_everything_there_ends_by_itself(
    client, session, person, server, redis, joined
):
    joined(server)
    wrong_sign_in(client)
    client.get("/calendar/a-private-token.ics", environ_overrides={"REMOTE_ADDR": ADDRESS})
    api_pace.takes(7, 25, NOW)

    names = [name.decode() for name in redis.scan_iter()]
    held = [redis.zrange(name, 0, -1) if redis.type(name) == b"zset" else redis.get(name) for name in names]

    assert len(names) == 5
    assert all(redis.ttl(name) > 0 for name in names)
    assert not any(word in f"{names} {held}" for word in (ADDRESS, "a-private-token", "liwenjing"))


def test_another_installation_on_the_same_redis_counts_for_itself(app, server, redis, joined):
    joined(server)
    stranger = Flask("another")
    stranger.config.update(SECRET_KEY="of another installation", REDIS_URL=server.url)
    shared.init_app(stranger)

    with app.app_context():
        ours = [pace.asked("test", "a", NOW, timedelta(minutes=1)) for _ in range(2)]
    with stranger.app_context():
        theirs = pace.asked("test", "a", NOW, timedelta(minutes=1))
    stranger.extensions["shared"]._client.close()

    assert (ours, theirs) == ([1, 2], 1)


# --- without it -----------------------------------------------------------------------------------


def test_while_redis_is_away_failures_count_in_the_table(client, session, person, own_server, joined):
    joined(own_server)
    own_server.stop()

    statuses = [wrong_sign_in(client) for _ in range(6)]

    assert statuses == [422] * 5 + [429]
    assert rows() == 5


def test_a_redis_that_takes_connections_and_says_nothing_counts_as_away(
    client, session, person, own_server, joined
):
    joined(own_server)
    own_server.freeze()

    statuses = [wrong_sign_in(client) for _ in range(6)]

    assert statuses == [422] * 5 + [429]


def test_a_redis_that_did_not_answer_is_left_alone_for_a_while_and_then_asked_again(app, own_server, joined):
    place, asked = joined(own_server), []
    own_server.stop()

    def work(redis):
        asked.append(1)
        return redis.incr("n")

    for _ in range(5):
        with pytest.raises(Away):
            place.ask(work)
    assert len(asked) == 1

    own_server.start()
    place._silent_until = 0.0  # the pause is over
    assert place.ask(work) == 1


def test_a_token_is_counted_in_the_database_while_redis_is_away(app, session, person, own_server, joined):
    token = keep(
        ApiToken(user_id=person.id, name="x", digest="d" * 64, beginning="tm_", scopes=[], per_minute=20,
                 created_at=NOW, expires_at=NOW + timedelta(days=1))
    )  # fmt: skip
    session.commit()
    joined(own_server)
    own_server.stop()

    assert [api_pace.takes(token.id, 20, NOW) for _ in range(21)] == [True] * 20 + [False]


def test_a_full_redis_that_takes_nothing_more_counts_as_away(client, session, person, own_server, joined):
    place = joined(own_server)
    place.ask(lambda redis: redis.config_set("maxmemory", "1"))

    statuses = [wrong_sign_in(client) for _ in range(6)]

    assert statuses == [422] * 5 + [429]
    assert rows() == 5


# --- values kept for a moment ----------------------------------------------------------------------


@pytest.mark.parametrize("in_redis", [True, False], ids=["Redis", "the process"])
def test_a_value_that_is_worth_it_is_made_once(app, server, redis, joined, in_redis):
    if in_redis:
        joined(server)
    made = []

    def value(worth, parts=("a",)):
        def make():
            made.append(parts)
            return 7

        return kept("test", parts, 60, make, worth=lambda _: worth)

    with app.app_context():
        assert [value(False), value(False), value(True), value(True)] == [7] * 4
        assert len(made) == 3
        assert value(True, ("b",)) == 7
        assert made[-1] == ("b",)
        assert (redis.dbsize() == 2) is in_redis


def test_every_host_finds_what_another_kept(app, server, redis, joined):
    with app.app_context():
        joined(server)
        kept("test", ["a"], 60, lambda: 7, worth=lambda _: True)
        joined(server)
        assert kept("test", ["a"], 60, lambda: 8, worth=lambda _: True) == 7


# --- how it is told -------------------------------------------------------------------------------


def told(app):
    assert state._redis in state.LOOKS
    with app.app_context():
        return state._redis(NOW)


def test_the_check_tells_how_redis_is(app, own_server, joined):
    level, text = told(app)
    assert (level, "database" in text) == (Level.OK, True)

    place = joined(own_server)
    assert told(app)[0] is Level.OK

    place.ask(lambda redis: redis.config_set("maxmemory", "100mb"))
    place.ask(lambda redis: redis.config_set("maxmemory-policy", "allkeys-lru"))
    level, text = told(app)
    assert (level, "noeviction" in text) == (Level.WARNING, True)

    own_server.stop()
    level, text = told(app)
    assert (level, "does not answer" in text) == (Level.FAULT, True)


@pytest.mark.once
def test_an_installation_without_the_client_is_told_what_to_install():
    code = """
import sys
sys.modules["redis"] = None
from flask import Flask
from trainmgr.kernel import shared
app = Flask("x")
app.config.update(SECRET_KEY="x", REDIS_URL="redis://127.0.0.1:1/0")
shared.init_app(app)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "pip install -r requirements-redis.txt" in ended.stderr

"""What is asked of the world outside: never a network of ours, never twice the same name."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

from trainmgr.kernel import outward

pytestmark = pytest.mark.once


class Inner(BaseHTTPRequestHandler):
    """A server of our own network."""

    def do_GET(self):
        self.server.seen.append(dict(self.headers))
        status, body, location = self.server.answers.get(self.path, (200, b"inner", ""))
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_):
        pass


@pytest.fixture
def inner():
    server = HTTPServer(("127.0.0.1", 0), Inner)
    server.seen, server.answers = [], {}
    server.url = f"http://inner.test:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def named(app, monkeypatch):
    """The configuration names the host, and the name means this machine."""
    monkeypatch.setattr(outward, "addresses_of", lambda host, port: ["127.0.0.1"])
    monkeypatch.setitem(app.config, "ALLOW_INWARD", "other.test, INNER.test")


@pytest.fixture
def ask(app):
    def get(url, **options):
        with app.app_context(), outward.session() as session:
            return session.get(url, **options)

    return get


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://0/",
        "https://user:word@example.com/",
        "https://exa mple.com/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com:99999/",
        "https:///nowhere",
        "",
    ],
)
def test_an_address_that_leads_inward_or_nowhere_is_refused(ask, url):
    with pytest.raises(requests.RequestException):
        ask(url)


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["93.184.216.34", "192.168.0.7"],
        ["::1"],
        ["fe80::1"],
        ["64:ff9b::7f00:1"],
        [],
    ],
)
def test_a_name_one_of_whose_addresses_is_not_public_is_refused(ask, monkeypatch, found):
    monkeypatch.setattr(outward, "addresses_of", lambda host, port: found)
    with pytest.raises(outward.Refused, match="not public"):
        ask("https://rebound.test/")


def test_a_name_is_resolved_once_and_the_connection_goes_where_it_led(app, inner, named, monkeypatch):
    asked = []
    monkeypatch.setattr(
        outward, "addresses_of", lambda host, port: asked.append(host) or ["127.0.0.1"][len(asked) - 1 :]
    )
    with app.app_context():
        answer = outward.send("POST", f"{inner.url}/hook", data=b"{}", headers={"X-Mark": "1"})

    assert answer.content == b"inner"
    assert asked == ["inner.test"]
    assert inner.seen[0]["Host"] == f"inner.test:{inner.server_port}"
    assert inner.seen[0]["X-Mark"] == "1"


def test_an_inner_host_is_reached_only_where_the_configuration_names_it(app, inner, named, ask):
    assert ask(inner.url).status_code == 200
    app.config["ALLOW_INWARD"] = "other.test"
    with pytest.raises(outward.Refused):
        ask(inner.url)
    assert len(inner.seen) == 1


def test_a_redirect_is_shown_and_not_followed(inner, named, ask):
    inner.answers["/away"] = (302, b"", f"{inner.url}/secret")
    assert ask(f"{inner.url}/away").status_code == 302
    assert len(inner.seen) == 1


def test_an_answer_that_does_not_end_is_not_read(inner, named, ask):
    inner.answers["/long"] = (200, b"x" * (outward.MOST_BYTES + 1), "")
    with pytest.raises(outward.TooMuch):
        ask(f"{inner.url}/long")


def test_no_proxy_of_the_environment_is_asked(inner, named, ask, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert ask(inner.url).content == b"inner"


def test_the_certificate_must_be_that_of_the_name(app, monkeypatch):
    """The pool connects to the checked address and judges the certificate by the name."""
    monkeypatch.setattr(outward, "addresses_of", lambda host, port: ["93.184.216.34"])
    with app.app_context(), outward.session() as session:
        adapter = session.get_adapter("https://example.com/")
        request = session.prepare_request(requests.Request("GET", "https://example.com/x"))
        host, pool = adapter.build_connection_pool_key_attributes(request, True)
    assert host["host"] == "93.184.216.34"
    assert pool["server_hostname"] == pool["assert_hostname"] == "example.com"
    assert pool["cert_reqs"] == "CERT_REQUIRED" or pool.get("ssl_context") is not None

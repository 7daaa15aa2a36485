"""Somebody with work due and a confirmed address, a mail server and a robot's server of this test's own."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.factories import World, keep
from tests.links.test_mail import Post
from trainmgr.kernel import outward
from trainmgr.kernel.access import Role
from trainmgr.kernel.crypto import encrypt
from trainmgr.kernel.jobs import keep_time
from trainmgr.notices.models import NoticeMessage, NoticeRobot, NoticeSetting
from trainmgr.notices.rules import RobotKind, Topic
from trainmgr.programs.models import Due
from trainmgr.programs.rules import State

HOST = "robot.example.com"
# A Tuesday in November 2026 that is a working day in Shanghai, at nine in the morning there.
MORNING = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@dataclass
class Office:
    """Who is there, and the clock in the tests' hands."""

    world: World
    program: Any
    person: Any
    staff: Any
    now: datetime = MORNING

    def tick(self, at: datetime | None = None) -> None:
        """Let the worker's minute pass twice at a moment: what the first one plans, the second one sends."""
        self.now = at or self.now
        with self.world.app.app_context():
            keep_time(self.now)
            keep_time(self.now)

    def all(self, kind: Any, **filters: Any) -> list[Any]:
        """Return all rows of a kind that fit."""
        with self.world.inside() as session:
            rows = (
                session.query(kind).filter_by(**filters).order_by(*kind.__table__.primary_key.columns).all()
            )
            session.expunge_all()
            return rows

    def messages(self, **filters: Any) -> list[NoticeMessage]:
        """Return the outbox."""
        return self.all(NoticeMessage, **filters)

    def setting(self, user: Any = None, **values: Any) -> None:
        """Confirm an address for somebody straight away."""
        with self.world.app.app_context():
            keep(
                NoticeSetting(user_id=(user or self.person).id, mail_sealed=encrypt("li@example.com"),
                              mail_masked="l***@example.com", confirmed_at=MORNING, **values)
            )  # fmt: skip

    def due(self, days: int, user: Any = None, **values: Any) -> None:
        """Let something be due from somebody."""
        day = MORNING.date() + timedelta(days=days)
        key = f"{days}{user and user.id}{values}"
        with self.world.app.app_context():
            keep(
                Due(key=key[:120], program_id=self.program.id, user_id=(user or self.person).id, visible_from=day.min,
                    **{"code": "plan-tasks", "due_on": day, "params": {}} | values)
            )  # fmt: skip

    def robot(self, kind: RobotKind = RobotKind.WECOM, secret: str = "", **values: Any) -> Any:
        """Set a robot of the college up straight away."""
        with self.world.app.app_context():
            return keep(
                NoticeRobot(
                    organization_id=self.world.college.id, name="教务群", host=HOST, by_id=self.staff.id, by_name="x",
                    url_sealed=encrypt(f"https://{HOST}/cgi-bin/webhook/send?key=abc"), at=MORNING, kind=kind,
                    secret_sealed=encrypt(secret) if secret else None,
                    **{"topics": [one.value for one in Topic]} | values,
                )
            )  # fmt: skip


@pytest.fixture
def office(world: World) -> Office:
    world.app.config["CLOCK"] = lambda: made.now
    world.app.config["PUBLIC_URL"] = "https://train.example.com"
    staff = world.user()
    program = world.program(State.RUNNING, created_by=staff, name="电池装配")
    person = world.user(Role.SCHOOL_TEACHER, name="李老师")
    world.relation(program, person, Role.SCHOOL_TEACHER)
    made = Office(world, program, person, staff)
    return made


@pytest.fixture
def post(office: Office) -> Iterator[Post]:
    server = Post()
    office.world.app.config.update(
        SMTP_URL=f"smtp://127.0.0.1:{server.port}", MAIL_FROM="trainmgr@example.com"
    )
    yield server
    server.socket.close()


@dataclass
class Group:
    """What a robot's server was told, and what it answers."""

    port: int = 0
    answers: list[tuple[int, Any]] = field(default_factory=list)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


def _certificate(folder: Any) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "robot.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return str(path)


@pytest.fixture
def group(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Group]:
    """A robot's server with a certificate in the name of its host; the checks of addresses let it through."""
    made, certificate = Group(), _certificate(tmp_path)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            made.told.append((self.path, json.loads(self.rfile.read(length))))
            made.headers = dict(self.headers)
            status, answer = made.answers.pop(0) if made.answers else (200, {"errcode": 0, "errmsg": "ok"})
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", "https://elsewhere.example.com/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    made.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    session = outward.session

    def trusting() -> Any:
        made_session = session()
        made_session.verify = certificate
        return made_session

    monkeypatch.setattr(outward, "session", trusting)
    monkeypatch.setattr(outward, "addresses_of", lambda host, port: ["127.0.0.1"])
    monkeypatch.setattr(outward, "is_public", lambda address: True)
    monkeypatch.setattr(
        "urllib3.util.connection.create_connection",
        lambda address, *_, **__: socket.create_connection((address[0], made.port)),
    )
    yield made
    server.shutdown()
    server.server_close()


Tick = Callable[..., None]

"""Looks for faults at length: `python tools/probe.py [--demo] [api] [pages] [uploads] [lifecycle]`, all without a name.

*api*: schemathesis sends what the OpenAPI document allows and what it forbids. *pages*: wapiti crawls as a signed-in
member of staff and attacks what it finds. Both are strangers' programs, each in an environment of its own under
`instance/probe/`; they ask an installation of their own in a temporary folder on a free port of the loopback, with the
tests' world that has one of everything (the small demo with `--demo`). *uploads*: every file of `tests/safety/` is sent
to every entrance. *lifecycle*: its state machine runs for longer. Ends with 1 on any finding.
"""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROBES = ROOT / "instance" / "probe"
NAME, PASSWORD = "liwenjing", "peixun-demo-2026"  # the demo's, told in the README
# What a server on the loopback cannot have: TLS is the proxy's (ops/nginx.conf).
OF_TLS = ("Strict-Transport-Security", "Secure flag is not set")
ATTACKS = "cookieflags,crlf,csp,exec,file,http_headers,permanentxss,redirect,sql,xss,xxe"
MINUTES = 2
PATIENCE = 20 * 60  # seconds until a program that does not end has failed
EXAMPLES = "60"  # runs of the lifecycle's state machine

MAKE_WORLD = """
from tests.factories import World
from tests.populated import populate
from trainmgr import create_app
from trainmgr.identity.passwords import hash_password
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
app = create_app({"HUEY_IMMEDIATE": True})
made = populate(World(app))
with app.app_context():
    staff = db.session.get_one(User, made.people[Role.STAFF].id)
    staff.username, staff.password_hash = %r, hash_password(%r)
    db.session.commit()
"""

MAKE_ACCESS = """
from datetime import UTC, datetime
import sqlalchemy as sa
from trainmgr import create_app
from trainmgr.api.models import ApiToken
from trainmgr.api.rules import SCOPES
from trainmgr.api.tokens import TokenFacts, make_own
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
with create_app().app_context():
    user = db.session.scalars(sa.select(User).where(User.username == %r)).one()
    token, text = make_own(user, TokenFacts("probe", SCOPES, 2), now=datetime.now(UTC))
    token.per_minute = 1_000_000
    db.session.commit()
    print(text)
"""


def environment_of(name: str) -> Path:
    """Return the folder of a probe's programs, installed there unless they are."""
    folder, wanted = PROBES / name, ROOT / "tools" / f"requirements-{name}.txt"
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [
            str(folder / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        subprocess.run([*pip, "-r", str(wanted)], check=True, timeout=PATIENCE)
        stamp.write_text(wanted.read_text())
    return folder / "bin"


@contextmanager
def installation(*, demo: bool) -> Iterator[tuple[str, dict[str, str]]]:
    """Serve a world of its own; yields the address and the environment of its commands."""
    with tempfile.TemporaryDirectory(prefix="trainmgr-probe-") as folder:
        settings = os.environ | {
            "TRAINMGR_INSTANCE_PATH": folder,
            "TRAINMGR_SECRET_KEY": "only for this probe",
        }
        for name in [name for name in settings if name.endswith("_URL")]:
            settings.pop(name)
        flask = [sys.executable, "-m", "flask", "--app", "run"]
        make = [*flask, "demo", "load", "--small"]
        if not demo:
            make = [sys.executable, "-c", MAKE_WORLD % (NAME, PASSWORD)]
        for command in ([*flask, "db", "upgrade"], make):
            subprocess.run(command, cwd=ROOT, env=settings, check=True, timeout=PATIENCE)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = f"--interface wsgi --host 127.0.0.1 --port {port} --no-ws --blocking-threads 5 run:app"
        server = subprocess.Popen([sys.executable, "-m", "granian", *options.split()], cwd=ROOT, env=settings)
        try:
            yield wait_for(f"http://127.0.0.1:{port}"), settings
        finally:
            server.terminate()
            server.wait(timeout=30)


def wait_for(address: str) -> str:
    """Wait until the server answers, and return its address."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5):  # noqa: S310  our own server
                return address
        except OSError:
            time.sleep(0.2)
    raise SystemExit("The server did not answer within five minutes.")


def probe_api(address: str, settings: dict[str, str]) -> int:
    """Let schemathesis ask as a member of staff with all scopes; returns its exit code."""
    token = subprocess.run(
        [sys.executable, "-c", MAKE_ACCESS % NAME],
        cwd=ROOT,
        env=settings,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    command = [
        str(environment_of("schemathesis") / "schemathesis"), "--config-file", "tests/api/schemathesis.toml", "run",
        f"{address}/api/v1/openapi.json", "-H", f"Authorization: Bearer {token}",
        "--phases", "coverage,fuzzing,stateful", "--max-examples", "10", "--seed", "20261129", "--workers", "1",
        "--generation-database", "none", "--request-timeout", "60",
    ]  # fmt: skip
    return subprocess.run(command, cwd=ROOT, check=False, timeout=PATIENCE).returncode


def probe_pages(address: str, _settings: dict[str, str]) -> int:
    """Let wapiti crawl and attack as a member of staff; returns 1 when it reports anything but what is TLS's."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            str(environment_of("wapiti") / "wapiti"), "-u", f"{address}/", "-C", signed_in(address),
            "-x", f"{address}/sign-out*", "-x", f"{address}/account/*", "-m", ATTACKS, "-d", "4",
            "--max-links-per-page", "40", "--max-files-per-dir", "4", "--max-scan-time", str(MINUTES * 60),
            "--max-attack-time", "20", "-f", "json", "-o", str(report), "--flush-session", "--no-bugreport", "-v", "1",
            "--store-session", folder, "--store-config", folder,
        ]  # fmt: skip
        subprocess.run(command, cwd=ROOT, check=True, timeout=PATIENCE)
        found = findings(json.loads(report.read_text()))
    for line in found:
        print(line)
    return int(bool(found))


def signed_in(address: str) -> str:
    """Sign in by the form and return the session's cookie."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    with opener.open(f"{address}/sign-in") as page:
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())
    fields = {"csrf_token": token[1] if token else "", "name": NAME, "password": PASSWORD}
    with opener.open(f"{address}/sign-in", urllib.parse.urlencode(fields).encode()) as page:
        if "/sign-in" in page.url:
            raise SystemExit("The probe could not sign in.")
    return "; ".join(f"{one.name}={one.value}" for one in jar)


def findings(report: dict[str, dict[str, list[dict[str, str]]]]) -> list[str]:
    """Return a line for each finding of wapiti's report, without what only a proxy with TLS can give."""
    told = []
    for group in ("vulnerabilities", "anomalies"):
        for kind, found in report.get(group, {}).items():
            told += [
                f"{kind}: {one['method']} {one['path']} {one['info']}"
                for one in found
                if not any(words in one["info"] for words in OF_TLS)
            ]
    return told


def probe_uploads() -> int:
    """Send every file that was made to do harm to every entrance; returns 1 when one breaks, hangs or swells."""
    return subprocess.run([sys.executable, "-m", "tests.safety.trying"], cwd=ROOT, check=False).returncode


def probe_lifecycle() -> int:
    """Let the state machine of the lifecycle run for longer, each time from another beginning."""
    settings = os.environ | {"TRAINMGR_SAFETY_EXAMPLES": EXAMPLES}
    command = [sys.executable, "-m", "pytest", "-q", "tests/safety/test_lifecycle.py"]
    return subprocess.run(command, cwd=ROOT, env=settings, check=False).returncode


SERVED = {"api": probe_api, "pages": probe_pages}
ALONE = {"uploads": probe_uploads, "lifecycle": probe_lifecycle}


def main(arguments: list[str]) -> int:
    """Run the probes that are named, or all; returns 1 when one found something or did not end."""
    demo = "--demo" in arguments
    named = [name for name in arguments if name != "--demo"] or [*SERVED, *ALONE]
    if unknown := set(named) - {*SERVED, *ALONE}:
        raise SystemExit(f"There is no probe {', '.join(sorted(unknown))}.")
    failed = [name for name in named if name in ALONE and ALONE[name]()]
    for name in named:
        if name in SERVED:  # each begins with a world that the other has not changed
            print(f"\n== probe {name} ==", flush=True)
            began = time.monotonic()
            with installation(demo=demo) as (address, settings):
                if SERVED[name](address, settings):
                    failed.append(name)
            print(f"probe {name}: {time.monotonic() - began:.0f} s", flush=True)
    if failed:
        print(f"Found something: {', '.join(failed)}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

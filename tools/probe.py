"""Lets two strangers' programs look for faults: `python tools/probe.py [api|pages]`.

An installation of its own in a temporary folder, with the small demo, on a free port of the loopback. *api*:
schemathesis sends what the OpenAPI document allows and what it forbids. *pages*: wapiti crawls as a signed-in member of
staff and attacks what it finds. Each runs in an environment of its own under `instance/probe/`. Ends with 1 on any
finding.
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
MINUTES = 3

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
        subprocess.run([*pip, "-r", str(wanted)], check=True)
        stamp.write_text(wanted.read_text())
    return folder / "bin"


@contextmanager
def installation() -> Iterator[tuple[str, dict[str, str]]]:
    """Serve the small demo; yields the address and the environment of its commands."""
    with tempfile.TemporaryDirectory(prefix="trainmgr-probe-") as folder:
        settings = os.environ | {
            "TRAINMGR_INSTANCE_PATH": folder,
            "TRAINMGR_SECRET_KEY": "only for this probe",
        }
        for name in ("DATABASE_URL", "TRAINMGR_DATABASE_URL", "TRAINMGR_JOBS_URL", "TRAINMGR_FILES_URL"):
            settings.pop(name, None)
        for command in (["db", "upgrade"], ["demo", "load", "--small"]):
            subprocess.run(
                [sys.executable, "-m", "flask", "--app", "run", *command], cwd=ROOT, env=settings, check=True
            )
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
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5):  # noqa: S310  our own server
                return address
        except OSError:
            time.sleep(0.2)
    raise SystemExit("The server did not answer within a minute.")


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
        "--phases", "coverage,fuzzing,stateful", "--max-examples", "20", "--seed", "20261129", "--workers", "1",
        "--generation-database", "none",
    ]  # fmt: skip
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def probe_pages(address: str, _settings: dict[str, str]) -> int:
    """Let wapiti crawl and attack as a member of staff; returns 1 when it reports anything but what is TLS's."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            str(environment_of("wapiti") / "wapiti"), "-u", f"{address}/", "-C", signed_in(address),
            "-x", f"{address}/sign-out*", "-x", f"{address}/account/*", "-m", ATTACKS, "-d", "4",
            "--max-links-per-page", "40", "--max-files-per-dir", "4", "--max-scan-time", str(MINUTES * 60),
            "--max-attack-time", "30", "-f", "json", "-o", str(report), "--flush-session", "--no-bugreport", "-v", "1",
            "--store-session", folder, "--store-config", folder,
        ]  # fmt: skip
        subprocess.run(command, cwd=ROOT, check=True)
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


PROBES_BY_NAME = {"api": probe_api, "pages": probe_pages}


def main(arguments: list[str]) -> int:
    """Run the probes that are named, or both."""
    with installation() as (address, settings):
        codes = [PROBES_BY_NAME[name](address, settings) for name in arguments or PROBES_BY_NAME]
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

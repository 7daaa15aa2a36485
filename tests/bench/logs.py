"""`python -m tests.bench logs`: 1,800 trainees send a log with one photo within ten minutes, mentors sign 500 at once.

A server of its own with one worker on this machine, and here as many browsers as there are trainees: the page of the
form, then the form with a photo, at a moment of each one's own; one in ten sends it twice, as a phone does that heard
no answer. The photo is as the phone's page sends it (1600 pixels, see static/app.js) or, with `--photos camera`, as
the camera made it: twelve million pixels. Then all that the server said yes to is looked for in the database, and each
mentor signs everything that waits in one request. Meanwhile one browser more fetches the bare page each second.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import random
import re
import resource
import secrets
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask
from PIL import Image

from tests.bench import PASSWORD, report
from tests.bench.running import Browser, cpu_seconds, serving
from tests.bench.sitting import _insert
from tests.bench.taking import Line, _cookie, run_apart
from tests.factories import World, keep
from trainmgr.curriculum.frozen import lifted
from trainmgr.curriculum.models import Edition, EditionState, PlanStage, Venue
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.identity.models import Membership, SignInSession, User
from trainmgr.identity.passwords import hash_password
from trainmgr.identity.sessions import digest_of
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.practice.models import LogPhoto, LogState, PracticeLog
from trainmgr.programs.models import ProgramPerson
from trainmgr.programs.rules import State

A_MENTOR, PHOTOS, OPEN_FILES = 500, 24, 16_384
CAMERA, PHONE = (4000, 3000), (1600, 1200)
PHONE_QUALITY = 90  # what static/app.js asks of the browser
WORDS = (
    "先看照明", "再动治具", "崩边多在下料口", "调整夹爪后减少", "量了三次两次不一致", "先查基准", "再改参数",
    "换了一把刀", "对刀仪重新校过", "首件送检合格", "班后点检没有漏油", "传感器擦净后信号稳定",
    "师傅让我记下间隙", "与图纸差两丝",
)  # fmt: skip


@dataclass
class Made:
    """What the browsers need: the programme, its competency, the trainees' and the mentors' sessions."""

    program_id: int
    competency_id: int
    trainees: list[str] = field(default_factory=list)
    mentors: list[tuple[int, str]] = field(default_factory=list)
    staff: str = ""


@dataclass
class Told:
    """What the server answered."""

    times: dict[str, list[float]] = field(
        default_factory=lambda: {"bare": [], "form": [], "log": [], "again": []}
    )
    faults: dict[str, int] = field(default_factory=dict)
    confirmed: int = 0

    def note(self, kind: str, seconds: float, status: int, wanted: Sequence[int]) -> bool:
        """Note one answer; tells whether it was one that is wanted."""
        self.times[kind].append(seconds)
        if status in wanted:
            return True
        key = f"{kind} {status}"
        self.faults[key] = self.faults.get(key, 0) + 1
        return False


def arrange(app: Flask, trainees: int, now: datetime) -> Made:
    """Make a running programme with a signed plan, its trainees under mentors of 500 each, everybody signed in."""
    world, mark = World(app), secrets.token_hex(4)
    world._college = world.organization(name=f"日志学院 {mark}")
    staff = world.user(Role.STAFF, username=f"bench-logs-{mark}", password_hash=hash_password(PASSWORD))
    today = local_day_of(app, now)
    program = world.program(
        State.RUNNING, created_by=staff, code=f"LOGS-{mark}", current_stage=1,
        starts_on=today - timedelta(days=60), ends_on=today + timedelta(days=200),
    )  # fmt: skip
    competency = world.competency(program)
    mentors = [
        world.user(Role.ENTERPRISE_MENTOR, username=f"bench-mentor-{mark}-{number}")
        for number in range(-(-trainees // A_MENTOR))
    ]
    for mentor in mentors:
        world.relation(program, mentor, Role.ENTERPRISE_MENTOR)
    with app.app_context(), lifted():
        edition = keep(
            Edition(program_id=program.id, number=1, state=EditionState.SIGNED, signed_at=now, created_by_id=staff.id,
                    created_at=now, changed_at=now)
        )  # fmt: skip
        keep(
            PlanStage(
                edition_id=edition.id, number=1, name="跟岗", venue=Venue.ENTERPRISE, hours=400, weeks=20
            )
        )
        made = Made(program.id, competency.id, staff=staff.username)
        made.trainees = _people(world, program.id, mentors, trainees, mark, now, today)
        for mentor in mentors:
            made.mentors.append((mentor.id, _session([mentor.id], now)[0]))
        db.session.commit()
    return made


def local_day_of(app: Flask, now: datetime) -> Any:
    """Return the day where the installation stands."""
    with app.app_context():
        return local_day(now)


def _session(users: Sequence[int], now: datetime) -> list[str]:
    tokens = [secrets.token_urlsafe(24) for _ in users]
    _insert(
        SignInSession,
        [{"token_digest": digest_of(token), "user_id": key, "created_at": now, "expires_at": now + timedelta(hours=12)}
         for key, token in zip(users, tokens, strict=True)],
    )  # fmt: skip
    return tokens


def _people(
    world: World, program_id: int, mentors: Sequence[User], count: int, mark: str, now: datetime, today: Any
) -> list[str]:
    users = _insert(
        User,
        [{"username": f"l-{mark}-{number}", "name": f"学员{number + 1:05}", "must_change_password": False,
          "created_at": now} for number in range(count)],
    )  # fmt: skip
    college, enterprise = world.college.id, world.enterprise.id
    _insert(
        Membership,
        [{"user_id": key, "organization_id": college, "role": Role.TRAINEE, "number": f"{mark}{key}", "created_at": now}
         for key in users],
    )  # fmt: skip
    _insert(
        Enrolment,
        [{"program_id": program_id, "user_id": key, "college_id": college, "enterprise_id": enterprise,
          "state": EnrolmentState.TRAINING, "name": f"学员{place + 1:05}", "student_number": f"{mark}{key}",
          "enterprise_mentor_id": mentors[place // A_MENTOR].id, "enrolled_on": today - timedelta(days=50),
          "planned_minutes": 24_000} for place, key in enumerate(users)],
    )  # fmt: skip
    _insert(
        ProgramPerson,
        [{"program_id": program_id, "user_id": key, "organization_id": college, "role": Role.TRAINEE,
          "since": today - timedelta(days=50)} for key in users],
    )  # fmt: skip
    return _session(users, now)


def photos(kind: str) -> list[bytes]:
    """Make photos as cameras take them, twelve million pixels and some megabytes, or as the page makes them small."""
    source = random.Random(5)
    pixels, quality = (CAMERA, 85) if kind == "camera" else (PHONE, PHONE_QUALITY)
    made = []
    for _ in range(PHOTOS):
        small = Image.frombytes("RGB", (250, 188), source.randbytes(250 * 188 * 3))
        out = io.BytesIO()
        small.resize(pixels, Image.Resampling.BICUBIC).save(out, "JPEG", quality=quality)
        made.append(out.getvalue())
    return made


def body_of(fields: Sequence[tuple[str, str]], photo: bytes) -> tuple[bytes, str]:
    """Return a form with a photo as a browser sends it, and its content type."""
    edge = secrets.token_hex(12)
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="photos"; filename="p.jpg"\r\n'
    head += "Content-Type: image/jpeg\r\n\r\n"
    content = b"".join((*parts, head.encode(), photo, f"\r\n--{edge}--\r\n".encode()))
    return content, f"multipart/form-data; boundary={edge}"


class Writer:
    """One trainee's phone."""

    def __init__(self, line: Line, number: int, made: Made, told: Told, photo: bytes) -> None:
        self.line, self.number, self.made, self.told, self.photo = line, number, made, told, photo

    async def write(self, moment: float) -> None:
        """Open the form, hand the log in with its photo; one in ten hears nothing and sends it again."""
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        status, page, took = await self.line.ask("GET", "/logs/new")
        if not self.told.note("form", took, status, (200,)):
            return
        found = {
            name: re.search(rf'name="{name}" value="([^"]*)"'.encode(), page)
            for name in ("csrf_token", "client_key", "kind")
        }
        if not all(found.values()):
            self.told.faults["form without its fields"] = (
                self.told.faults.get("form without its fields", 0) + 1
            )
            return
        values = {name: match[1].decode() for name, match in found.items() if match}
        self.line.token = values["csrf_token"]
        chosen = random.Random(self.number).sample(WORDS, 8)
        monday = re.search(rb'<option value="(\d{4}-\d\d-\d\d)" selected', page)
        fields = [
            *values.items(), ("program", str(self.made.program_id)), ("stage", "1"),
            ("task", f"在岗任务 {self.number % 60}"),
            ("learned", "，".join(chosen) + "。"), ("competencies", str(self.made.competency_id)),
            ("day", monday[1].decode() if monday else ""), ("hours_1", "8"),
            ("typed_signs", "120"), ("pasted_signs", "0"),
        ]  # fmt: skip
        content, kind = body_of(fields, self.photo)
        status, _page, took = await self.line.ask("POST", "/logs", content, kind)
        if self.told.note("log", took, status, (302, 303)):
            self.told.confirmed += 1
        if self.number % 10 == 0:
            status, _page, took = await self.line.ask("POST", "/logs", content, kind)
            self.told.note("again", took, status, (302, 303))
        await self.line.finish()


async def _bare(line: Line, told: Told) -> None:
    while True:
        status, _page, took = await line.ask("GET", "/bench/bare")
        told.note("bare", took, status, (200,))
        await asyncio.sleep(1.0)


async def _drive(
    options: argparse.Namespace, port: int, made: Made, cookies: Sequence[str], staff: str, told: Told
) -> float:
    pictures = photos(options.photos)
    line = Line(port, staff)
    begun = time.perf_counter()
    beside = asyncio.create_task(_bare(line, told))
    step = options.seconds / options.trainees
    await asyncio.gather(
        *(
            Writer(Line(port, cookie), number, made, told, pictures[number % PHOTOS]).write(
                begun + number * step
            )
            for number, cookie in enumerate(cookies)
        )
    )
    seconds = time.perf_counter() - begun
    beside.cancel()
    await asyncio.gather(beside, return_exceptions=True)
    await line.finish()
    return seconds


def _sign(app: Flask, port: int, made: Made) -> list[dict[str, Any]]:
    """Let each mentor sign all that waits in one request; returns what it took."""
    found = []
    for user_id, token in made.mentors:
        with app.app_context():
            ids = db.session.scalars(
                sa.select(PracticeLog.id)
                .where(PracticeLog.signer_id == user_id, PracticeLog.state == LogState.SUBMITTED)
                .order_by(PracticeLog.id)
                .limit(A_MENTOR)
            ).all()
        browser = Browser(port, _cookie(app, token))
        _status, _headers, page = browser.get("/logs/to-sign")
        match = re.search(rb'name="csrf_token" value="([^"]+)"', page)
        csrf = match[1].decode() if match else ""
        body = urlencode([("csrf_token", csrf), *(("id", str(key)) for key in ids)])
        begun = time.perf_counter()
        status, headers, _page = browser._ask("POST", "/logs/to-sign", body)
        found.append(
            {"logs": len(ids), "status": status, "ms": round((time.perf_counter() - begun) * 1000),
             "statements": int(headers.get("X-Statements") or 0)}
        )  # fmt: skip
        browser.connection.close()
    return found


def run(options: argparse.Namespace) -> int:
    """Arrange, drive, count, sign; returns 1 when a log is lost, doubled or not signed."""
    from flask_migrate import upgrade

    from tests.bench.app import create

    app = create()
    with app.app_context():
        upgrade()
    made = arrange(app, options.trainees, datetime.now(UTC))
    cookies = [_cookie(app, token) for token in made.trainees]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, OPEN_FILES), hard), hard))
    told = Told()
    with serving() as (port, pid):
        browser = Browser(port)
        browser.sign_in(made.staff)
        browser.connection.close()
        used = cpu_seconds(pid)
        seconds = run_apart(_drive(options, port, made, cookies, browser.cookie, told))
        cpu = cpu_seconds(pid) - used
        stored = _stored(app, made)
        signed = _sign(app, port, made)
    left = _stored(app, made)["submitted"]
    with app.app_context():
        db.engine.dispose()
    found = {
        "trainees": options.trainees, "photos": options.photos, "seconds": round(seconds, 1),
        "cores": round(cpu / seconds, 2), "cpu_ms_each": round(cpu / options.trainees * 1000, 1), "faults": told.faults,
        "confirmed": told.confirmed, **stored, "lost": told.confirmed - stored["with_photo"], "signing": signed,
        "not_signed": left, "requests": {kind: _line(times) for kind, times in told.times.items() if times},
    }  # fmt: skip
    print(tell(found))
    if options.json:
        report.write(options.json, [found])
    return int(bool(found["lost"] or told.faults or left or stored["with_photo"] != options.trainees))


def _stored(app: Flask, made: Made) -> dict[str, int]:
    with app.app_context():
        mine = PracticeLog.program_id == made.program_id
        with_photo = sa.select(sa.func.count(LogPhoto.log_id.distinct())).join(PracticeLog).where(mine)
        waiting = sa.select(sa.func.count()).select_from(PracticeLog)
        return {
            "with_photo": db.session.scalar(with_photo) or 0,
            "submitted": db.session.scalar(waiting.where(mine, PracticeLog.state == LogState.SUBMITTED)) or 0,
        }


def _line(times: list[float]) -> dict[str, float]:
    ordered = sorted(moment * 1000 for moment in times)
    return {
        "count": len(ordered), "p50_ms": round(statistics.median(ordered), 1),
        "p99_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 1),
        "longest_ms": round(ordered[-1], 1),
    }  # fmt: skip


def tell(found: dict[str, Any]) -> str:
    """Return the measurements as lines."""
    lines = [
        f"{found['trainees']} trainees in {found['seconds']} seconds, photos as the {found['photos']} makes them",
        f"the server used {found['cores']} cores: {found['cpu_ms_each']} ms of CPU for each log with all around it",
        f"{found['confirmed']} confirmed, {found['with_photo']} stored with their photo, {found['lost']} lost",
        f"{'request':<10}{'count':>8}{'p50 ms':>9}{'p99 ms':>9}{'longest':>9}",
    ]
    for kind, row in found["requests"].items():
        lines.append(
            f"{kind:<10}{row['count']:>8}{row['p50_ms']:>9.1f}{row['p99_ms']:>9.1f}{row['longest_ms']:>9.1f}"
        )
    lines += [f"signed {one['logs']} logs in {one['ms']} ms, {one['statements']} statements ({one['status']})"
              for one in found["signing"]]  # fmt: skip
    if found["faults"]:
        lines.append(f"faults: {found['faults']}")
    return "\n".join(lines)

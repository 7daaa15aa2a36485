"""A process of its own in which uploads are tried, so that it can hang, swell and die without harm.

`python -m tests.safety.room`: makes the populated world in a folder of its own, then reads a line with an entrance and
a case from its input, sends the file by a real request and writes a line about what became of it. The database is put
back after each file that was taken.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
import traceback
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import got_request_exception, url_for
from sqlalchemy import event

from tests.clients import QuickClient
from tests.factories import NOW, World
from tests.populated import Populated, populate
from tests.safety.entrances import BY_KEY, Entrance
from tests.safety.mutations import FAMILIES, Upload
from trainmgr import create_app
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.improvement import actions as improving
from trainmgr.improvement.models import ImprovementItem
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.practice.gate_models import RemedialTask
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State

resource: Any
try:
    import resource
except ImportError:  # Windows: the parent's limit of time is what there is
    resource = None

MIB = 1024 * 1024
END = 40  # seconds of the processor after which a process that goes on and on is ended
ROOM = 1536 * MIB  # addresses beyond what the world takes: where they end, memory would have ended too


class Refused(ValueError):
    """PostgreSQL would not take this text."""


def no_nul(_connection: Any, _cursor: Any, _statement: str, parameters: Any, *_: Any) -> None:
    """Refuse what only SQLite takes."""
    rows = parameters if isinstance(parameters, list) else [parameters]
    for row in rows:
        for value in row.values() if isinstance(row, dict) else row or ():
            if isinstance(value, str) and "\0" in value:
                raise Refused("a text with NUL reached the database")


class Room:
    """The application with its world, and what a file did to it."""

    def __init__(self, folder: Path) -> None:
        self.file, self.kept = folder / "room.db", folder / "kept.db"
        self.app = create_app(
            {
                "TESTING": True, "SECRET_KEY": "only for tests", "WTF_CSRF_ENABLED": False, "HUEY_IMMEDIATE": True,
                "SQLALCHEMY_DATABASE_URI": f"sqlite:///{self.file}", "INSTANCE_PATH": str(folder / "instance"),
            }
        )  # fmt: skip
        self.app.test_client_class = QuickClient
        self.app.config["CLOCK"] = lambda: NOW
        with self.app.app_context():
            db.create_all()
            self.engine = db.engine
        self.world = World(self.app)
        self.made: Populated = populate(self.world)
        self.known = self._known()
        self.readers = {role: self.world.signed_in(user) for role, user in self.made.people.items()}
        self.engine.dispose()
        with closing(sqlite3.connect(self.file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(self.file, self.kept)
        event.listen(self.engine, "before_cursor_execute", no_nul)
        self.faults: list[str] = []
        got_request_exception.connect(self._note, self.app)
        self.goods: dict[str, Upload] = {}

    def _note(self, _app: object, exception: BaseException, **_: object) -> None:
        self.faults.append("".join(traceback.format_exception(exception))[-2500:])

    def _known(self) -> dict[str, Any]:
        """Return what fields and addresses name besides what the populated world does; some of it is made here."""
        rows, staff = self.made.rows, self.made.people[Role.STAFF]
        draft = self.world.program(State.DRAFT, created_by=staff, name="还在分析的项目")
        self.world.competency(draft)
        with self.app.app_context():
            number = db.session.scalar(
                sa.select(Enrolment.student_number).where(Enrolment.id == rows["enrolment"].id)
            )
            item = db.session.get_one(ImprovementItem, rows["improvement_item"].id)
            doer = db.session.get_one(User, item.doer_id)
            improving.plan(
                db.session.get_one(Program, item.program_id),
                item,
                "先改量具",
                by=doer,
                version=item.version,
                now=NOW,
            )
            db.session.commit()
            return {
                "college": self.world.college.id, "student_number": number, "draft_program": draft.id,
                "standard_competency": rows["standard_competency"].id, "competency": rows["competency"].id,
                "item_version": item.version,
                "task_version": db.session.get_one(RemedialTask, rows["remedial_task"].id).version,
            }  # fmt: skip

    def put_back(self) -> None:
        """Show the next file the world as it was made."""
        self.engine.dispose()
        for ending in ("-wal", "-shm"):
            Path(f"{self.file}{ending}").unlink(missing_ok=True)
        shutil.copyfile(self.kept, self.file)

    def address(self, endpoint: str, arguments: Any) -> str:
        """Return where an endpoint of the populated world is."""
        rule = next(one for one in self.app.url_map.iter_rules() if one.endpoint == endpoint)
        values = {
            name: arguments[name].format_map(self.known)
            if name in arguments
            else self.made.argument(endpoint, name)
            for name in rule.arguments
        }
        with self.app.test_request_context():
            return url_for(endpoint, **values)

    def good(self, entrance: Entrance) -> Upload:
        """Return a file that is taken at an entrance."""
        if isinstance(entrance.good, Upload):
            return entrance.good
        if entrance.key not in self.goods:
            answer = self.readers[entrance.role].get(self.address(entrance.good, entrance.arguments))
            assert answer.status_code == 200, (entrance.good, answer.status_code)
            ending = {"sheet": "xlsx", "toml": "toml", "framework": "json", "word": "docx"}[entrance.family]
            content = answer.get_data()
            if entrance.family == "framework":  # another one of the same code is refused
                content = re.sub(rb'"code": *"[^"]*"', b'"code": "OTHER"', content, count=1)
                content = re.sub(rb"[0-9a-f]{8}(-[0-9a-f]{4}-[0-9a-f]{4}-)", rb"12345678\1", content)
            self.goods[entrance.key] = Upload(content, f"file.{ending}")
        return self.goods[entrance.key]

    def send(self, entrance: Entrance, upload: Upload) -> Any:
        """Send a file with the fields that belong to it."""
        fields: dict[str, Any] = {
            name: value.format_map(self.known) for name, value in entrance.fields.items()
        }
        return self.readers[entrance.role].post(
            self.address(entrance.endpoint, entrance.arguments),
            data=_body(fields, entrance.name, upload),
            content_type="multipart/form-data; boundary=EDGE",
        )

    def tried(self, key: str, case: str) -> dict[str, Any]:
        """Return what became of a case at an entrance: status or fault, seconds of processor, bytes."""
        entrance = BY_KEY[key]
        upload = self.good(entrance)
        if case:
            upload = FAMILIES[entrance.family].cases[case](upload)
        before, began = _memory("VmRSS"), _seconds()
        _forget_peak()
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_PROF, END)
        told: dict[str, Any] = {"entrance": key, "case": case, "size": len(upload.content)}
        try:
            answer = self.send(entrance, upload)
            told["status"] = answer.status_code
            if not case and answer.status_code >= 400:
                told["said"] = answer.get_data(as_text=True)
            answer.close()
        except Exception:
            told |= {"status": 500, "fault": traceback.format_exc()[-2500:]}
        if self.faults:
            told["fault"] = self.faults.pop()
            self.faults.clear()
        told |= {"seconds": _seconds() - began, "grown": max(0, _memory("VmHWM") - before)}
        self.put_back()
        return told


def _body(fields: dict[str, str], name: str, upload: Upload) -> bytes:
    """Return what a browser, or somebody without one, sends: nothing in it is put right."""
    parts = [
        f'--EDGE\r\nContent-Disposition: form-data; name="{one}"\r\n\r\n{value}\r\n'.encode()
        for one, value in fields.items()
    ]
    named = upload.name.encode("utf-8", "surrogateescape").replace(b'"', b"%22")
    head = f'--EDGE\r\nContent-Disposition: form-data; name="{name}"; filename="'.encode() + named
    kind = (upload.media_type or "application/octet-stream").encode()
    return b"".join(
        [*parts, head, b'"\r\nContent-Type: ', kind, b"\r\n\r\n", upload.content, b"\r\n--EDGE--\r\n"]
    )


def _seconds() -> float:
    """Return the processor's time of this process and of those it started."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _memory(which: str) -> int:
    """Return bytes of memory as Linux counts them; 0 elsewhere."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{which}:"):
                return int(line.split()[1]) * 1024
    return 0


def _forget_peak() -> None:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def main() -> int:
    """Answer one line for each line."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever the program prints is no answer
    with tempfile.TemporaryDirectory(prefix="trainmgr-room-") as folder:
        room = Room(Path(folder))
        if resource is not None and (used := _memory("VmSize")):
            resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, used + ROOM))
        print(json.dumps({"ready": True}), file=answers, flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            print(json.dumps(room.tried(asked["entrance"], asked["case"])), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What became of an upload's lines, to look at; and the wrong ones as files again, to be mended and sent once more."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.exchange.models import ExchangeLine
from trainmgr.exchange.packages import Package, opened
from trainmgr.exchange.rules import IN_MANIFEST, VERSION, Outcome, join_name
from trainmgr.kernel import intake
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.jobs import Job
from trainmgr.kernel.sheets.writer import harmless

MOST_SHOWN, MOST_KEPT = 100, 200
REASON = "metadata.trainmgr.reason"


@dataclass(frozen=True)
class Shown:
    """A line as a person sees it: where it stands, what it is about, what became of it and why."""

    file: str
    number: int
    about: str
    outcome: Outcome
    reason: str


def lines_of(job: Job, chosen: str) -> list[Shown]:
    """Return the first lines of an upload that came out in a way (in any but “same”), as long as it is kept."""
    wanted = sa.select(ExchangeLine).where(ExchangeLine.job_id == job.id)
    if chosen in set(Outcome):
        wanted = wanted.where(ExchangeLine.outcome == Outcome(chosen))
    found = db.session.scalars(
        wanted.order_by(ExchangeLine.outcome.desc(), ExchangeLine.file, ExchangeLine.line).limit(MOST_SHOWN)
    ).all()
    names = _names(job, found)
    return [
        Shown(one.file, one.line, names.get((one.file, one.line), ""), one.outcome, one.reason)
        for one in found
    ]


def _names(job: Job, lines: Sequence[ExchangeLine]) -> dict[tuple[str, int], str]:
    """Read what lines are about from the upload itself: names are kept nowhere else."""
    wanted: dict[str, set[int]] = {}
    for one in lines:
        wanted.setdefault(one.file, set()).add(one.line)
    found: dict[tuple[str, int], str] = {}
    if not wanted:
        return found
    try:
        data = intake.read_upload(job.params)
    except RuleBroken:
        return found
    with opened(data) as package:
        for file, numbers in wanted.items():
            last = max(numbers)
            for number, row in package.rows(file):
                if number in numbers:
                    found[file, number] = _about(row)
                if number >= last:
                    break
    return found


def _about(row: dict[str, str]) -> str:
    name = join_name(row.get("familyName", ""), row.get("givenName", ""))
    return (name or row.get("title") or row.get("name") or row.get("sourcedId", ""))[:80]


def wrong_lines(job: Job) -> bytes:
    """Return an archive with the wrong lines, each with its reason in a column of metadata.

    The lines of roles.csv that belong to its people come along, so that the archive can be sent as it is.
    """
    rows = db.session.execute(
        sa.select(ExchangeLine.file, ExchangeLine.line, ExchangeLine.reason).where(
            ExchangeLine.job_id == job.id, ExchangeLine.outcome == Outcome.WRONG
        )
    )
    reasons: dict[str, dict[int, str]] = {}
    for file, line, reason in rows:
        reasons.setdefault(file, {})[line] = reason
    require(reasons, _("No line was wrong."))
    out = io.BytesIO()
    with (
        opened(intake.read_upload(job.params)) as package,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        _write_wrong(package, archive, reasons)
    return out.getvalue()


def _write_wrong(package: Package, archive: zipfile.ZipFile, reasons: dict[str, dict[int, str]]) -> None:
    written, people = [], set[str]()
    for file in sorted(reasons, reverse=True):  # users before roles
        header = [name for name in package.headers[file] if name != REASON]
        lines = []
        for number, row in package.rows(file):
            reason = reasons[file].get(number)
            if reason is not None:
                lines.append([*(row.get(name, "") for name in header), harmless(reason)])
                if file == "users":
                    people.add(row.get("sourcedId", ""))
            elif file == "roles" and row.get("userSourcedId") in people:
                lines.append([*(row.get(name, "") for name in header), ""])
        _write(archive, file, [[*header, REASON], *lines])
        written.append(file)
    if people and "roles" not in written and "roles" in package.files:
        header = package.headers["roles"]
        lines = [[row.get(name, "") for name in header] for _number, row in package.rows("roles")
                 if row.get("userSourcedId") in people]  # fmt: skip
        _write(archive, "roles", [header, *lines])
        written.append("roles")
    manifest: list[Sequence[Any]] = [
        ("propertyName", "value"), ("manifest.version", "1.0"), ("oneroster.version", VERSION),
        *((f"file.{one}", "bulk" if one in written else "absent") for one in IN_MANIFEST),
    ]  # fmt: skip
    _write(archive, "manifest", manifest)


def _write(archive: zipfile.ZipFile, name: str, rows: Iterable[Sequence[Any]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    archive.writestr(f"{name}.csv", text.getvalue())

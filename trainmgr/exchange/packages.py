"""An upload of OneRoster files: one archive, or the files by themselves packed into one; read line by line.

The limits are the kernel's for archives: so many parts, so much when unpacked, so many times its size. Nothing is
unpacked onto the disk, and a line is read when it is asked for.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any

from trainmgr.exchange.rules import HEADERS, VERSION, missing_columns
from trainmgr.kernel.inputs import legible
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.sheets.reader import PARTS_AT_MOST, TIMES_AT_MOST, UNPACKED_AT_MOST
from trainmgr.kernel.sheets.refusals import FileRefused

MOST_BYTES = 20 * 1024**2
SMALLEST = 64 * 1024
Uploads = Sequence[tuple[str, bytes]]


def pack(uploads: Uploads) -> tuple[bytes, str]:
    """Return an upload as one archive with the name that it is told by; raises FileRefused."""
    if not uploads:
        raise FileRefused(N_("Choose the archive or the files."))
    if sum(len(data) for _name, data in uploads) > MOST_BYTES:
        raise FileRefused(
            N_("The files have more than %(most)s MB. Send them in parts."), most=MOST_BYTES // 1024**2
        )
    first, data = uploads[0]
    if len(uploads) == 1 and first.lower().endswith(".zip"):
        return data, first[-200:]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in uploads:
            if not name.lower().endswith(".csv"):
                raise FileRefused(N_("OneRoster files are .csv files, or one .zip with all of them."))
            archive.writestr(PurePosixPath(name.replace("\\", "/")).name, content)
    return out.getvalue(), ", ".join(name for name, _content in uploads)[:200]


class Package:
    """The files of an upload by name, their headers looked at."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.parts: dict[str, zipfile.ZipInfo] = {}
        for part in archive.infolist():
            name = PurePosixPath(part.filename).name
            if part.is_dir() or not name.lower().endswith(".csv"):
                continue
            stem = name[:-4]
            if stem in self.parts:
                raise FileRefused(N_("%(file)s.csv stands in the archive twice."), file=stem[:40])
            self.parts[stem] = part
        self._check_manifest()
        self.files = [name for name in HEADERS if name in self.parts]
        if not {"orgs", "users", "courses", "classes", "enrollments"} & set(self.files):
            raise FileRefused(
                N_("There is none of orgs.csv, users.csv, courses.csv, classes.csv and enrollments.csv.")
            )
        self.headers = {name: self._header(name) for name in self.files}

    def _check_manifest(self) -> None:
        if "manifest" not in self.parts:
            return
        told = {line[0]: line[1] for _number, line in self._lines("manifest") if len(line) > 1}
        version = told.get("oneroster.version", "")
        if version != VERSION:
            raise FileRefused(
                N_("The manifest speaks of OneRoster %(version)s; only 1.2 is read."),
                version=version[:20] or "?",
            )

    def _header(self, name: str) -> list[str]:
        first = next(self._lines(name), None)
        header = [cell.strip() for cell in first[1]] if first else []
        if missing := missing_columns(name, header):
            raise FileRefused(
                N_("%(file)s.csv lacks the columns %(columns)s."), file=name, columns=", ".join(missing)
            )
        return header

    def _lines(self, name: str) -> Iterator[tuple[int, list[str]]]:
        with self.archive.open(self.parts[name]) as raw:
            reader = csv.reader(io.TextIOWrapper(raw, encoding="utf-8-sig", newline=""))
            try:
                for cells in reader:
                    yield reader.line_num, cells
            except UnicodeDecodeError:
                raise FileRefused(N_("%(file)s.csv is not in UTF-8."), file=name) from None
            except csv.Error:
                raise FileRefused(
                    N_("Line %(line)s of %(file)s.csv cannot be read."), file=name, line=reader.line_num
                ) from None

    def rows(self, name: str) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the lines of a file by column, with their numbers; empty lines are passed over."""
        header = self.headers[name]
        lines = self._lines(name)
        next(lines, None)
        for number, cells in lines:
            if any(cells):
                values = [legible(cell).strip() for cell in cells] + [""] * (len(header) - len(cells))
                yield number, dict(zip(header, values, strict=False))


@contextmanager
def opened(data: bytes) -> Iterator[Package]:
    """Open an upload after a look at what it would unpack to; raises FileRefused."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise FileRefused(N_("The archive is damaged and cannot be opened.")) from None
    with archive:
        _refuse_bombs(archive.infolist(), len(data))
        try:
            yield Package(archive)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error):
            raise FileRefused(N_("The archive is damaged and cannot be opened.")) from None


def _refuse_bombs(parts: Sequence[Any], size: int) -> None:
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > PARTS_AT_MOST or unpacked > min(UNPACKED_AT_MOST, max(size, SMALLEST) * TIMES_AT_MOST):
        raise FileRefused(N_("The archive unpacks to far more than rosters need, so it was not opened."))
    if any(part.flag_bits & 1 for part in parts):
        raise FileRefused(N_("The archive is protected by a password. Send it without one."))

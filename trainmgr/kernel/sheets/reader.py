"""Reading uploaded spreadsheets: looked at before they are parsed, parsed where they can do no harm."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainmgr.kernel.sheets.refusals import SheetRefused, refusal

MIB = 1024 * 1024
CHILD = Path(__file__).with_name("child.py")
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
UNPACKED_AT_MOST = 256 * MIB
TIMES_AT_MOST = 300  # a real sheet unpacks to 5 to 60 times its size
PARTS_AT_MOST = 2_000
KINDS = {".xlsx": "xlsx", ".xls": "xls", ".csv": "csv"}


@dataclass(frozen=True)
class SheetLimits:
    """What one upload may cost: bytes, rows below the header, columns, seconds, bytes of memory."""

    max_bytes: int = 5 * MIB
    max_rows: int = 60_000
    max_columns: int = 60
    seconds: float = 20
    memory: int = 512 * MIB
    output: int = 128 * MIB
    head: int = (
        0  # how many rows to hand over, header and titles among them (0: all); the others are only counted
    )
    sheet: str = ""  # the worksheet by name; without one the first that is shown and not empty


@dataclass(frozen=True)
class About:
    """What a file is besides its table: rows below the header in all, its worksheets, what was done to read it.

    `sheets` are the worksheets with whether each is shown, `merged` counts rows in which a merged cell was filled in.
    """

    total: int = 0
    name: str = ""
    sheets: tuple[tuple[str, bool], ...] = ()
    merged: int = 0
    encoding: str = ""


@dataclass(frozen=True)
class Sheet:
    """A table as it was uploaded, as text: its header and the rows below that are not blank.

    `numbers` are the row numbers that the spreadsheet shows; `rounded` names the (row number, column index)
    of cells that were stored as a number too long for a spreadsheet, so that their last digits are lost.
    """

    columns: list[str]
    rows: list[list[str]]
    numbers: list[int]
    rounded: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    about: About = field(default_factory=lambda: About())

    @property
    def first_row_number(self) -> int:
        """The number that the spreadsheet shows beside the first row below the header."""
        return self.numbers[0] if self.numbers else 2

    def numbered(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each row with the number that the spreadsheet shows beside it."""
        return zip(self.numbers, self.rows, strict=True)


def read_sheet(
    source: str | os.PathLike[str] | bytes, *, filename: str, limits: SheetLimits | None = None
) -> Sheet:
    """Return the table in an uploaded .xlsx, .xls or .csv; raises SheetRefused with the reason."""
    limits = limits or SheetLimits()
    size = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
    if size > limits.max_bytes:
        raise refusal("size", most=_megabytes(limits.max_bytes), found=_megabytes(size))
    if size == 0:
        raise refusal("empty")
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    kind = inspect_bytes(data, filename)
    with tempfile.TemporaryDirectory(prefix="sheet-") as folder:
        path = Path(folder) / f"upload.{kind}"
        path.write_bytes(data)
        return _sheet_from(*_parse_in_child(path, kind, limits, Path(folder)), limits)


def inspect_bytes(data: bytes, filename: str) -> str:
    """Return what the file is (xlsx, xls, csv) by its content, without parsing it; refuses what only pretends."""
    suffix = Path(filename).suffix.lower()
    promised = KINDS.get(suffix)
    if promised is None:
        raise refusal("kind", suffix=suffix or filename)
    if data.startswith(ZIP):
        found = _inspect_archive(data)
    elif data.startswith(OLE):
        found = _inspect_compound(data)
    else:
        found = _inspect_text(data)
    # Programs write .xlsx content under .xls names; that harms nobody. Text under a workbook's name does.
    if (found == "csv") != (promised == "csv"):
        raise refusal("disguised", suffix=suffix)
    return found


def _inspect_archive(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise refusal("damaged") from None
    names = {part.filename for part in parts}
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > PARTS_AT_MOST or unpacked > min(
        UNPACKED_AT_MOST, max(len(data), 64 * 1024) * TIMES_AT_MOST
    ):
        raise refusal("limits")
    if any(part.flag_bits & 1 for part in parts):
        raise refusal("password")
    if any(name.endswith("vbaProject.bin") for name in names):
        raise refusal("macros")
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
        raise refusal("not-a-sheet")
    return "xlsx"


def _inspect_compound(data: bytes) -> str:
    if _wide("EncryptedPackage") in data:
        raise refusal("password")
    if _wide("Workbook") in data or _wide("Book") in data:
        return "xls"
    raise refusal("not-a-sheet")


def _inspect_text(data: bytes) -> str:
    head = data[:4096]
    if head[:2] not in (b"\xff\xfe", b"\xfe\xff") and (b"\0" in data or _control_characters(head)):
        raise refusal("not-a-sheet")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" or head.startswith((b"%PDF", b"{\\rtf")):
        raise refusal("not-a-sheet")
    return "csv"


def _control_characters(head: bytes) -> bool:
    return any(byte < 32 and byte not in (9, 10, 12, 13) for byte in head)


def _wide(name: str) -> bytes:
    return name.encode("utf-16-le")


def _megabytes(size: int) -> str:
    return f"{size / MIB:.1f}".removesuffix(".0")


def _parse_in_child(
    path: Path, kind: str, limits: SheetLimits, folder: Path
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    command = [sys.executable, "-I", "-X", "utf8", str(CHILD), str(path), kind, json.dumps(vars(limits))]
    # The child gets neither our environment (it may hold keys) nor our files.
    environment = {name: os.environ[name] for name in ("SYSTEMROOT", "PATH") if name in os.environ}
    environment["OPENBLAS_NUM_THREADS"] = "1"
    answer = folder / "rows"
    with answer.open("wb") as out:
        try:
            done = subprocess.run(  # noqa: S603 - our own script, the upload is only named to it
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL,
                cwd=folder, env=environment, timeout=limits.seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise refusal("slow", seconds=f"{limits.seconds:g}") from None
    if done.returncode != 0:
        raise refusal("limits")
    with answer.open(encoding="ascii") as lines:
        rows = [json.loads(line) for line in lines]
    end = rows.pop() if rows else {"fault": "damaged"}
    if "fault" in end:
        raise refusal(end["fault"], most=limits.max_columns if end["fault"] == "columns" else limits.max_rows)
    return rows, end


def _sheet_from(raw: list[dict[str, Any]], end: dict[str, Any], limits: SheetLimits) -> Sheet:
    if not raw:
        raise refusal("no-sheet" if limits.sheet and "sheet" not in end else "empty")
    at = _header_position(raw)
    columns, below = _header(raw, at, end.get("wide", ()))
    body = raw[below:]
    total = end.get("kept", len(raw)) - below
    if total > limits.max_rows:
        raise refusal("rows", most=limits.max_rows)
    rounded = frozenset((row["n"], column) for row in body for column in row.get("l", ()))
    rows = [row["c"] + [""] * (len(columns) - len(row["c"])) for row in body]
    about = About(
        total, end.get("sheet", ""), tuple((name, shown) for name, shown in end.get("sheets", ())),
        end.get("merged", 0), end.get("encoding", ""),
    )  # fmt: skip
    return Sheet(columns, rows, [row["n"] for row in body], rounded, about)


def _header(raw: list[dict[str, Any]], at: int, wide: Iterable[list[int]]) -> tuple[list[str], int]:
    """Return the header and where the rows below it begin; of a header in two rows the lower names count."""
    columns, number = list(raw[at]["c"]), raw[at]["n"]
    spans = [(first, last) for row, first, last in wide if row == number]
    lower = raw[at + 1] if at + 1 < len(raw) else None
    if not spans or lower is None or lower["n"] != number + 1:
        return columns, at + 1
    below: list[str] = lower["c"]
    if not any(
        below[place] for first, last in spans for place in range(first, last + 1) if place < len(below)
    ):
        return columns, at + 1
    columns += [""] * (len(below) - len(columns))
    for first, last in spans:
        columns[first : last + 1] = [
            below[place] if place < len(below) else "" for place in range(first, last + 1)
        ]
    return columns, at + 2


def _header_position(raw: list[dict[str, Any]]) -> int:
    """A title above the table is one cell; the header is the first of the top rows with two or more."""
    for position, row in enumerate(raw[:10]):
        if sum(1 for text in row["c"] if text) > 1:
            return position
    return 0


__all__ = ["About", "Sheet", "SheetLimits", "SheetRefused", "inspect_bytes", "read_sheet"]

"""The child process that parses one upload: run by path, knows nothing of trainmgr, dies alone.

`python -I child.py FILE KIND LIMITS`: writes one JSON line about the sheet, then one JSON line per row
that is not blank. The parent reads them only when the process has ended well.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

resource: Any
try:
    import resource
except ImportError:  # Windows has no such limits; far_cell() and the parent's time limit stand in for them.
    resource = None

SAFE_INTEGER = 10**15  # a spreadsheet keeps fifteen digits of a number, the rest are lost
LONGEST_CELL = 32_767
REFERENCE = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')
MOST_SPANS, MOST_SHEETS, TOP_ROWS = 100_000, 100, 12
ENCODINGS = ("utf-8-sig", "gb18030")
BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class Fault(Exception):
    """Why the file cannot be taken; the parent has the sentence for it."""


def lower_limits(limits: dict[str, Any]) -> None:
    """Give this process less memory, time and disk than the file could make it want."""
    if resource is None:
        return
    seconds = int(limits["seconds"]) + 1
    for kind, amount in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, limits["output"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (amount, amount))


def text_of(value: Any) -> tuple[str, bool]:
    """Return a cell as text, and whether digits were lost before it came to us."""
    if isinstance(value, str):
        return value.strip().strip("\ufeff\u200b"), False
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), False
    if isinstance(value, (int, float)):
        return number_text(value)
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return (value.date().isoformat() if midnight else value.strftime("%Y-%m-%d %H:%M")), False
    if isinstance(value, dt.date):
        return value.isoformat(), False
    if isinstance(value, dt.time):
        return value.strftime("%H:%M"), False
    if isinstance(value, dt.timedelta):
        minutes = round(value.total_seconds() / 60)
        return f"{minutes // 60}:{minutes % 60:02d}", False
    return str(value), False


def number_text(value: float) -> tuple[str, bool]:
    """Write a number the way people typed it: 20260001.0 is 20260001."""
    if not math.isfinite(value):
        return "", False
    if value == int(value):
        return str(int(value)), abs(value) >= SAFE_INTEGER
    return format(value, ".15g"), False


def far_cell(path: str, rows: int, columns: int) -> bool:
    """Tell whether a cell of an .xlsx stands so far out that building the grid would take all memory."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                with archive.open(name) as stream:
                    if _has_far_reference(stream, rows, columns):
                        return True
    return False


def _has_far_reference(stream: Any, rows: int, columns: int) -> bool:
    tail = b""
    while block := stream.read(1 << 20):
        for letters, digits in REFERENCE.findall(tail + block):
            if int(digits) > rows or _column_number(letters) > columns:
                return True
        tail = block[-200:]
    return False


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def workbook_rows(path: str, wanted: str, found: dict[str, Any]) -> Iterator[list[Any]]:
    """Yield the rows of the worksheet that is wanted by name, else of the first shown one that is more than a cover.

    `found` is told the worksheet's name, every worksheet with whether it is shown, and the merged cells.
    """
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_path(path)
    except calamine.PasswordError:
        raise Fault("password") from None
    except calamine.CalamineError:
        raise Fault("damaged") from None
    shown = calamine.SheetVisibleEnum.Visible
    pages = [page for page in book.sheets_metadata if page.typ == calamine.SheetTypeEnum.WorkSheet]
    found["sheets"] = [[page.name, page.visible == shown] for page in pages[:MOST_SHEETS]]
    filled: list[tuple[str, Any]] = []
    for page in pages:
        if page.name != wanted if wanted else page.visible != shown:
            continue
        try:
            sheet = book.get_sheet_by_name(page.name)
        except calamine.CalamineError:
            raise Fault("damaged") from None
        if sheet.start is not None:
            is_cover = sheet.height == sheet.width == 1
            filled = filled or [(page.name, sheet)]
            if not is_cover:
                filled = [(page.name, sheet)]
                break
    for name, sheet in filled:
        # iter_rows begins at row 1 whatever stands above the data, but leaves out empty columns at the left.
        found["sheet"] = name
        yield from merged_out(sheet.iter_rows(), _spans(sheet), found)


def _spans(sheet: Any) -> list[tuple[int, int, int, int]]:
    """Return the merged cells (first row, first column, last row, last column), counted as iter_rows does."""
    left = sheet.start[1]
    found = (sheet.merged_cell_ranges or [])[:MOST_SPANS]
    return [
        (top, first - left, bottom, last - left) for (top, first), (bottom, last) in found if first >= left
    ]


def merged_out(
    rows: Iterable[list[Any]], spans: Iterable[tuple[int, int, int, int]], found: dict[str, Any]
) -> Iterator[list[Any]]:
    """Yield rows in which a cell that is merged downwards stands in every row that it covers and that has cells."""
    starts: dict[int, list[tuple[int, int]]] = {}
    for top, first, bottom, last in spans:
        if bottom > top:
            starts.setdefault(top, []).append((first, bottom))
        if last > first and top < TOP_ROWS:
            found.setdefault("wide", []).append([top + 1, first, last])
    open_: dict[int, tuple[int, Any]] = {}  # by column: the last row that is covered, and what stands there
    for number, row in enumerate(rows):
        filled = False
        for column, (bottom, value) in list(open_.items()):
            if number > bottom:
                del open_[column]
            elif (
                column < len(row)
                and row[column] in (None, "")
                and any(cell not in (None, "") for cell in row)
            ):
                row[column], filled = value, number >= TOP_ROWS or filled
        for column, bottom in starts.get(number, ()):
            if column < len(row):
                open_[column] = (bottom, row[column])
        found["merged"] = found.get("merged", 0) + filled
        yield row


def text_rows(path: str, found: dict[str, Any]) -> Iterator[list[str]]:
    """Yield the rows of a CSV in UTF-8, UTF-16 or GB18030, whatever separates its cells."""
    with open(path, "rb") as stream:
        data = stream.read()
    text, found["encoding"] = decode(data)
    first = text[:4096].splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(LONGEST_CELL * 4)
    try:
        yield from csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    except csv.Error:
        raise Fault("damaged") from None


def decode(data: bytes) -> tuple[str, str]:
    """Turn the bytes of a text file into text, by the encodings that Excel and WPS write; returns which it was."""
    for encoding in [BOMS[data[:2]]] if data[:2] in BOMS else ENCODINGS:
        try:
            return data.decode(encoding), encoding.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    raise Fault("encoding")


def kept_rows(rows: Iterable[list[Any]], limits: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield rows that are not blank with the number that the spreadsheet shows beside them."""
    kept, head = 0, limits.get("head") or limits["max_rows"] + 20
    for number, cells in enumerate(rows, start=1):
        texts, lost = [], []
        for column, (text, digits_lost) in enumerate(map(text_of, cells)):
            texts.append(text[:LONGEST_CELL])
            if digits_lost:
                lost.append(column)
        while texts and not texts[-1]:
            texts.pop()
        if not texts:
            continue
        kept += 1
        if kept > limits["max_rows"] + 20:  # some room for titles above the header
            raise Fault("rows")
        if len(texts) > limits["max_columns"]:
            raise Fault("columns")
        limits["kept"] = kept
        if kept > head:
            continue
        yield {"n": number, "c": texts, "l": lost} if lost else {"n": number, "c": texts}


def write_out(rows: Iterable[dict[str, Any]], most: int) -> None:
    """Hand the rows to the parent, as many characters as it is willing to hold."""
    written = 0
    for row in rows:
        line = json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n"
        written += len(line)
        if written > most - 4096:
            raise Fault("text")
        sys.stdout.write(line)


def main(path: str, kind: str, raw_limits: str) -> int:
    """Parse one file; the exit code is 0 even for a fault that was understood."""
    limits = json.loads(raw_limits)
    lower_limits(limits)
    try:
        if kind == "xlsx" and resource is None and far_cell(path, limits["max_rows"] * 4, 1024):
            raise Fault("limits")
        found: dict[str, Any] = {}
        rows = (
            text_rows(path, found) if kind == "csv" else workbook_rows(path, limits.get("sheet", ""), found)
        )
        write_out(kept_rows(rows, limits), limits["output"])
        end: dict[str, Any] = {"end": True, "kept": limits.get("kept", 0)} | found
    except Fault as fault:
        end = {"fault": str(fault)}
    except (zipfile.BadZipFile, OSError, ValueError):
        end = {"fault": "damaged"}
    except MemoryError:
        end = {"fault": "limits"}
    sys.stdout.write(json.dumps(end) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))

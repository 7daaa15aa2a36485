"""Writing spreadsheets: templates, exports, and the rows that were wrong with the reason beside them."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import xlsxwriter
from flask import Flask, Response, current_app
from flask_babel import force_locale, get_locale, gettext
from xlsxwriter.utility import xl_col_to_name

from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import reading
from trainmgr.kernel.sheets.columns import Column, Kind, said
from trainmgr.kernel.sheets.plain import write_plain
from trainmgr.kernel.sheets.reader import Sheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
TEXT_FORMAT = 49  # "@", by the number that every spreadsheet program knows
ROOM = 5_000  # rows of a template that get formats and drop-down lists
LIST_AT_MOST = 255  # characters that Excel takes in a drop-down list


def write_workbook(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    *,
    title: str,
    notes: Sequence[str] | None = None,
) -> bytes:
    """Return an .xlsx with these columns and rows; for rows without number see `send_rows`.

    With `notes` (even none in it) it is a template: drop-down lists, and a second sheet that explains the columns.
    """
    if notes is None:
        with _rows_written(columns, rows, title) as file:
            return file.read()
    with _finished_file() as path:
        with xlsxwriter.Workbook(path, OPTIONS) as book:
            book.set_properties({"title": title})
            sheet = book.add_worksheet(_sheet_name(title))
            _set_columns(book, sheet, columns)
            _write_header(book, sheet, [_starred(column) for column in columns])
            _add_lists(sheet, columns)
            _write_rows(book, sheet, columns, rows)
            _explain(book, columns, notes)
        return Path(path).read_bytes()


def _rows_written(columns: Sequence[Column], rows: Iterable[Sequence[Any]], title: str) -> IO[bytes]:
    return write_plain(
        columns,
        rows,
        title=title,
        sheet=_sheet_name(title),
        headings=[_starred(column) for column in columns],
        widths=[column.width or _width(_starred(column), column.example) for column in columns],
    )


def write_faults(sheet: Sheet, faults: Mapping[int, str]) -> bytes:
    """Return the rows that were wrong as they were uploaded, with the reason in the last column."""
    headings = [*sheet.columns, gettext("What is wrong")]
    with _finished_file() as path:
        with xlsxwriter.Workbook(path, OPTIONS) as book:
            out = book.add_worksheet(_sheet_name(gettext("To correct")))
            text = book.add_format({"num_format": TEXT_FORMAT, "valign": "top"})
            reason = book.add_format(
                {"num_format": TEXT_FORMAT, "valign": "top", "text_wrap": True, "bold": True}
            )
            for place, heading in enumerate(sheet.columns):
                out.set_column(place, place, _width(heading), text)
            out.set_column(len(sheet.columns), len(sheet.columns), 60)
            _write_header(book, out, headings)
            wrong = ((row, faults[number]) for number, row in sheet.numbered() if number in faults)
            for line, (row, why) in enumerate(wrong, start=1):
                for place, cell in enumerate(row):
                    out.write_string(line, place, cell, text)
                # A row may be longer than its header; the reason stands in its own column all the same.
                out.write_string(line, len(sheet.columns), why, reason)
        return Path(path).read_bytes()


def write_csv(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a CSV in UTF-8 that Excel opens rightly; what begins like a formula is made plain text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([harmless(column.heading) for column in columns])
    for row in rows:
        writer.writerow([_plain(cell) for cell in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def harmless(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def send_workbook(data: bytes, name: str, *, media_type: str = XLSX) -> Response:
    """Answer with a file to keep under a name in any language, such as "2026 级名单.xlsx"."""
    return _download(current_app.response_class(data, mimetype=media_type), name)


def send_rows(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    name: str,
    *,
    title: str,
    after_commit: bool = False,
) -> Response:
    """Answer with a workbook of any number of rows; they pass through a file and are never in memory together.

    With `after_commit` they are read once what the request wrote is committed, so that nobody who writes waits for a
    long export; `rows` must then be an iterator that has not begun.
    """
    if after_commit:
        body = _read_later(current_app._get_current_object(), get_locale(), columns, rows, title)  # type: ignore[attr-defined]
        return _download(current_app.response_class(body, mimetype=XLSX), name)
    file = _rows_written(columns, rows, title)
    response = _download(current_app.response_class(_blocks(file), mimetype=XLSX), name)
    response.content_length = file.seek(0, os.SEEK_END)
    file.seek(0)
    response.call_on_close(file.close)  # also when nobody read it to the end
    return response


def _read_later(
    app: Flask, locale: Any, columns: Sequence[Column], rows: Iterable[Sequence[Any]], title: str
) -> Iterator[bytes]:
    # The request is over when the server asks for the body, so it has a context and a session of its own.
    with app.app_context(), force_locale(locale), reading():
        file = _rows_written(columns, rows, title)
    yield from _blocks(file)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        yield from iter(lambda: file.read(1 << 16), b"")


def _download(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = content_disposition("attachment", name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def content_disposition(how: str, name: str) -> str:
    """Return the header that gives a download its name, also to programs that know only ASCII."""
    name = "".join(letter for letter in name if letter.isprintable() and letter not in '/\\"')[:150]
    plain = name.encode("ascii", "ignore").decode().strip(" .") or "file"
    if plain == name:
        return f'{how}; filename="{plain}"'
    suffix = Path(name).suffix if Path(name).suffix.isascii() else ""
    fallback = plain if plain != suffix.lstrip(".") else f"file{suffix}"
    return f"{how}; filename=\"{fallback}\"; filename*=UTF-8''{quote(name, safe='')}"


def _plain(cell: Any) -> Any:
    if isinstance(cell, str):
        return harmless(cell)
    if isinstance(cell, datetime):
        return local_day(cell).isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else cell


@contextmanager
def _finished_file() -> Iterator[str]:
    """Give a path to write to that is gone afterwards (constant_memory needs a real file)."""
    handle, path = tempfile.mkstemp(suffix=".xlsx")
    os.close(handle)
    try:
        yield path
    finally:
        Path(path).unlink()


def _sheet_name(title: str) -> str:
    allowed = "".join(" " if character in "[]:*?/\\" else character for character in title)
    return allowed[:31].strip(" '") or "1"


def _starred(column: Column) -> str:
    return f"{column.heading} *" if column.required else column.heading


def _width(heading: str, example: str = "") -> int:
    def cells(text: str) -> int:
        return sum(2 if ord(character) > 0x2E7F else 1 for character in text)

    return min(48, max(10, cells(heading) + 3, cells(example) + 3))


def _set_columns(book: Any, sheet: Any, columns: Sequence[Column]) -> None:
    text, day = book.add_format({"num_format": TEXT_FORMAT}), book.add_format({"num_format": "yyyy-mm-dd"})
    formats = {Kind.TEXT: text, Kind.CHOICE: text, Kind.DATE: day, Kind.NUMBER: None}
    for place, column in enumerate(columns):
        width = column.width or _width(_starred(column), column.example)
        sheet.set_column(place, place, width, formats[column.kind])


def _write_header(book: Any, sheet: Any, headings: Sequence[str]) -> None:
    bold = book.add_format({"bold": True, "bottom": 1, "valign": "vcenter", "num_format": TEXT_FORMAT})
    sheet.set_row(0, 22)
    sheet.freeze_panes(1, 0)
    for place, heading in enumerate(headings):
        sheet.write_string(0, place, heading, bold)


def _add_lists(sheet: Any, columns: Sequence[Column]) -> None:
    for place, column in enumerate(columns):
        labels = [said(label) for label in column.choices.values()]
        rule: dict[str, Any] = {"validate": "any"}
        if labels and len(",".join(labels)) <= LIST_AT_MOST and not any("," in label for label in labels):
            rule = {
                "validate": "list",
                "source": labels,
                "error_title": column.heading[:32],
                "error_message": gettext("Choose one from the list."),
            }
        if column.example:
            rule |= {"input_title": column.heading[:32], "input_message": _for_example(column)[:255]}
        if len(rule) > 1:
            sheet.data_validation(1, place, ROOM, place, rule)


def _for_example(column: Column) -> str:
    return gettext("For example: %(example)s", example=column.example)


def _write_rows(book: Any, sheet: Any, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> None:
    text, day = book.add_format({"num_format": TEXT_FORMAT}), book.add_format({"num_format": "yyyy-mm-dd"})
    last = 0
    for last, row in enumerate(rows, start=1):
        for place, cell in enumerate(row):
            if isinstance(cell, bool) or cell is None:
                sheet.write_string(last, place, "" if cell is None else str(cell), text)
            elif isinstance(cell, (int, float)):
                sheet.write_number(last, place, cell)
            elif isinstance(cell, (date, datetime)):
                when = local_day(cell) if isinstance(cell, datetime) else cell
                sheet.write_datetime(last, place, datetime.combine(when, time()), day)
            else:
                sheet.write_string(last, place, str(cell), text)
    if last and columns:
        sheet.autofilter(f"A1:{xl_col_to_name(len(columns) - 1)}{last + 1}")


def _explain(book: Any, columns: Sequence[Column], notes: Sequence[str]) -> None:
    sheet = book.add_worksheet(_sheet_name(gettext("How to fill in")))
    bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    for place, width in enumerate((24, 12, 28, 60)):
        sheet.set_column(place, place, width)
    line = 0
    for note in notes:
        sheet.write_string(line, 0, note)
        line += 1
    line += 1 if notes else 0
    heads = (gettext("Column"), gettext("Needed"), gettext("Example"), gettext("Allowed values"))
    for place, text in enumerate(heads):
        sheet.write_string(line, place, text, bold)
    for column in columns:
        line += 1
        allowed = gettext(", ").join(said(label) for label in column.choices.values())
        needed = gettext("yes") if column.required else ""
        for place, text in enumerate((column.heading, needed, column.example, allowed)):
            sheet.write_string(line, place, text, wrap)

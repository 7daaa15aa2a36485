"""A plain workbook, written row by row into a file: any number of rows in the same memory, ten thousand in a third of
a second.

For exports: one sheet, a header, text, numbers and dates. Templates with lists and notes are written by writer.py.
The parts and their order are those of ECMA-376; xlsxwriter takes five times as long to write the same cells.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import IO, Any
from xml.sax.saxutils import escape, quoteattr

from xlsxwriter.utility import xl_col_to_name

from trainmgr.kernel.clock import local_day
from trainmgr.kernel.sheets.columns import EXCEL_EPOCH, Column, Kind

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
LONGEST_CELL = 32_767  # characters that a spreadsheet takes in a cell
LAST_ROW = 1_048_576
ROWS_AT_ONCE = 500
TEXT, DAY, HEADING, PLAIN = 1, 2, 3, 0  # places in the list of formats below
# What XML takes in no text, and what a spreadsheet would take for such a letter written out.
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
SPECIAL = re.compile("[&<>\x00-\x1f\ufffe\uffff]|_x|^ | $")

STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="2"><border><left/><right/><top/><bottom/><diagonal/></border>'
    '<border><left/><right/><top/><bottom style="thin"><color auto="1"/></bottom><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="1" xfId="0" applyNumberFormat="1" applyFont="1" '
    'applyBorder="1" applyAlignment="1"><alignment vertical="center"/></xf></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
FORMATS = {Kind.TEXT: TEXT, Kind.CHOICE: TEXT, Kind.DATE: DAY, Kind.NUMBER: PLAIN}


def write_plain(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    *,
    title: str,
    sheet: str,
    headings: Sequence[str],
    widths: Sequence[int],
) -> IO[bytes]:
    """Return an open file with an .xlsx of these rows, gone when it is closed."""
    out = tempfile.TemporaryFile()  # noqa: SIM115  # whoever takes it closes it
    try:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
            with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as stream:
                last = _write_sheet(stream, _head(columns, widths), headings, rows)
            area = f"$A$1:${xl_col_to_name(len(columns) - 1)}${last}"
            for name, text in _parts(title, sheet, area):
                archive.writestr(name, DECLARATION + text)
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return out


def _write_sheet(stream: IO[bytes], head: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write the one sheet; returns the number of its last row."""
    letters = [f'<c r="{xl_col_to_name(place)}' for place in range(len(headings))]
    number, pending = 1, [DECLARATION, head, _row(1, letters, headings, HEADING)]
    for number, row in enumerate(rows, start=2):
        if number > LAST_ROW:
            raise ValueError("a sheet has no more rows")
        pending.append(_row(number, letters, row, TEXT))
        if len(pending) >= ROWS_AT_ONCE:
            stream.write("".join(pending).encode())
            pending.clear()
    pending.append("</sheetData>")
    if number > 1:
        pending.append(f'<autoFilter ref="A1:{xl_col_to_name(len(headings) - 1)}{number}"/>')
    pending.append("</worksheet>")
    stream.write("".join(pending).encode())
    return number


def _head(columns: Sequence[Column], widths: Sequence[int]) -> str:
    spread = "".join(
        f'<col min="{place}" max="{place}" width="{width}" style="{FORMATS[column.kind]}" customWidth="1"/>'
        for place, (column, width) in enumerate(zip(columns, widths, strict=True), start=1)
    )
    return (
        f'<worksheet xmlns="{MAIN}"><sheetViews><sheetView tabSelected="1" workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{spread}</cols><sheetData>'
    )


def _row(number: int, letters: Sequence[str], cells: Sequence[Any], text: int) -> str:
    inside = "".join(
        _cell(f'{letter}{number}"', cell, text) for letter, cell in zip(letters, cells, strict=False)
    )
    tall = ' ht="22" customHeight="1"' if text == HEADING else ""
    return f'<row r="{number}"{tall}>{inside}</row>'


def _cell(begin: str, cell: Any, text: int) -> str:
    kind = type(cell)
    if kind is str:
        if not cell:
            return ""
        return f'{begin} s="{text}" t="inlineStr"><is>{_text(cell)}</is></c>'
    if cell is None:
        return ""
    if kind is not bool and isinstance(cell, (int, float)):
        return f"{begin}><v>{cell!r}</v></c>" if cell == cell and abs(cell) != float("inf") else ""
    if isinstance(cell, date):
        when = local_day(cell) if isinstance(cell, datetime) else cell
        return f'{begin} s="{DAY}"><v>{(when - EXCEL_EPOCH).days}</v></c>'
    return f'{begin} s="{text}" t="inlineStr"><is>{_text(str(cell))}</is></c>'


def _text(text: str) -> str:
    if not SPECIAL.search(text) and len(text) <= LONGEST_CELL:
        return f"<t>{text}</t>"
    plain = HIDDEN.sub(lambda found: f"_x{ord(found.group()):04X}_", text[:LONGEST_CELL])
    return f'<t xml:space="preserve">{escape(plain)}</t>'


def _parts(title: str, sheet: str, area: str) -> Iterator[tuple[str, str]]:
    """Yield the other parts of the file: what is in it, and how they hang together."""
    name = quoteattr(HIDDEN.sub("", sheet))
    quoted = escape("'" + sheet.replace("'", "''") + "'")
    yield (
        "[Content_Types].xml",
        (
            f'<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{TYPES}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{TYPES}.worksheet+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{TYPES}.styles+xml"/>'
            '<Override PartName="/docProps/core.xml" '
            'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
        ),
    )
    yield (
        "_rels/.rels",
        (
            f'<Relationships xmlns="{PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
            f'<Relationship Id="rId2" Type="{PACKAGE}/relationships/metadata/core-properties" '
            'Target="docProps/core.xml"/></Relationships>'
        ),
    )
    yield (
        "docProps/core.xml",
        (
            f'<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(HIDDEN.sub("", title))}</dc:title>'
            "</cp:coreProperties>"
        ),
    )
    yield (
        "xl/workbook.xml",
        (
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name={name} sheetId="1" r:id="rId1"/></sheets>'
            f'<definedNames><definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">{quoted}!{area}'
            "</definedName></definedNames></workbook>"
        ),
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        (
            f'<Relationships xmlns="{PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>'
        ),
    )
    yield "xl/styles.xml", STYLES

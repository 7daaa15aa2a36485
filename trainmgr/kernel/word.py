"""Word documents: one look for reports, plans and lesson plans, with fonts that hold Chinese."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from docx import Document
from docx.document import Document as DocumentObject
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from flask import Response

from trainmgr.kernel.sheets import send_workbook

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LATIN, EAST_ASIAN = (
    "Calibri",
    "SimSun",
)  # names only: Word and LibreOffice put their own in place of what they lack
INK, HAIRLINE = RGBColor(0x1F, 0x29, 0x33), "B8C0C8"
MARGIN = Cm(2)


def new_document(title: str, subtitle: str = "", *, landscape: bool = False) -> DocumentObject:
    """Return an A4 document that begins with its title."""
    document = Document()
    document.core_properties.title = title
    document.core_properties.author = ""
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    if landscape:
        lay_across(section)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = MARGIN
    for name, size in (("Normal", 10.5), ("Title", 20), ("Heading 1", 14), ("Heading 2", 12)):
        _set_font(document.styles[name], size)
    for lang in document.styles.element.iter(
        qn("w:lang")
    ):  # else signs are taken from a Japanese or Taiwan font
        lang.set(qn("w:eastAsia"), "zh-CN")
    document.add_paragraph(title, style="Title")
    if subtitle:
        document.add_paragraph(subtitle)
    return document


def lay_across(section: Any) -> None:
    """Let the pages of an upright section lie across."""
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = section.page_height, section.page_width


def _set_font(style: Any, size: float) -> None:
    style.font.name, style.font.size, style.font.color.rgb = LATIN, Pt(size), INK
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    fonts.set(qn("w:eastAsia"), EAST_ASIAN)


def add_table(
    document: DocumentObject,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    numeric: Iterable[int] = (),
    widths: Sequence[float] = (),
) -> None:
    """Add a table whose head repeats on each page; `numeric` columns are right-aligned, `widths` are in cm."""
    table = document.add_table(rows=1, cols=len(header))
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = not widths
    _rule(table)
    right = frozenset(numeric)
    _fill(table.rows[0], header, right, bold=True)
    _repeat(table.rows[0])
    for row in rows:
        _fill(table.add_row(), row, right)
    for number, width in enumerate(widths):
        for cell in table.columns[number].cells:
            cell.width = Cm(width)


def _fill(row: Any, values: Sequence[Any], right: frozenset[int], *, bold: bool = False) -> None:
    for number, (cell, value) in enumerate(zip(row.cells, values, strict=True)):
        paragraph = cell.paragraphs[0]
        paragraph.add_run("" if value is None else str(value)).bold = bold
        if number in right:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _repeat(row: Any) -> None:
    properties = row._tr.get_or_add_trPr()
    for name in ("w:tblHeader", "w:cantSplit"):
        properties.append(OxmlElement(name))


def _rule(table: Any) -> None:
    """Hairlines between the rows, and nothing else."""
    borders = OxmlElement("w:tblBorders")
    for name in ("top", "bottom", "insideH"):
        line = OxmlElement(f"w:{name}")
        for key, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", HAIRLINE)):
            line.set(qn(f"w:{key}"), value)
        borders.append(line)
    table._tbl.tblPr.append(borders)


def to_bytes(document: DocumentObject) -> bytes:
    """Return the finished file."""
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def send_document(document: DocumentObject, name: str) -> Response:
    """Answer a request with the document under a file name without its ending."""
    return send_workbook(to_bytes(document), f"{name}.docx", media_type=DOCX)

"""Blocks into Word: numbered captions, tables whose heads repeat, charts, notes, page numbers, a table of contents."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsmap, qn
from docx.shared import Cm, Pt, RGBColor

from trainmgr.kernel import word
from trainmgr.reporting.blocks import Block, Chart, Heading, Table, Text
from trainmgr.reporting.drawing import add_chart

GREY, ASKING = RGBColor(0x5B, 0x67, 0x70), RGBColor(0x9A, 0x5B, 0x00)
NO_DAY = (1980, 1, 1, 0, 0, 0)  # of the entries inside: two documents of the same content are the same file
BODY = 17.0  # cm between the margins
TWENTIETHS = 567  # of a point in a centimetre


_UNFIT = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def fit(text: Any) -> str:
    """Return text without signs that no XML may hold, whoever wrote it into a record."""
    return _UNFIT.sub("", "" if text is None else str(text))


class Writer:
    """Writes blocks into a document and numbers its tables and charts."""

    def __init__(self, document: Document, words: dict[str, str]) -> None:
        self.document = document
        self.words = words  # "table", "chart": how captions begin, with %(number)s
        self.tables = self.charts = 0

    def write(self, blocks: Iterable[Block]) -> None:
        """Write blocks one after the other."""
        for block in blocks:
            if isinstance(block, Heading):
                self.heading(block)
            elif isinstance(block, Text):
                self.text(block)
            elif isinstance(block, Table):
                self.table(block)
            else:
                self.chart(block)

    def heading(self, block: Heading) -> None:
        """Write a heading that stays with what follows."""
        try:
            paragraph = self.document.add_heading(fit(block.text), block.level)
        except KeyError:  # a college's own template may have no such style
            paragraph = self.document.add_paragraph()
            paragraph.add_run(fit(block.text)).bold = True
        paragraph.paragraph_format.keep_with_next = True
        paragraph.paragraph_format.space_before = Pt({1: 18, 2: 12}.get(block.level, 8))
        paragraph.paragraph_format.space_after = Pt(6)

    def text(self, block: Text) -> None:
        """Write paragraphs: a line of its own for each line that was typed."""
        for line in fit(block.text).splitlines() or [""]:
            paragraph = self.document.add_paragraph()
            run = paragraph.add_run(("▲ " if block.tone == "missing" else "") + line)
            form = paragraph.paragraph_format
            form.space_after, form.line_spacing = Pt(4), 1.4
            if not block.tone:
                form.first_line_indent = Pt(21)
            else:
                run.font.size = Pt(9)
                run.font.color.rgb = ASKING if block.tone == "missing" else GREY

    def caption(self, kind: str, number: int, text: str) -> None:
        """Write what a table or chart is called."""
        if not text:
            return
        paragraph = self.document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.space_before = Pt(10 if kind == "table" else 0)
        paragraph.paragraph_format.space_after = Pt(3 if kind == "table" else 8)
        paragraph.paragraph_format.keep_with_next = kind == "table"
        run = paragraph.add_run(f"{self.words[kind] % {'number': number}}  {fit(text)}")
        run.font.size, run.bold = Pt(9.5), True

    def table(self, block: Table) -> None:
        """Write a table under its caption."""
        if block.caption:
            self.tables += 1
        self.caption("table", self.tables, block.caption)
        body, made = self.document.element.body, parse_xml(_table(block))
        if body.sectPr is None:
            body.append(made)
        else:
            body.sectPr.addprevious(made)
        # As low as may be: pushed over the end of a page it would leave an empty one before a chapter.
        gap = self.document.add_paragraph().paragraph_format
        gap.space_before, gap.space_after, gap.line_spacing = Pt(0), Pt(0), Pt(6)

    def chart(self, block: Chart) -> None:
        """Write a chart above its caption."""
        self.charts += 1
        add_chart(self.document, block, self.charts)
        self.caption("chart", self.charts, block.caption)


def _even(block: Table) -> list[float]:
    """Return widths: the first column twice as wide as the others."""
    parts = len(block.header) + 1
    return [2 * BODY / parts, *([BODY / parts] * (len(block.header) - 1))]


def _table(block: Table) -> str:
    """Return a table as XML: hairlines between the rows, a head that repeats, no row over two pages.

    A report has some thousand cells, and building each by objects takes longer than reading the year.
    """
    widths = [round(width * TWENTIETHS) for width in (block.widths or _even(block))]
    line = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="{word.HAIRLINE}"/>'
        for side in ("top", "bottom", "insideH")
    )
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    right = frozenset(block.numeric)
    rows = [_row(block.header, widths, right, is_head=True)]
    rows += [_row(row, widths, right) for row in block.rows]
    return (
        f'<w:tbl xmlns:w="{nsmap["w"]}"><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{line}</w:tblBorders><w:tblLayout w:type="fixed"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def _row(cells: Sequence[Any], widths: Sequence[int], right: frozenset[int], *, is_head: bool = False) -> str:
    kept = "<w:cantSplit/><w:tblHeader/>" if is_head else "<w:cantSplit/>"
    bold, keep = ("<w:b/>", "<w:keepNext/>") if is_head else ("", "")
    written = []
    for place, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        side = '<w:jc w:val="right"/>' if place in right else ""
        text = escape(fit(cell)).replace("\n", '</w:t><w:br/><w:t xml:space="preserve">')
        written.append(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr><w:p><w:pPr>{keep}<w:spacing w:before="20"'
            f' w:after="20"/>{side}</w:pPr><w:r><w:rPr>{bold}<w:sz w:val="18"/><w:szCs w:val="18"/></w:rPr>'
            f'<w:t xml:space="preserve">{text}</w:t></w:r></w:p></w:tc>'
        )
    return f"<w:tr><w:trPr>{kept}</w:trPr>{''.join(written)}</w:tr>"


def start(title: str, subtitle: str = "") -> Document:
    """Return a document that begins with its title; all headings hold Chinese."""
    document = word.new_document(title, subtitle)
    word._set_font(document.styles["Heading 3"], 11)
    _number_pages(document)
    return document


def start_book(title: str, lines: Iterable[str], chapters: Iterable[str], contents: str) -> Document:
    """Return a document with a title page and a table of contents."""
    document = word.new_document(title)
    word._set_font(document.styles["Heading 3"], 11)
    head = document.paragraphs[0]
    head.alignment = WD_ALIGN_PARAGRAPH.CENTER
    head.paragraph_format.space_before = Cm(7)
    for line in lines:
        paragraph = document.add_paragraph(line)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    paragraph = document.add_paragraph()
    paragraph.add_run(contents).bold = True
    _contents(document, list(chapters))
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    _number_pages(document)
    return document


def _field(paragraph: Any, code: str, shown: str = "") -> None:
    for kind in ("begin", "code", "separate", "text", "end"):
        run = paragraph.add_run(shown if kind == "text" else "")
        if kind == "code":
            element = OxmlElement("w:instrText")
            element.set(qn("xml:space"), "preserve")
            element.text = code
            run._r.append(element)
        elif kind != "text":
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
            run._r.append(element)


def _contents(document: Document, chapters: list[str]) -> None:
    """Name the chapters with the pages on which they begin; programs count those when the document is opened."""
    for number, chapter in enumerate(chapters, start=1):
        paragraph = document.add_paragraph()
        form = paragraph.paragraph_format
        form.tab_stops.add_tab_stop(Cm(BODY - 0.5), 2, 1)  # at the right, behind dots
        form.space_after = Pt(4)
        paragraph.add_run(f"{chapter}\t")
        _field(paragraph, f" PAGEREF chapter{number} \\h ", "")
    settings = document.settings.element
    update = OxmlElement("w:updateFields")
    update.set(qn("w:val"), "true")
    settings.append(update)


def mark_chapters(document: Document) -> None:
    """Set the marks that the table of contents counts pages by."""
    heads = [one for one in document.paragraphs if one.style is not None and one.style.name == "Heading 1"]
    for number, paragraph in enumerate(heads, start=1):
        for kind in ("bookmarkStart", "bookmarkEnd"):
            element = OxmlElement(f"w:{kind}")
            element.set(qn("w:id"), str(number))
            if kind == "bookmarkStart":
                element.set(qn("w:name"), f"chapter{number}")
            paragraph._p.append(element)


def _number_pages(document: Document) -> None:
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _field(paragraph, " PAGE ", "1")


def to_bytes(document: Document) -> bytes:
    """Return the finished file; the same content makes the same bytes."""
    return _undated(io.BytesIO(word.to_bytes(document)))


def tidied(path: str) -> None:
    """Write a finished file anew so that the same content makes the same bytes."""
    with open(path, "rb") as stream:
        content = _undated(io.BytesIO(stream.read()))
    with open(path, "wb") as out:
        out.write(content)


def _undated(content: io.BytesIO) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(content) as made, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as fixed:
        for name in made.namelist():
            info = zipfile.ZipInfo(name, NO_DAY)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            fixed.writestr(info, made.read(name))
    return out.getvalue()

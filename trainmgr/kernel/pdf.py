"""PDF documents in one look: A4 leaves with hairlines, Chinese wrapped anywhere, QR codes drawn as shapes.

Only the letters that a document uses are embedded. Bold is the one weight drawn with a thin outline.
"""

from __future__ import annotations

import io
import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import segno
from flask import Response, current_app
from flask_babel import gettext as _
from fontTools import subset
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import TextMode, WrapMode

from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.sheets.writer import send_workbook

PDF = "application/pdf"
FAMILY = "trainmgr"
FETCHED = "vendor/fonts/NotoSansSC-Regular.otf"  # by tools/frontend.py
# Elsewhere on the machine, with the place of the simplified Chinese face in a collection.
SYSTEM_FONTS = (
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc", 2),
)
INK, GREY, LINE = (31, 41, 51), (90, 99, 110), (184, 192, 200)
TOP, RIGHT, BOTTOM, BINDING = 16.0, 16.0, 18.0, 25.0  # mm; the left edge leaves room for the holes
QUIET = 4  # light modules around a QR code

NO_FONT = N_(
    "No font with Chinese characters was found. "
    "Run the set-up again, or install the package fonts-noto-cjk, then print."
)

logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells of each table that it leaves out


@dataclass(frozen=True)
class Font:
    """A font file with Chinese characters."""

    path: Path
    number: int = 0


def find_font() -> Font | None:
    """Return the font that documents are set in: the one that set-up fetched, else the system's Noto CJK, or None."""
    fetched = Path(current_app.static_folder or "") / FETCHED
    candidates = [Font(fetched), *(Font(Path(path), number) for path, number in SYSTEM_FONTS)]
    return next((font for font in candidates if font.path.is_file()), None)


@contextmanager
def font_for(text: str) -> Iterator[Font]:
    """Give a small font with only the letters of a text, for many documents: each is set ten times as quickly."""
    whole = find_font()
    if whole is None:
        raise RuleBroken(_(NO_FONT))
    options = subset.Options(notdef_outline=True, name_IDs=[1, 2, 4, 6], layout_features=[])
    small = subset.Subsetter(options)
    small.populate(text=text)
    with (
        TTFont(whole.path, fontNumber=whole.number, lazy=True) as face,
        tempfile.TemporaryDirectory() as folder,
    ):
        small.subset(face)
        path = Path(folder) / "letters.otf"
        face.save(path)
        yield Font(path)


class Paper:
    """One PDF made of leaves; each leaf begins on a page of its own and counts its own pages."""

    def __init__(self, title: str, font: Font | None = None) -> None:
        font = font or find_font()
        if font is None:
            raise RuleBroken(_(NO_FONT))
        self.pdf = pdf = FPDF(format="A4")
        pdf.set_title(title)
        pdf.set_creator("trainmgr")
        pdf.add_font(FAMILY, fname=font.path, collection_font_number=font.number)
        pdf.set_margins(BINDING, TOP, RIGHT)
        pdf.set_auto_page_break(True, BOTTOM)
        pdf.set_text_color(*INK)
        pdf.set_draw_color(*LINE)
        pdf.set_line_width(0.2)
        self.leaves: list[tuple[int, str]] = []  # the first page of each leaf, and its foot

    # --- leaves -----------------------------------------------------------------------------------

    def leaf(self, head: str, foot: str) -> None:
        """Begin a leaf: a small head above, a foot with the leaf's own page numbers below."""
        self.pdf.add_page()
        self.leaves.append((self.pdf.page_no(), foot))
        self._small(head)
        self.rule()

    def _small(self, text: str) -> None:
        with self._set(8.5, colour=GREY):
            self._lines(text, 4.5)

    @contextmanager
    def _set(self, size: float, *, bold: bool = False, colour: tuple[int, int, int] = INK) -> Iterator[None]:
        pdf = self.pdf
        pdf.set_font(FAMILY, size=size)
        with pdf.local_context(text_color=colour, draw_color=colour if bold else LINE):
            if bold:
                pdf.text_mode = TextMode.FILL_STROKE
                pdf.set_line_width(size / 60)
            yield

    def ink(self, size: float, *, bold: bool = False, grey: bool = False) -> AbstractContextManager[None]:
        """Set what a document places by itself (a certificate) in this size and colour."""
        return self._set(size, bold=bold, colour=GREY if grey else INK)

    def _lines(self, text: str, height: float, width: float = 0, *, indent: float = 0) -> None:
        pdf = self.pdf
        pdf.set_x(pdf.l_margin + indent)
        pdf.multi_cell(width, height, text, align="L", wrapmode=WrapMode.CHAR, new_x="LMARGIN", new_y="NEXT")

    # --- what stands on a leaf --------------------------------------------------------------------

    @property
    def width(self) -> float:
        """The width of the text, in mm."""
        return float(self.pdf.epw)

    def rule(self, space: float = 1.5) -> None:
        """Draw a hairline across the page."""
        pdf = self.pdf
        pdf.set_y(pdf.get_y() + space)
        pdf.line(pdf.l_margin, pdf.get_y(), pdf.l_margin + pdf.epw, pdf.get_y())
        pdf.set_y(pdf.get_y() + space)

    def title(self, text: str, *, beside: float = 0) -> None:
        """Set the title; `beside` leaves so many mm free on its right."""
        with self._set(17, bold=True):
            self._lines(text, 8.5, self.width - beside)

    def heading(self, text: str) -> None:
        """Set a heading that stays with what follows it."""
        pdf = self.pdf
        if pdf.will_page_break(18):
            pdf.add_page()
        pdf.set_y(pdf.get_y() + 2.5)
        with self._set(11, bold=True):
            self._lines(text, 6.5)

    def paragraph(self, text: str, *, beside: float = 0) -> None:
        """Set a paragraph."""
        with self._set(10.5):
            self._lines(text, 5.8, self.width - beside if beside else 0)

    def facts(self, pairs: Sequence[tuple[str, str]], *, beside: float = 0) -> None:
        """Set names and values under each other."""
        for name, value in pairs:
            self.paragraph(f"{name}  {value}", beside=beside)

    def listed(self, lines: Sequence[str], *, boxes: bool = False) -> None:
        """Set numbered lines, each with a box to tick where wanted."""
        pdf = self.pdf
        for number, line in enumerate(lines, start=1):
            if pdf.will_page_break(7):
                pdf.add_page()
            top = pdf.get_y()
            with self._set(10.5):
                pdf.cell(8, 6.2, f"{number}.")
                if boxes:
                    pdf.rect(pdf.l_margin + pdf.epw - 4, top + 1.2, 3.6, 3.6)
                self._lines(line, 6.2, self.width - 8 - (8 if boxes else 0), indent=8)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]) -> None:
        """Set a table with hairlines; empty cells are to be written in. `widths` are shares of the page's."""
        pdf, whole = self.pdf, sum(widths)
        with (
            self._set(9.5),
            pdf.table(
                col_widths=tuple(self.width * share / whole for share in widths),
                line_height=7.4,
                align="LEFT",
                text_align="LEFT",
                wrapmode=WrapMode.CHAR,
                first_row_as_headings=False,
                num_heading_rows=0,
            ) as table,
        ):
            for cells in (header, *rows):
                row = table.row()
                for cell in cells:
                    row.cell(cell)

    def to_sign(self, labels: Sequence[str]) -> None:
        """Set lines to sign on, beside each other."""
        pdf = self.pdf
        if pdf.will_page_break(20):
            pdf.add_page()
        pdf.set_y(pdf.get_y() + 10)
        room = self.width / max(1, len(labels))
        top = pdf.get_y()
        for place, label in enumerate(labels):
            left = pdf.l_margin + place * room
            pdf.line(left, top, left + room - 6, top)
            with self._set(8.5, colour=GREY):
                pdf.set_xy(left, top + 1)
                pdf.cell(room - 6, 5, label)
        pdf.set_xy(pdf.l_margin, top + 8)

    def qr(self, text: str, caption: str, *, size: float = 30) -> float:
        """Draw a QR code at the right edge from here down, with a caption; returns the room that it takes, in mm."""
        pdf = self.pdf
        matrix = segno.make(text, error="m", micro=False).matrix
        top, left = pdf.get_y(), pdf.l_margin + pdf.epw - size
        module = size / (len(matrix) + 2 * QUIET)
        with pdf.local_context(fill_color=(0, 0, 0)):
            for line, cells in enumerate(matrix):
                for start, length in _runs(cells):
                    pdf.rect(
                        left + (start + QUIET) * module, top + (line + QUIET) * module,
                        length * module, module, style="F",
                    )  # fmt: skip
        with self._set(7.5, colour=GREY):
            pdf.set_xy(left, top + size - module)
            pdf.multi_cell(
                size, 3.6, caption, align="C", wrapmode=WrapMode.CHAR, new_x="LMARGIN", new_y="TOP"
            )
        pdf.set_xy(pdf.l_margin, top)
        return size + 4

    def down_to(self, top: float, room: float) -> None:
        """Go on below something that begins at `top` and is `room` high."""
        self.pdf.set_y(max(self.pdf.get_y(), top + room))

    @property
    def y(self) -> float:
        """How far down the page the next thing stands, in mm."""
        return float(self.pdf.get_y())

    # --- the finished file ------------------------------------------------------------------------

    def to_bytes(self) -> bytes:
        """Return the finished file."""
        self._number_pages()
        out = io.BytesIO()
        self.pdf.output(out)
        return out.getvalue()

    def _number_pages(self) -> None:
        pdf, last = self.pdf, self.pdf.page_no()
        pdf.set_auto_page_break(False)
        ends = [first - 1 for first, _foot in self.leaves[1:]] + [last]
        for (first, foot), end in zip(self.leaves, ends, strict=True):
            for page in range(first, end + 1):
                pdf.page = page
                with self._set(8, colour=GREY):
                    pdf.set_xy(pdf.l_margin, -12)
                    pdf.cell(pdf.epw - 20, 5, foot)
                    pdf.cell(20, 5, f"{page - first + 1} / {end - first + 1}", align="R")
        pdf.page = last


def _runs(cells: Sequence[int] | bytearray) -> Iterator[tuple[int, int]]:
    """Yield (start, length) of each run of dark modules in a line of a QR code."""
    start = None
    for place, cell in enumerate([*cells, 0]):
        if cell and start is None:
            start = place
        elif not cell and start is not None:
            yield start, place - start
            start = None


def send_paper(paper: Paper, name: str) -> Response:
    """Answer a request with the document under a file name without its ending."""
    return send_workbook(paper.to_bytes(), f"{name}.pdf", media_type=PDF)

"""Charts of Word documents: drawn by Word itself from numbers that stand in a workbook inside the document.

XlsxWriter writes the chart and its workbook; here both are put into the document, with a sentence for who cannot see
it. So no font or picture library is asked for, the chart prints sharply, and its figures can be read and mended.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from typing import Any

import xlsxwriter
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE as RELATION
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.shared import Cm

from trainmgr.kernel.word import EAST_ASIAN, LATIN
from trainmgr.reporting.blocks import Chart

# The light scheme's colours of the parties (static/tokens.css): they differ in grey as well.
COLOURS = ("#3F86D0", "#B4540A", "#4A2F85", "#1B2330")
INK, LINE = "#1F2933", "#B8C0C8"
WIDTH, ROW, LEAST, MOST = 15.5, 0.75, 6.5, 13.0  # cm
LETTERS = 9  # of a category's name on one line
_UNFIT = re.compile(r"[\x00-\x1f\ufffe\uffff]")
ONLY_VALUES = (
    '<c:showLegendKey val="0"/><c:showVal val="1"/><c:showCatName val="0"/><c:showSerName val="0"/>'
    '<c:showPercent val="0"/><c:showBubbleSize val="0"/>'
)
_CHART = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MADE = datetime(2000, 1, 1)  # noqa: DTZ001  a workbook inside a document has no date of its own


def add_chart(document: Document, chart: Chart, number: int) -> None:
    """Add a chart in the middle of a paragraph of its own; `number` is its place among the document's charts."""
    book, drawn = _drawn(chart)
    package = document.part.package
    data = Part(PackURI(f"/word/embeddings/report{number}.xlsx"), _XLSX, book, package)
    part = Part(PackURI(f"/word/charts/report{number}.xml"), _CHART, b"", package)
    part._blob = _with_workbook(drawn, part.relate_to(data, RELATION.PACKAGE))
    key = document.part.relate_to(part, RELATION.CHART)
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.keep_with_next = True
    paragraph.add_run()._r.append(_inline(key, number, chart))


def height(chart: Chart) -> float:
    """Return how tall a chart is, in cm: bars need a row each."""
    if chart.kind != "bar":
        return LEAST + 0.5
    return min(MOST, max(LEAST - 2, 2.2 + ROW * len(chart.categories) * max(1, len(chart.series) * 0.6)))


def _drawn(chart: Chart) -> tuple[bytes, str]:
    """Return the workbook of a chart and the chart itself as XML."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"created": _MADE})
        sheet = book.add_worksheet("figures")
        sheet.write_column(1, 0, list(chart.categories))
        drawing = book.add_chart({"type": chart.kind})
        last = len(chart.categories)
        for place, (name, values) in enumerate(chart.series.items(), start=1):
            sheet.write_string(0, place, name)
            sheet.write_column(1, place, list(values))
            # Told, because an empty cell would be taken for 0: no data is not nothing.
            drawing.add_series(_series(place, last, chart.kind) | {"values_data": list(values)})
        _look(drawing, chart)
        sheet.insert_chart(0, len(chart.series) + 2, drawing)
    data = content.getvalue()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return data, archive.read("xl/charts/chart1.xml").decode()


def _series(place: int, last: int, kind: str) -> dict[str, Any]:
    colour = COLOURS[(place - 1) % len(COLOURS)]
    font = {"size": 9, "color": INK}
    series: dict[str, Any] = {
        "name": ["figures", 0, place],
        "categories": ["figures", 1, 0, last, 0],
        "values": ["figures", 1, place, last, place],
        "data_labels": {"value": True, "font": font, "num_format": "#,##0.##;-#,##0.##;0"},
    }
    if kind == "line":
        look = ("solid", "dash", "round_dot", "long_dash")[(place - 1) % 4]
        mark = {"type": ("circle", "square", "triangle", "diamond")[(place - 1) % 4], "size": 7}
        return series | {
            "line": {"color": colour, "width": 2, "dash_type": look},
            "marker": mark | {"fill": {"color": colour}, "border": {"color": colour}},
        }
    if place == 2:  # the second one is hatched, so that it survives a grey print
        return series | {"pattern": {"pattern": "wide_upward_diagonal", "fg_color": colour, "bg_color": "#FFFFFF"},
                         "border": {"color": colour}, "gap": 60}  # fmt: skip
    return series | {"fill": {"color": colour}, "border": {"color": colour}, "gap": 60}


def _look(drawing: Any, chart: Chart) -> None:
    font = {"size": 9, "color": INK}
    plain = {"num_font": font, "major_tick_mark": "none", "minor_tick_mark": "none"}
    values = plain | {"major_gridlines": {"visible": True, "line": {"color": "#E3E7EB", "width": 0.5}},
                      "line": {"none": True}, "min": 0}  # fmt: skip
    if any(value is not None and value < 0 for each in chart.series.values() for value in each):
        del values["min"]
    names = plain | {"line": {"color": LINE}}
    if chart.kind == "bar":  # it lies: its names stand at the left, the first one on top
        drawing.set_y_axis(names | {"reverse": True, "crossing": "max"})
        drawing.set_x_axis(values)
    else:
        drawing.set_x_axis(names)
        drawing.set_y_axis(values)
    drawing.set_title({"none": True})
    drawing.set_legend({"none": True} if len(chart.series) < 2 else {"position": "bottom", "font": font})
    drawing.set_chartarea({"border": {"none": True}})
    drawing.show_blanks_as("gap")


def _with_workbook(drawn: str, key: str) -> bytes:
    """Name the workbook that holds a chart's figures, and the fonts that hold Chinese."""
    told = f'<c:externalData r:id="{key}"><c:autoUpdate val="0"/></c:externalData>'
    # What is not said to be left out, LibreOffice writes beside each value.
    drawn = drawn.replace('<c:showVal val="1"/>', ONLY_VALUES)
    fonts = f'<a:latin typeface="{LATIN}"/><a:ea typeface="{EAST_ASIAN}"/>'
    drawn = re.sub(r"(<a:defRPr[^>]*?)/>", rf"\1>{fonts}</a:defRPr>", drawn)
    drawn = re.sub(
        r"(<a:defRPr[^>]*>(?:(?!</a:defRPr>|<a:latin).)*)</a:defRPr>", rf"\1{fonts}</a:defRPr>", drawn
    )
    # What is not said of gaps, LibreOffice draws as 0: no data is not nothing.
    drawn = drawn.replace('<c:plotVisOnly val="1"/>', '<c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/>')
    head = drawn.partition("<c:printSettings>")[0].removesuffix("</c:chartSpace>").rstrip()
    return f"{head}{told}</c:chartSpace>".encode()


def _inline(key: str, number: int, chart: Chart) -> Any:
    wide, tall = int(Cm(WIDTH)), int(Cm(height(chart)))
    said = _UNFIT.sub("", chart.finding).replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return parse_xml(
        '<w:drawing xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
        ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
        ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        f'<wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{wide}" cy="{tall}"/>'
        f'<wp:docPr id="{1000 + number}" name="chart {number}" descr="{said}"/><wp:cNvGraphicFramePr/>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart">'
        '<c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
        f' r:id="{key}"/></a:graphicData></a:graphic></wp:inline></w:drawing>'
    )

"""A lesson plan as a Word document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docx.document import Document
from flask_babel import gettext as _

from trainmgr.kernel.word import add_table, new_document
from trainmgr.lessons import labels
from trainmgr.lessons.rules import Ring, Segment, Who


def plan_document(content: dict[str, Any], module: str, program: str, minutes: int, state: str) -> Document:
    """Return a plan's content on paper: facts, aims, and the eight rings under their three segments."""
    document = new_document(content["title"], f"{program} · {module}", landscape=True)
    lesson = _("%(units)s × %(minutes)s minutes", units=content["units"], minutes=minutes)
    document.add_paragraph(f"{lesson} · {state}")
    if content["aims"]:
        document.add_paragraph(_("Aims"), style="Heading 1")
        document.add_paragraph(content["aims"])
    rings = {Ring(ring["ring"]): ring for ring in content["rings"]}
    for segment in Segment:
        document.add_paragraph(str(labels.SEGMENTS[segment]), style="Heading 1")
        rows = [_row(ring, rings[ring]) for ring in Ring if ring.segment is segment]
        header = [_("Ring"), _("Minutes"), _("What is done"), _("Method"), _("Material"), _("Who leads")]
        add_table(document, header, rows, numeric=[1], widths=(3.2, 1.6, 9.5, 3.6, 5, 2.4))
    return document


def _row(ring: Ring, written: dict[str, Any]) -> list[Any]:
    who = str(labels.WHO[Who(written["who"])])
    return [str(labels.RINGS[ring]), written["minutes"] or "–", written["content"], written["method"],
            "\n".join(_materials(written)), who]  # fmt: skip


def _materials(written: dict[str, Any]) -> Iterator[str]:
    """Yield what a ring works with: what was written, then the resources by name and version."""
    if written["material"]:
        yield written["material"]
    for one in written.get("materials", ()):
        yield _("“%(title)s”, version %(number)s", title=one["title"], number=one["number"])

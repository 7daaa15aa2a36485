"""The annual report as our own Word document: title page, contents, chapters, annex."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from trainmgr.kernel.i18n import day
from trainmgr.reporting import templating, writing
from trainmgr.reporting.annual import Facts
from trainmgr.reporting.blocks import Block, Chart, Heading, Table


def own_file(facts: Facts, chapters: Sequence[tuple[str, list[Block]]]) -> bytes:
    """Return the finished file."""
    title = _("Annual report on the quality of vocational education")
    lines = [facts.college, str(facts.year), day(facts.now)]
    document = writing.start_book(title, lines, [name for name, _blocks in chapters], _("Contents"))
    writer = writing.Writer(document, templating.words())
    is_full = False
    for name, blocks in chapters:
        if is_full:  # a chapter of a few lines needs no page of its own
            document.add_page_break()
        writer.write([Heading(name), *blocks])
        is_full = any(isinstance(block, Table | Chart) for block in blocks)
    writing.mark_chapters(document)
    return writing.to_bytes(document)

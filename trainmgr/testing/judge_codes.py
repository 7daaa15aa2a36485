"""Codes to hang out at the workplace: scanned with a phone, each opens one person's checklist."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask_babel import gettext as _

from trainmgr.kernel.pdf import Paper
from trainmgr.testing.models import Participant

SIZE = 30.0  # mm of a code
ROOM = 44.0  # mm that one person takes


def draw(
    program: str, test: str, people: Sequence[Participant], address: Callable[[Participant], str]
) -> Paper:
    """Return the leaf with a code for each of some people, as many on a page as fit."""
    paper = Paper(_("Codes %(test)s", test=test))
    paper.leaf(program, test)
    paper.title(test)
    if not people:
        paper.paragraph(_("Nobody is on this list."))
    for person in people:
        if paper.pdf.will_page_break(ROOM):
            paper.pdf.add_page()
        paper.rule()
        top = paper.y
        beside = paper.qr(address(person), _("Scan to judge"), size=SIZE)
        paper.heading(person.name)
        facts = [text for text in (person.number, person.cohort_name, person.post) if text]
        paper.paragraph(" · ".join(facts), beside=beside)
        paper.down_to(top, SIZE + 6)
    return paper

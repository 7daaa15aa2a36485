"""Papers drawn from a blueprint: looked at, or drawn once for a form and kept.

Testing takes the items of a form from `draw_form`; entry and end measure with the same instrument.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.bank import authoring, drawing, instruments, labels, queries
from trainmgr.bank.drawing import Drawn, PaperShort, Shortage
from trainmgr.bank.models import Instrument, InstrumentVersion, PaperItem
from trainmgr.bank.rules import FORMS, FormPolicy
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import language

DRAWN = audit.sentence(
    "bank.draw-paper", _l("The paper of form %(form)s was drawn from version %(number)s of “%(what)s”")
)


class Unfilled(RuleBroken):
    """The bank cannot fill a paper (409); `shortages` names each cell and by how many it is short."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        self.shortages = list(shortages)
        super().__init__(
            _("The bank cannot fill this paper. Short are: %(cells)s.", cells=tell_shortages(self.shortages))
        )


def tell_shortages(shortages: Sequence[Shortage]) -> str:
    """Return the cells that are short in words, each with the number of missing items."""
    names = queries.competencies_named({one.competency_id for one in shortages})
    return _("; ").join(
        _(
            "%(competency)s, %(difficulty)s: %(missing)s more (%(found)s of %(needed)s)",
            competency=_name(names.get(one.competency_id)),
            difficulty=labels.DIFFICULTIES[one.difficulty],
            missing=one.missing,
            found=one.found,
            needed=one.needed,
        )
        for one in shortages
    )


def _name(line: queries.CompetencyLine | None) -> str:
    if line is None:
        return "?"
    return line.name_en if language() == "en" and line.name_en else line.name


def preview_paper(version: InstrumentVersion, college_id: int, seed: int) -> list[Drawn]:
    """Draw a first form without keeping it; raises Unfilled."""
    return _draw(version, college_id, seed, avoid=())


def _draw(version: InstrumentVersion, college_id: int, seed: int, avoid: Collection[int]) -> list[Drawn]:
    cells = instruments.cells_in(version.id)
    require(cells, _("The blueprint is empty. Say first how many items of which competency the paper has."))
    pool = queries.pool_of(college_id, {cell.competency_id for cell in cells})
    if not avoid:  # a first form is not begun when a parallel second one could not follow
        found = {place: len(items) for place, items in pool.items()}
        if short := drawing.shortages(cells, found, version.form_policy):
            raise Unfilled(short)
    try:
        return drawing.draw(cells, pool, seed=seed, avoid=avoid)
    except PaperShort as refused:
        raise Unfilled(refused.shortages) from None


def draw_form(
    version: InstrumentVersion, form: int, *, now: datetime, by: Actor | None = None
) -> Sequence[PaperItem]:
    """Return the paper of a form (1 at entry, 2 at the end) with its items; drawn the first time, kept from then on.

    With the policy SAME both forms ask what the first drew. Raises Unfilled when the bank cannot fill it.
    """
    require(form in FORMS, _("An instrument has two forms."))
    db.session.execute(
        sa.select(InstrumentVersion.id).where(InstrumentVersion.id == version.id).with_for_update()
    )
    kept = instruments.paper_of(version.id, form)
    if kept:
        return kept
    instrument = db.session.get_one(Instrument, version.instrument_id)
    other = instruments.paper_of(version.id, 3 - form)
    if version.form_policy is FormPolicy.SAME and other:
        paper = [Drawn(row.item_id, row.points) for row in other]
    else:
        taken = {row.item_id for row in other}
        paper = _draw(version, instrument.college_id, version.seed, avoid=taken)
    _keep(version, form, paper, now)
    audit.record(DRAWN, version, by=by, now=now, name=instrument.name, number=version.number, form=form)
    return instruments.paper_of(version.id, form)


def _keep(version: InstrumentVersion, form: int, paper: Sequence[Drawn], now: datetime) -> None:
    rows: list[Mapping[str, object]] = [
        {
            "version_id": version.id,
            "form": form,
            "item_id": drawn.item_id,
            "position": position,
            "points": drawn.points,
        }
        for position, drawn in enumerate(paper, start=1)
    ]
    db.session.execute(sa.insert(PaperItem), rows)
    authoring.note_drawn([drawn.item_id for drawn in paper], now=now)

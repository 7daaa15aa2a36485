"""What the page of item statistics shows: words for what is striking, the rows in order, the spread of the totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.bank import labels as bank_labels
from trainmgr.kernel.i18n import number
from trainmgr.kernel.paging import PAGE_SIZE, Listing, Page
from trainmgr.kernel.sheets import Column
from trainmgr.kernel.sheets.columns import Kind
from trainmgr.testing.item_statistics import Flag
from trainmgr.testing.paper_figures import ItemFigures, PaperFigures

FLAGS = {
    Flag.TOO_EASY: _l("too easy"),
    Flag.TOO_HARD: _l("too hard"),
    Flag.NEGATIVE: _l("the weak do better"),
    Flag.LITTLE: _l("tells little"),
    Flag.UNCHOSEN: _l("a wrong option that nobody chose"),
    Flag.MISLEADING: _l("a wrong option that draws the strong"),
}
TONES = {Flag.NEGATIVE: "bad", Flag.MISLEADING: "bad"}
BINS = 5


def rows_of(figures: PaperFigures, listing: Listing, *, striking: bool) -> Page[ItemFigures]:
    """Return a page of the items in the order asked for; figures that cannot be told come first, as the smallest."""
    keys: Mapping[str, Any] = {
        "place": lambda one: one.place,
        "p": lambda one: _known(one.p),
        "discrimination": lambda one: _known(one.discrimination),
        "upper_lower": lambda one: _known(one.upper_lower),
        "striking": lambda one: len(one.flags),
    }
    sort = listing.sort if listing.sort in keys else "place"
    items = [one for one in figures.items if one.flags or not striking]
    ordered = sorted(items, key=lambda one: (keys[sort](one), one.place), reverse=listing.direction == "desc")
    pages = max(1, -(-len(ordered) // PAGE_SIZE))
    at = min(listing.number, pages)
    shown = ordered[(at - 1) * PAGE_SIZE : at * PAGE_SIZE]
    return Page(shown, at, PAGE_SIZE, len(ordered), "", sort, listing.direction)


def _known(figure: float | None) -> float:
    return -2.0 if figure is None else figure


def spread(figures: PaperFigures) -> tuple[list[int], list[int]] | None:
    """Return the edges, in per cent of the points, and how many people lie between them; None without people."""
    if not figures.count or not figures.possible:
        return None
    shares = np.array(figures.totals) / float(figures.possible) * 100
    counts, _edges = np.histogram(shares, bins=BINS, range=(0, 100))
    return [100 // BINS * step for step in range(BINS + 1)], [int(count) for count in counts]


def sheet_columns(most_options: int) -> list[Column]:
    """Return the columns of the workbook; each option has three: all, the upper and the lower group."""
    names = [
        ("place", _("No."), Kind.NUMBER),
        ("item", _("Item number in the bank"), Kind.NUMBER),
        ("stem", _("Question or task"), Kind.TEXT),
        ("kind", _("Kind of item"), Kind.TEXT),
        ("points", _("Points"), Kind.NUMBER),
        ("count", _("Attempts"), Kind.NUMBER),
        ("p", _("p"), Kind.NUMBER),
        ("discrimination", _("Discrimination"), Kind.NUMBER),
        ("upper_lower", _("D (upper less lower group)"), Kind.NUMBER),
        ("flags", _("Striking"), Kind.TEXT),
    ]
    columns = [Column(key, label, kind=kind) for key, label, kind in names]
    for place in range(most_options):
        letter = "ABCDEFGH"[place]
        columns += [
            Column(f"all{place}", _("%(letter)s: all", letter=letter), kind=Kind.NUMBER),
            Column(f"upper{place}", _("%(letter)s: upper", letter=letter), kind=Kind.NUMBER),
            Column(f"lower{place}", _("%(letter)s: lower", letter=letter), kind=Kind.NUMBER),
        ]
    return columns


def sheet_rows(figures: PaperFigures) -> list[Sequence[Any]]:
    """Return the rows of the workbook, an item each in the order of the paper."""
    most = most_options(figures)
    return [
        [
            one.place,
            one.item.id,
            one.item.stem,
            str(bank_labels.KINDS[one.item.kind]),
            float(one.line.points),
            one.count,
            _cell(one.p),
            _cell(one.discrimination),
            _cell(one.upper_lower),
            told(one.flags),
            *_option_cells(one, most),
        ]
        for one in figures.items
    ]


def told(flags: Sequence[Flag]) -> str:
    """Return what is striking in words."""
    return _("; ").join(str(FLAGS[flag]) for flag in flags)


def most_options(figures: PaperFigures) -> int:
    """Return how many options the item with the most has."""
    return max((len(one.options) for one in figures.items), default=0)


def _cell(figure: float | None) -> float | str:
    return "" if figure is None else round(figure, 3)


def _option_cells(one: ItemFigures, most: int) -> list[int | str]:
    cells: list[int | str] = []
    for option in one.options:
        cells += [option.count, option.upper, option.lower]
    return cells + [""] * (3 * most - len(cells))


def title_of(figures: PaperFigures) -> str:
    """Return the finding of the chart of totals in words."""
    middle = float(np.median(figures.totals)) if figures.count else 0.0
    return _(
        "%(count)s people; half of them have %(points)s points or more",
        count=number(figures.count),
        points=number(middle),
    )

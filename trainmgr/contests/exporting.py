"""The ledger of awards as a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response
from flask_babel import gettext as _

from trainmgr.contests.award_models import ContestAward
from trainmgr.kernel import sheets
from trainmgr.kernel.msgids import N_

COLUMNS = [
    sheets.Column("year", N_("Year")),
    sheets.Column("awarded_on", N_("Day of the award")),
    sheets.Column("contest", N_("Contest")),
    sheets.Column("level", N_("Level")),
    sheets.Column("grade", N_("Grade")),
    sheets.Column("kind", N_("Kind of prize")),
    sheets.Column("holders", N_("Holders")),
    sheets.Column("amount", N_("Amount in yuan")),
    sheets.Column("giver", N_("Giver")),
    sheets.Column("issuer", N_("Issued by")),
    sheets.Column("number", N_("Number of the paper")),
    sheets.Column("withdrawn", N_("Withdrawn because")),
]


def _lines(rows: Iterable[ContestAward]) -> Iterator[list[Any]]:
    for row in rows:
        yield [
            row.year, row.awarded_on, row.contest_name, str(row.level_label), str(row.grade_label),
            str(row.kind_label), row.holders_text,
            None if row.amount_cents is None else row.amount_cents / 100,
            row.giver.name if row.giver else "", row.issuer, row.number, row.withdrawn_reason,
        ]  # fmt: skip


def send_awards(rows: Iterable[ContestAward]) -> Response:
    """Answer with the ledger as a workbook."""
    title = _("Ledger of awards")
    return sheets.send_rows(COLUMNS, _lines(rows), f"{title}.xlsx", title=title)

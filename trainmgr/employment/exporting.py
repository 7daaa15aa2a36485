"""A round as a workbook: who does what, told by whom. Incomes of single people stand in none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response
from flask_babel import gettext as _

from trainmgr.kernel.i18n import day
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.sheets.columns import Column
from trainmgr.kernel.sheets.writer import send_rows

COLUMNS = (
    Column("name", N_("Name"), width=14),
    Column("number", N_("Student no."), width=16),
    Column("class", N_("Class"), width=16),
    Column("destination", N_("Destination"), width=18),
    Column("employer", N_("Employer"), width=28),
    Column("post", N_("Post"), width=20),
    Column("match", N_("Fits the training"), width=16),
    Column("retained", N_("Same employer as before"), width=18),
    Column("promoted", N_("Promoted to"), width=18),
    Column("certificate", N_("Certificate"), width=24),
    Column("source", N_("Source"), width=18),
    Column("told", N_("Told on"), width=12),
    Column("confirmed", N_("Confirmed"), width=14),
    Column("satisfaction", N_("Satisfaction (1–5)"), width=12),
)


def _whether(value: bool | None) -> str:
    return "" if value is None else (_("yes") if value else _("no"))


def _lines(rows: Iterable[Any]) -> Iterator[list[Any]]:
    for who, cohort, answer, word, _reminded in rows:
        if answer is None:
            yield [who.name, who.student_number, cohort or "", _("not answered"), *[""] * 10]
            continue
        yield [
            who.name,
            who.student_number,
            cohort or "",
            str(answer.destination_label),
            answer.employer.name if answer.employer else answer.employer_name,
            answer.post,
            str(answer.match_label),
            _whether(answer.is_retained),
            answer.promoted_to or _whether(answer.promoted),
            answer.certificate or _whether(answer.certified),
            f"{answer.source_label} {answer.source_note}".strip(),
            day(answer.at),
            "" if word is None else (_("confirmed") if word.confirmed else _("denied")),
            word.satisfaction if word else None,
        ]


def send_round(rows: Iterable[Any], name: str, title: str) -> Response:
    """Answer with a round as a workbook."""
    return send_rows(COLUMNS, _lines(rows), name, title=title)

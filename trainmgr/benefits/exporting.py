"""Yields, income and the roster of a claim as workbooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flask import Response
from flask_babel import gettext as _

from trainmgr.benefits import labels
from trainmgr.benefits.models import ClaimPerson, JointYield, SubsidyClaim
from trainmgr.enrolment.real_names import Facts, layout_of
from trainmgr.enrolment.sending import facts_of, kind_of
from trainmgr.identity.models import User
from trainmgr.kernel import sheets
from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.sheets import Column, Kind
from trainmgr.programs.models import Program

PIECE = 1_000
YIELDS = [
    Column("kind", N_("Kind")),
    Column("title", N_("Title of the outcome")),
    Column("number", N_("Number (patent, registration, journal)")),
    Column("day", N_("Day it was there"), kind=Kind.DATE),
    Column("shares", N_("Owners and shares")),
    Column("ownership", N_("Who may do what with it")),
    Column("benefit", N_("Who gets what it earns")),
    Column("state", N_("State")),
]
INCOMES = [
    Column("day", N_("Day of receipt"), kind=Kind.DATE),
    Column("kind", N_("Kind")),
    Column("source", N_("From whom")),
    Column("amount", N_("Amount in yuan"), kind=Kind.NUMBER),
    Column("label", N_("Part of")),
    Column("share", N_("Share in per cent"), kind=Kind.NUMBER),
    Column("part", N_("Part in yuan"), kind=Kind.NUMBER),
    Column("note", N_("Note")),
    Column("by", N_("Entered by")),
]
OF_CLAIM = [
    Column("claimed_hours", N_("Hours of the claim"), kind=Kind.NUMBER),
    Column("certificate", N_("Certificate of the claim")),
    Column("amount", N_("Amount claimed in yuan"), kind=Kind.NUMBER),
]


def send_yields(rows: Iterable[JointYield], name: str) -> Response:
    """Answer with a programme's research and product outcomes."""
    title = _("Research and products")
    return sheets.send_rows(YIELDS, map(_yield, rows), f"{title} {name}.xlsx", title=title)


def _yield(row: JointYield) -> list[Any]:
    shares = _("; ").join(f"{one.owner} {one.basis_points / 100:g}%" for one in row.shares)
    return [
        str(row.kind_label), row.title, row.number, row.achieved_on, shares, row.ownership, row.benefit,
        str(row.state_label),
    ]  # fmt: skip


def send_incomes(rows: Iterable[Any], name: str) -> Response:
    """Answer with a programme's income, one row a part."""
    title = _("Income and its split")
    return sheets.send_rows(INCOMES, map(_income, rows), f"{title} {name}.xlsx", title=title)


def _income(row: Any) -> list[Any]:
    return [
        row.received_on, str(labels.INCOMES[row.kind]), row.source, row.amount_cents / 100, row.label,
        row.basis_points / 100, row.cents / 100, row.note, row.by_name,
    ]  # fmt: skip


def send_claim_roster(
    program: Program, claim: SubsidyClaim, people: Sequence[ClaimPerson], by: User
) -> Response:
    """Answer with a claim's people in the columns of the college's real-name roster, and what is claimed for each."""
    layout, _version = layout_of(program.lead_college_id)
    columns = [Column(f"c{place}", one.heading, kind=kind_of(one)) for place, one in enumerate(layout)]
    title = _("Claim no. %(number)s %(kind)s", number=claim.number, kind=claim.kind_label)
    return sheets.send_rows(
        [*columns, *OF_CLAIM],
        _roster(program, layout, people, by),
        f"{title} {program.name}.xlsx",
        title=title,
    )


def _roster(
    program: Program, layout: Sequence[Any], people: Sequence[ClaimPerson], by: User
) -> Iterator[list[Any]]:
    for start in range(0, len(people), PIECE):
        piece = people[start : start + PIECE]
        facts = facts_of(program, by, [one.enrolment_id for one in piece])
        for place, (one, known) in enumerate(zip(piece, facts, strict=True), start=start + 1):
            own = [ledger_hours(one.minutes), one.certificate, one.amount_cents / 100]
            yield [*(column.of(Facts(place, *known)) for column in layout), *own]

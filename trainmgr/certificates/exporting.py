"""Lists of certificates as workbooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response
from flask_babel import gettext as _

from trainmgr.certificates import labels
from trainmgr.certificates.rules import serial_of
from trainmgr.kernel import sheets
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.sheets import Column, Kind

ISSUED = [
    Column("serial", N_("Certificate number")),
    Column("name", N_("Name")),
    Column("student_number", N_("Student number")),
    Column("program", N_("Programme")),
    Column("enterprise", N_("Enterprise")),
    Column("field", N_("Field or trade")),
    Column("hours", N_("Hours of practice"), kind=Kind.NUMBER),
    Column("issued_on", N_("Day of issue"), kind=Kind.DATE),
    Column("state", N_("State")),
    Column("ended_on", N_("No longer counts since"), kind=Kind.DATE),
    Column("reason", N_("Reason")),
]
EXTERNAL = [
    Column("name", N_("Name")),
    Column("student_number", N_("Student number")),
    Column("program", N_("Programme")),
    Column("level", N_("Level of the certificate")),
    Column("certificate", N_("Occupation or certificate")),
    Column("number", N_("Certificate number")),
    Column("issuer", N_("Issuer")),
    Column("issued_on", N_("Day of issue"), kind=Kind.DATE),
    Column("expires_on", N_("Valid until"), kind=Kind.DATE),
    Column("state", N_("State")),
    Column("by", N_("Verified by")),
]


def send_issued(rows: Iterable[Any]) -> Response:
    """Answer with the certificates of completion as a workbook."""
    return sheets.send_rows(
        ISSUED, _issued(rows), _("Certificates of completion.xlsx"), title=_("Certificates")
    )


def _issued(rows: Iterable[Any]) -> Iterator[list[Any]]:
    valid = _("valid")
    for row in rows:
        yield [
            serial_of(row.year, row.number), row.holder_name, row.student_number, row.program_name,
            row.enterprise_name, row.field, ledger_hours(row.minutes), row.issued_on,
            str(labels.REVOCATIONS[row.kind]) if row.kind else valid, local_day(row.at) if row.at else None,
            row.reason or "",
        ]  # fmt: skip


def send_external(rows: Iterable[Any]) -> Response:
    """Answer with the certificates of others as a workbook."""
    return sheets.send_rows(
        EXTERNAL, _external(rows), _("External certificates.xlsx"), title=_("Certificates")
    )


def _external(rows: Iterable[Any]) -> Iterator[list[Any]]:
    levels = {level: str(label) for level, label in labels.LEVELS.items()}
    states = {state: str(label) for state, label in labels.STATES.items()}
    for row in rows:
        yield [
            row.name, row.student_number, row.program, levels[row.level], row.certificate, row.number, row.issuer,
            row.issued_on, row.expires_on, states[row.state], row.settled_by_name,
        ]  # fmt: skip

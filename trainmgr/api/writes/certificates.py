"""Certificates that others issued to trainees: entered, then verified, refused or withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort
from flask_babel import gettext as _

from trainmgr.api.deeds import Deed, Done, Write, fault
from trainmgr.api.fields import Base, Day, Line, NothingSchema, ReasonSchema, Ref, choice
from trainmgr.api.rules import Area
from trainmgr.certificates import external, external_queries
from trainmgr.certificates.models import ExternalCertificate
from trainmgr.certificates.rules import Level
from trainmgr.enrolment.queries import chosen
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.programs.queries import may

P = Permission


class NewExternalCertificateSchema(Base):
    """What a certificate of somebody else says; a scan is added on the page."""

    enrolment_id = Ref(required=True)
    level = choice(Level, required=True)
    name = Line(80, least=1, required=True)
    number = Line(60, least=1, required=True)
    issuer = Line(120, least=1, required=True)
    issued_on = Day(required=True)
    expires_on = Day(allow_none=True)


def enter(deed: Deed) -> Done:
    """Enter a trainee's certificate; it counts once it is verified."""
    program, data = deed.program(P.CERTIFICATE_RECORD), deed.data
    trainee = next(iter(chosen(program, deed.by, [data["enrolment_id"]])), None)
    if trainee is None:
        raise fault("enrolment_id", _("There is no such thing to choose here."))
    facts = external.Facts(
        Level(data["level"]), data["name"], data["number"], data["issuer"], data["issued_on"], data.get("expires_on")
    )  # fmt: skip
    row = external.enter(program, trainee, facts, None, by=deed.by, now=deed.now)
    db.session.flush()
    return Done(row.id, made=True)


def _row(deed: Deed) -> ExternalCertificate:
    row = external_queries.external_or_404(deed.row_id, deed.by)
    if row.program_id != deed.ids["program_id"]:
        abort(404)
    if not may(row.program, deed.by, P.CERTIFICATE_RECORD):
        abort(403)
    return row


def verify(deed: Deed) -> Done:
    """Say that a certificate was held against its proof or the issuer's register."""
    row = _row(deed)
    external.verify(row, by=deed.by, now=deed.now)
    return Done(row.id)


def _ended_by(action: Callable[..., Any]) -> Callable[[Deed], Done]:
    def end(deed: Deed) -> Done:
        row = _row(deed)
        action(row, reason=deed.data["reason"], by=deed.by, now=deed.now)
        return Done(row.id)

    return end


_ALL = "/programs/<int:program_id>/external-certificates"


def _settled(move: str, schema: Any, does: Any, summary: str) -> Write:
    path = f"{_ALL}/<int:row_id>/{move}"
    return Write(
        "POST", path, Area.CERTIFICATES, P.CERTIFICATE_RECORD, schema, "external-certificates", summary, does
    )


WRITES = {
    "enter_external_certificate": Write(
        "POST", _ALL, Area.CERTIFICATES, P.CERTIFICATE_RECORD, NewExternalCertificateSchema, "external-certificates",
        N_("Enter a certificate that somebody else issued"), enter, made=True,
    ),
    "verify_external_certificate": _settled(
        "verify", NothingSchema, verify, N_("Verify a certificate of others")
    ),
    "refuse_external_certificate": _settled(
        "refuse", ReasonSchema, _ended_by(external.refuse), N_("Refuse a certificate of others")
    ),
    "withdraw_external_certificate": _settled(
        "withdraw", ReasonSchema, _ended_by(external.withdraw), N_("Withdraw a certificate of others")
    ),
}  # fmt: skip

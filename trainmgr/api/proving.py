"""Certificates of completion, and those that others issued, as resources."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from marshmallow import fields

from trainmgr.api.fields import Base, Id, choice, names_of
from trainmgr.api.reading import Asked, Resource, by_choice, by_id
from trainmgr.api.rules import Area
from trainmgr.certificates.models import Certificate, ExternalCertificate
from trainmgr.certificates.queries import people_seen
from trainmgr.certificates.rules import ExternalState, Level
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.kernel.access import Permission
from trainmgr.kernel.msgids import N_
from trainmgr.programs.models import Program

P = Permission


class CertificateSchema(Base):
    """A certificate of completion as it was issued; `is_present` until it is revoked or replaced."""

    id = Id()
    program_id = Id()
    enrolment_id = Id()
    college_id = Id()
    year = fields.Integer()
    number = fields.Integer()
    credential_id = fields.UUID()
    holder_name = fields.String()
    student_number = fields.String()
    program_name = fields.String()
    enterprise_name = fields.String()
    field = fields.String()
    minutes = fields.Integer()
    issued_on = fields.Date()
    is_present = fields.Boolean()
    replaces_id = Id(allow_none=True)


def _certificates(asked: Asked) -> sa.Select[Any]:
    columns = [getattr(Certificate, name) for name in names_of(CertificateSchema)]
    return (
        sa.select(*columns)
        .join(Enrolment, Enrolment.id == Certificate.enrolment_id)
        .join(Program, Program.id == Certificate.program_id)
        .where(people_seen(asked.viewer))
    )


class ExternalCertificateSchema(Base):
    """A certificate that somebody else issued to a trainee; it counts once it is verified."""

    id = Id()
    enrolment_id = Id()
    level = choice(Level)
    name = fields.String()
    number = fields.String()
    issuer = fields.String()
    issued_on = fields.Date()
    expires_on = fields.Date(allow_none=True)
    state = choice(ExternalState)
    reason = fields.String()
    entered_at = fields.DateTime()
    settled_at = fields.DateTime(allow_none=True)


def _external(asked: Asked) -> sa.Select[Any]:
    columns = [getattr(ExternalCertificate, name) for name in names_of(ExternalCertificateSchema)]
    return (
        sa.select(*columns)
        .join(Enrolment, Enrolment.id == ExternalCertificate.enrolment_id)
        .where(visible_in(asked.place, asked.viewer))
    )


RESOURCES = (
    Resource(
        "certificates", "certificate", Area.CERTIFICATES, P.CERTIFICATE_VIEW, CertificateSchema,
        N_("Certificates of completion"), [Certificate.id], _certificates,
        filters=by_id("program_id", Certificate.program_id, "Only of this programme.")
        | by_id("enrolment_id", Certificate.enrolment_id, "Only of this trainee.")
        | by_id("year", Certificate.year, "Only of this year."),
        in_program=False,
    ),
    Resource(
        "external-certificates", "external_certificate", Area.CERTIFICATES, P.CERTIFICATE_VIEW,
        ExternalCertificateSchema, N_("Certificates that others issued"), [ExternalCertificate.id], _external,
        filters=by_id("enrolment_id", ExternalCertificate.enrolment_id, "Only of this trainee.")
        | by_choice("state", ExternalCertificate.state, ExternalState, "The certificate's state."),
    ),
)  # fmt: skip

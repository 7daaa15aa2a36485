"""Certificates of completion with their serial numbers and revocations; certificates that others issued."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.certificates import labels
from trainmgr.certificates.rules import ExternalState, Level, RevocationKind, serial_of, spaced
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.programs.models import Program

PRESENT = sa.text("is_present")
COUNTED = sa.text("state IN ('entered', 'verified')")


class CertificateSerial(Model):
    """The last serial number that a college gave in a year; written in the transaction that gives it, so no gaps."""

    __tablename__ = "certificate_serial"

    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class Certificate(OfCollege, Model):
    """A certificate of completion: what it says is kept as it was issued and never changes.

    `code` names it in the public check, `holder_part` after it shows the whole name; `origin` is the address of the
    installation that stands on it. `is_present` until it is revoked or replaced; a trainee has one at a time.
    """

    __tablename__ = "certificate"
    __table_args__ = (
        sa.UniqueConstraint("college_id", "year", "number"),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("credential_id"),
        sa.UniqueConstraint("replaces_id"),
        sa.CheckConstraint("number > 0", name="number"),
        sa.Index(
            "uq_certificate_present", "enrolment_id", unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT
        ),
        sa.Index("ix_certificate_enrolment_id", "enrolment_id", "id"),
        sa.Index("ix_certificate_program_id", "lead_college_id", "program_id", "id"),
        sa.Index("ix_certificate_user_id", "user_id", "id"),
        sa.Index("ix_certificate_college_id_issued_on", "college_id", "issued_on", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    year: Mapped[int]
    number: Mapped[int]
    code: Mapped[str] = mapped_column(sa.String(16))
    holder_part: Mapped[str] = mapped_column(sa.String(6))
    credential_id: Mapped[str] = mapped_column(sa.String(36))
    origin: Mapped[str] = mapped_column(sa.String(200))
    is_present: Mapped[bool] = mapped_column(default=True)
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("certificate.id"))
    holder_name: Mapped[str] = mapped_column(sa.String(80))
    student_number: Mapped[str] = mapped_column(sa.String(40), default="")
    program_name: Mapped[str] = mapped_column(sa.String(120))
    program_name_en: Mapped[str] = mapped_column(sa.String(160), default="")
    college_name: Mapped[str] = mapped_column(sa.String(120))
    college_name_en: Mapped[str] = mapped_column(sa.String(160), default="")
    enterprise_name: Mapped[str] = mapped_column(sa.String(120), default="")
    enterprise_name_en: Mapped[str] = mapped_column(sa.String(160), default="")
    field: Mapped[str] = mapped_column(sa.String(60), default="")
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    minutes: Mapped[int] = mapped_column(default=0)
    issued_on: Mapped[date]
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    program: Mapped[Program] = relationship(
        primaryjoin="Program.id == foreign(Certificate.program_id)", lazy="raise_on_sql"
    )
    revocation: Mapped[CertificateRevocation | None] = relationship(
        back_populates="certificate", lazy="raise_on_sql"
    )

    @property
    def serial(self) -> str:
        """The serial number as it is printed."""
        return serial_of(self.year, self.number)

    @property
    def full_code(self) -> str:
        """The code that shows the whole name, in groups of four."""
        return spaced(self.code + self.holder_part)

    @property
    def short_code(self) -> str:
        """The code that shows the name masked, in groups of four."""
        return spaced(self.code)

    @property
    def check_address(self) -> str:
        """The address in the QR code."""
        return f"{self.origin}check/{self.code}{self.holder_part}"


class CertificateRevocation(Model):
    """That a certificate no longer counts, since when and why."""

    __tablename__ = "certificate_revocation"
    __table_args__ = (sa.CheckConstraint("reason <> ''", name="reason"),)

    certificate_id: Mapped[int] = mapped_column(sa.ForeignKey("certificate.id"), primary_key=True)
    kind: Mapped[RevocationKind] = mapped_column(choice(RevocationKind))
    reason: Mapped[str] = mapped_column(sa.String(200))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    certificate: Mapped[Certificate] = relationship(back_populates="revocation", lazy="raise_on_sql")

    @property
    def kind_label(self) -> Any:
        """What became of the certificate, in words."""
        return labels.REVOCATIONS[self.kind]


class ExternalCertificate(OfCollege, Model):
    """A certificate that somebody else issued to a trainee; what was entered never changes, a correction is a new one.

    Of entered and verified ones an issuer's number stands once.
    """

    __tablename__ = "external_certificate"
    __table_args__ = (
        sa.CheckConstraint("expires_on IS NULL OR expires_on >= issued_on", name="days"),
        sa.CheckConstraint("number_key <> ''", name="number"),
        sa.Index(
            "uq_external_certificate_issuer_key_number_key", "issuer_key", "number_key", unique=True,
            sqlite_where=COUNTED, postgresql_where=COUNTED,
        ),
        sa.Index("ix_external_certificate_program_id", "lead_college_id", "program_id", "id"),
        sa.Index("ix_external_certificate_user_id", "user_id", "level"),
        sa.Index("ix_external_certificate_enrolment_id", "enrolment_id"),
        sa.Index("ix_external_certificate_state_expires_on", "state", "expires_on", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    level: Mapped[Level] = mapped_column(choice(Level, "certificatelevel"))
    name: Mapped[str] = mapped_column(sa.String(80))
    number: Mapped[str] = mapped_column(sa.String(60))
    number_key: Mapped[str] = mapped_column(sa.String(60))
    issuer: Mapped[str] = mapped_column(sa.String(120))
    issuer_key: Mapped[str] = mapped_column(sa.String(16))
    issued_on: Mapped[date]
    expires_on: Mapped[date | None]
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"))
    state: Mapped[ExternalState] = mapped_column(choice(ExternalState), default=ExternalState.ENTERED)
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    entered_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    entered_by_name: Mapped[str] = mapped_column(sa.String(80))
    entered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    settled_by_name: Mapped[str] = mapped_column(sa.String(80), default="")
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    program: Mapped[Program] = relationship(
        primaryjoin="Program.id == foreign(ExternalCertificate.program_id)", lazy="raise_on_sql"
    )

    @property
    def level_label(self) -> Any:
        """The level in words."""
        return labels.LEVELS[self.level]

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return labels.STATES[self.state]

    @property
    def state_tone(self) -> str | None:
        """The tone of the state's pill."""
        return labels.TONES[self.state]

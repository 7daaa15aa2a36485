"""Follow-up of graduates: rounds, answers, employers' words, steps of a post, and records handed over by consent.

What was told is never changed: a correction is a new record, and `is_present` marks the one that counts.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.employment import labels
from trainmgr.employment.course import PostStep
from trainmgr.employment.rules import Answer, AnswerSource, Band, Destination, Match
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import Organization
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.programs.models import Program

PRESENT = sa.text("is_present")
UNCANCELLED = sa.text("cancels_id IS NOT NULL")


def _one_present(*columns: str, name: str) -> sa.Index:
    return sa.Index(name, *columns, unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT)


class FollowUpRound(Model):
    """One asking of a programme's graduates, so many months after graduation; open from a day to a day (included).

    `year` is the year in which they graduated. `opened_at` and `closed_at` are when the clock saw it open and close.
    """

    __tablename__ = "follow_up_round"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "months"),
        sa.CheckConstraint("months BETWEEN 0 AND 60", name="months"),
        sa.CheckConstraint("closes_on >= opens_on", name="days"),
        sa.Index("ix_follow_up_round_year_months", "year", "months"),
        sa.Index("ix_follow_up_round_closed_at_opens_on", "closed_at", "opens_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    year: Mapped[int]
    months: Mapped[int]
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    opened_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    program: Mapped[Program] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    @property
    def name(self) -> str:
        """What the round is called."""
        return labels.round_name(self.months)

    def is_open_on(self, day: date) -> bool:
        """Whether answers are taken on a day."""
        return self.opens_on <= day <= self.closes_on


class FollowUpAnswer(OfCollege, Model):
    """What became of a graduate by a round, and who told it; the latest is the present one, all are kept."""

    __tablename__ = "follow_up_answer"
    __table_args__ = (
        sa.UniqueConstraint("round_id", "enrolment_id", "number"),
        _one_present("round_id", "enrolment_id", name="uq_follow_up_answer_present"),
        sa.Index("ix_follow_up_answer_enrolment_id", "enrolment_id"),
        sa.Index(
            "ix_follow_up_answer_program_id_employer_id", "lead_college_id", "program_id", "employer_id"
        ),
        sa.CheckConstraint("income_cents IS NULL OR income_cents > 0", name="income"),
        sa.CheckConstraint(
            "destination IN ('employed', 'flexible', 'own_business')"
            " OR (match_kind IS NULL AND income_cents IS NULL AND income_band IS NULL AND post = '')",
            name="working",
        ),
        sa.CheckConstraint(
            "destination <> 'employed' OR employer_id IS NOT NULL OR employer_name <> ''", name="employer"
        ),
        sa.CheckConstraint("source = 'graduate' OR source_note <> ''", name="source_note"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("follow_up_round.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    number: Mapped[int] = mapped_column(default=1)
    is_present: Mapped[bool] = mapped_column(default=True)
    source: Mapped[AnswerSource] = mapped_column(choice(AnswerSource))
    source_note: Mapped[str] = mapped_column(sa.String(120), default="")
    destination: Mapped[Destination] = mapped_column(choice(Destination))
    employer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    employer_name: Mapped[str] = mapped_column(sa.String(120), default="")
    post: Mapped[str] = mapped_column(sa.String(80), default="")
    match: Mapped[Match | None] = mapped_column("match_kind", choice(Match, "match_kind"))
    income_cents: Mapped[int | None] = mapped_column(sa.BigInteger)
    income_band: Mapped[Band | None] = mapped_column(choice(Band, "income_band"))
    is_retained: Mapped[bool | None]
    promoted: Mapped[bool | None]
    promoted_to: Mapped[str] = mapped_column(sa.String(80), default="")
    certified: Mapped[bool | None]
    certificate: Mapped[str] = mapped_column(sa.String(120), default="")
    remark: Mapped[str] = mapped_column(sa.String(500), default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    round: Mapped[FollowUpRound] = relationship(lazy="raise_on_sql")
    employer: Mapped[Organization | None] = relationship(lazy="raise_on_sql")

    @property
    def told(self) -> Answer:
        """The answer as a value."""
        return Answer(
            self.destination, self.employer_id, self.employer_name, self.post, self.match, self.income_cents,
            self.income_band, self.promoted, self.promoted_to, self.certified, self.certificate, self.remark,
        )  # fmt: skip

    @property
    def destination_label(self) -> Any:
        """The destination in words."""
        return labels.DESTINATIONS[self.destination]

    @property
    def match_label(self) -> Any:
        """How far the work fits, in words."""
        return labels.MATCHES[self.match] if self.match else ""

    @property
    def band_label(self) -> Any:
        """The band of the income in words."""
        return labels.BANDS[self.income_band] if self.income_band else ""

    @property
    def source_label(self) -> Any:
        """Who told it, in words."""
        return labels.SOURCES[self.source]


class EmployerWord(OfCollege, Model):
    """What an enterprise says of a graduate who works there by a round: whether it is so, and how satisfied it is.

    `satisfaction` from 1 (not at all) to 5 (very); the latest of a graduate in a round is the present one.
    """

    __tablename__ = "employer_word"
    __table_args__ = (
        sa.UniqueConstraint("round_id", "enrolment_id", "number"),
        _one_present("round_id", "enrolment_id", name="uq_employer_word_present"),
        sa.Index("ix_employer_word_enrolment_id", "enrolment_id"),
        sa.Index(
            "ix_employer_word_program_id_organization_id", "lead_college_id", "program_id", "organization_id"
        ),
        sa.CheckConstraint("satisfaction IS NULL OR satisfaction BETWEEN 1 AND 5", name="satisfaction"),
        sa.CheckConstraint("confirmed OR note <> ''", name="note"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("follow_up_round.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    number: Mapped[int] = mapped_column(default=1)
    is_present: Mapped[bool] = mapped_column(default=True)
    confirmed: Mapped[bool]
    satisfaction: Mapped[int | None]
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class FollowUpReminder(OfCollege, Model):
    """A graduate was asked once more on a day; one a day and round."""

    __tablename__ = "follow_up_reminder"
    __table_args__ = (
        sa.Index("ix_follow_up_reminder_program_id", "lead_college_id", "program_id"),
        sa.UniqueConstraint("round_id", "enrolment_id", "on_day"),
        sa.Index("ix_follow_up_reminder_enrolment_id", "enrolment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("follow_up_round.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    on_day: Mapped[date]
    by_name: Mapped[str] = mapped_column(sa.String(80))


class PostEvent(OfCollege, Model):
    """A step from trial to employee at an enterprise; a wrong one is cancelled by a counter-record (`cancels_id`).

    `pay_cents` a month, as agreed with that step.
    """

    __tablename__ = "post_event"
    __table_args__ = (
        sa.CheckConstraint("pay_cents IS NULL OR pay_cents > 0", name="pay"),
        sa.CheckConstraint("cancels_id IS NULL OR note <> ''", name="cancel_note"),
        sa.Index("ix_post_event_program_id_kind", "lead_college_id", "program_id", "kind", "on_day"),
        sa.Index("ix_post_event_enrolment_id", "enrolment_id", "on_day", "id"),
        sa.Index("ix_post_event_organization_id", "organization_id", "program_id"),
        sa.Index(
            "uq_post_event_cancels_id", "cancels_id", unique=True, sqlite_where=UNCANCELLED,
            postgresql_where=UNCANCELLED,
        ),
        _one_present("enrolment_id", name="uq_post_event_present"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    kind: Mapped[PostStep] = mapped_column(choice(PostStep))
    on_day: Mapped[date]
    post: Mapped[str] = mapped_column(sa.String(80), default="")
    level: Mapped[str] = mapped_column(sa.String(40), default="")
    pay_cents: Mapped[int | None] = mapped_column(sa.BigInteger)
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    cancels_id: Mapped[int | None] = mapped_column(sa.ForeignKey("post_event.id"))
    is_present: Mapped[bool] = mapped_column(default=False)  # the last step that stands
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")

    @property
    def kind_label(self) -> Any:
        """The step in words."""
        return labels.STEPS[self.kind]


class RecordConsent(OfCollege, Model):
    """A trainee lets an enterprise have the record of the training, or no longer; the latest word counts."""

    __tablename__ = "record_consent"
    __table_args__ = (
        _one_present("enrolment_id", "organization_id", name="uq_record_consent_present"),
        sa.Index(
            "ix_record_consent_program_id_organization_id", "lead_college_id", "program_id", "organization_id"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    given: Mapped[bool]
    is_present: Mapped[bool] = mapped_column(default=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")


class CarriedRecord(OfCollege, Model):
    """A trainee's record as it was handed to an enterprise: the very bytes that were signed, and their digests.

    `document` is the machine-readable record (JSON), `signature` its detached signature; `code` is printed on the PDF
    and opens the check page. A later record of the same trainee is a new row with a higher number.
    """

    __tablename__ = "carried_record"
    __table_args__ = (
        sa.UniqueConstraint("enrolment_id", "organization_id", "number"),
        sa.Index("ix_carried_record_program_id_id", "lead_college_id", "program_id", "id"),
        sa.Index("ix_carried_record_organization_id", "organization_id"),
        sa.Index("ix_carried_record_pdf_sha256", "pdf_sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    consent_id: Mapped[int] = mapped_column(sa.ForeignKey("record_consent.id"), index=True)
    number: Mapped[int] = mapped_column(default=1)
    code: Mapped[str] = mapped_column(sa.String(20), unique=True)
    document: Mapped[str] = mapped_column(sa.Text, deferred=True)
    document_sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    signature: Mapped[str] = mapped_column(sa.Text, deferred=True)
    pdf_sha256: Mapped[str] = mapped_column(sa.String(64))
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")
    file: Mapped[StoredFile] = relationship(lazy="raise_on_sql")
    program: Mapped[Program] = relationship(
        primaryjoin="Program.id == foreign(CarriedRecord.program_id)", lazy="raise_on_sql"
    )

"""Posts that enterprises offer, placements of trainees in them with every change, signatures, rules and overrides."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import Organization
from trainmgr.kernel.db import Model, UTCDateTime, choice, db
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.placements import labels
from trainmgr.placements.rules import ChangeKind, Effect, PlacementState, RuleCode, Signatory

__all__ = [
    "ChangeKind", "Effect", "Placement", "PlacementChange", "PlacementHost", "PlacementOverride", "PlacementPost",
    "PlacementRule", "PlacementSignature", "PlacementState", "RuleCode", "Signatory",
]  # fmt: skip


class PlacementHost(Model):
    """What a college knows of an enterprise that takes its trainees: how many people work there."""

    __tablename__ = "placement_host"
    __table_args__ = (sa.CheckConstraint("staff > 0", name="staff"),)

    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), primary_key=True)
    staff: Mapped[int]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class PlacementPost(Model):
    """A post in an enterprise in which a college places trainees: its staff, its pay (cents a month), its hours.

    `filed_on` is the day on which the school filed night shifts, overtime or work on rest days with its authority.
    """

    __tablename__ = "placement_post"
    __table_args__ = (
        sa.UniqueConstraint("college_id", "organization_id", "name"),
        sa.CheckConstraint("staff IS NULL OR staff > 0", name="staff"),
        sa.CheckConstraint("pay_cents IS NULL OR pay_cents > 0", name="pay"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    site: Mapped[str] = mapped_column(sa.String(120), default="")
    staff: Mapped[int | None]
    pay_cents: Mapped[int | None]
    lowest_cents: Mapped[int | None]
    night: Mapped[bool] = mapped_column(default=False)
    overtime: Mapped[bool] = mapped_column(default=False)
    rest_days: Mapped[bool] = mapped_column(default=False)
    filed_on: Mapped[date | None]
    filing: Mapped[str] = mapped_column(sa.String(80), default="")
    version: Mapped[int] = mapped_column(default=1)

    organization: Mapped[Organization] = relationship(foreign_keys=[organization_id], lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}


class Placement(OfCollege, Model):
    """A trainee's placement as it was agreed last; `number` counts the agreements (see PlacementChange).

    `holds_from` is the day from which the terms hold; `age_months` the trainee's age on the first day, from the ID
    number, so that no birth date is kept here; `days` its length. `signed` counts the signatures under the terms.
    `all_days`: the days of all the trainee's placements, where a query asked for them.
    """

    __tablename__ = "placement"
    __table_args__ = (
        sa.CheckConstraint("ends_on >= starts_on", name="dates"),
        sa.CheckConstraint("pay_cents IS NULL OR pay_cents >= 0", name="pay"),
        sa.CheckConstraint("signed BETWEEN 0 AND 3", name="signed"),
        sa.Index(
            "ix_placement_program_id_state_starts_on",
            "lead_college_id",
            "program_id",
            "state",
            "starts_on",
            "id",
        ),
        sa.Index("ix_placement_program_id_starts_on", "lead_college_id", "program_id", "starts_on", "id"),
        sa.Index("ix_placement_post_id_state", "post_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("placement_post.id"))
    site: Mapped[str] = mapped_column(sa.String(120), default="")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    days: Mapped[int]
    pay_cents: Mapped[int | None]
    state: Mapped[PlacementState] = mapped_column(choice(PlacementState), default=PlacementState.PLANNED)
    number: Mapped[int] = mapped_column(default=1)
    holds_from: Mapped[date]
    signed: Mapped[int] = mapped_column(default=0)
    age_months: Mapped[int | None]
    consent_on: Mapped[date | None]
    policy: Mapped[str] = mapped_column(sa.String(80), default="")
    insured_until: Mapped[date | None]
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")
    post: Mapped[PlacementPost] = relationship(lazy="raise_on_sql")
    changes: Mapped[list[PlacementChange]] = relationship(
        order_by="PlacementChange.id", lazy="raise_on_sql", viewonly=True
    )
    all_days: Mapped[int | None] = query_expression()
    signatures: Mapped[list[PlacementSignature]] = relationship(
        order_by="PlacementSignature.number, PlacementSignature.signed_at", lazy="raise_on_sql", viewonly=True
    )
    overrides: Mapped[list[PlacementOverride]] = relationship(lazy="raise_on_sql", viewonly=True)

    __mapper_args__ = {"version_id_col": version}

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return labels.STATES[self.state]

    @property
    def state_tone(self) -> str | None:
        """The tone of the state's pill; ordinary states have none."""
        return labels.STATE_TONES.get(self.state)


class PlacementChange(OfCollege, Model):
    """One record of a placement's history: what happened, from which day, why, the terms after it. Never changed."""

    __tablename__ = "placement_change"
    __table_args__ = (
        sa.Index(
            "ix_placement_change_program_id_effective_on",
            "lead_college_id",
            "program_id",
            "effective_on",
            "id",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"), index=True)
    program_id: Mapped[int]
    kind: Mapped[ChangeKind] = mapped_column(choice(ChangeKind))
    effective_on: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    number: Mapped[int]
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("placement_post.id"))
    site: Mapped[str] = mapped_column(sa.String(120), default="")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    pay_cents: Mapped[int | None]
    before: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    post: Mapped[PlacementPost] = relationship(lazy="raise_on_sql")
    placement: Mapped[Placement] = relationship(lazy="raise_on_sql")

    @property
    def kind_label(self) -> Any:
        """What happened, in words."""
        return labels.CHANGES[self.kind]


class PlacementSignature(Model):
    """One of the three signatures under the terms of a number; `digest` is of what was signed."""

    __tablename__ = "placement_signature"

    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    signatory: Mapped[Signatory] = mapped_column(choice(Signatory), primary_key=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    by_name: Mapped[str] = mapped_column(sa.String(80))
    digest: Mapped[str] = mapped_column(sa.String(64))
    signed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class PlacementRule(Model):
    """A college's own version of a rule, from a day on. Never changed; a later version takes over."""

    __tablename__ = "placement_rule"
    __table_args__ = (sa.UniqueConstraint("college_id", "code", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    code: Mapped[RuleCode] = mapped_column(choice(RuleCode))
    valid_from: Mapped[date]
    limit: Mapped[Decimal | None] = mapped_column("limit_value", sa.Numeric(7, 2))
    effect: Mapped[Effect] = mapped_column(choice(Effect))
    article: Mapped[str] = mapped_column(sa.String(40))
    checked: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class PlacementOverride(Model):
    """One blocking rule lifted for one placement, with the reason. Never changed."""

    __tablename__ = "placement_override"

    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"), primary_key=True)
    code: Mapped[RuleCode] = mapped_column(choice(RuleCode), primary_key=True)
    reason: Mapped[str] = mapped_column(sa.String(200))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


@sa.event.listens_for(PlacementChange, "before_update")
@sa.event.listens_for(PlacementSignature, "before_update")
@sa.event.listens_for(PlacementRule, "before_update")
@sa.event.listens_for(PlacementOverride, "before_update")
def refuse_change_of_records(mapper: object, connection: object, record: Model) -> None:
    """What happened, was signed, held or was lifted stays as it was written, whoever asks for a change."""
    if db.session.is_modified(record):
        raise AssertionError(f"{type(record).__tablename__} records are never changed")

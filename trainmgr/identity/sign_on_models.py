"""Second factors, and sign-in through other systems: what an organisation asks for, which systems, whose accounts."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.identity.models import Organization, User
from trainmgr.identity.rules import FIRST_PASSWORD_DAYS
from trainmgr.kernel.db import Model, UTCDateTime, choice


class SecondFactor(Model):
    """A person's generator of one-time codes (TOTP): waiting until a first code confirms it.

    `last_step` is the time step of the latest code that was taken (30 seconds each since 1970): none is taken twice.
    """

    __tablename__ = "second_factor"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), primary_key=True)
    secret_sealed: Mapped[str] = mapped_column(sa.Text)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_step: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Model):
    """A code that opens the door once where the generator is lost; only its keyed fingerprint is kept."""

    __tablename__ = "recovery_code"
    __table_args__ = (sa.UniqueConstraint("user_id", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    digest: Mapped[str] = mapped_column(sa.String(64))
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SignInRule(Model):
    """What an organisation asks of its staff at the door, and how many days its first passwords last."""

    __tablename__ = "sign_in_rule"
    __table_args__ = (
        sa.CheckConstraint("first_password_days BETWEEN 1 AND 365", name="first_password_days"),
    )

    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), primary_key=True)
    factor_required: Mapped[bool] = mapped_column(default=False)
    first_password_days: Mapped[int] = mapped_column(default=FIRST_PASSWORD_DAYS)


class ProviderKind(enum.StrEnum):
    """How another system tells who somebody is."""

    OIDC = "oidc"
    CAS = "cas"
    WECOM = "wecom"
    DINGTALK = "dingtalk"

    @property
    def label(self) -> Any:
        """The kind's name for people."""
        return PROVIDER_LABELS[self]


PROVIDER_LABELS = {
    ProviderKind.OIDC: _l("OpenID Connect"),
    ProviderKind.CAS: _l("CAS (version 3)"),
    ProviderKind.WECOM: _l("WeCom"),
    ProviderKind.DINGTALK: _l("DingTalk"),
}


class LinkRule(enum.StrEnum):
    """How an account there finds the person here at its first sign-in."""

    NUMBER = "number"
    PHONE = "phone"
    SELF = "self"

    @property
    def label(self) -> Any:
        """The rule's name for people."""
        return RULE_LABELS[self]


RULE_LABELS = {
    LinkRule.NUMBER: _l("by the student or staff number"),
    LinkRule.PHONE: _l("by the phone number that was checked there"),
    LinkRule.SELF: _l("only by the persons themselves, on their account page"),
}


class SignInProvider(Model):
    """Another system through which an organisation's people sign in.

    `issuer` is the OIDC issuer or the address of the CAS server; the three addresses belong to WeCom and DingTalk.
    `claim` names what of the account is compared (empty: what the kind calls the person).
    """

    __tablename__ = "sign_in_provider"
    __table_args__ = (
        sa.CheckConstraint("name <> ''", name="name"),
        sa.Index("ix_sign_in_provider_organization_id", "organization_id", "id"),
        sa.Index("ix_sign_in_provider_active_name", "active", "name", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    kind: Mapped[ProviderKind] = mapped_column(choice(ProviderKind))
    name: Mapped[str] = mapped_column(sa.String(80))
    issuer: Mapped[str] = mapped_column(sa.String(255), default="")
    authorize_url: Mapped[str] = mapped_column(sa.String(255), default="")
    token_url: Mapped[str] = mapped_column(sa.String(255), default="")
    person_url: Mapped[str] = mapped_column(sa.String(255), default="")
    client_id: Mapped[str] = mapped_column(sa.String(200), default="")
    agent: Mapped[str] = mapped_column(sa.String(40), default="")
    secret_sealed: Mapped[str | None] = mapped_column(sa.Text, deferred=True)
    scopes: Mapped[str] = mapped_column(sa.String(200), default="")
    claim: Mapped[str] = mapped_column(sa.String(80), default="")
    link_rule: Mapped[LinkRule] = mapped_column(choice(LinkRule))
    creates: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")


class ProviderAccount(Model):
    """An account of another system that a person here signs in with: known by what that system calls it."""

    __tablename__ = "provider_account"
    __table_args__ = (
        sa.UniqueConstraint("provider_id", "issuer", "subject"),
        sa.UniqueConstraint("provider_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(sa.ForeignKey("sign_in_provider.id"))
    issuer: Mapped[str] = mapped_column(sa.String(255))
    subject: Mapped[str] = mapped_column(sa.String(255))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    linked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_at: Mapped[datetime] = mapped_column(UTCDateTime)

    provider: Mapped[SignInProvider] = relationship(lazy="raise_on_sql")
    user: Mapped[User] = relationship(lazy="raise_on_sql")


class ProviderVisit(Model):
    """A browser that was signed in through another system; its ticket's fingerprint lets a CAS server end it."""

    __tablename__ = "provider_visit"

    session_id: Mapped[int] = mapped_column(
        sa.ForeignKey("sign_in_session.id", ondelete="CASCADE"), primary_key=True
    )
    provider_id: Mapped[int] = mapped_column(sa.ForeignKey("sign_in_provider.id"), index=True)
    ticket_digest: Mapped[str] = mapped_column(sa.String(64), default="", index=True)

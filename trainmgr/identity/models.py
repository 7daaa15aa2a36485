"""Organisations, people, what people are in organisations, and their sign-ins."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.kernel.access import Permission, Role, permissions_of
from trainmgr.kernel.db import Model, UTCDateTime, choice


class OrganizationKind(enum.StrEnum):
    """What an organisation is: OPERATOR runs the installation, OUTSIDE assesses as a third party."""

    OPERATOR = "operator"
    COLLEGE = "college"
    DEPARTMENT = "department"
    ENTERPRISE = "enterprise"
    OUTSIDE = "outside"

    @property
    def label(self) -> Any:
        """The kind's name for people."""
        return KIND_LABELS[self]


KIND_LABELS = {
    OrganizationKind.OPERATOR: _l("Operator"),
    OrganizationKind.COLLEGE: _l("College"),
    OrganizationKind.DEPARTMENT: _l("Department"),
    OrganizationKind.ENTERPRISE: _l("Enterprise"),
    OrganizationKind.OUTSIDE: _l("Outside assessor's organisation"),
}


class Organization(Model):
    """A college, one of its departments, an enterprise, an outside assessor's house, or the operator.

    `registered_by_id` is the college that entered a shared one (an enterprise, an outside house); its administrators
    look after it until it has an administrator of its own.
    """

    __tablename__ = "organization"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[OrganizationKind] = mapped_column(choice(OrganizationKind))
    name: Mapped[str] = mapped_column(sa.String(120))
    name_en: Mapped[str] = mapped_column(sa.String(160), default="")
    short_name: Mapped[str] = mapped_column(sa.String(40), default="")
    code: Mapped[str | None] = mapped_column(sa.String(18), unique=True)
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    registered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        sa.UniqueConstraint("parent_id", "kind", "name"),
        sa.Index("ix_organization_kind_name", "kind", "name"),
    )
    __mapper_args__ = {"version_id_col": version}

    parent: Mapped[Organization | None] = relationship(
        foreign_keys=[parent_id], remote_side="Organization.id", lazy="raise_on_sql", viewonly=True
    )

    @property
    def short(self) -> str:
        """The name as it stands in narrow places."""
        return self.short_name or self.name


@dataclass(frozen=True)
class Post:
    """What a person is in an organisation today, apart from the database's session."""

    organization_id: int
    department_id: int | None
    role: Role


class User(Model):
    """A person with an account. Phone and ID number are encrypted; their blind indexes find them."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(sa.String(60), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80), index=True)
    password_hash: Mapped[str] = mapped_column(sa.String(200), default="")
    must_change_password: Mapped[bool] = mapped_column(default=True)
    active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str | None] = mapped_column(sa.String(5))
    phone_encrypted: Mapped[str | None] = mapped_column(sa.Text, deferred=True)
    phone_digest: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    phone_masked: Mapped[str] = mapped_column(sa.String(20), default="")
    id_number_encrypted: Mapped[str | None] = mapped_column(sa.Text, deferred=True)
    id_number_digest: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    id_number_masked: Mapped[str] = mapped_column(sa.String(20), default="")
    id_number_tail: Mapped[str] = mapped_column(sa.String(4), default="")
    gender: Mapped[str] = mapped_column(sa.String(1), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    memberships: Mapped[list[Membership]] = relationship(
        primaryjoin="and_(User.id == Membership.user_id, Membership.ended_on.is_(None))",
        order_by="Membership.id",
        lazy="raise_on_sql",
        viewonly=True,
    )

    __mapper_args__ = {"version_id_col": version}

    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        """Whether the person may sign in."""
        return self.active

    def get_id(self) -> str:
        """Return the key that the cookie carries: the sign-in session's token (see identity.sessions)."""
        return getattr(self, "session_token", "")

    @cached_property
    def posts(self) -> tuple[Post, ...]:
        """What the person is today; read once when the person is loaded, so that it outlives a rollback."""
        return tuple(Post(m.organization_id, m.department_id, m.role) for m in self.memberships)

    @cached_property
    def roles(self) -> frozenset[Role]:
        """Every role the person holds in some organisation today."""
        return frozenset(post.role for post in self.posts)

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        """Everything the person may do somewhere."""
        return permissions_of(self.roles)

    def organizations_where(self, permission: Permission) -> frozenset[int]:
        """Return the organisations in which one of the person's roles grants a permission."""
        return frozenset(
            post.organization_id for post in self.posts if permission in permissions_of([post.role])
        )

    def organizations_as(self, *roles: Role) -> frozenset[int]:
        """Return the organisations in which the person holds one of these roles."""
        return frozenset(post.organization_id for post in self.posts if post.role in roles)

    def departments_as(self, *roles: Role) -> frozenset[int]:
        """Return the departments in which the person holds one of these roles."""
        return frozenset(
            post.department_id for post in self.posts if post.role in roles and post.department_id
        )


class Membership(Model):
    """What a person is in an organisation, with the staff or student number there; `ended_on` ends it."""

    __tablename__ = "membership"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "organization_id", "role"),
        sa.Index("ix_membership_organization_id_role", "organization_id", "role"),
        sa.Index("ix_membership_number", "number"),
        sa.Index(
            "uq_membership_organization_id_number_role", "organization_id", "number", "role",
            unique=True, sqlite_where=sa.text("number <> ''"), postgresql_where=sa.text("number <> ''"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    department_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    role: Mapped[Role] = mapped_column(choice(Role))
    number: Mapped[str] = mapped_column(sa.String(40), default="")
    title: Mapped[str] = mapped_column(sa.String(60), default="")
    ended_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    user: Mapped[User] = relationship(lazy="raise_on_sql")
    organization: Mapped[Organization] = relationship(foreign_keys=[organization_id], lazy="raise_on_sql")
    department: Mapped[Organization | None] = relationship(foreign_keys=[department_id], lazy="raise_on_sql")


class SignInSession(Model):
    """One signed-in browser; deleting the row signs it out."""

    __tablename__ = "sign_in_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    browser: Mapped[str] = mapped_column(sa.String(120), default="")


class SignInAttempt(Model):
    """A failed sign-in, counted per account and per address to slow guessing down. Keys are digests."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (
        sa.Index("ix_sign_in_attempt_account_key_at", "account_key", "at"),
        sa.Index("ix_sign_in_attempt_address_key_at", "address_key", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_key: Mapped[str] = mapped_column(sa.String(64))
    address_key: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)

"""Organisations, people, what people are in organisations, and their sign-ins."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.kernel.access import Permission, Role, by_link_as, permissions_of
from trainmgr.kernel.db import Model, UTCDateTime, choice


class OrganizationKind(enum.StrEnum):
    """What an organisation is: OPERATOR runs the installation, OUTSIDE assesses as a third party.

    ALLIANCE is an organisation of organisations (产教联合体, 共同体), INDUSTRY_COLLEGE a 产业学院,
    BASE a place of practice.
    """

    OPERATOR = "operator"
    COLLEGE = "college"
    DEPARTMENT = "department"
    ENTERPRISE = "enterprise"
    OUTSIDE = "outside"
    ALLIANCE = "alliance"
    INDUSTRY_COLLEGE = "industry_college"
    BASE = "base"

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
    OrganizationKind.ALLIANCE: _l("Alliance of industry and education"),
    OrganizationKind.INDUSTRY_COLLEGE: _l("Industry college"),
    OrganizationKind.BASE: _l("Practice base"),
}


class Organization(Model):
    """A college, one of its departments, an enterprise, an outside assessor's house, the operator; an alliance of
    them, an industry college, a practice base.

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


class OrganizationUnit(Model):
    """A unit of an alliance or industry college, from a day to a day; one without an entry here is named only."""

    __tablename__ = "organization_unit"
    __table_args__ = (
        sa.CheckConstraint("until IS NULL OR until >= since", name="days"),
        sa.CheckConstraint("unit_id IS NULL OR unit_id <> organization_id", name="other"),
        sa.Index(
            "uq_organization_unit_present", "organization_id", "name", unique=True,
            sqlite_where=sa.text("until IS NULL"), postgresql_where=sa.text("until IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    unit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    part: Mapped[str] = mapped_column(sa.String(40), default="")
    since: Mapped[date]
    until: Mapped[date | None]

    organization: Mapped[Organization] = relationship(foreign_keys=[organization_id], lazy="raise_on_sql")
    unit: Mapped[Organization | None] = relationship(foreign_keys=[unit_id], lazy="raise_on_sql")


class PracticeBase(Model):
    """What is known of a practice base: on or off campus, whose it is, how many trainees it takes, where it is."""

    __tablename__ = "practice_base"
    __table_args__ = (sa.CheckConstraint("capacity IS NULL OR capacity > 0", name="capacity"),)

    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), primary_key=True)
    on_campus: Mapped[bool]
    host_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    capacity: Mapped[int | None]
    address: Mapped[str] = mapped_column(sa.String(120), default="")

    host: Mapped[Organization | None] = relationship(foreign_keys=[host_id], lazy="raise_on_sql")


@dataclass(frozen=True)
class Post:
    """What a person is in an organisation today, apart from the database's session."""

    organization_id: int
    department_id: int | None
    role: Role


@dataclass(frozen=True)
class Confinement:
    """How a person came in by a personal link: nothing but the link's programme, as nothing but this role."""

    link_id: int
    program_id: int
    role: Role


class User(Model):
    """A person with an account. Phone and ID number are encrypted; their blind indexes find them."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(sa.String(60), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80), index=True)
    password_hash: Mapped[str] = mapped_column(sa.String(200), default="")
    must_change_password: Mapped[bool] = mapped_column(default=True)
    first_password_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # when it was handed out
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
    asked_on: ClassVar[date | None] = (
        None  # the day of a request, set on who is signed in (identity.sessions)
    )
    token_id: ClassVar[int | None] = None  # set on a person for whom a program asks (api.door)
    confinement: ClassVar[Confinement | None] = None  # set on a person who came by a link (identity.sessions)
    must_set_up_factor: ClassVar[bool] = False  # an organisation asks for a second factor (identity.sessions)

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
        return self._as_confined(permissions_of(self.roles))

    def grants_of(self, role: Role) -> frozenset[Permission]:
        """Return what one of the person's roles lets the person do, the way they came in."""
        return self._as_confined(permissions_of([role]))

    def _as_confined(self, granted: frozenset[Permission]) -> frozenset[Permission]:
        return granted if self.confinement is None else granted & by_link_as(self.confinement.role)

    def organizations_where(self, permission: Permission) -> frozenset[int]:
        """Return the organisations in which one of the person's roles grants a permission."""
        return frozenset(
            post.organization_id for post in self.posts if permission in self.grants_of(post.role)
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
    """One signed-in browser; deleting the row signs it out. The `link_` columns belong to a personal link's visit."""

    __tablename__ = "sign_in_session"
    __table_args__ = (
        sa.CheckConstraint(
            "(link_id IS NULL AND link_program_id IS NULL AND link_role IS NULL)"
            " OR (link_id IS NOT NULL AND link_program_id IS NOT NULL AND link_role IS NOT NULL)",
            name="link",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    browser: Mapped[str] = mapped_column(sa.String(120), default="")
    link_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("mentor_link.id", ondelete="CASCADE"), index=True
    )
    link_program_id: Mapped[int | None] = mapped_column(sa.ForeignKey("program.id"))
    link_role: Mapped[Role | None] = mapped_column(choice(Role, "link_role"))

    @property
    def confinement(self) -> Confinement | None:
        """What the visit is confined to, None for an ordinary sign-in."""
        if self.link_id is None or self.link_program_id is None or self.link_role is None:
            return None
        return Confinement(self.link_id, self.link_program_id, self.link_role)


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

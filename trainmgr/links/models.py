"""Personal links of mentors without an account. Of token, code and browser only digests are kept."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.links.rules import LinkState, MailState, state_of
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side


class MentorLink(Model):
    """A link that lets one mentor (or one graduate, `for_graduate`) into one programme; one not ended a person each.

    It is bound to the browser in which its code was typed first (`browser_digest`, `browser` is what people call it);
    a code typed in another browser binds it there. `code_tries` counts wrong codes since the last one was given.
    """

    __tablename__ = "mentor_link"
    __table_args__ = (
        sa.Index("ix_mentor_link_program_id_organization_id", "program_id", "organization_id"),
        sa.Index(
            "uq_mentor_link_live", "program_id", "user_id", unique=True,
            sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.CheckConstraint("expires_at > issued_at", name="lasts"),
        sa.CheckConstraint("code_tries >= 0", name="tries"),
        sa.CheckConstraint("(code_digest IS NULL) = (code_until IS NULL)", name="code"),
        sa.CheckConstraint("(browser_digest IS NULL) = (bound_at IS NULL)", name="bound"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    side: Mapped[Side] = mapped_column(choice(Side))
    token_digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    issued_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    browser_digest: Mapped[str | None] = mapped_column(sa.String(64))
    browser: Mapped[str] = mapped_column(sa.String(120), default="")
    bound_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    code_digest: Mapped[str | None] = mapped_column(sa.String(64))
    code_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    code_tries: Mapped[int] = mapped_column(default=0)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    uses: Mapped[int] = mapped_column(default=0)
    mail_state: Mapped[MailState] = mapped_column(choice(MailState), default=MailState.NONE)
    mail_to: Mapped[str] = mapped_column(sa.String(120), default="")  # masked
    mail_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    mail_sealed: Mapped[str | None] = mapped_column(sa.Text, deferred=True)  # encrypted, until it is sent
    for_graduate: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    version: Mapped[int] = mapped_column(default=1)

    user: Mapped[User] = relationship(foreign_keys=[user_id], lazy="raise_on_sql")
    issued_by: Mapped[User] = relationship(foreign_keys=[issued_by_id], lazy="raise_on_sql")
    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")
    program: Mapped[Program] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    def state_at(self, now: datetime) -> LinkState:
        """How the link stands at a moment."""
        return state_of(self.ended_at, self.expires_at, now)

"""The item bank: items in their succession, instruments in versions with a blueprint, and the papers drawn from it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.bank.rules import Difficulty, FormPolicy, InstrumentState, ItemKind, ItemState
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.files import StoredFile
from trainmgr.standards.models import StandardCompetency


class Item(Model):
    """One question or practical task on one competency; `content` is the checked document of its kind (content.py).

    Once drawn into a paper (`drawn_at`) it never changes: an edit makes a successor that `replaces` it. `digest`
    tells the same item when it comes again. The last columns are written by testing after a test: how many answered,
    the share of points reached (p, 0–1), the discrimination (−1 to 1), how often each option was chosen.
    """

    __tablename__ = "item"
    __table_args__ = (
        sa.CheckConstraint("points > 0", name="points"),
        sa.CheckConstraint("times_answered >= 0", name="times_answered"),
        sa.CheckConstraint("p_value BETWEEN 0 AND 1", name="p_value"),
        sa.CheckConstraint("discrimination BETWEEN -1 AND 1", name="discrimination"),
        sa.Index("ix_item_college_id_state_competency_id", "college_id", "state", "competency_id", "difficulty"),
        sa.Index("ix_item_college_id_changed_at", "college_id", "changed_at", "id"),
        sa.Index("ix_item_college_id_digest", "college_id", "digest"),
        sa.Index(
            "uq_item_digest_live", "college_id", "digest", unique=True,
            sqlite_where=sa.text("state <> 'retired'"), postgresql_where=sa.text("state <> 'retired'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    competency_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_competency.id"), index=True)
    kind: Mapped[ItemKind] = mapped_column(choice(ItemKind))
    difficulty: Mapped[Difficulty] = mapped_column(choice(Difficulty))
    points: Mapped[Decimal] = mapped_column(sa.Numeric(6, 2))
    stem: Mapped[str] = mapped_column(sa.Text)
    picture_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)
    content: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    explanation: Mapped[str] = mapped_column(sa.Text, default="")
    state: Mapped[ItemState] = mapped_column(choice(ItemState), default=ItemState.DRAFT)
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("item.id"), unique=True)
    digest: Mapped[str] = mapped_column(sa.String(64))
    drawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)
    times_answered: Mapped[int] = mapped_column(default=0)
    p_value: Mapped[Decimal | None] = mapped_column(sa.Numeric(5, 4))
    discrimination: Mapped[Decimal | None] = mapped_column(sa.Numeric(5, 4))
    distractors: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)

    college: Mapped[Organization] = relationship(lazy="raise_on_sql")
    competency: Mapped[StandardCompetency] = relationship(lazy="raise_on_sql")
    picture: Mapped[StoredFile | None] = relationship(lazy="raise_on_sql")
    created_by: Mapped[User | None] = relationship(foreign_keys=[created_by_id], lazy="raise_on_sql")
    changed_by: Mapped[User | None] = relationship(foreign_keys=[changed_by_id], lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}


class Instrument(Model):
    """A test that can be taken again and again: its name and what it is for; what it asks stands in its versions."""

    __tablename__ = "instrument"
    __table_args__ = (sa.UniqueConstraint("college_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    purpose: Mapped[str] = mapped_column(sa.String(300), default="")
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    college: Mapped[Organization] = relationship(lazy="raise_on_sql")
    versions: Mapped[list[InstrumentVersion]] = relationship(
        order_by="InstrumentVersion.number.desc()", back_populates="instrument", lazy="raise_on_sql"
    )

    __mapper_args__ = {"version_id_col": version}


class InstrumentVersion(Model):
    """One version of an instrument; frozen with the first answer.

    `pass_percent` is the share of points to pass; `level_2` to `level_5` are the per cent from which those levels
    begin. `seed` draws its papers; `count` and `points` are the totals of its blueprint, kept by the actions.
    """

    __tablename__ = "instrument_version"
    __table_args__ = (
        sa.UniqueConstraint("instrument_id", "number"),
        sa.CheckConstraint("minutes BETWEEN 1 AND 600", name="minutes"),
        sa.CheckConstraint("pass_percent BETWEEN 1 AND 100", name="pass_percent"),
        sa.CheckConstraint(
            "1 <= level_2 AND level_2 < level_3 AND level_3 < level_4 AND level_4 < level_5 AND level_5 <= 100",
            name="levels",
        ),
        sa.CheckConstraint("(state = 'frozen') = (frozen_at IS NOT NULL)", name="frozen"),
        sa.Index(
            "uq_instrument_version_draft", "instrument_id", unique=True,
            sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    instrument_id: Mapped[int] = mapped_column(sa.ForeignKey("instrument.id"))
    number: Mapped[int]
    state: Mapped[InstrumentState] = mapped_column(choice(InstrumentState), default=InstrumentState.DRAFT)
    minutes: Mapped[int] = mapped_column(default=60)
    pass_percent: Mapped[int] = mapped_column(default=60)
    shuffle_items: Mapped[bool] = mapped_column(default=True)
    shuffle_options: Mapped[bool] = mapped_column(default=True)
    form_policy: Mapped[FormPolicy] = mapped_column(choice(FormPolicy), default=FormPolicy.SAME)
    level_2: Mapped[int] = mapped_column(default=30)
    level_3: Mapped[int] = mapped_column(default=50)
    level_4: Mapped[int] = mapped_column(default=70)
    level_5: Mapped[int] = mapped_column(default=90)
    seed: Mapped[int]
    count: Mapped[int] = mapped_column(default=0)
    points: Mapped[Decimal] = mapped_column(sa.Numeric(8, 2), default=Decimal(0))
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    frozen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    instrument: Mapped[Instrument] = relationship(back_populates="versions", lazy="raise_on_sql")
    rows: Mapped[list[BlueprintRow]] = relationship(
        order_by="BlueprintRow.id", lazy="raise_on_sql", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def thresholds(self) -> tuple[int, int, int, int]:
        """The per cent of points from which levels 2 to 5 begin."""
        return self.level_2, self.level_3, self.level_4, self.level_5


class BlueprintRow(Model):
    """One cell of a blueprint: how many items of a competency and difficulty, and the points of each."""

    __tablename__ = "blueprint_row"
    __table_args__ = (
        sa.UniqueConstraint("version_id", "competency_id", "difficulty"),
        sa.CheckConstraint("count BETWEEN 1 AND 50", name="count"),
        sa.CheckConstraint("points > 0", name="points"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("instrument_version.id"))
    competency_id: Mapped[int] = mapped_column(sa.ForeignKey("standard_competency.id"), index=True)
    difficulty: Mapped[Difficulty] = mapped_column(choice(Difficulty))
    count: Mapped[int]
    points: Mapped[Decimal] = mapped_column(sa.Numeric(6, 2))


class PaperItem(Model):
    """An item of a form's paper, drawn once and kept: whoever takes the form gets these items for these points."""

    __tablename__ = "paper_item"
    __table_args__ = (
        sa.UniqueConstraint("version_id", "form", "position"),
        sa.CheckConstraint("form IN (1, 2)", name="form"),
        sa.CheckConstraint("points > 0", name="points"),
    )

    version_id: Mapped[int] = mapped_column(sa.ForeignKey("instrument_version.id"), primary_key=True)
    form: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), primary_key=True, index=True)
    position: Mapped[int]
    points: Mapped[Decimal] = mapped_column(sa.Numeric(6, 2))

    item: Mapped[Item] = relationship(lazy="raise_on_sql")

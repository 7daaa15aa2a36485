"""What other systems call our records, what became of their lines, column maps, learning record stores."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainmgr.exchange.kinds import FileKind, Source, StatementState, Thing
from trainmgr.exchange.rules import Outcome
from trainmgr.kernel.db import Model, UTCDateTime, choice, db


class SourcedPerson(Model):
    """Under which sourcedId another system of a college knows a person; `suspended` by a file of it."""

    __tablename__ = "sourced_person"
    __table_args__ = (
        sa.UniqueConstraint("college_id", "sourced_id"),
        sa.UniqueConstraint("college_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    sourced_id: Mapped[str] = mapped_column(sa.String(255))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    suspended: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class SourcedThing(Model):
    """Under which sourcedId another system of a college knows a department, a programme (course) or a class."""

    __tablename__ = "sourced_thing"
    __table_args__ = (
        sa.UniqueConstraint("college_id", "kind", "sourced_id"),
        sa.UniqueConstraint("college_id", "kind", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    kind: Mapped[Thing] = mapped_column(choice(Thing, "sourcedkind"))
    sourced_id: Mapped[str] = mapped_column(sa.String(255))
    subject_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class ExchangeLine(Model):
    """What would become, or became, of a line of an uploaded file; the line itself stays in the encrypted upload."""

    __tablename__ = "exchange_line"
    __table_args__ = (sa.Index("ix_exchange_line_job_id_outcome", "job_id", "outcome", "file", "line"),)

    job_id: Mapped[int] = mapped_column(sa.ForeignKey("job.id"), primary_key=True)
    file: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outcome: Mapped[Outcome] = mapped_column(choice(Outcome, "lineoutcome"))
    reason: Mapped[str] = mapped_column(sa.Text, default="")


class ColumnMap(Model):
    """A version of the columns of a college's file, each with heading, source, text, words for codes; never changed."""

    __tablename__ = "column_map"
    __table_args__ = (sa.UniqueConstraint("college_id", "kind", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    kind: Mapped[FileKind] = mapped_column(choice(FileKind, "mappedfile"))
    number: Mapped[int]
    columns: Mapped[list[Any]] = mapped_column(sa.JSON)
    day_format: Mapped[str] = mapped_column(sa.String(20))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class LearningStore(Model):
    """A learning record store (LRS) of a college that is sent statements. Its password is sealed.

    `since`: records from this moment on are sent; `filled_at`: when the outbox was last filled for it. `root` is the
    installation's address as it was when the store was set up: the IRIs of activities keep it when the address changes.
    """

    __tablename__ = "learning_store"
    __table_args__ = (
        sa.CheckConstraint("name <> ''", name="name"),
        sa.Index("ix_learning_store_college_id", "college_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    url: Mapped[str] = mapped_column(sa.String(500))
    username: Mapped[str] = mapped_column(sa.String(120), default="")
    password_sealed: Mapped[str] = mapped_column(sa.Text)
    root: Mapped[str] = mapped_column(sa.String(200))
    tells_names: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    filled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class LearningStatement(Model):
    """A record on its way to a store as a statement: the outbox. It holds ids only; its words are made when it goes."""

    __tablename__ = "learning_statement"
    __table_args__ = (
        sa.UniqueConstraint("store_id", "source", "subject_id"),
        sa.CheckConstraint("attempts >= 0", name="attempts"),
        sa.CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name="sent"),
        sa.Index("ix_learning_statement_state_not_before", "state", "not_before", "id"),
        sa.Index("ix_learning_statement_college_id", "college_id", "store_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    store_id: Mapped[int] = mapped_column(sa.ForeignKey("learning_store.id", ondelete="CASCADE"))
    source: Mapped[Source] = mapped_column(choice(Source, "statementsource"))
    subject_id: Mapped[int]
    happened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[StatementState] = mapped_column(
        choice(StatementState, "statementstate"), default=StatementState.WAITING
    )
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime] = mapped_column(UTCDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    fault: Mapped[str] = mapped_column(sa.String(200), default="")


@sa.event.listens_for(ColumnMap, "before_update")
def refuse_change_of_maps(mapper: object, connection: object, record: Model) -> None:
    """A version of a map stays as it was: a file that left the house can be explained by it."""
    if db.session.is_modified(record):
        raise AssertionError("versions of column maps are never changed")

"""Index systems as data, evaluations by an outside assessor, scores with evidence, findings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.files import StoredFile
from trainmgr.programs.labels import in_language
from trainmgr.programs.models import Program
from trainmgr.quality.maturity_rules import (
    EvaluationState,
    FindingKind,
    IndexKind,
    MaturityDimension,
    Stage,
    TreeState,
    stage_of,
)


class MaturityTree(Model):
    """An index system of a college; released it never changes, a next one is drawn up from it."""

    __tablename__ = "maturity_tree"
    __table_args__ = (
        sa.CheckConstraint("(state = 'released') = (released_at IS NOT NULL)", name="released"),
        sa.UniqueConstraint("college_id", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    name_en: Mapped[str] = mapped_column(sa.String(120), default="")
    state: Mapped[TreeState] = mapped_column(choice(TreeState), default=TreeState.DRAFT)
    released_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    indices: Mapped[list[MaturityIndex]] = relationship(
        order_by="MaturityIndex.position", lazy="raise_on_sql", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def label(self) -> str:
        """Its name in the reader's language."""
        return in_language(self.name, self.name_en)

    @property
    def is_draft(self) -> bool:
        """Whether it may still be edited."""
        return self.state is TreeState.DRAFT


class MaturityIndex(Model):
    """One index: its weight in percent of the whole, and words for each of its five levels (pairs [zh, en]).

    A quantitative one names an indicator and the limits of the levels 2 to 5 on its value.
    """

    __tablename__ = "maturity_index"
    __table_args__ = (
        sa.CheckConstraint("weight > 0 AND weight <= 100", name="weight"),
        sa.CheckConstraint("kind <> 'quantitative' OR indicator <> ''", name="indicator"),
        sa.Index("ix_maturity_index_tree_id_position", "tree_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tree_id: Mapped[int] = mapped_column(sa.ForeignKey("maturity_tree.id"))
    position: Mapped[int]
    dimension: Mapped[MaturityDimension] = mapped_column(choice(MaturityDimension))
    kind: Mapped[IndexKind] = mapped_column(choice(IndexKind))
    name: Mapped[str] = mapped_column(sa.String(80))
    name_en: Mapped[str] = mapped_column(sa.String(120), default="")
    meaning: Mapped[str] = mapped_column(sa.String(300), default="")
    meaning_en: Mapped[str] = mapped_column(sa.String(300), default="")
    weight: Mapped[float]
    indicator: Mapped[str] = mapped_column(sa.String(40), default="")
    limits: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    words: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)

    @property
    def label(self) -> str:
        """Its name in the reader's language."""
        return in_language(self.name, self.name_en)

    @property
    def meaning_label(self) -> str:
        """What it looks at, in the reader's language."""
        return in_language(self.meaning, self.meaning_en)

    @property
    def level_words(self) -> list[str]:
        """The words of the levels 1 to 5 in the reader's language."""
        return [in_language(zh, en) for zh, en in self.words]

    @property
    def is_quantitative(self) -> bool:
        """Whether it follows from a figure."""
        return self.kind is IndexKind.QUANTITATIVE


class MaturityEvaluation(Model):
    """An evaluation that a named outside assessor was asked for, of some programmes, within some days.

    Submitted once; afterwards nothing of it changes. `level` and `covered` are what the indices came to then.
    """

    __tablename__ = "maturity_evaluation"
    __table_args__ = (
        sa.CheckConstraint("closes_on >= opens_on", name="days"),
        sa.CheckConstraint("(state = 'submitted') = (submitted_at IS NOT NULL)", name="submitted"),
        sa.CheckConstraint("state <> 'withdrawn' OR withdrawn_reason <> ''", name="withdrawn"),
        sa.Index("ix_maturity_evaluation_college_id", "college_id", "id"),
        sa.Index("ix_maturity_evaluation_assessor_id", "assessor_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    tree_id: Mapped[int] = mapped_column(sa.ForeignKey("maturity_tree.id"))
    title: Mapped[str] = mapped_column(sa.String(80))
    year: Mapped[int]
    assessor_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    house_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    state: Mapped[EvaluationState] = mapped_column(choice(EvaluationState), default=EvaluationState.ASKED)
    summary: Mapped[str] = mapped_column(sa.Text, default="")
    level: Mapped[float | None]
    covered: Mapped[float | None]
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_reason: Mapped[str] = mapped_column(sa.String(200), default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    tree: Mapped[MaturityTree] = relationship(lazy="raise_on_sql")
    assessor: Mapped[User] = relationship(foreign_keys=[assessor_id], lazy="raise_on_sql")
    house: Mapped[Organization] = relationship(foreign_keys=[house_id], lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    @property
    def is_submitted(self) -> bool:
        """Whether it is finished for good."""
        return self.state is EvaluationState.SUBMITTED

    def stage(self, today: date) -> Stage:
        """Where it stands on the calendar."""
        return stage_of(self.opens_on, self.closes_on, today)


class MaturityProgram(Model):
    """A programme that an evaluation looks at."""

    __tablename__ = "maturity_program"

    evaluation_id: Mapped[int] = mapped_column(sa.ForeignKey("maturity_evaluation.id"), primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), primary_key=True, index=True)

    program: Mapped[Program] = relationship(lazy="raise_on_sql")


class MaturityScore(Model):
    """The level of an index with what it rests on; of a quantitative one also the figure as it was then."""

    __tablename__ = "maturity_score"
    __table_args__ = (sa.CheckConstraint("level BETWEEN 1 AND 5", name="level"),)

    evaluation_id: Mapped[int] = mapped_column(sa.ForeignKey("maturity_evaluation.id"), primary_key=True)
    index_id: Mapped[int] = mapped_column(sa.ForeignKey("maturity_index.id"), primary_key=True, index=True)
    level: Mapped[int | None]
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)
    numerator: Mapped[float | None]
    denominator: Mapped[float | None]
    value: Mapped[float | None]
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    file: Mapped[StoredFile | None] = relationship(lazy="raise_on_sql")


class MaturityFinding(Model):
    """What an assessor found, a strength or a weakness, about an index or a programme."""

    __tablename__ = "maturity_finding"
    __table_args__ = (sa.Index("ix_maturity_finding_evaluation_id", "evaluation_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(sa.ForeignKey("maturity_evaluation.id"))
    kind: Mapped[FindingKind] = mapped_column(choice(FindingKind, "maturityfindingkind"))
    index_id: Mapped[int | None] = mapped_column(sa.ForeignKey("maturity_index.id"), index=True)
    program_id: Mapped[int | None] = mapped_column(sa.ForeignKey("program.id"), index=True)
    text: Mapped[str] = mapped_column(sa.String(500))
    advice: Mapped[str] = mapped_column(sa.String(500), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    index: Mapped[MaturityIndex | None] = relationship(lazy="raise_on_sql")
    program: Mapped[Program | None] = relationship(lazy="raise_on_sql")


@sa.event.listens_for(MaturityScore, "before_insert")
@sa.event.listens_for(MaturityScore, "before_update")
@sa.event.listens_for(MaturityScore, "before_delete")
@sa.event.listens_for(MaturityFinding, "before_insert")
@sa.event.listens_for(MaturityFinding, "before_update")
@sa.event.listens_for(MaturityFinding, "before_delete")
def refuse_change_when_submitted(
    mapper: object, connection: Connection, record: MaturityScore | MaturityFinding
) -> None:
    """What belongs to a submitted evaluation stays as it was, whoever asks for a change."""
    table = MaturityEvaluation.__table__
    state = connection.scalar(sa.select(table.c.state).where(table.c.id == record.evaluation_id))
    if state is not EvaluationState.ASKED and state != EvaluationState.ASKED.value:
        raise AssertionError("an evaluation that was submitted or called off is never changed")


@sa.event.listens_for(MaturityIndex, "before_update")
@sa.event.listens_for(MaturityIndex, "before_insert")
@sa.event.listens_for(MaturityIndex, "before_delete")
def refuse_change_of_released(mapper: object, connection: Connection, record: MaturityIndex) -> None:
    """A released index system stays as it was."""
    table = MaturityTree.__table__
    state = connection.scalar(sa.select(table.c.state).where(table.c.id == record.tree_id))
    if state is not TreeState.DRAFT and state != TreeState.DRAFT.value:
        raise AssertionError("a released index system is never changed")

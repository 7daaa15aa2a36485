"""Improvement items with their deeds, findings set aside, changes proposed to plans. What happened never changes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.improvement import labels
from trainmgr.improvement.rules import Deed, Measure, Phase, ProposalState, Source
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs.models import Program


class ImprovementItem(Model):
    """What is to get better in a programme: the standard it is held to, who answers for it, until when.

    `source` and `source_key` name the finding, which has one item at most, wherever it is taken up. `measure` is the
    cohort's figure as it stood then, of `measure_ref` (a competency's name, a module and way, an indicator). The
    evidence is that of the present round; former rounds keep theirs in the deeds. `change` is what the checker proposes
    for the next edition.
    """

    __tablename__ = "improvement_item"
    __table_args__ = (
        sa.UniqueConstraint("source", "source_key"),
        sa.CheckConstraint("round_number > 0", name="round"),
        sa.CheckConstraint("title <> '' AND standard <> ''", name="words"),
        sa.CheckConstraint("phase = 'plan' OR plan <> ''", name="planned"),
        sa.CheckConstraint(
            "phase NOT IN ('check', 'closed') OR"
            " (evidence_note <> '' AND (evidence_file_id IS NOT NULL OR evidence_link <> ''))",
            name="evidence",
        ),
        sa.CheckConstraint(
            "phase <> 'closed' OR (checker_id IS NOT NULL AND checker_id <> doer_id)", name="checked"
        ),
        sa.Index("ix_improvement_item_program_id_phase", "program_id", "phase", "due_on", "id"),
        sa.Index("ix_improvement_item_doer_id_phase", "doer_id", "phase", "due_on"),
        sa.Index("ix_improvement_item_phase_due_on", "phase", "due_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    source: Mapped[Source] = mapped_column(choice(Source, "improvementsource"))
    source_key: Mapped[str] = mapped_column(sa.String(120))
    title: Mapped[str] = mapped_column(sa.String(200))
    finding: Mapped[str] = mapped_column(sa.String(1000), default="")
    standard: Mapped[str] = mapped_column(sa.String(300))
    measure_ref: Mapped[str] = mapped_column(sa.String(120), default="")
    measure: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    phase: Mapped[Phase] = mapped_column(choice(Phase, "improvementphase"), default=Phase.PLAN)
    round: Mapped[int] = mapped_column("round_number", default=1)
    doer_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    doer_name: Mapped[str] = mapped_column(sa.String(80))
    due_on: Mapped[date]
    plan: Mapped[str] = mapped_column(sa.String(1000), default="")
    evidence_note: Mapped[str] = mapped_column(sa.String(1000), default="")
    evidence_file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)
    evidence_link: Mapped[str] = mapped_column(sa.String(300), default="")
    change: Mapped[str] = mapped_column("proposed_change", sa.String(500), default="")
    checker_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    checker_name: Mapped[str] = mapped_column(sa.String(80), default="")
    closed_on: Mapped[date | None]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    program: Mapped[Program] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    @property
    def phase_label(self) -> Any:
        """The phase in words."""
        return labels.PHASES[self.phase]

    @property
    def source_label(self) -> Any:
        """Where the finding came from, in words."""
        return labels.SOURCES[self.source]

    @property
    def last_measure(self) -> Measure | None:
        """The figure as it stood when the item was taken up."""
        return Measure.from_document(self.measure)


class ImprovementDeed(Model):
    """One deed of an item's history, with the evidence handed in by it."""

    __tablename__ = "improvement_deed"
    __table_args__ = (sa.Index("ix_improvement_deed_item_id", "item_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("improvement_item.id"))
    round: Mapped[int] = mapped_column("round_number")
    deed: Mapped[Deed] = mapped_column(choice(Deed, "improvementdeed"))
    note: Mapped[str] = mapped_column(sa.String(1000), default="")
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)
    link: Mapped[str] = mapped_column(sa.String(300), default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def deed_label(self) -> Any:
        """The deed in words."""
        return labels.DEEDS[self.deed]


class ImprovementAside(Model):
    """A finding that was looked at and set aside, with the reason."""

    __tablename__ = "improvement_aside"
    __table_args__ = (
        sa.UniqueConstraint("source", "source_key"),
        sa.CheckConstraint("reason <> ''", name="reason"),
        sa.Index("ix_improvement_aside_program_id", "program_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    source: Mapped[Source] = mapped_column(choice(Source, "asidesource"))
    source_key: Mapped[str] = mapped_column(sa.String(120))
    title: Mapped[str] = mapped_column(sa.String(200))
    reason: Mapped[str] = mapped_column(sa.String(300))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def source_label(self) -> Any:
        """Where the finding came from, in words."""
        return labels.SOURCES[self.source]


class ImprovementProposal(Model):
    """A closed item's change as it is proposed to the plan of a programme (`program_id`: mostly the next edition).

    Taken, it names the module by its `lineage` and the hours that it gave to the competency there.
    """

    __tablename__ = "improvement_proposal"
    __table_args__ = (
        sa.UniqueConstraint("item_id", "round_number", "program_id"),
        sa.CheckConstraint("state <> 'declined' OR reason <> ''", name="declined"),
        sa.CheckConstraint("state <> 'taken' OR (lineage <> '' AND module_name <> '')", name="taken"),
        sa.CheckConstraint("state = 'open' OR by_id IS NOT NULL", name="decided"),
        sa.CheckConstraint("hours >= 0", name="hours"),
        sa.Index("ix_improvement_proposal_program_id_state", "program_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("improvement_item.id"))
    round: Mapped[int] = mapped_column("round_number")
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    state: Mapped[ProposalState] = mapped_column(choice(ProposalState), default=ProposalState.OPEN)
    change: Mapped[str] = mapped_column("proposed_change", sa.String(500))
    edition_number: Mapped[int | None]
    lineage: Mapped[str] = mapped_column(sa.String(32), default="")
    module_name: Mapped[str] = mapped_column(sa.String(80), default="")
    hours: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80), default="")
    at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    item: Mapped[ImprovementItem] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return labels.PROPOSALS[self.state]


def _refuse(mapper: Any, connection: Any, target: Any) -> None:
    raise RuleBroken(_("What was done stays as it is written."))


for _event in ("before_update", "before_delete"):
    event.listen(ImprovementDeed, _event, _refuse)

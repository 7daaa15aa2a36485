"""What came of a programme: who passed, and how far each priority's gap was closed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation.scoring import NOISE
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.needs.models import Competency
from trainmgr.outcomes.rules import PassKind


class PassDecision(OfCollege, Model):
    """Whether a trainee passed. A changed decision is a new row with a reason; the latest counts."""

    __tablename__ = "pass_decision"
    __table_args__ = (
        sa.UniqueConstraint("enrolment_id", "number"),
        sa.Index(
            "uq_pass_decision_present", "enrolment_id", unique=True,
            sqlite_where=sa.text("is_present"), postgresql_where=sa.text("is_present"),
        ),
        sa.Index("ix_pass_decision_program_id_is_present", "lead_college_id", "program_id", "is_present"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    number: Mapped[int] = mapped_column(default=1)
    is_present: Mapped[bool] = mapped_column(default=True)
    kind: Mapped[PassKind] = mapped_column(choice(PassKind))
    composite: Mapped[float | None]
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")


class GapClosure(Model):
    """How far a priority's gap was closed: mean level of the same `n` trainees before and after, and the required one.

    cohort_id None is the whole programme. `closed` is the share of the gap that the training closed (may exceed 1);
    None when there was no gap. `is_paired` is False where nobody has an entry level: then `before` is the level that
    the needs analysis found. The intervals (95 %) of gain and share are unknown for one trainee; that of the share also
    where the gap cannot be told from none.
    """

    __tablename__ = "gap_closure"
    __table_args__ = (sa.Index("ix_gap_closure_program_id", "program_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    competency_id: Mapped[int] = mapped_column(sa.ForeignKey("competency.id"), index=True)
    cohort_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cohort.id"))
    n: Mapped[int]
    before: Mapped[float]
    after: Mapped[float]
    required: Mapped[float]
    closed: Mapped[float | None]
    is_paired: Mapped[bool] = mapped_column(default=True)
    gain_low: Mapped[float | None]
    gain_high: Mapped[float | None]
    closed_low: Mapped[float | None]
    closed_high: Mapped[float | None]
    computed_at: Mapped[datetime] = mapped_column(UTCDateTime)

    competency: Mapped[Competency] = relationship(lazy="raise_on_sql")

    @hybrid_property
    def is_closed(self) -> bool:
        """Whether the required level is reached."""
        return self.after >= self.required - NOISE

    @property
    def is_uncertain(self) -> bool:
        """Whether chance alone may have made the gain: its interval holds zero, or there is none."""
        return self.gain_low is None or self.gain_high is None or self.gain_low <= 0 <= self.gain_high

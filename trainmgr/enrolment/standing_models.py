"""Changes of standing: planned, in effect or called off; what took effect is never changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.enrolment import labels
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.enrolment.standing_rules import StandingKind, StandingState
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.tenancy import OfCollege
from trainmgr.programs.models import Program

__all__ = ["StandingChange", "StandingKind", "StandingState"]


class StandingChange(OfCollege, Model):
    """One change of a trainee's standing: what, from which day, why, by whom, and what it led to.

    `before` and `after` are the states when it took effect; `expected_on` is when somebody suspended is expected back;
    `enterprise_id` and `other_enrolment_id` are where a transfer led, `recognised_minutes` the hours taken along;
    `effects` counts what followed elsewhere. `settled_at` is when it took effect or was called off.
    """

    __tablename__ = "standing_change"
    __table_args__ = (
        sa.Index("ix_standing_change_enrolment_id_day", "enrolment_id", "day", "id"),
        sa.Index("ix_standing_change_state_day", "state", "day"),
        sa.Index("ix_standing_change_program_id_day", "lead_college_id", "program_id", "day", "id"),
        sa.Index(
            "uq_standing_change_planned", "enrolment_id", unique=True,
            sqlite_where=sa.text("state = 'planned'"), postgresql_where=sa.text("state = 'planned'"),
        ),
        sa.CheckConstraint("recognised_minutes >= 0", name="recognised"),
        sa.CheckConstraint("reason <> ''", name="reason"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"))
    kind: Mapped[StandingKind] = mapped_column(choice(StandingKind))
    state: Mapped[StandingState] = mapped_column(choice(StandingState))
    day: Mapped[date]
    expected_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(sa.String(200))
    before: Mapped[EnrolmentState | None] = mapped_column(choice(EnrolmentState, "standingbefore"))
    after: Mapped[EnrolmentState | None] = mapped_column(choice(EnrolmentState, "standingafter"))
    enterprise_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    to_program_id: Mapped[int | None] = mapped_column(sa.ForeignKey("program.id"))
    other_enrolment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)
    recognised_minutes: Mapped[int] = mapped_column(default=0)
    effects: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    remark: Mapped[str] = mapped_column(sa.String(200), default="")

    enrolment: Mapped[Enrolment] = relationship(foreign_keys=[enrolment_id], lazy="raise_on_sql")
    program: Mapped[Program] = relationship(
        primaryjoin="Program.id == foreign(StandingChange.program_id)", lazy="raise_on_sql"
    )
    to_program: Mapped[Program | None] = relationship(foreign_keys=[to_program_id], lazy="raise_on_sql")
    enterprise: Mapped[Organization | None] = relationship(foreign_keys=[enterprise_id], lazy="raise_on_sql")
    by: Mapped[User | None] = relationship(foreign_keys=[by_id], lazy="raise_on_sql")

    @property
    def kind_label(self) -> Any:
        """What happened, in words."""
        return labels.STANDING_KINDS[self.kind]

    @property
    def state_label(self) -> Any:
        """Whether it is planned, in effect or called off, in words."""
        return labels.STANDING_STATES[self.state]


@sa.event.listens_for(StandingChange, "before_update")
def refuse_change_of_records(mapper: object, connection: object, change: StandingChange) -> None:
    """Only what is planned may still take effect or be called off; everything else stays as it was written."""
    history = sa.inspect(change).attrs
    written = {attribute.key for attribute in history if attribute.history.has_changes()}
    was = history.state.history.deleted[0] if history.state.history.deleted else change.state
    settling = {
        "state",
        "settled_at",
        "before",
        "after",
        "effects",
        "remark",
        "other_enrolment_id",
        "recognised_minutes",
    }
    if written and (was is not StandingState.PLANNED or written - settling):
        raise AssertionError("standing_change records are never changed")

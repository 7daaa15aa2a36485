"""What is worked out of a window's ratings beside requests, and for how many of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainmgr.kernel.db import Model, UTCDateTime


class WindowInsight(Model):
    """Agreement and leniency in a window, over all trainees or over those of one organisation.

    `asked` counts the times that something changed, `done` what of this the figures hold: they are stale where the two
    differ. `ratings` says how many submitted ratings they come from; `figures` is written by `computing`.
    """

    __tablename__ = "window_insight"
    __table_args__ = (
        sa.UniqueConstraint("window_id", "organization_id"),
        sa.Index(
            "uq_window_insight_whole", "window_id", unique=True,
            sqlite_where=sa.text("organization_id IS NULL"), postgresql_where=sa.text("organization_id IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), index=True)
    window_id: Mapped[int] = mapped_column(sa.ForeignKey("evaluation_window.id"))
    organization_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    asked: Mapped[int] = mapped_column(default=1)
    done: Mapped[int] = mapped_column(default=0)
    ratings: Mapped[int] = mapped_column(default=0)
    figures: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    computed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @property
    def is_stale(self) -> bool:
        """Whether something came in since it was worked out."""
        return self.asked != self.done

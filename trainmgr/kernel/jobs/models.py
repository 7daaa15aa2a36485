"""A piece of work in the background, as people see it: how far it is, what it counted, why it stopped."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column

from trainmgr.kernel.db import Model, UTCDateTime, choice


class JobState(enum.StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def label(self) -> Any:
        """The state's name for people."""
        return STATE_LABELS[self]


STATE_LABELS = {
    JobState.QUEUED: _l("Waiting for its turn"),
    JobState.RUNNING: _l("Under way"),
    JobState.DONE: _l("Finished"),
    JobState.FAILED: _l("Broken off"),
    JobState.STOPPED: _l("Stopped by hand"),
}
LIVE = (JobState.QUEUED, JobState.RUNNING)


class Job(Model):
    """One background job. The row outlives the queue: a worker that was killed is replaced from here."""

    __tablename__ = "job"
    __table_args__ = (sa.Index("ix_job_program_id_id", "program_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(40))
    title: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[JobState] = mapped_column(choice(JobState, "jobstate"), default=JobState.QUEUED, index=True)
    total: Mapped[int | None]
    done: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    params: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    checkpoint: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    stop_wanted: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    locale: Mapped[str] = mapped_column(sa.String(8), default="zh")
    result_file_id: Mapped[int | None]
    fault: Mapped[str | None] = mapped_column(sa.Text)
    fault_params: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    created_by: Mapped[int | None] = mapped_column(index=True)
    program_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    heartbeat_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @property
    def is_live(self) -> bool:
        """Whether it waits or runs, so that its page asks again."""
        return self.state in LIVE

    @property
    def percent(self) -> int | None:
        """Whole per cent done (100 only when all is done), or None while the total is unknown."""
        if self.state is JobState.DONE:
            return 100
        if not self.total:
            return None
        return min(99, self.done * 100 // self.total)

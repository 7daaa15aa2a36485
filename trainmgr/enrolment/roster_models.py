"""What imports of rosters made, and how a college's real-name roster looks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainmgr.kernel.db import Model, UTCDateTime


class RosterEntry(Model):
    """Whom a row of an import enrolled, and what it made for that; gone when the import is undone."""

    __tablename__ = "roster_entry"

    job_id: Mapped[int] = mapped_column(sa.ForeignKey("job.id"), primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolment.id"), index=True)
    account: Mapped[bool]
    membership: Mapped[bool]
    related: Mapped[bool]


class RealNameLayout(Model):
    """Which columns a college's real-name roster of subsidised training has, in their order; each with its source."""

    __tablename__ = "real_name_layout"

    college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), primary_key=True)
    columns: Mapped[list[Any]] = mapped_column(sa.JSON)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

"""The mark that a database holds the demo, and what the demo brought."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainmgr.kernel.db import Model, UTCDateTime


class DemoMark(Model):
    """Stands in a database that was empty when the demo was loaded. `last` is the highest id of what it brought.

    It lets `demo drop` tell the demo from what people entered afterwards.
    """

    __tablename__ = "demo_mark"

    id: Mapped[int] = mapped_column(primary_key=True)
    loaded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)

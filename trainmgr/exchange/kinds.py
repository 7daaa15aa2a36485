"""The choices of the exchange: what has a foreign id, which files have column maps, what an LRS is told."""

from __future__ import annotations

import enum
from datetime import timedelta


class Thing(enum.StrEnum):
    """What another system knows under an id of its own, people aside."""

    ORG = "org"
    COURSE = "course"
    CLASS = "class"


class FileKind(enum.StrEnum):
    """A file whose columns a college names itself."""

    INTERNSHIP = "internship"
    REAL_NAMES = "real_names"


class Source(enum.StrEnum):
    """A record that becomes a statement."""

    LOG_HANDED_IN = "log_handed_in"
    LOG_SIGNED = "log_signed"
    TEST = "test"
    GATE = "gate"
    COMPLETION = "completion"
    VOIDED = "voided"


class StatementState(enum.StrEnum):
    """Where a statement stands on its way to a learning record store."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


BACK_OFF = (
    timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6),
    timedelta(hours=24), timedelta(hours=24),
)  # fmt: skip
LOST_AFTER = timedelta(minutes=10)

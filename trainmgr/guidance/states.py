"""The states of signs and of tutoring tasks."""

from __future__ import annotations

import enum


class SignState(enum.StrEnum):
    """A sign waits for somebody's look; it is accepted with a task, dismissed with a reason, or gone by itself."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    GONE = "gone"


class TutoringState(enum.StrEnum):
    """A tutoring task is under way until it has a result, or is called off."""

    OPEN = "open"
    DONE = "done"
    CALLED_OFF = "called_off"

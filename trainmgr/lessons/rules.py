"""The eight rings of a lesson in their three segments (三段八环), and when their minutes add up."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from trainmgr.kernel.hours import lesson_minutes


class Segment(enum.StrEnum):
    """The three segments of a lesson."""

    BEFORE = "before"
    IN_CLASS = "in_class"
    AFTER = "after"


class Ring(enum.StrEnum):
    """The eight rings in their order."""

    PREPARATION = "preparation"
    OPENING = "opening"
    TEACHING = "teaching"
    DISCUSSION = "discussion"
    SIMULATION = "simulation"
    PROBLEM_SOLVING = "problem_solving"
    CHECK = "check"
    ON_THE_JOB = "on_the_job"

    @property
    def segment(self) -> Segment:
        """The segment that the ring belongs to."""
        if self is Ring.PREPARATION:
            return Segment.BEFORE
        return Segment.AFTER if self is Ring.ON_THE_JOB else Segment.IN_CLASS


TASKS = (Ring.PREPARATION, Ring.ON_THE_JOB)  # what trainees do by themselves, and tick


class LessonState(enum.StrEnum):
    """A draft may be unfinished; what trainees see is the last version that was finished."""

    DRAFT = "draft"
    FINISHED = "finished"


class Who(enum.StrEnum):
    """Who leads a ring."""

    TEACHER = "teacher"
    MENTOR = "mentor"
    TRAINEE = "trainee"


def class_minutes(minutes: Mapping[Ring, int]) -> int:
    """Return the minutes of the rings in class."""
    return sum(value for ring, value in minutes.items() if ring.segment is Segment.IN_CLASS)


def difference(minutes: Mapping[Ring, int], units: int, unit_minutes: int) -> int:
    """Return the minutes of the rings in class less those of the session (units × minutes a unit); 0 fits."""
    return class_minutes(minutes) - lesson_minutes(units, unit_minutes)


def unfilled(filled: Mapping[Ring, bool]) -> list[Ring]:
    """Return the rings that say nothing yet, in their order."""
    return [ring for ring in Ring if not filled.get(ring, False)]

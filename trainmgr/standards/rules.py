"""What a job standard goes by: dimensions, states, kinds of task, and which tasks become typical ones. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

LOWEST_LEVEL, HIGHEST_LEVEL = 1, 5
MOST_COMPETENCIES = 300
MOST_TASKS = 600


class Dimension(enum.StrEnum):
    """The ability dimension of a competency (专业, 社会, 方法, 思政素养)."""

    PROFESSIONAL = "professional"
    SOCIAL = "social"
    METHOD = "method"
    VALUES = "values"


class VersionState(enum.StrEnum):
    """A version is edited as a draft, in use once published, and outdated when the next one is published."""

    DRAFT = "draft"
    PUBLISHED = "published"
    OUTDATED = "outdated"


class TaskKind(enum.StrEnum):
    """A link of the chain from what experts tell to what the school trains, in this order."""

    REPRESENTATIVE = "representative"
    TYPICAL = "typical"
    LEARNING = "learning"
    SCHOOL = "school"

    @property
    def source(self) -> TaskKind | None:
        """The kind that a task of this kind is traced to; representative tasks are traced to interviews."""
        order = list(TaskKind)
        at = order.index(self)
        return order[at - 1] if at else None


@dataclass(frozen=True)
class TaskVoice:
    """What one expert says of a representative task, each from 1 to 5."""

    difficulty: int
    importance: int
    frequency: int


@dataclass(frozen=True)
class Thresholds:
    """From which means on (1–5), and from how many experts on, a representative task is typical."""

    experts: int = 2
    difficulty: float = 2.5
    importance: float = 3.5
    frequency: float = 2.0


@dataclass(frozen=True)
class TaskStanding:
    """How experts judge a representative task; means are None while nobody has."""

    experts: int
    difficulty: float | None
    importance: float | None
    frequency: float | None
    is_typical: bool


def standing_of(voices: Sequence[TaskVoice], limits: Thresholds) -> TaskStanding:
    """Average what experts say of one task; it is typical when every figure reaches its threshold."""
    if not voices:
        return TaskStanding(0, None, None, None, is_typical=False)
    difficulty = fmean(voice.difficulty for voice in voices)
    importance = fmean(voice.importance for voice in voices)
    frequency = fmean(voice.frequency for voice in voices)
    reached = (
        len(voices) >= limits.experts
        and difficulty >= limits.difficulty
        and importance >= limits.importance
        and frequency >= limits.frequency
    )
    return TaskStanding(len(voices), difficulty, importance, frequency, is_typical=reached)


class Lack(enum.StrEnum):
    """What a draft still lacks before it can be signed."""

    ENTERPRISE = "enterprise"
    COMPETENCY = "competency"
    TASK = "task"
    LINK = "link"
    LEVELS = "levels"


def lacks_of(
    *, has_enterprise: bool, typical_tasks: int, levels: Iterable[Sequence[str]], unlinked: int
) -> list[Lack]:
    """Return what is missing; `levels` are the words of each competency, `unlinked` those without a typical task."""
    words = list(levels)
    found = {
        Lack.ENTERPRISE: not has_enterprise,
        Lack.COMPETENCY: not words,
        Lack.TASK: not typical_tasks,
        Lack.LINK: bool(words and typical_tasks and unlinked),
        Lack.LEVELS: any(len([word for word in one if word]) < HIGHEST_LEVEL for one in words),
    }
    return [lack for lack, missing in found.items() if missing]

"""What teaching resources go by: their kinds, how each is kept up to date, when the next version is due. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

MOST_TEXT = 6000  # characters of one part of a case
MOST_LINES = 20  # steps, tools … of a task sheet
MOST_COLUMNS = 6  # of its record table
MOST_SHEETS = 60  # sheets in one file
MOST_ITEMS = 200  # resources in a pack
YEAR_DAYS = 365  # the twelve months over which the renewed share is taken


class MaterialKind(enum.StrEnum):
    """What a resource is (课件, 视频, 文档, 案例, 任务资料, 规程, 赛题, 五段案例)."""

    COURSEWARE = "courseware"
    VIDEO = "video"
    DOCUMENT = "document"
    CASE = "case"
    TASK = "task"
    REGULATION = "regulation"
    CONTEST = "contest"
    CASE_WRITE_UP = "case_write_up"


class UpdateKind(enum.StrEnum):
    """How a resource is kept up to date (四维更新): a share a year, each quarter, at once, or tracked."""

    YEARLY = "yearly"
    QUARTERLY = "quarterly"
    IMMEDIATE = "immediate"
    TRACKED = "tracked"


class MaterialState(enum.StrEnum):
    """A version is a draft while it is written; once published it never changes."""

    DRAFT = "draft"
    PUBLISHED = "published"


class CasePart(enum.StrEnum):
    """The five parts of a case write-up (案例事实, 问题分析, 方案实施, 效果评价, 经验教训)."""

    FACTS = "facts"
    ANALYSIS = "analysis"
    PLAN = "plan"
    EFFECT = "effect"
    LESSONS = "lessons"


@dataclass(frozen=True)
class Rule:
    """Within how many days a kind of resource is renewed, and which share of a collection a year (percent)."""

    days: int
    share: int = 0


DEFAULT_RULES = {
    UpdateKind.YEARLY: Rule(YEAR_DAYS, 15),
    UpdateKind.QUARTERLY: Rule(92),
    UpdateKind.IMMEDIATE: Rule(7),
    UpdateKind.TRACKED: Rule(30),
}
LEAST_DAYS, MOST_DAYS = 1, 1825

# How resources of a kind are usually kept up to date.
USUAL_UPDATE = {
    MaterialKind.CASE: UpdateKind.QUARTERLY,
    MaterialKind.CASE_WRITE_UP: UpdateKind.QUARTERLY,
    MaterialKind.CONTEST: UpdateKind.IMMEDIATE,
    MaterialKind.REGULATION: UpdateKind.TRACKED,
}


def usual_update(kind: MaterialKind) -> UpdateKind:
    """Return how a kind of resource is kept up to date unless somebody says otherwise."""
    return USUAL_UPDATE.get(kind, UpdateKind.YEARLY)


def counted_from(
    update: UpdateKind,
    *,
    renewed_on: date | None,
    checked_on: date | None = None,
    asked_on: date | None = None,
) -> date | None:
    """Return the day from which the time to the next version counts, or None while nothing is due.

    A yearly or quarterly resource counts from its last version. An immediate one from the oldest occasion that no
    version has answered yet. A tracked one from such an occasion, else from when its source was last looked at.
    """
    if update is UpdateKind.IMMEDIATE:
        return asked_on
    if update is UpdateKind.TRACKED:
        return asked_on or max((day for day in (renewed_on, checked_on) if day), default=None)
    return renewed_on


def due_on(start: date | None, rule: Rule) -> date | None:
    """Return the last day on which the next version is in time."""
    return start + timedelta(days=rule.days) if start else None


def year_before(today: date) -> date:
    """Return the first day of the twelve months that end today."""
    return today - timedelta(days=YEAR_DAYS - 1)


def is_enough(renewed: float, asked: int) -> bool:
    """Tell whether a collection's renewed share (percent) reaches what is asked, to the tenth that is shown."""
    return round(renewed, 1) >= asked


def lines_of(text: str | None) -> list[str]:
    """Return the lines of what was typed, without blanks and empty ones."""
    return [line for raw in (text or "").splitlines() if (line := raw.strip())]


def missing_parts(parts: Iterable[tuple[CasePart, str]]) -> list[CasePart]:
    """Return which of the five parts are still empty: all must be there before a case is published."""
    written = {part for part, text in parts if text.strip()}
    return [part for part in CasePart if part not in written]

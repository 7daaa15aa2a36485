"""When parties are too far apart, who talks it over, who decides, until when a trainee may appeal: pure decisions."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from trainmgr.evaluation.rules import Party
from trainmgr.evaluation.scoring import Marks, divergences

TALK_DAYS = 5
APPEAL_DAYS = 7
MOST_DAYS = 60

# Peers are many and are shown together only; these speak with one voice that can be asked.
SPEAKING = (Party.TRAINEE, Party.ENTERPRISE, Party.TEACHER)


class ModerationState(enum.StrEnum):
    """The raters talk it over; then, if they stay apart, a moderator decides; then it is over."""

    TALK = "talk"
    DECIDE = "decide"
    CLOSED = "closed"


class Ending(enum.StrEnum):
    """How a moderation ended: no longer apart, decided, or the window's results were taken as they are."""

    AGREED = "agreed"
    DECIDED = "decided"
    SETTLED = "settled"


class SideAnswer(enum.StrEnum):
    """What a rater did: nothing yet, kept the marks, revised them; or no longer rates this trainee."""

    WAITING = "waiting"
    KEPT = "kept"
    REVISED = "revised"
    ABSENT = "absent"


class DecisionKind(enum.StrEnum):
    """A moderator lets all marks stand, takes one party's, or sets marks."""

    KEEP = "keep"
    TAKE = "take"
    SET = "set"


class AppealState(enum.StrEnum):
    """Where an appeal stands."""

    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"


def apart(marks: Mapping[Party, Marks], threshold: float) -> tuple[int, ...]:
    """Return the criteria on which speaking parties are at least so many points apart, the widest first."""
    given = {party: marks[party] for party in SPEAKING if party in marks}
    return tuple(one.criterion_id for one in divergences(given) if one.gap >= threshold)


def sides(marks: Mapping[Party, Marks], criteria: Collection[int]) -> frozenset[Party]:
    """Return the parties that stand at one end of one of these criteria: those that talk it over."""
    found: set[Party] = set()
    for criterion in criteria:
        given = {p: marks[p].get(criterion) for p in SPEAKING if p in marks}
        known = {party: mark for party, mark in given.items() if mark is not None}
        ends = {min(known.values()), max(known.values())} if known else set()
        found |= {party for party, mark in known.items() if mark in ends}
    return frozenset(found)


def after_answers(answers: Collection[SideAnswer]) -> ModerationState:
    """Return where a moderation stands that is still apart: with the raters while one of them is awaited."""
    return ModerationState.TALK if SideAnswer.WAITING in answers else ModerationState.DECIDE


@dataclass(frozen=True)
class Verdict:
    """What a moderator decides; `marks` are those to be set, by criterion."""

    kind: DecisionKind
    party: Party | None = None
    marks: Mapping[int, int] = field(default_factory=dict)

    def decided(self, given: Mapping[Party, Marks], criteria: Collection[int]) -> dict[int, int]:
        """Return the marks that count from now on, out of those in question."""
        if self.kind is DecisionKind.KEEP:
            return {}
        if self.kind is DecisionKind.SET:
            return {criterion: mark for criterion, mark in self.marks.items() if criterion in criteria}
        taken = given.get(self.party, {}) if self.party else {}
        found = {criterion: taken.get(criterion) for criterion in criteria}
        return {criterion: mark for criterion, mark in found.items() if mark is not None}


def differs(marks: Mapping[Party, Marks], decided: Mapping[int, int]) -> bool:
    """Tell whether a decided mark is another than one that was given."""
    return any(
        given.get(criterion) not in (None, mark)
        for criterion, mark in decided.items()
        for given in marks.values()
    )


def in_time(closes_at: datetime, until: datetime, now: datetime) -> bool:
    """Tell whether an appeal may be made: from the closing of the window until a moment after it."""
    return closes_at <= now < until

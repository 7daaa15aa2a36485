"""A training programme's kinds, states and thread; what each step forward takes."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any


class ProgramKind(enum.StrEnum):
    """What sort of training project it is."""

    ORDER_CLASS = "order_class"
    MODERN_APPRENTICESHIP = "modern_apprenticeship"
    NEW_APPRENTICESHIP = "new_apprenticeship"
    FIELD_ENGINEER = "field_engineer"
    EMPLOYEE_UPSKILLING = "employee_upskilling"
    SUBSIDISED = "subsidised"
    PUBLIC_BENEFIT = "public_benefit"
    RURAL_REVITALISATION = "rural_revitalisation"
    TEACHER_TRAINING = "teacher_training"
    COMMUNITY = "community"


class State(enum.StrEnum):
    """Where a programme stands in its life."""

    DRAFT = "draft"
    ANALYSING = "analysing"
    DESIGNING = "designing"
    RECRUITING = "recruiting"
    RUNNING = "running"
    EVALUATING = "evaluating"
    CLOSED = "closed"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"


FORWARD: dict[State, State] = {
    State.DRAFT: State.ANALYSING,
    State.ANALYSING: State.DESIGNING,
    State.DESIGNING: State.RECRUITING,
    State.RECRUITING: State.RUNNING,
    State.RUNNING: State.EVALUATING,
    State.EVALUATING: State.CLOSED,
}
ORDER: tuple[State, ...] = (State.DRAFT, *FORWARD.values())


class Work(enum.StrEnum):
    """What people do in a programme; each kind of work is open in some states only."""

    SETUP = "setup"  # name, dates, size, budget, duties, people
    PARTIES = "parties"  # who takes part; besides, nothing may be signed yet
    REVENUE = "revenue"
    NEEDS = "needs"
    CURRICULUM = "curriculum"
    ENROLMENT = "enrolment"
    MENTORING = "mentoring"
    PRACTICE = "practice"
    SCHEME = "scheme"  # evaluation scheme and windows
    EVALUATION = "evaluation"  # rating
    RESULT = "result"
    ENTRY_TEST = "entry_test"  # a test before the training
    TEST = "test"  # one in between or at the end


_D, _A, _P, _R, _X, _E = ORDER[:6]

# When which work is open. In the states closed, suspended and cancelled nothing is.
#
#              draft analysing designing recruiting running evaluating
# setup          x       x         x          x         x        x
# parties        x       x                                              and only while nothing is signed
# revenue        x       x         x          x
# needs          x       x                                              until both signed; then: the next edition
# curriculum                       x          x         x        x      (later on: a new edition)
# enrolment                                   x         x
# mentoring                        x          x         x        x
# practice                                              x        x
# scheme                           x          x         x        x
# evaluation                                            x        x
# result                                                         x
# entry test     x       x         x          x         x
# test                                                  x        x
OPEN_IN: dict[Work, frozenset[State]] = {
    Work.SETUP: frozenset({_D, _A, _P, _R, _X, _E}),
    Work.PARTIES: frozenset({_D, _A}),
    Work.REVENUE: frozenset({_D, _A, _P, _R}),
    Work.NEEDS: frozenset({_D, _A}),
    Work.CURRICULUM: frozenset({_P, _R, _X, _E}),
    Work.ENROLMENT: frozenset({_R, _X}),
    Work.MENTORING: frozenset({_P, _R, _X, _E}),
    Work.PRACTICE: frozenset({_X, _E}),
    Work.SCHEME: frozenset({_P, _R, _X, _E}),
    Work.EVALUATION: frozenset({_X, _E}),
    Work.RESULT: frozenset({_E}),
    Work.ENTRY_TEST: frozenset({_D, _A, _P, _R, _X}),
    Work.TEST: frozenset({_X, _E}),
}


def is_open(work: Work, state: State) -> bool:
    """Tell whether a kind of work may be done in a state."""
    return state in OPEN_IN[work]


def opens_in(work: Work) -> State:
    """Return the first state in which a kind of work is open."""
    return min(OPEN_IN[work], key=ORDER.index)


class Side(enum.StrEnum):
    """The two sides that sign: the college's and the enterprise's."""

    COLLEGE = "college"
    ENTERPRISE = "enterprise"


class PartyRole(enum.StrEnum):
    """What an organisation is to a programme."""

    LEAD_COLLEGE = "lead_college"
    PARTNER_COLLEGE = "partner_college"
    ENTERPRISE = "enterprise"
    OUTSIDE = "outside"
    ALLIANCE = "alliance"
    INDUSTRY_COLLEGE = "industry_college"
    BASE = "base"  # a place of practice rather than a partner

    @property
    def side(self) -> Side | None:
        """The side that the party signs for; an outside party, an alliance or a place signs for none."""
        if self in (PartyRole.LEAD_COLLEGE, PartyRole.PARTNER_COLLEGE):
            return Side.COLLEGE
        return Side.ENTERPRISE if self is PartyRole.ENTERPRISE else None


class Step(enum.IntEnum):
    """The nine steps of the thread, always in this order."""

    PATHWAY = 1
    PROGRAM = 2
    NEEDS = 3
    CURRICULUM = 4
    ENROLMENT = 5
    MENTORING = 6
    PRACTICE = 7
    EVALUATION = 8
    RESULT = 9


class StepState(enum.StrEnum):
    """How a step stands: done, being worked on, waiting for somebody, not begun."""

    DONE = "done"
    NOW = "now"
    ASKING = "asking"
    NEXT = "next"


@dataclass(frozen=True)
class Missing:
    """One thing that is still missing: a msgid with values, who acts, and which step forward it blocks.

    `who` names the person or the role in words of data (a name) or is a msgid in `who_msgid`.
    `endpoint`/`args` lead to the page where it is done; `due_code` names the dues of those who can be
    reminded of it (programs.dues).
    """

    msgid: str
    blocks: State | None = None
    params: dict[str, Any] = field(default_factory=dict)
    who: str = ""
    who_msgid: str = ""
    due_on: date | None = None
    endpoint: str = ""
    args: dict[str, Any] = field(default_factory=dict)
    due_code: str = ""

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {
            "msgid": self.msgid,
            "blocks": self.blocks.value if self.blocks else None,
            "params": self.params,
            "who": self.who,
            "who_msgid": self.who_msgid,
            "due_on": self.due_on.isoformat() if self.due_on else None,
            "endpoint": self.endpoint,
            "args": self.args,
            "due_code": self.due_code,
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Missing:
        """Read what to_document wrote."""
        return cls(
            msgid=document["msgid"],
            blocks=State(document["blocks"]) if document["blocks"] else None,
            params=document["params"],
            who=document["who"],
            who_msgid=document["who_msgid"],
            due_on=date.fromisoformat(document["due_on"]) if document["due_on"] else None,
            endpoint=document["endpoint"],
            args=document["args"],
            due_code=document.get("due_code", ""),
        )


@dataclass(frozen=True)
class Figure:
    """One key figure of a step for the programme's home, with what it was computed from.

    A `share` shows part / whole as a percentage with both numbers beside it; otherwise `part` is the figure
    and `whole` (if any) stands behind the stroke. `label`, `unit` and `hint` are msgids; `params` are the hint's.
    """

    label: str
    part: float
    whole: float | None = None
    share: bool = False
    unit: str = ""
    hint: str = ""
    params: dict[str, Any] = field(default_factory=dict)

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return asdict(self)


@dataclass(frozen=True)
class Assessment:
    """How one step of a programme stands, computed from records when they change.

    `count` and `note` are msgids with `params` (both short: "38 / 40 people", "signed by both").
    `note_tone`: "" plain, "ok", "lock", "info", "warn", "bad". `figures` (one, rarely two) stand on the home.
    """

    state: StepState
    count: str = ""
    note: str = ""
    note_tone: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    missing: Sequence[Missing] = ()
    figures: Sequence[Figure] = ()


def blocking(missing: Iterable[Missing], target: State) -> list[Missing]:
    """Return what stands between a programme and a state (an earlier gate still open blocks later ones too)."""
    reach = ORDER.index(target)
    return [item for item in missing if item.blocks is not None and ORDER.index(item.blocks) <= reach]


def next_state(state: State) -> State | None:
    """Return the state one step forward, or None at the end and off the road."""
    return FORWARD.get(state)


def shares_fault(basis_points: Sequence[int]) -> str | None:
    """Return the msgid of what is wrong with a revenue split (in hundredths of a percent), or None."""
    if not basis_points:
        return "The revenue split is not set yet."
    if any(share <= 0 for share in basis_points):
        return "Every share must be above 0%."
    if sum(basis_points) != 10_000:
        return "The shares must add up to 100%."
    return None

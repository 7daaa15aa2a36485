"""The individual plan's cycle of six steps: what follows what, who hands in what, what a step needs, the way back."""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from trainmgr.kernel.msgids import N_

MOST_GOALS = 5
MOST_STEPS = 12  # tasks of one revision


class PlanStep(enum.StrEnum):
    """资料收集→制定学习计划→决策→任务实施→检查→评价."""

    COLLECT = "collect"
    PLAN = "plan"
    DECIDE = "decide"
    DO = "do"
    CHECK = "check"
    EVALUATE = "evaluate"
    CLOSED = "closed"

    @property
    def number(self) -> int:
        """The place in the cycle, 1 to 6; 7 is closed."""
        return ORDER.index(self) + 1


ORDER = tuple(PlanStep)


class Voice(enum.StrEnum):
    """Who speaks in a plan: the trainee, or a counsellor of a side."""

    TRAINEE = "trainee"
    COLLEGE = "college"
    ENTERPRISE = "enterprise"


class Reached(enum.StrEnum):
    """How far a goal was reached."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


# Who hands the step in. Counsellors may write down for a trainee what both said; only the trainee signs as trainee.
HANDS_IN: dict[PlanStep, frozenset[Voice]] = {
    PlanStep.COLLECT: frozenset(Voice),
    PlanStep.PLAN: frozenset(Voice),
    PlanStep.DECIDE: frozenset(Voice),
    PlanStep.DO: frozenset({Voice.COLLEGE, Voice.ENTERPRISE}),
    PlanStep.CHECK: frozenset({Voice.COLLEGE, Voice.ENTERPRISE}),
    PlanStep.EVALUATE: frozenset({Voice.COLLEGE, Voice.ENTERPRISE}),
    PlanStep.CLOSED: frozenset(),
}


def following(step: PlanStep) -> PlanStep | None:
    """Return the step after one, or None after the last."""
    place = ORDER.index(step) + 1
    return ORDER[place] if place < len(ORDER) else None


def may_hand_in(step: PlanStep, voice: Voice) -> bool:
    """Tell whether somebody hands in this step."""
    return voice in HANDS_IN[step]


@dataclass(frozen=True)
class Facts:
    """What there is in a plan when a step is to be handed in."""

    goals: int = 0
    tasks: int = 0
    tasks_done: int = 0
    last_due: date | None = None
    checked: int = 0  # goals that were judged
    signed: Collection[Voice] = ()
    asked: Collection[Voice] = ()  # who has to sign: the trainee, and each side that has a counsellor
    words: str = ""


def fault(step: PlanStep, facts: Facts, today: date) -> str | None:
    """Return the msgid of what a step still needs before the next one begins, or None."""
    match step:
        case PlanStep.COLLECT:
            return None if facts.words.strip() else N_("Write down what stands out in the facts.")
        case PlanStep.PLAN:
            return _plan_fault(facts)
        case PlanStep.DECIDE:
            return None if set(facts.asked) <= set(facts.signed) else N_("Not everybody has signed yet.")
        case PlanStep.DO:
            over = facts.last_due is not None and facts.last_due < today
            open_ = facts.tasks_done < facts.tasks and not over
            return N_("Tasks are open, and their days are not over yet.") if open_ else None
        case PlanStep.CHECK:
            return None if facts.checked == facts.goals else N_("Say of each goal how far it was reached.")
        case PlanStep.EVALUATE:
            return None if facts.words.strip() else N_("Write what comes of it for the next cycle.")
        case PlanStep.CLOSED:
            return N_("This cycle is closed.")


def _plan_fault(facts: Facts) -> str | None:
    if not 1 <= facts.goals <= MOST_GOALS:
        return N_("A plan has one to five goals.")
    if not 1 <= facts.tasks <= MOST_STEPS:
        return N_("A plan has one to twelve tasks.")
    return None


def asked_to_sign(has_college: bool, has_enterprise: bool) -> list[Voice]:
    """Return who signs the decision: the trainee, and the counsellor of each side that has one."""
    sides = [(Voice.COLLEGE, has_college), (Voice.ENTERPRISE, has_enterprise)]
    return [Voice.TRAINEE, *(voice for voice, there in sides if there)]


def may_go_back(step: PlanStep) -> bool:
    """Tell whether goals and tasks can be written anew: while deciding and doing; later only the next cycle helps."""
    return step in (PlanStep.DECIDE, PlanStep.DO)

"""What a study of a major goes by: its steps, what a decision takes. Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

FEWEST_SOURCES = 3  # kinds of evidence that a decision on a major rests on


class EvidenceKind(enum.StrEnum):
    """Where a piece of evidence comes from."""

    MARKET = "market"  # the labour market: vacancies, pay, employers' plans
    ENTERPRISE = "enterprise"  # what enterprises said or measured
    GRADUATE = "graduate"  # what became of those who were trained
    POLICY = "policy"  # plans and rules of state and region
    PEER = "peer"  # what other colleges do
    TECHNOLOGY = "technology"  # where the trade is going


class Decision(enum.StrEnum):
    """What a college decides on a major."""

    ADD = "add"
    UPGRADE = "upgrade"
    KEEP = "keep"
    DROP = "drop"


class DiagnosisStep(enum.IntEnum):
    """The four steps of the diagnosis (四阶诊断法)."""

    EVIDENCE = 1
    MAP = 2
    MATRIX = 3
    RESTRUCTURE = 4


@dataclass(frozen=True)
class Coverage:
    """A competency of the job standards and the class hours that the plan gives to it."""

    name: str
    post: str
    required_level: float
    hours: int


def steps_done(
    *, kinds: int, competencies: int, covered: int, has_plan: bool, has_former: bool
) -> Mapping[DiagnosisStep, bool]:
    """Tell which steps have their product: evidence of three kinds, a map, a matrix, a plan drawn anew."""
    return {
        DiagnosisStep.EVIDENCE: kinds >= FEWEST_SOURCES,
        DiagnosisStep.MAP: competencies > 0,
        DiagnosisStep.MATRIX: competencies > 0 and has_plan and covered > 0,
        DiagnosisStep.RESTRUCTURE: has_plan and has_former,
    }


def lacking_for_decision(kinds: int) -> int:
    """Return how many more kinds of evidence a decision takes."""
    return max(0, FEWEST_SOURCES - kinds)

"""Pathways (培养模式) as values: read, write, compare, and check the figures of a plan against their limits.

This is the door for other features: everything that they need of a pathway can be imported from here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trainmgr.pathways.comparing import Comparison, Difference, Row, differences
from trainmgr.pathways.faults import Fault, PathwayFault
from trainmgr.pathways.labels import LABELS, label
from trainmgr.pathways.reading import from_document, parse
from trainmgr.pathways.rulebook import STANDARD, UNIT_MINUTES_KEY, complete, rules_of
from trainmgr.pathways.schema import (
    METRIC_UNITS,
    SCHEMA,
    THREE,
    UNIT_MINUTES,
    Ability,
    AnchorScale,
    Check,
    Cohort,
    Criterion,
    EvaluationPlan,
    Gate,
    GateKind,
    Layer,
    Level,
    LevelPlan,
    LogFrequency,
    Metric,
    MetricUnit,
    Op,
    Party,
    Pathway,
    PracticeLevel,
    ProgramKind,
    Role,
    RoleNeed,
    Scope,
    Severity,
    Stage,
    Text,
    Unit,
    Venue,
    WindowKind,
    WindowPlan,
)
from trainmgr.pathways.writing import dump, to_document

__all__ = [
    "LABELS", "METRIC_UNITS", "SCHEMA", "STANDARD", "THREE", "UNIT_MINUTES", "UNIT_MINUTES_KEY",
    "Ability", "AnchorScale", "Check", "CheckResult", "Cohort", "Comparison",
    "Criterion", "Difference", "EvaluationPlan", "Fault", "Gate", "GateKind", "Layer", "Level", "LevelPlan",
    "LogFrequency", "Metric", "MetricUnit", "Op", "Party", "Pathway", "PathwayFault", "PracticeLevel", "ProgramKind",
    "Role", "RoleNeed", "Row", "Scope", "Severity", "Stage", "Text", "Unit", "Venue", "WindowKind", "WindowPlan",
    "complete", "differences", "dump", "evaluate_check", "evaluate_checks", "from_document", "label", "obstacles",
    "parse", "planned_metrics", "rules_of", "to_document",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How a plan stands against one check.

    `value` is None when the figure is not known yet, which never passes. `limit` is the limit that is broken,
    or the nearest one. `gap` is what must be added to the value (below zero: taken away), 0 when it passes.
    """

    check: Check
    passed: bool
    value: float | None
    limit: float
    severity: Severity
    gap: float | None

    @property
    def blocks(self) -> bool:
        """Whether this stops the plan from being signed."""
        return not self.passed and self.severity is Severity.BLOCK and not self.check.off


def evaluate_check(check: Check, metrics: Mapping[str, float]) -> CheckResult:
    """Hold a figure of the plan against its limit; both ends of a limit are allowed values.

    Metrics are keyed by `Metric`; ratios are percentages. Rounding noise below one millionth is forgiven.
    """
    low, high = _bounds(check)
    value = metrics.get(check.metric)
    if value is None or not math.isfinite(value):
        limit = low if math.isfinite(low) else high
        return CheckResult(check, False, None, limit, check.severity, None)
    if value < low - 1e-6:
        return CheckResult(check, False, value, low, check.severity, low - value)
    if value > high + 1e-6:
        return CheckResult(check, False, value, high, check.severity, high - value)
    nearest = low if abs(value - low) <= abs(high - value) else high
    return CheckResult(check, True, value, nearest, check.severity, 0.0)


def evaluate_checks(checks: Iterable[Check], metrics: Mapping[str, float]) -> tuple[CheckResult, ...]:
    """Hold all figures of a plan against their limits, in the order of the pathway."""
    return tuple(evaluate_check(check, metrics) for check in checks)


def obstacles(results: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """The failed checks that stop a plan from being signed."""
    return tuple(result for result in results if result.blocks)


def planned_metrics(pathway: Pathway) -> dict[str, float]:
    """The figures that follow from the pathway's own stages; the rest needs a curriculum and people."""
    stages = [stage for stage in pathway.stages if not stage.remedial]
    hours = sum(stage.hours for stage in stages)
    enterprise = [stage for stage in stages if stage.venue is Venue.ENTERPRISE]
    metrics = {
        Metric.TOTAL_HOURS.value: hours,
        Metric.ENTERPRISE_WEEKS.value: sum(stage.weeks for stage in enterprise),
        Metric.LAYER_COUNT.value: float(len({stage.layer for stage in stages if stage.layer})),
        Metric.PRACTICE_LEVEL_COUNT.value: float(len({s.practice_level for s in stages if s.practice_level})),
    }
    if any(stage.weeks for stage in stages):
        metrics[Metric.WEEKLY_HOURS.value] = max(stage.hours / stage.weeks for stage in stages)
    if hours:
        metrics[Metric.PRACTICE_RATIO.value] = 100 * sum(s.practice_hours for s in stages) / hours
        metrics[Metric.ENTERPRISE_TAUGHT_RATIO.value] = 100 * sum(s.enterprise_hours for s in stages) / hours
    return metrics


def _bounds(check: Check) -> tuple[float, float]:
    match check.op:
        case Op.AT_LEAST:
            return check.limits[0], math.inf
        case Op.AT_MOST:
            return -math.inf, check.limits[0]
        case Op.BETWEEN:
            return check.limits[0], check.limits[1]

"""The rules of a plan: what each figure counts and out of what, and what hinders signing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trainmgr.curriculum.rules import ModuleLine, Plan, Wanted, coverage, totals
from trainmgr.pathways.rules import (
    Check,
    CheckResult,
    Metric,
    PracticeLevel,
    Venue,
    evaluate_checks,
    obstacles,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a plan. A share has its `part` and `whole`; its value is a percentage, unknown out of nothing."""

    value: float | None
    part: float | None = None
    whole: float | None = None


def _share(part: float, whole: float) -> Figure:
    return Figure(100 * part / whole if whole else None, part, whole)


def is_professional(module: ModuleLine) -> bool:
    """Whether a module belongs to the profession: every level of practice but the first, public experience (H4)."""
    return module.practice_level is not PracticeLevel.EXPERIENCE


def figures(plan: Plan, teachers: tuple[int, int] | None = None) -> dict[Metric, Figure]:
    """Return every figure that a rule can be set on; remedial stages count in none of them.

    `teachers` are the people of the programme who teach, (of the college, of the enterprise); without them their two
    figures are left out.
    """
    counted = plan.counted
    found = _hours(plan, counted) | _people(counted) | _priorities(plan, counted)
    found |= {
        Metric.MODULE_COUNT: Figure(len(counted)),
        Metric.JOINT_MODULE_COUNT: Figure(sum(module.jointly_developed for module in counted)),
        Metric.LAYER_COUNT: Figure(len({module.layer for module in counted})),
        Metric.PRACTICE_LEVEL_COUNT: Figure(len({module.practice_level for module in counted})),
    }
    if teachers is not None:
        found[Metric.TEACHER_COUNT_COLLEGE], found[Metric.TEACHER_COUNT_ENTERPRISE] = map(Figure, teachers)
    return found


def _hours(plan: Plan, counted: Sequence[ModuleLine]) -> dict[Metric, Figure]:
    sums = totals(plan)
    professional = [module for module in counted if is_professional(module)]
    return {
        Metric.TOTAL_HOURS: Figure(sums.hours),
        Metric.PRACTICE_RATIO: _share(sums.practice, sums.hours),
        Metric.PROFESSIONAL_PRACTICE_RATIO: _share(
            sum(module.practice_hours for module in professional),
            sum(module.hours for module in professional),
        ),
        Metric.ENTERPRISE_TAUGHT_RATIO: _share(sums.enterprise, sums.hours),
        Metric.ENTERPRISE_WEEKS: Figure(
            sum(s.weeks for s in plan.stages if s.venue is Venue.ENTERPRISE and not s.remedial)
        ),
        Metric.WEEKLY_HOURS: _fullest_week(plan),
    }


def _fullest_week(plan: Plan) -> Figure:
    """Hours ÷ weeks of the stage where that is most; a stage without weeks has no such figure."""
    loads = [(plan.hours_of(s.number), s.weeks) for s in plan.stages if s.weeks and not s.remedial]
    if not loads:
        return Figure(None)
    hours, weeks = max(loads, key=lambda load: load[0] / load[1])
    return Figure(hours / weeks, hours, weeks)


def _people(counted: Sequence[ModuleLine]) -> dict[Metric, Figure]:
    led = [module for module in counted if module.lead_id is not None]
    return {
        Metric.LEAD_RATIO: _share(len(led), len(counted)),
        Metric.QUALIFIED_LEADS: _share(sum(module.lead_qualified for module in led), len(led)),
        Metric.TEACHING_SIDES: Figure(len({module.taught_by_enterprise for module in counted})),
    }


def _priorities(plan: Plan, counted: Sequence[ModuleLine]) -> dict[Metric, Figure]:
    priorities = [line for line in coverage(plan) if line.wanted.is_priority]
    practising = {module.id for module in counted if module.practice_hours}
    practised = {competency for module, competency in plan.cells if module in practising}
    return {
        Metric.PRIORITY_COVERAGE: _share(sum(line.given > 0 for line in priorities), len(priorities)),
        Metric.PRACTISED_PRIORITIES: _share(
            sum(line.wanted.id in practised for line in priorities), len(priorities)
        ),
    }


def metrics(plan: Plan, teachers: tuple[int, int] | None = None) -> dict[str, float]:
    """Return the figures that are known, as plain numbers; ratios are percentages."""
    known = figures(plan, teachers)
    return {metric: figure.value for metric, figure in known.items() if figure.value is not None}


def check_plan(
    plan: Plan, checks: Iterable[Check], teachers: tuple[int, int] | None = None
) -> tuple[CheckResult, ...]:
    """Hold a plan against the rules that are on."""
    return evaluate_checks([check for check in checks if not check.off], metrics(plan, teachers))


@dataclass(frozen=True)
class Hindrances:
    """What stands between a plan and its signatures: checks that fail, priorities without an hour."""

    checks: Sequence[CheckResult] = ()
    uncovered: Sequence[Wanted] = ()

    def __len__(self) -> int:
        return len(self.checks) + len(self.uncovered)


def hindrances(plan: Plan, results: Iterable[CheckResult]) -> Hindrances:
    """Return what keeps a plan from being offered for signatures.

    The priorities stand by name; a failing check that only counts them is not told a second time.
    """
    uncovered = [line.wanted for line in coverage(plan) if line.is_uncovered]
    failing = [
        result
        for result in obstacles(results)
        if not (uncovered and result.check.metric is Metric.PRIORITY_COVERAGE)
    ]
    return Hindrances(failing, uncovered)

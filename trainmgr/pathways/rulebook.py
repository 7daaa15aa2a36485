"""The rules that every plan is held against: the pathway's own, and the standard ones that it does not set itself."""

from __future__ import annotations

from collections.abc import Sequence

from trainmgr.pathways.schema import Check, Metric, Op, Pathway, Severity, Text

UNIT_MINUTES_KEY = "unit_minutes"
"""The key of the one setting among the rules: how many minutes a class hour lasts."""

STANDARD: tuple[Check, ...] = (
    Check(
        Metric.PROFESSIONAL_PRACTICE_RATIO, Op.AT_LEAST, (40.0,), Severity.WARN,
        Text("专业课实践学时占比", "Practice share of professional hours"),
    ),
    Check(
        Metric.PRACTICE_RATIO, Op.AT_LEAST, (50.0,), Severity.WARN,
        Text("实践学时占总学时", "Practice share of all hours"),
    ),
    Check(
        Metric.PRACTISED_PRIORITIES, Op.AT_LEAST, (100.0,), Severity.WARN,
        Text("优先能力都有实践模块", "Every priority has a module with practice"),
    ),
    Check(Metric.TEACHING_SIDES, Op.AT_LEAST, (2.0,), Severity.WARN, Text("双方都授课", "Both sides teach")),
    Check(
        Metric.QUALIFIED_LEADS, Op.AT_LEAST, (100.0,), Severity.WARN,
        Text("负责教师有资格", "Lead teachers are qualified"),
    ),
    Check(Metric.WEEKLY_HOURS, Op.AT_MOST, (40.0,), Severity.WARN, Text("每周学时", "Hours per week")),
)  # fmt: skip
"""Limits after case H4 (40 % of professional hours) and the national standard for vocational curricula of 2019 (教职成
〔2019〕13号: practice is at least half of all hours); 40 hours a week are a working week. They warn unless a pathway
sets them to block."""


def rules_of(pathway: Pathway) -> tuple[Check, ...]:
    """Return the pathway's checks, then the standard rules whose metric and comparison it does not set."""
    return complete(pathway.checks)


def complete(checks: Sequence[Check]) -> tuple[Check, ...]:
    """Add the standard rules to checks that do not set them; one that is set to be off stays off."""
    own = {check.key for check in checks}
    return (*checks, *(check for check in STANDARD if check.key not in own))

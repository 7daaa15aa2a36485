"""The rules of a plan in words: name, formula, limit, how the plan stands."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from trainmgr.curriculum.board import Board
from trainmgr.curriculum.labels import DEFINITIONS, figure, formula, limit_text
from trainmgr.curriculum.models import PlanRule
from trainmgr.curriculum.presenting import fraction
from trainmgr.curriculum.rulebook import Rule
from trainmgr.kernel.i18n import language
from trainmgr.pathways.rules import METRIC_UNITS, Check, CheckResult, MetricUnit


@dataclass(frozen=True)
class RuleLine:
    """One rule as the page of rules shows it."""

    rule: Rule
    name: str
    formula: str
    definition: str
    limit: str
    default: str
    figure: str
    fraction: str
    passed: bool
    blocks: bool


def rule_lines(board: Board) -> list[RuleLine]:
    """Return every rule of the plan, those that are off too."""
    results = {result.check.key: result for result in board.results}
    return [_line(board, rule, results.get(rule.key)) for rule in board.rulebook.rules]


def _line(board: Board, rule: Rule, result: CheckResult | None) -> RuleLine:
    check = rule.check
    known = board.figures.get(check.metric)
    return RuleLine(
        rule=rule,
        name=check.name.to(language()),
        formula=formula(check.metric),
        definition=str(DEFINITIONS.get(check.metric, "")),
        limit=limit_text(check),
        default=limit_text(rule.default),
        figure=figure(known.value if known else None, METRIC_UNITS[check.metric]),
        fraction=fraction(known),
        passed=result is not None and result.passed,
        blocks=result is not None and result.blocks,
    )


@dataclass(frozen=True)
class DecidedLine:
    """A rule that the programme has set otherwise than its pathway."""

    name: str
    limit: str
    decision: PlanRule


def decided_lines(board: Board) -> list[DecidedLine]:
    """Return what the programme has set otherwise, with its reasons."""
    book, lines = board.rulebook, list[DecidedLine]()
    for rule in book.decided:
        assert rule.decision is not None
        lines.append(DecidedLine(rule.check.name.to(language()), limit_text(rule.check), rule.decision))
    if book.unit_decision is not None:
        minutes = ngettext("%(num)s minute", "%(num)s minutes", book.unit_minutes)
        lines.append(DecidedLine(_("Minutes of a class hour"), minutes, book.unit_decision))
    return lines


def unit_text(check: Check) -> str:
    """Return what a rule's limit is counted in."""
    match METRIC_UNITS[check.metric]:
        case MetricUnit.PERCENT:
            return "%"
        case MetricUnit.HOURS:
            return _("class hours")
        case MetricUnit.WEEKS:
            return _("weeks")
        case MetricUnit.COUNT:
            return ""

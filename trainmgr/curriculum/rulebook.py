"""The rules of one programme's plan: what the pathway says, and what the programme has decided otherwise and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trainmgr.curriculum.models import PlanRule
from trainmgr.pathways.rules import UNIT_MINUTES_KEY, Check, Op, from_document, rules_of

UNIT_MINUTES_BOUNDS = (30, 60)


@dataclass(frozen=True)
class Rule:
    """One rule: `default` as the pathway has it, `check` as it holds, `decision` where the programme differs."""

    check: Check
    default: Check
    decision: PlanRule | None = None

    @property
    def key(self) -> str:
        """What the rule is known by."""
        return self.default.key


@dataclass(frozen=True)
class Rulebook:
    """All rules of a programme's plan, and how many minutes a class hour lasts."""

    rules: Sequence[Rule]
    unit_minutes: int
    unit_default: int
    unit_decision: PlanRule | None = None

    @property
    def decided(self) -> list[Rule]:
        """The rules that the programme has decided otherwise than its pathway."""
        return [rule for rule in self.rules if rule.decision is not None]

    def rule(self, key: str) -> Rule | None:
        """The rule with this key, or None."""
        return next((rule for rule in self.rules if rule.key == key), None)


def read_rulebook(document: Mapping[str, Any], decisions: Iterable[PlanRule]) -> Rulebook:
    """Return the rules that follow from a pathway's document and a programme's decisions."""
    pathway = from_document(document)
    decided = {decision.key: decision for decision in decisions}
    unit = decided.get(UNIT_MINUTES_KEY)
    return Rulebook(
        [_rule(check, decided.get(check.key)) for check in rules_of(pathway)],
        int(unit.low) if unit is not None and unit.low else pathway.unit_minutes,
        pathway.unit_minutes,
        unit,
    )


def _rule(default: Check, decision: PlanRule | None) -> Rule:
    if decision is None:
        return Rule(default, default)
    low = default.limits[0] if decision.low is None else decision.low
    high = default.limits[-1] if decision.high is None else decision.high
    limits = (low, high) if default.op is Op.BETWEEN else (low,)
    return Rule(replace(default, off=decision.off, limits=limits), default, decision)

"""The needs analysis of a case: competencies, what respondents said of them, indicators, both signatures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from trainmgr.demo.playing import Case
from trainmgr.needs import actions as needs
from trainmgr.needs import freezing, indicators, ratings
from trainmgr.needs.rules import Direction
from trainmgr.programs.rules import Side
from trainmgr.standards.rules import Dimension


def analyse(case: Case, on: date, *, respondents: int = 0) -> None:
    """Fill in the needs analysis: competencies, what people said of them, indicators."""
    now = case.days.at(on)
    standard = [_competency(case, entry) for entry in case.data["competency"]]
    needs.create_competencies(case.program, standard, by=case.staff, now=now)
    needs.update_settings(
        case.program,
        post=case.data["post"],
        trainee_weight=case.data["weight"],
        priority_count=case.data["priorities"],
        by=case.staff,
        now=now,
    )
    if respondents:
        said = list(_respondents(case, respondents))
        ratings.rate(case.program, said, by=case.staff, now=case.days.at(on + timedelta(days=10)))
    for entry in case.data.get("indicator", ()):
        facts = _indicator(case, entry)
        later = case.days.at(on + timedelta(days=12), 14)
        indicators.create_indicator(case.program, facts, by=case.coordinator, now=later)


def _competency(case: Case, entry: Mapping[str, Any]) -> needs.CompetencyFacts:
    return needs.CompetencyFacts(
        name=entry["name"],
        name_en=entry["name_en"],
        dimension=Dimension(entry.get("dimension", "professional")),
        importance=Decimal(str(entry["importance"])),
        required_level=Decimal(str(entry["required"])),
        current_level=Decimal(str(entry["current"])),
        required_hours=entry.get("hours", 0),
    )


def _respondents(case: Case, count: int) -> Iterable[ratings.RatingFacts]:
    """Yield what so many people say; their means lie near the case's figures."""
    known = {competency.name: competency for competency in case.competencies}
    for number in range(1, count + 1):
        for entry in case.data["competency"]:
            yield ratings.RatingFacts(
                known[entry["name"]].id,
                f"{case.data.get('respondent', 'R')}{number:02}",
                _said(case, entry["importance"]),
                _said(case, entry["current"]),
            )


def _said(case: Case, mean: float) -> Decimal:
    whole = int(mean) + (case.random.random() < mean % 1)
    return Decimal(min(5, max(1, whole)))


def _indicator(case: Case, entry: Mapping[str, Any]) -> indicators.IndicatorFacts:
    known = {competency.name: competency.id for competency in case.competencies}
    benchmark = entry.get("benchmark")
    return indicators.IndicatorFacts(
        name=entry["name"],
        unit=entry["unit"],
        direction=Direction(entry.get("direction", "higher")),
        weight=entry["weight"],
        expected=Decimal(str(entry["expected"])),
        current=Decimal(str(entry["current"])),
        benchmark=None if benchmark is None else Decimal(str(benchmark)),
        benchmark_source=entry.get("source", ""),
        benchmark_year=None if benchmark is None else case.program.created_at.year - 1,
        competency_ids=frozenset(known[name] for name in entry["links"]),
    )


def sign_needs(case: Case, on: date) -> None:
    """Sign the needs analysis for both sides."""
    freezing.sign(case.program, side=Side.COLLEGE, by=case.staff, now=case.days.at(on, 10))
    later = case.days.at(on + timedelta(days=2), 15)
    freezing.sign(case.program, side=Side.ENTERPRISE, by=case.coordinator, now=later)

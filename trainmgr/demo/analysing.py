"""The needs analysis of a case: competencies, what respondents said of them, indicators, both signatures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from trainmgr.demo.playing import Case
from trainmgr.needs import actions as needs
from trainmgr.needs import business, freezing, indicators, ratings, weights
from trainmgr.needs.rules import Direction, SeriesRule
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
    if weights.find_open(case.program.id):
        agreed = case.days.at(on + timedelta(days=1))
        weights.answer(case.program, side=Side.ENTERPRISE, accept=True, by=case.coordinator, now=agreed)
    for entry in case.data.get("business_need", ()):
        business.create_need(case.program, entry["text"], entry["source"], by=case.coordinator, now=now)
    if respondents:
        said = list(_respondents(case, respondents))
        ratings.rate(case.program, said, by=case.staff, now=case.days.at(on + timedelta(days=10)))
    for entry in case.data.get("indicator", ()):
        facts = _indicator(case, entry)
        later = case.days.at(on + timedelta(days=12), 14)
        made = indicators.create_indicator(case.program, facts, by=case.coordinator, now=later)
        if months := entry.get("months"):
            business.set_figures(
                case.program,
                made,
                dict(zip(_months_before(on, len(months)), map(_decimal, months), strict=True)),
                SeriesRule.MEAN,
                by=case.coordinator,
                now=later,
            )


def _months_before(day: date, count: int) -> list[date]:
    """Return the first days of so many months that ended before a day, the earliest first."""
    months = [day.year * 12 + day.month - 1 - back for back in range(count, 0, -1)]
    return [date(month // 12, month % 12 + 1, 1) for month in months]


def _decimal(value: float) -> Decimal:
    return Decimal(str(value))


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

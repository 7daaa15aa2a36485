"""The needs analysis as its pages show it: two lanes of steps, the ranked list with its parts, the indicators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from trainmgr.kernel.i18n import number, percent, say
from trainmgr.needs import labels, rules
from trainmgr.needs.keeping import gauge_of
from trainmgr.needs.models import (
    AnalysisState,
    Competency,
    Indicator,
    LaneProduct,
    NeedsAnalysis,
    WeightProposal,
)
from trainmgr.needs.reproducing import Reproduction, reproduce
from trainmgr.needs.rules import ENTERPRISE_STEPS, TRAINEE_STEPS, Gauge, LaneStep, LevelSource
from trainmgr.programs import labels as program_labels
from trainmgr.programs.models import Program, ProgramParty, Signature
from trainmgr.programs.queries import parties_on
from trainmgr.programs.rules import PartyRole, Side


@dataclass(frozen=True)
class LaneLine:
    """One step of a lane: what it has made, whose it is on each side, until when; state as on the thread."""

    step: LaneStep
    number: int
    name: Any
    state: str
    product: LaneProduct
    is_late: bool = False

    @property
    def made(self) -> str:
        """The product in words."""
        return say(self.product.made, self.product.params)

    @property
    def url(self) -> str:
        """Where the product is, or is made."""
        return url_for(self.product.endpoint, **self.product.args) if self.product.endpoint else ""

    @property
    def owners(self) -> str:
        """Who answers for it."""
        found = (self.product.college_owner, self.product.enterprise_owner)
        return _(", ").join(owner.name for owner in found if owner is not None)


@dataclass(frozen=True)
class IndicatorRow:
    """An indicator with its shortfall and what that is measured against."""

    indicator: Indicator
    gauge: Gauge
    is_key: bool
    names: Sequence[str]

    @property
    def target(self) -> float:
        """The more demanding of expectation and benchmark."""
        benchmark = self.indicator.benchmark
        return rules.target_of(
            self.indicator.direction,
            float(self.indicator.expected),
            None if benchmark is None else float(benchmark),
        )

    @property
    def by_benchmark(self) -> bool:
        """Whether the industry demands more than the enterprise expects."""
        return self.target != float(self.indicator.expected)

    @property
    def direction(self) -> Any:
        """The direction in words."""
        return labels.DIRECTIONS[self.indicator.direction]

    @property
    def line(self) -> str:
        """The indicator on one line: name, now → wanted."""
        unit = self.indicator.unit
        joint = "" if unit in ("%", "‰", "℃", "°C") else " "
        return (
            f"{self.indicator.name} {number(float(self.indicator.current))} → {number(self.target)}"
            f"{joint if unit else ''}{unit}"
        )

    @property
    def short(self) -> str:
        """The shortfall as a share; a dash where there is none."""
        return percent(self.gauge.shortfall, 1) if self.gauge.shortfall > 0 else "–"


@dataclass(frozen=True)
class CompetencyRow:
    """A competency of the ranked list with the indicators that depend on it."""

    competency: Competency
    label: str
    indicators: Sequence[IndicatorRow]

    @property
    def gap(self) -> float:
        """What is missing to the required level."""
        return float(self.competency.required_level) - float(self.competency.current_level)

    @property
    def few(self) -> bool:
        """Whether the means rest on fewer than five people."""
        return rules.is_few(self.competency.respondents)

    @property
    def discrepancy(self) -> float | None:
        """The ranked discrepancy score; None where nobody was asked or tested."""
        one = self.competency
        return rules.ranked_discrepancy(one.below, one.above, one.respondents)

    @property
    def source(self) -> Any:
        """Where the current level comes from, in words."""
        return labels.LEVEL_SOURCES[self.competency.level_source]

    @property
    def is_measured(self) -> bool:
        """Whether there is a current level at all."""
        return self.competency.level_source is not LevelSource.NONE


@dataclass(frozen=True)
class SignatureLine:
    """One side's signature, or whose is awaited (see the macro `signatures`)."""

    side: Any
    name: str
    signed_at: datetime | None = None
    due: Any = None


@dataclass
class View:
    """Everything that the pages of an analysis show."""

    program: Program
    analysis: NeedsAnalysis | None
    competencies: list[Competency]
    indicators: list[Indicator]
    signatures: list[Signature] = field(default_factory=list)
    products: Mapping[LaneStep, LaneProduct] = field(default_factory=dict)
    proposal: WeightProposal | None = None
    today: date = date.min

    def __post_init__(self) -> None:
        gauges = [gauge_of(indicator) for indicator in self.indicators]
        key = set(rules.key_shortfalls(gauges))
        names = {competency.id: label_of(competency) for competency in self.competencies}
        self.indicator_rows = [
            IndicatorRow(
                indicator,
                gauge,
                indicator.id in key,
                [names[competency_id] for competency_id in names if competency_id in gauge.competencies],
            )
            for indicator, gauge in zip(self.indicators, gauges, strict=True)
        ]
        self.rows = [
            CompetencyRow(
                competency,
                names[competency.id],
                [row for row in self.indicator_rows if competency.id in row.gauge.competencies],
            )
            for competency in self.competencies
        ]

    @property
    def is_frozen(self) -> bool:
        """Whether both sides have signed."""
        return self.analysis is not None and self.analysis.state is AnalysisState.FROZEN

    @property
    def reproduction(self) -> Reproduction | None:
        """What computing the signed list anew from the signed document gives; None until it is signed."""
        if self.analysis is None or self.analysis.frozen_document is None:
            return None
        return reproduce(self.analysis.frozen_document)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was entered yet."""
        return not (self.competencies or self.indicators or (self.analysis and self.analysis.post))

    @property
    def priorities(self) -> list[Competency]:
        """The competencies that the plan must give hours to."""
        return [competency for competency in self.competencies if competency.is_priority]

    @property
    def without_hours(self) -> list[Competency]:
        """The priorities whose hours are not set."""
        return [competency for competency in self.priorities if not competency.required_hours]

    @property
    def lacks(self) -> list[str]:
        """What is missing before both sides can sign."""
        found = []
        if not (self.analysis and self.analysis.post):
            found.append(_("the post"))
        if not self.priorities:
            found.append(_("a competency with a gap"))
        if not self.indicators:
            found.append(_("a business indicator"))
        if unmeasured := sum(1 for one in self.competencies if one.level_source is LevelSource.NONE):
            found.append(
                ngettext("the level of %(num)s competency", "the levels of %(num)s competencies", unmeasured)
            )
        if self.proposal is not None:
            found.append(_("an answer to the proposed weights"))
        if self.without_hours:
            count = len(self.without_hours)
            found.append(ngettext("hours of %(num)s priority", "hours of %(num)s priorities", count))
        return found

    @property
    def few(self) -> bool:
        """Whether some means rest on fewer than five people."""
        return any(row.few for row in self.rows)

    @property
    def carried(self) -> list[CompetencyRow]:
        """What a predecessor programme left open."""
        return [row for row in self.rows if row.competency.carried_from]

    @property
    def points(self) -> list[dict[str, Any]]:
        """The dots of the importance–attainment chart, numbered as in the list; what was never measured has none."""
        return [
            {
                "number": row.competency.rank,
                "x": float(row.competency.current_level),
                "y": float(row.competency.importance),
                "name": row.label,
                "first": row.competency.is_priority,
            }
            for row in self.rows
            if row.is_measured
        ]

    @property
    def signed_sides(self) -> set[Side]:
        """The sides that have signed."""
        return {signature.side for signature in self.signatures}

    @property
    def signature_lines(self) -> list[SignatureLine]:
        """Both sides: who signed when, or who is awaited."""
        by_side = {signature.side: signature for signature in self.signatures}
        return [self._signature_line(side, by_side.get(side)) for side in Side]

    def _signature_line(self, side: Side, signature: Signature | None) -> SignatureLine:
        name = program_labels.SIDES[side]
        if signature is None:
            return SignatureLine(
                name, _(", ").join(_addressee(party) for party in _signers(self.program, side))
            )
        who = f"{signature.organization.short} {signature.user.name}"
        return SignatureLine(name, who, signature.signed_at)

    # --- the lanes --------------------------------------------------------------------------------

    @property
    def trainee_lane(self) -> list[LaneLine]:
        """From the job standard to the priorities."""
        return self._lane(TRAINEE_STEPS)

    @property
    def enterprise_lane(self) -> list[LaneLine]:
        """From the business need to the key shortfalls."""
        return self._lane(ENTERPRISE_STEPS)

    def _lane(self, steps: Sequence[LaneStep]) -> list[LaneLine]:
        """A step is done when its product is there; the first that is not is at work, the last waits for signatures."""
        products = [self.products.get(step) or _nothing_yet(step) for step in steps]
        open_ones = [at for at, product in enumerate(products) if not product.done]
        lines = []
        for at, (step, product) in enumerate(zip(steps, products, strict=True)):
            state = "done" if product.done else "now" if at == open_ones[0] else "next"
            if not product.done and at == len(steps) - 1 and self._waits_for_signatures:
                state = "asking"
            late = not product.done and product.due_on is not None and product.due_on < self.today
            lines.append(LaneLine(step, at + 1, labels.LANE_STEPS[step], state, product, late))
        return lines

    @property
    def _waits_for_signatures(self) -> bool:
        return not self.lacks and not self.is_frozen


def label_of(competency: Competency) -> str:
    """Return a competency's name in the reader's language."""
    return program_labels.in_language(competency.name, competency.name_en)


def _nothing_yet(step: LaneStep) -> LaneProduct:
    return LaneProduct(step=step, done=False, made="", params={}, endpoint="", args={}, version=0)


def _signers(program: Program, side: Side) -> list[ProgramParty]:
    parties = parties_on(program, side)
    lead = [party for party in parties if party.role is not PartyRole.PARTNER_COLLEGE]
    return lead or parties


def _addressee(party: ProgramParty) -> str:
    return f"{party.organization.short} {party.contact}".strip()

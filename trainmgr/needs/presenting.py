"""The needs analysis as its pages show it: two lanes of steps, the ranked list with its parts, the indicators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from trainmgr.kernel.i18n import number, percent
from trainmgr.needs import labels, rules
from trainmgr.needs.keeping import gauge_of
from trainmgr.needs.models import AnalysisState, Competency, Indicator, NeedsAnalysis
from trainmgr.needs.rules import Gauge
from trainmgr.programs import labels as program_labels
from trainmgr.programs.models import Program, ProgramParty, Signature
from trainmgr.programs.queries import parties_on
from trainmgr.programs.rules import PartyRole, Side


@dataclass(frozen=True)
class LaneStep:
    """One step of a lane with what it has made so far; state as on the thread."""

    number: int
    name: str
    made: str
    state: str
    anchor: str


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
        """The dots of the importance–attainment chart, numbered as in the list."""
        return [
            {
                "number": row.competency.rank,
                "x": float(row.competency.current_level),
                "y": float(row.competency.importance),
                "name": row.label,
                "first": row.competency.is_priority,
            }
            for row in self.rows
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
    def trainee_lane(self) -> list[LaneStep]:
        """From the job standard to the priorities."""
        analysis, count = self.analysis, len(self.competencies)
        gaps = sum(1 for row in self.rows if row.gap > 0)
        people = analysis.respondents if analysis else 0
        post = analysis.post if analysis else ""
        standard = ngettext("%(num)s competency", "%(num)s competencies", count) if count else ""
        measured = (
            ngettext("%(num)s respondent", "%(num)s respondents", people)
            if people
            else _("levels typed in")
            if count
            else ""
        )
        weak = ngettext("%(num)s common weakness", "%(num)s common weaknesses", gaps) if gaps else ""
        chosen = len(self.priorities)
        first = ngettext("%(num)s priority", "%(num)s priorities", chosen) if chosen else ""
        return _steps(
            (_("Job standard built by both sides"), _join(post, standard), bool(post and count), "rank-h"),
            (_("Levels measured"), measured, bool(count), "rank-h"),
            (_("Common weaknesses found"), weak, bool(gaps), "chart-h"),
            (_("Training priorities settled"), _join(first, self._signing), self.is_frozen, "sign-h"),
            asking=self._waits_for_signatures,
        )

    @property
    def enterprise_lane(self) -> list[LaneStep]:
        """From the business need to the key shortfalls."""
        count = len(self.indicators)
        short = [row for row in self.indicator_rows if row.gauge.shortfall > 0]
        benchmarks = sum(1 for row in self.indicator_rows if row.indicator.benchmark is not None)
        keys = sum(1 for row in self.indicator_rows if row.is_key)
        named = ngettext("%(num)s indicator", "%(num)s indicators", count) if count else ""
        figures = _("expected and current of %(count)s", count=count) if count else ""
        gap = ""
        if short:
            largest = percent(max(row.gauge.shortfall for row in short), 1)
            gap = _("%(count)s short, the largest by %(largest)s", count=len(short), largest=largest)
        elif count:
            gap = _("none falls short")
        compared = (
            _("%(count)s of %(all)s with a benchmark", count=benchmarks, all=count) if benchmarks else ""
        )
        key = ngettext("%(num)s key shortfall", "%(num)s key shortfalls", keys) if keys else ""
        return _steps(
            (_("Business needs named"), named, bool(count), "indicators-h"),
            (_("Expected and current figures"), figures, bool(count), "indicators-h"),
            (_("Performance gap analysed"), gap, bool(count), "indicators-h"),
            (_("Compared with the industry"), compared, bool(benchmarks), "indicators-h"),
            (_("Key shortfalls settled"), _join(key, self._signing), self.is_frozen, "sign-h"),
            asking=self._waits_for_signatures,
        )

    @property
    def _waits_for_signatures(self) -> bool:
        return not self.lacks and not self.is_frozen

    @property
    def _signing(self) -> str:
        if self.is_frozen:
            return _("signed by both")
        if not self._waits_for_signatures:
            return ""
        missing = [program_labels.SIDES[side] for side in Side if side not in self.signed_sides]
        return _("to be signed: %(sides)s", sides=_(", ").join(str(side) for side in missing))


def label_of(competency: Competency) -> str:
    """Return a competency's name in the reader's language."""
    return program_labels.in_language(competency.name, competency.name_en)


def _steps(*steps: tuple[str, str, bool, str], asking: bool) -> list[LaneStep]:
    """A step is done when its product is there; the first that is not is the one at work, or waits for somebody."""
    open_ones = [at for at, (_name, _made, done, _anchor) in enumerate(steps) if not done]
    found = []
    for at, (name, made, done, anchor) in enumerate(steps):
        state = "done" if done else "next"
        if open_ones and at == open_ones[0]:
            state = "now"
        if not done and asking and at == len(steps) - 1:
            state = "asking"
        found.append(LaneStep(at + 1, name, made, state, anchor))
    return found


def _join(first: str, second: str) -> str:
    if first and second:
        return _("%(first)s; %(second)s", first=first, second=second)
    return first or second


def _signers(program: Program, side: Side) -> list[ProgramParty]:
    parties = parties_on(program, side)
    lead = [party for party in parties if party.role is not PartyRole.PARTNER_COLLEGE]
    return lead or parties


def _addressee(party: ProgramParty) -> str:
    return f"{party.organization.short} {party.contact}".strip()

"""A plan in words: its checks as key figures, what to mend, what is different from another edition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from trainmgr.curriculum import labels
from trainmgr.curriculum.board import Board
from trainmgr.curriculum.checks import Figure
from trainmgr.curriculum.comparing import FieldChange, ModuleChange, PlanDifference, StageChange
from trainmgr.curriculum.labels import figure, formula, limit_text, named, value_of
from trainmgr.curriculum.rules import ModuleLine, Plan, StageLine, Wanted
from trainmgr.kernel.i18n import language, number
from trainmgr.pathways.rules import METRIC_UNITS, CheckResult, Metric, MetricUnit, Op
from trainmgr.programs.labels import SIDES

STEPS_OF_HEAT = (8, 16, 32)


def heat(hours: int) -> int:
    """Return in which of the four steps of much a cell of the matrix is painted."""
    return 1 + sum(hours > limit for limit in STEPS_OF_HEAT)


@dataclass(frozen=True)
class CheckView:
    """One check as a key figure with its bar."""

    name: str
    figure: str
    verdict: str
    passed: bool
    blocks: bool
    value: float | None
    low: float | None
    high: float | None
    top: float
    formula: str
    fraction: str
    is_own: bool


def check_views(board: Board) -> list[CheckView]:
    """Return the pathway's checks as the page shows them."""
    decided = {rule.key for rule in board.rulebook.decided}
    return [_check_view(board, result, result.check.key in decided) for result in board.results]


def _check_view(board: Board, result: CheckResult, is_own: bool) -> CheckView:
    check, unit = result.check, METRIC_UNITS[result.check.metric]
    low = check.limits[0] if check.op is not Op.AT_MOST else None
    high = check.limits[-1] if check.op is not Op.AT_LEAST else None
    top = 100.0 if unit is MetricUnit.PERCENT else 1.1 * max(check.limits[-1], result.value or 0, 1)
    return CheckView(
        name=check.name.to(language()),
        figure=_figure(board, result),
        verdict=_verdict(board, result),
        passed=result.passed,
        blocks=result.blocks,
        value=result.value,
        low=low,
        high=high,
        top=top,
        formula=formula(check.metric),
        fraction=fraction(board.figures.get(check.metric)),
        is_own=is_own,
    )


def fraction(known: Figure | None) -> str:
    """Write what a share is made of: 758 ÷ 1,312; nothing where the figure is no share."""
    if known is None or known.part is None or known.whole is None:
        return ""
    return f"{number(known.part)} ÷ {number(known.whole)}"


def _figure(board: Board, result: CheckResult) -> str:
    """Shares of countable things are told as such: 11 / 12."""
    match result.check.metric:
        case Metric.PRIORITY_COVERAGE:
            priorities = [line for line in board.coverage if line.wanted.is_priority]
            return f"{sum(line.given > 0 for line in priorities)} / {len(priorities)}"
        case Metric.LEAD_RATIO:
            return f"{board.totals.leads} / {board.totals.modules}"
    return figure(result.value, METRIC_UNITS[result.check.metric])


def _verdict(board: Board, result: CheckResult) -> str:
    check = result.check
    if check.metric is Metric.PRIORITY_COVERAGE and board.hindrances.uncovered:
        ranks = [str(wanted.rank) for wanted in board.hindrances.uncovered]
        shown = ", ".join(ranks[:3]) + ("…" if len(ranks) > 3 else "")
        return _("missing: no. %(ranks)s", ranks=shown)
    if check.metric in (Metric.PRIORITY_COVERAGE, Metric.LEAD_RATIO) and check.limits[0] == 100:
        return _("all") if result.passed else _("not known yet") if result.value is None else _("not all")
    return limit_text(check)


@dataclass(frozen=True)
class Mend:
    """One thing to mend, with what could be done about it."""

    title: str
    body: str
    blocks: bool
    competency_id: int | None = None
    can_share: bool = False
    leads: bool = False


def to_mend(board: Board) -> list[Mend]:
    """Return what hinders signing first, then what is only short."""
    found = [
        Mend(
            _check_fault(result),
            _check_advice(board, result),
            True,
            leads=result.check.metric is Metric.LEAD_RATIO,
        )
        for result in board.hindrances.checks
    ]
    return [*found, *_mend_priorities(board)]


def _mend_priorities(board: Board) -> Iterator[Mend]:
    uncovered = {wanted.id for wanted in board.hindrances.uncovered}
    given = {line.wanted.id: line.given for line in board.coverage}
    for proposal in board.proposals:
        wanted = proposal.wanted
        values = {
            "rank": wanted.rank,
            "name": named(wanted),
            "needed": wanted.required_hours,
            "given": given[wanted.id],
        }
        if wanted.id not in uncovered:
            title = _("No. %(rank)s, “%(name)s”, has %(given)s of %(needed)s hours.", **values)
        elif wanted.required_hours:
            title = _("No. %(rank)s, “%(name)s”, has no hours yet; it needs %(needed)s.", **values)
        else:
            title = _("No. %(rank)s, “%(name)s”, has no hours yet.", **values)
        yield Mend(
            title, _shares_text(proposal), wanted.id in uncovered, wanted.id, can_share=bool(proposal.shares)
        )


def _shares_text(proposal: Any) -> str:
    if not proposal.shares:
        return _("No module has hours left. Lengthen a module or add one.")
    parts = [
        _("%(hours)s from “%(module)s”", hours=hours, module=named(module))
        for module, hours in proposal.shares
    ]
    shares = (", " if language() == "en" else "、").join(parts)
    if proposal.lacking:
        return _(
            "Hours not given away yet: %(shares)s. %(lacking)s more find no place.",
            shares=shares,
            lacking=proposal.lacking,
        )
    return _("Hours not given away yet: %(shares)s.", shares=shares)


def _check_fault(result: CheckResult) -> str:
    name, unit = result.check.name.to(language()), METRIC_UNITS[result.check.metric]
    if result.value is None:
        return _("%(name)s: not known yet.", name=name)
    return _("%(name)s: %(value)s now.", name=name, value=figure(result.value, unit))


def _check_advice(board: Board, result: CheckResult) -> str:
    metric, gap = result.check.metric, result.gap or 0
    if metric is Metric.LEAD_RATIO:
        without = board.totals.modules - board.totals.leads
        return ngettext(
            "%(num)s module has no lead teacher.", "%(num)s modules have no lead teacher.", without
        )
    if metric is Metric.PRIORITY_COVERAGE:
        return _("The needs analysis names no priorities yet.")
    if metric is Metric.PRACTICE_RATIO and board.totals.hours:
        hours = -(-abs(gap) * board.totals.hours // 100)
        return _("Turn %(hours)s hours of theory into practice.", hours=number(hours))
    if metric in (Metric.TEACHER_COUNT_COLLEGE, Metric.TEACHER_COUNT_ENTERPRISE):
        return _(
            "%(count)s more must belong to the programme; whoever leads a module does.", count=number(gap)
        )
    if METRIC_UNITS[metric] is MetricUnit.PERCENT:
        return _("%(gap)s percentage points are lacking.", gap=f"{abs(gap):.1f}")
    if gap < 0:
        return _("%(gap)s too many.", gap=number(-gap))
    return _("%(gap)s are lacking.", gap=number(gap))


# --- differences ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class DifferenceLine:
    """One line of what is different: new, gone, changed, hours."""

    kind: Any
    text: str


def difference_lines(found: PlanDifference, before: Plan, after: Plan) -> list[DifferenceLine]:
    """Return every difference of two editions as a sentence."""
    names = {each.id: named(each) for each in (*before.wanted, *after.wanted)}
    leads = {module.lead_id: module.lead_name for module in (*before.modules, *after.modules)}
    lines = [DifferenceLine(_("New"), _module_text(module)) for module in found.added]
    lines += [DifferenceLine(_("Gone"), _module_text(module)) for module in found.removed]
    lines += [DifferenceLine(_("Changed"), _changes_text(change, leads)) for change in found.changed]
    lines += [DifferenceLine(_("Stage"), _stage_text(change)) for change in found.stages]
    lines += [
        DifferenceLine(
            _("Hours"),
            _(
                "“%(module)s” for “%(competency)s”: %(before)s → %(after)s",
                module=named(cell.module),
                competency=names.get(cell.competency_id, "–"),
                before=cell.before,
                after=cell.after,
            ),
        )
        for cell in found.cells
    ]
    return lines


def _module_text(module: ModuleLine) -> str:
    return _(
        "Module “%(name)s”, %(hours)s hours (%(place)s)",
        name=named(module),
        hours=module.hours,
        place=labels.word(module.venue),
    )


def _changes_text(change: ModuleChange, leads: dict[int | None, str]) -> str:
    parts = [_field_text(field, leads) for field in change.fields]
    return _("“%(name)s”: %(changes)s", name=named(change.before), changes=_joined(parts))


def _field_text(field: FieldChange, leads: dict[int | None, str] | None = None) -> str:
    before, after = (
        leads.get(value, "") if leads is not None and field.name == "lead_id" else value
        for value in (field.before, field.after)
    )
    return _(
        "%(field)s %(before)s → %(after)s",
        field=labels.FIELDS[field.name],
        before=value_of(field.name, before),
        after=value_of(field.name, after),
    )


def _stage_text(change: StageChange) -> str:
    stage = change.after or change.before
    assert stage is not None
    name = _("%(number)s %(name)s", number=change.number, name=named(stage))
    if change.before is None:
        return _("%(stage)s is new", stage=name)
    if change.after is None:
        return _("%(stage)s is gone", stage=name)
    return _("“%(name)s”: %(changes)s", name=name, changes=_joined([_field_text(f) for f in change.fields]))


def _joined(parts: list[str]) -> str:
    return ("; " if language() == "en" else "；").join(parts)


# --- signatures -----------------------------------------------------------------------------------


def signature_lines(board: Board) -> list[dict[str, Any]]:
    """Return who has signed the edition shown and who is awaited."""
    signed = {signature.side: signature for signature in board.signatures}
    return [
        {
            "side": SIDES[side],
            "name": signed[side].user.name if side in signed else "",
            "signed_at": signed[side].signed_at if side in signed else None,
            "due": None,
        }
        for side in SIDES
    ]


def served(board: Board, module: ModuleLine) -> Sequence[tuple[Wanted, int]]:
    """Return the competencies that a module serves with the hours of each, most urgent first."""
    return board.served.get(module.id, ())


# --- the matrix -----------------------------------------------------------------------------------

MOST_COLUMNS = 60  # modules beside each other; a longer plan is shown a stage at a time


def matrix_stages(plan: Plan, number: int | None = None) -> list[StageLine]:
    """Return the stages that the matrix shows: all that have modules, of a long plan the one asked for or the first."""
    filled = {module.stage_number for module in plan.modules}
    stages = [stage for stage in plan.stages if stage.number in filled]
    if len(plan.modules) <= MOST_COLUMNS:
        return stages
    return [stage for stage in stages if stage.number == number] or stages[:1]


def matrix_columns(plan: Plan, number: int | None = None) -> list[tuple[ModuleLine, str]]:
    """Return the modules that the matrix shows beside each other, with their names."""
    shown = {stage.number for stage in matrix_stages(plan, number)}
    return [(module, named(module)) for module in plan.modules if module.stage_number in shown]

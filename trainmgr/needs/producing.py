"""What the needs analysis itself brings forth in the two lanes; testing tells of instruments, tests and reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.needs import rules
from trainmgr.needs.business import needs_of
from trainmgr.needs.keeping import gauge_of
from trainmgr.needs.lanes import Product, produces
from trainmgr.needs.queries import Progress, indicators_of, progress_of
from trainmgr.needs.rules import Gauge, LaneStep
from trainmgr.programs.models import Program
from trainmgr.standards.models import JobStandard, ProgramStandard


@produces
def find_own(program: Program) -> Mapping[LaneStep, Product]:
    """Return the products that lie in the analysis: four statements, and nobody ticks a step."""
    progress = progress_of(program.id)
    gauges = [gauge_of(indicator) for indicator in indicators_of(program.id)]
    posts = db.session.scalars(
        sa.select(JobStandard.post)
        .join(ProgramStandard, ProgramStandard.standard_id == JobStandard.id)
        .where(ProgramStandard.program_id == program.id)
        .order_by(JobStandard.post)
    ).all()
    found = {
        LaneStep.STANDARD: _standard(progress, posts),
        LaneStep.TEST: _levels(progress),
        LaneStep.WEAKNESSES: _weaknesses(progress),
        LaneStep.PRIORITIES: _priorities(progress),
        LaneStep.BUSINESS_NEED: _business_needs(len(needs_of(program.id))),
        LaneStep.SHORTFALLS: _shortfalls(progress, gauges),
        **_figures(progress, gauges),
    }
    return {step: product.within(program.id) for step, product in found.items()}


def _standard(progress: Progress, posts: Sequence[str]) -> Product:
    if posts:
        params = {"posts": "、".join(posts), "count": progress.competencies}
        return Product(True, N_("%(posts)s: %(count)s competencies"), params, anchor="standards-h")
    made = N_("%(count)s competencies typed in, without a job standard") if progress.competencies else ""
    return Product(False, made, {"count": progress.competencies}, anchor="standards-h")


def _levels(progress: Progress) -> Product:
    if progress.tested:
        params = {"count": progress.tested, "people": progress.respondents}
        return Product(True, N_("%(count)s competencies tested, %(people)s people"), params, anchor="rank-h")
    if progress.respondents:
        made = N_("rated by %(people)s respondents, not tested")
        return Product(False, made, {"people": progress.respondents}, anchor="rank-h")
    made = N_("levels typed in, not tested") if progress.competencies > progress.unmeasured else ""
    return Product(False, made, anchor="rank-h")


def _weaknesses(progress: Progress) -> Product:
    done = bool(progress.respondents and progress.competencies and not progress.unmeasured)
    made = N_("%(count)s common weaknesses") if done else ""
    return Product(done, made, {"count": progress.weak}, anchor="rank-h")


def _priorities(progress: Progress) -> Product:
    made = N_("%(count)s priorities") if progress.priorities else ""
    return Product(progress.frozen, made, {"count": progress.priorities}, anchor="sign-h")


def _business_needs(count: int) -> Product:
    made = N_("%(count)s business needs named") if count else ""
    return Product(bool(count), made, {"count": count}, anchor="needs-h")


def _shortfalls(progress: Progress, gauges: Sequence[Gauge]) -> Product:
    count = len(rules.key_shortfalls(gauges))
    made = N_("%(count)s key shortfalls") if count else ""
    return Product(progress.frozen and bool(count), made, {"count": count}, anchor="sign-h")


def _figures(progress: Progress, gauges: Sequence[Gauge]) -> dict[LaneStep, Product]:
    """Return what the indicators show: expected, current, gap, benchmark; nothing while there are none."""
    count = len(gauges)
    params = {
        "count": count,
        "series": progress.in_series,
        "benchmarks": progress.benchmarks,
        "short": sum(1 for gauge in gauges if gauge.shortfall > 0),
    }
    texts = {
        LaneStep.EXPECTED: N_("%(count)s indicators with what is expected"),
        LaneStep.CURRENT: N_("%(count)s measured, %(series)s from figures by month"),
        LaneStep.GAP: N_("%(short)s of %(count)s fall short"),
        LaneStep.BENCHMARK: N_("%(benchmarks)s of %(count)s with source and year"),
    }
    done = dict.fromkeys(texts, count > 0) | {LaneStep.BENCHMARK: 0 < count == progress.benchmarks}
    return {
        step: Product(done[step], made if count else "", params, anchor="indicators-h")
        for step, made in texts.items()
    }

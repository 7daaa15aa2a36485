"""The findings of our own records: gaps left open, modules out of step, indicators missed, assessors' notes."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.curriculum.aligning import AlignmentVerdict
from trainmgr.curriculum.alignments import latest_checks
from trainmgr.curriculum.labels import ALIGNMENTS
from trainmgr.curriculum.models import Edition, EditionState, Module
from trainmgr.improvement.finders import Finding, finder
from trainmgr.improvement.measuring import IndicatorRef, levels_of, measure_of
from trainmgr.improvement.rules import FEWEST, Measure, Source, Unit
from trainmgr.kernel.db import db
from trainmgr.kernel.i18n import language
from trainmgr.outcomes.models import GapClosure
from trainmgr.outcomes.queries import closures_of
from trainmgr.programs.models import Program
from trainmgr.quality import labels as quality_labels
from trainmgr.quality import maturity, measuring
from trainmgr.quality.measuring import Missed
from trainmgr.quality.rules import ScopeKind


@finder(Source.GAP)
def gaps_left_open(program: Program, today: date) -> list[Finding]:
    """Return the priorities whose required level the cohort did not reach: two statements."""
    left = [one for one in closures_of(program) if not one.is_closed and one.n >= FEWEST]
    names = [one.competency.name for one in left]
    figures = levels_of(names, [program.id]) if names else {}
    return [_gap(program, one, figures.get((program.id, one.competency.name))) for one in left]


def _gap(program: Program, closure: GapClosure, measure: Measure | None) -> Finding:
    one = closure.competency
    name = one.name if language() == "zh" else one.name_en or one.name
    values = {
        "before": f"{closure.before:.2f}",
        "after": f"{closure.after:.2f}",
        "required": f"{closure.required:.2f}",
        "n": closure.n,
    }
    return Finding(
        Source.GAP,
        f"competency:{one.id}",
        _("%(name)s: the gap is not closed", name=name),
        _("%(n)s trainees came from level %(before)s to %(after)s; required is %(required)s.", **values),
        _("%(name)s: mean level %(required)s at the terminal evaluation", name=name, **values),
        one.name,
        measure,
        "outcomes.show_result",
        {"program_id": program.id},
    )


@finder(Source.ALIGNMENT)
def modules_out_of_step(program: Program, today: date) -> list[Finding]:
    """Return the modules of the newest plan that were found out of step, each way by itself: two statements."""
    checks = {
        key: check
        for key, check in latest_checks(program.id).items()
        if check.verdict is AlignmentVerdict.OUT_OF_STEP
    }
    if not checks:
        return []
    rows = db.session.execute(
        sa.select(Module.lineage, Module.name, Module.name_en)
        .join(Edition, Edition.id == Module.edition_id)
        .where(
            Edition.program_id == program.id,
            Edition.state == EditionState.SIGNED,
            Module.lineage.in_({lineage for lineage, _way in checks}),
        )
    )
    names = {row.lineage: row.name if language() == "zh" else row.name_en or row.name for row in rows}
    return [
        Finding(
            Source.ALIGNMENT,
            f"module:{program.id}:{lineage}:{way.value}",
            _("%(name)s: %(way)s is out of step", name=names[lineage], way=ALIGNMENTS[way]),
            check.evidence[:1000],
            _("A new check finds the module in step: %(way)s", way=ALIGNMENTS[way]),
            f"{lineage}:{way.value}",
            Measure(0, 0, Unit.STEP, method="alignment"),
            "curriculum.list_alignments",
            {"program_id": program.id},
        )
        for (lineage, way), check in checks.items()
        if lineage in names
    ]


HALF_A_YEAR = timedelta(days=182)  # until then, last year's figures are those to act on


@finder(Source.INDICATOR)
def indicators_missed(program: Program, today: date) -> list[Finding]:
    """Return the indicators whose target is missed in this programme, its department or its college.

    Those of the present year from July on, before that those of the year before, as they were computed last.
    """
    year = (today - HALF_A_YEAR).year
    here = {
        (ScopeKind.PROGRAM, program.id),
        (ScopeKind.COLLEGE, program.lead_college_id),
        (ScopeKind.DEPARTMENT, program.department_id),
    }
    found = measuring.missed(program.lead_college_id, year)
    return [_missed(one, year) for one in found if (one.scope.kind, one.scope.id) in here]


def _missed(one: Missed, year: int) -> Finding:
    ref = IndicatorRef(one.scope.college_id, year, one.definition.code, one.scope.kind, one.scope.id)
    name = quality_labels.name_of(one.definition)
    values = {
        "name": name,
        "where": WHERE[one.scope.kind],
        "year": year,
        "value": quality_labels.figure_text(one.figure, one.definition.decimals),
        "target": quality_labels.target_text(one.figure, one.definition.decimals),
    }
    return Finding(
        Source.INDICATOR,
        f"indicator:{ref}",
        _("%(name)s missed in %(year)s (%(where)s)", **values),
        _("%(name)s is %(value)s in %(year)s; the target is %(target)s (%(where)s).", **values),
        _("%(name)s %(target)s", **values),
        str(ref),
        measure_of(one.figure),
        "quality.show_figure",
        {"code": one.definition.code, "year": year, "kind": one.scope.kind.value, "id": one.scope.id},
    )


WHERE = {
    ScopeKind.PROGRAM: _l("this programme"),
    ScopeKind.DEPARTMENT: _l("the department"),
    ScopeKind.COLLEGE: _l("the college"),
}


@finder(Source.MATURITY)
def notes_of_assessors(program: Program, today: date) -> list[Finding]:
    """Return the weaknesses that outside assessors noted of this programme, or of the whole college: one statement."""
    return [
        Finding(
            Source.MATURITY,
            f"maturity:{one.id}",
            (f"{one.index_name}：{one.text}" if one.index_name else one.text)[:200],
            "\n".join(filter(None, (one.text, one.advice)))[:1000],
            one.advice[:300],
            endpoint="quality.show_evaluation",
            values={"evaluation_id": one.evaluation_id},
        )
        for one in maturity.findings(program.lead_college_id)
        if one.program_id in (None, program.id)
    ]

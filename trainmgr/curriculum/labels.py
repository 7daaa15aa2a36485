"""What states, fields and audit sentences of a plan are called."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.curriculum.aligning import Alignment, AlignmentVerdict, Standing
from trainmgr.curriculum.models import EditionState
from trainmgr.kernel.i18n import day, language, number, say
from trainmgr.pathways.rules import (
    METRIC_UNITS,
    Check,
    Layer,
    Metric,
    MetricUnit,
    Op,
    PracticeLevel,
    Venue,
    label,
)

STATES: dict[EditionState, Any] = {
    EditionState.DRAFT: _l("Draft"),
    EditionState.OFFERED: _l("Waiting for signatures"),
    EditionState.AGREED: _l("Signed, holds later"),
    EditionState.SIGNED: _l("Signed by both sides"),
    EditionState.SUPERSEDED: _l("Superseded"),
}
STATE_TONES: dict[EditionState, str | None] = {
    EditionState.DRAFT: None,
    EditionState.OFFERED: "info",
    EditionState.AGREED: "frozen",
    EditionState.SIGNED: "frozen",
    EditionState.SUPERSEDED: None,
}
ALIGNMENTS: dict[Alignment, Any] = {
    Alignment.GOALS: _l("Goals ↔ job requirements"),
    Alignment.CONTENT: _l("Content ↔ technical standard"),
    Alignment.SCENE: _l("Training scene ↔ production site"),
    Alignment.ASSESSMENT: _l("Assessment ↔ certification"),
    Alignment.TEXTBOOK: _l("Textbook ↔ process change"),
}
VERDICTS: dict[AlignmentVerdict, Any] = {
    AlignmentVerdict.IN_STEP: _l("in step"),
    AlignmentVerdict.OUT_OF_STEP: _l("out of step"),
}
STANDINGS: dict[Standing, Any] = {
    Standing.OUT_OF_STEP: _l("out of step"),
    Standing.NOT_CHECKED: _l("not checked"),
    Standing.EXPIRED: _l("expired"),
    Standing.IN_STEP: _l("in step"),
}
STANDING_TONES: dict[Standing, str | None] = {
    Standing.OUT_OF_STEP: "bad",
    Standing.NOT_CHECKED: None,
    Standing.EXPIRED: "warn",
    Standing.IN_STEP: "ok",
}
FIELDS: dict[str, Any] = {
    "name": _l("Designation"),
    "name_en": _l("English name"),
    "stage_number": _l("Stage"),
    "theory_hours": _l("Theory hours"),
    "practice_hours": _l("Practice hours"),
    "layer": _l("Layer"),
    "practice_level": _l("Practice level"),
    "venue": _l("Place"),
    "taught_by_enterprise": _l("Taught by the enterprise"),
    "jointly_developed": _l("Jointly developed"),
    "lead_id": _l("Lead teacher"),
    "weeks": _l("Weeks"),
    "hours": _l("Hours"),
    "gate": _l("Stage gate"),
    "gate_en": _l("Stage gate in English"),
    "starts_on": _l("First day"),
    "ends_on": _l("Last day"),
    "remedial": _l("Only after a failed gate"),
}


FORMULAS: dict[Metric, Any] = {
    Metric.PRACTICE_RATIO: _l("practice hours ÷ all hours"),
    Metric.PROFESSIONAL_PRACTICE_RATIO: _l(
        "practice hours of professional modules ÷ all hours of professional modules"
    ),
    Metric.TOTAL_HOURS: _l("hours of all modules"),
    Metric.ENTERPRISE_TAUGHT_RATIO: _l("hours taught by the enterprise ÷ all hours"),
    Metric.ENTERPRISE_WEEKS: _l("weeks of the stages at the enterprise"),
    Metric.WEEKLY_HOURS: _l("hours ÷ weeks of the fullest stage"),
    Metric.MODULE_COUNT: _l("modules of the plan"),
    Metric.JOINT_MODULE_COUNT: _l("modules that both sides developed"),
    Metric.LAYER_COUNT: _l("different layers in use"),
    Metric.PRACTICE_LEVEL_COUNT: _l("different practice levels in use"),
    Metric.TEACHER_COUNT_COLLEGE: _l("teachers of the college in the programme"),
    Metric.TEACHER_COUNT_ENTERPRISE: _l("mentors of the enterprise in the programme"),
    Metric.PRIORITY_COVERAGE: _l("priorities with hours ÷ all priorities"),
    Metric.PRACTISED_PRIORITIES: _l("priorities with hours in a module that has practice ÷ all priorities"),
    Metric.LEAD_RATIO: _l("modules with a lead teacher ÷ all modules"),
    Metric.QUALIFIED_LEADS: _l("modules with a qualified lead ÷ modules with a lead"),
    Metric.TEACHING_SIDES: _l("sides that teach at least one hour"),
}
DEFINITIONS: dict[Metric, Any] = {
    Metric.PROFESSIONAL_PRACTICE_RATIO: _l(
        "Professional is every module above the practice level “public experience”."
    ),
    Metric.QUALIFIED_LEADS: _l(
        "Qualified is a teacher of a college of the programme where the college teaches, "
        "and a mentor of an enterprise of the programme where the enterprise teaches."
    ),
    Metric.PRACTICE_RATIO: _l(
        "National standard for vocational curricula, 2019: at least half of all hours."
    ),
}


def formula(metric: Metric) -> str:
    """Return what a figure counts, and out of what."""
    return str(FORMULAS[metric])


def limit_text(check: Check) -> str:
    """Write a rule's limit: at least 40%; not used."""
    if check.off:
        return _("not used")
    unit = "%" if METRIC_UNITS[check.metric] is MetricUnit.PERCENT else ""
    limits = [number(limit) + unit for limit in check.limits]
    match check.op:
        case Op.AT_LEAST:
            return _("at least %(limit)s", limit=limits[0])
        case Op.AT_MOST:
            return _("at most %(limit)s", limit=limits[0])
        case Op.BETWEEN:
            return f"{limits[0]}–{limits[1]}"


def named(thing: Any) -> str:
    """Return a stage's, module's or competency's name in the reader's language."""
    return str(thing.name_en if thing.name_en and language() == "en" else thing.name)


def gate_text(stage: Any) -> str:
    """Return what must be passed at the end of a stage, in the reader's language."""
    return str(stage.gate_en if stage.gate_en and language() == "en" else stage.gate)


def word(value: Layer | PracticeLevel | Venue) -> str:
    """Return a layer, practice level or place in words."""
    return say(label(value))


def figure(value: float | None, unit: MetricUnit) -> str:
    """Write a figure of a check with its unit: 57.8%, 1,312."""
    if value is None:
        return "–"
    return f"{value:.1f}%" if unit is MetricUnit.PERCENT else number(value)


def value_of(field: str, value: Any) -> str:
    """Write the value of a field as people read it in a comparison."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Layer | PracticeLevel | Venue):
        return word(value)
    if field in ("starts_on", "ends_on"):
        return day(value)
    return number(value) if isinstance(value, int) else str(value)

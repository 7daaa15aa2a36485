"""What states, fields and audit sentences of a plan are called."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.curriculum.models import EditionState
from trainmgr.kernel.i18n import day, language, number, say
from trainmgr.pathways.rules import Layer, MetricUnit, PracticeLevel, Venue, label

STATES: dict[EditionState, Any] = {
    EditionState.DRAFT: _l("Draft"),
    EditionState.OFFERED: _l("Waiting for signatures"),
    EditionState.SIGNED: _l("Signed by both sides"),
    EditionState.SUPERSEDED: _l("Superseded"),
}
STATE_TONES: dict[EditionState, str | None] = {
    EditionState.DRAFT: None,
    EditionState.OFFERED: "info",
    EditionState.SIGNED: "frozen",
    EditionState.SUPERSEDED: None,
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

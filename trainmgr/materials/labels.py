"""What kinds of resources, their updates and the parts of a case are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.materials.rules import CasePart, MaterialKind, UpdateKind

KINDS: dict[MaterialKind, Any] = {
    MaterialKind.COURSEWARE: _l("Courseware"),
    MaterialKind.VIDEO: _l("Video"),
    MaterialKind.DOCUMENT: _l("Document"),
    MaterialKind.CASE: _l("Case material"),
    MaterialKind.TASK: _l("Task material"),
    MaterialKind.REGULATION: _l("Regulation"),
    MaterialKind.CONTEST: _l("Contest question"),
    MaterialKind.CASE_WRITE_UP: _l("Case in five parts"),
}

UPDATES: dict[UpdateKind, Any] = {
    UpdateKind.YEARLY: _l("Yearly"),
    UpdateKind.QUARTERLY: _l("Quarterly"),
    UpdateKind.IMMEDIATE: _l("At once"),
    UpdateKind.TRACKED: _l("Tracked"),
}

UPDATE_MEANINGS: dict[UpdateKind, Any] = {
    UpdateKind.YEARLY: _l("counts from the last version"),
    UpdateKind.QUARTERLY: _l("counts from the last version; usual for cases"),
    UpdateKind.IMMEDIATE: _l("counts from the occasion that asks for it; usual for contest questions"),
    UpdateKind.TRACKED: _l("counts from when the source was last looked at; usual for regulations"),
}

LANGUAGES: dict[str, Any] = {"zh": _l("Chinese"), "en": _l("English"), "both": _l("Chinese and English")}

PARTS: dict[CasePart, Any] = {
    CasePart.FACTS: _l("Case facts"),
    CasePart.ANALYSIS: _l("Problem analysis"),
    CasePart.PLAN: _l("Execution plan"),
    CasePart.EFFECT: _l("Effect evaluation"),
    CasePart.LESSONS: _l("Lessons"),
}

PART_HINTS: dict[CasePart, Any] = {
    CasePart.FACTS: _l("What happened where and when, on which equipment, with which figures?"),
    CasePart.ANALYSIS: _l("What was the cause, and how was it found?"),
    CasePart.PLAN: _l("What was done, by whom, in which steps?"),
    CasePart.EFFECT: _l("What came of it, in figures before and after?"),
    CasePart.LESSONS: _l("What should others do, or not do, next time?"),
}

"""What kinds, difficulties and states of the item bank are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.bank.content import Credit
from trainmgr.bank.rules import Difficulty, FormPolicy, InstrumentState, ItemKind, ItemState

KINDS: dict[ItemKind, Any] = {
    ItemKind.SINGLE: _l("Single choice"),
    ItemKind.MULTIPLE: _l("Multiple choice"),
    ItemKind.TRUE_FALSE: _l("True or false"),
    ItemKind.NUMBER: _l("Number with tolerance"),
    ItemKind.SHORT_ANSWER: _l("Short answer"),
    ItemKind.CHECKLIST: _l("Practical checklist"),
}

KIND_MEANINGS: dict[ItemKind, Any] = {
    ItemKind.SINGLE: _l("one of up to eight options is right; marked by itself"),
    ItemKind.MULTIPLE: _l("several options are right; marked by itself"),
    ItemKind.TRUE_FALSE: _l("a statement that is right or wrong; marked by itself"),
    ItemKind.NUMBER: _l("a figure to be worked out or read off; marked by itself within the tolerance"),
    ItemKind.SHORT_ANSWER: _l("a few sentences; a person marks them beside the model answer"),
    ItemKind.CHECKLIST: _l("steps that a judge ticks on a phone while the trainee does the work"),
}

DIFFICULTIES: dict[Difficulty, Any] = {
    Difficulty.EASY: _l("easy"),
    Difficulty.MEDIUM: _l("medium"),
    Difficulty.HARD: _l("hard"),
}

STATES: dict[ItemState, Any] = {
    ItemState.DRAFT: _l("draft item"),
    ItemState.IN_USE: _l("in use"),
    ItemState.RETIRED: _l("retired"),
}

INSTRUMENT_STATES: dict[InstrumentState, Any] = {
    InstrumentState.DRAFT: _l("draft version"),
    InstrumentState.FROZEN: _l("frozen"),
}

POLICIES: dict[FormPolicy, Any] = {
    FormPolicy.SAME: _l("the same items"),
    FormPolicy.PARALLEL: _l("other items of the same cells"),
}

CREDITS: dict[Credit, Any] = {
    Credit.EXACT: _l("all right or no points"),
    Credit.PARTIAL: _l("a share for what is missing; no points with a wrong one"),
}

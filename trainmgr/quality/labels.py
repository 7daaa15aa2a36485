"""What indicators, scopes, verdicts and figures are called, and how a figure is written."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.kernel.i18n import number
from trainmgr.programs.labels import in_language
from trainmgr.quality.rules import (
    Audience,
    Better,
    Definition,
    Figure,
    Gold,
    Group,
    ScopeKind,
    Table,
    Unit,
    Verdict,
)

GROUPS: dict[Group, Any] = {
    Group.TRAINING: _l("Scale of training"),
    Group.PEOPLE: _l("People"),
    Group.QUALITY: _l("Training quality"),
    Group.EMPLOYMENT: _l("Employment of graduates"),
    Group.COOPERATION: _l("Cooperation of college and enterprise"),
    Group.SERVICE: _l("Service contribution"),
    Group.FACULTY: _l("Teachers and mentors"),
    Group.RESOURCES: _l("Teaching resources and bases"),
}
GOLDS: dict[Gold, Any] = {
    Gold.MAJOR: _l("Gold majors"),
    Gold.COURSE: _l("Gold courses"),
    Gold.TEACHER: _l("Gold teachers"),
    Gold.BASE: _l("Gold bases"),
    Gold.MATERIAL: _l("Gold teaching material"),
}
TABLES: dict[Table, Any] = {
    Table.SCORECARD: _l("Scorecard"),
    Table.SATISFACTION: _l("Satisfaction"),
    Table.RESOURCES: _l("Teaching resources"),
    Table.SERVICE: _l("Service contribution"),
}
SCOPES: dict[ScopeKind, Any] = {
    ScopeKind.COLLEGE: _l("College"),
    ScopeKind.DEPARTMENT: _l("Department"),
    ScopeKind.PROGRAM: _l("Programme"),
    ScopeKind.ENTERPRISE: _l("Enterprise"),
}
PARTS: dict[ScopeKind, Any] = {
    ScopeKind.DEPARTMENT: _l("By department"),
    ScopeKind.PROGRAM: _l("By programme"),
    ScopeKind.ENTERPRISE: _l("By enterprise"),
}
BETTER: dict[Better, Any] = {Better.HIGHER: _l("higher is better"), Better.LOWER: _l("lower is better")}
AUDIENCES: dict[Audience, Any] = {
    Audience.COLLEGE: _l("The college"),
    Audience.PARTIES: _l("The college, and enterprises their own part"),
    Audience.OUTSIDE: _l("The college, enterprises, and outside assessors"),
}
VERDICTS: dict[Verdict, tuple[Any, str | None]] = {
    Verdict.MET: (_l("target met"), "ok"),
    Verdict.NEAR: (_l("close to it"), "warn"),
    Verdict.MISSED: (_l("target missed"), "bad"),
    Verdict.OPEN: (_l("no target"), None),
    Verdict.NO_DATA: (_l("no data"), None),
}


def name_of(definition: Definition) -> str:
    """Return an indicator's name in the reader's language."""
    return in_language(definition.name, definition.name_en)


def definition_of(definition: Definition) -> str:
    """Return what an indicator means, in the reader's language."""
    return in_language(definition.definition, definition.definition_en)


def source_of(definition: Definition) -> str:
    """Return which records an indicator comes from, in the reader's language."""
    return in_language(definition.source, definition.source_en)


def unit_of(definition: Definition) -> str:
    """Return an indicator's unit in the reader's language."""
    return in_language(definition.unit_name, definition.unit_name_en)


def value_text(value: float | None, unit: Unit, decimals: int = 0) -> str:
    """Write a value: 87.29%, 50,786, 4.6; none is "no data"."""
    if value is None:
        return str(_("no data"))
    if unit is Unit.SHARE:
        return f"{number(value * 100, max(decimals, 0))}%"
    return number(value, decimals)


def figure_text(figure: Figure | None, decimals: int | None = None) -> str:
    """Write a figure's value; one that must not be shown says so."""
    if figure is None:
        return str(_("not computed"))
    if figure.is_small:
        return str(_("too few answers"))
    places = decimals if decimals is not None else (2 if figure.unit.is_ratio else 0)
    return value_text(figure.value, figure.unit, places)


def sums_text(figure: Figure | None) -> str:
    """Write numerator / denominator; nothing where a figure has no denominator or is not shown."""
    if figure is None or figure.numerator is None or figure.denominator is None:
        return ""
    return f"{number(figure.numerator)} / {number(figure.denominator)}"


def target_text(figure: Figure | None, decimals: int = 0) -> str:
    """Write a target with its direction: ≥ 80%."""
    if figure is None or figure.target is None:
        return ""
    sign = "≥" if figure.better is Better.HIGHER else "≤"
    places = decimals if figure.unit is not Unit.SHARE else 0 if _is_whole(figure.target * 100) else 2
    if figure.unit is not Unit.SHARE and _is_whole(figure.target):
        places = 0
    return f"{sign} {value_text(figure.target, figure.unit, places)}"


def plain_target(target: float | None, unit: Unit) -> str:
    """Write a target without its direction; none is said so."""
    if target is None:
        return str(_("none"))
    return f"{number(target * 100)}%" if unit is Unit.SHARE else number(target)


def _is_whole(value: float) -> bool:
    return abs(value - round(value)) < 1e-9


def change_text(change: float | None, unit: Unit, decimals: int = 0) -> str:
    """Write a change with its sign; of shares in percentage points."""
    if change is None:
        return ""
    points = change * 100 if unit is Unit.SHARE else change
    return ("+" if points >= 0 else "") + number(points, decimals)

"""Write a pathway as the document stored with a programme and as a TOML file for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from trainmgr.pathways.schema import (
    SCHEMA,
    UNIT_MINUTES,
    AnchorScale,
    Check,
    Criterion,
    EvaluationPlan,
    Gate,
    LevelPlan,
    LogFrequency,
    Pathway,
    RoleNeed,
    Stage,
    Text,
    Unit,
    WindowPlan,
)

Document = dict[str, Any]
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_ESCAPED = re.compile('["\\\\\\x00-\\x1f\\x7f\ud800-\udfff]')


def to_document(pathway: Pathway) -> Document:
    """Return the pathway as JSON-able values, shaped exactly like its file."""
    cohort = pathway.cohort
    return _filled(
        schema=SCHEMA,
        slug=pathway.slug,
        version=pathway.version,
        **_text("name", pathway.name),
        **_text("summary", pathway.summary),
        sources=list(pathway.sources),
        unit_minutes=None if pathway.unit_minutes == UNIT_MINUTES else pathway.unit_minutes,
        log_frequency=(None if pathway.log_frequency is LogFrequency.WEEKLY else pathway.log_frequency.value),
        kinds=[kind.value for kind in pathway.kinds],
        cohort=cohort
        and _filled(
            size_min=cohort.size_min,
            size_max=cohort.size_max,
            classes=cohort.classes,
            rotate_mentors=cohort.rotate_mentors,
        ),
        stage=[_stage(stage) for stage in pathway.stages],
        role=[_role(role) for role in pathway.roles],
        evaluation=_evaluation(pathway.evaluation),
        check=[_check(check) for check in pathway.checks],
    )


def dump(pathway: Pathway) -> str:
    """Write the pathway as a TOML file that reads well and gives the same pathway when parsed."""
    lines: list[str] = []
    _write_table(lines, "", to_document(pathway))
    return "\n".join(lines).strip("\n") + "\n"


def _filled(**entries: Any) -> Document:
    """Leave out what is empty: None, "", [] and False."""
    return {
        key: value for key, value in entries.items() if value not in (None, "", []) and value is not False
    }


def _text(key: str, text: Text) -> Document:
    return {key: text.zh, f"{key}_en": text.en}


def _number(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value


def _stage(stage: Stage) -> Document:
    return _filled(
        **_text("name", stage.name),
        venue=stage.venue.value,
        weeks=stage.length if stage.unit is Unit.WEEK else None,
        months=stage.length if stage.unit is Unit.MONTH else None,
        hours=_number(stage.hours),
        practice_hours=_number(stage.practice_hours),
        enterprise_hours=_number(stage.enterprise_hours),
        layer=stage.layer and stage.layer.value,
        practice_level=stage.practice_level and stage.practice_level.value,
        remedial=stage.remedial,
        gate=stage.gate and _gate(stage.gate),
        step=[_filled(**_text("name", step)) for step in stage.steps],
    )


def _gate(gate: Gate) -> Document:
    mark = None if gate.pass_mark is None else _number(gate.pass_mark)
    return _filled(kind=gate.kind.value, **_text("text", gate.text), pass_mark=mark, attempts=gate.attempts)


def _role(need: RoleNeed) -> Document:
    return _filled(
        role=need.role.value,
        **_text("title", need.title),
        min=need.minimum,
        per_trainees=need.per_trainees,
        scope=need.scope.value,
        **_text("duties", need.duties),
    )


def _evaluation(plan: EvaluationPlan) -> Document:
    return _filled(
        pass_mark=_number(plan.pass_mark),
        good_mark=_number(plan.good_mark),
        divergence=_number(plan.divergence),
        level=[_level(level) for level in plan.levels],
        scale=[_scale(scale) for scale in plan.scales],
        criterion=[_criterion(criterion) for criterion in plan.criteria],
        window=[_window(window) for window in plan.windows],
    )


def _level(level: LevelPlan) -> Document:
    shares = {party.value: _number(share) for party, share in level.shares}
    return _filled(level=level.level.value, weight=_number(level.weight), shares=shares)


def _scale(scale: AnchorScale) -> Document:
    def english(texts: tuple[Text, ...]) -> list[str]:
        return [text.en for text in texts] if all(text.en for text in texts) else []

    return _filled(
        key=scale.key,
        words=[word.zh for word in scale.words],
        words_en=english(scale.words),
        meanings=[meaning.zh for meaning in scale.meanings],
        meanings_en=english(scale.meanings),
    )


def _criterion(criterion: Criterion) -> Document:
    return _filled(
        key=criterion.key,
        **_text("name", criterion.name),
        **_text("hint", criterion.hint),
        level=criterion.level.value,
        ability=criterion.ability and criterion.ability.value,
        rated_by=[party.value for party in criterion.rated_by],
        anchors=criterion.anchors,
        weight=_number(criterion.weight),
    )


def _window(window: WindowPlan) -> Document:
    return _filled(
        key=window.key,
        **_text("name", window.name),
        kind=window.kind.value,
        stages=list(window.stages),
        levels=[level.value for level in window.levels],
        weight=_number(window.weight),
        days=window.days,
        months=window.months or None,
        parties=[party.value for party in window.parties],
    )


def _check(check: Check) -> Document:
    limits = [_number(limit) for limit in check.limits]
    return _filled(
        metric=check.metric.value,
        op=check.op.value,
        value=limits if len(limits) > 1 else limits[0],
        severity=check.severity.value,
        **_text("name", check.name),
        off=check.off,
    )


def _write_table(lines: list[str], name: str, table: Mapping[str, Any]) -> None:
    """Write simple entries first, then the tables inside, as TOML demands."""
    inner = {key: value for key, value in table.items() if _is_table(key, value)}
    lines += [f"{key} = {_value(value)}" for key, value in table.items() if key not in inner]
    for key, value in inner.items():
        full = f"{name}.{key}" if name else key
        for item in value if isinstance(value, list) else [value]:
            lines += ["", f"[[{full}]]" if isinstance(value, list) else f"[{full}]"]
            _write_table(lines, full, item)


def _is_table(key: str, value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and isinstance(value[0], Mapping)
    return isinstance(value, Mapping) and key != "shares"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + _ESCAPED.sub(lambda m: _ESCAPES.get(m[0], f"\\u{ord(m[0]):04X}"), value) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    return repr(value)

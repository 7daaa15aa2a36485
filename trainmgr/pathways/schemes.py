"""Read the evaluation scheme of a pathway: levels, shares, criteria, words and windows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from trainmgr.pathways import faults as say
from trainmgr.pathways.schema import (
    Ability,
    AnchorScale,
    Criterion,
    EvaluationPlan,
    Level,
    LevelPlan,
    Party,
    Text,
    WindowKind,
    WindowPlan,
)
from trainmgr.pathways.tables import LINE, NAME, Notes, Table, known, short, tidy

_TOLERANCE = 0.005


def read_evaluation(top: Table, stage_count: int) -> EvaluationPlan:
    """Read the whole scheme and hold its parts against each other."""
    table = top.table("evaluation") or Table(Notes(), (), {})
    passing = table.number("pass_mark", 0, 100, default=60)
    good = table.number("good_mark", 0, 100, default=85)
    if good <= passing:
        table.add("good_mark" if "good_mark" in table.entries else "pass_mark", say.MARK_ORDER,
                  good=tidy(good), passing=tidy(passing))  # fmt: skip
    divergence = table.number("divergence", 0.5, 4, default=2)
    level_tables, criterion_tables = table.tables("level", 1, 4), table.tables("criterion", 1, 60)
    scale_tables, window_tables = table.tables("scale", 1, 12), table.tables("window", 1, 40)
    levels = tuple(_level(item) for item in level_tables)
    scales = tuple(_scale(item) for item in scale_tables)
    criteria = tuple(_criterion(item) for item in criterion_tables)
    windows = tuple(_window(item, stage_count) for item in window_tables)
    plan = EvaluationPlan(passing, good, divergence, levels, scales, criteria, windows)
    if table.entries:
        _check_sums(table, level_tables, window_tables, plan)
        _check_scales(table, scale_tables, criterion_tables, plan)
        _check_windows(table, window_tables, plan)
        if not _muddled(table.notes):
            _check_levels(table, level_tables, plan)
            _check_raters(criterion_tables, plan)
    table.distinct(((*t.path, "key"), c.key) for t, c in zip(criterion_tables, criteria, strict=True))
    table.close()
    return plan


def _muddled(notes: Notes) -> bool:
    """Tell whether a level or party could not be read, so that comparing them would only raise false alarms."""
    return any(re.search(r"(level|levels|rated_by|shares)(\[\d+\])?(\.\w+)?$", f.path) for f in notes.faults)


def _level(table: Table) -> LevelPlan:
    level = known(table.choice("level", Level), Level.REACTION)
    weight = table.number("weight", 0, 100)
    shares: list[tuple[Party, float]] = []
    inner = table.table("shares")
    if inner is not None:
        present = [party for party in Party if inner.has(party.value)]
        shares = [(party, inner.number(party.value, 0.01, 100)) for party in present]
        inner.close()
        total = sum(share for _, share in shares)
        if inner.ok and abs(total - 100) > _TOLERANCE:
            table.add("shares", say.SHARES_SUM, sum=tidy(total))
    table.close()
    return LevelPlan(level, weight, tuple(shares))


def _check_levels(table: Table, tables: Sequence[Table], plan: EvaluationPlan) -> None:
    table.distinct(((*t.path, "level"), lv.level) for t, lv in zip(tables, plan.levels, strict=True))
    for level in Level:
        if level not in {level_plan.level for level_plan in plan.levels}:
            table.add("level", say.LEVEL_MISSING, level=level.value)
    for t, level_plan in zip(tables, plan.levels, strict=True):
        asked = [c for c in plan.criteria if c.level is level_plan.level]
        if level_plan.weight and not asked:
            t.add("weight", say.LEVEL_UNASKED, level=level_plan.level.value)
        for party, _ in level_plan.shares if asked else ():
            if not any(party in c.rated_by for c in asked):
                t.add("shares", say.SHARE_UNUSED, party=party.value)


def _scale(table: Table) -> AnchorScale:
    key = table.slug("key")
    words = _words(table, "words", NAME, required=True)
    scale = AnchorScale(key, words, _words(table, "meanings", LINE, required=False))
    table.close()
    return scale


def _words(table: Table, key: str, limit: int, *, required: bool) -> tuple[Text, ...]:
    zh = _five(table, key, limit, required)
    en = _five(table, f"{key}_en", limit * 3, required=False)
    return tuple(Text(word, en[i] if i < len(en) else "") for i, word in enumerate(zh))


def _five(table: Table, key: str, limit: int, required: bool) -> list[str]:
    read = []
    for path, item in table.sequence(key, 5, 5, required):
        cell = Table(table.notes, path[:-1], {path[-1]: item})
        read.append(cell.string(cast(str, path[-1]), limit))
    return read


def _check_scales(
    table: Table, tables: Sequence[Table], asked: Sequence[Table], plan: EvaluationPlan
) -> None:
    table.distinct(((*t.path, "key"), s.key) for t, s in zip(tables, plan.scales, strict=True))
    keys = {scale.key for scale in plan.scales}
    used = {criterion.anchors for criterion in plan.criteria}
    for t, criterion in zip(asked, plan.criteria, strict=True):
        if criterion.anchors and criterion.anchors not in keys:
            listed = ", ".join(sorted(keys))
            t.add("anchors", say.SCALE_UNKNOWN, value=short(criterion.anchors), known=listed)
    for t, scale in zip(tables, plan.scales, strict=True):
        if scale.key and asked and scale.key not in used:
            t.add("key", say.SCALE_UNUSED)


def _criterion(table: Table) -> Criterion:
    level = known(table.choice("level", Level), Level.REACTION)
    ability = table.choice("ability", Ability, required=False)
    if level in (Level.BEHAVIOUR, Level.LEARNING) and "ability" not in table.entries:
        table.add("", say.ABILITY_MISSING, known=", ".join(Ability))
    criterion = Criterion(
        key=table.slug("key"),
        name=table.text("name", NAME),
        level=level,
        rated_by=table.choices("rated_by", Party),
        anchors=table.slug("anchors"),
        hint=table.text("hint", LINE, required=False),
        ability=ability,
        weight=table.number("weight", 0.01, 100, default=1),
    )
    table.close()
    return criterion


def _check_raters(tables: Sequence[Table], plan: EvaluationPlan) -> None:
    shares = {level.level: {party for party, _ in level.shares} for level in plan.levels}
    for t, criterion in zip(tables, plan.criteria, strict=True):
        for party in criterion.rated_by:
            if party not in shares.get(criterion.level, {party}):
                t.add("rated_by", say.RATER_WITHOUT_SHARE, party=party.value, level=criterion.level.value)


def _window(table: Table, stage_count: int) -> WindowPlan:
    kind = known(table.choice("kind", WindowKind), WindowKind.PROCESS)
    is_later = kind is WindowKind.FOLLOW_UP
    window = WindowPlan(
        key=table.slug("key"),
        name=table.text("name", NAME),
        kind=kind,
        stages=_stages(table, stage_count, required=not is_later) or (stage_count,),
        levels=table.choices("levels", Level),
        weight=table.number("weight", 0, 0, default=0) if is_later else table.number("weight", 0.01, 100),
        days=table.whole("days", 1, 180, default=14),
        months=table.whole("months", 1, 60) if is_later else 0,
        parties=table.choices("parties", Party, required=False),
    )
    table.close()
    return window


def _stages(table: Table, stage_count: int, *, required: bool) -> tuple[int, ...]:
    """Read after which stages a window opens; a follow-up may leave it to the last."""
    stages = []
    for path, item in table.sequence("stages", 1, 40, required):
        number = table.numeric(item, path, 1, 40, whole=True)
        if number is not None and number > stage_count:
            table.notes.add(path, say.STAGE_UNKNOWN, number=int(number), count=stage_count)
        stages.append((path, str(int(number or 0))))
    table.distinct((path, number) for path, number in stages if number != "0")
    return tuple(int(number) for _, number in stages)


def _check_windows(table: Table, tables: Sequence[Table], plan: EvaluationPlan) -> None:
    if not plan.windows:
        return
    table.distinct(((*t.path, "key"), w.key) for t, w in zip(tables, plan.windows, strict=True))
    if not any(window.kind is WindowKind.TERMINAL for window in plan.windows):
        table.add("window", say.TERMINAL_MISSING)
    during = [window for window in plan.windows if window.kind is not WindowKind.FOLLOW_UP]
    later = [
        ((*t.path, "months"), str(w.months))
        for t, w in zip(tables, plan.windows, strict=True)
        if w.kind is WindowKind.FOLLOW_UP
    ]
    table.distinct(later)
    opened = {level for window in during for level in window.levels}
    for level_plan in plan.levels:
        if level_plan.weight and level_plan.level not in opened:
            table.add("window", say.LEVEL_NEVER_OPEN, level=level_plan.level.value)


def _check_sums(
    table: Table, levels: Sequence[Table], windows: Sequence[Table], plan: EvaluationPlan
) -> None:
    weighed = [
        (t, window.weight)
        for t, window in zip(windows, plan.windows, strict=True)
        if window.kind is not WindowKind.FOLLOW_UP
    ]
    for key, tables, weights in (
        ("level", levels, [level.weight for level in plan.levels]),
        ("window", [t for t, _weight in weighed], [weight for _t, weight in weighed]),
    ):
        given = bool(tables) and all("weight" in t.entries for t in tables)
        if given and abs(sum(weights) - 100) > _TOLERANCE:
            table.add(key, say.WEIGHTS_SUM, sum=tidy(sum(weights)))

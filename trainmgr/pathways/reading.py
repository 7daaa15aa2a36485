"""Read a pathway from its TOML file or from the document stored with a programme."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from trainmgr.pathways import faults as say
from trainmgr.pathways.faults import Fault, PathwayFault, syntax_fault
from trainmgr.pathways.lines import locate
from trainmgr.pathways.schema import (
    METRIC_UNITS,
    SCHEMA,
    UNIT_MINUTES,
    Check,
    Cohort,
    Gate,
    GateKind,
    Layer,
    LogFrequency,
    Metric,
    MetricUnit,
    Op,
    Pathway,
    PracticeLevel,
    ProgramKind,
    Role,
    RoleNeed,
    Scope,
    Severity,
    Stage,
    Text,
    Unit,
    Venue,
)
from trainmgr.pathways.schemes import read_evaluation
from trainmgr.pathways.tables import LINE, NAME, PARAGRAPH, Notes, Table, known, tidy

MAX_CHARACTERS = 100_000
MAX_LINE = 4_000
_SOURCE = re.compile(r"[A-Z]\d{1,3}")


def parse(text: str) -> Pathway:
    """Read a pathway file; raise PathwayFault with every fault and its line."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    _refuse_oversize(text)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PathwayFault([syntax_fault(error, text)]) from None
    except RecursionError:
        raise PathwayFault([Fault(1, "", say.TOO_DEEP)]) from None
    except (ValueError, OverflowError):
        raise PathwayFault([Fault(1, "", say.SYNTAX)]) from None
    return _finish(raw, Notes(locate(text)))


def from_document(document: object) -> Pathway:
    """Read the document that `to_document` made; raise PathwayFault (lines 0) when it is damaged."""
    if not isinstance(document, Mapping):
        raise PathwayFault([Fault(0, "", say.NOT_A_DOCUMENT)])
    try:
        text = json.dumps(document)
    except (
        TypeError,
        ValueError,
        RecursionError,
    ):  # no document of the database: read it as it is, for its faults
        return _finish(document, Notes())
    return _from_json(text)


@lru_cache(maxsize=200)
def _from_json(text: str) -> Pathway:
    """Read a stored document once: the programmes of a pathway share it, and each page of a plan asks for its rules."""
    return _finish(json.loads(text), Notes())


def _refuse_oversize(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise PathwayFault([Fault(1, "", say.TOO_LARGE, {"count": len(text), "limit": MAX_CHARACTERS})])
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > MAX_LINE:
            raise PathwayFault(
                [Fault(number, "", say.LINE_TOO_LONG, {"count": len(line), "limit": MAX_LINE})]
            )


def _finish(raw: Mapping[str, Any], notes: Notes) -> Pathway:
    top = Table(notes, (), raw)
    schema = top.whole("schema", 1, 1_000)
    if top.entries.get("schema") == schema and schema != SCHEMA:
        top.add("schema", say.SCHEMA_UNKNOWN, known=SCHEMA)
        raise PathwayFault(notes.faults)
    pathway = _pathway(top)
    top.close()
    if notes.faults:
        raise PathwayFault(notes.faults)
    return pathway


def _pathway(top: Table) -> Pathway:
    slug, version = top.slug("slug"), top.whole("version", 1, 9_999)
    name, summary = top.text("name", NAME), top.text("summary", PARAGRAPH, required=False, lines=True)
    kinds = top.choices("kinds", ProgramKind)
    sources = _sources(top)
    stage_tables = top.tables("stage", 1, 40)
    stages = tuple(_stage(table) for table in stage_tables)
    _check_remedial(stage_tables, stages)
    roles = _roles(top)
    evaluation = read_evaluation(top, len(stages))
    cohort = _cohort(top)
    checks, minutes = _checks(top), top.whole("unit_minutes", 30, 60, default=UNIT_MINUTES)
    often = known(top.choice("log_frequency", LogFrequency, LogFrequency.WEEKLY), LogFrequency.WEEKLY)
    return Pathway(
        slug,
        version,
        name,
        summary,
        kinds,
        stages,
        roles,
        evaluation,
        checks,
        sources,
        cohort,
        minutes,
        often,
    )


def _sources(top: Table) -> tuple[str, ...]:
    read = top.sequence("sources", 0, 30, required=False)
    for path, item in read:
        if not (isinstance(item, str) and _SOURCE.fullmatch(item)):
            top.notes.add(path, say.BAD_SOURCE)
    top.distinct((path, item) for path, item in read if isinstance(item, str))
    return tuple(str(item) for _, item in read if isinstance(item, str))


def _stage(table: Table) -> Stage:
    hours = table.number("hours", 0.5, 5_000)
    length, unit = _length(table)
    stage = Stage(
        name=table.text("name", NAME),
        venue=known(table.choice("venue", Venue), Venue.SCHOOL),
        length=length,
        unit=unit,
        hours=hours,
        practice_hours=_part_of(table, "practice_hours", hours),
        enterprise_hours=_part_of(table, "enterprise_hours", hours),
        layer=table.choice("layer", Layer, required=False),
        practice_level=table.choice("practice_level", PracticeLevel, required=False),
        remedial=table.flag("remedial"),
        gate=_gate(table),
        steps=tuple(_step(step) for step in table.tables("step", 0, 30)),
    )
    table.close()
    return stage


def _length(table: Table) -> tuple[int, Unit]:
    weeks, months = table.has("weeks"), table.has("months")
    if weeks and months:
        table.add("months", say.LENGTH_TWICE)
    if not weeks and not months:
        table.add("", say.LENGTH_MISSING)
        return 1, Unit.WEEK
    return (table.whole("weeks", 1, 260), Unit.WEEK) if weeks else (table.whole("months", 1, 60), Unit.MONTH)


def _part_of(table: Table, key: str, hours: float) -> float:
    part = table.number(key, 0, 5_000, default=0)
    if part > hours:
        table.add(key, say.PART_ABOVE_HOURS, hours=tidy(hours))
    return part


def _step(table: Table) -> Text:
    name = table.text("name", LINE)
    table.close()
    return name


def _gate(stage: Table) -> Gate | None:
    table = stage.table("gate", required=False)
    if table is None:
        return None
    mark = table.number("pass_mark", 0, 100) if table.has("pass_mark") else None
    gate = Gate(
        kind=known(table.choice("kind", GateKind), GateKind.ASSESSMENT),
        text=table.text("text", LINE),
        pass_mark=mark,
        attempts=table.whole("attempts", 1, 9, default=2),
    )
    table.close()
    return gate


def _check_remedial(tables: Sequence[Table], stages: Sequence[Stage]) -> None:
    if stages and all(stage.remedial for stage in stages):
        tables[0].add("", say.ALL_REMEDIAL)
        return
    for number, (table, stage) in enumerate(zip(tables, stages, strict=True)):
        if stage.remedial and number == 0:
            table.add("remedial", say.REMEDIAL_FIRST)
        elif stage.remedial and not any(earlier.gate for earlier in stages[:number]):
            table.add("remedial", say.REMEDIAL_WITHOUT_GATE)


def _cohort(top: Table) -> Cohort | None:
    table = top.table("cohort", required=False)
    if table is None:
        return None
    low, high = table.whole("size_min", 1, 20_000), table.whole("size_max", 1, 20_000)
    if high < low:
        table.add("size_max", say.SIZE_ORDER, low=low, high=high)
    cohort = Cohort(low, high, table.whole("classes", 1, 200, default=1), table.flag("rotate_mentors"))
    table.close()
    return cohort


def _roles(top: Table) -> tuple[RoleNeed, ...]:
    tables = top.tables("role", 1, 40)
    roles = tuple(_role(table) for table in tables)
    top.distinct((t.path, f"{r.role} {r.title.zh}".strip()) for t, r in zip(tables, roles, strict=True))
    return roles


def _role(table: Table) -> RoleNeed:
    least = table.whole("min", 1, 10_000) if table.has("min") else None
    ratio = table.whole("per_trainees", 1, 10_000) if table.has("per_trainees") else None
    if least is None and ratio is None:
        table.add("", say.COUNT_MISSING)
    need = RoleNeed(
        role=known(table.choice("role", Role), Role.STAFF),
        title=table.text("title", NAME, required=False),
        duties=table.text("duties", PARAGRAPH, lines=True),
        minimum=least,
        per_trainees=ratio,
        scope=known(table.choice("scope", Scope, Scope.PROGRAM), Scope.PROGRAM),
    )
    table.close()
    return need


def _checks(top: Table) -> tuple[Check, ...]:
    tables = top.tables("check", 0, 40)
    checks = tuple(_check(table) for table in tables)
    named = [
        (t, c) for t, c in zip(tables, checks, strict=True) if "metric" in t.entries and "op" in t.entries
    ]
    top.distinct((t.path, f"{c.metric} {c.op}") for t, c in named)
    return checks


def _check(table: Table) -> Check:
    metric = known(table.choice("metric", Metric), Metric.TOTAL_HOURS)
    op = table.choice("op", Op)
    check = Check(
        metric=metric,
        op=known(op, Op.AT_LEAST),
        limits=_limits(table, metric, op),
        severity=known(table.choice("severity", Severity), Severity.WARN),
        name=table.text("name", NAME),
        off=table.flag("off"),
    )
    table.close()
    return check


def _limits(table: Table, metric: Metric, op: Op | None) -> tuple[float, ...]:
    value = table.take("value")
    if value is None or op is None:
        return ()
    given = value if isinstance(value, list) else [value]
    if isinstance(value, list) != (op is Op.BETWEEN) or len(given) != (2 if op is Op.BETWEEN else 1):
        table.add("value", say.TWO_LIMITS if op is Op.BETWEEN else say.ONE_LIMIT)
        return ()
    read = [table.numeric(item, (*table.path, "value"), 0, 1_000_000, whole=False) for item in given]
    limits = tuple(number for number in read if number is not None)
    if len(limits) == 2 and limits[0] >= limits[1]:
        table.add("value", say.TWO_LIMITS)
    if METRIC_UNITS[metric] is MetricUnit.PERCENT and any(number > 100 for number in limits):
        table.add("value", say.PERCENT_LIMIT)
    return limits

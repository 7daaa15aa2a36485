"""Needs: competencies, the enterprise's performance gaps and its business needs, while the analysis is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import abort
from flask_babel import gettext as _
from marshmallow import fields, validate

from trainmgr.api.deeds import Deed, Done, Write, fault
from trainmgr.api.fields import Base, Figure, Line, Ref, Whole, choice, described
from trainmgr.api.rules import Area
from trainmgr.kernel.access import Permission
from trainmgr.kernel.inputs import LARGEST
from trainmgr.kernel.msgids import N_
from trainmgr.needs import actions, business, indicators, queries
from trainmgr.needs.models import Competency, Indicator
from trainmgr.needs.rules import MOST, Direction, Lane
from trainmgr.programs.models import Program
from trainmgr.standards.rules import Dimension

P = Permission
MOST_HOURS = 10_000  # as in the form


def _level(**options: Any) -> Figure:
    return Figure(2, 1, 5, metadata=described("1 to 5, at most two decimals."), **options)


def _figure(**options: Any) -> Figure:
    return Figure(4, -LARGEST, LARGEST, metadata=described("At most four decimals."), **options)


class CompetencyFactsSchema(Base):
    """What a partial update of a competency may change; of a rated one its respondents say importance and level."""

    name = Line(80, least=1)
    name_en = Line(120)
    dimension = choice(Dimension)
    importance = _level()
    required_level = _level()
    current_level = _level()
    required_hours = Whole(0, MOST_HOURS)


class NewCompetencySchema(CompetencyFactsSchema):
    """A competency of the job standard."""

    name = Line(80, least=1, required=True)
    importance = _level(required=True)
    required_level = _level(required=True)
    current_level = _level(required=True)


class PerformanceGapFactsSchema(Base):
    """What a partial update of a performance gap may change."""

    name = Line(80, least=1)
    unit = Line(20)
    direction = choice(Direction)
    weight = Whole(1, 5)
    expected = _figure()
    current = _figure()
    benchmark = _figure(allow_none=True)
    benchmark_source = Line(120)
    benchmark_year = Whole(1990, 2100, allow_none=True)
    competency_ids = fields.List(
        Ref(), validate=validate.Length(max=MOST), metadata=described("The competencies that it depends on.")
    )


class NewPerformanceGapSchema(PerformanceGapFactsSchema):
    """A figure that the enterprise is measured by."""

    name = Line(80, least=1, required=True)
    expected = _figure(required=True)
    current = _figure(required=True)


class BusinessNeedFactsSchema(Base):
    """What a partial update of a business need may change."""

    text = Line(300, least=1)
    source = Line(120, metadata=described("Where that is written."))


class NewBusinessNeedSchema(BusinessNeedFactsSchema):
    """One thing that the enterprise needs."""

    text = Line(300, least=1, required=True)


def _program(deed: Deed, lane: Lane) -> Program:
    """Return the programme; 403 for who may not fill in this side of its analysis."""
    program = deed.program()
    if lane not in queries.lanes_editable_by(program, deed.by):
        abort(403)
    return program


def _require_own_name(name: str, others: Iterable[Any]) -> None:
    if name in {other.name for other in others}:
        raise fault("name", _("There is one of this name already. Choose another name, or change that one."))


# --- competencies --------------------------------------------------------------------------------------------

_COMPETENCY = (
    "name",
    "name_en",
    "dimension",
    "importance",
    "required_level",
    "current_level",
    "required_hours",
)


def create_competency(deed: Deed) -> Done:
    """Add a competency to the job standard; the list is ranked anew."""
    program = _program(deed, Lane.TRAINEE)
    _require_own_name(deed.data["name"], queries.competencies_of(program.id))
    facts = actions.CompetencyFacts(**_read(deed.data, "dimension", Dimension))
    return Done(actions.create_competency(program, facts, by=deed.by, now=deed.now).id, made=True)


def change_competency(deed: Deed) -> Done:
    """Change a competency; importance and level of a rated one are refused."""
    program = _program(deed, Lane.TRAINEE)
    competency = queries.competency_or_404(program, deed.row_id)
    deed.require_present(competency.version)
    if competency.respondents:
        for name in ("importance", "current_level"):
            if name in deed.data:
                raise fault(name, _("Respondents say this; it is not typed."))
    if "name" in deed.data:
        _require_own_name(
            deed.data["name"], [one for one in queries.competencies_of(program.id) if one is not competency]
        )
    known = {name: getattr(competency, name) for name in _COMPETENCY}
    facts = actions.CompetencyFacts(**known | _read(deed.data, "dimension", Dimension))
    actions.update_competency(
        program, competency, facts, version=competency.version, by=deed.by, now=deed.now
    )
    return Done(competency.id)


def _read(data: Mapping[str, Any], name: str, kind: Any) -> dict[str, Any]:
    return {key: kind(value) if key == name else value for key, value in data.items()}


# --- performance gaps ----------------------------------------------------------------------------------------

_GAP = (
    "name",
    "unit",
    "direction",
    "weight",
    "expected",
    "current",
    "benchmark",
    "benchmark_source",
    "benchmark_year",
)


def _gap(program: Program, data: Mapping[str, Any], known: Mapping[str, Any]) -> indicators.IndicatorFacts:
    values = dict(known) | _read(data, "direction", Direction)
    chosen = values.pop("competency_ids", ())
    unknown = set(chosen) - {one.id for one in queries.competencies_of(program.id)}
    if unknown and "competency_ids" in data:
        raise fault("competency_ids", _("There is no such thing to choose here."))
    return indicators.IndicatorFacts(**values, competency_ids=frozenset(chosen))


def create_gap(deed: Deed) -> Done:
    """Add a figure that the enterprise is measured by; the list is ranked anew."""
    program = _program(deed, Lane.ENTERPRISE)
    _require_own_name(deed.data["name"], queries.indicators_of(program.id))
    facts = _gap(program, deed.data, {})
    return Done(indicators.create_indicator(program, facts, by=deed.by, now=deed.now).id, made=True)


def change_gap(deed: Deed) -> Done:
    """Change a figure that the enterprise is measured by."""
    program = _program(deed, Lane.ENTERPRISE)
    one = queries.indicator_or_404(program, deed.row_id)
    deed.require_present(one.version)
    if "name" in deed.data:
        _require_own_name(deed.data["name"], _others(program, one))
    known = {name: getattr(one, name) for name in _GAP}
    known["competency_ids"] = [link.competency_id for link in one.links]
    facts = _gap(program, deed.data, known)
    indicators.update_indicator(program, one, facts, version=one.version, by=deed.by, now=deed.now)
    return Done(one.id)


def _others(program: Program, one: Competency | Indicator) -> list[Any]:
    return [other for other in queries.indicators_of(program.id) if other is not one]


# --- business needs ------------------------------------------------------------------------------------------


def create_need(deed: Deed) -> Done:
    """Name one thing that the enterprise needs."""
    program = _program(deed, Lane.ENTERPRISE)
    need = business.create_need(
        program, deed.data["text"], deed.data.get("source", ""), by=deed.by, now=deed.now
    )
    return Done(need.id, made=True)


def change_need(deed: Deed) -> Done:
    """Word a business need anew."""
    program = _program(deed, Lane.ENTERPRISE)
    need = queries.business_need_or_404(program, deed.row_id)
    deed.require_present(need.version)
    business.update_need(
        program, need, deed.data.get("text", need.text), deed.data.get("source", need.source),
        version=need.version, by=deed.by, now=deed.now,
    )  # fmt: skip
    return Done(need.id)


_PLACE = "/programs/<int:program_id>"


def _new(name: str, schema: Any, does: Any, summary: str) -> Write:
    return Write("POST", f"{_PLACE}/{name}", Area.NEEDS, P.NEEDS_EDIT, schema, name, summary, does, made=True)


def _changed(name: str, schema: Any, does: Any, summary: str) -> Write:
    path = f"{_PLACE}/{name}/<int:row_id>"
    return Write("PATCH", path, Area.NEEDS, P.NEEDS_EDIT, schema, name, summary, does, needs_etag=True)


WRITES = {
    "create_competency": _new("competencies", NewCompetencySchema, create_competency, N_("Add a competency")),
    "change_competency": _changed(
        "competencies", CompetencyFactsSchema, change_competency, N_("Change a competency")
    ),
    "create_performance_gap": _new(
        "performance-gaps", NewPerformanceGapSchema, create_gap, N_("Add a performance gap of the enterprise")
    ),
    "change_performance_gap": _changed(
        "performance-gaps", PerformanceGapFactsSchema, change_gap, N_("Change a performance gap")
    ),
    "create_business_need": _new(
        "business-needs", NewBusinessNeedSchema, create_need, N_("Name a business need of the enterprise")
    ),
    "change_business_need": _changed(
        "business-needs", BusinessNeedFactsSchema, change_need, N_("Word a business need anew")
    ),
}

"""Programmes, needs and curriculum as resources."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from marshmallow import fields

from trainmgr.api.fields import Base, Id, choice, described, names_of
from trainmgr.api.reading import Asked, Resource, by_choice, by_id
from trainmgr.api.rules import Area
from trainmgr.curriculum.frozen import FROZEN
from trainmgr.curriculum.models import Edition, EditionState, Layer, Module, PracticeLevel, Venue
from trainmgr.curriculum.queries import sees_drafts
from trainmgr.kernel.access import Permission
from trainmgr.kernel.msgids import N_
from trainmgr.needs.models import BusinessNeed, Competency, Indicator
from trainmgr.needs.rules import Direction
from trainmgr.pathways.queries import choices
from trainmgr.programs.models import Program
from trainmgr.programs.queries import visible_to
from trainmgr.programs.rules import ProgramKind, State
from trainmgr.standards.rules import Dimension


class ProgramSchema(Base):
    """A training programme."""

    id = Id()
    code = fields.String()
    name = fields.String()
    name_en = fields.String()
    kind = choice(ProgramKind)
    state = choice(State)
    lead_college_id = Id()
    department_id = Id(allow_none=True)
    starts_on = fields.Date(allow_none=True)
    ends_on = fields.Date(allow_none=True)
    planned_size = fields.Integer(allow_none=True)
    planned_minutes = fields.Integer(metadata=described("Of each trainee, by the signed plan."))
    current_stage = fields.Integer()
    version = fields.Integer()


def _programs(asked: Asked) -> sa.Select[Any]:
    columns = [getattr(Program, name) for name in names_of(ProgramSchema)]
    return sa.select(*columns).where(visible_to(asked.viewer))


class PathwaySchema(Base):
    """A pathway that a programme can be made from: one of the library, or an organisation's own."""

    ref = fields.String()
    name = fields.String()
    name_en = fields.String()
    version = fields.Integer()


def _pathways(asked: Asked) -> list[dict[str, Any]]:
    return [
        {
            "ref": one.ref,
            "name": one.pathway.name.zh,
            "name_en": one.pathway.name.en,
            "version": one.pathway.version,
        }
        for one in choices(asked.viewer)
    ]


class CompetencySchema(Base):
    """A competency of the post with its gap; levels run from 1 to 5."""

    id = Id()
    position = fields.Integer()
    name = fields.String()
    name_en = fields.String()
    dimension = choice(Dimension)
    importance = fields.Decimal(metadata=described("1 to 5"))
    required_level = fields.Decimal(metadata=described("1 to 5"))
    current_level = fields.Decimal(metadata=described("1 to 5"))
    gap = fields.Decimal(metadata=described("Required less current level."))
    score = fields.Float(metadata=described("0 to 100, both halves weighted."))
    rank = fields.Integer(metadata=described("1 is the most pressing, 0 not ranked."))
    is_priority = fields.Boolean()
    required_hours = fields.Integer()
    version = fields.Integer()


def _competencies(asked: Asked) -> sa.Select[Any]:
    c = Competency
    gap = (c.required_level - c.current_level).label("gap")
    names = names_of(CompetencySchema)
    columns = [gap if name == "gap" else getattr(c, name) for name in names]
    return sa.select(*columns).where(c.program_id == asked.place.id)


class PerformanceGapSchema(Base):
    """A figure that the enterprise is measured by: what it expects, what it has, what the industry reaches."""

    id = Id()
    name = fields.String()
    unit = fields.String()
    direction = choice(Direction)
    weight = fields.Integer()
    expected = fields.Decimal()
    current = fields.Decimal()
    benchmark = fields.Decimal(allow_none=True)
    benchmark_source = fields.String()
    benchmark_year = fields.Integer(allow_none=True)
    version = fields.Integer()


def _gaps(asked: Asked) -> sa.Select[Any]:
    columns = [getattr(Indicator, name) for name in names_of(PerformanceGapSchema)]
    return sa.select(*columns).where(Indicator.program_id == asked.place.id)


class BusinessNeedSchema(Base):
    """What the enterprise needs the training for, in its own words."""

    id = Id()
    position = fields.Integer()
    text = fields.String()
    source = fields.String(metadata=described("Where that is written."))
    version = fields.Integer()


def _needs(asked: Asked) -> sa.Select[Any]:
    columns = [getattr(BusinessNeed, name) for name in names_of(BusinessNeedSchema)]
    return sa.select(*columns).where(BusinessNeed.program_id == asked.place.id)


class EditionSchema(Base):
    """An edition of a programme's plan."""

    id = Id()
    number = fields.Integer()
    state = choice(EditionState)
    based_on_id = Id(allow_none=True)
    reason = fields.String()
    created_at = fields.DateTime()
    signed_at = fields.DateTime(allow_none=True)
    in_force_from = fields.Date(allow_none=True)
    version = fields.Integer()


def _in_sight(asked: Asked) -> sa.ColumnElement[bool]:
    inside = Edition.program_id == asked.place.id
    return inside if sees_drafts(asked.place, asked.viewer) else sa.and_(inside, Edition.state.in_(FROZEN))


def _editions(asked: Asked) -> sa.Select[Any]:
    columns = [getattr(Edition, name) for name in names_of(EditionSchema)]
    return sa.select(*columns).where(_in_sight(asked))


class ModuleSchema(Base):
    """A module of an edition."""

    id = Id()
    edition_id = Id()
    stage_number = fields.Integer()
    position = fields.Integer()
    name = fields.String()
    name_en = fields.String()
    theory_hours = fields.Integer()
    practice_hours = fields.Integer()
    layer = choice(Layer)
    practice_level = choice(PracticeLevel)
    venue = choice(Venue)
    taught_by_enterprise = fields.Boolean()
    jointly_developed = fields.Boolean()
    lead_teacher_id = Id(allow_none=True)
    version = fields.Integer()


def _modules(asked: Asked) -> sa.Select[Any]:
    columns = [getattr(Module, name) for name in names_of(ModuleSchema)]
    return sa.select(*columns).join(Edition, Edition.id == Module.edition_id).where(_in_sight(asked))


P = Permission
RESOURCES = (
    Resource(
        "programs", "program", Area.PROGRAMS, P.PROGRAM_VIEW, ProgramSchema, N_("Programmes"), [Program.id], _programs,
        filters=by_choice("state", Program.state, State, "The programme's state.")
        | by_id("lead_college_id", Program.lead_college_id, "The college that leads it."),
        in_program=False, has_version=True,
    ),
    Resource(
        "pathways", "pathway", Area.PROGRAMS, P.PATHWAY_VIEW, PathwaySchema,
        N_("Pathways that programmes are made from"), whole=_pathways, in_program=False, has_one=False,
    ),
    Resource(
        "competencies", "competency", Area.NEEDS, P.NEEDS_VIEW, CompetencySchema, N_("Competencies and their gaps"),
        [Competency.id], _competencies, has_version=True,
    ),
    Resource(
        "performance-gaps", "performance_gap", Area.NEEDS, P.NEEDS_VIEW, PerformanceGapSchema,
        N_("The enterprise's performance gaps"), [Indicator.id], _gaps, has_version=True,
    ),
    Resource(
        "business-needs", "business_need", Area.NEEDS, P.NEEDS_VIEW, BusinessNeedSchema,
        N_("What the enterprise needs the training for"), [BusinessNeed.id], _needs, has_version=True,
    ),
    Resource(
        "editions", "edition", Area.CURRICULUM, P.CURRICULUM_VIEW, EditionSchema, N_("Editions of the training plan"),
        [Edition.id], _editions, filters=by_choice("state", Edition.state, EditionState, "The edition's state."),
        has_version=True,
    ),
    Resource(
        "modules", "module", Area.CURRICULUM, P.CURRICULUM_VIEW, ModuleSchema, N_("Modules of the training plan"),
        [Module.id], _modules, filters=by_id("edition_id", Module.edition_id, "Only of this edition."),
        has_version=True,
    ),
)  # fmt: skip

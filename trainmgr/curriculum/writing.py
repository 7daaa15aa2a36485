"""A plan that is known as values, written as rows: how an edition begins as a copy."""

from __future__ import annotations

from trainmgr.curriculum.models import Edition, Module, ModuleCompetency, PlanStage
from trainmgr.curriculum.rules import ModuleLine, Plan, StageLine
from trainmgr.kernel.db import db


def write_plan(edition: Edition, plan: Plan, *, leaders: set[int] | None, dates: bool = True) -> None:
    """Write a plan's stages, modules and cells into an empty edition; `leaders` None keeps all."""
    for stage in plan.stages:
        db.session.add(_stage(edition, stage, dates))
    made = {module.id: _module(edition, module, leaders) for module in plan.modules}
    db.session.add_all(made.values())
    db.session.flush()
    for (module_id, competency_id), hours in plan.cells.items():
        db.session.add(
            ModuleCompetency(module_id=made[module_id].id, competency_id=competency_id, hours=hours)
        )
    db.session.flush()


def _stage(edition: Edition, stage: StageLine, dates: bool) -> PlanStage:
    return PlanStage(
        edition_id=edition.id,
        number=stage.number,
        name=stage.name,
        name_en=stage.name_en,
        venue=stage.venue,
        weeks=stage.weeks,
        hours=stage.hours,
        gate=stage.gate,
        gate_en=stage.gate_en,
        remedial=stage.remedial,
        starts_on=stage.starts_on if dates else None,
        ends_on=stage.ends_on if dates else None,
    )


def _module(edition: Edition, module: ModuleLine, leaders: set[int] | None) -> Module:
    keeps_lead = leaders is None or module.lead_id in leaders
    return Module(
        edition_id=edition.id,
        stage_number=module.stage_number,
        position=module.position,
        name=module.name,
        name_en=module.name_en,
        theory_hours=module.theory_hours,
        practice_hours=module.practice_hours,
        layer=module.layer,
        practice_level=module.practice_level,
        venue=module.venue,
        taught_by_enterprise=module.taught_by_enterprise,
        jointly_developed=module.jointly_developed,
        lead_teacher_id=module.lead_id if keeps_lead else None,
        **({"lineage": module.lineage} if module.lineage else {}),
    )

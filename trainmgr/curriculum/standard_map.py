"""What a plan contributes to the competency map: the modules that serve a standard's competencies."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from trainmgr.curriculum.models import Module, ModuleCompetency
from trainmgr.curriculum.queries import edition_in_force
from trainmgr.kernel.db import db
from trainmgr.needs.models import Competency
from trainmgr.standards.map import MapModule, contributes_modules


@contributes_modules
def modules_of(program_id: int, competency_ids: Collection[int]) -> Sequence[MapModule]:
    """Return the modules of the signed plan (of the newest while none is signed) with the hours of each competency."""
    rows = db.session.execute(
        sa.select(
            Module.id, Module.name, Module.name_en, Competency.standard_competency_id, ModuleCompetency.hours
        )
        .join(ModuleCompetency, ModuleCompetency.module_id == Module.id)
        .join(Competency, Competency.id == ModuleCompetency.competency_id)
        .where(
            Module.edition_id == edition_in_force(program_id),
            Competency.standard_competency_id.in_(competency_ids),
        )
        .order_by(Module.stage_number, Module.position, Module.id)
    )
    modules: dict[int, MapModule] = {}
    for module_id, name, name_en, competency_id, hours in rows:
        module = modules.setdefault(module_id, MapModule(module_id, name, name_en))
        served = competency_id or 0  # the condition leaves no others
        module.hours[served] = module.hours.get(served, 0) + hours
    return list(modules.values())

"""A programme kept as a pathway: what was chosen, with the stages as they were signed in the end."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from trainmgr.curriculum.models import Module, PlanStage
from trainmgr.curriculum.queries import modules_of, stages_of
from trainmgr.identity.models import User
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import say
from trainmgr.pathways import actions as pathways
from trainmgr.pathways.models import CustomPathway, PathwayOrigin
from trainmgr.pathways.rules import PathwayFault, from_document
from trainmgr.programs.models import Program


def keep_as_pathway(program: Program, *, organization_id: int, by: User, now: datetime) -> CustomPathway:
    """Keep a programme as a pathway of an organisation; refused with the reasons when its plan makes no sound one."""
    document = document_of(program, stages_of(program.id), modules_of(program.id))
    try:
        pathway = from_document(document)
    except PathwayFault as fault:
        told = "; ".join(say(item.message_id, item.params) for item in fault.faults[:3])
        raise RuleBroken(_("The plan does not make a sound pathway yet: %(faults)s", faults=told)) from fault
    return pathways.keep_pathway(
        pathway,
        organization_id=organization_id,
        origin=PathwayOrigin.PROGRAM,
        based_on=program.name,
        by=by,
        now=now,
    )


def document_of(program: Program, stages: list[PlanStage], modules: list[Module]) -> dict[str, Any]:
    """Return the programme's pathway document with weeks, hours and shares of its plan, where there is one.

    A stage of the plan keeps what the plan does not say (steps, layer, gate attempts) from the stage of its number.
    """
    document = copy.deepcopy(program.pathway_document)
    document["name"] = program.name
    if program.name_en:
        document["name_en"] = program.name_en
    else:
        document.pop("name_en", None)
    document["version"] = 1
    if not stages:
        return document
    chosen = document["stage"]
    document["stage"] = [
        _stage(stage, [module for module in modules if module.stage_number == stage.number],
               chosen[stage.number - 1] if 1 <= stage.number <= len(chosen) else {})
        for stage in stages
    ]  # fmt: skip
    return document


def _stage(stage: PlanStage, modules: list[Module], chosen: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in chosen.items() if key not in ("weeks", "months")}
    kept |= {"name": stage.name, "venue": stage.venue.value, "weeks": max(1, stage.weeks)}
    if stage.name_en:
        kept["name_en"] = stage.name_en
    hours = sum(module.theory_hours + module.practice_hours for module in modules)
    if hours:
        kept["hours"] = hours
        kept["practice_hours"] = sum(module.practice_hours for module in modules)
        kept["enterprise_hours"] = sum(
            module.theory_hours + module.practice_hours for module in modules if module.taught_by_enterprise
        )
    return kept

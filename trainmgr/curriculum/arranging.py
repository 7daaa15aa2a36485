"""The order of modules: positions with gaps between them, so that a move writes one row."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.curriculum.history import reversible
from trainmgr.curriculum.keeping import opened, settle
from trainmgr.curriculum.models import Edition, Module, PlanStage
from trainmgr.curriculum.places import Place, places_of
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs.models import Program

MODULE_MOVED = audit.sentence(
    "curriculum.module.move", _l("%(who)s moved the module “%(what)s” to stage %(stage)s")
)


@reversible("move")
def place_module(
    program: Program,
    edition: Edition,
    module_id: int,
    stage_number: int,
    after_id: int | None,
    *,
    by: User,
    now: datetime,
) -> None:
    """Put a module into a stage behind another one of it; None puts it first."""
    edition = opened(program, edition)
    places = places_of(edition.id)
    module = _module(edition, module_id)
    require(_has_stage(edition, stage_number), _("This plan has no such stage."))
    if after_id == module_id:
        return
    require(
        after_id is None or places.stage_of(after_id) == stage_number,
        _("The module that it was to follow is no longer in this stage. Place it once more."),
    )
    _place(program, edition, module, Place(stage_number, after_id), by=by, now=now)


@reversible("move")
def move_module(
    program: Program, edition: Edition, module_id: int, *, up: bool, by: User, now: datetime
) -> None:
    """Move a module one place up or down; at the end of its stage it goes into the neighbouring one."""
    edition = opened(program, edition)
    module = _module(edition, module_id)
    place = places_of(edition.id).beside(module_id, up=up, stages=_stages(edition))
    if place is not None:
        _place(program, edition, module, place, by=by, now=now)


@reversible("move")
def shift_module(
    program: Program, edition: Edition, module_id: int, *, back: bool, by: User, now: datetime
) -> None:
    """Move a module to the end of the stage before or behind its own."""
    edition = opened(program, edition)
    module, stages = _module(edition, module_id), _stages(edition)
    at = stages.index(module.stage_number) + (-1 if back else 1)
    if 0 <= at < len(stages):
        last = places_of(edition.id).last_of(stages[at])
        _place(program, edition, module, Place(stages[at], last), by=by, now=now)


def _module(edition: Edition, module_id: int) -> Module:
    module = db.session.scalars(
        sa.select(Module).where(Module.edition_id == edition.id, Module.id == module_id)
    ).one_or_none()
    if module is None:
        raise RuleBroken(_("This module is no longer in the plan."))
    return module


def _stages(edition: Edition) -> list[int]:
    return list(
        db.session.scalars(
            sa.select(PlanStage.number).where(PlanStage.edition_id == edition.id).order_by(PlanStage.number)
        )
    )


def _has_stage(edition: Edition, number: int) -> bool:
    return number in _stages(edition)


def _place(
    program: Program, edition: Edition, module: Module, place: Place, *, by: User, now: datetime
) -> None:
    places, leaves = places_of(edition.id), module.stage_number != place.stage_number
    if not leaves and places.before(module.id) == place.after_id:
        return
    places.put(module, place)
    module.changed_by_id = by.id
    if leaves:
        audit.record(
            MODULE_MOVED, module, by=by, now=now, program_id=program.id, name=module.name,
            stage=place.stage_number,
        )  # fmt: skip
    settle(program, edition, by=by, now=now)

"""Take a distribution of hours over priorities into a draft: cells, and modules where there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.curriculum import distributing
from trainmgr.curriculum.distributing import Placing, Spot
from trainmgr.curriculum.editing import FieldFault
from trainmgr.curriculum.history import plan_of, reversible
from trainmgr.curriculum.keeping import opened, settle
from trainmgr.curriculum.models import Edition, Layer, Module, ModuleCompetency, PracticeLevel, Venue
from trainmgr.curriculum.places import Place, places_of
from trainmgr.curriculum.rules import Plan
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.programs.models import Program

DISTRIBUTED = audit.sentence(
    "curriculum.distribute",
    _l("%(who)s distributed %(hours)s hours over the priorities of the plan, with %(modules)s new modules"),
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What taking a distribution gave: hours given in all, modules made."""

    hours: int
    modules: int


@reversible("distribute")
def take_distribution(
    program: Program,
    edition: Edition,
    hours: Mapping[int, int],
    *,
    anew: bool = False,
    version: int | None = None,
    by: User,
    now: datetime,
) -> Taken:
    """Give each priority its hours; what the matrix holds stays, unless it is to be distributed `anew`.

    Nothing is taken when hours find no place, so that what is shown is what is taken.
    """
    edition = opened(program, edition)
    if version is not None and version != edition.version:
        raise Conflict(_("The plan has changed since this was proposed. Look at the new proposal."))
    plan = plan_of(edition)
    placing = placed(plan, hours, anew=anew)
    _check(plan, hours, placing, anew=anew)
    if anew:
        _clear(plan, hours)
    made = _write(edition, plan, placing, by=by)
    given = sum(spot.hours for spot in placing.spots)
    require(given or anew, _("Every priority has these hours already."))
    audit.record(DISTRIBUTED, edition, by=by, now=now, program_id=program.id, hours=given, modules=made)
    settle(program, edition, by=by, now=now)
    return Taken(given, made)


def placed(plan: Plan, hours: Mapping[int, int], *, anew: bool) -> Placing:
    """Return where hours would go in a plan."""
    return distributing.place(distributing.without(plan, hours) if anew else plan, hours)


def _check(plan: Plan, hours: Mapping[int, int], placing: Placing, *, anew: bool) -> None:
    wanted = {each.id: each for each in plan.wanted}
    require(hours.keys() <= wanted.keys(), _("The module or the competency is no longer in the plan."))
    given = distributing.given_to(plan)
    for key, value in hours.items():
        if not anew and value < given.get(key, 0):
            raise FieldFault(
                f"hours-{key}",
                _("%(given)s hours are in the matrix already; they stay unless all is distributed anew.",
                  given=given[key]),
            )  # fmt: skip
    for key, lacking in placing.lacking.items():
        raise FieldFault(
            f"hours-{key}",
            _("%(lacking)s of these hours find no place. Take fewer, or lengthen a stage.", lacking=lacking),
        )


def _clear(plan: Plan, hours: Mapping[int, int]) -> None:
    counted = [module.id for module in plan.counted]
    for cell in db.session.scalars(
        sa.select(ModuleCompetency).where(
            ModuleCompetency.module_id.in_(counted), ModuleCompetency.competency_id.in_(list(hours))
        )
    ):
        db.session.delete(cell)
    db.session.flush()


def _write(edition: Edition, plan: Plan, placing: Placing, *, by: User) -> int:
    """Write the spots; returns how many modules were made."""
    made = [_new_module(edition, plan, spot, by) for spot in placing.spots if spot.module is None]
    db.session.add_all(made)
    db.session.flush()
    places = places_of(edition.id)
    for module in made:
        places.put(
            module, Place(module.stage_number, _last_but(places.last_of(module.stage_number), module.id))
        )
    new = iter(made)
    present = {
        (cell.module_id, cell.competency_id): cell
        for cell in db.session.scalars(
            sa.select(ModuleCompetency).where(
                ModuleCompetency.module_id.in_([spot.module.id for spot in placing.spots if spot.module])
            )
        )
    }
    for spot in placing.spots:
        module_id = spot.module.id if spot.module else next(new).id
        cell = present.get((module_id, spot.competency_id))
        if cell is not None:
            cell.hours += spot.hours
        else:
            db.session.add(
                ModuleCompetency(module_id=module_id, competency_id=spot.competency_id, hours=spot.hours)
            )
    return len(made)


def _last_but(last: int | None, own: int) -> int | None:
    return None if last == own else last


def _new_module(edition: Edition, plan: Plan, spot: Spot, by: User) -> Module:
    neighbours = plan.modules_of(spot.stage.number)
    return Module(
        edition_id=edition.id,
        stage_number=spot.stage.number,
        position=0,
        name=spot.name,
        theory_hours=spot.hours - spot.practice,
        practice_hours=spot.practice,
        layer=neighbours[-1].layer if neighbours else Layer.CORE,
        practice_level=neighbours[-1].practice_level if neighbours else PracticeLevel.DIRECTION,
        venue=spot.stage.venue,
        taught_by_enterprise=spot.stage.venue is Venue.ENTERPRISE,
        changed_by_id=by.id,
    )

"""The plan of a case: editions, the hours that each module gives to each need, leads, both signatures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa

from trainmgr.curriculum import actions as plan_actions
from trainmgr.curriculum import amending
from trainmgr.curriculum.models import Edition, Module, PlanStage
from trainmgr.demo.playing import Case
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.programs.rules import Side


def design(case: Case, on: date, *, teachers: Sequence[User], experts: Sequence[User]) -> Edition:
    """Begin the plan from the pathway: hours for every need, a lead for every module."""
    now = case.days.at(on)
    edition = plan_actions.create_first_edition(case.program, by=case.staff, now=now)
    mark_joint(case, edition, on)
    cover(case, edition, on)
    _name_leads(case, edition, on, teachers=teachers, experts=experts)
    return edition


def modules_of(case: Case, edition: Edition) -> dict[str, Module]:
    """Return an edition's modules by name."""
    found = db.session.scalars(
        sa.select(Module).where(Module.edition_id == edition.id).order_by(Module.position)
    )
    return {module.name: module for module in found}


def mark_joint(case: Case, edition: Edition, on: date) -> None:
    """Note which courses both sides developed."""
    modules = modules_of(case, edition)
    names = plan_actions.ModuleFacts.__dataclass_fields__
    for name in case.data.get("joint", ()):
        facts = {key: getattr(modules[name], key) for key in names} | {"jointly_developed": True}
        plan_actions.change_module(
            case.program, edition, modules[name], plan_actions.ModuleFacts(**facts), by=case.staff,
            now=case.days.at(on, 11),
        )  # fmt: skip


def cover(case: Case, edition: Edition, on: date) -> None:
    """Give the hours of modules to the competencies that they serve."""
    modules = modules_of(case, edition)
    known = {competency.name: competency.id for competency in case.competencies}
    cells = {
        (modules[module].id, known[entry["name"]]): hours
        for entry in case.data["competency"]
        for module, hours in entry["cells"].items()
    }
    plan_actions.set_cells(case.program, edition, cells, by=case.staff, now=case.days.at(on, 14))


def _name_leads(
    case: Case, edition: Edition, on: date, *, teachers: Sequence[User], experts: Sequence[User]
) -> None:
    shares: dict[int, list[int]] = {}
    for place, module in enumerate(modules_of(case, edition).values()):
        side = experts if module.taught_by_enterprise else teachers
        shares.setdefault(side[place % len(side)].id, []).append(module.id)
    for user_id, module_ids in shares.items():
        plan_actions.name_lead(
            case.program, edition, module_ids, user_id, by=case.staff, now=case.days.at(on, 15)
        )


def next_edition(case: Case, number: int, on: date, *, holds_from: date, by: User) -> Edition:
    """Open the edition that the case's data describe, with its changes of the matrix and the day of its effect."""
    entry = case.data["editions"][str(number)]
    edition = plan_actions.open_edition(
        case.program, entry["reason"], effective_on=holds_from, by=by, now=case.days.at(on, 10)
    )
    modules = modules_of(case, edition)
    known = {competency.name: competency.id for competency in case.competencies}
    cells = {
        (modules[module].id, known[name]): hours
        for module, row in entry["cells"].items()
        for name, hours in row.items()
    }
    plan_actions.set_cells(case.program, edition, cells, by=by, now=case.days.at(on, 11))
    return edition


def put_in_force(case: Case, on: date) -> None:
    """Let the clock put what both sides agreed on in force on its day."""
    db.session.flush()
    amending.turn(case.days.at(on, 0, 5))


def date_stages(case: Case, edition: Edition, on: date) -> None:
    """Date the stages of a plan that was taken over from an earlier intake, one after the other."""
    day = case.program.starts_on
    names = plan_actions.StageFacts.__dataclass_fields__
    for stage in db.session.scalars(
        sa.select(PlanStage).where(PlanStage.edition_id == edition.id).order_by(PlanStage.number)
    ):
        assert day is not None
        after = day + timedelta(weeks=stage.weeks)
        facts = {name: getattr(stage, name) for name in names}
        facts |= {"starts_on": day, "ends_on": after - timedelta(days=1)}
        plan_actions.change_stage(
            case.program, edition, stage, plan_actions.StageFacts(**facts), by=case.staff,
            now=case.days.at(on, 12),
        )  # fmt: skip
        day = after


def sign_plan(case: Case, edition: Edition, on: date) -> None:
    """Offer an edition and sign it for both sides."""
    plan_actions.offer(case.program, edition, by=case.staff, now=case.days.at(on, 9))
    plan_actions.sign(case.program, edition, Side.COLLEGE, by=case.staff, now=case.days.at(on, 10))
    later = case.days.at(on + timedelta(days=1), 15)
    plan_actions.sign(case.program, edition, Side.ENTERPRISE, by=case.coordinator, now=later)

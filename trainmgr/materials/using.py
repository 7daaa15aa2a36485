"""Reads of what a programme uses: resources by module, and its task sheets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from trainmgr.curriculum.models import Module, ModuleCompetency, PlanStage
from trainmgr.curriculum.queries import modules_of, sees_drafts, signed_edition
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.materials.models import Material, MaterialUse, TaskSheet
from trainmgr.materials.queries import usable_by
from trainmgr.needs.models import Competency
from trainmgr.programs.models import Program


def modules_shown(program: Program, viewer: User) -> list[Module]:
    """Return the modules of the plan in force; of one that is not signed only to those who design with it."""
    if sees_drafts(program, viewer) or signed_edition(program.id) is not None:
        return modules_of(program.id)
    return []


def module_by_lineage(modules: Sequence[Module], lineage: str | None) -> Module | None:
    """Return the module with a lineage."""
    return next((module for module in modules if module.lineage == lineage), None)


def _in_order(statement: Any, lineage: Any, modules: Sequence[Module]) -> Any:
    """Join the modules shown, so that rows stand in the order of the plan."""
    edition_id = modules[0].edition_id if modules else 0
    return statement.outerjoin(Module, sa.and_(Module.lineage == lineage, Module.edition_id == edition_id))


def list_uses(
    program: Program, modules: Sequence[Module], listing: Listing, lineage: str | None
) -> Page[Any]:
    """Return a page of what a programme has attached, in the order of its plan: rows of (use, module or None).

    What is attached to the whole programme comes first, what belongs to a module that the plan no longer has last.
    """
    statement = (
        _in_order(sa.select(MaterialUse, Module).join(MaterialUse.material), MaterialUse.lineage, modules)
        .where(MaterialUse.program_id == program.id)
        .options(joinedload(MaterialUse.material).joinedload(Material.owner))
    )
    if lineage is not None:
        statement = statement.where(MaterialUse.lineage == lineage)
    if listing.q:
        statement = statement.where(contains(Material.title, listing.q))
    place = sa.case((MaterialUse.lineage == "", 0), (Module.id.is_(None), 2), else_=1)
    orders = {
        "module": (place, Module.stage_number, Module.position, Material.title, MaterialUse.id),
        "title": (Material.title, MaterialUse.id),
    }
    return paginate(statement, listing, orders=orders, default="module", scalars=False)


def use_or_404(program: Program, use_id: int) -> MaterialUse:
    """Return what is attached to a programme, or answer 404."""
    use: MaterialUse | None = db.session.scalars(
        sa.select(MaterialUse)
        .where(MaterialUse.id == use_id, MaterialUse.program_id == program.id)
        .options(joinedload(MaterialUse.material))
    ).one_or_none()
    return use if use is not None else abort(404)


def list_attachable(program: Program, viewer: User, lineage: str, listing: Listing) -> Page[Any]:
    """Return a page of published resources that the viewer may attach, with whether that is done already."""
    done = sa.exists().where(
        MaterialUse.material_id == Material.id,
        MaterialUse.program_id == program.id,
        MaterialUse.lineage == lineage,
    )
    statement = (
        sa.select(Material, done)
        .where(usable_by(viewer), Material.latest_number > 0, Material.retired_on.is_(None))
        .options(joinedload(Material.owner))
    )
    if listing.q:
        statement = statement.where(
            sa.or_(contains(Material.title, listing.q), contains(Material.occupation, listing.q))
        )
    orders = {"title": (Material.title, Material.id), "renewed": (Material.renewed_on, Material.id)}
    return paginate(statement, listing, orders=orders, default="title", scalars=False)


def chosen_attachable(viewer: User, ids: Sequence[int]) -> list[Material]:
    """Return those of the chosen resources that the viewer may attach."""
    return list(
        db.session.scalars(
            sa.select(Material)
            .where(
                Material.id.in_(ids),
                usable_by(viewer),
                Material.latest_number > 0,
                Material.retired_on.is_(None),
            )
            .order_by(Material.id)
        )
    )


# --- task sheets ----------------------------------------------------------------------------------


def list_sheets(program: Program, modules: Sequence[Module], listing: Listing) -> Page[Any]:
    """Return a page of a programme's task sheets in the order of its plan: rows of (sheet, module or None)."""
    statement = _in_order(sa.select(TaskSheet, Module), TaskSheet.lineage, modules).where(
        TaskSheet.program_id == program.id
    )
    if listing.q:
        statement = statement.where(contains(TaskSheet.title, listing.q))
    orders = {
        "number": (TaskSheet.number,),
        "module": (Module.stage_number, Module.position, TaskSheet.number),
        "title": (TaskSheet.title, TaskSheet.number),
    }
    return paginate(statement, listing, orders=orders, default="number", scalars=False)


def sheet_or_404(program: Program, sheet_id: int) -> TaskSheet:
    """Return a task sheet of a programme, or answer 404."""
    sheet: TaskSheet | None = db.session.scalars(
        sa.select(TaskSheet)
        .where(TaskSheet.id == sheet_id, TaskSheet.program_id == program.id)
        .options(joinedload(TaskSheet.changed_by))
    ).one_or_none()
    return sheet if sheet is not None else abort(404)


def sheets_by_id(program: Program, ids: Sequence[int]) -> list[TaskSheet]:
    """Return the chosen task sheets of a programme by number."""
    statement = sa.select(TaskSheet).where(TaskSheet.program_id == program.id, TaskSheet.id.in_(ids))
    return list(db.session.scalars(statement.order_by(TaskSheet.number)))


def program_of_sheet(sheet_id: int) -> int | None:
    """Return the programme that a task sheet belongs to."""
    return db.session.scalar(sa.select(TaskSheet.program_id).where(TaskSheet.id == sheet_id))


@dataclass(frozen=True)
class Served:
    """A competency that a module serves, with the level that the post asks for."""

    name: str
    required_level: float
    hours: int


def served_by(module: Module) -> list[Served]:
    """Return the competencies that a module serves, the one with the most hours first."""
    rows = db.session.execute(
        sa.select(Competency.name, Competency.required_level, ModuleCompetency.hours)
        .join(Competency, Competency.id == ModuleCompetency.competency_id)
        .where(ModuleCompetency.module_id == module.id)
        .order_by(ModuleCompetency.hours.desc(), Competency.position, Competency.id)
    )
    return [Served(row[0], float(row[1]), row[2]) for row in rows]


def stage_of(module: Module) -> PlanStage | None:
    """Return the stage of the plan in which a module stands."""
    return db.session.scalars(
        sa.select(PlanStage).where(
            PlanStage.edition_id == module.edition_id, PlanStage.number == module.stage_number
        )
    ).one_or_none()

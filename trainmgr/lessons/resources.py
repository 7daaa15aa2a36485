"""The resources that a ring works with: chosen while writing, named in the version, open to who may see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.lessons.actions import require_open, touch
from trainmgr.lessons.models import LessonPlan, LessonRingMaterial
from trainmgr.lessons.rules import Ring
from trainmgr.materials.actions import attach
from trainmgr.materials.models import Material, MaterialUse
from trainmgr.materials.queries import choices_for, usable_by, visible_to
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may

MOST = 12  # resources of one ring
Named = Mapping[str, Sequence[Mapping[str, Any]]]


def resources_of(plan_id: int) -> dict[Ring, list[Material]]:
    """Return the resources that a plan's rings work with as it is being written: one statement."""
    rows = db.session.execute(
        sa.select(LessonRingMaterial.ring, Material)
        .join(Material, Material.id == LessonRingMaterial.material_id)
        .where(LessonRingMaterial.plan_id == plan_id)
        .order_by(Material.title, Material.id)
    )
    found: dict[Ring, list[Material]] = {}
    for ring, material in rows:
        found.setdefault(ring, []).append(material)
    return found


def shown(plan_id: int, viewer: User) -> tuple[Named, dict[int, int]]:
    """Return the resources of a plan being written by name, and those that a reader may open: one statement."""
    rows = db.session.execute(
        sa.select(LessonRingMaterial.ring, Material, visible_to(viewer))
        .join(Material, Material.id == LessonRingMaterial.material_id)
        .where(LessonRingMaterial.plan_id == plan_id)
        .order_by(Material.title, Material.id)
    ).all()
    chosen: dict[Ring, list[Material]] = {}
    for ring, material, _is_open in rows:
        chosen.setdefault(ring, []).append(material)
    return named(chosen), {material.id: material.latest_number for _ring, material, seen in rows if seen}


def named(chosen: Mapping[Ring, Iterable[Material]]) -> Named:
    """Return chosen resources as a version keeps them: by id, title and the number of the version that was newest."""
    return {
        ring.value: [
            {"id": one.id, "title": one.title, "number": one.latest_number} for one in chosen.get(ring, ())
        ]
        for ring in Ring
    }


def offered(program: Program, viewer: User, q: str) -> list[tuple[Material, bool]]:
    """Return what a ring can work with and whether the programme has it attached: what is attached first."""
    found = choices_for(program, viewer, q)
    ids = [one.id for one in found]
    attached = set(
        db.session.scalars(
            sa.select(MaterialUse.material_id).where(
                MaterialUse.program_id == program.id, MaterialUse.material_id.in_(ids)
            )
        )
    )
    return [(one, one.id in attached) for one in found]


def add_resources(
    program: Program, plan: LessonPlan, ring: Ring, wanted: Iterable[int], *, by: User, now: datetime
) -> int:
    """Let a ring work with resources; returns how many are new.

    What the programme has not attached yet is attached to the module, so that its trainees can open it.
    """
    require_open(program)
    known = {one.id for one in resources_of(plan.id).get(ring, [])}
    new = _usable(program, [key for key in wanted if key not in known], by)
    if len(known) + len(new) > MOST:
        raise RuleBroken(_("A ring works with at most %(most)s resources.", most=MOST))
    attaches = may(program, by, Permission.MATERIAL_EDIT)
    for material, is_attached in new:
        db.session.add(LessonRingMaterial(plan_id=plan.id, ring=ring, material_id=material.id))
        if not is_attached and attaches:
            attach(program, material, plan.lineage, by=by, now=now)
    if new:
        touch(program, plan, by=by, now=now)
    return len(new)


def _usable(program: Program, ids: Sequence[int], by: User) -> list[tuple[Material, bool]]:
    """Return those of some resources that a ring of a programme may work with, and whether they are attached."""
    attached = sa.exists().where(MaterialUse.material_id == Material.id, MaterialUse.program_id == program.id)
    rows = db.session.execute(
        sa.select(Material, attached)
        .where(
            Material.id.in_(ids),
            sa.or_(attached, usable_by(by)),
            Material.latest_number > 0,
            Material.retired_on.is_(None),
        )
        .order_by(Material.title, Material.id)
    )
    return [(material, bool(is_attached)) for material, is_attached in rows]


def drop_resource(
    program: Program, plan: LessonPlan, ring: Ring, material_id: int, *, by: User, now: datetime
) -> None:
    """Let a ring no longer work with a resource; it stays attached to the programme."""
    require_open(program)
    if row := db.session.get(LessonRingMaterial, (plan.id, ring, material_id)):
        db.session.delete(row)
        touch(program, plan, by=by, now=now)


def copy_resources(plan: LessonPlan, copy: LessonPlan, program: Program, *, by: User, now: datetime) -> int:
    """Take the resources of a plan along into its copy; returns how many could not be: nobody may use them there."""
    chosen = resources_of(plan.id)
    wanted = {one.id for each in chosen.values() for one in each}
    usable = {material.id: (material, known) for material, known in _usable(program, list(wanted), by)}
    attaches = may(program, by, Permission.MATERIAL_EDIT)
    for ring, materials in chosen.items():
        for one in materials:
            if one.id in usable:
                db.session.add(LessonRingMaterial(plan_id=copy.id, ring=ring, material_id=one.id))
    for material, is_attached in usable.values():
        if not is_attached and attaches:
            attach(program, material, copy.lineage, by=by, now=now)
    return len(wanted - usable.keys())


# --- reading ------------------------------------------------------------------------------------------


def ids_in(rings: Iterable[Mapping[str, Any]]) -> set[int]:
    """Return the resources that rings of finished versions name."""
    return {one["id"] for ring in rings for one in ring.get("materials", ())}


def open_to(viewer: User, ids: Iterable[int]) -> dict[int, int]:
    """Return those of some resources that a reader may see, with the number of the newest version: one statement."""
    rows = db.session.execute(
        sa.select(Material.id, Material.latest_number).where(Material.id.in_(set(ids)), visible_to(viewer))
    )
    return {row[0]: row[1] for row in rows}

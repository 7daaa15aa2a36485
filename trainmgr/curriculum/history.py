"""Undo and redo of a draft: every edit is kept as a step with who did it, and steps are taken back in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from trainmgr.curriculum import queries, steps
from trainmgr.curriculum.board import forget_last, last_board
from trainmgr.curriculum.keeping import opened, settle
from trainmgr.curriculum.models import (
    Edition,
    EditionStep,
    Layer,
    Module,
    ModuleCompetency,
    PlanStage,
    PracticeLevel,
    Venue,
)
from trainmgr.curriculum.places import Place, places_of
from trainmgr.curriculum.rules import Plan
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.programs.models import Program

KEPT = 100  # steps of an edition; older ones cannot be taken back any more
UNDONE = audit.sentence("curriculum.undo", _l("%(who)s took back an edit of edition %(number)s of the plan"))
REDONE = audit.sentence("curriculum.redo", _l("%(who)s did an edit of edition %(number)s of the plan again"))

P = ParamSpec("P")
R = TypeVar("R")
Edit = Callable[Concatenate[Program, Edition, P], R]


class NotYours(Conflict):
    """The step that would be taken back is somebody else's; `step` is that step."""

    def __init__(self, step: EditionStep) -> None:
        super().__init__(
            _("The last edit is %(name)s's. Taking it back needs your word once more.", name=step.by.name)
        )
        self.step = step


def reversible(kind: str) -> Callable[[Edit[P, R]], Edit[P, R]]:
    """Let every change that an action makes to a draft be kept as a step that can be taken back."""

    def decorate(act: Edit[P, R]) -> Edit[P, R]:
        @wraps(act)
        def acted(program: Program, edition: Edition, /, *args: P.args, **options: P.kwargs) -> R:
            forget_last()
            before = plan_of(edition)
            result = act(program, edition, *args, **options)
            by, now = cast(User, options["by"]), cast(datetime, options["now"])
            left = last_board(edition)
            after = left.plan if left is not None else plan_of(edition)
            keep_step(edition, kind, before, after, about=_about(before, args), by=by, now=now)
            return result

        return acted

    return decorate


def _about(before: Plan, args: tuple[object, ...]) -> str:
    """The module that an action names first, by its lineage; "" where it names none."""
    key = args[0].id if args and isinstance(args[0], Module) else args[0] if args else None
    return next((module.lineage for module in before.modules if module.id == key), "")


def plan_of(edition: Edition) -> Plan:
    """Return how an edition stands now, changes of this request included."""
    db.session.flush()
    return queries.read_plans(edition.program_id, [edition.id])[edition.id]


def keep_step(
    edition: Edition, kind: str, before: Plan, after: Plan, *, about: str = "", by: User, now: datetime
) -> None:
    """Keep what an edit changed; what was undone before it cannot be done again."""
    found = steps.changes(before, after, about)
    if not found:
        return
    number = _last_number(edition.id) + 1
    db.session.execute(
        sa.delete(EditionStep).where(
            EditionStep.edition_id == edition.id,
            sa.or_(EditionStep.undone, EditionStep.number <= number - KEPT),
        )
    )
    db.session.add(
        EditionStep(
            edition_id=edition.id, number=number, kind=kind, name=_name(found, before, after), by_id=by.id, at=now,
            changes=steps.to_json(found),
        )
    )  # fmt: skip
    db.session.flush()


def _last_number(edition_id: int) -> int:
    last = sa.select(sa.func.max(EditionStep.number)).where(EditionStep.edition_id == edition_id)
    return db.session.scalar(last) or 0


def _name(found: steps.Changes, before: Plan, after: Plan) -> str:
    """What an edit was about: the module or the stage, where it was one."""
    names = {module.lineage: module.name for module in (*before.modules, *after.modules)}
    if len(found.modules) == 1:
        return names[next(iter(found.modules))]
    stages = {stage.number: stage.name for stage in after.stages}
    if len(found.stages) == 1 and not found.modules:
        return stages[next(iter(found.stages))]
    return ""


def forget_steps(edition_id: int) -> None:
    """End the steps of an edition: what is offered to both sides is not taken back step by step."""
    db.session.execute(sa.delete(EditionStep).where(EditionStep.edition_id == edition_id))


def ends_of(edition_id: int) -> tuple[EditionStep | None, EditionStep | None]:
    """Return the step that undo would take back and the one that redo would do again: one statement."""
    of_edition = EditionStep.edition_id == edition_id
    last = sa.select(sa.func.max(EditionStep.number)).where(of_edition, EditionStep.undone.is_(False))
    first = sa.select(sa.func.min(EditionStep.number)).where(of_edition, EditionStep.undone)
    found = db.session.scalars(
        sa.select(EditionStep)
        .where(
            of_edition,
            sa.or_(
                EditionStep.number == last.scalar_subquery(), EditionStep.number == first.scalar_subquery()
            ),
        )
        .options(joinedload(EditionStep.by))
    ).all()
    undo = next((step for step in found if not step.undone), None)
    return undo, next((step for step in found if step.undone), None)


def undo(
    program: Program, edition: Edition, *, sure_of: int | None = None, by: User, now: datetime
) -> EditionStep:
    """Take the last edit back; somebody else's only when `sure_of` is its number."""
    edition = opened(program, edition)
    step, _redo = ends_of(edition.id)
    if step is None:
        raise RuleBroken(_("There is nothing to take back."))
    if step.by_id != by.id and sure_of != step.number:
        raise NotYours(step)
    _carry_over(edition, steps.from_json(step.changes).reversed)
    step.undone = True
    audit.record(
        UNDONE, edition, by=by, now=now, program_id=program.id, number=edition.number, step=step.kind,
        name=step.name,
    )  # fmt: skip
    settle(program, edition, by=by, now=now)
    return step


def redo(program: Program, edition: Edition, *, by: User, now: datetime) -> EditionStep:
    """Do the edit again that was taken back last."""
    edition = opened(program, edition)
    _undo, step = ends_of(edition.id)
    if step is None:
        raise RuleBroken(_("There is nothing to do again."))
    _carry_over(edition, steps.from_json(step.changes))
    step.undone = False
    audit.record(
        REDONE, edition, by=by, now=now, program_id=program.id, number=edition.number, step=step.kind,
        name=step.name,
    )  # fmt: skip
    settle(program, edition, by=by, now=now)
    return step


# --- carrying changes over --------------------------------------------------------------------------


def _carry_over(edition: Edition, found: steps.Changes) -> None:
    plan = plan_of(edition)
    require(
        steps.holds(plan, {key: before for key, (before, _after) in found.modules.items()}),
        _("What this step changed was changed again in another way; it cannot be taken back."),
    )
    targets = {key: after for key, (_before, after) in found.modules.items()}
    rows = _rows(edition, list(targets))
    _empty_cells(list(rows.values()))
    for lineage in [key for key, state in targets.items() if state is None]:
        _remove(rows.pop(lineage))
    db.session.flush()
    places = places_of(edition.id)
    for lineage, state in steps.in_order(targets):
        module = rows.get(lineage) or _new(edition, lineage, state)
        rows[lineage] = module
        for name, value in _values(state).items():
            setattr(module, name, value)
        db.session.flush()
        places.put(module, Place(state["stage"], _follows(edition, state["follows"])))
    _write_cells(edition, plan, rows, targets)
    _write_stages(edition, {number: after for number, (_before, after) in found.stages.items()})
    db.session.flush()


def _rows(edition: Edition, lineages: list[str]) -> dict[str, Module]:
    found = db.session.scalars(
        sa.select(Module)
        .where(Module.edition_id == edition.id, Module.lineage.in_(lineages))
        .execution_options(populate_existing=True)
    )
    return {module.lineage: module for module in found}


def _follows(edition: Edition, lineage: str) -> int | None:
    return db.session.scalar(
        sa.select(Module.id).where(Module.edition_id == edition.id, Module.lineage == lineage)
    )


def _empty_cells(modules: list[Module]) -> None:
    ids = [module.id for module in modules]
    for cell in db.session.scalars(sa.select(ModuleCompetency).where(ModuleCompetency.module_id.in_(ids))):
        db.session.delete(cell)
    db.session.flush()


def _remove(module: Module) -> None:
    # Its cells are gone; without this the relationship would be loaded to look for them again.
    sa.orm.attributes.set_committed_value(module, "coverage", [])
    db.session.delete(module)


def _new(edition: Edition, lineage: str, state: Mapping[str, Any]) -> Module:
    module = Module(
        edition_id=edition.id, lineage=lineage, position=0, stage_number=state["stage"], **_values(state)
    )
    db.session.add(module)
    return module


def _values(state: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: state[name] for name in steps.MODULE_FIELDS}
    values["lead_teacher_id"] = values.pop("lead_id")
    kinds = {"layer": Layer, "practice_level": PracticeLevel, "venue": Venue}
    return values | {name: kind(values[name]) for name, kind in kinds.items()}


def _write_cells(
    edition: Edition, plan: Plan, rows: Mapping[str, Module], targets: Mapping[str, steps.State]
) -> None:
    """Write the cells of the modules concerned anew; competencies that are gone meanwhile stay gone."""
    wanted = {each.id for each in plan.wanted}
    for lineage, state in targets.items():
        for competency_id, hours in (state or {}).get("cells", {}).items():
            if int(competency_id) in wanted:
                module_id = rows[lineage].id
                db.session.add(
                    ModuleCompetency(module_id=module_id, competency_id=int(competency_id), hours=hours)
                )


def _write_stages(edition: Edition, targets: Mapping[int, steps.State]) -> None:
    if not targets:
        return
    rows = db.session.scalars(
        sa.select(PlanStage).where(PlanStage.edition_id == edition.id, PlanStage.number.in_(targets))
    )
    for stage in rows:
        for name, value in (targets[stage.number] or {}).items():
            setattr(stage, name, _stage_value(name, value))


def _stage_value(name: str, value: Any) -> Any:
    if name in ("starts_on", "ends_on"):
        return date.fromisoformat(value) if value else None
    return Venue(value) if name == "venue" else value

"""Changes of a draft: its stages, its modules, the hours they give to competencies, who leads them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm.attributes import flag_modified

from trainmgr.curriculum import leaders, queries, rules
from trainmgr.curriculum.history import reversible
from trainmgr.curriculum.keeping import opened, require_version, settle
from trainmgr.curriculum.models import (
    Edition,
    Layer,
    Module,
    ModuleCompetency,
    PlanStage,
    PracticeLevel,
    Venue,
)
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.programs.models import Program, ProgramPerson

MODULE_ADDED = audit.sentence(
    "curriculum.module.add", _l("%(who)s added the module “%(what)s” (%(hours)s hours)")
)
MODULE_CHANGED = audit.sentence("curriculum.module.change", _l("%(who)s changed the module “%(what)s”"))
MODULE_REMOVED = audit.sentence(
    "curriculum.module.remove", _l("%(who)s removed the module “%(what)s” (%(hours)s hours)")
)
STAGE_CHANGED = audit.sentence("curriculum.stage.change", _l("%(who)s changed the stage “%(what)s”"))
HOURS_SET = audit.sentence(
    "curriculum.hours.set", _l("%(who)s changed the hours of %(cells)s cells of the coverage matrix")
)
LEAD_NAMED = audit.sentence(
    "curriculum.lead.name", _l("%(who)s made %(what)s the lead teacher of %(modules)s modules")
)

Cell = tuple[int, int]


class FieldFault(RuleBroken):
    """What was typed into one field cannot be (422); `field` names it."""

    status = 422

    def __init__(self, field: str, message: object) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class ModuleFacts:
    """What is known of a module, apart from its place in the order and its lead teacher."""

    name: str
    stage_number: int
    theory_hours: int
    practice_hours: int
    layer: Layer
    practice_level: PracticeLevel
    venue: Venue
    name_en: str = ""
    taught_by_enterprise: bool = False
    jointly_developed: bool = False


@dataclass(frozen=True)
class StageFacts:
    """What is known of a stage, apart from its number."""

    name: str
    venue: Venue
    weeks: int
    hours: int
    name_en: str = ""
    gate: str = ""
    gate_en: str = ""
    starts_on: date | None = None
    ends_on: date | None = None


def _plan(edition: Edition) -> rules.Plan:
    db.session.flush()
    return queries.read_plans(edition.program_id, [edition.id])[edition.id]


# --- modules --------------------------------------------------------------------------------------


@reversible("add")
def add_module(program: Program, edition: Edition, facts: ModuleFacts, *, by: User, now: datetime) -> Module:
    """Put a new module at the end of its stage."""
    edition = opened(program, edition)
    _check_module(edition, facts)
    module = Module(
        edition_id=edition.id, position=_last_position(edition.id) + 1, changed_by_id=by.id, **vars(facts)
    )
    db.session.add(module)
    audit.record(
        MODULE_ADDED, module, by=by, now=now, program_id=program.id, name=facts.name,
        hours=facts.theory_hours + facts.practice_hours,
    )  # fmt: skip
    settle(program, edition, by=by, now=now)
    return module


@reversible("change")
def change_module(
    program: Program,
    edition: Edition,
    module: Module,
    facts: ModuleFacts,
    *,
    version: int | None = None,
    by: User,
    now: datetime,
) -> None:
    """Change what is known of a module; hours that already serve competencies cannot be taken from it."""
    edition = opened(program, edition)
    require_version(
        module, version, db.session.get(User, module.changed_by_id) if module.changed_by_id else None
    )
    _check_module(edition, facts, module)
    if facts.stage_number != module.stage_number:
        module.position = _last_position(edition.id) + 1
    changed = {name for name, value in vars(facts).items() if getattr(module, name) != value}
    if not changed:
        return
    for name in changed:
        setattr(module, name, getattr(facts, name))
    module.changed_by_id = by.id
    audit.record(
        MODULE_CHANGED, module, by=by, now=now, program_id=program.id, name=facts.name, fields=sorted(changed)
    )
    settle(program, edition, by=by, now=now)


def _check_module(edition: Edition, facts: ModuleFacts, module: Module | None = None) -> None:
    plan = _plan(edition)
    own = module.id if module else None
    numbers = {stage.number for stage in plan.stages}
    if facts.stage_number not in numbers:
        raise FieldFault("stage_number", _("This plan has no such stage."))
    if any(each.name == facts.name and each.id != own for each in plan.modules):
        raise FieldFault("name", _("There is a module of this name already. Two modules need two names."))
    hours = facts.theory_hours + facts.practice_hours
    if hours <= 0:
        raise FieldFault("practice_hours", _("A module has at least one hour of theory or practice."))
    given = next((load.given for load in rules.loads(plan) if load.module.id == own), 0)
    if hours < given:
        raise FieldFault(
            "practice_hours",
            _(
                "%(given)s hours of this module serve competencies. "
                "Leave it at least so many, or take hours out of the matrix first.",
                given=given,
            ),
        )


def _last_position(edition_id: int) -> int:
    return db.session.scalar(
        sa.select(sa.func.coalesce(sa.func.max(Module.position), 0)).where(Module.edition_id == edition_id)
    ) or 0  # fmt: skip


@reversible("remove")
def remove_module(program: Program, edition: Edition, module: Module, *, by: User, now: datetime) -> None:
    """Take a module out of the draft, with the hours that it gives to competencies."""
    edition = opened(program, edition)
    audit.record(
        MODULE_REMOVED, module, by=by, now=now, program_id=program.id, name=module.name,
        hours=module.theory_hours + module.practice_hours,
    )  # fmt: skip
    for cell in db.session.scalars(
        sa.select(ModuleCompetency).where(ModuleCompetency.module_id == module.id)
    ):
        db.session.delete(cell)
    db.session.flush()
    # Its cells are gone; without this the relationship would be loaded to look for them again.
    sa.orm.attributes.set_committed_value(module, "coverage", [])
    db.session.delete(module)
    settle(program, edition, by=by, now=now)


# --- stages ---------------------------------------------------------------------------------------


@reversible("stage")
def change_stage(
    program: Program,
    edition: Edition,
    stage: PlanStage,
    facts: StageFacts,
    *,
    version: int | None = None,
    by: User,
    now: datetime,
) -> None:
    """Change name, place, length, dates or gate of a stage."""
    edition = opened(program, edition)
    require_version(
        stage, version, db.session.get(User, edition.changed_by_id) if edition.changed_by_id else None
    )
    if facts.starts_on and facts.ends_on and facts.ends_on < facts.starts_on:
        raise FieldFault("ends_on", _("The last day is before the first day."))
    changed = {name for name, value in vars(facts).items() if getattr(stage, name) != value}
    if not changed:
        return
    for name in changed:
        setattr(stage, name, getattr(facts, name))
    audit.record(
        STAGE_CHANGED, stage, by=by, now=now, program_id=program.id, name=facts.name, fields=sorted(changed)
    )
    settle(program, edition, by=by, now=now)


# --- the matrix -----------------------------------------------------------------------------------


def set_cell(
    program: Program,
    edition: Edition,
    module_id: int,
    competency_id: int,
    hours: int,
    *,
    was: int | None = None,
    by: User,
    now: datetime,
) -> None:
    """Set how many hours of a module serve a competency; `was` is what the cell held when it was opened."""
    expected = None if was is None else {(module_id, competency_id): was}
    set_cells(program, edition, {(module_id, competency_id): hours}, expected=expected, by=by, now=now)


@reversible("cells")
def set_cells(
    program: Program,
    edition: Edition,
    hours: Mapping[Cell, int],
    *,
    expected: Mapping[Cell, int] | None = None,
    by: User,
    now: datetime,
) -> None:
    """Set many cells of the matrix at once, all or none; a module gives away no more hours than it has."""
    edition = opened(program, edition)
    plan = _plan(edition)
    for (module_id, competency_id), was in (expected or {}).items():
        present = plan.cells.get((module_id, competency_id), 0)
        if present != was:
            raise Conflict(
                _(
                    "This cell was changed meanwhile, from %(was)s to %(present)s hours.",
                    was=was,
                    present=present,
                )
            )
    _check_cells(plan, hours)
    changes = {cell: value for cell, value in hours.items() if plan.cells.get(cell, 0) != value}
    if not changes:
        return
    _write_cells(changes)
    audit.record(HOURS_SET, edition, by=by, now=now, program_id=program.id, cells=len(changes))
    settle(program, edition, by=by, now=now)


def _check_cells(plan: rules.Plan, hours: Mapping[Cell, int]) -> None:
    wanted = {each.id for each in plan.wanted}
    require(
        all(plan.module(module_id) and competency_id in wanted for module_id, competency_id in hours),
        _("The module or the competency is no longer in the plan."),
    )
    if any(value < 0 for value in hours.values()):
        raise FieldFault("hours", _("Hours are 0 or more."))
    after = rules.with_cells(plan, hours)
    touched = {module_id for module_id, _competency in hours}
    for load in rules.loads(after):
        if load.module.id in touched and load.free < 0:
            raise FieldFault(
                "hours",
                _(
                    "“%(module)s” has %(hours)s hours; with this, %(given)s would be given away.",
                    module=load.module.name,
                    hours=load.module.hours,
                    given=load.given,
                ),
            )


def _write_cells(changes: Mapping[Cell, int]) -> None:
    pairs = sa.tuple_(ModuleCompetency.module_id, ModuleCompetency.competency_id)
    rows = {
        (row.module_id, row.competency_id): row
        for row in db.session.scalars(sa.select(ModuleCompetency).where(pairs.in_(list(changes))))
    }
    for (module_id, competency_id), value in changes.items():
        row = rows.get((module_id, competency_id))
        if row is None and value:
            db.session.add(ModuleCompetency(module_id=module_id, competency_id=competency_id, hours=value))
        elif row is not None and value:
            row.hours = value
        elif row is not None:
            db.session.delete(row)


def apply_proposals(
    program: Program,
    edition: Edition,
    competency_ids: Collection[int] | None = None,
    *,
    version: int | None = None,
    by: User,
    now: datetime,
) -> int:
    """Give the hours that are proposed, to all priorities that lack them or to some; returns how many were given.

    `version` is the edition's when the proposal was shown: after any change there is a new proposal to look at.
    """
    edition = opened(program, edition)
    if version is not None and version != edition.version:
        raise Conflict(_("The plan has changed since this was proposed. Look at the new proposal."))
    plan = _plan(edition)
    chosen = [
        proposal
        for proposal in rules.propose(plan)
        if competency_ids is None or proposal.wanted.id in competency_ids
    ]
    cells: dict[Cell, int] = {}
    for proposal in chosen:
        for module, hours in proposal.shares:
            cell = module.id, proposal.wanted.id
            cells[cell] = plan.cells.get(cell, 0) + hours
    require(cells, _("No module has hours left for this. Lengthen a module or add one."))
    set_cells(program, edition, cells, by=by, now=now)
    return sum(proposal.hours for proposal in chosen)


# --- who leads ------------------------------------------------------------------------------------


@reversible("lead")
def name_lead(
    program: Program,
    edition: Edition,
    module_ids: Collection[int],
    user_id: int | None,
    *,
    by: User,
    now: datetime,
) -> None:
    """Let a teacher or mentor of one of the parties lead modules; None takes the lead away.

    Whoever leads a module belongs to the programme from then on.
    """
    edition = opened(program, edition)
    modules = list(
        db.session.scalars(
            sa.select(Module).where(Module.edition_id == edition.id, Module.id.in_(list(module_ids)))
        )
    )
    found = leaders.find_leader(program, user_id) if user_id is not None else None
    require(
        user_id is None or found, _("Only teachers and mentors of the programme's parties can lead a module.")
    )
    for module in modules:
        module.lead_teacher_id, module.changed_by_id = user_id, by.id
        flag_modified(module, "lead_teacher_id")
    if found:
        _relate(program, *found, now=now)
        audit.record(
            LEAD_NAMED,
            edition,
            by=by,
            now=now,
            program_id=program.id,
            name=found[0].name,
            modules=len(modules),
        )
    settle(program, edition, by=by, now=now)


def _relate(program: Program, user: User, role: Any, organization_id: int, *, now: datetime) -> None:
    known = sa.select(ProgramPerson.id).where(
        ProgramPerson.program_id == program.id, ProgramPerson.user_id == user.id, ProgramPerson.role == role
    )
    if db.session.scalar(known) is None:
        db.session.add(
            ProgramPerson(
                program_id=program.id,
                user_id=user.id,
                organization_id=organization_id,
                role=role,
                since=local_day(now),
            )
        )

"""Reads of plans: editions, and a whole plan in two statements whatever its size."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from trainmgr.curriculum import hooks
from trainmgr.curriculum.effect import Period, periods
from trainmgr.curriculum.frozen import FROZEN
from trainmgr.curriculum.models import Edition, EditionState, Module, ModuleCompetency, PlanRule, PlanStage
from trainmgr.curriculum.rules import ModuleLine, Plan, StageLine, Wanted
from trainmgr.identity.models import Membership, User
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.db import db
from trainmgr.needs.models import Competency
from trainmgr.programs.models import Program, ProgramParty, ProgramPerson, Signature
from trainmgr.programs.queries import may

SUBJECT = "edition"
LEADING = (Role.SCHOOL_TEACHER, Role.ENTERPRISE_MENTOR)
STAGE_LINE = (
    "id", "number", "name", "name_en", "venue", "weeks", "hours", "gate", "gate_en", "starts_on", "ends_on",
    "remedial", "version",
)  # fmt: skip
MODULE_LINE = (
    "id", "stage_number", "position", "name", "name_en", "theory_hours", "practice_hours", "layer", "practice_level",
    "venue", "taught_by_enterprise", "jointly_developed", "lineage", "version",
)  # fmt: skip


# --- for other features ---------------------------------------------------------------------------


def signed_edition(program_id: int) -> Edition | None:
    """Return the edition that is in force: signed by both sides and not superseded."""
    return db.session.scalars(
        sa.select(Edition).where(Edition.program_id == program_id, Edition.state == EditionState.SIGNED)
    ).one_or_none()


def edition_in_force(program_id: int, on: date | None = None) -> sa.ScalarSelect[int]:
    """Return the id of the edition in force, now or on a day, or the newest one's while none is signed.

    On a day that is to come it is the one agreed for it, on a day before an amendment the one that it amends.
    """
    holds = Edition.state == EditionState.SIGNED if on is None else holds_on(on)
    return (
        sa.select(Edition.id)
        .where(Edition.program_id == program_id)
        .order_by(sa.case((holds, 1), else_=0).desc(), Edition.number.desc())
        .limit(1)
        .scalar_subquery()
    )


def holds_on(on: date) -> sa.ColumnElement[bool]:
    """Return the condition on Edition that leaves the signed ones that had begun to hold by a day.

    Of a programme's editions it is the one with the highest number that is in force on that day.
    """
    begun = sa.or_(Edition.in_force_from.is_(None), Edition.in_force_from <= on)
    return sa.and_(Edition.state.in_(FROZEN), begun)


def stages_of(program_id: int, on: date | None = None) -> list[PlanStage]:
    """Return the stages of the plan in force (now, or on a day), or of the newest edition while none is signed."""
    return list(
        db.session.scalars(
            sa.select(PlanStage)
            .where(PlanStage.edition_id == edition_in_force(program_id, on))
            .order_by(PlanStage.number)
        )
    )


def modules_of(program_id: int, on: date | None = None) -> list[Module]:
    """Return the modules of the plan in force (now, or on a day), or of the newest edition while none is signed."""
    return list(
        db.session.scalars(
            sa.select(Module)
            .where(Module.edition_id == edition_in_force(program_id, on))
            .order_by(Module.stage_number, Module.position, Module.id)
        )
    )


def stages_and_modules(program_id: int) -> tuple[list[PlanStage], list[Module]]:
    """Return `stages_of` and `modules_of` the plan in force now: one statement."""
    within = sa.and_(Module.edition_id == PlanStage.edition_id, Module.stage_number == PlanStage.number)
    rows = db.session.execute(
        sa.select(PlanStage, Module)
        .outerjoin(Module, within)
        .where(PlanStage.edition_id == edition_in_force(program_id))
        .order_by(PlanStage.number, Module.position, Module.id)
    ).all()
    return list(dict.fromkeys(row[0] for row in rows)), [module for _stage, module in rows if module]


def decisions_of(program_id: int) -> list[PlanRule]:
    """Return what a programme has decided about the rules of its plan, with who decided."""
    return list(
        db.session.scalars(
            sa.select(PlanRule)
            .where(PlanRule.program_id == program_id)
            .options(joinedload(PlanRule.changed_by))
            .order_by(PlanRule.id)
        )
    )


# --- editions -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shelf:
    """All editions of a programme, newest first, and who teaches in it (of the college, of the enterprise).

    `has_proposals` tells whether a change of the plan waits for a decision; without an edition nobody has looked.
    """

    editions: list[Edition]
    teachers: tuple[int, int]
    has_proposals: bool = True

    @property
    def newest(self) -> Edition | None:
        """The edition that was begun last."""
        return self.editions[0] if self.editions else None

    @property
    def signed(self) -> Edition | None:
        """The edition in force."""
        return next((edition for edition in self.editions if edition.state is EditionState.SIGNED), None)

    @property
    def periods(self) -> Mapping[int, Period]:
        """From when to when each edition that both have signed holds, by its number."""
        signed = [each for each in reversed(self.editions) if each.state in FROZEN]
        return periods([(each.number, each.in_force_from) for each in signed])

    def numbered(self, number: int | None) -> Edition | None:
        """The edition with a number."""
        return next((edition for edition in self.editions if edition.number == number), None)


def shelf_of(program_id: int) -> Shelf:
    """Return a programme's editions with who made and changed them, and the number of its teachers: one statement."""

    def people(role: Role) -> sa.ScalarSelect[int]:
        return (
            sa.select(sa.func.count(ProgramPerson.user_id.distinct()))
            .where(
                ProgramPerson.program_id == program_id,
                ProgramPerson.role == role,
                ProgramPerson.until.is_(None),
            )
            .scalar_subquery()
        )

    rows = db.session.execute(
        sa.select(
            Edition,
            people(Role.SCHOOL_TEACHER),
            people(Role.ENTERPRISE_MENTOR),
            hooks.something_waits(program_id),
        )
        .where(Edition.program_id == program_id)
        .options(joinedload(Edition.created_by), joinedload(Edition.changed_by))
        .order_by(Edition.number.desc())
    ).all()
    if not rows:
        return Shelf([], (0, 0))
    _edition, of_college, of_enterprise, waits = rows[0]
    return Shelf([row[0] for row in rows], (of_college, of_enterprise), bool(waits))


def signatures_by_edition(edition_ids: Collection[int]) -> dict[int, list[Signature]]:
    """Return who has signed each of some editions, for whom and when: one statement."""
    rows = db.session.scalars(
        sa.select(Signature)
        .where(Signature.subject_kind == SUBJECT, Signature.subject_id.in_(edition_ids))
        .options(joinedload(Signature.user), joinedload(Signature.organization))
        .order_by(Signature.signed_at, Signature.id)
    )
    found: dict[int, list[Signature]] = {}
    for signature in rows:
        found.setdefault(signature.subject_id, []).append(signature)
    return found


def sees_drafts(program: Program, viewer: User) -> bool:
    """Tell whether the viewer sees plans that are not signed: those who see the needs design with them."""
    return may(program, viewer, Permission.NEEDS_VIEW)


def module_or_404(program: Program, module_id: int) -> tuple[Module, Edition]:
    """Return a module of this very programme with its edition, or answer 404."""
    row = db.session.execute(
        sa.select(Module, Edition)
        .join(Edition, Edition.id == Module.edition_id)
        .where(Module.id == module_id, Edition.program_id == program.id)
        .options(
            joinedload(Module.changed_by), joinedload(Module.lead_teacher), joinedload(Edition.changed_by)
        )
    ).one_or_none()
    return (row[0], row[1]) if row else abort(404)


def stage_or_404(program: Program, number: int, stage_number: int) -> tuple[PlanStage, Edition]:
    """Return a stage of an edition with it, or answer 404."""
    row = db.session.execute(
        sa.select(PlanStage, Edition)
        .join(Edition, Edition.id == PlanStage.edition_id)
        .where(Edition.program_id == program.id, Edition.number == number, PlanStage.number == stage_number)
        .options(joinedload(Edition.changed_by))
    ).one_or_none()
    return (row[0], row[1]) if row else abort(404)


# --- whole plans ----------------------------------------------------------------------------------


def read_plans(program_id: int, edition_ids: Collection[int]) -> dict[int, Plan]:
    """Return whole plans by edition: two statements for any number of modules, competencies and cells."""
    stages, modules = _read_modules(edition_ids)
    wanted, cells = _read_wanted(program_id, edition_ids)
    return {
        edition_id: Plan(
            stages.get(edition_id, []), modules.get(edition_id, []), wanted, cells.get(edition_id, {})
        )
        for edition_id in edition_ids
    }


def read_structure(edition_id: int) -> Plan:
    """Return an edition's stages and modules without what they serve: one statement."""
    stages, modules = _read_modules([edition_id])
    return Plan(stages.get(edition_id, []), modules.get(edition_id, []))


def _read_modules(
    edition_ids: Collection[int],
) -> tuple[dict[int, list[StageLine]], dict[int, list[ModuleLine]]]:
    of_stage = sa.and_(Module.edition_id == PlanStage.edition_id, Module.stage_number == PlanStage.number)
    posts = _posts_of_leads(edition_ids)
    rows = db.session.execute(
        sa.select(
            PlanStage.edition_id,
            *[getattr(PlanStage, name) for name in STAGE_LINE],
            User.name,
            Module.lead_teacher_id,
            posts.c.of_college,
            posts.c.of_enterprise,
            *[getattr(Module, name) for name in MODULE_LINE],
        )
        .outerjoin(Module, of_stage)
        .outerjoin(User, User.id == Module.lead_teacher_id)
        .outerjoin(posts, posts.c.user_id == Module.lead_teacher_id)
        .where(PlanStage.edition_id.in_(edition_ids))
        .order_by(PlanStage.edition_id, PlanStage.number, Module.position, Module.id)
    )
    stages: dict[int, list[StageLine]] = {}
    modules: dict[int, list[ModuleLine]] = {}
    number = STAGE_LINE.index("number")
    for edition_id, *values in rows:
        of_edition = stages.setdefault(edition_id, [])
        if not of_edition or of_edition[-1].number != values[number]:
            of_edition.append(StageLine(**dict(zip(STAGE_LINE, values, strict=False))))
        name, lead_id, of_college, of_enterprise, *facts = values[len(STAGE_LINE) :]
        if facts[0] is not None:
            line = ModuleLine(
                **dict(zip(MODULE_LINE, facts, strict=True)), lead_id=lead_id, lead_name=name or "",
                lead_of_college=bool(of_college), lead_of_enterprise=bool(of_enterprise),
            )  # fmt: skip
            modules.setdefault(edition_id, []).append(line)
    return stages, modules


def _posts_of_leads(edition_ids: Collection[int]) -> sa.Subquery:
    """For which side each lead of some editions may teach today: by a role at one of the programme's parties."""
    leads = sa.select(Module.lead_teacher_id).where(
        Module.edition_id.in_(edition_ids), Module.lead_teacher_id.is_not(None)
    )
    programs = sa.select(Edition.program_id).where(Edition.id.in_(edition_ids))
    parties = sa.select(ProgramParty.organization_id).where(ProgramParty.program_id.in_(programs))
    holds = [sa.func.max(sa.case((Membership.role == role, 1), else_=0)) for role in LEADING]
    return (
        sa.select(Membership.user_id, holds[0].label("of_college"), holds[1].label("of_enterprise"))
        .where(
            Membership.user_id.in_(leads),
            Membership.role.in_(LEADING),
            Membership.ended_on.is_(None),
            Membership.organization_id.in_(parties),
        )
        .group_by(Membership.user_id)
        .subquery()
    )


def _read_wanted(
    program_id: int, edition_ids: Collection[int]
) -> tuple[list[Wanted], dict[int, dict[tuple[int, int], int]]]:
    """Read what is wanted and what serves it: rows of two kinds in one statement, each as narrow as can be."""
    of_competency = (
        Competency.position, Competency.name, Competency.name_en, Competency.rank, Competency.required_hours,
        Competency.is_priority, Competency.score, Competency.required_level - Competency.current_level,
    )  # fmt: skip
    nothing: Any = sa.null()
    rows: Iterable[Any] = db.session.execute(
        sa.union_all(
            sa.select(Competency.id, nothing, nothing, nothing, *of_competency).where(
                Competency.program_id == program_id
            ),
            sa.select(
                ModuleCompetency.competency_id,
                Module.edition_id,
                ModuleCompetency.module_id,
                ModuleCompetency.hours,
                *[nothing] * len(of_competency),
            )
            .join(Module, Module.id == ModuleCompetency.module_id)
            .where(Module.edition_id.in_(edition_ids)),
        )
    )
    wanted: list[tuple[int, Wanted]] = []
    cells: dict[int, dict[tuple[int, int], int]] = {}
    for key, edition_id, module_id, hours, position, *facts in rows:
        if module_id is None:
            wanted.append((position, _wanted(key, *facts)))
        else:
            cells.setdefault(edition_id, {})[module_id, key] = hours
    wanted.sort(key=lambda one: (one[1].rank == 0, one[1].rank, one[0], one[1].id))
    return [each for _position, each in wanted], cells


def _wanted(
    key: int, name: str, name_en: str, rank: int, required: int, is_priority: bool, score: float, gap: float
) -> Wanted:
    return Wanted(key, name, rank, required, is_priority, name_en, score, max(0.0, float(gap)))


def stage_line(stage: PlanStage) -> StageLine:
    """Return a stage as a value."""
    return StageLine(**{name: getattr(stage, name) for name in STAGE_LINE})


def module_line(module: Module, lead_name: str = "") -> ModuleLine:
    """Return a module as a value."""
    values = {name: getattr(module, name) for name in MODULE_LINE}
    return ModuleLine(**values, lead_id=module.lead_teacher_id, lead_name=lead_name)


def edition_of(program: Program, number: int) -> Edition:
    """Return an edition of a programme by its number, or answer 404."""
    edition = shelf_of(program.id).numbered(number)
    return edition if edition is not None else abort(404)


# --- neighbours -------------------------------------------------------------------------------------


def neighbour_of(edition_id: int, stage_number: int) -> Module | None:
    """Return the last module of a stage, None where it has none."""
    return db.session.scalars(
        sa.select(Module)
        .where(Module.edition_id == edition_id, Module.stage_number == stage_number)
        .order_by(Module.position.desc(), Module.id.desc())
        .limit(1)
    ).one_or_none()


def last_of(edition_id: int, stage_number: int) -> int | None:
    """Return the id of the last module of a stage."""
    module = neighbour_of(edition_id, stage_number)
    return module.id if module else None

"""The life of an edition: begun, offered, signed, superseded. What changes inside a draft is in `editing`."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.curriculum import queries
from trainmgr.curriculum.arranging import move_module, place_module, shift_module
from trainmgr.curriculum.board import Board, read_board
from trainmgr.curriculum.checks import Hindrances
from trainmgr.curriculum.editing import (
    FieldFault,
    ModuleFacts,
    StageFacts,
    add_module,
    apply_proposals,
    change_module,
    change_stage,
    name_lead,
    remove_module,
    set_cell,
    set_cells,
)
from trainmgr.curriculum.founding import first_plan
from trainmgr.curriculum.history import forget_steps, redo, undo
from trainmgr.curriculum.keeping import Overtaken, locked, opened, require_unfrozen, settle
from trainmgr.curriculum.models import Edition, EditionState, Module, ModuleCompetency, PlanStage
from trainmgr.curriculum.queries import SUBJECT
from trainmgr.curriculum.rules import ModuleLine, Plan, StageLine
from trainmgr.curriculum.verifying import document_of
from trainmgr.identity.models import Membership, User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.i18n import language
from trainmgr.needs.queries import competencies_of
from trainmgr.pathways.rules import from_document
from trainmgr.programs import signing
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.planned import set_planned_minutes
from trainmgr.programs.rules import Side, Step, Work
from trainmgr.programs.thread import refresh

__all__ = [
    "FieldFault", "ModuleFacts", "Overtaken", "StageFacts", "add_module", "apply_proposals", "change_module",
    "change_stage", "copy_edition", "create_first_edition", "discard_edition", "move_module", "name_lead", "offer",
    "open_edition", "place_module", "redo", "remove_module", "set_cell", "set_cells", "shift_module", "sign", "undo",
    "withdraw",
]  # fmt: skip

BEGUN = audit.sentence(
    "curriculum.begin", _l("%(who)s began edition %(number)s of the plan from the pathway")
)
COPIED = audit.sentence("curriculum.copy", _l("%(who)s took over the plan of “%(what)s”"))
OPENED = audit.sentence(
    "curriculum.open", _l("%(who)s opened edition %(number)s of the plan, because: %(reason)s")
)
DISCARDED = audit.sentence(
    "curriculum.discard", _l("%(who)s discarded the draft of edition %(number)s of the plan")
)
OFFERED = audit.sentence("curriculum.offer", _l("%(who)s offered edition %(number)s of the plan for signing"))
WITHDRAWN = audit.sentence(
    "curriculum.withdraw", _l("%(who)s took edition %(number)s of the plan back from signing")
)
SIGNED = {
    Side.COLLEGE: audit.sentence(
        "curriculum.sign.college", _l("%(who)s signed edition %(number)s of the plan for the college side")
    ),
    Side.ENTERPRISE: audit.sentence(
        "curriculum.sign.enterprise",
        _l("%(who)s signed edition %(number)s of the plan for the enterprise side"),
    ),
}


class NotReady(RuleBroken):
    """A plan cannot be offered or signed yet; `hindrances` say why."""

    def __init__(self, hindrances: Hindrances) -> None:
        english = language() == "en"
        names = [result.check.name.to("en" if english else "zh") for result in hindrances.checks]
        names += [(each.name_en if english else "") or each.name for each in hindrances.uncovered]
        super().__init__(
            _(
                "The plan cannot be signed yet. To mend: %(names)s.",
                names=(", " if english else "、").join(names),
            )
        )
        self.hindrances = hindrances


# --- beginning ------------------------------------------------------------------------------------


def create_first_edition(program: Program, *, by: User, now: datetime) -> Edition:
    """Begin the plan with the stages of the programme's pathway, one module for each step of a stage."""
    plan = first_plan(from_document(program.pathway_document), program.starts_on)
    edition = _begin(program, plan, by=by, now=now)
    audit.record(BEGUN, edition, by=by, now=now, program_id=program.id, number=edition.number)
    settle(program, edition, by=by, now=now)
    return edition


def copy_edition(source: Program, target: Program, *, by: User, now: datetime) -> Edition | None:
    """Begin the plan of a programme with that of an earlier one; None when the earlier one has none.

    The signed edition is taken, else the newest. Competencies are found by name; hours of others are left out, and so
    are lead teachers who belong to none of the parties, and dates.
    """
    shelf = queries.shelf_of(source.id)
    origin = shelf.signed or shelf.newest
    if origin is None:
        return None
    plan = queries.read_plans(source.id, [origin.id])[origin.id]
    here = {competency.name: competency.id for competency in competencies_of(target.id)}
    named = {wanted.id: here.get(wanted.name) for wanted in plan.wanted}
    cells = {(m, new): hours for (m, c), hours in plan.cells.items() if (new := named.get(c)) is not None}
    fresh = Plan(plan.stages, plan.modules, (), cells)
    edition = _begin(target, fresh, leaders=_known_leaders(target, plan), dates=False, by=by, now=now)
    audit.record(COPIED, edition, by=by, now=now, program_id=target.id, name=source.name)
    settle(target, edition, by=by, now=now)
    return edition


def _known_leaders(program: Program, plan: Plan) -> set[int]:
    leads = {module.lead_id for module in plan.modules if module.lead_id}
    parties = sa.select(ProgramParty.organization_id).where(ProgramParty.program_id == program.id)
    return set(
        db.session.scalars(
            sa.select(Membership.user_id).where(
                Membership.user_id.in_(leads),
                Membership.organization_id.in_(parties),
                Membership.role.in_(queries.LEADING),
                Membership.ended_on.is_(None),
            )
        )
    )


def _begin(
    program: Program,
    plan: Plan,
    *,
    leaders: set[int] | None = None,
    dates: bool = True,
    by: User,
    now: datetime,
) -> Edition:
    require_open(program, Work.CURRICULUM)
    # Of two who begin at the same moment the second must see the first one's edition.
    db.session.execute(sa.select(Program.id).where(Program.id == program.id).with_for_update(key_share=True))
    require(not queries.shelf_of(program.id).editions, _("This programme has a plan already."))
    edition = Edition(program_id=program.id, number=1, created_by_id=by.id, created_at=now, changed_at=now)
    db.session.add(edition)
    db.session.flush()
    _write(edition, plan, leaders=leaders or set(), dates=dates)
    return edition


def _write(edition: Edition, plan: Plan, *, leaders: set[int] | None, dates: bool = True) -> None:
    """Write a plan's stages, modules and cells into an empty edition; `leaders` None keeps all."""
    for stage in plan.stages:
        db.session.add(_stage(edition, stage, dates))
    made = {module.id: _module(edition, module, leaders) for module in plan.modules}
    db.session.add_all(made.values())
    db.session.flush()
    for (module_id, competency_id), hours in plan.cells.items():
        db.session.add(
            ModuleCompetency(module_id=made[module_id].id, competency_id=competency_id, hours=hours)
        )
    db.session.flush()


def _stage(edition: Edition, stage: StageLine, dates: bool) -> PlanStage:
    return PlanStage(
        edition_id=edition.id,
        number=stage.number,
        name=stage.name,
        name_en=stage.name_en,
        venue=stage.venue,
        weeks=stage.weeks,
        hours=stage.hours,
        gate=stage.gate,
        gate_en=stage.gate_en,
        remedial=stage.remedial,
        starts_on=stage.starts_on if dates else None,
        ends_on=stage.ends_on if dates else None,
    )


def _module(edition: Edition, module: ModuleLine, leaders: set[int] | None) -> Module:
    keeps_lead = leaders is None or module.lead_id in leaders
    return Module(
        edition_id=edition.id,
        stage_number=module.stage_number,
        position=module.position,
        name=module.name,
        name_en=module.name_en,
        theory_hours=module.theory_hours,
        practice_hours=module.practice_hours,
        layer=module.layer,
        practice_level=module.practice_level,
        venue=module.venue,
        taught_by_enterprise=module.taught_by_enterprise,
        jointly_developed=module.jointly_developed,
        lead_teacher_id=module.lead_id if keeps_lead else None,
        **({"lineage": module.lineage} if module.lineage else {}),
    )


def open_edition(program: Program, reason: str, *, by: User, now: datetime) -> Edition:
    """Open the next edition as a copy of the signed one, with the reason for it."""
    require_open(program, Work.CURRICULUM)
    require(reason.strip(), _("Say why the plan is to change."))
    db.session.execute(sa.select(Program.id).where(Program.id == program.id).with_for_update(key_share=True))
    shelf = queries.shelf_of(program.id)
    newest, signed = shelf.newest, shelf.signed
    if newest is None or signed is None:
        raise RuleBroken(_("There is no signed edition yet: change the draft."))
    require(newest is signed, _("Edition %(number)s is open already.", number=newest.number))
    edition = Edition(
        program_id=program.id,
        number=newest.number + 1,
        based_on_id=signed.id,
        reason=reason.strip(),
        created_by_id=by.id,
        created_at=now,
        changed_at=now,
    )
    db.session.add(edition)
    db.session.flush()
    _write(edition, queries.read_plans(program.id, [signed.id])[signed.id], leaders=None)
    audit.record(
        OPENED, edition, by=by, now=now, program_id=program.id, reason=reason.strip(), number=edition.number
    )
    settle(program, edition, by=by, now=now)
    return edition


def discard_edition(program: Program, edition: Edition, *, by: User, now: datetime) -> None:
    """Throw a draft away; what is signed stays in force."""
    edition = opened(program, edition)
    forget_steps(edition.id)
    modules = list(db.session.scalars(sa.select(Module).where(Module.edition_id == edition.id)))
    of_edition = ModuleCompetency.module_id.in_([module.id for module in modules])
    db.session.execute(sa.delete(ModuleCompetency).where(of_edition))
    db.session.execute(sa.delete(Module).where(Module.edition_id == edition.id))
    db.session.execute(sa.delete(PlanStage).where(PlanStage.edition_id == edition.id))
    audit.record(
        DISCARDED,
        "edition",
        by=by,
        now=now,
        program_id=program.id,
        number=edition.number,
        reason=edition.reason,
    )
    db.session.execute(sa.delete(Edition).where(Edition.id == edition.id))
    db.session.expunge(edition)
    settle(program, None, by=by, now=now)


# --- signing --------------------------------------------------------------------------------------


def _board(program: Program, edition: Edition) -> Board:
    board = read_board(program, edition.number)
    assert board is not None
    return board


def _require_seen(edition: Edition, version: int | None) -> None:
    if version is not None and version != edition.version:
        raise Conflict(_("The plan has changed since you opened this page. Read it again, then sign."))


def offer(program: Program, edition: Edition, *, version: int | None = None, by: User, now: datetime) -> None:
    """Put a draft before both sides; refused while a blocking check fails or a priority has no hours."""
    edition = opened(program, edition)
    _require_seen(edition, version)
    _require_ready(_board(program, edition))
    edition.state, edition.offered_at = EditionState.OFFERED, now
    forget_steps(edition.id)
    audit.record(OFFERED, edition, by=by, now=now, program_id=program.id, number=edition.number)
    settle(program, edition, by=by, now=now)


def _require_ready(board: Board) -> None:
    if board.hindrances:
        raise NotReady(board.hindrances)


def withdraw(program: Program, edition: Edition, *, by: User, now: datetime) -> int:
    """Take an edition back from signing so that it can be changed; returns how many signatures fell away."""
    require_open(program, Work.CURRICULUM)
    edition = locked(edition)
    require_unfrozen(edition)
    require(edition.state is EditionState.OFFERED, _("This edition is not offered for signing."))
    fallen = signing.withdraw_all(SUBJECT, edition.id)
    edition.state, edition.offered_at = EditionState.DRAFT, None
    audit.record(
        WITHDRAWN, edition, by=by, now=now, program_id=program.id, number=edition.number, signatures=fallen
    )
    settle(program, edition, by=by, now=now)
    return fallen


def sign(
    program: Program, edition: Edition, side: Side, *, version: int | None = None, by: User, now: datetime
) -> bool:
    """Sign an offered edition for one side; with both signatures it is in force and never changes."""
    require_open(program, Work.CURRICULUM)
    edition = locked(edition)
    require_unfrozen(edition)
    require(edition.state is EditionState.OFFERED, _("This edition is not offered for signing."))
    _require_seen(edition, version)
    board = _board(program, edition)
    _require_ready(board)
    document = document_of(program, edition, board.plan)
    complete = signing.sign(program, SUBJECT, edition.id, document, side=side, by=by, now=now)
    audit.record(SIGNED[side], edition, by=by, now=now, program_id=program.id, number=edition.number)
    if complete:
        edition.signed_document = document
        _put_in_force(program, edition, board, now)
    settle(program, None, by=by, now=now)
    if complete:
        # The planned hours of every trainee follow the plan in force.
        refresh(program.id, Step.ENROLMENT, Step.PRACTICE, now=now)
    return complete


def _put_in_force(program: Program, edition: Edition, board: Board, now: datetime) -> None:
    before = board.shelf.signed
    if before is not None:
        before.state = EditionState.SUPERSEDED
        db.session.flush()
    edition.state, edition.signed_at = EditionState.SIGNED, now
    db.session.flush()
    set_planned_minutes(program, board.totals.minutes)

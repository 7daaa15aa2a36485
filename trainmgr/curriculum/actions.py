"""The life of an edition: begun, offered, signed, superseded. What changes inside a draft is in `editing`."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.curriculum import queries
from trainmgr.curriculum.amending import conclude, open_edition, require_day_ahead, revise
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
from trainmgr.curriculum.rules import Plan
from trainmgr.curriculum.verifying import document_of
from trainmgr.curriculum.writing import write_plan
from trainmgr.identity.models import Membership, User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.i18n import language
from trainmgr.needs.queries import competencies_of
from trainmgr.pathways.rules import from_document
from trainmgr.programs import signing
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import Side, Step, Work
from trainmgr.programs.thread import refresh

__all__ = [
    "FieldFault", "ModuleFacts", "Overtaken", "StageFacts", "add_module", "apply_proposals", "change_module",
    "change_stage", "copy_edition", "create_first_edition", "discard_edition", "move_module", "name_lead", "offer",
    "open_edition", "place_module", "redo", "remove_module", "revise", "set_cell", "set_cells", "shift_module",
    "sign", "undo", "withdraw",
]  # fmt: skip

BEGUN = audit.sentence(
    "curriculum.begin", _l("%(who)s began edition %(number)s of the plan from the pathway")
)
COPIED = audit.sentence("curriculum.copy", _l("%(who)s took over the plan of “%(what)s”"))
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
    write_plan(edition, plan, leaders=leaders or set(), dates=dates)
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
    require_day_ahead(program, edition, local_day(now))
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
    """Sign an offered edition for one side; with both it never changes, and holds at once or from its own day on."""
    require_open(program, Work.CURRICULUM)
    edition = locked(edition)
    require_unfrozen(edition)
    require(edition.state is EditionState.OFFERED, _("This edition is not offered for signing."))
    _require_seen(edition, version)
    require_day_ahead(program, edition, local_day(now))
    board = _board(program, edition)
    _require_ready(board)
    document = document_of(program, edition, board.plan)
    complete = signing.sign(program, SUBJECT, edition.id, document, side=side, by=by, now=now)
    audit.record(SIGNED[side], edition, by=by, now=now, program_id=program.id, number=edition.number)
    if complete:
        edition.signed_document = document
        conclude(program, board, edition, now)
    settle(program, None, by=by, now=now)
    if complete:
        # The planned hours of every trainee follow the plan in force.
        refresh(program.id, Step.ENROLMENT, Step.PRACTICE, now=now)
    return complete

"""What a settled item proposes: to the next edition of its programme, and to its own plan while that may change.

A signed plan stays what it is: a change is taken into a draft by the plan's own actions, and can be undone there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from trainmgr.curriculum.cards import with_hours
from trainmgr.curriculum.editing import change_module, set_cells
from trainmgr.curriculum.hooks import Proposed, proposes
from trainmgr.curriculum.models import Edition, EditionState
from trainmgr.curriculum.queries import module_or_404, read_plans, shelf_of
from trainmgr.curriculum.rules import Plan
from trainmgr.identity.models import User
from trainmgr.improvement import owed
from trainmgr.improvement.models import ImprovementItem, ImprovementProposal
from trainmgr.improvement.rules import Phase, ProposalState
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.needs.models import Competency
from trainmgr.programs.actions import require_open
from trainmgr.programs.hooks import NextEdition, after_next_edition
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State, Work, is_open

TAKEN = audit.sentence(
    "improvement.take_in", _l("%(who)s took a proposed change into the module “%(module)s”: %(what)s")
)
DECLINED = audit.sentence(
    "improvement.decline", _l("%(who)s declined a proposed change of the plan: %(what)s (%(reason)s)")
)
OVER = (State.CLOSED, State.CANCELLED)


def propose(program: Program, item: ImprovementItem, *, now: datetime) -> None:
    """Propose a settled item's change to the next editions that there are, and to its own plan while that changes."""
    if not item.change.strip():
        return
    following = db.session.scalars(
        sa.select(Program).where(Program.predecessor_id == program.id, Program.state.not_in(OVER))
    ).all()
    own = [program] if is_open(Work.CURRICULUM, program.state) else []
    for target in [*following, *own]:
        _add(target, [item], now)


def _add(target: Program, items: Iterable[ImprovementItem], now: datetime) -> None:
    rows = db.session.execute(
        sa.select(ImprovementProposal.item_id, ImprovementProposal.round).where(
            ImprovementProposal.program_id == target.id
        )
    )
    known = {(row[0], row[1]) for row in rows}
    db.session.add_all(
        ImprovementProposal(
            item_id=one.id, round=one.round, program_id=target.id, change=one.change, made_at=now
        )
        for one in items
        if (one.id, one.round) not in known
    )
    db.session.flush()
    owed.renew_proposals(target.id, target.lead_college_id, now)


@after_next_edition
def carry_over(edition: NextEdition) -> None:
    """Propose in the next edition what was settled in this one, and what this one has not decided on itself."""
    waiting = sa.select(ImprovementProposal.item_id).where(
        ImprovementProposal.program_id == edition.previous.id, ImprovementProposal.state == ProposalState.OPEN
    )
    items = db.session.scalars(
        sa.select(ImprovementItem)
        .where(
            ImprovementItem.phase == Phase.CLOSED,
            ImprovementItem.change != "",
            sa.or_(ImprovementItem.program_id == edition.previous.id, ImprovementItem.id.in_(waiting)),
        )
        .order_by(ImprovementItem.id)
    ).all()
    if items:
        _add(edition.program, items, edition.now)


# --- deciding on them ----------------------------------------------------------------------------------------


def draft_of(program: Program) -> Edition | None:
    """Return the draft of a programme's plan, where there is one."""
    newest = shelf_of(program.id).newest
    return newest if newest is not None and newest.state is EditionState.DRAFT else None


def structure_of(program: Program, edition: Edition | None) -> Plan:
    """Return the modules that a change may go into."""
    return read_plans(program.id, [edition.id])[edition.id] if edition is not None else Plan()


def competency_in(program: Program, proposal: ImprovementProposal) -> Competency | None:
    """Return the competency of this programme that the item is about, found by its name; None when there is none."""
    name = proposal.item.measure_ref
    if not name:
        return None
    found: Competency | None = db.session.scalars(
        sa.select(Competency).where(Competency.program_id == program.id, Competency.name == name)
    ).one_or_none()
    return found


def take(
    program: Program,
    proposal: ImprovementProposal,
    module_id: int,
    *,
    hours: int,
    note: str,
    version: int,
    by: User,
    now: datetime,
) -> None:
    """Take a change into a module of the draft; `hours` more serve the competency there, and make room if need be."""
    edition = _deciding(program, proposal, version)
    module, found = module_or_404(program, module_id)
    require(found.id == edition.id, _("The module or the competency is no longer in the plan."))
    competency = competency_in(program, proposal)
    require(not hours or competency, _("The plan has no competency that these hours could serve."))
    if hours and competency is not None:
        _give_hours(program, edition, module_id, competency.id, hours, by=by, now=now)
    proposal.state, proposal.edition_number, proposal.hours = ProposalState.TAKEN, edition.number, hours
    proposal.lineage, proposal.module_name, proposal.reason = module.lineage, module.name, note
    _decided(proposal, by, now)
    audit.record(
        TAKEN,
        proposal,
        by=by,
        now=now,
        program_id=program.id,
        name=proposal.change,
        module=module.name,
        hours=hours,
    )
    owed.renew_proposals(program.id, program.lead_college_id, now)


def _give_hours(
    program: Program,
    edition: Edition,
    module_id: int,
    competency_id: int,
    hours: int,
    *,
    by: User,
    now: datetime,
) -> None:
    plan = structure_of(program, edition)
    line = plan.module(module_id)
    assert line is not None
    given = sum(value for (module, _one), value in plan.cells.items() if module == module_id)
    lacking = given + hours - line.hours
    if lacking > 0:
        facts = with_hours(line, line.theory_hours, line.practice_hours + lacking)
        change_module(program, edition, module_or_404(program, module_id)[0], facts, by=by, now=now)
    cell = (module_id, competency_id)
    set_cells(program, edition, {cell: plan.cells.get(cell, 0) + hours}, by=by, now=now)


def decline(
    program: Program, proposal: ImprovementProposal, *, reason: str, version: int, by: User, now: datetime
) -> None:
    """Say why a proposed change is not made; it stays on the list with the reason."""
    require_open_plan(program)
    _require_waiting(proposal, version)
    require(reason.strip(), _("Say why it is declined."))
    proposal.state, proposal.reason = ProposalState.DECLINED, reason
    _decided(proposal, by, now)
    audit.record(
        DECLINED, proposal, by=by, now=now, program_id=program.id, name=proposal.change, reason=reason
    )
    owed.renew_proposals(program.id, program.lead_college_id, now)


def require_open_plan(program: Program) -> None:
    """A decision belongs to the making of the plan: from the first draft of the programme until its end."""
    if program.state not in (State.DRAFT, State.ANALYSING):
        require_open(program, Work.CURRICULUM)


def _deciding(program: Program, proposal: ImprovementProposal, version: int) -> Edition:
    require_open(program, Work.CURRICULUM)
    _require_waiting(proposal, version)
    edition = draft_of(program)
    require(
        edition,
        _("What is signed or offered stays as it is. Open a draft of the plan, then take it in there."),
    )
    assert edition is not None
    return edition


def _require_waiting(proposal: ImprovementProposal, version: int) -> None:
    if proposal.version != version or proposal.state is not ProposalState.OPEN:
        raise Conflict(_("Somebody has decided on this change meanwhile."))


def _decided(proposal: ImprovementProposal, by: User, now: datetime) -> None:
    proposal.by_id, proposal.by_name, proposal.at = by.id, by.name, now


# --- beside the plan ------------------------------------------------------------------------------------------


def _waits(program_id: int) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        ImprovementProposal.program_id == program_id, ImprovementProposal.state == ProposalState.OPEN
    )


@proposes(_waits)
def beside_the_plan(program: Program) -> list[Proposed]:
    """Return the proposed changes that wait, for the pages of the plan: one statement."""
    rows = db.session.scalars(
        sa.select(ImprovementProposal)
        .where(ImprovementProposal.program_id == program.id, ImprovementProposal.state == ProposalState.OPEN)
        .options(joinedload(ImprovementProposal.item))
        .order_by(ImprovementProposal.id)
        .limit(20)
    )
    return [
        Proposed(
            row.change,
            row.item.title,
            url_for("improvement.show_proposal", program_id=program.id, proposal_id=row.id),
        )
        for row in rows
    ]

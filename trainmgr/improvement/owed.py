"""What improvement asks of whom: items of those who answer for them, checks and decisions of the staff."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from trainmgr.improvement.models import ImprovementItem, ImprovementProposal
from trainmgr.improvement.rules import Phase, ProposalState
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.programs import dues
from trainmgr.programs.dues import DueCode, Line, code
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Step

DO = code(
    "improvement-do",
    DueCode(
        step=Step.RESULT,
        title=N_("Improvement: %(title)s"),
        hint=N_("plan it, carry it out, hand in what shows it"),
        verb=N_("Open it"),
        endpoint="improvement.show_item",
        subject_arg="item_id",
        outlives=True,
    ),
)
CHECK = code(
    "improvement-check",
    DueCode(
        step=Step.RESULT,
        title=N_("Improvement to check: %(title)s"),
        hint=N_("by somebody else than who carried it out"),
        verb=N_("Check it"),
        endpoint="improvement.show_item",
        subject_arg="item_id",
        outlives=True,
    ),
)
PROPOSED = code(
    "improvement-proposed",
    DueCode(
        step=Step.CURRICULUM,
        title=N_n(
            "One change of the plan is proposed by improvement",
            "%(amount)s changes of the plan are proposed by improvement",
        ),
        hint=N_("take each into a module, or say why not"),
        verb=N_("Decide"),
        endpoint="improvement.list_proposals",
    ),
)


def renew_item(program: Program, item: ImprovementItem, now: datetime) -> None:
    """Ask whoever's turn it is for the next step of an item."""
    day = local_day(now)
    params = {"title": item.title}
    doing = Line(user_id=item.doer_id, subject_id=item.id, due_on=item.due_on, params=params)
    checking = Line(
        organization_id=program.lead_college_id,
        role=Role.STAFF,
        subject_id=item.id,
        due_on=item.due_on,
        params=params,
    )
    for name, line, phases in ((DO, doing, (Phase.PLAN, Phase.DO)), (CHECK, checking, (Phase.CHECK,))):
        lines = [line] if item.phase in phases else []
        dues.put_many(
            name, lines, program_id=program.id, visible_from=day, replace=True, subject_ids=[item.id]
        )


def renew_proposals(program_id: int, lead_college_id: int, now: datetime) -> None:
    """Tell the staff of a programme how many proposed changes wait."""
    waiting = db.session.scalar(
        sa.select(sa.func.count()).where(
            ImprovementProposal.program_id == program_id, ImprovementProposal.state == ProposalState.OPEN
        )
    )
    dues.put(
        PROPOSED,
        program_id=program_id,
        visible_from=local_day(now),
        organization_id=lead_college_id,
        role=Role.STAFF,
        amount=waiting or 0,
    )

"""How the plan of a programme stands, what is missing before recruiting, and what is due from whom."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trainmgr.curriculum.board import Board, newest_board, read_board
from trainmgr.curriculum.frozen import FROZEN
from trainmgr.curriculum.models import Edition
from trainmgr.identity.models import Membership
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.programs import dues
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import (
    Assessment,
    Figure,
    Missing,
    PartyRole,
    Side,
    State,
    Step,
    StepState,
    Work,
    is_open,
)
from trainmgr.programs.thread import assesses, follows

STAFF = N_("Programme staff")
SIGNERS = {Side.COLLEGE: N_("Programme staff"), Side.ENTERPRISE: N_("Enterprise coordinator")}
UNSIGNED = {
    Side.COLLEGE: N_("Edition %(number)s of the plan: the college side has not signed"),
    Side.ENTERPRISE: N_("Edition %(number)s of the plan: the enterprise side has not signed"),
}
DAYS_TO_SIGN = 7

TO_SIGN = dues.code(
    "plan-to-sign",
    dues.DueCode(
        step=Step.CURRICULUM,
        title=N_("Sign edition %(number)s of the plan"),
        hint=N_("%(modules)s modules, %(hours)s hours"),
        verb=N_("Read and sign"),
        endpoint="curriculum.show_plan",
    ),
)
TO_MEND = dues.code(
    "plan-to-mend",
    dues.DueCode(
        step=Step.CURRICULUM,
        title=N_n(
            "Edition %(number)s of the plan: one thing to mend before signing",
            "Edition %(number)s of the plan: %(amount)s things to mend before signing",
        ),
        verb=N_("Mend"),
        endpoint="curriculum.show_plan",
    ),
)
TO_ASSIGN = dues.code(
    "modules-to-assign",
    dues.DueCode(
        step=Step.CURRICULUM,
        title=N_n(
            "Say which competencies your modules serve: one has none yet",
            "Say which competencies your modules serve: %(amount)s have none yet",
        ),
        verb=N_("Fill in"),
        endpoint="curriculum.show_matrix",
    ),
)


@assesses(Step.CURRICULUM)
def assess(program: Program, now: datetime) -> Assessment:
    """The step is done when an edition is signed; a newer draft only tells what it lacks."""
    board = newest_board(program)
    if board.edition is None:
        return _nothing_yet(program)
    signed = board.shelf.signed
    missing = _missing(program, board, blocks=None if signed else State.RECRUITING)
    shown = board if signed is None or signed is board.edition else _signed(program, signed)
    note, tone = _note(board, signed)
    number = signed.number if signed else board.edition.number
    return Assessment(
        StepState.DONE if signed else StepState.ASKING if board.is_offered else StepState.NOW,
        count=N_("%(modules)s modules, %(hours)s hours"),
        note=note,
        note_tone=tone,
        params=_sizes(shown) | {"number": number, "lacking": len(board.hindrances)},
        missing=missing,
        figures=[_figure(shown)] if shown.totals.hours else [],
    )


def _signed(program: Program, edition: Edition) -> Board:
    board = read_board(program, edition.number)
    assert board is not None
    return board


def _nothing_yet(program: Program) -> Assessment:
    is_here = is_open(Work.CURRICULUM, program.state)
    return Assessment(
        StepState.NOW if is_here else StepState.NEXT,
        count=N_("no plan yet"),
        note=N_("begin with the stages of the pathway") if is_here else N_("comes after the needs"),
        missing=[_lacks(program, N_("The plan has no edition yet"), State.RECRUITING)],
    )


def _sizes(board: Board) -> dict[str, Any]:
    return {"modules": board.totals.modules, "hours": f"{board.totals.hours:,}"}


def _figure(board: Board) -> Figure:
    return Figure(
        N_("Practice hours in the plan"), part=board.totals.practice, whole=board.totals.hours, share=True
    )


def _note(board: Board, signed: Edition | None) -> tuple[str, str]:
    if signed is not None:
        return N_("edition %(number)s signed"), "lock"
    if board.is_offered:
        return N_("edition %(number)s waits for signatures"), "warn"
    if board.hindrances:
        return N_("edition %(number)s: %(lacking)s to mend"), "info"
    return N_("edition %(number)s can be signed"), "info"


def _lacks(program: Program, msgid: str, blocks: State | None, anchor: str = "", **params: Any) -> Missing:
    args: dict[str, Any] = {"program_id": program.id} | ({"_anchor": anchor} if anchor else {})
    return Missing(
        msgid, blocks=blocks, params=params, who_msgid=STAFF, endpoint="curriculum.show_plan", args=args
    )


def _missing(program: Program, board: Board, blocks: State | None) -> list[Missing]:
    edition = board.edition
    if edition is None or edition.state in FROZEN:
        return []
    if board.is_offered:
        return [_unsigned(program, board, edition, side, blocks) for side in board.unsigned]
    number = edition.number
    found = [
        _lacks(
            program,
            N_("Edition %(number)s of the plan fails the check “%(check)s”"),
            blocks,
            "mend",
            number=number,
            check={"zh": result.check.name.zh, "en": result.check.name.en},
        )
        for result in board.hindrances.checks
    ]
    found += [
        _lacks(
            program,
            N_("Edition %(number)s of the plan gives no hours to priority %(rank)s, “%(competency)s”"),
            blocks,
            "mend",
            number=number,
            rank=wanted.rank,
            competency={"zh": wanted.name, "en": wanted.name_en},
        )
        for wanted in board.hindrances.uncovered
    ]
    return found or [
        _lacks(
            program,
            N_("Edition %(number)s of the plan is not offered for signing yet"),
            blocks,
            number=number,
        )
    ]


def _unsigned(program: Program, board: Board, edition: Edition, side: Side, blocks: State | None) -> Missing:
    return Missing(
        UNSIGNED[side],
        blocks=blocks,
        params={"number": edition.number},
        who=", ".join(p.organization.short for p in program.parties if p.role.side is side)
        if "parties" in program.__dict__
        else "",
        who_msgid=SIGNERS[side],
        due_on=_sign_by(edition),
        endpoint="curriculum.show_plan",
        args={"program_id": program.id},
        due_code=TO_SIGN,
    )


def _sign_by(edition: Edition) -> Any:
    return local_day(edition.offered_at) + timedelta(days=DAYS_TO_SIGN) if edition.offered_at else None


# --- what is due ----------------------------------------------------------------------------------


def keep_dues(program: Program, *, now: datetime) -> None:
    """Bring the inboxes up to date: who is to sign, mend, or say what a module serves."""
    board, today = newest_board(program), local_day(now)
    parties = db.session.execute(
        sa.select(ProgramParty.organization_id, ProgramParty.role).where(
            ProgramParty.program_id == program.id
        )
    ).all()
    for name, lines in (
        (TO_SIGN, _lines_to_sign(board, parties)),
        (TO_MEND, _lines_to_mend(board, parties)),
        (TO_ASSIGN, _lines_to_assign(board)),
    ):
        dues.put_many(name, lines, program_id=program.id, visible_from=today, replace=True)


def _lines_to_sign(board: Board, parties: Any) -> list[dues.Line]:
    if board.edition is None:
        return []
    params = _sizes(board) | {"number": board.edition.number}
    roles = {PartyRole.LEAD_COLLEGE: Role.STAFF, PartyRole.ENTERPRISE: Role.ENTERPRISE_COORDINATOR}
    return [
        dues.Line(
            organization_id=organization_id, role=roles[role], due_on=_sign_by(board.edition), params=params
        )
        for organization_id, role in parties
        if role in roles and role.side in board.unsigned
    ]


def _lines_to_mend(board: Board, parties: Any) -> list[dues.Line]:
    amount = len(board.hindrances) if board.is_draft else 0
    if not amount or board.edition is None:
        return []
    return [
        dues.Line(
            organization_id=organization_id,
            role=Role.STAFF,
            amount=amount,
            params={"number": board.edition.number},
        )
        for organization_id, role in parties
        if role is PartyRole.LEAD_COLLEGE
    ]


def _lines_to_assign(board: Board) -> list[dues.Line]:
    """School teachers fill in what their own modules serve; an enterprise's people do not edit plans."""
    if not board.is_draft or not board.plan.wanted:
        return []
    idle = Counter(
        load.module.lead_id for load in board.loads.values() if load.module.lead_id and not load.given
    )
    if not idle:
        return []
    teachers = db.session.scalars(
        sa.select(Membership.user_id)
        .where(
            Membership.user_id.in_(idle),
            Membership.role == Role.SCHOOL_TEACHER,
            Membership.ended_on.is_(None),
        )
        .distinct()
    )
    return [dues.Line(user_id=user_id, amount=idle[user_id]) for user_id in teachers]


@follows(Step.PROGRAM, Step.NEEDS, own=Step.CURRICULUM)
def follow(program_id: int, now: datetime) -> bool:
    """Priorities and people of the programme count in the checks: where there is a plan, it is assessed anew."""
    program = db.session.get(Program, program_id)
    if program is None or not db.session.scalar(
        sa.select(sa.exists().where(Edition.program_id == program_id))
    ):
        return False
    keep_dues(program, now=now)
    return True

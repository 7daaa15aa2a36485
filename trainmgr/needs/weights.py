"""The weights of the two sides: changed by proposal and consent, so that neither side tips the list alone."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.needs.keeping import opened, settle
from trainmgr.needs.models import WeightProposal
from trainmgr.needs.rules import WeightState
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side

PROPOSED = audit.sentence(
    "needs.propose-weights", _l("%(who)s proposed to weigh people and business %(trainee)s : %(enterprise)s")
)
ANSWERED = {
    WeightState.ACCEPTED: audit.sentence(
        "needs.accept-weights", _l("%(who)s agreed to weigh people and business %(trainee)s : %(enterprise)s")
    ),
    WeightState.REFUSED: audit.sentence(
        "needs.refuse-weights", _l("%(who)s refused the weights %(trainee)s : %(enterprise)s: %(reason)s")
    ),
    WeightState.WITHDRAWN: audit.sentence(
        "needs.withdraw-weights", _l("%(who)s took back the proposal of weights %(trainee)s : %(enterprise)s")
    ),
}


def find_open(program_id: int) -> WeightProposal | None:
    """Return the weights that await the other side's consent, with who proposed them, or None."""
    return db.session.scalars(
        sa.select(WeightProposal)
        .where(WeightProposal.program_id == program_id, WeightProposal.state == WeightState.OPEN)
        .options(joinedload(WeightProposal.by))
    ).one_or_none()


def propose(
    program: Program, trainee_weight: int, *, side: Side, reason: str, by: User, now: datetime
) -> WeightProposal | None:
    """Ask the other side to weigh the trainee side so (percent); a proposal that waits is replaced.

    Returns None where these weights are in force already.
    """
    analysis = opened(program)
    waiting = find_open(program.id)
    if waiting is not None:
        if waiting.trainee_weight == trainee_weight:
            return waiting
        _close(waiting, WeightState.WITHDRAWN, by=by, now=now)
    if trainee_weight == analysis.trainee_weight:
        return None
    proposal = WeightProposal(
        program_id=program.id, trainee_weight=trainee_weight, reason=reason, side=side, by_id=by.id, at=now
    )
    db.session.add(proposal)
    db.session.flush()
    _record(PROPOSED, proposal, by=by, now=now)
    settle(program, analysis, now=now)
    return proposal


def answer(
    program: Program, *, side: Side, accept: bool, reason: str = "", by: User, now: datetime
) -> WeightProposal:
    """Give the other side's word: agreed weights are in force at once and the list is ranked anew."""
    analysis = opened(program)
    proposal = find_open(program.id)
    require(
        proposal is not None, _("There is no proposal of weights any more; it was answered or taken back.")
    )
    assert proposal is not None
    require(proposal.side is not side, _("Your own side has proposed these weights; the other side answers."))
    _close(proposal, WeightState.ACCEPTED if accept else WeightState.REFUSED, reason=reason, by=by, now=now)
    if accept:
        analysis.trainee_weight = proposal.trainee_weight
    settle(program, analysis, now=now)
    return proposal


def withdraw(program: Program, *, side: Side, by: User, now: datetime) -> None:
    """Take the own side's proposal back."""
    analysis = opened(program)
    proposal = find_open(program.id)
    require(
        proposal is not None and proposal.side is side, _("Your side has no proposal of weights that waits.")
    )
    assert proposal is not None
    _close(proposal, WeightState.WITHDRAWN, by=by, now=now)
    settle(program, analysis, now=now)


def _close(
    proposal: WeightProposal, state: WeightState, *, reason: str = "", by: User, now: datetime
) -> None:
    proposal.state, proposal.answered_by_id, proposal.answered_at = state, by.id, now
    proposal.answer = reason
    db.session.flush()
    _record(ANSWERED[state], proposal, by=by, now=now)


def _record(sentence: str, proposal: WeightProposal, *, by: User, now: datetime) -> None:
    audit.record(
        sentence,
        proposal,
        by=by,
        now=now,
        program_id=proposal.program_id,
        name="",
        trainee=proposal.trainee_weight,
        enterprise=100 - proposal.trainee_weight,
        reason=proposal.answer or proposal.reason,
    )

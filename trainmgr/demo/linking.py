"""A mentor of 蓝思 without an account, who comes in by a personal link; link and code are no secrets of the demo."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trainmgr.demo import LINK_CODE, LINK_TOKEN
from trainmgr.demo.playing import Case
from trainmgr.identity.models import User
from trainmgr.identity.sessions import digest_of
from trainmgr.kernel.db import db
from trainmgr.links.actions import digest_of_code, issue_link
from trainmgr.links.queries import OWN_PASSWORD
from trainmgr.mentoring.models import Mentor, ProgramMentor
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.programs.rules import Side

DAYS = 180


def give_link(case: Case) -> Case:
    """Let the coordinator give the mentor with the most logs to sign a link, two days ago; nobody has opened it yet."""
    given = case.days.at(case.days.today - timedelta(days=2), 16, 20)
    issued = issue_link(case.program, _busiest(case), days=DAYS, by=case.cast["luo"], now=given)
    link = issued.link
    link.token_digest = digest_of(LINK_TOKEN)
    link.code_digest, link.code_until = digest_of_code(link.id, LINK_CODE), link.expires_at
    return case


def _busiest(case: Case) -> ProgramMentor:
    """Return the enterprise's mentor without a password for whom most logs wait."""
    waiting = (
        sa.select(sa.func.count())
        .where(PracticeLog.signer_id == Mentor.user_id, PracticeLog.state == LogState.SUBMITTED)
        .scalar_subquery()
    )
    return db.session.scalars(
        sa.select(ProgramMentor)
        .join(Mentor, Mentor.id == ProgramMentor.mentor_id)
        .join(User, User.id == Mentor.user_id)
        .where(
            ProgramMentor.program_id == case.program.id,
            ProgramMentor.side == Side.ENTERPRISE,
            ProgramMentor.load > 0,
            sa.not_(OWN_PASSWORD),
        )
        .options(joinedload(ProgramMentor.mentor).joinedload(Mentor.user))
        .order_by(waiting.desc(), ProgramMentor.id)
        .limit(1)
    ).one()

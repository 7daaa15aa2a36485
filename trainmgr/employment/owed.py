"""What follow-up asks of whom: graduates to answer while a round is open, employers to confirm who works for them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from trainmgr.employment.labels import round_said
from trainmgr.employment.models import EmployerWord, FollowUpAnswer, FollowUpRound
from trainmgr.employment.queries import GRADUATED, answer_of, word_of
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.programs import dues
from trainmgr.programs.dues import DueCode, Line, code
from trainmgr.programs.rules import Step

ANSWER = code(
    "follow-up",
    DueCode(
        step=Step.RESULT,
        title=N_("Tell what became of you: %(round)s"),
        hint=N_("two minutes; asked once a round"),
        verb=N_("Tell it"),
        endpoint="employment.edit_own_answer",
        subject_arg="round_id",
        outlives=True,
    ),
)
CONFIRM = code(
    "follow-up-confirm",
    DueCode(
        step=Step.RESULT,
        title=N_n(
            "Confirm who works for you: one graduate", "Confirm who works for you: %(amount)s graduates"
        ),
        hint=N_("%(round)s; and say how satisfied you are"),
        verb=N_("Confirm"),
        endpoint="employment.list_hired",
        subject_arg="round_id",
        outlives=True,
    ),
)


def renew(asked: FollowUpRound, *, now: datetime) -> None:
    """Bring up to date what an open round asks of graduates and of employers; a shut one asks nothing."""
    if asked.is_open_on(local_day(now)):
        ask_graduates(asked, now=now)
        ask_employers(asked, now=now)
    else:
        for name in (ANSWER, CONFIRM):
            dues.drop(name, program_id=asked.program_id, subject_ids=[asked.id])


def ask_graduates(asked: FollowUpRound, *, now: datetime) -> None:
    """Ask everybody who has not answered, in as many statements for 1,800 as for one."""
    people = db.session.scalars(
        sa.select(Enrolment.user_id)
        .outerjoin(FollowUpAnswer, answer_of(asked.id))
        .where(Enrolment.program_id == asked.program_id, GRADUATED, FollowUpAnswer.id.is_(None))
    )
    said = {"round": round_said(asked.months)}
    lines = [
        Line(user_id=user_id, subject_id=asked.id, due_on=asked.closes_on, params=said) for user_id in people
    ]
    dues.put_many(
        ANSWER, lines, program_id=asked.program_id, visible_from=asked.opens_on, replace=True,
        subject_ids=[asked.id],
    )  # fmt: skip


def ask_employers(asked: FollowUpRound, *, now: datetime) -> None:
    """Ask coordinators to confirm who is said to work for their enterprise."""
    rows = db.session.execute(
        sa.select(FollowUpAnswer.employer_id, sa.func.count())
        .select_from(Enrolment)
        .join(FollowUpAnswer, answer_of(asked.id))
        .outerjoin(EmployerWord, word_of(asked.id))
        .where(
            FollowUpAnswer.employer_id.is_not(None),
            FollowUpAnswer.employer_id == Enrolment.enterprise_id,  # whom its coordinator may see
            EmployerWord.id.is_(None),
        )
        .group_by(FollowUpAnswer.employer_id)
    )
    said = {"round": round_said(asked.months)}
    lines = [
        Line(
            organization_id=employer_id, role=Role.ENTERPRISE_COORDINATOR, subject_id=asked.id, amount=amount,
            due_on=asked.closes_on, params=said,
        )
        for employer_id, amount in rows
    ]  # fmt: skip
    dues.put_many(
        CONFIRM, lines, program_id=asked.program_id, visible_from=asked.opens_on, replace=True,
        subject_ids=[asked.id],
    )  # fmt: skip


def answered(asked: FollowUpRound, user_id: int) -> None:
    """Take a graduate's line off the inbox."""
    dues.drop(ANSWER, program_id=asked.program_id, subject_ids=[asked.id], user_ids=[user_id])

"""What moderation asks of whom: raters to talk, staff to decide and to answer appeals."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from trainmgr.evaluation.models import Window
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.moderation.models import Appeal, Moderation, ModerationSide
from trainmgr.moderation.rules import AppealState, ModerationState, SideAnswer
from trainmgr.programs import dues
from trainmgr.programs.dues import DueCode, Line, code
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Step

TALK = code(
    "moderate",
    DueCode(
        step=Step.EVALUATION,
        title=N_n(
            "One result on which you and another party are far apart",
            "%(amount)s results on which you and another party are far apart",
        ),
        hint=N_("look at both ratings, then keep yours or revise it"),
        verb=N_("Look at them"),
        endpoint="moderation.list_moderations",
    ),
)
DECIDE = code(
    "decide-moderation",
    DueCode(
        step=Step.EVALUATION,
        title=N_n(
            "One divergent result waits for a moderator", "%(amount)s divergent results wait for a moderator"
        ),
        hint=N_("the raters stayed apart"),
        verb=N_("Decide"),
        endpoint="moderation.list_moderations",
    ),
)
ANSWER = code(
    "answer-appeals",
    DueCode(
        step=Step.EVALUATION,
        title=N_n("One appeal to be answered", "%(amount)s appeals to be answered"),
        verb=N_("Answer them"),
        endpoint="moderation.list_appeals",
    ),
)
READ = code(
    "read-appeal-answer",
    DueCode(
        step=Step.EVALUATION,
        title=N_("Your appeal was answered: %(window)s"),
        hint=N_("read the answer and its reason"),
        verb=N_("Read it"),
        endpoint="moderation.new_appeal",
        subject_arg="window_id",
        outlives=True,
    ),
)


def tell_answer(window: Window, user_id: int, now: datetime) -> None:
    """Put the answer to an appeal into the trainee's inbox, where it stays until it was read."""
    name = {"zh": window.name, "en": window.name_en or window.name}
    line = Line(user_id=user_id, subject_id=window.id, params={"window": name})
    dues.put_many(READ, [line], program_id=window.program_id, visible_from=local_day(now))


def renew(program_id: int, now: datetime) -> None:
    """Bring every inbox up to date with a programme's moderations and appeals."""
    db.session.flush()
    today = local_day(now)
    waiting = db.session.execute(
        sa.select(ModerationSide.rater_id, sa.func.count(), sa.func.min(Moderation.answer_until))
        .join(Moderation, Moderation.id == ModerationSide.moderation_id)
        .where(
            Moderation.program_id == program_id,
            Moderation.state == ModerationState.TALK,
            ModerationSide.answer == SideAnswer.WAITING,
        )
        .group_by(ModerationSide.rater_id)
    ).all()
    lines = [
        Line(user_id=rater_id, amount=amount, due_on=local_day(until)) for rater_id, amount, until in waiting
    ]
    dues.put_many(TALK, lines, program_id=program_id, visible_from=today, replace=True)
    counts = sa.select(
        sa.select(sa.func.count())
        .where(Moderation.program_id == program_id, Moderation.state == ModerationState.DECIDE)
        .scalar_subquery(),
        sa.select(sa.func.count())
        .where(Appeal.program_id == program_id, Appeal.state == AppealState.OPEN)
        .scalar_subquery(),
        sa.select(Program.lead_college_id).where(Program.id == program_id).scalar_subquery(),
    )
    undecided, unanswered, college_id = db.session.execute(counts).one()
    for name, amount in ((DECIDE, undecided), (ANSWER, unanswered)):
        line = Line(organization_id=college_id, role=Role.STAFF, amount=amount)
        dues.put_many(name, [line], program_id=program_id, visible_from=today)

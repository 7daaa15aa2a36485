"""How the last step of a programme stands: who passed, what was closed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.moderation import owed
from trainmgr.moderation.models import Appeal
from trainmgr.moderation.rules import AppealState
from trainmgr.outcomes.models import GapClosure, PassDecision
from trainmgr.outcomes.queries import COUNTED
from trainmgr.outcomes.rules import PassKind
from trainmgr.programs import dues
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Assessment, Figure, Missing, State, Step, StepState
from trainmgr.programs.thread import assesses

DECIDE = dues.code(
    "decide-passes",
    dues.DueCode(
        step=Step.RESULT,
        title=N_n("Decide on one trainee", "Decide on %(amount)s trainees"),
        hint=N_("passed or not passed"),
        verb=N_("Decide"),
        endpoint="outcomes.show_result",
    ),
)


@assesses(Step.RESULT)
def assess(program: Program, now: datetime) -> Assessment:
    """Done when everybody is decided on, no appeal waits and the programme is closed."""
    people = db.session.scalar(
        sa.select(sa.func.count()).select_from(Enrolment).where(Enrolment.program_id == program.id, COUNTED)
    )
    passed, decided = db.session.execute(
        sa.select(
            sa.func.count(sa.case((PassDecision.kind == PassKind.PASSED, 1))), sa.func.count(PassDecision.id)
        )
        .join(Enrolment, Enrolment.id == PassDecision.enrolment_id)
        .where(PassDecision.program_id == program.id, PassDecision.is_present, COUNTED)
    ).one()
    closed, measured = db.session.execute(
        sa.select(sa.func.count(sa.case((GapClosure.is_closed, 1))), sa.func.count(GapClosure.id)).where(
            GapClosure.program_id == program.id, GapClosure.cohort_id.is_(None)
        )
    ).one()
    people = people or 0
    undecided = people - decided
    _put_due(program, undecided, now)
    params = {
        "passed": passed,
        "people": people,
        "undecided": undecided,
        "closed": closed,
        "measured": measured,
    }
    missing = _undecided(program, people, undecided) + _unanswered(program)
    figures = [Figure(N_("Priority gaps closed"), closed, measured)] if measured else []
    if program.state is State.CLOSED:
        note = N_("%(closed)s of %(measured)s gaps closed")
        return Assessment(
            StepState.DONE, N_("%(passed)s of %(people)s passed"), note, "ok", params, missing, figures
        )
    if program.state is not State.EVALUATING:
        return Assessment(StepState.NEXT, N_("not begun"), "", "", params, missing, figures)
    if undecided:
        return Assessment(StepState.ASKING, N_("%(passed)s of %(people)s passed"), N_("%(undecided)s to decide"),
                          "warn", params, missing, figures)  # fmt: skip
    return Assessment(StepState.NOW, N_("%(passed)s of %(people)s passed"), N_("everybody is decided on"), "ok",
                      params, missing, figures)  # fmt: skip


def _undecided(program: Program, people: int, undecided: int) -> list[Missing]:
    if people and not undecided:
        return []
    return [
        Missing(
            N_("%(undecided)s trainees are not decided on: passed or not"),
            blocks=State.CLOSED,
            params={"undecided": undecided},
            who_msgid=N_("Programme staff"),
            endpoint="outcomes.show_result",
            args={"program_id": program.id},
        )
    ]


def _unanswered(program: Program) -> list[Missing]:
    """Name the appeals that wait: once the programme is closed no mark of it moves any more."""
    count = db.session.scalar(
        sa.select(sa.func.count()).where(Appeal.program_id == program.id, Appeal.state == AppealState.OPEN)
    )
    if not count:
        return []
    return [
        Missing(
            N_n("One appeal is not answered", "%(count)s appeals are not answered"),
            blocks=State.CLOSED,
            params={"count": count},
            who_msgid=N_("Programme staff"),
            endpoint="moderation.list_appeals",
            args={"program_id": program.id},
            due_code=owed.ANSWER,
        )
    ]


def _put_due(program: Program, undecided: int, now: datetime) -> None:
    dues.put(
        DECIDE,
        program_id=program.id,
        organization_id=program.lead_college_id,
        role=Role.STAFF,
        amount=undecided if program.state is State.EVALUATING else 0,
        visible_from=local_day(now),
        due_on=program.ends_on,
    )

"""How the step Enrolment of a programme stands, and what is due from those who judge applications."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.roster import lacks_number
from trainmgr.enrolment.rules import numbers_needed
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import (
    ORDER,
    Assessment,
    Figure,
    Missing,
    PartyRole,
    Side,
    State,
    Step,
    StepState,
)
from trainmgr.programs.thread import assesses
from trainmgr.recruitment.models import Application, ApplicationState, PlanState, RecruitmentPlan, Verdict
from trainmgr.recruitment.owed import TO_JUDGE, TO_SIGN

STAFF = N_("Programme staff")
COORDINATOR = N_("Enterprise coordinator")


@dataclass(frozen=True)
class Tally:
    """What there is to count of a programme's enrolment."""

    present: int
    left: int
    numberless: int
    homeless: int  # without an enterprise
    unjudged: int  # by at least one side
    unjudged_college: int
    unjudged_enterprise: int
    waitlisted: int
    has_enterprise: bool
    offered: int  # plans that await signatures


def tally(program: Program) -> Tally:
    """Count a programme's trainees and applications: four aggregate selects."""
    present = Enrolment.state != EnrolmentState.WITHDRAWN

    def those(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    trainees = db.session.execute(
        sa.select(
            those(present),
            those(~present),
            those(sa.and_(present, lacks_number(program.kind))),
            those(sa.and_(present, Enrolment.enterprise_id.is_(None))),
        ).where(Enrolment.program_id == program.id)
    ).one()
    pending = Application.state == ApplicationState.PENDING
    applications = db.session.execute(
        sa.select(
            those(pending),
            those(sa.and_(pending, ~_judged(Side.COLLEGE))),
            those(sa.and_(pending, ~_judged(Side.ENTERPRISE))),
            those(Application.state == ApplicationState.WAITLISTED),
        ).where(Application.program_id == program.id)
    ).one()
    enterprise = sa.select(ProgramParty.id).where(
        ProgramParty.program_id == program.id, ProgramParty.role == PartyRole.ENTERPRISE
    )
    offered = sa.select(sa.func.count()).where(
        RecruitmentPlan.program_id == program.id, RecruitmentPlan.state == PlanState.OFFERED
    )
    return Tally(
        *trainees,
        *applications,
        has_enterprise=db.session.scalar(enterprise.limit(1)) is not None,
        offered=db.session.scalar(offered) or 0,
    )


def _judged(side: Side) -> sa.ColumnElement[bool]:
    return sa.exists().where(Verdict.application_id == Application.id, Verdict.side == side)


@assesses(Step.ENROLMENT)
def assess(program: Program, now: datetime) -> Assessment:
    """Enrolment is done when people are there, every application is judged and nobody lacks what the kind needs."""
    found = tally(program)
    missing = list(_missing(program, found))
    note, tone = _note(program, found)
    params = {
        "present": found.present,
        "planned": program.planned_size,
        "left": found.left,
        "lacking": found.numberless,
        "unjudged": found.unjudged,
        "waitlisted": found.waitlisted,
    }
    return Assessment(
        _state(program, found, missing),
        count=N_("%(present)s / %(planned)s people") if program.planned_size else N_("%(present)s people"),
        note=note,
        note_tone=tone,
        params=params,
        missing=missing,
        figures=[
            Figure(
                N_("Trainees enrolled"),
                part=found.present,
                whole=program.planned_size,
                hint=N_("%(left)s left") if found.left else "",
                params={"left": found.left},
            )
        ],
    )


def _state(program: Program, found: Tally, missing: list[Missing]) -> StepState:
    reached = program.state in ORDER and ORDER.index(program.state) >= ORDER.index(State.RECRUITING)
    if found.unjudged or found.offered or (missing and found.present):
        return StepState.ASKING
    if not found.present:
        return StepState.NOW if reached else StepState.NEXT
    is_full = program.planned_size is None or found.present >= program.planned_size
    return StepState.DONE if is_full or program.state is not State.RECRUITING else StepState.NOW


def _note(program: Program, found: Tally) -> tuple[str, str]:
    if found.unjudged:
        return N_("%(unjudged)s applications to judge"), "warn"
    if found.offered:
        return N_("recruitment plan awaits signatures"), "warn"
    if found.numberless:
        return N_("%(lacking)s lack a number"), "warn"
    if found.waitlisted:
        return N_("%(waitlisted)s on the waiting list"), "info"
    if found.left:
        return N_("%(left)s left"), "ok"
    needed = numbers_needed(program.kind)
    if found.present and needed.student and needed.employee:
        return N_("everyone student and employee"), "ok"
    return "", ""


def _missing(program: Program, found: Tally) -> Iterator[Missing]:
    def lacks(msgid: str, amount: int, who: str, endpoint: str, due_code: str = "") -> Iterator[Missing]:
        if amount:
            yield Missing(
                msgid,
                blocks=State.RUNNING,
                params={"amount": amount},
                who_msgid=who,
                endpoint=endpoint,
                args={"program_id": program.id},
                due_code=due_code,
            )

    yield from lacks(N_("Nobody is enrolled yet"), int(not found.present), STAFF, "enrolment.show_roster")
    unjudged = N_n("One application is not judged", "%(amount)s applications are not judged")
    yield from lacks(unjudged, found.unjudged_college, STAFF, "applications.list_applications", TO_JUDGE)
    yield from lacks(
        unjudged, found.unjudged_enterprise, COORDINATOR, "applications.list_applications", TO_JUDGE
    )
    if found.offered:
        yield Missing(
            N_("The joint recruitment plan is not signed by both sides"),
            who_msgid=N_("College and enterprise"),
            endpoint="recruitment.show_plan",
            args={"program_id": program.id},
            due_code=TO_SIGN,
        )
    homeless = found.homeless if found.has_enterprise else 0
    yield from lacks(
        N_n("One person has no enterprise", "%(amount)s people have no enterprise"),
        homeless,
        STAFF,
        "enrolment.show_roster",
    )
    numberless = N_n(
        "One person lacks a number that they need", "%(amount)s people lack a number that they need"
    )
    yield from lacks(numberless, found.numberless, STAFF, "enrolment.edit_numbers")

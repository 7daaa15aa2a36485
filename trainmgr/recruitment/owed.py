"""What recruitment asks of whom: judging applications, signing the plan, saying that one comes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.programs import dues
from trainmgr.programs.dues import DueCode, code
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import PartyRole, Side, Step
from trainmgr.recruitment.models import Application, ApplicationState, RecruitmentPlan, Verdict

TO_JUDGE = code(
    "applications-to-judge",
    DueCode(
        step=Step.ENROLMENT,
        title=N_n("Judge one application", "Judge %(amount)s applications"),
        hint=N_("One side is enough to refuse; admitting takes both sides and a free place."),
        verb=N_("Judge"),
        endpoint="applications.list_applications",
    ),
)
TO_SIGN = code(
    "recruitment-plan-to-sign",
    DueCode(
        step=Step.ENROLMENT,
        title=N_("Sign the joint recruitment plan"),
        hint=N_("edition %(number)s; it holds once both sides have signed"),
        verb=N_("Read and sign"),
        endpoint="recruitment.show_plan",
    ),
)
TO_CONFIRM = code(
    "place-to-confirm",
    DueCode(
        step=Step.ENROLMENT,
        title=N_("You are admitted: say that you come"),
        hint=N_("who does not come gives the place to the next on the list"),
        verb=N_("Look"),
        endpoint="applications.new_application",
    ),
)


def put_dues(program: Program, *, today: date) -> None:
    """Tell each college and enterprise how many applications wait for its verdict."""
    db.session.flush()
    dues.put_many(TO_JUDGE, _lines(program), program_id=program.id, visible_from=today, replace=True)


def _lines(program: Program) -> list[dues.Line]:
    lines = []
    for role, side, column in (
        (Role.STAFF, Side.COLLEGE, Application.college_id),
        (Role.ENTERPRISE_COORDINATOR, Side.ENTERPRISE, Application.enterprise_id),
    ):
        judged = sa.exists().where(Verdict.application_id == Application.id, Verdict.side == side)
        waiting = db.session.execute(
            sa.select(column, sa.func.count())
            .where(
                Application.program_id == program.id, Application.state == ApplicationState.PENDING, ~judged
            )
            .group_by(column)
        )
        amounts = {row[0]: row[1] for row in waiting}
        lines += _spread(program.id, side, role, amounts)
    return lines


def _spread(program_id: int, side: Side, role: Role, amounts: dict[int | None, int]) -> list[dues.Line]:
    """Applications that name no enterprise wait for every enterprise of the programme."""
    anyone = amounts.pop(None, 0)
    if anyone:
        for organization_id in _parties(program_id, PartyRole.ENTERPRISE):
            amounts[organization_id] = amounts.get(organization_id, 0) + anyone
    return [
        dues.Line(organization_id=organization_id, role=role, amount=amount)
        for organization_id, amount in amounts.items()
    ]


def _parties(program_id: int, *roles: PartyRole) -> Sequence[int]:
    return db.session.scalars(
        sa.select(ProgramParty.organization_id).where(
            ProgramParty.program_id == program_id, ProgramParty.role.in_(roles)
        )
    ).all()


def ask_to_sign(program: Program, plan: RecruitmentPlan, sides: Sequence[Side], *, today: date) -> None:
    """Ask these sides, and nobody else, to sign a plan."""
    lines = []
    if Side.COLLEGE in sides:
        lines.append(dues.Line(organization_id=program.lead_college_id, role=Role.STAFF))
    if Side.ENTERPRISE in sides:
        lines += [
            dues.Line(organization_id=organization_id, role=Role.ENTERPRISE_COORDINATOR)
            for organization_id in _parties(program.id, PartyRole.ENTERPRISE)
        ]
    lines = [
        dues.Line(organization_id=one.organization_id, role=one.role, params={"number": plan.number})
        for one in lines
    ]
    dues.put_many(TO_SIGN, lines, program_id=program.id, visible_from=today, replace=True)


def ask_to_confirm(program_id: int, applications: Sequence[Application], *, today: date) -> None:
    """Ask people who were admitted to say that they come."""
    lines = [dues.Line(user_id=one.user_id, subject_id=one.id) for one in applications]
    dues.put_many(TO_CONFIRM, lines, program_id=program_id, visible_from=today)

"""How the first two steps of a programme stand: its pathway, and its set-up."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from trainmgr.identity.models import Organization
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.programs.models import Duty, Program, ProgramParty, RevenueShare
from trainmgr.programs.rules import (
    Assessment,
    Missing,
    PartyRole,
    Side,
    State,
    Step,
    StepState,
    shares_fault,
)
from trainmgr.programs.thread import assesses

STAFF = N_("Programme staff")


@assesses(Step.PATHWAY)
def assess_pathway(program: Program, now: datetime) -> Assessment:
    """A programme is made from a pathway, so this step is done from the start."""
    document = program.pathway_document
    return Assessment(
        StepState.DONE,
        count=N_("%(pathway)s, version %(version)s"),
        note=N_("chosen %(chosen)s"),
        note_tone="ok",
        params={
            "pathway": {"zh": document["name"], "en": document.get("name_en", "")},
            "version": program.pathway_version,
            "chosen": {"day": local_day(program.created_at).isoformat()},
        },
    )


@assesses(Step.PROGRAM)
def assess_setup(program: Program, now: datetime) -> Assessment:
    """The set-up is done when parties, duties, revenue, dates, department and size are there."""
    parties = db.session.execute(
        sa.select(ProgramParty.organization_id, ProgramParty.role, Organization.name)
        .join(Organization, Organization.id == ProgramParty.organization_id)
        .where(ProgramParty.program_id == program.id)
    ).all()
    duties = list(db.session.scalars(sa.select(Duty.organization_id).where(Duty.program_id == program.id)))
    shares = list(
        db.session.scalars(sa.select(RevenueShare.basis_points).where(RevenueShare.program_id == program.id))
    )
    sides = {organization_id: role.side for organization_id, role, _name in parties}
    covered = {sides.get(organization_id) for organization_id in duties}
    missing = [
        *_missing_parties(program, {role for _id, role, _name in parties}),
        *_missing_duties(program, covered),
        *_missing_revenue(program, shares),
        *_missing_facts(program),
    ]
    params = {"parties": len(parties), "duties": len(duties), "missing": len(missing)}
    return Assessment(
        StepState.NOW
        if missing and program.state is State.DRAFT
        else StepState.ASKING
        if missing
        else StepState.DONE,
        count=N_("%(parties)s parties, %(duties)s duties"),
        note=N_("%(missing)s things still missing") if missing else N_("revenue split settled"),
        note_tone="warn" if missing else "ok",
        params=params,
        missing=missing,
    )


def _lacks(program: Program, msgid: str, anchor: str) -> Missing:
    return Missing(
        msgid,
        blocks=State.ANALYSING,
        who_msgid=STAFF,
        endpoint="programs.show_setup",
        args={"program_id": program.id, "_anchor": anchor},
    )


def _missing_parties(program: Program, roles: set[PartyRole]) -> list[Missing]:
    if PartyRole.ENTERPRISE in roles:
        return []
    return [_lacks(program, N_("No enterprise takes part yet"), "parties")]


def _missing_duties(program: Program, covered: set[Side | None]) -> list[Missing]:
    texts = {
        Side.COLLEGE: N_("The college side has no duty yet"),
        Side.ENTERPRISE: N_("The enterprise side has no duty yet"),
    }
    return [_lacks(program, text, "duties") for side, text in texts.items() if side not in covered]


def _missing_revenue(program: Program, shares: list[int]) -> list[Missing]:
    if not shares:
        return [_lacks(program, N_("The revenue split is not set yet"), "revenue")]
    if shares_fault(shares):
        return [_lacks(program, N_("The revenue split does not add up"), "revenue")]
    return []


def _missing_facts(program: Program) -> list[Missing]:
    wanted = (
        (program.department_id, N_("The responsible department is not named yet")),
        (program.starts_on and program.ends_on, N_("The dates are not set yet")),
        (program.planned_size, N_("The planned size is not set yet")),
    )
    return [_lacks(program, text, "facts") for value, text in wanted if not value]

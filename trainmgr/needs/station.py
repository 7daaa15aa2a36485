"""How the third step of a programme stands, and what it makes due from whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trainmgr.identity.models import Organization
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.needs import copying, lanes, producing, queries
from trainmgr.needs.queries import Progress
from trainmgr.programs import dues
from trainmgr.programs.dues import DueCode, Line
from trainmgr.programs.hooks import NextEdition, after_next_edition
from trainmgr.programs.models import Program, ProgramParty, Signature
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
from trainmgr.programs.signing import find_signatures
from trainmgr.programs.thread import assesses, follows

assert producing  # registers what the analysis itself produces
DAYS_TO_SIGN = 7
STAFF = N_("Programme staff")
COORDINATOR = N_("Enterprise coordinator")
SIGNERS = {Side.COLLEGE: Role.STAFF, Side.ENTERPRISE: Role.ENTERPRISE_COORDINATOR}

COMPLETE = dues.code(
    "needs-complete",
    DueCode(
        Step.NEEDS,
        N_("Complete the needs analysis"),
        N_("Fill in"),
        "needs.edit_needs",
        hint=N_("still missing before both sides can sign: %(amount)s"),
    ),
)
INDICATORS = dues.code(
    "needs-indicators",
    DueCode(
        Step.NEEDS,
        N_("Enter the business indicators"),
        N_("Enter indicators"),
        "needs.edit_needs",
        hint=N_("What is expected, what is reached today, what the industry reaches"),
    ),
)
SIGN = dues.code(
    "needs-sign",
    DueCode(
        Step.NEEDS,
        N_("Sign the needs analysis"),
        N_("Read and sign"),
        "needs.confirm_signature",
        hint=N_("%(competencies)s competencies, %(priorities)s priorities"),
    ),
)


@dataclass(frozen=True)
class Party:
    """A party of the programme as the needs step addresses it."""

    organization_id: int
    role: PartyRole
    name: str
    contact: str

    @property
    def who(self) -> str:
        """The organisation, with its contact person where one is named."""
        return f"{self.name} {self.contact}".strip()


@dataclass(frozen=True)
class Situation:
    """What the analysis holds, who signed it, who takes part."""

    progress: Progress
    signatures: list[Signature]
    parties: list[Party]

    @property
    def unsigned(self) -> list[Side]:
        """The sides whose signature is awaited."""
        signed = {signature.side for signature in self.signatures}
        return [side for side in Side if side not in signed]

    @property
    def sign_by(self) -> date | None:
        """The day until which the second side should sign: a week after the first one did."""
        if not self.signatures:
            return None
        return local_day(self.signatures[0].signed_at) + timedelta(days=DAYS_TO_SIGN)

    def names_of(self, side: Side) -> str:
        """Return who is to sign for a side; of the colleges, the lead college."""
        return ", ".join(party.who for party in self.signers(side))

    def signers(self, side: Side) -> list[Party]:
        """Return the parties that are asked to sign for a side."""
        wanted = PartyRole.LEAD_COLLEGE if side is Side.COLLEGE else PartyRole.ENTERPRISE
        return [party for party in self.parties if party.role is wanted]


def situation_of(program_id: int) -> Situation:
    """Read how the needs analysis of a programme stands: three statements."""
    progress = queries.progress_of(program_id)
    signatures = find_signatures(queries.SUBJECT, progress.analysis_id) if progress.analysis_id else []
    rows = db.session.execute(
        sa.select(
            ProgramParty.organization_id,
            ProgramParty.role,
            sa.case((Organization.short_name != "", Organization.short_name), else_=Organization.name),
            ProgramParty.contact,
        )
        .join(Organization, Organization.id == ProgramParty.organization_id)
        .where(ProgramParty.program_id == program_id)
        .order_by(ProgramParty.id)
    )
    return Situation(progress, signatures, [Party(*row) for row in rows])


# --- the station --------------------------------------------------------------------------------


@assesses(Step.NEEDS)
def assess(program: Program, now: datetime) -> Assessment:
    """The step is done when both sides signed; it asks while only signatures are missing."""
    situation = situation_of(program.id)
    progress = situation.progress
    params: dict[str, Any] = {
        "competencies": progress.competencies,
        "priorities": progress.priorities,
        "indicators": progress.indicators,
    }
    count = "" if progress.is_empty else N_("%(competencies)s competencies, %(priorities)s priorities")
    if progress.frozen:
        note = N_("signed by both, frozen")
        return Assessment(StepState.DONE, count, note, "lock", params, figures=[_figure(progress)])
    missing = [*_missing_content(program, situation), *_missing_signatures(program, situation)]
    if progress.is_complete:
        params["who"] = ", ".join(situation.names_of(side) for side in situation.unsigned)
        note = N_("waiting for the signature of %(who)s")
        return Assessment(StepState.ASKING, count, note, "warn", params, missing, [_figure(progress)])
    if progress.is_empty and program.state is not State.ANALYSING:
        return Assessment(StepState.NEXT, missing=missing)
    params["missing"] = len(missing) - len(situation.unsigned)
    return Assessment(StepState.NOW, count, N_("still missing: %(missing)s"), "", params, missing)


def _figure(progress: Progress) -> Figure:
    return Figure(
        N_("Priorities"),
        part=progress.priorities,
        whole=progress.competencies,
        hint=N_("of the competencies of the post; %(indicators)s business indicators"),
        params={"indicators": progress.indicators},
    )


def _missing_content(program: Program, situation: Situation) -> Iterator[Missing]:
    progress = situation.progress
    if not progress.post:
        yield _lacks(program, N_("The post is not named yet"))
    if not progress.competencies:
        yield _lacks(program, N_("There are no competencies yet"))
    elif not progress.priorities:
        yield _lacks(program, N_("No competency has a gap that makes it a priority"))
    elif progress.without_hours:
        yield _lacks(program, N_("Priorities without hours: %(count)s"), count=progress.without_hours)
    if progress.unmeasured:
        yield _lacks(
            program, N_("Competencies without a measured level: %(count)s"), count=progress.unmeasured
        )
    if progress.proposed_weight is not None:
        yield _lacks(program, N_("The proposed weights await the other side's answer"))
    if not progress.indicators:
        yield Missing(
            N_("There are no business indicators yet"),
            blocks=State.DESIGNING,
            who=situation.names_of(Side.ENTERPRISE),
            who_msgid="" if situation.names_of(Side.ENTERPRISE) else COORDINATOR,
            endpoint="needs.show_needs",
            args={"program_id": program.id},
            due_code=INDICATORS,
        )


def _lacks(program: Program, msgid: str, **params: Any) -> Missing:
    return Missing(
        msgid,
        blocks=State.DESIGNING,
        params=params,
        who_msgid=STAFF,
        endpoint="needs.show_needs",
        args={"program_id": program.id},
        due_code=COMPLETE,
    )


def _missing_signatures(program: Program, situation: Situation) -> Iterator[Missing]:
    texts = {
        Side.COLLEGE: N_("The college side has not signed the needs analysis"),
        Side.ENTERPRISE: N_("The enterprise side has not signed the needs analysis"),
    }
    for side in situation.unsigned:
        names = situation.names_of(side)
        yield Missing(
            texts[side],
            blocks=State.DESIGNING,
            who=names,
            who_msgid="" if names else STAFF if side is Side.COLLEGE else COORDINATOR,
            due_on=situation.sign_by if situation.progress.is_complete else None,
            endpoint="needs.show_needs",
            args={"program_id": program.id, "_anchor": "sign-h"},
            due_code=SIGN if situation.progress.is_complete else "",
        )


# --- what is due --------------------------------------------------------------------------------


@follows(Step.PROGRAM, Step.NEEDS, own=Step.NEEDS)
def update_dues(program_id: int, now: datetime) -> bool:
    """Keep lanes and the inboxes of those who fill in and sign up to date; the step itself is always assessed again."""
    program = db.session.get_one(Program, program_id)
    lanes.update(program, now=now)
    if program.state is State.SUSPENDED:
        return True
    situation = situation_of(program_id)
    lines = _lines(program, situation) if program.state is not State.DRAFT else {}
    for code in (COMPLETE, INDICATORS, SIGN):
        dues.put_many(
            code, lines.get(code, []), program_id=program_id, visible_from=local_day(now), replace=True
        )
    return True


def _lines(program: Program, situation: Situation) -> dict[str, list[Line]]:
    progress = situation.progress
    if progress.frozen or not is_open(Work.NEEDS, program.state):
        return {}
    if progress.is_complete:
        params = {"competencies": progress.competencies, "priorities": progress.priorities}
        return {
            SIGN: [
                Line(
                    organization_id=party.organization_id,
                    role=SIGNERS[side],
                    due_on=situation.sign_by,
                    params=params,
                )
                for side in situation.unsigned
                for party in situation.signers(side)
            ]
        }
    missing = [item for item in _missing_content(program, situation) if item.due_code == COMPLETE]
    return {
        COMPLETE: [
            Line(organization_id=party.organization_id, role=Role.STAFF, amount=len(missing))
            for party in situation.signers(Side.COLLEGE)
        ],
        INDICATORS: [
            Line(organization_id=party.organization_id, role=Role.ENTERPRISE_COORDINATOR)
            for party in situation.signers(Side.ENTERPRISE)
            if not progress.indicators
        ],
    }


# --- the next edition ---------------------------------------------------------------------------


@after_next_edition
def copy_needs(edition: NextEdition) -> None:
    """Take the competencies and indicators of a programme into its next edition."""
    copying.copy_from(edition.program, edition.previous, by=edition.by, now=edition.now)

"""Writes of research and product outcomes: note, change a draft, sign by both sides, replace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm.attributes import flag_modified

from trainmgr.benefits import queries
from trainmgr.benefits.models import JointYield, YieldShare
from trainmgr.benefits.rules import Share, YieldKind, YieldState, shares_fault
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.files import StoredFile
from trainmgr.programs import signing
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, State

NOTED = audit.sentence("yield.note", _l("%(who)s noted the joint outcome “%(what)s”"))
CHANGED = audit.sentence("yield.change", _l("%(who)s changed the joint outcome “%(what)s”"))
SIGNED = audit.sentence("yield.sign", _l("%(who)s signed the ownership of “%(what)s”"))
OPEN_IN = frozenset({State.RUNNING, State.EVALUATING, State.CLOSED})


@dataclass(frozen=True)
class Facts:
    """What is typed about an outcome."""

    kind: YieldKind
    title: str
    number: str
    achieved_on: date
    ownership: str
    benefit: str
    shares: Sequence[Share] = field(default_factory=tuple)


def require_running(program: Program) -> None:
    """Refuse what comes of a cooperation before it works, and after it was called off."""
    require(
        program.state in OPEN_IN,
        _("This is noted once the programme runs. It is at “%(state)s” now.", state=program.state_label),
    )


def share_sentence(fault: str | None, shares: Sequence[Share]) -> str:
    """Return what is wrong with shares in words, "" when they add up."""
    total = sum(share.basis_points for share in shares) / 100
    return {
        None: "",
        "none": _("Say who owns it: the shares add up to the whole."),
        "twice": _("An owner stands there twice."),
        "size": _("Each share is more than nothing."),
        "sum": _("The shares add up to %(total)s%%, not to 100%%.", total=f"{total:g}"),
    }[fault]


def note(
    program: Program,
    facts: Facts,
    proof: StoredFile | None,
    *,
    by: User,
    now: datetime,
    replaces: JointYield | None = None,
) -> JointYield:
    """Note an outcome as a draft for both sides to sign; with `replaces` it takes a signed one's place once signed."""
    require_running(program)
    if replaces is not None:
        require(replaces.state is YieldState.SIGNED, _("A draft is changed, not replaced."))
        require(queries.replacement_of(replaces) is None, _("Another version of this is there already."))
    row = JointYield(
        program_id=program.id, by_id=by.id, by_name=by.name, at=now, state=YieldState.DRAFT,
        file_id=proof.id if proof else (replaces.file_id if replaces else None),
        replaces_id=replaces.id if replaces else None, shares=[],
    )  # fmt: skip
    _fill(program, row, facts, now)
    db.session.add(row)
    audit.record(NOTED, row, by=by, now=now, program_id=program.id, name=row.title)
    return row


def change(
    program: Program,
    row: JointYield,
    facts: Facts,
    proof: StoredFile | None,
    *,
    version: int,
    by: User,
    now: datetime,
) -> None:
    """Change a draft; a signature under what it said before is taken off."""
    require_running(program)
    require(row.state is YieldState.DRAFT, _("Both sides signed this; a new version takes its place."))
    if row.version != version:
        raise Conflict(_("Somebody else changed this meanwhile. What you typed is still here."))
    row.shares.clear()
    db.session.flush()
    _fill(program, row, facts, now)
    flag_modified(row, "title")  # other shares alone are a new version of the draft too
    if proof is not None:
        row.file_id = proof.id
    signing.withdraw_all(queries.SUBJECT, row.id)
    audit.record(CHANGED, row, by=by, now=now, program_id=program.id, name=row.title)


def _fill(program: Program, row: JointYield, facts: Facts, now: datetime) -> None:
    fault = shares_fault(facts.shares)
    require(fault is None, share_sentence(fault, facts.shares))
    require(facts.achieved_on <= local_day(now), _("An outcome is noted when it is there, not before."))
    for name in ("kind", "title", "number", "achieved_on", "ownership", "benefit"):
        setattr(row, name, getattr(facts, name))
    houses = {party.organization.name: party.organization_id for party in program.parties}
    row.shares.extend(
        YieldShare(
            position=place, owner=share.owner, is_person=share.is_person, basis_points=share.basis_points,
            organization_id=None if share.is_person else houses.get(share.owner),
        )
        for place, share in enumerate(facts.shares, start=1)
    )  # fmt: skip


def document_of(row: JointYield) -> dict[str, Any]:
    """Return what both sides sign."""
    return {
        "kind": row.kind.value,
        "title": row.title,
        "number": row.number,
        "achieved_on": row.achieved_on.isoformat(),
        "ownership": row.ownership,
        "benefit": row.benefit,
        "shares": [[one.owner, one.is_person, one.basis_points] for one in row.shares],
        "file": row.file_id,
    }


def sign(program: Program, row: JointYield, *, side: Side, version: int, by: User, now: datetime) -> bool:
    """Sign an outcome for a side, as it was shown; returns whether it is frozen now, because both have."""
    require(row.state is YieldState.DRAFT, _("Both sides have signed this already."))
    locked = sa.select(JointYield.version).where(JointYield.id == row.id).with_for_update()
    if not version == row.version == db.session.scalar(locked):
        raise Conflict(_("Somebody else changed this meanwhile. What you see now is how it stands."))
    complete = signing.sign(program, queries.SUBJECT, row.id, document_of(row), side=side, by=by, now=now)
    if complete:
        row.state = YieldState.SIGNED
    audit.record(SIGNED, row, by=by, now=now, program_id=program.id, name=row.title)
    return complete

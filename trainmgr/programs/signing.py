"""Signing for a side: one signature each for college and enterprise, under exactly the same content.

if signing.sign(program, "needs_analysis", analysis.id, document, side=side, by=by, now=now):
    ...  # both sides have signed: freeze
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program, ProgramParty, Signature
from trainmgr.programs.rules import PartyRole, Side


def digest_of(document: Mapping[str, Any]) -> str:
    """Return the digest of a content that can be written as JSON; the order of keys does not matter."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def sign(
    program: Program,
    subject_kind: str,
    subject_id: int,
    document: Mapping[str, Any],
    *,
    side: Side,
    by: User,
    now: datetime,
) -> bool:
    """Sign a thing for one side; returns whether both sides have signed now.

    Refused are a second signature of a side, one by somebody who does not sign for it, and one under a content
    that is not what the other side signed.
    """
    # Of two who sign at the same moment the later one must see the earlier one's signature.
    db.session.execute(sa.select(Program.id).where(Program.id == program.id).with_for_update(key_share=True))
    organization_id = _organization_for(program, side, by)
    require(organization_id, _("You cannot sign for this side."))
    digest = digest_of(document)
    signed = {signature.side: signature for signature in find_signatures(subject_kind, subject_id)}
    require(side not in signed, _("This side has signed already."))
    require(
        all(signature.digest == digest for signature in signed.values()),
        _(
            "The content has changed since the other side signed. Withdraw that signature, then both sign again."
        ),
    )
    db.session.add(
        Signature(
            program_id=program.id,
            subject_kind=subject_kind,
            subject_id=subject_id,
            side=side,
            organization_id=organization_id,
            user_id=by.id,
            digest=digest,
            signed_at=now,
        )
    )
    db.session.flush()
    return {*signed, side} == set(Side)


def find_signatures(subject_kind: str, subject_id: int) -> list[Signature]:
    """Return the bare signatures under a thing (`queries.signatures_of` brings the names along)."""
    return list(
        db.session.scalars(
            sa.select(Signature).where(
                Signature.subject_kind == subject_kind, Signature.subject_id == subject_id
            )
        )
    )


def withdraw_all(subject_kind: str, subject_id: int) -> int:
    """Take all signatures off a thing that is opened again; returns how many there were."""
    db.session.flush()
    done = db.session.execute(
        sa.delete(Signature).where(Signature.subject_kind == subject_kind, Signature.subject_id == subject_id)
    )
    return int(getattr(done, "rowcount", 0))


def _organization_for(program: Program, side: Side, by: User) -> int | None:
    allowed = by.organizations_where(Permission.PROGRAM_SIGN)
    parties = db.session.execute(
        sa.select(ProgramParty.organization_id, ProgramParty.role)
        .where(ProgramParty.program_id == program.id)
        .order_by(ProgramParty.id)
    ).all()
    own = [
        (organization_id, role)
        for organization_id, role in parties
        if role.side is side and organization_id in allowed
    ]
    # The lead college signs before a partner college when somebody may sign for both.
    own.sort(key=lambda party: party[1] is not PartyRole.LEAD_COLLEGE)
    return own[0][0] if own else None

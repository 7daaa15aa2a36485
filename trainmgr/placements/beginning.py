"""Signing the agreement, starting a placement, and lifting a rule that stands in the way of its start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.i18n import day as day_in_words
from trainmgr.placements import owed
from trainmgr.placements.actions import locked, record_of
from trainmgr.placements.compliance import Panel, applies_to, findings_of, overrides_of
from trainmgr.placements.labels import RULE_MSGIDS, RULES, SIGNATORY_MSGIDS
from trainmgr.placements.models import (
    ChangeKind,
    Placement,
    PlacementOverride,
    PlacementSignature,
    PlacementState,
    RuleCode,
    Signatory,
)
from trainmgr.placements.rules import OPEN, Finding, standing_in_the_way
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work
from trainmgr.programs.signing import digest_of

SIGNED = audit.sentence("placement.sign", _l("%(who)s signed the placement of %(what)s (%(signatory)s)"))
SIGNED_MANY = audit.sentence(
    "placement.sign-many", _l("%(who)s signed %(count)s placement agreements (%(signatory)s)")
)
STARTED = audit.sentence("placement.start", _l("%(who)s started the placement of %(what)s"))
LIFTED = audit.sentence(
    "placement.override",
    _l("%(who)s lifted the rule “%(rule)s” for the placement of %(what)s: %(reason)s"),
)

# --- signing ----------------------------------------------------------------------------------------


def content_of(placement: Placement) -> dict[str, object]:
    """Return what is signed: who, where, when, for how much (the post must be loaded)."""
    return {
        "trainee": placement.enrolment_id,
        "enterprise": placement.post.organization_id,
        "post": placement.post.name,
        "site": placement.site,
        "starts_on": placement.starts_on,
        "ends_on": placement.ends_on,
        "pay_cents": placement.pay_cents,
    }


def sign(
    program: Program,
    placement: Placement,
    signatories: Sequence[Signatory],
    *,
    number: int,
    by: User,
    now: datetime,
) -> None:
    """Sign the terms that the reader saw, for whoever of the three the reader acts for and has not signed yet."""
    require_open(program, Work.MENTORING)
    locked(placement, None)
    require(placement.state in OPEN, _("This placement is over; there is nothing to sign."))
    if placement.number != number:
        raise Conflict(_("The terms have changed since you read them. Read them again, then sign."))
    signed = put_signatures(placement, signatories, by=by, now=now)
    require(signed, _("You cannot sign here, or you have signed already."))
    owed.renew(program.id, now)


def put_signatures(placement: Placement, signatories: Sequence[Signatory], *, by: User, now: datetime) -> int:
    """Put the signatures that are missing under the present terms; the caller renews what is due."""
    present = set(
        db.session.scalars(
            sa.select(PlacementSignature.signatory).where(
                PlacementSignature.placement_id == placement.id,
                PlacementSignature.number == placement.number,
            )
        )
    )
    missing = [one for one in signatories if one not in present]
    for signatory in missing:
        db.session.add(_signature(placement, signatory, by, now))
        audit.record(
            SIGNED,
            placement,
            by=by,
            now=now,
            program_id=placement.program_id,
            name=placement.enrolment.name,
            signatory={"msgid": SIGNATORY_MSGIDS[signatory]},
        )
    placement.signed = len(present) + len(missing)
    db.session.flush()
    return len(missing)


def _signature(placement: Placement, signatory: Signatory, by: User, now: datetime) -> PlacementSignature:
    return PlacementSignature(
        placement_id=placement.id,
        number=placement.number,
        signatory=signatory,
        by_id=by.id,
        by_name=by.name,
        digest=digest_of(content_of(placement)),
        signed_at=now,
    )


def sign_many(
    program: Program, placements: Sequence[Placement], signatory: Signatory, *, by: User, now: datetime
) -> int:
    """Sign for one side what waits for it among placements (with their posts); returns how many that were."""
    require_open(program, Work.MENTORING)
    ids = lock_all(placements)
    present = {
        (row[0], row[1])
        for row in db.session.execute(
            sa.select(PlacementSignature.placement_id, PlacementSignature.number).where(
                PlacementSignature.placement_id.in_(ids), PlacementSignature.signatory == signatory
            )
        )
    }
    waiting = [one for one in placements if one.state in OPEN and (one.id, one.number) not in present]
    db.session.add_all(_signature(one, signatory, by, now) for one in waiting)
    for placement in waiting:
        placement.signed += 1
    if waiting:
        audit.record(
            SIGNED_MANY,
            waiting[0],
            by=by,
            now=now,
            program_id=program.id,
            name=program.name,
            count=len(waiting),
            signatory={"msgid": SIGNATORY_MSGIDS[signatory]},
        )
        db.session.flush()
        owed.renew(program.id, now)
    return len(waiting)


def lock_all(placements: Sequence[Placement]) -> list[int]:
    """Lock rows in one order and read again those that changed meanwhile; returns their ids."""
    ids = sorted(one.id for one in placements)
    versions = {
        row[0]: row[1]
        for row in db.session.execute(
            sa.select(Placement.id, Placement.version)
            .where(Placement.id.in_(ids))
            .order_by(Placement.id)
            .with_for_update()
        )
    }
    for placement in placements:
        if versions.get(placement.id) != placement.version:
            db.session.refresh(placement)
    return ids


# --- starting ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Started:
    """What became of placements that were to start: those in the post now, and who is held up by what."""

    started: Sequence[Placement]
    held_up: Sequence[tuple[Placement, str]]


def start(
    program: Program, placements: Sequence[Placement], panel: Panel, *, by: User, now: datetime
) -> Started:
    """Start placements whose first day has come; a blocking rule that is neither kept nor lifted holds one up."""
    require_open(program, Work.PRACTICE)
    lock_all(placements)
    planned = [one for one in placements if one.state is PlacementState.PLANNED]
    obstacles = _obstacles(program, planned, panel)
    started, held_up = [], []
    today = local_day(now)
    for placement in planned:
        if placement.starts_on > today:
            text = _("begins on %(day)s", day=day_in_words(placement.starts_on))
            held_up.append((placement, text))
        elif placement.id in obstacles:
            rules = [str(RULES[one.code]) for one in obstacles[placement.id]]
            held_up.append((placement, _(", ").join(rules)))
        else:
            _begin(placement, by=by, now=now)
            started.append(placement)
    if started:
        db.session.flush()
        owed.renew(program.id, now)
    return Started(started, held_up)


def _obstacles(program: Program, placements: Sequence[Placement], panel: Panel) -> dict[int, list[Finding]]:
    if not applies_to(program) or not placements:
        return {}
    lifted = overrides_of([one.id for one in placements])
    found = {}
    for key, findings in findings_of(placements, panel).items():
        if left := standing_in_the_way(findings, lifted.get(key, ())):
            found[key] = left
    return found


def _begin(placement: Placement, *, by: User, now: datetime) -> None:
    placement.state, placement.started_at = PlacementState.RUNNING, now
    db.session.add(record_of(placement, ChangeKind.STARTED, placement.starts_on, "", {}, by=by, now=now))
    audit.record(
        STARTED, placement, by=by, now=now, program_id=placement.program_id, name=placement.enrolment.name
    )


# --- lifting a rule ---------------------------------------------------------------------------------


def lift(
    program: Program,
    placement: Placement,
    code: RuleCode,
    panel: Panel,
    *,
    reason: str,
    by: User,
    now: datetime,
) -> PlacementOverride:
    """Lift a blocking rule for one placement that has not begun; reason and name stay with it and in the trail."""
    require_open(program, Work.MENTORING)
    locked(placement, None)
    require(
        placement.state is PlacementState.PLANNED,
        _("A rule is lifted before the placement begins, not afterwards."),
    )
    in_the_way = [one.code for one in _obstacles(program, [placement], panel).get(placement.id, ())]
    require(code in in_the_way, _("This rule does not stand in the way of the start."))
    override = PlacementOverride(
        placement_id=placement.id, code=code, reason=reason, by_id=by.id, by_name=by.name, at=now
    )
    db.session.add(override)
    audit.record(
        LIFTED,
        placement,
        by=by,
        now=now,
        program_id=program.id,
        name=placement.enrolment.name,
        reason=reason,
        rule={"msgid": RULE_MSGIDS[code]},
    )
    return override

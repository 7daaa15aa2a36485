"""From trial to employee: steps are noted when they happened; a wrong one is cancelled by a counter-record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.employment import post_queries
from trainmgr.employment.course import PostStep, Step, step_fault
from trainmgr.employment.labels import STEP_MSGIDS
from trainmgr.employment.models import PostEvent
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.i18n import say
from trainmgr.programs.models import Program

NOTED = audit.sentence("employment.step", _l("%(who)s noted for %(what)s: %(step)s on %(day)s"))
CANCELLED = audit.sentence(
    "employment.step.cancel", _l("%(who)s cancelled for %(what)s “%(step)s”: %(reason)s")
)


@dataclass(frozen=True)
class NewStep:
    """A step as it is typed; pay in cents a month."""

    kind: PostStep
    on: date
    organization_id: int
    post: str = ""
    level: str = ""
    pay_cents: int | None = None
    note: str = ""


def note_step(program: Program, enrolment: Enrolment, new: NewStep, *, by: User, now: datetime) -> PostEvent:
    """Note a trainee's next step at an enterprise of the programme."""
    parties = {party.organization_id for party in program.parties}
    require(new.organization_id in parties, _("The enterprise takes no part in the programme."))
    _lock(enrolment)
    events = post_queries.standing(post_queries.events_of(enrolment.id))
    step = Step(new.kind, new.on, new.organization_id)
    fault = step_fault(post_queries.as_steps(events), step, local_day(now))
    require(fault is None, say(fault))
    for event in events:
        event.is_present = False
    db.session.flush()
    row = PostEvent(
        program_id=program.id,
        enrolment_id=enrolment.id,
        organization_id=new.organization_id,
        kind=new.kind,
        on_day=new.on,
        post=new.post,
        level=new.level,
        pay_cents=new.pay_cents,
        note=new.note,
        is_present=True,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    db.session.add(row)
    audit.record(
        NOTED, row, by=by, now=now, program_id=program.id, name=enrolment.name,
        step={"msgid": STEP_MSGIDS[new.kind]}, day={"day": new.on.isoformat()},
    )  # fmt: skip
    return row


def cancel_step(program: Program, event: PostEvent, *, reason: str, by: User, now: datetime) -> PostEvent:
    """Cancel the last step that stands, with the reason; what it was stays to be read."""
    require(reason, _("Say why it is cancelled."))
    enrolment = event.enrolment
    _lock(enrolment)
    standing = post_queries.standing(post_queries.events_of(enrolment.id))
    if not standing or standing[-1].id != event.id:
        raise Conflict(_("Only the last step that stands is cancelled."))
    event.is_present = False
    db.session.flush()
    if len(standing) > 1:
        standing[-2].is_present = True
    row = PostEvent(
        program_id=program.id,
        enrolment_id=enrolment.id,
        organization_id=event.organization_id,
        kind=event.kind,
        on_day=event.on_day,
        note=reason,
        cancels_id=event.id,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    db.session.add(row)
    audit.record(
        CANCELLED, row, by=by, now=now, program_id=program.id, name=enrolment.name,
        step={"msgid": STEP_MSGIDS[event.kind]}, reason=reason,
    )  # fmt: skip
    return row


def _lock(enrolment: Enrolment) -> None:
    db.session.execute(sa.select(Enrolment.id).where(Enrolment.id == enrolment.id).with_for_update())

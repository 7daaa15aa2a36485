"""A trainee goes to another programme: enrolled there anew, with the hours that are recognised (decision 23)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.hooks import Joining, tell_joined
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.places import STEPS, free_places, lock_places, require_free
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.enrolment.standing_models import StandingChange
from trainmgr.enrolment.standing_rules import recognised
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.hours import ledger_hours
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program, ProgramParty, ProgramPerson
from trainmgr.programs.rules import PartyRole, Work
from trainmgr.programs.thread import refresh

CAME = audit.sentence(
    "enrolment.transfer.in",
    _l("%(who)s took %(what)s over from another programme, %(hours)s hours recognised: %(reason)s"),
)


def enrol_elsewhere(enrolment: Enrolment, row: StandingChange, *, by: User, now: datetime) -> Enrolment:
    """Enrol a transferred trainee in the other programme; what was done in the former one stays there as evidence."""
    target = db.session.get_one(Program, row.to_program_id)
    require_open(target, Work.ENROLMENT)
    lock_places(target.id)
    require(
        free_places(target) != 0,
        _("All %(places)s places of the programme are taken.", places=target.planned_size),
    )
    known = sa.select(Enrolment.id).where(
        Enrolment.program_id == target.id, Enrolment.user_id == enrolment.user_id
    )
    require(
        db.session.scalar(known) is None,
        _("%(name)s was in that programme before; readmit them there.", name=enrolment.name),
    )
    minutes = recognised(row.recognised_minutes, enrolment.verified_minutes, target.planned_minutes or 0)
    new = _copy(enrolment, target, minutes, row)
    require_free(new, new.student_number, new.employee_number)
    db.session.add(new)
    db.session.flush()
    _relate(new, row)
    row.other_enrolment_id, row.recognised_minutes = new.id, minutes
    audit.record(
        CAME, new, by=by, now=now, program_id=target.id, name=new.name, reason=row.reason,
        hours=f"{ledger_hours(minutes):g}",
    )  # fmt: skip
    tell_joined(Joining(target.id, [new.id], now))
    refresh(target.id, *STEPS, now=now)
    return new


def _copy(enrolment: Enrolment, target: Program, minutes: int, row: StandingChange) -> Enrolment:
    enterprises = db.session.scalars(
        sa.select(ProgramParty.organization_id).where(
            ProgramParty.program_id == target.id, ProgramParty.role == PartyRole.ENTERPRISE
        )
    ).all()
    stays = enrolment.enterprise_id in enterprises
    return Enrolment(
        program_id=target.id,
        user_id=enrolment.user_id,
        college_id=enrolment.college_id,
        enterprise_id=enrolment.enterprise_id if stays else enterprises[0] if len(enterprises) == 1 else None,
        state=EnrolmentState.TRAINING,
        name=enrolment.name,
        student_number=enrolment.student_number,
        employee_number=enrolment.employee_number if stays else "",
        id_number_masked=enrolment.id_number_masked,
        id_number_tail=enrolment.id_number_tail,
        field=enrolment.field,
        level=enrolment.level,
        enrolled_on=row.day,
        recognised_minutes=minutes,
        planned_minutes=max(0, (target.planned_minutes or 0) - minutes),
    )


def _relate(new: Enrolment, row: StandingChange) -> None:
    relation = db.session.scalar(
        sa.select(ProgramPerson).where(
            ProgramPerson.program_id == new.program_id,
            ProgramPerson.user_id == new.user_id,
            ProgramPerson.role == Role.TRAINEE,
        )
    )
    if relation is not None:
        relation.until = None
        return
    db.session.add(
        ProgramPerson(
            program_id=new.program_id, user_id=new.user_id, organization_id=new.college_id, role=Role.TRAINEE,
            since=row.day,
        )
    )  # fmt: skip

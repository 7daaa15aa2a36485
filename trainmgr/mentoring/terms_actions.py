"""Writes of what assigning keeps to: limits and weights, leaves of mentors, sites of trainees, distances."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.mentoring.models import Mentor
from trainmgr.mentoring.queries import PRESENT
from trainmgr.mentoring.rules import between
from trainmgr.mentoring.terms_models import MentorLeave, SiteDistance, TraineeSite
from trainmgr.mentoring.terms_queries import defaults, find_terms
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work

SET = audit.sentence("mentoring.terms", _l("%(who)s changed what assigning mentors keeps to"))
PLACED = audit.sentence("mentoring.site", _l("%(who)s set the site of %(count)s trainees: %(site)s"))
STATED = audit.sentence("mentoring.distance", _l("%(who)s stated %(km)s km between %(one)s and %(other)s"))
FORGOT = audit.sentence(
    "mentoring.distance_off", _l("%(who)s took off the distance between %(one)s and %(other)s")
)
AWAY = audit.sentence(
    "mentoring.leave", _l("%(who)s recorded that %(what)s is away from %(first)s to %(last)s")
)
BACK = audit.sentence(
    "mentoring.leave_off", _l("%(who)s took off a leave of %(what)s from %(first)s to %(last)s")
)


def change_terms(
    program: Program, values: Mapping[str, Any], *, version: int, by: User, now: datetime
) -> None:
    """Set what a programme holds to when it assigns mentors, in place of the defaults."""
    require_open(program, Work.MENTORING)
    terms = find_terms(program)
    if (terms.version if terms else 0) != version:
        raise Conflict(
            _(
                "Somebody changed these limits meanwhile. "
                "What you typed is kept; saving once more puts it in place of theirs."
            )
        )
    if terms is None:
        terms = defaults(program)
        terms.version = None  # type: ignore[assignment]
        db.session.add(terms)
    for key, value in values.items():
        setattr(terms, key, value)
    db.session.flush()
    audit.record(SET, program, by=by, now=now, program_id=program.id)


def set_sites(
    program: Program,
    *,
    cohort_id: int | None,
    enterprise_id: int | None,
    site: str,
    by: User,
    now: datetime,
) -> int:
    """Set where the trainees of a class in an enterprise work, or take it off; returns how many they are."""
    require_open(program, Work.MENTORING)
    theirs = sa.select(Enrolment.id).where(
        visible_in(program, by),
        PRESENT,
        Enrolment.cohort_id.is_not_distinct_from(cohort_id),
        Enrolment.enterprise_id.is_not_distinct_from(enterprise_id),
    )
    ids = db.session.scalars(theirs).all()
    require(ids, _("There is nobody in this class any more."))
    db.session.execute(
        sa.delete(TraineeSite).where(TraineeSite.enrolment_id.in_(theirs)),
        execution_options={"synchronize_session": False},
    )
    if site:
        rows = [{"enrolment_id": key, "program_id": program.id, "site": site} for key in ids]
        db.session.execute(sa.insert(TraineeSite), rows)
    audit.record(PLACED, program, by=by, now=now, program_id=program.id, count=len(ids), site=site or "–")
    return len(ids)


def state_distance(program: Program, one: str, other: str, km: int, *, by: User, now: datetime) -> None:
    """State how far two sites are apart, in place of what was stated before."""
    require_open(program, Work.MENTORING)
    first, second = between(one, other)
    stated = db.session.scalar(
        sa.select(SiteDistance).where(
            SiteDistance.program_id == program.id, SiteDistance.one == first, SiteDistance.other == second
        )
    )
    if stated is None:
        stated = SiteDistance(program_id=program.id, one=first, other=second)
        db.session.add(stated)
    stated.km = km
    audit.record(STATED, program, by=by, now=now, program_id=program.id, km=km, one=first, other=second)


def forget_distance(program: Program, distance: SiteDistance, *, by: User, now: datetime) -> None:
    """Take a distance off."""
    require_open(program, Work.MENTORING)
    audit.record(
        FORGOT, program, by=by, now=now, program_id=program.id, one=distance.one, other=distance.other
    )
    db.session.delete(distance)


def record_leave(
    program: Program, mentor: Mentor, first: date, last: date, reason: str, *, by: User, now: datetime
) -> MentorLeave:
    """Record that a mentor is away; it counts in all of the mentor's programmes."""
    crossing = db.session.scalar(
        sa.select(MentorLeave.id).where(
            MentorLeave.mentor_id == mentor.id, MentorLeave.starts_on <= last, MentorLeave.ends_on >= first
        )
    )
    require(crossing is None, _("A leave that covers some of these days is recorded already."))
    leave = MentorLeave(
        mentor_id=mentor.id, starts_on=first, ends_on=last, reason=reason, created_by_id=by.id, created_at=now
    )
    db.session.add(leave)
    audit.record(
        AWAY, mentor, by=by, now=now, program_id=program.id, name=mentor.name, first=first.isoformat(),
        last=last.isoformat(),
    )  # fmt: skip
    return leave


def take_off_leave(program: Program, mentor: Mentor, leave: MentorLeave, *, by: User, now: datetime) -> None:
    """Take a leave off that was recorded wrongly or is not taken."""
    audit.record(
        BACK, mentor, by=by, now=now, program_id=program.id, name=mentor.name,
        first=leave.starts_on.isoformat(), last=leave.ends_on.isoformat(),
    )  # fmt: skip
    db.session.delete(leave)

"""Writes of mentoring: naming mentors, assigning trainees to them, handing trainees over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from trainmgr.enrolment.hooks import Change, after_leaving
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.mentoring import queries
from trainmgr.mentoring.hooks import Handover, tell_handover
from trainmgr.mentoring.models import Assignment, Mentor, ProgramMentor
from trainmgr.mentoring.rules import Obstacle, Terms, limits_between
from trainmgr.mentoring.supply import guides_for, trainees_for
from trainmgr.mentoring.terms_queries import typical_for
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program, ProgramPerson
from trainmgr.programs.rules import Side, Step, Work
from trainmgr.programs.thread import refresh

NAMED = audit.sentence("mentoring.name", _l("%(who)s named %(what)s as a mentor"))
CHANGED = audit.sentence("mentoring.change", _l("%(who)s changed the mentor profile of %(what)s"))
REMOVED = audit.sentence("mentoring.remove", _l("%(who)s took %(what)s off the list of mentors"))
HANDED = audit.sentence(
    "mentoring.hand_over",
    _l("%(who)s handed %(count)s trainees of %(what)s over to %(successor)s: %(reason)s"),
)
RETIRED = audit.sentence(
    "mentoring.retire",
    _l("%(who)s recorded that %(what)s has left (%(reason)s): %(count)s trainees to hand over"),
)


# --- mentors of a programme -----------------------------------------------------------------------


def name_mentor(
    program: Program,
    user: User,
    *,
    organization_id: int,
    side: Side,
    values: Mapping[str, Any],
    by: User,
    now: datetime,
) -> ProgramMentor:
    """Name a person as a mentor of a programme, with the profile that counts in every programme.

    Of somebody who is a mentor elsewhere already, what was left blank or as offered stays as it is known.
    """
    require_open(program, Work.MENTORING)
    mentor = db.session.scalar(
        sa.select(Mentor).where(Mentor.user_id == user.id, Mentor.organization_id == organization_id)
    )
    if mentor is None:
        mentor = Mentor(user_id=user.id, organization_id=organization_id, side=side, name=user.name)
        db.session.add(mentor)
    else:
        offered = ("", None, typical_for(program, side))
        values = {key: value for key, value in values.items() if value not in offered}
    for key, value in values.items():
        setattr(mentor, key, value)
    mentor.active = True
    db.session.flush()
    named = db.session.scalar(
        sa.select(ProgramMentor).where(
            ProgramMentor.program_id == program.id, ProgramMentor.mentor_id == mentor.id
        )
    )
    require(named is None, _("%(name)s is a mentor of this programme already.", name=user.name))
    named = ProgramMentor(program_id=program.id, mentor=mentor, side=side, load=0)
    db.session.add(named)
    _relate(program, user.id, organization_id, side, local_day(now))
    audit.record(NAMED, mentor, by=by, now=now, program_id=program.id, name=user.name)
    refresh(program.id, Step.MENTORING, now=now)
    return named


def _relate(program: Program, user_id: int, organization_id: int, side: Side, day: date) -> None:
    role = queries.SIDE_ROLE[side]
    known = db.session.scalar(
        sa.select(ProgramPerson).where(
            ProgramPerson.program_id == program.id,
            ProgramPerson.user_id == user_id,
            ProgramPerson.role == role,
        )
    )
    if known is None:
        db.session.add(
            ProgramPerson(
                program_id=program.id, user_id=user_id, organization_id=organization_id, role=role, since=day
            )
        )
    else:
        known.until = None


def change_mentor(
    program: Program, mentor: Mentor, values: Mapping[str, Any], *, version: int, by: User, now: datetime
) -> None:
    """Change a mentor's profile."""
    if mentor.version != version:
        raise Conflict(
            _(
                "%(who)s changed this profile meanwhile. "
                "What you typed is kept; saving once more puts it in place of theirs.",
                who=queries.last_editor(mentor),
            )
        )
    for key, value in values.items():
        setattr(mentor, key, value)
    audit.record(CHANGED, mentor, by=by, now=now, program_id=program.id, name=mentor.name)
    refresh(program.id, Step.MENTORING, now=now)


def add_place(program: Program, mentor: Mentor, *, by: User, now: datetime) -> None:
    """Let a mentor take one trainee more."""
    values = {"capacity": mentor.capacity + 1}
    change_mentor(program, mentor, values, version=mentor.version, by=by, now=now)


def remove_mentor(program: Program, named: ProgramMentor, *, by: User, now: datetime) -> None:
    """Take a mentor off a programme's list; trainees must be handed over before."""
    require_open(program, Work.MENTORING)
    guided = db.session.scalar(
        sa.select(sa.func.count()).where(
            Assignment.program_id == program.id,
            Assignment.mentor_id == named.mentor_id,
            Assignment.ends_on.is_(None),
        )
    )
    require(
        not guided,
        ngettext(
            "%(name)s still guides %(num)d trainee here. Hand over first.",
            "%(name)s still guides %(num)d trainees here. Hand over first.",
            guided or 0,
            name=named.mentor.name,
        ),
    )
    audit.record(REMOVED, named.mentor, by=by, now=now, program_id=program.id, name=named.mentor.name)
    db.session.delete(named)
    refresh(program.id, Step.MENTORING, now=now)


# --- assignments ----------------------------------------------------------------------------------


def assign_many(
    program: Program,
    side: Side,
    wanted: Mapping[int, tuple[int, bool]],
    *,
    reason: str,
    by: User,
    now: datetime,
    day: date | None = None,
) -> int:
    """Bring trainees under mentors from a day on: enrolment → (mentor, locked). Ends what was; set-based.

    Whoever is under that mentor already stays as is. Returns how many changed.
    """
    day = day or local_day(now)
    present = _present(program, side, wanted)
    moving = {
        enrolment_id: pair
        for enrolment_id, pair in wanted.items()
        if present.get(enrolment_id, (0, 0))[1] != pair[0]
    }
    _end([present[key][0] for key in moving if key in present], day)
    rows = [
        {
            "program_id": program.id,
            "enrolment_id": enrolment_id,
            "side": side,
            "mentor_id": mentor_id,
            "starts_on": day,
            "reason": reason,
            "locked": locked,
            "previous_id": present[enrolment_id][0] if enrolment_id in present else None,
            "approved_by_id": by.id,
            "approved_at": now,
        }
        for enrolment_id, (mentor_id, locked) in moving.items()
    ]
    if rows:
        db.session.execute(sa.insert(Assignment), rows)
    _settle(program, side, {key: pair[0] for key, pair in moving.items()}, day=day, by=by, now=now)
    return len(moving)


def _present(program: Program, side: Side, wanted: Mapping[int, object]) -> dict[int, tuple[int, int]]:
    rows = db.session.execute(
        sa.select(Assignment.enrolment_id, Assignment.id, Assignment.mentor_id).where(
            Assignment.program_id == program.id, Assignment.side == side, Assignment.ends_on.is_(None)
        )
    )
    return {row[0]: (row[1], row[2]) for row in rows if row[0] in wanted}


def _end(assignment_ids: Sequence[int], day: date) -> None:
    for start in range(0, len(assignment_ids), 500):
        db.session.execute(
            sa.update(Assignment)
            .where(Assignment.id.in_(assignment_ids[start : start + 500]))
            .values(ends_on=day),
            execution_options={"synchronize_session": False},
        )


def _settle(
    program: Program, side: Side, moved: Mapping[int, int | None], *, day: date, by: User, now: datetime
) -> None:
    """Write the present mentors into the enrolments and the loads, and tell whoever follows."""
    mentors = {value for value in moved.values() if value}
    found = db.session.execute(sa.select(Mentor.id, Mentor.user_id).where(Mentor.id.in_(mentors)))
    users = {row[0]: row[1] for row in found}
    by_user: dict[int | None, list[int]] = {}
    for enrolment_id, mentor_id in moved.items():
        by_user.setdefault(users.get(mentor_id) if mentor_id else None, []).append(enrolment_id)
    column = queries.mentor_column(side).key
    for user_id, enrolment_ids in by_user.items():
        for start in range(0, len(enrolment_ids), 500):
            db.session.execute(
                sa.update(Enrolment)
                .where(Enrolment.id.in_(enrolment_ids[start : start + 500]))
                .values({column: user_id}),
                execution_options={"synchronize_session": False},
            )
    count_loads(program, side)
    successors = {key: users.get(value) if value else None for key, value in moved.items()}
    tell_handover(Handover(program.id, side, successors, day, by, now))
    for thing in list(db.session.identity_map.values()):
        if isinstance(thing, Enrolment | ProgramMentor | Assignment):
            db.session.expire(thing)


def count_loads(program: Program, side: Side) -> None:
    """Write how many trainees each mentor of a side guides now; suspended ones take no place."""
    now_guided = (
        sa.select(sa.func.count())
        .select_from(Assignment)
        .join(Enrolment, Enrolment.id == Assignment.enrolment_id)
        .where(
            Assignment.program_id == program.id,
            Assignment.mentor_id == ProgramMentor.mentor_id,
            Assignment.ends_on.is_(None),
            Enrolment.state != EnrolmentState.SUSPENDED,
        )
        .scalar_subquery()
    )
    db.session.execute(
        sa.update(ProgramMentor)
        .where(ProgramMentor.program_id == program.id, ProgramMentor.side == side)
        .values(load=now_guided),
        execution_options={"synchronize_session": False},
    )


def hand_over(
    program: Program,
    named: ProgramMentor,
    enrolment_ids: Sequence[int],
    successor: ProgramMentor,
    *,
    day: date,
    reason: str,
    by: User,
    now: datetime,
) -> int:
    """Hand trainees of one mentor over to another from a day on, with the reason; who signed what stays known."""
    require_open(program, Work.MENTORING)
    require(
        successor.side is named.side and successor.id != named.id,
        _("Choose another mentor of the same side."),
    )
    require(day <= local_day(now), _("A handover takes effect today or did so before; it cannot lie ahead."))
    trainees = {
        t.id: t for t in trainees_for(program, named.side, by, day) if t.present_id == named.mentor_id
    }
    chosen = [key for key in enrolment_ids if key in trainees]
    require(chosen, _("None of these trainees is under this mentor any more."))
    guide = next(g for g in guides_for(program, named.side, day) if g.id == successor.mentor_id)
    free = guide.places - successor.load
    require(
        len(chosen) <= free,
        _("%(name)s has %(free)s free places; %(count)s are needed. Give more places or choose fewer trainees.",
          name=successor.mentor.name, free=max(0, free), count=len(chosen)),
    )  # fmt: skip
    for key in chosen:
        require(
            Obstacle.ORGANIZATION not in limits_between(trainees[key], guide, Terms()),
            _("%(name)s is of another organisation.", name=successor.mentor.name),
        )
    starts = db.session.scalar(
        sa.select(sa.func.max(Assignment.starts_on)).where(
            Assignment.enrolment_id.in_(chosen), Assignment.side == named.side, Assignment.ends_on.is_(None)
        )
    )
    require(starts is None or day >= starts, _("The day lies before the present mentor began."))
    wanted = dict.fromkeys(chosen, (successor.mentor_id, False))
    count = assign_many(program, named.side, wanted, reason=reason, by=by, now=now, day=day)
    audit.record(
        HANDED, named.mentor, by=by, now=now, program_id=program.id, name=named.mentor.name,
        reason=reason, count=count, successor=successor.mentor.name,
    )  # fmt: skip
    refresh(program.id, Step.MENTORING, now=now)
    return count


def retire_mentor(
    program: Program, named: ProgramMentor, *, day: date, reason: str, by: User, now: datetime
) -> int:
    """Record that a mentor has left a programme although nobody follows yet: the trainees wait for another one.

    The mentor goes off the list; who signed what stays known. Returns how many trainees wait.
    """
    require_open(program, Work.MENTORING)
    require(day <= local_day(now), _("A handover takes effect today or did so before; it cannot lie ahead."))
    rows = db.session.execute(
        sa.select(Assignment.enrolment_id, Assignment.id, Assignment.starts_on).where(
            Assignment.program_id == program.id,
            Assignment.mentor_id == named.mentor_id,
            Assignment.ends_on.is_(None),
        )
    ).all()
    require(all(row.starts_on <= day for row in rows), _("The day lies before the present mentor began."))
    mentor, side = named.mentor, named.side
    _end([row.id for row in rows], day)
    db.session.execute(
        sa.update(ProgramPerson)
        .where(
            ProgramPerson.program_id == program.id,
            ProgramPerson.user_id == mentor.user_id,
            ProgramPerson.role == queries.SIDE_ROLE[side],
        )
        .values(until=day),
        execution_options={"synchronize_session": "fetch"},
    )
    audit.record(
        RETIRED,
        mentor,
        by=by,
        now=now,
        program_id=program.id,
        name=mentor.name,
        reason=reason,
        count=len(rows),
    )
    db.session.delete(named)
    db.session.flush()
    _settle(program, side, dict.fromkeys(row.enrolment_id for row in rows), day=day, by=by, now=now)
    refresh(program.id, Step.MENTORING, now=now)
    return len(rows)


@after_leaving
def end_assignments(change: Change) -> None:
    """End the assignments of trainees who left, and free their mentors' places."""
    program = db.session.get_one(Program, change.program_id)
    for side in Side:
        end_on_side(program, side, change.enrolment_ids, day=change.day, by=change.by, now=change.now)


def end_on_side(
    program: Program, side: Side, enrolment_ids: Sequence[int], *, day: date, by: User, now: datetime
) -> None:
    """End the assignments of some trainees on one side, and free their mentors' places."""
    rows = _present(program, side, dict.fromkeys(enrolment_ids))
    _end([assignment_id for assignment_id, _mentor in rows.values()], day)
    _settle(program, side, dict.fromkeys(rows), day=day, by=by, now=now)

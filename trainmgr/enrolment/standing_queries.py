"""Reads of standing: a trainee's changes, suspensions, the programmes that a transfer can lead to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import contains_eager, joinedload

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.standing_models import StandingChange
from trainmgr.enrolment.standing_rules import Happening, Pause, StandingKind, StandingState, is_paused, pauses
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program
from trainmgr.programs.queries import visible_to
from trainmgr.programs.rules import State

# Where somebody can be taken in: before that there is no plan to join, afterwards nothing to take part in.
TAKING_IN = (State.RECRUITING, State.RUNNING)


def changes_of(enrolment: Enrolment) -> Sequence[StandingChange]:
    """Return a trainee's changes of standing, those that led here from another programme too, the latest first."""
    return db.session.scalars(
        sa.select(StandingChange)
        .where(
            sa.or_(
                StandingChange.enrolment_id == enrolment.id, StandingChange.other_enrolment_id == enrolment.id
            )
        )
        .options(
            joinedload(StandingChange.enterprise), joinedload(StandingChange.program),
            joinedload(StandingChange.to_program),
        )
        .order_by(StandingChange.day.desc(), StandingChange.id.desc())
        .limit(100)
    ).all()  # fmt: skip


def planned_change_or_404(program: Program, change_id: int, viewer: User) -> StandingChange:
    """Return a change of a trainee whom the viewer may see, or answer 404."""
    found = db.session.scalars(
        sa.select(StandingChange)
        .join(StandingChange.enrolment)
        .where(StandingChange.id == change_id, visible_in(program, viewer))
        .options(contains_eager(StandingChange.enrolment))
    ).one_or_none()
    return found or abort(404)


def pauses_of(enrolment_id: int) -> list[Pause]:
    """Return the suspensions of a trainee: one statement."""
    rows = db.session.execute(
        sa.select(StandingChange.kind, StandingChange.day)
        .where(
            StandingChange.enrolment_id == enrolment_id,
            StandingChange.state == StandingState.DONE,
            StandingChange.kind != StandingKind.ENTERPRISE,
        )
        .order_by(StandingChange.day, StandingChange.id)
    )
    return pauses(Happening(kind, day) for kind, day in rows)


def pauses_in(program_id: int) -> dict[int, list[Pause]]:
    """Return the suspensions of a programme's trainees, by enrolment, of those who had any: one statement."""
    rows = db.session.execute(
        sa.select(StandingChange.enrolment_id, StandingChange.kind, StandingChange.day)
        .where(
            StandingChange.program_id == program_id,
            StandingChange.state == StandingState.DONE,
            StandingChange.kind != StandingKind.ENTERPRISE,
        )
        .order_by(StandingChange.day, StandingChange.id)
    )
    found: dict[int, list[Happening]] = {}
    for enrolment_id, kind, day in rows:
        found.setdefault(enrolment_id, []).append(Happening(kind, day))
    return {key: known for key, changes in found.items() if (known := pauses(changes))}


def was_paused(enrolment_id: int, day: date) -> bool:
    """Tell whether a trainee's training was suspended on a day: one statement."""
    return is_paused(pauses_of(enrolment_id), day)


def programs_to_go_to(program: Program, viewer: User) -> list[tuple[int, str]]:
    """Return the viewer's programmes that a trainee of this one can be transferred to: (id, name)."""
    staff = viewer.organizations_as(Role.STAFF)
    rows = db.session.execute(
        sa.select(Program.id, Program.name)
        .where(
            visible_to(viewer),
            Program.id != program.id,
            Program.state.in_(TAKING_IN),
            Program.lead_college_id.in_(staff),
        )
        .order_by(Program.name, Program.id)
        .limit(200)
    )
    return [(row[0], row[1]) for row in rows]

"""What placements ask of whom: signatures of trainee, school and enterprise; placements that should have begun.

Each is counted anew for a programme: one select and the statements of `put_many`, whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import each_minute
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.placements.conditions import IS_OPEN
from trainmgr.placements.models import Placement, PlacementPost, PlacementSignature, PlacementState, Signatory
from trainmgr.programs import dues
from trainmgr.programs.dues import DueCode, Line, code
from trainmgr.programs.models import Due
from trainmgr.programs.rules import Step

OWN = code(
    "placement-to-sign",
    DueCode(
        step=Step.PRACTICE,
        title=N_n("Sign the agreement of your placement", "Sign %(amount)s agreements of your placement"),
        hint=N_("%(post)s: read it first; a placement begins when all three have signed"),
        verb=N_("Read and sign"),
        endpoint="placements.show_placement",
        subject_arg="placement_id",
    ),
)
SIDE = code(
    "placements-to-sign",
    DueCode(
        step=Step.PRACTICE,
        title=N_n("Sign one placement agreement", "Sign %(amount)s placement agreements"),
        hint=N_("for your side; trainees sign their own"),
        verb=N_("Sign"),
        endpoint="placements.list_to_sign",
    ),
)
START = code(
    "placements-to-start",
    DueCode(
        step=Step.PRACTICE,
        title=N_n("One placement should have begun", "%(amount)s placements should have begun"),
        hint=N_("start them, or see which rule stands in the way"),
        verb=N_("Look"),
        endpoint="placements.list_placements",
    ),
)


def renew(program_id: int, now: datetime) -> None:
    """Bring every inbox of a programme up to date with its placements."""
    today = local_day(now)
    rows = db.session.execute(
        sa.select(
            Placement.id,
            Enrolment.user_id,
            Enrolment.college_id,
            PlacementPost.organization_id,
            PlacementPost.name,
            Placement.starts_on,
            *(_signed_by(signatory) for signatory in Signatory),
        )
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .join(PlacementPost, PlacementPost.id == Placement.post_id)
        .where(Placement.program_id == program_id, IS_OPEN, Placement.signed < len(Signatory))
    ).all()
    own: list[Line] = []
    sides: dict[tuple[int, Role], list[Any]] = {}
    for (
        placement_id,
        user_id,
        college_id,
        enterprise_id,
        post,
        starts_on,
        school,
        enterprise,
        trainee,
    ) in rows:
        if not trainee:
            own.append(
                Line(user_id=user_id, subject_id=placement_id, due_on=starts_on, params={"post": post})
            )
        if not school:
            sides.setdefault((college_id, Role.STAFF), []).append(starts_on)
        if not enterprise:
            sides.setdefault((enterprise_id, Role.ENTERPRISE_COORDINATOR), []).append(starts_on)
    dues.put_many(OWN, own, program_id=program_id, visible_from=today, replace=True)
    dues.put_many(
        SIDE,
        [
            Line(organization_id=key, role=role, amount=len(days), due_on=min(days))
            for (key, role), days in sides.items()
        ],
        program_id=program_id,
        visible_from=today,
        replace=True,
    )
    _renew_starts(program_id, now)


def _signed_by(signatory: Signatory) -> Any:
    return sa.exists().where(
        PlacementSignature.placement_id == Placement.id,
        PlacementSignature.number == Placement.number,
        PlacementSignature.signatory == signatory,
    )


def _renew_starts(program_id: int, now: datetime) -> None:
    """Placements whose first day has come are asked for from the staff of the trainees' college, from that day on."""
    rows = db.session.execute(
        sa.select(Enrolment.college_id, Placement.starts_on, sa.func.count())
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .where(Placement.program_id == program_id, Placement.state == PlacementState.PLANNED)
        .group_by(Enrolment.college_id, Placement.starts_on)
        .order_by(Enrolment.college_id, Placement.starts_on)
    ).all()
    today = local_day(now)
    by_college: dict[int, list[tuple[date, int]]] = {}
    for college_id, starts_on, people in rows:
        by_college.setdefault(college_id, []).append((starts_on, people))
    dues.drop(START, program_id=program_id)
    for college_id, days in by_college.items():
        first = days[0][0]
        # Nothing has come yet: then the line stands from the first day that will.
        until = max(today, first)
        dues.put(
            START,
            program_id=program_id,
            visible_from=until,
            organization_id=college_id,
            role=Role.STAFF,
            amount=sum(people for day, people in days if day <= until),
            due_on=first,
        )


@each_minute
def look_for_starts(now: datetime) -> Iterator[None]:
    """Count anew, once a day, what should have begun but has not: days come without anybody doing anything.

    A line that was counted on an earlier day is counted again, so that a worker who slept at midnight misses none.
    """
    today = local_day(now)
    old = sa.select(Due.program_id).where(Due.code == START, Due.visible_from < today, Due.paused.is_(False))
    for program_id in db.session.scalars(old.distinct().limit(200)).all():
        _renew_starts(program_id, now)
        yield

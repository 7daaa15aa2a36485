"""What placements put into calendars: a trainee's own placement, and where the people of a class are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import db
from trainmgr.placements.models import Placement, PlacementPost, PlacementState
from trainmgr.timetable.blocks import Stay, knows_stays
from trainmgr.timetable.entries import Entry, contributes


@contributes
def own_placements(person: User, first: date, last: date) -> Iterator[Entry]:
    """Yield a trainee's own placements; one that was called off stays, as called off."""
    rows = db.session.scalars(
        sa.select(Placement)
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .where(Enrolment.user_id == person.id, Placement.starts_on <= last, Placement.ends_on >= first)
        .options(joinedload(Placement.post).joinedload(PlacementPost.organization))
        .options(joinedload(Placement.enrolment).joinedload(Enrolment.program))
        .order_by(Placement.starts_on, Placement.id)
        .limit(100)
    )
    for row in rows:
        program, house = row.enrolment.program, row.post.organization
        yield Entry(
            f"placement-{row.id}", row.starts_on, row.ends_on,
            _("Placement: %(post)s at %(house)s", post=row.post.name, house=house.short),
            row.started_at or program.created_at, row.site or house.short, program.label,
            row.state is PlacementState.CALLED_OFF, row.version - 1,
        )  # fmt: skip


@knows_stays
def stays_of_class(cohort_id: int) -> Iterator[Stay]:
    """Yield how many of a class are placed in each enterprise, from the first day of any to the last of any."""
    rows = db.session.execute(
        sa.select(
            Organization, sa.func.count(), sa.func.min(Placement.starts_on), sa.func.max(Placement.ends_on)
        )
        .select_from(Placement)
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .join(PlacementPost, PlacementPost.id == Placement.post_id)
        .join(Organization, Organization.id == PlacementPost.organization_id)
        .where(Enrolment.cohort_id == cohort_id, Placement.state != PlacementState.CALLED_OFF)
        .group_by(Organization.id)
        .order_by(sa.func.min(Placement.starts_on), Organization.id)
        .limit(20)
    )
    for house, people, starts_on, ends_on in rows:
        yield Stay(house.short, people, starts_on, ends_on)

"""Reads of the way from trial to employee; every row starts from the trainees whom the viewer may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, joinedload

from trainmgr.employment.course import Conversions, PostStep, Step, course_of
from trainmgr.employment.models import PostEvent
from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import db
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program

THERE = Enrolment.state != EnrolmentState.WITHDRAWN


def stands() -> sa.ColumnElement[bool]:
    """Return the condition on PostEvent that leaves steps which were not cancelled."""
    undone = aliased(PostEvent)
    return sa.and_(
        PostEvent.cancels_id.is_(None), sa.not_(sa.exists().where(undone.cancels_id == PostEvent.id))
    )


def trainee_or_404(program: Program, enrolment_id: int, viewer: User) -> Enrolment:
    """Return a trainee whom the viewer may see, or answer 404."""
    found: Enrolment | None = db.session.scalars(
        sa.select(Enrolment)
        .where(Enrolment.id == enrolment_id, visible_in(program, viewer), THERE)
        .options(joinedload(Enrolment.cohort), joinedload(Enrolment.enterprise))
    ).one_or_none()
    return found if found is not None else abort(404)


def events_of(enrolment_id: int) -> list[PostEvent]:
    """Return every step noted of a trainee, cancelled ones too, oldest first."""
    return list(
        db.session.scalars(
            sa.select(PostEvent)
            .where(PostEvent.enrolment_id == enrolment_id)
            .options(joinedload(PostEvent.organization))
            .order_by(PostEvent.id)
        )
    )


def standing(events: Sequence[PostEvent]) -> list[PostEvent]:
    """Return the steps that stand, oldest first."""
    undone = {event.cancels_id for event in events}
    return [event for event in events if event.cancels_id is None and event.id not in undone]


def as_steps(events: Sequence[PostEvent]) -> list[Step]:
    """Return steps as values."""
    return [Step(event.kind, event.on_day, event.organization_id) for event in events]


def event_or_404(program: Program, event_id: int, viewer: User) -> PostEvent:
    """Return a step of a trainee whom the viewer may see, or answer 404."""
    found: PostEvent | None = db.session.scalars(
        sa.select(PostEvent)
        .join(PostEvent.enrolment)
        .where(PostEvent.id == event_id, visible_in(program, viewer))
        .options(joinedload(PostEvent.enrolment))
    ).one_or_none()
    return found if found is not None else abort(404)


def list_posts(program: Program, viewer: User, listing: Listing, chosen: Mapping[str, str]) -> Page[Any]:
    """Return a page of trainees with their last step: (Enrolment, class, PostEvent or None, enterprise)."""
    last = aliased(PostEvent)
    statement = (
        sa.select(Enrolment, Cohort.name, last, Organization)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .outerjoin(last, sa.and_(last.enrolment_id == Enrolment.id, last.is_present.is_(True)))
        .outerjoin(Organization, Organization.id == last.organization_id)
        .where(visible_in(program, viewer), THERE)
    )
    if listing.q:
        statement = statement.where(contains(Enrolment.name, listing.q))
    if chosen.get("step") == "none":
        statement = statement.where(last.id.is_(None))
    elif chosen.get("step") in set(PostStep):
        statement = statement.where(last.kind == chosen["step"])
    if (enterprise_id := whole(chosen.get("enterprise"))) is not None:
        statement = statement.where(last.organization_id == enterprise_id)
    orders: dict[str, Sequence[Any]] = {
        "name": [Enrolment.name, Enrolment.id],
        "class": [Cohort.name, Enrolment.name, Enrolment.id],
        "step": [last.kind, Enrolment.name, Enrolment.id],
        "day": [last.on_day, Enrolment.id],
    }
    return paginate(statement, listing, orders=orders, default="name", scalars=False, filters=dict(chosen))


def conversions(condition: Any, today: date, group: Any = None) -> dict[Any, Conversions]:
    """Count how far people went, under a condition on Enrolment and Program, by a column (None: together).

    One statement, read a thousand rows at a time; a column of PostEvent counts each person where the steps were.
    """
    key = sa.literal(0) if group is None else group
    rows = db.session.execute(
        sa.select(key, PostEvent.enrolment_id, PostEvent.kind, PostEvent.on_day, PostEvent.organization_id)
        .join(Enrolment, Enrolment.id == PostEvent.enrolment_id)
        .join(Program, Program.id == PostEvent.program_id)
        .where(condition, stands(), THERE)
        .order_by(PostEvent.enrolment_id, PostEvent.id)
        .execution_options(yield_per=1_000)
    )
    found: dict[Any, Conversions] = {}
    for _person, events in groupby(rows, key=lambda row: row[1]):
        by_key: dict[Any, list[Step]] = {}
        for value, _enrolment, kind, on, organization_id in events:
            by_key.setdefault(None if group is None else value, []).append(Step(kind, on, organization_id))
        for value, steps in by_key.items():
            found[value] = found.get(value, Conversions()) + course_of(steps, today)
    return found


def by_enterprise(program: Program, viewer: User, today: date) -> dict[int, Conversions]:
    """Count a programme's conversions by enterprise over the trainees whom the viewer may see."""
    return conversions(visible_in(program, viewer), today, PostEvent.organization_id)

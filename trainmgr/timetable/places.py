"""Closed days and rooms: what each side knows of its own house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import PartyRole
from trainmgr.timetable.models import ClosedPeriod, Room, SessionState, TeachingSession

CLOSED = audit.sentence("closed.add", _l("%(who)s closed %(what)s from %(first)s to %(last)s: %(reason)s"))
OPENED = audit.sentence(
    "closed.remove", _l("%(who)s took back that %(what)s is closed from %(first)s to %(last)s")
)
ROOM_ADDED = audit.sentence("room.add", _l("%(who)s entered the room “%(what)s”"))
ROOM_CHANGED = audit.sentence("room.change", _l("%(who)s changed the room “%(what)s”"))


def own_parties(program: Program, viewer: User) -> list[ProgramParty]:
    """Return the parties whose calendar and rooms the viewer looks after."""
    own = viewer.organizations_where(Permission.CALENDAR_EDIT)
    return [party for party in program.parties if party.role.side and party.organization_id in own]


def houses(program: Program) -> list[int]:
    """Return the organisations on both sides."""
    return [party.organization_id for party in program.parties if party.role.side]


def bases_of(program: Program, present: int | None = None) -> list[tuple[int, str]]:
    """Return the practice bases that a programme names as its places, and the one that a room lies in already."""
    named = sa.select(ProgramParty.organization_id).where(
        ProgramParty.program_id == program.id, ProgramParty.role == PartyRole.BASE
    )
    rows = db.session.execute(
        sa.select(Organization.id, Organization.name)
        .where(sa.or_(Organization.id.in_(named), Organization.id == (present or 0)))
        .order_by(Organization.name)
        .limit(200)
    )
    return [(key, name) for key, name in rows]


# --- closed days ----------------------------------------------------------------------------------------


def closed_between(program: Program, first: date, last: date) -> Sequence[ClosedPeriod]:
    """Return the closed days of both sides that touch a stretch of days."""
    return db.session.scalars(
        sa.select(ClosedPeriod)
        .where(
            ClosedPeriod.organization_id.in_(houses(program)),
            ClosedPeriod.starts_on <= last,
            ClosedPeriod.ends_on >= first,
        )
        .options(joinedload(ClosedPeriod.organization))
        .order_by(ClosedPeriod.starts_on, ClosedPeriod.id)
        .limit(200)
    ).all()


def period_or_404(program: Program, period_id: int, viewer: User) -> ClosedPeriod:
    """Return closed days of a party that the viewer looks after, or answer 404."""
    own = [party.organization_id for party in own_parties(program, viewer)]
    period = db.session.scalars(
        sa.select(ClosedPeriod)
        .where(ClosedPeriod.id == period_id, ClosedPeriod.organization_id.in_(own))
        .options(joinedload(ClosedPeriod.organization))
    ).one_or_none()
    return period or abort(404)


def sessions_within(organization_id: int, first: date, last: date) -> int:
    """Return how many sessions at an organisation's place, or in its rooms, stand on some days."""
    rooms = sa.select(Room.id).where(Room.organization_id == organization_id)
    statement = sa.select(sa.func.count()).where(
        TeachingSession.day.between(first, last),
        TeachingSession.state == SessionState.PLANNED,
        sa.or_(TeachingSession.host_id == organization_id, TeachingSession.room_id.in_(rooms)),
    )
    return db.session.scalar(statement) or 0


def close(
    program: Program, party: ProgramParty, first: date, last: date, *, reason: str, by: User, now: datetime
) -> int:
    """Close an organisation for some days; returns how many sessions stand there and have to be moved."""
    period = ClosedPeriod(
        organization_id=party.organization_id, starts_on=first, ends_on=last, reason=reason,
        created_by_id=by.id, created_at=now,
    )  # fmt: skip
    db.session.add(period)
    audit.record(
        CLOSED, period, by=by, now=now, program_id=program.id, name=party.organization.short, reason=reason,
        first={"day": first.isoformat()}, last={"day": last.isoformat()},
    )  # fmt: skip
    return sessions_within(party.organization_id, first, last)


def reopen(program: Program, period: ClosedPeriod, *, by: User, now: datetime) -> None:
    """Take closed days back."""
    audit.record(
        OPENED, period, by=by, now=now, program_id=program.id, name=period.organization.short,
        first={"day": period.starts_on.isoformat()}, last={"day": period.ends_on.isoformat()},
    )  # fmt: skip
    db.session.delete(period)


# --- rooms ------------------------------------------------------------------------------------------------


def list_rooms(program: Program, listing: Listing) -> Page[Any]:
    """Return a page of the rooms of both sides."""
    statement = (
        sa.select(Room)
        .where(Room.organization_id.in_(houses(program)))
        .options(joinedload(Room.organization), joinedload(Room.base))
    )
    if listing.q:
        statement = statement.where(contains(Room.name, listing.q))
    orders = {
        "name": (Room.name, Room.id),
        "organization": (Room.organization_id, Room.name, Room.id),
        "capacity": (Room.capacity, Room.name, Room.id),
    }
    return paginate(statement, listing, orders=orders, default="organization")


def rooms_for_choice(program: Program, limit: int = 500) -> Sequence[Room]:
    """Return the rooms of both sides that take sessions."""
    return db.session.scalars(
        sa.select(Room)
        .where(Room.organization_id.in_(houses(program)), Room.retired.is_(False))
        .options(joinedload(Room.organization))
        .order_by(Room.organization_id, Room.name, Room.id)
        .limit(limit)
    ).all()


def room_or_404(program: Program, room_id: int) -> Room:
    """Return a room of one of the programme's parties, or answer 404."""
    room = db.session.scalars(
        sa.select(Room)
        .where(Room.id == room_id, Room.organization_id.in_(houses(program)))
        .options(joinedload(Room.organization))
    ).one_or_none()
    return room or abort(404)


def _require_new_name(organization_id: int, name: str, room_id: int | None) -> None:
    same = sa.select(Room.id).where(Room.organization_id == organization_id, Room.name == name)
    if db.session.scalar(same) not in (None, room_id):
        raise RuleBroken(_("There is a room “%(name)s” already.", name=name))


def add_room(
    program: Program, organization_id: int, values: Mapping[str, Any], *, by: User, now: datetime
) -> Room:
    """Enter a room of an organisation."""
    _require_new_name(organization_id, values["name"], None)
    room = Room(organization_id=organization_id, **values)
    db.session.add(room)
    audit.record(ROOM_ADDED, room, by=by, now=now, program_id=program.id, name=room.name)
    return room


def change_room(
    program: Program, room: Room, values: Mapping[str, Any], *, version: int, by: User, now: datetime
) -> None:
    """Change a room's name, size or remark, or take it out of use; its sessions stay."""
    if room.version != version:
        raise Conflict(_("Somebody else changed this room meanwhile. What you see now is how it stands."))
    _require_new_name(room.organization_id, values["name"], room.id)
    for name, value in values.items():
        setattr(room, name, value)
    audit.record(ROOM_CHANGED, room, by=by, now=now, program_id=program.id, name=room.name)

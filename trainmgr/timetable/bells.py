"""When the units of the day begin: each house has its own bells; a session begins and ends on the clock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.programs.models import Program
from trainmgr.timetable.calendar_models import BellTimes
from trainmgr.timetable.models import TeachingSession
from trainmgr.timetable.rules import STARTS, faulty_bells, on_the_clock

SET = audit.sentence("bells.set", _l("%(who)s set when the units begin at %(what)s"))


@dataclass(frozen=True)
class Bells:
    """The beginnings of the units in some houses; a house that has not said otherwise keeps the usual ones."""

    by_house: dict[int, Sequence[str]]

    def of(self, organization_id: int) -> Sequence[str]:
        """Return the twelve beginnings in a house."""
        return self.by_house.get(organization_id, STARTS)

    def span(self, session: TeachingSession, minutes: int) -> tuple[datetime, datetime]:
        """Return when a session begins and ends; `minutes` is how long a unit of its programme lasts."""
        zone = ZoneInfo(current_app.config["TIMEZONE"])
        begins, ends = on_the_clock(session.slot, self.of(session.host_id), minutes)
        return begins.replace(tzinfo=zone).astimezone(UTC), ends.replace(tzinfo=zone).astimezone(UTC)


def bells_of(organization_ids: Collection[int]) -> Bells:
    """Return when units begin in some houses: one statement."""
    rows = db.session.execute(
        sa.select(BellTimes.organization_id, BellTimes.starts).where(
            BellTimes.organization_id.in_(list(organization_ids))
        )
    )
    return Bells({row[0]: row[1] for row in rows})


def find_bells(organization_id: int) -> BellTimes | None:
    """Return what a house has said of its bells, None when nothing."""
    return db.session.get(BellTimes, organization_id)


def set_bells(
    program: Program, house: Organization, starts: Sequence[str], *, version: int, by: User, now: datetime
) -> None:
    """Say when the twelve units begin in one's own house; `version` is 0 when nothing was said before."""
    if faulty_bells(starts):
        raise RuleBroken(_("Each unit begins at a time of day, later than the one before."))
    row = find_bells(house.id)
    if (row.version if row else 0) != version:
        raise Conflict(_("Somebody else changed this meanwhile. What you see now is how it stands."))
    if row is None:
        row = BellTimes(organization_id=house.id)
        db.session.add(row)
    row.starts = list(starts)
    db.session.flush()
    audit.record(
        SET, "bell_times", by=by, now=now, program_id=program.id, name=house.short, organization=house.id
    )

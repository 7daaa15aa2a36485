"""Whose quiet hours hold, and which days are closed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app

from trainmgr.identity.models import Membership
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import among, db
from trainmgr.notices.models import NoticeHours, NoticeSetting
from trainmgr.notices.rules import MOST_DAYS_AHEAD, Quiet, next_allowed
from trainmgr.timetable.holidays import country_day
from trainmgr.timetable.models import ClosedPeriod

_known_day = cache(country_day)


def zone() -> ZoneInfo:
    """Return the installation's time zone."""
    return ZoneInfo(current_app.config["TIMEZONE"])


class Hours:
    """The quiet hours and closed days of some organisations, read in two statements."""

    def __init__(self, organization_ids: Collection[int], now: datetime) -> None:
        self._hours = {
            row.organization_id: row.quiet
            for row in db.session.scalars(
                sa.select(NoticeHours).where(NoticeHours.organization_id.in_(organization_ids))
            )
        }
        first = local_day(now)
        self._closed: dict[int, list[tuple[date, date]]] = {}
        for row in db.session.scalars(
            sa.select(ClosedPeriod).where(
                ClosedPeriod.organization_id.in_(organization_ids),
                ClosedPeriod.starts_on <= first + timedelta(days=MOST_DAYS_AHEAD),
                ClosedPeriod.ends_on >= first,
            )
        ):
            self._closed.setdefault(row.organization_id, []).append((row.starts_on, row.ends_on))

    def is_open(self, organization_id: int | None) -> Callable[[date], bool]:
        """Return what tells whether a day is one on which an organisation works."""
        periods = self._closed.get(organization_id or 0, [])

        def is_open(day: date) -> bool:
            return _known_day(day).is_teaching and not any(first <= day <= last for first, last in periods)

        return is_open

    def next_for(
        self, organization_id: int | None, now: datetime, setting: NoticeSetting | None = None
    ) -> datetime:
        """Return from when on something may be sent to an organisation's robot or to one of its people."""
        quiet = self._hours.get(organization_id or 0, Quiet())
        if setting is not None:
            if setting.quiet_begins is not None and setting.quiet_ends is not None:
                quiet = Quiet(setting.quiet_begins, setting.quiet_ends, quiet.closed_days)
            quiet = Quiet(quiet.begins, quiet.ends, setting.closed_days)
        return next_allowed(now.astimezone(zone()), quiet, self.is_open(organization_id))


def homes_of(user_ids: Iterable[int]) -> dict[int, int]:
    """Return the organisation whose hours hold for each person: the first that they belong to; one statement."""
    rows = db.session.execute(
        sa.select(Membership.user_id, sa.func.min(Membership.organization_id))
        .where(among(Membership.user_id, list(user_ids)), Membership.ended_on.is_(None))
        .group_by(Membership.user_id)
    )
    return {row[0]: row[1] for row in rows}

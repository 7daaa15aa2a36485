"""The days of the demo: counted from the moment of loading, so that the inboxes are alive whenever it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Days:
    """Past days are told from `today`; nothing that the demo says has happened lies in the future."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The day of loading where the installation stands."""
        return self.now.astimezone(self.zone).date()

    @property
    def monday(self) -> date:
        """The Monday of this week."""
        return self.today - timedelta(days=self.today.weekday())

    def ago(self, days: int) -> date:
        """Return the day so many days before today."""
        return self.today - timedelta(days=days)

    def at(self, day: date, hour: int = 9, minute: int = 0) -> datetime:
        """Return the moment of something that happened on a day, never later than now."""
        return min(datetime.combine(day, time(hour, minute), self.zone), self.now)

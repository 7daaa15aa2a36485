"""Days on which nothing is expected of a trainee: granted leave of whole days, and suspension."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from trainmgr.attendance.queries import leave_days, leave_days_in
from trainmgr.enrolment.standing_queries import pauses_in, pauses_of
from trainmgr.enrolment.standing_rules import Pause

FEW = 500  # more trainees than these are read with their whole programme


def paused_days(paused: Collection[Pause], first: date, last: date) -> set[date]:
    """Return the days from `first` to `last` (both counted) that lie in suspensions."""
    found: set[date] = set()
    for pause in paused:
        begin = max(pause.since, first)
        end = last if pause.until is None else min(last, pause.until - timedelta(days=1))
        found.update(begin + timedelta(days=number) for number in range((end - begin).days + 1))
    return found


def days_away(
    program_id: int, first: date, last: date, enrolment_ids: Collection[int] | None = None
) -> dict[int, frozenset[date]]:
    """Return the days of leave and suspension between two days (both counted), by enrolment: two statements.

    Of everybody in a programme, or of some; who was always expected is left out.
    """
    one = next(iter(enrolment_ids)) if enrolment_ids is not None and len(enrolment_ids) == 1 else None
    if enrolment_ids is None or len(enrolment_ids) > FEW:
        leave = leave_days_in(program_id, first, last)
    else:
        leave = leave_days(enrolment_ids, first, last)
    paused = pauses_in(program_id) if one is None else {one: pauses_of(one)}
    found = dict(leave)
    for enrolment_id, known in paused.items():
        if days := paused_days(known, first, last):
            found[enrolment_id] = found.get(enrolment_id, frozenset()) | days
    return found

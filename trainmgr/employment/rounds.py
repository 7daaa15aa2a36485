"""Rounds of follow-up: planned with their dates, opened and closed by the clock, reminders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.employment import owed
from trainmgr.employment.course import add_months
from trainmgr.employment.labels import round_said
from trainmgr.employment.models import FollowUpReminder, FollowUpRound
from trainmgr.employment.rules import AFTER_GRADUATION, OPEN_DAYS
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.jobs import each_minute
from trainmgr.programs.models import Due, Program
from trainmgr.programs.rules import State

PLANNED = audit.sentence(
    "employment.round",
    _l("%(who)s planned a follow-up of the graduates of %(what)s: %(round)s, %(from)s to %(to)s"),
)
MOVED = audit.sentence(
    "employment.round.move", _l("%(who)s moved the follow-up “%(round)s” of %(what)s to %(from)s to %(to)s")
)
REMINDED = audit.sentence(
    "employment.remind", _l("%(who)s reminded %(count)s graduates of %(what)s to answer: %(round)s")
)
ASKS_IN = frozenset({State.RUNNING, State.EVALUATING, State.CLOSED})


def _told(asked: FollowUpRound) -> dict[str, Any]:
    return {
        "round": round_said(asked.months),
        "from": {"day": asked.opens_on.isoformat()},
        "to": {"day": asked.closes_on.isoformat()},
    }


def plan_round(
    program: Program, *, months: int, opens_on: date, closes_on: date, by: User, now: datetime
) -> FollowUpRound:
    """Plan to ask a programme's graduates so many months after their graduation; once a number of months."""
    require(program.state in ASKS_IN, _("A programme's graduates are followed up from the time it runs."))
    require(closes_on >= opens_on, _("The last day lies before the first."))
    require(closes_on >= local_day(now), _("These days have gone by."))
    same = sa.select(FollowUpRound.id).where(
        FollowUpRound.program_id == program.id, FollowUpRound.months == months
    )
    if db.session.scalar(same) is not None:
        raise Conflict(_("There is a round so many months after already. Change its days instead."))
    asked = FollowUpRound(
        program_id=program.id,
        year=(program.ends_on or add_months(opens_on, -months)).year,
        months=months,
        opens_on=opens_on,
        closes_on=closes_on,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    db.session.add(asked)
    audit.record(PLANNED, asked, by=by, now=now, program_id=program.id, name=program.name, **_told(asked))
    _begin(asked, now)
    return asked


def plan_usual(program: Program, *, by: User, now: datetime) -> int:
    """Plan the usual rounds that are missing and not over, counted from the programme's last day; returns how many."""
    if program.ends_on is None or program.state not in ASKS_IN:
        return 0
    known = set(
        db.session.scalars(sa.select(FollowUpRound.months).where(FollowUpRound.program_id == program.id))
    )
    planned = 0
    for months in AFTER_GRADUATION:
        opens_on = add_months(program.ends_on, months)
        closes_on = opens_on + timedelta(days=OPEN_DAYS)
        if months in known or closes_on < local_day(now):
            continue
        plan_round(program, months=months, opens_on=opens_on, closes_on=closes_on, by=by, now=now)
        planned += 1
    return planned


def move_round(
    asked: FollowUpRound,
    program: Program,
    *,
    opens_on: date,
    closes_on: date,
    version: int,
    by: User,
    now: datetime,
) -> None:
    """Give a round other days; one that was over and now lasts longer opens again."""
    if asked.version != version:
        raise Conflict(_("Somebody changed this round meanwhile. Look at it again."))
    require(closes_on >= opens_on, _("The last day lies before the first."))
    asked.opens_on, asked.closes_on = opens_on, closes_on
    asked.opened_at = asked.closed_at = None
    audit.record(MOVED, asked, by=by, now=now, program_id=program.id, name=program.name, **_told(asked))
    _begin(asked, now)


def _begin(asked: FollowUpRound, now: datetime) -> None:
    """Note a round that is open or over by now, and ask or ask no more."""
    db.session.flush()
    today = local_day(now)
    asked.opened_at = now if today >= asked.opens_on else None
    asked.closed_at = now if today > asked.closes_on else None
    owed.renew(asked, now=now)


@each_minute
def keep_rounds(now: datetime) -> None:
    """Open the rounds whose first day has come, close those whose last day is over."""
    today = local_day(now)
    due = db.session.scalars(
        sa.select(FollowUpRound)
        .where(
            FollowUpRound.closed_at.is_(None),
            sa.or_(
                sa.and_(FollowUpRound.opened_at.is_(None), FollowUpRound.opens_on <= today),
                FollowUpRound.closes_on < today,
            ),
        )
        .order_by(FollowUpRound.id)
        .with_for_update(skip_locked=True)
    )
    for asked in due:
        asked.opened_at = asked.opened_at or now
        asked.closed_at = now if asked.closes_on < today else None
        owed.renew(asked, now=now)


# --- reminders -------------------------------------------------------------------------------------------


def remind(
    program: Program, asked: FollowUpRound, people: Sequence[Enrolment], *, by: User, now: datetime
) -> int:
    """Ask graduates once more, each at most once a day; returns how many were asked."""
    today = local_day(now)
    require(asked.is_open_on(today), _("This round takes no answers today."))
    known = set(
        db.session.scalars(
            sa.select(FollowUpReminder.enrolment_id).where(
                FollowUpReminder.round_id == asked.id, FollowUpReminder.on_day == today
            )
        )
    )
    fresh = [one for one in people if one.id not in known]
    require(fresh, _("Everybody was reminded today already. Tomorrow they can be reminded again."))
    db.session.execute(
        sa.insert(FollowUpReminder),
        [
            {
                "program_id": program.id, "round_id": asked.id, "enrolment_id": one.id, "on_day": today,
                "by_name": by.name,
            }
            for one in fresh
        ],
    )  # fmt: skip
    _note_in_inbox(asked, fresh, by, now)
    audit.record(
        REMINDED, asked, by=by, now=now, program_id=program.id, name=program.name, count=len(fresh),
        round=round_said(asked.months),
    )  # fmt: skip
    return len(fresh)


def _note_in_inbox(asked: FollowUpRound, people: Sequence[Enrolment], by: User, now: datetime) -> None:
    for start in range(0, len(people), 500):
        users = [one.user_id for one in people[start : start + 500]]
        db.session.execute(
            sa.update(Due)
            .where(Due.program_id == asked.program_id, Due.code == owed.ANSWER, Due.subject_id == asked.id)
            .where(Due.user_id.in_(users))
            .values(reminded_at=now, reminded_by=by.name),
            execution_options={"synchronize_session": False},
        )

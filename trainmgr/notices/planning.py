"""What is planned by the clock and by what happens: summaries of the day, invitations to rate, late improvement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from trainmgr.evaluation.inviting import Invited, NoticeKind, invites
from trainmgr.evaluation.models import Window
from trainmgr.improvement.models import ImprovementItem
from trainmgr.improvement.rules import Phase
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import among, db
from trainmgr.kernel.jobs import each_minute
from trainmgr.notices.models import NoticeMessage, NoticeRobot, NoticeSetting
from trainmgr.notices.outbox import Plan, plan
from trainmgr.notices.quiet import Hours, homes_of, zone
from trainmgr.notices.rules import Outcome, Topic
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import State

DAILY_AT = time(8)
KEPT = timedelta(days=180)
MOST = 200  # people planned for in a minute


@each_minute
def plan_the_day(now: datetime) -> None:
    """Plan the summaries from eight in the morning on, each once a day; what is late once a week."""
    if now.astimezone(zone()).time() < DAILY_AT:
        _forget(now)
        return
    day = local_day(now)
    year, number, _weekday = day.isocalendar()
    week = f"{year}w{number}"
    _plan_people(Topic.DIGEST, NoticeSetting.digest.is_(True), day.isoformat(), now)
    _plan_people(Topic.LATE, sa.and_(NoticeSetting.reminders, _is_late(day)), week, now)
    _plan_robots(Topic.DIGEST, day.isoformat(), now)
    _plan_robots(Topic.LATE, week, now)


def _is_late(day: date) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        ImprovementItem.doer_id == NoticeSetting.user_id,
        ImprovementItem.phase != Phase.CLOSED,
        ImprovementItem.due_on < day,
    )


def _plan_people(topic: Topic, wanted: sa.ColumnElement[bool], when: str, now: datetime) -> None:
    """Plan one message for each who wants it and has none of this time yet.

    The summary of a day on which its person is not to be disturbed at all is not caught up later.
    """
    prefix = f"{topic.value}:u"
    key = sa.literal(prefix) + sa.cast(NoticeSetting.user_id, sa.String) + f":{when}"
    settings = db.session.scalars(
        sa.select(NoticeSetting)
        .where(NoticeSetting.confirmed_at.is_not(None), wanted, ~sa.exists().where(NoticeMessage.key == key))
        .order_by(NoticeSetting.user_id)
        .limit(MOST)
    ).all()
    if not settings:
        return
    homes = homes_of([one.user_id for one in settings])
    hours = Hours(set(homes.values()), now)
    plans = []
    for one in settings:
        at = hours.next_for(homes.get(one.user_id), now, one)
        missed = topic is Topic.DIGEST and local_day(at) != local_day(now)
        state = Outcome.DROPPED if missed else Outcome.WAITING
        plans.append(
            Plan(f"{prefix}{one.user_id}:{when}", topic, user_id=one.user_id, not_before=at, state=state)
        )
    plan(plans, now=now)


def _plan_robots(topic: Topic, when: str, now: datetime) -> None:
    robots = [one for one in _robots(NoticeRobot.active) if topic.value in one.topics]
    keys = [f"{topic.value}:r{one.id}:{when}" for one in robots]
    known = set(db.session.scalars(sa.select(NoticeMessage.key).where(NoticeMessage.key.in_(keys))))
    fresh = [(one, key) for one, key in zip(robots, keys, strict=True) if key not in known]
    if not fresh:
        return
    hours = Hours({one.organization_id for one, _key in fresh}, now)
    plans = []
    for one, key in fresh:
        at = hours.next_for(one.organization_id, now)
        missed = topic is Topic.DIGEST and local_day(at) != local_day(now)
        state = Outcome.DROPPED if missed else Outcome.WAITING
        plans.append(Plan(key, topic, robot_id=one.id, not_before=at, state=state))
    plan(plans, now=now)


def _robots(*conditions: Any) -> Sequence[NoticeRobot]:
    return db.session.scalars(sa.select(NoticeRobot).where(*conditions).order_by(NoticeRobot.id)).all()


def _forget(now: datetime) -> None:
    """Drop what went out half a year ago, in the small hours."""
    over = (Outcome.SENT, Outcome.DROPPED, Outcome.FAILED)
    db.session.execute(
        sa.delete(NoticeMessage).where(
            NoticeMessage.state.in_(over),
            NoticeMessage.not_before < now - KEPT,
            NoticeMessage.made_at < now - KEPT,
        ),
        execution_options={"synchronize_session": False},
    )


# --- invitations to rate ---------------------------------------------------------------------------------------


@invites
def take_outside(window: Window, kind: NoticeKind, people: Sequence[Invited], now: datetime) -> None:
    """Plan a mail for each who was invited or reminded and wants mail, and a word to the parties' groups."""
    db.session.flush()
    params = {"window": window.id, "kind": kind.value}
    mark = f"{window.id}:{kind.value}:{local_day(now).isoformat()}"
    settings = db.session.scalars(
        sa.select(NoticeSetting).where(
            among(NoticeSetting.user_id, [one.user_id for one in people]),
            NoticeSetting.confirmed_at.is_not(None),
            NoticeSetting.reminders,
        )
    ).all()
    homes = homes_of([one.user_id for one in settings]) if settings else {}
    robots = [one for one in _robots_of(window.program_id) if Topic.INVITATION.value in one.topics]
    hours = Hours({*homes.values(), *(one.organization_id for one in robots)}, now)
    plan(
        [
            Plan(
                f"invite:u{one.user_id}:{mark}", Topic.INVITATION, user_id=one.user_id, params=params,
                not_before=hours.next_for(homes.get(one.user_id), now, one),
            )
            for one in settings
        ]
        + [
            Plan(
                f"invite:r{one.id}:{mark}", Topic.INVITATION, robot_id=one.id,
                params=params | {"people": len(people)}, not_before=hours.next_for(one.organization_id, now),
            )
            for one in robots
        ],
        now=now,
    )  # fmt: skip


def _robots_of(program_id: int) -> Sequence[NoticeRobot]:
    parties = (
        sa.select(ProgramParty.organization_id)
        .join(Program, Program.id == ProgramParty.program_id)
        .where(ProgramParty.program_id == program_id, Program.state != State.CANCELLED)
    )
    return _robots(NoticeRobot.active, NoticeRobot.organization_id.in_(parties))

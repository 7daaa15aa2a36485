"""Points and awards of both sides: giving, cancelling by a counter-entry, awarding, withdrawing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import aliased

from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.guidance.models import (
    AwardWithdrawal,
    GuidanceAward,
    GuidanceSetting,
    PointConsent,
    PointEntry,
    PointRule,
)
from trainmgr.guidance.rules import Aspect, AwardKind, counter, entry_fault, week_begins
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.i18n import say
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, Work

RULE_MADE = audit.sentence("guidance.point_rule", _l("%(who)s set a reason for points: %(what)s, %(points)s"))
RULE_RETIRED = audit.sentence(
    "guidance.point_rule.retire", _l("%(who)s retired the reason for points %(what)s")
)
GAVE = audit.sentence("guidance.points", _l("%(who)s gave %(what)s %(points)s points: %(rule)s"))
CANCELLED = audit.sentence(
    "guidance.points.cancel", _l("%(who)s cancelled %(points)s points of %(what)s: %(reason)s")
)
AWARDED = audit.sentence("guidance.award", _l("%(who)s awarded %(what)s “%(award)s”"))
WITHDRAWN = audit.sentence(
    "guidance.award.withdraw", _l("%(who)s withdrew “%(award)s” of %(what)s: %(reason)s")
)


@dataclass(frozen=True)
class Reason:
    """A reason for points as it is typed."""

    side: Side
    aspect: Aspect
    name: str
    points: int


@dataclass(frozen=True)
class Award:
    """An award as it is typed; money in cents."""

    side: Side
    kind: AwardKind
    name: str
    basis: str
    awarded_on: date
    amount_cents: int | None = None


def add_rule(program: Program, reason: Reason, *, by: User, now: datetime) -> PointRule:
    """Set a reason for which a side gives points; its points never change, a new reason takes over."""
    require_open(program, Work.MENTORING)
    same = sa.select(PointRule.id).where(
        PointRule.program_id == program.id,
        PointRule.side == reason.side,
        PointRule.name == reason.name,
        PointRule.retired_on.is_(None),
    )
    require(db.session.scalar(same) is None, _("This side has that reason already."))
    row = PointRule(
        program_id=program.id,
        side=reason.side,
        aspect=reason.aspect,
        name=reason.name,
        points=reason.points,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    db.session.add(row)
    audit.record(
        RULE_MADE, row, by=by, now=now, program_id=program.id, name=reason.name, points=reason.points
    )
    return row


def retire_rule(program: Program, rule: PointRule, *, by: User, now: datetime) -> None:
    """Give no more points for a reason; what was given stays."""
    if rule.retired_on is None:
        rule.retired_on = local_day(now)
        audit.record(RULE_RETIRED, rule, by=by, now=now, program_id=program.id, name=rule.name)


def given_this_week(by_id: int, enrolment_id: int, program_id: int, day: date) -> tuple[int, int]:
    """Return the points, up or down, that somebody gave a trainee and all this week; cancelled ones do not count."""
    undone = aliased(PointEntry)
    row = db.session.execute(
        sa.select(
            sa.func.coalesce(
                sa.func.sum(
                    sa.case(
                        (PointEntry.enrolment_id == enrolment_id, sa.func.abs(PointEntry.points)), else_=0
                    )
                ),
                0,
            ),
            sa.func.coalesce(sa.func.sum(sa.func.abs(PointEntry.points)), 0),
        ).where(
            PointEntry.by_id == by_id,
            PointEntry.program_id == program_id,
            PointEntry.day >= week_begins(day),
            PointEntry.cancels_id.is_(None),
            sa.not_(sa.exists().where(undone.cancels_id == PointEntry.id)),
        )
    ).one()
    return int(row[0]), int(row[1])


def give(
    program: Program,
    enrolment: Enrolment,
    rule: PointRule,
    *,
    note: str,
    setting: GuidanceSetting,
    by: User,
    now: datetime,
) -> PointEntry:
    """Give a trainee the points of a reason, within the week's limits."""
    require_open(program, Work.PRACTICE)
    require(
        enrolment.state is not EnrolmentState.WITHDRAWN,
        _("%(name)s has left the programme.", name=enrolment.name),
    )
    require(rule.retired_on is None, _("This reason is retired."))
    require(by.id != enrolment.user_id, _("Nobody gives points to themselves."))
    today = local_day(now)
    db.session.execute(
        sa.select(User.id).where(User.id == by.id).with_for_update()
    )  # two at once share the limit
    for_one, for_all = given_this_week(by.id, enrolment.id, program.id, today)
    fault = entry_fault(rule.points, for_one, for_all, setting.weekly_for_one, setting.weekly_for_all)
    require(fault is None, say(fault))
    row = PointEntry(
        program_id=program.id,
        enrolment_id=enrolment.id,
        rule_id=rule.id,
        side=rule.side,
        points=rule.points,
        note=note,
        day=today,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    db.session.add(row)
    audit.record(
        GAVE,
        row,
        by=by,
        now=now,
        program_id=program.id,
        name=enrolment.name,
        points=rule.points,
        rule=rule.name,
    )
    return row


def cancel(program: Program, entry: PointEntry, *, reason: str, by: User, now: datetime) -> PointEntry:
    """Cancel an entry by a counter-entry with its reason; an entry is cancelled once."""
    require_open(program, Work.PRACTICE)
    require(entry.cancels_id is None, _("A counter-entry is not cancelled."))
    require(reason.strip(), _("Say why the points are cancelled."))
    undone = db.session.scalar(sa.select(PointEntry.id).where(PointEntry.cancels_id == entry.id))
    if undone is not None:
        raise Conflict(_("These points were cancelled already."))
    row = PointEntry(
        program_id=program.id,
        enrolment_id=entry.enrolment_id,
        rule_id=entry.rule_id,
        side=entry.side,
        points=counter(entry.points),
        note=reason,
        day=local_day(now),
        cancels_id=entry.id,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    db.session.add(row)
    audit.record(
        CANCELLED,
        row,
        by=by,
        now=now,
        program_id=program.id,
        name=entry.enrolment.name,
        points=entry.points,
        reason=reason,
    )
    return row


def consent(enrolment: Enrolment, *, shown: bool, now: datetime) -> None:
    """Note that a trainee agrees to stand in the ranking by name, or no longer does."""
    row = db.session.get(PointConsent, enrolment.id)
    if shown and row is None:
        db.session.add(PointConsent(enrolment_id=enrolment.id, at=now))
    elif not shown and row is not None:
        db.session.delete(row)


def award(program: Program, enrolment: Enrolment, given: Award, *, by: User, now: datetime) -> GuidanceAward:
    """Note an award that a side gave a trainee, with what it rests on."""
    require_open(program, Work.MENTORING)
    require(by.id != enrolment.user_id, _("Nobody gives awards to themselves."))
    require(given.awarded_on <= local_day(now), _("An award is noted when it was given, not before."))
    row = GuidanceAward(
        program_id=program.id,
        enrolment_id=enrolment.id,
        side=given.side,
        kind=given.kind,
        name=given.name,
        basis=given.basis,
        amount_cents=given.amount_cents,
        awarded_on=given.awarded_on,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    db.session.add(row)
    audit.record(AWARDED, row, by=by, now=now, program_id=program.id, name=enrolment.name, award=given.name)
    return row


def withdraw(program: Program, row: GuidanceAward, *, reason: str, by: User, now: datetime) -> None:
    """Withdraw an award with its reason; told twice it is withdrawn once."""
    require(reason.strip(), _("Say why the award is withdrawn."))
    if row.withdrawal is not None:
        return
    db.session.add(AwardWithdrawal(award_id=row.id, reason=reason, by_id=by.id, by_name=by.name, at=now))
    audit.record(
        WITHDRAWN,
        row,
        by=by,
        now=now,
        program_id=program.id,
        name=row.enrolment.name,
        award=row.name,
        reason=reason,
    )

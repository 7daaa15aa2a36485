"""Judging: each side's one verdict on an application, settled with the places that are free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.enrolment.places import STEPS, lock_places
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, Step, Work
from trainmgr.programs.thread import refresh
from trainmgr.recruitment import admitting, interviews, owed
from trainmgr.recruitment.models import Application, Verdict
from trainmgr.recruitment.room import room_of
from trainmgr.recruitment.rules import ApplicationState, VerdictKind, settle

JUDGED = audit.sentence("application.verdict", _l("%(who)s judged the application of %(what)s"))


@dataclass(frozen=True)
class Judgement:
    """One side's verdict as it was typed, for one application or for many alike."""

    side: Side
    verdict: VerdictKind
    reason: str = ""


def record_verdict(
    program: Program,
    application_id: int,
    side: Side,
    verdict: VerdictKind,
    *,
    reason: str,
    by: User,
    now: datetime,
    today: date,
) -> Application:
    """Take one side's verdict on an applicant and settle the application as far as it goes."""
    require_open(program, Work.ENROLMENT)
    (application,) = _locked(program, [application_id], now, today)
    if any(each.side is side for each in application.verdicts):
        raise RuleBroken(_("Your side has judged this application already; a verdict is not changed."))
    if application.state is not ApplicationState.PENDING:
        raise RuleBroken(_("The application is settled: %(state)s.", state=application.state_label))
    _judge_all(program, [application], Judgement(side, verdict, reason), by=by, now=now, today=today)
    return application


def record_verdicts(
    program: Program, ids: Sequence[int], judgement: Judgement, *, by: User, now: datetime, today: date
) -> list[Application]:
    """Take the same verdict of one side on many applicants; returns those that still waited for it."""
    require_open(program, Work.ENROLMENT)
    found = _locked(program, ids, now, today)
    awaited = [
        one
        for one in found
        if one.state is ApplicationState.PENDING
        and all(each.side is not judgement.side for each in one.verdicts)
    ]
    if not awaited:
        raise RuleBroken(_("None of them waits for a verdict of your side."))
    _judge_all(program, awaited, judgement, by=by, now=now, today=today)
    return awaited


def _locked(program: Program, ids: Sequence[int], now: datetime, today: date) -> list[Application]:
    """Return applications in the order of applying, when nobody else can give places away and nobody is passed over.

    The programme is locked first, so that of two judges and one place left only one gives it away; whoever waits for a
    place that is free comes in before somebody who is judged only now.
    """
    lock_places(program.id)
    if admitting.promote(program, now=now, today=today):
        refresh(program.id, *STEPS, now=now)
    return list(
        db.session.scalars(
            sa.select(Application)
            .where(Application.id.in_(ids), Application.program_id == program.id)
            .options(selectinload(Application.verdicts), joinedload(Application.post))
            .order_by(Application.applied_at, Application.id)
            .execution_options(populate_existing=True)
        )
    )


def _judge_all(
    program: Program,
    applications: Sequence[Application],
    judgement: Judgement,
    *,
    by: User,
    now: datetime,
    today: date,
) -> None:
    room, admitted = room_of(program), []
    for one in applications:
        _note(one, judgement, by=by, now=now)
        given = {each.side: each.verdict for each in one.verdicts} | {judgement.side: judgement.verdict}
        one.state = settle(given, room.left_for(one.post_id))
        if one.state is ApplicationState.ADMITTED:
            room = room.without_one(one.post_id)
            admitted.append(one)
    settled = [one for one in applications if one.state is not ApplicationState.PENDING]
    if settled:
        interviews.release(settled, now=now)
    if admitted:
        admitting.admit(program, admitted, now=now, today=today)
        owed.ask_to_confirm(program.id, admitted, today=today)
    owed.put_dues(program, today=today)
    refresh(program.id, *(STEPS if admitted else (Step.ENROLMENT,)), now=now)


def _note(application: Application, judgement: Judgement, *, by: User, now: datetime) -> None:
    db.session.add(
        Verdict(
            application_id=application.id,
            side=judgement.side,
            verdict=judgement.verdict,
            reason=judgement.reason,
            by_id=by.id,
            at=now,
        )
    )
    audit.record(
        JUDGED,
        application,
        by=by,
        now=now,
        program_id=application.program_id,
        name=application.name,
        reason=judgement.reason,
    )

"""Amendments of a signed plan: opened with a reason and a day, agreed by both sides, in force from that day on."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.curriculum import queries
from trainmgr.curriculum.board import Board, read_board
from trainmgr.curriculum.effect import DayFault, day_fault, first_day
from trainmgr.curriculum.hooks import tell_amended
from trainmgr.curriculum.keeping import opened, require_version, settle
from trainmgr.curriculum.models import Edition, EditionState
from trainmgr.curriculum.writing import write_plan
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import day as day_text
from trainmgr.kernel.jobs import each_minute
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.planned import set_planned_minutes
from trainmgr.programs.rules import State, Step, Work
from trainmgr.programs.thread import refresh

OPENED = audit.sentence(
    "curriculum.open", _l("%(who)s opened edition %(number)s of the plan, because: %(reason)s")
)
REVISED = audit.sentence(
    "curriculum.amendment",
    _l("%(who)s set the reason of edition %(number)s (%(reason)s) and the day from which it holds: %(day)s"),
)
IN_FORCE = audit.sentence("curriculum.in_force", _l("Edition %(number)s of the plan is in force"))
OVER = (State.CLOSED, State.CANCELLED)


class DayRefused(RuleBroken):
    """An amendment cannot take effect on the day that was typed (422)."""

    status = 422


def open_edition(
    program: Program, reason: str, *, effective_on: date | None = None, by: User, now: datetime
) -> Edition:
    """Open the next edition as a copy of the signed one, with the reason for it and the day from which it is to hold.

    Without a day it holds as soon as both sides have signed.
    """
    require_open(program, Work.CURRICULUM)
    require(reason.strip(), _("Say why the plan is to change."))
    db.session.execute(sa.select(Program.id).where(Program.id == program.id).with_for_update(key_share=True))
    base = _base(program)
    require_day(program, effective_on, base, local_day(now))
    edition = Edition(
        program_id=program.id,
        number=base.number + 1,
        based_on_id=base.id,
        reason=reason.strip(),
        effective_on=effective_on,
        created_by_id=by.id,
        created_at=now,
        changed_at=now,
    )
    db.session.add(edition)
    db.session.flush()
    write_plan(edition, queries.read_plans(program.id, [base.id])[base.id], leaders=None)
    audit.record(
        OPENED, edition, by=by, now=now, program_id=program.id, reason=reason.strip(), number=edition.number,
        day=_said(effective_on),
    )  # fmt: skip
    settle(program, edition, by=by, now=now)
    return edition


def _base(program: Program) -> Edition:
    """Return what the next edition amends: the newest one, which both sides must have signed."""
    newest = queries.shelf_of(program.id).newest
    if newest is None or (newest.based_on_id is None and newest.signed_at is None):
        raise RuleBroken(_("There is no signed edition yet: change the draft."))
    require(newest.signed_at, _("Edition %(number)s is open already.", number=newest.number))
    return newest


def _said(day: date | None) -> object:
    return {"day": day.isoformat()} if day else "–"


def require_day(program: Program, day: date | None, base: Edition | None, today: date) -> None:
    """Stop with a sentence where an amendment cannot take effect on a day."""
    base_from = base.in_force_from if base is not None else None
    fault = day_fault(day, today=today, ends_on=program.ends_on, base_from=base_from)
    if fault is None or day is None:
        return
    if fault is DayFault.PAST:
        raise DayRefused(
            _("%(day)s is over: what was done until now stays under the old edition. Choose today or a later day.",
              day=day_text(day))
        )  # fmt: skip
    if fault is DayFault.AFTER_THE_END:
        raise DayRefused(
            _("The programme ends on %(end)s; an amendment from %(day)s would never hold.",
              end=day_text(program.ends_on), day=day_text(day))
        )  # fmt: skip
    assert base is not None
    raise DayRefused(
        _("Edition %(number)s, which this one amends, holds from %(day)s only.", number=base.number,
          day=day_text(base_from))
    )  # fmt: skip


def require_day_ahead(program: Program, edition: Edition, today: date) -> None:
    """Stop an edition whose day has come before both sides have signed it."""
    if edition.effective_on is not None and edition.effective_on < today:
        raise RuleBroken(
            _(
                "Edition %(number)s was to hold from %(day)s, which is over. Take it back from signing where it is "
                "offered, set a later day, then both sides sign.",
                number=edition.number,
                day=day_text(edition.effective_on),
            )
        )


def revise(
    program: Program,
    edition: Edition,
    reason: str,
    effective_on: date | None,
    *,
    version: int | None = None,
    by: User,
    now: datetime,
) -> None:
    """Change the reason of an amendment that is still a draft, and the day from which it is to hold."""
    edition = opened(program, edition)
    require(edition.based_on_id, _("A first edition needs no reason; it holds from the beginning."))
    require(reason.strip(), _("Say why the plan is to change."))
    require_version(edition, version, _changer(edition))
    base = db.session.get(Edition, edition.based_on_id)
    require_day(program, effective_on, base, local_day(now))
    if (edition.reason, edition.effective_on) == (reason.strip(), effective_on):
        return
    edition.reason, edition.effective_on = reason.strip(), effective_on
    audit.record(
        REVISED, edition, by=by, now=now, program_id=program.id, reason=reason.strip(), number=edition.number,
        day=_said(effective_on),
    )  # fmt: skip
    settle(program, edition, by=by, now=now)


def _changer(edition: Edition) -> User | None:
    return db.session.get(User, edition.changed_by_id) if edition.changed_by_id else None


# --- in force ---------------------------------------------------------------------------------------


def conclude(program: Program, board: Board, edition: Edition, now: datetime) -> None:
    """Let an edition that both sides have signed just now hold: at once, or agreed for its day."""
    today = local_day(now)
    edition.signed_at = now
    if edition.based_on_id is None:
        _put_in_force(program, board, edition)
        return
    base = next((each for each in board.shelf.editions if each.id == edition.based_on_id), None)
    base_from = base.in_force_from if base is not None else None
    first = first_day(edition.effective_on, signed_on=today, base_from=base_from)
    edition.in_force_from = first
    tell_amended(program, edition, first)
    if first <= today:
        _put_in_force(program, board, edition)
    else:
        edition.state = EditionState.AGREED
    db.session.flush()


def _put_in_force(program: Program, board: Board, edition: Edition) -> None:
    """Let an edition hold from now on; what held before, or was agreed for a day until now, is superseded."""
    for each in board.shelf.editions:
        if each.number < edition.number and each.state in (EditionState.SIGNED, EditionState.AGREED):
            each.state = EditionState.SUPERSEDED
    db.session.flush()
    edition.state = EditionState.SIGNED
    db.session.flush()
    set_planned_minutes(program, board.totals.minutes)


@each_minute
def turn(now: datetime) -> int:
    """Put every edition in force whose day has come; returns how many there were."""
    due = db.session.scalars(
        sa.select(Edition)
        .join(Program, Program.id == Edition.program_id)
        .where(
            Edition.state == EditionState.AGREED,
            Edition.in_force_from <= local_day(now),
            Program.state.not_in(OVER),
        )
        .order_by(Edition.program_id, Edition.number)
        .with_for_update(of=Edition)
        .execution_options(populate_existing=True)
    ).all()
    newest = {edition.program_id: edition for edition in due}
    for program_id, edition in newest.items():
        program = db.session.get_one(Program, program_id)
        board = read_board(program, edition.number)
        assert board is not None
        _put_in_force(program, board, edition)
        audit.record(IN_FORCE, edition, by=None, now=now, program_id=program_id, number=edition.number)
        refresh(program_id, Step.CURRICULUM, Step.ENROLMENT, Step.PRACTICE, now=now)
    return len(newest)

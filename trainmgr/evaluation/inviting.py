"""What raters are sent about a window: an invitation, two reminders by the clock, and reminders by hand.

Each is a row of window_notice, written exactly once. What takes it outside (mail, group robots) registers itself:

    @invites
    def write_to(window, kind, people, now): ...

and is called in the same transaction with those whom the rows are new for. The inbox shows what is due by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.evaluation import queries
from trainmgr.evaluation.due_codes import DUE_CODES
from trainmgr.evaluation.models import Window, WindowNotice
from trainmgr.evaluation.rules import BY_CLOCK, NoticeKind, Party, Phase, WindowKind, notice_due
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import each_minute
from trainmgr.programs.models import Due, Program
from trainmgr.programs.rules import State

__all__ = ["Invited", "NoticeKind", "invite", "invites", "remind", "send_due"]

REMINDED = audit.sentence(
    "window.remind", _l("%(who)s reminded %(count)s people to rate in the window “%(what)s”")
)


@dataclass(frozen=True)
class Invited:
    """Somebody who was just sent a notice, and how many ratings he or she owes in the window."""

    user_id: int
    amount: int


Listener = Callable[[Window, NoticeKind, Sequence[Invited], datetime], None]

_listeners: list[Listener] = []


def invites(listener: Listener) -> Listener:
    """Register what takes notices outside; it is called in the transaction that writes them."""
    _listeners.append(listener)
    return listener


def invite(window: Window, owed: Mapping[int, int], *, now: datetime) -> NoticeKind | None:
    """Tell everybody who owes ratings in an open window that it is open, whoever comes later when they come.

    Returns what the clock has sent last. A window that opened before notices were kept is left alone.
    """
    if window.notified is None:
        _write(window, NoticeKind.INVITATION, owed, now=now)
        return NoticeKind.INVITATION
    known = set(
        db.session.scalars(
            sa.select(WindowNotice.user_id).where(
                WindowNotice.window_id == window.id, WindowNotice.kind == NoticeKind.INVITATION
            )
        )
    )
    new = {user_id: amount for user_id, amount in owed.items() if user_id not in known}
    if known and new:
        _write(window, NoticeKind.INVITATION, new, now=now)
    return window.notified


@each_minute
def send_due(now: datetime) -> int:
    """Send the reminders that are due by the clock to whoever has not answered; returns how many windows had one."""
    count = 0
    for window in _with_reminders(now):
        kind = notice_due(window.phase(now), now, window.first_reminder_at, window.second_reminder_at)
        if kind is None or window.notified is None or _rank(kind) <= _rank(window.notified):
            continue
        _write(window, kind, owed_by_person(window), now=now)
        # Written past the version that people edit against: whoever has the form open is not turned away.
        db.session.execute(
            sa.update(Window).where(Window.id == window.id).values(notified=kind),
            execution_options={"synchronize_session": False},
        )
        count += 1
    return count


def _rank(kind: NoticeKind) -> int:
    return BY_CLOCK.index(kind)


def _with_reminders(now: datetime) -> list[Window]:
    """Return the open windows of programmes under way of which a reminder may be due, locked in order."""
    under_way = sa.or_(
        Program.state.in_((State.RUNNING, State.EVALUATING)),
        sa.and_(Program.state == State.CLOSED, Window.kind == WindowKind.FOLLOW_UP),
    )
    first = sa.and_(Window.first_reminder_at <= now, Window.notified == NoticeKind.INVITATION)
    last = sa.and_(Window.second_reminder_at <= now, Window.notified != NoticeKind.SECOND_REMINDER)
    return list(
        db.session.scalars(
            queries.with_criteria(sa.select(Window))
            .join(Program, Program.id == Window.program_id)
            .where(Window.phase_seen == Phase.OPEN, Window.closes_at > now, under_way, sa.or_(first, last))
            .order_by(Window.program_id, Window.id)
            .with_for_update(of=Window)
            .execution_options(populate_existing=True)
        )
    )


def owed_by_person(window: Window, parties: Collection[Party] = ()) -> dict[int, int]:
    """Return who still owes how many ratings in a window, for all parties or for some (one statement for each)."""
    owed: dict[int, int] = {}
    for party in window.parties:
        if parties and party not in parties:
            continue
        for user_id, amount in queries.owing(window, party):
            owed[user_id] = owed.get(user_id, 0) + amount
    return owed


def remind(
    program: Program,
    window: Window,
    *,
    by: Actor,
    now: datetime,
    parties: Collection[Party] = (),
    user_ids: Collection[int] | None = None,
) -> int:
    """Remind whoever still owes a rating in an open window, nobody twice on a day; returns how many were reminded."""
    window = queries.lock_window(window)
    require(window.phase(now) is Phase.OPEN, _("This window is not open."))
    require(
        program.state in (State.RUNNING, State.EVALUATING)
        or (program.state is State.CLOSED and window.kind is WindowKind.FOLLOW_UP),
        _("Nobody is reminded of a programme that is not under way."),
    )
    owed = owed_by_person(window, parties)
    if user_ids is not None:
        owed = {user_id: amount for user_id, amount in owed.items() if user_id in set(user_ids)}
    require(owed, _("Nobody has this to do any more."))
    told = _told_today(window, now)
    fresh = {user_id: amount for user_id, amount in owed.items() if user_id not in told}
    require(fresh, _("Everybody was reminded today already. Tomorrow they can be reminded again."))
    _write(window, NoticeKind.BY_HAND, fresh, now=now, by_name=by.name)
    _note_in_inboxes(window, fresh, by, now)
    audit.record(REMINDED, window, by=by, now=now, program_id=program.id, name=window.name, count=len(fresh))
    return len(fresh)


def _told_today(window: Window, now: datetime) -> set[int]:
    return set(
        db.session.scalars(
            sa.select(WindowNotice.user_id).where(
                WindowNotice.window_id == window.id,
                WindowNotice.day == local_day(now),
                WindowNotice.kind != NoticeKind.INVITATION,
            )
        )
    )


def _note_in_inboxes(window: Window, people: Collection[int], by: Actor, now: datetime) -> None:
    """Let the inbox say that somebody was reminded, and by whom."""
    ids = sorted(people)
    for start in range(0, len(ids), 500):
        db.session.execute(
            sa.update(Due)
            .where(
                Due.program_id == window.program_id,
                Due.code.in_(DUE_CODES.values()),
                Due.subject_id == window.id,
                Due.user_id.in_(ids[start : start + 500]),
            )
            .values(reminded_at=now, reminded_by=by.name),
            execution_options={"synchronize_session": False},
        )


def _write(
    window: Window, kind: NoticeKind, owed: Mapping[int, int], *, now: datetime, by_name: str = ""
) -> None:
    """Write the notices and call what takes them outside: one insert for any number of people."""
    people = [Invited(user_id, amount) for user_id, amount in sorted(owed.items()) if amount > 0]
    if not people:
        return
    common = {
        "program_id": window.program_id,
        "window_id": window.id,
        "kind": kind,
        "at": now,
        "day": local_day(now),
        "by_name": by_name,
    }
    db.session.execute(
        sa.insert(WindowNotice),
        [{**common, "user_id": one.user_id, "amount": one.amount} for one in people],
    )
    for listener in _listeners:
        listener(window, kind, people, now)

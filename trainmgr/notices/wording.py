"""What a message says, looked up when it is sent: counts and links, no name of a person. Nothing to say is None."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from trainmgr.evaluation.due_codes import DUE_CODES
from trainmgr.evaluation.models import Window
from trainmgr.evaluation.rules import NoticeKind
from trainmgr.identity import actions, factors, linking, managing
from trainmgr.identity.models import User
from trainmgr.improvement.models import ImprovementItem
from trainmgr.improvement.rules import Phase
from trainmgr.inbox.queries import DueCounts, count_by_urgency
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.i18n import day as in_words
from trainmgr.kernel.i18n import moment
from trainmgr.notices.models import NoticeMessage, NoticeRobot, NoticeSetting
from trainmgr.notices.rules import Topic
from trainmgr.programs.models import Due, Program, ProgramParty
from trainmgr.programs.rules import State

# What a person is told of changes to how the account is opened, by the deed that stands in the trail.
DEEDS: dict[str, Any] = {
    actions.PASSWORD_CHANGED: _l("Your password was changed."),
    actions.PHONE_CHANGED: _l("The phone number that opens your account was changed."),
    actions.PHONE_REMOVED: _l("The phone number no longer opens your account."),
    managing.RESET: _l("You were given a new first password; the former password opens nothing any more."),
    factors.SET_UP: _l("A second factor was set up for your account."),
    factors.GIVEN_UP: _l("The second factor of your account was given up."),
    factors.CODES_MADE: _l("New recovery codes were made for your account."),
    factors.CODE_USED: _l("Somebody signed in to your account with a recovery code."),
    factors.RESET: _l("An administrator took the second factor of your account away."),
    linking.LINKED: _l("Your account was linked to another system: who signs in there comes in here."),
    linking.UNLINKED: _l("The link of your account to another system was taken away."),
}


@dataclass(frozen=True)
class Words:
    """A title and the lines below it."""

    title: str
    lines: list[str]

    @property
    def text(self) -> str:
        """The lines as the text of a mail."""
        return "\n".join(self.lines) + "\n"


def public_address(endpoint: str, **values: Any) -> list[str]:
    """Return a page's address as the world knows it; nothing where the installation does not say its name."""
    root = str(current_app.config.get("PUBLIC_URL") or "").rstrip("/")
    path: str = current_app.url_map.bind("localhost").build(endpoint, values)
    return [root + path] if root else []


def _foot() -> list[str]:
    return ["", _("You can choose in trainmgr, under “Me” and “Notices”, what is sent to you and when.")]


# --- to a person -----------------------------------------------------------------------------------------------


def mail_of(message: NoticeMessage, user: User, setting: NoticeSetting, now: datetime) -> Words | None:
    """Return a person's mail, as things stand when it is sent."""
    match message.topic:
        case Topic.ACCOUNT:
            return _account(message, now)
        case Topic.DIGEST:
            words = _digest(user, local_day(now)) if setting.digest else None
        case Topic.INVITATION:
            words = _invitation(message, user, now) if setting.reminders else None
        case Topic.LATE:
            words = _late(ImprovementItem.doer_id == user.id, local_day(now)) if setting.reminders else None
        case _:
            words = None
    return Words(words.title, [*words.lines, *_foot()]) if words else None


def _account(message: NoticeMessage, now: datetime) -> Words:
    at = datetime.fromisoformat(message.params["at"])
    return Words(
        _("Your sign-in to trainmgr"),
        [
            str(DEEDS[message.params["deed"]]),
            _("When: %(moment)s", moment=moment(at, now)),
            _(
                "If that was not you, let an administrator of your organisation give you a new first password at once: "
                "it signs you out everywhere."
            ),
            *public_address("identity.show_account"),
        ],
    )


def _digest(user: User, today: date) -> Words | None:
    counts = count_by_urgency(user, today)
    if not counts.total:
        return None
    title = ngettext("%(num)s thing waits for you", "%(num)s things wait for you", counts.total)
    return Words(title, _counted(counts) + public_address("inbox.show_inbox"))


def _counted(counts: DueCounts) -> list[str]:
    lines = (
        (counts.overdue, _("Overdue: %(count)s", count=counts.overdue)),
        (counts.today, _("Due today: %(count)s", count=counts.today)),
        (counts.later, _("Due later: %(count)s", count=counts.later)),
        (counts.undated, _("Without a date: %(count)s", count=counts.undated)),
    )
    return [text for count, text in lines if count]


def _invitation(message: NoticeMessage, user: User, now: datetime) -> Words | None:
    window, program = _window(message.params["window"])
    if window is None or program is None or window.closes_at <= now:
        return None
    owed = db.session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(Due.amount), 0)).where(
            Due.user_id == user.id,
            Due.program_id == program.id,
            Due.code.in_(list(DUE_CODES.values())),
            Due.subject_id == window.id,
        )
    )
    if not owed:  # rated meanwhile
        return None
    return Words(
        _titled(message, window),
        [
            _("Programme: %(name)s", name=program.label),
            ngettext("%(num)s rating waits for you.", "%(num)s ratings wait for you.", owed),
            _("Open until %(day)s.", day=in_words(local_day(window.closes_at))),
            *public_address("evaluation.show_next_rating", program_id=program.id, window_id=window.id),
        ],
    )


def _window(window_id: int) -> tuple[Window | None, Program | None]:
    row = db.session.execute(
        sa.select(Window, Program)
        .join(Program, Program.id == Window.program_id)
        .where(Window.id == window_id, Program.state.not_in((State.SUSPENDED, State.CANCELLED)))
    ).first()
    return (row[0], row[1]) if row else (None, None)


def _titled(message: NoticeMessage, window: Window) -> str:
    if message.params["kind"] == NoticeKind.INVITATION:
        return _("Please rate: %(window)s", window=window.label)
    return _("Reminder: please rate, %(window)s", window=window.label)


def _late(whose: sa.ColumnElement[bool], today: date) -> Words | None:
    late = db.session.scalar(
        sa.select(sa.func.count())
        .select_from(ImprovementItem)
        .join(Program, Program.id == ImprovementItem.program_id)
        .where(
            whose,
            ImprovementItem.phase != Phase.CLOSED,
            ImprovementItem.due_on < today,
            Program.state != State.CANCELLED,
        )
    )
    if not late:
        return None
    title = ngettext(
        "%(num)s improvement item is past its day", "%(num)s improvement items are past their day", late
    )
    return Words(title, public_address("improvement.list_items", late="1") or [title])


# --- to a group -------------------------------------------------------------------------------------------------


def robot_words(message: NoticeMessage, robot: NoticeRobot, now: datetime) -> Words | None:
    """Return what a robot says in its group: counts of the organisation's programmes, and links."""
    today = local_day(now)
    say: dict[Topic, Callable[[], Words | None]] = {
        Topic.DIGEST: lambda: _overview(robot, today),
        Topic.INVITATION: lambda: _opened(message, now),
        Topic.LATE: lambda: _late(ImprovementItem.program_id.in_(_programs(robot.organization_id)), today),
        Topic.TEST: trial,
        Topic.ACCOUNT: lambda: None,  # for nobody else's eyes
    }
    return say[message.topic]()


def _programs(organization_id: int) -> sa.Select[Any]:
    return sa.select(ProgramParty.program_id).where(ProgramParty.organization_id == organization_id)


def _overview(robot: NoticeRobot, today: date) -> Words | None:
    overdue, due = db.session.execute(
        sa.select(
            sa.func.count(sa.case((Due.due_on < today, 1))), sa.func.count(sa.case((Due.due_on == today, 1)))
        )
        .join(Due.program)
        .where(
            Due.program_id.in_(_programs(robot.organization_id)),
            Due.visible_from <= today,
            Due.paused.is_(False),
            Program.state != State.CANCELLED,
        )
    ).one()
    if not overdue and not due:
        return None
    return Words(
        _("Training programmes today"),
        _counted(DueCounts(overdue=overdue, today=due)) + public_address("inbox.show_inbox"),
    )


def _opened(message: NoticeMessage, now: datetime) -> Words | None:
    window, program = _window(message.params["window"])
    if window is None or program is None or window.closes_at <= now:
        return None
    people = int(message.params["people"])
    return Words(
        _titled(message, window),
        [
            _("Programme: %(name)s", name=program.label),
            ngettext("%(num)s person is asked.", "%(num)s people are asked.", people),
            _("Open until %(day)s.", day=in_words(local_day(window.closes_at))),
            *public_address("evaluation.list_my_ratings"),
        ],
    )


def trial() -> Words:
    """Return the message by which a robot is tried out."""
    return Words(
        _("Trial message"), [_("trainmgr can write to this group."), *public_address("inbox.show_inbox")]
    )


def code_mail(code: str) -> Words:
    """Return the mail that carries the code by which an address is confirmed."""
    return Words(
        _("Your code for trainmgr"),
        [
            _("Type this code in trainmgr, so that notices come to this address: %(code)s", code=code),
            _("It is good for half an hour. Whoever did not ask for it need do nothing."),
        ],
    )

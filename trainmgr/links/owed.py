"""What links ask of whom: a mentor stands before the door and waits for a code."""

from __future__ import annotations

from datetime import datetime

from trainmgr.kernel.clock import local_day
from trainmgr.kernel.msgids import N_
from trainmgr.links.models import MentorLink
from trainmgr.programs import dues
from trainmgr.programs.dues import DueCode, code
from trainmgr.programs.rules import Step

CODE_WANTED = code(
    "link-code-wanted",
    DueCode(
        step=Step.MENTORING,
        title=N_("%(mentor)s opened the personal link and needs a code"),
        hint=N_("tell it by phone, to the mentor alone"),
        verb=N_("Give a code"),
        endpoint="links.show_link",
        subject_arg="link_id",
    ),
)


def want_code(link: MentorLink, *, now: datetime) -> None:
    """Let whoever gave the link know that a browser waits for a code."""
    _put(link, 1, now)


def have_code(link: MentorLink, *, now: datetime) -> None:
    """Nobody waits any more: a code was given, the link was opened or has ended."""
    _put(link, 0, now)


def _put(link: MentorLink, amount: int, now: datetime) -> None:
    dues.put(
        CODE_WANTED,
        program_id=link.program_id,
        visible_from=local_day(now),
        user_id=link.issued_by_id,
        subject_id=link.id,
        amount=amount,
        mentor=link.user.name,
    )

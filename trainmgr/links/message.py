"""The words that carry a link into a chat or a mail; the code is never among them."""

from __future__ import annotations

from flask_babel import gettext as _

from trainmgr.identity.models import User
from trainmgr.kernel.i18n import day
from trainmgr.links.models import MentorLink
from trainmgr.programs.models import Program


def message_of(link: MentorLink, program: Program, address: str, by: User) -> str:
    """Return the message with a link's address, in the language of who sends it."""
    if link.for_graduate:
        return graduate_message(link, program, address, by)
    return "\n".join(
        (
            _(
                "Hello %(name)s, this is your personal link for “%(program)s”: with it you sign logs, rate trainees and"
                " excuse absences on your phone.",
                name=link.user.name,
                program=program.label,
            ),
            address,
            _(
                "It is good until %(day)s. The first time it asks for a code of six digits, which I tell you by phone.",
                day=day(link.expires_at),
            ),
            _("Please do not pass it on: in another phone it does not open. %(sender)s", sender=by.name),
        )
    )


def graduate_message(link: MentorLink, program: Program, address: str, by: User) -> str:
    """Return the message that asks a graduate to tell what became of them."""
    return "\n".join(
        (
            _(
                "Hello %(name)s, you graduated from “%(program)s”. Please tell us here what became of you; it takes two"
                " minutes and no account.",
                name=link.user.name,
                program=program.label,
            ),
            address,
            _(
                "It is good until %(day)s. The first time it asks for a code of six digits, which you get another way.",
                day=day(link.expires_at),
            ),
            _("Please do not pass it on: in another phone it does not open. %(sender)s", sender=by.name),
        )
    )

"""Sending a link by mail: sealed until the worker has sent it, then forgotten."""

from __future__ import annotations

import json
import time
from datetime import datetime

from flask import current_app
from flask_babel import gettext as _

from trainmgr.identity.models import User
from trainmgr.kernel import mail
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.crypto import decrypt, encrypt
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import JobRun, enqueue, job
from trainmgr.links.models import MentorLink
from trainmgr.links.rules import MailState, masked_mail

KIND = "link-mail"
PAUSES = (5, 30)  # seconds before the second and the third try


def plan_mail(link: MentorLink, to: str, subject: str, text: str, *, by: User, now: datetime) -> None:
    """Let the worker send a link's mail; address and text lie encrypted with the link until then."""
    link.mail_state, link.mail_to, link.mail_at = MailState.WAITING, masked_mail(to), now
    link.mail_sealed = encrypt(json.dumps({"to": to, "subject": subject, "text": text}))
    db.session.flush()
    title = _("Mail to %(to)s", to=link.mail_to)
    enqueue(KIND, title=title, params={"link": link.id}, by=by, program_id=link.program_id, now=now)


@job(KIND)
def send_mail(run: JobRun) -> None:
    """Send the mail, three times at most; what was sealed is dropped whatever came of it."""
    link = db.session.get(MentorLink, run.params["link"])
    if (
        link is None or not link.mail_sealed
    ):  # revoked meanwhile, or sent by a run that was interrupted after it
        return
    sealed = json.loads(decrypt(link.mail_sealed))
    run.progress(0, 1)  # nothing is locked while the server answers
    state = MailState.SENT if _send(sealed) else MailState.FAILED
    link = db.session.get_one(MentorLink, run.params["link"], populate_existing=True)
    link.mail_state, link.mail_at, link.mail_sealed = state, utcnow(), None
    run.progress(1, sent=int(state is MailState.SENT))


def _send(sealed: dict[str, str]) -> bool:
    for pause in (*_pauses(), None):
        try:
            mail.send(sealed["to"], sealed["subject"], sealed["text"])
            return True
        except mail.NotSent as refusal:
            if refusal.final or pause is None:
                current_app.logger.warning("a link's mail was not sent: %s", refusal)
                return False
            time.sleep(pause)
    return False


def _pauses() -> tuple[float, ...]:
    return tuple(current_app.config.get("MAIL_PAUSES", PAUSES))

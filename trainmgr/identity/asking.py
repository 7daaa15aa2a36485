"""What the views of the door and of the account have in common: asking for the password again, letting people in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Response, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from trainmgr.identity import factors, half, linking, sessions, signing_in
from trainmgr.identity.half import Half
from trainmgr.identity.models import User
from trainmgr.identity.rules import browser_name
from trainmgr.identity.signing_in import Refusal, Why
from trainmgr.kernel.db import keep_writes
from trainmgr.kernel.i18n import moment
from trainmgr.kernel.shell import local_address

HOME = "inbox.show_inbox"
SOON = timedelta(seconds=90)


def let_in(user: User, entry: Half, *, now: datetime) -> Any:
    """Let a person in whose password (or other system) is right: to where they wanted, or to the code that is owed."""
    if factors.has_factor(user.id):
        half.start(user, entry, now=now)
        return redirect(url_for("factor.show_code"))
    return enter(user, entry, now=now)


def enter(user: User, entry: Half, *, now: datetime) -> Any:
    """Begin a new session for a person who owes nothing more, and go on to where they wanted."""
    row = sessions.start_session(user, now=now, browser=this_browser(), stay=entry.stay)
    if entry.provider_id is not None:
        linking.keep_visit(row, entry.provider_id, entry.ticket_digest)
    onward = local_address(entry.onward)
    if user.must_change_password:
        return redirect(url_for("identity.show_first_password", next=onward))
    return redirect(onward or url_for(HOME))


def begin_anew(user: Any, *, now: datetime) -> None:
    """Sign a person out everywhere and go on in this browser under a new session (a password or a factor changed)."""
    stay, visit = session.permanent, linking.visit_of(sessions.digest_of(user.session_token))
    sessions.end_all_sessions(user)
    row = sessions.start_session(user._get_current_object(), now=now, browser=this_browser(), stay=stay)
    if visit is not None:
        linking.keep_visit(row, *visit)


def confirm_password(user: User, field: Any, now: datetime) -> int | None:
    """Check the present password in a field; returns the status of the refusal."""
    refusal = signing_in.confirm(user, field.data, address=request.remote_addr, now=now)
    if refusal is None:
        return None
    keep_writes()
    if refusal.why is Why.WAIT:
        field.errors = [say_wait(refusal, now)]
        return 429
    field.errors = [_("This is not your present password.")]
    return 422


def refused(template: str, refusal: Refusal, message: str, now: datetime, **context: Any) -> Response:
    """Answer a refused try at the door: why, and until when to wait."""
    wait = "" if refusal.why is Why.ENDED else say_wait(refusal, now)
    page = render_template(template, refusal=message or wait, waits=wait, **context)
    response = make_response(page, 429 if refusal.why is Why.WAIT else 422)
    if refusal.why is Why.WAIT and refusal.until:
        response.headers["Retry-After"] = str(int((refusal.until - now).total_seconds()) + 1)
    return response


def say_wait(refusal: Refusal, now: datetime) -> str:
    """Return the sentence that says when the next try is taken, "" where there is nothing to wait for."""
    if refusal.until is None:
        return ""
    seconds = int((refusal.until - now).total_seconds()) + 1
    if seconds < SOON.total_seconds():
        return _("Too many tries. The next one is taken in %(seconds)s seconds.", seconds=seconds)
    return _("Too many tries. The next one is taken %(moment)s.", moment=moment(refusal.until, now))


def this_browser() -> str:
    """Return what a person would call the browser that asks."""
    return browser_name(request.user_agent.string)

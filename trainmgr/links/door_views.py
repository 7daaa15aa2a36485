"""HTTP before and behind the door: showing a link, typing its code, ending the visit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import make_response, redirect, render_template, request, session, url_for
from flask_login import current_user

from trainmgr.identity import sessions
from trainmgr.identity.rules import browser_name
from trainmgr.kernel.access import Permission, public, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import keep_writes
from trainmgr.kernel.numbers import whole
from trainmgr.links import door, labels
from trainmgr.links.blueprint import bp
from trainmgr.links.door import Asked, Entered, Refused, Visitor
from trainmgr.links.models import MentorLink
from trainmgr.links.rules import ASKED_FOR, MOST_DAYS, Shut

SHOWN = "link_shown"  # in the browser's signed cookie: which link it has shown, and when
STATUS = {
    Shut.UNKNOWN: 404,
    Shut.EXPIRED: 410,
    Shut.REVOKED: 410,
    Shut.GONE: 410,
    Shut.ACCOUNT: 410,
    Shut.WAIT: 429,
}
ASKS_AGAIN = {Shut.CODE_WRONG, Shut.CODE_OLD, Shut.CODE_SPENT, Shut.NO_CODE, Shut.WAIT}


def _visitor() -> Visitor:
    browser = browser_name(request.user_agent.string)
    return Visitor(browser or "?", request.remote_addr, lambda link_id: request.cookies.get(_cookie(link_id)))


def _cookie(link_id: int) -> str:
    return f"trainmgr-link-{link_id}"


def _dressed(page: Any, status: int = 200) -> Any:
    """No referrer tells the link's address to anybody (its origin must: forms are checked by it), no index keeps it."""
    response = make_response(page, status)
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


@bp.get("/link/<token>")
@public
def show_door(token):
    """Show a button and nothing else: a chat that looks at the link learns nothing and uses nothing up."""
    return _dressed(render_template("links/door.html", token=token[:100]))


@bp.post("/link")
@public
def open_link():
    """Exchange the link's token for a visit, or ask this browser for a code."""
    now = utcnow()
    outcome = door.show_link(request.form.get("link_token", "")[:100], _visitor(), now=now)
    if isinstance(outcome, Asked):
        session[SHOWN] = [outcome.link.id, now.timestamp()]
        return redirect(url_for(".show_code_form"))
    return _answer(outcome, now)


@bp.get("/link/code")
@public
def show_code_form():
    """Ask for the code of the link that this browser has shown."""
    if _shown(utcnow()) is None:
        return _shut_page(Refused(Shut.NOT_ASKED), 200)
    return _dressed(render_template("links/code.html"))


@bp.post("/link/code")
@public
def enter_code():
    """Take the code; the right one binds the link to this browser."""
    now = utcnow()
    link_id = _shown(now)
    if link_id is None:
        return _shut_page(Refused(Shut.NOT_ASKED), 409)
    return _answer(door.enter_code(link_id, request.form.get("link_code", "")[:20], _visitor(), now=now), now)


@bp.post("/link/end")
@requires(Permission.ACCOUNT_USE)
def end_visit():
    """End the visit; the bound browser opens the link again."""
    sessions.end_session(current_user.session_token)
    return _dressed(render_template("links/ended.html"))


def _shown(now: datetime) -> int | None:
    shown = session.get(SHOWN)
    if not (
        isinstance(shown, list) and len(shown) == 2 and now.timestamp() - shown[1] < ASKED_FOR.total_seconds()
    ):
        return None
    return whole(str(shown[0]))


def _answer(outcome: Refused | Entered, now: datetime) -> Any:
    if isinstance(outcome, Refused):
        keep_writes()
        return _shut_page(outcome, STATUS.get(outcome.why, 422))
    link = outcome.link
    sessions.start_session(
        link.user,
        now=now,
        browser=browser_name(request.user_agent.string),
        confinement=outcome.confinement,
        until=link.expires_at,
    )
    response = _dressed(redirect(_first_page(link)), 302)
    if outcome.secret:
        response.set_cookie(
            _cookie(link.id),
            outcome.secret,
            max_age=MOST_DAYS * 86_400,
            path=url_for(".open_link"),
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )
    return response


def _first_page(link: MentorLink) -> str:
    if link.for_graduate:
        return url_for("employment.show_own", program_id=link.program_id)
    return url_for("inbox.show_inbox")


def _shut_page(refusal: Refused, status: int) -> Any:
    again = refusal.why in ASKS_AGAIN and refusal.link is not None
    issuer = refusal.link.issued_by.name if refusal.link else ""
    page = render_template(
        "links/code.html" if again else "links/shut.html",
        title=labels.WHY[refusal.why],
        advice=labels.WHAT_TO_DO[refusal.why],
        issuer=issuer,
        until=refusal.until,
        to_sign_in=refusal.why is Shut.ACCOUNT,
    )
    response = _dressed(page, status)
    if refusal.until:
        response.headers["Retry-After"] = str(max(1, int((refusal.until - utcnow()).total_seconds()) + 1))
    return response

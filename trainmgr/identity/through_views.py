"""HTTP of the door through another system, of linking accounts there, and of signing out there too."""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.identity import asking, cas, linking, providers
from trainmgr.identity.asserted import Identity, NotAccepted, SystemDown
from trainmgr.identity.factor_forms import ConfirmForm
from trainmgr.identity.half import Half
from trainmgr.identity.linking import Unknown, Why
from trainmgr.identity.sign_on_models import ProviderKind
from trainmgr.kernel.access import Permission, public, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import step_aside
from trainmgr.kernel.headers import csrf
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.shell import local_address
from trainmgr.kernel.signing import public_address

log = logging.getLogger(__name__)
bp = Blueprint("through", __name__)

UNDER_WAY = "through"  # in the browser's signed cookie: what was sent along to the other system
MAY_LINK = "may_link"  # there, too: for which system the password was typed a moment ago
TIME_THERE = timedelta(minutes=15)
TIME_TO_GO = timedelta(minutes=5)
# What comes back from there, and is sent on to us by the page in between.
ANSWERS = ("state", "code", "authCode", "ticket", "iss")


# --- the door ------------------------------------------------------------------------------------


@bp.get("/sign-in/through")
@public
def list_doors():
    """Show the systems through which people sign in, found by name."""
    page = linking.list_ways(Listing.from_request())
    return render_template("identity/doors.html", page=page, onward=local_address(request.args.get("next")))


@bp.get("/sign-in/through/<int:provider_id>")
@public
def find_door(provider_id):
    """Send the browser to the other system, with a state that it must bring back."""
    return _depart(_way_or_404(provider_id), {"onward": local_address(request.args.get("next"))})


@bp.get("/sign-in/through/<int:provider_id>/back")
@public
def show_return(provider_id):
    """Take the browser back: a page that sends on what it brought, since reading an address changes nothing."""
    provider = _way_or_404(provider_id)
    memory = _memory(provider_id)
    if memory is None:
        flash(_("That took too long. Sign in again."), "error")
        return redirect(url_for("identity.show_sign_in"))
    if "error" in request.args:
        return _shut(provider, NotAccepted("it was broken off there"))
    brought = {name: request.args[name][:2048] for name in ANSWERS if name in request.args}
    return _unseen(render_template("identity/through.html", provider=provider, brought=brought))


@bp.post("/sign-in/through/<int:provider_id>")
@public
def enter_through(provider_id):
    """Ask the other system who came, and let that person in, or link the account to who is signed in."""
    now, provider, memory = utcnow(), _way_or_404(provider_id), _memory(provider_id)
    session.pop(UNDER_WAY, None)
    if memory is None or not secrets.compare_digest(
        memory["state"].encode(), request.form.get("state", "").encode()
    ):
        return _shut(provider, NotAccepted("another state"))
    step_aside()  # the other system may take its time
    try:
        identity = providers.finish(
            provider, request.form, memory, _address_of_return(provider, memory), now=now
        )
    except (SystemDown, NotAccepted) as error:
        return _shut(provider, error)
    if memory["user"] is not None:
        return _link(provider, identity, memory, now)
    person = linking.person_of(provider, identity, now=now)
    if isinstance(person, Unknown):
        return _shut(provider, person)
    ticket = request.form.get("ticket", "")
    digest = linking.ticket_digest(provider.id, ticket) if ticket else ""
    entry = Half(onward=memory["onward"], provider_id=provider.id, ticket_digest=digest)
    return asking.let_in(person, entry, now=now)


@bp.post("/sign-in/through/<int:provider_id>/back")
@csrf.exempt
@public
def end_from_there(provider_id):
    """Take a CAS server's word that a sign-in ended there (single sign-out): whoever knows the ticket may say so."""
    provider = linking.find_way(provider_id)
    ticket = cas.ended_ticket(request.form.get("logoutRequest", ""))
    if provider is None or provider.kind is not ProviderKind.CAS or ticket is None:
        abort(404)
    linking.end_by_ticket(provider.id, ticket)
    return "", 204


@bp.get("/sign-in/through/<int:provider_id>/out")
@public
def find_way_out(provider_id):
    """Send the browser to where one signs out of the other system."""
    provider, back = _way_or_404(provider_id), public_address("identity.show_sign_in")
    step_aside()
    return redirect(providers.way_out(provider, back) or url_for("identity.show_sign_in"))


# --- one's own account ---------------------------------------------------------------------------


@bp.get("/account/ways")
@requires(Permission.ACCOUNT_USE)
def list_ways():
    """Show through which systems one can sign in."""
    return _ways_page()


@bp.post("/account/ways/<int:provider_id>")
@requires(Permission.ACCOUNT_USE)
def prepare_link(provider_id):
    """Take the password; then the way to the other system is open for some minutes."""
    provider, form, now = _own_way_or_404(provider_id), ConfirmForm(), utcnow()
    if not form.validate():
        return _ways_page(form, 422)
    if status := asking.confirm_password(current_user, form.current, now):
        return _ways_page(form, status)
    session[MAY_LINK] = [provider.id, now.timestamp()]
    return redirect(url_for(".list_ways"))


@bp.get("/account/ways/<int:provider_id>")
@requires(Permission.ACCOUNT_USE)
def find_link(provider_id):
    """Send the browser to the other system, to link the account there to who is signed in."""
    provider = _own_way_or_404(provider_id)
    if _may_link() != provider.id:
        return redirect(url_for(".list_ways"))
    return _depart(provider, {"user": current_user.id})


@bp.post("/account/ways/<int:provider_id>/end")
@requires(Permission.ACCOUNT_USE)
def unlink(provider_id):
    """Unlink one's account there."""
    _own_way_or_404(provider_id)
    linking.unlink(current_user, provider_id, now=utcnow())
    flash(_("That account is linked no longer."), "success")
    return redirect(url_for(".list_ways"))


# --- what several of them need -------------------------------------------------------------------


def _way_or_404(provider_id: int):
    provider = linking.find_way(provider_id)
    return provider if provider is not None else abort(404)


def _own_way_or_404(provider_id: int):
    """Load a system through which the reader could sign in, or is linked to."""
    mine = [provider for provider, _account in linking.ways_of(current_user)]
    return next((provider for provider in mine if provider.id == provider_id), None) or abort(404)


def _depart(provider, more: dict[str, Any]):
    memory = {"onward": None, "user": None} | more
    memory |= {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    memory |= {"provider": provider.id, "at": utcnow().timestamp()}
    step_aside()
    try:
        address = providers.start(provider, memory, _address_of_return(provider, memory))
    except (SystemDown, NotAccepted) as error:
        return _shut(provider, error)
    session[UNDER_WAY] = memory
    return _unseen(redirect(address))


def _memory(provider_id: int) -> dict[str, Any] | None:
    """Return what was sent along, unless it is for another system, too old, or the person changed meanwhile."""
    memory = session.get(UNDER_WAY)
    if not isinstance(memory, dict) or memory["provider"] != provider_id:
        return None
    if not 0 <= utcnow().timestamp() - memory["at"] < TIME_THERE.total_seconds():
        return None
    here = current_user.id if current_user.is_authenticated else None
    return memory if memory["user"] in (None, here) else None


def _address_of_return(provider, memory) -> str:
    # CAS has no state of its own: it comes back as a part of the service's address.
    more = {"state": memory["state"]} if provider.kind is ProviderKind.CAS else {}
    return public_address("through.show_return", provider_id=provider.id, **more)


def _link(provider, identity: Identity, memory, now):
    linking.link(provider, identity, current_user, now=now)
    session.pop(MAY_LINK, None)
    flash(_("From now on you can sign in through %(name)s.", name=provider.name), "success")
    return redirect(url_for(".list_ways"))


def _may_link() -> int | None:
    kept = session.get(MAY_LINK)
    if isinstance(kept, list) and 0 <= utcnow().timestamp() - kept[1] < TIME_TO_GO.total_seconds():
        return kept[0]
    return None


def _ways_page(form=None, status: int = 200):
    page = render_template(
        "identity/ways.html",
        ways=linking.ways_of(current_user),
        may_link=_may_link(),
        form=form or ConfirmForm(formdata=None),
    )
    return page, status


def _shut(provider, why):
    """Say that nobody was let in, and what to do; why exactly stands in the log."""
    name = provider.name
    if isinstance(why, SystemDown):
        log.warning("sign-in through provider %s: not reached: %s", provider.id, why)
        status = 503
        sentence = _("%(name)s cannot be reached at the moment. Try again in a few minutes.", name=name)
    elif isinstance(why, NotAccepted):
        log.info("sign-in through provider %s: not accepted: %s", provider.id, why)
        status = 422
        sentence = _("%(name)s did not confirm the sign-in, or it took too long. Begin again.", name=name)
    else:
        sentence, status = _words(why.why) % {"name": provider.organization.name}, 403
    return render_template("identity/shut.html", provider=provider, sentence=sentence), status


def _words(why: Why) -> str:
    """Return why somebody whom the other system knows does not come in; %(name)s is the organisation."""
    return {
        Why.UNKNOWN: _(
            "No account here belongs to yours at %(name)s. Sign in with your password and link the two on your "
            "account page, or ask the administrator."
        ),
        Why.SEVERAL: _(
            "Several accounts here fit yours at %(name)s. Sign in with your password and link the right one on "
            "your account page."
        ),
        Why.ELSEWHERE: _(
            "You work for another organisation besides %(name)s. Sign in with your password once and link the "
            "account on your account page."
        ),
        Why.OTHER: _(
            "Your account here is linked to another one at %(name)s. Sign in with your password and unlink it on "
            "your account page."
        ),
        Why.LEFT: _("You belong to %(name)s no longer. Sign in with your password."),
        Why.CLOSED: _("This account is closed. Ask the administrator of %(name)s."),
    }[why]


def _unseen(page):
    """Answer with what no other site learns by a referrer, and no cache keeps."""
    response = make_response(page)
    response.headers["Referrer-Policy"] = "no-referrer" if response.status_code == 302 else "same-origin"
    return response

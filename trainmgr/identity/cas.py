"""CAS 3: the service ticket is validated with the server, and what it says of the person is read (python-cas)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import (
    ElementTree,  # the validated answer of a configured server, without entities (see _fetch)
)

from cas import CASClientV3

from trainmgr.identity.asserted import Identity, NotAccepted, raw
from trainmgr.identity.sign_on_models import SignInProvider
from trainmgr.kernel import outward

TICKET = re.compile(r"[A-Za-z0-9._-]{1,256}")


class _Client(CASClientV3):
    """Asks through the guarded session, and reads no XML that defines entities."""

    def get_verification_response(self, ticket: str) -> bytes:
        params = {"ticket": ticket, "service": self.service_url}
        answer = raw(self.session, "GET", f"{self.server_url}{self.url_suffix}", params=params)
        if b"<!" in answer.content:
            raise NotAccepted("the answer defines a type or entities")
        return answer.content


def _client(provider: SignInProvider, service: str) -> _Client:
    return _Client(
        service_url=service, server_url=provider.issuer.rstrip("/") + "/", session=outward.session()
    )


def start(provider: SignInProvider, memory: Mapping[str, str], service: str) -> str:
    """Return the address at which the person signs in there."""
    return str(_client(provider, service).get_login_url())


def finish(provider: SignInProvider, args: Mapping[str, str], service: str) -> Identity:
    """Validate the ticket and return whose it is; raises SystemDown or NotAccepted."""
    ticket = args.get("ticket", "")
    if not TICKET.fullmatch(ticket):
        raise NotAccepted("no ticket")
    try:
        user, attributes, _granting = _client(provider, service).verify_ticket(ticket)
    except (ElementTree.ParseError, IndexError, AttributeError, ValueError) as error:
        raise NotAccepted(f"the answer is not that of a CAS server ({type(error).__name__})") from None
    if not user:
        raise NotAccepted("the ticket is not valid")
    told: dict[str, Any] = {"user": user} | dict(attributes or {})
    name = told.get("displayName") or told.get("cn") or told.get("name") or ""
    return Identity(provider.issuer.rstrip("/"), str(user), str(name), told)


def way_out(provider: SignInProvider, back: str) -> str:
    """Return where a person signs out there too."""
    return str(_client(provider, back).get_logout_url(back))


def ended_ticket(logout_request: str) -> str | None:
    """Return the ticket of which a CAS server says that its sign-in ended, or None (single sign-out)."""
    if len(logout_request) > 8192 or "<!" in logout_request:
        return None
    found = CASClientV3.get_saml_slos(logout_request.encode())
    text = found[0].text if found else None
    return text.strip() if text else None

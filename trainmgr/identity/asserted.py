"""What another system says of who came: the one form into which each way of asking brings it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from trainmgr.identity.sign_on_models import SignInProvider
from trainmgr.kernel import outward
from trainmgr.kernel.crypto import decrypt


class SystemDown(Exception):
    """The other system was not reached, or answered with a fault of its own."""


class NotAccepted(Exception):
    """What came back is not a sign-in that may be believed; the words are for the log and hold nothing personal."""


@dataclass(frozen=True)
class Identity:
    """Somebody as another system knows them; `claims` are whatever else it told."""

    issuer: str
    subject: str
    name: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)

    def text(self, claim: str) -> str:
        """Return one claim as text, "" where there is none; of several values the first."""
        value = self.claims.get(claim)
        if isinstance(value, list):
            value = value[0] if value else None
        return "" if value is None or isinstance(value, bool | dict) else str(value).strip()


def secret_of(provider: SignInProvider) -> str:
    """Return the secret that the other system knows us by, "" for none."""
    return decrypt(provider.secret_sealed) if provider.secret_sealed else ""


def ask(session: requests.Session, method: str, url: str, **options: Any) -> dict[str, Any]:
    """Return the JSON object at an address; raises SystemDown or NotAccepted."""
    answer = raw(session, method, url, **options)
    try:
        found = answer.json()
    except ValueError:
        raise NotAccepted("the answer is no JSON") from None
    if not isinstance(found, dict):
        raise NotAccepted("the answer is no object")
    return found


def raw(session: requests.Session, method: str, url: str, **options: Any) -> requests.Response:
    """Return the answer at an address; raises SystemDown, or NotAccepted where it refuses."""
    try:
        answer = session.request(method, url, **options)
    except requests.RequestException as error:
        refused = isinstance(error, outward.Refused)
        raise SystemDown(str(error) if refused else type(error).__name__) from None
    if answer.status_code >= 500 or answer.status_code == 429:
        raise SystemDown(f"it answered {answer.status_code}")
    if answer.status_code != 200:
        raise NotAccepted(f"it answered {answer.status_code}")
    return answer

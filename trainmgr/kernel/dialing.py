"""One HTTPS request to an address that somebody typed and nobody watches: a webhook's, a group robot's.

It goes out by the kernel's guarded way (`outward`), on the usual port, and its failure says whether to try again.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from trainmgr.kernel import outward
from trainmgr.kernel.msgids import N_


class NotTaken(Exception):
    """The other side did not take it; the words name neither address nor content. `final`: trying again is no use."""

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.final = final


def address_fault(address: str) -> str | None:
    """Return the msgid of why an address is never called; None when it may be."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return N_("This is not an address.")
    if parts.scheme != "https" or not parts.hostname:
        return N_("The address begins with https:// and names a host.")
    if (
        parts.username
        or parts.password
        or parts.fragment
        or not address.isascii()
        or not address.isprintable()
    ):
        return N_("The address holds neither names, passwords nor signs that belong encoded.")
    if " " in address or port not in (None, 443):
        return N_("The address has no blank and no port of its own.")
    return None


def post(url: str, data: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Send bytes and return the answer's status and body; raises NotTaken where there is no answer or a long one."""
    if address_fault(url):
        raise NotTaken("the address is not one that is called", final=True)
    try:
        answer = outward.send("POST", url, data=data, headers=headers)
    except outward.Refused:
        raise NotTaken("the name leads into a network that is not public", final=True) from None
    except outward.TooMuch:
        raise NotTaken("the answer is too long", final=True) from None
    except (OSError, ValueError) as error:  # those of requests are OSErrors
        raise NotTaken(f"it was not reached ({type(error).__name__})", final=False) from None
    return answer.status_code, answer.content


def refusal_of(status: int) -> NotTaken:
    """Return what an unfriendly status means: a redirect is never followed, it could lead anywhere."""
    return NotTaken(f"it answered {status}", final=status < 500 and status not in (408, 425, 429))

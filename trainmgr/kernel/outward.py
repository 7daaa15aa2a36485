"""Requests to addresses that somebody typed: only to the world outside, to the very address that was checked.

A name is resolved once for each request, every address that it has must be public, and the connection goes to one of
those, so that a name cannot mean something else a moment later. No redirect is followed, no proxy or password of the
environment is used, and an answer is short and quick or it is not read. A server of one's own network is reached only
where the configuration names its host (`ALLOW_INWARD`, commas between several); plain http only there.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from flask import current_app
from requests.adapters import HTTPAdapter

from trainmgr.kernel.msgids import N_

SECONDS = 10  # for connecting and between two pieces of an answer
SECONDS_IN_ALL = 20
MOST_BYTES = 512 * 1024
PORTS = {"http": 80, "https": 443}


class Refused(requests.exceptions.RequestException):
    """The address is not one that this installation sends anything to; the msgid says why."""


class TooMuch(requests.exceptions.RequestException):
    """The answer is longer, or takes longer, than anybody has use for."""


def address_fault(url: str) -> str | None:
    """Return the msgid of why nothing is sent to an address, as far as it can be told without asking for its name."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return N_("This is not an address.")
    if not parts.hostname or parts.scheme not in PORTS or port == 0:
        return N_("An address begins with https:// and a name.")
    if parts.username or parts.password or any(sign.isspace() or sign == "\\" for sign in url):
        return N_("An address holds no password and no blanks.")
    if is_named(parts.hostname):
        return None
    if parts.scheme != "https":
        return N_("An address begins with https:// and a name.")
    if _is_literal(parts.hostname) and not is_public(parts.hostname):
        return N_("This address leads into a network that is not public.")
    return None


def is_named(host: str) -> bool:
    """Tell whether the configuration names a host of one's own network."""
    named = str(current_app.config.get("ALLOW_INWARD") or "")
    return host.casefold().strip("[]") in {one.strip().casefold().strip("[]") for one in named.split(",")}


def is_public(address: str) -> bool:
    """Tell whether an IP address belongs to the world, not to this machine or a network of ours."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    inner = getattr(known, "ipv4_mapped", None) or getattr(known, "sixtofour", None)
    if isinstance(known, ipaddress.IPv6Address) and known in ipaddress.ip_network("64:ff9b::/96"):
        inner = ipaddress.IPv4Address(int(known) & 0xFFFFFFFF)
    if inner is not None and not inner.is_global:
        return False
    return known.is_global and not known.is_multicast


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def addresses_of(host: str, port: int) -> list[str]:
    """Return every IP address that a name has; raises OSError where it has none."""
    found = socket.getaddrinfo(host, port, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def checked_address(url: str) -> str:
    """Return the IP address to connect to for an address; raises Refused, or ConnectionError for an unknown name."""
    if fault := address_fault(url):
        raise Refused(fault)
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        found = addresses_of(host, parts.port or PORTS[parts.scheme])
    except (OSError, UnicodeError):
        raise requests.exceptions.ConnectionError("the name is not known") from None
    if not found or not (is_named(host) or all(is_public(one) for one in found)):
        raise Refused(N_("This address leads into a network that is not public."))
    return found[0]


class _Guard(HTTPAdapter):
    """Connects to the address that was checked; the certificate must be that of the name."""

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Put the checked address in place of the name, and the name where the certificate is judged."""
        parts = urlsplit(str(request.url))
        address = checked_address(str(request.url))
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        host["host"] = address
        if parts.scheme == "https":
            pool |= {"server_hostname": parts.hostname, "assert_hostname": parts.hostname}
        return host, pool

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send a request and read its answer within the limits."""
        request.headers["Host"] = _host(urlsplit(str(request.url)))
        options |= {"stream": True, "proxies": None, "timeout": options.get("timeout") or SECONDS}
        answer = super().send(request, *args, **options)
        try:
            # As requests keeps what it has read itself.
            answer._content = _read(answer)
            answer._content_consumed = True
        finally:
            answer.close()
        return answer


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _read(answer: requests.Response) -> bytes:
    begun, read = time.monotonic(), bytearray()
    for piece in answer.iter_content(8192):
        read += piece
        if len(read) > MOST_BYTES or time.monotonic() - begun > SECONDS_IN_ALL:
            raise TooMuch("the answer is too long")
    return bytes(read)


def guard(session: requests.Session) -> None:
    """Make a session of requests (a library's own, too) ask nothing but checked addresses."""
    session.trust_env = False
    session.adapters.clear()
    for scheme in PORTS:
        session.mount(f"{scheme}://", _Guard(max_retries=0))
    session.get_redirect_target = lambda resp: None  # type: ignore[method-assign]
    session.headers["User-Agent"] = "trainmgr"


def session() -> requests.Session:
    """Return a session of requests that asks nothing but checked addresses; needs an application's context."""
    made = requests.Session()
    guard(made)
    return made


def send(method: str, url: str, *, data: bytes, headers: Mapping[str, str]) -> requests.Response:
    """Send one request (a webhook); raises requests.RequestException, of which Refused is one."""
    with session() as made:
        return made.request(method, url, data=data, headers=dict(headers), allow_redirects=False)

"""OpenID Connect: the code flow with PKCE, state and nonce; the ID token is checked, not merely read.

OpenID Connect Core 1.0, 3.1; Discovery 1.0; RFC 7636 (PKCE); RFC 9207 (the issuer in the answer).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from trainmgr.identity.asserted import Identity, NotAccepted, SystemDown, ask, raw, secret_of
from trainmgr.identity.sign_on_models import SignInProvider
from trainmgr.kernel import outward

ALGORITHMS = [
    "RS256",
    "PS256",
    "ES256",
    "RS384",
    "RS512",
    "ES384",
    "ES512",
]  # signed with a key of theirs, no other
LEEWAY = 120  # seconds that clocks may differ
KEPT_FOR = 300  # seconds that a provider's description is kept
DOWN_FOR = (
    15  # seconds in which one that was not reached is not asked again: nobody ties our threads up with it
)
_descriptions: dict[str, tuple[float, dict[str, Any]]] = {}
_down: dict[str, float] = {}


def start(provider: SignInProvider, memory: Mapping[str, str], redirect_uri: str) -> str:
    """Return the address at which the person signs in there; `memory` has state, nonce and verifier."""
    description = _description(provider.issuer)
    with _client(provider, description, redirect_uri) as client:
        url, _state = client.create_authorization_url(
            _endpoint(description, "authorization_endpoint"),
            state=memory["state"], nonce=memory["nonce"], code_verifier=memory["verifier"],
        )  # fmt: skip
    return str(url)


def finish(
    provider: SignInProvider,
    args: Mapping[str, str],
    memory: Mapping[str, str],
    redirect_uri: str,
    *,
    now: datetime,
) -> Identity:
    """Exchange the code for the ID token and return who it is about; raises SystemDown or NotAccepted."""
    description = _description(provider.issuer)
    if args.get("iss") and args["iss"] != description["issuer"]:
        raise NotAccepted("another issuer answered")
    with _client(provider, description, redirect_uri) as client:
        token = _fetch_token(client, description, args, memory)
        claims = _checked(client, description, token, provider.client_id, memory["nonce"], now)
        told = dict(claims)
        wanted = provider.claim or "preferred_username"
        if wanted not in told and description.get("userinfo_endpoint"):
            told = _userinfo(client, description, str(claims["sub"])) | told
    name = str(told.get("name") or told.get("preferred_username") or "")
    return Identity(str(description["issuer"]), str(claims["sub"]), name, told)


def way_out(provider: SignInProvider, back: str) -> str | None:
    """Return where a person signs out there too, or None where the provider has no such page."""
    try:
        url = _endpoint(_description(provider.issuer), "end_session_endpoint")
    except (SystemDown, NotAccepted):
        return None
    query = urlencode({"client_id": provider.client_id, "post_logout_redirect_uri": back})
    return f"{url}{'&' if urlsplit(url).query else '?'}{query}"


def _client(provider: SignInProvider, description: Mapping[str, Any], redirect_uri: str) -> OAuth2Session:
    secret = secret_of(provider)
    offered = description.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    method = "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"
    client = OAuth2Session(
        provider.client_id, secret or None, token_endpoint_auth_method=method if secret else "none",
        scope=provider.scopes or "openid", redirect_uri=redirect_uri, code_challenge_method="S256",
    )  # fmt: skip
    outward.guard(client)
    return client


def _description(issuer: str) -> dict[str, Any]:
    """Return what a provider says of itself, asked anew every few minutes."""
    kept = _descriptions.get(issuer)
    if kept is not None and time.monotonic() - kept[0] < KEPT_FOR:
        return kept[1]
    if time.monotonic() - _down.get(issuer, float("-inf")) < DOWN_FOR:
        raise SystemDown("it was not reached a moment ago")
    try:
        with outward.session() as session:
            found = ask(session, "GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    except SystemDown:
        _down[issuer] = time.monotonic()
        raise
    if str(found.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
        raise NotAccepted("the description is that of another issuer")
    _descriptions[issuer] = (time.monotonic(), found)
    return found


def _endpoint(description: Mapping[str, Any], name: str) -> str:
    url = description.get(name)
    if not isinstance(url, str) or outward.address_fault(url):
        raise NotAccepted(f"no usable {name}")
    return url


def _fetch_token(
    client: OAuth2Session, description: Mapping[str, Any], args: Mapping[str, str], memory: Mapping[str, str]
) -> dict[str, Any]:
    try:
        token = client.fetch_token(
            _endpoint(description, "token_endpoint"), grant_type="authorization_code",
            code=args.get("code", ""), code_verifier=memory["verifier"],
        )  # fmt: skip
    except requests.JSONDecodeError:
        raise NotAccepted("the answer is no JSON") from None
    except requests.HTTPError as error:
        raise SystemDown(str(error)[:20]) from None
    except requests.RequestException as error:
        raise SystemDown(type(error).__name__) from None
    except AuthlibBaseError as error:
        raise NotAccepted(f"the code was not taken ({str(error.error)[:60]})") from None
    if not isinstance(token.get("id_token"), str):
        raise NotAccepted("no ID token")
    return dict(token)


def _checked(
    client: OAuth2Session,
    description: Mapping[str, Any],
    token: Mapping[str, Any],
    client_id: str,
    nonce: str,
    now: datetime,
) -> CodeIDToken:
    """Return the claims of an ID token whose signature, issuer, audience, times and nonce are right."""
    keys = ask(client, "GET", _endpoint(description, "jwks_uri"), withhold_token=True)
    try:
        decoded = jwt.decode(token["id_token"], KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]
        claims = CodeIDToken(
            decoded.claims, decoded.header,
            {"iss": {"essential": True, "value": description["issuer"]},
             "aud": {"essential": True, "value": client_id}, "sub": {"essential": True}},
            {"nonce": nonce, "client_id": client_id, "access_token": token.get("access_token")},
        )  # fmt: skip
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise NotAccepted(f"the ID token is wrong ({error})"[:120]) from None
    return claims


def _userinfo(client: OAuth2Session, description: Mapping[str, Any], subject: str) -> dict[str, Any]:
    try:
        answer = raw(client, "GET", _endpoint(description, "userinfo_endpoint"))
    except AuthlibBaseError as error:  # none, one that is over, or one of a kind that nobody knows
        raise NotAccepted(f"its token cannot be used ({str(error.error)[:60]})") from None
    try:
        found = answer.json()
    except ValueError:
        raise NotAccepted("the userinfo is no JSON") from None
    if not isinstance(found, dict) or found.get("sub") != subject:
        raise NotAccepted("the userinfo is about somebody else")
    return found

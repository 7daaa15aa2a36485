"""What the installation signs so that others can check it without asking us: JSON Web Signatures under one key.

The key pair (RSA, RS256: what Open Badges 3.0 asks every verifier to know, section 8.2) is made once into the instance
folder. Its public half stands at /.well-known/jwks.json. A key that is taken out of use is renamed to
`signing-<anything>.key`: it signs no more, and what it signed is still found good.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Blueprint, Flask, Response, abort, current_app, jsonify, request, url_for

from trainmgr.kernel.access import public
from trainmgr.kernel.places import instance_folder

log = logging.getLogger(__name__)

KEY_FILE, FORMER_FILES = "signing.key", "signing-*.key"
BITS = 3072
ALGORITHM = "RS256"
HOUR = 3600

bp = Blueprint("signing", __name__)


class SignatureInvalid(ValueError):
    """A token was not signed by this installation, or was changed since."""


@dataclass(frozen=True)
class Keys:
    """The key that signs, and every public key that is still good, by its thumbprint (RFC 7638)."""

    private: RSAPrivateKey
    thumbprint: str
    known: Mapping[str, RSAPublicKey]


# --- signing --------------------------------------------------------------------------------------


def sign(payload: Mapping[str, Any], header: Mapping[str, Any] | None = None) -> str:
    """Return a JSON Web Token (RFC 7519) in compact form; its header names the key by its thumbprint."""
    keys = _keys()
    head = {"alg": ALGORITHM, "typ": "JWT", "kid": keys.thumbprint, **(header or {})}
    signed = f"{_packed(_json(head))}.{_packed(_json(payload))}"
    return f"{signed}.{_packed(keys.private.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def sign_file(content: bytes) -> str:
    """Return a detached signature of a file: a compact JWS without its middle part (RFC 7515, appendix F)."""
    keys = _keys()
    head = _packed(_json({"alg": ALGORITHM, "kid": keys.thumbprint}))
    signature = keys.private.sign(f"{head}.{_packed(content)}".encode(), PKCS1v15(), SHA256())
    return f"{head}..{_packed(signature)}"


def verify(token: str) -> dict[str, Any]:
    """Return the payload of a token that this installation signed; raises SignatureInvalid."""
    head, middle, signature = _parts(token)
    _check(head, f"{head}.{middle}", signature)
    return _loaded(middle)


def verify_file(content: bytes, detached: str) -> None:
    """Check the detached signature of a file; raises SignatureInvalid."""
    head, middle, signature = _parts(detached)
    if middle:
        raise SignatureInvalid("the signature holds a content of its own")
    _check(head, f"{head}.{_packed(content)}", signature)


def _check(head: str, signed: str, signature: str) -> None:
    keys, told = _keys(), _loaded(head)
    key = keys.known.get(str(told.get("kid", "")).rpartition("/")[2])  # the thumbprint or its address
    if key is None or told.get("alg") != ALGORITHM:
        raise SignatureInvalid("signed by no key of this installation")
    try:
        key.verify(_unpacked(signature), signed.encode(), PKCS1v15(), SHA256())
    except InvalidSignature:
        raise SignatureInvalid("changed since it was signed") from None


def _parts(token: str) -> tuple[str, str, str]:
    parts = token.strip().split(".")
    if len(parts) != 3 or not token.isascii():
        raise SignatureInvalid("not a signature")
    return parts[0], parts[1], parts[2]


def _loaded(part: str) -> dict[str, Any]:
    try:
        found = json.loads(_unpacked(part))
    except (ValueError, RecursionError):  # nested without end
        raise SignatureInvalid("not a signature") from None
    if not isinstance(found, dict):
        raise SignatureInvalid("not a signature")
    return found


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unpacked(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SignatureInvalid("not a signature") from None


# --- the public half ------------------------------------------------------------------------------


def public_jwk(thumbprint: str | None = None) -> dict[str, str] | None:
    """Return a public key as a JSON Web Key (RFC 7517), the one that signs unless said otherwise; None when unknown."""
    keys = _keys()
    wanted = thumbprint or keys.thumbprint
    key = keys.known.get(wanted)
    return None if key is None else {**_jwk(key), "kid": wanted, "alg": ALGORITHM, "use": "sig"}


def thumbprint() -> str:
    """Return the thumbprint (RFC 7638) of the key that signs now."""
    return _keys().thumbprint


def key_address() -> str:
    """Return the address at which anybody finds the key that signs now; needs a request or PUBLIC_URL."""
    return public_address("signing.show_key", thumbprint=thumbprint())


def public_root() -> str:
    """Return the installation's address as the world knows it, ending in a slash: PUBLIC_URL, else the request's."""
    configured = str(current_app.config.get("PUBLIC_URL") or "")
    return configured.rstrip("/") + "/" if configured else str(request.url_root)


def public_address(endpoint: str, **values: Any) -> str:
    """Return the full address of a page for documents that leave the house."""
    return public_root().rstrip("/") + _path(endpoint, **values)


def _path(endpoint: str, **values: Any) -> str:
    path = str(url_for(endpoint, _external=False, **values))
    root = request.script_root
    return path.removeprefix(root) if root else path


@bp.get("/.well-known/jwks.json")
@public
def show_keys() -> Response:
    """Show the public keys to anybody who checks what was signed here."""
    return _cached(jsonify(keys=[public_jwk(one) for one in _keys().known]))


@bp.get("/.well-known/keys/<string(length=43):thumbprint>")
@public
def show_key(thumbprint: str) -> Response:
    """Show one public key."""
    key = public_jwk(thumbprint)
    return _cached(jsonify(key)) if key else abort(404)


def _cached(response: Response) -> Response:
    response.headers["Cache-Control"] = f"public, max-age={HOUR}"
    response.headers["Access-Control-Allow-Origin"] = "*"  # verifiers run in browsers too
    return response


def _jwk(key: RSAPublicKey) -> dict[str, str]:
    numbers = key.public_numbers()

    def packed(number: int) -> str:
        return _packed(number.to_bytes((number.bit_length() + 7) // 8, "big"))

    return {"e": packed(numbers.e), "kty": "RSA", "n": packed(numbers.n)}


def _thumbprint(key: RSAPublicKey) -> str:
    return _packed(hashlib.sha256(_json(_jwk(key))).digest())


# --- the key pair ---------------------------------------------------------------------------------


def _keys() -> Keys:
    """Return the keys, read (or made) when they are first needed."""
    known: Keys | None = current_app.extensions["signing"]
    if known is None:
        known = current_app.extensions["signing"] = _read(instance_folder(current_app))
    return known


def _read(folder: Path) -> Keys:
    path = folder / KEY_FILE
    if not path.exists():
        _make(path)
    private = _load(path)
    keys = [private, *(_load(former) for former in sorted(folder.glob(FORMER_FILES), reverse=True))]
    publics = [key.public_key() for key in keys]
    return Keys(private, _thumbprint(publics[0]), {_thumbprint(key): key for key in publics})


def _load(path: Path) -> RSAPrivateKey:
    # Our own file: that its primes are primes need not be proved anew in each process.
    key = serialization.load_pem_private_key(path.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
    return cast(RSAPrivateKey, key)


def _make(path: Path) -> None:
    """Write a new key whole or not at all, readable only to the owner; of two who make one, the first one's stays."""
    pem = generate_private_key(public_exponent=65537, key_size=BITS).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".signing-")  # 0600 from the first byte
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(pem)
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
        log.warning("a new key for signing was written to %s; keep a copy", path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def init_app(app: Flask) -> None:
    """Give the application its place for keys and the addresses of their public halves."""
    app.extensions["signing"] = None
    app.register_blueprint(bp)

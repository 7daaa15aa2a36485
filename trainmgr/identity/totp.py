"""One-time codes of RFC 6238: six digits, 30 seconds, SHA-1, as every generator on a phone makes them. Pure."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import unicodedata

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

SECONDS = 30
DIGITS = 6
DRIFT = 1  # steps that a phone's clock may be early or late (RFC 6238, 5.2)
SECRET_BYTES = 20  # the length of the hash (RFC 4226, 4)

RECOVERY_CODES = 10
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that are mistaken for another: 31 of them
_LENGTH = 12  # 59 bits


def new_secret() -> str:
    """Return a new secret as generators take it: 32 letters of base 32."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def code_at(secret: str, moment: float) -> str:
    """Return the code of a moment (seconds since 1970)."""
    return _generator(secret).generate(int(moment)).decode("ascii")


def matching_step(secret: str, typed: str, moment: float, *, after: int) -> int | None:
    """Return the time step whose code was typed, or None; a step up to `after` was used and is not taken again."""
    code = digits_of(typed)
    generator, step = _generator(secret), int(moment) // SECONDS
    fitting = None
    for candidate in range(max(step - DRIFT, 0), step + DRIFT + 1):
        made = generator.generate(candidate * SECONDS).decode("ascii")
        if hmac.compare_digest(made, code) and candidate > after and fitting is None:
            fitting = candidate
    return fitting


def address_of(secret: str, *, account: str, house: str) -> str:
    """Return the otpauth: address that a generator reads from a QR code."""
    return _generator(secret).get_provisioning_uri(account, house)


def _generator(secret: str) -> TOTP:
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), SECONDS)  # noqa: S303  # what generators know


def digits_of(typed: str) -> str:
    """Return what was typed as plain digits, "" where it is no code of this kind."""
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", typed))
    return plain if re.fullmatch(rf"[0-9]{{{DIGITS}}}", plain) else ""


def new_recovery_codes() -> list[str]:
    """Return ten codes as they are printed: xxxx-xxxx-xxxx."""
    codes = []
    for _number in range(RECOVERY_CODES):
        letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        codes.append("-".join(letters[at : at + 4] for at in range(0, _LENGTH, 4)))
    return codes


def recovery_form(typed: str) -> str:
    """Return a recovery code in the one form that its fingerprint is made of, "" where it is none."""
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", typed)).lower()
    return plain if len(plain) == _LENGTH and set(plain) <= set(_LETTERS) else ""

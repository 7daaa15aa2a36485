"""The code on the teacher's screen: what it is made of, how long it is taken (docs/decisions/0027).

A code is an HMAC (RFC 2104, with SHA-256) over the session and the number of its step of 15 seconds, under a secret
that only the register of this session has. It is written in six characters that cannot be mistaken for each other.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata

STEP = 15  # seconds for which one code is shown
GRACE = (
    5  # seconds after which it was replaced in which it is still taken: the way from the screen to the server
)
LENGTH = 6
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without 0 O 1 I L


def step_of(seconds: float) -> int:
    """Return the number of the step in which a moment lies, in seconds since 1970."""
    return int(seconds // STEP)


def left_of_step(seconds: float) -> float:
    """Return for how many seconds the code of a moment is still shown: more than 0, at most 15."""
    return STEP - seconds % STEP


def code_of(secret: bytes, session_id: int, step: int) -> str:
    """Return the code of a session in a step: six letters and digits."""
    digest = hmac.new(secret, f"attendance {session_id} {step}".encode(), hashlib.sha256).digest()
    number, letters = int.from_bytes(digest[:8], "big"), []
    for _place in range(LENGTH):
        number, rest = divmod(number, len(LETTERS))
        letters.append(LETTERS[rest])
    return "".join(letters)


def typed(text: str) -> str:
    """Return a code as it is compared: full width made ordinary, capitals, without blanks and dashes."""
    return re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text)).upper()


def is_taken(secret: bytes, session_id: int, code: str, seconds: float) -> bool:
    """Tell whether a code is that of the present step, or of the last one within the grace after its end."""
    step, given = step_of(seconds), typed(code).encode()
    steps = [step] + ([step - 1] if seconds % STEP < GRACE else [])
    return any(hmac.compare_digest(code_of(secret, session_id, each).encode(), given) for each in steps)

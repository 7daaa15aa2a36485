"""How soon a program that tries known passwords would find one: zxcvbn with its lists of leaked passwords and words."""

from __future__ import annotations

from collections.abc import Iterable

from zxcvbn import zxcvbn

from trainmgr.identity.rules import normal

FEWEST_GUESSES = 10**8  # zxcvbn's score 3: beyond what a door that slows guesses down lets through in years
LOOKED_AT = (
    40  # signs; the time grows with the square of the length, and this many take at most a tenth of a second
)


def is_soon_found(password: str, own_words: Iterable[str]) -> bool:
    """Tell whether a password is a leaked one, or made of leaked ones, words, dates and runs that are tried first.

    Guesses are counted as by Wheeler (zxcvbn, USENIX Security 2016). Nothing is asked of the network.
    """
    words = [normal(word).casefold() for word in own_words]
    return bool(zxcvbn(normal(password)[:LOOKED_AT], user_inputs=words)["guesses"] < FEWEST_GUESSES)

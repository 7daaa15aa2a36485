"""Signs in logs that are worth a question: texts that resemble, days that cannot be, pasted text. Never a verdict.

Texts are compared as sets of short pieces (shingles): resemblance is the share of common pieces (Broder, 1997, On the
resemblance and containment of documents). To find resembling texts among very many, each text gets the smallest
values of some random functions over its pieces; groups of them (bands) are looked up (Indyk and Motwani, 1998).
With 12 bands of 3 values a pair that resembles by 0.6 is found 95 times in 100, by 0.7 more than 99 times.
"""

from __future__ import annotations

import enum
import hashlib
import math
import random
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

SHINGLE = 3  # signs of a piece
FEWEST_SIGNS = 30  # a shorter text says too little to be compared
RESEMBLES = 0.6
BANDS, ROWS = 12, 3
PASTED = 0.7
FEWEST_PASTED = 60


class HintKind(enum.StrEnum):
    """What may be worth a question."""

    SIMILAR_OWN = "similar_own"
    SIMILAR_OTHER = "similar_other"
    SAME_PHOTO = "same_photo"
    PASTED = "pasted"
    LONG_DAY = "long_day"
    CLOSED_DAY = "closed_day"
    TWO_PLACES = "two_places"
    OVER_SESSION = "over_session"


@dataclass(frozen=True)
class Hint:
    """One sign: of what kind, with what figures, and which other log it was compared with (or None)."""

    kind: HintKind
    params: Mapping[str, Any] = field(default_factory=dict)
    other_id: int | None = None


# --- texts -----------------------------------------------------------------------------------------


def normalised(text: str) -> str:
    """Return a text's letters and digits only, full-width and case made equal."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())


def shingles(text: str) -> frozenset[str]:
    """Return the pieces of a text; none when it is too short to be compared."""
    plain = normalised(text)
    if len(plain) < FEWEST_SIGNS:
        return frozenset()
    return frozenset(plain[start : start + SHINGLE] for start in range(len(plain) - SHINGLE + 1))


def resemblance(one: Collection[str], other: Collection[str]) -> float:
    """Return the share of common pieces in all pieces of two texts, from 0 to 1 (Broder, 1997)."""
    mine, theirs = frozenset(one), frozenset(other)
    together = len(mine | theirs)
    return len(mine & theirs) / together if together else 0.0


def _functions() -> tuple[Any, Any]:
    source = random.Random(20261128)  # noqa: S311 - fixed for ever: stored bands must stay comparable
    odd = [source.getrandbits(64) | 1 for _ in range(BANDS * ROWS)]
    added = [source.getrandbits(64) for _ in range(BANDS * ROWS)]
    return np.array(odd, dtype=np.uint64), np.array(added, dtype=np.uint64)


_ODD, _ADDED = _functions()


def bands(pieces: Collection[str]) -> list[int]:
    """Return the values under which a text is looked up, one a band, each below 2 to the 63rd; none without pieces."""
    if not pieces:
        return []
    keys = np.array([_number(piece) for piece in pieces], dtype=np.uint64)
    with np.errstate(over="ignore"):
        mixed = (keys[:, None] * _ODD[None, :] + _ADDED[None, :]) >> np.uint64(24)
    smallest = mixed.min(axis=0).reshape(BANDS, ROWS)
    return [_number(f"{place}:{row.tolist()}") >> 1 for place, row in enumerate(smallest)]


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


@dataclass(frozen=True)
class Known:
    """A log that may resemble a new one."""

    log_id: int
    enrolment_id: int
    text: str


def similar(text: str, enrolment_id: int, known: Iterable[Known]) -> list[Hint]:
    """Return at most two hints: the trainee's own log and another trainee's that resemble a text most."""
    mine = shingles(text)
    best: dict[HintKind, tuple[float, int]] = {}
    for one in known:
        kind = HintKind.SIMILAR_OWN if one.enrolment_id == enrolment_id else HintKind.SIMILAR_OTHER
        share = resemblance(mine, shingles(one.text))
        if share >= RESEMBLES and (share, one.log_id) > best.get(kind, (0.0, 0)):
            best[kind] = (share, one.log_id)
    return [
        Hint(kind, {"share": math.floor(share * 100)}, log_id)
        for kind, (share, log_id) in sorted(best.items())
    ]


def pasted(pasted_signs: int | None, typed_signs: int | None) -> list[Hint]:
    """Return a hint when most of a text was pasted; a form that did not count says nothing."""
    if pasted_signs is None or pasted_signs < FEWEST_PASTED:
        return []
    share = pasted_signs / (pasted_signs + max(0, typed_signs or 0))
    return [Hint(HintKind.PASTED, {"share": math.floor(share * 100)})] if share >= PASTED else []


# --- hours -----------------------------------------------------------------------------------------


def hours_hints(
    worked: Mapping[date, int],
    *,
    elsewhere: Mapping[date, int],
    limit: int,
    closed: Collection[date],
    lessons: Mapping[date, int] | None = None,
) -> list[Hint]:
    """Return what stands out in the minutes by day of a log, the first such day of each kind.

    `elsewhere` are the minutes of the same days in logs that the other side signs; `limit` the minutes of a day that
    are usual at most; `closed` the days on which the place is closed; `lessons` the minutes timetabled on the days
    that have sessions at school (None: nothing is known).
    """
    found: dict[HintKind, Hint] = {}

    def note(kind: HintKind, day: date, minutes: int, **more: Any) -> None:
        found.setdefault(kind, Hint(kind, {"day": day.isoformat(), "minutes": minutes} | more))

    for day, minutes in sorted(worked.items()):
        if minutes + elsewhere.get(day, 0) > limit:
            note(HintKind.LONG_DAY, day, minutes + elsewhere.get(day, 0))
        if elsewhere.get(day):
            note(HintKind.TWO_PLACES, day, minutes + elsewhere[day])
        if day in closed:
            note(HintKind.CLOSED_DAY, day, minutes)
        if lessons and day in lessons and minutes > lessons[day]:
            note(HintKind.OVER_SESSION, day, minutes, lessons=lessons[day])
    return list(found.values())


# --- spot checks -----------------------------------------------------------------------------------


def draw(ids: Sequence[int], percent: int, seed: str) -> list[int]:
    """Draw some of the logs that a mentor was handed in a week: the share asked for, at least one, by a seed.

    `percent` is from 0 (none is drawn) to 100. The same logs and the same seed draw the same ones again.
    """
    if not ids or percent <= 0:
        return []
    amount = min(len(ids), max(1, math.ceil(len(ids) * percent / 100)))
    return sorted(random.Random(seed).sample(sorted(ids), amount))  # noqa: S311 - the seed itself is secret and random


class SpotResult(enum.StrEnum):
    """What a mentor found in a spot check."""

    CONFIRMED = "confirmed"
    DOUBTFUL = "doubtful"
    COULD_NOT = "could_not"

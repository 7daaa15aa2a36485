"""What all charts stand on: rounding, the width of texts, ticks and lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PARTIES = ("trainee", "enterprise", "teacher", "peer", "counsellor", "assessor", "all")
EM = 11.0
# From this code point on (CJK and its punctuation) a sign is one em wide, before it a little more than half.
WIDE_FROM = 0x2E80

Spot = tuple[float, float]


def r1(value: float) -> float:
    """Round to a tenth of a unit, which is finer than a screen shows (never to −0)."""
    return round(float(value), 1) + 0.0


def text_width(text: str, em: float = EM) -> float:
    """Estimate how wide a text is drawn, in units of the canvas."""
    return sum(em if ord(sign) >= WIDE_FROM else 0.56 * em for sign in text)


def wrapped(text: str, room: float, lines: int = 2) -> list[str]:
    """Break a label into at most so many lines that fit; the last one ends in … when something had to go."""
    out: list[str] = []
    rest = text.strip()
    while rest and len(out) < lines:
        taken = _fitting(rest, room)
        if len(out) == lines - 1 and taken < len(rest):
            out.append(rest[: _fitting(rest, room - EM)].rstrip() + "…")
            return out
        out.append(rest[:taken].rstrip())
        rest = rest[taken:].lstrip()
    return out


def _fitting(text: str, room: float) -> int:
    """How many signs fit; a Latin word is kept whole where that leaves anything."""
    taken = 0
    while taken < len(text) and text_width(text[: taken + 1]) <= room:
        taken += 1
    taken = max(1, taken)
    if taken < len(text) and text[taken].isalnum() and ord(text[taken]) < WIDE_FROM:
        space = text.rfind(" ", 0, taken)
        taken = space + 1 if space > 0 else taken
    return taken


def in_range(value: float, low: float, high: float) -> float:
    """Return the value, held between two limits."""
    return max(low, min(high, value))


@dataclass(frozen=True)
class Tick:
    """A value on an axis."""

    at: float
    value: float


def path(spots: Sequence[Spot], *, closed: bool) -> str:
    """Return an SVG path through spots."""
    return "M" + "L".join(f"{x} {y}" for x, y in spots) + ("Z" if closed else "")

"""How a marker's points are typed, which buttons give them, and the code that stands for a name. Pure."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from decimal import Decimal, InvalidOperation

from trainmgr.kernel.msgids import N_

HALF = Decimal("0.5")
MOST_BUTTONS = 11
CODE_LETTERS = 6


class PointsRefused(Exception):
    """What is wrong with points that were typed, as a msgid that knows %(most)s."""

    def __init__(self, msgid: str) -> None:
        super().__init__(msgid)
        self.msgid = msgid


def read_points(text: str, most: Decimal) -> Decimal:
    """Read points from 0 to `most` in halves, or `most` itself; full width and a decimal comma are understood.

    Raises PointsRefused for nothing, words, less than nothing, too much, and what lies between two halves.
    """
    plain = unicodedata.normalize("NFKC", text).strip().replace(",", ".").replace("−", "-")
    if not plain:
        raise PointsRefused(N_("Give points from 0 to %(most)s."))
    try:
        points = Decimal(plain) if len(plain) <= 12 else Decimal("NaN")
    except InvalidOperation:
        points = Decimal("NaN")
    if not points.is_finite():
        raise PointsRefused(N_("Write points as a number from 0 to %(most)s."))
    if points < 0:
        raise PointsRefused(N_("No answer gets less than 0 points; %(most)s are the most."))
    if points > most:
        raise PointsRefused(N_("This question has %(most)s points at most."))
    if points % HALF and points != most:
        raise PointsRefused(N_("Points go in halves: 0, 0.5, 1 and so on to %(most)s."))
    return points


def buttons(most: Decimal) -> list[Decimal]:
    """Return the points that buttons give: each half where they are few, else each whole point, else a few steps."""
    for step in (HALF, Decimal(1), Decimal(2), Decimal(5)):
        if most / step < MOST_BUTTONS:
            break
    else:
        step = max(Decimal(1), (most / (MOST_BUTTONS - 1)).to_integral_value())
    given = [step * place for place in range(int(most / step) + 1)]
    return given if given[-1] == most else [*given, most]


def code_of(seed: int, sitting_id: int, participant_id: int) -> str:
    """Return the code under which somebody's answers are marked: always the same, and no name to be read from it."""
    digest = hashlib.sha256(f"code:{seed}:{sitting_id}:{participant_id}".encode()).digest()
    return base64.b32encode(digest).decode()[:CODE_LETTERS]

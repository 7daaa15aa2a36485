"""Levels of certificates as data, serial numbers, codes of the public check, names as strangers see them."""

from __future__ import annotations

import enum
import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, timedelta

from trainmgr.kernel.msgids import N_

# Without I, L, O, 0 and 1, which people mix up.
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE, HOLDER = 16, 6  # letters: 79 bits that name the certificate, and 30 more that show whose it is
EXPIRING = timedelta(days=90)


class Family(enum.StrEnum):
    """Which ladder a level belongs to: skill grades (职业技能等级), or 1+X certificates."""

    SKILL = "skill"
    ONE_X = "one_x"


class Level(enum.StrEnum):
    """The level of a certificate that somebody else issued."""

    APPRENTICE = "apprentice"
    JUNIOR = "junior"
    INTERMEDIATE = "intermediate"
    SENIOR = "senior"
    TECHNICIAN = "technician"
    SENIOR_TECHNICIAN = "senior_technician"
    SPECIAL_TECHNICIAN = "special_technician"
    CHIEF_TECHNICIAN = "chief_technician"
    ONE_X_JUNIOR = "one_x_junior"
    ONE_X_INTERMEDIATE = "one_x_intermediate"
    ONE_X_SENIOR = "one_x_senior"


@dataclass(frozen=True)
class Rung:
    """A level on its ladder: rank from 1 upwards, the msgid of its name."""

    family: Family
    rank: int
    msgid: str


# The eight grades of 人社部发〔2022〕14号, from 学徒工 to 首席技师; and the three of the 1+X pilot (教职成〔2019〕6号).
LADDER: dict[Level, Rung] = {
    Level.APPRENTICE: Rung(Family.SKILL, 1, N_("Apprentice worker")),
    Level.JUNIOR: Rung(Family.SKILL, 2, N_("Junior worker")),
    Level.INTERMEDIATE: Rung(Family.SKILL, 3, N_("Intermediate worker")),
    Level.SENIOR: Rung(Family.SKILL, 4, N_("Senior worker")),
    Level.TECHNICIAN: Rung(Family.SKILL, 5, N_("Technician (skill grade)")),
    Level.SENIOR_TECHNICIAN: Rung(Family.SKILL, 6, N_("Senior technician")),
    Level.SPECIAL_TECHNICIAN: Rung(Family.SKILL, 7, N_("Special-grade technician")),
    Level.CHIEF_TECHNICIAN: Rung(Family.SKILL, 8, N_("Chief technician")),
    Level.ONE_X_JUNIOR: Rung(Family.ONE_X, 1, N_("1+X, junior")),
    Level.ONE_X_INTERMEDIATE: Rung(Family.ONE_X, 2, N_("1+X, intermediate")),
    Level.ONE_X_SENIOR: Rung(Family.ONE_X, 3, N_("1+X, senior")),
}
# Whoever holds one of these is counted as 高级工及以上.
SENIOR_AND_ABOVE = tuple(
    level for level, rung in LADDER.items() if rung.family is Family.SKILL and rung.rank >= 4
)


class RevocationKind(enum.StrEnum):
    """Why a certificate no longer counts: taken back, or another one stands in its place."""

    REVOKED = "revoked"
    REPLACED = "replaced"


class ExternalState(enum.StrEnum):
    """Where a certificate of others stands: entered, verified against the proof, refused, withdrawn."""

    ENTERED = "entered"
    VERIFIED = "verified"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


def serial_of(year: int, number: int) -> str:
    """Return the serial number as it is printed: 2026-000123."""
    return f"{year}-{number:06}"


def new_code() -> str:
    """Return a fresh code of the public check, without its holder's part."""
    return "".join(secrets.choice(LETTERS) for _place in range(CODE))


def new_holder_part() -> str:
    """Return the part of a code that shows whose certificate it is."""
    return "".join(secrets.choice(LETTERS) for _place in range(HOLDER))


def plain_code(typed: str) -> str:
    """Return a typed code without what people put between its letters."""
    return "".join(sign for sign in typed.upper() if sign in LETTERS)[: CODE + HOLDER + 1]


def parts_of(typed: str) -> tuple[str, str]:
    """Return the certificate's part and the holder's part ("" where there is none) of a typed code."""
    plain = plain_code(typed)
    return plain[:CODE], plain[CODE:]


def spaced(code: str) -> str:
    """Return a code in groups of four, as it is read out."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def masked_name(name: str) -> str:
    """Show a name so that only who knows it recognises it: 周*国, 张*, and J***** for Latin letters."""
    if len(name) < 2:
        return "*" * len(name)
    if len(name) == 2 or name.isascii():
        return name[0] + "*" * (len(name) - 1)
    return name[0] + "*" * (len(name) - 2) + name[-1]


def is_expiring(expires_on: date | None, today: date) -> bool:
    """Tell whether a certificate ends within ninety days (one that has ended is not expiring any more)."""
    return expires_on is not None and today <= expires_on <= today + EXPIRING


def number_key(number: str) -> str:
    """Return what spellings of one certificate's number have in common: letters and digits alone, capital."""
    return "".join(sign for sign in number.upper() if sign.isalnum())


def issuer_key(issuer: str) -> str:
    """Return what spellings of one issuer have in common, short enough for an index."""
    plain = "".join(issuer.split()).casefold()
    return hashlib.sha256(plain.encode()).hexdigest()[:16]

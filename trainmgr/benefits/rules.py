"""Shares that add up, money split to the cent, who may be claimed for, and the way of a claim."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

WHOLE = 10_000  # basis points
MOST_SHARES = 12
MOST_CENTS = 100_000_000_000


class YieldKind(enum.StrEnum):
    """What the cooperation brought forth (科研成果、产品)."""

    PAPER = "paper"
    PATENT = "patent"
    SOFTWARE = "software"
    PRODUCT = "product"
    STANDARD = "standard"
    TEACHING_RESOURCE = "teaching_resource"


class YieldState(enum.StrEnum):
    """A draft, signed by both sides, or given up for a new version."""

    DRAFT = "draft"
    SIGNED = "signed"


class IncomeKind(enum.StrEnum):
    """What a programme's income is for."""

    TRAINING_FEE = "training_fee"
    FUNDING = "funding"
    SERVICE = "service"
    SUBSIDY = "subsidy"
    DONATION = "donation"
    OTHER = "other"


class ClaimKind(enum.StrEnum):
    """What a subsidy is for; nobody is claimed for twice in one programme and kind."""

    TRAINING = "training"
    ASSESSMENT = "assessment"
    APPRENTICESHIP = "apprenticeship"
    LIVING = "living"


class ClaimState(enum.StrEnum):
    """Where a claim stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    PAID = "paid"
    RETURNED = "returned"


# From where to where a claim goes; a returned one stays, and a new one takes its place.
MOVES: dict[ClaimState, tuple[ClaimState, ...]] = {
    ClaimState.DRAFT: (ClaimState.SUBMITTED,),
    ClaimState.SUBMITTED: (ClaimState.APPROVED, ClaimState.RETURNED),
    ClaimState.APPROVED: (ClaimState.PAID, ClaimState.RETURNED),
    ClaimState.PAID: (),
    ClaimState.RETURNED: (),
}


@dataclass(frozen=True)
class Share:
    """An owner's part, in basis points (hundredths of a percent)."""

    owner: str
    is_person: bool
    basis_points: int


def shares_fault(shares: Sequence[Share]) -> str | None:
    """Return what is wrong with owners' shares: "none", "twice", "size" or "sum"; None when they add up to 100%."""
    if not shares:
        return "none"
    if len({share.owner.casefold() for share in shares}) != len(shares):
        return "twice"
    if any(share.basis_points <= 0 for share in shares):
        return "size"
    return None if sum(share.basis_points for share in shares) == WHOLE else "sum"


def split(cents: int, basis_points: Sequence[int]) -> list[int]:
    """Split an amount of cents by shares that add up to 10,000; the parts add up to the amount exactly.

    Largest remainders (Hamilton 1792): each part is rounded down, what is left goes cent by cent to those with the
    largest remainder, of equal ones to the first. A negative amount (a counter-entry) is split like its positive.
    """
    if sum(basis_points) != WHOLE or any(points < 0 for points in basis_points):
        raise ValueError("shares must add up to 10,000")
    if cents < 0:
        return [-part for part in split(-cents, basis_points)]
    parts = [cents * points // WHOLE for points in basis_points]
    remainders = [cents * points % WHOLE for points in basis_points]
    order = sorted(range(len(parts)), key=lambda place: (-remainders[place], place))
    for place in order[: cents - sum(parts)]:
        parts[place] += 1
    return parts


@dataclass(frozen=True)
class ClaimRule:
    """What one claim asks of a person: so many minutes in the ledger, a certificate; cents a head."""

    amount_cents: int
    least_minutes: int = 0
    needs_certificate: bool = False


class Lacking(enum.StrEnum):
    """Why somebody cannot be in a claim."""

    HOURS = "hours"
    CERTIFICATE = "certificate"
    CLAIMED = "claimed"


def lacking(rule: ClaimRule, *, minutes: int, has_certificate: bool, is_claimed: bool) -> list[Lacking]:
    """Return all that stands in the way of claiming for a person."""
    found = []
    if minutes < rule.least_minutes:
        found.append(Lacking.HOURS)
    if rule.needs_certificate and not has_certificate:
        found.append(Lacking.CERTIFICATE)
    if is_claimed:
        found.append(Lacking.CLAIMED)
    return found


def may_go(state: ClaimState, to: ClaimState) -> bool:
    """Tell whether a claim goes from one state to another."""
    return to in MOVES[state]

"""What became of graduates, as pure decisions: which answers hold together, rates with their parts.

Money is in cents (fen) a month. A rate without anything to divide by is no rate: it is None, never 0 or 1.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from trainmgr.kernel.msgids import N_

FEWEST = 5  # a mean income of fewer people is not shown
SATISFIED = 4  # of 5
MOST_CENTS = 100_000_000  # a million yuan a month
AFTER_GRADUATION = (0, 6, 12, 36)  # the usual rounds, in months
MOST_MONTHS = 60
OPEN_DAYS = 45  # how long a round stays open unless said otherwise


class Destination(enum.StrEnum):
    """What a graduate does."""

    EMPLOYED = "employed"
    FLEXIBLE = "flexible"
    OWN_BUSINESS = "own_business"
    STUDY = "study"
    ARMY = "army"
    SEEKING = "seeking"
    NOT_SEEKING = "not_seeking"


SECURED = frozenset(
    {
        Destination.EMPLOYED,
        Destination.FLEXIBLE,
        Destination.OWN_BUSINESS,
        Destination.STUDY,
        Destination.ARMY,
    }
)
WORKING = frozenset({Destination.EMPLOYED, Destination.FLEXIBLE, Destination.OWN_BUSINESS})


class Match(enum.StrEnum):
    """How far the work fits what was trained."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class AnswerSource(enum.StrEnum):
    """Who told it."""

    GRADUATE = "graduate"
    EMPLOYER = "employer"
    STAFF = "staff"


class Band(enum.StrEnum):
    """Monthly income before tax, in bands of yuan."""

    TO_3000 = "to_3000"
    TO_4000 = "to_4000"
    TO_5000 = "to_5000"
    TO_6000 = "to_6000"
    TO_8000 = "to_8000"
    TO_10000 = "to_10000"
    ABOVE = "above"


# The upper edge of each band (not included) and the value that stands for it in a mean, both in cents.
_EDGES: dict[Band, tuple[int | None, int]] = {
    Band.TO_3000: (300_000, 250_000),
    Band.TO_4000: (400_000, 350_000),
    Band.TO_5000: (500_000, 450_000),
    Band.TO_6000: (600_000, 550_000),
    Band.TO_8000: (800_000, 700_000),
    Band.TO_10000: (1_000_000, 900_000),
    Band.ABOVE: (None, 1_200_000),
}
MIDDLES: dict[Band, int] = {band: middle for band, (_edge, middle) in _EDGES.items()}


def band_of(cents: int) -> Band:
    """Return the band of a monthly income."""
    return next(band for band, (edge, _middle) in _EDGES.items() if edge is None or cents < edge)


# --- an answer ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What was told of one graduate in one round; None where it was not told or does not apply."""

    destination: Destination
    employer_id: int | None = None
    employer_name: str = ""
    post: str = ""
    match: Match | None = None
    income_cents: int | None = None
    income_band: Band | None = None
    promoted: bool | None = None
    promoted_to: str = ""
    certified: bool | None = None
    certificate: str = ""
    remark: str = ""

    @property
    def is_working(self) -> bool:
        """Whether post, match and income are asked at all."""
        return self.destination in WORKING


def answer_faults(answer: Answer) -> dict[str, str]:
    """Return what is wrong with an answer: msgids by the field they belong to."""
    faults: dict[str, str] = {}
    if answer.destination is Destination.EMPLOYED and not (answer.employer_id or answer.employer_name):
        faults["employer_name"] = N_("Name the employer.")
    if answer.income_cents is not None and not 0 < answer.income_cents <= MOST_CENTS:
        faults["income"] = N_("More than 0 and at most 1,000,000 yuan a month.")
    if answer.is_working and answer.match is None:
        faults["match"] = N_("Say whether the work fits the training.")
    return faults


def tidy_answer(answer: Answer) -> Answer:
    """Return an answer without what does not apply to its destination, and with the band of a figure."""
    band = answer.income_band
    if answer.income_cents is not None:
        band = band_of(answer.income_cents)
    if answer.is_working:
        return Answer(
            **{**answer.__dict__, "income_band": band, "promoted_to": answer.promoted_to if answer.promoted else "",
               "certificate": answer.certificate if answer.certified else ""}
        )  # fmt: skip
    return Answer(
        destination=answer.destination,
        employer_name=answer.employer_name if answer.destination is Destination.STUDY else "",
        certified=answer.certified,
        certificate=answer.certificate if answer.certified else "",
        remark=answer.remark,
    )


_COMPANY_ENDS = re.compile(r"(股份有限公司|有限责任公司|有限公司|公司|co\.?,? ?ltd\.?|ltd\.?|inc\.?)$")


def employer_key(name: str) -> str:
    """Return a name as it is compared: without blanks, brackets and the legal form at its end."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    plain = re.sub(r"[\s()\[\]·.,]", "", plain)
    return _COMPANY_ENDS.sub("", plain)


def is_retained(before: Answer | None, now: Answer) -> bool | None:
    """Tell whether a graduate is still with the employer of the answer before; None where there was none."""
    if before is None or before.destination is not Destination.EMPLOYED:
        return None
    if now.destination is not Destination.EMPLOYED:
        return False
    if before.employer_id and now.employer_id:
        return before.employer_id == now.employer_id
    return bool(employer_key(before.employer_name)) and employer_key(before.employer_name) == employer_key(
        now.employer_name
    )


# --- figures ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rate:
    """A share with what it is made of; `unknown` are people of whom it is not known."""

    numerator: int
    denominator: int
    unknown: int = 0

    @property
    def value(self) -> float | None:
        """The share, or None where there is nothing to divide by."""
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True)
class Counts:
    """What was counted of a group of graduates in a round; sums of money in cents."""

    graduates: int = 0
    answered: int = 0
    secured: int = 0
    working: int = 0
    match_yes: int = 0
    match_partly: int = 0
    match_no: int = 0
    income_n: int = 0
    income_exact: int = 0
    income_sum: int = 0
    retained: int = 0
    retained_known: int = 0
    promoted: int = 0
    promoted_known: int = 0
    certified: int = 0
    certified_known: int = 0
    confirmed: int = 0
    words: int = 0
    satisfied: int = 0
    satisfaction_n: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Both groups together."""
        return Counts(**{key: value + getattr(other, key) for key, value in self.__dict__.items()})

    @property
    def response(self) -> Rate:
        """Who answered, of all graduates."""
        return Rate(self.answered, self.graduates)

    @property
    def destination(self) -> Rate:
        """Who has work, studies or serves, of all graduates: whoever did not answer is not counted as placed."""
        return Rate(self.secured, self.graduates, self.graduates - self.answered)

    @property
    def match(self) -> Rate:
        """Whose work fits the training wholly or partly, of those who work and of whom it is known."""
        known = self.match_yes + self.match_partly + self.match_no
        return Rate(self.match_yes + self.match_partly, known, self.working - known)

    @property
    def retention(self) -> Rate:
        """Who is still with the employer of the round before."""
        return Rate(self.retained, self.retained_known)

    @property
    def promotion(self) -> Rate:
        """Who was promoted, of those who work and of whom it is known."""
        return Rate(self.promoted, self.promoted_known, self.working - self.promoted_known)

    @property
    def certificates(self) -> Rate:
        """Who holds a certificate, of those of whom it is known."""
        return Rate(self.certified, self.certified_known, self.graduates - self.certified_known)

    @property
    def satisfaction(self) -> Rate:
        """Of whose graduates the employer is satisfied (4 or 5 of 5), of those the employer spoke of."""
        return Rate(self.satisfied, self.satisfaction_n, max(0, self.working - self.satisfaction_n))

    @property
    def income(self) -> int | None:
        """The mean monthly income in cents; None for nobody and for fewer than five people."""
        return round(self.income_sum / self.income_n) if self.income_n >= FEWEST else None

    @property
    def income_hidden(self) -> bool:
        """Whether there is an income that is not shown because too few people told it."""
        return 0 < self.income_n < FEWEST


def total(groups: Iterable[Counts]) -> Counts:
    """Return all groups together."""
    return sum(groups, Counts())

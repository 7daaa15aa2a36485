"""Two-way choice: stable pairs from the preferences of both sides, by deferred acceptance with capacities.

Pure: values in, values out. The method is that of Gale and Shapley (1962); who proposes gets the best that any stable
set of pairs could give, so the proposing side is published before anybody chooses.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from heapq import heappush, heapreplace


class Proposing(enum.StrEnum):
    """The side whose wishes are tried first."""

    TRAINEES = "trainees"
    MENTORS = "mentors"


class Phase(enum.StrEnum):
    """Where a round stands on a day."""

    AHEAD = "ahead"
    TRAINEES = "trainees"
    MENTORS = "mentors"
    OVER = "over"


def phase_on(day: date, opens_on: date, trainees_until: date, mentors_until: date) -> Phase:
    """Return who may choose on a day; the last days count in full."""
    if day < opens_on:
        return Phase.AHEAD
    if day <= trainees_until:
        return Phase.TRAINEES
    return Phase.MENTORS if day <= mentors_until else Phase.OVER


@dataclass(frozen=True)
class Days:
    """The days of a round: its first, the trainees' last, the mentors' last."""

    opens_on: date
    trainees_until: date
    mentors_until: date


class DayFault(enum.StrEnum):
    """Why the days of a round cannot be moved so."""

    NOTHING = "nothing"
    ORDER = "order"
    PAST = "past"
    BEGUN = "begun"
    ANSWERING = "answering"


def fault_in_days(before: Days, after: Days, today: date) -> DayFault | None:
    """Return what forbids to move a round's days, or None.

    What has begun stays begun, what is moved does not end before today, and once the mentors answer the trainees' list
    is closed: mentors have seen by then who named them.
    """
    if before == after:
        return DayFault.NOTHING
    if not after.opens_on <= after.trainees_until < after.mentors_until:
        return DayFault.ORDER
    if before.opens_on <= today and after.opens_on != before.opens_on:
        return DayFault.BEGUN
    if before.trainees_until < today and after.trainees_until != before.trainees_until:
        return DayFault.ANSWERING
    moved = [new for old, new in zip(_of(before), _of(after), strict=True) if old != new]
    return DayFault.PAST if min(moved) < today else None


def _of(days: Days) -> tuple[date, date, date]:
    return days.opens_on, days.trainees_until, days.mentors_until


class Fault(enum.StrEnum):
    """What is wrong with a list of preferences."""

    STRANGER = "stranger"
    DOUBLE = "double"
    TOO_MANY = "too_many"
    SAME_PLACE = "same_place"


def fault_in(named: Sequence[int], allowed: set[int], most: int) -> Fault | None:
    """Return what is wrong with a list of names: somebody who cannot be chosen, somebody twice, or too many."""
    if any(name not in allowed for name in named):
        return Fault.STRANGER
    if len(set(named)) < len(named):
        return Fault.DOUBLE
    return Fault.TOO_MANY if len(named) > most else None


@dataclass(frozen=True)
class Preferences:
    """Whom each trainee wishes for and whom each mentor takes, the dearest first, and each mentor's seats.

    Only who names each other can be paired; a name on one list alone counts for nothing.
    """

    wishes: Mapping[int, Sequence[int]]
    answers: Mapping[int, Sequence[int]]
    seats: Mapping[int, int]

    def ranks(self) -> dict[int, dict[int, int]]:
        """Return for each mentor the place of each trainee on the list, from 0."""
        return {
            mentor: {who: place for place, who in enumerate(listed)}
            for mentor, listed in self.answers.items()
        }


def stable_pairs(preferences: Preferences, proposing: Proposing) -> dict[int, int]:
    """Return a stable set of pairs, trainee → mentor, the best one for the proposing side."""
    if proposing is Proposing.TRAINEES:
        return _trainees_propose(preferences)
    return _mentors_propose(preferences)


def _trainees_propose(preferences: Preferences) -> dict[int, int]:
    """Each trainee asks down the list; a full mentor keeps whom he or she likes best."""
    ranks, seats = preferences.ranks(), preferences.seats
    held: dict[int, list[tuple[int, int]]] = {mentor: [] for mentor in preferences.answers}
    following = {trainee: iter(listed) for trainee, listed in preferences.wishes.items()}
    free = list(preferences.wishes)[::-1]
    while free:
        trainee = free.pop()
        for mentor in following[trainee]:
            rank = ranks.get(mentor, {}).get(trainee)
            if rank is None or seats.get(mentor, 0) <= 0:
                continue
            kept = held[mentor]  # a heap with the least liked on top
            if len(kept) < seats[mentor]:
                heappush(kept, (-rank, trainee))
                break
            if rank < -kept[0][0]:
                _rank, sent_away = heapreplace(kept, (-rank, trainee))
                free.append(sent_away)
                break
    return {trainee: mentor for mentor, kept in held.items() for _rank, trainee in kept}


def _mentors_propose(preferences: Preferences) -> dict[int, int]:
    """Each mentor with a free seat asks down the list; a trainee keeps the dearest who asked."""
    likes = {
        trainee: {mentor: place for place, mentor in enumerate(listed)}
        for trainee, listed in preferences.wishes.items()
    }
    left = {mentor: max(0, preferences.seats.get(mentor, 0)) for mentor in preferences.answers}
    following = {mentor: iter(listed) for mentor, listed in preferences.answers.items()}
    asking = list(preferences.answers)[::-1]
    found: dict[int, int] = {}
    while asking:
        mentor = asking.pop()
        while left[mentor] > 0:
            trainee = next(following[mentor], None)
            if trainee is None:
                break
            liked = likes.get(trainee, {})
            if mentor not in liked:
                continue
            present = found.get(trainee)
            if present is None or liked[mentor] < liked[present]:
                found[trainee] = mentor
                left[mentor] -= 1
                if present is not None:
                    left[present] += 1
                    asking.append(present)
    return found


def blocking_pairs(preferences: Preferences, found: Mapping[int, int]) -> list[tuple[int, int]]:
    """Return every trainee and mentor who would both rather have each other than what was found: none when stable.

    A mentor would rather when a seat is free, or when somebody less liked holds one.
    """
    ranks = preferences.ranks()
    under: dict[int, list[int]] = {}
    for trainee, mentor in found.items():
        under.setdefault(mentor, []).append(trainee)
    last = len(preferences.wishes) + max((len(listed) for listed in preferences.answers.values()), default=0)
    worst = {
        mentor: max(ranks.get(mentor, {}).get(trainee, last) for trainee in people)
        for mentor, people in under.items()
    }
    blocking = []
    for trainee, listed in preferences.wishes.items():
        for mentor in listed:
            if found.get(trainee) == mentor:
                break
            rank = ranks.get(mentor, {}).get(trainee)
            if rank is None or preferences.seats.get(mentor, 0) <= 0:
                continue
            if len(under.get(mentor, ())) < preferences.seats[mentor] or rank < worst[mentor]:
                blocking.append((trainee, mentor))
    return blocking


def first_wishes(preferences: Preferences, found: Mapping[int, int]) -> int:
    """Return how many trainees have the mentor whom they named first."""
    return sum(bool(named) and found.get(who) == named[0] for who, named in preferences.wishes.items())


def in_order(answers: Mapping[int, int | None], fits: Mapping[int, float]) -> list[int]:
    """Return whom a mentor takes in the order that counts: ranked first, then those only accepted by their fit.

    `answers` holds a rank or None for each who is not refused; of equal fits the lower number comes first.
    """
    ranked = sorted((rank, who) for who, rank in answers.items() if rank is not None)
    accepted = sorted((-fits.get(who, 0.0), who) for who, rank in answers.items() if rank is None)
    return [who for _rank, who in ranked] + [who for _fit, who in accepted]

"""Marks that a moderator decided, and who looks at results when they were written anew.

Ratings never change. Where a moderator decided what counts on a criterion, that mark stands in for the mark of every
party that gave one there; the parties' own scores and how far they are apart are told as they were given.
The decisions are kept by a feature further down, which registers how they are read (`@decides`) and what follows
from new results (`@follows_results`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation.models import Window
from trainmgr.evaluation.rules import Party
from trainmgr.evaluation.scoring import Evaluation, Expected, Given, Marks, Plan, evaluate

Decided = Mapping[int, int]  # criterion → the mark that counts
Reader = Callable[[int, Sequence[int]], Mapping[int, Decided]]
Follower = Callable[[Window, Sequence[int], datetime], None]
Teller = Callable[[Window, Enrolment], Any]

_readers: list[Reader] = []
_followers: list[Follower] = []
_tellers: list[Teller] = []


def decides(reader: Reader) -> Reader:
    """Register what reads the decided marks of some trainees (enrolment ids) in a window (its id)."""
    _readers.append(reader)
    return reader


def follows_results(follower: Follower) -> Follower:
    """Register what is called with a window and the trainees whose results were written anew."""
    _followers.append(follower)
    return follower


def tells(teller: Teller) -> Teller:
    """Register what tells what happened to a trainee's result in a window beside the ratings."""
    _tellers.append(teller)
    return teller


def told_of(window: Window, enrolment: Enrolment) -> Any:
    """Return what happened to a result beside the ratings (one statement), or None where nobody tells."""
    return next((teller(window, enrolment) for teller in _tellers), None)


def decided_marks(window_id: int, enrolment_ids: Sequence[int]) -> dict[int, dict[int, int]]:
    """Return the decided marks of those trainees who have any: one statement for each reader."""
    found: dict[int, dict[int, int]] = {}
    for reader in _readers:
        for enrolment_id, marks in reader(window_id, enrolment_ids).items():
            found.setdefault(enrolment_id, {}).update(marks)
    return found


def tell_followers(window: Window, enrolment_ids: Sequence[int], now: datetime) -> None:
    """Let those who hang on results see the new ones."""
    for follower in _followers:
        follower(window, enrolment_ids, now)


def counting(marks: Mapping[Party, Any], decided: Decided) -> dict[Party, Any]:
    """Return the marks as they count: a decided one in place of every mark that was given on its criterion.

    A party's marks are those of one rater, or a list of several raters' marks.
    """

    def of_one(given: Marks) -> Marks:
        return {c: mark if mark is None else decided.get(c, mark) for c, mark in given.items()}

    return {
        party: of_one(given) if isinstance(given, Mapping) else [of_one(one) for one in given]
        for party, given in marks.items()
    }


def judge(
    plan: Plan, marks: Mapping[Party, Given], decided: Decided | None, expected: Expected = None
) -> Evaluation:
    """Work out a trainee's evaluation; decided marks move composite and attainments, not what each party said."""
    found = evaluate(plan, marks, expected)
    if not decided:
        return found
    counted = evaluate(plan, counting(marks, decided), expected)
    return replace(found, composite=counted.composite, attainments=counted.attainments)
